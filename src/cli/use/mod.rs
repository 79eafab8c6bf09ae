mod project;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::error::{CommandError, ErrorCode, Exit};
use super::prompt;
use super::ui::{Ui, shown};
use super::variables;
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession};
use crate::columns;
use crate::credentials::accounts::cached::CachedAccounts;
use crate::profile::identity::ProfileFiles;
use crate::profile::kcaws_profile::Source;
use crate::profile::{ConfigError, Document, RoleName};
use crate::prompt::{PromptState, View, recent};
use crate::shell::{Format, name_of_shell};

const EXAMPLES: &str = "\
Examples:
  kcaws use dev         sets AWS_PROFILE in this shell
  kcaws use             that of the project's .kcaws.toml (see `kcaws allow`),
                        else pick one, most recently used first
  kcaws use -           switch back to the previous one
  kcaws use --clear     unset the profile
  kcaws use --json      print the list

Tools read the profile's Region and endpoints through AWS_PROFILE. What takes precedence over a profile is removed from the \
shell: AWS keys, a web identity, other variables that select a profile, and what `kcaws env` or `exec` set; an AWS_REGION \
of your own stays.

A program cannot change its shell: load `kcaws init SHELL` first.";

/// Choose the profile of this shell
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct UseArgs {
    /// Profile, or `-` for the previous one; if not given, that of the project, or you are asked to choose
    profile: Option<String>,
    /// Same as PROFILE; use --profile=-NAME if the name starts with `-`
    #[arg(long = "profile", value_name = "PROFILE", conflicts_with = "profile")]
    named: Option<String>,
    /// Unset the profile
    #[arg(long, conflicts_with_all = ["profile", "named", "json"])]
    clear: bool,
    /// Print the kcaws profiles as JSON
    #[arg(long, conflicts_with_all = ["profile", "named"])]
    pub(super) json: bool,
    /// Print three lines for the shell's function: the profile or nothing, names of variables to remove, a dot
    #[arg(long, hide = true)]
    hook: bool,
    /// Profile for `-` in that shell: empty if no profile was used before, absent if none was chosen yet
    #[arg(long, hide = true, requires = "hook")]
    before: Option<String>,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    profiles: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    session: String,
    account_id: String,
    /// As last listed by AWS.
    account_name: Option<String>,
    role_name: String,
    /// Null for a permission set.
    role_arn: Option<String>,
    region: Option<String>,
    /// Expiry of the cached credentials.
    credentials_expires_at: Option<DateTime<Utc>>,
    logged_in: bool,
    /// Whether it is the profile of AWS_PROFILE or AWS_DEFAULT_PROFILE.
    current: bool,
}

pub(super) fn run(args: &UseArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if args.json {
        let profiles = rows(app)?.into_iter().map(|(_, row)| row).collect();
        ui.json(&Report { schema: 1, profiles });
        return Ok(());
    }
    if !args.hook {
        return Err(not_loaded(app));
    }
    let profile = match args.profile.as_deref().or(args.named.as_deref()) {
        _ if args.clear => String::new(),
        Some("-") => args.before.clone().ok_or_else(nothing_before)?,
        Some(profile) => return answer(profile, app, ui),
        None => {
            let project = project::of_current_folder(app, ui)?;
            if let Some(profile) = project.hints.profile {
                return answer(&profile, app, ui).map_err(|error| project::blamed(error, &project.name));
            }
            let mut ours = rows(app)?;
            let Some(session) = project.hints.session else {
                let others = others(app, &ours)?;
                return answer(&picked_of(app, ui, &ours, &others)?, app, ui);
            };
            ours.retain(|(_, row)| row.session == session);
            if ours.is_empty() {
                return Err(project::no_profiles(&session, &project.name, app));
            }
            picked_of(app, ui, &ours, &[])?
        }
    };
    if profile.is_empty() {
        hand_over("", app, ui);
        return Ok(());
    }
    answer(&profile, app, ui)
}

/// Prints the instructions for the shell's function. Names of variables contain no spaces.
fn hand_over(profile: &str, app: &App, ui: &mut Ui) {
    if let Some((first, verb)) = variables::before_a_profile(&app.env) {
        ui.say(&format!(
            "kcaws: removed {first} from the environment because {verb} precedence over profiles"
        ));
    }
    let gone = variables::replaced_by_a_profile(&app.env).join(" ");
    ui.script(&format!("{profile}\n{gone}\n."));
}

fn answer(profile: &str, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let region = region_of(profile, app)?;
    if profile.chars().any(char::is_control) {
        return Err(CommandError::new(
            Exit::Configuration,
            ErrorCode::BadName,
            "the profile's name contains a control character",
        )
        .hint("rename it in ~/.aws/config"));
    }
    recent::note(profile, app.state());
    hand_over(profile, app, ui);
    match seen(profile, app) {
        Some((view, _)) => ui.say(&format!("{}: {}", shown(profile), description(&view))),
        None => ui.say(&format!("{}: not a kcaws profile", shown(profile))),
    }
    if let Some((variable, by_hand)) = variables::region_by_hand(&app.env)
        && region.as_ref().is_some_and(|region| *region != by_hand)
    {
        ui.say(&format!("{variable} is set to {} and overrides the profile's Region", shown(&by_hand)));
    }
    Ok(())
}

