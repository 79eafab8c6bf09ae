//! The SCIM endpoint in AWS's dialect: how an identity provider writes users, groups and members.
//!
//! Source: "IAM Identity Center SCIM Implementation Developer Guide", an operation a page. It alone writes external
//! ids and whether a user is enabled.

mod discovery;
mod filter;
mod groups;
mod list;
mod patch;
mod path;
mod provisioning;
mod refusal;
mod resource;
mod users;

use path::route;
pub(crate) use provisioning::Provisioning;
pub(crate) use resource::{group, user};

use std::time::SystemTime;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::call::Call;
use crate::hosts::Service;
use crate::route::Route;
use crate::secret;
use crate::state::{Sim, State};

use path::Place;
use refusal::Refusal;

/// What every operation gets: the locked state, the settings and the request.
struct Context<'a> {
    sim: &'a Sim,
    state: &'a mut State,
    call: &'a Call,
    /// The last part of the path, where there is one behind the kind.
    id: &'a str,
    author: String,
    now: SystemTime,
}

/// Status and body, or why there is none.
type Outcome = Result<(StatusCode, Value), Refusal>;

impl Context<'_> {
    fn body(&self) -> Result<Value, Refusal> {
        let body: Value = serde_json::from_slice(&self.call.body).map_err(|_| Refusal::invalid_json())?;
        if body.is_object() { Ok(body) } else { Err(Refusal::invalid_json()) }
    }
}

/// Is this path below the endpoint of some tenant?
pub(crate) fn has(path: &str) -> bool {
    Place::of(path).is_some()
}

pub(crate) fn answer(sim: &Sim, call: &Call) -> Response {
    let request_id = secret::uuid();
    let (status, body) = match operate(sim, call) {
        Ok(answer) => answer,
        Err(refusal) => refusal.into_body(sim, &request_id),
    };
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), request_id),
    ];
    let body = if status == StatusCode::NO_CONTENT { String::new() } else { body.to_string() };
    (status, headers, body).into_response()
}

fn operate(sim: &Sim, call: &Call) -> Outcome {
    let place = Place::of(&call.path).ok_or_else(Refusal::unauthorized)?;
    let now = sim.now();
    let mut state = sim.state();
    if !state.provisioning.admits(&place.tenant, call.header("authorization"), now) {
        return Err(Refusal::unauthorized());
    }
    if !state.take_admin_token(&sim.settings, Service::Scim, now) {
        return Err(Refusal::throttled());
    }
    let author = format!("SCIM/{}", place.tenant);
    let id = place.id.as_deref().unwrap_or_default();
    let mut context = Context { sim, state: &mut state, call, id, author, now };
    match route(&call.method, &call.path) {
        Some(route) if route != Route::Unknown => dispatch(&mut context, route),
        _ if place.is_known() => Err(Refusal::wrong_method()),
        _ => Err(Refusal::not_found()),
    }
}

fn dispatch(context: &mut Context<'_>, route: Route) -> Outcome {
    match route {
        Route::ScimCreateUser => users::create(context),
        Route::ScimGetUser => users::get(context),
        Route::ScimListUsers => users::list(context),
        Route::ScimPutUser => users::put(context),
        Route::ScimPatchUser => users::patch(context),
        Route::ScimDeleteUser => users::delete(context),
        Route::ScimCreateGroup => groups::create(context),
        Route::ScimGetGroup => groups::get(context),
        Route::ScimListGroups => groups::list(context),
        Route::ScimPatchGroup => groups::patch(context),
        Route::ScimDeleteGroup => groups::delete(context),
        Route::ScimServiceProviderConfig => Ok((StatusCode::OK, discovery::service_provider_config())),
        Route::ScimListResourceTypes => Ok((StatusCode::OK, discovery::resource_types())),
        Route::ScimListSchemas => Ok((StatusCode::OK, discovery::schemas())),
        Route::ScimGetSchema => {
            let schema = discovery::schema(context.id).ok_or_else(Refusal::not_found)?;
            Ok((StatusCode::OK, schema))
        }
        _ => Err(Refusal::not_found()),
    }
}
