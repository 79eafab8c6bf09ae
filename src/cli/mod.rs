//! The command line: one file per command; the folder path is the command path. Calls the core and prints.

mod accounts;
pub mod admin;
mod allow;
pub mod clap_errors;
pub mod complete;
mod configure;
mod console;
mod credential_process;
pub mod doctor;
mod duration;
mod env;
pub mod error;
mod exec;
mod expiry;
mod explain;
pub mod hot;
mod init;
pub mod log;
mod login;
mod logout;
mod profile;
mod prompt;
mod role_args;
mod select;
mod serve;
mod session_args;
mod settings;
mod status;
mod store;
mod trust;
pub mod ui;
mod unnamed;
mod r#use;
mod variables;
mod visitors;
mod whoami;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};

use self::error::{CommandError, Doing};
use self::ui::Ui;
use crate::app::App;
use crate::platform::terminal::Terminal;

/// Lines are at most 80 columns wide: clap would break longer ones without regard to the table.
const ENVIRONMENT: &str = "\
Environment:
  AWS_CONFIG_FILE               config file to use instead of ~/.aws/config
  AWS_SHARED_CREDENTIALS_FILE   instead of ~/.aws/credentials; only checked
                                for keys that hide a profile
  AWS_PROFILE, AWS_DEFAULT_PROFILE
                                the profile, and through it the session, when
                                none is named
  AWS_REGION, AWS_DEFAULT_REGION
                                the Region for exec, env, serve and console;
                                overrides the profile's
  KCAWS_FLOW                    how to log in: device (default), pkce, auto
  KCAWS_KEYRING                 where login keeps tokens: auto, secret-service,
                                keyutils, keychain, wincred, file
  KCAWS_PASSPHRASE_FD           for the file store: the number of an open
                                descriptor whose first line is the passphrase
  KCAWS_PASSPHRASE_COMMAND      for the file store: a command that prints the
                                passphrase; run without a shell
  KCAWS_AUTO_LOGIN              true: when a tool finds no active login, start
                                one login that all waiting tools share (default
                                false)
  KCAWS_NAME_TEMPLATE           how `profile sync` names profiles, such as
                                {account_name|kebab}-{role|kebab}
  KCAWS_PROMPT_FORMAT           what `kcaws prompt` prints
  KCAWS_SYSTEM_CONFIG           config.toml of this machine to use instead of
                                the usual ones; none: use none
  KCAWS_BROWSER                 the browser, by name or path
  KCAWS_CONSOLE_VIA             how console signs in: federation (default),
                                portal
  BROWSER                       the browser command
  HTTPS_PROXY, NO_PROXY         the proxy
  AWS_CA_BUNDLE                 extra certificates to trust
  AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT
                                as in the AWS SDKs
  AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SIGNIN,
  AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_ACCOUNT_ACCESS_RUNTIME
                                other endpoints
  NO_COLOR, CLICOLOR, CLICOLOR_FORCE
                                whether output is colored

Exit codes:
  0 done   1 failed   2 usage, or input needed   3 configuration
  4 you must log in   5 keyring missing, locked or too slow
  6 not assigned
  129, 130, 143 hung up, interrupted, terminated
  exec: the command's own; 125 failed before it, 126 cannot run it,
        127 not found";

/// The heading of [`Global`] in help.
pub const GLOBAL: &str = "Global options";

/// AWS credentials for teams that sign in through IAM Identity Center: log in once, use every AWS tool
#[derive(Debug, Parser)]
#[command(name = "kcaws", version, after_help = ENVIRONMENT, max_term_width = 100, propagate_version = false)]
#[command(disable_help_flag = true, disable_version_flag = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// Print help (see a summary with -h)
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = GLOBAL)]
    help: Option<bool>,
    /// Print version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = GLOBAL)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command, of `kcaws admin` too.
#[derive(Args, Clone, Debug, Default)]
pub struct Global {
    /// Only print errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Print more detail, never secrets (repeat for more)
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = GLOBAL)]
    pub verbose: u8,
    /// Disable colored output (same as NO_COLOR)
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub no_color: bool,
    /// Never prompt; exit with code 2 if input is required
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub no_input: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Configure(configure::ConfigureArgs),
    Login(login::LoginArgs),
    Logout(logout::LogoutArgs),
    Status(status::StatusArgs),
    Whoami(whoami::WhoamiArgs),
    Accounts(accounts::AccountsArgs),
    Console(console::ConsoleArgs),
    Profile(profile::ProfileArgs),
    Env(env::EnvArgs),
    Exec(exec::ExecArgs),
    Serve(serve::ServeArgs),
    Use(r#use::UseArgs),
    Allow(allow::AllowArgs),
    Prompt(prompt::PromptArgs),
    Init(init::InitArgs),
    Completions(init::CompletionsArgs),
    Store(store::StoreArgs),
    Trust(trust::TrustArgs),
    Settings(settings::SettingsArgs),
    Doctor(doctor::DoctorArgs),
    Explain(explain::ExplainArgs),
    Admin(admin::AdminArgs),
    CredentialProcess(credential_process::CredentialProcessArgs),
    #[command(name = "__complete", hide = true)]
    Complete(complete::CompleteArgs),
}

