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
    /// Role credentials, at the latest.
    #[serde(rename = "role_credentials_expires_at")]
    pub(crate) role_credentials: Option<DateTime<Utc>>,
    /// How the end of role credentials is known.
    pub(crate) role_session: RoleSession,
}

/// The longest session that role credentials can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "known_by", rename_all = "snake_case")]
pub(crate) enum RoleSession {
    /// That of the permission sets that the person had.
    PermissionSets { minutes: i64 },
    /// The longest that AWS allows, because the permission sets are not known.
    Maximum { minutes: i64 },
}

impl RoleSession {
    fn of(person: &Person) -> Self {
        match person.role_session {
            Some(length) => Self::PermissionSets { minutes: length.num_minutes() },
            None => Self::Maximum { minutes: LONGEST_ROLE_SESSION.num_minutes() },
        }
    }

    pub(crate) fn length(self) -> TimeDelta {
        match self {
            Self::PermissionSets { minutes } | Self::Maximum { minutes } => TimeDelta::minutes(minutes),
        }
    }
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
        let role_session = RoleSession::of(person);
        Some(Self {
            keycloak,
            portal,
            applications: after_portal(APPLICATIONS),
            role_credentials: after_portal(role_session.length()),
            role_session,
        })
    }
}

/// AWS ends a session no later than the `SessionNotOnOrAfter` of the assertion that it began with.
fn longest_session(person: &Person) -> TimeDelta {
    let lifespan = person.session_lifespan.unwrap_or(LONGEST_PORTAL_SESSION);
    lifespan.clamp(TimeDelta::zero(), LONGEST_PORTAL_SESSION)
}
