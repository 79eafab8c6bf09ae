//! Command lines that clap rejects, or that ask for help.

pub(super) mod separator;

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind as Wrong};

use super::Global;
use super::error::{CommandError, ErrorCode, Exit};
use super::ui::Ui;
use crate::platform::terminal::Terminal;

/// Prints what clap returned instead of a command, and returns the exit code.
///
/// `--help` and `--version` go to stdout with exit code 0. The rest is wrong usage: it goes to stderr (with `--json`
/// like every other error) with exit code 2, or 125 for `exec`. `missing` recognizes a `--` that is missing before the
/// command of `exec`.
pub fn tell(
    error: &clap::Error,
    args: &[OsString],
    cli: &clap::Command,
    missing: impl FnOnce() -> Option<CommandError>,
) -> u8 {
    let ours = || args.iter().skip(1).take_while(|arg| *arg != "--");
    let json = ours().any(|arg| arg == "--json");
    let may_color = !ours().any(|arg| arg == "--no-color");
    let mut ui = Ui::new(Terminal::of_this_process(may_color), &Global::default());
    let failure = if error.exit_code() == 0 {
        ui.help(&error.render().ansi().to_string());
        match ui.finish() {
            Ok(()) => return 0,
            Err(failure) => failure,
        }
    } else {
        if error.kind() == Wrong::DisplayHelpOnMissingArgumentOrSubcommand && !json && ui.size().is_some() {
            // The program's name alone shows the help.
            ui.tell_drawn(&error.render().ansi().to_string());
        }
        let command = command_of(cli, ours());
        let is_exec = command.words == "kcaws exec";
        let missing = if is_exec { missing() } else { None };
        let failure = missing.unwrap_or_else(|| in_our_words(error, &command));
        if is_exec { failure.before_the_command() } else { failure }
    };
    ui.error(&failure, json);
    failure.exit_code()
}

/// The command that was typed, as far as it exists.
struct TypedCommand<'a> {
    words: String,
    command: &'a clap::Command,
}

impl TypedCommand<'_> {
    /// Returns what clap requires beside this argument, which is `[NAME]`, `--option` or `--option <VALUE>`.
    fn required_beside(&self, argument: &str) -> Vec<String> {
        let words = argument.split_whitespace().map(|word| if word.starts_with('-') { word } else { "x" });
        let line = std::iter::once(self.command.get_name()).chain(words);
        match self.command.clone().try_get_matches_from(line) {
            Err(error) if error.kind() == Wrong::MissingRequiredArgument => {
                What { error: &error, typed: self }.list(ContextKind::InvalidArg)
            }
            _ => Vec::new(),
        }
    }
}

/// Returns the command that was typed. Of the options before it, `--log` alone takes a value.
fn command_of<'a, 'b>(cli: &'b clap::Command, args: impl Iterator<Item = &'a OsString>) -> TypedCommand<'b> {
    let mut words = vec![cli.get_bin_name().unwrap_or_else(|| cli.get_name()).to_owned()];
    let mut command = cli;
    let mut is_value = false;
    let is_word = |arg: &&OsString| {
        let was_value = std::mem::replace(&mut is_value, *arg == "--log");
        !was_value && !arg.as_encoded_bytes().starts_with(b"-")
    };
    for arg in args.filter(is_word) {
        let Some(next) = command.find_subcommand(arg) else { break };
        command = next;
        words.push(next.get_name().to_owned());
    }
    TypedCommand { words: words.join(" "), command }
}

/// Returns clap's error in the same form as all others.
fn in_our_words(error: &clap::Error, typed: &TypedCommand<'_>) -> CommandError {
    let what = What { error, typed };
    let failure = |message: String| CommandError::new(Exit::Usage, ErrorCode::Usage, message);
    let (argument, value) = (what.text(ContextKind::InvalidArg), what.text(ContextKind::InvalidValue));
    let failure = match error.kind() {
        Wrong::DisplayHelpOnMissingArgumentOrSubcommand | Wrong::MissingSubcommand => {
            failure("a command is missing".to_owned())
        }
        Wrong::UnknownArgument => failure(format!("unexpected argument {argument}")),
        Wrong::InvalidSubcommand => {
            failure(format!("unknown command {}", what.text(ContextKind::InvalidSubcommand)))
        }
        Wrong::MissingRequiredArgument => {
            let plural = if what.list(ContextKind::InvalidArg).len() == 1 { "" } else { "s" };
            failure(format!("missing required argument{plural} {argument}"))
        }
        Wrong::ArgumentConflict => {
            let other = what.text(ContextKind::PriorArg);
            if argument == other {
                failure(format!("{argument} is given more than once"))
            } else {
                failure(format!("{argument} cannot be used with {other}"))
            }
        }
        Wrong::InvalidValue | Wrong::WrongNumberOfValues | Wrong::TooFewValues
            if value.is_empty() || value == "``" =>
        {
            failure(format!("{argument} needs a value"))
        }
        Wrong::InvalidValue | Wrong::ValueValidation => {
            failure(format!("invalid value {value} for {argument}"))
        }
        Wrong::TooManyValues => failure(format!("{argument} does not take the value {value}")),
        Wrong::NoEquals => failure(format!("{argument} takes its value after `=`")),
        Wrong::InvalidUtf8 => failure("an argument is not valid UTF-8".to_owned()),
        _ => failure(what.rendered()),
    };
    let failure = match (error.source(), what.list(ContextKind::ValidValue)) {
        (Some(why), _) => failure.because(why.to_string()),
        (None, values) if !values.is_empty() => {
            failure.because(format!("possible values: {}", values.join(", ")))
        }
        _ => failure,
    };
    failure.hint(what.hint())
}

