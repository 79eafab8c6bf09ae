//! `CreateToken`: `POST /token`, by device code, authorization code or refresh token.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::register::{AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN};
use super::{ErrorCode, Refusal, client, members, respond};
use crate::call::Call;
use crate::clock::left;
use crate::secret;
use crate::settings::Settings;
use crate::state::{
    AccessToken, Decision, DeviceGrant, Login, LoginId, RefreshToken, Registration, SessionId, Sim, State,
};
use crate::switches::{DenialAnswer, RefreshRotation, SlowDown};

/// RFC 8628 section 3.5: `slow_down` adds 5 seconds to this and all later intervals.
const SLOW_DOWN_STEP: Duration = Duration::from_secs(5);
/// The answer for a person who has nothing by account access, where that matters.
pub(super) const NOT_ASSIGNED: &str = "The user is not assigned to the application";
/// A client that sleeps exactly the interval may arrive a little early by our clock.
const EARLY: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateToken {
    client_id: String,
    client_secret: String,
    grant_type: String,
    device_code: Option<String>,
    code: Option<String>,
    refresh_token: Option<String>,
    #[expect(dead_code, reason = "no effect: the token always has all scopes of the registration")]
    scope: Option<Vec<String>>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
}

pub(crate) fn answer(sim: &Sim, call: &Call) -> axum::response::Response {
    respond(sim.kms_key().and_then(|()| members(call)).and_then(|request| create(sim, call, &request)))
}

/// A client that has proven itself, at a time and place.
struct Asking<'a> {
    id: &'a str,
    registration: Registration,
    region: &'a str,
    now: SystemTime,
}

fn create(sim: &Sim, call: &Call, request: &CreateToken) -> Result<Value, Refusal> {
    if call.query_fields().first("aws_iam").is_some() {
        return Err(ErrorCode::InvalidRequest.because("CreateTokenWithIAM is not simulated"));
    }
    let now = sim.now();
    let mut state = sim.state();
    let registration = client(&state, &request.client_id, &request.client_secret, &call.region, now)?;
    let grant_type = request.grant_type.as_str();
    if ![DEVICE_CODE, AUTHORIZATION_CODE, REFRESH_TOKEN].contains(&grant_type) {
        return Err(ErrorCode::UnsupportedGrantType.because(format!("Unsupported grant type: {grant_type}")));
    }
    if !registration.allows(grant_type) {
        return Err(ErrorCode::UnauthorizedClient.because("The client is not registered for this grant type"));
    }
    let asking = Asking { id: &request.client_id, registration, region: &call.region, now };
    match grant_type {
        DEVICE_CODE => {
            by_device_code(sim, &mut state, &asking, required(request.device_code.as_deref(), "deviceCode")?)
        }
        AUTHORIZATION_CODE => by_authorization_code(sim, &mut state, &asking, request),
        _ => by_refresh_token(
            sim,
            &mut state,
            &asking,
            required(request.refresh_token.as_deref(), "refreshToken")?,
        ),
    }
}

fn required<'a>(member: Option<&'a str>, name: &str) -> Result<&'a str, Refusal> {
    member
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ErrorCode::InvalidRequest.because(format!("Missing required member: {name}")))
}

fn invalid_grant() -> Refusal {
    ErrorCode::InvalidGrant.because("Invalid grant provided")
}

fn by_device_code(sim: &Sim, state: &mut State, asking: &Asking<'_>, code: &str) -> Result<Value, Refusal> {
    let now = asking.now;
    let auto_approved = match state.device_grants.get(code) {
        Some(grant) => is_auto_approved(&sim.settings, grant, now),
        None => return Err(invalid_grant()),
    };
    let user = state.directory.default_user.clone();
    let session = auto_approved.then(|| state.session_of(&sim.settings, &user, now)).flatten();
    let bound = |grant: &&mut DeviceGrant| grant.client_id == asking.id && grant.region == asking.region;
    let grant = state.device_grants.get_mut(code).filter(bound).ok_or_else(invalid_grant)?;
    if grant.expires <= now {
        return Err(ErrorCode::ExpiredToken.because("Device code has expired"));
    }
    if let Some(session) = session {
        grant.decision = Decision::Approved(session);
    }
    match (grant.decision, sim.settings.denial) {
        (Decision::Approved(session), _) => {
            // Single use, whatever comes of it.
            state.device_grants.remove(code);
            if !state.session_lives(session, now) {
                return Err(invalid_grant());
            }
            if !state.may_have(&sim.settings, &asking.registration.scopes, session) {
                return Err(ErrorCode::AccessDenied.because(NOT_ASSIGNED));
            }
            Ok(log_in(&sim.settings, state, asking, session))
        }
        (Decision::Denied, DenialAnswer::AccessDenied) => {
            Err(ErrorCode::AccessDenied.because("The request was denied"))
        }
        (Decision::Denied, DenialAnswer::InvalidGrant) => Err(invalid_grant()),
        (Decision::Pending, _) | (Decision::Denied, DenialAnswer::StaysPending) => {
            Err(poll(grant, sim.settings.slow_down, now))
        }
    }
}

fn is_auto_approved(settings: &Settings, grant: &DeviceGrant, now: SystemTime) -> bool {
    let due = settings.auto_approve.is_some_and(|delay| grant.created + delay <= now);
    due && grant.decision == Decision::Pending && settings.serves_region(&grant.region)
}

