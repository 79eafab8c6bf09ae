mod each;

use std::ffi::OsString;

use chrono::TimeDelta;
use clap::Args;

use super::env;
use super::error::{CommandError, Exit};
use super::init::HOOK;
use super::provider::Provider;
use super::role_args::{Chosen, RoleArgs};
use super::serve;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::ports::identity_center::RoleCredentials;
use crate::ports::program::{NotRun, Program};
use crate::secret::Secret;

const EXAMPLES: &str = "\
Examples:
  kcaws exec dev -- terraform apply
  kcaws exec dev --min-ttl 45m -- ./nightly-job
  kcaws exec dev --serve -- ./week-long-job
  kcaws exec --each 'prod-*' -- aws s3 ls   exit code 1 when one fails
  kcaws exec dev -- bash                    a shell that acts as the role

Exit codes: those of the command; 125 where kcaws failed before it ran, 126 where it cannot be run, 127 where it is \
not found.";

/// Set for the command: what kcaws runs inside of itself can be told.
pub(super) const NESTED: &str = "KCAWS_EXEC";

/// What else would decide who the command is, or was right for other keys only.
const STALE: [&str; 15] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CREDENTIAL_FILE",
];
/// The last one is the EB CLI's own.
const PROFILES: [&str; 3] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_EB_PROFILE"];

/// Run a command with role credentials in its environment
///
/// The command takes kcaws's place: its signals, terminal and exit code are its own. The variables that choose
/// a profile and what is left of other credentials are removed from its environment.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExecArgs {
    #[command(flatten)]
    of: RoleArgs,
    /// The credentials must last this long (90m, 2h): else they are renewed first, or nothing is run
    #[arg(long, value_name = "TIME", value_parser = span)]
    min_ttl: Option<TimeDelta>,
    /// Keep the credentials fresh as long as the command runs: it asks a loopback endpoint for them, as in a container
    #[arg(long, conflicts_with = "min_ttl")]
    serve: bool,
    /// For every profile of kcaws whose name matches, eight at a time, such as 'prod-*'
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["profile", "named", "session"])]
    each: Option<String>,
    /// Leave AWS_PROFILE and AWS_DEFAULT_PROFILE in the command's environment
    #[arg(long)]
    keep_profile: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Longer than credentials of any kind, and short enough to be added to any time.
const LONGEST: TimeDelta = TimeDelta::days(3650);

fn span(text: &str) -> Result<TimeDelta, String> {
    let span = crate::cli::duration::parse(text)?;
    let span = TimeDelta::from_std(span).ok().filter(|span| *span <= LONGEST);
    span.ok_or_else(|| "no credentials last that long".to_owned())
}

/// What fails before the command runs is 125, whatever kcaws says of it elsewhere: the command's own codes begin at 0.
pub(super) fn run(args: &ExecArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let before = CommandError::before_the_command;
    match &args.each {
        Some(pattern) => each::run(args, &each::profiles(pattern, app).map_err(before)?, app, ui),
        None => run_it(args, app, ui).map_err(before),
    }
}

fn run_it(args: &ExecArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if let Some(outer) = app.env.get(NESTED) {
        ui.warn(&format!("this runs inside `kcaws exec` of {outer} already; its credentials are replaced"));
    }
    let chosen = args.of.choose(app)?;
    // A profile that stays named comes before both.
    let is_named = || args.keep_profile && app.env.profile().is_some();
    if let Some(hidden) = serve::hidden_by_default(&chosen, app).filter(|_| args.serve && !is_named()) {
        return Err(hidden);
    }
    let Chosen { selected, role, region } = chosen;
    let label = match &selected.profile {
        Some(profile) => profile.clone(),
        None => format!("{}/{}", role.account_id, role.role_name),
    };
    let account = role.account_id.clone();
    let provider = Provider::for_a_person(app, selected, role, ui)?;
    let credentials = lasting(&provider, args.min_ttl, app)?;
    let served =
        if args.serve { Some(serve::endpoint(&args.of.settled(&provider.role), 0, app)?) } else { None };
    let mut set = match &served {
        Some(served) => {
            let mut set = served.variables(true);
            set.extend(env::place_variables(&account, region.as_deref()));
            set
        }
        None => env::variables(&credentials, &account, region.as_deref()),
    };
    set.push((NESTED, Secret::from(label.as_str())));
    let program = Program { line: &args.command, set: &set, unset: &cleared(args.keep_profile) };
    let why = match served {
        Some(served) => program.run_beside(|| drop(served.token_file)),
        None => program.take_our_place(),
    };
    Err(not_run(&program, &why))
}

