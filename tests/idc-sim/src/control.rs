//! The control endpoints, `/_sim/…` at the plain entry: for shell scripts, JSON in and out.

use std::time::{Duration, UNIX_EPOCH};

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::Call;
use crate::caller::Rights;
use crate::clock::rfc3339;
use crate::directory::Principal;
use crate::faults::Fault;
use crate::log::{Entry, LoggedRequest};
use crate::operator::PendingCode;
use crate::route::Route;
use crate::state::{ACCOUNT_ACCESS, Sim};

/// A century: dates beyond the year 9999 have no form on the wire.
const FARTHEST_LEAP: u64 = 100 * 365 * 86_400;

/// Status and text of an error answer.
type Refusal = (StatusCode, String);

pub(crate) fn answer(sim: &Sim, call: &Call) -> Response {
    let (status, body) = match operation(sim, call) {
        Ok(body) => (StatusCode::OK, body),
        Err((status, text)) => (status, json!({ "error": text })),
    };
    (status, [(CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

fn operation(sim: &Sim, call: &Call) -> Result<Value, Refusal> {
    // A page in somebody's browser must not drive the simulator.
    if call.header("origin").is_some() {
        return Err((StatusCode::FORBIDDEN, "not for web pages".into()));
    }
    match (call.method.as_str(), call.path.trim_start_matches("/_sim/")) {
        ("GET", "state") => Ok(json!({
            "now": rfc3339(sim.now()),
            "region": sim.settings.region,
            "start_url": sim.settings.start_url,
            "pending": codes(&sim.pending_codes()),
        })),
        ("GET", "pending") => Ok(pending(sim)),
        ("POST", "approve") => {
            let asked: CodeAndUser = read(call)?;
            let user = asked.user.unwrap_or_else(|| sim.state().directory.default_user.clone());
            sim.approve(&asked.user_code, &user).map(done).map_err(wrong)
        }
        ("POST", "deny") => {
            let asked: CodeAndUser = read(call)?;
            sim.deny(&asked.user_code).map(done).map_err(|error| wrong(error.to_string()))
        }
        ("POST", "advance") => {
            let seconds = read::<Advance>(call)?.seconds;
            if seconds > FARTHEST_LEAP {
                return Err(wrong(format!("{seconds} s is more than a century")));
            }
            sim.clock.advance(Duration::from_secs(seconds));
            Ok(json!({ "now": rfc3339(sim.now()) }))
        }
        ("GET", "requests") => requests(sim, call),
        ("POST", "clear-requests") => Ok({
            sim.log().clear();
            done(())
        }),
        ("POST", "expire-access-tokens") => Ok({
            sim.expire_access_tokens();
            done(())
        }),
        ("POST", "forget-registrations") => Ok({
            sim.state().registrations.clear();
            done(())
        }),
        ("POST", "seed-login") => {
            let Seed { user, scopes } = read(call)?;
            let user = known_user(sim, user)?;
            let region = sim.settings.region.clone();
            let scopes = scopes.unwrap_or_else(|| vec![ACCOUNT_ACCESS.to_owned()]);
            let login = sim.seed_login(&user, &region, scopes);
            login.map(|login| login.token_cache()).ok_or_else(|| wrong(format!("{user} may not sign in")))
        }
        ("POST", "fault") => arm(sim, read(call)?),
        ("POST", "clear-faults") => Ok({
            sim.faults().clear();
            done(())
        }),
        (method, name) => administration(sim, call, method, name),
    }
}

/// What is done in Identity Center's console.
fn administration(sim: &Sim, call: &Call, method: &str, name: &str) -> Result<Value, Refusal> {
    let done = |outcome: Result<(), String>| outcome.map(done).map_err(wrong);
    match (method, name) {
        ("GET", "sp-metadata") => Ok(sp_metadata(sim)),
        ("POST", "idp-metadata") => {
            let text = std::str::from_utf8(&call.body).map_err(|_| wrong("not UTF-8".into()))?;
            sim.set_idp_metadata(text).map_err(wrong)
        }
        ("POST", "remove-idp") => {
            sim.remove_idp();
            done(Ok(()))
        }
        ("GET", "trail") => {
            let events: Vec<_> = sim.state().saml.trail.iter().map(|event| event.json().clone()).collect();
            Ok(json!({ "events": events }))
        }
        ("POST", "clear-trail") => {
            sim.state().saml.trail.clear();
            done(Ok(()))
        }
        ("GET", "directory") => Ok(sim.directory_json()),
        ("POST", "scim-token") => {
            let token = sim.state().provisioning.issue_token(sim.now()).map_err(wrong)?;
            Ok(json!({ "endpoint": scim_endpoint(sim, call), "token": token }))
        }
        ("POST", "scim-provisioning") => {
            let provisioning = &mut sim.state().provisioning;
            if read::<Provisioning>(call)?.on {
                provisioning.switch_on();
            } else {
                provisioning.switch_off();
            }
            done(Ok(()))
        }
        ("POST", "kms-key") => {
            let KmsKey { reason } = read(call)?;
            sim.state().kms_refusal = reason;
            done(Ok(()))
        }
        ("POST", "access-key") => {
            let AskedKey { account, actions } = read(call)?;
            let account = account.unwrap_or_else(|| sim.settings.management_account.clone());
            let rights = actions.map_or(Rights::Everything, Rights::Only);
            let key = sim.add_access_key(&account, rights);
            Ok(json!({ "access_key_id": key.id, "secret_access_key": key.secret, "user_arn": key.user_arn }))
        }
        ("POST", "end-session") => done(sim.end_sessions(&user(sim, call)?)),
        ("POST", "disable-user") => done(sim.disable_user(&user(sim, call)?)),
        ("POST", "enable-user") => done(sim.enable_user(&user(sim, call)?)),
        ("POST", "add-user") => {
            let NewUser { user, password } = read(call)?;
            done(sim.add_user(&user, password.as_deref()))
        }
        ("POST", "delete-user") => done(sim.delete_user(&read::<NamedUser>(call)?.user)),
        ("POST", "add-group") => done(sim.add_group(&read::<Group>(call)?.group)),
        ("POST", "delete-group") => done(sim.delete_group(&read::<Group>(call)?.group)),
        ("POST", "add-member" | "remove-member") => {
            let Member { group, user } = read(call)?;
            done(sim.set_member(&group, &user, name == "add-member"))
        }
        ("POST", "assign" | "unassign") => {
            let asked: Assignment = read(call)?;
            let principal = match (asked.user, asked.group) {
                (Some(user), None) => Principal::User(user),
                (None, Some(group)) => Principal::Group(group),
                _ => return Err(wrong("needs either user or group".into())),
            };
            done(sim.set_assignment(principal, &asked.account, &asked.permission_set, name == "assign"))
        }
        _ => Err((StatusCode::NOT_FOUND, format!("no control endpoint {method} {name}"))),
    }
}

fn scim_endpoint(sim: &Sim, call: &Call) -> String {
    format!("http://{}/{}/scim/v2/", call.host, sim.state().provisioning.tenant())
}

/// By both ways in.
fn sp_metadata(sim: &Sim) -> Value {
    let of = |entry| {
        let (entity_id, acs_urls) = sim.sp_names(entry);
        json!({ "entity_id": entity_id, "acs_urls": acs_urls, "metadata": sim.sp_metadata(entry) })
    };
    json!({ "plain": of(Entry::Plain), "proxy": of(Entry::Proxy) })
}

fn done((): ()) -> Value {
    json!({ "ok": true })
}

fn wrong(text: String) -> Refusal {
    (StatusCode::BAD_REQUEST, text)
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    let body: &[u8] = if call.body.is_empty() { b"{}" } else { &call.body };
    serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KmsKey {
    /// `KMS_…`, or null where the key can be used.
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedKey {
    /// The management account, if it is left out.
    account: Option<String>,
    /// All, if they are left out.
    actions: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeAndUser {
    user_code: String,
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provisioning {
    on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneUser {
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    user: String,
    password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedUser {
    user: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    group: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    group: String,
    user: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assignment {
    user: Option<String>,
    group: Option<String>,
    account: String,
    permission_set: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    user: Option<String>,
    scopes: Option<Vec<String>>,
}

/// The user that is meant; a script's typing error must not pass for work done.
fn user(sim: &Sim, call: &Call) -> Result<String, Refusal> {
    known_user(sim, read::<OneUser>(call)?.user)
}

fn known_user(sim: &Sim, user: Option<String>) -> Result<String, Refusal> {
    let directory = &sim.state().directory;
    let user = user.unwrap_or_else(|| directory.default_user.clone());
    if directory.user(&user).is_some() { Ok(user) } else { Err(wrong(format!("no user {user}"))) }
}

fn codes(pending: &[PendingCode]) -> Value {
    let code = |code: &PendingCode| json!({ "user_code": code.user_code, "client_name": code.client_name, "scopes": code.scopes });
    pending.iter().map(code).collect()
}

/// Does not wait: handlers run on the runtime's own threads. Scripts ask again.
fn pending(sim: &Sim) -> Value {
    json!({ "pending": codes(&sim.pending_codes()) })
}

/// `?route=` picks one route.
fn requests(sim: &Sim, call: &Call) -> Result<Value, Refusal> {
    let fields = call.query_fields();
    let route = match fields.first("route") {
        Some(name) => Some(Route::from_name(name).ok_or_else(|| wrong(format!("no route {name}")))?),
        None => None,
    };
    let log = sim.log();
    let wanted = log.all().iter().filter(|request| route.is_none_or(|route| route == request.route));
    Ok(json!({ "requests": wanted.map(request_json).collect::<Vec<_>>() }))
}

fn request_json(request: &LoggedRequest) -> Value {
    json!({
        "at": rfc3339(request.at),
        "entry": format!("{:?}", request.entry).to_lowercase(),
        "route": request.route.name(),
        "method": request.method,
        "host": request.host,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": request.body_text(),
        "status": request.status,
    })
}

/// One member says what goes wrong; `times` and `skip` say when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedFault {
    route: String,
    kind: String,
    status: Option<u16>,
    body: Option<String>,
    #[serde(default)]
    delay_ms: u64,
    bytes: Option<u64>,
    /// For `date`: seconds since 1970.
    date: Option<u64>,
    /// For `date`: seconds ahead of (or, negative, behind) the right one.
    off_by: Option<i64>,
    times: Option<u64>,
    skip: Option<u64>,
}

fn arm(sim: &Sim, asked: AskedFault) -> Result<Value, Refusal> {
    let route = Route::from_name(&asked.route).ok_or_else(|| wrong(format!("no route {}", asked.route)))?;
    let missing = |member: &str| wrong(format!("kind {} needs {member}", asked.kind));
    let fault = match asked.kind.as_str() {
        "status" => {
            Fault::status(asked.status.ok_or_else(|| missing("status"))?, asked.body.unwrap_or_default())
        }
        "delay" => Fault::delay(Duration::ZERO),
        "cut" => Fault::cut(),
        "lose-answer" => Fault::lose_answer(),
        "cut-mid-body" => Fault::cut_mid_body(),
        "broken-json" => Fault::broken_json(),
        "huge-body" => Fault::huge_body(asked.bytes.unwrap_or(64 * 1024 * 1024)),
        "date" => match (asked.date, asked.off_by) {
            (Some(seconds), None) => Fault::date(UNIX_EPOCH + Duration::from_secs(seconds)),
            (None, Some(seconds)) => Fault::date_off_by(seconds),
            _ => return Err(missing("either date or off_by")),
        },
        unknown => return Err(wrong(format!("no kind {unknown}"))),
    };
    let mut faults = sim.faults();
    let id = faults.arm(route, fault.after(Duration::from_millis(asked.delay_ms)));
    if let Some(times) = asked.times {
        faults.limit(id, times);
    }
    if let Some(skip) = asked.skip {
        faults.skip(id, skip);
    }
    Ok(done(()))
}
