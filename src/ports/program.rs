//! Another program, run with variables that may be secrets: in its environment, never on its command line.

use std::ffi::OsString;
use std::process::Command;

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
    #[expect(clippy::exit, reason = "the program's end is ours")]
    pub fn take_our_place(&self) -> NotRun {
        match self.command().status() {
            Ok(status) => std::process::exit(status.code().unwrap_or(1)),
            Err(error) => error.into(),
        }
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
