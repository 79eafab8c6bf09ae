//! Operations on memberships.

use serde_json::{Map, Value, json};

use crate::directory::page;
use crate::directory::record::{Author, Membership};

use super::input::{Input, missing, plain_id};
use super::refusal::{Resource, not_found};
use super::{Context, Outcome, groups, shape, users};
use crate::aws_json::Refusal;

pub(super) fn create(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["GroupId", "MemberId"])?;
    let user = users::find(context, input.member_id()?)?.id.clone();
    let group = groups::find(context, input.id("GroupId")?)?.id.clone();
    let author = Author { name: context.caller, at: context.now };
    let store = &mut context.state.directory.store;
    let id = store.add_member(&group, &user, author)?;
    if context.sim.settings.directory.membership_touches_group {
        store.touch_group(&group, author);
    }
    Ok(shape::membership_head(context, id.as_str()))
}

fn find<'a>(context: &'a Context<'_>, id: &str) -> Result<&'a Membership, Refusal> {
    let membership = context.state.directory.store.membership(id);
    membership.ok_or_else(|| not_found(Resource::Membership, id))
}

pub(super) fn describe(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["MembershipId"])?;
    Ok(shape::membership(context, find(context, input.id("MembershipId")?)?))
}

pub(super) fn get_id(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["GroupId", "MemberId"])?;
    let membership = context.state.directory.store.membership_of(input.id("GroupId")?, input.member_id()?);
    let membership = membership.ok_or_else(|| not_found(Resource::Membership, ""))?;
    Ok(shape::membership_head(context, membership.id.as_str()))
}

pub(super) fn delete(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["MembershipId"])?;
    let Membership { group, user, .. } = find(context, input.id("MembershipId")?)?.clone();
    let author = Author { name: context.caller, at: context.now };
    let store = &mut context.state.directory.store;
    store.remove_member(group.as_str(), user.as_str());
    if context.sim.settings.directory.membership_touches_group {
        store.touch_group(&group, author);
    }
    Ok(Map::new())
}

pub(super) fn list_of_group(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["GroupId", "MaxResults", "NextToken"])?;
    let group = input.id("GroupId")?;
    groups::find(context, group)?;
    let wanted = input.page(context, &format!("members of {group}"))?;
    let members = context.state.directory.store.members(group, wanted.after());
    let page = page::page(&wanted.list, wanted.size, members, |known| known.user.as_str());
    Ok(list(context, &page.items, page.next))
}

pub(super) fn list_of_member(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["MemberId", "MaxResults", "NextToken"])?;
    let user = input.member_id()?;
    users::find(context, user)?;
    let wanted = input.page(context, &format!("groups of {user}"))?;
    let memberships = context.state.directory.store.memberships_of(user, wanted.after());
    let page = page::page(&wanted.list, wanted.size, memberships, |known| known.group.as_str());
    Ok(list(context, &page.items, page.next))
}

fn list(context: &Context<'_>, items: &[&Membership], next: Option<String>) -> Map<String, Value> {
    let items = items.iter().map(|known| Value::Object(shape::membership(context, known))).collect();
    shape::list("GroupMemberships", items, next)
}

pub(super) fn is_member_in_groups(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["MemberId", "GroupIds"])?;
    let user = input.member_id()?;
    users::find(context, user)?;
    let groups = input.get("GroupIds").ok_or_else(|| missing("GroupIds"))?;
    let groups = groups.as_array().filter(|groups| (1..=100).contains(&groups.len()));
    let groups = groups.ok_or_else(|| Refusal::validation("GroupIds must be 1 to 100"))?;
    let mut results = Vec::new();
    for group in groups {
        let group = group.as_str().ok_or_else(|| Refusal::malformed("GroupIds has no strings"))?;
        let group = plain_id(group, "GroupIds")?;
        groups::find(context, group)?;
        let is_member = context.state.directory.store.membership_of(group, user).is_some();
        results.push(json!({
            "GroupId": group, "MemberId": { "UserId": user }, "MembershipExists": is_member,
        }));
    }
    Ok(shape::list("Results", results, None))
}
