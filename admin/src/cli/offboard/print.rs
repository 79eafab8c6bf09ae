//! The same for people.

use chrono::{DateTime, TimeDelta, Utc};
use kcaws::cli::ui::{Colour, Ui};

use super::deny_file::{DenyFile, DenyFileState};
use super::report::Report;
use crate::offboard::clocks::{Clocks, RoleSession};
use crate::offboard::{GroupStanding, Leftover, Ownership, Person, Side, Step, StepAction};

/// Prints what both sides have.
pub(super) fn person(person: &Person, ui: &mut Ui) {
    ui.data(&match &person.realm {
        Side::Absent => "Keycloak         no such user".to_owned(),
        Side::Unread { reason } => format!("Keycloak         not read: {reason}"),
        Side::Found(user) => {
            let email = user.email.as_deref().map(|email| format!(" <{email}>")).unwrap_or_default();
            let state = if user.enabled { "enabled" } else { "disabled" };
            let sessions = user
                .sessions
                .map_or_else(|| "sessions unknown".to_owned(), |sessions| counted(sessions, "session"));
            format!("Keycloak         {}{email}: {state}, {sessions}", user.user_name)
        }
    });
    ui.data(&match &person.directory {
        Side::Absent => "Identity Center  no such user".to_owned(),
        Side::Unread { reason } => format!("Identity Center  not read: {reason}"),
        Side::Found(user) => {
            let state = if user.active { "active" } else { "inactive" };
            let groups = counted(user.groups.len(), "group");
            format!("Identity Center  {} ({}): {state}, {groups}", user.user_name, user.id)
        }
    });
    if person.realm.found().is_some_and(|user| user.federated) {
        ui.warn("the user comes from a user federation, which may enable them again: disable them there too");
    }
}

/// Prints what is to be done.
pub(super) fn steps(steps: &[Step], ui: &mut Ui) {
    for step in steps {
        ui.marked("-", Colour::Red, &described(step));
    }
}

/// Prints what was done, what is left, what still runs, and what to do about it.
pub(super) fn report(report: &Report<'_>, ui: &mut Ui) {
    for result in report.results.into_iter().flatten() {
        if let Some(why) = &result.error {
            ui.marked("!", Colour::Red, &format!("{}: {why}", described(&result.step)));
        }
    }
    for left in report.left {
        ui.marked("!", Colour::Red, &leftover(left));
    }
    kept(report.person, ui);
    if let Some(policy) = report.policy {
        ui.data(&deny_file(policy));
    }
    if report.steps.is_empty() && report.left.is_empty() {
        ui.data("nothing left to do");
    }
    match report.results {
        None if !report.steps.is_empty() => {
            ui.say("Nothing was written. Add --apply to do it.");
        }
        None | Some(_) => follow_up(report, ui),
    }
}

fn described(step: &Step) -> String {
    let name = &step.name;
    match step.action {
        StepAction::DisableInKeycloak => format!("disable {name} in Keycloak"),
        StepAction::EndSessions => format!("end the sessions of {name} in Keycloak"),
        StepAction::Deactivate => format!("set {name} inactive in Identity Center"),
        StepAction::LeaveGroup => format!("remove the user from the group {name} of Identity Center"),
    }
}

fn leftover(left: &Leftover) -> String {
    match left {
        Leftover::Keycloak { reason } => format!("Keycloak could not be read: {reason}"),
        Leftover::IdentityCenter { reason } => format!("Identity Center could not be read: {reason}"),
        Leftover::Groups { reason } => format!("the groups in Identity Center are unknown: {reason}"),
        Leftover::ForeignUser { id, user_name } => {
            format!("{user_name} ({id}) in Identity Center is not from this realm, and stays active")
        }
        Leftover::OtherPersonsUser { id, user_name } => {
            format!("{user_name} ({id}) in Identity Center belongs to another user of the realm")
        }
    }
}

/// Prints the groups that the user stays in.
fn kept(person: &Person, ui: &mut Ui) {
    let Some(user) = person.directory.found().filter(|user| user.owner == Ownership::Ours) else { return };
    for group in &user.groups {
        let why = match group.standing {
            GroupStanding::Ours => continue,
            GroupStanding::Foreign => "is not from this realm",
            GroupStanding::Protected => "is protected",
        };
        ui.marked("~", Colour::Yellow, &format!("the user stays in the group {}, which {why}", group.name));
    }
}

fn deny_file(policy: &DenyFile) -> String {
    let path = policy.path.display();
    match policy.state {
        DenyFileState::NoUser => format!("{path}: unchanged, there is no user id"),
        DenyFileState::AlreadyListed => format!("{path}: has the user already"),
        DenyFileState::ToBeAdded => format!("{path}: the user will be added"),
        DenyFileState::Added => format!("{path}: the user was added; put the policy into effect"),
    }
}

fn follow_up(report: &Report<'_>, ui: &mut Ui) {
    let Some(clocks) = report.clocks() else {
        ui.data("Nothing at AWS: Identity Center has no user. One that was deleted today may have role credentials for 12 h.");
        return;
    };
    print_clocks(&clocks, report.now, ui);
    if let Some(statement) = report.deny_statement()
        && clocks.role_credentials.is_none_or(|end| end > report.now)
    {
        ui.data("");
        ui.data("Only a deny ends role credentials earlier. In a service control policy (at most 5,120 characters, and");
        ui.data("without effect in the management account) or in the inline policy of the permission sets:");
        ui.json(&statement);
    }
    ui.data("");
    ui.data(&format!("End the portal session: {}", report.console_url()));
    ui.data("  the user, Active sessions: select all, End sessions");
    ui.data("Check when these times are past:");
    ui.data(&format!("  `kcaws admin offboard {}` reports nothing left to do", report.user));
    ui.data("  CloudTrail has no later event of the user; then the user can leave the deny policy");
    ui.data("  access keys of IAM users and other ways in, which kcaws does not see");
}

fn print_clocks(clocks: &Clocks, now: DateTime<Utc>, ui: &mut Ui) {
    let hours = hours(clocks.role_session.length());
    let note = match clocks.role_session {
        RoleSession::PermissionSets { .. } => format!(" at the latest: {hours}, the longest of their sets"),
        RoleSession::Maximum { .. } => {
            format!(" at the latest: {hours} is AWS's limit, their sets are unknown")
        }
    };
    for (what, end, note) in [
        ("Keycloak", clocks.keycloak, ""),
        ("portal, tokens", clocks.portal, ""),
        ("applications", clocks.applications, ""),
        ("role credentials", clocks.role_credentials, note.as_str()),
    ] {
        ui.data(&match end {
            None => format!("{what:<16} can be renewed"),
            Some(end) if end <= now => format!("{what:<16} ended"),
            Some(end) => format!("{what:<16} until {}{note}", end.format("%Y-%m-%d %H:%M UTC")),
        });
    }
}

fn hours(length: TimeDelta) -> String {
    match (length.num_hours(), length.num_minutes() % 60) {
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
