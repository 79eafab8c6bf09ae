//! Skips that cannot be overlooked.

use std::io::Write as _;
use std::path::PathBuf;

/// Where programs are looked for: what a login shell has, not what the caller's happens to have.
pub(crate) const SANE_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/// Ends the test that it is in, as skipped. Fails it instead under `KCAWS_TEST_STRICT=1`.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {{
        $crate::skipped(&format!($($reason)+));
        return;
    }};
}

/// Ends the test that it is in, as skipped, under `KCAWS_TEST_STRICT=1` too: for what no package
/// repository offers.
#[macro_export]
macro_rules! skip_allowed {
    ($($reason:tt)+) => {{
        $crate::skipped_allowed(&format!($($reason)+));
        return;
    }};
}

/// The path of a program of this machine; the test is skipped where it is missing.
#[macro_export]
macro_rules! require_program {
    ($name:expr) => {
        match $crate::find_program($name) {
            Some(path) => path,
            None => $crate::skip!("{} is not installed", $name),
        }
    };
}

/// The start of a real client's command line; the test is skipped where it is not installed.
#[macro_export]
macro_rules! require_client {
    ($client:expr) => {
        match $crate::clients().command_line_or_skip($client) {
            Some(command_line) => command_line,
            None => return,
        }
    };
}

/// What [`skip!`] calls.
///
/// # Panics
/// Under `KCAWS_TEST_STRICT=1`.
pub fn skipped(reason: &str) {
    let strict = std::env::var_os("KCAWS_TEST_STRICT").is_some_and(|v| v == "1");
    assert!(!strict, "{reason} (nothing is skipped under KCAWS_TEST_STRICT=1)");
    skipped_allowed(reason);
}

/// What [`skip_allowed!`] calls: says so and lets the runner count it.
///
/// # Panics
/// When `KCAWS_TEST_SKIPS` names a file that cannot be written.
pub fn skipped_allowed(reason: &str) {
    let thread = std::thread::current();
    let line = format!("SKIPPED: {}: {reason}\n", thread.name().unwrap_or("?"));
    // Straight to the stream: what goes through eprintln! is swallowed by the harness of a passing test.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(list) = std::env::var_os("KCAWS_TEST_SKIPS") {
        let mut list = std::fs::File::options().append(true).create(true).open(list).unwrap();
        list.write_all(line.as_bytes()).unwrap(); // one write: lines of other processes stay whole
    }
}

/// Returns whether this is the long form of the suite, `KCAWS_TEST_LONG=1`.
pub fn is_long() -> bool {
    std::env::var_os("KCAWS_TEST_LONG").is_some_and(|long| long == "1")
}

/// Looks a program up on the path that a [`TestEnv`](crate::TestEnv) gives to its children.
pub fn find_program(name: &str) -> Option<PathBuf> {
    SANE_PATH.split(':').map(|dir| PathBuf::from(dir).join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::find_program;

    #[test]
    fn programs_are_found_by_name() {
        assert!(find_program("sh").unwrap().is_absolute());
        assert_eq!(find_program("no-such-program-anywhere"), None);
    }
}
