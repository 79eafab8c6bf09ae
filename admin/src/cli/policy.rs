//! `kcaws admin policy`: the least rights that this version needs.

use clap::{Args, Subcommand};
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;

use crate::identity_center::rights;
use crate::realm::rights::{RealmTask, least};

/// Print the least rights that kcaws admin needs
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin policy aws > kcaws-admin.json\n  kcaws admin policy aws --read-only"
)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, Subcommand)]
enum Of {
    /// Print an IAM policy with the actions that kcaws admin calls
    #[command(after_help = "Example:\n  kcaws admin policy aws --read-only > kcaws-admin-read-only.json")]
    Aws(ReadOnlyArg),
    /// Print the roles that the service account needs in the realm
    #[command(after_help = "Example:\n  kcaws admin policy keycloak --read-only")]
    Keycloak(ReadOnlyArg),
}

#[derive(Args, Debug)]
struct ReadOnlyArg {
    /// Only what `check` and every `plan` need
    #[arg(long)]
    read_only: bool,
}

pub(super) fn run(args: &PolicyArgs, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.of {
        Of::Aws(args) => ui.json(&rights::iam_policy(args.read_only)),
        Of::Keycloak(args) => keycloak(args, ui),
    }
    Ok(())
}

/// Prints the roles as a list that `kcadm.sh` takes, and what each is for.
fn keycloak(args: &ReadOnlyArg, ui: &mut Ui) {
    let tasks = RealmTask::ALL.into_iter().filter(|task| !(args.read_only && task.writes()));
    ui.say("Roles of the client realm-management for the service account:");
    for right in least(tasks) {
        ui.data(right.as_str());
    }
}
