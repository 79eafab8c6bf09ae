//! Whether what is written reaches the directory that is read.
//!
//! The access file names the identity store and the SCIM endpoint each by itself, and a token fits its endpoint whatever
//! the store is. Only the objects show that both are of one Identity Center.

use std::time::Duration;

use super::Directory;
use crate::sync::call::{CallError, Calls};
use crate::sync::owner::ExternalId;
use crate::sync::plan::ObjectKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Both sides are of one directory.
    Same,
    /// What is written goes into another directory than the one that is read.
    Elsewhere,
    /// The directory has nothing yet that would show it.
    Unknown,
}

/// Objects that are looked for, at most.
const MOST_LOOKED_FOR: usize = 5;
/// So many objects that are read and cannot be written are proof.
const ENOUGH: usize = 2;
/// Writes spread: what was written a moment ago may be seen on one side only.
const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Looks for some objects of the directory on the side that is written.
pub(crate) fn reach(directory: &dyn Directory, calls: &Calls<'_>) -> Result<Reach, CallError> {
    let mut missed = Vec::new();
    for (kind, id) in known(directory, calls)? {
        if calls.ask(|| directory.is_writable(kind, &id))? {
            return Ok(Reach::Same);
        }
        // One that was deleted since it was listed proves nothing.
        if is_there(directory, calls, kind, &id)? {
            missed.push((kind, id));
        }
        if missed.len() == ENOUGH {
            return Ok(Reach::Elsewhere);
        }
    }
    let Some((kind, id)) = missed.pop() else { return Ok(Reach::Unknown) };
    for pause in PAUSES {
        calls.clock().sleep(pause);
        if calls.ask(|| directory.is_writable(kind, &id))? {
            return Ok(Reach::Same);
        }
    }
    Ok(if is_there(directory, calls, kind, &id)? { Reach::Elsewhere } else { Reach::Unknown })
}

/// Returns whether an object that the side that is written has is shown by the side that is read.
pub(crate) fn is_shown(
    directory: &dyn Directory,
    calls: &Calls<'_>,
    kind: ObjectKind,
    id: &str,
) -> Result<bool, CallError> {
    for pause in PAUSES {
        calls.clock().sleep(pause);
        if is_there(directory, calls, kind, id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns some objects of the directory: those of this tool first, which SCIM has made or changed.
fn known(directory: &dyn Directory, calls: &Calls<'_>) -> Result<Vec<(ObjectKind, String)>, CallError> {
    let is_foreign = |id: &Option<String>| id.as_deref().is_none_or(|id| id.parse::<ExternalId>().is_err());
    let mut found = Vec::new();
    for user in calls.ask(|| directory.users(None))?.items {
        found.push((is_foreign(&user.external_id), ObjectKind::User, user.id));
    }
    if found.is_empty() {
        for group in calls.ask(|| directory.groups(None))?.items {
            found.push((is_foreign(&group.external_id), ObjectKind::Group, group.id));
        }
    }
    found.sort_by_key(|(is_foreign, ..)| *is_foreign);
    Ok(found.into_iter().take(MOST_LOOKED_FOR).map(|(_, kind, id)| (kind, id)).collect())
}

fn is_there(
    directory: &dyn Directory,
    calls: &Calls<'_>,
    kind: ObjectKind,
    id: &str,
) -> Result<bool, CallError> {
    match kind {
        ObjectKind::User => Ok(calls.ask(|| directory.user(id))?.is_some()),
        ObjectKind::Group => Ok(calls.ask(|| directory.group(id))?.is_some()),
    }
}
