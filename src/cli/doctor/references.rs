//! Checks what profiles refer to: other profiles, sections and files. Includes profiles of other tools, since a tool
//! that follows them may end at a kcaws profile.

use std::collections::HashSet;
use std::path::Path;

use super::context::DoctorContext;
use super::finding::{Finding, State};
use super::profiles::complaint;
use crate::profile::ConfigError;

pub(super) fn references(context: &DoctorContext<'_>) -> Vec<Finding> {
    let (Some(document), Some(files)) = (context.document(), context.files()) else { return Vec::new() };
    let names = match (&context.asked.profile, &context.asked.session) {
        (Some(profile), _) => vec![profile.clone()],
        // A broken reference leads to no session.
        (None, Some(_)) => return Vec::new(),
        (None, None) => files.profile_names(),
    };
    let judged: HashSet<&String> = context.profiles().iter().collect();
    let is_file = |path: &str| Path::new(path).is_file();
    let (mut seen, mut findings) = (HashSet::new(), Vec::new());
    for name in &names {
        // `profile` reports on kcaws profiles.
        let errors = if judged.contains(name) {
            let mut errors = files.errors_beside_identity(name, is_file);
            errors.retain(|error| !is_of_identity(context, name, error));
            errors
        } else {
            files.reference_errors(name, is_file)
        };
        for error in errors {
            if seen.insert(same_for_all(&error).unwrap_or_else(|| error.to_string())) {
                findings.push(finding(context, name, error));
            }
        }
    }
    let is_asked = |name: &String| context.asked.profile.as_ref().is_none_or(|asked| asked == name);
    let refer = || document.references().into_iter().filter(|one| is_asked(&one.profile));
    let all_there = findings.is_empty() && !refer().any(|one| is_lost(context, &one.profile));
    if all_there && refer().next().is_some() {
        findings.push(Finding::ok("", "everything that profiles refer to exists"));
    }
    findings
}

fn is_of_identity(context: &DoctorContext<'_>, name: &str, error: &ConfigError) -> bool {
    let reported = context.identity(name).and_then(Result::err);
    reported.is_some_and(|reported| reported.to_string() == error.to_string())
}

/// Reports a circle once, whichever of its profiles is checked first.
fn same_for_all(error: &ConfigError) -> Option<String> {
    let ConfigError::CircularSource { circle, .. } = error else { return None };
    let mut names = circle[1..].to_vec();
    names.sort();
    Some(names.join("\n"))
}

/// The check `profile` reports how.
fn is_lost(context: &DoctorContext<'_>, name: &str) -> bool {
    let error = context.identity(name).and_then(Result::err);
    error.is_some_and(|error| {
        !matches!(error, ConfigError::NotOurs { .. } | ConfigError::TakenElsewhere { .. })
    })
}

