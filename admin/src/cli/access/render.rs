//! A plan for people.

use kcaws::cli::ui::{Colour, Ui};

use super::entitlements;
use crate::access::plan::{AccessPlan, Blocker, SetChange, SetChangeKind};
use crate::only::left_out;

pub(super) fn plan(plan: &AccessPlan, ui: &mut Ui) {
    changes(plan, "not in Identity Center yet, run `kcaws admin sync apply`", ui);
    ui.data(&summary(plan));
}

/// Prints the plan without its summary. `waits` says what is the matter with a group that is waited for.
pub(in crate::cli) fn changes(plan: &AccessPlan, waits: &str, ui: &mut Ui) {
    plan.permission_sets.iter().for_each(|change| set(change, ui));
    for change in &plan.additions {
        ui.marked("+", Colour::Green, &change.to_string());
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
        ui.marked("-", Colour::Red, &format!("{change}{role}"));
    }
    for change in &plan.waiting {
        ui.marked("!", Colour::Yellow, &format!("{change}: {waits}"));
    }
    for change in &plan.unlisted {
        ui.marked("?", Colour::Yellow, &format!("{change}: not in the access file, stays"));
    }
    for name in &plan.unlisted_sets {
        let line = format!("permission set {name}: not in the access file any more, stays");
        ui.marked("?", Colour::Yellow, &line);
    }
    entitlements::changes(&plan.entitlements, waits, ui);
    notes(plan, ui);
    entitlements::notes(&plan.entitlements, ui);
    for blocker in &plan.blockers {
        ui.marked("!", Colour::Red, &refusal(blocker));
    }
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
    let left_out = left_out(plan.left_out);
    if plan.is_empty() {
        return format!("no changes ({} requests){left_out}", plan.cost.requests_read);
    }
    let cost = &plan.cost;
    format!(
        "{}; about {} requests and {} s to apply{left_out}",
        counts(plan),
        cost.requests_to_apply,
        cost.seconds_to_apply
    )
}

/// Returns how much of what changes.
pub(in crate::cli) fn counts(plan: &AccessPlan) -> String {
    let parts = [
        (plan.permission_sets.len(), "permission set", "permission sets"),
        (plan.additions.len(), "assignment to add", "assignments to add"),
        (plan.provisioning.len(), "role to update", "roles to update"),
        (plan.removals.len(), "assignment to remove", "assignments to remove"),
        (plan.waiting.len(), "assignment waits for its group", "assignments wait for their groups"),
    ];
    let parts = parts.into_iter().filter(|(count, _, _)| *count > 0);
    let parts = parts.map(|(count, one, many)| counted(count, one, many));
    parts.chain(entitlements::summary(&plan.entitlements)).collect::<Vec<_>>().join(", ")
}

pub(in crate::cli) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
