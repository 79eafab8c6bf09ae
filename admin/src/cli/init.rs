//! `kcaws admin init`: asks for what the access file needs, tries each answer, and writes the file.

use std::path::{Path, PathBuf};

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use kcaws::ports::config_file::WriteMode;
use kcaws::ports::passphrase::typed_unseen;
use kcaws::secret::Secret;

use super::FileArg;
use crate::access_file::identity_center::{region_name, scim_endpoint};
use crate::access_file::realm::{client_id, realm_name, server_url};
use crate::access_file::{AccessFile, IdentityCenterSettings, InstanceId, RealmSettings, edit};
use crate::app::{AdminApp, AdminError, AdminSecret, SecretError, is_line};
use crate::ports::keycloak::{HttpKeycloak, Keycloak, KeycloakError};
use crate::ports::scim::{Scim, ScimError};

const EXAMPLES: &str = "\
Examples:
  kcaws admin init
  kcaws admin init --url https://sso.example.com --realm corp --region eu-central-1
  KCAWS_KEYCLOAK_SECRET_FILE=/run/secrets/kc kcaws admin init --no-input --url … --realm … --region …";

/// Set up: asks for the realm and for Identity Center, tries each answer, and writes the access file
///
/// Every question has an option, and what the access file says already is offered as the answer. Secrets are asked for
/// without echo and kept in the keyring; they never come from the command line. Can be run again at any time: the rest
/// of the file stays as it is.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArgs {
    #[command(flatten)]
    file: FileArg,
    /// URL of the Keycloak server, such as https://sso.example.com
    #[arg(long)]
    url: Option<String>,
    /// Name of the realm
    #[arg(long)]
    realm: Option<String>,
    /// Client in the realm whose service account kcaws uses [default: kcaws-admin]
    #[arg(long)]
    client_id: Option<String>,
    /// Primary Region of IAM Identity Center
    #[arg(long)]
    region: Option<String>,
    /// AWS profile of the management account or of a delegated administrator [default: the environment's credentials]
    #[arg(long)]
    profile: Option<String>,
    /// Identity Center instance, if the account sees several
    #[arg(long)]
    instance: Option<String>,
    /// SCIM endpoint of automatic provisioning, from the console
    #[arg(long, value_name = "URL")]
    scim_endpoint: Option<String>,
}

pub(super) fn run(args: &InitArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let path = app.access_file_path(args.file.file.as_deref());
    let before = existing(&path)?;
    let known = before.as_ref().map(|(_, file)| file);
    let realm = realm(args, known, app, ui)?;
    let center = center(args, known, app, ui)?;
    write(&path, before.as_ref().map_or("", |(text, _)| text), &realm, &center, app)?;
    ui.say(&format!("Wrote {}. Next: kcaws admin check", path.display()));
    if known.is_none_or(|file| file.directory.is_none() && file.access.is_empty()) {
        ui.say("For `kcaws admin plan`, add [directory], and [permission_sets] with [[assign]]: docs/admin.md has an example.");
    }
    Ok(())
}

/// Returns the text and the settings of the file that is there already.
fn existing(path: &Path) -> Result<Option<(String, AccessFile)>, CommandError> {
    match AccessFile::load(path) {
        Ok(file) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| not_written(path, &error.to_string()))?;
            Ok(Some((text, file)))
        }
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn realm(
    args: &InitArgs,
    known: Option<&AccessFile>,
    app: &AdminApp,
    ui: &mut Ui,
) -> Result<RealmSettings, CommandError> {
    let known = known.map(|file| &file.realm);
    let before = known.map(|realm| realm.url.as_str().to_owned());
    let url = answer(ui, "Keycloak server", "--url", args.url.as_deref(), before, server_url)?;
    let before = known.map(|realm| realm.name.clone());
    let name = answer(ui, "Realm", "--realm", args.realm.as_deref(), before, realm_name)?;
    let before = known.map_or_else(|| "kcaws-admin".to_owned(), |realm| realm.client_id.clone());
    let client_id = answer(
        ui,
        "Service account's client",
        "--client-id",
        args.client_id.as_deref(),
        Some(before),
        client_id,
    )?;
    let realm = RealmSettings { url, name, client_id };
    let secret = AdminApp::client_secret(&realm);
    let prompting = ui.prompting();
    prove(&secret, "Client secret: ", app, ui, |app, value| match value {
        Some(value) => asked(&app.keycloak_with(&realm, value.clone())?),
        None => asked(&app.keycloak(&realm, prompting)?),
    })?;
    ui.say(&format!("Keycloak accepts the service account of {}.", realm.url()));
    Ok(realm)
}

