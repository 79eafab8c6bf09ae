//! The realm that people and groups come from.

#[cfg(test)]
pub(crate) mod fake;
mod keycloak;
mod snapshot;
mod tree;

pub(crate) use self::keycloak::KeycloakRealm;
pub(crate) use self::snapshot::{Group, Person, RealmSnapshot, read, read_groups};
pub(crate) use self::tree::Tree;
use super::call::CallError;

/// What a sync reads of a realm. Never writes.
pub(crate) trait Realm: Send + Sync {
    /// Returns the id, which a rename of the realm does not change.
    fn id(&self) -> Result<String, CallError>;
    fn count_users(&self) -> Result<u64, CallError>;
    /// Hands over every user but service accounts.
    fn each_user(&self, detail: Detail, see: &mut dyn FnMut(RealmUser)) -> Result<(), CallError>;
    /// Returns how many groups there are, on all levels.
    fn count_groups(&self) -> Result<u64, CallError>;
    /// Hands over every group, on all levels.
    fn each_group(&self, see: &mut dyn FnMut(RealmGroup)) -> Result<(), CallError>;
    /// Returns the ids of the direct members of a group.
    fn members(&self, group: &str) -> Result<Vec<String>, CallError>;
    /// Returns a user, or `None` if the realm answers that there is none (404).
    fn user(&self, id: &str) -> Result<Option<RealmUser>, CallError>;
    /// Returns the ids of the groups that a user is a direct member of, or `None` for 404.
    fn groups_of(&self, user: &str) -> Result<Option<Vec<String>>, CallError>;
    /// Returns the users with exactly this user name or e-mail address.
    fn find_users(&self, name: &str) -> Result<Vec<RealmUser>, CallError>;
}

/// How much of each user is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Brief,
    WithAttributes,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RealmUser {
    pub(crate) id: String,
    pub(crate) enabled: bool,
    pub(crate) user_name: String,
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    /// The first value of each attribute.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) is_service_account: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RealmGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
}
