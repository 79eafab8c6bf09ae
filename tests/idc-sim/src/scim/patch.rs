//! PATCH of a user, with AWS's limits.

use serde_json::{Map, Value};

use crate::directory::record::UserRecord;
use crate::directory::schema::ENTERPRISE;

use super::filter;
use super::refusal::Refusal;
use super::resource;

/// AWS's words (goauthentik/authentik#12321).
const ONE_ATTRIBUTE: &str = "Current PATCH support allows omitting \"path\" attribute only for Add and Replace \
                             operations modifying a single attribute.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Replace,
    Remove,
}

/// One operation, with the path that is in it or in its value.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    pub(super) path: String,
    /// There for everything but a removal.
    pub(super) value: Option<Value>,
}

/// Reads the operations of a request.
pub(super) fn operations(body: &Value) -> Result<Vec<Operation>, Refusal> {
    let operations = body["Operations"].as_array().filter(|list| !list.is_empty());
    let operations = operations.ok_or_else(|| Refusal::schema("Operations is a required attribute"))?;
    operations.iter().map(operation).collect()
}

fn operation(operation: &Value) -> Result<Operation, Refusal> {
    let name = operation["op"].as_str().unwrap_or_default().to_ascii_lowercase();
    let kind = match name.as_str() {
        "add" => Kind::Add,
        "replace" => Kind::Replace,
        "remove" => Kind::Remove,
        _ => return Err(Refusal::schema("The operation must be add, replace or remove")),
    };
    let value = operation.get("value").filter(|value| !value.is_null()).cloned();
    match (kind, operation.get("path").and_then(Value::as_str), value) {
        (Kind::Remove, None, _) => Err(Refusal::schema("Missing path in PATCH request")),
        (Kind::Add | Kind::Replace, _, None) => {
            Err(Refusal::schema("A value is required for add and replace"))
        }
        (kind, Some(path), value) => Ok(Operation { kind, path: path.to_owned(), value }),
        (kind, None, Some(Value::Object(members))) if members.len() == 1 => {
            let (path, value) = members.into_iter().next().unwrap_or_default();
            Ok(Operation { kind, path, value: Some(value) })
        }
        (_, None, _) => Err(Refusal::unsupported(ONE_ATTRIBUTE)),
    }
}

/// A path taken apart: `emails[type eq "work"].value`.
#[derive(Debug, PartialEq, Eq)]
struct Path<'a> {
    attribute: &'a str,
    filter: Option<filter::Equals>,
    member: Option<&'a str>,
}

impl<'a> Path<'a> {
    fn parse(path: &'a str) -> Result<Self, Refusal> {
        let wrong = || Refusal::schema(format!("Path {path} is not supported"));
        if let Some(rest) = path.strip_prefix(ENTERPRISE) {
            let member = rest.strip_prefix([':', '.']).filter(|member| !member.is_empty());
            let fits = rest.is_empty() || member.is_some();
            return fits.then_some(Self { attribute: ENTERPRISE, filter: None, member }).ok_or_else(wrong);
        }
        let path =
            path.strip_prefix(resource::USER_SCHEMA).and_then(|rest| rest.strip_prefix(':')).unwrap_or(path);
        let Some((attribute, rest)) = path.split_once('[') else {
            let (attribute, member) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
            return Ok(Self { attribute, filter: None, member });
        };
        let (inner, behind) = rest.split_once(']').ok_or_else(wrong)?;
        let (filter, left) = filter::comparison(inner).ok_or_else(Refusal::invalid_filter)?;
        let member = behind.strip_prefix('.');
        if !left.is_empty() || (member.is_none() && !behind.is_empty()) {
            return Err(wrong());
        }
        Ok(Self { attribute, filter: Some(filter), member })
    }
}

/// Applies a request to a user; the caller checks the result.
pub(super) fn apply_to_user(record: &mut UserRecord, body: &Value) -> Result<(), Refusal> {
    let operations = operations(body)?;
    let is_single = |path: &str| matches!(path, "userName" | "active");
    if operations.iter().filter(|operation| is_single(&operation.path)).count() > 1 {
        return Err(Refusal::unsupported(
            "Multiple PATCH operations on userName or active attribute are not supported",
        ));
    }
    operations.into_iter().try_for_each(|operation| apply(record, operation))
}

