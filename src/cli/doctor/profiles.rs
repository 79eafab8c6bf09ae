//! Checks where tools get the credentials of profiles.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::config::failed;
use super::context::DoctorContext;
use super::finding::{Finding, State};
use crate::app::resolve;
use crate::cli::error::argument;
use crate::console::regions;
use crate::platform::which::on_fixed_path;
use crate::ports::command_runner::{CommandOutput, RunError};
use crate::profile::document::{Document, Heading};
use crate::profile::identity::Identity;
use crate::profile::sources::{self, Family, Source, Taken, taken};
use crate::profile::{ConfigError, Role};

/// The AWS CLI starts in half a second, and kcaws gives up after 15 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// Limits the number of profiles, since each takes about a second.
const MOST_ASKED: usize = 3;

/// Checks the session, account and permission set of each profile.
pub(super) fn profile(context: &DoctorContext<'_>) -> Vec<Finding> {
    let names = context.profiles();
    let wrong: Vec<Finding> = names.iter().filter_map(|name| wrong(context, name)).collect();
    match (wrong.is_empty(), names) {
        (false, _) => wrong,
        (true, []) => {
            let session = context.asked.session.as_deref().unwrap_or_default();
            let why = "no profile gets its credentials from kcaws";
            let why = if session.is_empty() { why.to_owned() } else { format!("{why} through this session") };
            vec![Finding::warning(session, why, "`kcaws configure` or `kcaws profile add` writes one")]
        }
        (true, [one]) => vec![Finding::ok(one.as_str(), described(context, one))],
        (true, all) => {
            vec![Finding::ok(
                "",
                format!("all {} profiles set their session, account and permission set", all.len()),
            )]
        }
    }
}

fn wrong(context: &DoctorContext<'_>, name: &str) -> Option<Finding> {
    let error = match context.identity(name)? {
        Ok(identity) => return region(context.document()?, name, identity.region.as_deref()?),
        Err(error) => error,
    };
    let is_foreign = match &error {
        ConfigError::NotOurs { .. } => true,
        ConfigError::NoSuchProfile { .. } => {
            sources::in_credentials(context.read_credentials(), name).is_some()
        }
        // `shadowing` reports this.
        ConfigError::TakenElsewhere { name: there, .. }
            if there == name && context.program(name).is_some() =>
        {
            return None;
        }
        _ => false,
    };
    let finding = complaint(context, name, error);
    Some(if is_foreign { Finding { state: State::Warning, ..finding } } else { finding })
}

/// Returns what is wrong with a profile, with the line.
pub(super) fn complaint(context: &DoctorContext<'_>, name: &str, error: ConfigError) -> Finding {
    let section =
        context.document().and_then(|document| document.section(&Heading::Profile(name.to_owned())));
    let place = match &error {
        ConfigError::NoSuchSession { .. } => section.map(|section| match section.get("sso_session") {
            Some(_) => section.place_of("sso_session"),
            None => section.place_of("credential_process"),
        }),
        _ => None,
    };
    let error = match context.document() {
        Some(document) => resolve::not_of_kcaws(error, document, context.read_credentials(), name),
        None => error.into(),
    };
    let finding = failed(name, &error.into());
    match place {
        Some(place) => Finding { reason: format!("{place}: {}", finding.reason), ..finding },
        None => finding,
    }
}

fn described(context: &DoctorContext<'_>, name: &str) -> String {
    let in_account = |role: &Role| format!("{} in account {}", role.role_name, role.account_id);
    let Some(Ok(Identity { session, permission_set, chain, .. })) = context.identity(name) else {
        return "session, account and permission set are set".to_owned();
    };
    match (permission_set, chain.last()) {
        (Some(first), Some(last)) => format!(
            "{}, assumed with {} of session `{}`",
            in_account(last.arn.role()),
            in_account(&first),
            session.name
        ),
        (Some(_), None) => "session, account and permission set are set".to_owned(),
        (None, _) => format!("its session is `{}`; it sets no account or permission set", session.name),
    }
}

