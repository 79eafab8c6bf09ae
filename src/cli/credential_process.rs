use clap::Args;

use super::error::CommandError;
use super::role_args::{self, account_id, role_name};
use super::session_args;
use super::ui::Ui;
use crate::app::App;
use crate::app::provider::Provider;
use crate::app::resolve::{self, ResolvedRole, ResolvedSession};
use crate::profile::RoleName;

const EXAMPLES: &str = "\
Example:
  kcaws credential-process --session corp --account 111122223333 \\
    --role PowerUserAccess

In ~/.aws/config this is the value of `credential_process`, on one line without a backslash; `kcaws profile add` \
writes it. Keep sso_… keys out of that profile: several SDKs would then ignore credential_process.";

/// Print role credentials for the AWS CLI and SDKs, as credential_process
///
/// Prints one JSON object; on failure, at most three lines on stderr. Never prompts, and opens no browser unless
/// auto-login is on.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct CredentialProcessArgs {
    /// Name of an [sso-session …]
    #[arg(long, required_unless_present = "profile", requires_all = ["account", "role"])]
    session: Option<String>,
    /// AWS account ID (12 digits)
    #[arg(long, requires = "session", value_parser = account_id)]
    account: Option<String>,
    /// Name of the permission set, or ARN of an IAM role (account access manager)
    #[arg(long, requires = "session", value_parser = role_name)]
    role: Option<RoleName>,
    /// Profile that names all three
    #[arg(long, conflicts_with_all = ["session", "account", "role"])]
    profile: Option<String>,
}

pub(super) fn run(args: &CredentialProcessArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let (selected, role) = match (&args.session, &args.account, &args.role, &args.profile) {
        (Some(session), Some(account), Some(role), _) => {
            let session = session_args::named(app, session)?;
            let role = role_args::role(account.clone(), role.clone())?;
            (ResolvedSession::of(session), role)
        }
        (.., profile) => {
            let ResolvedRole { selected, role, .. } =
                resolve::role_of_profile(app, profile.as_deref().unwrap_or("default"))?;
            (selected, role)
        }
    };
    let line = Provider::for_a_tool(app, selected, role)?.line()?;
    ui.secret_line(&line);
    Ok(())
}

#[cfg(test)]
impl CredentialProcessArgs {
    pub(super) fn role(self) -> Option<(String, crate::profile::Role)> {
        let role = role_args::role(self.account?, self.role?).ok()?;
        self.profile.is_none().then_some((self.session?, role))
    }
}
