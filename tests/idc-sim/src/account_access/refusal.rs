//! Answers and errors, rest-json.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::settings::ErrorTypeIn;
use crate::secret;
use crate::state::Sim;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// An error answer: status, exception, message.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    exception: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn of(status: StatusCode, exception: &'static str, message: impl Into<String>) -> Self {
        Self { status, exception, message: message.into() }
    }

    /// Refuses with an exception of the service model, or of those that every service has, and its status.
    pub(super) fn named(exception: &'static str, message: impl Into<String>) -> Self {
        let status = match exception {
            "ServiceQuotaExceededException" => StatusCode::PAYMENT_REQUIRED,
            "ResourceNotFoundException" => StatusCode::NOT_FOUND,
            "ConflictException" => StatusCode::CONFLICT,
            "AccessDeniedException"
            | "MissingAuthenticationTokenException"
            | "InvalidSignatureException"
            | "UnrecognizedClientException"
            | "ExpiredTokenException" => StatusCode::FORBIDDEN,
            // The model names no status for AlreadyCreatedException.
            _ => StatusCode::BAD_REQUEST,
        };
        Self::of(status, exception, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::named("ResourceNotFoundException", message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::named("ConflictException", message)
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "ValidationException", message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "UnauthorizedException", message)
    }

    pub(super) fn access_denied(message: impl Into<String>) -> Self {
        Self::of(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    pub(super) fn throttled() -> Self {
        Self::of(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", "Rate exceeded")
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", message)
    }
}

/// Writes an answer, or the refusal of one.
pub(super) fn respond(sim: &Sim, outcome: Result<Value, Refusal>) -> Response {
    let (status, body, exception) = match outcome {
        Ok(body) => (StatusCode::OK, body, None),
        Err(Refusal { status, exception, message }) => {
            (status, json!({ "message": message }), Some(exception))
        }
    };
    let place = sim.settings.account_access.error_type_in;
    let body = match (exception, place) {
        (Some(exception), ErrorTypeIn::Body) => {
            let mut body = body;
            body["__type"] = exception.into();
            body
        }
        _ => body,
    };
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), secret::uuid()),
    ];
    let mut response = (status, headers, body.to_string()).into_response();
    if let (Some(exception), ErrorTypeIn::Header) = (exception, place) {
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(exception));
    }
    response
}

/// Writes the answer to a deletion.
pub(super) fn respond_empty() -> Response {
    let headers = [(HeaderName::from_static("x-amzn-requestid"), secret::uuid())];
    (StatusCode::NO_CONTENT, headers).into_response()
}
