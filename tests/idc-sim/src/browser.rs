//! What a browser asks for: code entry, sign-in, consent, the portal's first page.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::{IntoResponse as _, Response};

use crate::call::{Call, Fields};
use crate::exchange::same_host;
use crate::oidc::authorize;
use crate::oidc::device::{self, AskingClient, UserCodeError, normal_user_code};
use crate::pages::{self, ConsentView};
use crate::saml;
use crate::signin::{self, PasswordForm};
use crate::state::{AuthorizationRequest, Browser, Decision, Sim, State};

const CONSENT: &str = "/start/consent";

/// The page that takes a user code, with `?user_code=` already filled in.
pub(crate) fn device_page(sim: &Sim, call: &Call) -> Response {
    let fields = call.query_fields();
    if call.path == device::AUTHORIZE {
        let code = fields.first("request_uri").and_then(|request| device::code_of_request(sim, request));
        return match code {
            Some(code) => pages::code_form(StatusCode::OK, &consent_url(sim, call), &code, None),
            None => pages::failure(StatusCode::NOT_FOUND, "Unknown request", "Start the login again."),
        };
    }
    let typed = fields.first("user_code").unwrap_or_default();
    pages::code_form(StatusCode::OK, &consent_url(sim, call), &normal_user_code(typed), None)
}

/// The device page may stand on a host of its own, the portal's pages never do.
fn consent_url(sim: &Sim, call: &Call) -> String {
    format!("{}{CONSENT}", call.portal_base(&sim.settings))
}

pub(crate) fn sign_in(sim: &Sim, call: &Call) -> Response {
    let external = sim.state().saml.provider.is_some();
    let fields = if call.method == "POST" { call.fields() } else { call.query_fields() };
    let next = fields.first("next").unwrap_or_default();
    match call.method.as_str() {
        // Identity Center knows no passwords then; a form that is still open leads to the right place.
        _ if external => signin::provider(sim).begin(sim, call, next),
        "POST" => PasswordForm::submit(sim, call),
        _ => PasswordForm::show(next),
    }
}

pub(crate) fn start_page(sim: &Sim, call: &Call) -> Response {
    if let Some(code) = call.query_fields().first("auth_code") {
        return saml::acs::arrive(sim, call, code);
    }
    let Some(browser) = signin::browser(sim, call) else { return pages::start(None, &[]) };
    let state = sim.state();
    let user = &state.session(browser.session).user;
    let accounts = state.directory.accounts_of(user);
    let accounts: Vec<_> =
        accounts.iter().map(|account| (account.name.clone(), account.id.clone())).collect();
    pages::start(Some(user), &accounts)
}

/// What is to be consented to.
enum Subject {
    UserCode(String),
    Request(String, AuthorizationRequest),
}

pub(crate) fn consent(sim: &Sim, call: &Call) -> Response {
    let fields = if call.method == "POST" { call.fields() } else { call.query_fields() };
    let (subject, client) = match subject(sim, call, &fields) {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    let Some(browser) = signin::browser(sim, call) else {
        return signin::provider(sim).begin(sim, call, &this_page(&subject));
    };
    if call.method == "POST" {
        return decide(sim, &fields, &browser, subject);
    }
    let user = sim.state().session(browser.session).user.clone();
    pages::consent_form(&ConsentView {
        action: CONSENT,
        client: &client,
        user: &user,
        subject: match &subject {
            Subject::UserCode(code) => ("user_code", code),
            Subject::Request(handle, _) => ("request", handle),
        },
        form_token: &browser.form_token,
    })
}

fn this_page(subject: &Subject) -> String {
    match subject {
        Subject::UserCode(code) => format!("{CONSENT}?user_code={code}"),
        Subject::Request(handle, _) => format!("{CONSENT}?request={handle}"),
    }
}

fn subject(sim: &Sim, call: &Call, fields: &Fields) -> Result<(Subject, AskingClient), Box<Response>> {
    if let Some(handle) = fields.first("request") {
        let state = sim.state();
        let found = state.authorization_requests.get(handle).filter(|request| request.expires > sim.now());
        let client = found.and_then(|request| asking(&state, request));
        return match (found, client) {
            (Some(request), Some(client)) => {
                Ok((Subject::Request(handle.to_owned(), request.clone()), client))
            }
            _ => Err(Box::new(pages::failure(
                StatusCode::BAD_REQUEST,
                "This page has expired",
                "Start the login again from your terminal.",
            ))),
        };
    }
    let user_code = normal_user_code(fields.first("user_code").unwrap_or_default());
    match device::asking_client(sim, &user_code, sim.now()) {
        Ok(client) => Ok((Subject::UserCode(user_code), client)),
        Err(error) => {
            let status = match error {
                UserCodeError::Unknown => StatusCode::NOT_FOUND,
                UserCodeError::Expired => StatusCode::GONE,
                UserCodeError::Decided => StatusCode::CONFLICT,
                UserCodeError::WrongRegion | UserCodeError::Elsewhere => StatusCode::BAD_REQUEST,
            };
            let form =
                pages::code_form(status, &consent_url(sim, call), &user_code, Some(&error.to_string()));
            Err(Box::new(form))
        }
    }
}

fn asking(state: &State, request: &AuthorizationRequest) -> Option<AskingClient> {
    let registration = state.registrations.get(&request.client_id)?;
    Some(AskingClient { name: registration.client_name.clone(), scopes: registration.scopes.clone() })
}

fn decide(sim: &Sim, fields: &Fields, browser: &Browser, subject: Subject) -> Response {
    // Without it another site could choose Allow in a signed-in browser.
    if fields.first("form_token") != Some(&browser.form_token) {
        return pages::failure(
            StatusCode::FORBIDDEN,
            "Not allowed",
            "This form was not made for this browser.",
        );
    }
    let allowed = match fields.first("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return pages::failure(StatusCode::BAD_REQUEST, "Nothing chosen", "Choose Allow or Deny."),
    };
    let now = sim.now();
    match subject {
        Subject::UserCode(user_code) => {
            let decision = if allowed { Decision::Approved(browser.session) } else { Decision::Denied };
            match (device::decide(sim, &user_code, decision, now), allowed) {
                (Err(error), _) => pages::failure(StatusCode::CONFLICT, "Too late", &error.to_string()),
                (Ok(()), true) => {
                    pages::notice("Request approved", "You can close this window and go back to your device.")
                }
                (Ok(()), false) => pages::notice(
                    "Request denied",
                    "The device has not been given access. You can close this window.",
                ),
            }
        }
        Subject::Request(handle, request) => {
            let mut state = sim.state();
            state.authorization_requests.remove(&handle);
            if allowed {
                authorize::allow(&mut state, &request, browser.session, now, sim)
            } else {
                authorize::deny(&request)
            }
        }
    }
}

/// A company's own host: one redirect, which no client is to remember.
pub(crate) fn vanity(sim: &Sim, call: &Call) -> Response {
    let target = sim.settings.vanity.iter().find(|(host, _)| same_host(host, &call.host));
    match target {
        Some((_, target)) => {
            let headers = [(LOCATION, target.clone()), (CACHE_CONTROL, "no-store".to_owned())];
            (StatusCode::FOUND, headers).into_response()
        }
        None => (StatusCode::NOT_FOUND, "no host of this name redirects").into_response(),
    }
}