/// Reports a misspelled Region, which would lead to a host that does not exist.
fn region(document: &Document, name: &str, region: &str) -> Option<Finding> {
    let error = regions::checked(region).err()?;
    let near = error.near?;
    let section = document.section(&Heading::Profile(name.to_owned()))?;
    let place = section.place_of("region");
    Some(Finding::warning(
        name,
        format!("{place}: `{region}` is not a Region"),
        format!("if you meant that, write `region = {near}`"),
    ))
}

/// Reports keys that some tools use instead of the `credential_process`.
pub(super) fn shadowing(context: &DoctorContext<'_>) -> Vec<Finding> {
    let Some(document) = context.document() else { return Vec::new() };
    let with_process: Vec<&String> =
        context.profiles().iter().filter(|name| context.program(name).is_some()).collect();
    let found: Vec<Finding> = with_process.iter().flat_map(|name| hidden(context, document, name)).collect();
    match (found.is_empty(), with_process.len()) {
        (false, _) => found,
        (true, 0) => Vec::new(),
        (true, number) => {
            let profiles = if number == 1 { with_process[0].clone() } else { format!("{number} profiles") };
            vec![Finding::ok(profiles, "nothing hides its credential_process")]
        }
    }
}

fn hidden(context: &DoctorContext<'_>, document: &Document, profile: &str) -> Vec<Finding> {
    let mut by: Vec<(Taken, Vec<Family>)> = Vec::new();
    for (family, taken) in takings(context, document, profile) {
        let Some(taken) = taken.filter(|taken| taken.source != Source::Process) else { continue };
        match by.iter_mut().find(|(known, _)| known.place == taken.place) {
            Some((_, families)) => families.push(family),
            None => by.push((taken, vec![family])),
        }
    }
    by.into_iter().map(|(taken, families)| finding(profile, &taken, &families)).collect()
}

fn takings(
    context: &DoctorContext<'_>,
    document: &Document,
    profile: &str,
) -> [(Family, Option<Taken>); Family::ALL.len()] {
    let credentials = context.read_credentials();
    Family::ALL.map(|family| (family, taken(family, document, credentials, profile)))
}

fn finding(profile: &str, taken: &Taken, families: &[Family]) -> Finding {
    let why =
        format!("{}: `{}` hides its credential_process from {}", taken.place, taken.key, listed(families));
    let fix = match taken.source {
        Source::Sso | Source::SsoRole => {
            "remove the sso_… lines of this profile: its credential_process names session, account and role"
        }
        Source::CredentialsFile | Source::CredentialsProcess => {
            "remove or rename that section: it takes precedence over the config file"
        }
        Source::ConfigKeys => "remove the aws_… keys of this profile",
        Source::AssumeRole | Source::WebIdentity => {
            "move it to its own profile, with `source_profile` naming this one"
        }
        Source::Login => "remove `login_session` from this profile",
        Source::Process => "nothing to do",
    };
    Finding::error(profile, why, fix)
}

