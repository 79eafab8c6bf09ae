//! The cached listing of a login's accounts: names and IDs, no secrets.
//!
//! Completion must not use the network, and a thousand accounts take a minute to list.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{AccountRoles, Listing, Unavailable};
use crate::ports::identity_center::Endpoints;
use crate::ports::lock_wait;
use crate::ports::state_folder::{StateError, StateFolder, hashed_name};
use crate::profile::SsoSession;
use crate::session::{Session, status};

/// Assignments change seldom, and the age of a list is shown to the user.
const FRESH_FOR: TimeDelta = TimeDelta::hours(1);

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct CachedAccounts {
    /// Identifies the login. Another login, user or place may see another list.
    login: DateTime<Utc>,
    portal: String,
    /// The tenant of account access manager, if the list has its IAM roles.
    #[serde(default)]
    tenant: Option<String>,
    pub listed_at: DateTime<Utc>,
    /// Sorted by name and ID.
    pub accounts: Vec<AccountRoles>,
    /// As in [`Listing`].
    #[serde(default)]
    unavailable: Vec<Unavailable>,
    /// Whether a list failed as a whole.
    #[serde(default)]
    has_gap: bool,
}

impl CachedAccounts {
    /// Returns the listing of the current login; `None` also for an unreadable one, which is then listed again.
    pub fn of(session: &SsoSession, endpoints: &Endpoints, state: &dyn StateFolder) -> Option<Self> {
        let login = login_of(session, state)?;
        let bytes = state.read(&file_name(session)).ok()??;
        let known: Self = serde_json::from_slice(&bytes).ok()?;
        let is_it = known.login == login
            && known.portal == endpoints.portal.as_str()
            && known.tenant == tenant(endpoints);
        is_it.then_some(known)
    }

    /// Returns whether it can be shown instead of a new one, which a list with a gap never can.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.unavailable.is_empty()
            && !self.has_gap
            && self.listed_at <= now
            && now - self.listed_at < FRESH_FOR
    }
}

fn tenant(endpoints: &Endpoints) -> Option<String> {
    endpoints.account_access.as_ref().map(|access| access.tenant.clone())
}

/// Returns when the login began; `None` if not logged in.
pub(super) fn login_of(session: &SsoSession, state: &dyn StateFolder) -> Option<DateTime<Utc>> {
    Some(status::read(state, session).ok()??.login?.logged_in_at)
}

impl Session<'_> {
    /// Stores the listing, as a best effort.
    ///
    /// It is discarded if the login has changed since: a logout must leave no list behind.
    pub(super) fn keep_known(&self, login: DateTime<Utc>, listing: &Listing) {
        let Ok(_lock) = self.lock(lock_wait::FOR_A_NOTE) else { return };
        if login_of(self.config, self.state) != Some(login) {
            return;
        }
        let known = CachedAccounts {
            login,
            portal: self.endpoints.portal.as_str().to_owned(),
            tenant: tenant(self.endpoints),
            has_gap: !listing.gaps.is_empty(),
            listed_at: self.clock.now(),
            accounts: listing.accounts.clone(),
            unavailable: listing.unavailable.clone(),
        };
        let text = serde_json::to_vec(&known).expect("names and times serialize");
        let _ = self.state.write_cached(&file_name(self.config), &text);
    }
}

/// Removes the listing at the end of a login, and what an interrupted run had listed.
pub fn forget(session: &SsoSession, state: &dyn StateFolder) -> Result<(), StateError> {
    state.remove(&file_name(session))?;
    state.remove(&progress_name(session))?;
    Ok(())
}

fn file_name(session: &SsoSession) -> String {
    format!("{}.json", stem(session))
}

pub(super) fn progress_name(session: &SsoSession) -> String {
    format!("{}.part", stem(session))
}

fn stem(session: &SsoSession) -> String {
    let fields = [session.name.as_bytes(), session.start_url.as_bytes()];
    format!("listing/{}", hashed_name(&fields))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ports::clock::Clock;
    use crate::ports::identity_center::{Account, Origin};
    use crate::ports::keyring::SecretStore;
    use crate::session::TokenRecord;
    use crate::session::status::SessionStatus;
    use crate::session::testing::Fixture;

    fn listed(role: &str) -> Listing {
        let account = Account { id: "111122223333".into(), name: Some("dev".into()), email: None };
        Listing { accounts: vec![AccountRoles { account, roles: vec![role.into()] }], ..Listing::default() }
    }

    /// Writes the status file that a login leaves.
    fn logged_in(fixture: &Fixture) -> DateTime<Utc> {
        fixture.log_in(Some("refresh-1"));
        let session = fixture.session();
        let record: TokenRecord = session.load().expect("loads").expect("is there");
        session.note_status(&SessionStatus::of(&record, fixture.store.kind())).expect("noted");
        login_of(&fixture.config, &fixture.state).expect("is logged in")
    }

    fn known(fixture: &Fixture) -> Option<CachedAccounts> {
        CachedAccounts::of(&fixture.config, &fixture.endpoints, &fixture.state)
    }

    #[test]
    fn a_list_is_that_of_its_login_and_of_its_portal() {
        let fixture = Fixture::new();
        let first = logged_in(&fixture);
        fixture.session().keep_known(first, &listed("Admin"));
        let kept = known(&fixture).expect("kept");
        assert_eq!(kept.accounts, listed("Admin").accounts);
        let elsewhere = Endpoints { portal: Origin::new("http://127.0.0.1:2"), ..fixture.endpoints.clone() };
        assert_eq!(CachedAccounts::of(&fixture.config, &elsewhere, &fixture.state), None, "another portal");

        fixture.clock.advance(Duration::from_secs(60));
        let second = logged_in(&fixture);
        assert_ne!(first, second);
        assert_eq!(known(&fixture), None, "another login");
        // A listing that began before the second login and ends only now.
        fixture.session().keep_known(first, &listed("Old"));
        assert_eq!(known(&fixture), None);
    }

    #[test]
    fn no_one_logged_in_has_none_and_leaves_none() {
        let fixture = Fixture::new();
        let login = logged_in(&fixture);
        fixture.session().keep_known(login, &listed("Admin"));
        fixture.session().drop_status().expect("removed");
        assert_eq!(known(&fixture), None);
        forget(&fixture.config, &fixture.state).expect("removed");
        fixture.session().keep_known(login, &listed("Admin"));
        assert_eq!(fixture.state.list("listing").expect("lists"), Vec::<String>::new());
    }

    #[test]
    fn a_list_is_fresh_for_an_hour_and_none_of_the_future_is() {
        let fixture = Fixture::new();
        let login = logged_in(&fixture);
        fixture.session().keep_known(login, &listed("Admin"));
        let kept = known(&fixture).expect("kept");
        let at = |minutes| kept.is_fresh(fixture.clock.now() + TimeDelta::minutes(minutes));
        assert!(at(0) && at(59) && !at(60) && !at(-1));
        let account = Account { id: "222233334444".into(), name: None, email: None };
        let gap = Unavailable { account, reason: "no access (403)".into() };
        fixture.session().keep_known(login, &Listing { unavailable: vec![gap], ..listed("Admin") });
        assert!(
            !known(&fixture).expect("kept").is_fresh(fixture.clock.now()),
            "one with a gap is asked for again"
        );
        fixture.state.write(&file_name(&fixture.config), b"{\"accounts\":").expect("writes");
        assert_eq!(known(&fixture), None, "torn");
    }
}
