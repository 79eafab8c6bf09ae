//! `kcaws admin check`: the whole chain from the realm to Identity Center; changes nothing.
//!
//! A check is a function over the [`Context`]; [`CHECKS`] lists all of them in the order in which problems should be
//! fixed. A new check is a function and a line.

mod account_access;
mod aws;
mod clocks;
mod context;
mod name_id;
mod realm;

use std::path::PathBuf;

use clap::Args;
use kcaws::cli::doctor::finding::{Finding, State};
use kcaws::cli::error::{CommandError, ErrorCode, Exit, Situation};
use kcaws::cli::ui::Ui;
use serde::Serialize;
use serde_json::json;

use self::context::Context;
use super::FileArg;
use super::events::{Event, Phase};
use crate::app::AdminApp;

const EXAMPLES: &str = "\
Examples:
  kcaws admin check
  kcaws admin check --metadata aws.xml --json
  kcaws admin check --user alice@example.com";

/// Check the whole chain from the realm to Identity Center; changes nothing
///
/// Checks the realm, the rights of the service account, the SAML client, the signing certificates, the AWS credentials,
/// the instance, the clocks, the SCIM token, and that what the realm sends as a user's name is the user name in Identity
/// Center. The exit code is 1 if there is an error.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    file: FileArg,
    /// AWS's service provider metadata, to compare the SAML client with it
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// Prove the name of this user, by user name or e-mail address
    #[arg(long)]
    user: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

struct Check {
    /// Stable name, by which programs identify the check.
    name: &'static str,
    look: fn(&Context<'_>) -> Vec<Finding>,
}

const CHECKS: &[Check] = &[
    Check { name: "realm", look: realm::reached },
    Check { name: "rights", look: realm::rights },
    Check { name: "sessions", look: realm::sessions },
    Check { name: "saml_client", look: realm::client },
    Check { name: "idp_metadata", look: realm::metadata },
    Check { name: "name_id", look: name_id::name_id },
    Check { name: "aws_credentials", look: aws::credentials },
    Check { name: "instance", look: aws::instance },
    Check { name: "account", look: aws::account },
    Check { name: "account_access", look: account_access::account_access },
    Check { name: "clocks", look: clocks::clocks },
    Check { name: "scim", look: aws::scim },
    Check { name: "start_url", look: aws::start_url },
];

#[derive(Serialize)]
struct Report {
    schema: u32,
    checks: Vec<Finding>,
}

pub(super) fn run(args: &CheckArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let context = Context::new(app, &file, args, ui.prompting())?;
    let phase = Phase::start("check", "Checking …", app, ui);
    let mut checks = Vec::new();
    for (done, check) in CHECKS.iter().enumerate() {
        phase.progress(format!("Checking {} …", check.name), done, Some(CHECKS.len()), Some(check.name));
        let found = (check.look)(&context);
        checks.extend(found.into_iter().map(|finding| Finding { name: check.name, ..finding }));
    }
    drop(phase);
    checks.iter().for_each(report);
    let count = |state| checks.iter().filter(|finding| finding.state == state).count();
    let (errors, warnings) = (count(State::Error), count(State::Warning));
    if args.json {
        ui.json(&Report { schema: 1, checks });
    } else {
        for finding in &checks {
            finding.print(ui);
        }
        ui.say(&format!("{} checks: {errors} errors, {warnings} warnings", checks.len()));
    }
    if errors == 0 {
        return Ok(());
    }
    let plural = if errors == 1 { "error" } else { "errors" };
    Err(CommandError::new(Exit::Failed, ErrorCode::Unhealthy, format!("{errors} {plural} found"))
        .hint("fix them from the top: later ones often follow from earlier ones"))
}

/// Reports what is wrong, for `--log json`.
fn report(finding: &Finding) {
    if finding.state == State::Warning || finding.state == State::Error {
        Event::Finding.warn(&json!({
            "check": finding.name, "state": finding.state, "subject": finding.subject, "why": finding.reason,
            "fix": finding.fix,
        }));
    }
}

/// Why something could not be looked at. Several checks may depend on it.
#[derive(Clone)]
struct Failure {
    reason: String,
    fix: String,
}

impl<E: Into<CommandError>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let reason = error.with_cause();
        let fix = error.hint_in(Situation::default()).unwrap_or_else(|| "run with -v for details".to_owned());
        Self { reason, fix }
    }
}

impl Failure {
    fn finding(&self, subject: &str) -> Finding {
        Finding::error(subject, &self.reason, &self.fix)
    }
}

/// Returns the finding that an error is.
fn failed(subject: &str, error: impl Into<CommandError>) -> Finding {
    Failure::from(error).finding(subject)
}
