//! The administrator's half of kcaws.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "unit tests start threads and look at the time")
)]

#[cfg_attr(not(test), expect(dead_code, reason = "the commands that use it come next"))]
mod platform;
#[cfg_attr(not(test), expect(dead_code, reason = "the commands that use it come next"))]
mod ports;
#[cfg_attr(not(test), expect(dead_code, reason = "the commands that use it come next"))]
mod realm;

fn main() {}
