//! Completion: what can follow on a command line. Called by the functions in `shell/`, which evaluate nothing of the
//! output. Reads the config, and never uses the network.
//!
//! clap_complete's own dynamic engine is behind an unstable feature, does not support nushell, and its bash script
//! splits and globs its input.

use std::collections::BTreeSet;

use clap::{Arg, ArgAction, Args, Command};

use super::ui::{Ui, shown};
use super::r#use;
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession};
use crate::console::Partition;
use crate::console::regions::REGIONS;
use crate::console::services::{SERVICES, Service};
use crate::credentials::accounts::AccountRoles;
use crate::credentials::accounts::cached::CachedAccounts;
use crate::profile::identity::ProfileFiles;
use crate::profile::kcaws_profile::Source;
use crate::profile::{Document, Role, RoleName};
use crate::settings::Settings;
use crate::shell::words::typed_words;

/// Print completions for the shells
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  kcaws __complete -- kcaws login ''")]
pub struct CompleteArgs {
    /// Command line so far, as typed
    #[arg(long, conflicts_with = "words", allow_hyphen_values = true)]
    line: Option<String>,
    /// A backslash in the line escapes the next character
    #[arg(long, requires = "line")]
    backslash: bool,
    /// Words of the line, the one being typed last
    #[arg(last = true)]
    words: Vec<String>,
}

impl CompleteArgs {
    /// Returns the words of the line, the one being typed last.
    pub(super) fn typed(&self) -> Vec<String> {
        match &self.line {
            Some(line) => typed_words(line, self.backslash),
            None => self.words.clone(),
        }
    }
}

/// Prints one `value TAB description` per line; on failure, prints nothing.
pub fn run(args: &CompleteArgs, root: Command, app: &App, ui: &mut Ui) {
    let words = args.typed();
    let mut seen = BTreeSet::new();
    for (value, description) in candidates(&words, root, app) {
        // A name with control characters cannot be typed either.
        if shown(&value) == value && seen.insert(value.clone()) {
            let description = shown(&description);
            ui.script(
                if description.is_empty() { value } else { format!("{value}\t{description}") }.as_str(),
            );
        }
    }
}

type Candidates = Vec<(String, String)>;

fn candidates(words: &[String], mut root: Command, app: &App) -> Candidates {
    let Some((typed, before)) = words.split_last().filter(|(_, before)| !before.is_empty()) else {
        return Vec::new();
    };
    // Passes the global options down.
    root.build();
    let (mut command, mut place, mut awaited, mut only_names) = (&root, 0, None::<&Arg>, false);
    for word in &before[1..] {
        if awaited.take().is_some() {
            continue;
        }
        if only_names {
            place += 1;
        } else if word == "--" {
            // A command with its files follows, or names that can begin with `-`.
            if command.get_positionals().any(Arg::is_last_set) {
                return Vec::new();
            }
            only_names = true;
        } else if word.starts_with('-') && word.len() > 1 {
            awaited = option(command, word).filter(|arg| takes_value(arg) && !arg.is_require_equals_set());
        } else if let Some(below) = command.find_subcommand(word) {
            (command, place) = (below, 0);
        } else {
            place += 1;
        }
    }
    let line = Line { command, before, app };
    let names = || positional(command, place).map(|arg| line.values(arg)).unwrap_or_default();
    // Anywhere else it would be taken for an option.
    let no_dashes = |mut found: Candidates| {
        found.retain(|(value, _)| !value.starts_with('-'));
        found
    };
    let found = match (awaited, typed.split_once('=')) {
        (Some(arg), _) => no_dashes(line.values(arg)),
        (None, _) if only_names => names(),
        (None, Some((name, _))) if name.starts_with("--") => match option(command, name) {
            Some(arg) => line.values(arg).into_iter().map(|(v, d)| (format!("{name}={v}"), d)).collect(),
            None => Vec::new(),
        },
        (None, _) if typed.starts_with('-') => options(command),
        (None, _) => {
            let mut found: Candidates = command
                .get_subcommands()
                .filter(|command| place == 0 && !command.is_hide_set())
                .map(|command| (command.get_name().to_owned(), about(command.get_about())))
                .collect();
            found.extend(names());
            no_dashes(found)
        }
    };
    found.into_iter().filter(|(value, _)| value.starts_with(typed.as_str())).collect()
}

fn option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    // `--name=value` contains its value.
    command.get_arguments().find(|arg| {
        let long = arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        long || arg.get_short().is_some_and(|short| word.len() == 2 && word.ends_with(short))
    })
}

