//! Patterns for paths of groups and for names.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::glob;

/// Selects groups by path: `/aws/**`, `/aws/*-admins`, `!/aws/archive/**`.
///
/// `*` stands for any characters of one name, `**` for any number of names; at the end for at least one, so that
/// `/aws/**` is everything below `/aws`. A slash within a name is `~/`, as in the paths that Keycloak and kcaws print.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PathPattern {
    text: Box<str>,
    excludes: bool,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    #[error("`{0}` is not a path: it does not begin with `/`")]
    NotAPath(String),
    #[error("`{0}` has an empty name between two slashes, or ends with one")]
    EmptyName(String),
    #[error("`{0}` has `**` beside other characters: `**` stands for whole names")]
    PartialName(String),
    #[error("a pattern is empty")]
    Empty,
}

impl PathPattern {
    /// Returns whether it begins with `!`.
    pub(crate) fn excludes(&self) -> bool {
        self.excludes
    }

    /// Returns whether the path with these names is one of those that the pattern stands for.
    pub(crate) fn matches(&self, names: &[&str]) -> bool {
        let path = self.text.trim_start_matches('!').trim_start_matches('/');
        let pattern = names_of(path);
        let pattern: Vec<&str> = pattern.iter().map(|name| &**name).collect();
        if path_matches(&pattern, names) {
            return true;
        }
        // The path of `b` below `a~` is written like that of `a/b`.
        path.contains(ESCAPED) && path_matches(&path.split('/').collect::<Vec<_>>(), names)
    }
}

/// A slash that does not end a name.
const ESCAPED: &str = "~/";

/// Splits a path without its first slash into names.
fn names_of(path: &str) -> Vec<Cow<'_, str>> {
    let mut names = Vec::new();
    let mut from = 0;
    for (at, _) in path.match_indices('/') {
        if !path[..at].ends_with('~') {
            names.push(&path[from..at]);
            from = at + 1;
        }
    }
    names.push(&path[from..]);
    let unescaped = |name: &'_ str| name.contains(ESCAPED).then(|| name.replace(ESCAPED, "/"));
    names.into_iter().map(|name| unescaped(name).map_or(Cow::Borrowed(name), Cow::Owned)).collect()
}

impl FromStr for PathPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let excludes = text.starts_with('!');
        let path = text.strip_prefix('!').unwrap_or(text);
        let Some(names) = path.strip_prefix('/') else { return Err(PatternError::NotAPath(text.to_owned())) };
        for name in names_of(names) {
            if name.is_empty() {
                return Err(PatternError::EmptyName(text.to_owned()));
            }
            if name != "**" && name.contains("**") {
                return Err(PatternError::PartialName(text.to_owned()));
            }
        }
        Ok(Self { text: text.into(), excludes })
    }
}

impl TryFrom<String> for PathPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<PathPattern> for String {
    fn from(pattern: PathPattern) -> Self {
        pattern.text.into()
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(&self.text)
    }
}

fn path_matches(pattern: &[&str], names: &[&str]) -> bool {
    match pattern {
        [] => names.is_empty(),
        ["**"] => !names.is_empty(),
        ["**", rest @ ..] => (0..=names.len()).any(|skipped| path_matches(rest, &names[skipped..])),
        [first, rest @ ..] => names
            .split_first()
            .is_some_and(|(name, others)| glob::matches(first, name) && path_matches(rest, others)),
    }
}

/// Selects users and groups of Identity Center by name, whatever its case: `AWS*`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct NamePattern(Box<str>);

impl NamePattern {
    pub(crate) fn matches(&self, name: &str) -> bool {
        glob::matches(&self.0.to_lowercase(), &name.to_lowercase())
    }
}

impl TryFrom<String> for NamePattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        if text.is_empty() { Err(PatternError::Empty) } else { Ok(Self(text.into())) }
    }
}

impl From<NamePattern> for String {
    fn from(pattern: NamePattern) -> Self {
        pattern.0.into()
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(pattern: &str, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').skip(1).collect();
        pattern.parse::<PathPattern>().expect("a pattern").matches(&names)
    }

    #[test]
    fn stars_stand_for_names_and_parts_of_names() {
        for (pattern, yes, no) in [
            ("/aws/**", &["/aws/a", "/aws/a/b"][..], &["/aws", "/awsx/a", "/x/aws/a"][..]),
            ("/aws/*", &["/aws/a"], &["/aws", "/aws/a/b"]),
            ("/**/admins", &["/admins", "/a/admins", "/a/b/admins"], &["/admins/a", "/a/xadmins"]),
            ("/a/*-x*y", &["/a/-xy", "/a/b-x1y", "/a/--xyy"], &["/a/xy", "/a/-x", "/a/-xy/b"]),
            ("/a*a", &["/aa", "/aba"], &["/a"]),
            ("!/a/**", &["/a/b"], &["/a"]),
        ] {
            for path in yes {
                assert!(selects(pattern, path), "{pattern} {path}");
            }
            for path in no {
                assert!(!selects(pattern, path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn a_slash_within_a_name_is_written_as_in_its_path() {
        let pattern = |text: &str| text.parse::<PathPattern>().expect("a pattern");
        for names in [&["aws", "a/b"][..], &["aws", "a/"], &["aws", "/", "c"], &["aws", "a~", "b"]] {
            let path = crate::sync::scope::shown_path(names);
            assert!(pattern(&path).matches(names) && pattern(&format!("!{path}")).matches(names), "{path}");
        }
        assert!(pattern("/aws/a~/*").matches(&["aws", "a/b"]));
        assert!(!pattern("/aws/a~/b").matches(&["aws", "a", "b"]));
        assert!(!pattern("/aws/a/b").matches(&["aws", "a/b"]));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (text, error) in [
            ("aws/**", PatternError::NotAPath("aws/**".to_owned())),
            ("/aws/", PatternError::EmptyName("/aws/".to_owned())),
            ("!/a//b", PatternError::EmptyName("!/a//b".to_owned())),
            ("/a/b**", PatternError::PartialName("/a/b**".to_owned())),
        ] {
            assert_eq!(text.parse::<PathPattern>(), Err(error));
        }
        assert_eq!(NamePattern::try_from(String::new()), Err(PatternError::Empty));
    }

    #[test]
    fn names_are_matched_whatever_their_case() {
        let pattern = NamePattern::try_from("AWS*".to_owned()).expect("a pattern");
        assert!(pattern.matches("AWSControlTower") && pattern.matches("aws-x") && !pattern.matches("my-AWS"));
    }
}
