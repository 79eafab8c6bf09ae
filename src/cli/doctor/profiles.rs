//! Checks what profiles refer to, and what hides their `credential_process` from tools.

use super::config::failed;
use super::context::DoctorContext;
use super::finding::{Finding, State};
use crate::app::resolve;
use crate::console::regions;
use crate::profile::document::{Document, Heading};
use crate::profile::identity::Identity;
use crate::profile::sources::{self, Family, Source, Taken, taken};
use crate::profile::{ConfigError, Role};

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
    let near = regions::misspelled(region)?.near?;
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

/// Returns what each family of tools takes the profile's credentials from.
pub(super) fn takings(
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

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, DEV, TestDoctor, states};
    use super::*;

    fn doctor(more: &str) -> TestDoctor {
        TestDoctor::new().config(&format!("{CORP}{DEV}{more}"))
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
    fn a_process_in_the_credentials_file_is_named_with_its_place() {
        let theirs = "[dev]\ncredential_process = /opt/vault export\n";
        let hidden = doctor("").credentials(theirs).look(shadowing);
        assert_eq!(states(&hidden), ["error"]);
        assert!(hidden[0].reason.contains("credentials:2: `credential_process` hides"), "{hidden:?}");
        let plain = "[profile x]\nregion = y\n";
        let doctor =
            || doctor(plain).credentials("[x]\ncredential_process = /opt/vault export\n").profile("x");
        let findings = doctor().look(profile);
        assert!(findings[0].reason.contains("credentials:2"), "{findings:?}");
        let alone =
            self::doctor("").credentials("[x]\naws_access_key_id = AKIA\n").profile("x").look(profile);
        assert_eq!(states(&alone), ["warning"], "{alone:?}");
    }
}
