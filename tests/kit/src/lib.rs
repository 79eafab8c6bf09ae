//! What the suites share.
//!
//! - [`TestEnv`]: a private home and a clean environment for child processes; everything they print is
//!   captured, shown in failures and searched for secrets.
//! - [`SecretMark`]: the search itself, for files too.
//! - [`skip!`], [`require_program!`], [`require_client!`]: skips that cannot be overlooked.
//! - [`PrivateKeyring`]: a D-Bus session with a gnome-keyring of its own.
//! - [`FakeBrowser`] and [`PageClient`]: the program that a login "opens", and a person's clicks in it.
//! - [`executed_cpuids`]: an instruction that virtual machines are slow at.
//! - [`Document`] and [`Samples`]: what the documents of the repository show.
//! - [`clients`]: the real AWS clients that `tests/clients/install` put in place.

// A suite starts processes, writes files and reads the runner's variables: what clippy.toml keeps out of
// `src/` is this crate's purpose, and a failed unwrap is a failed test.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code: see the comment above")]

mod browser;
mod clients;
mod cpuid;
mod document;
mod keyring;
mod output;
mod page_client;
mod process;
mod program;
mod samples;
mod secret_mark;
mod skip;
mod test_env;

pub use browser::FakeBrowser;
pub use clients::{Client, Clients, clients};
pub use cpuid::executed_cpuids;
pub use document::{Block, Document, repository};
pub use keyring::PrivateKeyring;
pub use output::{Output, TimedOut};
pub use page_client::{Form, Page, PageClient};
pub use process::{Running, TestCommand};
pub use program::install_program;
pub use rustix::process::Signal;
pub use samples::Samples;
pub use secret_mark::SecretMark;
pub use skip::{find_program, is_long, skipped, skipped_allowed};
pub use test_env::TestEnv;

/// Asks `question` until it answers `Some`, for what has no event to wait for (a file that a child writes).
///
/// # Panics
/// With `what` when nothing came within 30 s: a bound for a broken test, not a measurement.
pub fn wait_for<T>(what: &str, mut question: impl FnMut() -> Option<T>) -> T {
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(std::time::Instant::now() < patience, "waited in vain for {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
