//! Finds an account by its name.

use super::App;
use super::error::AppError;
use super::open::OpenSession;
use super::resolve::{self, ResolvedSession};
use crate::ports::identity_center::{Account, Patience};
use crate::ports::lock_wait;
use crate::similar::did_you_mean;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AccountNameError {
    #[error("AWS lists no account `{name}` for you")]
    None {
        name: String,
        /// The beginning of a hint: similar names, if there are any.
        meant: String,
    },
    #[error("there are {} accounts `{name}`", .ids.len())]
    Several { name: String, ids: Vec<String> },
}

/// Returns the ID of the account with this name.
///
/// Uses the accounts that AWS listed last for this login; without a recent list, AWS is asked.
pub fn account_named(app: &App, selected: &ResolvedSession, name: &str) -> Result<String, AppError> {
    let fresh = resolve::known(app, selected).filter(|known| known.is_fresh(app.clock.now()));
    let listed = fresh.map(|known| known.accounts.into_iter().map(|one| one.account).collect::<Vec<_>>());
    if let Some(id) = listed.and_then(|accounts| of_name(name, &accounts).ok()) {
        return Ok(id);
    }
    let opened =
        OpenSession::for_use_in(app, selected.clone(), Patience::FOR_A_PERSON, lock_wait::WITHIN_A_CALL)?;
    let session = opened.session();
    let sets = session.account_list();
    if opened.endpoints.account_access.is_none() {
        return Ok(of_name(name, &sets?)?);
    }
    // The portal does not list an account that has IAM roles only.
    match (sets, session.accounts_of_iam_roles()) {
        (Ok(mut accounts), Ok(more)) => {
            let more: Vec<Account> =
                more.into_iter().filter(|one| accounts.iter().all(|known| known.id != one.id)).collect();
            accounts.extend(more);
            Ok(of_name(name, &accounts)?)
        }
        // One list is enough if the account is in it; if not, it may be in the one that failed.
        (Ok(accounts), Err(error)) | (Err(error), Ok(accounts)) => {
            of_name(name, &accounts).map_err(|_| error.into())
        }
        (Err(error), Err(_)) => Err(error.into()),
    }
}

/// Returns the ID of the only account with that name.
///
/// Case matters only if two names differ in nothing else.
fn of_name(name: &str, accounts: &[Account]) -> Result<String, AccountNameError> {
    let named = |fits: &dyn Fn(&str) -> bool| -> Vec<&Account> {
        accounts.iter().filter(|account| account.name.as_deref().is_some_and(fits)).collect()
    };
    let mut found = named(&|known| known == name);
    if found.is_empty() {
        found = named(&|known| known.to_lowercase() == name.to_lowercase());
    }
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => {
            let meant = did_you_mean(name, accounts.iter().filter_map(|account| account.name.as_deref()));
            Err(AccountNameError::None { name: name.to_owned(), meant })
        }
        several => {
            let ids = several.iter().map(|account| account.id.clone()).collect();
            Err(AccountNameError::Several { name: name.to_owned(), ids })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_account_or_is_refused() {
        let account = |id: &str, name: &str| Account { id: id.into(), name: Some(name.into()), email: None };
        let accounts = [
            account("111111111111", "Dev"),
            account("222222222222", "prod"),
            account("333333333333", "PROD"),
            account("444444444444", "twice"),
            account("555555555555", "twice"),
        ];
        assert_eq!(of_name("Dev", &accounts).expect("is one"), "111111111111");
        assert_eq!(of_name("dev", &accounts).expect("is one"), "111111111111");
        assert_eq!(of_name("PROD", &accounts).expect("is one"), "333333333333");
        for name in ["Prod", "twice"] {
            let error = of_name(name, &accounts).expect_err(name);
            assert!(matches!(&error, AccountNameError::Several { ids, .. } if ids.len() == 2), "{error:?}");
        }
        for (name, near) in [("de", false), ("prodd", true)] {
            let error = of_name(name, &accounts).expect_err(name);
            let AccountNameError::None { meant, .. } = error else { panic!("{error:?}") };
            assert_eq!(meant.contains("`prod`"), near, "{meant}");
        }
    }
}
