//! Lists the accounts, permission sets and IAM roles of the user: every page of every list, as fast as the service allows.
//!
//! With a thousand accounts that takes a minute. Progress is kept in the state folder, and the next run resumes an
//! interrupted one.

pub mod cached;
mod iam_roles;
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use self::cached::{login_of, progress_name};
pub(super) use self::pages::{Budget, all_pages};
use super::rate_limit::RateLimit;
use crate::platform::thread;
use crate::ports::identity_center::{Account, ServiceError};
use crate::profile::RoleName;
use crate::secret::Secret;
use crate::session::bearer::Bearer;
use crate::session::{LoginNeeded, Session, SessionError};

const IN_FLIGHT: usize = 10;
/// With this many accounts failing, the cause is not a single account.
const MOST_TROUBLED: usize = 3;
/// How long the progress of an interrupted run can be resumed.
const KEPT_FOR: TimeDelta = TimeDelta::hours(1);
const KEEP_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct AccountRoles {
    pub account: Account,
    /// Permission sets, then IAM roles, each sorted.
    pub roles: Vec<RoleName>,
}

/// What AWS lists for the user.
#[derive(Debug, Default)]
pub struct Listing {
    /// Sorted by name and ID.
    pub accounts: Vec<AccountRoles>,
    /// Accounts whose permission sets AWS did not list, such as one that is being closed.
    ///
    /// What the user has there is unknown, and may be unchanged.
    pub unavailable: Vec<Unavailable>,
    /// Lists that failed as a whole; both are read only in a session with account access.
    pub gaps: Vec<Gap>,
}

/// A list that failed, and why.
#[derive(Debug)]
pub enum Gap {
    PermissionSets(SessionError),
    IamRoles(SessionError),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Unavailable {
    pub account: Account,
    /// A message for the user.
    pub reason: String,
}

/// Roles by account ID. No secrets: names alone.
#[derive(Default, Deserialize, Serialize)]
struct Progress {
    /// A listing begun under another login is never resumed.
    login: Option<DateTime<Utc>>,
    since: DateTime<Utc>,
    roles: BTreeMap<String, Vec<String>>,
}

struct Run<'a> {
    pace: RateLimit<'a>,
    progress: Mutex<Progress>,
    kept_at: Mutex<Duration>,
    /// By account ID.
    refused: Mutex<BTreeMap<String, ServiceError>>,
}

