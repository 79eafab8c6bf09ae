//! Roots and organizational units.

use serde_json::{Value, json};

use super::tree::Unit;
use super::{arn, check_administrator, pages};
use crate::aws_json::{Outcome, Refusal, Request, Shape};

pub(super) const PARENT_ID: Shape = Shape {
    length: (0, 100),
    pattern: "^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$",
    fits: is_parent_id,
};

fn is_parent_id(text: &str) -> bool {
    let part = |text: &str, least: usize| {
        (least..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let unit = text.strip_prefix("ou-").and_then(|rest| rest.split_once('-'));
    text.strip_prefix("r-").is_some_and(|root| part(root, 4))
        || unit.is_some_and(|(root, unit)| part(root, 4) && part(unit, 8))
}

pub(crate) fn list_roots(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["NextToken", "MaxResults"])?;
    check_administrator(request)?;
    let organization = &request.state.organization;
    let root = json!({
        "Id": organization.root,
        "Arn": arn(request, "root", &format!("{}/{}", organization.id, organization.root)),
        "Name": "Root",
        "PolicyTypes": [],
    });
    request.page(pages(request), "Roots", vec![root])
}

pub(crate) fn list_for_parent(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["ParentId", "NextToken", "MaxResults"])?;
    check_administrator(request)?;
    let parent = parent(request)?;
    let units = request.state.organization.children(&parent);
    let items = units.iter().map(|unit| json(request, unit)).collect();
    request.page(pages(request), "OrganizationalUnits", items)
}

/// Returns the root or unit that `ParentId` names.
pub(super) fn parent(request: &Request<'_>) -> Result<Unit, Refusal> {
    let id = request.input.text("ParentId", &PARENT_ID)?;
    let text = "You specified a parent that doesn't exist.";
    request.state.organization.unit(id).ok_or_else(|| Refusal::of("ParentNotFoundException", text))
}

fn json(request: &Request<'_>, unit: &Unit) -> Value {
    let organization = &request.state.organization;
    json!({
        "Id": unit.id,
        "Arn": arn(request, "ou", &format!("{}/{}", organization.id, unit.id)),
        "Name": unit.path.rsplit('/').next(),
        "Path": organization.api_path(&unit.path),
    })
}