/// Sends a request that needs a token and no right.
fn asked(keycloak: &HttpKeycloak) -> Result<(), AdminError> {
    match keycloak.user_count() {
        // `check` says which rights are missing.
        Ok(_) | Err(KeycloakError::Forbidden { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn center(
    args: &InitArgs,
    known: Option<&AccessFile>,
    app: &AdminApp,
    ui: &mut Ui,
) -> Result<IdentityCenterSettings, CommandError> {
    let known = known.map(|file| &file.identity_center);
    let before = known.map(|center| center.region.clone());
    let region =
        answer(ui, "Region of Identity Center", "--region", args.region.as_deref(), before, |text| {
            region_name(text)
        })?;
    let before = known.and_then(|center| center.profile.clone()).unwrap_or_default();
    let profile = answer(
        ui,
        "AWS profile (empty: the environment's credentials)",
        "--profile",
        args.profile.as_deref(),
        Some(before),
        |text| Ok::<_, String>((!text.is_empty()).then(|| text.to_owned())),
    )?;
    let wanted = match (&args.instance, known) {
        (Some(given), _) => Some(InstanceId::parse(given).map_err(|why| bad("--instance", &why))?),
        (None, known) => known.map(|center| center.instance.clone()),
    };
    let seen = app.instances(&region, profile.as_deref())?;
    let instance = choose(wanted, &seen, ui)?;
    ui.say(&format!("AWS shows the instance {instance}."));
    let before = known.and_then(|center| center.scim_endpoint.clone()).map(String::from).unwrap_or_default();
    let endpoint = answer(
        ui,
        "SCIM endpoint (empty: later)",
        "--scim-endpoint",
        args.scim_endpoint.as_deref(),
        Some(before),
        |text| {
            if text.is_empty() { Ok(None) } else { scim_endpoint(text).map(Some) }
        },
    )?;
    if let Some(endpoint) = &endpoint {
        let (secret, prompting) = (AdminApp::scim_token(endpoint), ui.prompting());
        prove(&secret, "SCIM token: ", app, ui, |app, value| {
            let scim = match value {
                Some(value) => app.scim_with(endpoint, value.clone())?,
                None => app.scim(endpoint, prompting)?,
            };
            Ok(scim.check()?)
        })?;
        ui.say("The SCIM endpoint accepts the token.");
    }
    Ok(IdentityCenterSettings { region, instance, scim_endpoint: endpoint, profile })
}

fn choose(wanted: Option<InstanceId>, seen: &[String], ui: &mut Ui) -> Result<InstanceId, CommandError> {
    let ids: Vec<InstanceId> = seen.iter().filter_map(|arn| InstanceId::parse(arn).ok()).collect();
    if let Some(wanted) = wanted.filter(|wanted| ids.contains(wanted)) {
        return Ok(wanted);
    }
    match ids.as_slice() {
        [] => Err(CommandError::new(Exit::Configuration, ErrorCode::OtherInstance, "these credentials see no Identity Center instance in this Region")
            .hint("use the primary Region of Identity Center, and credentials of the management account or of a delegated administrator")),
        [one] => Ok(one.clone()),
        several if ui.is_interactive() => {
            let rows = several.iter().map(ToString::to_string).collect();
            let index = ui.pick("Which instance?", rows).map_err(|_| missing("--instance"))?;
            Ok(several[index].clone())
        }
        _ => Err(missing("--instance")),
    }
}

/// Makes sure that there is a secret that the service accepts: the one in the file of the environment or in the keyring,
/// else one that the user types.
fn prove(
    secret: &AdminSecret,
    question: &str,
    app: &AdminApp,
    ui: &mut Ui,
    try_with: impl Fn(&AdminApp, Option<&Secret<String>>) -> Result<(), AdminError>,
) -> Result<(), CommandError> {
    let refused = match try_with(app, None) {
        Ok(()) => return Ok(()),
        Err(error) if may_be_typed(&error) && ui.is_interactive() && secret.file(app).is_none() => error,
        Err(error) => return Err(error.into()),
    };
    if !matches!(refused, AdminError::Secret(SecretError::Missing(_))) {
        ui.warn(&refused.to_string());
    }
    for _ in 0..3 {
        let typed = typed_unseen(question)
            .map_err(|error| bad(question.trim_end_matches(": "), &error.to_string()))?;
        let typed = Secret::from(typed.expose().trim());
        if !is_line(typed.expose()) {
            ui.tell("That is not a secret: one line without blanks is expected.");
            continue;
        }
        match try_with(app, Some(&typed)) {
            Ok(()) => {
                let kept =
                    secret.keep(app, &typed, app.clock.now(), ui.prompting()).map_err(AdminError::from)?;
                ui.say(&format!("Stored in the {}.", kept.place.store));
                return Ok(());
            }
            Err(error) if may_be_typed(&error) => ui.warn(&error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(refused.into())
}

/// Returns whether another secret could help.
fn may_be_typed(error: &AdminError) -> bool {
    matches!(
        error,
        AdminError::Secret(SecretError::Missing(_))
            | AdminError::Keycloak(KeycloakError::ServiceAccount { .. })
            | AdminError::Scim(ScimError::TokenRefused)
    )
}

/// Returns the option's value, else what the user types; an empty line takes what is `known`.
fn answer<T>(
    ui: &mut Ui,
    question: &str,
    option: &str,
    given: Option<&str>,
    known: Option<String>,
    rule: impl Fn(&str) -> Result<T, String>,
) -> Result<T, CommandError> {
    if let Some(given) = given {
        return rule(given).map_err(|why| bad(option, &why));
    }
    if !ui.is_interactive() {
        let known = known.ok_or_else(|| missing(option))?;
        return rule(&known).map_err(|why| bad(option, &why));
    }
    let shown = known
        .as_deref()
        .filter(|known| !known.is_empty())
        .map(|known| format!(" [{known}]"))
        .unwrap_or_default();
    loop {
        let line = ui.ask(&format!("{question}{shown}: ")).ok_or_else(|| missing(option))?;
        let line = if line.is_empty() { known.clone().unwrap_or_default() } else { line };
        match rule(&line) {
            Ok(value) => return Ok(value),
            Err(why) => ui.tell(&why),
        }
    }
}

fn write(
    path: &Path,
    before: &str,
    realm: &RealmSettings,
    center: &IdentityCenterSettings,
    app: &AdminApp,
) -> Result<(), CommandError> {
    let text =
        edit::with_settings(before, realm, center).map_err(|error| not_written(path, &error.to_string()))?;
    if text == before {
        return Ok(());
    }
    let file = app.config_file(PathBuf::from(path));
    let old = (!before.is_empty()).then_some(before.as_bytes());
    match file.replace(old, Some(text.as_bytes()), WriteMode::Rename) {
        Ok(true) => Ok(()),
        Ok(false) => Err(not_written(path, "another program changed it meanwhile")),
        Err(error) => Err(not_written(path, &error.to_string())),
    }
}

fn not_written(path: &Path, why: &str) -> CommandError {
    CommandError::new(Exit::Failed, ErrorCode::OutputFile, format!("cannot write `{}`", path.display()))
        .because(why)
        .hint("check the folder and its permissions, or name another file with --file")
}

fn missing(option: &str) -> CommandError {
    CommandError::new(Exit::Usage, ErrorCode::InputNeeded, format!("{option} is needed"))
        .hint(format!("pass {option}, or run it in a terminal"))
}

fn bad(option: &str, why: &str) -> CommandError {
    CommandError::new(Exit::Usage, ErrorCode::BadAnswer, format!("{option}: {why}"))
        .hint("see `kcaws admin init --help`")
}
