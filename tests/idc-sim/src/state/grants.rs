//! Registered clients, and what they have asked for.

use std::time::{Duration, SystemTime};

use super::SessionId;

/// A registered client.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) client_secret: String,
    pub(crate) client_name: String,
    pub(crate) scopes: Vec<String>,
    /// `None`: the member was absent.
    pub(crate) grant_types: Option<Vec<String>>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) region: String,
    pub(crate) expires: SystemTime,
}

impl Registration {
    /// A registration without grant types may use the device grant and refresh.
    pub(crate) fn allows(&self, grant_type: &str) -> bool {
        match &self.grant_types {
            Some(types) => types.iter().any(|known| known == grant_type),
            None => grant_type != "authorization_code",
        }
    }
}

/// What a person said to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Pending,
    Approved(SessionId),
    Denied,
}

/// A device code and its user code.
#[derive(Clone, Debug)]
pub(crate) struct DeviceGrant {
    pub(crate) user_code: String,
    /// What stands for it in the address of a page at a sign-in host.
    pub(crate) request: String,
    /// It was asked for at other hosts than the instance's.
    pub(crate) is_elsewhere: bool,
    pub(crate) client_id: String,
    pub(crate) region: String,
    pub(crate) created: SystemTime,
    pub(crate) expires: SystemTime,
    pub(crate) interval: Duration,
    pub(crate) polls: u32,
    pub(crate) last_poll: Option<SystemTime>,
    pub(crate) decision: Decision,
}

/// A checked visit to `/authorize` that waits for sign-in and consent.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) code_challenge: String,
    pub(crate) region: String,
    pub(crate) expires: SystemTime,
}

#[derive(Clone, Debug)]
pub(crate) struct AuthorizationCode {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) session: SessionId,
    pub(crate) region: String,
    pub(crate) expires: SystemTime,
}
