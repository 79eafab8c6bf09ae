//! Operations on groups and their members.

use axum::http::StatusCode;
use serde_json::Value;

use crate::directory::id::{GroupId, UserId};
use crate::directory::record::{Author, Group, GroupRecord};
use crate::directory::schema;

use super::filter::{self, values};
use super::list::Query;
use super::patch::{self, Kind, Operation};
use super::refusal::{Refusal, valid};
use super::{Context, Outcome, resource};

/// Membership changes that one request may have.
const MOST_CHANGES: usize = 100;

fn find<'a>(context: &'a Context<'_>) -> Result<&'a Group, Refusal> {
    context.state.directory.store.group(context.id).ok_or_else(Refusal::not_found)
}

fn check(context: &Context<'_>, record: &GroupRecord) -> Result<(), Refusal> {
    let mut violations = schema::check_text("displayName", &record.display_name);
    violations.extend(resource::check_external_id(context.sim, record.external_id.as_deref()));
    valid(&violations)
}

pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let body = context.body()?;
    let known = ["schemas", "id", "meta", "displayName", "externalId", "members"];
    let unknown = body.as_object().and_then(|body| body.keys().find(|name| !known.contains(&name.as_str())));
    if let Some(name) = unknown {
        return Err(Refusal::schema(format!("Attribute {name} is not supported")));
    }
    let name = text("displayName", &body["displayName"])?;
    let display_name = name.ok_or_else(|| Refusal::schema("displayName is a required attribute"))?;
    let external_id = text("externalId", &body["externalId"])?;
    let record = GroupRecord { display_name, description: None, external_id };
    check(context, &record)?;
    let members = match &body["members"] {
        Value::Null => Vec::new(),
        members => user_ids(context, members)?,
    };
    if members.len() > MOST_CHANGES {
        return Err(Refusal::too_many_members());
    }
    let author = Author { name: &context.author, at: context.now };
    let store = &mut context.state.directory.store;
    let id = store.create_group(record, author)?;
    for member in members {
        // Named twice is a member once.
        let _ = store.add_member(&id, &member, author);
    }
    let group = store.group(id.as_str()).ok_or_else(Refusal::not_found)?;
    Ok((StatusCode::CREATED, resource::group(group)))
}

/// The text of an attribute, if it is there.
fn text(name: &str, value: &Value) -> Result<Option<String>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(Refusal::schema(format!("Attribute {name} is not supported"))),
    }
}

/// `[{"value": "<id>"}, …]` or one of them: users that exist.
fn user_ids(context: &Context<'_>, members: &Value) -> Result<Vec<UserId>, Refusal> {
    let members = match members {
        Value::Array(members) => &members[..],
        one => std::slice::from_ref(one),
    };
    members.iter().map(|member| user_id(context, member["value"].as_str())).collect()
}

fn user_id(context: &Context<'_>, id: Option<&str>) -> Result<UserId, Refusal> {
    let id = id.ok_or_else(|| Refusal::schema("A member has no value"))?;
    let user = context.state.directory.store.user(id);
    user.map(|user| user.id.clone()).ok_or_else(Refusal::not_found)
}

pub(super) fn get(context: &mut Context<'_>) -> Outcome {
    Ok((StatusCode::OK, resource::group(find(context)?)))
}

pub(super) fn list(context: &mut Context<'_>) -> Outcome {
    let query = Query::read(context, "Groups")?;
    let store = &context.state.directory.store;
    let shape = |group: &&Group| resource::group(group);
    let Some(filter) = &query.filter else {
        let left = store.groups(query.after());
        return Ok(query.answer(left, || store.group_count(), |group| group.id.as_str(), shape));
    };
    let member = values(filter, ["members.value"]).or_else(|| values(filter, ["members"]));
    if let Some([user]) = member {
        let memberships = store.memberships_of(user, query.after());
        let groups = memberships.filter_map(|membership| store.group(membership.group.as_str()));
        let total = || store.memberships_of(user, None).count();
        return Ok(query.answer(groups, total, |group| group.id.as_str(), shape));
    }
    let both = values(filter, ["id", "members"]).or_else(|| values(filter, ["id", "members.value"]));
    let found = if let Some([name]) = values(filter, ["displayName"]) {
        store.group_named(name)
    } else if let Some([id]) = values(filter, ["externalId"]) {
        store.group_with_external_id(id)
    } else if let Some([id]) = values(filter, ["id"]) {
        store.group(id)
    } else if let Some([id, user]) = both {
        store.group(id).filter(|_| store.membership_of(id, user).is_some())
    } else {
        return Err(Refusal::invalid_filter());
    };
    let total = usize::from(found.is_some());
    Ok(query.answer(found.into_iter(), || total, |group| group.id.as_str(), shape))
}

