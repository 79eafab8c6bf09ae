//! `StartDeviceAuthorization`: `POST /device_authorization`, and what a person says to the code.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ErrorCode, Refusal, client, members, register, respond};
use crate::call::Call;
use crate::hosts;
use crate::log::Entry;
use crate::secret;
use crate::state::{Decision, DeviceGrant, Sim};
use crate::switches::VerificationUri;

/// The path of the newer page.
pub(crate) const AUTHORIZE: &str = "/platform/authorize";
/// What its parameter begins with (the form is ours).
const REQUEST: &str = "urn:aws:signin:request:";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StartDeviceAuthorization {
    client_id: String,
    client_secret: String,
    start_url: String,
}

pub(crate) fn answer(sim: &Sim, call: &Call) -> axum::response::Response {
    respond(sim.kms_key().and_then(|()| members(call)).and_then(|request| start(sim, call, &request)))
}

fn start(sim: &Sim, call: &Call, request: &StartDeviceAuthorization) -> Result<Value, Refusal> {
    let now = sim.now();
    let mut state = sim.state();
    let registration = client(&state, &request.client_id, &request.client_secret, &call.region, now)?;
    if !registration.allows(register::DEVICE_CODE) {
        return Err(ErrorCode::UnauthorizedClient.because("The client may not use the device grant"));
    }
    // The region is not checked here: only the browser finds out (aws/aws-cli#5058).
    if !sim.settings.knows_start_url(&request.start_url) {
        return Err(ErrorCode::InvalidRequest.because("Invalid start url provided"));
    }
    let device_code = secret::device_code();
    let grant = DeviceGrant {
        user_code: secret::user_code(),
        request: secret::handle(),
        is_elsewhere: sim.settings.is_dual_stack()
            && call.entry == Entry::Proxy
            && !hosts::is_dual_stack(&call.host),
        client_id: request.client_id.clone(),
        region: call.region.clone(),
        created: now,
        expires: now + sim.settings.device_code_life,
        interval: sim.settings.interval,
        polls: 0,
        last_poll: None,
        decision: Decision::Pending,
    };
    let uri = verification_uri(sim, call, &grant.request);
    let complete = match sim.settings.verification_uri {
        VerificationUri::SignInHost => uri.clone(),
        _ => format!("{uri}?user_code={}", grant.user_code),
    };
    let body = json!({
        "deviceCode": device_code,
        "expiresIn": sim.settings.device_code_life.as_secs(),
        "interval": sim.settings.interval.as_secs(),
        "userCode": grant.user_code,
        "verificationUri": uri,
        "verificationUriComplete": complete,
    });
    state.device_grants.insert(device_code, grant);
    drop(state);
    sim.ring_pending();
    Ok(body)
}

/// The client gets the address that its browser can reach: by the host by which the client came in.
fn verification_uri(sim: &Sim, call: &Call, request: &str) -> String {
    let dual_stack = hosts::is_dual_stack(&call.host);
    match (sim.settings.verification_uri, call.entry) {
        // Newer instances; the query comes after the fragment (seen in public reports).
        (VerificationUri::Fragment, _) => format!("{}/start/#/device", call.portal_base(&sim.settings)),
        (VerificationUri::DeviceHost, Entry::Plain) => format!("http://{}/device", call.host),
        (VerificationUri::DeviceHost, Entry::Proxy) => {
            format!("https://{}/", hosts::device_host(&call.region, dual_stack))
        }
        (VerificationUri::SignInHost, entry) => {
            let base = match entry {
                Entry::Plain => format!("http://{}", call.host),
                Entry::Proxy => format!("https://{}", hosts::sign_in_host(&call.region, dual_stack)),
            };
            format!("{base}{AUTHORIZE}?request_uri={REQUEST}{request}")
        }
    }
}

/// Why a user code cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserCodeError {
    /// No such code.
    Unknown,
    /// It was not used in time.
    Expired,
    /// Somebody has allowed or denied it already.
    Decided,
    /// It was issued in a region in which the instance does not exist.
    WrongRegion,
    /// It was asked for at an IPv4 host, and the instance is a dual-stack one.
    Elsewhere,
}

impl std::fmt::Display for UserCodeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "This code is not known. Check it and try again.",
            Self::Expired => "This code has expired. Start the login again to get a new one.",
            Self::Decided => "This code has been used already.",
            Self::Elsewhere => {
                "Something doesn't compute. We couldn't verify your sign-in credentials. Please try again."
            }
            Self::WrongRegion => "Invalid grant provided: the code was issued in another region.",
        })
    }
}

/// What the consent page shows.
#[derive(Clone, Debug)]
pub(crate) struct AskingClient {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
}

/// Upper case, dash in the middle, whatever a person typed.
pub(crate) fn normal_user_code(typed: &str) -> String {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_uppercase();
    if letters.len() == 8 { format!("{}-{}", &letters[..4], &letters[4..]) } else { letters }
}

/// The code behind the `request_uri` of a page at a sign-in host.
pub(crate) fn code_of_request(sim: &Sim, request_uri: &str) -> Option<String> {
    let request = request_uri.strip_prefix(REQUEST)?;
    let state = sim.state();
    let mut grants = state.device_grants.values();
    grants.find(|grant| grant.request == request).map(|grant| grant.user_code.clone())
}

/// Looks up the client behind a code that still waits for a person.
pub(crate) fn asking_client(
    sim: &Sim,
    user_code: &str,
    now: SystemTime,
) -> Result<AskingClient, UserCodeError> {
    let mut state = sim.state();
    let grant = state.device_grant_by_user_code(user_code).ok_or(UserCodeError::Unknown)?.clone();
    undecided(sim, &grant, now)?;
    let registration = state.registrations.get(&grant.client_id).ok_or(UserCodeError::Unknown)?;
    Ok(AskingClient { name: registration.client_name.clone(), scopes: registration.scopes.clone() })
}

/// Records what a person said to a code.
pub(crate) fn decide(
    sim: &Sim,
    user_code: &str,
    decision: Decision,
    now: SystemTime,
) -> Result<(), UserCodeError> {
    let mut state = sim.state();
    let grant = state.device_grant_by_user_code(user_code).ok_or(UserCodeError::Unknown)?;
    undecided(sim, grant, now)?;
    grant.decision = decision;
    Ok(())
}

fn undecided(sim: &Sim, grant: &DeviceGrant, now: SystemTime) -> Result<(), UserCodeError> {
    match grant.decision {
        _ if grant.expires <= now => Err(UserCodeError::Expired),
        Decision::Pending if grant.is_elsewhere => Err(UserCodeError::Elsewhere),
        Decision::Pending if sim.settings.serves_region(&grant.region) => Ok(()),
        Decision::Pending => Err(UserCodeError::WrongRegion),
        Decision::Approved(_) | Decision::Denied => Err(UserCodeError::Decided),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_codes() {
        for typed in ["PMPJ-VZCJ", "pmpjvzcj", " pmpj vzcj "] {
            assert_eq!(normal_user_code(typed), "PMPJ-VZCJ");
        }
        assert_eq!(normal_user_code("PM"), "PM");
        assert_eq!(normal_user_code("äöüß"), "");
    }
}