impl Session<'_> {
    /// Lists all accounts.
    ///
    /// `done` is called with the number of finished accounts and the total. An account that refuses does not affect the
    /// others; only if all do, that is the error.
    pub fn accounts(&self, done: impl Fn(usize, usize) + Send + Sync) -> Result<Listing, SessionError> {
        let login = login_of(self.config, self.state);
        let mut bearer = Bearer::new(self, self.access_token()?);
        let sets = self.permission_sets(login, &mut bearer, done);
        let listing = if self.endpoints.account_access.is_some() {
            let roles = self.iam_roles_with(&mut bearer, &RateLimit::new(self.clock));
            Listing::of_both(sets, roles)?
        } else {
            sets?
        };
        if let Some(login) = login {
            self.keep_known(login, &listing);
        }
        Ok(listing)
    }

    fn permission_sets(
        &self,
        login: Option<DateTime<Utc>>,
        bearer: &mut Bearer<'_>,
        done: impl Fn(usize, usize) + Send + Sync,
    ) -> Result<Listing, SessionError> {
        let run = Run {
            pace: RateLimit::new(self.clock),
            progress: Mutex::new(self.progress_before(login)),
            kept_at: Mutex::new(self.clock.elapsed()),
            refused: Mutex::default(),
        };
        let host = self.endpoints.portal.host();
        let list = |token: &Secret<String>| {
            all_pages(host, &Budget::of_accounts(), |page| {
                run.pace.ask(|| self.center.list_accounts(token, page, None))
            })
        };
        let mut accounts = bearer.ask(list)?.map_err(|error| self.refusal(error))?;
        // A list that changes while it is read may name an account twice.
        let mut seen = BTreeSet::new();
        accounts.retain(|account| seen.insert(account.id.clone()));
        // A long run may outlive its token.
        let outcome = bearer.ask(|token| {
            let outcome = self.roles_of(&accounts, token, &run, &done);
            outcome.inspect_err(|_| self.keep(&run))
        })?;
        outcome.map_err(|error| self.refusal(error))?;
        // The next run starts afresh; a file that cannot be removed is used for an hour at most.
        let _ = self.state.remove(&progress_name(self.config));
        let mut refused = run.refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        if refused.len() == accounts.len()
            && let Some((account_id, error)) = refused.pop_first()
        {
            let others = refused.len();
            return Err(SessionError::NothingListed { account_id, others, error });
        }
        let mut roles = run.progress.into_inner().unwrap_or_else(PoisonError::into_inner).roles;
        accounts.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let mut listing = Listing::default();
        for account in accounts {
            if let Some(error) = refused.remove(&account.id) {
                listing.unavailable.push(Unavailable { account, reason: error.to_string() });
            } else {
                let roles = roles.remove(&account.id).unwrap_or_default();
                let roles = roles.into_iter().map(RoleName::PermissionSet).collect();
                listing.accounts.push(AccountRoles { account, roles });
            }
        }
        Ok(listing)
    }

    fn roles_of(
        &self,
        accounts: &[Account],
        token: &Secret<String>,
        run: &Run<'_>,
        done: &(impl Fn(usize, usize) + Send + Sync),
    ) -> Result<(), ServiceError> {
        let known = run.roles(|roles| roles.keys().cloned().collect::<BTreeSet<_>>());
        let open: Vec<&Account> = accounts.iter().filter(|account| !known.contains(&account.id)).collect();
        let (next, total, failure) = (AtomicUsize::new(0), accounts.len(), Mutex::new(None));
        let finished = AtomicUsize::new(total - open.len());
        run.refused().clear();
        let (center, clock, state, name) = (self.center, self.clock, self.state, progress_name(self.config));
        let (host, budget) = (self.endpoints.portal.host(), Budget::of_roles());
        let work = || {
            while let Some(account) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                let roles = all_pages(host, &budget, |page| {
                    run.pace.ask(|| center.list_account_roles(token, &account.id, page))
                });
                match roles {
                    Ok(mut roles) => {
                        roles.sort();
                        roles.dedup();
                        run.roles(|known| known.insert(account.id.clone(), roles));
                        done(finished.fetch_add(1, Ordering::Relaxed) + 1, total);
                    }
                    Err(error) if run.is_of_one_account(&error) => {
                        run.refused().insert(account.id.clone(), error);
                        done(finished.fetch_add(1, Ordering::Relaxed) + 1, total);
                    }
                    Err(error) => {
                        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                }
                if failure.lock().is_ok_and(|failure| failure.is_some()) {
                    return;
                }
                let mut kept_at = run.kept_at.lock().unwrap_or_else(PoisonError::into_inner);
                if clock.elapsed().saturating_sub(*kept_at) >= KEEP_EVERY {
                    *kept_at = clock.elapsed();
                    // Failing to save the progress only costs time.
                    let _ = state.write_cached(&name, &run.serialized());
                }
            }
        };
        thread::work_together(IN_FLIGHT.min(open.len()), work);
        failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn progress_before(&self, login: Option<DateTime<Utc>>) -> Progress {
        let now = self.clock.now();
        let bytes = self.state.read(&progress_name(self.config)).ok().flatten();
        let before = bytes.and_then(|bytes| serde_json::from_slice::<Progress>(&bytes).ok());
        before
            .filter(|before| before.login == login && before.since <= now && now - before.since < KEPT_FOR)
            .unwrap_or(Progress { login, since: now, roles: BTreeMap::new() })
    }

    fn keep(&self, run: &Run<'_>) {
        if run.roles(|roles| !roles.is_empty()) {
            let _ = self.state.write_cached(&progress_name(self.config), &run.serialized());
        }
    }

    pub(super) fn refusal(&self, error: ServiceError) -> SessionError {
        match error {
            ServiceError::Unauthorized => self.login_needed(LoginNeeded::TokenRefused),
            error => error.into(),
        }
    }
}

