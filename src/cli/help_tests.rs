//! What `--help` of every command looks like.

use clap::{Command, CommandFactory as _};

use super::{Cli, GLOBAL};
use crate::columns;

/// Every command that people see, with its whole name.
fn every_command() -> Vec<(String, Command)> {
    fn collect(path: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        for one in command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help") {
            collect(&format!("{path} {}", one.get_name()), one, all);
        }
        all.push((path.to_owned(), command.clone()));
    }
    let mut cli = Cli::command();
    cli.build();
    let mut all = Vec::new();
    collect("kcaws", &cli, &mut all);
    assert!(all.len() > 20);
    all
}

fn help(command: &Command, width: usize) -> String {
    command.clone().term_width(width).render_long_help().to_string()
}

#[test]
fn every_argument_and_command_has_a_description() {
    for (name, command) in every_command() {
        assert!(command.get_about().is_some(), "{name}");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let text = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!text.trim().is_empty(), "{name}: {}", argument.get_id());
        }
    }
}

#[test]
fn global_options_have_a_heading_of_their_own_behind_the_commands_options() {
    for (name, command) in every_command() {
        let text = help(&command, 100);
        let (own, global) = text.split_once(&format!("\n{GLOBAL}:\n")).expect("the heading");
        for option in ["--quiet", "--verbose", "--no-color", "--no-input", "--help"] {
            assert!(!own.contains(&format!(" {option}")), "{name}: {option}");
            assert!(global.contains(&format!(" {option}")), "{name}: {option}");
        }
        let headings: Vec<&str> =
            global.lines().filter(|line| line.ends_with(':') && !line.starts_with(' ')).collect();
        assert!(!headings.contains(&"Options:") && !headings.contains(&"Arguments:"), "{name}");
    }
}

#[test]
fn help_is_no_wider_than_the_terminal() {
    for (name, command) in every_command() {
        for width in [80, 100] {
            let text = help(&command, width);
            let wide: Vec<&str> = text.lines().filter(|line| columns::width(line) > width).collect();
            // A usage is one line.
            assert!(wide.iter().all(|line| line.starts_with("Usage: ")), "{name}: {wide:#?}");
            assert!(wide.iter().all(|line| columns::width(line) <= 100), "{name}: {wide:#?}");
        }
    }
}

/// clap wraps the text after the options too: a table must fit as it is, and a paragraph must be one line.
#[test]
fn what_follows_the_options_is_wrapped_once() {
    let mut wrong = Vec::new();
    for (name, command) in every_command() {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let mut above = "";
        for line in text.lines() {
            let is_indented = line.starts_with(' ');
            let is_broken_by_hand = ![above, line].iter().any(|one| one.is_empty() || one.starts_with(' '));
            if is_broken_by_hand || (is_indented && columns::width(line) > 80) {
                wrong.push(format!("{name}: {line}"));
            }
            above = line;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
