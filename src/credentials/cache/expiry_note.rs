//! When cached credentials expire, in a file beside the sealed entry that `prompt` may read. No secret, no key needed.

use chrono::{DateTime, Utc};

use super::IssuerFingerprint;
use crate::ports::state_folder::StateFolder;
use crate::session::sealed_store;

pub(super) const SUFFIX: &str = sealed_store::NOTE;

#[derive(Debug, PartialEq, Eq)]
pub struct ExpiryNote<M = IssuerFingerprint> {
    /// By this machine's clock.
    pub ends_at: DateTime<Utc>,
    /// A note that was made under other settings is ignored.
    pub issuer: M,
}

impl ExpiryNote {
    pub(super) fn to_text(&self) -> String {
        format!("{} {}", self.ends_at.timestamp(), self.issuer.to_text())
    }
}

impl ExpiryNote<String> {
    pub fn read(state: &dyn StateFolder, path: &str) -> Option<Self> {
        let text = String::from_utf8(state.read(path).ok()??).ok()?;
        let (ends_at, issuer) = text.split_once(' ')?;
        let ends_at = DateTime::from_timestamp(ends_at.parse().ok()?, 0)?;
        Some(Self { ends_at, issuer: issuer.to_owned() })
    }
}

/// Returns when the last credentials issued for a session expire, as far as their expiry was noted.
///
/// They cannot be revoked. `None` if none are valid, or none were noted.
pub fn last_end(session: &str, state: &dyn StateFolder, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let paths = sealed_store::note_paths(session, state).ok()?.into_iter();
    paths
        .filter_map(|path| ExpiryNote::read(state, &path))
        .map(|note| note.ends_at)
        .filter(|end| *end > now)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::state_folder::FakeStateFolder;
    use crate::session::testing::{corp, endpoints};

    #[test]
    fn the_last_to_end_is_found_among_those_of_the_session() {
        let state = FakeStateFolder::default();
        let issuer = IssuerFingerprint::of(&corp(), &endpoints());
        let at = |seconds: i64| DateTime::from_timestamp(1_795_000_000 + seconds, 0).expect("a time");
        for (session, name, end) in [("corp", "a", 60), ("corp", "b", 90), ("other", "c", 500)] {
            let note = ExpiryNote { ends_at: at(end), issuer }.to_text();
            state.write(&sealed_store::note_path(session, name), note.as_bytes()).expect("writes");
        }
        assert_eq!(last_end("corp", &state, at(0)), Some(at(90)));
        assert_eq!(last_end("corp", &state, at(90)), None);
        assert_eq!(last_end("third", &state, at(0)), None);
    }

    #[test]
    fn a_note_is_read_back_and_nonsense_is_none() {
        let state = FakeStateFolder::default();
        let issuer = IssuerFingerprint::of(&corp(), &endpoints());
        let ends_at = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        state.write("warm/a.note", ExpiryNote { ends_at, issuer }.to_text().as_bytes()).expect("writes");
        let read = ExpiryNote { ends_at, issuer: issuer.to_text() };
        assert_eq!(ExpiryNote::read(&state, "warm/a.note"), Some(read));
        for nonsense in ["", "x y", "1795000000", "9999999999999999 y"] {
            state.write("warm/a.note", nonsense.as_bytes()).expect("writes");
            assert_eq!(ExpiryNote::read(&state, "warm/a.note"), None, "{nonsense}");
        }
    }
}
