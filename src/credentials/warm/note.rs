//! When a warm answer ends, beside the box that it lies in: what `prompt` may read. No secret, no key needed.

use chrono::{DateTime, Utc};

use super::MintedBy;
use crate::ports::state_folder::StateFolder;

pub(super) const SUFFIX: &str = ".note";

#[derive(Debug, PartialEq, Eq)]
pub struct Note<M = MintedBy> {
    /// By this machine's clock.
    pub ends_at: DateTime<Utc>,
    /// An answer of other settings is none.
    pub minted_by: M,
}

impl Note {
    pub(super) fn to_text(&self) -> String {
        format!("{} {}", self.ends_at.timestamp(), self.minted_by.to_text())
    }
}

impl Note<String> {
    pub fn read(state: &dyn StateFolder, path: &str) -> Option<Self> {
        let text = String::from_utf8(state.read(path).ok()??).ok()?;
        let (ends_at, minted_by) = text.split_once(' ')?;
        let ends_at = DateTime::from_timestamp(ends_at.parse().ok()?, 0)?;
        Some(Self { ends_at, minted_by: minted_by.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::state_folder::FakeStateFolder;
    use crate::session::testing::{corp, endpoints};

    #[test]
    fn a_note_is_read_back_and_nonsense_is_none() {
        let state = FakeStateFolder::default();
        let minted_by = MintedBy::of(&corp(), &endpoints());
        let ends_at = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        state.write("warm/a.note", Note { ends_at, minted_by }.to_text().as_bytes()).expect("writes");
        let read = Note { ends_at, minted_by: minted_by.to_text() };
        assert_eq!(Note::read(&state, "warm/a.note"), Some(read));
        for nonsense in ["", "x y", "1795000000", "9999999999999999 y"] {
            state.write("warm/a.note", nonsense.as_bytes()).expect("writes");
            assert_eq!(Note::read(&state, "warm/a.note"), None, "{nonsense}");
        }
    }
}
