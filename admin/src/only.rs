//! The part of a plan that is asked for with `--only`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::sync::scope::{NamePattern, PathPattern, PatternError};

/// What a selector is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnlyKind {
    User,
    Group,
    PermissionSet,
    Account,
}

impl OnlyKind {
    pub(crate) const ALL: [Self; 4] = [Self::User, Self::Group, Self::PermissionSet, Self::Account];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::PermissionSet => "permission set",
            Self::Account => "account",
        }
    }

    /// Returns the word before the colon.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::PermissionSet => "set",
            Self::Account => "account",
        }
    }
}

/// One selector: `user:alice@example.com`, `group:/aws/*`, `set:PowerUser`, `account:sandbox-*`.
///
/// A pattern of a group that begins with a slash is for paths in the realm, where `*` stands for one name and `**` for
/// any number of them, as in `[directory]`. In all others `*` stands for any characters, and case does not matter.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Selector {
    kind: OnlyKind,
    pattern: Pattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Name(NamePattern),
    Path(PathPattern),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectorError {
    #[error("`{0}` does not begin with user:, group:, set: or account:")]
    NoKind(String),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("`{0}:` selects nothing here; these do: {1}")]
    NotHere(&'static str, String),
}

impl Selector {
    pub(crate) fn kind(&self) -> OnlyKind {
        self.kind
    }

    /// Reads a selector of one of these kinds.
    pub(crate) fn of(text: &str, kinds: &[OnlyKind]) -> Result<Self, SelectorError> {
        let selector: Self = text.parse()?;
        if kinds.contains(&selector.kind) {
            return Ok(selector);
        }
        let those: Vec<String> = kinds.iter().map(|kind| format!("{}:", kind.word())).collect();
        Err(SelectorError::NotHere(selector.kind.word(), those.join(", ")))
    }

    fn matches(&self, name: &str) -> bool {
        match &self.pattern {
            Pattern::Name(pattern) => pattern.matches(name),
            Pattern::Path(pattern) => {
                // A slash within a name is `~/`: it separates no names.
                let path = name.replace("~/", "~");
                path.strip_prefix('/')
                    .is_some_and(|names| pattern.matches(&names.split('/').collect::<Vec<&str>>()))
            }
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let no_kind = || SelectorError::NoKind(text.to_owned());
        let (word, pattern) = text.split_once(':').ok_or_else(no_kind)?;
        let kind = OnlyKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(no_kind)?;
        let pattern = if kind == OnlyKind::Group && pattern.starts_with('/') {
            Pattern::Path(pattern.parse()?)
        } else {
            Pattern::Name(pattern.to_owned().try_into()?)
        };
        Ok(Self { kind, pattern })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Pattern::Name(pattern) => write!(form, "{}:{pattern}", self.kind.word()),
            Pattern::Path(pattern) => write!(form, "{}:{pattern}", self.kind.word()),
        }
    }
}

impl TryFrom<String> for Selector {
    type Error = SelectorError;

    fn try_from(text: String) -> Result<Self, SelectorError> {
        text.parse()
    }
}

impl From<Selector> for String {
    fn from(selector: Selector) -> Self {
        selector.to_string()
    }
}

/// Returns the end of a line that sums up a plan.
pub(crate) fn left_out(changes: usize) -> String {
    match changes {
        0 => String::new(),
        1 => "; 1 other change left out by --only".to_owned(),
        count => format!("; {count} other changes left out by --only"),
    }
}

/// All selectors of a run. Those of one kind add up, and the kinds narrow each other; without any, everything is meant.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Only(Vec<Selector>);

impl Only {
    pub(crate) fn new(selectors: &[Selector]) -> Self {
        Self(selectors.to_vec())
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the selectors that name nothing, such as one with a typo. `names` returns all names of a kind.
    pub(crate) fn unmatched<'n>(&self, names: impl Fn(OnlyKind) -> Vec<&'n str>) -> Vec<Selector> {
        let of_kind = |kind: OnlyKind| {
            let names = if self.names(kind) { names(kind) } else { Vec::new() };
            let is_unmatched = move |selector: &&Selector| !names.iter().any(|name| selector.matches(name));
            self.of(kind).filter(is_unmatched).cloned()
        };
        OnlyKind::ALL.into_iter().flat_map(of_kind).collect()
    }

