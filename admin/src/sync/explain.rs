//! Everything about one user: what the realm has, what Identity Center has, and why.

use std::collections::BTreeSet;

use serde::Serialize;

use super::call::CallError;
use super::owner::{ExternalId, ExternalIdError, Owner};
use super::plan::{Planner, UNIQUE};
use super::read_fault::{PlanError, ReadFault, Reading};
use super::record::{Attribute, Record, ValueFault};
use super::source::{RealmUser, Tree, read_groups};
use super::target::{DirectoryUser, read_pages};

/// A user of the realm with this user name or e-mail address, and what became of them.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Explanation {
    pub(crate) subject: String,
    pub(crate) user_name: String,
    pub(crate) enabled: bool,
    pub(crate) groups: Vec<ExplainedGroup>,
    /// The user in Identity Center.
    pub(crate) directory_user: Option<ExplainedUser>,
    pub(crate) standing: Standing,
}

/// A group of the realm that the user is a direct member of.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct ExplainedGroup {
    pub(crate) path: String,
    pub(crate) selection: Selection,
    /// The groups of Identity Center that it puts the user into.
    pub(crate) leads_to: Vec<ExplainedTarget>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct ExplainedTarget {
    pub(crate) name: String,
    /// Whether the user is a member there now.
    pub(crate) is_member: bool,
}

/// Whether the settings select a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Selection {
    Selected,
    /// A pattern with `!` excludes it.
    Excluded,
    /// No pattern names it.
    NotNamed,
}

#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct ExplainedUser {
    pub(crate) id: String,
    pub(crate) user_name: String,
    pub(crate) active: bool,
}

/// Whether the user should have access, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub(crate) enum Standing {
    InScope,
    Disabled,
    /// A member of no group that the settings select.
    OutOfScope,
    BadValues {
        faults: Vec<(Attribute, ValueFault)>,
    },
    Protected,
    /// The ID in the realm cannot be part of an externalId.
    BadId {
        fault: ExternalIdError,
    },
    /// The user name is that of somebody who was deleted in the realm. It can be adopted.
    NameOfDeparted,
    /// A user of another owner has the user name.
    ForeignName {
        id: String,
    },
}

/// Explains every user of the realm with this user name or e-mail address.
pub(crate) fn explain(planner: &Planner<'_>, name: &str) -> Result<Vec<Explanation>, PlanError> {
    let realm_id = planner.realm_calls.ask(|| planner.realm.id()).map_err(Reading::Realm.failed())?;
    let users = planner.realm_calls.ask(|| planner.realm.find_users(name)).map_err(Reading::User.failed())?;
    let tree = read_groups(planner.realm, planner.realm_calls, planner.settings)?;
    let explain = |user| explain_user(planner, &realm_id, &tree, user);
    users.into_iter().map(explain).collect::<Result<_, ReadFault>>().map_err(PlanError::from)
}

fn explain_user(
    planner: &Planner<'_>,
    realm_id: &str,
    tree: &Tree,
    user: RealmUser,
) -> Result<Explanation, ReadFault> {
    let directory_user = owned_user(planner, realm_id, &user)?;
    let joined = match &directory_user {
        Some(user) => joined_groups(planner, &user.id)?,
        None => Vec::new(),
    };
    let found = planner.realm_calls.ask(|| planner.realm.groups_of(&user.id));
    let mut groups = Vec::new();
    for id in found.map_err(Reading::User.failed())?.unwrap_or_default() {
        let Some(at) = tree.find(&id) else {
            return Err(ReadFault::UnknownGroup { user: user.user_name, group: id });
        };
        let leads_to = tree.fed_by(at).into_iter().map(|into| {
            let name = tree.name(into, planner.settings);
            let external_id = ExternalId::new(realm_id, tree.id(into)).ok().map(|id| id.to_string());
            ExplainedTarget { is_member: joined.contains(&external_id), name }
        });
        let selection = match (tree.is_selected(at), tree.is_excluded(at)) {
            (true, _) => Selection::Selected,
            (false, true) => Selection::Excluded,
            (false, false) => Selection::NotNamed,
        };
        groups.push(ExplainedGroup { path: tree.path(at), selection, leads_to: leads_to.collect() });
    }
    let standing = standing(planner, (realm_id, tree), &user, &groups, directory_user.as_ref())?;
    Ok(Explanation {
        subject: user.id,
        user_name: user.user_name,
        enabled: user.enabled,
        groups,
        directory_user: directory_user.map(|user| ExplainedUser {
            user_name: user.record.user_name().to_owned(),
            active: user.active,
            id: user.id,
        }),
        standing,
    })
}

fn standing(
    planner: &Planner<'_>,
    realm: (&str, &Tree),
    user: &RealmUser,
    groups: &[ExplainedGroup],
    own: Option<&DirectoryUser>,
) -> Result<Standing, ReadFault> {
    let (record, mut faults) = planner.settings.record(user);
    if planner.settings.protects(record.user_name()) {
        return Ok(Standing::Protected);
    }
    if !user.enabled {
        return Ok(Standing::Disabled);
    }
    if groups.iter().all(|group| group.leads_to.is_empty()) {
        return Ok(Standing::OutOfScope);
    }
    let (realm_id, tree) = realm;
    faults.extend(shared_values(planner, tree, user, &record)?);
    if !faults.is_empty() {
        return Ok(Standing::BadValues { faults });
    }
    if let Err(fault) = ExternalId::new(realm_id, &user.id) {
        return Ok(Standing::BadId { fault });
    }
    taken_name(planner, realm_id, &record, own)
}

