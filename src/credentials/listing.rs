//! Which accounts and permission sets a person has: every page of every list, a few requests at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ports::identity_center::{Account, Page, ServiceError};
use crate::secret::Secret;
use crate::session::{LoginNeeded, Session, SessionError};

/// The portal allows some 20 requests a second per token and answers the rest with 429; four in flight stay
/// below that at its usual answer times, and the SDK waits and tries again where they do not.
const IN_FLIGHT: usize = 4;
/// A `next` that never ends is broken; AWS allows far fewer accounts than this many pages hold.
const MOST_PAGES: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRoles {
    pub account: Account,
    /// Permission set names, sorted.
    pub roles: Vec<String>,
}

impl Session<'_> {
    /// All of them, sorted by account name and id. `done` hears how many accounts are finished, of how many.
    pub fn accounts(
        &self,
        done: impl Fn(usize, usize) + Send + Sync,
    ) -> Result<Vec<AccountRoles>, SessionError> {
        let mut token = self.access_token()?;
        let first = match self.center.list_accounts(&token, None, None) {
            Err(ServiceError::Unauthorized) => {
                token = self.access_token_after_refusal(&token)?;
                self.center.list_accounts(&token, None, None)
            }
            other => other,
        };
        let first = first.map_err(|error| self.refusal(error))?;
        let accounts = all_pages(first, |page| self.center.list_accounts(&token, Some(page), None))
            .map_err(|error| self.refusal(error))?;
        let mut listed = self.roles_of(&accounts, &token, &done)?;
        listed.sort_by(|a, b| (&a.account.name, &a.account.id).cmp(&(&b.account.name, &b.account.id)));
        Ok(listed)
    }

    fn roles_of(
        &self,
        accounts: &[Account],
        token: &Secret<String>,
        done: &(impl Fn(usize, usize) + Send + Sync),
    ) -> Result<Vec<AccountRoles>, SessionError> {
        let (next, total) = (AtomicUsize::new(0), accounts.len());
        let results = Mutex::new((Vec::with_capacity(total), None));
        let center = self.center;
        let work = || {
            while let Some(account) = accounts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let roles = center.list_account_roles(token, &account.id, None).and_then(|first| {
                    all_pages(first, |page| center.list_account_roles(token, &account.id, Some(page)))
                });
                let Ok(mut results) = results.lock() else { return };
                match roles {
                    Ok(mut roles) => {
                        roles.sort();
                        results.0.push(AccountRoles { account: account.clone(), roles });
                        done(results.0.len(), total);
                    }
                    Err(error) => {
                        results.1.get_or_insert(error);
                    }
                }
                if results.1.is_some() {
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..IN_FLIGHT.min(total) {
                scope.spawn(work);
            }
        });
        let (listed, error) = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        error.map_or(Ok(listed), |error| Err(self.refusal(error)))
    }

    fn refusal(&self, error: ServiceError) -> SessionError {
        match error {
            ServiceError::Unauthorized => self.login_needed(LoginNeeded::TokenRefused),
            error => error.into(),
        }
    }
}

fn all_pages<T>(
    first: Page<T>,
    ask: impl Fn(&str) -> Result<Page<T>, ServiceError>,
) -> Result<Vec<T>, ServiceError> {
    let Page { mut items, mut next } = first;
    let mut pages = 1;
    while let Some(token) = next.filter(|token| !token.is_empty() && pages < MOST_PAGES) {
        let page = ask(&token)?;
        items.extend(page.items);
        next = page.next;
        pages += 1;
    }
    Ok(items)
}
