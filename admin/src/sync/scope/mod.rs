//! `[directory]` of the access file: who and what is kept in step, under which names, and what may be taken away.

mod limit;
mod names;
mod pattern;
mod written;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use self::limit::MaxRemovals;
pub(crate) use self::names::{GroupName, NameClash, clashes, shown_path};
pub(crate) use self::pattern::{NamePattern, PathPattern, PatternError};
pub(crate) use self::written::WrittenDirectory;
use super::record::{Attribute, Record, ValueFault, check};
use super::source::{Detail, RealmUser};

/// The settings of a sync. Unknown keys are errors.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "WrittenDirectory")]
pub(crate) struct DirectorySettings {
    pub(crate) groups: Vec<PathPattern>,
    pub(crate) allow_empty: bool,
    pub(crate) group_name: GroupName,
    pub(crate) nested: Nested,
    pub(crate) user_name: Field,
    pub(crate) protect: Vec<NamePattern>,
    pub(crate) leavers: Leavers,
    pub(crate) max_removals: MaxRemovals,
    pub(crate) attributes: BTreeMap<Attribute, Field>,
}

/// Whether the members of a subgroup count as members of the groups above it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Nested {
    #[default]
    Direct,
    Inherit,
}

/// What happens to a user who is disabled, deleted or out of scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Leavers {
    /// Set inactive and removed from the groups.
    #[default]
    Disable,
    /// Removed from the groups.
    LeaveGroups,
    /// As `Disable`, and deleted after so much time.
    Delete { after: Duration },
}

/// A value of a user in the realm.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Field {
    #[default]
    Email,
    UserName,
    FirstName,
    LastName,
    Attribute(String),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("`groups` selects nothing: at least one pattern must not begin with `!`")]
    NoGroups,
    #[error("`leavers = \"delete\"` needs `after`, such as `after = \"30d\"`")]
    NoAfter,
    #[error("`after` is only used with `leavers = \"delete\"`")]
    NeedlessAfter,
    #[error("`{0}` is not a time span such as `30d` or `12h`")]
    NotASpan(String),
    #[error("`{0}` is none of `email`, `username`, `first_name`, `last_name`, `attribute:NAME`")]
    NotAField(String),
    #[error("`user_name` is one of `email`, `username`, `attribute:NAME`")]
    NotAUserName,
    #[error("the user name is set by `user_name`, not in `attributes`")]
    UserNameTwice,
}

impl TryFrom<String> for Field {
    type Error = SettingsError;

    fn try_from(text: String) -> Result<Self, SettingsError> {
        match (text.as_str(), text.strip_prefix("attribute:")) {
            ("email", _) => Ok(Self::Email),
            ("username", _) => Ok(Self::UserName),
            ("first_name", _) => Ok(Self::FirstName),
            ("last_name", _) => Ok(Self::LastName),
            (_, Some(name)) if !name.is_empty() => Ok(Self::Attribute(name.to_owned())),
            _ => Err(SettingsError::NotAField(text)),
        }
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        match field {
            Field::Email => "email".to_owned(),
            Field::UserName => "username".to_owned(),
            Field::FirstName => "first_name".to_owned(),
            Field::LastName => "last_name".to_owned(),
            Field::Attribute(name) => format!("attribute:{name}"),
        }
    }
}

impl Field {
    fn of<'a>(&self, user: &'a RealmUser) -> Option<&'a str> {
        let value = match self {
            Self::Email => user.email.as_deref(),
            Self::UserName => Some(user.user_name.as_str()),
            Self::FirstName => user.first_name.as_deref(),
            Self::LastName => user.last_name.as_deref(),
            Self::Attribute(name) => {
                user.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
            }
        };
        value.map(str::trim).filter(|value| !value.is_empty())
    }
}

impl DirectorySettings {
    /// Returns whether this tool writes the attribute; all others are left as they are.
    pub(crate) fn owns(&self, attribute: Attribute) -> bool {
        Attribute::REQUIRED.contains(&attribute) || self.attributes.contains_key(&attribute)
    }

    /// Returns how much of each user of the realm has to be read.
    pub(crate) fn detail(&self) -> Detail {
        let mut fields = self.attributes.values().chain([&self.user_name]);
        if fields.any(|field| matches!(field, Field::Attribute(_))) {
            Detail::WithAttributes
        } else {
            Detail::Brief
        }
    }

    /// Returns what Identity Center should store about a user, and what is wrong with it.
    pub(crate) fn record(&self, user: &RealmUser) -> (Record, Vec<(Attribute, ValueFault)>) {
        let full_name = [&user.first_name, &user.last_name]
            .into_iter()
            .filter_map(|name| name.as_deref().map(str::trim).filter(|name| !name.is_empty()))
            .collect::<Vec<_>>()
            .join(" ");
        let value = |attribute| match (attribute, self.attributes.get(&attribute)) {
            (Attribute::UserName, _) => self.user_name.of(user),
            (_, Some(field)) => field.of(user),
            (Attribute::GivenName, None) => Field::FirstName.of(user),
            (Attribute::FamilyName, None) => Field::LastName.of(user),
            (Attribute::DisplayName, None) => Some(full_name.as_str()),
            (Attribute::Email, None) => Field::Email.of(user),
            _ => None,
        };
        let faults = Attribute::ALL.into_iter().filter(|attribute| self.owns(*attribute));
        let faults = faults
            .filter_map(|attribute| check(attribute, value(attribute)).err().map(|fault| (attribute, fault)));
        (Record::of(value), faults.collect())
    }

    /// Returns whether a user or group of Identity Center is never to be changed.
    pub(crate) fn protects(&self, name: &str) -> bool {
        self.protect.iter().any(|pattern| pattern.matches(name))
    }

    /// Returns whether a group is in scope.
    pub(crate) fn selects(&self, path: &[&str]) -> bool {
        !self.excludes(path) && self.groups.iter().any(|pattern| !pattern.excludes() && pattern.matches(path))
    }

    /// Returns whether a pattern with `!` stands for a group.
    pub(crate) fn excludes(&self, path: &[&str]) -> bool {
        self.groups.iter().any(|pattern| pattern.excludes() && pattern.matches(path))
    }
}

#[cfg(test)]
mod tests;
