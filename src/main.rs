//! The program on one screen.

use std::process::ExitCode;

use kcaws::app::App;
use kcaws::near::Near;
use kcaws::{cli, ports};

fn main() -> ExitCode {
    ports::process::hide_memory();
    ports::bug::exit_on_panic(ports::interrupt::undo);
    let near = Near::of_this_process();
    if cli::hot::answered(std::env::args_os().skip(1), &near) {
        return ExitCode::SUCCESS;
    }
    ports::interrupt::make_children_waitable();
    cli::main(&App::beyond(near), std::env::args_os())
}
