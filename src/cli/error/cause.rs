//! The cause of an error, from its chain of sources.

use super::{CommandError, ErrorCode, Exit};

/// The messages of an error's sources.
#[derive(Default)]
pub struct Cause {
    text: Option<String>,
    /// What to do if a limit of the system was reached; the file being opened is not at fault.
    at_limit: Option<&'static str>,
}

impl From<Option<String>> for Cause {
    fn from(text: Option<String>) -> Self {
        Self { text, at_limit: None }
    }
}

impl CommandError {
    /// Adds the cause, if any.
    #[must_use]
    pub fn because_of(self, cause: impl Into<Cause>) -> Self {
        let Cause { text, at_limit } = cause.into();
        let error = Self { cause: text.or(self.cause), ..self };
        match at_limit {
            Some(hint) => Self { exit: Exit::Failed, code: ErrorCode::TooManyFiles, ..error }.hint(hint),
            None => error,
        }
    }

    /// Returns the message with its cause, where there is no room for lines of their own.
    pub fn with_cause(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {cause}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Returns `"cause: cause"`, without sources that add nothing.
pub fn chain(error: &dyn std::error::Error) -> Cause {
    let (mut texts, mut at_limit) = (Vec::<String>::new(), None);
    let mut next = error.source();
    while let Some(source) = next {
        let text = in_a_line(&source.to_string());
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        at_limit = at_limit.or_else(|| source.downcast_ref().and_then(limit));
        next = source.source();
    }
    Cause { text: (!texts.is_empty()).then(|| texts.join(": ")), at_limit }
}

/// Returns a text of several lines, as services send them, in one.
fn in_a_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ").replace(":; ", ": ")
}

#[cfg(unix)]
fn limit(error: &std::io::Error) -> Option<&'static str> {
    match rustix::io::Errno::from_io_error(error)? {
        rustix::io::Errno::MFILE => {
            Some("this process cannot open more files: run `ulimit -n 256`, then the same command again")
        }
        rustix::io::Errno::NFILE => Some(
            "this machine has reached its limit of open files: close some programs, then run the same command again",
        ),
        _ => None,
    }
}

#[cfg(not(unix))]
fn limit(_error: &std::io::Error) -> Option<&'static str> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::super::Hint;
    use super::*;
    use crate::ports::state_folder::StateError;
    use crate::profile::ConfigError;

    #[test]
    fn a_limit_on_open_files_is_no_fault_of_the_file_that_was_to_be_opened() {
        for (number, word) in [(Errno::MFILE, "ulimit -n"), (Errno::NFILE, "this machine")] {
            let source = || number.into();
            let of_config = ConfigError::Unreadable { path: "config".into(), source: source() };
            let of_state = StateError::Io { what: "open", path: "state".into(), source: source() };
            for error in [CommandError::from(of_config), CommandError::from(of_state)] {
                assert_eq!((error.exit, error.code), (Exit::Failed, ErrorCode::TooManyFiles), "{error:?}");
                assert!(matches!(&error.hint, Some(Hint::Text(hint)) if hint.contains(word)), "{error:?}");
            }
        }
        let other = ConfigError::Unreadable { path: "config".into(), source: Errno::ACCESS.into() };
        assert_eq!(CommandError::from(other).exit, Exit::Configuration);
    }

    #[test]
    fn a_cause_of_several_lines_is_shown_in_one() {
        let source = std::io::Error::other("Attempted:\n  Environment: not set\r\n\n  Profile: none\n");
        let error = ConfigError::Unreadable { path: "config".into(), source };
        let cause = chain(&error).text;
        assert_eq!(cause.as_deref(), Some("Attempted: Environment: not set; Profile: none"));
    }
}
