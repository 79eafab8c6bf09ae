//! STS: `GetCallerIdentity`, so that issued credentials can be proven usable, and `AssumeRole` with its web identity
//! form, so that chained profiles have somewhere to go (query protocol, API 2011-06-15).

mod assume;

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use crate::call::{Call, Fields};
use crate::caller::Caller;
use crate::query_api::{Refusal, refused, respond};
use crate::state::Sim;

const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(crate) fn get_caller_identity(sim: &Sim, call: &Call) -> Response {
    respond(NAMESPACE, |request_id| {
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
    respond(NAMESPACE, |request_id| {
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
    respond(NAMESPACE, |request_id| {
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

/// Authenticates the caller by the signature.
fn caller(sim: &Sim, call: &Call) -> Result<Caller, Refusal> {
    sim.authenticate(call, "sts").map_err(refused)
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
