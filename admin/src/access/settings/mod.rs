//! What the access file says about access: `[permission_sets]`, `[accounts]`, `[[assign]]`, `[unlisted]`.

mod assign;
mod permission_set;
mod role;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kcaws::platform::foreign_file;
use serde::Deserialize;
use toml::Spanned;

use self::assign::Assign;
pub(crate) use self::assign::{AssignPlace, AssignSettings, GroupReference, Written as WrittenAssign};
pub(crate) use self::permission_set::{InlineSettings, SetSettings, Written as WrittenSet};
pub(crate) use self::role::RoleAssignSettings;
use super::accounts::AccountLists;
use super::definition::SetDefinition;
use super::policy::{PolicyDocument, PolicyError};
use crate::access_file::{Refused, checked};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccessSettings {
    pub(crate) permission_sets: BTreeMap<String, SetSettings>,
    /// The lines of the permission sets in the file, for messages; unknown in JSON.
    pub(crate) set_lines: BTreeMap<String, usize>,
    pub(crate) accounts: AccountLists,
    pub(crate) assign: Vec<AssignSettings>,
    /// IAM roles that account access manager assigns.
    pub(crate) roles: Vec<RoleAssignSettings>,
    pub(crate) unlisted: Unlisted,
}

/// What becomes of that which the file does not list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Unlisted {
    /// Assignments of the permission sets that the file owns.
    pub(crate) assignments: UnlistedAction,
    /// Entitlements to the IAM roles that the file lists.
    pub(crate) entitlements: UnlistedAction,
    /// Permission sets that an earlier version of the file made.
    pub(crate) permission_sets: UnlistedAction,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnlistedAction {
    #[default]
    Report,
    Remove,
}

/// A permission set as the file wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WantedSet {
    /// It is assigned and never changed.
    Existing,
    Defined(Box<SetDefinition>),
}

/// The inline policy of a permission set cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InlineFileError {
    #[error("cannot read `{}`, the inline policy of {set}", .path.display())]
    Unreadable { set: String, path: PathBuf, source: std::io::Error },
    #[error("`{}`, the inline policy of {set}", .path.display())]
    Refused { set: String, path: PathBuf, source: PolicyError },
}

impl InlineFileError {
    pub(crate) fn set(&self) -> &str {
        match self {
            Self::Unreadable { set, .. } | Self::Refused { set, .. } => set,
        }
    }
}

/// The parts of the access file as they are written.
#[derive(Default)]
pub(crate) struct WrittenAccess {
    pub(crate) permission_sets: BTreeMap<String, Spanned<WrittenSet>>,
    pub(crate) accounts: BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
    pub(crate) assign: Vec<WrittenAssign>,
    pub(crate) unlisted: Unlisted,
}

impl AccessSettings {
    /// Returns whether nothing of it is the file's to decide.
    pub(crate) fn is_empty(&self) -> bool {
        let Unlisted { assignments, permission_sets, .. } = self.unlisted;
        let removes = [assignments, permission_sets].contains(&UnlistedAction::Remove);
        self.permission_sets.is_empty() && self.assign.is_empty() && self.roles.is_empty() && !removes
    }

    /// Checks what is written. `line_of` returns the line of an offset, for mistakes that are found later.
    pub(crate) fn check(
        written: WrittenAccess,
        line_of: impl Fn(usize) -> Option<usize>,
    ) -> Result<Self, Refused> {
        let (mut permission_sets, mut set_lines) = (BTreeMap::new(), BTreeMap::new());
        for (name, set) in written.permission_sets {
            let at = set.span().start;
            let settings = permission_set::check(&name, set.into_inner(), at)?;
            set_lines.extend(line_of(at).map(|line| (name.clone(), line)));
            permission_sets.insert(name, settings);
        }
        let accounts = assign::lists(written.accounts)?;
        let (mut assign, mut roles) = (Vec::new(), Vec::new());
        for one in written.assign {
            match assign::check(one, &permission_sets, &accounts, &line_of)? {
                Assign::Set(settings) => assign.push(settings),
                Assign::Role(settings) => roles.push(settings),
            }
        }
        Ok(Self { permission_sets, set_lines, accounts, assign, roles, unlisted: written.unlisted })
    }

    /// Returns whether the file says anything about permission sets.
    pub(crate) fn uses_permission_sets(&self) -> bool {
        !self.permission_sets.is_empty() || !self.assign.is_empty()
    }

    /// Returns the groups that something is assigned to.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &GroupReference> {
        let of_sets = self.assign.iter().flat_map(|assign| &assign.groups);
        of_sets.chain(self.roles.iter().flat_map(|assign| &assign.groups))
    }

    /// Returns the permission sets, with the inline policies that are in files beside the access file.
    pub(crate) fn wanted_sets(&self, folder: &Path) -> Result<BTreeMap<String, WantedSet>, InlineFileError> {
        let wanted = |(name, settings): (&String, &SetSettings)| {
            let set = match settings {
                SetSettings::Existing => WantedSet::Existing,
                SetSettings::Defined { definition, inline } => {
                    let mut definition = definition.clone();
                    if let Some(InlineSettings::File(file)) = inline {
                        definition.inline = Some(inline_file(name, folder.join(file))?);
                    }
                    WantedSet::Defined(definition)
                }
            };
            Ok((name.clone(), set))
        };
        self.permission_sets.iter().map(wanted).collect()
    }
}

fn inline_file(set: &str, path: PathBuf) -> Result<PolicyDocument, InlineFileError> {
    let set = set.to_owned();
    let bytes = match foreign_file::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(InlineFileError::Unreadable { set, path, source }),
    };
    let policy =
        PolicyDocument::parse(&String::from_utf8_lossy(&bytes)).and_then(PolicyDocument::within_limits);
    policy.map_err(|source| InlineFileError::Refused { set, path, source })
}

/// Returns whether the text is a name that AWS takes for a permission set.
fn set_name(name: &str) -> Result<(), String> {
    use super::definition::LONGEST_NAME;
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte));
    if !is_name {
        return Err(format!("`{name}` is not a name: letters, digits and _+=,.@- are allowed"));
    }
    if name.len() > LONGEST_NAME {
        return Err(format!("`{name}` has {} characters; AWS takes {LONGEST_NAME}", name.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
