//! `kcaws admin client plan`: what would be changed.

use std::path::PathBuf;

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;

use super::plan_file::PlanFile;
use super::{DesiredArgs, changes, planned};
use crate::app::AdminApp;

const EXAMPLES: &str = "\
Examples:
  kcaws admin client plan --metadata aws-saml-metadata.xml
  kcaws admin client plan --metadata aws-saml-metadata.xml --out plan.json";

/// Show what `client apply` would change; nothing is written
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    desired: DesiredArgs,
    /// Save the plan for `client apply PLAN`
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    /// Exit with 7 if there are changes
    #[arg(long)]
    exit_code: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &PlanArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let inputs = args.desired.inputs()?;
    let file = app.access_file(args.desired.file.file.as_deref())?;
    let keycloak = app.keycloak(&file.realm, ui.prompting())?;
    let plan = planned(&keycloak, &inputs, app, ui)?;
    let is_empty = plan.is_empty();
    if args.json {
        ui.json(&changes::report(&plan, changes::Outcome::Planned));
    } else {
        changes::show(&plan, ui);
    }
    if let Some(path) = &args.out {
        PlanFile::new(file.realm.url(), inputs, plan, app.clock.now()).write(path)?;
        ui.say(&format!("Saved; `kcaws admin client apply {}` within an hour.", path.display()));
    }
    if args.exit_code && !is_empty { Err(CommandError::changes()) } else { Ok(()) }
}
