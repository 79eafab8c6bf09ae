//! Entry point: the hot path first, then the command line.

use std::process::ExitCode;

use kcaws::app::App;
use kcaws::app::hot::HotPorts;
use kcaws::{cli, platform};

fn main() -> ExitCode {
    platform::process::hide_memory();
    platform::bug::exit_on_panic(platform::interrupt::undo);
    let hot = HotPorts::of_this_process();
    if cli::hot::answered(std::env::args_os().skip(1), &hot) {
        return ExitCode::SUCCESS;
    }
    platform::interrupt::make_children_waitable();
    cli::main(&App::with_hot(hot), std::env::args_os())
}
