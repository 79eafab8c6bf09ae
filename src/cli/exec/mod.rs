mod each;

use std::ffi::OsString;

use chrono::TimeDelta;
use clap::Args;

use super::error::{CommandError, ErrorCode, Exit};
use super::init::HOOK;
use super::role_args::RoleArgs;
use super::serve;
use super::ui::{Ui, shown};
use super::variables::{self, NESTED, RegionArg};
use crate::app::App;
use crate::app::provider::Provider;
use crate::app::resolve::ResolvedRole;
use crate::platform::env::Env;
use crate::platform::program::{NotRun, Program};
use crate::ports::identity_center::RoleCredentials;
use crate::secret::Secret;

const EXAMPLES: &str = "\
Examples:
  kcaws exec dev -- terraform apply
  kcaws exec dev --min-ttl 45m -- ./nightly-job
  kcaws exec dev --serve -- ./week-long-job
  kcaws exec --each 'prod-*' -- aws s3 ls   exit code 1 when one fails
  kcaws exec dev -- bash                    a shell that acts as the role
  kcaws exec dev --region us-east-1 -- aws ec2 describe-vpcs

Tools use the profile's Region and its endpoints too (endpoint_url, services, use_fips_endpoint, ca_bundle and the \
like); your own AWS_REGION, AWS_ENDPOINT_URL and so on take precedence. Settings without a variable, such as `s3`, are only \
read from the profile with --keep-profile.

Exit codes: the command's own; 125 if kcaws failed before running it, 126 if it cannot be run, 127 if it is not found.";

/// Run a command with role credentials in its environment
///
/// kcaws replaces itself with the command, which gets the terminal, signals and exit code directly. Variables that
/// choose a profile or hold other credentials are removed from its environment.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExecArgs {
    #[command(flatten)]
    of: RoleArgs,
    /// Require credentials valid for at least this long (e.g. 90m); renew them first, or fail
    #[arg(long, value_name = "TIME", value_parser = span)]
    min_ttl: Option<TimeDelta>,
    /// Keep the credentials fresh while the command runs, through a loopback endpoint as in a container
    #[arg(long, conflicts_with = "min_ttl")]
    serve: bool,
    /// Run the command for every kcaws profile whose name matches, such as 'prod-*', eight at a time
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["profile", "named", "session"])]
    each: Option<String>,
    /// Also set AWS_PROFILE, for settings without a variable; tools that prefer a profile over keys then get the
    /// credentials through it
    #[arg(long, conflicts_with = "session")]
    keep_profile: bool,
    #[command(flatten)]
    region: RegionArg,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Longer than any credentials are valid, and short enough to be added to any time.
const LONGEST: TimeDelta = TimeDelta::days(3650);

fn span(text: &str) -> Result<TimeDelta, String> {
    let span = crate::cli::duration::parse(text)?;
    let span = TimeDelta::from_std(span).ok().filter(|span| *span <= LONGEST);
    span.ok_or_else(|| "no credentials are valid for that long".to_owned())
}

/// Runs the command; a failure before that exits with 125, since other codes could be the command's own.
pub(super) fn run(args: &ExecArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let before = CommandError::before_the_command;
    match &args.each {
        Some(pattern) => each::run(args, &each::profiles(pattern, app).map_err(before)?, app, ui),
        None => run_it(args, app, ui).map_err(before),
    }
}

fn run_it(args: &ExecArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if let Some(outer) = app.env.get(NESTED) {
        ui.warn(&format!("already inside `kcaws exec {outer}`; replacing its credentials"));
    }
    let chosen = args.of.choose(app)?;
    // A named profile takes precedence over both.
    if let Some(hidden) = serve::hidden_by_default(&chosen, app).filter(|_| args.serve && !args.keep_profile)
    {
        return Err(hidden);
    }
    let settings = variables::of_settings(app, &chosen, &args.region, |_| true)?;
    let ResolvedRole { selected, role, .. } = chosen;
    let label = match &selected.profile {
        Some(profile) => profile.clone(),
        None => format!("{}/{}", role.account_id, role.role_name),
    };
    let kept = selected.profile.clone().filter(|_| args.keep_profile);
    let account = role.account_id.clone();
    let provider = Provider::for_a_person(app, selected, role, ui.asking())?;
    let credentials = lasting(&provider, args.min_ttl, app)?;
    let served =
        if args.serve { Some(serve::endpoint(&args.of.settled(&provider.role), 0, app)?) } else { None };
    let mut set = match &served {
        Some(served) => {
            let mut set = served.variables(true);
            set.push(variables::of_account(&account));
            set
        }
        None => variables::of_credentials(&credentials, &account),
    };
    set.extend(settings);
    set.extend(kept.map(|profile| ("AWS_PROFILE".to_owned(), Secret::new(profile))));
    set.push((NESTED.to_owned(), Secret::from(label.as_str())));
    let program = Program { line: &args.command, set: &set, unset: &cleared(&app.env) };
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
    let Some(min_ttl) = min_ttl else { return Ok(provider.credentials()?) };
    let now = app.clock.now();
    let (credentials, end) = provider.credentials_until(now + min_ttl)?;
    let left = end - now;
    if left >= min_ttl {
        return Ok(credentials);
    }
    let asked = humantime::format_duration(min_ttl.to_std().unwrap_or_default());
    let message = format!("the credentials would expire in less than {asked}");
    Err(CommandError::new(Exit::Failed, ErrorCode::TooShort, message)
        .because(format!(
            "new {} credentials only last {} min",
            shown(provider.role.role_name.name()),
            left.num_minutes()
        ))
        .hint("`kcaws exec --serve` keeps them fresh while the command runs, if it fetches them again as SDKs do"))
}

fn cleared(env: &Env) -> Vec<String> {
    // A shell started by it has to load the hook itself.
    let fixed = variables::competing().chain([HOOK]).map(str::to_owned);
    fixed.chain(variables::of_earlier_profile(env)).collect()
}

fn not_run(program: &Program<'_>, why: &NotRun) -> CommandError {
    let name = program.line[0].to_string_lossy();
    match why {
        NotRun::NotFound => CommandError::new(
            Exit::NotFound,
            ErrorCode::CommandNotFound,
            format!("command `{name}` not found"),
        )
        .hint("use a program on PATH or a path; for aliases and pipes, `-- bash -c '…'`"),
        NotRun::NoInterpreter(interpreter) => {
            let (cause, hint) = no_interpreter(interpreter.as_deref());
            CommandError::new(Exit::CannotRun, ErrorCode::CommandCannotRun, format!("`{name}` cannot be run"))
                .because(cause)
                .hint(hint)
        }
        NotRun::CannotRun(error) => {
            CommandError::new(Exit::CannotRun, ErrorCode::CommandCannotRun, format!("`{name}` cannot be run"))
                .because(error.to_string())
                .hint("check that the file is a program and that you are allowed to execute it")
        }
    }
}

/// Returns the cause and the hint.
fn no_interpreter(interpreter: Option<&str>) -> (String, &'static str) {
    match interpreter {
        None => (
            "the loader that it was linked for does not exist".to_owned(),
            "it was built for another system or C library; use the build for this one",
        ),
        Some(interpreter) => (
            format!("its first line names `{interpreter}`, which does not exist"),
            if interpreter.ends_with('\r') {
                "the file has Windows line endings: remove the carriage returns, for example with dos2unix"
            } else {
                "install it, or fix that line"
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
}
