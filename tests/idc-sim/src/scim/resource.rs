//! Users and groups as JSON, both ways.

use serde_json::{Map, Value, json};

use crate::clock::rfc3339;
use crate::directory::record::{Attributes, Group, Stamps, User, UserRecord};
use crate::directory::schema::{self, ENTERPRISE, Violation};
use crate::directory::settings::ColonInExternalId;
use crate::state::Sim;

use super::refusal::{Refusal, valid};

pub(super) const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn head(kind: &str, id: &str, external_id: Option<&String>, stamps: &Stamps) -> Map<String, Value> {
    let mut shape = Map::new();
    shape.insert("id".into(), id.into());
    if let Some(external_id) = external_id {
        shape.insert("externalId".into(), external_id.clone().into());
    }
    let meta = json!({
        "resourceType": kind,
        "created": rfc3339(stamps.created_at),
        "lastModified": rfc3339(stamps.updated_at),
    });
    shape.insert("meta".into(), meta);
    shape
}

/// Without what only the Identity Store API knows.
pub(crate) fn user(user: &User) -> Value {
    let record = &user.record;
    let mut shape = head("User", user.id.as_str(), record.external_id.as_ref(), &user.stamps);
    let mut schemas = vec![USER_SCHEMA];
    schemas.extend(record.attributes.contains_key(ENTERPRISE).then_some(ENTERPRISE));
    shape.insert("schemas".into(), schemas.into());
    shape.insert("userName".into(), record.user_name.clone().into());
    shape.insert("active".into(), record.active.into());
    let own = record.attributes.iter().filter(|(name, _)| is_own(name));
    shape.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(shape)
}

/// Is this an attribute of a user that SCIM knows, beside the ones with a place of their own?
pub(super) fn is_own(name: &str) -> bool {
    schema::USER.iter().any(|attribute| attribute.name == name)
}

/// Members are never shown (guide, "GetGroup").
pub(crate) fn group(group: &Group) -> Value {
    let record = &group.record;
    let mut shape = head("Group", group.id.as_str(), record.external_id.as_ref(), &group.stamps);
    shape.insert("schemas".into(), json!([GROUP_SCHEMA]));
    shape.insert("displayName".into(), record.display_name.clone().into());
    shape.insert("members".into(), json!([]));
    Value::Object(shape)
}

/// Reads a whole user.
pub(super) fn read_user(sim: &Sim, body: Value) -> Result<UserRecord, Refusal> {
    let Value::Object(members) = body else { return Err(Refusal::invalid_json()) };
    let mut record = UserRecord {
        user_name: String::new(),
        external_id: None,
        active: true,
        attributes: Attributes::new(),
    };
    for (name, value) in members {
        set(&mut record, &name, value)?;
    }
    check_user(sim, &record, None)?;
    Ok(record)
}

/// Sets one attribute as a whole; null is none.
pub(super) fn set(record: &mut UserRecord, name: &str, value: Value) -> Result<(), Refusal> {
    let wrong = || Refusal::schema(format!("Attribute {name} is not supported"));
    match (name, value) {
        // Read-only, or said by the path already.
        ("schemas" | "id" | "meta", _) => {}
        ("userName", Value::String(text)) => record.user_name = text,
        ("externalId", Value::String(text)) => record.external_id = Some(text),
        ("externalId", Value::Null) => record.external_id = None,
        ("active", Value::Bool(active)) => record.active = active,
        (name, Value::Null) if is_own(name) => {
            record.attributes.remove(name);
        }
        (name, Value::Array(items)) if is_own(name) && items.is_empty() => {
            record.attributes.remove(name);
        }
        (name, value) if is_own(name) => {
            record.attributes.insert(name.to_owned(), value);
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

/// Checks a user, as it is to be and, if there is one, as it was.
pub(super) fn check_user(sim: &Sim, record: &UserRecord, before: Option<&UserRecord>) -> Result<(), Refusal> {
    if record.user_name.is_empty() {
        return Err(Refusal::schema("userName is a required attribute"));
    }
    let mut violations = schema::check_user_name(&record.user_name);
    // What the Identity Store API has written is nothing to complain about here.
    let own = record.attributes.iter().filter(|(name, _)| is_own(name));
    let own: Attributes = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    violations.extend(schema::check(&own, &[schema::USER]));
    violations.extend(check_external_id(sim, record.external_id.as_deref()));
    valid(&violations)?;
    let emails = record.attributes.get("emails");
    // What the Identity Store API has written may lack the mark.
    let is_new = before.is_none_or(|before| before.attributes.get("emails") != emails);
    let email = emails.and_then(|emails| emails.get(0)).filter(|_| is_new);
    if email.is_some_and(|email| email["primary"] != true) {
        return Err(Refusal::schema("The emails attribute value must be marked as primary"));
    }
    Ok(())
}

pub(super) fn check_external_id(sim: &Sim, id: Option<&str>) -> Vec<Violation> {
    let Some(id) = id else { return Vec::new() };
    let has_colon = id.contains(':');
    if has_colon && sim.settings.directory.colon_in_external_id == ColonInExternalId::Refused {
        return vec![Violation::Pattern("externalId".to_owned(), "[^:]+")];
    }
    schema::check_external_id(id)
}
