//! What people see when something fails, what it means, and who can fix it. Tables: a new row is all that a new topic
//! needs.

mod exit_codes;
mod identity_center;
mod pages;
mod surroundings;
mod tools;

/// Who can do something about it.
const YOU: &str = "you";
const IDC: &str = "the administrator of Identity Center";
const REALM: &str = "the administrator of the Keycloak realm";
const ACCOUNT: &str = "the administrator of the AWS account";

pub(super) struct Topic {
    /// Stable: programs know it by this.
    pub(super) name: &'static str,
    /// How it is seen; [`super::matching`] says how a phrase is written.
    pub(super) seen: &'static [&'static str],
    pub(super) means: &'static str,
    pub(super) owner: &'static str,
    pub(super) fix: &'static str,
    pub(super) source: &'static str,
}

/// Returns all topics, those of kcaws itself first.
pub(super) fn topics() -> impl Iterator<Item = &'static Topic> {
    let tables =
        [exit_codes::TOPICS, tools::TOPICS, surroundings::TOPICS, identity_center::TOPICS, pages::TOPICS];
    tables.into_iter().flatten()
}
