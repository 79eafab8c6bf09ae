//! `GET /authorize`: the browser's leg of the authorization-code grant with PKCE (RFC 7636, RFC 8252).
//!
//! AWS does not document it; the parameters are those that the AWS CLI (`scopes`) and other clients
//! (`scope`) send.

use std::time::SystemTime;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use url::Url;

use super::register::AUTHORIZATION_CODE;
use super::token::NOT_ASSIGNED;
use crate::call::{Call, Fields};
use crate::pages;
use crate::secret;
use crate::state::{AuthorizationCode, AuthorizationRequest, Registration, SessionId, Sim, State};

pub(crate) fn answer(sim: &Sim, call: &Call) -> Response {
    let fields = call.query_fields();
    let now = sim.now();
    let mut state = sim.state();
    let client_id = fields.first("client_id").unwrap_or_default();
    let known = state.registrations.get(client_id).filter(|known| known.region == call.region);
    let Some(registration) = known.filter(|known| known.expires > now).cloned() else {
        return pages::failure(
            StatusCode::BAD_REQUEST,
            "Unknown client",
            "This client is not registered here.",
        );
    };
    // Errors up to here must not redirect: nobody vouches for the address (RFC 6749 section 4.1.2.1).
    let redirect_uri = fields.first("redirect_uri").unwrap_or_default();
    if !is_registered_redirect(redirect_uri, &registration) {
        return pages::failure(
            StatusCode::BAD_REQUEST,
            "Invalid callback URL",
            "The callback URL is not one that the client has registered.",
        );
    }
    let request = AuthorizationRequest {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: fields.first("state").map(str::to_owned),
        code_challenge: fields.first("code_challenge").unwrap_or_default().to_owned(),
        region: call.region.clone(),
        expires: now + sim.settings.authorization_code_life,
    };
    if let Err((error, description)) = check(&fields, &registration, &request.code_challenge) {
        return back(&request, &[("error", error), ("error_description", description)]);
    }
    if !sim.settings.serves_region(&call.region) {
        return pages::failure(StatusCode::BAD_REQUEST, "invalid_grant", "Invalid grant provided");
    }
    let user = state.directory.default_user.clone();
    // A delay is for device codes alone: nobody waits in front of a redirect.
    let approves = sim.settings.auto_approve.is_some_and(|delay| delay.is_zero());
    if let Some(session) = approves.then(|| state.session_of(&sim.settings, &user, now)).flatten() {
        return allow(&mut state, &request, session, now, sim);
    }
    let handle = secret::handle();
    state.authorization_requests.insert(handle.clone(), request);
    drop(state);
    let base = call.portal_base(&sim.settings);
    Redirect::to(&format!("{base}/start/consent?request={handle}")).into_response()
}

/// Any port, but otherwise exactly what was registered (RFC 8252 section 7.3).
fn is_registered_redirect(uri: &str, registration: &Registration) -> bool {
    let Ok(mut asked) = Url::parse(uri) else { return false };
    let loopback = asked.scheme() == "http" && asked.host_str() == Some("127.0.0.1");
    if !loopback || asked.set_port(None).is_err() {
        return false;
    }
    registration.redirect_uris.iter().filter_map(|known| Url::parse(known).ok()).any(|known| known == asked)
}

fn check(
    fields: &Fields,
    registration: &Registration,
    challenge: &str,
) -> Result<(), (&'static str, &'static str)> {
    if fields.has_repeated() {
        return Err(("invalid_request", "A parameter is repeated"));
    }
    if fields.first("response_type") != Some("code") {
        return Err(("unsupported_response_type", "response_type must be code"));
    }
    if !registration.allows(AUTHORIZATION_CODE) {
        return Err(("unauthorized_client", "The client is not registered for this grant type"));
    }
    if fields.first("code_challenge_method") != Some("S256") {
        return Err(("invalid_request", "code_challenge_method must be S256"));
    }
    // 32 bytes of SHA-256 in base64url without padding.
    if challenge.len() != 43
        || !challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        return Err(("invalid_request", "Invalid code_challenge"));
    }
    let scopes = fields.first("scopes").or(fields.first("scope")).unwrap_or_default();
    let unknown = |scope: &str| !registration.scopes.iter().any(|known| known == scope);
    if scopes.split_whitespace().any(unknown) {
        return Err(("invalid_scope", "The client is not registered for this scope"));
    }
    Ok(())
}

/// Issues the code and sends the browser back with it, or with an error where the person may not have the scopes.
pub(crate) fn allow(
    state: &mut State,
    request: &AuthorizationRequest,
    session: SessionId,
    now: SystemTime,
    sim: &Sim,
) -> Response {
    let scopes = state.registrations.get(&request.client_id).map(|known| known.scopes.as_slice());
    if !state.may_have(&sim.settings, scopes.unwrap_or_default(), session) {
        return back(request, &[("error", "access_denied"), ("error_description", NOT_ASSIGNED)]);
    }
    let code = secret::authorization_code();
    state.authorization_codes.insert(
        code.clone(),
        AuthorizationCode {
            client_id: request.client_id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            session,
            region: request.region.clone(),
            expires: now + sim.settings.authorization_code_life,
        },
    );
    back(request, &[("code", &code)])
}

/// Sends the browser back without a code.
pub(crate) fn deny(request: &AuthorizationRequest) -> Response {
    back(request, &[("error", "access_denied")])
}

fn back(request: &AuthorizationRequest, answer: &[(&str, &str)]) -> Response {
    let Ok(mut target) = Url::parse(&request.redirect_uri) else {
        return pages::failure(
            StatusCode::BAD_REQUEST,
            "Invalid callback URL",
            "The callback URL is not a URL.",
        );
    };
    let state = request.state.as_deref().map(|state| ("state", state));
    target.query_pairs_mut().extend_pairs(answer.iter().copied().chain(state));
    // 302 as with most authorization servers; `Redirect::to` would be 303, which is right for forms.
    (StatusCode::FOUND, [(axum::http::header::LOCATION, target.to_string())]).into_response()
}
