//! Tags of the application.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Outcome, Request};
use crate::account_access::refusal::Refusal;
use crate::aws_json::Input;

/// Reads the member `tags`, a map of strings.
pub(super) fn read(input: &Input) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(tags) = input.optional_members("tags")? else { return Ok(BTreeMap::new()) };
    let tag = |(key, value): (&String, &Value)| match value {
        Value::String(value) => Ok((key.clone(), value.clone())),
        _ => Err(Refusal::named("SerializationException", format!("the tag {key} is not a string"))),
    };
    tags.entries().iter().map(tag).collect()
}

pub(super) fn tag(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["tags"])?;
    request.input.members("tags")?;
    let tags = read(&request.input)?;
    with_tags(request, |known| known.extend(tags))
}

pub(super) fn untag(request: &mut Request<'_>) -> Outcome {
    let fields = request.call.query_fields();
    let keys: Vec<String> = fields.all("tagKeys").map(str::to_owned).collect();
    if keys.is_empty() {
        return Err(Refusal::validation("tagKeys is required"));
    }
    with_tags(request, |known| known.retain(|key, _| !keys.contains(key)))
}

pub(super) fn list(request: &mut Request<'_>) -> Outcome {
    let known = request.application(request.application_arn()?)?;
    Ok(Some(json!({ "tags": known.tags })))
}

fn with_tags(request: &mut Request<'_>, change: impl FnOnce(&mut BTreeMap<String, String>)) -> Outcome {
    request.application(request.application_arn()?)?;
    if let Some(known) = &mut request.state.account_access.application {
        change(&mut known.tags);
    }
    Ok(Some(json!({})))
}
