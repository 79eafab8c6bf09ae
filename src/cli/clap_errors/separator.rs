//! Reports a missing `--` before the command of `exec`.

use std::ffi::OsString;

use clap::error::ErrorKind as Wrong;
use clap::{Command, CommandFactory as _};

use crate::app::App;
use crate::cli::Cli;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::profile::Document;
use crate::shell::quote::argument;
use crate::similar::similar;

/// Returns the error for a missing `--` before the command of `exec`, with the corrected line as the hint.
pub(in crate::cli) fn missing(error: &clap::Error, args: &[OsString], app: &App) -> Option<CommandError> {
    let is_about_words = matches!(
        error.kind(),
        Wrong::UnknownArgument | Wrong::ArgumentConflict | Wrong::MissingRequiredArgument
    );
    let words: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let at = words.iter().position(|word| word == "exec").filter(|_| is_about_words)?;
    let cli = Cli::command();
    let profiles = app.document().map(Document::profile_names).unwrap_or_default();
    // A mistyped profile still counts as a profile.
    let is_profile = |word: &str| !similar(word, profiles.iter().map(String::as_str)).is_empty();
    let has_default = app.env.profile().is_some();
    let exec = cli.find_subcommand("exec")?;
    let wrong = |message: &str| CommandError::new(Exit::Usage, ErrorCode::Usage, message);
    let Some((before, command)) = split(&words[at + 1..], exec, has_default, &is_profile) else {
        let is_empty = words.iter().position(|word| word == "--").is_none_or(|at| at + 1 == words.len());
        let is_bare = error.kind() == Wrong::MissingRequiredArgument && is_empty;
        return is_bare.then(|| {
            wrong("a command to run is required").hint("put it after `--`: kcaws exec dev -- aws s3 ls")
        });
    };
    let line = |words: &[String]| words.iter().map(|word| argument(word)).collect::<Vec<_>>().join(" ");
    let before = if before.is_empty() { String::new() } else { format!(" {}", line(before)) };
    let hint = format!("put `--` before the command: kcaws exec{before} -- {}", line(command));
    Some(wrong("the `--` before the command is missing").hint(hint))
}

/// Returns the words before the command and the command itself, given the words after `kcaws … exec`.
///
/// `None` if there is no command or the `--` is present. The first word that belongs to no option is the profile,
/// unless an option names it. With a profile in the environment, it may be the command if no profile has that name:
/// `is_profile` decides.
fn split<'a>(
    words: &'a [String],
    exec: &Command,
    has_default: bool,
    is_profile: &dyn Fn(&str) -> bool,
) -> Option<(&'a [String], &'a [String])> {
    let mut has_profile = false;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word == "--" {
            return None;
        }
        if let Some(option) = word.strip_prefix("--") {
            let (name, value) =
                option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let takes_value = exec
                .get_arguments()
                .find(|arg| arg.get_long() == Some(name))
                .is_some_and(|arg| arg.get_action().takes_values());
            has_profile |= matches!(name, "profile" | "session" | "each");
            at += if takes_value && value.is_none() { 2 } else { 1 };
            continue;
        }
        if word.len() > 1 && word.starts_with('-') {
            at += 1;
            continue;
        }
        if has_profile || (has_default && !is_profile(word)) {
            return Some(words.split_at(at));
        }
        has_profile = true;
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_at(line: &str, default: bool) -> Option<(String, String)> {
        let cli = Cli::command();
        let exec = cli.find_subcommand("exec").expect("is a command");
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (head, command) = split(&words, exec, default, &|name| name == "dev")?;
        Some((head.join(" "), command.join(" ")))
    }

    #[test]
    fn the_command_begins_behind_the_profile_and_the_options() {
        for (line, head, command) in [
            ("dev aws s3 ls", "dev", "aws s3 ls"),
            ("dev aws s3 ls --recursive", "dev", "aws s3 ls --recursive"),
            ("--profile dev true", "--profile dev", "true"),
            ("--profile=dev true", "--profile=dev", "true"),
            ("--each x* true", "--each x*", "true"),
            ("dev --min-ttl 2h --serve make -j4", "dev --min-ttl 2h --serve", "make -j4"),
            ("dev -q make", "dev -q", "make"),
            (
                "--session corp --account 111122223333 --role Admin aws",
                "--session corp --account 111122223333 --role Admin",
                "aws",
            ),
            ("dev kubectl exec pod -- ls", "dev", "kubectl exec pod -- ls"),
        ] {
            assert_eq!(split_at(line, false), Some((head.to_owned(), command.to_owned())), "{line}");
        }
        assert_eq!(split_at("aws s3 ls", true), Some((String::new(), "aws s3 ls".to_owned())));
        assert_eq!(split_at("dev aws", true), Some(("dev".to_owned(), "aws".to_owned())));
        for line in ["dev", "dev -- aws", "dev --serve", "--profile dev", "-- aws"] {
            assert_eq!(split_at(line, false), None, "{line}");
        }
    }
}
