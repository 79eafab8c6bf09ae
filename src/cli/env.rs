use chrono::SecondsFormat;
use clap::Args;
use clap::builder::PossibleValue;

use super::error::{CommandError, Exit};
use super::provider::Provider;
use super::role_args::{Chosen, RoleArgs};
use super::serve;
use super::ui::Ui;
use crate::app::App;
use crate::ports::identity_center::RoleCredentials;
use crate::secret::Secret;
use crate::shell::{Format, Unquotable, name_of_shell};

const EXAMPLES: &str = "\
Examples:
  eval \"$(kcaws env dev)\"                                     bash, zsh, ksh, sh
  kcaws env dev | source                                      fish
  kcaws env dev --format nu | from json | load-env            nushell
  hide-env -i ...(kcaws env --unset --format nu | from json)  nushell, --unset
  eval (kcaws env dev --format elvish | slurp)                elvish
  kcaws env dev --format powershell | Out-String | Invoke-Expression
  docker run --env-file <(kcaws env dev --format dotenv) …

These variables are not refreshed. Use `kcaws exec` for a single command and a profile for everything else.";

/// Print role credentials as variables for a shell
///
/// This prints secrets, because that is its purpose.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct EnvArgs {
    #[command(flatten)]
    of: RoleArgs,
    /// Output syntax [default: from $SHELL]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Print commands that unset the variables, those of `kcaws serve` too
    #[arg(long)]
    unset: bool,
}

impl clap::ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.name());
        Some(if *self == Self::Bash { value.aliases(["sh", "posix", "ksh", "dash"]) } else { value })
    }
}

const KEYS: [&str; 4] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"];
/// Lets SDKs choose account-based endpoints.
const ACCOUNT: &str = "AWS_ACCOUNT_ID";
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

pub(super) fn run(args: &EnvArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let format = format(args.format, app)?;
    if args.unset {
        let names: Vec<&str> =
            KEYS.into_iter().chain([ACCOUNT]).chain(REGIONS).chain(serve::VARIABLES).collect();
        ui.script(format.unset(&names).trim_end());
        return Ok(());
    }
    let Chosen { selected, role, region } = args.of.choose(app)?;
    let account = role.account_id.clone();
    let credentials = Provider::for_a_person(app, selected, role, ui)?.credentials()?;
    let variables = variables(&credentials, &account, region.as_deref());
    ui.warn_of_readers_of_stdout("run `chmod 600` on it, or start the program with `kcaws exec`");
    ui.secret_line(&text(format, &variables)?);
    Ok(())
}

/// Returns the syntax that was asked for, or else that of the person's shell.
pub(super) fn format(named: Option<Format>, app: &App) -> Result<Format, CommandError> {
    let shell = app.env.get("SHELL");
    named.or_else(|| Format::of_shell(shell.as_deref())).ok_or_else(|| {
        let shell = shell.as_deref().map(name_of_shell).unwrap_or_default();
        let known = Format::ALL.map(Format::name).join(", ");
        CommandError::new(
            Exit::Usage,
            "unknown_shell",
            format!("kcaws has no syntax for the shell `{shell}`"),
        )
        .because("SHELL names it, and --format is not given")
        .hint(format!("choose a syntax with --format: {known}"))
    })
}

/// What sets them, in the syntax of `format`.
pub(super) fn text(
    format: Format,
    variables: &[(&'static str, Secret<String>)],
) -> Result<Secret<Vec<u8>>, Unquotable> {
    let pairs: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.expose().as_str())).collect();
    let mut text = format.set(&pairs)?;
    Ok(Secret::new(std::mem::take(&mut *text).into_bytes()))
}

/// What a program needs to act as the role. Without a region of its own, that of the environment stays.
pub(super) fn variables(
    credentials: &RoleCredentials,
    account: &str,
    region: Option<&str>,
) -> Vec<(&'static str, Secret<String>)> {
    let [id, secret, token, expiration] = KEYS;
    let until = credentials.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut variables = vec![
        (id, Secret::from(credentials.access_key_id.as_str())),
        (secret, credentials.secret_access_key.clone()),
        (token, credentials.session_token.clone()),
        (expiration, Secret::new(until)),
    ];
    variables.extend(place_variables(account, region));
    variables
}

/// Where it acts: needed beside an endpoint too.
pub(super) fn place_variables(account: &str, region: Option<&str>) -> Vec<(&'static str, Secret<String>)> {
    let regions = region.into_iter().flat_map(|region| REGIONS.map(|name| (name, Secret::from(region))));
    std::iter::once((ACCOUNT, Secret::from(account))).chain(regions).collect()
}

impl From<Unquotable> for CommandError {
    fn from(error: Unquotable) -> Self {
        Self::new(Exit::Failed, "unquotable", error.to_string())
            .hint("choose another --format, or run the program by `kcaws exec`, which quotes nothing")
    }
}
