//! `~/.aws/config` as a file.
//!
//! It belongs to the user, so it is replaced as a whole, and only if it is as last seen. Its content is the business of
//! `profile`.

mod fake;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use self::fake::FakeConfigFile;
use crate::platform::file_stamp::FileStamp;
use crate::platform::foreign_file;
use crate::platform::interrupt::CriticalSection;
use crate::platform::protection::Protection;

pub trait ConfigFile: Send + Sync {
    /// Returns the path as named, without following symbolic links.
    fn path(&self) -> &Path;
    /// Returns the content; `None` if there is no file.
    fn read(&self) -> Result<Option<Vec<u8>>, ConfigFileError>;
    fn stamp(&self) -> Option<FileStamp>;
    /// Replaces `before` by `after`; `after` of `None` removes the file.
    ///
    /// Returns `false`, with nothing done, if the file no longer contains `before`.
    fn replace(
        &self,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
        how: WriteMode,
    ) -> Result<bool, ConfigFileError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// A new file, renamed over the old one: readers see either the one or the other.
    Rename,
    /// Into the existing file, if it has other names or is mounted. Readers may see part of it.
    InPlace,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    #[error("cannot {what} `{path}`", path = .path.display())]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
    /// `link` is the symbolic link that leads to the file, if any.
    #[error("{}`{path}` {by}", through(link.as_deref()), path = .path.display())]
    ReadOnly { path: PathBuf, link: Option<PathBuf>, by: Protection },
    #[error("`{path}` is not a file", path = .path.display())]
    NotAFile { path: PathBuf },
    #[error("`{path}` has {links} names (hard links), and replacing it would leave the others behind", path = .path.display())]
    HardLinked { path: PathBuf, links: u64 },
    #[error("`{path}` is a mount of its own and cannot be replaced", path = .path.display())]
    Mounted { path: PathBuf, source: std::io::Error },
    #[error("the owner of `{path}` cannot be kept", path = .path.display())]
    Owner { path: PathBuf, source: std::io::Error },
    #[error("`{path}` has `{name}` (an access list or an extended attribute), which a new file cannot be given", path = .path.display())]
    Attribute { path: PathBuf, name: String, source: std::io::Error },
}

fn through(link: Option<&Path>) -> String {
    link.map(|link| format!("`{}` is a link, and ", link.display())).unwrap_or_default()
}

/// The name, beside the file, of what a killed writer leaves.
const TEMP_PREFIX: &str = ".kcaws-config-";
/// Linux follows as many symbolic links.
const MOST_LINKS: usize = 40;

pub struct DiskConfigFile {
    path: PathBuf,
}

impl DiskConfigFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns the path after all symbolic links; the last one may lead to nothing yet.
    fn real(&self) -> Result<PathBuf, ConfigFileError> {
        let mut path = self.path.clone();
        for _ in 0..MOST_LINKS {
            match std::fs::read_link(&path) {
                Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
                // Not a link, or nothing at all.
                Err(_) => return Ok(path),
            }
        }
        Err(io("follow", &self.path)(too_many_links()))
    }

    fn still_is(real: &Path, before: Option<&[u8]>) -> Result<bool, ConfigFileError> {
        Ok(read(real)?.as_deref() == before)
    }
}

impl ConfigFile for DiskConfigFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> Result<Option<Vec<u8>>, ConfigFileError> {
        read(&self.path)
    }

    fn stamp(&self) -> Option<FileStamp> {
        FileStamp::of(&self.path)
    }

    fn replace(
        &self,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
        how: WriteMode,
    ) -> Result<bool, ConfigFileError> {
        // Ctrl-C leaves no partial file and no temp file.
        let _section = CriticalSection::enter();
        let real = self.real()?;
        let meta = match std::fs::metadata(&real) {
            Ok(meta) => Some(meta),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(io("look at", &real)(error)),
        };
        if let Some(meta) = &meta {
            check_writable(&self.path, &real, meta, how)?;
        }
        let Some(after) = after else {
            let unchanged = Self::still_is(&real, before)?;
            if unchanged && before.is_some() {
                std::fs::remove_file(&real).map_err(io("remove", &real))?;
            }
            return Ok(unchanged);
        };
        if how == WriteMode::InPlace && meta.is_some() {
            return write_in_place(&real, before, after);
        }
        let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        create_folder(folder).map_err(io("create", folder))?;
        sweep(folder);
        let mut temp = tempfile::Builder::new()
            .prefix(TEMP_PREFIX)
            .tempfile_in(folder)
            .map_err(io("create a file in", folder))?;
        temp.write_all(after).map_err(io("write", &real))?;
        if let Some(meta) = &meta {
            keep_owner_and_mode(temp.as_file(), &real, meta)?;
        }
        temp.as_file().sync_all().map_err(io("write", &real))?;
        if !Self::still_is(&real, before)? || !renamed(temp, &real, before, after)? {
            return Ok(false);
        }
        // The content is safe already; this makes the new name as safe.
        if let Ok(folder) = std::fs::File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(true)
    }
}

/// Gives the new file the name of the old one, unless another program has written the old one since it was checked.
fn renamed(
    temp: NamedTempFile,
    real: &Path,
    before: Option<&[u8]>,
    after: &[u8],
) -> Result<bool, ConfigFileError> {
    match before.map(|before| exchanged(&temp, real, before, after)) {
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        Some(Exchange::Done) => Ok(true),
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        Some(Exchange::WrittenMeanwhile) => Ok(false),
        Some(Exchange::Unsupported) | None => match temp.persist(real) {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(error.error.kind(), ErrorKind::ResourceBusy | ErrorKind::CrossesDevices) =>
            {
                Err(ConfigFileError::Mounted { path: real.to_path_buf(), source: error.error })
            }
            Err(error) => Err(io("replace", real)(error.error)),
        },
    }
}

