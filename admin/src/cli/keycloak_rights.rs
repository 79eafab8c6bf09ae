//! `kcaws admin policy keycloak`: the roles that the service account needs.

use clap::Args;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use crate::ports::keycloak::Right;
use crate::realm::rights::{RealmTask, least};

const EXAMPLES: &str = "\
Examples:
  kcaws admin policy keycloak
  kcaws admin policy keycloak --read-only --json";

/// Print the roles of the client realm-management that the service account needs
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct KeycloakRightsArgs {
    /// Only what `check`, `source --watch` and every `plan` need
    #[arg(long)]
    read_only: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    client_id: &'static str,
    roles: Vec<RoleReport>,
}

#[derive(Serialize)]
struct RoleReport {
    role: &'static str,
    commands: Vec<&'static str>,
}

pub(super) fn run(args: &KeycloakRightsArgs, ui: &mut Ui) {
    let roles = roles(args.read_only);
    if args.json {
        ui.json(&Report { schema: 1, client_id: "realm-management", roles });
        return;
    }
    let row = |role: &RoleReport| vec![role.role.to_owned(), role.commands.join(", ")];
    ui.table(&["ROLE", "NEEDED BY"], &roles.iter().map(row).collect::<Vec<_>>());
    ui.say("In Keycloak: Clients, the service account's client, Service accounts roles, Assign role, realm-management.");
}

fn roles(read_only: bool) -> Vec<RoleReport> {
    let tasks: Vec<RealmTask> =
        RealmTask::ALL.into_iter().filter(|task| !read_only || !task.writes()).collect();
    let needs = |task: RealmTask, right: Right| {
        task.needs().iter().any(|needed| *needed == right || right.implied().contains(needed))
    };
    let role = |right: Right| RoleReport {
        role: right.as_str(),
        commands: tasks.iter().filter(|task| needs(**task, right)).map(|task| command(*task)).collect(),
    };
    least(tasks.iter().copied()).into_iter().map(role).collect()
}

fn command(task: RealmTask) -> &'static str {
    match task {
        RealmTask::Sync => "sync",
        RealmTask::Check => "check",
        RealmTask::ClientPlan => "client plan",
        RealmTask::ClientApply => "client apply",
        RealmTask::Watch => "source --watch",
        RealmTask::WatchRecording => "source --watch --record",
        RealmTask::Offboard => "offboard --apply",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_the_commands_that_need_it() {
        let of = |read_only: bool| -> Vec<(&'static str, String)> {
            roles(read_only).into_iter().map(|role| (role.role, role.commands.join(" "))).collect()
        };
        assert!(of(true).iter().all(|(role, _)| role.starts_with("view-")), "{:?}", of(true));
        assert!(of(true).contains(&("view-events", "source --watch".to_owned())));
        let all = of(false);
        assert!(all.contains(&("manage-clients", "check client plan client apply".to_owned())), "{all:?}");
        assert!(all.iter().all(|(role, _)| *role != "view-clients"), "{all:?}");
    }
}
