//! The model's shapes: attributes change their first letter, everything else is put together here.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::directory::record::{Group, Membership, Stamps, User};
use crate::directory::schema::ENTERPRISE;
use crate::hosts::Partition;

use super::Context;

/// The one extension that there is.
pub(super) const ENTERPRISE_EXTENSION: &str = "aws:identitystore:enterprise";

pub(super) fn lower_first(name: &str) -> String {
    with_first(name, char::to_ascii_lowercase)
}

fn upper_first(name: &str) -> String {
    with_first(name, char::to_ascii_uppercase)
}

fn with_first(name: &str, change: fn(&char) -> char) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| change(&first)).into_iter().chain(chars).collect()
}

/// Renames the members of every object below `value`.
pub(super) fn renamed(value: &Value, rename: fn(&str) -> String) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (rename(name), renamed(value, rename))).collect()
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, rename)).collect(),
        other => other.clone(),
    }
}

/// `arn:aws:identitystore:::user/<id>`: without region and account.
pub(super) fn arn(context: &Context<'_>, kind: &str, id: &str) -> String {
    let partition = Partition::of_region(&context.sim.settings.region).id;
    format!("arn:{partition}:identitystore:::{kind}/{id}")
}

/// A time as JSON 1.1 has it: seconds, with a fraction.
fn timestamp(time: SystemTime) -> Value {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    // Whole milliseconds, which a double holds exactly enough.
    let seconds = f64::from(u32::try_from(since.as_secs()).unwrap_or(u32::MAX));
    json!(seconds + f64::from(since.subsec_millis()) / 1000.0)
}

fn stamp(shape: &mut Map<String, Value>, stamps: &Stamps) {
    shape.insert("CreatedAt".into(), timestamp(stamps.created_at));
    shape.insert("UpdatedAt".into(), timestamp(stamps.updated_at));
    shape.insert("CreatedBy".into(), stamps.created_by.clone().into());
    shape.insert("UpdatedBy".into(), stamps.updated_by.clone().into());
}

/// Ids and revision: what creating and updating answer, and what begins the whole shape.
pub(super) fn user_head(context: &Context<'_>, user: &User) -> Map<String, Value> {
    head(context, "User", user.id.as_str(), user.stamps.revision)
}

/// As [`user_head`].
pub(super) fn group_head(context: &Context<'_>, group: &Group) -> Map<String, Value> {
    head(context, "Group", group.id.as_str(), group.stamps.revision)
}

fn head(context: &Context<'_>, kind: &str, id: &str, revision: u64) -> Map<String, Value> {
    let mut shape = Map::new();
    shape.insert("IdentityStoreId".into(), context.store_id().into());
    shape.insert(format!("{kind}Id"), id.into());
    shape.insert(format!("{kind}Arn"), arn(context, &kind.to_ascii_lowercase(), id).into());
    shape.insert("Revision".into(), revision.to_string().into());
    shape
}

fn external_ids(context: &Context<'_>, id: &str) -> Value {
    json!([{ "Issuer": context.sim.external_id_issuer(), "Id": id }])
}

/// A whole user; the enterprise extension only if it was asked for.
pub(super) fn user(context: &Context<'_>, user: &User, with_enterprise: bool) -> Map<String, Value> {
    let mut shape = user_head(context, user);
    let record = &user.record;
    shape.insert("UserName".into(), record.user_name.clone().into());
    for (name, value) in record.attributes.iter().filter(|(name, _)| *name != ENTERPRISE) {
        shape.insert(upper_first(name), renamed(value, upper_first));
    }
    if let Some(enterprise) = record.attributes.get(ENTERPRISE).filter(|_| with_enterprise) {
        shape.insert("Extensions".into(), json!({ ENTERPRISE_EXTENSION: enterprise }));
    }
    if let Some(id) = &record.external_id {
        shape.insert("ExternalIds".into(), external_ids(context, id));
    }
    shape.insert("UserStatus".into(), if record.active { "ENABLED" } else { "DISABLED" }.into());
    stamp(&mut shape, &user.stamps);
    shape
}

pub(super) fn group(context: &Context<'_>, group: &Group) -> Map<String, Value> {
    let mut shape = group_head(context, group);
    let record = &group.record;
    shape.insert("DisplayName".into(), record.display_name.clone().into());
    if let Some(description) = &record.description {
        shape.insert("Description".into(), description.clone().into());
    }
    if let Some(id) = &record.external_id {
        shape.insert("ExternalIds".into(), external_ids(context, id));
    }
    stamp(&mut shape, &group.stamps);
    shape
}

/// The ids of a membership: what creating and looking up answer.
pub(super) fn membership_head(context: &Context<'_>, id: &str) -> Map<String, Value> {
    let mut shape = Map::new();
    shape.insert("IdentityStoreId".into(), context.store_id().into());
    shape.insert("MembershipId".into(), id.into());
    shape.insert("MembershipArn".into(), arn(context, "membership", id).into());
    shape
}

pub(super) fn membership(context: &Context<'_>, membership: &Membership) -> Map<String, Value> {
    let mut shape = membership_head(context, membership.id.as_str());
    shape.insert("GroupId".into(), membership.group.as_str().into());
    shape.insert("MemberId".into(), json!({ "UserId": membership.user.as_str() }));
    stamp(&mut shape, &membership.stamps);
    shape
}

/// A list's answer: the items under `name`, and the token of the next page if there is one.
pub(super) fn list(name: &str, items: Vec<Value>, next: Option<String>) -> Map<String, Value> {
    let mut shape = Map::new();
    shape.insert(name.to_owned(), items.into());
    if let Some(next) = next {
        shape.insert("NextToken".into(), next.into());
    }
    shape
}
