//! What has to change in a permission set.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::OWNER_TAG;
use crate::access::definition::{Boundary, CustomerPolicy, SetDefinition, SetHead};
use crate::ports::sso_admin::access::{BoundaryPolicy, PolicyReference, SetDescription, SetWrite};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SetChange {
    pub(crate) name: String,
    pub(crate) kind: SetChangeKind,
    /// What changes, for people.
    pub(crate) changes: Vec<String>,
    /// `None` before it is made.
    #[serde(skip)]
    pub(crate) arn: Option<String>,
    /// What to create it with.
    #[serde(skip)]
    pub(crate) created_with: Option<(SetDescription, BTreeMap<String, String>)>,
    #[serde(skip)]
    pub(crate) writes: Vec<SetWrite>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SetChangeKind {
    Create,
    Update,
    Adopt,
    Delete,
}

/// The owner of the access file, and the partition of its instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct SetContext<'a> {
    pub(super) owner: &'a str,
    pub(super) partition: &'a str,
}

impl SetChange {
    /// Returns whether roles that are there have to be brought up to date afterwards.
    pub(crate) fn changes_roles(&self) -> bool {
        self.kind != SetChangeKind::Create
            && self
                .writes
                .iter()
                .any(|write| !matches!(write, SetWrite::Tag(_) | SetWrite::Untag(_) | SetWrite::Delete))
    }

    /// Returns how many requests it takes.
    pub(crate) fn requests(&self) -> usize {
        self.writes.len() + usize::from(self.created_with.is_some())
    }

    pub(super) fn create(name: &str, wanted: &SetDefinition, context: SetContext<'_>) -> Self {
        let mut tags = wanted.tags.clone();
        tags.insert(OWNER_TAG.to_owned(), context.owner.to_owned());
        // The description and the tags go with the creation.
        let bare = SetDefinition {
            head: wanted.head.clone(),
            tags: wanted.tags.clone(),
            ..SetDefinition::default()
        };
        let Difference { writes, lines, .. } = Difference::between(&bare, wanted, context);
        let head = Difference::between(
            &SetDefinition::default(),
            &SetDefinition {
                managed: BTreeSet::new(),
                customer: BTreeSet::new(),
                inline: None,
                boundary: None,
                ..wanted.clone()
            },
            context,
        );
        Self {
            name: name.to_owned(),
            kind: SetChangeKind::Create,
            changes: head.lines.into_iter().chain(lines).collect(),
            arn: None,
            created_with: Some((description(&wanted.head), tags)),
            writes,
        }
    }

    /// Returns what makes `current` what is wanted; `None` if it is.
    pub(super) fn update(
        name: &str,
        arn: &str,
        current: &SetDefinition,
        wanted: &SetDefinition,
        context: SetContext<'_>,
    ) -> Option<Self> {
        let Difference { writes, lines, .. } = Difference::between(current, wanted, context);
        (!writes.is_empty()).then(|| Self {
            name: name.to_owned(),
            kind: SetChangeKind::Update,
            changes: lines,
            arn: Some(arn.to_owned()),
            created_with: None,
            writes,
        })
    }

    /// Takes the permission set over, with the changes that it needs.
    pub(super) fn adopt(name: &str, arn: &str, update: Option<Self>, context: SetContext<'_>) -> Self {
        let (mut changes, mut writes) = update.map_or_else(Default::default, |one| (one.changes, one.writes));
        let owner = BTreeMap::from([(OWNER_TAG.to_owned(), context.owner.to_owned())]);
        writes.insert(0, SetWrite::Tag(owner));
        changes.insert(0, format!("tag {OWNER_TAG} = {}", context.owner));
        let (name, kind) = (name.to_owned(), SetChangeKind::Adopt);
        Self { name, kind, changes, arn: Some(arn.to_owned()), created_with: None, writes }
    }

    pub(super) fn delete(name: &str, arn: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: SetChangeKind::Delete,
            changes: Vec::new(),
            arn: Some(arn.to_owned()),
            created_with: None,
            writes: vec![SetWrite::Delete],
        }
    }
}

/// The writes between two definitions. What is detached comes first, so that limits hold; roles change only when the
/// permission set is provisioned.
struct Difference<'a> {
    context: SetContext<'a>,
    writes: Vec<SetWrite>,
    lines: Vec<String>,
}

