//! Checks where tools get the credentials of profiles, by asking the AWS CLI.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::context::DoctorContext;
use super::finding::Finding;
use super::profiles::takings;
use crate::platform::which::on_fixed_path;
use crate::ports::command_runner::{CommandOutput, RunError};
use crate::profile::sources::{Family, Taken};
use crate::shell::quote::argument;

/// The AWS CLI starts in half a second, and kcaws gives up after 15 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// Limits the number of profiles, since each takes about a second.
const MOST_ASKED: usize = 3;

/// Asks the AWS CLI which source of credentials it uses.
pub(super) fn source(context: &DoctorContext<'_>) -> Vec<Finding> {
    let Some(document) = context.document() else { return Vec::new() };
    let names = match context.profile() {
        Some(name) => vec![name],
        None => context.profiles().to_vec(),
    };
    let left_out = names.len().saturating_sub(MOST_ASKED);
    let mut findings: Vec<Finding> = names
        .iter()
        .take(MOST_ASKED)
        .filter_map(|name| {
            // Broken references are reported by `profile` and `references`, and no tool gets credentials through them.
            let lost = context.identity(name).and_then(Result::err);
            if lost.is_some_and(|error| error.is_lost_reference()) {
                return None;
            }
            let takings = takings(context, document, name);
            takings.iter().any(|(_, taken)| taken.is_some()).then(|| proven(context, name, &takings))
        })
        .collect();
    if left_out > 0 {
        findings.push(Finding::ok("", format!("{left_out} more profiles not checked; use --profile")));
    }
    findings
}

fn proven(context: &DoctorContext<'_>, name: &str, takings: &[(Family, Option<Taken>)]) -> Finding {
    let judged = judged(takings, context.credentials_path().as_deref());
    if context.is_for_another_system(name) {
        return Finding::ok(name, format!("{judged}; not run, because its program is for another system"));
    }
    let others = context.runs_others(name);
    let is_ours = context.runs_kcaws(name) && !others;
    if others && !context.asked.run_others {
        return Finding::ok(name, format!("{judged}; not run, because it is not kcaws (use --run-others)"));
    }
    // The program may use the network.
    let aws = on_fixed_path("aws", &context.app.env).filter(|_| context.probe.is_some());
    let Some(aws) = aws else { return Finding::ok(name, judged) };
    let args = ["configure", "list", "--profile", name].map(OsString::from);
    let set = [("AWS_EC2_METADATA_DISABLED", "true"), ("KCAWS_AUTO_LOGIN", "false"), ("AWS_PAGER", "")];
    match context.commands.run(&aws, &args, &set, PATIENCE) {
        Ok(output) => reported(name, &judged, is_ours, &output),
        Err(error @ RunError::NotStarted(_)) => Finding::ok(name, format!("{judged}; `aws`: {error}")),
        Err(error @ RunError::TooSlow(_)) => Finding::warning(
            name,
            format!("{judged}; when run by the AWS CLI: {error}"),
            format!("run `aws configure list --profile {}` and see what it waits for", argument(name)),
        ),
    }
}

/// Returns the expected sources: one phrase if all tools agree, otherwise one for each.
fn judged(takings: &[(Family, Option<Taken>)], credentials: Option<&Path>) -> String {
    let word = |taken: &Option<Taken>| match taken {
        None => "nothing".to_owned(),
        // The same key can be in both files.
        Some(taken) if Some(&*taken.place.path) == credentials => {
            format!("`{}` ({})", taken.key, taken.place)
        }
        Some(taken) => format!("`{}`", taken.key),
    };
    let first = word(&takings[0].1);
    if takings.iter().all(|(_, taken)| word(taken) == first) {
        return format!("all tools use {first}");
    }
    takings.iter().map(|(family, taken)| format!("{family}: {}", word(taken))).collect::<Vec<_>>().join(", ")
}

/// Interprets the output of `aws configure list`, of which only the source of the keys is used; it masks the keys.
fn reported(name: &str, judged: &str, is_ours: bool, output: &CommandOutput) -> Finding {
    if let Some(source) = source_word(output.stdout.expose()) {
        let text = format!("{judged}; the AWS CLI reports `{source}`");
        return match (is_ours, source) {
            (true, "custom-process") | (false, _) => Finding::ok(name, text),
            (true, _) => Finding::error(
                name,
                format!("{text}, not kcaws"),
                "remove what the AWS CLI uses instead; see `shadowing` and `environment_keys`",
            ),
        };
    }
    // Only lines of kcaws: another program may print anything to stderr.
    let words = output.stderr.expose().lines().map(str::trim).filter(|line| !line.is_empty() && is_ours);
    let words: Vec<&str> = words.collect();
    let ours =
        |start: &str| words.iter().find_map(|line| line.split_once(start).map(|(_, rest)| rest.trim()));
    match (ours("kcaws: error:"), ours("kcaws: hint:"), words.first()) {
        (Some(error), hint, _) => Finding::warning(
            name,
            format!("{judged}; the AWS CLI runs kcaws, which reports: {error}"),
            hint.unwrap_or("see the checks below").to_owned(),
        ),
        (None, _, Some(first)) => Finding::error(
            name,
            format!("{judged}; the AWS CLI gets no credentials: {first}"),
            format!("run `aws configure list --profile {}`", argument(name)),
        ),
        (None, _, None) => Finding::warning(
            name,
            format!("{judged}; the AWS CLI gets no credentials"),
            format!("run `aws configure list --profile {}`", argument(name)),
        ),
    }
}