/// Accepts a role without source credentials, which is how aws-vault and similar tools are set up.
fn finding(context: &DoctorContext<'_>, name: &str, error: ConfigError) -> Finding {
    let subject = match &error {
        ConfigError::NoSuchSource { name, .. }
        | ConfigError::CircularSource { name, .. }
        | ConfigError::EmptySource { name, .. }
        | ConfigError::NoSource { name, .. } => name.clone(),
        _ => name.to_owned(),
    };
    let state = match &error {
        ConfigError::NoSource { .. } | ConfigError::EmptySource { .. } => State::Warning,
        _ => State::Error,
    };
    Finding { state, ..complaint(context, &subject, error) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, DEV, TestDoctor, states};
    use super::*;

    const ROLE: &str = "role_arn = arn:aws:iam::222233334444:role/Deploy\n";

    fn doctor(more: &str) -> TestDoctor {
        TestDoctor::new().config(&format!("{CORP}{DEV}{more}"))
    }

    /// The table of what is found in a config that has these lines from line 6 on.
    #[test]
    fn each_reference_that_leads_nowhere_is_a_finding_with_its_line() {
        let other = "[profile other]\nregion = eu-west-1\n";
        for (lines, expected) in [
            (
                format!("[profile x]\n{ROLE}source_profile = dev\n"),
                &[("ok", "everything that profiles refer to")][..],
            ),
            (
                format!("[profile x]\n{ROLE}source_profile = nosuch\n"),
                &[("error", "config:8: source_profile of `x` names `nosuch`")],
            ),
            (
                format!(
                    "[profile x]\n{ROLE}source_profile = y\n[profile y]\n{ROLE}source_profile = nosuch\n"
                ),
                &[("error", "config:11: source_profile of `y` names `nosuch`")],
            ),
            (
                format!("[profile x]\n{ROLE}source_profile = x\n"),
                &[("error", "config:8: source_profile of profile `x` forms a loop")],
            ),
            (
                format!("[profile x]\n{ROLE}source_profile = y\n[profile y]\n{ROLE}source_profile = x\n"),
                &[(
                    "error",
                    "config:11: source_profile of profile `y` forms a loop: x \u{2192} y \u{2192} x",
                )],
            ),
            (
                format!("{other}[profile x]\n{ROLE}source_profile = other\n"),
                &[("warning", "config:10: source_profile of `x` names `other`, which has no credentials")],
            ),
            (format!("[profile x]\n{ROLE}"), &[("warning", "config:7: profile `x` has `role_arn`")]),
            (
                format!("[profile x]\n{ROLE}source_profile = dev\ncredential_source = Environment\n"),
                &[("error", "config:9: profile `x` has both")],
            ),
            (
                format!("[profile x]\n{ROLE}web_identity_token_file = /nowhere/token\n"),
                &[("error", "config:8: web_identity_token_file names `/nowhere/token`")],
            ),
            (
                "[profile x]\nservices = nosuch\n".to_owned(),
                &[("error", "config:7: services names `nosuch`")],
            ),
            (
                "[profile x]\nsso_session = nosuch\nsso_account_id = 111122223333\nsso_role_name = R\n"
                    .to_owned(),
                &[("error", "config:7: there is no [sso-session nosuch]")],
            ),
            (
                "[profile x]\nsso_session = corp\nsso_account_id = 11112222333\nsso_role_name = R\n"
                    .to_owned(),
                &[("error", "config:8: an account ID has 12 digits")],
            ),
            (other.to_owned(), &[]),
        ] {
            let found = doctor(&lines).look(references);
            let wanted: Vec<&str> = expected.iter().map(|(state, _)| *state).collect();
            assert_eq!(states(&found), wanted, "{lines}: {found:?}");
            for (finding, (_, why)) in found.iter().zip(expected) {
                assert!(finding.reason.contains(why), "{lines}: {found:?}");
                assert!(finding.fix.as_ref().is_none_or(|fix| !fix.contains("sso_session")), "{found:?}");
            }
        }
    }

    #[test]
    fn a_profile_that_is_asked_about_is_told_once() {
        let lines = format!("[profile x]\n{ROLE}source_profile = nosuch\n");
        let asked = || doctor(&lines).profile("x");
        assert!(asked().look(references).is_empty());
        let findings = asked().look(super::super::profiles::profile);
        assert!(
            states(&findings) == ["error"] && findings[0].reason.contains("names `nosuch`"),
            "{findings:?}"
        );
        assert!(asked().look(super::super::credential_source::source).is_empty(), "no tool takes anything");
    }

    #[test]
    fn a_chained_profile_is_who_its_role_says() {
        let lines = format!("[profile x]\n{ROLE}source_profile = dev\n");
        let findings = doctor(&lines).profile("x").look(super::super::profiles::profile);
        assert_eq!(
            (states(&findings), findings[0].reason.as_str()),
            (
                vec!["ok"],
                "Deploy in account 222233334444, assumed with Admin in account 111122223333 of session `corp`"
            )
        );
    }
}
