//! An exclusive lock on a file by the system, which releases it when its holder dies.
//!
//! A note names the holder, for the error of processes that wait in vain.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use crate::ports::state_error::StateError;

/// Takes the lock by polling, because the system's blocking lock has no deadline.
///
/// The steps are short compared to a network call.
#[expect(clippy::disallowed_methods, reason = "this is the port")]
pub(super) fn take(file: &mut File, path: &Path, patience: Duration) -> Result<(), StateError> {
    let start = std::time::Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) if source.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(TryLockError::Error(source)) => {
                return Err(StateError::NoLocks { path: path.to_path_buf(), source });
            }
        }
        if start.elapsed() >= patience {
            return Err(busy(file, path));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // A failure is ignored.
    let _ = with_note(file, path, |note| {
        note.set_len(0)?;
        note.rewind()?;
        note.write_all(std::process::id().to_string().as_bytes())
    });
    Ok(())
}

fn busy(file: &mut File, path: &Path) -> StateError {
    let mut pid = String::new();
    let since = with_note(file, path, |note| {
        note.rewind()?;
        note.read_to_string(&mut pid)?;
        note.metadata()?.modified()
    });
    let age = since.ok().and_then(|since| since.elapsed().ok()).unwrap_or_default();
    StateError::Busy { pid: pid.trim().parse().ok(), age }
}

/// Opens the note, which is the locked file: everyone can read it, since locks are advisory here.
#[cfg(not(windows))]
fn with_note<T>(
    file: &mut File,
    _lock: &Path,
    work: impl FnOnce(&mut File) -> std::io::Result<T>,
) -> std::io::Result<T> {
    work(file)
}

/// Opens the note, which is a file beside the locked one: on Windows no other process can read that.
///
/// It has the suffix of a lock, so that code that lists the folder treats it as one.
#[cfg(windows)]
fn with_note<T>(
    _file: &mut File,
    lock: &Path,
    work: impl FnOnce(&mut File) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let note = lock.with_extension("pid.lock");
    work(&mut File::options().read(true).write(true).create(true).truncate(false).open(note)?)
}
