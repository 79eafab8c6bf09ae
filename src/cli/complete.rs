//! Completion: what may follow on a command line. Asked by the functions below `shell/`, which evaluate nothing of
//! it. Reads the config, and no network.
//!
//! clap_complete's own dynamic engine is behind an unstable feature, knows no nushell, and its bash script splits
//! and globs what it is given.

use std::collections::BTreeSet;

use clap::{Arg, ArgAction, Args, Command};

use super::ui::{Ui, shown};
use crate::app::App;
use crate::words::words;

/// For the shells' completion
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  kcaws __complete -- kcaws login ''")]
pub(super) struct CompleteArgs {
    /// The line so far, as typed
    #[arg(long, conflicts_with = "words", allow_hyphen_values = true)]
    line: Option<String>,
    /// Its words, the one being typed last
    #[arg(last = true)]
    words: Vec<String>,
}

/// One `value TAB description` a line. A failure completes nothing and says nothing.
pub(super) fn run(args: &CompleteArgs, root: Command, app: &App, ui: &mut Ui) {
    let words = match &args.line {
        Some(line) => typed_words(line),
        None => args.words.clone(),
    };
    let mut seen = BTreeSet::new();
    for (value, description) in candidates(&words, root, app) {
        // A name that would act on a terminal cannot be typed either.
        if shown(&value) == value && seen.insert(value.clone()) {
            let description = shown(&description);
            ui.data(if description.is_empty() { value } else { format!("{value}\t{description}") }.as_str());
        }
    }
}

/// With an empty last word behind a blank.
fn typed_words(line: &str) -> Vec<String> {
    let mut words = words(line);
    if line.is_empty() || line.ends_with([' ', '\t']) {
        words.push(String::new());
    }
    words
}

type Candidates = Vec<(String, String)>;

fn candidates(words: &[String], mut root: Command, app: &App) -> Candidates {
    let Some((typed, before)) = words.split_last().filter(|(_, before)| !before.is_empty()) else {
        return Vec::new();
    };
    // Hands the global options down.
    root.build();
    let (mut command, mut place, mut awaited) = (&root, 0, None::<&Arg>);
    for word in &before[1..] {
        if awaited.take().is_some() {
            continue;
        }
        if word == "--" {
            return Vec::new();
        } else if word.starts_with('-') && word.len() > 1 {
            awaited = option(command, word).filter(|arg| takes_value(arg));
        } else if let Some(below) = command.find_subcommand(word) {
            (command, place) = (below, 0);
        } else {
            place += 1;
        }
    }
    let found = match (awaited, typed.split_once('=')) {
        (Some(arg), _) => values(arg, app),
        (None, Some((name, _))) if name.starts_with("--") => match option(command, name) {
            Some(arg) => values(arg, app).into_iter().map(|(v, d)| (format!("{name}={v}"), d)).collect(),
            None => Vec::new(),
        },
        (None, _) if typed.starts_with('-') => options(command),
        (None, _) => {
            let mut found: Candidates = command
                .get_subcommands()
                .filter(|command| place == 0 && !command.is_hide_set())
                .map(|command| (command.get_name().to_owned(), about(command.get_about())))
                .collect();
            found
                .extend(command.get_positionals().nth(place).map(|arg| values(arg, app)).unwrap_or_default());
            found
        }
    };
    found.into_iter().filter(|(value, _)| value.starts_with(typed.as_str())).collect()
}

fn option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    // `--name=value` brings its value along.
    command.get_arguments().find(|arg| {
        let long = arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        long || arg.get_short().is_some_and(|short| word.len() == 2 && word.ends_with(short))
    })
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

/// What may stand in the place of `arg`: its own values, else what its name says.
fn values(arg: &Arg, app: &App) -> Candidates {
    let own = arg.get_possible_values();
    if !own.is_empty() && takes_value(arg) {
        return own.iter().map(|value| (value.get_name().to_owned(), about(value.get_help()))).collect();
    }
    let Ok(document) = app.document() else { return Vec::new() };
    match arg.get_id().as_str() {
        "session" => document.session_names().into_iter().map(|name| (name, String::new())).collect(),
        "region" => REGIONS.iter().map(|region| ((*region).to_owned(), String::new())).collect(),
        what @ ("profile" | "account" | "role") => {
            let profiles = document.profile_names().into_iter().filter_map(|profile| {
                let role = document.target(&profile).ok()?.role?;
                let of = format!("{} in {}", role.role_name, role.account_id);
                Some(match what {
                    "profile" => (profile, of),
                    "account" => (role.account_id, profile),
                    _ => (role.role_name, String::new()),
                })
            });
            profiles.collect()
        }
        _ => Vec::new(),
    }
}

/// AWS Regions, commercial ones: AWS General Reference, "Service endpoints".
const REGIONS: [&str; 34] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
