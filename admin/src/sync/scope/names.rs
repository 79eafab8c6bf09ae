//! The names of groups in Identity Center, made from their paths in the realm.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a group's name in Identity Center is made.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum GroupName {
    /// The last name of the path.
    #[default]
    #[serde(rename = "{leaf}")]
    Leaf,
    /// The whole path.
    #[serde(rename = "{path}")]
    Path,
}

impl GroupName {
    pub(crate) fn of(self, path: &[&str]) -> String {
        match self {
            Self::Leaf => path.last().copied().unwrap_or_default().to_owned(),
            Self::Path => shown_path(path),
        }
    }
}

/// Returns a path as Keycloak writes it: a slash within a name is `~/`.
pub(crate) fn shown_path(path: &[&str]) -> String {
    path.iter().flat_map(|name| ["/".to_owned(), name.replace('/', "~/")]).collect()
}

/// Two groups of the realm that would have one name in Identity Center.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct NameClash {
    pub(crate) name: String,
    pub(crate) paths: [String; 2],
    /// Whether the names are the same but for their case.
    pub(crate) differs_in_case: bool,
}

/// Returns the clashes among groups, each given as name and path.
pub(crate) fn clashes<'a>(groups: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<NameClash> {
    let mut first = BTreeMap::<String, (&str, &str)>::new();
    let mut clashes = Vec::new();
    for (name, path) in groups {
        match first.entry(name.to_lowercase()) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((name, path));
            }
            std::collections::btree_map::Entry::Occupied(taken) => {
                let (other, other_path) = *taken.get();
                clashes.push(NameClash {
                    name: name.to_owned(),
                    paths: [other_path.to_owned(), path.to_owned()],
                    differs_in_case: other != name,
                });
            }
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_groups_of_one_name_are_reported_with_both_paths() {
        let found = clashes([("Dev", "/a/Dev"), ("Ops", "/Ops"), ("Dev", "/b/Dev"), ("ops", "/ops")]);
        let expected = |name: &str, paths: [&str; 2], differs_in_case| NameClash {
            name: name.to_owned(),
            paths: paths.map(str::to_owned),
            differs_in_case,
        };
        assert_eq!(
            found,
            [expected("Dev", ["/a/Dev", "/b/Dev"], false), expected("ops", ["/Ops", "/ops"], true),]
        );
    }

    #[test]
    fn a_slash_within_a_name_is_escaped_in_its_path() {
        assert_eq!(GroupName::Path.of(&["aws", "a/b"]), "/aws/a~/b");
        assert_eq!(GroupName::Leaf.of(&["aws", "a/b"]), "a/b");
    }
}
