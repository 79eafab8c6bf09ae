//! The `kcaws` of a package: it answers the two command lines that are run again and again, and hands every other one
//! to the whole program, `libexec/kcaws/kcaws`. It links no more than it needs, so it starts in half the time.

use std::process::ExitCode;

#[cfg(unix)]
#[expect(clippy::print_stderr, reason = "the commands' own way to speak is in the other program")]
fn main() -> ExitCode {
    use kcaws::platform::{bug, process};
    process::hide_memory();
    bug::exit_on_panic(|| {});
    // Never dropped: the process is about to end, and giving memory back to the kernel first costs a call.
    let hot = std::mem::ManuallyDrop::new(kcaws::app::hot::HotPorts::of_this_process());
    if kcaws::cli::hot::answered(std::env::args_os().skip(1), &hot) {
        return ExitCode::SUCCESS;
    }
    let failed = process::become_whole();
    eprintln!("kcaws: error: {failed}: {}", failed.source);
    eprintln!("kcaws: hint: {}", failed.hint());
    ExitCode::FAILURE
}

/// Elsewhere no program takes another's place, and a package has the whole one alone.
#[cfg(not(unix))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
