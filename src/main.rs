//! The program on one screen.

use std::process::ExitCode;

use kcaws::app::App;
use kcaws::{cli, ports};

fn main() -> ExitCode {
    ports::process::hide_memory();
    cli::main(&App::of_this_process(), std::env::args_os())
}
