//! The people's service: `account-access-runtime.<region>.api.aws`, rest-json with a bearer token (API 2018-05-10).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::page::{self, MAX_RESULTS};
use super::refusal::{Refusal, respond};
use super::settings::{
    BrokenTrust, DefaultDuration, ExpiryForm, ForeignRegion, MissingScope, ThrottlePer, UnknownTenant,
};
use super::{ASSUME, Application, READ_ONLY, Standing, is_trusted};
use crate::call::{Call, Fields};
use crate::clock::{epoch_seconds, full_second, rfc3339};
use crate::secret;
use crate::state::{Issuer, LoginId, RoleCredentials, Sim, State};
use crate::throttle::Bucket;

const ONE_HOUR: Duration = Duration::from_hours(1);

/// Somebody with a good token and the scope, at their own tenant.
struct Person {
    user: String,
    id: String,
    now: SystemTime,
}

/// What a request with a good token is for.
enum Asked {
    Person(Person),
    /// The tenant is unknown, and its list is empty.
    Nobody,
}

pub(crate) fn list_roles(sim: &Sim, call: &Call) -> Response {
    respond(sim, list(sim, call))
}

pub(crate) fn get_role_credentials(sim: &Sim, call: &Call) -> Response {
    respond(sim, issue(sim, call))
}

fn list(sim: &Sim, call: &Call) -> Result<Value, Refusal> {
    let mut state = sim.state();
    let login = authorize(sim, call, &mut state, READ_ONLY)?;
    let fields = known_fields(call, &["tenantId", "maxResults", "nextToken"])?;
    let tenant = tenant(&fields)?;
    let Asked::Person(person) = at_tenant(sim, call, &state, login, tenant)? else {
        return Ok(json!({ "roles": [] }));
    };
    let roles = state.account_access.listed_roles(
        &state.directory,
        &person.user,
        &sim.settings.account_access,
        person.now,
    );
    let accounts = &state.directory.accounts;
    let item = |arn: &str| {
        let account = arn.split(':').nth(4).unwrap_or_default();
        let mut item = json!({ "accountId": account, "roleArn": arn });
        // "This value can be absent when the account name can't be resolved."
        if let Some(known) = accounts.iter().find(|known| known.id == account) {
            item["accountName"] = known.name.as_str().into();
        }
        item
    };
    let items = roles.into_iter().map(item).collect();
    page(sim, &mut state, &fields, &format!("ListRoles of {} at {tenant}", person.id), items)
}

