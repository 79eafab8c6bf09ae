//! The state folder: status files, sealed files and locks. 0700, owned by the user, not a symlink; never a temp folder.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::platform::aead::{hex, length_of};
use crate::platform::temp_files::{self, Kind};
use crate::ports::fake_state_folder::FakeLock;
pub use crate::ports::fake_state_folder::FakeStateFolder;
use crate::ports::file_lock;
use crate::ports::own_folder::{own_folder, refuse_foreign, refuse_unsafe};
pub use crate::ports::state_error::StateError;

/// Names are relative, made of `[a-z0-9._-]` and at most one `/`.
pub trait StateFolder: Send + Sync {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError>;
    /// Writes a file so that a reader sees the old bytes or the new, never a part.
    ///
    /// A temp file beside the target, 0600, fsync, rename.
    fn write(&self, name: &str, contents: &[u8]) -> Result<(), StateError>;
    /// Writes without fsync what may be lost with the power: its reader notices a torn file.
    fn write_cached(&self, name: &str, contents: &[u8]) -> Result<(), StateError>;
    /// Writes a record that must survive, since losing it would require a login.
    ///
    /// It is durable when this returns, and [`StateFolder::left_overs`] finds a complete copy of it that a killed
    /// process left. The caller holds the record's lock.
    fn write_record(&self, name: &str, contents: &[u8]) -> Result<(), StateError>;
    /// Removes a file; `false` if there was none.
    fn remove(&self, name: &str) -> Result<bool, StateError>;
    /// Removes what [`StateFolder::write_record`] wrote, after its leftovers, so that nothing comes back.
    fn remove_record(&self, name: &str) -> Result<bool, StateError>;
    /// Returns what killed processes wrote as the record `name` and did not put in place, the newest first.
    fn left_overs(&self, name: &str) -> Result<Vec<LeftOver>, StateError>;
    /// Puts it in the place of the record `name`.
    fn finish(&self, left: &LeftOver, name: &str) -> Result<(), StateError>;
    /// Removes the leftovers of killed writers of `name`, and of all names that begin with the same hash, of any age.
    fn sweep(&self, name: &str) -> Result<(), StateError>;
    /// Returns the names of the files directly in `folder`, sorted, without unfinished writes.
    fn list(&self, folder: &str) -> Result<Vec<String>, StateError>;
    /// Removes the folder with everything in it.
    fn clear(&self) -> Result<(), StateError>;
    /// Acquires an exclusive advisory lock, held until dropped; waits up to `patience`.
    fn lock(&self, name: &str, patience: Duration) -> Result<Lock, StateError>;
}

/// A record that was written and not put in place. It may be torn: the reader checks it.
pub struct LeftOver {
    pub(super) name: String,
    pub contents: Vec<u8>,
    /// Whether such a record exists that is no younger.
    pub is_newer: bool,
}

/// Held until dropped. The system releases it when the process dies, so a killed holder is replaced.
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] LockKind);

pub(super) enum LockKind {
    File { _file: File },
    Fake { _held: FakeLock },
}

impl Lock {
    pub(super) fn fake(held: FakeLock) -> Self {
        Self(LockKind::Fake { _held: held })
    }
}

/// Returns a file name for things with hostile names (rule 11).
///
/// A hash has no slashes, dots or case, and a fixed length.
pub fn hashed_name(fields: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for field in fields {
        // As in `length_prefixed`, without a copy: every warm call runs this.
        hash.update(length_of(field));
        hash.update(field);
    }
    hex(&hash.finalize())
}

/// The real folder. Nothing is opened or created until needed.
pub struct DiskStateFolder {
    root: Option<PathBuf>,
    /// The folders that this process has swept.
    swept: Mutex<Vec<PathBuf>>,
    /// Whether its owner and mode were checked, and are fine.
    is_ours: AtomicBool,
}

impl DiskStateFolder {
    pub fn new(root: Option<PathBuf>) -> Self {
        Self { root, swept: Mutex::default(), is_ours: AtomicBool::new(false) }
    }

