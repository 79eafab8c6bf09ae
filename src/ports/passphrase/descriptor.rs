//! Reads the passphrase from a descriptor that the parent process left open.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};

use super::{PassphraseError, line};
use crate::secret::Secret;

pub(super) fn first_line(number: &str) -> std::result::Result<Secret<String>, PassphraseError> {
    let number = number.parse().ok().filter(|number| *number >= 0);
    let line = number.ok_or_else(|| Error::from(ErrorKind::InvalidInput)).and_then(open).and_then(line::read);
    line.map_err(PassphraseError::Descriptor)?
}

/// Duplicates the descriptor in the kernel.
///
/// The copy shares the read position, and works for sockets and for files that could not be opened again. Some
/// containers forbid it.
#[cfg(target_os = "linux")]
fn open(number: i32) -> Result<File> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let copy = pidfd_open(getpid(), PidfdFlags::empty())
        .and_then(|own| pidfd_getfd(own, number, PidfdGetfdFlags::empty()));
    match copy {
        Ok(copy) => Ok(copy.into()),
        Err(rustix::io::Errno::BADF) => Err(rustix::io::Errno::BADF.into()),
        Err(_) => File::open(format!("/proc/self/fd/{number}")),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn open(number: i32) -> Result<File> {
    File::open(format!("/dev/fd/{number}"))
}

#[cfg(not(unix))]
fn open(_number: i32) -> Result<File> {
    Err(ErrorKind::Unsupported.into())
}
