//! What a user's attributes may be: the table behind both services.
//!
//! Names and limits are those of botocore's `identitystore` model; the enterprise extension is RFC 7643's.

use serde_json::{Map, Value};

use super::record::Attributes;

/// The enterprise extension, under SCIM's name.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const NAME_PATTERN: &str = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+";
const TEXT_PATTERN: &str = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+";

/// One attribute, or a member of one.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// 1 to 1,024 characters.
    Text,
    Flag,
    Structure(&'static [Attribute]),
    /// At most so many structures.
    List(usize, &'static [Attribute]),
}

const fn text(name: &'static str) -> Attribute {
    Attribute { name, kind: Kind::Text }
}

const fn list(name: &'static str, members: &'static [Attribute]) -> Attribute {
    Attribute { name, kind: Kind::List(1, members) }
}

const PRIMARY: Attribute = Attribute { name: "primary", kind: Kind::Flag };
const VALUE: &[Attribute] = &[text("value"), text("type"), PRIMARY];

/// What both services know.
pub(crate) const USER: &[Attribute] = &[
    Attribute {
        name: "name",
        kind: Kind::Structure(&[
            text("formatted"),
            text("familyName"),
            text("givenName"),
            text("middleName"),
            text("honorificPrefix"),
            text("honorificSuffix"),
        ]),
    },
    text("displayName"),
    text("nickName"),
    text("profileUrl"),
    list("emails", VALUE),
    list(
        "addresses",
        &[
            text("streetAddress"),
            text("locality"),
            text("region"),
            text("postalCode"),
            text("country"),
            text("formatted"),
            text("type"),
            PRIMARY,
        ],
    ),
    list("phoneNumbers", VALUE),
    text("userType"),
    text("title"),
    text("preferredLanguage"),
    text("locale"),
    text("timezone"),
    list("roles", VALUE),
    Attribute {
        name: ENTERPRISE,
        kind: Kind::Structure(&[
            text("employeeNumber"),
            text("costCenter"),
            text("organization"),
            text("division"),
            text("department"),
            Attribute { name: "manager", kind: Kind::Structure(&[text("value"), text("$ref")]) },
        ]),
    },
];

/// What only the Identity Store API knows.
pub(crate) const USER_MORE: &[Attribute] = &[
    text("website"),
    text("birthdate"),
    Attribute {
        name: "photos",
        kind: Kind::List(3, &[text("value"), text("type"), text("display"), PRIMARY]),
    },
];

/// Why a value is refused; the path is dotted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    Missing(String),
    /// Not of the attribute's type, or an attribute that does not exist.
    Malformed(String),
    TooMany(String, usize),
    TooShort(String),
    TooLong(String, usize),
    Pattern(String, &'static str),
}

/// Checks attributes against one or two tables, and that those are there which both services require.
pub(crate) fn check(attributes: &Attributes, tables: &[&'static [Attribute]]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let known: Vec<&Attribute> = tables.iter().copied().flatten().collect();
    members("", attributes, &known, &mut violations);
    for path in ["displayName", "name.givenName", "name.familyName"] {
        let mut parts = path.split('.');
        let first = parts.next().and_then(|part| attributes.get(part));
        if parts.fold(first, |value, part| value?.get(part)).is_none() {
            violations.push(Violation::Missing(path.to_owned()));
        }
    }
    violations
}

fn members(path: &str, object: &Map<String, Value>, known: &[&Attribute], found: &mut Vec<Violation>) {
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match known.iter().find(|attribute| attribute.name == name) {
            Some(attribute) => check_value(&path, value, attribute.kind, found),
            None => found.push(Violation::Malformed(path)),
        }
    }
}

fn check_value(path: &str, value: &Value, kind: Kind, found: &mut Vec<Violation>) {
    match (kind, value) {
        (Kind::Text, Value::String(text)) => found.extend(check_text(path, text)),
        (Kind::Flag, Value::Bool(_)) => {}
        (Kind::Structure(known), Value::Object(object)) => {
            members(path, object, &known.iter().collect::<Vec<_>>(), found);
        }
        (Kind::List(most, known), Value::Array(items)) => {
            if items.len() > most {
                found.push(Violation::TooMany(path.to_owned(), most));
            }
            for item in items {
                check_value(path, item, Kind::Structure(known), found);
            }
        }
        _ => found.push(Violation::Malformed(path.to_owned())),
    }
}

/// A text of 1 to 1,024 characters, blanks among them.
pub(crate) fn check_text(path: &str, text: &str) -> Vec<Violation> {
    checked(path, text, 1024, TEXT_PATTERN, |char| is_visible(char) || is_blank(char))
}

/// A user name: 1 to 128 characters, no blanks.
pub(crate) fn check_user_name(name: &str) -> Vec<Violation> {
    checked("userName", name, 128, NAME_PATTERN, is_visible)
}

/// An external id: 1 to 256 characters, no blanks.
pub(crate) fn check_external_id(id: &str) -> Vec<Violation> {
    checked("externalId", id, 256, NAME_PATTERN, is_visible)
}

fn checked(
    path: &str,
    text: &str,
    most: usize,
    pattern: &'static str,
    allowed: impl Fn(char) -> bool,
) -> Vec<Violation> {
    let mut found = Vec::new();
    if text.is_empty() {
        found.push(Violation::TooShort(path.to_owned()));
    }
    if text.chars().count() > most {
        found.push(Violation::TooLong(path.to_owned(), most));
    }
    if text.is_empty() || !text.chars().all(allowed) {
        found.push(Violation::Pattern(path.to_owned(), pattern));
    }
    found
}

fn is_blank(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' ' | '\u{a0}' | '\u{3000}')
}

