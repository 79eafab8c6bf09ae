//! `kcaws configure`: from nothing to the first `aws` call.

mod account_access;
mod args;
mod ask;
mod profiles;
mod report;
mod session_questions;
mod shell;
mod team;

pub(super) use self::args::ConfigureArgs;
use self::profiles::ProfileSelection;
use self::report::report;
use super::error::{CommandError, ErrorCode, Exit};
use super::login;
use super::profile::add::program;
use super::profile::write_args::{Changed, Target};
use super::ui::{Ui, shown};
use crate::app::App;
use crate::app::resolve;
use crate::configure::other_tools::{self, Unparsed};
use crate::configure::{SessionPlan, answers};
use crate::platform::folders::oddity_of_name;
use crate::profile::naming::{ProfileSettings, Template};
use crate::profile::save::Outcome;
use crate::shell::quote::argument;

/// The session being set up, and the results so far.
struct Run<'a> {
    args: &'a ConfigureArgs,
    name: String,
    program: String,
    settings: ProfileSettings,
    template: Template,
    target: Target<'a>,
    profiles: Vec<Changed>,
    unclear: Vec<Unparsed>,
    backups: Vec<u64>,
    /// A failure that did not stop the rest.
    partial: Option<CommandError>,
}

impl Run<'_> {
    fn command(&self) -> String {
        format!("configure {}", self.name)
    }

    fn keep<T>(&mut self, outcome: &Outcome<T>) {
        self.backups.extend(outcome.backup);
    }
}

pub(super) fn run(args: &ConfigureArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    check_flags(args)?;
    if args.refresh {
        return team::refresh(args, app, ui);
    }
    let Some(url) = &args.from else { return set_up(args, None, app, ui) };
    let taken = team::take(url, args, app, ui)?;
    if !taken.is_used() {
        taken.report(args, ui);
        return Ok(());
    }
    match (args.session(), taken.file.sessions.as_slice()) {
        (Some(_), _) => set_up(args, None, &app.reloaded(), ui),
        (None, [only]) => set_up(args, Some(only), &app.reloaded(), ui),
        (None, []) => {
            taken.report(args, ui);
            Ok(())
        }
        (None, several) => {
            taken.report(args, ui);
            let names: Vec<String> = several.iter().map(|name| shown(&argument(name))).collect();
            ui.tell(&format!(
                "Choose one of its sessions: kcaws configure {}",
                names.join(", kcaws configure ")
            ));
            Ok(())
        }
    }
}

/// Checks all flags before any question is asked.
fn check_flags(args: &ConfigureArgs) -> Result<(), CommandError> {
    args.template.as_deref().map(Template::parse).transpose()?;
    for region in [&args.region, &args.profile_region].into_iter().flatten() {
        answers::region(region)?;
    }
    args.session().map(answers::session_name).transpose()?;
    args.start_url.as_deref().map(answers::start_url).transpose()?;
    args.account_access.as_deref().map(answers::tenant).transpose()?;
    args.import_suffix.as_deref().map(profiles::suffix).transpose()?;
    Ok(())
}

/// Sets up a session: `usual` if the flags name no other.
fn set_up(args: &ConfigureArgs, usual: Option<&str>, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let (program, document) = (program(app)?, app.document()?);
    tell_of_new_file(app, ui)?;
    let found = other_tools::find(document);
    let known = session_questions::KnownSessions::of(document, app.settings()?, args.session().or(usual));
    if !ui.is_interactive() {
        let missing = session_questions::missing(args, &known, &found, app.settings()?);
        if !missing.is_empty() {
            return Err(session_questions::input_needed(&known, &missing));
        }
    }
    say_what_is_there(app, ui)?;
    let answers = session_questions::session(args, &known, app, &found, ui)?;
    let mut settings = app.settings()?.profiles(&answers.name);
    settings.name = args.template.clone().or(settings.name);
    settings.region = args.profile_region.as_deref().map(answers::region).transpose()?.or(settings.region);
    let template = settings.template()?;

    let plan = SessionPlan::of(
        document,
        &answers.name,
        &answers.start_url,
        &answers.region,
        answers.scopes.as_deref(),
    );
    tell_changes(&plan, ui);
    let target = Target::at(app, app.config_path()?, &args.write);
    let mut run = Run {
        args,
        name: answers.name.clone(),
        program,
        settings,
        template,
        target,
        profiles: Vec::new(),
        unclear: Vec::new(),
        backups: Vec::new(),
        partial: None,
    };
    let outcome =
        run.target.change_if_agreed(&args.write, args.yes, &run.command(), ui, |draft| plan.apply(draft))?;
    let Some(outcome) = outcome else {
        ui.say("Nothing was written.");
        report(&run, &answers, "skipped", false, None, ui);
        return Ok(());
    };
    run.keep(&outcome);
    let change = match (plan.is_new, plan.changes.is_empty()) {
        (true, _) => "created",
        (false, false) => "updated",
        (false, true) => "unchanged",
    };
    if outcome.backup.is_some() {
        ui.say(&format!("Session `{}` {change} in {}.", shown(&run.name), path_of(&run)));
    }

    if plan.is_new && !args.import {
        let theirs = other_tools::of_portal(&found, &answers.start_url);
        if theirs > 0 {
            ui.say(&format!("Profiles of other tools use this portal ({theirs}); `kcaws configure --import` creates kcaws profiles from them."));
        }
    }

    if let Some(text) = &args.account_access {
        account_access::set(&mut run, &answers::tenant(text)?, app, ui)?;
    }
    // The files have the session now, so they are read again.
    let app = &app.reloaded();
    let is_there = change == "unchanged" || !args.write.dry_run;
    let logged_in = is_there && log_in(&run, app, ui)?;
    if args.import {
        profiles::of_other_tools(&mut run, found, &answers.start_url, app, ui)?;
    }
    let selection = ProfileSelection::of(&run, ui);
    if !matches!(selection, ProfileSelection::None) {
        if logged_in {
            profiles::of_listing(&mut run, &selection, app, ui)?;
        } else {
            say_profiles_need_a_login(&run, ui);
        }
    }
    let shell_line = shell::offer(&mut run, app, ui)?;
    say_next(&run, ui);
    report(&run, &answers, change, logged_in, shell_line, ui);
    run.partial.map_or(Ok(()), Err)
}

