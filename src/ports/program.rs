//! Another program, run with variables that may be secrets: in its environment, never on its command line.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use crate::secret::Secret;

pub struct Program<'a> {
    /// The program and its arguments; at least one.
    pub line: &'a [OsString],
    pub set: &'a [(&'static str, Secret<String>)],
    pub unset: &'a [&'static str],
}

#[derive(Debug)]
pub enum NotRun {
    NotFound,
    CannotRun(std::io::Error),
}

impl From<std::io::Error> for NotRun {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound { Self::NotFound } else { Self::CannotRun(error) }
    }
}

impl Program<'_> {
    /// In this process, on Unix: terminal, signals and exit code are the program's. Returns only if that fails.
    #[cfg(unix)]
    pub fn take_our_place(&self) -> NotRun {
        use std::os::unix::process::CommandExt;
        self.command().exec().into()
    }

    /// Windows knows no such thing: this process waits, and ends as the program does.
    #[cfg(not(unix))]
    #[allow(clippy::exit, reason = "the program's end is ours")]
    pub fn take_our_place(&self) -> NotRun {
        match self.command().status() {
            Ok(status) => std::process::exit(status.code().unwrap_or(1)),
            Err(error) => error.into(),
        }
    }

    /// Beside this process, which serves it until it ends, and then ends as it did. Returns only if it cannot be run.
    ///
    /// A key such as Ctrl-C reaches both at once; what somebody sends to this process alone is handed on.
    #[cfg(unix)]
    #[allow(clippy::exit, reason = "the program's end is ours")]
    pub fn run_beside(&self) -> NotRun {
        use std::os::unix::process::ExitStatusExt;
        // An interrupt is for the program to answer, not for us.
        let _section = super::interrupt::CriticalSection::enter();
        let signals = Handed::listen();
        let mut child = match self.command().spawn() {
            Ok(child) => child,
            Err(error) => return error.into(),
        };
        if let Ok(signals) = signals {
            signals.hand_on_to(&child);
        }
        match child.wait() {
            Ok(status) => {
                let of_signal = status.signal().map(|signal| 128 + signal);
                std::process::exit(status.code().or(of_signal).unwrap_or(1));
            }
            Err(error) => NotRun::CannotRun(error),
        }
    }

    /// There it waits in any case.
    #[cfg(not(unix))]
    pub fn run_beside(&self) -> NotRun {
        self.take_our_place()
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

/// kcaws itself with `args`, its output passed on line by line behind `prefix`; its exit code, 128 + n for signal n.
#[expect(clippy::disallowed_methods, reason = "this is the port")]
pub fn run_ourselves(args: &[OsString], prefix: &str) -> std::io::Result<i32> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| pass_on(out, prefix, std::io::stdout()));
        scope.spawn(|| pass_on(err, prefix, std::io::stderr()));
    });
    let status = child.wait()?;
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Ok(128 + signal);
    }
    Ok(status.code().unwrap_or(1))
}

/// Whole lines, each in one piece: several programs write at once.
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
        // A reader that has gone: the program's own pipe stays open, so that it ends by itself.
        let _ = to.write_all(&line);
    }
}

#[cfg(unix)]
type Origins = signal_hook::iterator::exfiltrator::WithOrigin;

/// Signals that are caught from now on, and handed on as soon as there is somebody.
#[cfg(unix)]
struct Handed(signal_hook::iterator::SignalsInfo<Origins>);

#[cfg(unix)]
impl Handed {
    fn listen() -> std::io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
        signal_hook::iterator::SignalsInfo::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH]).map(Self)
    }

    fn hand_on_to(mut self, child: &std::process::Child) {
        use signal_hook::low_level::siginfo::Cause;
        let pid = rustix::process::Pid::from_child(child);
        std::thread::spawn(move || {
            for origin in self.0.forever() {
                // The terminal's own go to the whole group, and a second Ctrl-C means something else to many.
                if origin.cause != Cause::Kernel
                    && let Some(signal) = rustix::process::Signal::from_named_raw(origin.signal)
                {
                    let _ = rustix::process::kill_process(pid, signal);
                }
            }
        });
    }
}
