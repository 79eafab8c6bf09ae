//! What `kcaws configure` is given.

use clap::Args;

use crate::cli::profile::write_args::WriteArgs;

const EXAMPLES: &str = "\
Examples:
  kcaws configure
  kcaws configure --start-url https://d-1234567890.awsapps.com/start \\
    --region eu-central-1 --profiles all --yes
  kcaws configure corp --profiles dev-power-user-access --yes
  kcaws configure --from https://intranet.example.com/kcaws.toml
  kcaws configure --refresh
  kcaws configure --import";

/// Set up kcaws: the session, the login, the profiles, and the line for your shell
///
/// Prompts for anything not given as a flag or in the settings of your company (see docs/rollout.md). It is safe to run again: it changes only what you ask for, shows each
/// change before writing it, and leaves profiles of other tools alone.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
pub(in crate::cli) struct ConfigureArgs {
    /// Name of the [sso-session …]: one that exists, one in your company's settings, or a new one
    #[arg(conflicts_with = "session_option")]
    session: Option<String>,
    /// Same as SESSION
    #[arg(long = "session", value_name = "SESSION")]
    session_option: Option<String>,
    /// Use your team's settings at this https URL, after showing them
    #[arg(long, value_name = "URL", conflicts_with = "refresh")]
    pub(super) from: Option<String>,
    /// Fetch the settings given with --from again, show what has changed, and do nothing else
    #[arg(long, conflicts_with_all = ["session", "session_option", "start_url", "region", "account_access", "profiles",
        "import", "shell_line"])]
    pub(super) refresh: bool,
    /// Your access portal URL, or a company URL that redirects to it
    #[arg(long, value_name = "URL")]
    pub(super) start_url: Option<String>,
    /// Region of Identity Center; only needed if the start URL does not contain it
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// Tenant of account access manager, or the URL of its portal, for IAM roles; written to config.toml
    #[arg(long, value_name = "TENANT|URL")]
    pub(super) account_access: Option<String>,
    /// Profiles to write: all, none, or names as `profile sync` would give them, separated by commas
    #[arg(long, value_name = "WHICH")]
    pub(super) profiles: Option<String>,
    /// Region of new profiles [default: from config.toml, else that of Identity Center]
    #[arg(long, value_name = "REGION")]
    pub(super) profile_region: Option<String>,
    /// Template for profile names, as for `profile sync`
    #[arg(long)]
    pub(super) template: Option<String>,
    /// Do not log in
    #[arg(long)]
    pub(super) no_login: bool,
    /// Also create kcaws profiles from those of the AWS CLI, aws-sso-util, granted and aws-sso-cli
    #[arg(long)]
    pub(super) import: bool,
    /// Suffix for the names of the new profiles [default: -kcaws]
    #[arg(long, value_name = "SUFFIX", requires = "import", allow_hyphen_values = true)]
    pub(super) import_suffix: Option<String>,
    /// Add the line for your shell to its startup file
    #[arg(long, conflicts_with = "no_shell_line")]
    pub(super) shell_line: bool,
    /// Do not offer to add that line
    #[arg(long)]
    pub(super) no_shell_line: bool,
    /// Write without asking
    #[arg(short, long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

impl ConfigureArgs {
    pub(in crate::cli) fn json(&self) -> bool {
        self.write.json
    }

    pub(super) fn session(&self) -> Option<&str> {
        self.session.as_deref().or(self.session_option.as_deref())
    }
}