fn issue(sim: &Sim, call: &Call) -> Result<Value, Refusal> {
    let mut state = sim.state();
    let login = authorize(sim, call, &mut state, ASSUME)?;
    let known = ["tenantId", "roleArn", "accessType", "sessionName", "sessionDuration"];
    let fields = known_fields(call, &known)?;
    let tenant = tenant(&fields)?;
    let role_arn = required(&fields, "roleArn")?;
    if required(&fields, "accessType")? != "PROGRAMMATIC_ACCESS" {
        return Err(constraint("accessType", "satisfy enum value set: [PROGRAMMATIC_ACCESS]"));
    }
    let session_name = optional(&fields, "sessionName")?.map(session_name).transpose()?;
    let duration = optional(&fields, "sessionDuration")?.map(session_duration).transpose()?;
    let denied = || {
        Refusal::access_denied(format!(
            "You are not authorized to perform this action on resource {role_arn}"
        ))
    };
    let Asked::Person(person) = at_tenant(sim, call, &state, login, tenant)? else { return Err(denied()) };
    let settings = &sim.settings.account_access;
    let account_access = &state.account_access;
    let standing = account_access.standing(&state.directory, &person.user, role_arn, settings, person.now);
    if standing != Standing::Entitled {
        return Err(denied());
    }
    let role = state.directory.iam_role(role_arn).ok_or_else(denied)?.clone();
    if !is_trusted(role.account_access) {
        let text = format!("Account access manager cannot assume the role {role_arn}");
        return Err(match settings.broken_trust {
            BrokenTrust::AccessDenied => denied(),
            BrokenTrust::Validation => Refusal::validation(text),
            BrokenTrust::InternalServer => Refusal::internal("Internal server error"),
        });
    }
    let duration = match (duration, settings.default_duration) {
        (Some(asked), _) if asked > role.max_session => {
            return Err(Refusal::validation(
                "The requested sessionDuration exceeds the MaxSessionDuration set for this role.",
            ));
        }
        (Some(asked), _) => asked,
        (None, DefaultDuration::RoleMaximum) => role.max_session,
        (None, DefaultDuration::OneHour) => ONE_HOUR.min(role.max_session),
    };
    let expires = match settings.expiry_form {
        ExpiryForm::Fraction => person.now + duration,
        ExpiryForm::Seconds | ExpiryForm::Iso | ExpiryForm::Milliseconds => {
            full_second(person.now + duration)
        }
    };
    let credentials = RoleCredentials {
        secret_access_key: secret::secret_access_key(),
        session_token: secret::session_token(),
        account: role.account().to_owned(),
        role_name: role.name().to_owned(),
        role_id: role.id.clone(),
        permission_set: String::new(),
        user: session_name.map_or(person.id, str::to_owned),
        session_duration: duration,
        expires,
        issuer: Issuer::AccountAccess,
        source_identity: None,
    };
    let access_key_id = secret::access_key_id();
    let answer = json!({ "credentialsDetails": { "programmaticAccess": {
        "accessKeyId": access_key_id,
        "secretAccessKey": credentials.secret_access_key,
        "sessionToken": credentials.session_token,
        "expiresAt": expires_at(expires, settings.expiry_form),
    }}});
    state.role_credentials.insert(access_key_id, credentials);
    Ok(answer)
}

fn expires_at(expires: SystemTime, form: ExpiryForm) -> Value {
    match form {
        ExpiryForm::Seconds => json!(epoch_seconds(expires)),
        ExpiryForm::Fraction => {
            json!(expires.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()))
        }
        ExpiryForm::Iso => json!(rfc3339(expires)),
        ExpiryForm::Milliseconds => json!(epoch_seconds(expires) * 1000),
    }
}

/// Finds the login of the bearer token, which needs `scope`.
fn authorize(sim: &Sim, call: &Call, state: &mut State, scope: &str) -> Result<LoginId, Refusal> {
    let settings = &sim.settings.account_access;
    let invalid = || Refusal::unauthorized("The bearer token is missing, invalid, or expired");
    let token = call.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    let token = token.ok_or_else(invalid)?;
    let now = sim.now();
    let login = state.login_anywhere(token, !settings.logout_ends_account_access, now).ok_or_else(invalid)?;
    if let Some(throttle) = settings.account_access_throttle {
        let whose = match settings.throttle_per {
            ThrottlePer::Tenant => call.query_fields().first("tenantId").unwrap_or_default().to_owned(),
            ThrottlePer::Token => token.to_owned(),
        };
        let buckets = &mut state.account_access.buckets;
        if !buckets.entry(whose).or_insert_with(|| Bucket::full(throttle, now)).take(throttle, now) {
            return Err(Refusal::throttled());
        }
    }
    if state.login(login).scopes.iter().any(|known| known == scope) {
        return Ok(login);
    }
    Err(match settings.missing_scope {
        MissingScope::Unauthorized => Refusal::unauthorized("The bearer token lacks a scope"),
        MissingScope::AccessDenied => Refusal::access_denied("The bearer token lacks a scope"),
    })
}