fn nothing_before() -> CommandError {
    CommandError::new(
        Exit::Failed,
        ErrorCode::NothingBefore,
        "no other profile was used in this shell before",
    )
    .hint("name one, or choose one with `kcaws use`")
}

fn not_loaded(app: &App) -> CommandError {
    CommandError::new(Exit::Usage, ErrorCode::NoHook, "`kcaws use` is not loaded in this shell")
        .because("a program cannot change the variables of the shell that runs it")
        .hint(how_to_load(app.env.get("SHELL").as_deref()))
}

/// Returns how to load the hook; only bash itself reads ~/.bashrc, not other shells with its syntax.
fn how_to_load(shell: Option<&str>) -> String {
    let name = shell.map_or("bash", name_of_shell);
    match (Format::of_shell(shell), name) {
        (Some(Format::Fish), _) => {
            "put `kcaws init fish | source` into ~/.config/fish/config.fish, and start a new shell".to_owned()
        }
        (Some(format @ (Format::Nu | Format::Elvish | Format::Powershell)), _) => {
            format!("`kcaws init {}` prints the script and where to put it", format.name())
        }
        (Some(_), "bash" | "zsh") => format!(
            "put `eval -- \"$(kcaws init {name})\"` into ~/.{name}rc, and start a new shell; or `export AWS_PROFILE=…`"
        ),
        (Some(_), _) => format!("kcaws has no hook for {name}: `export AWS_PROFILE=…` sets a profile"),
        (None, "csh" | "tcsh") => {
            format!("kcaws has no hook for {name}: `setenv AWS_PROFILE …` sets a profile")
        }
        (None, _) => format!("kcaws has no hook for {name}: set AWS_PROFILE to choose a profile"),
    }
}

/// Returns the named profile, of kcaws or not; one that SDKs disagree about is an error.
fn region_of(profile: &str, app: &App) -> Result<Option<String>, CommandError> {
    match resolve::identity(app, profile) {
        Ok(identity) => Ok(identity.region),
        Err(ConfigError::NotOurs { .. }) => {
            let region = |files: ProfileFiles<'_>| Ok(files.value(profile, "region").map(str::to_owned));
            Ok(resolve::in_files(app, region)?)
        }
        Err(error) => {
            if matches!(error, ConfigError::NoSuchProfile { .. }) {
                resolve::check_config_file(app)?;
            }
            Err(error.into())
        }
    }
}

/// Returns whether [`UseArgs`] accepts it.
pub(super) fn takes(profile: &str, app: &App) -> bool {
    region_of(profile, app).is_ok()
}

/// Asks for a profile if none was given, or returns an error that lists the profiles.
pub(super) fn picked(app: &App, ui: &Ui) -> Result<String, CommandError> {
    resolve::check_config_file(app)?;
    picked_of(app, ui, &rows(app)?, &[])
}

fn picked_of(
    app: &App,
    ui: &Ui,
    rows: &[(View, Row)],
    others: &[(String, Source)],
) -> Result<String, CommandError> {
    let names = rows.iter().map(|(_, row)| &row.name).chain(others.iter().map(|(name, _)| name));
    let names: Vec<String> = names.cloned().collect();
    if names.is_empty() {
        resolve::check_config_file(app)?;
        return Err(CommandError::new(
            Exit::Configuration,
            ErrorCode::NoProfiles,
            "no profile gets its credentials from kcaws",
        )
        .hint("run `kcaws configure` to create some"));
    }
    if !ui.is_interactive() {
        let some = names.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(CommandError::new(Exit::Usage, ErrorCode::WhichProfile, "which profile?")
            .because(format!("profiles: {some}"))
            .hint("name it"));
    }
    let width = |cell: fn(&Row) -> &str| {
        rows.iter().map(|(_, row)| columns::width(&shown(cell(row)))).max().unwrap_or(0)
    };
    let account = |row: &Row| row.account_name.clone().unwrap_or_default();
    let widest = names.iter().map(|name| columns::width(&shown(name))).max().unwrap_or(0);
    let roles = width(|row| &row.role_name);
    let accounts = rows.iter().map(|(_, row)| columns::width(&shown(&account(row)))).max().unwrap_or(0);
    let of_ours = rows.iter().map(|(view, row)| {
        let name = columns::padded(&shown(&row.name), widest);
        let role = columns::padded(&shown(&row.role_name), roles);
        let account = columns::padded(&shown(&account(row)), accounts);
        let left = match view.standing {
            PromptState::Renews => "refreshes on use".to_owned(),
            _ => prompt::format::left(view),
        };
        // No gap without account names.
        let gap = if accounts == 0 { "" } else { "  " };
        format!("{name}  {role}  {}{gap}{account}  {left}", row.account_id)
    });
    let of_others = others.iter().map(|(name, source)| {
        let name = columns::padded(&shown(name), widest);
        format!("{name}  ({})", source.words())
    });
    let at = ui.pick("Profile:", of_ours.chain(of_others).collect())?;
    Ok(names[at].clone())
}