/// Returns the faults of values that AWS has once, and that somebody else in scope is to have, too.
fn shared_values(
    planner: &Planner<'_>,
    tree: &Tree,
    user: &RealmUser,
    record: &Record,
) -> Result<Vec<(Attribute, ValueFault)>, ReadFault> {
    let (realm, calls) = (planner.realm, planner.realm_calls);
    let mut others: Vec<RealmUser> = Vec::new();
    let values: BTreeSet<&str> = UNIQUE.into_iter().filter_map(|attribute| record.get(attribute)).collect();
    for value in values {
        for other in calls.ask(|| realm.find_users(value)).map_err(Reading::User.failed())? {
            let is_new = other.id != user.id && !others.iter().any(|known| known.id == other.id);
            if is_new && other.enabled && is_in_scope(planner, tree, &other.id)? {
                others.push(other);
            }
        }
    }
    let mut faults = Vec::new();
    for other in others {
        let (theirs, _) = planner.settings.record(&other);
        let shared = UNIQUE.into_iter().filter(|attribute| has_same(*attribute, record, &theirs));
        faults.extend(shared.map(|attribute| {
            let user = other.user_name.clone();
            (attribute, ValueFault::SharedWith { user })
        }));
    }
    Ok(faults)
}

/// Returns whether AWS takes the values of both for the same.
fn has_same(attribute: Attribute, record: &Record, other: &Record) -> bool {
    let value = |record: &Record| record.get(attribute).map(str::to_lowercase);
    value(record).is_some() && value(record) == value(other)
}

fn is_in_scope(planner: &Planner<'_>, tree: &Tree, user: &str) -> Result<bool, ReadFault> {
    let found = planner.realm_calls.ask(|| planner.realm.groups_of(user));
    let groups = found.map_err(Reading::User.failed())?.unwrap_or_default();
    Ok(groups.iter().filter_map(|id| tree.find(id)).any(|at| !tree.fed_by(at).is_empty()))
}

/// Returns why the user name cannot be had in Identity Center, if another user there keeps it.
fn taken_name(
    planner: &Planner<'_>,
    realm_id: &str,
    record: &Record,
    own: Option<&DirectoryUser>,
) -> Result<Standing, ReadFault> {
    let (directory, calls) = (planner.directory, planner.directory_calls);
    let found = calls.ask(|| directory.user_by_name(record.user_name()));
    let id = found.map_err(Reading::DirectoryUsers.failed())?;
    let Some(id) = id.filter(|id| own.is_none_or(|own| own.id != *id)) else { return Ok(Standing::InScope) };
    let holder = calls.ask(|| directory.user(&id)).map_err(Reading::DirectoryUsers.failed())?;
    let Some(holder) = holder else { return Ok(Standing::InScope) };
    let Owner::ThisRealm(subject) = Owner::of(holder.external_id.as_deref(), realm_id) else {
        return Ok(Standing::ForeignName { id });
    };
    let left = planner.realm_calls.ask(|| planner.realm.user(&subject)).map_err(Reading::User.failed())?;
    Ok(match left {
        Some(left) if has_same(Attribute::UserName, record, &planner.settings.record(&left).0) => {
            let shared = ValueFault::SharedWith { user: left.user_name };
            Standing::BadValues { faults: vec![(Attribute::UserName, shared)] }
        }
        // One who is deleted may be the same person, unless that one has a user already.
        None if own.is_none() => Standing::NameOfDeparted,
        // The next run takes the name away.
        Some(_) | None => Standing::InScope,
    })
}

fn owned_user(
    planner: &Planner<'_>,
    realm_id: &str,
    user: &RealmUser,
) -> Result<Option<DirectoryUser>, ReadFault> {
    // Nobody with such an ID can have been created.
    let Ok(external_id) = ExternalId::new(realm_id, &user.id) else { return Ok(None) };
    let (directory, calls) = (planner.directory, planner.directory_calls);
    let found = calls.ask(|| directory.user_by_external_id(&external_id));
    let Some(id) = found.map_err(Reading::DirectoryUsers.failed())? else { return Ok(None) };
    calls.ask(|| directory.user(&id)).map_err(Reading::DirectoryUsers.failed())
}

/// Returns the externalIds of the groups of Identity Center that a user is in.
fn joined_groups(planner: &Planner<'_>, user: &str) -> Result<Vec<Option<String>>, ReadFault> {
    let (directory, calls) = (planner.directory, planner.directory_calls);
    let mut ids: Vec<String> = Vec::new();
    let page = |cursor: Option<&str>| directory.groups_of(user, cursor);
    read_pages(Reading::DirectoryMembers, calls, page, |id| ids.push(id))?;
    let external_id = |id: &String| -> Result<Option<String>, CallError> {
        Ok(calls.ask(|| directory.group(id))?.and_then(|group| group.external_id))
    };
    ids.iter().map(external_id).collect::<Result<_, _>>().map_err(Reading::DirectoryGroups.failed())
}
