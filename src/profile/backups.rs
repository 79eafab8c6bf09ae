//! Backups of the config file before each of our writes: the newest [`KEPT`], in the state folder, so 0600.
//!
//! Each is one file: a line of JSON that describes it, then the bytes.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::ports::state_folder::{StateError, StateFolder};

pub const KEPT: usize = 20;
const FOLDER: &str = "backups";

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Backup {
    pub id: u64,
    pub at: DateTime<Utc>,
    /// The file that was written, under its name at that time.
    pub path: PathBuf,
    /// The command before which this was made, such as `profile add dev`.
    pub command: String,
    /// `false` if there was no such file; undoing removes it then.
    pub existed: bool,
}

pub type Content = Option<Zeroizing<Vec<u8>>>;

fn name(id: u64) -> String {
    format!("{FOLDER}/{id:08}.backup")
}

fn ids(state: &dyn StateFolder) -> Result<Vec<u64>, StateError> {
    let names = state.list(FOLDER)?;
    Ok(names.iter().filter_map(|name| name.strip_suffix(".backup")?.parse().ok()).collect())
}

/// Returns the backups, newest first, without those that cannot be read.
pub fn list(state: &dyn StateFolder) -> Result<Vec<Backup>, StateError> {
    let mut backups = Vec::new();
    for id in ids(state)?.into_iter().rev() {
        backups.extend(get(state, id)?.map(|(backup, _)| backup));
    }
    Ok(backups)
}

pub fn get(state: &dyn StateFolder, id: u64) -> Result<Option<(Backup, Content)>, StateError> {
    let Some(bytes) = state.read(&name(id))?.map(Zeroizing::new) else { return Ok(None) };
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let Ok(backup) = serde_json::from_slice::<Backup>(&bytes[..end]) else { return Ok(None) };
    let content = backup.existed.then(|| Zeroizing::new(bytes[end + 1..].to_vec()));
    Ok(Some((backup, content)))
}

/// Stores a backup; the caller holds the lock of the config file, since IDs are counted.
pub(super) fn add(
    state: &dyn StateFolder,
    now: DateTime<Utc>,
    path: PathBuf,
    command: &str,
    content: Option<&[u8]>,
) -> Result<u64, StateError> {
    let known = ids(state)?;
    let id = known.last().map_or(1, |last| last + 1);
    let backup = Backup { id, at: now, path, command: command.to_owned(), existed: content.is_some() };
    let line = serde_json::to_vec(&backup).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + 1 + content.map_or(0, <[u8]>::len)));
    bytes.extend_from_slice(&line);
    bytes.push(b'\n');
    bytes.extend_from_slice(content.unwrap_or_default());
    state.write(&name(id), &bytes)?;
    for old in known.iter().take((known.len() + 1).saturating_sub(KEPT)) {
        state.remove(&name(*old))?;
    }
    Ok(id)
}

pub(super) fn remove(state: &dyn StateFolder, id: u64) -> Result<(), StateError> {
    state.remove(&name(id)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::state_folder::FakeStateFolder;

    #[test]
    fn the_newest_twenty_are_kept_and_ids_go_on() {
        let (state, now) = (FakeStateFolder::default(), DateTime::UNIX_EPOCH);
        for number in 1..=KEPT as u64 + 3 {
            let text = format!("text {number}\nmore");
            let id = add(&state, now, "/c".into(), "profile add x", Some(text.as_bytes())).expect("keeps");
            assert_eq!(id, number);
        }
        let listed = list(&state).expect("lists");
        assert_eq!((listed.len(), listed[0].id, listed[KEPT - 1].id), (KEPT, 23, 4));
        let (backup, content) = get(&state, 23).expect("reads").expect("is there");
        assert_eq!(backup, listed[0]);
        assert_eq!(content.expect("existed").as_slice(), b"text 23\nmore");
        assert!(get(&state, 1).expect("reads").is_none());
    }

    #[test]
    fn a_file_that_was_not_there_is_none_and_broken_backups_are_left_out() {
        let state = FakeStateFolder::default();
        let id = add(&state, DateTime::UNIX_EPOCH, "/c".into(), "x", None).expect("keeps");
        assert!(get(&state, id).expect("reads").expect("is there").1.is_none());
        state.write("backups/00000007.backup", b"garbage").expect("writes");
        assert_eq!(list(&state).expect("lists").len(), 1);
    }
}
