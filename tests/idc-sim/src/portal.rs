//! The access portal's API: `portal.sso.<region>.amazonaws.com`, rest-json (API 2019-06-10).

use std::time::SystemTime;

use axum::http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_TYPE, SERVER};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::account_access::settings::WithoutPermissionSets;
use crate::call::{Call, Fields};
use crate::clock::{epoch_seconds, full_second};
use crate::secret;
use crate::state::{ACCOUNT_ACCESS, Issuer, LoginId, PageToken, RoleCredentials, Sim, State};
use crate::switches::{LogoutEnds, PageSize};
use crate::throttle::Bucket;

/// An underscore, and no `Authorization`.
const TOKEN_HEADER: &str = "x-amz-sso_bearer_token";
/// The service model's limit of `maxResults`.
const MAX_RESULTS: usize = 100;

/// An error answer: status, exception, message.
#[derive(Clone, Copy, Debug)]
struct Refusal(StatusCode, &'static str, &'static str);

const UNAUTHORIZED: Refusal =
    Refusal(StatusCode::UNAUTHORIZED, "UnauthorizedException", "Session token not found or invalid");
/// Not in the service model, and yet what AWS sends.
const FORBIDDEN: Refusal = Refusal(StatusCode::FORBIDDEN, "ForbiddenException", "No access");
const NOT_FOUND: Refusal = Refusal(StatusCode::NOT_FOUND, "ResourceNotFoundException", "Role not found");
const THROTTLED: Refusal =
    Refusal(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "HTTP 429 Unknown Code");
