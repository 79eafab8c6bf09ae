//! `kcaws admin`: hands over to the program of the administrator's side, which is installed beside this one.
//!
//! That program links the SDK clients and the credentials chain that no developer needs.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use super::Global;
use super::error::{CommandError, ErrorCode, Exit};
use super::ui::Ui;
use crate::platform::process;
use crate::platform::program::{NotRun, Program};
use crate::platform::terminal::Terminal;

/// Connect a Keycloak realm with IAM Identity Center: users, groups, permission sets (a package of its own)
///
/// For administrators. Everything after `admin` belongs to that program, which lists its own commands.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin init\n  kcaws admin check\n  kcaws admin client plan --metadata aws.xml"
)]
pub(super) struct AdminArgs {
    /// Command of the administrator's side and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    _words: Vec<OsString>,
}

/// Returns the words for the administrator's program if the line is for it: the global options, then what follows.
pub(super) fn words_after(args: &[OsString]) -> Option<Vec<OsString>> {
    let at = args.iter().skip(1).position(|arg| !is_global(arg))? + 1;
    (args[at] == "admin").then(|| args[1..at].iter().chain(&args[at + 1..]).cloned().collect())
}

/// Returns the words by which the administrator's program completes the line `typed`, if it is one of its lines.
pub(super) fn completion_after(typed: Vec<String>) -> Option<Vec<OsString>> {
    let typed: Vec<OsString> = typed.into_iter().map(OsString::from).collect();
    let words = words_after(&typed).filter(|words| !words.is_empty())?;
    let first: [OsString; 3] = ["__complete".into(), "--".into(), "kcaws admin".into()];
    Some(first.into_iter().chain(words).collect())
}

fn is_global(arg: &OsString) -> bool {
    let Some(arg) = arg.to_str() else { return false };
    match arg.strip_prefix("--") {
        Some(long) => ["quiet", "verbose", "no-color", "no-input"].contains(&long),
        None => {
            arg.len() > 1
                && arg.strip_prefix('-').is_some_and(|short| short.bytes().all(|b| b"qv".contains(&b)))
        }
    }
}

/// Replaces this process with the administrator's program. Only returns on failure.
pub(super) fn hand_over(words: &[OsString], args: &[OsString]) -> ExitCode {
    let error = start(words);
    let may_color = !args.iter().any(|arg| arg == "--no-color");
    let mut ui = Ui::new(Terminal::of_this_process(may_color), &Global::default());
    ui.error(&error, args.iter().any(|arg| arg == "--json"));
    ExitCode::from(error.exit_code())
}

/// Starts the administrator's program with these words, in place of this process. Only returns on failure.
pub(super) fn start(words: &[OsString]) -> CommandError {
    let path = match process::admin_program() {
        Ok(path) => path,
        Err(error) => return not_started(&error.to_string()),
    };
    let line: Vec<OsString> = std::iter::once(path.clone().into()).chain(words.iter().cloned()).collect();
    match (Program { line: &line, set: &[], unset: &[] }).take_our_place() {
        NotRun::NotFound | NotRun::NoInterpreter(None) => missing(&path),
        NotRun::NoInterpreter(Some(interpreter)) => not_started(&format!("`{interpreter}` is missing")),
        NotRun::CannotRun(error) => not_started(&error.to_string()),
    }
}

fn missing(path: &std::path::Path) -> CommandError {
    CommandError::new(Exit::NotFound, ErrorCode::CommandNotFound, "kcaws-admin is not installed")
        .because(format!("{} does not exist", path.display()))
        .hint("install the package kcaws-admin, which puts it there")
}

fn not_started(why: &str) -> CommandError {
    CommandError::new(Exit::CannotRun, ErrorCode::CommandCannotRun, "cannot start kcaws-admin")
        .because(why)
        .hint("it and its folder must be yours or root's, and writable by no one else; reinstall the package kcaws-admin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_passed_on_with_the_global_options_before_them() {
        for (line, words) in [
            ("kcaws admin", Some("")),
            ("kcaws admin check --json", Some("check --json")),
            ("kcaws -qv --no-color admin --help", Some("-qv --no-color --help")),
            ("kcaws login admin", None),
            ("kcaws --version admin", None),
            ("kcaws", None),
            ("kcaws -v", None),
        ] {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let expected =
                words.map(|words| words.split_whitespace().map(OsString::from).collect::<Vec<_>>());
            assert_eq!(words_after(&args), expected, "{line}");
        }
    }
}