/// Returns the profiles of other tools, which a shell can use too, in the order of [`rows`].
fn others(app: &App, ours: &[(View, Row)]) -> Result<Vec<(String, Source)>, CommandError> {
    let ours: HashSet<&str> = ours.iter().map(|(_, row)| row.name.as_str()).collect();
    let (document, credentials) = (app.document()?, app.credentials_document());
    let files = ProfileFiles { config: document, credentials };
    let mut names = files.profile_names();
    last_used_first(&mut names, app);
    let others = names.into_iter().filter(|name| !ours.contains(name.as_str()) && takes(name, app));
    let others = others.map(|name| {
        let source = Source::of_profile(document, credentials, &name);
        (name, source)
    });
    Ok(others.collect())
}

fn last_used_first(names: &mut [String], app: &App) {
    let used = recent::read(app.state());
    names.sort_by_key(|name| used.iter().position(|used| used == name).unwrap_or(usize::MAX));
}

/// Returns the profiles, most recently used first, then in the order of the file.
fn rows(app: &App) -> Result<Vec<(View, Row)>, CommandError> {
    let mut names = app.document()?.profile_names();
    last_used_first(&mut names, app);
    let current = app.env.profile();
    let now = app.clock.now();
    let accounts = account_names(app);
    let row = |name: String| {
        let (view, role) = seen(&name, app)?;
        let row = Row {
            session: view.session.clone(),
            account_id: view.account_id.clone(),
            account_name: accounts.get(&(view.session.clone(), view.account_id.clone())).cloned(),
            role_arn: role.arn().map(str::to_owned),
            role_name: role.to_string(),
            region: Some(view.region.clone()).filter(|region| !region.is_empty()),
            credentials_expires_at: view.left.map(|left| now + left),
            logged_in: view.standing != PromptState::LoginNeeded,
            current: current.as_deref() == Some(&name),
            name,
        };
        Some((view, row))
    };
    Ok(names.into_iter().filter_map(row).collect())
}

/// Returns the account names by session and ID, from the last listings.
fn account_names(app: &App) -> BTreeMap<(String, String), String> {
    let names = app.document().map(Document::session_names).unwrap_or_default();
    let sessions = names.iter().filter_map(|name| resolve::session_named(app, name).ok());
    let known = sessions.filter_map(|session| {
        let name = session.name.clone();
        Some((name, resolve::known(app, &ResolvedSession::of(session))?))
    });
    let of_session = |(session, known): (String, CachedAccounts)| {
        let accounts = known.accounts.into_iter();
        accounts.filter_map(move |one| Some(((session.clone(), one.account.id), one.account.name?)))
    };
    known.flat_map(of_session).collect()
}

/// Returns `None` for a profile of another tool.
fn seen(profile: &str, app: &App) -> Option<(View, RoleName)> {
    let ours = prompt::ours(profile, app)?;
    Some((crate::prompt::look(profile, &ours, app.state(), app.clock.now()), ours.role_name))
}

fn description(view: &View) -> String {
    let role = view.role_name.as_deref().map(|role| format!("{} in ", shown(role))).unwrap_or_default();
    let time = match view.standing {
        PromptState::LoginNeeded => {
            format!("run `kcaws login {}`", crate::shell::quote::argument(&view.session))
        }
        PromptState::Renews => "credentials will be fetched on next use".to_owned(),
        _ => format!("{} left", prompt::format::left(view)),
    };
    format!("{role}account {}, {time}", view.account_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_sent_to_its_own_file_and_no_other() {
        for (shell, file, command) in [
            (Some("/bin/bash"), "~/.bashrc", "kcaws init bash"),
            (None, "~/.bashrc", "kcaws init bash"),
            (Some("/usr/bin/zsh"), "~/.zshrc", "kcaws init zsh"),
            (Some("/usr/bin/fish"), "config.fish", "kcaws init fish"),
            (Some("/usr/bin/nu"), "", "kcaws init nu"),
            (Some("/usr/bin/ksh"), "", "export AWS_PROFILE="),
            (Some("/bin/dash"), "", "export AWS_PROFILE="),
            (Some("/bin/tcsh"), "", "setenv AWS_PROFILE "),
            (Some("/usr/bin/xonsh"), "", "set AWS_PROFILE"),
        ] {
            let hint = how_to_load(shell);
            assert!(hint.contains(file) && hint.contains(command), "{hint}");
            assert_eq!(hint.contains("rc,"), file.ends_with("rc"), "{hint}");
        }
    }
}
