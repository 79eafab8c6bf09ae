//! The expiry times of a session, for `status`, as far as they are known.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::app::App;
use crate::app::resolve::ResolvedSession;
use crate::credentials::cache::{CacheKey, CachedCredentials, CredentialCache, IssuerFingerprint};
use crate::profile::{Role, SsoSession};
use crate::session::last_session::LastSession;
use crate::session::status::SessionStatus;

/// Refreshes happen about hourly: bounds that are no further apart are shown as one time.
const ABOUT: TimeDelta = TimeDelta::minutes(70);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Clock {
    AccessToken,
    WarmCredentials,
    Registration,
}

/// A role with cached credentials.
pub(super) struct WarmRole {
    pub(super) role: Role,
    pub(super) kept: CachedCredentials,
}

/// Returns the cached credentials of roles named in profiles.
///
/// Returns nothing if the cache's key is in the OS keyring, where reading it may raise a prompt.
pub(super) fn warm_roles(app: &App, session: &SsoSession) -> Option<Vec<WarmRole>> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let selected = ResolvedSession::of(session.clone());
    let endpoints = selected.endpoints(app).ok()?;
    let (document, config) = (app.document().ok()?, app.config_path().ok()?);
    let warm = CredentialCache { state: app.state(), keys: app.sealing_keys(), clock: &*app.clock };
    let roles = document.roles_of_session(&session.name);
    let kept = roles.into_iter().filter_map(|role| {
        let wanted = CacheKey::new(&session.name, &role, &config, &app.env, "");
        let kept = warm.kept(&wanted, IssuerFingerprint::of_role(session, endpoints, &role))?;
        Some(WarmRole { role, kept })
    });
    Some(kept.collect())
}

/// Returns the next known expiry.
pub(super) fn first(status: Option<&SessionStatus>, warm: &[WarmRole]) -> Option<Clock> {
    let access = status.and_then(|status| status.login.as_ref()).map(|login| login.access_expires_at);
    let registration = status.and_then(|status| status.registration_expires_at);
    let warm = warm.iter().map(|warm| warm.kept.ends_at).min();
    let clocks =
        [(access, Clock::AccessToken), (warm, Clock::WarmCredentials), (registration, Clock::Registration)];
    clocks
        .into_iter()
        .filter_map(|(end, clock)| Some((end?, clock)))
        .min_by_key(|(end, _)| *end)
        .map(|(_, clock)| clock)
}

/// Returns rows of name and expiry. Cached credentials outlive the login.
pub(super) fn rows(
    status: Option<&SessionStatus>,
    last: Option<&LastSession>,
    warm: &[WarmRole],
    now: DateTime<Utc>,
) -> Vec<[String; 2]> {
    let first = first(status, warm);
    let row = |clock, name: String, end: DateTime<Utc>, then: &str| {
        let left = if end > now { format!("in {}", span(end - now)) } else { "expired".to_owned() };
        let mark = if first == Some(clock) { "expires first" } else { "" };
        let remarks: Vec<&str> = [mark, then].into_iter().filter(|remark| !remark.is_empty()).collect();
        let remarks = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) };
        [name, format!("{left}{remarks}")]
    };
    let mut rows = Vec::new();
    if let Some(login) = status.and_then(|status| status.login.as_ref()) {
        let then = if login.refreshable { "renewed automatically" } else { "then log in again" };
        rows.push(row(Clock::AccessToken, "access token".to_owned(), login.access_expires_at, then));
        let session = match last {
            None => "not reported by AWS; estimated after the first session has ended".to_owned(),
            Some(last) => learned(last, login.logged_in_at, now),
        };
        rows.push(["Identity Center session".to_owned(), session]);
    } else if let (Some(_), Some(last)) = (status, last) {
        let seen = last.over_at.format("ended, noticed at %Y-%m-%d %H:%M UTC").to_string();
        rows.push(["Identity Center session".to_owned(), seen]);
    }
    rows.extend(warm.iter().map(|warm| {
        let name = format!("{} in account {}", warm.role.role_name, warm.role.account_id);
        row(Clock::WarmCredentials, name, warm.kept.ends_at, "")
    }));
    let registration = status.and_then(|status| status.registration_expires_at);
    rows.extend(registration.map(|end| row(Clock::Registration, "client registration".to_owned(), end, "")));
    rows
}

/// Estimates the session's end from that of the last session.
fn learned(last: &LastSession, logged_in_at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (lower, upper) = last.bounds();
    let after = if upper - lower <= ABOUT {
        format!("about {} after login, like the last session", span(upper))
    } else {
        format!("{} to {} after login, like the last session", span(lower), span(upper))
    };
    match logged_in_at + upper - now {
        left if left > TimeDelta::zero() => format!("{after} (in {})", span(left)),
        _ => after,
    }
}

pub(super) fn span(left: TimeDelta) -> String {
    match (left.num_hours(), left.num_minutes()) {
        (0, 0) => format!("{} s", left.num_seconds()),
        (0, minutes) => format!("{minutes} min"),
        (48.., _) => format!("{} d", left.num_days()),
        (hours, minutes) if minutes == hours * 60 => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {} min", minutes - hours * 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    fn last(alive: &str, over: &str) -> LastSession {
        LastSession { logged_in_at: at("2026-11-23T08:00:00Z"), alive_at: at(alive), over_at: at(over) }
    }

    #[test]
    fn what_was_seen_is_said_with_its_bounds() {
        let login = at("2026-11-24T08:00:00Z");
        let near = last("2026-11-23T15:10:00Z", "2026-11-23T16:00:00Z");
        assert_eq!(
            learned(&near, login, at("2026-11-24T09:30:00Z")),
            "about 8 h after login, like the last session (in 6 h 30 min)"
        );
        assert_eq!(
            learned(&near, login, at("2026-11-24T17:00:00Z")),
            "about 8 h after login, like the last session"
        );
        let far = last("2026-11-23T12:00:00Z", "2026-11-24T07:00:00Z");
        assert_eq!(
            learned(&far, login, at("2026-11-25T08:00:00Z")),
            "4 h to 23 h after login, like the last session"
        );
    }

    #[test]
    fn spans_are_short() {
        for (seconds, text) in
            [(59, "59 s"), (60, "1 min"), (3600, "1 h"), (3660, "1 h 1 min"), (172_800, "2 d")]
        {
            assert_eq!(span(TimeDelta::seconds(seconds)), text);
        }
    }
}
