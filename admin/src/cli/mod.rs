//! The administrator's command line: one file per command. Calls the core and prints.

mod access;
mod apply;
mod check;
mod client;
mod error;
mod events;
mod init;
#[cfg(test)]
mod json_document;
mod keycloak_rights;
mod lock;
mod logout;
mod metadata;
mod metadata_file;
mod offboard;
mod plan;
mod planning;
mod policy;
mod redirect;
mod rollout;
mod source;
mod sync;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use kcaws::cli::complete::{self, CompleteArgs};
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use kcaws::cli::{GLOBAL, Global, clap_errors, log};
use kcaws::platform::interrupt;
use kcaws::platform::terminal::Terminal;
use serde_json::json;

use self::events::{Event, seconds};
use crate::app::AdminApp;

/// Lines are at most 80 columns wide: clap would break longer ones without regard to the table.
const ENVIRONMENT: &str = "\
Environment:
  KCAWS_ADMIN_FILE              the access file [default: access.toml]
  KCAWS_KEYCLOAK_SECRET_FILE    a file with the service account's client secret;
                                /dev/fd/3 for a descriptor [default: keyring]
  KCAWS_SCIM_TOKEN_FILE         a file with the SCIM token [default: keyring]
  KCAWS_ADMIN_RATE              requests a second to AWS [default: 20]
  KCAWS_ADMIN_TIMEOUT           seconds that a response may take; lists of
                                Keycloak get more [default: 30, AWS 20]
  KCAWS_KEYRING                 where secrets are kept, as in `kcaws --help`
  AWS_PROFILE, AWS_ACCESS_KEY_ID and so on
                                AWS credentials, unless the access file names a
                                profile
  AWS_ENDPOINT_URL_SSO_ADMIN, AWS_ENDPOINT_URL_IDENTITYSTORE,
  AWS_ENDPOINT_URL_ORGANIZATIONS, AWS_ENDPOINT_URL_STS,
  AWS_ENDPOINT_URL_ACCOUNT_ACCESS, AWS_ENDPOINT_URL_IAM
                                other endpoints
  HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE, NO_COLOR
                                as in `kcaws --help`

Exit codes:
  0 done   1 failed   2 usage, or input needed   3 configuration
  4 a secret or AWS credentials are missing   5 keyring missing, locked or
  too slow   7 `plan --exit-code` found changes   8 refused for safety:
  nothing was written   129, 130, 143 hung up, interrupted, terminated";

/// Connect a Keycloak realm with IAM Identity Center, and keep users, groups and access in step
#[derive(Debug, Parser)]
#[command(name = "kcaws-admin", bin_name = "kcaws admin", version, after_help = ENVIRONMENT)]
#[command(max_term_width = 100, propagate_version = false)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    /// Form of what goes to stderr; with json, an object a line, nothing is asked
    #[arg(long, value_enum, value_name = "FORM", global = true, default_value_t, help_heading = GLOBAL)]
    log: LogForm,
    /// Print help (see a summary with -h)
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = GLOBAL)]
    help: Option<bool>,
    /// Print version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = GLOBAL)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum LogForm {
    // Explained values would make every help text long.
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Check(check::CheckArgs),
    Client(client::ClientArgs),
    Metadata(metadata::MetadataArgs),
    Source(source::SourceArgs),
    Token(token::TokenArgs),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Sync(sync::SyncArgs),
    Access(access::AccessArgs),
    Offboard(offboard::OffboardArgs),
    Policy(policy::PolicyArgs),
    Logout(logout::LogoutArgs),
    Redirect(redirect::RedirectArgs),
    #[command(name = "__complete", hide = true)]
    Complete(CompleteArgs),
}

