//! STS: `GetCallerIdentity`, so that issued credentials can be proven usable, and `AssumeRole` with its web identity
//! form, so that chained profiles have somewhere to go (query protocol, API 2011-06-15).

mod assume;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, PreEscaped, html};

use crate::call::{Call, Fields};
use crate::caller::{Caller, Unauthenticated};
use crate::secret;
use crate::sigv4::SignatureError;
use crate::state::Sim;

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
            "GetCallerIdentity" => Ok(identity_xml(&caller, request_id)),
            _ => Err(invalid_action(action, VERSION)),
        }
    })
}

pub(crate) fn assume_role(sim: &Sim, call: &Call) -> Response {
    respond(|request_id| {
        let caller = caller(sim, call)?;
        let fields = call.fields();
        check_version(&fields, "AssumeRole")?;
        match &caller.session {
            Some(session) => assume::as_role(sim, session, &fields, request_id),
            None => Err(assume::denied(&caller.arn, fields.first("RoleArn").unwrap_or_default())),
        }
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
fn caller(sim: &Sim, call: &Call) -> Result<Caller, Refusal> {
    sim.authenticate(call, "sts").map_err(refused)
}

fn refused(error: Unauthenticated) -> Refusal {
    match error {
        Unauthenticated::Signature(SignatureError::Missing) => (
            StatusCode::FORBIDDEN,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token".to_owned(),
        ),
        Unauthenticated::Signature(SignatureError::Incomplete(text)) => {
            (StatusCode::BAD_REQUEST, "IncompleteSignature", text)
        }
        Unauthenticated::Signature(SignatureError::DoesNotMatch(text)) | Unauthenticated::Scope(text) => {
            (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", text)
        }
        Unauthenticated::UnknownKey => {
            let text = "The security token included in the request is invalid.";
            (StatusCode::FORBIDDEN, "InvalidClientTokenId", text.to_owned())
        }
        Unauthenticated::Expired => {
            let text = "The security token included in the request is expired";
            (StatusCode::FORBIDDEN, "ExpiredToken", text.to_owned())
        }
    }
}

fn identity_xml(caller: &Caller, request_id: &str) -> Markup {
    html! {
        GetCallerIdentityResponse xmlns=(NAMESPACE) {
            GetCallerIdentityResult {
                Arn { (caller.arn) }
                UserId { (caller.user_id) }
                Account { (caller.account) }
            }
            ResponseMetadata { RequestId { (request_id) } }
        }
    }
}

fn xml(status: StatusCode, request_id: &str, body: &Markup) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/xml".to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), request_id.to_owned()),
    ];
    let PreEscaped(body) = body;
    (status, headers, body.clone()).into_response()
}