/// Looks the tenant up: at its own region's host, and of this instance.
fn at_tenant(sim: &Sim, call: &Call, state: &State, login: LoginId, tenant: &str) -> Result<Asked, Refusal> {
    let settings = &sim.settings.account_access;
    // The plain entry tells no region.
    let is_here = |known: &&Application| call.service.is_none() || call.region == known.region;
    let application = state.account_access.application.as_ref();
    let Some(application) = application.filter(|known| known.tenant == tenant).filter(is_here) else {
        let text = format!("The tenant {tenant} was not found");
        return match settings.unknown_tenant {
            UnknownTenant::AccessDenied => Err(Refusal::access_denied(text)),
            UnknownTenant::Validation => Err(Refusal::validation(text)),
            UnknownTenant::Unauthorized => Err(Refusal::unauthorized(text)),
            UnknownTenant::EmptyList => Ok(Asked::Nobody),
        };
    };
    let login = state.login(login);
    if login.region != application.region && settings.foreign_region == ForeignRegion::Unauthorized {
        return Err(Refusal::unauthorized("The bearer token is from another Region"));
    }
    let user = state.session(login.session).user.clone();
    // Whose session lives is a user of the directory.
    let id = state.directory.user(&user).map(|user| user.id.to_string());
    let id = id.ok_or_else(|| Refusal::unauthorized("The user was not found"))?;
    Ok(Asked::Person(Person { user, id, now: sim.now() }))
}

fn constraint(member: &str, rule: &str) -> Refusal {
    Refusal::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}

/// Stricter than AWS, which passes over names that it does not know.
fn known_fields(call: &Call, known: &[&str]) -> Result<Fields, Refusal> {
    let fields = call.query_fields();
    let unknown = fields.names().find(|name| !known.contains(name)).map(str::to_owned);
    match unknown {
        Some(name) => Err(Refusal::validation(format!("There is no parameter {name}"))),
        None => Ok(fields),
    }
}

fn optional<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a str>, Refusal> {
    fields.one(name).map_err(|_| Refusal::validation(format!("{name} is repeated")))
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Refusal> {
    optional(fields, name)?.ok_or_else(|| constraint(name, "not be null"))
}

fn tenant(fields: &Fields) -> Result<&str, Refusal> {
    let tenant = required(fields, "tenantId")?;
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(3..=24).contains(&tenant.len()) {
        return Err(constraint("tenantId", "have length between 3 and 24"));
    }
    if !tenant.bytes().all(is_fine) {
        return Err(constraint("tenantId", "satisfy regular expression pattern: [a-z0-9-]+"));
    }
    Ok(tenant)
}

fn session_name(text: &str) -> Result<&str, Refusal> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if (2..=64).contains(&text.len()) && text.bytes().all(is_fine) {
        return Ok(text);
    }
    let rule = "satisfy regular expression pattern: [a-zA-Z0-9_+=,.@-]{2,64}";
    Err(constraint("sessionName", rule))
}

/// API reference: 900 to 43,200.
fn session_duration(text: &str) -> Result<Duration, Refusal> {
    match text.parse() {
        Ok(seconds @ 900..=43_200) => Ok(Duration::from_secs(seconds)),
        _ => Err(constraint("sessionDuration", "have value between 900 and 43200")),
    }
}

/// Cuts the page that the query asks for out of `items`.
fn page(
    sim: &Sim,
    state: &mut State,
    fields: &Fields,
    list: &str,
    items: Vec<Value>,
) -> Result<Value, Refusal> {
    let wanted = match optional(fields, "maxResults")?.map(str::parse::<usize>) {
        None => MAX_RESULTS,
        Some(Ok(wanted @ 1..=MAX_RESULTS)) => wanted,
        Some(_) => return Err(constraint("maxResults", "have value between 1 and 100")),
    };
    let token = optional(fields, "nextToken")?;
    page::cut(sim, state, &page::Asked { member: "roles", list, wanted, token }, items)
}

/// A wrong method at one of its paths.
pub(crate) fn method_not_allowed(sim: &Sim) -> Response {
    let text = "Method not allowed";
    respond(sim, Err(Refusal::of(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", text)))
}
