//! CloudTrail's view of sign-ins by the external identity provider: the only place where AWS tells what was wrong.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::secret;
use crate::settings::Settings;

/// One event. Names and meaning are AWS's; of the members only those are here that are known and make sense.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailEvent(Value);

impl TrailEvent {
    pub(super) fn failure(settings: &Settings, at: SystemTime, message: &str) -> Self {
        let mut event = Self::of(settings, at, "ExternalIdPDirectoryLogin", "Failure");
        event.0["errorMessage"] = message.into();
        event
    }

    pub(super) fn success(settings: &Settings, at: SystemTime, user: &str) -> Self {
        let mut event = Self::of(settings, at, "UserAuthentication", "Success");
        event.0["additionalEventData"] = json!({ "UserName": user, "CredentialType": "EXTERNAL_IDP" });
        event
    }

    fn of(settings: &Settings, at: SystemTime, name: &str, outcome: &str) -> Self {
        Self(json!({
            "eventVersion": "1.08",
            "userIdentity": { "type": "Unknown" },
            "eventTime": rfc3339(at),
            "eventSource": "signin.amazonaws.com",
            "eventName": name,
            "awsRegion": settings.region,
            "eventID": secret::uuid(),
            "eventType": "AwsServiceEvent",
            "serviceEventDetails": { name: outcome },
        }))
    }

    /// `ExternalIdPDirectoryLogin` for a refusal, `UserAuthentication` for a sign-in.
    pub fn name(&self) -> &str {
        self.0["eventName"].as_str().unwrap_or_default()
    }

    /// Why a response was refused; `None` after a sign-in.
    pub fn error_message(&self) -> Option<&str> {
        self.0["errorMessage"].as_str()
    }

    /// The NameID of a sign-in, which is the user name; `None` after a refusal.
    pub fn user_name(&self) -> Option<&str> {
        self.0["additionalEventData"]["UserName"].as_str()
    }

    /// All of it, in CloudTrail's layout.
    pub fn json(&self) -> &Value {
        &self.0
    }
}