/// Creates a missing file named by AWS_CONFIG_FILE only if that is likely intended, and reports it.
fn tell_of_new_file(app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let Err(missing) = resolve::check_config_file(app) else { return Ok(()) };
    let path = app.config_path()?;
    if oddity_of_name(&path).is_some() {
        return Err(missing.into());
    }
    ui.tell(&format!("AWS_CONFIG_FILE names {}, which does not exist yet.", path.display()));
    Ok(())
}

pub(super) fn input_needed(missing: &[&str]) -> CommandError {
    CommandError::new(
        Exit::Usage,
        ErrorCode::InputNeeded,
        "some values are missing and there is no terminal to ask for them",
    )
    .because(format!("not given: {}", missing.join(", ")))
    .hint("give them as flags, or run `kcaws configure` at a terminal")
}

fn path_of(run: &Run<'_>) -> String {
    shown(&run.target.path().display().to_string())
}

fn say_what_is_there(app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let document = app.document()?;
    for one in session_questions::in_file(document) {
        let profiles = document.profile_names();
        let ours = profiles.iter().filter_map(|name| document.own(name));
        let count = ours.filter(|own| own.session == one.name).count();
        let noted = match document.session(&one.name) {
            Ok(session) if profiles::is_noted(app, &session)? => "logged in",
            _ => "not logged in",
        };
        let plural = if count == 1 { "" } else { "s" };
        ui.say(&shown(&format!(
            "Found session `{}`: {}, {} ({noted}, {count} kcaws profile{plural}).",
            one.name, one.start_url, one.region
        )));
    }
    Ok(())
}

/// Shows the changes side by side, in addition to the diff.
fn tell_changes(plan: &SessionPlan, ui: &mut Ui) {
    if !plan.overwrites() {
        return;
    }
    ui.tell(&format!("Session `{}` exists with different values:", shown(&plan.name)));
    for change in &plan.changes {
        let old = change.old.as_deref().unwrap_or("(nothing)");
        ui.tell(&format!("  {}: {} → {}", change.key, shown(old), shown(&change.new)));
    }
    if plan.moves_the_portal() {
        ui.tell("  A login for the old start URL is not valid for the new one.");
    }
}

/// Returns whether the user is logged in afterwards. A failed login leaves the session as written.
fn log_in(run: &Run<'_>, app: &App, ui: &mut Ui) -> Result<bool, CommandError> {
    let is_noted = profiles::is_noted(app, &resolve::session_named(app, &run.name)?)?;
    if run.args.no_login || run.args.write.dry_run {
        return Ok(is_noted);
    }
    if !is_noted && ui.is_interactive() && !ui.confirm_unless_no("Log in now?")? {
        return Ok(false);
    }
    let outcome = login::into(&run.name, app, ui);
    if outcome.is_err() && !run.args.write.json {
        let name = argument(&run.name);
        ui.tell(&format!(
            "Session `{}` is set up; only the login failed. To continue: kcaws configure {}",
            shown(&run.name),
            shown(&name)
        ));
    }
    outcome.map(|()| true)
}

fn say_profiles_need_a_login(run: &Run<'_>, ui: &mut Ui) {
    let name = shown(&argument(&run.name));
    ui.say(&format!(
        "You must log in before profiles can be created from your accounts: kcaws configure {name}"
    ));
}

fn say_next(run: &Run<'_>, ui: &mut Ui) {
    let count = |change| run.profiles.iter().filter(|one| one.change == change).count();
    let counts = ["created", "updated", "renamed", "unchanged"].map(|change| (count(change), change));
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, change)| format!("{count} {change}"))
        .collect();
    if !counts.is_empty() && !run.args.write.dry_run {
        ui.say(&format!("Profiles in {}: {}.", path_of(run), counts.join(", ")));
    }
    if let Some(template) = run.args.template.as_deref().filter(|_| !run.profiles.is_empty()) {
        ui.say(&format!("To keep these names in `kcaws profile sync`, set `name = {template:?}` under [profiles] in config.toml."));
    }
    if let Some(profile) = profiles::first_written(&run.profiles).filter(|_| !run.args.write.dry_run) {
        ui.say(&format!("Try: aws sts get-caller-identity --profile {}", shown(profile)));
    }
}
