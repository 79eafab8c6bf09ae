//! `kcaws admin token`: the SCIM token in the keyring.

use std::io::{IsTerminal as _, Read};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::ports::passphrase::typed_unseen;
use kcaws::secret::Secret;
use serde::Serialize;
use url::Url;

use super::FileArg;
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError, SecretKind, is_line};
use crate::identity_center::scim_token::{TokenAge, expires_at};
use crate::ports::scim::Scim;

const EXAMPLES: &str = "\
Examples:
  kcaws admin token set                        asks for it, without echo
  kcaws admin token set < token.txt
  kcaws admin token status
  kcaws admin token rotate";

/// Keep the SCIM token of Identity Center in the keyring, and see how old it is
///
/// The token is made in the console: Identity Center, Settings, Identity source, Actions, Manage provisioning. It is
/// valid for a year. Two may exist at a time, so that one can replace the other without a pause.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Store a token, after the endpoint has accepted it
    #[command(
        after_help = "Examples:\n  kcaws admin token set\n  kcaws admin token set --created 2026-03-01 < token.txt"
    )]
    Set(SetArgs),
    /// Show where the token is, and how long it still works
    #[command(after_help = "Example:\n  kcaws admin token status --json | jq .expires_at")]
    Status(StatusArgs),
    /// Replace the token by a second one, step by step
    #[command(after_help = "Example:\n  kcaws admin token rotate")]
    Rotate(SetArgs),
}

#[derive(Args, Debug)]
struct SetArgs {
    #[command(flatten)]
    file: FileArg,
    /// Day on which the token was made in the console [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    created: Option<NaiveDate>,
}

#[derive(Args, Debug)]
struct StatusArgs {
    #[command(flatten)]
    file: FileArg,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl TokenArgs {
    pub(super) fn name(&self) -> &'static str {
        match &self.command {
            TokenCommand::Set(_) => "token set",
            TokenCommand::Status(_) => "token status",
            TokenCommand::Rotate(_) => "token rotate",
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        matches!(&self.command, TokenCommand::Status(args) if args.json)
    }
}

pub(super) fn run(args: &TokenArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        TokenCommand::Set(args) => set(args, app, ui),
        TokenCommand::Status(args) => status(args, app, ui),
        TokenCommand::Rotate(args) => rotate(args, app, ui),
    }
}

fn set(args: &SetArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let endpoint = endpoint(&file)?;
    let token = given(ui)?;
    store(args, app, &endpoint, &token, ui)
}

fn rotate(args: &SetArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let endpoint = endpoint(&file)?;
    let secret = AdminApp::scim_token(&endpoint);
    let old = secret.read(app, ui.prompting()).map_err(AdminError::from)?;
    let region = &file.identity_center.region;
    ui.say(&format!(
        "1. Open https://{region}.console.aws.amazon.com/singlesignon/home?region={region}#/settings"
    ));
    ui.say("   Identity source, Actions, Manage provisioning, Generate token. The old one keeps working.");
    ui.say("2. Paste the new token here.");
    let new = given(ui)?;
    if new.expose() == old.expose() {
        return Err(
            usage("this is the token that is in use already").hint("generate a second one in the console")
        );
    }
    store(args, app, &endpoint, &new, ui)?;
    let number = match secret.file(app) {
        Some(path) => {
            ui.say(&format!("3. Write the new token into `{}`, which is what is used here.", path.display()));
            4
        }
        None => 3,
    };
    ui.say(&format!(
        "{number}. Delete the old token on the same page: from now on nothing uses it here. Other machines may."
    ));
    Ok(())
}

/// Proves the token, and stores it.
fn store(
    args: &SetArgs,
    app: &AdminApp,
    endpoint: &Url,
    token: &Secret<String>,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let now = app.clock.now();
    let created_at = created_at(args.created, now)?;
    let scim = app.scim_with(endpoint, token.clone())?;
    let spinner = ui.spinner("Asking the SCIM endpoint …");
    let answer = scim.check();
    spinner.finish_and_clear();
    answer.map_err(AdminError::from)?;
    let secret = AdminApp::scim_token(endpoint);
    let record = secret.keep(app, token, created_at, ui.prompting()).map_err(AdminError::from)?;
    let until = expires_at(created_at).format("%Y-%m-%d");
    ui.say(&format!(
        "The endpoint accepts the token. Stored in the {}; it works until {until}.",
        record.place.store
    ));
    if secret.file(app).is_some() {
        ui.warn(&format!("{} is set, and takes precedence", SecretKind::ScimToken.variable()));
    }
    Ok(())
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    scim_endpoint: String,
    /// The keyring, or null if a file of the environment is in force.
    store: Option<String>,
    file: Option<String>,
    created_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    accepted: bool,
}

