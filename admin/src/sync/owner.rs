//! Who owns a user or group of Identity Center: its externalId says so, and there is no other state.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::record::{is_accepted, shown_character};

/// The externalId of an object that this tool owns: `kc:<realm id>:<id in the realm>`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ExternalId {
    realm: Box<str>,
    id: Box<str>,
}

/// AWS's limit.
const LONGEST: usize = 256;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExternalIdError {
    #[error("`{0}` is not an externalId of this tool")]
    Foreign(String),
    #[error("an empty ID cannot be part of an externalId")]
    Empty,
    #[error("the ID `{id}` cannot be part of an externalId: it is longer than {limit} characters")]
    TooLong { id: String, limit: usize },
    #[error(
        "the ID `{id}` cannot be part of an externalId: it contains {}, which is not allowed there",
        shown_character(*.character)
    )]
    InvalidCharacter { id: String, character: char },
}

impl ExternalId {
    pub(crate) fn new(realm: &str, id: &str) -> Result<Self, ExternalIdError> {
        // IDs of federated users have colons, IDs of realms have none.
        check_part(realm, LONGEST, |letter| letter == ':')?;
        check_part(id, LONGEST.saturating_sub(realm.chars().count() + "kc::".len()), |_| false)?;
        Ok(Self { realm: realm.into(), id: id.into() })
    }

    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// Returns the object's id in the realm.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

fn check_part(id: &str, limit: usize, separates: impl Fn(char) -> bool) -> Result<(), ExternalIdError> {
    let invalid = id.chars().find(|letter| separates(*letter) || !is_accepted(*letter, &[]));
    match invalid {
        _ if id.is_empty() => Err(ExternalIdError::Empty),
        Some(character) => Err(ExternalIdError::InvalidCharacter { id: id.to_owned(), character }),
        None if id.chars().count() > limit => Err(ExternalIdError::TooLong { id: id.to_owned(), limit }),
        None => Ok(()),
    }
}

impl FromStr for ExternalId {
    type Err = ExternalIdError;

    fn from_str(text: &str) -> Result<Self, ExternalIdError> {
        let parts = text.strip_prefix("kc:").and_then(|rest| rest.split_once(':'));
        let (realm, id) = parts.ok_or_else(|| ExternalIdError::Foreign(text.to_owned()))?;
        Self::new(realm, id)
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(form, "kc:{}:{}", self.realm, self.id)
    }
}

impl TryFrom<String> for ExternalId {
    type Error = ExternalIdError;

    fn try_from(text: String) -> Result<Self, ExternalIdError> {
        text.parse()
    }
}

impl From<ExternalId> for String {
    fn from(id: ExternalId) -> Self {
        id.to_string()
    }
}

/// The owner of an object, as seen from one realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This tool, for an object of this realm with this id.
    ThisRealm(Arc<str>),
    /// This tool, for another realm: this one was moved or restored from a copy, or the access file is another's.
    OtherRealm(Box<str>),
    /// Another tool, by its externalId.
    Another(Box<str>),
    /// Nobody who left an externalId: made by hand, or by AWS.
    Nobody,
}

impl Owner {
    pub(crate) fn of(external_id: Option<&str>, realm: &str) -> Self {
        match external_id {
            None | Some("") => Self::Nobody,
            Some(text) => match text.parse::<ExternalId>() {
                Ok(own) if &*own.realm == realm => Self::ThisRealm(own.id.into()),
                Ok(other) => Self::OtherRealm(other.realm),
                Err(_) => Self::Another(text.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_read_as_it_was_written() {
        let federated = ExternalId::new("r-1", "f:55:alice").expect("an id");
        assert_eq!(federated.to_string(), "kc:r-1:f:55:alice");
        assert_eq!("kc:r-1:f:55:alice".parse(), Ok(federated));
        for (realm, id) in [("", "a"), ("r", ""), ("r:1", "a"), ("r", "a b"), ("r", &"x".repeat(252))] {
            assert!(ExternalId::new(realm, id).is_err(), "{realm} {id}");
        }
    }

    #[test]
    fn an_id_that_cannot_be_used_has_one_reason() {
        let reason = |id: &str| ExternalId::new("r", id).expect_err(id).to_string();
        let blank = "the ID `f:77:john doe` cannot be part of an externalId: it contains a space, which is not allowed there";
        assert_eq!(reason("f:77:john doe"), blank);
        assert!(reason(&"x".repeat(252)).ends_with("it is longer than 251 characters"));
    }

    #[test]
    fn owners_are_told_apart() {
        assert_eq!(Owner::of(Some("kc:r:a"), "r"), Owner::ThisRealm("a".into()));
        assert_eq!(Owner::of(Some("kc:s:a"), "r"), Owner::OtherRealm("s".into()));
        assert_eq!(Owner::of(Some("00u1"), "r"), Owner::Another("00u1".into()));
        assert_eq!(Owner::of(Some("kc:"), "r"), Owner::Another("kc:".into()));
        assert_eq!(Owner::of(None, "r"), Owner::Nobody);
    }
}
