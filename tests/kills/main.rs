//! SIGKILL and SIGSTOP at random points of login, refresh, fetch and writes: no file is torn, and no login is lost beyond the one
//! window that the architecture documents (the answer to a refresh is on this machine and not yet stored).
//!
//! A few hundred kills as a rule, 2,000 and more with KCAWS_TEST_LONG=1. The points come from a fixed seed;
//! KCAWS_TEST_SEED names another.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "test code; it says how many were killed"
)]

mod chance;
#[path = "../cli/fixture.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod fixture;
mod test_crowd;
mod test_left_overs;
mod test_stops;
mod test_sweep;

/// `long` kills under KCAWS_TEST_LONG=1, else `short`.
fn rounds(short: usize, long: usize) -> usize {
    if kcaws_test_kit::is_long() { long } else { short }
}
