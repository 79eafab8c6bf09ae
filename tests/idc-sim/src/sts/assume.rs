//! `AssumeRole` and `AssumeRoleWithWebIdentity` (AWS STS API reference).

use std::time::Duration;

use axum::http::StatusCode;
use maud::{Markup, html};

use super::{NAMESPACE, Refusal};
use crate::call::Fields;
use crate::caller::session_arn;
use crate::clock::{full_second, rfc3339};
use crate::iam::{IamRole, Presented, Trust};
use crate::secret;
use crate::state::{Issuer, RoleCredentials, Sim};

/// "Role chaining limits your role session to a maximum of one hour" (AWS IAM user guide).
const CHAINED_AT_MOST: Duration = Duration::from_hours(1);
const MAX_TAGS: usize = 50;

/// What both operations ask for.
struct Request<'a> {
    role_arn: &'a str,
    session_name: &'a str,
    duration: Option<u64>,
}

impl<'a> Request<'a> {
    fn of(fields: &'a Fields) -> Result<Self, Refusal> {
        let role_arn = required(fields, "RoleArn", "roleArn")?;
        if role_arn.len() < 20 || role_arn.len() > 2048 {
            return Err(constraint("roleArn", role_arn, "Member must have length between 20 and 2048"));
        }
        let session_name = required(fields, "RoleSessionName", "roleSessionName")?;
        check_name(session_name, "roleSessionName")?;
        let duration = fields.first("DurationSeconds").map(duration).transpose()?;
        Ok(Self { role_arn, session_name, duration })
    }
}

pub(super) fn as_role(
    sim: &Sim,
    caller: &RoleCredentials,
    fields: &Fields,
    request_id: &str,
) -> Result<Markup, Refusal> {
    let request = Request::of(fields)?;
    let source_identity = match fields.first("SourceIdentity") {
        Some(identity) => {
            check_name(identity, "sourceIdentity")?;
            Some(identity)
        }
        None => None,
    };
    check_tags(fields)?;
    let mfa = match (fields.first("SerialNumber"), fields.first("TokenCode")) {
        (Some(serial), Some(code)) if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((serial, code))
        }
        (Some(_), Some(code)) => {
            return Err(constraint(
                "tokenCode",
                code,
                r"Member must satisfy regular expression pattern: [\d]*",
            ));
        }
        (None, Some(_)) | (Some(_), None) => {
            return Err(invalid("Serial number and token code must be given together".to_owned()));
        }
        (None, None) => None,
    };
    let denied = || denied(&session_arn(caller, &sim.settings.region), request.role_arn);
    let mut state = sim.state();
    let role = state.directory.iam_role(request.role_arn).ok_or_else(denied)?;
    let presented = Presented {
        caller: (&caller.account, &caller.role_name),
        external_id: fields.first("ExternalId"),
        mfa,
    };
    match role.judge(presented) {
        Trust::Granted => {}
        Trust::Denied => return Err(denied()),
        Trust::WrongMfa => {
            let text = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
            return Err((StatusCode::FORBIDDEN, "AccessDenied", text.to_owned()));
        }
    }
    // A source identity, once set, stays for the whole chain.
    if source_identity.is_some()
        && caller.source_identity.as_deref().is_some_and(|set| Some(set) != source_identity)
    {
        return Err(denied());
    }
    let duration = Duration::from_secs(request.duration.unwrap_or(3600));
    if duration > CHAINED_AT_MOST {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
                .to_owned(),
        ));
    }
    let source_identity = source_identity.map(str::to_owned).or_else(|| caller.source_identity.clone());
    let role = role.clone();
    drop(state);
    let session = session_of(sim, &role, &request, duration, source_identity);
    Ok(answer(sim, "AssumeRole", session, request_id))
}

pub(super) fn with_web_identity(sim: &Sim, fields: &Fields, request_id: &str) -> Result<Markup, Refusal> {
    let request = Request::of(fields)?;
    let token = required(fields, "WebIdentityToken", "webIdentityToken")?;
    let mut state = sim.state();
    let role = state.directory.iam_role(request.role_arn).filter(|role| role.accepts_web_identity(token));
    let Some(role) = role.map(|role| role.clone()) else {
        let text = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        return Err((StatusCode::FORBIDDEN, "AccessDenied", text.to_owned()));
    };
    drop(state);
    let duration = Duration::from_secs(request.duration.unwrap_or(3600));
    if duration > role.max_session {
        return Err(invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned(),
        ));
    }
    let session = session_of(sim, &role, &request, duration, None);
    Ok(answer(sim, "AssumeRoleWithWebIdentity", session, request_id))
}

