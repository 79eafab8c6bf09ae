//! How long a process waits for a lock of another one.

use std::time::Duration;

/// A session's lock is held for at most a refresh, which is two requests.
pub const FOR_A_REFRESH: Duration = Duration::from_secs(20);
/// The same within the call of a tool, which gives up earlier: two attempts of 6 s each.
pub const WITHIN_A_CALL: Duration = Duration::from_secs(13);
/// For an edit of the config file: twenty writers of a large file are done within seconds.
pub const FOR_AN_EDIT: Duration = Duration::from_secs(15);
/// For cleaning up, which the next command does too.
pub const FOR_CLEANING_UP: Duration = Duration::from_secs(2);
/// For a note that is not worth waiting for.
pub const FOR_A_NOTE: Duration = Duration::from_millis(500);
/// For the file of the shared rate, which is only locked for as long as it takes to read and write it.
pub const FOR_A_RATE: Duration = Duration::from_millis(200);
