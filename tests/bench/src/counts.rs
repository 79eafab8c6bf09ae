//! What does not change with the weather: instructions (callgrind), system calls (strace) and CPUIDs of one call.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::fixture::Fixture;
use crate::{Row, once};

pub(crate) fn print(fixture: &Fixture, row: &Row) {
    let report = fixture.env.home().join("count");
    if let Some(before) = row.before {
        before(fixture);
    }
    // A run of its own first: the counted one shall be warm.
    once(fixture, row);
    let callgrind = counted(
        fixture,
        row,
        "valgrind",
        &["--tool=callgrind", "--callgrind-out-file=/dev/null"],
        "--log-file",
        &report,
    );
    // `==123== Collected : 247000`
    let instructions = callgrind
        .and_then(|text| Some(text.split("Collected :").nth(1)?.split_whitespace().next()?.to_owned()));
    // One line per call, and one that says how it ended.
    let calls = counted(fixture, row, "strace", &["--follow-forks"], "--output", &report)
        .map(|text| text.lines().filter(|line| !line.contains("+++")).count().to_string());
    let known = |what: Option<String>| what.unwrap_or_else(|| "not counted".to_owned());
    let (instructions, calls, cpuids) = (known(instructions), known(calls), known(cpuids(fixture, row)));
    println!("{:<44} {instructions} instructions, {calls} system calls, {cpuids} CPUIDs", row.name);
}

/// How many CPUIDs of the program are executed; `None` where they cannot be found.
fn cpuids(fixture: &Fixture, row: &Row) -> Option<String> {
    let answers = |program: &Path| {
        let mut command = fixture.command(program);
        command.args(&row.args).stderr(Stdio::null());
        command.envs(row.env.iter().map(|(name, value)| (name, value)));
        command.status().is_ok_and(|status| status.success())
    };
    let can = cfg!(target_arch = "x86_64") && kcaws_test_kit::find_program("objdump").is_some();
    can.then(|| kcaws_test_kit::executed_cpuids(&row.program, answers).len().to_string())
}

/// What `tool` writes about the run; `None` where it is not installed.
fn counted(
    fixture: &Fixture,
    row: &Row,
    tool: &str,
    args: &[&str],
    into: &str,
    report: &Path,
) -> Option<String> {
    let tool = ["/usr/bin", "/usr/local/bin"]
        .map(|folder| Path::new(folder).join(tool))
        .into_iter()
        .find(|path| path.exists())?;
    let mut command: Command = fixture.command(&tool);
    command.args(args).arg(format!("{into}={}", report.display()));
    command.arg(&row.program).args(&row.args).stderr(Stdio::null());
    command.envs(row.env.iter().map(|(name, value)| (name, value)));
    command.status().ok()?.success().then(|| std::fs::read_to_string(report).ok())?
}
