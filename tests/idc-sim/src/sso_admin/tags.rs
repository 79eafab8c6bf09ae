//! Tags of permission sets.

use std::collections::BTreeMap;

use serde_json::json;

use super::permission_set::PermissionSet;
use super::permission_sets::by_arn;
use super::shapes::{RESOURCE_ARN, TAG_KEY, TAG_VALUE};
use super::{PAGES, instance};
use crate::aws_json::{Outcome, Refusal, Request};

const MAX_TAGS: usize = 75;

pub(crate) fn tag(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "ResourceArn", "Tags"])?;
    let tags = read(request)?.ok_or_else(|| Refusal::constraint("Tags", "not be null"))?;
    let set = resource(request)?;
    let merged: BTreeMap<_, _> = set.tags.clone().into_iter().chain(tags).collect();
    if merged.len() > MAX_TAGS {
        return Err(Refusal::quota("A resource can have 75 tags at most"));
    }
    set.tags = merged;
    Ok(json!({}))
}

pub(crate) fn untag(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "ResourceArn", "TagKeys"])?;
    let keys = request.input.texts("TagKeys", MAX_TAGS, &TAG_KEY)?;
    resource(request)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

pub(crate) fn list(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "ResourceArn", "NextToken"])?;
    let tags = resource(request)?.tags.clone().into_iter();
    let items = tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    request.page(PAGES, "Tags", items)
}

/// Reads `Tags`.
pub(super) fn read(request: &Request<'_>) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let Some(structures) = request.input.structures("Tags", MAX_TAGS)? else { return Ok(None) };
    let mut tags = BTreeMap::new();
    for tag in structures {
        tag.only(&["Key", "Value"])?;
        let (key, value) = (tag.text("Key", &TAG_KEY)?, tag.text("Value", &TAG_VALUE)?);
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Refusal::validation(format!("The tag key {key} is repeated")));
        }
    }
    Ok(Some(tags))
}

/// Finds the permission set that `ResourceArn` names; `InstanceArn` is optional here.
fn resource<'a>(request: &'a mut Request<'_>) -> Result<&'a mut PermissionSet, Refusal> {
    if request.input.raw_text("InstanceArn").is_some() {
        instance::check(request)?;
    } else {
        super::check_administrator(request)?;
    }
    let asked = request.input.text("ResourceArn", &RESOURCE_ARN)?;
    let id = by_arn(request, asked)?.id.clone();
    let set = request.state.directory.permission_sets.iter_mut().find(|set| set.id == id);
    set.ok_or_else(|| Refusal::not_found("Could not find the resource"))
}
