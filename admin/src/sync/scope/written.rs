//! `[directory]` as it is written, with the place of each key for error messages.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{
    DirectorySettings, Field, GroupName, Leavers, MaxRemovals, NamePattern, Nested, PathPattern,
    SettingsError,
};
use crate::sync::record::Attribute;

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenDirectory {
    groups: Spanned<Vec<PathPattern>>,
    #[serde(default)]
    allow_empty: bool,
    #[serde(default)]
    group_name: GroupName,
    #[serde(default)]
    nested: Nested,
    user_name: Option<Spanned<Field>>,
    #[serde(default)]
    protect: Vec<NamePattern>,
    leavers: Option<Spanned<WrittenLeavers>>,
    after: Option<Spanned<String>>,
    #[serde(default)]
    max_removals: MaxRemovals,
    #[serde(default)]
    attributes: BTreeMap<Attribute, Spanned<Field>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenLeavers {
    Disable,
    LeaveGroups,
    Delete,
}

/// What is wrong with a key, and where it is: an offset in bytes.
type Misplaced = (usize, SettingsError);

impl WrittenDirectory {
    /// Returns the settings, if the keys fit each other.
    pub(crate) fn check(self) -> Result<DirectorySettings, Misplaced> {
        let leavers = self.leavers()?;
        if self.groups.get_ref().iter().all(PathPattern::excludes) {
            return Err((self.groups.span().start, SettingsError::NoGroups));
        }
        if let Some(field) = &self.user_name
            && matches!(field.get_ref(), Field::FirstName | Field::LastName)
        {
            return Err((field.span().start, SettingsError::NotAUserName));
        }
        if let Some(field) = self.attributes.get(&Attribute::UserName) {
            return Err((field.span().start, SettingsError::UserNameTwice));
        }
        let attributes = self.attributes.into_iter();
        Ok(DirectorySettings {
            groups: self.groups.into_inner(),
            allow_empty: self.allow_empty,
            group_name: self.group_name,
            nested: self.nested,
            user_name: self.user_name.map(Spanned::into_inner).unwrap_or_default(),
            protect: self.protect,
            leavers,
            max_removals: self.max_removals,
            attributes: attributes.map(|(attribute, field)| (attribute, field.into_inner())).collect(),
        })
    }

    fn leavers(&self) -> Result<Leavers, Misplaced> {
        match (&self.leavers, &self.after) {
            (Some(leavers), after) if matches!(leavers.get_ref(), WrittenLeavers::Delete) => {
                let after = after.as_ref().ok_or((leavers.span().start, SettingsError::NoAfter))?;
                let after = span(after.get_ref()).map_err(|error| (after.span().start, error))?;
                Ok(Leavers::Delete { after })
            }
            (_, Some(after)) => Err((after.span().start, SettingsError::NeedlessAfter)),
            (Some(leavers), None) if matches!(leavers.get_ref(), WrittenLeavers::LeaveGroups) => {
                Ok(Leavers::LeaveGroups)
            }
            (_, None) => Ok(Leavers::Disable),
        }
    }
}

impl TryFrom<WrittenDirectory> for DirectorySettings {
    type Error = SettingsError;

    fn try_from(written: WrittenDirectory) -> Result<Self, SettingsError> {
        written.check().map_err(|(_, error)| error)
    }
}

fn span(text: &str) -> Result<Duration, SettingsError> {
    let error = || SettingsError::NotASpan(text.to_owned());
    let (number, seconds) = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, "h")) => (number, 60 * 60),
        Some((number, "d")) => (number, 24 * 60 * 60),
        Some((number, "w")) => (number, 7 * 24 * 60 * 60),
        _ => return Err(error()),
    };
    let number: u32 = number.parse().map_err(|_| error())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}
