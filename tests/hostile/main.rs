//! Answers that no service of AWS's gives: twelve operations, each with some hundred mutations of what it says. Most go
//! through the ports inside this process; some to the program, with a login behind it.
//!
//! A normal run takes a part of them, spread evenly and always the same; KCAWS_TEST_LONG=1 takes all.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "test code")]

mod answers;
mod between;
mod operations;
mod server;
mod test_ports;
mod test_program;
