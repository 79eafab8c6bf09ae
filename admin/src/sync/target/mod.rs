//! The directory of IAM Identity Center that users and groups are written to.

mod aws;
#[cfg(all(test, unix))]
mod contract;
#[cfg(test)]
pub(crate) mod fake;
mod reach;
#[cfg(all(test, unix))]
pub(crate) mod simulated;
mod snapshot;

use chrono::{DateTime, Utc};

pub(crate) use self::aws::AwsDirectory;
pub(crate) use self::reach::{Reach, is_shown, reach};
pub(crate) use self::snapshot::{DirectorySnapshot, User, read, read_members, read_pages};
use super::call::CallError;
use super::owner::ExternalId;
use super::plan::ObjectKind;
use super::record::{Attribute, Record};

/// What a sync reads and writes of Identity Center's directory.
///
/// Reads go to the Identity Store, writes to SCIM: only SCIM sets `externalId` and `active`.
pub(crate) trait Directory: Send + Sync {
    fn users(&self, cursor: Option<&str>) -> Result<Page<DirectoryUser>, CallError>;
    fn groups(&self, cursor: Option<&str>) -> Result<Page<DirectoryGroup>, CallError>;
    /// Returns the ids of the users in a group.
    fn members(&self, group: &str, cursor: Option<&str>) -> Result<Page<String>, CallError>;
    /// Returns the ids of the groups that a user is in.
    fn groups_of(&self, user: &str, cursor: Option<&str>) -> Result<Page<String>, CallError>;
    fn user(&self, id: &str) -> Result<Option<DirectoryUser>, CallError>;
    fn group(&self, id: &str) -> Result<Option<DirectoryGroup>, CallError>;
    /// Returns the id of a user, as the side that is written has it: reading may lag behind.
    fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<String>, CallError>;
    fn user_by_name(&self, user_name: &str) -> Result<Option<String>, CallError>;
    fn group_by_external_id(&self, id: &ExternalId) -> Result<Option<String>, CallError>;
    fn group_by_name(&self, name: &str) -> Result<Option<String>, CallError>;
    /// Returns whether the side that is written has the object.
    fn is_writable(&self, kind: ObjectKind, id: &str) -> Result<bool, CallError>;
    /// Returns what the two sides are called.
    fn sides(&self) -> Sides;

    /// Creates an active user.
    fn create_user(&self, external_id: &ExternalId, record: &Record) -> Result<Created, CallError>;
    /// Writes these attributes and leaves all others alone. The user name is not among them.
    fn patch_user(&self, id: &str, patch: &UserPatch<'_>) -> Result<Receipt, CallError>;
    fn rename_user(&self, id: &str, user_name: &str) -> Result<Receipt, CallError>;
    fn set_active(&self, id: &str, active: bool) -> Result<Receipt, CallError>;
    fn delete_user(&self, id: &str) -> Result<Receipt, CallError>;
    /// Creates a group with at most [`MOST_MEMBERS`] members.
    fn create_group(
        &self,
        external_id: &ExternalId,
        name: &str,
        members: &[&str],
    ) -> Result<Created, CallError>;
    fn patch_group(&self, id: &str, patch: &GroupPatch<'_>) -> Result<Receipt, CallError>;
    /// Adds at most [`MOST_MEMBERS`] members.
    fn add_members(&self, group: &str, members: &[&str]) -> Result<Receipt, CallError>;
    /// Removes at most [`MOST_MEMBERS`] members.
    fn remove_members(&self, group: &str, members: &[&str]) -> Result<Receipt, CallError>;
}

/// Where a directory is read and where it is written. Both are copied into the access file, each by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    /// The identity store.
    pub(crate) read: String,
    /// The SCIM endpoint.
    pub(crate) written: String,
}

/// The most members that AWS takes in one request.
pub(crate) const MOST_MEMBERS: usize = 100;

/// One page of a listing.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct DirectoryUser {
    pub(crate) id: String,
    pub(crate) external_id: Option<String>,
    pub(crate) active: bool,
    /// Changes with every write to the user, where the service reports it.
    pub(crate) revision: Option<String>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) record: Record,
}

#[derive(Clone, Debug)]
pub(crate) struct DirectoryGroup {
    pub(crate) id: String,
    pub(crate) external_id: Option<String>,
    pub(crate) name: String,
    pub(crate) revision: Option<String>,
}

/// What is written to a user that exists.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserPatch<'a> {
    pub(crate) external_id: Option<&'a ExternalId>,
    /// Attributes with their new values; `None` removes one.
    pub(crate) values: Vec<(Attribute, Option<&'a str>)>,
}

/// What is written to a group that exists.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupPatch<'a> {
    pub(crate) external_id: Option<&'a ExternalId>,
    pub(crate) name: Option<&'a str>,
}

/// The answer to a write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipt {
    pub(crate) request_id: Option<String>,
}

/// The answer to a creation.
#[derive(Clone, Debug)]
pub(crate) struct Created {
    pub(crate) id: String,
    pub(crate) receipt: Receipt,
}
