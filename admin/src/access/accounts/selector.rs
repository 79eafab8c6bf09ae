//! How the access file names accounts.

use std::fmt;
use std::str::FromStr;

use crate::glob;
use crate::ports::organizations::{AccountState, OrganizationAccount};

/// One entry of a list of accounts, such as `ou:/Workloads/**` or `!tag:lifecycle=retired`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountSelector {
    /// `!`: takes accounts out.
    pub(crate) excludes: bool,
    pub(crate) criterion: AccountCriterion,
    /// As written.
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountCriterion {
    Id(String),
    /// `name:` and a pattern with `*`.
    Name(String),
    /// `ou:` and a path of names.
    Unit {
        path: Vec<String>,
        depth: UnitDepth,
    },
    /// `tag:` and a key, or a key and a pattern.
    Tag {
        key: String,
        value: Option<String>,
    },
    State(AccountState),
    /// `@`: a list of `[accounts]`.
    Named(String),
}

/// Which accounts of an organizational unit are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitDepth {
    /// Those directly in it: `ou:/X` or `ou:/X/*`.
    Own,
    /// Those in it and in all units below: `ou:/X/**`.
    All,
}

/// An account, and what else selectors look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownAccount {
    pub(crate) account: OrganizationAccount,
    /// Names of the units above, the topmost first. `None` unless a selector needs them.
    pub(crate) units: Option<Vec<String>>,
    pub(crate) tags: Option<Vec<(String, String)>>,
}

impl AccountSelector {
    /// Returns whether an exclusion may match nothing: a tag or state that no account has at the moment is no mistake.
    pub(crate) fn may_be_empty(&self) -> bool {
        self.excludes && matches!(self.criterion, AccountCriterion::Tag { .. } | AccountCriterion::State(_))
    }
}

impl AccountCriterion {
    /// Returns whether it selects the account. A list of `[accounts]` is looked up elsewhere.
    pub(crate) fn selects(&self, known: &KnownAccount) -> bool {
        match self {
            Self::Id(id) => known.account.id == *id,
            Self::Name(pattern) => glob::matches(pattern, &known.account.name),
            Self::Unit { path, depth } => known.units.as_ref().is_some_and(|units| match depth {
                UnitDepth::Own => units == path,
                UnitDepth::All => units.starts_with(path),
            }),
            Self::Tag { key, value } => known.tags.iter().flatten().any(|(known, text)| {
                known == key && value.as_ref().is_none_or(|pattern| glob::matches(pattern, text))
            }),
            Self::State(state) => known.account.state == *state,
            Self::Named(_) => false,
        }
    }
}

impl FromStr for AccountSelector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (excludes, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let criterion = criterion(rest).map_err(|why| format!("`{text}`: {why}"))?;
        Ok(Self { excludes, criterion, text: text.to_owned() })
    }
}

impl fmt::Display for AccountSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn criterion(text: &str) -> Result<AccountCriterion, String> {
    if let Some(name) = text.strip_prefix('@') {
        return not_empty(name).map(AccountCriterion::Named);
    }
    if let Some(pattern) = text.strip_prefix("name:") {
        return not_empty(pattern).map(AccountCriterion::Name);
    }
    if let Some(path) = text.strip_prefix("ou:") {
        return unit(path);
    }
    if let Some(tag) = text.strip_prefix("tag:") {
        let (key, value) = match tag.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (tag, None),
        };
        return Ok(AccountCriterion::Tag { key: not_empty(key)?, value });
    }
    if let Some(name) = text.strip_prefix("state:") {
        let state = AccountState::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(name));
        let names = AccountState::ALL.map(AccountState::as_str).join(", ");
        return state.map(AccountCriterion::State).ok_or_else(|| format!("a state is one of {names}"));
    }
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(AccountCriterion::Id(text.to_owned()));
    }
    Err("an account is its ID of 12 digits, or name:, ou:, tag:, state: or @ and what is meant".to_owned())
}

fn unit(path: &str) -> Result<AccountCriterion, String> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("the path of an organizational unit begins with `/`".to_owned());
    };
    let mut names: Vec<String> = rest.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let depth = match names.last().map(String::as_str) {
        Some("**") => UnitDepth::All,
        _ => UnitDepth::Own,
    };
    if names.last().is_some_and(|last| last == "*" || last == "**") {
        names.pop();
    }
    if names.iter().any(|name| name.contains('*')) {
        return Err("`*` and `**` stand for accounts, at the end of the path only".to_owned());
    }
    Ok(AccountCriterion::Unit { path: names, depth })
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("the name is missing".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(id: &str, name: &str, units: &[&str]) -> KnownAccount {
        KnownAccount {
            account: OrganizationAccount {
                id: id.to_owned(),
                name: name.to_owned(),
                state: AccountState::Active,
                path: None,
            },
            units: Some(units.iter().map(|name| (*name).to_owned()).collect()),
            tags: Some(vec![("lifecycle".to_owned(), "retired".to_owned())]),
        }
    }

    #[test]
    fn each_form_selects_what_it_says() {
        let account = known("012345678901", "sandbox-1", &["Workloads", "Prod"]);
        for (selector, selects) in [
            ("012345678901", true),
            ("012345678902", false),
            ("name:sandbox-*", true),
            ("name:sandbox", false),
            ("ou:/Workloads/Prod", true),
            ("ou:/Workloads/Prod/*", true),
            ("ou:/Workloads/Prod/**", true),
            ("ou:/Workloads/**", true),
            ("ou:/Workloads/*", false),
            ("ou:/Workloads", false),
            ("ou:/Work/**", false),
            ("ou:/**", true),
            ("ou:/*", false),
            ("tag:lifecycle", true),
            ("tag:lifecycle=retired", true),
            ("tag:lifecycle=ret*", true),
            ("tag:lifecycle=", false),
            ("tag:owner", false),
            ("state:active", true),
            ("state:SUSPENDED", false),
            ("!012345678901", true),
        ] {
            let selector: AccountSelector = selector.parse().expect(selector);
            assert_eq!(selector.criterion.selects(&account), selects, "{selector}");
            assert_eq!(selector.excludes, selector.to_string().starts_with('!'));
        }
    }

    #[test]
    fn mistakes_are_refused() {
        for (text, word) in [
            ("", "12 digits"),
            ("12345678901", "12 digits"),
            ("prod", "12 digits"),
            ("@", "missing"),
            ("!@", "missing"),
            ("name:", "missing"),
            ("tag:=x", "missing"),
            ("ou:Workloads", "begins with"),
            ("ou:/Work*/Prod", "at the end"),
            ("state:dead", "ACTIVE"),
        ] {
            let error = text.parse::<AccountSelector>().expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
