//! What a child left: its output, its end.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

/// How a command ended and what it printed.
#[derive(Debug)]
pub struct Output {
    pub(crate) shown: String,
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

#[expect(clippy::return_self_not_must_use, reason = "an expectation is often all that a test wants")]
impl Output {
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// # Panics
    /// When standard output is not JSON.
    pub fn stdout_json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("not JSON: {e}\n{self}"))
    }

    /// The exit status; 128 + N for a child that died of signal N, as a shell says it.
    pub fn code(&self) -> i32 {
        self.status.code().or_else(|| self.status.signal().map(|n| 128 + n)).unwrap_or(-1)
    }

    /// # Panics
    /// When the status is another; everything printed is shown.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "\n{self}");
        self
    }

    /// # Panics
    /// When the status is not 0; everything printed is shown.
    #[track_caller]
    pub fn expect_ok(self) -> Self {
        assert_eq!(self.code(), 0, "\n{self}");
        self
    }

    /// # Panics
    /// When `part` is not on standard error.
    #[track_caller]
    pub fn expect_stderr(self, part: &str) -> Self {
        assert!(self.stderr_text().contains(part), "no {part:?} on stderr:\n{self}");
        self
    }

    /// # Panics
    /// When `part` is not on standard output.
    #[track_caller]
    pub fn expect_stdout(self, part: &str) -> Self {
        assert!(self.stdout_text().contains(part), "no {part:?} on stdout:\n{self}");
        self
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}\n{}------- stderr\n{}", self.shown, self.stdout_text(), self.stderr_text())?;
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => write!(f, "[exit status: {code}]"),
            (None, Some(signal)) => write!(f, "[killed by signal {signal}]"),
            (None, None) => write!(f, "[{}]", self.status),
        }
    }
}

/// A child that had to be killed.
#[derive(Debug)]
pub struct TimedOut {
    pub(crate) shown: String,
    pub(crate) patience: Duration,
    pub(crate) so_far: String,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` did not end within {:?} and was killed; it had printed:\n{}",
            self.shown, self.patience, self.so_far
        )
    }
}

impl std::error::Error for TimedOut {}
