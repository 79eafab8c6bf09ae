//! Detects with one `stat` whether a file has changed since it was read.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

/// A file changed this recently may change again with the same times.
///
/// File systems count in steps of some milliseconds, some in seconds. (Git calls such an index entry "racy".)
const SETTLES_AFTER: TimeDelta = TimeDelta::seconds(2);

/// Device, inode, size and both times.
///
/// An editor that renames changes the inode, one that writes in place the times, and a copy that keeps the modification
/// time still changes the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp([i64; Self::FIELDS]);

impl FileStamp {
    const FIELDS: usize = 7;
    pub const LEN: usize = Self::FIELDS * 8;

    /// Returns the stamp; `None` if there is no such file.
    #[cfg(unix)]
    pub fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::metadata(path).ok()?;
        Some(Self([
            meta.dev().cast_signed(),
            meta.ino().cast_signed(),
            meta.size().cast_signed(),
            meta.mtime(),
            meta.mtime_nsec(),
            meta.ctime(),
            meta.ctime_nsec(),
        ]))
    }

    /// Returns the stamp; without inodes, the creation time takes their place.
    #[cfg(not(unix))]
    pub fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        let since = |time: std::io::Result<std::time::SystemTime>| {
            let passed = time.ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some((i64::try_from(passed.as_secs()).ok()?, i64::from(passed.subsec_nanos())))
        };
        let (modified, nanos) = since(meta.modified())?;
        let (created, created_nanos) = since(meta.created())?;
        let size = i64::try_from(meta.len()).ok()?;
        Some(Self([created, created_nanos, size, modified, nanos, modified, nanos]))
    }

    /// Returns whether a later change will show. Until then, the stamp cannot be relied on.
    pub fn is_settled(&self, now: DateTime<Utc>) -> bool {
        let changed = self.0[3].max(self.0[5]);
        changed < (now - SETTLES_AFTER).timestamp()
    }

    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        for (place, field) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *place = field.to_le_bytes();
        }
        bytes
    }

    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        let mut fields = [0; Self::FIELDS];
        for (field, place) in fields.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *field = i64::from_le_bytes(*place);
        }
        Self(fields)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn every_way_of_changing_a_file_changes_its_stamp() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join("config");
        let write = |text: &str| {
            let mut temp = tempfile::NamedTempFile::new_in(folder.path()).expect("creates");
            temp.write_all(text.as_bytes()).expect("writes");
            temp.persist(&path).expect("renames");
        };
        assert_eq!(FileStamp::of(&path), None);
        write("one");
        let first = FileStamp::of(&path).expect("is there");
        assert_eq!(FileStamp::of(&path), Some(first));
        write("two");
        let renamed = FileStamp::of(&path).expect("is there");
        assert_ne!(renamed, first);
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("opens");
        file.write_all(b"more").expect("writes");
        assert_ne!(FileStamp::of(&path), Some(renamed));
    }

    #[test]
    fn a_stamp_survives_its_bytes_and_settles_with_time() {
        let stamp = FileStamp([1, -2, 3, 1_000, 5, 2_000, 7]);
        assert_eq!(FileStamp::from_bytes(&stamp.to_bytes()), stamp);
        let at = |second| DateTime::from_timestamp(second, 0).expect("a time");
        assert!(!stamp.is_settled(at(2_002)));
        assert!(stamp.is_settled(at(2_003)));
    }
}
