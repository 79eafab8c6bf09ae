//! What a plan leaves alone, and why.

use serde::{Deserialize, Serialize};

use crate::sync::owner::ExternalIdError;
use crate::sync::record::{Attribute, ValueFault};

/// A record of the realm that cannot be written as it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum Blocked {
    /// A user's values are missing or not valid.
    BadValues { subject: String, user: String, faults: Vec<BadValue> },
    /// A group's name is not valid in Identity Center.
    BadGroupName { subject: String, path: String, fault: ValueFault },
    /// The ID in the realm cannot be part of an externalId.
    BadId { kind: ObjectKind, subject: String, name: String, fault: ExternalIdError },
    /// The name is that of a user or group that the realm no longer has in scope. It can be adopted.
    NameOfDeparted { kind: ObjectKind, subject: String, name: String },
    /// Another user or group of the realm has the name or address, and keeps it.
    ValueKept {
        kind: ObjectKind,
        subject: String,
        name: String,
        attribute: Attribute,
        value: String,
        /// The name of the one who has it.
        holder: String,
        because: KeptBecause,
    },
}

/// Why a user or group keeps a name or address that another one should get.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeptBecause {
    /// It left, and has it in the realm all the same.
    StillInRealm,
    /// It should get another one, but cannot be written.
    Blocked,
    Protected,
    /// It is the one who runs the sync.
    Caller,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct BadValue {
    pub(crate) attribute: Attribute,
    pub(crate) fault: ValueFault,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
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
    /// A user or group that left gives up a name or address that another one has in the realm now.
    ///
    /// `taker` is the name that the other one had, if it is not new.
    GivesUp { kind: ObjectKind, name: String, taker: Option<String> },
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub(crate) struct ProtectedObject {
    pub(crate) kind: ObjectKind,
    pub(crate) name: String,
}
