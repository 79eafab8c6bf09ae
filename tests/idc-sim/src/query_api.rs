//! XML services of the query protocol, such as STS and IAM: answers and errors.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, PreEscaped, html};

use crate::caller::Unauthenticated;
use crate::secret;
use crate::sigv4::SignatureError;

/// Status, code, message of an error answer.
pub(crate) type Refusal = (StatusCode, &'static str, String);

/// Runs an operation with a fresh request id, and writes its answer or its refusal.
pub(crate) fn respond(namespace: &str, operation: impl FnOnce(&str) -> Result<Markup, Refusal>) -> Response {
    let request_id = secret::uuid();
    match operation(&request_id) {
        Ok(body) => xml(StatusCode::OK, &request_id, &body),
        Err((status, code, message)) => {
            let body = html! {
                ErrorResponse xmlns=(namespace) {
                    Error { Type { "Sender" } Code { (code) } Message { (message) } }
                    RequestId { (request_id) }
                }
            };
            xml(status, &request_id, &body)
        }
    }
}

/// Refuses a request whose sender is not known.
pub(crate) fn refused(error: Unauthenticated) -> Refusal {
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

fn xml(status: StatusCode, request_id: &str, body: &Markup) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/xml".to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), request_id.to_owned()),
    ];
    let PreEscaped(body) = body;
    (status, headers, body.clone()).into_response()
}
