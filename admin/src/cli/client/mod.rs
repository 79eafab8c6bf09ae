//! `kcaws admin client`: the SAML client in Keycloak.

mod apply;
mod changes;
mod plan;
mod plan_file;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use serde_json::json;

use super::events::{Event, Phase};
use super::{FileArg, metadata_file};
use crate::app::AdminApp;
use crate::ports::keycloak::Keycloak;
use crate::realm::client::{self, ClientPlan, DesiredClient, NameIdSource};
use crate::realm::service_provider::ServiceProvider;

const EXAMPLES: &str = "\
Examples:
  kcaws admin client plan --metadata aws-saml-metadata.xml
  kcaws admin client apply --metadata aws-saml-metadata.xml --name-id username";

/// Create or correct the SAML client of IAM Identity Center in Keycloak
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ClientArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
}

impl ClientArgs {
    pub(super) fn name(&self) -> &'static str {
        match &self.command {
            Command::Plan(_) => "client plan",
            Command::Apply(_) => "client apply",
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match &self.command {
            Command::Plan(args) => args.json,
            Command::Apply(args) => args.json,
        }
    }
}

pub(super) fn run(args: &ClientArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        Command::Plan(args) => plan::run(args, app, ui),
        Command::Apply(args) => apply::run(args, app, ui),
    }
}

/// Reads the client, and returns what has to change.
fn planned(
    keycloak: &dyn Keycloak,
    inputs: &ClientInputs,
    app: &AdminApp,
    ui: &Ui,
) -> Result<ClientPlan, CommandError> {
    let phase = Phase::start("read", "Reading the client …", app, ui);
    let plan = client::plan(keycloak, &inputs.client());
    drop(phase);
    let plan = plan?;
    Event::Planned.tell(&json!({ "changes": !plan.is_empty() }));
    Ok(plan)
}

/// What the client has to be.
#[derive(Args, Debug)]
struct DesiredArgs {
    #[command(flatten)]
    file: FileArg,
    /// SAML metadata of IAM Identity Center, downloaded from its console
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// What users are called in AWS: email, username or attribute:NAME
    #[arg(long, value_name = "SOURCE", default_value = "email")]
    name_id: NameIdSource,
    /// Start URL of the access portal, which Keycloak's account console links to
    #[arg(long, value_name = "URL")]
    portal: Option<String>,
}

/// What a plan was made for, and how it is made again.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct ClientInputs {
    provider: ServiceProvider,
    name_id: NameIdSource,
    portal: Option<String>,
}

impl ClientInputs {
    fn client(&self) -> DesiredClient {
        DesiredClient::new(&self.provider, &self.name_id, self.portal.as_deref())
    }
}

impl DesiredArgs {
    fn inputs(&self) -> Result<ClientInputs, CommandError> {
        let Some(path) = &self.metadata else {
            let message = "the SAML metadata of IAM Identity Center is missing";
            return Err(CommandError::new(Exit::Usage, ErrorCode::Usage, message)
                .hint("download it from the console and add --metadata FILE"));
        };
        if let Some(portal) = self.portal.as_deref().filter(|portal| !portal.starts_with("https://")) {
            let message = format!("`{portal}` is not an https URL");
            return Err(CommandError::new(Exit::Usage, ErrorCode::BadStartUrl, message)
                .hint("use the AWS access portal URL of the console's Settings page"));
        }
        let provider = ServiceProvider::parse(&metadata_file::read(path)?)
            .map_err(|e| metadata_file::about(path, e.into()))?;
        Ok(ClientInputs { provider, name_id: self.name_id.clone(), portal: self.portal.clone() })
    }
}
