//! Reads whole files that others write: configuration, certificates.
//!
//! Whatever is there, the read is bounded in bytes, and in time for anything but a regular file.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// Ten thousand profiles take 2 MB.
pub const LARGEST: u64 = 8 * 1024 * 1024;

/// Returns the content of the file.
///
/// A pipe (`AWS_CONFIG_FILE=<(…)`) is read to its end. One that sends nothing in time is `TimedOut`, and anything
/// larger than [`LARGEST`], such as /dev/zero, is `FileTooLarge`.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    read_up_to(LARGEST, path)
}

/// Returns the content of a file as [`read`] does, with another limit in bytes.
pub fn read_up_to(limit: u64, path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if meta.len() > limit {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
    if meta.is_file() {
        (&mut file).take(limit + 1).read_to_end(&mut bytes)?;
    } else {
        waited(&mut file, &meta, limit, &mut bytes)?;
    }
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

fn too_large(limit: u64) -> Error {
    Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MB", limit / 1024 / 1024))
}

/// Opens the file without blocking, which a pipe without a writer would otherwise do.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this is the port")]
fn waited(file: &mut File, meta: &std::fs::Metadata, limit: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    use std::time::{Duration, Instant};
    const PATIENCE: Duration = Duration::from_secs(2);
    let (is_pipe, start) = (meta.file_type().is_fifo(), Instant::now());
    let mut part = vec![0; 64 * 1024];
    while bytes.len() as u64 <= limit {
        match file.read(&mut part) {
            // Without a writer a pipe is at its end too: its writer may just be starting.
            Ok(0) if !is_pipe || !bytes.is_empty() => return Ok(()),
            Ok(0) => {}
            Ok(count) => {
                bytes.extend_from_slice(&part[..count]);
                continue;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if start.elapsed() >= PATIENCE {
            let why = format!("it is not a regular file, and sent nothing within {} s", PATIENCE.as_secs());
            return Err(Error::new(ErrorKind::TimedOut, why));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

#[cfg(not(unix))]
fn waited(
    file: &mut File,
    _meta: &std::fs::Metadata,
    limit: u64,
    bytes: &mut Vec<u8>,
) -> std::io::Result<()> {
    file.take(limit + 1).read_to_end(bytes).map(|_| ())
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;

    use super::*;

    fn kind(path: &Path) -> Option<ErrorKind> {
        read(path).err().map(|error| error.kind())
    }

    #[test]
    fn files_are_read_whole_up_to_a_bound() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let mut file = tempfile::NamedTempFile::new_in(folder.path()).expect("creates");
        file.write_all(b"[default]\n").expect("writes");
        assert_eq!(read(file.path()).expect("reads"), b"[default]\n");
        file.as_file().set_len(LARGEST).expect("grows");
        assert_eq!(read(file.path()).expect("reads").len() as u64, LARGEST);
        file.as_file().set_len(LARGEST + 1).expect("grows");
        assert_eq!(kind(file.path()), Some(ErrorKind::FileTooLarge));
        assert_eq!(read_up_to(LARGEST + 1, file.path()).expect("reads").len() as u64, LARGEST + 1);
        let error = read_up_to(1024 * 1024, file.path()).expect_err("is too large");
        assert_eq!(error.to_string(), "it is larger than 1 MB");
        assert_eq!(kind(folder.path()), Some(ErrorKind::IsADirectory));
        assert_eq!(kind(&folder.path().join("none")), Some(ErrorKind::NotFound));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_no_file_is_bounded_too() {
        assert_eq!(read(Path::new("/dev/null")).expect("reads"), b"");
        assert_eq!(kind(Path::new("/dev/zero")), Some(ErrorKind::FileTooLarge));
        let folder = tempfile::tempdir().expect("a temp folder");
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .expect("a pipe");
        assert_eq!(kind(&pipe), Some(ErrorKind::TimedOut), "no one writes");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = OpenOptions::new().write(true).open(&pipe).expect("opens");
                writer.write_all(b"[profile ").expect("writes");
                writer.write_all(b"dev]\n").expect("writes");
            });
            assert_eq!(read(&pipe).expect("reads"), b"[profile dev]\n");
        });
    }
}
