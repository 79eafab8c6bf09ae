//! Why a reading cannot be trusted: then nothing is written.

use super::call::CallError;
use super::scope::NameClash;

/// What was read is not the whole truth, or could not be read at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadFault {
    #[error("{what} could not be read")]
    Call {
        what: Reading,
        #[source]
        source: CallError,
    },
    #[error("{what} changed while they were read: {before} before, {after} after")]
    Changed { what: Reading, before: u64, after: u64 },
    #[error("{what}: {counted} are counted, but only {listed} listed: the service account lacks a right")]
    Short { what: Reading, counted: u64, listed: u64 },
    #[error("{what}: only {counted} are counted, but {listed} listed")]
    Surplus { what: Reading, counted: u64, listed: u64 },
    #[error("{what}: `{id}` was listed twice")]
    Twice { what: Reading, id: String },
    #[error("{what}: a page leads back to one that was already read")]
    CursorTwice { what: Reading },
    #[error("{what}: the pages do not end")]
    Endless { what: Reading },
    #[error("the group `{group}` belongs to `{parent}`, which was not listed")]
    UnknownParent { group: String, parent: String },
    #[error("`{user}` is a member of a group, but was not listed as a user")]
    UnknownMember { user: String },
    #[error("`{user}` is in the group `{group}`, which was not listed")]
    UnknownGroup { user: String, group: String },
    #[error("`{user}` would be removed, but is still there")]
    StillThere { user: String },
    #[error("`{user}` would be removed from the group `{group}`, but is still a member")]
    StillMember { user: String, group: String },
    #[error("the realm's id `{0}` cannot be part of an externalId")]
    UnusableRealm(String),
}

/// For those who go on after a reading that failed.
impl From<ReadFault> for CallError {
    fn from(fault: ReadFault) -> Self {
        match fault {
            ReadFault::Call { source, .. } => source,
            fault => Self::Failed(fault.into()),
        }
    }
}

/// What was being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Realm,
    Users,
    Groups,
    Members,
    User,
    DirectoryUsers,
    DirectoryGroups,
    DirectoryMembers,
}

impl std::fmt::Display for Reading {
    fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        form.write_str(match self {
            Self::Realm => "the realm",
            Self::Users => "the realm's users",
            Self::Groups => "the realm's groups",
            Self::Members => "the members of the realm's groups",
            Self::User => "a user of the realm",
            Self::DirectoryUsers => "the users of Identity Center",
            Self::DirectoryGroups => "the groups of Identity Center",
            Self::DirectoryMembers => "the members of Identity Center's groups",
        })
    }
}

impl Reading {
    /// Returns a closure for `map_err`.
    pub(crate) fn failed(self) -> impl Fn(CallError) -> ReadFault {
        move |source| ReadFault::Call { what: self, source }
    }
}

/// The settings do not fit the realm.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScopeFault {
    #[error("the pattern `{pattern}` matches no group of the realm")]
    MatchesNothing { pattern: String },
    #[error("`{}` and `{}` would both be the group `{}`", .0.paths[0], .0.paths[1], .0.name)]
    SameName(NameClash),
    #[error("`{}` and `{}` would be groups whose names differ only in case", .0.paths[0], .0.paths[1])]
    SameButForCase(NameClash),
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error(transparent)]
    Read(#[from] ReadFault),
    #[error(transparent)]
    Scope(#[from] ScopeFault),
}