/// The context that clap attached to the error.
struct What<'a> {
    error: &'a clap::Error,
    typed: &'a TypedCommand<'a>,
}

impl What<'_> {
    fn list(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
            Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the names in backticks.
    fn text(&self, kind: ContextKind) -> String {
        let quoted: Vec<String> = self.list(kind).iter().map(|text| format!("`{text}`")).collect();
        quoted.join(", ")
    }

    fn hint(&self) -> String {
        let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
        let near = suggested.into_iter().map(|kind| self.text(kind)).find(|near| !near.is_empty());
        if let Some(near) = near {
            return format!("did you mean {near}?");
        }
        match self.error.kind() {
            Wrong::InvalidSubcommand
            | Wrong::MissingSubcommand
            | Wrong::DisplayHelpOnMissingArgumentOrSubcommand => {
                format!("`{} --help` lists the commands", self.typed.words)
            }
            Wrong::InvalidValue | Wrong::ValueValidation => {
                format!("see `{} --help`", self.typed.words)
            }
            _ => match self.usages_without_conflict().or_else(|| self.usage()) {
                Some(usage) => format!("usage: {usage}"),
                None => format!("see `{} --help`", self.typed.words),
            },
        }
    }

    /// Returns a usage for each of the arguments that cannot be used together; clap's own has all of them.
    fn usages_without_conflict(&self) -> Option<String> {
        if self.error.kind() != Wrong::ArgumentConflict {
            return None;
        }
        let (mut arguments, others) = (self.list(ContextKind::InvalidArg), self.list(ContextKind::PriorArg));
        if others.is_empty() || arguments == others {
            return None;
        }
        arguments.extend(others);
        let usage = |argument: &String| {
            let words = [self.typed.words.clone(), argument.clone()].into_iter();
            words.chain(self.typed.required_beside(argument)).collect::<Vec<_>>().join(" ")
        };
        let usages: Vec<String> = arguments.iter().map(usage).collect();
        Some(usages.join(", or "))
    }

    /// Returns the usage in one line.
    fn usage(&self) -> Option<String> {
        let usage = self.list(ContextKind::Usage).concat();
        let usage = usage.split_whitespace().collect::<Vec<_>>().join(" ");
        usage.strip_prefix("Usage: ").map(str::to_owned)
    }

    /// Returns clap's own message, for errors that have no form here.
    fn rendered(&self) -> String {
        let text = self.error.render().to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
        first.strip_prefix("error: ").map_or(first.clone(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;
    use crate::cli::Cli;
    use crate::cli::error::Situation;

    #[test]
    fn clap_is_taken_apart_into_message_cause_and_hint() {
        for (line, message, cause, hint) in [
            ("status --frob", "unexpected argument `--frob`", "", "usage: kcaws status [OPTIONS] [SESSION]"),
            ("status --jsno", "unexpected argument `--jsno`", "", "did you mean `--json`?"),
            ("status a b", "unexpected argument `b`", "", "usage: kcaws status"),
            ("statu", "unknown command `statu`", "", "did you mean `status`?"),
            ("frobnicate", "unknown command `frobnicate`", "", "`kcaws --help` lists the commands"),
            (
                "profile frobnicate",
                "unknown command `frobnicate`",
                "",
                "`kcaws profile --help` lists the commands",
            ),
            (
                "profile add",
                "missing required arguments `--session <SESSION>`",
                "",
                "usage: kcaws profile add",
            ),
            ("", "a command is missing", "", "`kcaws --help` lists the commands"),
            ("profile", "a command is missing", "", "`kcaws profile --help` lists the commands"),
            (
                "console --duration 1s",
                "invalid value `1s` for `--duration <DURATION>`",
                "must be between 15m and 12h, in whole seconds",
                "see `kcaws console --help`",
            ),
            (
                "init tcsh",
                "invalid value `tcsh` for `<SHELL>`",
                "possible values: bash",
                "see `kcaws init --help`",
            ),
            (
                "login --flow",
                "`--flow <FLOW>` needs a value",
                "possible values: ",
                "see `kcaws login --help`",
            ),
            (
                "console --print --copy",
                "`--print` cannot be used with `--copy`",
                "",
                "usage: kcaws console --print, or kcaws console --copy",
            ),
            (
                "logout corp --purge",
                "`[SESSION]` cannot be used with `--purge`",
                "",
                "usage: kcaws logout [SESSION], or kcaws logout --purge",
            ),
            (
                "configure --refresh --from https://x/",
                "`--refresh` cannot be used with `--from <URL>`",
                "",
                "usage: kcaws configure --refresh, or kcaws configure --from <URL>",
            ),
            (
                "profile remove --all-of-kcaws --force",
                "`--all-of-kcaws` cannot be used with `--force`",
                "",
                "usage: kcaws profile remove --all-of-kcaws, or kcaws profile remove --force <NAMES>...",
            ),
            ("login --force --force", "`--force` is given more than once", "", "usage: kcaws login"),
            (
                "env it's --format x'y",
                "invalid value `x'y` for `--format <FORMAT>`",
                "possible",
                "see `kcaws env --help`",
            ),
        ] {
            let line: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let error =
                Cli::try_parse_from(std::iter::once(&"kcaws".into()).chain(&line)).expect_err("wrong");
            let cli = Cli::command();
            let error =
                in_our_words(&error, &command_of(&cli, line.iter())).as_json(Situation::default())["error"]
                    .clone();
            let text = |key: &str| error[key].as_str().unwrap_or("").to_owned();
            assert!(text("message").starts_with(message) && text("hint").starts_with(hint), "{error}");
            assert!(
                text("cause").starts_with(cause) && cause.is_empty() == error["cause"].is_null(),
                "{error}"
            );
            assert_eq!(error["code"], "usage");
        }
    }
}
