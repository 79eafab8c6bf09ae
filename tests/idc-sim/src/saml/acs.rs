//! The assertion consumer service: where the browser comes back with a response, and what becomes of it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use axum::response::Response;

use super::metadata::IdentityProviderMetadata;
use super::refusal::Refusal;
use super::request::{self, PendingRequest};
use super::rules::{self, Expected, Statement};
use super::trail::TrailEvent;
use super::{place, response};
use crate::call::Call;
use crate::pages;
use crate::secret;
use crate::signin;
use crate::state::Sim;
use crate::switches::MissingSessionEnd;

/// From the ACS to the portal is one redirect.
const CODE_LIFE: Duration = Duration::from_mins(1);
/// What AWS was reported to fall back to where the identity provider names no end.
const FALLBACK_SESSION: Duration = Duration::from_hours(8);

/// What the service provider remembers.
#[derive(Debug, Default)]
pub(crate) struct ServiceProvider {
    pub(crate) provider: Option<IdentityProviderMetadata>,
    /// By RelayState.
    pub(crate) pending: HashMap<String, PendingRequest>,
    /// The IDs of assertions that have been used.
    used: HashSet<String>,
    /// Sign-ins on their way from here to the portal, by `auth_code`.
    codes: HashMap<String, PortalCode>,
    pub(crate) trail: Vec<TrailEvent>,
}

#[derive(Clone, Debug)]
struct PortalCode {
    user: String,
    session_ends: Option<SystemTime>,
    next: String,
    expires: SystemTime,
}

/// `POST /platform/saml/acs/…`. Browsers that come from a page with `Referrer-Policy: no-referrer`, as Keycloak's, send
/// `Origin: null`: what binds a response to a browser is the request, not the origin.
pub(crate) fn answer(sim: &Sim, call: &Call) -> Response {
    let Some(acs) = place::acs_of(&sim.settings, call) else {
        return pages::failure(
            StatusCode::NOT_FOUND,
            "Not found",
            "There is no such assertion consumer service.",
        );
    };
    match accept(sim, call, &acs) {
        Ok(to) => request::found(&to),
        Err(refusal) => {
            let event = TrailEvent::failure(&sim.settings, sim.now(), refusal.message());
            sim.state().saml.trail.push(event);
            let again =
                "Close this window and start again. Your administrator finds the reason in CloudTrail.";
            pages::failure(StatusCode::BAD_REQUEST, refusal.page().text(), again)
        }
    }
}

/// Where the browser goes next.
fn accept(sim: &Sim, call: &Call, acs: &str) -> Result<String, Refusal> {
    let provider = sim.state().saml.provider.clone().ok_or(Refusal::NoProvider)?;
    let fields = call.fields();
    let field = fields.one("SAMLResponse").ok().flatten().ok_or(Refusal::NotAResponse)?;
    let text = response::decode(field)?;
    let document = response::parse(&text)?;
    let verified = response::verify(&document, &text, &provider, sim.settings.signature_on)?;
    let now = sim.now();
    let statement = rules::check(
        &document,
        verified,
        &Expected {
            issuer: &provider.entity_id,
            audience: &place::entity_id(&sim.settings),
            acs,
            now,
            tolerance: sim.settings.saml_tolerance,
            attributes_count: sim.settings.access_control_attributes,
        },
    )?;
    sign_in(sim, call, acs, statement, fields.first("RelayState").unwrap_or_default(), now)
}

/// The last questions, those about what we know ourselves; nothing is used up before all are answered.
fn sign_in(
    sim: &Sim,
    call: &Call,
    acs: &str,
    statement: Statement,
    relay_state: &str,
    now: SystemTime,
) -> Result<String, Refusal> {
    let mut state = sim.state();
    if state.saml.used.contains(&statement.assertion_id) {
        return Err(Refusal::Replayed);
    }
    let (portal, next) = match &statement.in_response_to {
        // Started at the identity provider: accepted, and it leads to the portal alone.
        None => (call.unsolicited_portal(&sim.settings), "/start".to_owned()),
        Some(id) => {
            let browser = request::browser(call);
            let waiting = state.saml.pending.iter().find(|(_, known)| known.waits(id, acs, browser, now));
            let (sent, pending) = waiting.ok_or(Refusal::RequestId)?;
            if sent != relay_state {
                return Err(Refusal::RelayState);
            }
            (pending.portal.clone(), pending.next.clone())
        }
    };
    let user = statement.name_id;
    if state.directory.user(&user).is_none() {
        let other_case = state.directory.store.user_named(&user).is_some();
        return Err(if other_case { Refusal::OtherCase } else { Refusal::UnknownUser });
    }
    if !state.directory.is_enabled(&user) {
        return Err(Refusal::DisabledUser);
    }
    state.saml.used.insert(statement.assertion_id);
    if statement.in_response_to.is_some() {
        state.saml.pending.remove(relay_state);
    }
    state.saml.trail.push(TrailEvent::success(&sim.settings, now, &user));
    let code = secret::authorization_code();
    let session_ends = statement.session_ends.or(match sim.settings.missing_session_end {
        MissingSessionEnd::OwnSetting => None,
        MissingSessionEnd::EightHours => Some(now + FALLBACK_SESSION),
    });
    let expires = now + CODE_LIFE;
    state.saml.codes.insert(code.clone(), PortalCode { user, session_ends, next, expires });
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("state", &secret::handle())
        .append_pair("auth_code", &code)
        .append_pair("wdc_csrf_token", &secret::handle())
        .append_pair("organization", &sim.settings.identity_store)
        .append_pair("region", &sim.settings.region)
        .finish();
    Ok(format!("{portal}/start/?{query}"))
}

/// `GET /start/?auth_code=…`: the portal takes over.
pub(crate) fn arrive(sim: &Sim, call: &Call, code: &str) -> Response {
    let now = sim.now();
    let known = sim.state().saml.codes.remove(code).filter(|known| now < known.expires);
    match known {
        Some(PortalCode { user, session_ends, next, .. }) => {
            signin::establish(sim, call, &user, session_ends, &next)
        }
        None => pages::failure(
            StatusCode::BAD_REQUEST,
            "Session token not found or invalid",
            "Start again at the access portal.",
        ),
    }
}
