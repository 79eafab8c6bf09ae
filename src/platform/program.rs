//! Runs another program with variables that may be secrets: in its environment, never on its command line.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{thread, which};
use crate::platform::env::Env;
use crate::secret::Secret;

pub struct Program<'a> {
    /// The program and its arguments; at least one.
    pub line: &'a [OsString],
    pub set: &'a [(String, Secret<String>)],
    pub unset: &'a [String],
}

#[derive(Debug)]
pub enum NotRun {
    NotFound,
    /// The program exists, but its interpreter does not.
    ///
    /// That is the one in its `#!` line or, without one, the loader that was linked into it.
    NoInterpreter(Option<String>),
    CannotRun(std::io::Error),
}

impl Program<'_> {
    /// Replaces this process, on Unix: terminal, signals and exit code are the program's. Only returns on failure.
    #[cfg(unix)]
    pub fn take_our_place(&self) -> NotRun {
        use std::os::unix::process::CommandExt;
        self.why(self.command().exec())
    }

    /// Waits and ends as the program does: Windows cannot replace a process.
    #[cfg(not(unix))]
    pub fn take_our_place(&self) -> NotRun {
        self.run_beside(|| ())
    }

    /// Runs beside this process, which serves it until it ends, calls `at_the_end`, and then ends the same way.
    ///
    /// Only returns if the program cannot be run.
    ///
    /// A key such as Ctrl-C reaches both at once; a signal sent to this process alone is forwarded.
    #[cfg(unix)]
    #[allow(clippy::exit, reason = "the program's end is ours")]
    pub fn run_beside(&self, at_the_end: impl FnOnce()) -> NotRun {
        use std::os::unix::process::ExitStatusExt;
        // An interrupt is for the program to handle.
        let _section = crate::platform::interrupt::CriticalSection::enter();
        let signals = Handed::listen();
        let mut child = match self.command().spawn() {
            Ok(child) => child,
            Err(error) => return self.why(error),
        };
        if let Ok(signals) = signals {
            let pid = rustix::process::Pid::from_child(&child);
            signals.for_each(move |signal, is_a_key| {
                if !is_a_key {
                    let _ = rustix::process::kill_process(pid, signal);
                }
            });
        }
        match child.wait() {
            Ok(status) => {
                let of_signal = status.signal().map(|signal| 128 + signal);
                at_the_end();
                std::process::exit(status.code().or(of_signal).unwrap_or(1));
            }
            Err(error) => NotRun::CannotRun(error),
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::exit, reason = "the program's end is ours")]
    pub fn run_beside(&self, at_the_end: impl FnOnce()) -> NotRun {
        match self.command().status() {
            Ok(status) => {
                at_the_end();
                std::process::exit(status.code().unwrap_or(1))
            }
            Err(error) => self.why(error),
        }
    }

    /// Distinguishes a missing program from a missing interpreter, for which the system has the same error.
    fn why(&self, error: std::io::Error) -> NotRun {
        if error.kind() != std::io::ErrorKind::NotFound {
            return NotRun::CannotRun(error);
        }
        self.file(&Env::from_process())
            .map_or(NotRun::NotFound, |file| NotRun::NoInterpreter(interpreter(&file)))
    }

    /// Returns the path of the program, if it exists.
    fn file(&self, env: &Env) -> Option<PathBuf> {
        let name = Path::new(&self.line[0]);
        if name.components().count() > 1 {
            return Some(name.to_owned()).filter(|file| which::is_program(file));
        }
        which::on_path(name.to_str()?, env)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.line[0]);
        command.args(&self.line[1..]);
        for name in self.unset {
            command.env_remove(name);
        }
        for (name, value) in self.set {
            command.env(name, value.expose());
        }
        command
    }
}

/// Returns what the first line of a script names.
fn interpreter(script: &Path) -> Option<String> {
    let mut start = Vec::new();
    // The kernel reads no more of it.
    std::fs::File::open(script).ok()?.take(256).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    // Being neither blank nor tab, the CR of Windows line ends belongs to the name.
    line.split([' ', '\t']).find(|word| !word.is_empty()).map(str::to_owned)
}

/// Runs kcaws itself several times in parallel.
///
/// Signals to this process are forwarded to all runs, and no run begins after one. When it is dropped, after all have
/// ended, it ends this process too if an interrupt was among them.
pub struct Crowd {
    running: Arc<Mutex<Running>>,
    _section: crate::platform::interrupt::CriticalSection,
}

