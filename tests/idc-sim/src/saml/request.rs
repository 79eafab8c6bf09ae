//! Sending the browser to the identity provider: the AuthnRequest and what is remembered of it.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::metadata::SignOn;
use super::{ASSERTION, EMAIL_FORMAT, HTTP_POST, PROTOCOL, place, xml};
use crate::call::Call;
use crate::clock::rfc3339_millis;
use crate::pages;
use crate::secret;
use crate::state::Sim;

/// The browser of a request, at the service provider's host. The answer is a POST from the identity provider's site:
/// only a cookie with `SameSite=None` travels with it, and browsers want that one `Secure` (loopback counts as such).
const COOKIE: &str = "idc_sim_saml";
/// How long a person may take at the identity provider. AWS's limit is not known.
const REQUEST_LIFE: Duration = Duration::from_hours(1);

/// A request that waits for its response.
#[derive(Clone, Debug)]
pub(crate) struct PendingRequest {
    /// `aws_…`, the request's ID.
    pub(super) id: String,
    pub(super) acs: String,
    /// The cookie of the browser that was sent away with it.
    browser: Option<String>,
    /// The portal that the browser came from.
    pub(super) portal: String,
    /// Where in the portal it is to go afterwards.
    pub(super) next: String,
    expires: SystemTime,
}

/// Remembers where the browser wants to go, and sends it to the service provider's host.
pub(crate) fn begin(sim: &Sim, call: &Call, next: &str) -> Response {
    let relay_state = secret::relay_state();
    let acs = place::acs_for(&sim.settings, call.entry, next);
    let login = format!("{}{}?workflow={relay_state}", place::origin(&acs), place::LOGIN);
    let pending = PendingRequest {
        id: secret::request_id(),
        acs,
        browser: None,
        portal: call.portal_base(&sim.settings),
        next: next.to_owned(),
        expires: sim.now() + REQUEST_LIFE,
    };
    sim.state().saml.pending.insert(relay_state, pending);
    found(&login)
}

/// `GET /platform/saml/login`: binds the request to this browser and sends it to the identity provider.
pub(crate) fn login(sim: &Sim, call: &Call) -> Response {
    let fields = call.query_fields();
    let relay_state = fields.first("workflow").unwrap_or_default();
    let now = sim.now();
    let mut state = sim.state();
    let saml = &mut state.saml;
    let Some(provider) = saml.provider.clone() else { return gone() };
    // One cookie for all tabs: a second request must not disown the first.
    let browser = browser(call).map_or_else(secret::cookie, str::to_owned);
    let pending = saml.pending.get_mut(relay_state).filter(|pending| now < pending.expires);
    let Some(pending) =
        pending.filter(|pending| pending.browser.as_ref().is_none_or(|known| *known == browser))
    else {
        return gone();
    };
    pending.browser = Some(browser.clone());
    let location = provider.sign_on.location();
    let request = message(&place::entity_id(&sim.settings), pending, location, now);
    let mut response = match &provider.sign_on {
        SignOn::Redirect(_) => found(&redirect_url(location, &request, relay_state)),
        SignOn::Post(_) => pages::post_form(location, "SAMLRequest", &STANDARD.encode(&request), relay_state),
    };
    let cookie = format!("{COOKIE}={browser}; Path=/platform/saml/; HttpOnly; Secure; SameSite=None");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// The cookie of this browser, if it was sent away from here before.
pub(super) fn browser(call: &Call) -> Option<&str> {
    call.cookie(COOKIE).filter(|cookie| !cookie.is_empty())
}

impl PendingRequest {
    /// Does this request wait for an answer in this browser?
    pub(super) fn waits(&self, id: &str, acs: &str, browser: Option<&str>, now: SystemTime) -> bool {
        self.id == id
            && self.acs == acs
            && self.browser.is_some()
            && self.browser.as_deref() == browser
            && now < self.expires
    }
}

/// As AWS's: unsigned, with neither ForceAuthn nor a wanted authentication context (public capture of 2021).
fn message(issuer: &str, pending: &PendingRequest, destination: &str, now: SystemTime) -> String {
    let PendingRequest { id, acs, .. } = pending;
    let (acs, destination, issuer) = (xml::escaped(acs), xml::escaped(destination), xml::escaped(issuer));
    let instant = rfc3339_millis(now);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><saml2p:AuthnRequest xmlns:saml2p="{PROTOCOL}" AssertionConsumerServiceURL="{acs}" Destination="{destination}" ID="{id}" IssueInstant="{instant}" ProtocolBinding="{HTTP_POST}" Version="2.0"><saml2:Issuer xmlns:saml2="{ASSERTION}">{issuer}</saml2:Issuer><saml2p:NameIDPolicy Format="{EMAIL_FORMAT}"/></saml2p:AuthnRequest>"#
    )
}

/// SAML bindings, section 3.4.4.1: raw deflate, base64, URL encoding; no signature.
fn redirect_url(location: &str, request: &str, relay_state: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let deflated = encoder.write_all(request.as_bytes()).and_then(|()| encoder.finish());
    let deflated = deflated.expect("memory takes every byte");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &STANDARD.encode(deflated))
        .append_pair("RelayState", relay_state)
        .finish();
    let separator = if location.contains('?') { '&' } else { '?' };
    format!("{location}{separator}{query}")
}

pub(super) fn found(to: &str) -> Response {
    (StatusCode::FOUND, [(LOCATION, to.to_owned())]).into_response()
}

fn gone() -> Response {
    pages::failure(StatusCode::BAD_REQUEST, "This page has expired", "Start again at the access portal.")
}
