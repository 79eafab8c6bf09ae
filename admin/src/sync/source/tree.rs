//! The groups of a realm, as a tree.

use std::collections::HashMap;

use crate::sync::read_fault::{ReadFault, Reading, ScopeFault};
use crate::sync::scope::{DirectorySettings, Nested, clashes, shown_path};
use crate::sync::source::RealmGroup;

/// A group of the realm, by its place in the tree.
pub(crate) type GroupIndex = usize;

pub(crate) struct Tree {
    nodes: Vec<Node>,
    by_id: HashMap<Box<str>, GroupIndex>,
    nested: Nested,
}

struct Node {
    id: Box<str>,
    path: Vec<Box<str>>,
    parent: Option<GroupIndex>,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Selected,
    Excluded,
    Unnamed,
}

impl Tree {
    /// Builds the tree, and checks that every group has its parent.
    pub(crate) fn new(groups: &[RealmGroup], settings: &DirectorySettings) -> Result<Self, ReadFault> {
        let mut by_id = HashMap::new();
        for (at, group) in groups.iter().enumerate() {
            if by_id.insert(Box::from(group.id.as_str()), at).is_some() {
                return Err(ReadFault::Twice { what: Reading::Groups, id: group.id.clone() });
            }
        }
        let mut nodes = Vec::with_capacity(groups.len());
        for group in groups {
            let path = path_of(group, groups, &by_id)?;
            let names: Vec<&str> = path.iter().map(|name| &**name).collect();
            let standing = match (settings.selects(&names), settings.excludes(&names)) {
                (true, _) => Standing::Selected,
                (false, true) => Standing::Excluded,
                (false, false) => Standing::Unnamed,
            };
            let parent = group.parent.as_deref().and_then(|id| by_id.get(id).copied());
            nodes.push(Node { id: group.id.as_str().into(), path, parent, standing });
        }
        Ok(Self { nodes, by_id, nested: settings.nested })
    }

    /// Checks that each pattern stands for a group, and that the selected groups get names of their own.
    pub(crate) fn check(&self, settings: &DirectorySettings) -> Result<(), ScopeFault> {
        let unused = settings.groups.iter().find(|pattern| {
            !self.nodes.iter().any(|node| pattern.matches(&node.names().collect::<Vec<_>>()))
        });
        if let (Some(pattern), false) = (unused, settings.allow_empty) {
            return Err(ScopeFault::MatchesNothing { pattern: pattern.to_string() });
        }
        let named: Vec<(String, String)> =
            self.selected().map(|at| (self.name(at, settings), self.path(at))).collect();
        let pairs = named.iter().map(|(name, path)| (name.as_str(), path.as_str()));
        match clashes(pairs).into_iter().next() {
            None => Ok(()),
            Some(clash) if clash.differs_in_case => Err(ScopeFault::SameButForCase(clash)),
            Some(clash) => Err(ScopeFault::SameName(clash)),
        }
    }

    pub(crate) fn selected(&self) -> impl Iterator<Item = GroupIndex> {
        (0..self.nodes.len()).filter(|at| self.nodes[*at].standing == Standing::Selected)
    }

    /// Returns the groups whose direct members decide who is in scope.
    pub(crate) fn contributing(&self) -> Vec<GroupIndex> {
        (0..self.nodes.len()).filter(|at| !self.fed_by(*at).is_empty()).collect()
    }

    /// Returns the selected groups that a direct member of this group belongs to.
    ///
    /// Under [`Nested::Inherit`] these include the groups above it, unless the group itself is excluded.
    pub(crate) fn fed_by(&self, group: GroupIndex) -> Vec<GroupIndex> {
        let node = &self.nodes[group];
        let reaches_up = self.nested == Nested::Inherit && node.standing != Standing::Excluded;
        let mut fed: Vec<GroupIndex> = Vec::new();
        let mut next = Some(group);
        while let Some(at) = next {
            if self.nodes[at].standing == Standing::Selected {
                fed.push(at);
            }
            next = self.nodes[at].parent.filter(|_| reaches_up);
        }
        fed
    }

    pub(crate) fn find(&self, id: &str) -> Option<GroupIndex> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn is_selected(&self, group: GroupIndex) -> bool {
        self.nodes[group].standing == Standing::Selected
    }

