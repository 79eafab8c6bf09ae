//! An account by its name, as people know it.

use crate::cli::error::{CommandError, Exit};
use crate::ports::identity_center::Account;
use crate::similar::did_you_mean;

/// Returns the id of the only account of that name. Letter case counts where it tells two apart.
pub(super) fn of_name(name: &str, accounts: &[Account]) -> Result<String, CommandError> {
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
            let message = format!("AWS lists no account `{name}` for you");
            Err(CommandError::new(Exit::Usage, "no_such_account", message)
                .hint(format!("{meant}`kcaws accounts` lists them")))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|account| account.id.as_str()).collect();
            let message = format!("there are {} accounts `{name}`", several.len());
            Err(CommandError::new(Exit::Usage, "which_account", message)
                .hint(format!("use the account ID: {}", ids.join(" or "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::Situation;

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
        for (name, code) in [("Prod", "which_account"), ("twice", "which_account"), ("de", "no_such_account")]
        {
            assert_eq!(of_name(name, &accounts).expect_err(name).code(), code);
        }
        let near = of_name("prodd", &accounts).expect_err("no account").as_json(Situation::default());
        assert!(near["error"]["hint"].as_str().is_some_and(|hint| hint.contains("`prod`")), "{near}");
    }
}