    /// Returns whether there is a selector of the kind.
    pub(crate) fn names(&self, kind: OnlyKind) -> bool {
        self.of(kind).next().is_some()
    }

    /// Returns whether a change of this object alone is meant, which has all these names.
    pub(crate) fn object(&self, kind: OnlyKind, names: &[&str]) -> bool {
        self.relation(&[(kind, names)])
    }

    /// Returns whether a change that binds several objects is meant, such as a membership or an assignment.
    ///
    /// Selectors of other kinds say nothing about it.
    pub(crate) fn relation(&self, objects: &[(OnlyKind, &[&str])]) -> bool {
        self.is_everything()
            || objects.iter().any(|(kind, _)| self.names(*kind))
                && objects.iter().all(|(kind, names)| !self.names(*kind) || self.selects(*kind, names))
    }

    fn selects(&self, kind: OnlyKind, names: &[&str]) -> bool {
        self.of(kind).any(|selector| names.iter().any(|name| selector.matches(name)))
    }

    fn of(&self, kind: OnlyKind) -> impl Iterator<Item = &Selector> {
        self.0.iter().filter(move |selector| selector.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(selectors: &[&str]) -> Only {
        let selectors = selectors.iter().map(|text| text.parse().expect("a selector"));
        Only::new(&selectors.collect::<Vec<_>>())
    }

    #[test]
    fn selectors_of_a_kind_add_up_and_kinds_narrow_each_other() {
        use OnlyKind::{Account, Group, PermissionSet, User};
        let membership = |only: &Only, user: &str, group: &str| {
            only.relation(&[(User, &[user]), (Group, &[group, "the name"])])
        };
        let all = Only::default();
        assert!(all.object(User, &["a"]) && membership(&all, "a", "/aws/x"));
        let two = only(&["user:Alice@*", "user:bob"]);
        assert!(two.object(User, &["ALICE@example.com"]) && two.object(User, &["b", "bob"]));
        assert!(!two.object(User, &["carol"]) && !two.object(Group, &["bob"]));
        assert!(membership(&two, "bob", "/aws/x") && !membership(&two, "carol", "/aws/x"));
        let both = only(&["user:bob", "group:/aws/*"]);
        assert!(membership(&both, "bob", "/aws/x"));
        assert!(!membership(&both, "bob", "/aws/x/y") && !membership(&both, "carol", "/aws/x"));
        let place = only(&["account:sandbox-*"]);
        let assignment = |only: &Only, account: &str| {
            only.relation(&[(PermissionSet, &["Dev"]), (Account, &["012345678901", account])])
        };
        assert!(assignment(&place, "sandbox-1") && !assignment(&place, "prod"));
        assert!(!membership(&place, "bob", "/aws/x"), "it says nothing about members");
    }

    #[test]
    fn a_path_is_one_of_names_and_a_name_is_not_a_path() {
        let group = |pattern: &str, name: &str| only(&[pattern]).object(OnlyKind::Group, &[name]);
        assert!(group("group:/aws/**", "/aws/a/b") && !group("group:/aws/*", "/aws/a/b"));
        assert!(group("group:/aws/*", "/aws/a~/b"), "a slash within a name");
        assert!(group("group:idc:*", "idc:Auditors") && !group("group:aws", "/aws"));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["", "alice", "person:alice", "user:", "group:/aws/", "Set:x"] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
        let kinds = [OnlyKind::User, OnlyKind::Group];
        let other = SelectorError::NotHere("set", "user:, group:".to_owned());
        assert_eq!(Selector::of("set:PowerUser", &kinds), Err(other));
        assert!(Selector::of("user:a", &kinds).is_ok());
        for text in ["user:a*", "group:/aws/**", "group:x", "set:PowerUser", "account:012345678901"] {
            assert_eq!(text.parse::<Selector>().expect("a selector").to_string(), text);
        }
    }
}