fn apply(record: &mut UserRecord, operation: Operation) -> Result<(), Refusal> {
    let path = Path::parse(&operation.path)?;
    let name = path.attribute;
    match (operation.kind, operation.value) {
        (_, _) if matches!(name, "id" | "meta" | "schemas") => {
            Err(Refusal::schema(format!("Attribute {name} is not supported")))
        }
        (Kind::Remove, _) if matches!(name, "userName" | "active") => {
            Err(Refusal::unsupported(format!("The remove operation is not supported for {name}")))
        }
        (Kind::Remove, _) if name == "externalId" => resource::set(record, name, Value::Null),
        (_, value) if path.member.is_none() && path.filter.is_none() => {
            let value = match (operation.kind, value) {
                (Kind::Remove, _) | (_, None) => Value::Null,
                (Kind::Add, Some(value)) => added(record.attributes.get(name), value),
                (Kind::Replace, Some(value)) => value,
            };
            resource::set(record, name, value)
        }
        (kind, value) if resource::is_own(name) => {
            let value = value.filter(|_| kind != Kind::Remove);
            apply_below(&mut record.attributes, &path, value)
        }
        _ => Err(Refusal::schema(format!("Attribute {name} is not supported"))),
    }
}

/// `add` appends to a list what is not in it, and joins objects (RFC 7644 section 3.5.2.1).
fn added(before: Option<&Value>, value: Value) -> Value {
    match (before, value) {
        (Some(Value::Array(before)), Value::Array(more)) => {
            let new = more.into_iter().filter(|item| !before.contains(item));
            before.iter().cloned().chain(new.collect::<Vec<_>>()).collect()
        }
        (Some(Value::Object(before)), Value::Object(more)) => {
            Value::Object(before.clone().into_iter().chain(more).collect())
        }
        (_, value) => value,
    }
}

/// Sets or removes a member, of the items that the filter selects where there is one.
fn apply_below(
    attributes: &mut Map<String, Value>,
    path: &Path<'_>,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let no_target = || Refusal::schema(format!("No value of {} matches the path", path.attribute));
    let attribute = attributes.entry(path.attribute).or_insert_with(|| match path.filter {
        Some(_) => Value::Array(Vec::new()),
        None => Value::Object(Map::new()),
    });
    match (attribute, &path.filter, path.member) {
        (Value::Object(object), None, Some(member)) => set(object, member, value),
        // One value is all that a list has.
        (Value::Array(items), None, Some(member)) => {
            let item = items.first_mut().and_then(Value::as_object_mut).ok_or_else(no_target)?;
            set(item, member, value);
        }
        (Value::Array(items), Some(filter), member) => {
            let fits = |item: &Value| item[&filter.attribute] == filter.value.as_str();
            let at = items.iter().position(fits);
            match (member, value) {
                (None, None) => items.retain(|item| !fits(item)),
                (None, Some(value)) => match at {
                    Some(at) => items[at] = value,
                    None => items.push(value),
                },
                (Some(member), value) => {
                    let at = at.ok_or_else(no_target)?;
                    let item = items[at].as_object_mut().ok_or_else(no_target)?;
                    set(item, member, value);
                }
            }
        }
        _ => return Err(no_target()),
    }
    let is_empty = |value: &Value| *value == Value::Array(Vec::new()) || *value == Value::Object(Map::new());
    attributes.retain(|_, value| !is_empty(value));
    Ok(())
}

fn set(object: &mut Map<String, Value>, member: &str, value: Option<Value>) {
    match (member.split_once('.'), value) {
        (Some((first, rest)), value) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                set(inner, rest, value);
            }
        }
        (None, Some(value)) => {
            object.insert(member.to_owned(), value);
        }
        (None, None) => {
            object.remove(member);
        }
    }
}
