//! Ends the access of one person, on both sides: Keycloak and IAM Identity Center.
//!
//! Both sides are read ([`person`]), compared with what should be ([`plan`]), and changed ([`apply`]) independently: a
//! side that fails does not keep the other from being done. What neither side can end runs out by itself ([`clocks`]), or
//! is denied by a policy ([`deny_policy`]).

mod apply;
pub(crate) mod clocks;
pub(crate) mod deny_policy;
mod person;
mod plan;
mod role_session;
mod search;
#[cfg(test)]
mod tests;

use crate::ports::keycloak::Keycloak;
use crate::ports::sso_admin::access::AccessAdmin;
use crate::sync::call::Calls;
use crate::sync::scope::DirectorySettings;
use crate::sync::target::Directory;

pub(crate) use self::apply::{Applier, StepResult};
pub(crate) use self::person::{DirectoryAccount, GroupStanding, Ownership, Person, RealmAccount, Side};
pub(crate) use self::plan::{Leftover, Step, StepAction, leftovers, steps};
pub(crate) use self::search::in_full;

/// What the two sides are reached with.
pub(crate) struct Offboarder<'a> {
    /// Keycloak, or why it cannot be used.
    pub(crate) keycloak: Result<&'a dyn Keycloak, String>,
    /// The directory of Identity Center, or why it cannot be used.
    pub(crate) directory: Result<&'a dyn Directory, String>,
    /// Assignments and permission sets, where they can be read.
    pub(crate) access: Option<&'a dyn AccessAdmin>,
    pub(crate) settings: Option<&'a DirectorySettings>,
    pub(crate) realm_calls: &'a Calls<'a>,
    pub(crate) directory_calls: &'a Calls<'a>,
    /// The user name of the one who runs the command, who is never locked out.
    pub(crate) caller: Option<&'a str>,
}

/// Why nothing is done for a name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OffboardError {
    #[error("there is no user `{name}`, neither in Keycloak nor in Identity Center")]
    NoSuchUser { name: String },
    #[error("`{name}` stands for {} users: {}", users.len(), users.join(", "))]
    Ambiguous { name: String, users: Vec<String> },
    #[error("`{name}` is protected")]
    Protected { name: String },
    #[error("`{name}` is you")]
    Caller { name: String },
}