enum Exchange {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    Done,
    /// The files have their old names again.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    WrittenMeanwhile,
    /// The system or the file system cannot exchange names, or there is no file.
    Unsupported,
}

/// Exchanges the names of the new and the old file, to check the old one once no one can open it any longer.
///
/// A program that has written it since the last check may still have it open, so it gets its name back.
///
/// Source: renameat2(2), `RENAME_EXCHANGE`; on macOS renamex_np(2), `RENAME_SWAP`.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchanged(temp: &NamedTempFile, real: &Path, before: &[u8], after: &[u8]) -> Exchange {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let exchange = || renameat_with(CWD, temp.path(), CWD, real, RenameFlags::EXCHANGE).is_ok();
    let replaced_is = |content: &[u8]| read(temp.path()).is_ok_and(|bytes| bytes.as_deref() == Some(content));
    if !exchange() {
        return Exchange::Unsupported;
    }
    if replaced_is(before) || !exchange() {
        return Exchange::Done;
    }
    // What was written into the new file in between is newer still.
    if !replaced_is(after) {
        exchange();
    }
    Exchange::WrittenMeanwhile
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchanged(_temp: &NamedTempFile, _real: &Path, _before: &[u8], _after: &[u8]) -> Exchange {
    Exchange::Unsupported
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, ConfigFileError> {
    match foreign_file::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("read", path)(error)),
    }
}

/// Checks that the file is writable.
///
/// A read-only file could still be replaced, since that only needs the folder; but it was protected on purpose.
fn check_writable(
    named: &Path,
    path: &Path,
    meta: &std::fs::Metadata,
    how: WriteMode,
) -> Result<(), ConfigFileError> {
    let link = (named != path).then(|| named.to_path_buf());
    let path = path.to_path_buf();
    if !meta.is_file() {
        return Err(ConfigFileError::NotAFile { path });
    }
    if let Some(by) = Protection::of(&path, meta) {
        return Err(ConfigFileError::ReadOnly { path, link, by });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if how == WriteMode::Rename && meta.nlink() > 1 {
            return Err(ConfigFileError::HardLinked { path, links: meta.nlink() });
        }
    }
    #[cfg(not(unix))]
    let _ = how;
    Ok(())
}

/// Writes into the existing file.
///
/// If it fails half-way, the old content is written back: its blocks are still allocated.
fn write_in_place(path: &Path, before: Option<&[u8]>, after: &[u8]) -> Result<bool, ConfigFileError> {
    if !DiskConfigFile::still_is(path, before)? {
        return Ok(false);
    }
    let put = |bytes: &[u8]| {
        let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    };
    if let Err(error) = put(after) {
        let _ = put(before.unwrap_or_default());
        return Err(io("write", path)(error));
    }
    Ok(true)
}

#[cfg(unix)]
fn keep_owner_and_mode(
    file: &std::fs::File,
    path: &Path,
    meta: &std::fs::Metadata,
) -> Result<(), ConfigFileError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let owner = |source: std::io::Error| ConfigFileError::Owner { path: path.to_path_buf(), source };
    let ours = file.metadata().map_err(io("look at", path))?;
    if (ours.uid(), ours.gid()) != (meta.uid(), meta.gid()) {
        let (uid, gid) = (rustix::fs::Uid::from_raw(meta.uid()), rustix::fs::Gid::from_raw(meta.gid()));
        rustix::fs::fchown(file, Some(uid), Some(gid)).map_err(|error| owner(error.into()))?;
    }
    #[cfg(target_os = "linux")]
    {
        let old = std::fs::File::open(path).map_err(io("read", path))?;
        crate::platform::file_attributes::copy(&old, file).map_err(|not_kept| {
            ConfigFileError::Attribute {
                path: path.to_path_buf(),
                name: not_kept.name,
                source: not_kept.source,
            }
        })?;
    }
    let mode = std::fs::Permissions::from_mode(meta.mode() & 0o7777);
    file.set_permissions(mode).map_err(owner)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the folder's access list is inherited here")]
fn keep_owner_and_mode(
    _file: &std::fs::File,
    _path: &Path,
    _meta: &std::fs::Metadata,
) -> Result<(), ConfigFileError> {
    Ok(())
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Files of writers that were killed: a running one is done within a minute.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(TEMP_PREFIX);
        let age =
            entry.metadata().and_then(|meta| meta.modified()).map(|time| time.elapsed().unwrap_or_default());
        if is_ours && age.is_ok_and(|age| age.as_secs() > 60) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Returns whether a symbolic link leads back to itself, for which the standard library has no stable error kind.
pub fn is_link_loop(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    return {
        let _ = error;
        false
    };
}

fn too_many_links() -> std::io::Error {
    #[cfg(unix)]
    return rustix::io::Errno::LOOP.into();
    #[cfg(not(unix))]
    return ErrorKind::InvalidInput.into();
}

fn io(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> ConfigFileError {
    let path = path.to_path_buf();
    move |source| ConfigFileError::Io { what, path: path.clone(), source }
}

#[cfg(test)]
mod tests;
