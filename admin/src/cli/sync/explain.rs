//! `kcaws admin sync explain`.

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::{pace, with_planner};
use crate::app::{AdminApp, AdminError};
use crate::cli::FileArg;
use crate::sync::explain::{ExplainedGroup, Explanation, Selection, Standing, explain};

/// Explain which groups a user gets in Identity Center, and why not others
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin sync explain alice@example.com\n  kcaws admin sync explain alice --json"
)]
pub(super) struct ExplainArgs {
    /// User name or e-mail address in Keycloak
    #[arg(value_name = "USER")]
    user: String,
    #[command(flatten)]
    file: FileArg,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    users: &'a [Explanation],
}

pub(super) fn run(args: &ExplainArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    with_planner(&file, app, pace(app)?, ui, |planner, ui| {
        let users = explain(planner, &args.user).map_err(AdminError::from)?;
        if users.is_empty() {
            let message = format!("there is no user `{}` in the realm {}", args.user, file.realm.name);
            return Err(CommandError::new(Exit::Failed, ErrorCode::NotFound, message)
                .hint("give the exact user name or e-mail address, as Keycloak shows it"));
        }
        if args.json {
            ui.json(&Report { schema: 1, users: &users });
        } else {
            for user in &users {
                print(user, ui);
            }
        }
        Ok(())
    })
}

fn print(user: &Explanation, ui: &mut Ui) {
    ui.data(&format!("user      {} ({})", user.user_name, user.subject));
    ui.data(&format!("standing  {}", standing(&user.standing)));
    ui.data(&match &user.directory_user {
        None => "in AWS    no user of kcaws".to_owned(),
        Some(found) => {
            let state = if found.active { "active" } else { "inactive" };
            format!("in AWS    {} ({}, {state})", found.user_name, found.id)
        }
    });
    if user.groups.is_empty() {
        ui.data("groups    none");
    }
    for group in &user.groups {
        ui.data(&format!("group     {}: {}", group.path, selection(group)));
        for target in &group.leads_to {
            let state = if target.is_member { "member" } else { "not a member yet: `kcaws admin sync plan`" };
            ui.data(&format!("          → {} ({state})", target.name));
        }
    }
}

fn standing(standing: &Standing) -> String {
    match standing {
        Standing::InScope => "in scope".to_owned(),
        Standing::Disabled => "disabled in Keycloak: no access".to_owned(),
        Standing::OutOfScope => "a member of no selected group: no access".to_owned(),
        Standing::Protected => "protected: left as it is".to_owned(),
        Standing::BadId { fault } => format!("cannot be written: {fault}"),
        Standing::NameOfDeparted => {
            "cannot be written: the user name is that of one who left; --adopt hands it over".to_owned()
        }
        Standing::ForeignName { id } => {
            format!("cannot be written: {id} has the user name and is not from this realm")
        }
        Standing::BadValues { faults } => {
            let faults: Vec<String> =
                faults.iter().map(|(attribute, fault)| format!("{} {fault}", attribute.title())).collect();
            format!("cannot be written: {}", faults.join("; "))
        }
    }
}

fn selection(group: &ExplainedGroup) -> &'static str {
    match (group.selection, group.leads_to.is_empty()) {
        (Selection::Selected, _) => "selected",
        (Selection::NotNamed, false) => "counts for the groups above",
        (Selection::Excluded, _) => "excluded by a pattern with `!`",
        (Selection::NotNamed, true) => "named by no pattern of [directory]",
    }
}
