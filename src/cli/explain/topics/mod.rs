//! What people see when something fails, what it means, and who can fix it; a new topic is a new row in a table.

mod exit_codes;
mod identity_center;
mod pages;
mod surroundings;
mod tools;

/// Who can fix it.
const YOU: &str = "you";
const IDC: &str = "the administrator of Identity Center";
const REALM: &str = "the administrator of the Keycloak realm";
const ACCOUNT: &str = "the administrator of the AWS account";

pub(super) struct Topic {
    /// Stable name, by which programs identify the topic.
    pub(super) name: &'static str,
    /// Phrases that identify it; [`super::matching`] describes their form.
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
