//! `[permission_sets.NAME]`: what a permission set is, within AWS's limits.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::{Refused, checked, set_name};
use crate::access::definition::{
    Boundary, CustomerPolicy, MOST_POLICIES, ManagedPolicy, SessionLength, SetDefinition, SetHead,
};
use crate::access::plan::{OWNER_TAG, TAGS_OF_AWS};
use crate::access::policy::{PolicyDocument, is_latin1};

const LONGEST_DESCRIPTION: usize = 700;
const LONGEST_RELAY_STATE: usize = 240;
/// AWS takes 75; one is the owner's.
const MOST_TAGS: usize = 74;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetSettings {
    /// It is assigned and never changed.
    Existing,
    /// The definition lacks an inline policy that is in a file.
    Defined { definition: Box<SetDefinition>, inline: Option<InlineSettings> },
}

/// Where the inline policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InlineSettings {
    /// In a file beside the access file.
    File(String),
    /// In the definition.
    Here,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    #[serde(default)]
    existing: bool,
    description: Option<Spanned<String>>,
    session: Option<Spanned<String>>,
    relay_state: Option<Spanned<String>>,
    #[serde(default)]
    managed: Vec<Spanned<String>>,
    #[serde(default)]
    customer: Vec<Spanned<WrittenPolicy>>,
    inline: Option<Spanned<WrittenInline>>,
    boundary: Option<Spanned<WrittenBoundary>>,
    tags: Option<Spanned<BTreeMap<String, String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPolicy {
    name: String,
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenInline {
    File(String),
    Document(Map<String, Value>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBoundary {
    managed: Option<String>,
    customer: Option<String>,
    path: Option<String>,
}

impl Written {
    fn is_defined(&self) -> bool {
        self.description.is_some()
            || self.session.is_some()
            || self.relay_state.is_some()
            || !self.managed.is_empty()
            || !self.customer.is_empty()
            || self.inline.is_some()
            || self.boundary.is_some()
            || self.tags.is_some()
    }
}

pub(super) fn check(name: &str, written: Written, at: usize) -> Result<SetSettings, Refused> {
    let refuse = |what| Refused { at, what };
    set_name(name).map_err(refuse)?;
    if written.existing {
        if written.is_defined() {
            return Err(refuse(format!(
                "{name} is `existing`: it is never changed, so nothing else can be set"
            )));
        }
        return Ok(SetSettings::Existing);
    }
    let mut definition = SetDefinition { head: head(&written)?, ..SetDefinition::default() };
    for policy in &written.managed {
        definition.managed.insert(checked(policy, |text| ManagedPolicy::parse(text))?);
    }
    for policy in &written.customer {
        let policy = checked(policy, |policy| CustomerPolicy::new(&policy.name, policy.path.as_deref()))?;
        definition.customer.insert(policy);
    }
    let policies = definition.managed.len() + definition.customer.len();
    if policies > MOST_POLICIES {
        return Err(refuse(format!("{name} has {policies} policies; AWS takes {MOST_POLICIES}")));
    }
    let names: BTreeSet<&str> = definition.customer.iter().map(|policy| policy.name.as_str()).collect();
    if names.len() < definition.customer.len() {
        return Err(refuse(format!("{name} has two customer managed policies of one name")));
    }
    definition.boundary = written.boundary.map(|boundary| checked(&boundary, self::boundary)).transpose()?;
    definition.tags = written.tags.map(|tags| checked(&tags, self::tags)).transpose()?.unwrap_or_default();
    let inline = match written.inline {
        None => None,
        Some(inline) => Some(checked(&inline, |inline| match inline {
            WrittenInline::File(path) => Ok(InlineSettings::File(path.clone())),
            WrittenInline::Document(document) => {
                let policy = PolicyDocument::of(&Value::Object(document.clone()))
                    .and_then(PolicyDocument::within_limits);
                definition.inline = Some(policy.map_err(|error| format!("the inline policy: {error}"))?);
                Ok(InlineSettings::Here)
            }
        })?),
    };
    Ok(SetSettings::Defined { definition: Box::new(definition), inline })
}

fn head(written: &Written) -> Result<SetHead, Refused> {
    let text = |value: &Option<Spanned<String>>, rule: fn(&str) -> Result<String, String>| {
        value.as_ref().map(|value| checked(value, |text| rule(text))).transpose()
    };
    let session = written.session.as_ref().map(|value| checked(value, |text| SessionLength::parse(text)));
    Ok(SetHead {
        description: text(&written.description, description)?,
        session: session.transpose()?.unwrap_or_default(),
        relay_state: text(&written.relay_state, relay_state)?,
    })
}

fn description(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if !(1..=LONGEST_DESCRIPTION).contains(&length) {
        return Err(format!("a description has 1 to {LONGEST_DESCRIPTION} characters, not {length}"));
    }
    match text.chars().find(|letter| !is_latin1(*letter)) {
        Some(letter) => Err(format!("the description has {letter:?}; AWS takes Latin-1 only")),
        None => Ok(text.to_owned()),
    }
}

fn relay_state(text: &str) -> Result<String, String> {
    let is_taken = (1..=LONGEST_RELAY_STATE).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b"<>^`".contains(&byte));
    if !is_taken {
        return Err(format!("a relay state is a URL of at most {LONGEST_RELAY_STATE} ASCII characters"));
    }
    Ok(text.to_owned())
}

fn boundary(written: &WrittenBoundary) -> Result<Boundary, String> {
    match written {
        WrittenBoundary { managed: Some(policy), customer: None, path: None } => {
            ManagedPolicy::parse(policy).map(Boundary::Managed)
        }
        WrittenBoundary { managed: None, customer: Some(name), path } => {
            CustomerPolicy::new(name, path.as_deref()).map(Boundary::Customer)
        }
        _ => Err("a boundary is { managed = \"…\" } or { customer = \"…\", path = \"/\" }".to_owned()),
    }
}

fn tags(tags: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    if tags.len() > MOST_TAGS {
        return Err(format!("{} tags; AWS takes {MOST_TAGS} and the owner's", tags.len()));
    }
    // AWS's pattern: letters, numbers and separators of every script.
    let is_separator = |letter: char| letter.is_whitespace() && !letter.is_control();
    let is_letter =
        |letter: char| letter.is_alphanumeric() || is_separator(letter) || "_.:/=+-@".contains(letter);
    let is_taken = |text: &str| text.chars().all(is_letter);
    for (key, value) in tags {
        if key == OWNER_TAG {
            return Err(format!("the tag `{key}` is set by kcaws itself"));
        }
        if key.is_empty() || key.chars().count() > 128 || !is_taken(key) || key.starts_with(TAGS_OF_AWS) {
            return Err(format!("`{key}` is not the key of a tag"));
        }
        if value.chars().count() > 256 || !is_taken(value) {
            return Err(format!("`{value}` is not the value of a tag"));
        }
    }
    Ok(tags.clone())
}
