//! A command line that clap refuses, or that asks for help.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::error::ErrorKind as Wrong;

use super::Global;
use super::error::{CommandError, Exit};
use super::ui::{Ui, shown};
use crate::ports::terminal::Terminal;

/// `--help` and `--version` are answers: stdout and 0. The rest is wrong usage: stderr, with `--json` as every other
/// error is, and 2; 125 where a command's own code would have come.
pub(super) fn tell(error: &clap::Error, args: &[OsString]) -> ExitCode {
    let ours = || args.iter().skip(1).take_while(|arg| *arg != "--");
    let json = ours().any(|arg| arg == "--json");
    let mut ui = Ui::new(Terminal::of_this_process(true), &Global::default());
    if error.exit_code() == 0 {
        return match error.print() {
            // A closed pipe is nobody's mistake.
            Err(broken) if broken.kind() != ErrorKind::BrokenPipe => {
                let failure = CommandError::output(&broken);
                ui.error(&failure, json);
                ExitCode::from(failure.exit_code())
            }
            _ => ExitCode::SUCCESS,
        };
    }
    let is_option = |arg: &&OsString| arg.as_encoded_bytes().starts_with(b"-");
    let is_exec = ours().find(|arg| !is_option(arg)).is_some_and(|arg| arg == "exec");
    let mut failure = in_our_words(error);
    if is_exec {
        failure = failure.before_the_command();
    }
    if json {
        ui.error(&failure, true);
    } else if error.render().to_string().lines().any(|line| shown(line) != line) {
        // It repeats what was typed.
        for line in error.render().to_string().lines() {
            ui.tell(line);
        }
    } else {
        // clap's own words have colours and the usage. A stderr that is closed is no reason for another code.
        let _ = error.print();
    }
    ExitCode::from(failure.exit_code())
}

/// What clap says as paragraphs: what is wrong, tips, the usage.
fn in_our_words(error: &clap::Error) -> CommandError {
    let wrong = |message: String| CommandError::new(Exit::Usage, "usage", message);
    // Then its words are the whole help.
    if error.kind() == Wrong::DisplayHelpOnMissingArgumentOrSubcommand {
        return wrong("a command is missing".to_owned()).hint("`kcaws --help` lists them");
    }
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(|paragraph| {
        paragraph.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let message = paragraphs.next().unwrap_or_default();
    let failure = wrong(message.strip_prefix("error: ").unwrap_or(&message).to_owned());
    let hint = paragraphs.find_map(|paragraph| {
        let tip = paragraph.strip_prefix("tip: ").map(|tips| tips.replace(" tip: ", "; "));
        tip.or_else(|| paragraph.strip_prefix("Usage: ").map(|usage| format!("usage: {usage}")))
    });
    failure.hint(hint.unwrap_or_else(|| "`--help` shows what there is".to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::cli::error::Situation;

    #[test]
    fn clap_is_taken_apart_into_message_and_hint() {
        for (line, message, hint) in [
            ("status --frob", "unexpected argument '--frob' found", "to pass '--frob' as a value"),
            ("whoami --frob", "unexpected argument '--frob' found", "usage: kcaws whoami"),
            ("statu", "unrecognized subcommand 'statu'", "similar subcommand"),
            (
                "profile add",
                "the following required arguments were not provided: --session",
                "usage: kcaws profile add",
            ),
            ("", "a command is missing", "`kcaws --help` lists them"),
            (
                "console --duration 1s",
                "AWS takes 15m to 12h, in whole seconds",
                "`--help` shows what there is",
            ),
            (
                "init tcsh",
                "invalid value 'tcsh' for '<SHELL>' [possible values: bash",
                "a similar value exists: 'zsh'",
            ),
        ] {
            let line = ["kcaws"].into_iter().chain(line.split_whitespace());
            let error = Cli::try_parse_from(line).expect_err("wrong");
            let told = in_our_words(&error).as_json(Situation::default())["error"].clone();
            let (said, hinted) =
                (told["message"].as_str().unwrap_or(""), told["hint"].as_str().unwrap_or(""));
            assert!(said.contains(message) && hinted.contains(hint), "{told}");
            assert_eq!(told["code"], "usage");
        }
    }
}
