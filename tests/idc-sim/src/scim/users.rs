//! Operations on users.

use axum::http::StatusCode;
use serde_json::Value;

use crate::directory::record::{Author, User, UserRecord};
use crate::directory::schema::ENTERPRISE;

use super::filter::values;
use super::list::Query;
use super::refusal::Refusal;
use super::{Context, Outcome, patch, resource};

fn find<'a>(context: &'a Context<'_>) -> Result<&'a User, Refusal> {
    context.state.directory.store.user(context.id).ok_or_else(Refusal::not_found)
}

pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let record = resource::read_user(context.sim, context.body()?)?;
    let author = Author { name: &context.author, at: context.now };
    let store = &mut context.state.directory.store;
    let id = store.create_user(record, None, author)?;
    let user = store.user(id.as_str()).ok_or_else(Refusal::not_found)?;
    Ok((StatusCode::CREATED, resource::user(user)))
}

pub(super) fn get(context: &mut Context<'_>) -> Outcome {
    Ok((StatusCode::OK, resource::user(find(context)?)))
}

pub(super) fn list(context: &mut Context<'_>) -> Outcome {
    let query = Query::read(context, "Users")?;
    let store = &context.state.directory.store;
    let Some(filter) = &query.filter else {
        let left = store.users(query.after());
        return Ok(query.answer(
            left,
            || store.user_count(),
            |user| user.id.as_str(),
            |user| resource::user(user),
        ));
    };
    if let Some([group]) = values(filter, ["groups.value"]) {
        let members = store.members(group, query.after());
        let users = members.filter_map(|member| store.user(member.user.as_str()));
        let total = || store.members(group, None).count();
        return Ok(query.answer(users, total, |user| user.id.as_str(), |user| resource::user(user)));
    }
    let found = if let Some([name]) = values(filter, ["userName"]) {
        store.user_named(name)
    } else if let Some([id]) = values(filter, ["externalId"]) {
        store.user_with_external_id(id)
    } else if let Some([id]) = values(filter, ["id"]) {
        store.user(id)
    } else if let Some([id, manager]) = values(filter, ["id", "manager"]) {
        store.user(id).filter(|user| manager_of(&user.record) == Some(manager))
    } else {
        return Err(Refusal::invalid_filter());
    };
    let total = usize::from(found.is_some());
    Ok(query.answer(found.into_iter(), || total, |user| user.id.as_str(), |user| resource::user(user)))
}

fn manager_of(record: &UserRecord) -> Option<&str> {
    record.attributes.get(ENTERPRISE)?.get("manager")?.get("value")?.as_str()
}

/// Overwrites the whole user: what the request does not have is gone.
pub(super) fn put(context: &mut Context<'_>) -> Outcome {
    find(context)?;
    let record = resource::read_user(context.sim, context.body()?)?;
    replace(context, record)
}

pub(super) fn patch(context: &mut Context<'_>) -> Outcome {
    let before = &find(context)?.record;
    let mut record = before.clone();
    patch::apply_to_user(&mut record, &context.body()?)?;
    resource::check_user(context.sim, &record, Some(before))?;
    replace(context, record)
}

fn replace(context: &mut Context<'_>, record: UserRecord) -> Outcome {
    let user = find(context)?;
    let (id, before, after) = (user.id.clone(), user.record.user_name.clone(), record.user_name.clone());
    let author = Author { name: &context.author, at: context.now };
    context.state.directory.store.replace_user(&id, record, author)?;
    context.state.rename_user(&before, &after);
    Ok((StatusCode::OK, resource::user(find(context)?)))
}

pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let user = find(context)?;
    let (id, name) = (user.id.clone(), user.record.user_name.clone());
    context.state.revoke_user(&name);
    context.state.directory.delete_user(&id, context.sim.settings.directory.orphaned_assignments);
    Ok((StatusCode::NO_CONTENT, Value::Null))
}
