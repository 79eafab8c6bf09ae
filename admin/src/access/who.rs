//! Who can do what where: assignments with the names that people know.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::accounts::AccountInventory;
use super::entitlements::{account_of, name_of};
use super::read::{GroupDirectory, ObservedSet};
use crate::glob;
use crate::ports::account_access::Entitlement;
use crate::ports::sso_admin::access::{Assignment, Principal};

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct AccessRow {
    /// The group's path in the realm, if it comes from there.
    pub(crate) group_path: Option<String>,
    /// The group's name in Identity Center; its ID if it has none or is gone; `None` for a single user.
    pub(crate) group: Option<String>,
    pub(crate) user: Option<String>,
    /// `None` for an IAM role.
    pub(crate) permission_set: Option<String>,
    pub(crate) account_id: String,
    pub(crate) account_name: String,
    /// What the role's ARN is like, for `ArnLike`: its last part is known in the account only. The exact ARN of an IAM
    /// role.
    pub(crate) role_arn_pattern: String,
    /// The same, under the name that it had first.
    pub(crate) role: String,
}

/// The columns of the CSV form.
pub(crate) const COLUMNS: [&str; 7] =
    ["group_path", "group", "user", "permission_set", "account_id", "account_name", "role_arn_pattern"];

/// What the names are looked up in.
pub(crate) struct Names<'a> {
    pub(crate) sets: &'a BTreeMap<String, ObservedSet>,
    pub(crate) inventory: &'a AccountInventory,
    pub(crate) groups: &'a GroupDirectory,
    /// User names by ID.
    pub(crate) users: &'a BTreeMap<String, String>,
    /// Paths in the realm, by the realm's ID and the group's in it.
    pub(crate) paths: &'a BTreeMap<(String, String), String>,
    pub(crate) partition: &'a str,
}

/// Which permission sets and accounts are asked for; patterns with `*`.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessFilter {
    pub(crate) set: Option<String>,
    /// An ID or a name.
    pub(crate) account: Option<String>,
    /// The ARN or the name of an IAM role.
    pub(crate) role: Option<String>,
}

impl AccessFilter {
    pub(crate) fn has_set(&self, name: &str) -> bool {
        self.set.as_ref().is_none_or(|pattern| glob::matches(pattern, name))
    }

    fn has_role(&self, arn: &str) -> bool {
        let is_it = |pattern: &String| glob::matches(pattern, arn) || glob::matches(pattern, name_of(arn));
        self.role.as_ref().is_none_or(is_it)
    }

    pub(crate) fn has_account(&self, id: &str, inventory: &AccountInventory) -> bool {
        self.account.as_ref().is_none_or(|wanted| wanted == id || glob::matches(wanted, inventory.name(id)))
    }
}

/// Returns the rows of IAM roles that the filter lets through.
pub(crate) fn role_rows(
    entitlements: &[Entitlement],
    names: &Names<'_>,
    filter: &AccessFilter,
) -> Vec<AccessRow> {
    let is_wanted = |one: &&Entitlement| {
        filter.has_role(&one.role_arn) && filter.has_account(account_of(&one.role_arn), names.inventory)
    };
    entitlements.iter().filter(is_wanted).map(|one| names.role_row(one)).collect()
}

/// Returns the rows that the filter lets through, sorted.
pub(crate) fn rows(
    assignments: &BTreeSet<Assignment>,
    names: &Names<'_>,
    filter: &AccessFilter,
) -> Vec<AccessRow> {
    let sets: BTreeMap<&str, &String> =
        names.sets.iter().map(|(name, set)| (set.arn.as_str(), name)).collect();
    let row = |assignment: &Assignment| {
        let set = sets.get(assignment.set.as_str())?;
        let is_wanted = filter.has_set(set) && filter.has_account(&assignment.account, names.inventory);
        is_wanted.then(|| names.row(set, assignment))
    };
    let rows: BTreeSet<AccessRow> = assignments.iter().filter_map(row).collect();
    rows.into_iter().collect()
}

impl Names<'_> {
    fn row(&self, set: &str, assignment: &Assignment) -> AccessRow {
        // The path has a Region, unless that of Identity Center is us-east-1 (user guide, "Referencing permission sets").
        let role = format!(
            "arn:{}:iam::{}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{set}_*",
            self.partition, assignment.account
        );
        let row = self.of(&assignment.principal, &assignment.account, role);
        AccessRow { permission_set: Some(set.to_owned()), ..row }
    }

    fn role_row(&self, entitlement: &Entitlement) -> AccessRow {
        let arn = &entitlement.role_arn;
        self.of(&entitlement.principal, account_of(arn), arn.clone())
    }

    fn of(&self, principal: &Principal, account: &str, role: String) -> AccessRow {
        let (group, user) = match principal {
            Principal::Group(id) => {
                let name = self.groups.name(id).filter(|name| !name.is_empty());
                (Some(name.unwrap_or(id).to_owned()), None)
            }
            Principal::User(id) => (None, Some(self.users.get(id).unwrap_or(id).clone())),
        };
        AccessRow {
            group_path: self.path(principal),
            group,
            user,
            permission_set: None,
            account_id: account.to_owned(),
            account_name: self.inventory.name(account).to_owned(),
            role_arn_pattern: role.clone(),
            role,
        }
    }

    fn path(&self, principal: &Principal) -> Option<String> {
        let Principal::Group(id) = principal else { return None };
        let (realm, group) = self.groups.realm_id(id)?;
        self.paths.get(&(realm.to_owned(), group.to_owned())).cloned()
    }
}

/// Returns the rows as CSV (RFC 4180), with a header.
pub(crate) fn csv(rows: &[AccessRow]) -> Vec<String> {
    let line = |row: &AccessRow| {
        let optional = |text: &Option<String>| field(text.as_deref().unwrap_or_default());
        [
            optional(&row.group_path),
            optional(&row.group),
            optional(&row.user),
            optional(&row.permission_set),
            field(&row.account_id),
            field(&row.account_name),
            field(&row.role_arn_pattern),
        ]
        .join(",")
    };
    std::iter::once(COLUMNS.join(",")).chain(rows.iter().map(line)).collect()
}

/// Quotes a field where that is needed.
///
/// A spreadsheet would take a text that begins with one of `=+-@` for a formula, and names come from outside.
fn field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_no_formulas() {
        for (text, expected) in [
            ("Power", "Power"),
            ("a,b", "\"a,b\""),
            ("the \"one\"", "\"the \"\"one\"\"\""),
            ("=1+1", "'=1+1"),
            ("012345678901", "012345678901"),
            ("", ""),
        ] {
            assert_eq!(field(text), expected);
        }
        assert_eq!(csv(&[])[0].split(',').count(), COLUMNS.len());
    }
}
