//! Requests to the hosts that a login and the console need.

use chrono::TimeDelta;

use crate::app::App;
use crate::app::resolve::ResolvedSession;
use crate::console::Partition;
use crate::platform::thread;
use crate::ports::identity_center::Origin;
use crate::ports::probe::{Answer, Probe};
use crate::profile::services::{Service, endpoint_override};

/// One host, its purpose, and its response; `ahead` is how far its clock is ahead of this machine's.
pub(super) struct HostResponses {
    pub(super) host: String,
    pub(super) what: &'static str,
    pub(super) answer: Result<Answer, String>,
    pub(super) ahead: Option<TimeDelta>,
}

/// Requests all hosts at once, and each origin only once.
pub(super) fn ask_all(app: &App, sessions: &[ResolvedSession], probe: &dyn Probe) -> Vec<HostResponses> {
    let mut hosts: Vec<(String, &'static str)> = Vec::new();
    for selected in sessions.iter().filter(|one| !one.session.region.is_empty()) {
        let mut add = |origin: String, what| {
            if !hosts.iter().any(|(known, _)| *known == origin) {
                hosts.push((origin, what));
            }
        };
        if let Ok(endpoints) = selected.endpoints(app) {
            add(endpoints.oidc.to_string(), "logging in");
            add(endpoints.portal.to_string(), "credentials");
            if let Some(access) = &endpoints.account_access {
                add(access.origin.to_string(), "IAM roles");
            }
        }
        if let Some(origin) = signin_origin(app, selected) {
            add(origin, "the console");
        }
    }
    let clock = &*app.clock;
    let ask = |origin: &str, what| {
        let answer = probe.ask(&format!("{origin}/"));
        let now = clock.now();
        let ahead = answer.as_ref().ok().and_then(|answer| Some(answer.date? - now));
        let host = origin.split_once("://").map_or(origin, |(_, host)| host).to_owned();
        HostResponses { host, what, answer, ahead }
    };
    std::thread::scope(|scope| {
        let start = |(origin, what): &'_ (String, &'static str)| {
            let (origin, what, ask) = (origin.clone(), *what, &ask);
            let again = origin.clone();
            // If no thread can be started, one after the other.
            thread::start_in(scope, move || ask(&origin, what)).map_err(|_| ask(&again, what))
        };
        let asked: Vec<_> = hosts.iter().map(start).collect();
        asked.into_iter().filter_map(|one| one.map_or_else(Some, |thread| thread.join().ok())).collect()
    })
}

/// Returns the endpoint that `console` uses.
fn signin_origin(app: &App, selected: &ResolvedSession) -> Option<String> {
    let region = &selected.session.region;
    let usual = || Partition::of_region(region).signin_origin(region);
    let document = app.document().ok()?;
    let given = endpoint_override(Service::Signin, &app.env, document, selected.profile.as_deref());
    Some(Origin::new(&given.map_or_else(usual, |given| given.url)).to_string())
}
