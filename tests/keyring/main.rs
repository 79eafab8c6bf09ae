//! The keyring stores against what they were made for: real gnome-keyrings, KeePassXCs and KWallets on buses of their
//! own, and the kernel.
#![expect(clippy::print_stderr, reason = "a skipped test says why")]
#![allow(clippy::disallowed_methods, reason = "test code")]

mod contract;
mod fake;
mod file;
mod vectors;

#[cfg(target_os = "linux")]
mod desktop;
#[cfg(target_os = "linux")]
#[path = "../cli/fixture.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the suite of the commands uses all of it"
)]
mod fixture;
#[cfg(target_os = "linux")]
mod keyutils;
#[cfg(target_os = "linux")]
#[allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]
mod real;
#[cfg(target_os = "linux")]
mod scripted;
#[cfg(target_os = "linux")]
mod secret_service;
#[cfg(target_os = "linux")]
mod secret_service_in_trouble;
#[cfg(target_os = "linux")]
mod secret_service_prompt;
#[cfg(target_os = "linux")]
mod secret_service_under_load;
#[cfg(windows)]
mod wincred;

/// Says why a test did not run. Where everything must run, that is a failure.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "tests read the environment that they were started in")]
fn skip(why: &str) {
    assert!(std::env::var_os("KCAWS_TEST_STRICT").is_none_or(|strict| strict != "1"), "cannot run: {why}");
    eprintln!("SKIPPED: {why}");
}
