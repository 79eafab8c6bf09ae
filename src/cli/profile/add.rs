use clap::Args;

use super::write_args::{Changed, Target, WriteArgs, report};
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession};
use crate::cli::error::{CommandError, ErrorCode};
use crate::cli::role_args::{self, account, id_of, role_name};
use crate::cli::ui::Ui;
use crate::console::regions;
use crate::platform::process;
use crate::profile::draft::{Change, Draft, is_plain_name};
use crate::profile::kcaws_profile::{self, KcawsProfile};
use crate::profile::line;
use crate::profile::{ConfigError, Heading, RoleName, target};

/// Write a profile that gets its credentials from kcaws
///
/// Creates the profile, or updates only the keys that kcaws manages. Refuses a profile that kcaws did not write.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws profile add dev --session corp --account 111122223333 \\\n    --role PowerUserAccess --region eu-central-1\n  kcaws profile add default --session corp --account 111122223333 \\\n    --role ReadOnlyAccess"
)]
pub(super) struct AddArgs {
    /// Name of the profile
    name: String,
    /// Name of an [sso-session …]
    #[arg(long)]
    session: String,
    /// Account ID, or the account's name
    #[arg(long, value_parser = account)]
    account: String,
    /// Name of the permission set, or ARN of an IAM role (account access manager)
    #[arg(long, value_parser = role_name)]
    role: RoleName,
    /// AWS Region of the profile, such as eu-central-1
    #[arg(long, value_parser = region)]
    region: Option<String>,
    /// Output format of the AWS CLI: json, yaml, text, table
    #[arg(long, value_parser = one_word)]
    output: Option<String>,
    /// Take over a profile that kcaws did not write: removes its sso_… keys and keeps the others
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

pub(super) fn run(args: &AddArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    resolve::check_config_file(app)?;
    let target = Target::at(app, app.config_path()?, &args.write);
    let account_id = match target::account_id(&args.account) {
        Some(id) => id,
        None => id_of(app, &ResolvedSession::of(resolve::session_named(app, &args.session)?), &args.account)?,
    };
    let role = role_args::role(account_id, args.role.clone())?;
    let (program, own) = (program(app)?, KcawsProfile { session: args.session.clone(), role });
    line::credential_process(&program, &own).or_else(|error| {
        // Checked first, because a name that cannot be written is most likely a typo.
        app.document()?.session(&args.session)?;
        Err(error)
    })?;
    let edit = |draft: &mut Draft<'_>| put(args, &program, &own, draft);
    let outcome = target.change(&args.write, &format!("profile add {}", args.name), ui, edit)?;
    let change = match outcome.result {
        Change::Created => "created",
        Change::Updated => "updated",
        Change::Unchanged => "unchanged",
    };
    report(ui, &args.write, target.path(), &outcome, &[Changed::new(args.name.as_str(), change)]);
    let credentials = app.credentials_document();
    let shadows = |written| kcaws_profile::shadows(written, &args.name, credentials);
    for shadow in outcome.document.as_ref().map(shadows).unwrap_or_default() {
        ui.warn(&format!("some tools take {} at {} instead of kcaws", shadow.by, shadow.place));
    }
    Ok(())
}

/// Accepts Regions other than AWS's, but not misspelled ones of AWS.
fn region(text: &str) -> Result<String, String> {
    match regions::near(text) {
        Some(_) => regions::argument(text),
        None => one_word(text),
    }
}

fn one_word(text: &str) -> Result<String, String> {
    if is_plain_name(text) {
        Ok(text.to_owned())
    } else {
        Err("must be one word, such as eu-central-1 or json".to_owned())
    }
}

fn put(
    args: &AddArgs,
    program: &str,
    own: &KcawsProfile,
    draft: &mut Draft<'_>,
) -> Result<Change, ConfigError> {
    let (name, document) = (&args.name, draft.document());
    let heading = Heading::Profile(name.clone());
    document.session(&args.session)?;
    if let Some(place) = document.foreign(name) {
        if !args.force {
            let section = document.section(&heading);
            let has = |key: &&str| section.as_ref().is_some_and(|section| section.get(key).is_some());
            let hides = ["role_arn", "web_identity_token_file"].into_iter().find(has);
            return Err(ConfigError::Foreign { place, name: name.clone(), hides });
        }
        draft.unset_all(&heading, |key| key.starts_with("sso_"))?;
    }
    let section = document.section(&heading);
    let present = section.as_ref().and_then(|section| section.get("credential_process"));
    let line = line::renewed(present, program, own)?;
    let mut keys = vec![("credential_process", line.as_str())];
    keys.extend(args.region.as_deref().map(|region| ("region", region)));
    keys.extend(args.output.as_deref().map(|output| ("output", output)));
    draft.set(&heading, &keys)
}

/// Returns how the line runs kcaws.
pub(in crate::cli) fn program(app: &App) -> Result<String, CommandError> {
    use crate::cli::error::Exit;
    let failed = || {
        CommandError::new(
            Exit::Failed,
            ErrorCode::OwnPath,
            "cannot determine the path by which profiles should run kcaws",
        )
    };
    let path = process::lasting_path_of_self(&app.env)
        .map_err(|error| failed().because(error.to_string()).hint("run it by its absolute path"))?;
    // Lines are recognized by that name.
    if path.file_stem().is_none_or(|name| name != "kcaws") {
        let cause = format!("this program is called `{}`, not `kcaws`", path.display());
        return Err(failed()
            .because(cause)
            .hint("rename it to kcaws, or run it through a link of that name"));
    }
    path.into_os_string().into_string().map_err(|_| {
        failed()
            .because("its path is not valid UTF-8")
            .hint("move it to a folder without special characters in its name")
    })
}