#[derive(Default)]
struct Running {
    children: Vec<u32>,
    is_over: bool,
}

impl Crowd {
    pub fn begin() -> Self {
        let section = crate::platform::interrupt::CriticalSection::enter();
        let running = Arc::new(Mutex::new(Running::default()));
        #[cfg(unix)]
        if let Ok(signals) = Handed::listen() {
            let running = running.clone();
            signals.for_each(move |signal, is_a_key| {
                let mut running = lock(&running);
                running.is_over |= signal != rustix::process::Signal::WINCH;
                // A key of the terminal has reached them already.
                let pids = running.children.iter().filter(|_| !is_a_key);
                for pid in pids.filter_map(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
                    let _ = rustix::process::kill_process(pid, signal);
                }
            });
        }
        Self { running, _section: section }
    }

    /// Returns whether a signal ended it: no other run begins.
    pub fn is_over(&self) -> bool {
        lock(&self.running).is_over
    }

    /// Runs kcaws itself with `args` and forwards its output line by line with `prefix`.
    ///
    /// Returns its exit code, 128 + n for signal n. A passphrase's descriptor is not passed on: it can be read once,
    /// and this process has done so.
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    pub fn run_ourselves(&self, args: &[OsString], prefix: &str) -> std::io::Result<i32> {
        let mut command = Command::new(crate::platform::process::own_file()?);
        command
            .args(args)
            .env_remove(super::env::PASSPHRASE_DESCRIPTOR)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = {
            // Under the lock: no signal comes between its start and its entry in the list.
            let mut running = lock(&self.running);
            if running.is_over {
                return Err(std::io::Error::new(std::io::ErrorKind::Interrupted, "not begun"));
            }
            let child = command.spawn()?;
            running.children.push(child.id());
            child
        };
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let passed_on = std::thread::scope(|scope| {
            thread::start_in(scope, || pass_on(out, prefix, std::io::stdout()))
                .and_then(|_| thread::start_in(scope, || pass_on(err, prefix, std::io::stderr())))
                .map(drop)
                .inspect_err(|_| drop(child.kill()))
        });
        wait_unreaped(&child);
        // As soon as it is reaped, its number may belong to another process.
        lock(&self.running).children.retain(|pid| *pid != child.id());
        let status = child.wait()?;
        passed_on?;
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Ok(128 + signal);
        }
        Ok(status.code().unwrap_or(1))
    }
}

fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn wait_unreaped(child: &std::process::Child) {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(Pid::from_child(child)), options) {}
}

#[cfg(not(unix))]
fn wait_unreaped(_child: &std::process::Child) {}

/// Copies whole lines, each in one write: several programs write at once.
fn pass_on(from: Option<impl Read>, prefix: &str, mut to: impl Write) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        line.extend_from_slice(prefix.as_bytes());
        match from.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        // The reader is gone: the program's own pipe stays open, so that it ends by itself.
        let _ = to.write_all(&line);
    }
}

#[cfg(unix)]
type Origins = signal_hook::iterator::exfiltrator::WithOrigin;

/// Catches signals from now on, and forwards them as soon as there is a receiver.
#[cfg(unix)]
struct Handed(std::sync::mpsc::Sender<Hear>);

#[cfg(unix)]
type Hear = Box<dyn FnMut(rustix::process::Signal, bool) + Send>;

#[cfg(unix)]
impl Handed {
    fn listen() -> std::io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
        use signal_hook::low_level::siginfo::Cause;
        // The thread comes first: caught signals that are not forwarded would be lost.
        let (hand_over, registered) =
            std::sync::mpsc::channel::<signal_hook::iterator::SignalsInfo<Origins>>();
        let (to, hear) = std::sync::mpsc::channel::<Hear>();
        thread::start(move || {
            let (Ok(mut signals), Ok(mut hear)) = (registered.recv(), hear.recv()) else { return };
            for origin in signals.forever() {
                if let Some(signal) = rustix::process::Signal::from_named_raw(origin.signal) {
                    hear(signal, origin.cause == Cause::Kernel);
                }
            }
        })?;
        let signals = signal_hook::iterator::SignalsInfo::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH])?;
        let _ = hand_over.send(signals);
        Ok(Self(to))
    }

    /// Forwards a signal, unless it came from a key.
    ///
    /// The terminal's own go to the whole group, and a second Ctrl-C means something else to many programs.
    fn for_each(self, hear: impl FnMut(rustix::process::Signal, bool) + Send + 'static) {
        let _ = self.0.send(Box::new(hear));
    }
}
