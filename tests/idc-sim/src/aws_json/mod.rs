//! JSON 1.1 services (`POST /`, `X-Amz-Target`): signature, rights and rate of a request, then its operation.

mod input;
mod page;
mod refusal;

use std::collections::HashMap;
use std::time::SystemTime;

use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::call::Call;
use crate::caller::Caller;
use crate::clock;
use crate::hosts::Service;
use crate::secret;
use crate::settings::Settings;
use crate::state::{Sim, State};
use crate::throttle::Bucket;

pub(crate) use input::{Input, Shape};
pub(crate) use page::Page;
pub(crate) use refusal::Refusal;

/// An answer, or why there is none.
pub(crate) type Outcome = Result<Value, Refusal>;

/// What serves one operation.
pub(crate) type Operation = fn(&mut Request<'_>) -> Outcome;

/// One bucket for each service.
pub(crate) type Buckets = HashMap<Service, Bucket>;

/// What an operation gets.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) sim: &'a Sim,
    pub(crate) state: &'a mut State,
    pub(crate) caller: &'a Caller,
    pub(crate) input: Input,
    pub(crate) now: SystemTime,
    operation: &'static str,
}

impl Request<'_> {
    /// Refuses the operation on `resource`, whatever the caller's policies are.
    pub(crate) fn refuse_on(&self, resource: &str) -> Refusal {
        Refusal::not_authorized(&self.caller.arn, &format!("sso:{}", self.operation), resource)
    }
}

/// Answers a request for `operation` of `service`.
pub(crate) fn answer(
    sim: &Sim,
    call: &Call,
    service: Service,
    operation: &'static str,
    run: Operation,
) -> Response {
    respond(service, operate(sim, call, service, operation, run))
}

/// Answers a request whose `X-Amz-Target` no service has.
pub(crate) fn unknown_target(call: &Call) -> Response {
    let service = call.service.unwrap_or(Service::SsoAdmin);
    respond(service, Err(Refusal::of("UnknownOperationException", "The operation is not known")))
}

fn operate(sim: &Sim, call: &Call, service: Service, operation: &'static str, run: Operation) -> Outcome {
    let Some(api) = service.json_api() else {
        return Err(Refusal::of("UnknownOperationException", "The operation is not known"));
    };
    let caller = sim.authenticate(call, api.signing_name)?;
    let input = Input::read(&call.body)?;
    let action = format!("{}:{operation}", api.signing_name);
    if !caller.rights.allow(&action) {
        let resource = input.raw_text("InstanceArn").unwrap_or("*");
        return Err(Refusal::no_policy_allows(&caller.arn, &action, resource));
    }
    let now = sim.now();
    let mut state = sim.state();
    if !state.take_admin_token(&sim.settings, service, now) {
        return Err(Refusal::throttled());
    }
    run(&mut Request { sim, state: &mut state, caller: &caller, input, now, operation })
}

impl State {
    /// Takes one token of a service's bucket; false if there is none.
    pub(crate) fn take_admin_token(
        &mut self,
        settings: &Settings,
        service: Service,
        now: SystemTime,
    ) -> bool {
        let Some(throttle) = settings.admin_throttle else { return true };
        let bucket = self.admin_buckets.entry(service).or_insert_with(|| Bucket::full(throttle, now));
        bucket.take(throttle, now)
    }
}

fn respond(service: Service, outcome: Outcome) -> Response {
    let request_id = secret::uuid();
    let (status, body) = match outcome {
        Ok(body) => (axum::http::StatusCode::OK, body),
        Err(refusal) => refusal.into_answer(service, &request_id),
    };
    let headers = [
        (CONTENT_TYPE, "application/x-amz-json-1.1".to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), request_id),
    ];
    (status, headers, body.to_string()).into_response()
}

/// Writes a time as JSON 1.1 has it: seconds since 1970.
pub(crate) fn timestamp(time: SystemTime) -> Value {
    json!(clock::epoch_seconds(time))
}
