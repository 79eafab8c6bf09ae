//! Checks the hosts that a login and the console need, their clocks, and where start URLs lead.

use chrono::TimeDelta;

use super::config::failed;
use super::context::DoctorContext;
use super::finding::Finding;
use super::host_responses::HostResponses;
use crate::app::endpoints::DUAL_STACK;
use crate::app::resolve;
use crate::profile::{Document, SsoSession};
use crate::session::start_url::StartUrlError;
use crate::session::{pin, start_url};
use crate::shell::quote::argument;

/// Clock difference from which AWS rejects signatures.
const SIGNATURES_REFUSED: TimeDelta = TimeDelta::minutes(5);
/// Clock difference below which nothing is reported.
const HARMLESS: TimeDelta = TimeDelta::seconds(60);

/// Checks that the hosts are reachable, through the proxy and with the certificates in use.
pub(super) fn network(context: &DoctorContext<'_>) -> Vec<Finding> {
    context.host_responses().iter().map(reached).collect()
}

fn reached(responses: &HostResponses) -> Finding {
    let why = match &responses.answer {
        Ok(answer) if answer.status == 407 => "the proxy requires a username and password (407)".to_owned(),
        Ok(answer) if answer.status == 511 => {
            "this network requires you to sign in first (511): open http://neverssl.com in a browser"
                .to_owned()
        }
        Ok(answer) if answer.status >= 500 => format!("returned an error ({})", answer.status),
        Ok(_) => return Finding::ok(&responses.host, format!("reachable (for {})", responses.what)),
        Err(why) => format!("no answer (for {}): {why}", responses.what),
    };
    let lower = why.to_ascii_lowercase();
    let fix = if lower.contains("certificate") || lower.contains("issuer") {
        "a proxy intercepts TLS: put its certificate in a file and point AWS_CA_BUNDLE, or `ca_bundle` in ~/.aws/config, to it"
    } else if lower.contains("dns") || lower.contains("lookup") {
        "the host name cannot be resolved: check the network, the VPN and the Region"
    } else {
        "check the network, the VPN, HTTPS_PROXY and NO_PROXY"
    };
    // The console is not essential.
    if responses.what == "the console" {
        Finding::warning(&responses.host, why, fix)
    } else {
        Finding::error(&responses.host, why, fix)
    }
}

/// Compares this machine's clock with AWS's, since requests are signed with it.
pub(super) fn clock(context: &DoctorContext<'_>) -> Vec<Finding> {
    let Some((host, ahead)) =
        context.host_responses().iter().find_map(|one| Some((one.host.clone(), one.ahead?)))
    else {
        return Vec::new();
    };
    let side = if ahead > TimeDelta::zero() { "behind" } else { "ahead of" };
    let why = format!("this machine's clock is {} s {side} that of {host}", ahead.num_seconds().abs());
    let fix =
        "set the clock: `timedatectl set-ntp true`; in WSL and virtual machines after a sleep: `hwclock -s`";
    vec![match ahead.abs() {
        off if off >= SIGNATURES_REFUSED => {
            Finding::error("", format!("{why}: AWS rejects signed requests"), fix)
        }
        off if off >= HARMLESS => Finding::warning("", why, fix),
        _ => Finding::ok("", format!("in sync with {host}")),
    }]
}

/// Checks the form of the start URL, and where a company URL leads.
pub(super) fn start_url(context: &DoctorContext<'_>) -> Vec<Finding> {
    let sessions = context.sessions();
    let is_new = |url: &str| !sessions.iter().any(|one| one.session.start_url == url);
    let of_profiles = context.document().into_iter().flat_map(Document::spelled_by_profiles);
    let asked = &context.asked;
    let of_profiles = of_profiles
        .filter(|(profile, url)| is_new(url) && asked.session.is_none() && asked.names(profile))
        .filter_map(|(profile, url)| misspelled(profile, url));
    sessions.iter().filter_map(|one| one_start_url(context, &one.session)).chain(of_profiles).collect()
}

fn one_start_url(context: &DoctorContext<'_>, session: &SsoSession) -> Option<Finding> {
    let (name, start_url) = (session.name.as_str(), session.start_url.as_str());
    if let Some(finding) = misspelled(name, start_url) {
        return Some(finding);
    }
    let base = start_url.trim_end_matches(['/', '#']);
    if base.len() < start_url.len() && start_url.contains('#') {
        return Some(Finding::warning(
            name,
            format!("the start URL ends in `{}`, which some tools reject", &start_url[base.len()..]),
            format!("write `sso_start_url = {base}`, then log in again"),
        ));
    }
    if start_url::is_dual_stack(start_url) {
        return Some(dual_stack(context, name));
    }
    if start_url::is_portal(start_url) {
        return Some(Finding::ok(name, "the start URL is an access portal URL"));
    }
    // Offline, the redirect is not followed.
    context.probe?;
    let portal = match resolve::portal(context.app, session) {
        Ok(portal) => portal,
        Err(error) => return Some(failed(name, &error.into())),
    };
    Some(match pin::pinned(context.app.state(), session) {
        Err(error) => failed(name, &error.into()),
        Ok(Some(pinned)) if pinned != portal.instance => Finding::error(
            name,
            format!("the start URL leads to {}, but at the first login it led to {pinned}", portal.instance),
            format!(
                "ask your administrator whether it was moved; if so, run `kcaws trust {}`",
                argument(name)
            ),
        ),
        Ok(_) if portal.is_dual_stack() && is_switched_off(context) => dual_stack(context, name),
        Ok(_) => Finding::ok(name, format!("the start URL leads to {}", portal.instance)),
    })
}

