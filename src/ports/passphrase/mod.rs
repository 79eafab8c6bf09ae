//! The passphrase of the `file` store, and its sources: a descriptor, a command, or the user at the terminal.
//!
//! Never the command line and never a variable: both can be read by others for as long as kcaws runs.

mod command;
mod descriptor;
pub mod fake;
mod line;
mod prompt;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::platform::env::{Env, PASSPHRASE_DESCRIPTOR};
use crate::secret::Secret;

const COMMAND: &str = "KCAWS_PASSPHRASE_COMMAND";

/// What the user is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// The passphrase of an existing file; `again` after a wrong one.
    Known { session: &'a str, again: bool },
    /// The passphrase of a new file: asked twice.
    New { session: &'a str },
}

#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    #[error("KCAWS_PASSPHRASE_FD is not a readable file descriptor")]
    Descriptor(#[source] std::io::Error),
    #[error("KCAWS_PASSPHRASE_COMMAND: cannot start `{program}`")]
    CommandAbsent { program: String, source: std::io::Error },
    #[error("KCAWS_PASSPHRASE_COMMAND: `{program}` failed ({status})")]
    CommandFailed { program: String, status: std::process::ExitStatus },
    #[error("KCAWS_PASSPHRASE_COMMAND: `{program}` did not finish within {} s", .after.as_secs())]
    CommandTooSlow { program: String, after: Duration },
    #[error("the passphrase is empty")]
    Empty,
    #[error("the passphrase is not a line of text of at most {} bytes", line::LONGEST)]
    NotALine,
    #[error("the passphrases do not match")]
    Differ,
    #[error("there is no terminal to prompt on")]
    NoTerminal(#[source] std::io::Error),
}

pub trait PassphraseSource {
    /// Returns the passphrase of `session` without prompting.
    ///
    /// `Ok(None)` if neither a descriptor nor a command is configured, and it has not been typed yet.
    fn given(&self, session: &str) -> Result<Option<Secret<String>>, PassphraseError>;
    /// Keeps a passphrase that turned out to be right, so that this process does not prompt again.
    fn keep(&self, session: &str, typed: &Secret<String>);
    /// Prompts and waits. Only for commands that may do so.
    fn ask(&self, question: Question<'_>) -> Result<Secret<String>, PassphraseError>;
}

/// A line that was asked for and not given.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    #[error("nothing was typed")]
    Empty,
    #[error("what was typed is not a line of text of at most {} bytes", line::LONGEST)]
    NotALine,
    #[error(transparent)]
    NotAsked(PassphraseError),
}

/// Prompts at the terminal for a line that is not echoed, such as an MFA code.
pub fn typed_unseen(question: &str) -> Result<Secret<String>, TypedError> {
    prompt::ask(question).map_err(|error| match error {
        PassphraseError::Empty => TypedError::Empty,
        PassphraseError::NotALine => TypedError::NotALine,
        error => TypedError::NotAsked(error),
    })
}

/// Keeps the passphrase as long as the process runs.
///
/// A descriptor can be read only once, a command may be slow, and a user should be asked only once.
#[derive(Clone, Default)]
pub struct KeptPassphrase(Arc<Mutex<Passphrases>>);

#[derive(Default)]
struct Passphrases {
    /// One for all sessions.
    given: Option<Secret<String>>,
    /// By session.
    typed: BTreeMap<String, Secret<String>>,
}

impl KeptPassphrase {
    /// Returns whether `session` needs no more prompts.
    pub fn has(&self, session: &str) -> bool {
        let kept = self.lock();
        kept.given.is_some() || kept.typed.contains_key(session)
    }

    fn lock(&self) -> MutexGuard<'_, Passphrases> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The environment's sources and the terminal. Opening it touches nothing.
pub struct SystemPassphrases {
    env: Env,
    kept: KeptPassphrase,
}

impl SystemPassphrases {
    pub fn new(env: Env, kept: KeptPassphrase) -> Self {
        Self { env, kept }
    }
}

impl PassphraseSource for SystemPassphrases {
    fn given(&self, session: &str) -> Result<Option<Secret<String>>, PassphraseError> {
        let mut kept = self.kept.lock();
        if let Some(given) = &kept.given {
            return Ok(Some(given.clone()));
        }
        let passphrase = if let Some(number) = self.env.get(PASSPHRASE_DESCRIPTOR) {
            descriptor::first_line(&number)?
        } else if let Some(command) = self.env.get(COMMAND) {
            command::first_line(&command)?
        } else {
            return Ok(kept.typed.get(session).cloned());
        };
        Ok(Some(kept.given.insert(passphrase).clone()))
    }

    fn keep(&self, session: &str, typed: &Secret<String>) {
        self.kept.lock().typed.insert(session.to_owned(), typed.clone());
    }

    fn ask(&self, question: Question<'_>) -> Result<Secret<String>, PassphraseError> {
        match question {
            Question::Known { session, again } => {
                let wrong = if again { "That is not it. " } else { "" };
                // Names from a config file are hostile.
                prompt::ask(&format!("{wrong}Passphrase of session `{}`: ", session.escape_debug()))
            }
            Question::New { session } => {
                let session = session.escape_debug();
                let passphrase = prompt::ask(&format!("New passphrase for session `{session}`: "))?;
                let again = prompt::ask("The same again: ")?;
                if passphrase.expose() == again.expose() {
                    Ok(passphrase)
                } else {
                    Err(PassphraseError::Differ)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(pairs: &[(&str, &str)]) -> SystemPassphrases {
        SystemPassphrases::new(Env::from_pairs(pairs), KeptPassphrase::default())
    }

    /// `given` returns the same every time: a descriptor that is read once must not be read twice.
    fn contract(source: &dyn PassphraseSource, expected: Option<&str>) {
        for _ in 0..2 {
            let given = source.given("corp").expect("answers");
            assert_eq!(given.as_ref().map(|given| given.expose().as_str()), expected);
        }
        // What was typed belongs to that session, and comes after the configured sources.
        source.keep("corp", &"typed".into());
        let given = |session| source.given(session).expect("answers").map(|given| given.expose().clone());
        assert_eq!(given("corp").as_deref(), expected.or(Some("typed")));
        assert_eq!(given("other").as_deref(), expected);
    }

    #[test]
    fn the_real_source_and_the_fake_keep_the_contract() {
        contract(&system(&[]), None);
        contract(&fake::FakePassphrases::default(), None);
        contract(&fake::FakePassphrases::giving("correct horse"), Some("correct horse"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_runs_without_a_shell_and_its_first_line_counts() {
        let given = system(&[(COMMAND, r#"printf "%s\nmore\n" 'correct $HOME;horse'"#)]);
        contract(&given, Some("correct $HOME;horse"));
    }

    #[cfg(unix)]
    #[test]
    fn a_descriptor_is_read_to_the_end_of_the_line_and_beats_the_command() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        std::io::Write::write_all(&mut writer, b"from the pipe\r\nnot this").expect("written");
        let number = std::os::fd::AsRawFd::as_raw_fd(&reader).to_string();
        let given = system(&[(PASSPHRASE_DESCRIPTOR, &number), (COMMAND, "false")]);
        contract(&given, Some("from the pipe"));
        // For the next call in the same process, which can no longer read it.
        contract(&SystemPassphrases::new(given.env.clone(), given.kept.clone()), Some("from the pipe"));
    }

    #[cfg(unix)]
    #[test]
    fn every_failure_has_its_name() {
        let error = |pairs: &[(&str, &str)]| system(pairs).given("corp").err().expect("refused");
        assert!(matches!(error(&[(COMMAND, "false")]), PassphraseError::CommandFailed { .. }));
        assert!(matches!(error(&[(COMMAND, "/nonexistent/x")]), PassphraseError::CommandAbsent { .. }));
        assert!(matches!(error(&[(COMMAND, "''")]), PassphraseError::CommandAbsent { .. }));
        assert!(matches!(error(&[(COMMAND, "true")]), PassphraseError::Empty));
        assert!(matches!(error(&[(COMMAND, "echo")]), PassphraseError::Empty));
        assert!(matches!(error(&[(COMMAND, r"printf \377\n")]), PassphraseError::NotALine));
        let long = format!("echo {}", "x".repeat(line::LONGEST + 1));
        assert!(matches!(error(&[(COMMAND, &long)]), PassphraseError::NotALine));
        for number in ["x", "-1", "987654"] {
            assert!(
                matches!(error(&[(PASSPHRASE_DESCRIPTOR, number)]), PassphraseError::Descriptor(_)),
                "{number}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_error_shows_the_program_and_none_of_its_arguments() {
        let error = system(&[(COMMAND, "false hunter2")]).given("corp").err().expect("refused");
        assert!(error.to_string().contains("`false`") && !format!("{error:?}").contains("hunter2"));
    }
}
