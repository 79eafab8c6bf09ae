//! Errors, with the members that AWS's have.

use std::time::SystemTime;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::directory::schema::{self, Violation};
use crate::directory::settings::ScimDetail;
use crate::directory::store::Duplicate;
use crate::state::Sim;

const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// What AWS says of most bad requests (slashdevops/idp-scim-sync#62).
const UNPARSABLE: &str = "Request is unparsable, syntactically incorrect, or violates schema.";

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    detail: String,
    /// The words depend on the switch.
    breaks_schema: bool,
}

impl Refusal {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), breaks_schema: false }
    }

    /// A request that the schema does not allow.
    pub(super) fn schema(detail: impl Into<String>) -> Self {
        Self { breaks_schema: true, ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// A request that breaks no schema, and that AWS does not support.
    pub(super) fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn invalid_json() -> Self {
        Self::schema("Invalid JSON from RequestBody")
    }

    pub(super) fn invalid_filter() -> Self {
        Self::schema("Invalid Filter format")
    }

    /// More membership changes than a request may have: always the general words.
    pub(super) fn too_many_members() -> Self {
        Self::schema(UNPARSABLE)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Authorization header is invalid or missing.")
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Resource not found.")
    }

    pub(super) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed for this resource.")
    }

    pub(super) fn throttled() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests were made that exceed the limits.")
    }

    pub(super) fn into_body(self, sim: &Sim, request_id: &str) -> (StatusCode, Value) {
        let generic = self.breaks_schema && sim.settings.directory.scim_detail == ScimDetail::Generic;
        let detail = if generic { UNPARSABLE.to_owned() } else { self.detail };
        let body = json!({
            // Both, as AWS has it.
            "schema": [ERROR_SCHEMA],
            "schemas": [ERROR_SCHEMA],
            "detail": detail,
            "status": self.status.as_u16().to_string(),
            "exceptionRequestId": request_id,
            "timeStamp": timestamp(sim.now()),
        });
        (self.status, body)
    }
}

impl From<Duplicate> for Refusal {
    fn from(_: Duplicate) -> Self {
        Self::new(StatusCode::CONFLICT, "Refused to create a new, duplicate resource.")
    }
}

/// Refuses where there is anything to refuse.
pub(super) fn valid(violations: &[Violation]) -> Result<(), Refusal> {
    if violations.is_empty() { Ok(()) } else { Err(Refusal::schema(schema::message(violations))) }
}

/// `2022-04-15 14:09:03.693`
fn timestamp(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}
