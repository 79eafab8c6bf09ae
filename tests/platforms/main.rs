//! A working day, done by a kcaws that was built for another platform and runs in an emulator.
//!
//! `tests/platforms/x86_64-linux`, `aarch64-linux` and `windows` build it and start this with
//! - `KCAWS_TEST_BINARY`: the kcaws to run;
//! - `KCAWS_TEST_RUNNER`: the program that runs it, such as an emulator;
//! - `KCAWS_TEST_WINEPREFIX`: with wine, a prefix to start from. It is not written to.
//!
//! Without them it is this machine's own kcaws. The simulator always runs here, natively.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a failed unwrap is a failed test")]

mod fixture;
mod machine;
mod test_exit_codes;
mod test_journey;
