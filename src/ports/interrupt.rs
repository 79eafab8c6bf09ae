//! Ctrl-C, TERM and a closed terminal: exit 130, 143 and 129, but never between an answer from AWS and its storage.
//!
//! A refresh token is rotated by the service: a process that dies after the answer and before the write loses
//! the login. Terraform hands Ctrl-C to all its children, and a terminal that is closed hangs up on all that run in
//! it, so this is an every-day case.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Under one lock, so that a section cannot begin between the look and the exit.
struct State {
    sections: usize,
    pending: Option<i32>,
    /// What must not be left behind, such as a terminal without echo.
    undo: Option<Box<dyn FnOnce() + Send>>,
}

static STATE: Mutex<State> = Mutex::new(State { sections: 0, pending: None, undo: None });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While one lives, an interrupt waits.
pub struct CriticalSection(());

impl CriticalSection {
    pub fn enter() -> Self {
        listen();
        state().sections += 1;
        Self(())
    }
}

impl Drop for CriticalSection {
    fn drop(&mut self) {
        let mut state = state();
        state.sections -= 1;
        if let (0, Some(signal)) = (state.sections, state.pending) {
            leave(&mut state, signal);
        }
    }
}

/// Undoes when dropped; an interrupt before that undoes too.
#[must_use]
pub struct Undo(());

/// One at a time.
pub fn undone_at_exit(undo: impl FnOnce() + Send + 'static) -> Undo {
    state().undo = Some(Box::new(undo));
    Undo(())
}

/// Undoes now, for a process that is about to end; not where another thread is at it.
pub fn undo() {
    let undo = STATE.try_lock().ok().and_then(|mut state| state.undo.take());
    if let Some(undo) = undo {
        undo();
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if let Some(undo) = state().undo.take() {
            undo();
        }
    }
}

/// Starts listening, once. Not for the hot path: it costs a thread.
#[cfg(unix)]
pub fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // A limit on file sizes is an error to report, not a reason to die with a temp file behind.
        let _ = signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default());
        // The thread comes first: signals that are caught and that no one handles would not end anything any more.
        let (hand_over, registered) = std::sync::mpsc::channel::<signal_hook::iterator::Signals>();
        let thread = super::thread::start(move || {
            let Ok(mut signals) = registered.recv() else { return };
            for signal in signals.forever() {
                let mut state = state();
                state.pending = Some(signal);
                if state.sections == 0 {
                    leave(&mut state, signal);
                }
            }
        });
        if thread.is_err() {
            return;
        }
        let Ok(signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
        if !hangup_is_ignored() {
            let _ = signals.handle().add_signal(SIGHUP);
        }
        let _ = hand_over.send(signals);
    });
}

/// `nohup` starts its programs so, and listening would undo it. Where the system does not tell, it stays as it is.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    // proc_pid_status(5): a mask in hex, the first signal at its end.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask >> (signal_hook::consts::SIGHUP - 1) & 1 == 1)
}

#[cfg(not(unix))]
pub fn listen() {}

/// For what goes on until somebody ends it: Ctrl-C and TERM do, with their codes.
pub fn wait_for_the_end() -> ! {
    loop {
        std::thread::park();
    }
}

#[expect(clippy::exit, reason = "a signal ends the process wherever it stands, with the shell's code for it")]
fn leave(state: &mut State, signal: i32) -> ! {
    use std::io::{IsTerminal, Write};
    if let Some(undo) = state.undo.take() {
        undo();
    }
    // Held until the end: a spinner on another thread must not draw once more.
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        // The prompt of the shell shall not start behind `^C`.
        let _ = stderr.write_all(b"\n");
    }
    std::process::exit(128 + signal)
}
