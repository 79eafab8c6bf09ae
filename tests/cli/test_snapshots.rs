//! What the commands that show something print, compared with `snapshots/`: in a pipe, and on a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use idc_sim::IdcSim;
use kcaws_test_kit::{Output, repository, require_program};
use regex::Regex;
use snapbox::assert::Action;
use snapbox::{Assert, Data};

use crate::fixture::{LoginFixture, ROLE, binary, on_a_terminal_of};
use crate::test_docs::UPDATE;

const COMMANDS: [&str; 8] = [
    "status",
    "status corp",
    "status --json",
    "doctor --offline",
    "accounts",
    "profile list",
    "store status",
    "whoami --profile dev",
];

/// What `doctor` finds about the machine that runs the tests.
const OF_THE_MACHINE: [&str; 4] = ["program", "versions (/", "kernel_keyring", "surroundings"];

/// Logged in, with credentials that are warm and a user whose name is known.
///
/// Lives are such that each span that is left has two digits, as minutes: columns depend on it.
fn fixture() -> LoginFixture {
    let life = Duration::from_secs(50 * 60);
    let sim = IdcSim::builder().access_token_life(life).permission_set(ROLE, life);
    let fixture = LoginFixture::with(sim.permission_set("ReadOnlyAccess", life));
    fixture.log_in();
    fixture.run("whoami --profile dev").expect_ok();
    fixture
}

/// Replaces what is another at each run. Columns stay where they are.
fn normalized(fixture: &LoginFixture, text: &str) -> String {
    let mut text = text.replace('\r', "");
    for (path, name) in [(binary(), "[KCAWS]"), (fixture.env.home(), "[HOME]")] {
        text = text.replace(path.to_str().unwrap(), name);
    }
    for (pattern, name) in [
        ("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "[TIME]"),
        ("[0-9]{2} min", "NN min"),
        ("[0-9]+ ms", "NN ms"),
        ("127[.]0[.]0[.]1:[0-9]+", "127.0.0.1:[PORT]"),
        ("_[0-9a-f]{16}/", "_[SUFFIX]/"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
    }
    text
}

/// Leaves out the lines of `doctor` that are about the machine, and their number.
fn without_the_machine(text: &str) -> String {
    let (mut kept, mut is_kept) = (String::new(), true);
    for line in text.lines() {
        // What is indented belongs to the finding above.
        if !line.starts_with(' ') {
            let finding = line.split_once(' ').map_or("", |(_, finding)| finding.trim_start());
            let is_sum = line.ends_with(" errors");
            is_kept = !is_sum && !OF_THE_MACHINE.iter().any(|name| finding.starts_with(name));
        }
        if is_kept {
            let _ = writeln!(kept, "{line}");
        }
    }
    kept
}

/// Compares what a command printed with the file of that name, or writes the file where [`UPDATE`] is set.
#[track_caller]
fn assert_as_noted(fixture: &LoginFixture, line: &str, place: &str, output: &Output) {
    let mut printed = normalized(fixture, &output.stdout_text());
    if line.starts_with("doctor") {
        printed = without_the_machine(&printed);
    }
    let mut text = format!("$ kcaws {line}\n{printed}");
    if !output.stderr.is_empty() {
        let _ = write!(text, "--- stderr\n{}", normalized(fixture, &output.stderr_text()));
    }
    if output.code() != 0 {
        let _ = writeln!(text, "--- exit code {}", output.code());
    }
    let action = if std::env::var_os(UPDATE).is_some() { Action::Overwrite } else { Action::Verify };
    let name = format!("{}.{place}.txt", line.replace("--", "").replace(' ', "-"));
    let file = repository().join("tests/cli/snapshots").join(name);
    Assert::new().action(action).eq(text, Data::read_from(&file, None).raw());
}

#[test]
fn what_is_printed_into_a_pipe_is_as_noted() {
    let fixture = fixture();
    for line in COMMANDS {
        assert_as_noted(&fixture, line, "pipe", &fixture.run(line));
    }
}

#[test]
fn what_is_printed_on_80_columns_is_as_noted() {
    require_program!("script");
    require_program!("stty");
    let fixture = fixture();
    for line in COMMANDS {
        // Without a spinner, and without colors.
        let command = on_a_terminal_of(&fixture, "cols 80 rows 24", line).env("TERM", "dumb");
        assert_as_noted(&fixture, line, "80", &command.run());
    }
}
