//! Ctrl-C, TERM and a closed terminal: exit 130, 143 and 129, but never between a response from AWS and its storage.
//!
//! A refresh token is rotated by the service: a process that dies after the response and before the write loses the
//! login. Terraform passes Ctrl-C to all its children, and closing a terminal hangs up on everything that runs in it,
//! so this happens every day. Ctrl-Z waits too: a process that stops there holds a lock that all others need.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Under one lock, so that a section cannot begin between the check and the exit.
struct State {
    sections: usize,
    pending: Option<i32>,
    /// Ctrl-Z was pressed in a section.
    stop_pending: bool,
    /// Undoes what must not be left behind, such as a terminal without echo.
    undo: Option<Box<dyn FnOnce() + Send>>,
}

static STATE: Mutex<State> =
    Mutex::new(State { sections: 0, pending: None, stop_pending: false, undo: None });

/// Ctrl-Z has had its effect, and the process goes on.
static CONTINUED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Defers interrupts while it exists.
pub struct CriticalSection(());

impl CriticalSection {
    pub fn enter() -> Self {
        listen();
        hold_back_stops();
        state().sections += 1;
        Self(())
    }

    /// Enters for a step that may be left out, unless a signal waits for the sections of other threads.
    ///
    /// Where several threads enter one section after another, one of them would otherwise always be in one, and the
    /// signal would wait for the end of all work. This thread then waits for the end of the process instead, so it must
    /// not be in a section already.
    pub fn enter_unless_ending() -> Self {
        listen();
        hold_back_stops();
        let ends = |state: &mut State| state.pending.is_some() || state.stop_pending;
        let mut state = CONTINUED.wait_while(state(), ends).unwrap_or_else(PoisonError::into_inner);
        state.sections += 1;
        Self(())
    }
}

impl Drop for CriticalSection {
    fn drop(&mut self) {
        let mut state = state();
        state.sections -= 1;
        if state.sections > 0 {
            return;
        }
        if let Some(signal) = state.pending {
            leave(&mut state, signal);
        }
        if std::mem::take(&mut state.stop_pending) {
            stop();
            CONTINUED.notify_all();
        }
    }
}

/// Undoes something when dropped, or on an interrupt before that.
#[must_use]
pub struct Undo(());

/// Registers what to undo at the exit; there can be only one at a time.
pub fn undone_at_exit(undo: impl FnOnce() + Send + 'static) -> Undo {
    state().undo = Some(Box::new(undo));
    Undo(())
}

/// Undoes now, for a process that is about to end, unless another thread is doing it.
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

/// Adds signals to the handled ones.
#[cfg(unix)]
static LISTENER: std::sync::OnceLock<signal_hook::iterator::Handle> = std::sync::OnceLock::new();

/// Starts listening, once.
///
/// Not for the hot path, since it costs a thread. If there is no thread, signals have their default effect.
#[cfg(unix)]
pub fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // The thread comes first: caught signals that are not handled would no longer end the process.
        let (hand_over, registered) = std::sync::mpsc::channel::<signal_hook::iterator::Signals>();
        let thread = crate::platform::thread::start(move || {
            let Ok(mut signals) = registered.recv() else { return };
            for signal in signals.forever() {
                let mut state = state();
                match signal {
                    SIGTSTP if state.sections > 0 => state.stop_pending = true,
                    // Under the lock, so that no section begins before it.
                    SIGTSTP => stop(),
                    _ => {
                        state.pending = Some(signal);
                        if state.sections == 0 {
                            leave(&mut state, signal);
                        }
                    }
                }
            }
        });
        if thread.is_err() {
            return;
        }
        let Ok(signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
        if !is_ignored(SIGHUP, true) {
            let _ = signals.handle().add_signal(SIGHUP);
        }
        let _ = LISTENER.set(signals.handle());
        let _ = hand_over.send(signals);
    });
}

/// Defers Ctrl-Z from the first section on; until then it has its default effect.
#[cfg(unix)]
fn hold_back_stops() {
    use signal_hook::consts::SIGTSTP;
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        if let Some(listener) = LISTENER.get()
            && !is_ignored(SIGTSTP, false)
        {
            let _ = listener.add_signal(SIGTSTP);
        }
    });
}

/// Turns a write beyond the limit on file sizes (`ulimit -f`) into an error instead of the death of the process.
///
/// Otherwise a temporary file would stay behind. A child process does not inherit it.
#[cfg(unix)]
pub fn survive_file_limits() {
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}

#[cfg(not(unix))]
pub fn survive_file_limits() {}

/// Makes it possible to wait for children if the parent had SIGCHLD ignored, as some supervisors do.
///
/// The system then reaps every child by itself, and no exit code is available. A handler, even an empty one, ends that.
/// A program that replaces this process starts with the default, which POSIX leaves open for an ignored SIGCHLD, and
/// which timeout(1) and sort(1) pass on too.
#[cfg(unix)]
pub fn make_children_waitable() {
    use signal_hook::consts::SIGCHLD;
    // If that is unknown, a handler does no harm.
    if is_ignored(SIGCHLD, true) {
        let _ = signal_hook::flag::register(SIGCHLD, std::sync::Arc::default());
    }
}

#[cfg(not(unix))]
pub fn make_children_waitable() {}

/// Stops the process as Ctrl-Z does if it is not deferred.
#[cfg(unix)]
fn stop() {
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
}

/// Returns whether a signal is ignored: `nohup` starts its programs so, and listening would undo it.
///
/// `unknown` if the system does not report it.
#[cfg(unix)]
fn is_ignored(signal: i32, unknown: bool) -> bool {
    // proc_pid_status(5): a mask in hex, the first signal at its end.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.map_or(unknown, |mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(not(unix))]
fn hold_back_stops() {}

#[cfg(not(unix))]
fn stop() {}

#[cfg(not(unix))]
pub fn listen() {}

/// Waits for Ctrl-C or TERM, and exits with their codes: for commands that run until they are ended.
pub fn wait_for_the_end() -> ! {
    loop {
        std::thread::park();
    }
}

#[expect(clippy::exit, reason = "a signal ends the process wherever it is, with the shell's code for it")]
fn leave(state: &mut State, signal: i32) -> ! {
    use std::io::{IsTerminal, Write};
    if let Some(undo) = state.undo.take() {
        undo();
    }
    // Held until the end: a spinner on another thread must not draw again.
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        // The shell's prompt must not start after `^C`.
        let _ = stderr.write_all(b"\n");
    }
    std::process::exit(128 + signal)
}