fn lasting(
    provider: &Provider<'_>,
    min_ttl: Option<TimeDelta>,
    app: &App,
) -> Result<RoleCredentials, CommandError> {
    let Some(min_ttl) = min_ttl else { return provider.credentials() };
    let now = app.clock.now();
    let (credentials, end) = provider.credentials_until(now + min_ttl)?;
    let left = end - now;
    if left >= min_ttl {
        return Ok(credentials);
    }
    let asked = humantime::format_duration(min_ttl.to_std().unwrap_or_default());
    let message = format!("the credentials would end before {asked} are over");
    Err(CommandError::new(Exit::Failed, "too_short", message)
        .because(format!(
            "{} gives {} min at a time, fresh ones too",
            shown(&provider.role.role_name),
            left.num_minutes()
        ))
        .hint("`kcaws exec --serve` keeps them fresh while the command runs, if it asks again as SDKs do"))
}

fn cleared(keep_profile: bool) -> Vec<&'static str> {
    let profiles = PROFILES.into_iter().filter(|_| !keep_profile);
    // A shell below it has to load the hook by itself.
    STALE.into_iter().chain([HOOK]).chain(profiles).collect()
}

fn not_run(program: &Program<'_>, why: &NotRun) -> CommandError {
    let name = program.line[0].to_string_lossy();
    match why {
        NotRun::NotFound => {
            CommandError::new(Exit::NotFound, "command_not_found", format!("there is no command `{name}`"))
                .hint("name a program on PATH, or its path; for aliases and pipes, `-- bash -c '…'`")
        }
        NotRun::NoInterpreter(interpreter) => {
            let (cause, hint) = no_interpreter(interpreter.as_deref());
            CommandError::new(Exit::CannotRun, "command_cannot_run", format!("`{name}` cannot be run"))
                .because(cause)
                .hint(hint)
        }
        NotRun::CannotRun(error) => {
            CommandError::new(Exit::CannotRun, "command_cannot_run", format!("`{name}` cannot be run"))
                .because(error.to_string())
                .hint("check that the file is a program and that you may execute it")
        }
    }
}

/// Cause and hint.
fn no_interpreter(interpreter: Option<&str>) -> (String, &'static str) {
    match interpreter {
        None => (
            "the loader that it was linked for is not here".to_owned(),
            "it was built for another system or C library; take the build for this one",
        ),
        Some(interpreter) => (
            format!("its first line asks for `{interpreter}`, which is not there"),
            if interpreter.ends_with('\r') {
                "its lines end as in Windows: take the carriage returns away, with dos2unix for example"
            } else {
                "install that, or mend the line"
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_as_people_write_it() {
        assert_eq!(span("2h"), Ok(TimeDelta::hours(2)));
        assert_eq!(span("1h30m"), Ok(TimeDelta::minutes(90)));
        assert!(span("soon").is_err() && span("").is_err() && span("-1h").is_err());
        assert_eq!(span("3650d"), Ok(LONGEST));
        for endless in
            ["3651d", "300000y", "9223372036854775807ms", "18446744073709551615s", "9999999999999999y"]
        {
            assert!(span(endless).is_err(), "{endless}");
        }
    }

    #[test]
    fn keys_of_others_are_cleared_and_the_profile_stays_on_request() {
        assert!(cleared(false).contains(&"AWS_PROFILE") && !cleared(true).contains(&"AWS_PROFILE"));
        assert!(cleared(true).contains(&"AWS_SECURITY_TOKEN"));
    }
}
