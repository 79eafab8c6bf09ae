use std::time::Duration;

use clap::Args;

use super::error::CommandError;
use super::selection::{self, Opened, Selected};
use super::ui::Ui;
use crate::app::App;
use crate::credentials::Fetched;
use crate::credentials::warm::{Haste, MintedBy, Wanted, Warm};
use crate::ports::identity_center::Patience;
use crate::ports::process;
use crate::profile::{Role, target};
use crate::secret::Secret;
use crate::session::auto::{AutoLogin, Waited};

/// Newer Rust SDKs give up after some 20 s; this leaves room for one fetch after a login.
const WHOLE_CALL: Duration = Duration::from_secs(13);

const EXAMPLES: &str = "\
Example, in ~/.aws/config:
  [profile dev]
  credential_process = \"/usr/local/bin/kcaws\" credential-process --session corp --account 111122223333 --role PowerUserAccess
  region = eu-central-1

Keep sso_… keys out of that profile: several SDKs would then not run the line at all.";

/// Hand out role credentials to the AWS CLI and SDKs, as credential_process
///
/// Prints one JSON object, or nothing and at most three lines on stderr. Never asks, and opens no browser
/// unless auto-login is on.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct CredentialProcessArgs {
    /// Name of an [sso-session …]
    #[arg(long, required_unless_present = "profile", requires_all = ["account", "role"])]
    session: Option<String>,
    /// 12 digits
    #[arg(long, requires = "session", value_parser = account_id)]
    account: Option<String>,
    /// Name of the permission set
    #[arg(long, requires = "session")]
    role: Option<String>,
    /// A profile that says all three
    #[arg(long, conflicts_with_all = ["session", "account", "role"])]
    profile: Option<String>,
}

pub(super) fn account_id(text: &str) -> Result<String, String> {
    if target::is_account_id(text) {
        Ok(text.to_owned())
    } else {
        Err("an account id has 12 digits".to_owned())
    }
}

pub(super) fn run(args: &CredentialProcessArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let (selected, role) = match (&args.session, &args.account, &args.role, &args.profile) {
        (Some(session), Some(account), Some(role), _) => {
            let session = selection::session_named(app, session)?;
            let role = Role { account_id: account.clone(), role_name: role.clone() };
            (Selected { session, profile: None }, role)
        }
        (.., profile) => {
            let (selected, role, _) =
                selection::role_of_profile(app, profile.as_deref().unwrap_or("default"))?;
            (selected, role)
        }
    };
    let line = match line(app, &selected, &role) {
        Err(error) if error.wants_login() => {
            log_in_first(app, &selected, &role, error)?;
            line(app, &selected, &role)?
        }
        other => other?,
    };
    ui.secret_line(&line);
    Ok(())
}

/// The answer as it goes to the tool: warm, or fetched and kept warm.
pub(super) fn line(app: &App, selected: &Selected, role: &Role) -> Result<Secret<Vec<u8>>, CommandError> {
    let endpoints = selection::endpoints(app, selected)?;
    let minted_by = MintedBy::of(&selected.session, &endpoints);
    let of_profile = selection::of_profile_alone(app, selected, &endpoints);
    let wanted = Wanted::new(&selected.session.name, role, &app.config_path()?, &app.env, &of_profile)
        .stamped(app.stamped_document()?.0);
    let warm = Warm { state: &**app.state(), keys: app.warm_keys(), clock: &*app.clock };
    warm.serve(&wanted, minted_by, |haste| fetch(app, selected, role, haste))
}

/// With `auto-login`: one login for all who wait. Without it, or where no browser can open, `error` it is.
fn log_in_first(
    app: &App,
    selected: &Selected,
    role: &Role,
    error: CommandError,
) -> Result<(), CommandError> {
    if !app.settings()?.auto_login || app.browser().unavailable().is_some() {
        return Err(error);
    }
    let asked_by = format!("credentials of {} in account {}", role.role_name, role.account_id);
    let start = || match &selected.profile {
        // Its `services` section counts for the login too.
        Some(profile) => {
            process::start_detached(&["login", "--detached", &asked_by], &[("AWS_PROFILE", profile)])
        }
        None => {
            process::start_detached(&["login", "--detached", &asked_by, "--", &selected.session.name], &[])
        }
    };
    let auto = AutoLogin { config: &selected.session, state: &**app.state(), clock: &*app.clock };
    match auto.wait(start, WHOLE_CALL.saturating_sub(app.clock.elapsed()))? {
        Waited::LoggedIn => Ok(()),
        Waited::CoolingDown => Err(error.because("a login came to nothing a moment ago")),
        Waited::NotStarted => Err(error.because("the login could not be started by itself")),
        Waited::Unfinished => Err(error
            .because("a login waits in the browser")
            .hint("finish the login in the open tab, then try again")),
    }
}

fn fetch(app: &App, selected: &Selected, role: &Role, haste: Haste) -> Result<Fetched, CommandError> {
    let (patience, lock_patience) = if haste.waits {
        (Patience { total: haste.total, ..Patience::FOR_A_TOOL }, haste.total)
    } else {
        (Patience { attempt: haste.total, attempts: 1, total: haste.total }, Duration::ZERO)
    };
    let once = || -> Result<Fetched, CommandError> {
        let opened = Opened::for_use_in(app, selected.clone(), patience, lock_patience)?;
        Ok(opened.session().fetch_role(role)?)
    };
    match once() {
        // No tool should fail because somebody moves the tokens meanwhile.
        Err(error) if error.tokens_moved() => once(),
        outcome => outcome,
    }
}

#[cfg(test)]
impl CredentialProcessArgs {
    pub(super) fn role(self) -> Option<(String, Role)> {
        let role = Role { account_id: self.account?, role_name: self.role? };
        self.profile.is_none().then_some((self.session?, role))
    }
}