fn session_of(
    sim: &Sim,
    role: &IamRole,
    request: &Request<'_>,
    duration: Duration,
    source_identity: Option<String>,
) -> RoleCredentials {
    RoleCredentials {
        secret_access_key: secret::secret_access_key(),
        session_token: secret::session_token(),
        account: role.account().to_owned(),
        role_name: role.name().to_owned(),
        role_id: role.id.clone(),
        permission_set: String::new(),
        user: request.session_name.to_owned(),
        session_duration: duration,
        expires: full_second(sim.now() + duration),
        issuer: Issuer::Sts,
        source_identity,
    }
}

/// Remembers the session and writes it out.
fn answer(sim: &Sim, operation: &str, session: RoleCredentials, request_id: &str) -> Markup {
    let access_key_id = secret::access_key_id();
    let result = html! {
        Credentials {
            AccessKeyId { (access_key_id) }
            SecretAccessKey { (session.secret_access_key) }
            SessionToken { (session.session_token) }
            Expiration { (rfc3339(session.expires)) }
        }
        AssumedRoleUser {
            AssumedRoleId { (session.role_id) ":" (session.user) }
            Arn { (session_arn(&session, &sim.settings.region)) }
        }
        @if let Some(identity) = &session.source_identity {
            SourceIdentity { (identity) }
        }
    };
    sim.state().role_credentials.insert(access_key_id, session);
    let metadata = html! { ResponseMetadata { RequestId { (request_id) } } };
    if operation == "AssumeRole" {
        html! { AssumeRoleResponse xmlns=(NAMESPACE) { AssumeRoleResult { (result) } (metadata) } }
    } else {
        html! {
            AssumeRoleWithWebIdentityResponse xmlns=(NAMESPACE) {
                AssumeRoleWithWebIdentityResult { (result) }
                (metadata)
            }
        }
    }
}

/// The same words for a role that is not there and for one that does not trust the caller.
pub(super) fn denied(caller: &str, role_arn: &str) -> Refusal {
    let text = format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role_arn}");
    (StatusCode::FORBIDDEN, "AccessDenied", text)
}

fn required<'a>(fields: &'a Fields, name: &str, member: &str) -> Result<&'a str, Refusal> {
    fields.first(name).ok_or_else(|| constraint_null(member))
}

fn constraint_null(member: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

fn constraint(member: &str, value: &str, rule: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    ))
}

fn invalid(text: String) -> Refusal {
    (StatusCode::BAD_REQUEST, "ValidationError", text)
}

/// 2 to 64 of `[\w+=,.@-]`, as for role session names and source identities.
fn check_name(text: &str, member: &str) -> Result<(), Refusal> {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    if !text.chars().all(is_fine) {
        return Err(constraint(member, text, r"Member must satisfy regular expression pattern: [\w+=,.@-]*"));
    }
    if !(2..=64).contains(&text.len()) {
        return Err(constraint(member, text, "Member must have length between 2 and 64"));
    }
    Ok(())
}

fn duration(text: &str) -> Result<u64, Refusal> {
    let member = "durationSeconds";
    match text.parse() {
        Ok(seconds @ 900..=43_200) => Ok(seconds),
        Ok(0..900) => Err(constraint(member, text, "Member must have value greater than or equal to 900")),
        _ => Err(constraint(member, text, "Member must have value less than or equal to 43200")),
    }
}

/// `Tags.member.N.Key` and `.Value`: 50 at most, each key once whatever its case.
fn check_tags(fields: &Fields) -> Result<(), Refusal> {
    let of = |number: usize, part: &str| fields.first(&format!("Tags.member.{number}.{part}"));
    let mut keys: Vec<String> = Vec::new();
    for number in 1..=MAX_TAGS + 1 {
        let Some(key) = of(number, "Key") else { break };
        if number > MAX_TAGS {
            return Err(constraint("tags", "[…]", "Member must have length less than or equal to 50"));
        }
        if key.is_empty() || key.len() > 128 || of(number, "Value").is_none_or(|value| value.len() > 256) {
            return Err(constraint("tags", key, "Member must have length between 1 and 128"));
        }
        let lower = key.to_lowercase();
        if keys.contains(&lower) {
            let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.".to_owned();
            return Err((StatusCode::BAD_REQUEST, "InvalidParameterValue", text));
        }
        keys.push(lower);
    }
    Ok(())
}
