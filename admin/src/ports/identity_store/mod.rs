//! The port to the Identity Store: users, groups and memberships of IAM Identity Center, as they are read.
//!
//! Nothing is written here: only SCIM can set `externalId` and `active`.

#[cfg(all(test, unix))]
mod moto;
mod sdk;
#[cfg(all(test, unix))]
pub(crate) mod testing;

use chrono::{DateTime, Utc};

pub(crate) use self::sdk::SdkIdentityStore;
use super::aws_call::AwsError;

/// One page of a listing; `next` leads to the following one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StorePage<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// A user, as far as kcaws looks at one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreUser {
    pub(crate) id: String,
    pub(crate) user_name: Option<String>,
    pub(crate) external_ids: Vec<String>,
    /// `None` where the service does not report it.
    pub(crate) enabled: Option<bool>,
    pub(crate) revision: Option<String>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) nick_name: Option<String>,
    pub(crate) profile_url: Option<String>,
    pub(crate) user_type: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) preferred_language: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) enterprise: Enterprise,
}

/// The attributes of a user in SCIM's enterprise extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Enterprise {
    pub(crate) employee_number: Option<String>,
    pub(crate) cost_center: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) division: Option<String>,
    pub(crate) department: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreGroup {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) external_ids: Vec<String>,
    pub(crate) revision: Option<String>,
}

/// Threads share it. Nothing is repeated here: the caller paces its requests.
pub(crate) trait IdentityStore: Send + Sync {
    /// Returns the id of the store, `d-…`.
    fn id(&self) -> &str;
    fn users(&self, cursor: Option<&str>) -> Result<StorePage<StoreUser>, AwsError>;
    fn groups(&self, cursor: Option<&str>) -> Result<StorePage<StoreGroup>, AwsError>;
    /// Returns the ids of the users in a group.
    fn members(&self, group: &str, cursor: Option<&str>) -> Result<StorePage<String>, AwsError>;
    /// Returns the ids of the groups that a user is in.
    fn groups_of(&self, user: &str, cursor: Option<&str>) -> Result<StorePage<String>, AwsError>;
    /// Returns a user, or `None` if there is none.
    fn user(&self, id: &str) -> Result<Option<StoreUser>, AwsError>;
    /// Returns a group, or `None` if there is none.
    fn group(&self, id: &str) -> Result<Option<StoreGroup>, AwsError>;
}