impl<'a> Difference<'a> {
    fn between(current: &SetDefinition, wanted: &SetDefinition, context: SetContext<'a>) -> Self {
        let mut difference = Self { context, writes: Vec::new(), lines: Vec::new() };
        difference.head(&current.head, &wanted.head);
        difference.policies(current, wanted);
        difference.inline(current, wanted);
        difference.boundary(current.boundary.as_ref(), wanted.boundary.as_ref());
        difference.tags(&current.tags, &wanted.tags);
        difference
    }

    fn add(&mut self, write: SetWrite, line: String) {
        self.writes.push(write);
        self.lines.push(line);
    }

    fn head(&mut self, current: &SetHead, wanted: &SetHead) {
        if current == wanted {
            return;
        }
        self.writes.push(SetWrite::Describe(description(wanted)));
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        for (name, before, after) in [
            ("description", text(&current.description), text(&wanted.description)),
            ("session", current.session.to_string(), wanted.session.to_string()),
            ("relay state", text(&current.relay_state), text(&wanted.relay_state)),
        ] {
            if before != after {
                self.lines.push(format!("{name}: {before} → {after}"));
            }
        }
    }

    fn policies(&mut self, current: &SetDefinition, wanted: &SetDefinition) {
        let partition = self.context.partition;
        for policy in current.managed.difference(&wanted.managed) {
            self.add(SetWrite::DetachManaged(policy.arn(partition)), format!("- managed policy {policy}"));
        }
        for policy in current.customer.difference(&wanted.customer) {
            self.add(SetWrite::DetachCustomer(reference(policy)), format!("- customer policy {policy}"));
        }
        for policy in wanted.managed.difference(&current.managed) {
            self.add(SetWrite::AttachManaged(policy.arn(partition)), format!("+ managed policy {policy}"));
        }
        for policy in wanted.customer.difference(&current.customer) {
            self.add(SetWrite::AttachCustomer(reference(policy)), format!("+ customer policy {policy}"));
        }
    }

    fn inline(&mut self, current: &SetDefinition, wanted: &SetDefinition) {
        match (&current.inline, &wanted.inline) {
            (before, after) if before == after => {}
            (_, None) => self.add(SetWrite::DeleteInline, "- inline policy".to_owned()),
            (before, Some(policy)) => {
                let sign = if before.is_some() { "~" } else { "+" };
                self.add(SetWrite::PutInline(policy.text().to_owned()), format!("{sign} inline policy"));
            }
        }
    }

    fn boundary(&mut self, current: Option<&Boundary>, wanted: Option<&Boundary>) {
        match (current, wanted) {
            (before, after) if before == after => {}
            (_, None) => self.add(SetWrite::DeleteBoundary, "- boundary".to_owned()),
            (_, Some(boundary)) => {
                let write = match boundary {
                    Boundary::Managed(policy) => BoundaryPolicy::Managed(policy.arn(self.context.partition)),
                    Boundary::Customer(policy) => BoundaryPolicy::Customer(reference(policy)),
                };
                self.add(SetWrite::PutBoundary(write), format!("+ boundary {boundary}"));
            }
        }
    }

    fn tags(&mut self, current: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) {
        let gone: Vec<String> = current.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        if !gone.is_empty() {
            let line = format!("- tag {}", gone.join(", "));
            self.add(SetWrite::Untag(gone), line);
        }
        let is_new = |(key, value): &(&String, &String)| current.get(*key) != Some(*value);
        let new: BTreeMap<String, String> =
            wanted.iter().filter(is_new).map(|(key, value)| (key.clone(), value.clone())).collect();
        if !new.is_empty() {
            let list: Vec<String> = new.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            self.add(SetWrite::Tag(new), format!("+ tag {}", list.join(", ")));
        }
    }
}

/// Returns the part of a permission set that is created and changed in one request.
pub(crate) fn description(head: &SetHead) -> SetDescription {
    SetDescription {
        description: head.description.clone(),
        session: Some(head.session.iso()),
        relay_state: head.relay_state.clone(),
    }
}

fn reference(policy: &CustomerPolicy) -> PolicyReference {
    PolicyReference { name: policy.name.clone(), path: policy.path.clone() }
}