/// The last positional argument may take several words.
fn positional(command: &Command, place: usize) -> Option<&Arg> {
    let all = || command.get_positionals().filter(|arg| !arg.is_last_set());
    let many = |arg: &&Arg| matches!(arg.get_action(), ArgAction::Append);
    all().nth(place).or_else(|| all().find(many))
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn options(command: &Command) -> Candidates {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    shown.filter_map(|arg| Some((format!("--{}", arg.get_long()?), about(arg.get_help())))).collect()
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

/// The words before the one being typed.
struct Line<'a> {
    command: &'a Command,
    before: &'a [String],
    app: &'a App,
}

impl Line<'_> {
    /// Returns the values that `arg` can take: its own possible values, else by its name.
    fn values(&self, arg: &Arg) -> Candidates {
        let own = arg.get_possible_values();
        if !own.is_empty() && takes_value(arg) {
            return own.iter().map(|value| (value.get_name().to_owned(), about(value.get_help()))).collect();
        }
        match arg.get_id().as_str() {
            "service" => services(),
            "session" | "session_option" => {
                let mut names = self.app.document().map(Document::session_names).unwrap_or_default();
                if self.command.get_name() == "configure" {
                    let offers = self.app.settings().map(Settings::offers).unwrap_or_default();
                    names.extend(offers.into_iter().map(|offer| offer.name));
                    names.sort();
                    names.dedup();
                }
                names.into_iter().map(|name| (name, String::new())).collect()
            }
            "profile" | "named" => self.profiles(),
            "names" => {
                let Ok(document) = self.app.document() else { return Vec::new() };
                let names = document.profile_names().into_iter().filter(|name| !self.before.contains(name));
                names
                    .filter_map(|name| Some((document.own(&name)?.role.role_name, name)))
                    .map(|(role, name)| (name, role.to_string()))
                    .collect()
            }
            "account" => self.accounts(),
            "role" => self.roles(),
            "region" => self.regions(),
            _ => Vec::new(),
        }
    }

    /// Returns the profiles that the command accepts: `use` and `doctor` accept those of other tools too.
    fn profiles(&self) -> Candidates {
        let credentials = self.app.credentials_document();
        let Ok(config) = self.app.document() else { return Vec::new() };
        let files = ProfileFiles { config, credentials };
        let takes_others = |name: &str| match self.command.get_name() {
            "use" => r#use::takes(name, self.app),
            "doctor" => true,
            _ => false,
        };
        let described = |name: String| {
            let role = files.identity(&name).ok().and_then(|identity| identity.acts_as().cloned());
            let description = match role {
                Some(role) => format!("{} in {}", role.role_name, role.account_id),
                None if takes_others(&name) => {
                    Source::of_profile(config, credentials, &name).words().to_owned()
                }
                None => return None,
            };
            Some((name, description))
        };
        files.profile_names().into_iter().filter_map(described).collect()
    }

    /// Returns the permission sets named in profiles.
    fn of_profiles(&self, one: impl Fn(String, Role) -> (String, String)) -> Candidates {
        let credentials = self.app.credentials_document();
        let Ok(config) = self.app.document() else { return Vec::new() };
        let files = ProfileFiles { config, credentials };
        let named = |name: String| {
            let identity = files.identity(&name).ok().filter(|identity| identity.chain.is_empty());
            Some(one(name, identity?.permission_set?))
        };
        config.profile_names().into_iter().filter_map(named).collect()
    }

    /// Returns the accounts of the last list by name, plus those named in profiles.
    fn accounts(&self) -> Candidates {
        let known = self.known();
        let accounts = known.iter().flat_map(|known| &known.accounts);
        let named =
            accounts.map(|one| (one.account.id.clone(), one.account.name.clone().unwrap_or_default()));
        named.chain(self.of_profiles(|profile, role| (role.account_id, profile))).collect()
    }

    /// Returns the permission sets of the account already on the line if the last list has it, else all.
    fn roles(&self) -> Candidates {
        let (known, account) = (self.known(), self.value_of("--account"));
        let accounts: Vec<&AccountRoles> = known.iter().flat_map(|known| &known.accounts).collect();
        let there: Vec<&AccountRoles> =
            accounts.iter().copied().filter(|one| Some(one.account.id.as_str()) == account).collect();
        if !there.is_empty() {
            return there.iter().flat_map(|one| &one.roles).map(choice).collect();
        }
        let roles = accounts.iter().flat_map(|one| &one.roles).map(choice);
        roles.chain(self.of_profiles(|_, role| choice(&role.role_name))).collect()
    }

    /// Returns the sessions in the config, or only the one given with `--session`.
    fn session_names(&self) -> Vec<String> {
        match self.value_of("--session") {
            Some(name) => vec![name.to_owned()],
            None => self.app.document().map(Document::session_names).unwrap_or_default(),
        }
    }

    /// Returns the last lists of these sessions.
    fn known(&self) -> Vec<CachedAccounts> {
        let names = self.session_names();
        let sessions = names.iter().filter_map(|name| resolve::session_named(self.app, name).ok());
        sessions.filter_map(|session| resolve::known(self.app, &ResolvedSession::of(session))).collect()
    }

    /// Returns the Regions of the partitions of the config's sessions, or of the session on the line: a login is valid
    /// in one partition only.
    fn regions(&self) -> Candidates {
        let names = self.session_names();
        let sessions = names.iter().filter_map(|name| resolve::session_named(self.app, name).ok());
        let mut partitions: Vec<&str> =
            sessions.map(|session| Partition::of_region(&session.region).id).collect();
        if partitions.is_empty() {
            partitions.push("aws");
        }
        let regions = REGIONS.iter().filter(|(id, _)| partitions.contains(&Partition::of_region(id).id));
        regions.map(|(id, title)| ((*id).to_owned(), (*title).to_owned())).collect()
    }

    /// Returns the value of an option that is already on the line.
    fn value_of(&self, name: &str) -> Option<&str> {
        self.before.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
            Some((option, value)) => (option == name).then_some(value),
            None if word == name => self.before.get(at + 1).map(String::as_str),
            None => None,
        })
    }
}

/// Returns a value of `--role`, and for an IAM role what it is.
fn choice(role: &RoleName) -> (String, String) {
    let description = if role.arn().is_some() { "IAM role" } else { "" };
    (role.as_str().to_owned(), description.to_owned())
}

fn services() -> Candidates {
    let names = |service: &Service| {
        let title = service.title;
        [service.name]
            .into_iter()
            .chain(service.aliases.iter().copied())
            .map(move |name| (name.to_owned(), title.to_owned()))
    };
    SERVICES.iter().flat_map(names).collect()
}
