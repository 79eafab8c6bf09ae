//! The modules of kcaws.
//!
//! Not a public API: the library exists so that `main.rs` stays short and tests and benchmarks can use the modules;
//! names change without notice.
#![doc(hidden)]
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "unit tests start threads and look at the time")
)]

pub mod app;
pub mod cli;
pub mod columns;
pub mod configure;
pub mod console;
pub mod credentials;
pub mod platform;
pub mod ports;
pub mod profile;
pub mod project;
pub mod prompt;
pub mod secret;
pub mod session;
pub mod settings;
pub mod shell;
pub mod similar;
