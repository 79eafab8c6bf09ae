//! `kcaws admin logout`: forgets the administrator's secrets.

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::{Ui, shown};

use super::FileArg;
use crate::app::{AdminApp, AdminError, AdminSecret, SecretKind};

/// Remove the client secret and the SCIM token of the access file from the keyring
///
/// Keycloak and AWS still accept them: the client's secret is replaced in the realm, the token is deleted in the console.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws admin logout\n  kcaws admin logout --file corp.toml")]
pub(super) struct LogoutArgs {
    #[command(flatten)]
    file: FileArg,
}

pub(super) fn run(args: &LogoutArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let endpoint = file.identity_center.scim_endpoint.as_ref();
    let secrets = [Some(AdminApp::client_secret(&file.realm)), endpoint.map(AdminApp::scim_token)];
    let outcomes: Vec<_> = secrets.into_iter().flatten().map(|secret| remove(&secret, app, ui)).collect();
    outcomes.into_iter().collect()
}

/// Each is tried, whatever became of the other.
fn remove(secret: &AdminSecret, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let (label, of) = (secret.kind.label(), shown(&secret.of));
    match secret.remove(app, ui.prompting()).map_err(AdminError::from)? {
        Some(store) => {
            let revoked = match secret.kind {
                SecretKind::KeycloakClient => "Keycloak accepts it until it is regenerated there",
                SecretKind::ScimToken => "AWS accepts it until it is deleted in the console",
            };
            ui.say(&format!("Removed the {label} of {of} from the {store}. {revoked}."));
        }
        None => ui.say(&format!("No {label} of {of} is kept here.")),
    }
    if let Some(path) = secret.file(app) {
        ui.warn(&format!("{} names `{}`, which was left alone", secret.kind.variable(), path.display()));
    }
    Ok(())
}
