//! The program on one screen.

use std::process::ExitCode;

use kcaws::app::App;
use kcaws::ports::terminal;
use kcaws::{cli, ports};

fn main() -> ExitCode {
    ports::process::hide_memory();
    let app = App::of_this_process();
    match cli::hot::answer(std::env::args_os().skip(1), &app) {
        Some(line) if terminal::write_stdout(line.expose()).is_ok() => ExitCode::SUCCESS,
        // An answer that could not be written is tried again, and complained about, the long way.
        _ => cli::main(&app, std::env::args_os()),
    }
}
