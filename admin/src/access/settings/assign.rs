//! `[[assign]]` and `[accounts]`: which group has which permission set in which accounts.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use super::role::{self, RoleAssignSettings};
use super::{Refused, SetSettings, checked};
use crate::access::accounts::{AccountCriterion, AccountLists, AccountSelector};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssignSettings {
    /// A name of `[permission_sets]`.
    pub(crate) set: String,
    pub(crate) groups: Vec<GroupReference>,
    pub(crate) accounts: Vec<AccountSelector>,
    /// Whether a selector may match nothing.
    pub(crate) allow_empty: bool,
    pub(crate) place: AssignPlace,
}

/// Which `[[assign]]` it is, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssignPlace {
    /// The permission set, or the ARN of the role.
    of: String,
    /// Where `groups` is in the file; unknown in JSON.
    pub(crate) line: Option<usize>,
}

impl fmt::Display for AssignPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[[assign]] of {}", self.of)
    }
}

/// A group, as the access file names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GroupReference {
    /// Its path in the realm, such as `/aws/PowerUser`.
    Realm(String),
    /// `idc:` and the display name of a group that is only in Identity Center.
    IdentityCenter(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub(super) set: Option<Spanned<String>>,
    pub(super) role: Option<Spanned<String>>,
    pub(super) groups: Spanned<Vec<Spanned<String>>>,
    pub(super) accounts: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) allow_empty: Option<Spanned<bool>>,
}

/// What one `[[assign]]` assigns.
pub(super) enum Assign {
    Set(AssignSettings),
    Role(RoleAssignSettings),
}

impl FromStr for GroupReference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("idc:").filter(|name| !name.is_empty()) {
            return Ok(Self::IdentityCenter(name.to_owned()));
        }
        match text.strip_prefix('/') {
            // A name may end with a slash of its own.
            Some(rest) if !rest.is_empty() && (!rest.ends_with('/') || rest.ends_with("~/")) => {
                Ok(Self::Realm(text.to_owned()))
            }
            _ => Err(format!(
                "`{text}` is not a group: write its path in the realm, such as /aws/PowerUser, or idc:NAME"
            )),
        }
    }
}

impl fmt::Display for GroupReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Realm(path) => f.write_str(path),
            Self::IdentityCenter(name) => write!(f, "idc:{name}"),
        }
    }
}

/// Checks the lists of `[accounts]`, which may refer to each other.
pub(super) fn lists(
    written: BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
) -> Result<AccountLists, Refused> {
    let mut lists = AccountLists::new();
    let mut places = BTreeMap::new();
    for (name, list) in written {
        let at = list.span().start;
        let selectors = selectors(&list)?;
        places.insert(name.clone(), at);
        lists.insert(name, selectors);
    }
    for (name, at) in places {
        let mut above = Vec::new();
        follow(&name, &lists, &mut above).map_err(|what| Refused { at, what })?;
    }
    Ok(lists)
}

/// Follows references from a list, and refuses unknown names and circles.
fn follow<'a>(name: &'a str, lists: &'a AccountLists, above: &mut Vec<&'a str>) -> Result<(), String> {
    if above.contains(&name) {
        return Err(format!("`@{name}` refers to itself"));
    }
    let list = lists.get(name).ok_or_else(|| format!("there is no list `{name}` in [accounts]"))?;
    above.push(name);
    for selector in list {
        if let AccountCriterion::Named(next) = &selector.criterion {
            follow(next, lists, above)?;
        }
    }
    above.pop();
    Ok(())
}

pub(super) fn check(
    written: Written,
    sets: &BTreeMap<String, SetSettings>,
    lists: &AccountLists,
    line_of: &dyn Fn(usize) -> Option<usize>,
) -> Result<Assign, Refused> {
    let of = written.set.as_ref().or(written.role.as_ref());
    let of = of.map(|name| name.get_ref().clone()).unwrap_or_default();
    let place = AssignPlace { of, line: line_of(written.groups.span().start) };
    match (&written.set, &written.role) {
        (Some(_), None) => set(written, sets, lists, place).map(Assign::Set),
        (None, Some(_)) => role::check(&written, place).map(Assign::Role),
        (Some(_), Some(role)) => {
            let what = "an [[assign]] has `set` or `role`, not both".to_owned();
            Err(Refused { at: role.span().start, what })
        }
        (None, None) => {
            let what = "an [[assign]] needs `set`, or `role` with the ARN of an IAM role".to_owned();
            Err(Refused { at: written.groups.span().start, what })
        }
    }
}

fn set(
    written: Written,
    sets: &BTreeMap<String, SetSettings>,
    lists: &AccountLists,
    place: AssignPlace,
) -> Result<AssignSettings, Refused> {
    let at = written.groups.span().start;
    let missing = |name: &str| Refused { at, what: format!("missing field `{name}`") };
    let set = checked(&written.set.ok_or_else(|| missing("set"))?, |name| {
        let is_there = sets.contains_key(name);
        is_there.then(|| name.clone()).ok_or_else(|| format!("there is no [permission_sets.{name}]"))
    })?;
    let groups = groups(&written.groups)?;
    if groups.is_empty() {
        return Err(Refused { at, what: "at least one group is needed".to_owned() });
    }
    let written_accounts = written.accounts.ok_or_else(|| missing("accounts"))?;
    let at = written_accounts.span().start;
    let accounts = selectors(&written_accounts)?;
    for selector in &accounts {
        if let AccountCriterion::Named(name) = &selector.criterion
            && !lists.contains_key(name)
        {
            return Err(Refused { at, what: format!("there is no list `{name}` in [accounts]") });
        }
    }
    let allow_empty = written.allow_empty.is_some_and(Spanned::into_inner);
    Ok(AssignSettings { set, groups, accounts, allow_empty, place })
}

pub(super) fn groups(written: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<GroupReference>, Refused> {
    written.get_ref().iter().map(|group| checked(group, |text| text.parse())).collect()
}

fn selectors(list: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<AccountSelector>, Refused> {
    let at = list.span().start;
    let selectors: Vec<AccountSelector> = list
        .get_ref()
        .iter()
        .map(|text| checked(text, |text| text.parse::<AccountSelector>()))
        .collect::<Result<_, _>>()?;
    if selectors.iter().all(|selector| selector.excludes) {
        return Err(Refused { at, what: "at least one account is needed, without `!`".to_owned() });
    }
    Ok(selectors)
}
