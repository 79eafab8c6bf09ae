//! A plan as lines for people.

use std::collections::{HashMap, HashSet};

use super::plan::{
    Blocked, Departure, GroupChange, GroupTarget, KeptBecause, MemberChange, Note, ObjectKind, Plan, Refusal,
    RemovalKind, UserChange, UserUpdate,
};
use crate::only::left_out;

/// What a line is about; its sign is clear without color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Added,
    Changed,
    Removed,
    Noted,
    Failed,
}

impl Sign {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Changed => "~",
            Self::Removed => "-",
            Self::Noted => "i",
            Self::Failed => "!",
        }
    }
}

/// One line of a plan. Names in it are as they came: the caller makes them printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) sign: Sign,
    pub(crate) text: String,
}

/// Members of one group that are named before the rest is only counted.
const NAMED_MEMBERS: usize = 5;

/// Returns everything that the plan changes, in its order, and what it leaves alone.
pub(crate) fn lines(plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut push = |sign, text| lines.push(Line { sign, text });
    for leaver in &plan.deactivations {
        push(Sign::Removed, format!("user {}: inactive, {}", leaver.user.name, reason(leaver.departure)));
    }
    for change in &plan.users {
        match change {
            UserChange::Create { record, .. } => push(Sign::Added, format!("user {}", record.user_name())),
            UserChange::GiveWay(update) => {
                push(Sign::Changed, format!("{}, until the new one is free", updated(update)));
            }
            UserChange::Update(update) => push(Sign::Changed, updated(update)),
        }
    }
    for change in &plan.groups {
        match change {
            GroupChange::Create { name, path, members, .. } => {
                push(Sign::Added, format!("group {name} ({path}, {})", counted(members.len(), "member")));
            }
            GroupChange::GiveWay { group, name } => {
                push(Sign::Changed, format!("group {}: now {name}, until the new one is free", group.name));
            }
            GroupChange::Update { group, name, adoption } => {
                let taken = if adoption.is_some() { ": adopted" } else { "" };
                let renamed = if group.name == *name { String::new() } else { format!(": now {name}") };
                push(Sign::Changed, format!("group {}{taken}{renamed}", group.name));
            }
        }
    }
    let former = former_names(&plan.groups);
    plan.additions.iter().for_each(|change| push(Sign::Added, members(change, "to", &former)));
    plan.removals.iter().for_each(|change| push(Sign::Removed, members(change, "from", &former)));
    for leaver in &plan.deletions {
        let since = leaver.inactive_since.format("%Y-%m-%d");
        push(Sign::Removed, format!("user {}: deleted, inactive since {since}", leaver.user.name));
    }
    plan.notes.iter().for_each(|note| push(Sign::Noted, noted(note)));
    plan.blocked.iter().for_each(|blocked| push(Sign::Failed, blocked_text(blocked)));
    plan.refusals.iter().for_each(|refusal| push(Sign::Failed, refused(refusal)));
    lines
}

/// Returns the plan in one line: what changes and what it costs.
pub(crate) fn summary(plan: &Plan) -> String {
    let left_out = left_out(plan.left_out);
    if !plan.has_changes() {
        return format!("no changes{left_out}");
    }
    let time = plan.cost.seconds.ceil();
    let (writes, reads) = (counted(plan.cost.writes, "write"), counted(plan.cost.reads, "read"));
    format!("{}; {writes} and {reads}, about {time} s{left_out}", counts(plan))
}

/// Returns how much of what changes.
pub(crate) fn counts(plan: &Plan) -> String {
    let created = plan.users.iter().filter(|change| matches!(change, UserChange::Create { .. })).count();
    let changed = plan.users.iter().filter(|change| matches!(change, UserChange::Update(_))).count();
    let new_groups = plan.groups.iter().filter(|change| matches!(change, GroupChange::Create { .. })).count();
    let changed_groups =
        plan.groups.iter().filter(|change| matches!(change, GroupChange::Update { .. })).count();
    let sum = |changes: &[MemberChange]| changes.iter().map(|change| change.members.len()).sum::<usize>();
    let first: usize = plan
        .groups
        .iter()
        .map(|change| match change {
            GroupChange::Create { members, .. } => members.len(),
            GroupChange::GiveWay { .. } | GroupChange::Update { .. } => 0,
        })
        .sum();
    format!(
        "users: {created} new, {changed} changed, {} leaving; groups: {new_groups} new, {changed_groups} changed; members: {} joining, {} \
         leaving",
        plan.deactivations.len() + plan.deletions.len(),
        sum(&plan.additions) + first,
        sum(&plan.removals),
    )
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn reason(departure: Departure) -> &'static str {
    match departure {
        Departure::Unconfirmed => "not confirmed",
        Departure::Deleted => "deleted in the realm",
        Departure::Disabled => "disabled in the realm",
        Departure::OutOfScope => "in no selected group any more",
    }
}

fn updated(update: &UserUpdate) -> String {
    let mut parts = Vec::new();
    if update.adoption.is_some() {
        parts.push("adopted".to_owned());
    }
    if update.activate {
        parts.push("active again".to_owned());
    }
    for value in &update.values {
        let shown =
            |value: &Option<String>| value.as_ref().map_or("none".to_owned(), |value| format!("`{value}`"));
        parts.push(format!("{} {} → {}", value.attribute.title(), shown(&value.from), shown(&value.to)));
    }
    format!("user {}: {}", update.user.name, parts.join(", "))
}