    /// Returns whether a pattern with `!` excludes the group.
    pub(crate) fn is_excluded(&self, group: GroupIndex) -> bool {
        self.nodes[group].standing == Standing::Excluded
    }

    pub(crate) fn id(&self, group: GroupIndex) -> &str {
        &self.nodes[group].id
    }

    pub(crate) fn path(&self, group: GroupIndex) -> String {
        shown_path(&self.nodes[group].names().collect::<Vec<_>>())
    }

    /// Returns the name that the group has in Identity Center.
    pub(crate) fn name(&self, group: GroupIndex, settings: &DirectorySettings) -> String {
        settings.group_name.of(&self.nodes[group].names().collect::<Vec<_>>())
    }
}

impl Node {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.path.iter().map(|name| &**name)
    }
}

fn path_of(
    group: &RealmGroup,
    groups: &[RealmGroup],
    by_id: &HashMap<Box<str>, GroupIndex>,
) -> Result<Vec<Box<str>>, ReadFault> {
    let mut path: Vec<Box<str>> = vec![group.name.as_str().into()];
    let mut at = group;
    while let Some(parent) = &at.parent {
        // A circle is as impossible as an unknown parent, and must not hang.
        at = by_id
            .get(parent.as_str())
            .filter(|_| path.len() <= groups.len())
            .map(|at| &groups[*at])
            .ok_or_else(|| ReadFault::UnknownParent { group: group.name.clone(), parent: parent.clone() })?;
        path.push(at.name.as_str().into());
    }
    path.reverse();
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(settings: &str) -> (Tree, DirectorySettings) {
        let settings: DirectorySettings = toml::from_str(settings).expect("settings");
        let group = |id: &str, name: &str, parent: Option<&str>| RealmGroup {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
        };
        let groups = vec![
            group("1", "aws", None),
            group("2", "dev", Some("1")),
            group("3", "eu", Some("2")),
            group("4", "old", Some("2")),
            group("5", "Dev", None),
        ];
        (Tree::new(&groups, &settings).expect("a tree"), settings)
    }

    fn fed(tree: &Tree, id: &str) -> Vec<String> {
        tree.fed_by(tree.find(id).expect("a group")).into_iter().map(|at| tree.path(at)).collect()
    }

    #[test]
    fn members_count_directly_or_for_the_groups_above() {
        let (tree, _) = tree("groups = [\"/aws/dev\"]");
        assert_eq!((fed(&tree, "2"), fed(&tree, "3")), (vec!["/aws/dev".to_owned()], vec![]));
        let (tree, _) = self::tree("groups = [\"/aws/dev\", \"!/**/old\"]\nnested = \"inherit\"");
        assert_eq!(fed(&tree, "3"), ["/aws/dev"]);
        assert!(fed(&tree, "4").is_empty(), "an excluded group counts for nobody");
        assert_eq!(tree.contributing().len(), 2);
    }

    #[test]
    fn a_pattern_without_a_group_and_a_name_used_twice_are_errors() {
        let (tree, settings) = tree("groups = [\"/aws/*\", \"/gone/**\"]");
        let fault = ScopeFault::MatchesNothing { pattern: "/gone/**".to_owned() };
        assert_eq!(tree.check(&settings), Err(fault));
        let (tree, settings) = self::tree("groups = [\"/aws/*\", \"/gone/**\"]\nallow_empty = true");
        assert_eq!(tree.check(&settings), Ok(()));
        let (tree, settings) = self::tree("groups = [\"/**/dev\", \"/Dev\"]");
        assert!(matches!(tree.check(&settings), Err(ScopeFault::SameButForCase(_))));
    }

    #[test]
    fn a_circle_or_a_missing_parent_is_a_fault() {
        let settings: DirectorySettings = toml::from_str("groups = [\"/**\"]").expect("settings");
        for parent in ["b", "x"] {
            let group = |id: &str, parent: &str| RealmGroup {
                id: id.to_owned(),
                name: id.to_owned(),
                parent: Some(parent.to_owned()),
            };
            let built = Tree::new(&[group("a", parent), group("b", "a")], &settings);
            assert!(matches!(built, Err(ReadFault::UnknownParent { .. })));
        }
    }
}