impl Run<'_> {
    fn roles<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Vec<String>>) -> T) -> T {
        work(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner).roles)
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<String, ServiceError>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether an error concerns one account only.
    fn is_of_one_account(&self, error: &ServiceError) -> bool {
        match error {
            ServiceError::Forbidden | ServiceError::NotFound | ServiceError::Rejected { .. } => true,
            ServiceError::ServerError { .. } => {
                let is_trouble = |error: &&ServiceError| matches!(error, ServiceError::ServerError { .. });
                self.refused().values().filter(is_trouble).count() < MOST_TROUBLED
            }
            _ => false,
        }
    }

    fn serialized(&self) -> Vec<u8> {
        serde_json::to_vec(&*self.progress.lock().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::identity_center::Page;
    use crate::session::testing::Fixture;

    fn page<T>(items: Vec<T>) -> Page<T> {
        Page { items, next: None }
    }

    fn account(id: &str) -> Account {
        Account { id: id.into(), name: None, email: None }
    }

    #[test]
    fn a_run_that_was_cut_off_is_taken_up_for_an_hour() {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        let session = fixture.session();
        let kept = Progress {
            login: None,
            since: session.clock.now(),
            roles: [("1".into(), vec!["Kept".into()])].into(),
        };
        session
            .state
            .write(&progress_name(session.config), &serde_json::to_vec(&kept).expect("serializes"))
            .expect("writes");
        fixture.center.accounts.will(Ok(page(vec![account("1"), account("2")])));
        fixture.center.roles.will(Ok(page(vec!["New".into()])));
        let listed = session.accounts(|_, _| ()).expect("lists");
        let roles: Vec<&str> = listed.accounts.iter().map(|one| one.roles[0].as_str()).collect();
        assert_eq!(roles, ["Kept", "New"]);
        assert_eq!(session.state.read(&progress_name(session.config)).expect("reads"), None, "done is done");

        session
            .state
            .write(&progress_name(session.config), &serde_json::to_vec(&kept).expect("serializes"))
            .expect("writes");
        fixture.clock.advance(Duration::from_secs(3600));
        assert!(session.progress_before(None).roles.is_empty(), "an hour is too old");
    }

    #[test]
    fn a_list_without_an_end_is_an_error_and_no_shorter_list() {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        let again = |id: &str, next: &str| Page { items: vec![account(id)], next: Some(next.to_owned()) };
        for (id, next) in [("1", "b"), ("2", "c"), ("3", "b")] {
            fixture.center.accounts.will(Ok(again(id, next)));
        }
        let error = fixture.session().accounts(|_, _| ()).expect_err("no end").to_string();
        assert!(error.contains("its list has no end"), "{error}");
        assert_eq!(fixture.center.calls().len(), 3);
    }

    #[test]
    fn what_is_listed_twice_is_one() {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        fixture.center.accounts.will(Ok(Page { items: vec![account("1")], next: Some("b".to_owned()) }));
        fixture.center.accounts.will(Ok(page(vec![account("1")])));
        fixture.center.roles.will(Ok(page(vec!["Admin".into(), "Admin".into()])));
        let listed = fixture.session().accounts(|_, _| ()).expect("lists");
        assert_eq!(listed.accounts, [AccountRoles { account: account("1"), roles: vec!["Admin".into()] }]);
    }

    #[test]
    fn what_was_listed_before_a_failure_is_kept() {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        let session = fixture.session();
        fixture.center.accounts.will(Ok(page(vec![account("1"), account("2")])));
        fixture.center.roles.will(Ok(page(vec!["Kept".into()])));
        let page = || ServiceError::NotAws { host: "portal".into(), status: 403 };
        fixture.center.roles.will(Err(page()));
        session.accounts(|_, _| ()).expect_err("fails");
        let before = session.progress_before(None);
        assert_eq!(before.roles.into_values().collect::<Vec<_>>(), [["Kept"]]);
    }

    fn refusals() -> [ServiceError; 3] {
        let (operation, code) = ("ListAccountRoles", "InvalidRequestException".to_owned());
        let rejected = ServiceError::Rejected { operation, code, message: Some("closed".into()) };
        [ServiceError::Forbidden, ServiceError::NotFound, rejected]
    }

    #[test]
    fn an_account_that_refuses_is_named_and_the_others_are_listed() {
        for refusal in refusals() {
            let (fixture, reason) = (Fixture::new(), refusal.to_string());
            fixture.log_in(Some("refresh-1"));
            fixture.center.accounts.will(Ok(page(vec![account("1"), account("2")])));
            fixture.center.roles.will(Err(refusal));
            fixture.center.roles.will(Ok(page(vec!["Admin".into()])));
            let listing = fixture.session().accounts(|_, _| ()).expect("lists");
            assert_eq!(
                listing.accounts.iter().map(|one| one.roles.as_slice()).collect::<Vec<_>>(),
                [["Admin".into()]]
            );
            assert_eq!(listing.unavailable.iter().map(|one| &one.reason).collect::<Vec<_>>(), [&reason]);
        }
    }

    #[test]
    fn where_all_accounts_refuse_that_is_the_error() {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        fixture.center.accounts.will(Ok(page(vec![account("1"), account("2")])));
        fixture.center.roles.will(Err(ServiceError::Forbidden));
        fixture.center.roles.will(Err(ServiceError::Forbidden));
        let error = fixture.session().accounts(|_, _| ()).expect_err("nothing is listed");
        let SessionError::NothingListed { account_id, others, error } = error else { panic!("{error}") };
        assert_eq!((account_id.as_str(), others), ("1", 1));
        assert!(matches!(error, ServiceError::Forbidden));
    }

    #[test]
    fn trouble_with_many_accounts_is_not_theirs() {
        let fixture = Fixture::new();
        let run = Run {
            pace: RateLimit::new(&fixture.clock),
            progress: Mutex::default(),
            kept_at: Mutex::default(),
            refused: Mutex::default(),
        };
        let server_error = || ServiceError::ServerError { host: "portal".into(), status: 503 };
        for id in ["1", "2", "3"] {
            assert!(run.is_of_one_account(&server_error()), "{id}");
            run.refused().insert(id.to_owned(), server_error());
        }
        assert!(!run.is_of_one_account(&server_error()));
        assert!(run.is_of_one_account(&ServiceError::Forbidden));
        for other in [ServiceError::Unauthorized, ServiceError::Throttled] {
            assert!(!run.is_of_one_account(&other), "{other}");
        }
    }
}
