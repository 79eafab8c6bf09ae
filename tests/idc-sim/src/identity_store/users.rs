//! Operations on users.

use serde_json::{Map, Value};

use crate::directory::page;
use crate::directory::record::{Attributes, Author, User, UserRecord};
use crate::directory::schema::{self, ENTERPRISE, Violation};

use super::input::{Input, missing};
use super::refusal::{Resource, not_found, valid};
use super::shape::{self, ENTERPRISE_EXTENSION, lower_first, renamed};
use super::{Context, Outcome};
use crate::aws_json::Refusal;

/// Names that AWS keeps for itself (model, `CreateUserRequest.UserName`).
pub(super) const RESERVED: [&str; 2] = ["Administrator", "AWSAdministrators"];

const TABLES: [&[schema::Attribute]; 2] = [schema::USER, schema::USER_MORE];

pub(super) fn create(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    let own = TABLES.iter().copied().flatten().map(|attribute| attribute.name);
    let own: Vec<String> = own.filter(|name| *name != ENTERPRISE).map(upper).collect();
    let known: Vec<&str> = own.iter().map(String::as_str).chain(["UserName", "Extensions"]).collect();
    input.of_store(context, &known)?;
    let user_name = input.optional_text("UserName")?.unwrap_or_default();
    if user_name.is_empty() {
        return Err(Refusal::validation("userName is a required attribute"));
    }
    let record = UserRecord {
        user_name: user_name.to_owned(),
        external_id: None,
        active: true,
        attributes: attributes(input)?,
    };
    check(&record)?;
    let author = Author { name: context.caller, at: context.now };
    let id = context.state.directory.store.create_user(record, None, author)?;
    let user = find(context, id.as_str())?;
    Ok(shape::user_head(context, user))
}

fn upper(name: &str) -> String {
    name[..1].to_ascii_uppercase() + &name[1..]
}

/// The attributes of a new user, under SCIM's names.
fn attributes(input: &Input<'_>) -> Result<Attributes, Refusal> {
    let mut attributes = Attributes::new();
    for (name, value) in input.members() {
        match name.as_str() {
            "IdentityStoreId" | "UserName" => {}
            "Extensions" => {
                let extensions = value.as_object().filter(|extensions| extensions.len() == 1);
                let enterprise = extensions.and_then(|extensions| extensions.get(ENTERPRISE_EXTENSION));
                let enterprise = enterprise.ok_or_else(|| {
                    Refusal::validation(format!(
                        "{ENTERPRISE_EXTENSION} is the only supported extension name"
                    ))
                })?;
                attributes.insert(ENTERPRISE.into(), renamed(enterprise, lower_first));
            }
            _ => {
                attributes.insert(lower_first(name), renamed(value, lower_first));
            }
        }
    }
    Ok(attributes)
}

fn check(record: &UserRecord) -> Result<(), Refusal> {
    let mut violations = schema::check_user_name(&record.user_name);
    violations.extend(schema::check(&record.attributes, &TABLES));
    if let Some(Violation::Malformed(path)) = violations.iter().find(|v| matches!(v, Violation::Malformed(_)))
    {
        return Err(Refusal::malformed(format!("{path} has no place in the model")));
    }
    if RESERVED.contains(&record.user_name.as_str()) {
        return Err(Refusal::validation("The user name is reserved"));
    }
    valid(&violations)
}

pub(super) fn find<'a>(context: &'a Context<'_>, id: &str) -> Result<&'a User, Refusal> {
    context.state.directory.store.user(id).ok_or_else(|| not_found(Resource::User, id))
}

pub(super) fn describe(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["UserId", "Extensions"])?;
    let user = find(context, input.id("UserId")?)?;
    Ok(shape::user(context, user, wants_enterprise(input)?))
}

/// `Extensions` of a reading operation is a list of names.
fn wants_enterprise(input: &Input<'_>) -> Result<bool, Refusal> {
    let Some(names) = input.get("Extensions") else { return Ok(false) };
    let names = names.as_array().ok_or_else(|| Refusal::malformed("Extensions is not a list"))?;
    let is_known = !names.is_empty() && names.iter().all(|name| name == ENTERPRISE_EXTENSION);
    let text = || format!("{ENTERPRISE_EXTENSION} is the only supported extension name");
    if is_known { Ok(true) } else { Err(Refusal::validation(text())) }
}

pub(super) fn list(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["Extensions", "MaxResults", "NextToken", "Filters"])?;
    let wanted = input.page(context, "users")?;
    let with_enterprise = wants_enterprise(input)?;
    let store = &context.state.directory.store;
    let (users, next) = if let Some(name) = filter(input, "UserName")? {
        (store.user_named(name).into_iter().collect(), None)
    } else {
        let users = store.users(wanted.after());
        let page = page::page(&wanted.list, wanted.size, users, |user| user.id.as_str());
        (page.items, page.next)
    };
    let users: Vec<Value> =
        users.into_iter().map(|user| Value::Object(shape::user(context, user, with_enterprise))).collect();
    Ok(shape::list("Users", users, next))
}

/// The one deprecated filter that a list takes: `attribute` and its value.
pub(super) fn filter<'a>(input: &Input<'a>, attribute: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(filters) = input.get("Filters") else { return Ok(None) };
    let filters = filters.as_array().ok_or_else(|| Refusal::malformed("Filters is not a list"))?;
    match &filters[..] {
        [] => Ok(None),
        [filter] if filter["AttributePath"] == attribute => Ok(filter["AttributeValue"].as_str()),
        [_] => Err(Refusal::validation(format!("{attribute} is the only attribute to filter by"))),
        _ => Err(Refusal::validation("List attribute filters exceeds allowed limit of 1")),
    }
}

