//! Operations on groups.

use serde_json::{Map, Value};

use crate::directory::page;
use crate::directory::record::{Author, Group, GroupRecord};
use crate::directory::schema;

use super::input::Input;
use super::refusal::{Resource, not_found, valid};
use super::users::{AlternateId, RESERVED, filter, not_unique, operations};
use super::{Context, Outcome, shape};
use crate::aws_json::Refusal;

pub(super) fn create(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["DisplayName", "Description"])?;
    let record = GroupRecord {
        display_name: input.optional_text("DisplayName")?.ok_or_else(no_name)?.to_owned(),
        description: input.optional_text("Description")?.map(str::to_owned),
        external_id: None,
    };
    check(&record)?;
    let author = Author { name: context.caller, at: context.now };
    let id = context.state.directory.store.create_group(record, author)?;
    Ok(shape::group_head(context, find(context, id.as_str())?))
}

fn no_name() -> Refusal {
    Refusal::validation("displayName is a required attribute")
}

fn check(record: &GroupRecord) -> Result<(), Refusal> {
    let mut violations = schema::check_text("displayName", &record.display_name);
    if let Some(description) = &record.description {
        violations.extend(schema::check_text("description", description));
    }
    if RESERVED.contains(&record.display_name.as_str()) {
        return Err(Refusal::validation("The group name is reserved"));
    }
    valid(&violations)
}

pub(super) fn find<'a>(context: &'a Context<'_>, id: &str) -> Result<&'a Group, Refusal> {
    context.state.directory.store.group(id).ok_or_else(|| not_found(Resource::Group, id))
}

pub(super) fn describe(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["GroupId"])?;
    Ok(shape::group(context, find(context, input.id("GroupId")?)?))
}

pub(super) fn list(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["MaxResults", "NextToken", "Filters"])?;
    let wanted = input.page(context, "groups")?;
    let store = &context.state.directory.store;
    let (groups, next) = if let Some(name) = filter(input, "DisplayName")? {
        (store.group_named(name).into_iter().collect(), None)
    } else {
        let groups = store.groups(wanted.after());
        let page = page::page(&wanted.list, wanted.size, groups, |group| group.id.as_str());
        (page.items, page.next)
    };
    let groups: Vec<Value> =
        groups.into_iter().map(|group| Value::Object(shape::group(context, group))).collect();
    Ok(shape::list("Groups", groups, next))
}

pub(super) fn get_id(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["AlternateIdentifier"])?;
    let store = &context.state.directory.store;
    let group = match AlternateId::read(context, input)? {
        AlternateId::External(id) => store.group_with_external_id(&id),
        AlternateId::Attribute(path, value) if path == "displayName" => store.group_named(&value),
        AlternateId::Attribute(path, _) => return Err(not_unique(&path)),
        AlternateId::OtherIssuer => None,
    };
    let group = group.ok_or_else(|| not_found(Resource::Group, ""))?;
    let mut answer = shape::group_head(context, group);
    answer.remove("Revision");
    Ok(answer)
}

pub(super) fn update(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["GroupId", "Operations", "Revision"])?;
    let group = find(context, input.id("GroupId")?)?.clone();
    input.check_revision(group.stamps.revision)?;
    let mut record = group.record.clone();
    for (path, value) in operations(input)? {
        let value = value.map(|value| match value {
            Value::String(text) => Ok(text),
            _ => Err(Refusal::malformed(format!("{path} is not a string"))),
        });
        let value = value.transpose()?;
        match path.as_str() {
            "displayName" => record.display_name = value.ok_or_else(no_name)?,
            "description" => record.description = value,
            _ => return Err(Refusal::validation(format!("The attribute {path} cannot be updated"))),
        }
    }
    check(&record)?;
    let author = Author { name: context.caller, at: context.now };
    context.state.directory.store.replace_group(&group.id, record, author)?;
    Ok(shape::group_head(context, find(context, group.id.as_str())?))
}

pub(super) fn delete(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["GroupId", "Revision"])?;
    let group = find(context, input.id("GroupId")?)?;
    input.check_revision(group.stamps.revision)?;
    let id = group.id.clone();
    context.state.directory.delete_group(&id, context.sim.settings.directory.orphaned_assignments);
    Ok(Map::new())
}
