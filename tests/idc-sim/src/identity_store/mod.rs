//! The Identity Store API (`AWSIdentityStore`, JSON 1.1, API 2020-06-15): the directory as an administrator's
//! programs see it.
//!
//! Shapes, limits and errors are those of botocore's model. It reads everything and writes users, groups and
//! memberships, but neither external ids nor whether a user is enabled: only SCIM does.

mod caller;
mod groups;
mod input;
mod memberships;
mod refusal;
mod shape;
mod stores;
mod users;

pub(crate) use stores::Network;

use std::time::SystemTime;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::route::Route;
use crate::secret;
use crate::state::{Sim, State};
use crate::throttle::Bucket;

use input::Input;
use refusal::Refusal;

const TARGET_PREFIX: &str = "AWSIdentityStore.";

/// What every operation gets: the locked state, the settings and who asks.
struct Context<'a> {
    sim: &'a Sim,
    state: &'a mut State,
    /// The ARN of the caller's session.
    caller: String,
    now: SystemTime,
}

/// An answer, or why there is none.
type Outcome = Result<Map<String, Value>, Refusal>;

impl Context<'_> {
    fn store_id(&self) -> &str {
        &self.sim.settings.identity_store
    }
}

/// Finds the operation that the header `X-Amz-Target` names; `None` if it is another service's.
pub(crate) fn route(call: &Call) -> Option<Route> {
    let name = call.header("x-amz-target")?.strip_prefix(TARGET_PREFIX)?;
    let route = Route::from_name(name)?;
    OPERATIONS.iter().any(|(known, _)| *known == route).then_some(route)
}

type Operation = fn(&mut Context<'_>, &Input) -> Outcome;

const OPERATIONS: [(Route, Operation); 22] = [
    (Route::CreateGroup, groups::create),
    (Route::CreateGroupMembership, memberships::create),
    (Route::CreateUser, users::create),
    (Route::DeleteGroup, groups::delete),
    (Route::DeleteGroupMembership, memberships::delete),
    (Route::DeleteUser, users::delete),
    (Route::DescribeGroup, groups::describe),
    (Route::DescribeGroupMembership, memberships::describe),
    (Route::DescribeIdentityStore, stores::describe),
    (Route::DescribeUser, users::describe),
    (Route::GetGroupId, groups::get_id),
    (Route::GetGroupMembershipId, memberships::get_id),
    (Route::GetUserId, users::get_id),
    (Route::IsMemberInGroups, memberships::is_member_in_groups),
    (Route::ListGroupMemberships, memberships::list_of_group),
    (Route::ListGroupMembershipsForMember, memberships::list_of_member),
    (Route::ListGroups, groups::list),
    (Route::ListIdentityStores, stores::list),
    (Route::ListUsers, users::list),
    (Route::UpdateGroup, groups::update),
    (Route::UpdateIdentityStore, stores::update),
    (Route::UpdateUser, users::update),
];

pub(crate) fn answer(sim: &Sim, call: &Call) -> Response {
    let request_id = secret::uuid();
    let outcome = operate(sim, call);
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(refusal) => refusal.into_body(&request_id),
    };
    let headers = [
        (CONTENT_TYPE, "application/x-amz-json-1.1".to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), request_id),
    ];
    (status, headers, Value::Object(body).to_string()).into_response()
}

fn operate(sim: &Sim, call: &Call) -> Outcome {
    let caller = caller::authenticate(sim, call)?;
    let route = route(call).ok_or_else(Refusal::unknown_operation)?;
    let operation = OPERATIONS.iter().find(|(known, _)| *known == route);
    let (_, operation) = operation.ok_or_else(Refusal::unknown_operation)?;
    let now = sim.now();
    let mut state = sim.state();
    throttle(sim, &mut state, now)?;
    let input = Input::read(&call.body)?;
    operation(&mut Context { sim, state: &mut state, caller, now }, &input)
}

fn throttle(sim: &Sim, state: &mut State, now: SystemTime) -> Result<(), Refusal> {
    let Some(throttle) = sim.settings.directory.throttle else { return Ok(()) };
    let bucket = state.identity_store_bucket.get_or_insert_with(|| Bucket::full(throttle, now));
    if bucket.take(throttle, now) { Ok(()) } else { Err(Refusal::throttled()) }
}