    fn root(&self) -> Result<&Path, StateError> {
        self.root.as_deref().ok_or(StateError::NoHome)
    }

    /// Returns the folder to read from; `None` if there is none yet.
    ///
    /// Files in a folder that others can reach may be theirs. It is checked once, which is the only system call of a
    /// warm call for it.
    fn root_to_read(&self) -> Result<Option<&Path>, StateError> {
        let root = self.root()?;
        if !self.is_ours.load(Ordering::Relaxed) {
            match std::fs::symlink_metadata(root) {
                Ok(meta) => refuse_unsafe(root, &meta)?,
                Err(error) if is_nothing_there(&error) => return Ok(None),
                Err(error) => return Err(io("look at", root)(error)),
            }
            self.is_ours.store(true, Ordering::Relaxed);
        }
        Ok(Some(root))
    }

    /// Creates what is missing and checks what exists.
    fn folder_of(&self, name: &str) -> Result<PathBuf, StateError> {
        debug_assert!(is_plain(name), "state names are ours: {name}");
        let root = self.root()?;
        own_folder(root)?;
        match name.split_once('/') {
            Some((folder, _)) => {
                let folder = root.join(folder);
                own_folder(&folder)?;
                Ok(folder)
            }
            None => Ok(root.to_path_buf()),
        }
    }

    fn replace(
        &self,
        name: &str,
        contents: &[u8],
        kind: Kind,
        sync: fn(&File) -> std::io::Result<()>,
    ) -> Result<PathBuf, StateError> {
        let folder = self.folder_of(name)?;
        let path = self.root()?.join(name);
        // The rename replaces a symlink instead of following it.
        let temp = temp_files::create(&folder, name, kind);
        let mut temp = temp.map_err(io("create a file in", &folder))?;
        temp.write_all(contents).map_err(io("write", &path))?;
        sync(temp.as_file()).map_err(io("write", &path))?;
        put_in_place(temp, &path).map_err(io("replace", &path))?;
        self.sweep_once(&folder);
        Ok(folder)
    }

    fn sweep_once(&self, folder: &Path) {
        if let Ok(mut swept) = self.swept.lock()
            && !swept.iter().any(|known| known == folder)
        {
            swept.push(folder.to_path_buf());
            temp_files::sweep(folder);
        }
    }

    /// Returns the folder of a file, whether or not it exists.
    fn parent_of(&self, name: &str) -> Result<PathBuf, StateError> {
        let path = self.root()?.join(name);
        Ok(path.parent().map_or(path.clone(), Path::to_path_buf))
    }
}

