//! What a plan leaves alone, and why.

use serde::{Deserialize, Serialize};

use crate::sync::record::{Attribute, ValueFault};

/// A record of the realm that cannot be written as it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum Blocked {
    /// A user's values are missing or not valid.
    BadValues { subject: String, user: String, faults: Vec<BadValue> },
    /// The name is that of a user or group that the realm no longer has in scope. It can be adopted.
    NameOfDeparted { kind: ObjectKind, subject: String, name: String },
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct BadValue {
    pub(crate) attribute: Attribute,
    pub(crate) fault: ValueFault,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ObjectKind {
    User,
    Group,
}

impl ObjectKind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// Something that an administrator should know, and that the plan does not change.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub(crate) enum Note {
    /// A pattern of `protect` keeps it as it is.
    Protected(ProtectedObject),
    /// The group left the realm or the scope. It loses its members, but is not deleted, because its assignments would
    /// be deleted with it.
    GroupKept { name: String },
    /// A group has members that do not come from the realm.
    ForeignMembers { group: String, count: usize },
    /// The one who runs the sync would have been removed.
    Caller { user: String },
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct ProtectedObject {
    pub(crate) kind: ObjectKind,
    pub(crate) name: String,
}
