//! The Identity Store API (`AWSIdentityStore`, JSON 1.1, API 2020-06-15): the directory as an administrator's
//! programs see it.
//!
//! Shapes, limits and errors are those of botocore's model. It reads everything and writes users, groups and
//! memberships, but neither external ids nor whether a user is enabled: only SCIM does.

mod groups;
mod input;
mod memberships;
mod refusal;
mod shape;
mod stores;
mod users;

use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::aws_json::{self, Refusal, Request};
use crate::state::{Sim, State};

use input::Input;

/// What every operation gets: the locked state, the settings and who asks.
struct Context<'a> {
    sim: &'a Sim,
    state: &'a mut State,
    /// The ARN of the caller.
    caller: &'a str,
    now: SystemTime,
}

/// An answer, or why there is none.
type Outcome = Result<Map<String, Value>, Refusal>;

impl Context<'_> {
    fn store_id(&self) -> &str {
        &self.sim.settings.identity_store
    }
}

fn run(
    request: &mut Request<'_>,
    operation: fn(&mut Context<'_>, &Input<'_>) -> Outcome,
) -> aws_json::Outcome {
    let Request { sim, state, caller, input, now, .. } = request;
    let mut context = Context { sim, state, caller: &caller.arn, now: *now };
    operation(&mut context, &Input::of(input)).map(Value::Object)
}

macro_rules! operations {
    ($($name:ident: $operation:path;)+) => {$(
        pub(crate) fn $name(request: &mut Request<'_>) -> aws_json::Outcome {
            run(request, $operation)
        }
    )+};
}

operations! {
    create_user: users::create;
    describe_user: users::describe;
    update_user: users::update;
    delete_user: users::delete;
    list_users: users::list;
    get_user_id: users::get_id;
    create_group: groups::create;
    describe_group: groups::describe;
    update_group: groups::update;
    delete_group: groups::delete;
    list_groups: groups::list;
    get_group_id: groups::get_id;
    create_group_membership: memberships::create;
    describe_group_membership: memberships::describe;
    delete_group_membership: memberships::delete;
    get_group_membership_id: memberships::get_id;
    list_group_memberships: memberships::list_of_group;
    list_group_memberships_for_member: memberships::list_of_member;
    is_member_in_groups: memberships::is_member_in_groups;
    describe_identity_store: stores::describe;
    list_identity_stores: stores::list;
    update_identity_store: stores::update;
}
