//! `~/.aws/config` and `kcaws profile`: a folder per case below `cases/`, and what needs more than a folder to say.
//!
//! A case has the files `before` (absent: no file), `command` (a line each; the last one counts), `after` (absent:
//! the file stays as it was) and `message` (`exit N`, then parts of what the last command prints; a line that begins
//! with `!` must not be printed). `{KCAWS}` stands for the program as kcaws writes it, `{PATH}` for its path.
//!
//! After every case that writes, the real readers read: the Rust SDK's parser in this process, boto3 and the AWS CLI
//! as programs. All must see what we see.
//!
//! The generated files are a few thousand a run, and 200,000 against each parser with KCAWS_TEST_LONG=1.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

#[path = "../cli/fixture.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod fixture;
mod properties;
mod readers;
mod test_botocore;
mod test_cases;
mod test_crowd;
mod test_files;
mod test_many;
mod test_oracle;
mod test_sync;

/// `long` files under KCAWS_TEST_LONG=1, else `short`.
fn long_or<T>(long: T, short: T) -> T {
    if std::env::var_os("KCAWS_TEST_LONG").is_some_and(|value| value == "1") { long } else { short }
}