fn status(args: &StatusArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let endpoint = endpoint(&file)?;
    let secret = AdminApp::scim_token(&endpoint);
    let token = secret.read(app, ui.prompting()).map_err(AdminError::from)?;
    let from_file = secret.file(app);
    let record = match from_file {
        Some(_) => None,
        None => secret.record(app).map_err(AdminError::from)?,
    };
    let scim = app.scim_with(&endpoint, token)?;
    let answer = scim.check().map_err(AdminError::from);
    let report = Report {
        schema: 1,
        scim_endpoint: endpoint.to_string(),
        store: record.as_ref().map(|record| record.place.store.to_string()),
        file: from_file.map(|path| path.display().to_string()),
        created_at: record.as_ref().map(|record| record.created_at),
        expires_at: record.as_ref().map(|record| expires_at(record.created_at)),
        accepted: answer.is_ok(),
    };
    if args.json {
        ui.json(&report);
    } else {
        print(&report, app.clock.now(), ui);
    }
    answer.map_err(CommandError::from)
}

fn print(report: &Report, now: DateTime<Utc>, ui: &mut Ui) {
    ui.data(&format!("endpoint  {}", report.scim_endpoint));
    let place = report.store.clone().or_else(|| report.file.clone()).unwrap_or_default();
    ui.data(&format!("stored    {place}"));
    if let (Some(created), Some(expires)) = (report.created_at, report.expires_at) {
        let days = (expires - now).num_days();
        let line = format!("until     {} ({days} days)", expires.format("%Y-%m-%d"));
        match TokenAge::at(now, created) {
            TokenAge::Young => ui.data(&line),
            TokenAge::Old => {
                ui.marked("warn ", Colour::Yellow, &format!("{line}: run `kcaws admin token rotate`"));
            }
            TokenAge::Expired => {
                ui.marked("error", Colour::Red, &format!("{line}: run `kcaws admin token rotate`"));
            }
        }
    }
    ui.data(if report.accepted { "accepted  yes" } else { "accepted  no" });
}

/// Returns the SCIM endpoint of an access file that must have one.
pub(super) fn endpoint(file: &AccessFile) -> Result<Url, CommandError> {
    file.identity_center.scim_endpoint.clone().ok_or_else(|| {
        CommandError::new(Exit::Configuration, ErrorCode::AccessFile, "the access file has no scim_endpoint")
            .hint("turn on automatic provisioning in the console, and add scim_endpoint to [identity_center]")
    })
}

/// Returns the secret that a person types, or the first line of stdin.
fn given(ui: &mut Ui) -> Result<Secret<String>, CommandError> {
    let text = if ui.is_interactive() {
        typed_unseen("SCIM token: ").map_err(|error| usage(error.to_string()).hint("pass it on stdin"))?
    } else if std::io::stdin().is_terminal() {
        return Err(usage("the SCIM token is not asked for with --no-input").hint("pass it on stdin"));
    } else {
        first_line_of_stdin()?
    };
    let trimmed = Secret::from(text.expose().trim());
    if !is_line(trimmed.expose()) {
        return Err(usage("that is not a token: one line of letters, digits and signs is expected")
            .hint("copy it from the console, where it is shown once, when it is made"));
    }
    Ok(trimmed)
}

fn first_line_of_stdin() -> Result<Secret<String>, CommandError> {
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    let read = std::io::stdin().lock().take(16 * 1024).read_to_end(&mut bytes);
    read.map_err(|error| usage("cannot read the token from stdin").because(error.to_string()))?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(std::str::from_utf8(line).unwrap_or_default().into())
}

fn created_at(day: Option<NaiveDate>, now: DateTime<Utc>) -> Result<DateTime<Utc>, CommandError> {
    let Some(day) = day else { return Ok(now) };
    let at = day.and_time(NaiveTime::MIN).and_utc();
    if at > now + TimeDelta::days(1) {
        return Err(
            usage(format!("{day} is in the future")).hint("--created is the day on which the token was made")
        );
    }
    Ok(at)
}

fn usage(message: impl Into<String>) -> CommandError {
    CommandError::new(Exit::Usage, ErrorCode::InputNeeded, message)
}
