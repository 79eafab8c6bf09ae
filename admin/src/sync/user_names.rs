//! The user names of Identity Center, which the names that the realm sends have to equal.

use std::collections::HashMap;

use super::call::Calls;
use super::read_fault::{ReadFault, Reading};
use super::target::read_pages;
use crate::ports::identity_store::{IdentityStore, StoreUser};

/// Every user name of an identity store.
#[derive(Debug, Default)]
pub(crate) struct UserNames {
    /// Whether the user is enabled, by name.
    enabled: HashMap<String, bool>,
    by_lower_case: HashMap<String, String>,
}

/// How AWS takes a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KnownAs<'a> {
    Itself,
    /// The user may not sign in.
    Disabled,
    /// Names are compared byte by byte: this is another user to AWS.
    OtherCase(&'a str),
    Nobody,
}

impl UserNames {
    pub(crate) fn read(store: &dyn IdentityStore, calls: &Calls<'_>) -> Result<Self, ReadFault> {
        let mut names = Self::default();
        let page = |cursor: Option<&str>| Ok(store.users(cursor)?.into());
        read_pages(Reading::DirectoryUsers, calls, page, |user| names.add(user))?;
        Ok(names)
    }

    fn add(&mut self, user: StoreUser) {
        let Some(name) = user.user_name else { return };
        self.by_lower_case.insert(name.to_lowercase(), name.clone());
        self.enabled.insert(name, user.enabled != Some(false));
    }

    pub(crate) fn find(&self, name: &str) -> KnownAs<'_> {
        match self.enabled.get(name) {
            Some(true) => KnownAs::Itself,
            Some(false) => KnownAs::Disabled,
            None => match self.by_lower_case.get(&name.to_lowercase()) {
                Some(other) => KnownAs::OtherCase(other),
                None => KnownAs::Nobody,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_byte_by_byte() {
        let mut names = UserNames::default();
        for (name, enabled) in [("Alice@example.com", None), ("bob", Some(false)), ("eve", Some(true))] {
            names.add(StoreUser { user_name: Some(name.to_owned()), enabled, ..StoreUser::default() });
        }
        assert_eq!(names.find("Alice@example.com"), KnownAs::Itself);
        assert_eq!(names.find("alice@example.com"), KnownAs::OtherCase("Alice@example.com"));
        assert_eq!(names.find("bob"), KnownAs::Disabled);
        assert_eq!(names.find("eve"), KnownAs::Itself);
        assert_eq!(names.find("mallory"), KnownAs::Nobody);
    }
}
