//! The temp files of the state folder.
//!
//! Their names contain the file that each belongs to, for the next writer after one that was killed.
//!
//! ```text
//! .tmp-<file>-<random>  any write
//! .new-<file>-<random>  a record; a whole one is as good as written (`StateFolder::left_overs`)
//! ```
//! `<file>` is cut at the length of a hash: all files of one session in one folder share it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::{Builder, NamedTempFile};

/// Older versions used `.tmp` and six letters.
const ANY: &str = ".tmp";
const RECORD: &str = ".new-";
const TAG_LEN: usize = 64;
/// No write takes that long, unless the process was stopped; then it fails with an error.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Any,
    Record,
}

/// Creates a temp file with mode 0600, beside the file `name` of `folder`.
pub(crate) fn create(folder: &Path, name: &str, kind: Kind) -> std::io::Result<NamedTempFile> {
    let prefix = match kind {
        Kind::Any => format!("{ANY}-{}-", tag(name)),
        Kind::Record => format!("{RECORD}{}-", tag(name)),
    };
    Builder::new().prefix(&prefix).tempfile_in(folder)
}

/// Returns whether it is a temp file: no other file of kcaws begins with a dot.
pub(crate) fn is_temp(name: &str) -> bool {
    name.starts_with('.')
}

/// Removes what killed writers have left in `folder`; a failure is ignored.
///
/// A record whose file exists stays, since only the holder of the record's lock may decide about it.
#[expect(clippy::disallowed_methods, reason = "ages of files are measured by the clock of their file system")]
pub(crate) fn sweep(folder: &Path) {
    let now = SystemTime::now();
    for name in names(folder).unwrap_or_default() {
        let is_needed = || record_of(&name).is_some_and(|record| folder.join(record).exists());
        let path = folder.join(&name);
        let modified = path.symlink_metadata().and_then(|file| file.modified());
        let is_old = modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > LEFT_BEHIND));
        if is_old && !is_needed() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Returns the unfinished records of the file `name`, the newest first, each with its time.
pub(crate) fn unfinished(folder: &Path, name: &str) -> std::io::Result<Vec<(String, SystemTime)>> {
    let mut found = Vec::new();
    for temp in names(folder)? {
        if record_of(&temp) == Some(tag(name)) {
            let modified = folder.join(&temp).symlink_metadata().and_then(|file| file.modified());
            found.push((temp, modified.unwrap_or(SystemTime::UNIX_EPOCH)));
        }
    }
    found.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    Ok(found)
}

/// Returns all temp files of the file `name`, and those of older versions, which cannot be assigned to a file.
pub(crate) fn of(folder: &Path, name: &str) -> std::io::Result<Vec<String>> {
    let tag = tag(name);
    let mut found = names(folder)?;
    found.retain(|temp| {
        let named = temp.strip_prefix(RECORD).or_else(|| temp.strip_prefix(ANY)?.strip_prefix('-'));
        named.map_or(temp.starts_with(ANY), |rest| is_of(rest, tag))
    });
    Ok(found)
}

fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| name.starts_with(ANY) || name.starts_with(RECORD)).collect())
}

fn tag(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.get(..TAG_LEN).unwrap_or(file)
}

fn record_of(temp: &str) -> Option<&str> {
    temp.strip_prefix(RECORD)?.rsplit_once('-').map(|(record, _)| record)
}

fn is_of(rest: &str, tag: &str) -> bool {
    rest.rsplit_once('-').is_some_and(|(file, _)| file == tag)
}
