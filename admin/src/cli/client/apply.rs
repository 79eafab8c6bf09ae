//! `kcaws admin client apply`: creates or corrects the client.

use std::path::PathBuf;

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;

use super::plan_file::PlanFile;
use super::{ClientWish, DesiredArgs, changes};
use crate::app::AdminApp;
use crate::ports::keycloak::Keycloak;
use crate::realm::client::{self, ClientPlan};

const EXAMPLES: &str = "\
Examples:
  kcaws admin client apply --metadata aws-saml-metadata.xml
  kcaws admin client apply plan.json --yes";

/// Create or correct the SAML client, after showing the changes
///
/// Only what IAM Identity Center depends on is changed; the name, flows and other mappers stay. Can be run again.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ApplyArgs {
    /// Plan of `client plan --out`; refused if it is older than an hour or no longer fits
    #[arg(conflicts_with_all = ["metadata", "portal"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    desired: DesiredArgs,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &ApplyArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.desired.file.file.as_deref())?;
    let saved = args.plan.as_deref().map(PlanFile::read).transpose()?;
    let wish = match &saved {
        Some(saved) => saved.wish_for(&file.realm.url(), app.clock.now())?,
        None => args.desired.wish()?,
    };
    let keycloak = app.keycloak(&file.realm, ui.prompting())?;
    let plan = client::plan(&keycloak, &wish.client())?;
    if let Some(saved) = &saved {
        saved.check(&plan)?;
    }
    apply(args, &wish, &plan, &keycloak, ui)
}

fn apply(
    args: &ApplyArgs,
    wish: &ClientWish,
    plan: &ClientPlan,
    keycloak: &dyn Keycloak,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    if !args.json {
        changes::show(plan, ui);
    }
    if plan.is_empty() {
        if args.json {
            ui.json(&changes::report(plan, changes::Outcome::Applied));
        }
        return Ok(());
    }
    if args.json && !args.yes {
        let message = "with --json nothing is asked";
        return Err(CommandError::new(Exit::Usage, ErrorCode::InputNeeded, message).hint("add --yes"));
    }
    if !args.yes && !ui.confirm("Apply these changes?", "--yes")? {
        ui.say("Nothing was changed.");
        return Ok(());
    }
    let made = client::apply(keycloak, &wish.client(), plan)?;
    if args.json {
        let made = ClientPlan { changes: made, ..plan.clone() };
        ui.json(&changes::report(&made, changes::Outcome::Applied));
    } else {
        ui.say(&format!("Done: {}.", changes::count(made.len())));
    }
    Ok(())
}
