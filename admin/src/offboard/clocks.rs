//! What goes on for a while after access was ended, and until when.
//!
//! From "Understanding authentication sessions" in the user guide of IAM Identity Center.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::person::{Person, Side};

/// The longest session that an instance can be set to.
const LONGEST_PORTAL_SESSION: TimeDelta = TimeDelta::days(90);
/// How long applications go on after the session at Identity Center has ended.
const APPLICATIONS: TimeDelta = TimeDelta::minutes(30);
/// The longest session of a permission set; nothing but a deny ends role credentials earlier.
const LONGEST_ROLE_SESSION: TimeDelta = TimeDelta::hours(12);

/// By when each kind of session has ended; `None` if it can be renewed without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Clocks {
    /// Sessions in Keycloak, from which new ones at AWS can be made.
    #[serde(rename = "keycloak_expires_at")]
    pub(crate) keycloak: Option<DateTime<Utc>>,
    /// The session at the access portal, and the tokens of `kcaws` and the AWS CLI.
    #[serde(rename = "portal_expires_at")]
    pub(crate) portal: Option<DateTime<Utc>>,
    /// Applications that use Identity Center.
    #[serde(rename = "applications_expires_at")]
    pub(crate) applications: Option<DateTime<Utc>>,
    /// Role credentials, if a permission set lasts as long as AWS allows.
    #[serde(rename = "role_credentials_expires_at")]
    pub(crate) role_credentials: Option<DateTime<Utc>>,
}

impl Clocks {
    /// Returns the clocks of a person as they are at `now`; `None` for somebody who is not in Identity Center.
    pub(crate) fn at(now: DateTime<Utc>, person: &Person) -> Option<Self> {
        let keycloak = match &person.realm {
            Side::Absent => Some(now),
            Side::Found(user) if !user.enabled => Some(now),
            Side::Found(_) | Side::Unread { .. } => None,
        };
        let portal = match &person.directory {
            Side::Absent => return None,
            Side::Found(user) if !user.active => user.inactive_since(now),
            Side::Found(_) | Side::Unread { .. } => keycloak.map(|end| end + longest_session(person)),
        };
        let after_portal = |time: TimeDelta| portal.map(|end| end + time);
        Some(Self {
            keycloak,
            portal,
            applications: after_portal(APPLICATIONS),
            role_credentials: after_portal(LONGEST_ROLE_SESSION),
        })
    }
}

/// AWS ends a session no later than the `SessionNotOnOrAfter` of the assertion that it began with.
fn longest_session(person: &Person) -> TimeDelta {
    let lifespan = person.session_lifespan.unwrap_or(LONGEST_PORTAL_SESSION);
    lifespan.clamp(TimeDelta::zero(), LONGEST_PORTAL_SESSION)
}
