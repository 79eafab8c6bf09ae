//! `kcaws admin policy`: the least rights that this version needs.

use clap::{Args, Subcommand};
use kcaws::cli::ui::Ui;

use super::keycloak_rights::{self, KeycloakRightsArgs};
use crate::identity_center::rights::{self, Wanted};

/// Print the least rights that kcaws admin needs
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin policy aws > kcaws-admin.json\n  kcaws admin policy aws --read-only\n  kcaws admin policy aws --account-access"
)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, Subcommand)]
enum Of {
    /// Print an IAM policy with the actions that kcaws admin calls
    #[command(after_help = "Example:\n  kcaws admin policy aws --read-only > kcaws-admin-read-only.json")]
    Aws(AwsPolicyArgs),
    Keycloak(KeycloakRightsArgs),
}

impl PolicyArgs {
    pub(super) fn name(&self) -> &'static str {
        match &self.of {
            Of::Aws(_) => "policy aws",
            Of::Keycloak(_) => "policy keycloak",
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        matches!(&self.of, Of::Keycloak(args) if args.json)
    }
}

#[derive(Args, Debug)]
struct AwsPolicyArgs {
    /// Only what `check` and every `plan` need
    #[arg(long)]
    read_only: bool,
    /// Also what an access file with IAM roles needs (account access manager)
    #[arg(long)]
    account_access: bool,
}

pub(super) fn run(args: &PolicyArgs, ui: &mut Ui) {
    match &args.of {
        Of::Aws(args) => {
            let wanted = Wanted { read_only: args.read_only, account_access: args.account_access };
            ui.json(&rights::iam_policy(wanted));
        }
        Of::Keycloak(args) => keycloak_rights::run(args, ui),
    }
}
