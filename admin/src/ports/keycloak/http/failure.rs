//! What a failed request stands for.

use serde::Deserialize;

use super::Call;
use crate::platform::rest::{ErrorBody, RestError, StatusError};
use crate::ports::keycloak::KeycloakError;
use crate::ports::keycloak::error::NO_SUCH_USER;

/// The kinds of failure that are acted upon before they are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    None,
    Unauthorized,
    Other,
}

impl Failure {
    pub(super) fn of<T>(answer: &Result<T, RestError>) -> Self {
        match answer {
            Ok(_) => Self::None,
            Err(RestError::Status(error)) if error.status == 401 => Self::Unauthorized,
            Err(_) => Self::Other,
        }
    }
}

/// Keycloak's errors have one of these forms.
#[derive(Default, Deserialize)]
struct ErrorMembers {
    #[serde(rename = "errorMessage")]
    error_message: Option<String>,
    error_description: Option<String>,
    error: Option<String>,
}

/// Returns what Keycloak reports in the body of an error, safe to print.
pub(super) fn message(body: &ErrorBody) -> String {
    let members: ErrorMembers = body.json().unwrap_or_default();
    // Some versions add a description that only leads to the server's log.
    if members.error.as_deref() == Some(NO_SUCH_USER) {
        return NO_SUCH_USER.to_owned();
    }
    let message = members.error_message.or(members.error_description).or(members.error);
    message.map_or_else(|| body.text(), |message| ErrorBody::from_text(&message).text())
}

/// Returns an error that is the same for all requests.
pub(super) fn general(error: RestError) -> KeycloakError {
    match error {
        RestError::Unreachable(unreached) => unreached.into(),
        RestError::Status(error) => of_status(&error),
        RestError::Page { status } if status == 429 || status >= 500 => {
            KeycloakError::Unavailable { status, message: "an HTML page".to_owned(), retry_after: None }
        }
        RestError::TooLarge { .. }
        | RestError::NotJson { .. }
        | RestError::Page { .. }
        | RestError::Redirect { .. }
        | RestError::ForeignToken
        | RestError::Malformed(_) => KeycloakError::Response { why: error.to_string() },
    }
}

fn of_status(error: &StatusError) -> KeycloakError {
    let (status, message, retry_after) = (error.status, message(&error.body), error.retry_after);
    match status {
        429 | 500.. => KeycloakError::Unavailable { status, message, retry_after },
        _ => KeycloakError::Refused { status, message },
    }
}

impl Call {
    /// Returns why this call failed.
    pub(super) fn explain(&self, error: RestError) -> KeycloakError {
        match &error {
            RestError::Status(found) => match found.status {
                401 => KeycloakError::TokenRefused,
                403 => KeycloakError::Forbidden { needs: self.needs },
                404 => KeycloakError::NotFound { object: self.object, message: message(&found.body) },
                409 => KeycloakError::Conflict { message: message(&found.body) },
                _ => general(error),
            },
            _ => general(error),
        }
    }
}