/// Returns the former names of groups, by ID in Identity Center, where a name goes from one group to another: without
/// them, two groups would be shown by one name.
fn former_names(changes: &[GroupChange]) -> HashMap<&str, &str> {
    let (mut renamed, mut new) = (HashMap::<&str, (&str, &str)>::new(), HashSet::<&str>::new());
    for change in changes {
        match change {
            GroupChange::Create { name, .. } => drop(new.insert(name)),
            GroupChange::GiveWay { group, name } | GroupChange::Update { group, name, .. } => {
                renamed.entry(&group.id).or_insert((&group.name, name)).1 = name;
            }
        }
    }
    new.extend(renamed.values().map(|(_, name)| *name));
    let old: HashSet<&str> = renamed.values().map(|(old, _)| *old).collect();
    let is_passed_on = |(before, after): (&str, &str)| new.contains(before) || old.contains(after);
    let passed_on = renamed.into_iter().filter(|(_, (old, name))| old != name && is_passed_on((old, name)));
    passed_on.map(|(id, (old, _))| (id, old)).collect()
}

/// Returns a group as it is shown among its members.
fn shown_group(group: &GroupTarget, former: &HashMap<&str, &str>) -> String {
    match group.id.as_deref().and_then(|id| former.get(id)) {
        Some(former) => format!("{} (formerly {former})", group.name),
        None => group.name.clone(),
    }
}

fn members(change: &MemberChange, direction: &str, former: &HashMap<&str, &str>) -> String {
    let names: Vec<&str> =
        change.members.iter().take(NAMED_MEMBERS).map(|member| member.user_name.as_str()).collect();
    let more = change.members.len() - names.len();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let noun = counted(change.members.len(), "member");
    format!("{noun} {direction} {}: {}{more}", shown_group(&change.group, former), names.join(", "))
}

fn noted(note: &Note) -> String {
    match note {
        Note::Protected(object) => {
            format!("{} {}: protected, left as it is", object.kind.title(), object.name)
        }
        Note::GroupKept { name } => {
            format!("group {name}: not in scope any more; kept without members, for its assignments")
        }
        Note::ForeignMembers { group, count } => {
            format!("group {group}: {} not from the realm, left as they are", counted(*count, "member"))
        }
        Note::Caller { user } => format!("user {user}: runs this sync, and keeps access"),
        Note::GivesUp { kind, name, taker } => {
            let (has_left, what) = match kind {
                ObjectKind::User => ("has left", "name or address"),
                ObjectKind::Group => ("not in scope any more", "name"),
            };
            let kind = kind.title();
            let taker = taker.clone().unwrap_or_else(|| format!("a new {kind}"));
            format!("{kind} {name}: {has_left}; gives up its {what} to {taker}")
        }
    }
}

/// Returns why a record is not written.
pub(crate) fn blocked_text(blocked: &Blocked) -> String {
    match blocked {
        Blocked::BadValues { user, faults, .. } => {
            let faults: Vec<String> =
                faults.iter().map(|bad| format!("{} {}", bad.attribute.title(), bad.fault)).collect();
            format!("user {user}: {}", faults.join("; "))
        }
        Blocked::BadGroupName { path, fault, .. } => format!("group {path}: name {fault}"),
        Blocked::BadId { kind, name, fault, .. } => format!("{} {name}: {fault}", kind.title()),
        Blocked::NameOfDeparted { kind: ObjectKind::User, name, .. } => {
            format!("user {name}: the name is that of one who left; --adopt hands it over")
        }
        Blocked::NameOfDeparted { kind: ObjectKind::Group, name, .. } => format!(
            "group {name}: the name is that of one that was deleted; --adopt hands it over, and until then its members leave no group"
        ),
        Blocked::ValueKept { kind, name, attribute, value, holder, because, .. } => {
            let (kind, what) = match kind {
                ObjectKind::User => (kind.title(), attribute.title()),
                ObjectKind::Group => (kind.title(), "name"),
            };
            format!("{kind} {name}: {what} {value} is that of {holder}, {}", kept(*because))
        }
    }
}

fn kept(because: KeptBecause) -> &'static str {
    match because {
        KeptBecause::StillInRealm => "which is not in scope any more, but still has it in the realm",
        KeptBecause::Blocked => "which cannot be changed: see there",
        KeptBecause::Protected => "which is protected",
        KeptBecause::Caller => "which runs this sync",
    }
}

/// Returns why a plan is refused.
pub(crate) fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::EmptyScope { active } => {
            format!("nobody is in scope, but {} would become inactive", counted(*active, "user"))
        }
        Refusal::HalvedScope { active, in_scope } => {
            format!("only {in_scope} of {} are still in scope", counted(*active, "active user"))
        }
        Refusal::OtherRealm { realm, objects, example } => {
            let objects = counted(*objects, "object");
            format!("{objects} belong to another realm ({realm}), such as {example}")
        }
        Refusal::ForeignObject { kind, name, id, .. } => {
            format!("{} {name}: {id} has the name and is not from this realm", kind.title())
        }
        Refusal::ForeignEmail { user, email, id } => {
            format!("user {user}: {id} has the address {email} and is not from this realm")
        }
        Refusal::DiffersInCase { kind, name, existing } => {
            let kind = kind.title();
            format!(
                "{kind} {name}: there is {existing}, which differs only in case and is not from this realm"
            )
        }
        Refusal::TooManyRemovals { kind, planned, allowed } => {
            let what = match kind {
                RemovalKind::Users => "users would become inactive",
                RemovalKind::Members => "memberships would be removed",
                RemovalKind::Groups => "groups would lose all members",
                RemovalKind::Deletions => "users would be deleted",
                RemovalKind::All => "removals are planned",
            };
            format!("{planned} {what}, at most {allowed} are allowed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_noun() {
        assert_eq!(
            (counted(1, "member"), counted(2, "member")),
            ("1 member".to_owned(), "2 members".to_owned())
        );
    }
}
