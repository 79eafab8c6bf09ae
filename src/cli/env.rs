use clap::Args;
use clap::builder::PossibleValue;

use super::error::{CommandError, ErrorCode, Exit};
use super::role_args::RoleArgs;
use super::serve;
use super::ui::Ui;
use super::variables::{self, ACCOUNT, KEYS, NESTED, RegionArg, Variable};
use crate::app::App;
use crate::app::provider::Provider;
use crate::app::resolve::ResolvedRole;
use crate::platform::env::Env;
use crate::profile::tool_settings::CA_BUNDLE;
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
  kcaws env dev --region us-east-1

Tools use the profile's Region and its endpoints too (endpoint_url, services, use_fips_endpoint, ca_bundle and the \
like); your own AWS_REGION, AWS_ENDPOINT_URL and so on take precedence. KCAWS_SET lists what was set from the profile, so \
that --unset and the next `kcaws use`, `env` or `exec` remove it again. dotenv leaves AWS_CA_BUNDLE out, since a \
container does not see that file.

AWS_PROFILE and other sources of credentials are removed from the shell, so that every tool acts as this role; --unset \
does not bring them back. dotenv and json cannot remove a variable: a warning names those that are set.

These variables are not refreshed. Use `kcaws exec` for a single command and a profile for everything else.";

/// Print role credentials as variables for a shell
///
/// This prints secrets, because that is its purpose.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct EnvArgs {
    #[command(flatten)]
    of: RoleArgs,
    #[command(flatten)]
    region: RegionArg,
    /// Output syntax [default: from $SHELL]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Print commands that unset the variables, including those of `kcaws serve`
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

pub(super) fn run(args: &EnvArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let format = format(args.format, app)?;
    if args.unset {
        ui.script(format.unset(&unset(&app.env)).trim_end());
        return Ok(());
    }
    let chosen = args.of.choose(app)?;
    let settings = variables::of_settings(app, &chosen, &args.region, |name| is_seen(name, format))?;
    let ResolvedRole { selected, role, .. } = chosen;
    let account = role.account_id.clone();
    let credentials = Provider::for_a_person(app, selected, role, ui.asking())?.credentials()?;
    let mut set = variables::of_credentials(&credentials, &account);
    set.extend(settings);
    let competing = variables::competing_in(&app.env, &set);
    if !format.removes() && !competing.is_empty() {
        ui.warn(&format!(
            "{} cannot remove {}, which some tools use before these keys",
            format.name(),
            competing.join(", ")
        ));
    }
    let earlier = variables::of_earlier_profile(&app.env);
    // The shell's variables may differ by the time it reads this; nushell's record would show ones that were never set.
    let mut gone = if format == Format::Nu { competing } else { variables::competing().collect() };
    gone.extend(Some(NESTED).filter(|name| format != Format::Nu || app.env.get(name).is_some()));
    gone.extend(earlier.iter().map(String::as_str));
    ui.warn_of_readers_of_stdout("run `chmod 600` on it, or start the program with `kcaws exec`");
    ui.secret_line(&text(format, &gone, &set)?);
    Ok(())
}

/// Returns the requested syntax, or else that of the user's shell.
pub(super) fn format(named: Option<Format>, app: &App) -> Result<Format, CommandError> {
    let shell = app.env.get("SHELL");
    named.or_else(|| Format::of_shell(shell.as_deref())).ok_or_else(|| {
        let shell = shell.as_deref().map(name_of_shell).unwrap_or_default();
        let known = Format::ALL.map(Format::name).join(", ");
        CommandError::new(
            Exit::Usage,
            ErrorCode::UnknownShell,
            format!("kcaws has no syntax for the shell `{shell}`"),
        )
        .because("SHELL names it, and --format is not given")
        .hint(format!("choose a syntax with --format: {known}"))
    })
}

/// Returns the variables that `env` and `serve` set; Region and endpoints only if their values are unchanged.
fn unset(env: &Env) -> Vec<String> {
    let fixed = KEYS.into_iter().chain([ACCOUNT]).chain(serve::VARIABLES).map(str::to_owned);
    fixed.chain(variables::of_earlier_profile(env)).collect()
}

/// Returns whether the variable is useful to readers of the format: a container does not see this machine's files.
pub(super) fn is_seen(variable: &str, format: Format) -> bool {
    format != Format::Dotenv || variable != CA_BUNDLE
}

/// Returns the commands that unset `gone` and set the variables, in the syntax of `format`.
pub(super) fn text(
    format: Format,
    gone: &[&str],
    variables: &[Variable],
) -> Result<Secret<Vec<u8>>, Unquotable> {
    let pairs: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect();
    let mut text = format.change(gone, &pairs)?;
    Ok(Secret::new(std::mem::take(&mut *text).into_bytes()))
}

impl From<Unquotable> for CommandError {
    fn from(error: Unquotable) -> Self {
        Self::new(Exit::Failed, ErrorCode::Unquotable, error.to_string())
            .hint("choose another --format, or run the program with `kcaws exec`, which needs no quoting")
    }
}
