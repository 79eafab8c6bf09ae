//! `GetRole` (query protocol, API 2010-05-08): a role of the caller's own account, with its trust policy.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{AccountAccessTrust, IamRole};
use crate::call::Call;
use crate::caller::no_policy_allows;
use crate::clock::rfc3339;
use crate::query_api::{Refusal, refused, respond};
use crate::settings::Settings;
use crate::state::{Sim, State};

const VERSION: &str = "2010-05-08";
const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
const ACTION: &str = "iam:GetRole";

pub(crate) fn get_role(sim: &Sim, call: &Call) -> Response {
    respond(NAMESPACE, |request_id| find(sim, call, request_id))
}

fn find(sim: &Sim, call: &Call, request_id: &str) -> Result<Markup, Refusal> {
    let caller = sim.authenticate(call, "iam").map_err(refused)?;
    let fields = call.fields();
    if fields.first("Version") != Some(VERSION) {
        let text = "Could not find operation GetRole for this version";
        return Err((StatusCode::BAD_REQUEST, "InvalidAction", text.to_owned()));
    }
    let name = fields.first("RoleName").unwrap_or_default();
    let is_name = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte));
    if !is_name {
        let text = "The specified value for roleName is invalid.";
        return Err((StatusCode::BAD_REQUEST, "ValidationError", text.to_owned()));
    }
    if !caller.rights.allow(ACTION) {
        let text = no_policy_allows(&caller.arn, ACTION, &format!("role {name}"));
        return Err((StatusCode::FORBIDDEN, "AccessDenied", text));
    }
    let mut state = sim.state();
    let state = &mut *state;
    let missing =
        || (StatusCode::NOT_FOUND, "NoSuchEntity", format!("The role with name {name} cannot be found."));
    let role = state.directory.iam_role_named(&caller.account, name).ok_or_else(missing)?.clone();
    Ok(role_xml(&role, &trust_policy(&role, &sim.settings, state), state, request_id))
}

fn role_xml(role: &IamRole, trust: &Value, state: &State, request_id: &str) -> Markup {
    html! {
        GetRoleResponse xmlns=(NAMESPACE) {
            GetRoleResult {
                Role {
                    Path { (role.path()) }
                    RoleName { (role.name()) }
                    RoleId { (role.id) }
                    Arn { (role.arn) }
                    CreateDate { (rfc3339(state.organization.created)) }
                    // RFC 3986 encoded, as the API reference says.
                    AssumeRolePolicyDocument { (utf8_percent_encode(&trust.to_string(), NON_ALPHANUMERIC)) }
                    MaxSessionDuration { (role.max_session.as_secs()) }
                }
            }
            ResponseMetadata { RequestId { (request_id) } }
        }
    }
}

/// The trust policy of a role, as far as it is about account access; what else it trusts is left out.
fn trust_policy(role: &IamRole, settings: &Settings, state: &State) -> Value {
    let application = state.account_access.application.as_ref().map(|known| known.arn(settings));
    let source = match role.account_access {
        AccountAccessTrust::Missing => None,
        AccountAccessTrust::Granted => Some(settings.management_account.as_str()),
        AccountAccessTrust::WrongSource => Some(role.account()),
    };
    let of_account = json!({
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", role.account()) },
        "Action": "sts:AssumeRole",
    });
    let of_account_access = source.map(|source| {
        json!({
            "Effect": "Allow",
            "Principal": { "Service": "account-access.amazonaws.com" },
            "Action": ["sts:AssumeRole", "sts:SetContext", "sts:TagSession"],
            "Condition": {
                "StringEquals": { "aws:SourceAccount": source },
                "ArnEquals": { "aws:SourceArn": application },
            },
        })
    });
    let statements: Vec<Value> = std::iter::once(of_account).chain(of_account_access).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}