/// Counts a poll that found nothing and says whether it came too early.
fn poll(grant: &mut DeviceGrant, switch: SlowDown, now: SystemTime) -> Refusal {
    let free_polls = match switch {
        SlowDown::AfterTwoPolls => 2,
        SlowDown::Strict | SlowDown::Never | SlowDown::Always => 1,
    };
    let early = grant.last_poll.is_some_and(|last| now + EARLY < last + grant.interval);
    grant.polls += 1;
    grant.last_poll = Some(now);
    let slow_down = match switch {
        SlowDown::Always => true,
        SlowDown::Never => false,
        SlowDown::AfterTwoPolls | SlowDown::Strict => early && grant.polls > free_polls,
    };
    if slow_down {
        grant.interval += SLOW_DOWN_STEP;
        return ErrorCode::SlowDown.because("Slow down");
    }
    ErrorCode::AuthorizationPending.because("Authorization is still pending")
}

fn by_authorization_code(
    sim: &Sim,
    state: &mut State,
    asking: &Asking<'_>,
    request: &CreateToken,
) -> Result<Value, Refusal> {
    let code = required(request.code.as_deref(), "code")?;
    let redirect_uri = required(request.redirect_uri.as_deref(), "redirectUri")?;
    let verifier = required(request.code_verifier.as_deref(), "codeVerifier")?;
    let bound = |known: &&_| -> bool {
        let known: &crate::state::AuthorizationCode = known;
        known.client_id == asking.id && known.region == asking.region
    };
    let known = state.authorization_codes.get(code).filter(bound).cloned().ok_or_else(invalid_grant)?;
    // Single use, and a try with the wrong verifier uses it up too (RFC 6749 section 10.5).
    state.authorization_codes.remove(code);
    if known.expires <= asking.now
        || known.redirect_uri != redirect_uri
        || known.code_challenge != s256(verifier)
        || !state.session_lives(known.session, asking.now)
    {
        return Err(invalid_grant());
    }
    Ok(log_in(&sim.settings, state, asking, known.session))
}

/// RFC 7636 section 4.2.
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn by_refresh_token(
    sim: &Sim,
    state: &mut State,
    asking: &Asking<'_>,
    token: &str,
) -> Result<Value, Refusal> {
    let refused = || ErrorCode::InvalidGrant.because("Invalid refresh token provided");
    let known = state.refresh_tokens.get(token).cloned().ok_or_else(refused)?;
    let login = state.login(known.login);
    let bound = login.client_id == asking.id && login.region == asking.region;
    let dead = known.dies.is_some_and(|dies| dies <= asking.now);
    if !bound || dead || !state.login_lives(known.login, asking.now) {
        return Err(refused());
    }
    let dies = match sim.settings.refresh_rotation {
        // Dead for good, also to a clock that is moved back.
        RefreshRotation::OldDies => Some(SystemTime::UNIX_EPOCH),
        RefreshRotation::Grace(grace) => Some(known.dies.unwrap_or(asking.now + grace)),
        RefreshRotation::OldStays | RefreshRotation::NoNewToken => None,
    };
    state.refresh_tokens.insert(token.to_owned(), RefreshToken { login: known.login, dies });
    let rotates = sim.settings.refresh_rotation != RefreshRotation::NoNewToken;
    Ok(mint(&sim.settings, state, known.login, true, rotates, asking.now).into_answer())
}

/// Turns an approved grant into a login with its first tokens.
fn log_in(settings: &Settings, state: &mut State, asking: &Asking<'_>, session: SessionId) -> Value {
    let short = asking.registration.has_short_tokens(settings);
    let refreshable = asking.registration.is_refreshable(settings);
    let login = state.add_login(Login::new(asking.id, &asking.registration, session, asking.region));
    mint(settings, state, login, short, refreshable, asking.now).into_answer()
}

/// Freshly issued tokens.
pub(crate) struct Minted {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) life: Duration,
}

impl Minted {
    /// With the nulls that the real wire carries.
    fn into_answer(self) -> Value {
        json!({
            "accessToken": self.access_token,
            "aws_sso_app_session_id": null,
            "expiresIn": self.life.as_secs(),
            "idToken": null,
            "issuedTokenType": null,
            "originSessionId": null,
            "refreshToken": self.refresh_token,
            "tokenType": "Bearer",
        })
    }
}

/// Issues an access token and, by `with_refresh_token`, a refresh token.
///
/// A `short` access token (of a login that can be refreshed, or with a scope of account access) lives an hour, any other
/// as long as the session; neither outlives the session.
pub(crate) fn mint(
    settings: &Settings,
    state: &mut State,
    login: LoginId,
    short: bool,
    with_refresh_token: bool,
    now: SystemTime,
) -> Minted {
    let session_left = left(now, state.session(state.login(login).session).ends);
    let life = if short { session_left.min(settings.access_token_life) } else { session_left };
    let access_token = secret::access_token();
    state.access_tokens.insert(access_token.clone(), AccessToken { login, expires: now + life });
    let refresh_token = with_refresh_token.then(secret::refresh_token);
    if let Some(token) = &refresh_token {
        state.refresh_tokens.insert(token.clone(), RefreshToken { login, dies: None });
    }
    Minted { access_token, refresh_token, life }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_challenge_of_the_rfc() {
        assert_eq!(
            s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