/// Names of botocore's providers.
fn source_word(table: &str) -> Option<&'static str> {
    const WORDS: [&str; 10] = [
        "custom-process",
        "sso",
        "shared-credentials-file",
        "config-file",
        "env",
        "assume-role",
        "assume-role-with-web-identity",
        "login",
        "container-role",
        "iam-role",
    ];
    let line = table.lines().find(|line| line.trim_start().starts_with("access_key"))?;
    let is_word = |known: &&str| line.split([' ', '\t', ':', '|']).any(|word| word == *known);
    WORDS.into_iter().find(is_word)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, DEV, TestDoctor, states};
    use super::*;

    const TABLE: &str = "      Name                    Value             Type    Location\n   profile   dev   manual  --profile\n\
        access_key     ****************PLE1   custom-process    \nsecret_key     ****************cret   custom-process    \n";

    fn doctor(more: &str) -> TestDoctor {
        TestDoctor::new().config(&format!("{CORP}{DEV}{more}"))
    }

    /// With an AWS CLI of ours.
    fn asked(more: &str, succeeded: bool, stdout: &str, stderr: &str) -> Finding {
        let mut doctor = doctor(more).program("bin/aws").profile("dev");
        let bin = doctor.path("bin");
        doctor.commands = doctor.commands.with(bin.join("aws"), succeeded, stdout, stderr);
        let bin = bin.display().to_string();
        doctor.env("PATH", &bin).look(source).remove(0)
    }

    #[test]
    fn the_aws_cli_is_believed() {
        let fine = asked("", true, TABLE, "");
        assert!(fine.fix.is_none() && fine.reason.contains("`custom-process`"), "{fine:?}");
        assert!(!format!("{fine:?}").contains("cret   "), "nothing of the keys");
        let other = asked("", true, &TABLE.replace("custom-process", "env"), "");
        assert_eq!(states(&[other]), ["error"]);
    }

    #[test]
    fn what_kcaws_says_in_it_is_passed_on() {
        let stderr = "\nError when retrieving credentials from custom-process: kcaws: error: no valid login for session `corp`\nkcaws: hint: run `kcaws login corp`\n";
        let finding = asked("", false, "", stderr);
        assert_eq!(finding.fix.as_deref(), Some("run `kcaws login corp`"));
        assert!(finding.reason.ends_with("no valid login for session `corp`"), "{finding:?}");
        let broken = asked("", false, "", "\nUnable to parse config file: x\n");
        assert_eq!(states(&[broken]), ["error"]);
    }

    #[test]
    fn the_program_of_others_runs_only_when_asked_for_and_its_words_are_not_repeated() {
        let other = "[profile other]\ncredential_process = /opt/vault export\n";
        let doctor = || {
            let mut doctor = doctor(other).program("bin/aws").profile("other");
            let bin = doctor.path("bin");
            doctor.commands = doctor.commands.with(bin.join("aws"), false, "", "hunter2");
            let bin = bin.display().to_string();
            doctor.env("PATH", &bin)
        };
        assert!(doctor().look(source)[0].reason.contains("--run-others"));
        let ran = doctor().run_others().look(source);
        assert!(
            ran[0].reason.contains("gets no credentials") && !format!("{ran:?}").contains("hunter2"),
            "{ran:?}"
        );
    }

    /// By a role of another profile, and by the credentials file.
    #[test]
    fn a_program_of_others_behind_a_profile_is_not_run_either() {
        let other = "[profile other]\ncredential_process = /opt/vault export\n";
        let role = "[profile role]\nrole_arn = x\nsource_profile = other\n";
        let over_ours = "[profile over]\nrole_arn = x\nsource_profile = dev\n";
        for (config, credentials, name) in [
            (format!("{other}{role}"), "", "role"),
            (role.to_owned(), "[other]\ncredential_process = /opt/vault export\n", "role"),
            (over_ours.to_owned(), "[dev]\ncredential_process = /opt/vault export\n", "over"),
            (String::new(), "[dev]\ncredential_process = /opt/vault export\n", "dev"),
            ("[profile x]\nregion = y\n".to_owned(), "[x]\ncredential_process = /opt/vault export\n", "x"),
        ] {
            let mut doctor = doctor(&config).credentials(credentials).program("bin/aws").profile(name);
            let bin = doctor.path("bin");
            doctor.commands = doctor.commands.with(bin.join("aws"), false, "", "hunter2");
            let bin = bin.display().to_string();
            let found = doctor.env("PATH", &bin).look(source);
            assert!(found[0].reason.contains("--run-others"), "{config:?} {credentials:?}: {found:?}");
        }
        // Ours alone is asked.
        let mut ours = doctor(over_ours).program("bin/aws").profile("over");
        let bin = ours.path("bin");
        ours.commands =
            ours.commands.with(bin.join("aws"), true, &TABLE.replace("custom-process", "assume-role"), "");
        let bin = bin.display().to_string();
        assert!(ours.env("PATH", &bin).look(source)[0].reason.contains("reports `assume-role`"));
    }

    #[test]
    fn a_process_in_the_credentials_file_is_the_source_of_all_tools() {
        let doctor = doctor("[profile x]\nregion = y\n");
        let doctor = doctor.credentials("[x]\ncredential_process = /opt/vault export\n").profile("x");
        let judged = doctor.look(source);
        assert!(judged[0].reason.contains("all tools use `credential_process` ("), "{judged:?}");
    }
}
