//! `kcaws doctor`: checks everything that a working `aws` call needs; changes nothing.
//!
//! A check is a function over the [`DoctorContext`]; [`CHECKS`] lists all of them in the order in which problems should
//! be fixed. A new check is a function and a line.

mod config;
mod context;
mod credential_source;
mod environment;
mod files;
pub mod finding;
mod host_responses;
mod login;
mod network;
mod profiles;
mod programs;
mod quotes;
mod references;
mod shell;
mod store;
#[cfg(test)]
mod testing;

use clap::Args;
use serde::Serialize;

use self::context::{Asked, DoctorContext};
use self::finding::{Finding, State};
use super::error::{CommandError, ErrorCode, Exit};
use super::ui::Ui;
use crate::app::App;
use crate::platform::host::Machine;
use crate::platform::http::HttpSetup;
use crate::ports::command_runner::SystemCommands;
use crate::ports::probe::{HttpProbe, Probe};

/// Check your set-up and suggest fixes; changes nothing
///
/// Checks the configuration as each SDK reads it, what hides a profile's credential_process, the program named there,
/// the keyring, the network, the clock, and file permissions. If the AWS CLI is on PATH, it is also asked where it gets
/// the credentials of your profiles; its output is discarded. The exit code is 1 if there is an error.
#[derive(Args, Debug)]
#[command(
    group = clap::ArgGroup::new("of_profile").args(["profile", "named"]),
    after_help = "Examples:\n  kcaws doctor\n  kcaws doctor --profile dev\n  kcaws doctor --offline --json"
)]
pub(super) struct DoctorArgs {
    /// Check only this profile and its session
    #[arg(conflicts_with = "session")]
    profile: Option<String>,
    /// Same as PROFILE; use --profile=-NAME if the name starts with `-`
    #[arg(long = "profile", value_name = "PROFILE", conflicts_with_all = ["profile", "session"])]
    named: Option<String>,
    /// Check only this session and its profiles
    #[arg(long)]
    session: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Do not use the network
    #[arg(long)]
    offline: bool,
    /// With a profile: also run programs other than kcaws, its own or one that it gets credentials through
    #[arg(long, requires = "of_profile")]
    run_others: bool,
}

struct Check {
    /// Stable name, by which programs identify the check.
    name: &'static str,
    look: fn(&DoctorContext<'_>) -> Vec<Finding>,
}

const CHECKS: &[Check] = &[
    Check { name: "config_file", look: config::config_file },
    Check { name: "credentials_file", look: config::credentials_file },
    Check { name: "dialects", look: config::dialects },
    Check { name: "settings", look: config::settings },
    Check { name: "sso_session", look: config::sso_session },
    Check { name: "environment_keys", look: environment::keys },
    Check { name: "aws_profile", look: environment::aws_profile },
    Check { name: "profile", look: profiles::profile },
    Check { name: "references", look: references::references },
    Check { name: "shadowing", look: profiles::shadowing },
    Check { name: "source", look: credential_source::source },
    Check { name: "program", look: programs::program },
    Check { name: "quotes", look: quotes::quotes },
    Check { name: "versions", look: programs::versions },
    Check { name: "endpoints", look: environment::endpoints },
    Check { name: "ca_bundle", look: environment::ca_bundle },
    Check { name: "proxy", look: environment::proxy },
    Check { name: "network", look: network::network },
    Check { name: "start_url", look: network::start_url },
    Check { name: "clock", look: network::clock },
    Check { name: "store", look: store::store },
    Check { name: "login", look: login::login },
    Check { name: "kernel_keyring", look: store::kernel_keyring },
    Check { name: "warm_cache", look: store::warm_cache },
    Check { name: "shell_hook", look: shell::hook },
    Check { name: "surroundings", look: store::surroundings },
    Check { name: "state_folder", look: files::state_folder },
    Check { name: "aws_folder", look: files::aws_folder },
    Check { name: "own_settings", look: files::own_settings },
];

#[derive(Serialize)]
struct Report {
    schema: u32,
    checks: Vec<Finding>,
}

pub(super) fn run(args: &DoctorArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    // Without roots or a usable proxy, no request is possible: `ca_bundle` and `proxy` report why.
    let setup =
        HttpSetup::trusting(&app.ca_bundles(), &app.env, app.clock.clone()).ok().filter(|_| !args.offline);
    let probe = setup.map(HttpProbe);
    let asked = Asked {
        profile: args.profile.clone().or_else(|| args.named.clone()),
        session: args.session.clone(),
        run_others: args.run_others,
    };
    let machine = Machine::this_one();
    let context = DoctorContext::new(
        app,
        probe.as_ref().map(|probe| probe as &dyn Probe),
        &SystemCommands,
        &machine,
        &asked,
    );
    let spinner = ui.spinner("Checking …");
    let mut checks = Vec::new();
    for check in CHECKS {
        spinner.set_message(format!("Checking {} …", check.name));
        checks.extend(look(check, &context));
    }
    spinner.finish_and_clear();
    let count = |state| checks.iter().filter(|finding| finding.state == state).count();
    let (errors, warnings) = (count(State::Error), count(State::Warning));
    if args.json {
        ui.json(&Report { schema: 1, checks });
    } else {
        for finding in &checks {
            finding.print(ui);
        }
        let fine = checks.len() - errors - warnings;
        ui.data(&format!("{fine} ok, {}, {}", some(warnings, "warning"), some(errors, "error")));
    }
    if errors == 0 {
        return Ok(());
    }
    Err(CommandError::new(
        Exit::Failed,
        ErrorCode::Unhealthy,
        format!("doctor found {}", some(errors, "error")),
    )
    .hint("fix them in order; later errors may be caused by earlier ones"))
}

fn look(check: &Check, context: &DoctorContext<'_>) -> Vec<Finding> {
    let findings = (check.look)(context);
    findings.into_iter().map(|finding| Finding { name: check.name, ..finding }).collect()
}

fn some(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_words_and_each_stands_once() {
        for (index, check) in CHECKS.iter().enumerate() {
            assert!(check.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            assert!(CHECKS[..index].iter().all(|other| other.name != check.name), "{}", check.name);
        }
    }
}
