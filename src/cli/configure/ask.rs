//! Questions, asked until they are answered. Ctrl-C ends them all, with exit 130.

use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::ui::{Ui, shown};
use crate::platform::picker::PickError;

/// Asks until `read` accepts the answer; an empty one means `usual`.
pub(super) fn until<T>(
    question: &str,
    usual: Option<&str>,
    ui: &mut Ui,
    mut read: impl FnMut(&str) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let default = usual.map(|usual| format!(" [{}]", shown(usual))).unwrap_or_default();
    loop {
        let answer = ui.ask(&format!("{question}{default}: ")).ok_or_else(ended)?;
        let answer = if answer.is_empty() { usual.unwrap_or_default() } else { &answer };
        match read(answer) {
            Ok(taken) => return Ok(taken),
            Err(error) => ui.error(&error, false),
        }
    }
}

/// Returns `None` if nothing was picked.
pub(super) fn picked<T>(picked: Result<T, PickError>) -> Result<Option<T>, CommandError> {
    match picked {
        Err(PickError::Nothing) => Ok(None),
        picked => Ok(Some(picked?)),
    }
}

fn ended() -> CommandError {
    CommandError::new(Exit::Usage, ErrorCode::InputNeeded, "input ended before all questions were answered")
        .hint("nothing else was written; every answer is also a flag: `kcaws configure --help`")
}
