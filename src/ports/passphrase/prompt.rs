//! Prompts the user at the terminal without echo.

use super::PassphraseError;
use crate::secret::Secret;

/// Uses the terminal itself, whatever the three streams are redirected to.
///
/// The echo is disabled before the prompt appears, and restored however the process ends.
#[cfg(unix)]
pub(super) fn ask(question: &str) -> Result<Secret<String>, PassphraseError> {
    use std::io::Write;

    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    use crate::platform::interrupt;

    let begin = || -> std::io::Result<_> {
        let mut terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let (before, same) = (tcgetattr(&terminal)?, terminal.try_clone()?);
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        quiet.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        let undo = interrupt::undone_at_exit(move || {
            let _ = tcsetattr(&same, OptionalActions::Now, &before);
        });
        // What was typed before the prompt does not answer it.
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        terminal.write_all(question.as_bytes())?;
        Ok((terminal, undo))
    };
    let (terminal, _undo) = begin().map_err(PassphraseError::NoTerminal)?;
    super::line::read(&terminal).map_err(PassphraseError::NoTerminal)?
}

#[cfg(windows)]
pub(super) fn ask(question: &str) -> Result<Secret<String>, PassphraseError> {
    let typed = rpassword::prompt_password(question).map(Secret::new);
    let typed = typed.map_err(PassphraseError::NoTerminal)?;
    super::line::read(typed.expose().as_bytes()).map_err(PassphraseError::NoTerminal)?
}

#[cfg(not(any(unix, windows)))]
pub(super) fn ask(_question: &str) -> Result<Secret<String>, PassphraseError> {
    Err(PassphraseError::NoTerminal(std::io::ErrorKind::Unsupported.into()))
}