/// Reports an AWS start URL that is not in the form AWS gives it.
fn misspelled(name: &str, url: &str) -> Option<Finding> {
    if start_url::is_well_spelled(url) {
        return None;
    }
    Some(match start_url::cleaned(url) {
        Ok(meant) => Finding::warning(
            name,
            format!(
                "the start URL is not in the form AWS gives it: kcaws reads it as {meant}, AWS rejects it from other tools"
            ),
            format!("write `sso_start_url = {meant}`, then log in again"),
        ),
        Err(error) => failed(name, &StartUrlError::from(error).into()),
    })
}

/// Checks that a dual-stack portal is used with the dual-stack hosts of the OIDC service.
fn dual_stack(context: &DoctorContext<'_>, name: &str) -> Finding {
    if is_switched_off(context) {
        return Finding::warning(
            name,
            format!(
                "the access portal is dual-stack, but {DUAL_STACK} keeps logins from using its hosts: the browser would show \"Something doesn't compute\""
            ),
            format!("unset {DUAL_STACK}: kcaws follows the start URL"),
        );
    }
    Finding::ok(name, "the start URL is a dual-stack access portal URL; logins use its dual-stack hosts")
}

fn is_switched_off(context: &DoctorContext<'_>) -> bool {
    context.app.env.by_hand(DUAL_STACK).is_some() && !context.app.env.is_on(DUAL_STACK)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, NOW, TestDoctor, states};
    use super::*;
    use crate::ports::probe::Answer;

    const HOSTS: [&str; 3] = [
        "https://oidc.eu-central-1.amazonaws.com/",
        "https://portal.sso.eu-central-1.amazonaws.com/",
        "https://eu-central-1.signin.aws.amazon.com/",
    ];

    fn answer(status: u16, ahead: i64) -> Answer {
        let now = chrono::DateTime::parse_from_rfc3339(NOW).expect("a time").to_utc();
        Answer { status, date: Some(now + TimeDelta::seconds(ahead)) }
    }

    fn doctor(hosts: &[&str], ahead: i64) -> TestDoctor {
        let mut doctor = TestDoctor::new().config(CORP);
        for host in hosts {
            let probe = doctor.probe.as_mut().expect("a probe");
            probe.0.insert((*host).to_owned(), answer(404, ahead));
        }
        doctor
    }

    #[test]
    fn any_answer_is_one_and_silence_is_an_error_but_for_the_console() {
        assert_eq!(states(&doctor(&HOSTS, 0).look(network)), ["ok", "ok", "ok"]);
        assert_eq!(states(&doctor(&[], 0).look(network)), ["error", "error", "warning"]);
        let mut offline = doctor(&[], 0);
        offline.probe = None;
        assert!(offline.look(network).is_empty() && offline.look(clock).is_empty());
    }

    #[test]
    fn a_clock_that_is_off_is_named_with_its_side() {
        assert_eq!(states(&doctor(&HOSTS, 59).look(clock)), ["ok"]);
        let behind = doctor(&HOSTS, 120).look(clock);
        assert_eq!(states(&behind), ["warning"]);
        assert!(behind[0].reason.contains("120 s behind"), "{behind:?}");
        assert_eq!(states(&doctor(&HOSTS, -3600).look(clock)), ["error"]);
    }

    fn leads(status: u16, location: Option<&str>) -> Vec<Finding> {
        let mut doctor =
            TestDoctor::new().config(&CORP.replace("d-1.awsapps.com/start", "sso.example.com/aws"));
        doctor.ports.leads = Some((status, location.map(str::to_owned)));
        doctor.look(start_url)
    }

    #[test]
    fn a_start_url_is_a_portal_or_leads_to_one_in_one_step() {
        assert_eq!(states(&TestDoctor::new().config(CORP).look(start_url)), ["ok"]);
        let hash = TestDoctor::new().config(&CORP.replace("/start", "/start/#/")).look(start_url);
        assert_eq!(states(&hash), ["warning"]);
        assert!(hash[0].fix.as_deref().is_some_and(|fix| fix.contains("awsapps.com/start`")), "{hash:?}");
        assert_eq!(states(&leads(302, Some("https://d-1.awsapps.com/start"))), ["ok"]);
        for (status, location) in [
            (302, Some("https://evil-awsapps.com/")),
            (302, Some("/aws/")),
            (302, Some("http://d-1.awsapps.com/start")),
            (302, None),
            (200, None),
            (404, None),
        ] {
            assert_eq!(states(&leads(status, location)), ["error"], "{status} {location:?}");
        }
    }

    #[test]
    fn a_dual_stack_portal_needs_its_hosts() {
        let config = CORP.replace("d-1.awsapps.com/start", "ssoins-1.portal.eu-central-1.app.aws");
        let found = TestDoctor::new().config(&config).look(start_url);
        assert_eq!(states(&found), ["ok"]);
        assert!(found[0].reason.contains("dual-stack hosts"), "{found:?}");
        let hosts = TestDoctor::new().config(&config).look(super::super::environment::endpoints);
        assert!(hosts[0].reason.contains("oidc.eu-central-1.api.aws"), "{hosts:?}");
        let off = TestDoctor::new().config(&config).env(DUAL_STACK, "false").look(start_url);
        assert_eq!(states(&off), ["warning"]);
        assert!(off[0].reason.contains("Something doesn't compute"), "{off:?}");
    }
}
