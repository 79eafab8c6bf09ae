//! A plan for people.

use kcaws::cli::ui::{Colour, Ui};

use super::entitlements;
use crate::access::plan::{AccessPlan, AssignmentChange, Blocker, SetChange, SetChangeKind};

pub(super) fn plan(plan: &AccessPlan, ui: &mut Ui) {
    plan.permission_sets.iter().for_each(|change| set(change, ui));
    for change in &plan.additions {
        ui.marked("+", Colour::Green, &assignment(change));
    }
    for role in &plan.provisioning {
        let line = format!(
            "role of {} in {} ({}): brought up to date",
            role.permission_set, role.account_id, role.account_name
        );
        ui.marked("~", Colour::Yellow, &line);
    }
    for change in &plan.removals {
        let role = if change.removes_role { ", and the role with its ARN" } else { "" };
        ui.marked("-", Colour::Red, &format!("{}{role}", assignment(change)));
    }
    for change in &plan.waiting {
        let line =
            format!("{}: not in Identity Center yet, run `kcaws admin sync apply`", assignment(change));
        ui.marked("!", Colour::Yellow, &line);
    }
    for change in &plan.unlisted {
        ui.marked("?", Colour::Yellow, &format!("{}: not in the access file, stays", assignment(change)));
    }
    for name in &plan.unlisted_sets {
        let line = format!("permission set {name}: not in the access file any more, stays");
        ui.marked("?", Colour::Yellow, &line);
    }
    entitlements::changes(&plan.entitlements, ui);
    notes(plan, ui);
    entitlements::notes(&plan.entitlements, ui);
    for blocker in &plan.blockers {
        ui.marked("!", Colour::Red, &refusal(blocker));
    }
    ui.data(&summary(plan));
}

fn set(change: &SetChange, ui: &mut Ui) {
    let (sign, colour, verb) = match change.kind {
        SetChangeKind::Create => ("+", Colour::Green, "is created"),
        SetChangeKind::Update => ("~", Colour::Yellow, "is changed"),
        SetChangeKind::Adopt => ("~", Colour::Yellow, "is taken over"),
        SetChangeKind::Delete => ("-", Colour::Red, "is deleted"),
    };
    ui.marked(sign, colour, &format!("permission set {} {verb}", change.name));
    for line in &change.changes {
        ui.data(&format!("    {line}"));
    }
}

fn assignment(change: &AssignmentChange) -> String {
    let AssignmentChange { permission_set, account_id, account_name, principal, .. } = change;
    format!("{permission_set} in {account_id} ({account_name}): {principal}")
}

fn refusal(blocker: &Blocker) -> String {
    format!("{blocker}: {}", blocker.remedy())
}

fn notes(plan: &AccessPlan, ui: &mut Ui) {
    let notes = &plan.notes;
    for (selector, count) in &notes.selected {
        ui.say(&format!("{selector} selects {}", counted(*count, "account", "accounts")));
    }
    for (account, state) in &notes.unusable_accounts {
        ui.say(&format!("{account} is left out: {state}"));
    }
    for account in &notes.untouched_accounts {
        ui.say(&format!("{account} is not an active account of the organization: nothing is removed there"));
    }
    if notes.without_management_account {
        ui.say("The management account is left out: it is meant by its ID only.");
    }
    for (name, count) in &notes.many_policies {
        ui.warn(&format!("{name} has {count} policies: IAM takes 10 a role unless the quota was raised"));
    }
    for name in &notes.not_owned {
        ui.say(&format!("{name} is as the file says; kcaws does not own it (--adopt)"));
    }
    if notes.permission_sets_off {
        ui.say("Permission sets are switched off in this instance: only IAM roles are assigned.");
    }
    if notes.groups_only {
        ui.say("Assignments of single users and of deleted groups were not read (--deep).");
    }
}

/// Returns what the plan comes to, on one line.
fn summary(plan: &AccessPlan) -> String {
    if plan.is_empty() {
        return format!("no changes ({} requests)", plan.cost.requests_read);
    }
    let parts = [
        (plan.permission_sets.len(), "permission set", "permission sets"),
        (plan.additions.len(), "assignment to add", "assignments to add"),
        (plan.provisioning.len(), "role to update", "roles to update"),
        (plan.removals.len(), "assignment to remove", "assignments to remove"),
        (plan.waiting.len(), "assignment waits for a sync", "assignments wait for a sync"),
    ];
    let parts = parts.into_iter().filter(|(count, _, _)| *count > 0);
    let parts = parts.map(|(count, one, many)| counted(count, one, many));
    let parts: Vec<String> = parts.chain(entitlements::summary(&plan.entitlements)).collect();
    let cost = &plan.cost;
    format!(
        "{}; about {} requests and {} s to apply",
        parts.join(", "),
        cost.requests_to_apply,
        cost.seconds_to_apply
    )
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