/// The access file of every command that reads it.
#[derive(Args, Debug)]
struct FileArg {
    /// Access file [default: $KCAWS_ADMIN_FILE, then access.toml]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Check(_) => "check",
            Self::Client(args) => args.name(),
            Self::Metadata(_) => "metadata",
            Self::Source(_) => "source",
            Self::Token(args) => args.name(),
            Self::Plan(_) => "plan",
            Self::Apply(_) => "apply",
            Self::Sync(args) => args.name(),
            Self::Access(args) => args.name(),
            Self::Offboard(_) => "offboard",
            Self::Policy(args) => args.name(),
            Self::Logout(_) => "logout",
            Self::Redirect(_) => "redirect",
            Self::Complete(_) => "__complete",
        }
    }

    fn wants_json(&self) -> bool {
        match self {
            Self::Check(args) => args.json,
            Self::Client(args) => args.wants_json(),
            Self::Metadata(args) => args.json,
            Self::Source(args) => args.json,
            Self::Token(args) => args.wants_json(),
            Self::Redirect(args) => args.json,
            Self::Plan(args) => args.common.json,
            Self::Apply(args) => args.common.json,
            Self::Sync(args) => args.wants_json(),
            Self::Access(args) => args.wants_json(),
            Self::Offboard(args) => args.json,
            Self::Policy(args) => args.wants_json(),
            Self::Init(_) | Self::Logout(_) | Self::Complete(_) => false,
        }
    }

    fn run(&self, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
        interrupt::listen();
        match self {
            Self::Init(args) => init::run(args, app, ui),
            Self::Check(args) => check::run(args, app, ui),
            Self::Client(args) => client::run(args, app, ui),
            Self::Metadata(args) => metadata::run(args, app, ui),
            Self::Source(args) => source::run(args, app, ui),
            Self::Token(args) => token::run(args, app, ui),
            Self::Plan(args) => plan::run(args, app, ui),
            Self::Apply(args) => apply::run(args, app, ui),
            Self::Sync(args) => sync::run(args, app, ui),
            Self::Access(args) => access::run(args, app, ui),
            Self::Offboard(args) => offboard::run(args, app, ui),
            Self::Policy(args) => {
                policy::run(args, ui);
                Ok(())
            }
            Self::Logout(args) => logout::run(args, app, ui),
            Self::Redirect(args) => redirect::run(args, app, ui),
            Self::Complete(args) => {
                complete::run(args, Cli::command(), app, ui);
                Ok(())
            }
        }
    }
}

/// Parses the command line, runs the command and returns its exit code.
pub(crate) fn main(app: &AdminApp, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    interrupt::survive_file_limits();
    let args: Vec<OsString> = args.into_iter().collect();
    let began = app.clock.elapsed();
    let parsed = Cli::try_parse_from(&args);
    match &parsed {
        Ok(cli) if cli.log == LogForm::Json => {
            log::json::start(app.clock.clone(), cli.global.quiet, cli.global.verbose > 0);
        }
        Ok(cli) if cli.global.verbose > 0 => log::show(),
        Err(error) if error.exit_code() != 0 && asks_for_json_log(&args) => {
            log::json::start(app.clock.clone(), false, false);
        }
        Ok(_) | Err(_) => {}
    }
    let command = parsed.as_ref().ok().map(|cli| cli.command.name());
    Event::Started.tell(&json!({ "command": command, "version": env!("CARGO_PKG_VERSION") }));
    let code = match parsed {
        Ok(cli) => cli.run(app),
        Err(error) => clap_errors::tell(&error, &args, &Cli::command(), || None),
    };
    let took = seconds(app.clock.elapsed().saturating_sub(began));
    Event::Finished.tell(&json!({ "exit_code": code, "seconds": took }));
    ExitCode::from(code)
}

impl Cli {
    /// Runs the command and returns its exit code.
    fn run(&self, app: &AdminApp) -> u8 {
        let mut ui = Ui::new(Terminal::of_this_process(!self.global.no_color), &self.global);
        match self.command.run(app, &mut ui).and_then(|()| ui.finish()) {
            Ok(()) => 0,
            Err(error) => {
                ui.error(&error, self.command.wants_json());
                error.exit_code()
            }
        }
    }
}

/// Looks for `--log json` in a line that was not understood.
fn asks_for_json_log(args: &[OsString]) -> bool {
    let apart = args.windows(2).any(|pair| pair[0] == "--log" && pair[1] == "json");
    apart || args.iter().any(|arg| arg == "--log=json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn look(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "`{}` has no example", command.get_name());
            command.get_subcommands().for_each(look);
        }
        Cli::command().get_subcommands().filter(|command| !command.is_hide_set()).for_each(look);
    }
}
