//! `kcaws admin`: connects a Keycloak realm with IAM Identity Center and keeps them in step.
//!
//! Not a public API: the library exists so that the man pages can be made from the command line.
#![doc(hidden)]
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "unit tests start threads and look at the time")
)]

mod access;
mod access_file;
mod app;
#[cfg(all(test, unix))]
mod budget;
mod cli;
mod glob;
mod identity_center;
mod offboard;
mod only;
mod pacing;
mod platform;
mod ports;
mod realm;
mod rollout;
mod sync;

use std::process::ExitCode;

use app::AdminApp;
use clap::CommandFactory;
use kcaws::app::App;

/// Returns the command line, with all commands and options.
pub fn command() -> clap::Command {
    cli::Cli::command()
}

/// Runs this process as `kcaws-admin`.
pub fn main() -> ExitCode {
    kcaws::platform::process::hide_memory();
    kcaws::platform::bug::exit_on_panic(kcaws::platform::interrupt::undo);
    kcaws::platform::interrupt::make_children_waitable();
    cli::main(&AdminApp::new(App::of_this_process()), std::env::args_os())
}
