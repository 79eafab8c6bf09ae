//! What a prompt shows about a profile: read from files without secrets, never from a keyring or the network.

pub mod map;
pub mod recent;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::map::{Map, Ours};
use crate::credentials::cache::{self, ExpiryNote};
use crate::ports::state_folder::StateFolder;
use crate::session::status;

/// From here on it is worth showing: SDKs begin to renew.
const SOON: TimeDelta = TimeDelta::minutes(15);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptState {
    /// Credentials are cached.
    Good,
    /// They expire within 15 minutes, and will be renewed.
    Soon,
    /// They expire within 15 minutes and are the last: the permission set is no longer assigned.
    Gone,
    /// None are cached, and the next use fetches them without a login.
    Renews,
    LoginNeeded,
    /// The credentials of a `kcaws exec` around this shell have expired.
    Ended,
    /// Keys in the environment take precedence over the profile.
    OtherKeys,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub profile: String,
    pub session: String,
    pub account_id: String,
    /// Only if AWS has issued its credentials: the config alone proves nothing.
    pub role_name: Option<String>,
    pub region: String,
    pub standing: PromptState,
    pub left: Option<TimeDelta>,
}

/// Returns the profile's state as the files show it now.
pub fn look(profile: &str, ours: &Ours, state: &dyn StateFolder, now: DateTime<Utc>) -> View {
    let note = ExpiryNote::read(state, &ours.note).filter(|note| note.issuer == ours.issuer);
    let left = note.as_ref().map(|note| note.ends_at - now).filter(|left| *left > TimeDelta::zero());
    let standing = match left {
        Some(left) if left > SOON => PromptState::Good,
        Some(_) if cache::is_gone(state, &ours.note) => PromptState::Gone,
        Some(_) => PromptState::Soon,
        None if status::read_noted(state, &ours.status).is_some_and(|status| status.is_logged_in(now)) => {
            PromptState::Renews
        }
        None => PromptState::LoginNeeded,
    };
    let verified = note.is_some() && standing != PromptState::LoginNeeded;
    View {
        profile: profile.to_owned(),
        session: ours.session.clone(),
        account_id: ours.account_id.clone(),
        role_name: verified.then(|| ours.role_name.to_string()),
        region: ours.region.clone(),
        standing,
        left,
    }
}

/// Returns the state inside `kcaws exec`, whose credentials are not renewed.
///
/// Without an expiry, it is inside `kcaws exec --serve`, which renews them.
pub fn of_exec(
    label: String,
    region: Option<String>,
    ends_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> View {
    let left = ends_at.map(|ends_at| ends_at - now).filter(|left| *left > TimeDelta::zero());
    let standing = match left {
        None if ends_at.is_none() => PromptState::Renews,
        Some(left) if left > SOON => PromptState::Good,
        Some(_) => PromptState::Soon,
        None => PromptState::Ended,
    };
    View {
        profile: label,
        session: String::new(),
        account_id: String::new(),
        role_name: None,
        region: region.unwrap_or_default(),
        standing,
        left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::{Clock, FakeClock};
    use crate::ports::keyring::StoreKind;
    use crate::ports::state_folder::FakeStateFolder;
    use crate::session::status::{LoginTimes, SessionStatus};

    const NOON: &str = "2026-11-24T12:00:00Z";

    fn ours() -> Ours {
        Ours {
            session: "corp".into(),
            account_id: "111122223333".into(),
            role_name: "Admin".into(),
            region: "eu-central-1".into(),
            note: "warm/a-b.note".into(),
            issuer: "mint".into(),
            status: "sessions/a.json".into(),
        }
    }

    fn seen(state: &FakeStateFolder) -> (PromptState, Option<i64>, Option<String>) {
        let view = look("dev", &ours(), state, FakeClock::at(NOON).now());
        (view.standing, view.left.map(|left| left.num_minutes()), view.role_name)
    }

    fn note(state: &FakeStateFolder, minutes: i64, mint: &str) {
        let ends = (FakeClock::at(NOON).now() + TimeDelta::minutes(minutes)).timestamp();
        state.write("warm/a-b.note", format!("{ends} {mint}").as_bytes()).expect("writes");
    }

    fn login(state: &FakeStateFolder, refreshable: bool, minutes: i64) {
        let now = FakeClock::at(NOON).now();
        let times = LoginTimes {
            logged_in_at: now,
            access_expires_at: now + TimeDelta::minutes(minutes),
            refreshable,
            user: None,
        };
        let status = SessionStatus {
            schema: 1,
            session: "corp".into(),
            start_url: "https://x".into(),
            region: "eu-central-1".into(),
            store: StoreKind::Keyutils,
            registration_expires_at: None,
            dual_stack: None,
            tenant: None,
            login: Some(times),
        };
        state.write("sessions/a.json", &serde_json::to_vec(&status).expect("text")).expect("writes");
    }

    #[test]
    fn warm_credentials_tell_their_minutes_and_their_role() {
        let state = FakeStateFolder::default();
        note(&state, 42, "mint");
        assert_eq!(seen(&state), (PromptState::Good, Some(42), Some("Admin".into())));
        note(&state, 15, "mint");
        assert_eq!(seen(&state), (PromptState::Soon, Some(15), Some("Admin".into())));
        let mark = format!(
            r#"{{"at":"{NOON}","session":"corp","account_id":"1","role_name":"Admin","gone":true,"until":"{NOON}"}}"#
        );
        state.write("warm/a-b.tried", mark.as_bytes()).expect("writes");
        assert_eq!(seen(&state).0, PromptState::Gone);
    }

    #[test]
    fn expired_but_refreshable_is_not_expired() {
        let state = FakeStateFolder::default();
        note(&state, -5, "mint");
        assert_eq!(seen(&state), (PromptState::LoginNeeded, None, None));
        login(&state, true, -600);
        assert_eq!(seen(&state), (PromptState::Renews, None, Some("Admin".into())));
        login(&state, false, 10);
        assert_eq!(seen(&state).0, PromptState::Renews);
        login(&state, false, -1);
        assert_eq!(seen(&state).0, PromptState::LoginNeeded);
    }

    #[test]
    fn a_role_that_aws_has_not_given_is_not_shown() {
        let state = FakeStateFolder::default();
        login(&state, true, 60);
        assert_eq!(seen(&state), (PromptState::Renews, None, None));
        note(&state, 42, "of another start URL");
        assert_eq!(seen(&state), (PromptState::Renews, None, None));
    }
}
