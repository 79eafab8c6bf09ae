//! What Keycloak recorded of logins to AWS, and what each failure stands for.

#[cfg(all(test, unix))]
mod real_tests;
mod recording;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub(crate) use recording::{Recording, RecordingError, RecordingState};

use crate::ports::keycloak::{Keycloak, KeycloakError, LoginEvent};

/// The kinds of failure that Keycloak records, as far as they have a known cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LoginFault {
    /// Keycloak demands signed requests, and AWS signs none.
    ClientSignature,
    /// There is no client whose ID is the entity ID of AWS's request.
    UnknownClient,
    ClientDisabled,
    /// AWS asks for a place that is not registered, such as that of another Region.
    UnregisteredService,
    /// The browser came to another URL than the request is for: a host name or a proxy is configured wrongly.
    WrongDestination,
    /// The request itself is refused for another reason.
    InvalidRequest,
    TlsRequired,
    NotAllowed,
    WrongPassword,
    UnknownUser,
    UserDisabled,
    /// Too many wrong passwords.
    UserLocked,
    /// The user has to do something first, such as to set a new password.
    ActionRequired,
    /// The user or the browser gave up, or took too long.
    Abandoned,
    WrongSecondFactor,
    Other(String),
}

/// Who or what has to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Remedy {
    /// Bring the SAML client into the desired state.
    ApplyClient,
    /// Set the host name of Keycloak, or the headers of the proxy before it.
    FixHostname,
    /// Use https.
    UseTls,
    /// Look at the user in the realm.
    CheckUser,
    /// Nothing is wrong with the connection.
    TryAgain,
    /// Unknown: the event has the details.
    ReadEvent,
}

/// A login, or an attempt at one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginAttempt {
    pub(crate) at: DateTime<Utc>,
    /// The client, if Keycloak came as far as to know it.
    pub(crate) client_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) ip_address: Option<String>,
    /// `None` after a success.
    pub(crate) fault: Option<LoginFault>,
}

impl LoginFault {
    fn of(event: &LoginEvent) -> Option<Self> {
        if event.kind == "LOGIN" {
            return None;
        }
        let error = event.error.as_deref().unwrap_or_default();
        let reason = event.details.get("reason").map(String::as_str);
        Some(match error {
            "invalid_signature" => Self::ClientSignature,
            "client_not_found" => Self::UnknownClient,
            "client_disabled" => Self::ClientDisabled,
            "invalid_redirect_uri" => Self::UnregisteredService,
            "invalid_authn_request" if reason == Some("invalid_destination") => Self::WrongDestination,
            "invalid_authn_request" | "invalid_saml_authn_request" | "invalid_token" => Self::InvalidRequest,
            "ssl_required" => Self::TlsRequired,
            "not_allowed" | "access_denied" => Self::NotAllowed,
            "invalid_user_credentials" if event.details.contains_key("selected_credential_id") => {
                Self::WrongSecondFactor
            }
            "invalid_user_credentials" => Self::WrongPassword,
            "user_not_found" => Self::UnknownUser,
            "user_disabled" => Self::UserDisabled,
            "user_temporarily_disabled" => Self::UserLocked,
            "resolve_required_actions" => Self::ActionRequired,
            "rejected_by_user" | "expired_code" | "cookie_not_found" | "session_expired" => Self::Abandoned,
            other => Self::Other(other.to_owned()),
        })
    }

    /// Returns what happened, in one sentence without a full stop.
    pub(crate) fn explanation(&self) -> String {
        match self {
            Self::ClientSignature => "Keycloak demands that AWS signs its requests, which AWS does not do",
            Self::UnknownClient => "Keycloak has no client for the entity ID of this AWS instance",
            Self::ClientDisabled => "the SAML client is disabled",
            Self::UnregisteredService => {
                "AWS wants the response at a URL that is not registered, as that of another Region"
            }
            Self::WrongDestination => {
                "AWS sends users to another URL than Keycloak believes to have: its host name or a proxy is not set up"
            }
            Self::InvalidRequest => "Keycloak does not accept the request of AWS",
            Self::TlsRequired => "the realm demands https",
            Self::NotAllowed => "the client or the user is not allowed to log in this way",
            Self::WrongPassword => "the password was wrong",
            Self::UnknownUser => "there is no user of that name in the realm",
            Self::UserDisabled => "the user is disabled in Keycloak",
            Self::UserLocked => "the user is locked after too many wrong passwords",
            Self::ActionRequired => "Keycloak wants something of the user first, such as a new password",
            Self::Abandoned => "the login was not finished in time",
            Self::WrongSecondFactor => "the second factor was wrong",
            Self::Other(error) => return format!("Keycloak recorded `{error}`"),
        }
        .to_owned()
    }

    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::ClientSignature
            | Self::UnknownClient
            | Self::ClientDisabled
            | Self::UnregisteredService => Remedy::ApplyClient,
            Self::WrongDestination => Remedy::FixHostname,
            Self::TlsRequired => Remedy::UseTls,
            Self::NotAllowed
            | Self::UnknownUser
            | Self::UserDisabled
            | Self::UserLocked
            | Self::ActionRequired => Remedy::CheckUser,
            Self::WrongPassword | Self::Abandoned | Self::WrongSecondFactor => Remedy::TryAgain,
            Self::InvalidRequest | Self::Other(_) => Remedy::ReadEvent,
        }
    }
}

impl LoginAttempt {
    fn of(event: LoginEvent) -> Self {
        let fault = LoginFault::of(&event);
        let at = DateTime::from_timestamp_millis(event.time).unwrap_or_default();
        let username = event.details.get("username").cloned();
        let LoginEvent { client_id, user_id, ip_address, .. } = event;
        Self { at, client_id, username, user_id, ip_address, fault }
    }

    /// Returns whether this may be a login to a client: what fails early is recorded without one.
    fn may_be_for(&self, client_id: &str) -> bool {
        let is_unknown = || matches!(self.fault, Some(LoginFault::UnknownClient));
        self.client_id.as_deref().is_none_or(|found| found == client_id || is_unknown())
    }
}

/// Returns the logins to a client, or to all, since a time, the oldest first.
///
/// The filter for a client is not Keycloak's, which hides the very events that show how the connection is broken.
pub(crate) fn attempts(
    keycloak: &dyn Keycloak,
    client_id: Option<&str>,
    since: DateTime<Utc>,
) -> Result<Vec<LoginAttempt>, KeycloakError> {
    let attempts = keycloak.login_events(since)?.into_iter().map(LoginAttempt::of);
    let is_wanted = |attempt: &LoginAttempt| client_id.is_none_or(|client_id| attempt.may_be_for(client_id));
    Ok(attempts.filter(is_wanted).collect())
}
