//! What is stored of a user, a group and a membership.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::id::{GroupId, MembershipId, UserId};

/// A user's attributes under SCIM's names, but for those that have a place of their own.
pub(crate) type Attributes = Map<String, Value>;

/// What the two directory services can write of a user.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UserRecord {
    pub(crate) user_name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) active: bool,
    /// `name`, `displayName`, `emails` and so on, see [`super::schema`].
    pub(crate) attributes: Attributes,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) record: UserRecord,
    /// `None`: nobody gets in by the form, only by the external identity provider.
    pub(super) password: Option<String>,
    pub(crate) disabled_since: Option<SystemTime>,
    pub(crate) stamps: Stamps,
}

/// What the two directory services can write of a group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupRecord {
    pub(crate) display_name: String,
    pub(crate) description: Option<String>,
    pub(crate) external_id: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) record: GroupRecord,
    pub(crate) stamps: Stamps,
}

#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) id: MembershipId,
    pub(crate) group: GroupId,
    pub(crate) user: UserId,
    pub(crate) stamps: Stamps,
}

/// Who wrote something, and when.
#[derive(Clone, Debug)]
pub(crate) struct Stamps {
    pub(crate) created_at: SystemTime,
    pub(crate) created_by: String,
    pub(crate) updated_at: SystemTime,
    pub(crate) updated_by: String,
    pub(crate) revision: u64,
}

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author<'a> {
    pub(crate) name: &'a str,
    pub(crate) at: SystemTime,
}

impl Stamps {
    pub(super) fn new(author: Author<'_>, revision: u64) -> Self {
        Self {
            created_at: author.at,
            created_by: author.name.to_owned(),
            updated_at: author.at,
            updated_by: author.name.to_owned(),
            revision,
        }
    }

    pub(super) fn touch(&mut self, author: Author<'_>, revision: u64) {
        self.updated_at = author.at;
        author.name.clone_into(&mut self.updated_by);
        self.revision = revision;
    }
}

impl UserRecord {
    /// Returns an active user with the attributes that both services require, taken from the user name.
    pub(crate) fn named(user_name: &str) -> Self {
        let (local, _) = user_name.split_once('@').unwrap_or((user_name, ""));
        let mut attributes = Attributes::new();
        attributes.insert("displayName".into(), local.into());
        attributes.insert("name".into(), json!({ "givenName": local, "familyName": local }));
        if user_name.contains('@') {
            let email = json!([{ "value": user_name, "type": "work", "primary": true }]);
            attributes.insert("emails".into(), email);
        }
        Self { user_name: user_name.to_owned(), external_id: None, active: true, attributes }
    }

    /// Returns the one e-mail address.
    pub(crate) fn email(&self) -> Option<&str> {
        self.attributes.get("emails")?.get(0)?.get("value")?.as_str()
    }
}

impl User {
    /// May a session of this user still be used? New sign-ins are refused at once, running sessions
    /// last up to an hour more (AWS user guide, "Authentication sessions").
    pub(crate) fn session_may_go_on(&self, grace: Duration, now: SystemTime) -> bool {
        self.disabled_since.is_none_or(|since| now < since + grace)
    }
}

impl GroupRecord {
    pub(crate) fn named(display_name: &str) -> Self {
        Self { display_name: display_name.to_owned(), description: None, external_id: None }
    }
}
