//! The administrators' service: `account-access.<region>.api.aws`, rest-json, signed (API 2018-05-10).

mod applications;
mod entitlements;
mod shapes;
mod tags;

use std::time::SystemTime;

use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Application;
use super::page::{self, MAX_RESULTS};
use super::refusal::{Refusal, respond, respond_empty};
use crate::aws_json::{self, Input, Shape};
use crate::call::Call;
use crate::caller::{self, Caller, Unauthenticated};
use crate::hosts::Service;
use crate::sigv4::SignatureError;
use crate::state::{Sim, State};

use shapes::APPLICATION_ARN;

/// In the scope of signatures, and before the colon in IAM actions.
const SIGNING_NAME: &str = "account-access";
const UNCHECKED: Shape = Shape { length: (0, usize::MAX), pattern: ".*", fits: |_| true };

/// What every operation gets.
struct Request<'a> {
    sim: &'a Sim,
    state: &'a mut State,
    call: &'a Call,
    caller: Caller,
    input: Input,
    /// The part of the path that is a parameter, decoded.
    argument: String,
    now: SystemTime,
    operation: &'static str,
}

/// An answer, `None` for one without a body, or why there is none.
type Outcome = Result<Option<Value>, Refusal>;

impl Request<'_> {
    /// The application with an ARN, which has to be in the region of the request.
    fn application(&self, arn: &str) -> Result<&Application, Refusal> {
        let known = self.state.account_access.application.as_ref();
        known
            .filter(|known| known.arn(&self.sim.settings) == arn && known.region == self.caller.region)
            .ok_or_else(|| Refusal::not_found(format!("Application {arn} was not found")))
    }

    /// Reads the parameter `applicationArn` of a query.
    fn application_in_query(&self) -> Result<String, Refusal> {
        let fields = self.call.query_fields();
        if let Some(name) = fields.names().find(|name| *name != "applicationArn") {
            return Err(Refusal::validation(format!("There is no parameter {name}")));
        }
        let arn =
            fields.one("applicationArn").map_err(|_| Refusal::validation("applicationArn is repeated"))?;
        let arn = arn.ok_or_else(|| Refusal::validation("applicationArn is required"))?;
        self.application(arn)?;
        Ok(arn.to_owned())
    }

    /// Checks the ARN in the path against the model.
    fn application_arn(&self) -> Result<&str, Refusal> {
        APPLICATION_ARN.check("applicationArn", &self.argument)?;
        Ok(&self.argument)
    }

    /// Cuts the page that the body asks for out of `items`; `list` tells lists of the operation apart.
    fn page(&mut self, member: &'static str, list: &str, items: Vec<Value>) -> Outcome {
        let wanted = self.input.number("maxResults", 1..=MAX_RESULTS)?.unwrap_or(MAX_RESULTS);
        let token = self.input.optional_text("nextToken", &UNCHECKED)?.map(str::to_owned);
        let list = format!("{} of {} {list}", self.operation, self.caller.account);
        let asked = page::Asked { member, list: &list, wanted, token: token.as_deref() };
        page::cut(self.sim, self.state, &asked, items).map(Some)
    }
}

macro_rules! operations {
    ($($name:ident $aws:literal: $operation:path;)+) => {$(
        pub(crate) fn $name(sim: &Sim, call: &Call) -> Response {
            match run(sim, call, $aws, $operation) {
                Ok(Some(body)) => respond(sim, Ok(body)),
                Ok(None) => respond_empty(),
                Err(refusal) => respond(sim, Err(refusal)),
            }
        }
    )+};
}

operations! {
    create_application "CreateApplication": applications::create;
    get_application "GetApplication": applications::get;
    list_applications "ListApplications": applications::list;
    delete_application "DeleteApplication": applications::delete;
    create_entitlement "CreateEntitlement": entitlements::create;
    get_entitlement "GetEntitlement": entitlements::get;
    list_entitlements "ListEntitlements": entitlements::list;
    delete_entitlement "DeleteEntitlement": entitlements::delete;
    tag_resource "TagResource": tags::tag;
    untag_resource "UntagResource": tags::untag;
    list_tags "ListTagsForResource": tags::list;
}

fn run(sim: &Sim, call: &Call, operation: &'static str, serve: fn(&mut Request<'_>) -> Outcome) -> Outcome {
    let caller = sim.authenticate(call, SIGNING_NAME)?;
    let action = format!("{SIGNING_NAME}:{operation}");
    if !caller.rights.allow(&action) {
        return Err(Refusal::access_denied(caller::no_policy_allows(&caller.arn, &action, "*")));
    }
    let now = sim.now();
    let mut state = sim.state();
    if !state.take_admin_token(&sim.settings, Service::AccountAccess, now) {
        return Err(Refusal::throttled());
    }
    let settings = &sim.settings;
    if !settings.administers(&caller.account) || !settings.serves_region(&caller.region) {
        let text = format!("User: {} is not authorized to administer account access", caller.arn);
        return Err(Refusal::access_denied(text));
    }
    let input = Input::read(&call.body)?;
    let argument = call.path.rsplit('/').next().unwrap_or_default();
    let argument = percent_decode_str(argument).decode_utf8_lossy().into_owned();
    serve(&mut Request { sim, state: &mut state, call, caller, input, argument, now, operation })
}

impl From<aws_json::Refusal> for Refusal {
    fn from(refusal: aws_json::Refusal) -> Self {
        let (exception, message) = refusal.into_parts();
        Self::named(exception, message)
    }
}

impl From<Unauthenticated> for Refusal {
    fn from(error: Unauthenticated) -> Self {
        let (exception, text) = match error {
            Unauthenticated::Signature(SignatureError::Missing) => {
                ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned())
            }
            Unauthenticated::Signature(SignatureError::Incomplete(text)) => {
                ("IncompleteSignatureException", text)
            }
            Unauthenticated::Signature(SignatureError::DoesNotMatch(text)) | Unauthenticated::Scope(text) => {
                ("InvalidSignatureException", text)
            }
            Unauthenticated::UnknownKey => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.".to_owned(),
            ),
            Unauthenticated::Expired => {
                ("ExpiredTokenException", "The security token included in the request is expired".to_owned())
            }
        };
        Self::named(exception, text)
    }
}
