//! Checks quotes around the program of a `credential_process`.
//!
//! The AWS SDK for Go v1 reads a value that begins with a quote to the closing one and drops the rest: it runs the
//! program without its arguments. Seen with 1.44 and 1.55, the last one.

use std::collections::BTreeMap;

use super::context::DoctorContext;
use super::finding::Finding;
use crate::profile::document::{Document, Heading};
use crate::profile::line::{needs_quotes, quoted_program};
use crate::shell::quote::argument;

const BY: &str = "tools built on the AWS SDK for Go v1 (s5cmd, aws-iam-authenticator, rclone before 1.68)";

pub(super) fn quotes(context: &DoctorContext<'_>) -> Vec<Finding> {
    let Some(document) = context.document() else { return Vec::new() };
    let is_meant = |profile: &String| context.runs_kcaws(profile) && !context.is_for_another_system(profile);
    let profiles: Vec<&String> = context.profiles().iter().filter(|name| is_meant(name)).collect();
    let (mut needed, mut needless) = (BTreeMap::<&str, Vec<&str>>::new(), Vec::<&str>::new());
    for profile in &profiles {
        match quoted(document, profile) {
            Some(program) if needs_quotes(program) => needed.entry(program).or_default().push(profile),
            Some(_) => needless.push(profile),
            None => {}
        }
    }
    if profiles.is_empty() {
        return Vec::new();
    }
    if needed.is_empty() && needless.is_empty() {
        return vec![Finding::ok("", "no program is quoted")];
    }
    let needed = needed.into_keys().map(needs_them);
    needless_ones(document, &needless).into_iter().chain(needed).collect()
}

fn quoted<'a>(document: &'a Document, profile: &str) -> Option<&'a str> {
    let section = document.section(&Heading::Profile(profile.to_owned()))?;
    quoted_program(section.get("credential_process")?)
}

fn needless_ones(document: &Document, profiles: &[&str]) -> Option<Finding> {
    let (first, others) = profiles.split_first()?;
    let subject = match others.len() {
        0 => (*first).to_owned(),
        more => format!("{} profiles, such as {first}", more + 1),
    };
    let why =
        format!("the program is quoted although its path does not need it: {BY} run it without arguments");
    let fix = match (document.own(first), others) {
        (Some(own), []) => format!(
            "kcaws profile add {} --session {} --account {} --role {}",
            argument(first),
            argument(&own.session),
            own.role.account_id,
            argument(own.role.role_name.as_str())
        ),
        (Some(own), _) => format!("kcaws profile sync {}", argument(&own.session)),
        (None, _) => "remove the quotes around the program in credential_process".to_owned(),
    };
    Some(Finding::warning(subject, why, fix))
}

fn needs_them(program: &str) -> Finding {
    let why = format!("its path must be quoted: {BY} cannot run it");
    let fix = if cfg!(windows) {
        "install kcaws in a folder without spaces or special characters, and run `kcaws profile sync`"
            .to_owned()
    } else {
        format!("sudo ln -s {} /usr/local/bin/kcaws && /usr/local/bin/kcaws profile sync", argument(program))
    };
    Finding::warning(program, why, fix)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, DEV, TestDoctor, states};
    use super::*;

    fn look(lines: &[&str]) -> Vec<Finding> {
        let profiles = lines.iter().enumerate();
        let profiles = profiles.map(|(at, line)| format!("[profile p{at}]\ncredential_process = {line}\n"));
        TestDoctor::new().config(&format!("{CORP}{}", profiles.collect::<String>())).look(quotes)
    }

    #[cfg(not(windows))]
    const ARGUMENTS: &str = "credential-process --session corp --account 111122223333 --role Admin";

    #[test]
    fn a_bare_program_is_fine_and_other_programs_are_not_looked_at() {
        assert_eq!(states(&TestDoctor::new().config(&format!("{CORP}{DEV}")).look(quotes)), ["ok"]);
        assert!(look(&["\"/opt/vault\" export"]).is_empty());
        assert!(TestDoctor::new().look(quotes).is_empty());
    }

    /// On Windows a path with slashes needs them.
    #[cfg(not(windows))]
    #[test]
    fn quotes_that_the_path_does_not_need_are_named_with_the_command_that_removes_them() {
        let quoted = format!("\"/opt/kcaws\" {ARGUMENTS}");
        let one = look(&[&quoted]);
        assert_eq!(states(&one), ["warning"]);
        assert!(one[0].reason.contains("aws-iam-authenticator"), "{one:?}");
        let fix = one[0].fix.as_deref();
        assert_eq!(fix, Some("kcaws profile add p0 --session corp --account 111122223333 --role Admin"));
        let two = look(&[&quoted, &quoted, &format!("/opt/kcaws {ARGUMENTS}")]);
        assert_eq!(
            (two.len(), two[0].subject.as_str(), two[0].fix.as_deref()),
            (1, "2 profiles, such as p0", Some("kcaws profile sync corp"))
        );
        let by_profile = look(&["\"/opt/kcaws\" credential-process --profile x"]);
        assert!(by_profile[0].fix.as_deref().is_some_and(|fix| fix.starts_with("remove the quotes")));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_needs_quotes_leads_to_a_link_in_a_plain_folder() {
        let needed =
            look(&[&format!("\"/my tools/kcaws\" {ARGUMENTS}"), &format!("\"/my tools/kcaws\" {ARGUMENTS}")]);
        assert_eq!((states(&needed), needed[0].subject.as_str()), (vec!["warning"], "/my tools/kcaws"));
        let fix = needed[0].fix.as_deref().unwrap_or_default();
        assert!(fix.starts_with("sudo ln -s '/my tools/kcaws' /usr/local/bin/kcaws && "), "{fix}");
    }
}