/// All that a request changes, read and checked before anything is written.
#[derive(Debug)]
struct Changes {
    record: GroupRecord,
    /// Users, and whether they are to be members.
    members: Vec<(UserId, bool)>,
}

pub(super) fn patch(context: &mut Context<'_>) -> Outcome {
    let group = find(context)?;
    let (id, before) = (group.id.clone(), group.record.clone());
    let mut changes = Changes { record: before.clone(), members: Vec::new() };
    for operation in patch::operations(&context.body()?)? {
        plan(context, &mut changes, operation)?;
    }
    if changes.members.len() > MOST_CHANGES {
        return Err(Refusal::too_many_members());
    }
    check(context, &changes.record)?;
    write(context, &id, &before, changes)?;
    Ok((StatusCode::NO_CONTENT, Value::Null))
}

fn plan(context: &Context<'_>, changes: &mut Changes, operation: Operation) -> Result<(), Refusal> {
    let Operation { kind, path, value } = operation;
    let value = value.unwrap_or_default();
    match (path.as_str(), kind) {
        ("displayName", Kind::Remove) => {
            return Err(Refusal::schema("displayName is a required attribute"));
        }
        ("displayName", _) => {
            let name = text("displayName", &value)?;
            changes.record.display_name = name.ok_or_else(|| Refusal::schema("displayName has no value"))?;
        }
        ("externalId", Kind::Remove) => changes.record.external_id = None,
        ("externalId", _) => changes.record.external_id = text("externalId", &value)?,
        ("members", Kind::Replace) => {
            // AWS's words (mitodl/keycloak-scim#73).
            return Err(Refusal::unsupported("Replacing group memberships is not supported."));
        }
        ("members", Kind::Remove) if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {
            return Err(Refusal::unsupported("Removing all group memberships is not supported."));
        }
        ("members", kind) => {
            let users = user_ids(context, &value)?;
            changes.members.extend(users.into_iter().map(|user| (user, kind == Kind::Add)));
        }
        (path, Kind::Remove) if path.starts_with("members[") => {
            let inner = path.strip_prefix("members[").and_then(|rest| rest.strip_suffix(']'));
            let parsed = inner.and_then(filter::comparison);
            let member = parsed.filter(|(filter, left)| filter.attribute == "value" && left.is_empty());
            let (filter, _) = member.ok_or_else(Refusal::invalid_filter)?;
            changes.members.push((user_id(context, Some(&filter.value))?, false));
        }
        (path, _) => return Err(Refusal::schema(format!("Attribute {path} is not supported"))),
    }
    Ok(())
}

fn write(
    context: &mut Context<'_>,
    id: &GroupId,
    before: &GroupRecord,
    changes: Changes,
) -> Result<(), Refusal> {
    let author = Author { name: &context.author, at: context.now };
    let store = &mut context.state.directory.store;
    if changes.record != *before {
        store.replace_group(id, changes.record, author)?;
    }
    let touches = context.sim.settings.directory.membership_touches_group && !changes.members.is_empty();
    for (user, is_in) in changes.members {
        if is_in {
            // Who is a member already stays one.
            let _ = store.add_member(id, &user, author);
        } else {
            store.remove_member(id.as_str(), user.as_str());
        }
    }
    if touches {
        store.touch_group(id, author);
    }
    Ok(())
}

pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let id = find(context)?.id.clone();
    context.state.directory.delete_group(&id, context.sim.settings.directory.orphaned_assignments);
    Ok((StatusCode::NO_CONTENT, Value::Null))
}
