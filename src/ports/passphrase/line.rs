//! Reads the first line of something without leaving a copy behind.

use std::io::Read;

use zeroize::{Zeroize, Zeroizing};

use super::PassphraseError;
use crate::secret::Secret;

pub(super) const LONGEST: usize = 1024;

/// Reads byte by byte: what follows the line is for the next reader.
///
/// The inner error is the reader's.
pub(super) fn read(mut from: impl Read) -> std::io::Result<Result<Secret<String>, PassphraseError>> {
    // Never grows, so no copy stays in memory.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0]);
    loop {
        match from.read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() == LONGEST => return Ok(Err(PassphraseError::NotALine)),
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(match String::from_utf8(std::mem::take(&mut *line)) {
        Ok(text) if text.is_empty() => Err(PassphraseError::Empty),
        Ok(text) => Ok(Secret::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(PassphraseError::NotALine)
        }
    })
}
