//! What Identity Center has: permission sets, assignments, groups.
//!
//! Nothing is left out silently: a failed or endless reading is an error, never an empty list.

mod assignments;
mod groups;
mod sets;

pub(crate) use self::assignments::{
    AssignmentReading, AssignmentView, Coverage, Pairs, exactly, of_principals,
};
pub(crate) use self::groups::{
    GroupDirectory, GroupError, RealmGroups, ResolvedGroup, SyncedGroups, as_page,
};
pub(crate) use self::sets::{ObservedSet, SetDetail, partition_of, read_accounts, read_sets};
use super::policy::PolicyError;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::AccessAdmin;

/// Why there is no reading.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessReadError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error("AWS returned something for the permission set {set} that is not understood: {what}")]
    NotUnderstood { set: String, what: String },
    #[error("two permission sets are named {name}")]
    TwoOfOneName { name: String },
}

impl AccessReadError {
    fn policy(set: &str, error: &PolicyError) -> Self {
        Self::NotUnderstood { set: set.to_owned(), what: format!("the inline policy: {error}") }
    }
}

/// An instance, and the requests that go to it.
#[derive(Clone, Copy)]
pub(crate) struct InstanceAccess<'a> {
    pub(crate) admin: &'a dyn AccessAdmin,
    pub(crate) requests: &'a super::requests::Requests<'a>,
}