const WRONG_METHOD: Refusal =
    Refusal(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", "Method not allowed");

const fn invalid(message: &'static str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "InvalidRequestException", message)
}

pub(crate) fn method_not_allowed() -> Response {
    respond(Err(WRONG_METHOD))
}

pub(crate) fn list_accounts(sim: &Sim, call: &Call) -> Response {
    respond(with_login(sim, call, |state, login, _| {
        let fields = known_fields(call, &["max_result", "next_token"])?;
        let user = user_of(state, login);
        if !sim.settings.permission_sets_enabled {
            return match sim.settings.account_access.without_permission_sets {
                WithoutPermissionSets::EmptyList => Ok(json!({ "accountList": [], "nextToken": null })),
                WithoutPermissionSets::Forbidden => Err(FORBIDDEN),
            };
        }
        let items: Vec<Value> = state
            .directory
            .accounts_of(&user)
            .into_iter()
            .map(|account| {
                json!({ "accountId": account.id, "accountName": account.name, "emailAddress": account.email })
            })
            .collect();
        let (page, next) = page(sim, state, &fields, &format!("accounts of {user}"), items)?;
        Ok(json!({ "accountList": page, "nextToken": next }))
    }))
}

pub(crate) fn list_account_roles(sim: &Sim, call: &Call) -> Response {
    respond(with_login(sim, call, |state, login, _| {
        let fields = known_fields(call, &["account_id", "max_result", "next_token"])?;
        let account = required(&fields, "account_id")?;
        let user = user_of(state, login);
        let items: Vec<Value> = state
            .directory
            .permission_sets_of(&user, account)
            .into_iter()
            .map(|set| json!({ "accountId": account, "roleName": set.name }))
            .collect();
        if items.is_empty() {
            return Err(FORBIDDEN);
        }
        let (page, next) = page(sim, state, &fields, &format!("roles of {user} in {account}"), items)?;
        Ok(json!({ "nextToken": next, "roleList": page }))
    }))
}

pub(crate) fn get_role_credentials(sim: &Sim, call: &Call) -> Response {
    respond(with_login(sim, call, |state, login, now| {
        let fields = known_fields(call, &["account_id", "role_name"])?;
        let account = required(&fields, "account_id")?;
        let permission_set = required(&fields, "role_name")?;
        let user = user_of(state, login);
        if !state.directory.is_assigned(&user, account, permission_set) {
            return Err(FORBIDDEN);
        }
        let session_duration =
            state.directory.permission_set(permission_set).ok_or(FORBIDDEN)?.session_duration;
        let role = state.directory.role(account, permission_set).ok_or(NOT_FOUND)?;
        let credentials = RoleCredentials {
            secret_access_key: secret::secret_access_key(),
            session_token: secret::session_token(),
            account: account.to_owned(),
            role_name: role.name,
            role_id: role.id,
            permission_set: permission_set.to_owned(),
            user,
            session_duration,
            expires: full_second(now + session_duration),
            issuer: Issuer::Portal,
            source_identity: None,
        };
        let access_key_id = secret::access_key_id();
        let answer = json!({ "roleCredentials": {
            "accessKeyId": access_key_id,
            // Milliseconds, unlike every other time of these services.
            "expiration": epoch_seconds(credentials.expires) * 1000,
            "secretAccessKey": credentials.secret_access_key,
            "sessionToken": credentials.session_token,
        }});
        state.role_credentials.insert(access_key_id, credentials);
        Ok(answer)
    }))
}

pub(crate) fn logout(sim: &Sim, call: &Call) -> Response {
    let outcome = with_login(sim, call, |state, login, _| {
        let session = state.login(login).session;
        state.log_out(login);
        match sim.settings.logout_ends {
            LogoutEnds::LoginOnly => {}
            LogoutEnds::SignInSession => state.sign_out(session),
            LogoutEnds::EveryLogin => state.revoke(session),
        }
        Ok(Value::Null)
    });
    match outcome {
        Ok(_) => (StatusCode::OK, headers(), "").into_response(),
        Err(refusal) => respond(Err(refusal)),
    }
}

/// Runs `operation` for the owner of the access token.
fn with_login<T>(
    sim: &Sim,
    call: &Call,
    operation: impl FnOnce(&mut State, LoginId, SystemTime) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let now = sim.now();
    let mut state = sim.state();
    let token = call.header(TOKEN_HEADER).ok_or(UNAUTHORIZED)?;
    let login = state.login_by_access_token(token, &call.region, now).ok_or(UNAUTHORIZED)?;
    if let Some(throttle) = sim.settings.throttle {
        let bucket = state.buckets.entry(token.to_owned()).or_insert_with(|| Bucket::full(throttle, now));
        if !bucket.take(throttle, now) {
            return Err(THROTTLED);
        }
    }
    let scopes = &state.login(login).scopes;
    let for_accounts = |scope: &String| scope == ACCOUNT_ACCESS || scope.starts_with("sso-portal:");
    // A registration without scopes is the legacy one, which may do everything here.
    if !scopes.is_empty() && !scopes.iter().any(for_accounts) {
        return Err(UNAUTHORIZED);
    }
    operation(&mut state, login, now)
}

fn user_of(state: &State, login: LoginId) -> String {
    state.session(state.login(login).session).user.clone()
}

/// Stricter than AWS, which passes over names that it does not know: `max_results` is a client's bug.
fn known_fields(call: &Call, known: &[&str]) -> Result<Fields, Refusal> {
    let fields = call.query_fields();
    if fields.names().all(|name| known.contains(&name)) {
        Ok(fields)
    } else {
        Err(invalid("Unknown parameter"))
    }
}

fn required<'a>(fields: &'a Fields, name: &'static str) -> Result<&'a str, Refusal> {
    let value = fields.one(name).map_err(|_| invalid("A parameter is repeated"))?;
    let value = value.filter(|value| !value.is_empty()).ok_or(invalid("A required parameter is missing"))?;
    if name == "account_id" && !(value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(invalid("account_id must be 12 digits"));
    }
    Ok(value)
}

/// Cuts a page out of `items`; the token of the next one is good for the same list only.
fn page(
    sim: &Sim,
    state: &mut State,
    fields: &Fields,
    list: &str,
    items: Vec<Value>,
) -> Result<(Vec<Value>, Option<String>), Refusal> {
    let repeated = |_| invalid("A parameter is repeated");
    let wanted = match fields.one("max_result").map_err(repeated)?.map(str::parse::<usize>) {
        None => MAX_RESULTS,
        Some(Ok(wanted @ 1..=MAX_RESULTS)) => wanted,
        Some(_) => return Err(invalid("max_result must be a number from 1 to 100")),
    };
    let offset = match fields.one("next_token").map_err(repeated)? {
        None => 0,
        Some(token) => {
            let known = state.page_tokens.get(token).filter(|known| known.list == list);
            known.ok_or(invalid("Invalid next_token"))?.offset
        }
    };
    let size = match sim.settings.page_size {
        PageSize::Fixed(size) => size.clamp(1, wanted),
        // At most half of the list, so that a client that forgets to turn the page is found out.
        PageSize::Random => 1 + secret::below(wanted.min(items.len().div_ceil(2)).max(1)),
    };
    let total = items.len();
    let page: Vec<Value> = items.into_iter().skip(offset).take(size).collect();
    let next_offset = offset + page.len();
    let next = (next_offset < total).then(|| {
        let token = secret::handle();
        state.page_tokens.insert(token.clone(), PageToken { list: list.to_owned(), offset: next_offset });
        token
    });
    Ok((page, next))
}

/// As recorded of AWS (smithy-rs, aws-config test data `sso_assume_role/http-traffic.json`).
fn headers() -> [(HeaderName, String); 5] {
    [
        (CONTENT_TYPE, "application/json".into()),
        (CACHE_CONTROL, "no-cache".into()),
        (SERVER, "AWS SSO".into()),
        (ACCESS_CONTROL_EXPOSE_HEADERS, "RequestId".into()),
        (HeaderName::from_static("requestid"), secret::uuid()),
    ]
}

fn respond(outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Ok(body) => (StatusCode::OK, headers(), body.to_string()).into_response(),
        Err(Refusal(status, exception, message)) => {
            let error_type = format!("com.amazonaws.switchboard.portal#{exception}");
            let body = json!({ "message": message, "__type": error_type });
            (status, headers(), body.to_string()).into_response()
        }
    }
}
