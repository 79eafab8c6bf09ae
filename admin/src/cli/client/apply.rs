//! `kcaws admin client apply`: creates or corrects the client.

use std::fs::File;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::plan_file::PlanFile;
use super::{ClientInputs, DesiredArgs, changes, planned};
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::cli::events::{Phase, Reported};
use crate::cli::planning::{audit_lines, declined};
use crate::ports::keycloak::Keycloak;
use crate::realm::client::{self, ClientAudit, ClientPlan, ClientWrite};
use crate::sync::apply::JsonLines;

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
    /// File to which every write is added as a line of JSON [default: the access file's name with .audit.jsonl]
    #[arg(long, value_name = "PATH")]
    audit: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &ApplyArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.desired.file.file.as_deref())?;
    let saved = args.plan.as_deref().map(PlanFile::read).transpose()?;
    let inputs = match &saved {
        Some(saved) => saved.inputs_for(&file.realm.url(), app.clock.now())?,
        None => args.desired.inputs()?,
    };
    let keycloak = app.keycloak(&file.realm, ui.prompting())?;
    let plan = planned(&keycloak, &inputs, app, ui)?;
    if let Some(saved) = &saved {
        saved.check(&plan)?;
    }
    apply(args, &inputs, &plan, (&keycloak, &file, app), ui)
}

fn apply(
    args: &ApplyArgs,
    inputs: &ClientInputs,
    plan: &ClientPlan,
    (keycloak, file, app): (&dyn Keycloak, &AccessFile, &AdminApp),
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
        return Err(declined(ui));
    }
    let path = args.audit.clone().unwrap_or_else(|| file.path.with_extension("audit.jsonl"));
    let actor = format!("{} {}", file.realm.url(), file.realm.client_id);
    let lines = ClientLines { lines: audit_lines(&path, &actor, app)?, actor, app };
    let phase = Phase::start("apply", "Applying …", app, ui);
    let made = client::apply(keycloak, &inputs.client(), plan, &Reported::new(lines, &phase, None));
    drop(phase);
    let made = made?;
    if args.json {
        let made = ClientPlan { changes: made, ..plan.clone() };
        ui.json(&changes::report(&made, changes::Outcome::Applied));
    } else {
        ui.say(&format!("Done: {}.", changes::count(made.len())));
    }
    Ok(())
}

/// The audit file.
struct ClientLines<'a> {
    lines: JsonLines<File>,
    /// The realm and the service account in it.
    actor: String,
    app: &'a AdminApp,
}

#[derive(Serialize)]
struct ClientLine<'a> {
    at: DateTime<Utc>,
    actor: &'a str,
    #[serde(flatten)]
    write: &'a ClientWrite<'a>,
}

impl ClientAudit for ClientLines<'_> {
    fn record(&self, write: &ClientWrite<'_>) -> std::io::Result<()> {
        self.lines.line(&ClientLine { at: self.app.clock.now(), actor: &self.actor, write })
    }
}
