//! SSO OIDC: `oidc.<region>.amazonaws.com`, rest-json without signatures (API 2019-06-10).

pub(crate) mod authorize;
pub(crate) mod device;
pub(crate) mod register;
pub(crate) mod token;

use std::time::SystemTime;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::Call;
use crate::secret;
use crate::state::{Registration, Sim, State};

/// The errors of the service model: `error`, exception, HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    AuthorizationPending,
    SlowDown,
    ExpiredToken,
    AccessDenied,
    InvalidGrant,
    InvalidRequest,
    InvalidClient,
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidScope,
    UnauthorizedClient,
    UnsupportedGrantType,
    ServerError,
}

impl ErrorCode {
    fn facts(self) -> (&'static str, &'static str, StatusCode) {
        let bad = StatusCode::BAD_REQUEST;
        match self {
            Self::AuthorizationPending => ("authorization_pending", "AuthorizationPendingException", bad),
            Self::SlowDown => ("slow_down", "SlowDownException", bad),
            Self::ExpiredToken => ("expired_token", "ExpiredTokenException", bad),
            Self::AccessDenied => ("access_denied", "AccessDeniedException", bad),
            Self::InvalidGrant => ("invalid_grant", "InvalidGrantException", bad),
            Self::InvalidRequest => ("invalid_request", "InvalidRequestException", bad),
            Self::InvalidClient => ("invalid_client", "InvalidClientException", StatusCode::UNAUTHORIZED),
            Self::InvalidClientMetadata => ("invalid_client_metadata", "InvalidClientMetadataException", bad),
            Self::InvalidRedirectUri => ("invalid_redirect_uri", "InvalidRedirectUriException", bad),
            Self::InvalidScope => ("invalid_scope", "InvalidScopeException", bad),
            Self::UnauthorizedClient => ("unauthorized_client", "UnauthorizedClientException", bad),
            Self::UnsupportedGrantType => ("unsupported_grant_type", "UnsupportedGrantTypeException", bad),
            Self::ServerError => {
                ("server_error", "InternalServerException", StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn because(self, description: impl Into<String>) -> Refusal {
        Refusal { code: self, description: description.into(), reason: None }
    }
}

impl Sim {
    /// Everything that the OIDC service does reads what is encrypted with the instance's key.
    fn kms_key(&self) -> Result<(), Refusal> {
        let Some(reason) = self.state().kms_refusal.clone() else { return Ok(()) };
        let code = match reason.as_str() {
            "KMS_AccessDeniedException" => ErrorCode::AccessDenied,
            _ => ErrorCode::InvalidRequest,
        };
        Err(Refusal { code, description: String::new(), reason: Some(reason) })
    }
}

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    code: ErrorCode,
    description: String,
    /// Of trouble with a customer-managed key.
    reason: Option<String>,
}

impl Refusal {
    fn into_response(self) -> Response {
        let (error, exception, status) = self.code.facts();
        let error_type = format!("{exception}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/");
        let mut body = json!({ "error": error, "error_description": self.description });
        if let Some(reason) = self.reason {
            body["reason"] = reason.into();
        }
        let headers = [
            (CONTENT_TYPE, "application/json".to_owned()),
            (HeaderName::from_static("x-amzn-errortype"), error_type),
            (HeaderName::from_static("x-amzn-requestid"), secret::uuid()),
        ];
        (status, headers, body.to_string()).into_response()
    }
}

fn respond(outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Ok(body) => {
            let headers = [
                (CONTENT_TYPE, "application/json".to_owned()),
                (HeaderName::from_static("x-amzn-requestid"), secret::uuid()),
            ];
            (StatusCode::OK, headers, body.to_string()).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Reads the members of a request. Missing, unknown and mistyped ones are refused alike: a client that
/// sends form fields or `snake_case` must not pass.
fn members<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    serde_json::from_slice(&call.body)
        .map_err(|error| ErrorCode::InvalidRequest.because(format!("Invalid request provided: {error}")))
}

/// Finds the client by id and secret, in the region at which it registered.
fn client(
    state: &State,
    id: &str,
    client_secret: &str,
    region: &str,
    now: SystemTime,
) -> Result<Registration, Refusal> {
    let known = state.registrations.get(id).filter(|known| known.region == region);
    let Some(registration) = known.filter(|known| known.client_secret == client_secret) else {
        return Err(ErrorCode::InvalidClient.because("Invalid client provided"));
    };
    if registration.expires <= now {
        return Err(ErrorCode::InvalidClient.because("Client is expired"));
    }
    Ok(registration.clone())
}
