//! The launcher `kcaws` of a package: it answers the two command lines that are run again and again, and passes every
//! other one to the complete program, `libexec/kcaws/kcaws`. It links only what it needs, so it starts twice as fast.

use std::process::ExitCode;

#[cfg(unix)]
#[expect(clippy::print_stderr, reason = "the output functions of the commands are in the other program")]
fn main() -> ExitCode {
    use kcaws::platform::{bug, process};
    process::hide_memory();
    bug::exit_on_panic(|| {});
    // Never dropped: the process is about to end, and returning memory to the kernel first costs a call.
    let hot = std::mem::ManuallyDrop::new(kcaws::app::hot::HotPorts::of_this_process());
    if kcaws::cli::hot::answered(std::env::args_os().skip(1), &hot) {
        return ExitCode::SUCCESS;
    }
    let failed = process::become_whole();
    eprintln!("kcaws: error: {failed}: {}", failed.source);
    eprintln!("kcaws: hint: {}", failed.hint());
    ExitCode::FAILURE
}

/// Other systems cannot replace a process, so a package there contains only the complete program.
#[cfg(not(unix))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
