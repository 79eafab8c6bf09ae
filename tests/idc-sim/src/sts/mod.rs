//! STS: `GetCallerIdentity`, so that issued credentials can be proven usable, and `AssumeRole` with its web identity
//! form, so that chained profiles have somewhere to go (query protocol, API 2011-06-15).

mod assume;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, PreEscaped, html};

use crate::call::{Call, Fields};
use crate::hosts::{self, Partition};
use crate::secret;
use crate::sigv4::{Authorization, SignatureError};
use crate::state::{RoleCredentials, Sim};

const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Status, code, message of an error answer.
type Refusal = (StatusCode, &'static str, String);

pub(crate) fn get_caller_identity(sim: &Sim, call: &Call) -> Response {
    respond(|request_id| {
        let caller = caller(sim, call)?;
        let fields = call.fields();
        let action = fields.first("Action").unwrap_or_default();
        check_version(&fields, action)?;
        match action {
            "GetCallerIdentity" => Ok(identity_xml(sim, &caller, request_id)),
            _ => Err(invalid_action(action, VERSION)),
        }
    })
}

pub(crate) fn assume_role(sim: &Sim, call: &Call) -> Response {
    respond(|request_id| {
        let caller = caller(sim, call)?;
        let fields = call.fields();
        check_version(&fields, "AssumeRole")?;
        assume::as_role(sim, &caller, &fields, request_id)
    })
}

/// Not signed: the web identity token speaks for itself.
pub(crate) fn assume_role_with_web_identity(sim: &Sim, call: &Call) -> Response {
    respond(|request_id| {
        let fields = call.fields();
        check_version(&fields, "AssumeRoleWithWebIdentity")?;
        assume::with_web_identity(sim, &fields, request_id)
    })
}

fn check_version(fields: &Fields, action: &str) -> Result<(), Refusal> {
    match fields.first("Version").unwrap_or_default() {
        VERSION => Ok(()),
        version => Err(invalid_action(action, version)),
    }
}

fn invalid_action(action: &str, version: &str) -> Refusal {
    let text = format!("Could not find operation {action} for version {version}");
    (StatusCode::BAD_REQUEST, "InvalidAction", text)
}

/// Runs an operation with a fresh request id, and writes its answer or its refusal.
fn respond(operation: impl FnOnce(&str) -> Result<Markup, Refusal>) -> Response {
    let request_id = secret::uuid();
    match operation(&request_id) {
        Ok(body) => xml(StatusCode::OK, &request_id, &body),
        Err((status, code, message)) => {
            let body = html! {
                ErrorResponse xmlns=(NAMESPACE) {
                    Error { Type { "Sender" } Code { (code) } Message { (message) } }
                    RequestId { (request_id) }
                }
            };
            xml(status, &request_id, &body)
        }
    }
}

/// Authenticates the caller by the signature.
fn caller(sim: &Sim, call: &Call) -> Result<RoleCredentials, Refusal> {
    let authorization = Authorization::of(call).map_err(refused)?;
    let invalid = || {
        let text = "The security token included in the request is invalid.";
        (StatusCode::FORBIDDEN, "InvalidClientTokenId", text.to_owned())
    };
    let credentials =
        sim.state().role_credentials.get(&authorization.access_key_id).cloned().ok_or_else(invalid)?;
    check_scope(call, &authorization)?;
    let now = sim.now();
    authorization
        .verify(call, &credentials.secret_access_key, now, sim.settings.signature_skew)
        .map_err(refused)?;
    if call.header("x-amz-security-token") != Some(&credentials.session_token) {
        return Err(invalid());
    }
    if credentials.expires <= now {
        let text = "The security token included in the request is expired";
        return Err((StatusCode::FORBIDDEN, "ExpiredToken", text.to_owned()));
    }
    Ok(credentials)
}

/// By its own host STS insists on its region; one base URL for everything only tells nonsense apart.
fn check_scope(call: &Call, authorization: &Authorization) -> Result<(), Refusal> {
    let does_not_match = |text: &str| (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", text.to_owned());
    if authorization.service != "sts" {
        return Err(does_not_match("Credential should be scoped to correct service: 'sts'."));
    }
    let fits = match call.service {
        Some(_) => authorization.region == call.region,
        None => hosts::is_region(&authorization.region),
    };
    if fits { Ok(()) } else { Err(does_not_match("Credential should be scoped to a valid region.")) }
}

fn refused(error: SignatureError) -> Refusal {
    match error {
        SignatureError::Missing => (
            StatusCode::FORBIDDEN,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token".into(),
        ),
        SignatureError::Incomplete(text) => (StatusCode::BAD_REQUEST, "IncompleteSignature", text),
        SignatureError::DoesNotMatch(text) => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", text),
    }
}

fn identity_xml(sim: &Sim, credentials: &RoleCredentials, request_id: &str) -> Markup {
    html! {
        GetCallerIdentityResponse xmlns=(NAMESPACE) {
            GetCallerIdentityResult {
                Arn { (session_arn(sim, credentials)) }
                UserId { (credentials.role_id) ":" (credentials.user) }
                Account { (credentials.account) }
            }
            ResponseMetadata { RequestId { (request_id) } }
        }
    }
}

/// `arn:aws:sts::<account>:assumed-role/<role name>/<session name>`: STS leaves the role's path out.
fn session_arn(sim: &Sim, credentials: &RoleCredentials) -> String {
    let RoleCredentials { account, role_name, user, .. } = credentials;
    let partition = Partition::of_region(&sim.settings.region).id;
    format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{user}")
}

fn xml(status: StatusCode, request_id: &str, body: &Markup) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/xml".to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), request_id.to_owned()),
    ];
    let PreEscaped(body) = body;
    (status, headers, body.clone()).into_response()
}