pub(super) fn get_id(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["AlternateIdentifier"])?;
    let store = &context.state.directory.store;
    let user = match AlternateId::read(context, input)? {
        AlternateId::External(id) => store.user_with_external_id(&id),
        AlternateId::Attribute(path, value) => match path.as_str() {
            "userName" => store.user_named(&value),
            "emails.value" => store.user_with_email(&value),
            _ => return Err(not_unique(&path)),
        },
        AlternateId::OtherIssuer => None,
    };
    let user = user.ok_or_else(|| not_found(Resource::User, ""))?;
    let mut answer = shape::user_head(context, user);
    answer.remove("Revision");
    Ok(answer)
}

pub(super) fn not_unique(path: &str) -> Refusal {
    Refusal::validation(format!("The attribute {path} is not a unique attribute"))
}

/// The union `AlternateIdentifier`.
#[derive(Debug)]
pub(super) enum AlternateId {
    External(String),
    /// Nothing here was issued by it.
    OtherIssuer,
    Attribute(String, String),
}

impl AlternateId {
    pub(super) fn read(context: &Context<'_>, input: &Input<'_>) -> Result<Self, Refusal> {
        let union = input.get("AlternateIdentifier").ok_or_else(|| missing("AlternateIdentifier"))?;
        let members = union.as_object().filter(|members| members.len() == 1);
        let malformed =
            || Refusal::malformed("AlternateIdentifier is neither ExternalId nor UniqueAttribute");
        let (name, value) = members.and_then(|members| members.iter().next()).ok_or_else(malformed)?;
        let text = |member: &str| {
            let text = value[member].as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned).ok_or_else(|| {
                Refusal::validation("attribute value cannot be empty or null for attribute path")
            })
        };
        match name.as_str() {
            "ExternalId" if text("Issuer")? == context.sim.external_id_issuer() => {
                Ok(Self::External(text("Id")?))
            }
            "ExternalId" => Ok(Self::OtherIssuer),
            "UniqueAttribute" => Ok(Self::Attribute(path(&text("AttributePath")?), text("AttributeValue")?)),
            _ => Err(malformed()),
        }
    }
}

/// A path with the names that are stored: `Name.GivenName` is `name.givenName`.
pub(super) fn path(path: &str) -> String {
    let path = path.replace(ENTERPRISE_EXTENSION, "enterprise");
    path.split('.').map(lower_first).collect::<Vec<_>>().join(".")
}

pub(super) fn update(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["UserId", "Operations", "Revision"])?;
    let user = find(context, input.id("UserId")?)?.clone();
    input.check_revision(user.stamps.revision)?;
    let mut record = user.record.clone();
    for (path, value) in operations(input)? {
        apply(&mut record, &path, value)?;
    }
    check(&record)?;
    let author = Author { name: context.caller, at: context.now };
    let after = record.user_name.clone();
    context.state.directory.store.replace_user(&user.id, record, author)?;
    context.state.rename_user(&user.record.user_name, &after);
    Ok(shape::user_head(context, find(context, user.id.as_str())?))
}

/// `Operations`: paths and values, of which none means that the attribute goes.
pub(super) fn operations(input: &Input<'_>) -> Result<Vec<(String, Option<Value>)>, Refusal> {
    let operations = input.get("Operations").ok_or_else(|| missing("Operations"))?;
    let operations = operations.as_array().filter(|list| (1..=100).contains(&list.len()));
    let operations = operations.ok_or_else(|| Refusal::validation("Operations must be 1 to 100"))?;
    let read = |operation: &Value| {
        let path_text = operation["AttributePath"].as_str().ok_or_else(|| missing("AttributePath"))?;
        let value = operation.get("AttributeValue").filter(|value| !value.is_null());
        Ok((path(path_text), value.map(|value| renamed(value, lower_first))))
    };
    operations.iter().map(read).collect()
}

fn apply(record: &mut UserRecord, path: &str, value: Option<Value>) -> Result<(), Refusal> {
    if path == "userName" {
        let name = value.as_ref().and_then(Value::as_str);
        name.ok_or_else(|| Refusal::validation("userName is a required attribute"))?
            .clone_into(&mut record.user_name);
        return Ok(());
    }
    let mut parts: Vec<&str> = path.split('.').collect();
    if parts[0] == "enterprise" {
        parts[0] = ENTERPRISE;
    }
    let is_known = TABLES.iter().copied().flatten().any(|attribute| attribute.name == parts[0]);
    if !is_known {
        return Err(Refusal::validation(format!("The attribute {path} cannot be updated")));
    }
    set(&mut record.attributes, &parts, value);
    Ok(())
}

/// Sets or removes what is at a path; an object that becomes empty goes.
fn set(object: &mut Map<String, Value>, path: &[&str], value: Option<Value>) {
    match (path, value) {
        ([name], Some(value)) => {
            object.insert((*name).to_owned(), value);
        }
        ([name], None) => {
            object.remove(*name);
        }
        ([name, rest @ ..], value) => {
            let inner = object.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                set(inner, rest, value);
            }
            if object.get(*name).and_then(Value::as_object).is_some_and(Map::is_empty) {
                object.remove(*name);
            }
        }
        ([], _) => {}
    }
}

pub(super) fn delete(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["UserId", "Revision"])?;
    let user = find(context, input.id("UserId")?)?;
    input.check_revision(user.stamps.revision)?;
    let (id, name) = (user.id.clone(), user.record.user_name.clone());
    context.state.revoke_user(&name);
    context.state.directory.delete_user(&id, context.sim.settings.directory.orphaned_assignments);
    Ok(Map::new())
}