impl Command {
    fn wants_json(&self) -> bool {
        match self {
            Self::Status(args) => args.json,
            Self::Whoami(args) => args.json,
            Self::Accounts(args) => args.json,
            Self::Configure(args) => args.json(),
            Self::Profile(args) => args.wants_json(),
            Self::Store(args) => args.wants_json(),
            Self::Console(args) => args.json(),
            Self::Use(args) => args.json,
            Self::Allow(args) => args.json,
            Self::Settings(args) => args.wants_json(),
            Self::Doctor(args) => args.json,
            Self::Explain(args) => args.json,
            Self::Login(_)
            | Self::Logout(_)
            | Self::Trust(_)
            | Self::Env(_)
            | Self::Exec(_)
            | Self::Serve(_)
            | Self::Prompt(_)
            | Self::Init(_)
            | Self::Completions(_)
            | Self::Admin(_)
            | Self::Complete(_)
            | Self::CredentialProcess(_) => false,
        }
    }

    fn doing(&self) -> Doing {
        match self {
            Self::Login(_) | Self::Configure(_) => Doing::Login,
            Self::Logout(_) => Doing::Logout,
            Self::Store(args) => args.doing(),
            _ => Doing::Use,
        }
    }

    fn run(&self, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
        // credential-process starts no thread and listens only during a refresh. A prompt never asks.
        if !matches!(self, Self::CredentialProcess(_) | Self::Prompt(_)) {
            crate::platform::interrupt::listen();
        }
        match self {
            Self::Configure(args) => configure::run(args, app, ui),
            Self::Login(args) => login::run(args, app, ui),
            Self::Logout(args) => logout::run(args, app, ui),
            Self::Status(args) => status::run(args, app, ui),
            Self::Whoami(args) => whoami::run(args, app, ui),
            Self::Accounts(args) => accounts::run(args, app, ui),
            Self::Console(args) => console::run(args, app, ui),
            Self::Profile(args) => profile::run(args, app, ui),
            Self::Env(args) => env::run(args, app, ui),
            Self::Exec(args) => exec::run(args, app, ui),
            Self::Serve(args) => serve::run(args, app, ui),
            Self::Use(args) => r#use::run(args, app, ui),
            Self::Allow(args) => allow::run(args, app, ui),
            Self::Settings(args) => settings::run(args, app, ui),
            Self::Init(args) => init::run(args, app, ui),
            Self::Completions(args) => init::completions(args, app, ui),
            Self::Complete(args) => {
                match admin::completion_after(args.typed()) {
                    // Without the program there is nothing to complete.
                    Some(words) => drop(admin::start(&words)),
                    None => complete::run(args, Cli::command(), app, ui),
                }
                Ok(())
            }
            Self::Prompt(args) => {
                prompt::run(args, app, ui);
                Ok(())
            }
            Self::Store(args) => store::run(args, app, ui),
            Self::Trust(args) => trust::run(args, app, ui),
            Self::Doctor(args) => doctor::run(args, app, ui),
            Self::Explain(args) => explain::run(args, app, ui),
            Self::Admin(_) => unreachable!("handed over before the line is parsed"),
            Self::CredentialProcess(args) => credential_process::run(args, app, ui),
        }
    }
}

/// Returns the command line, with all commands and options.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the command line, runs the command and returns its exit code.
pub fn main(app: &App, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::platform::interrupt::survive_file_limits();
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(words) = admin::words_after(&args) {
        return admin::hand_over(&words, &args);
    }
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            let missing = || clap_errors::separator::missing(&error, &args, app);
            return ExitCode::from(clap_errors::tell(&error, &args, &Cli::command(), missing));
        }
    };
    let mut ui = Ui::new(Terminal::of_this_process(!cli.global.no_color), &cli.global);
    ui.now_doing(cli.command.doing());
    if cli.global.verbose > 0 {
        log::show();
    }
    let outcome = cli.command.run(app, &mut ui).and_then(|()| ui.finish());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error, cli.command.wants_json());
            ExitCode::from(error.exit_code())
        }
    }
}

/// Returns the role that clap reads from a `credential-process` line without other options.
#[cfg(test)]
fn credential_process_arguments(args: &[String]) -> Option<(String, crate::profile::Role)> {
    let line = std::iter::once("kcaws").chain(args.iter().map(String::as_str));
    let Cli { global, command: Command::CredentialProcess(args), .. } = Cli::try_parse_from(line).ok()?
    else {
        return None;
    };
    let usual = !global.quiet && global.verbose == 0 && !global.no_color && !global.no_input;
    if usual { args.role() } else { None }
}

#[cfg(test)]
fn prompt_arguments(args: &[String]) -> Option<prompt::PromptArgs> {
    let line = ["kcaws", "prompt"].into_iter().chain(args.iter().map(String::as_str));
    match Cli::try_parse_from(line).ok()?.command {
        Command::Prompt(args) => Some(args),
        _ => None,
    }
}

#[cfg(test)]
mod help_tests;

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
        Cli::command().get_subcommands().for_each(look);
    }
}