fn listed(families: &[Family]) -> String {
    families.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

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
    match context.trials.run(&aws, &args, &set, PATIENCE) {
        Ok(said) => told(name, &judged, is_ours, &said),
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
fn told(name: &str, judged: &str, is_ours: bool, said: &CommandOutput) -> Finding {
    if let Some(source) = source_word(said.stdout.expose()) {
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
    let words = said.stderr.expose().lines().map(str::trim).filter(|line| !line.is_empty() && is_ours);
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
        doctor.trials = doctor.trials.with(bin.join("aws"), succeeded, stdout, stderr);
        let bin = bin.display().to_string();
        doctor.env("PATH", &bin).look(source).remove(0)
    }

    #[test]
    fn a_profile_names_what_it_stands_for() {
        assert_eq!(states(&doctor("").look(profile)), ["ok"]);
        assert_eq!(states(&TestDoctor::new().config(CORP).look(profile)), ["warning"]);
        let other = doctor("").session("other").look(profile);
        assert!(
            other[0].subject == "other" && other[0].reason.ends_with("through this session"),
            "{other:?}"
        );
        let lost = doctor("").config(DEV).look(profile);
        assert_eq!(states(&lost), ["error"]);
        assert!(lost[0].reason.contains("no [sso-session corp]"), "{lost:?}");
        assert_eq!(states(&doctor("[profile x]\nregion = y\n").profile("x").look(profile)), ["warning"]);
    }

    #[test]
    fn what_hides_the_process_is_named_with_place_and_tools() {
        assert_eq!(states(&doctor("").look(shadowing)), ["ok"]);
        let sso = doctor("sso_region = x\n").look(shadowing);
        assert_eq!(states(&sso), ["error"]);
        assert!(sso[0].reason.contains("config:6: `sso_region`"), "{sso:?}");
        assert!(sso[0].reason.ends_with("from Rust, Go"), "{sso:?}");
        let file = doctor("").credentials("[dev]\naws_access_key_id = AKIAHUNTER2\n").look(shadowing);
        assert!(file[0].reason.ends_with("from AWS CLI and Python, Go, JavaScript"), "{file:?}");
        assert!(!format!("{file:?}").contains("HUNTER2"));
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
        let told = asked("", false, "", stderr);
        assert_eq!(told.fix.as_deref(), Some("run `kcaws login corp`"));
        assert!(told.reason.ends_with("no valid login for session `corp`"), "{told:?}");
        let broken = asked("", false, "", "\nUnable to parse config file: x\n");
        assert_eq!(states(&[broken]), ["error"]);
    }

    #[test]
    fn the_program_of_others_runs_only_when_asked_for_and_its_words_are_not_repeated() {
        let other = "[profile other]\ncredential_process = /opt/vault export\n";
        let doctor = || {
            let mut doctor = doctor(other).program("bin/aws").profile("other");
            let bin = doctor.path("bin");
            doctor.trials = doctor.trials.with(bin.join("aws"), false, "", "hunter2");
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
            doctor.trials = doctor.trials.with(bin.join("aws"), false, "", "hunter2");
            let bin = bin.display().to_string();
            let found = doctor.env("PATH", &bin).look(source);
            assert!(found[0].reason.contains("--run-others"), "{config:?} {credentials:?}: {found:?}");
        }
        // Ours alone is asked.
        let mut ours = doctor(over_ours).program("bin/aws").profile("over");
        let bin = ours.path("bin");
        ours.trials =
            ours.trials.with(bin.join("aws"), true, &TABLE.replace("custom-process", "assume-role"), "");
        let bin = bin.display().to_string();
        assert!(ours.env("PATH", &bin).look(source)[0].reason.contains("reports `assume-role`"));
    }

    #[test]
    fn a_process_in_the_credentials_file_is_named_with_its_place() {
        let theirs = "[dev]\ncredential_process = /opt/vault export\n";
        let hidden = doctor("").credentials(theirs).look(shadowing);
        assert_eq!(states(&hidden), ["error"]);
        assert!(hidden[0].reason.contains("credentials:2: `credential_process` hides"), "{hidden:?}");
        let plain = "[profile x]\nregion = y\n";
        let doctor =
            || doctor(plain).credentials("[x]\ncredential_process = /opt/vault export\n").profile("x");
        let told = doctor().look(profile);
        assert!(told[0].reason.contains("credentials:2"), "{told:?}");
        let alone =
            self::doctor("").credentials("[x]\naws_access_key_id = AKIA\n").profile("x").look(profile);
        assert_eq!(states(&alone), ["warning"], "{alone:?}");
        let judged = doctor().look(source);
        assert!(judged[0].reason.contains("all tools use `credential_process` ("), "{judged:?}");
    }
}