/// Letters, marks, symbols, numbers and punctuation: everything but separators and the `C` categories, of which
/// the unassigned characters pass here.
fn is_visible(char: char) -> bool {
    let format = matches!(char,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0001}' | '\u{e0020}'..='\u{e007f}');
    let private = matches!(char, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    !char.is_control() && !char.is_whitespace() && !format && !private
}

/// Words a list of violations as AWS does, all of them in one line.
pub(crate) fn message(violations: &[Violation]) -> String {
    let first = violations.iter().find_map(|violation| match violation {
        Violation::TooMany(path, most) => {
            Some(format!("List attribute {path} exceeds allowed limit of {most}"))
        }
        Violation::Missing(path) => Some(format!("{path} is a required attribute")),
        Violation::Malformed(path) => Some(format!("Attribute {path} is not supported")),
        _ => None,
    });
    first.unwrap_or_else(|| {
        let constraints: Vec<String> = violations.iter().filter_map(constraint).collect();
        format!("{} validation errors detected: {}", constraints.len(), constraints.join("; "))
    })
}

fn constraint(violation: &Violation) -> Option<String> {
    let (path, must) = match violation {
        Violation::TooShort(path) => (path, "have length greater than or equal to 1".to_owned()),
        Violation::TooLong(path, most) => (path, format!("have length less than or equal to {most}")),
        Violation::Pattern(path, pattern) => (path, format!("satisfy regular expression pattern: {pattern}")),
        Violation::Missing(_) | Violation::Malformed(_) | Violation::TooMany(..) => return None,
    };
    Some(format!("Value at '{path}' failed to satisfy constraint: Member must {must}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(attributes: &Value) -> String {
        message(&check(attributes.as_object().expect("an object"), &[USER]))
    }

    fn with(name: &str, value: &Value) -> Value {
        let mut user = json!({ "displayName": "A B", "name": { "givenName": "A", "familyName": "B" } });
        user[name] = value.clone();
        user
    }

    #[test]
    fn each_refusal_has_awss_words() {
        let long = "x".repeat(1025);
        for (name, value, expected) in [
            (
                "emails",
                json!([{"value": "a"}, {"value": "b"}]),
                "List attribute emails exceeds allowed limit of 1",
            ),
            ("name", json!({"givenName": "A"}), "name.familyName is a required attribute"),
            ("password", json!("x"), "Attribute password is not supported"),
            ("emails", json!([{"display": "x"}]), "Attribute emails.display is not supported"),
            ("title", json!(7), "Attribute title is not supported"),
            (
                "title",
                json!(long),
                "1 validation errors detected: Value at 'title' failed to satisfy constraint: Member must have \
                 length less than or equal to 1024",
            ),
            (
                "nickName",
                json!("a\u{202e}b"),
                "1 validation errors detected: Value at 'nickName' failed to satisfy constraint: Member must \
                 satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}\\t\\n\\r ]+",
            ),
            (
                "name",
                json!({"givenName": "A", "familyName": ""}),
                "2 validation errors detected: Value at 'name.familyName' failed to satisfy constraint: Member \
                 must have length greater than or equal to 1; Value at 'name.familyName' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: \
                 [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}\\t\\n\\r ]+",
            ),
        ] {
            assert_eq!(words(&with(name, &value)), expected);
        }
    }

    #[test]
    fn names_are_of_any_script_and_have_no_blanks() {
        for good in ["alice@example.com", "Zoë", "李", "a:b/c", "😀", "किशोर"] {
            assert_eq!(check_user_name(good), [], "{good}");
        }
        for bad in ["a b", "a\u{a0}b", "a\u{200b}", "a\n", "\u{e000}"] {
            assert_eq!(check_user_name(bad).len(), 1, "{bad:?}");
        }
        assert_eq!(check_text("x", "a\u{a0}b\u{3000}c\td"), []);
        assert_eq!(check_external_id(&"x".repeat(257)).len(), 1);
    }
}