impl StateFolder for DiskStateFolder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        let Some(root) = self.root_to_read()? else { return Ok(None) };
        let path = root.join(name);
        match open(&path, OpenOptions::new().read(true)) {
            Ok(file) => {
                let metadata = file.metadata().map_err(io("look at", &path))?;
                refuse_foreign(&path, &metadata)?;
                let mut contents = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
                // Files here are replaced, never appended to, so nothing is read beyond the size; without this limit,
                // reading would query size and position again.
                file.take(metadata.len()).read_to_end(&mut contents).map_err(io("read", &path))?;
                Ok(Some(contents))
            }
            Err(error) if is_nothing_there(&error) => Ok(None),
            Err(error) => Err(io("open", &path)(error)),
        }
    }

    fn write(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.replace(name, contents, Kind::Any, File::sync_all).map(|_| ())
    }

    fn write_record(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        let folder = self.replace(name, contents, Kind::Record, File::sync_all)?;
        sync_folder(&folder);
        Ok(())
    }

    fn write_cached(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.replace(name, contents, Kind::Any, |_| Ok(())).map(|_| ())
    }

    fn remove(&self, name: &str) -> Result<bool, StateError> {
        let path = self.root()?.join(name);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if is_nothing_there(&error) => Ok(false),
            Err(error) => Err(io("remove", &path)(error)),
        }
    }

    fn remove_record(&self, name: &str) -> Result<bool, StateError> {
        self.sweep(name)?;
        let removed = self.remove(name)?;
        sync_folder(&self.parent_of(name)?);
        Ok(removed)
    }

    fn left_overs(&self, name: &str) -> Result<Vec<LeftOver>, StateError> {
        let folder = self.parent_of(name)?;
        let found = temp_files::unfinished(&folder, name).map_err(io("list", &folder))?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let record = self.root()?.join(name);
        let record_at = record.symlink_metadata().and_then(|file| file.modified()).ok();
        let mut left = Vec::new();
        for (temp, at) in found {
            let temp = name.rsplit_once('/').map_or(temp.clone(), |(folder, _)| format!("{folder}/{temp}"));
            if let Some(contents) = self.read(&temp)? {
                let is_newer = record_at.is_some_and(|record_at| at >= record_at);
                left.push(LeftOver { name: temp, contents, is_newer });
            }
        }
        Ok(left)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn finish(&self, left: &LeftOver, name: &str) -> Result<(), StateError> {
        let (temp, path) = (self.root()?.join(&left.name), self.root()?.join(name));
        // Whether its writer got that far is unknown.
        let synced = open(&temp, OpenOptions::new().read(true).write(true)).and_then(|file| file.sync_all());
        synced.map_err(io("write", &temp))?;
        std::fs::rename(&temp, &path).map_err(io("replace", &path))?;
        sync_folder(&self.parent_of(name)?);
        Ok(())
    }

    fn sweep(&self, name: &str) -> Result<(), StateError> {
        let folder = self.parent_of(name)?;
        for temp in temp_files::of(&folder, name).map_err(io("list", &folder))? {
            let path = folder.join(temp);
            match std::fs::remove_file(&path) {
                Err(error) if !is_nothing_there(&error) => return Err(io("remove", &path)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StateError> {
        let Some(root) = self.root_to_read()? else { return Ok(Vec::new()) };
        let path = root.join(folder);
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if is_nothing_there(&error) => return Ok(Vec::new()),
            Err(error) => return Err(io("list", &path)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io("list", &path))?;
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                names.extend(
                    entry.file_name().into_string().into_iter().filter(|name| !temp_files::is_temp(name)),
                );
            }
        }
        names.sort();
        Ok(names)
    }

    fn clear(&self) -> Result<(), StateError> {
        // Where nothing is, nothing is created.
        let Some(root) = self.root_to_read()? else { return Ok(()) };
        own_folder(root)?;
        std::fs::remove_dir_all(root).map_err(io("remove", root))
    }

    fn lock(&self, name: &str, patience: Duration) -> Result<Lock, StateError> {
        self.folder_of(name)?;
        let path = self.root()?.join(name);
        let mut file = open(&path, OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .map_err(io("open", &path))?;
        file_lock::take(&mut file, &path, patience)?;
        Ok(Lock(LockKind::File { _file: file }))
    }
}

/// Makes a rename or a removal durable by syncing the folder, which some file systems do not support.
fn sync_folder(folder: &Path) {
    if cfg!(unix)
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

fn open(path: &Path, options: &mut OpenOptions) -> std::io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options.open(path)
}

#[cfg(not(windows))]
fn put_in_place(temp: tempfile::NamedTempFile, path: &Path) -> std::io::Result<()> {
    temp.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Windows refuses to replace an open file, even if it is only read. Readers are done quickly, and so are virus
/// scanners, most of the time.
#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "this is the port")]
fn put_in_place(mut temp: tempfile::NamedTempFile, path: &Path) -> std::io::Result<()> {
    let start = std::time::Instant::now();
    loop {
        match temp.persist(path) {
            Ok(_) => return Ok(()),
            Err(refused)
                if refused.error.kind() == std::io::ErrorKind::PermissionDenied
                    && start.elapsed() < Duration::from_secs(2) =>
            {
                temp = refused.file;
            }
            Err(refused) => return Err(refused.error),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(super) fn is_plain(name: &str) -> bool {
    name.matches('/').count() <= 1
        && !name.starts_with(['/', '.'])
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/'))
}

pub(super) fn is_nothing_there(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

/// Copies nothing unless there is an error: warm calls run this.
pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StateError {
    move |source| StateError::Io { what, path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests;
