//! Reads every page of a list, within bounds: a broken or hostile portal must not fill the memory.
#![warn(clippy::arithmetic_side_effects, reason = "the numbers come from the network")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ports::identity_center::{Account, Page, ServiceError};

/// AWS allows far fewer accounts than fit on this many pages.
const MOST_PAGES: usize = 1000;
/// The largest organizations have some 10,000.
const MOST_ACCOUNTS: usize = 20_000;
/// Permission sets of all accounts together.
const MOST_ROLES: usize = 400_000;
/// The text of a whole listing, of accounts and permission sets each, in bytes.
const MOST_TEXT: usize = 16 * 1024 * 1024;

/// How much one listing may still contain, however many requests it takes.
pub(in crate::credentials) struct Budget {
    items: AtomicUsize,
    text: AtomicUsize,
}

impl Budget {
    pub(in crate::credentials) fn of_accounts() -> Self {
        Self { items: MOST_ACCOUNTS.into(), text: MOST_TEXT.into() }
    }

    pub(in crate::credentials) fn of_roles() -> Self {
        Self { items: MOST_ROLES.into(), text: MOST_TEXT.into() }
    }

    /// Takes this much from the budget; returns whether there was enough.
    fn take(&self, items: usize, text: usize) -> bool {
        let take = |from: &AtomicUsize, count| {
            from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
        };
        take(&self.items, items) && take(&self.text, text)
    }
}

/// An item of a list.
pub(in crate::credentials) trait Listed {
    /// Returns the size of its text in bytes.
    fn text(&self) -> usize;
}

impl Listed for Account {
    fn text(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.id.len().saturating_add(length(&self.name)).saturating_add(length(&self.email))
    }
}

impl Listed for String {
    fn text(&self) -> usize {
        self.len()
    }
}

/// Returns the whole list or an error: mistaking a part for the whole would remove what still exists.
pub(in crate::credentials) fn all_pages<T: Listed>(
    host: &str,
    budget: &Budget,
    ask: impl Fn(Option<&str>) -> Result<Page<T>, ServiceError>,
) -> Result<Vec<T>, ServiceError> {
    let refused = |why: &str| ServiceError::NotUnderstood { host: host.to_owned(), why: why.to_owned() };
    let counted = |page: Page<T>, marks: usize| {
        let text = page.items.iter().map(Listed::text).sum::<usize>();
        if budget.take(page.items.len(), text.saturating_add(marks)) {
            Ok(page)
        } else {
            Err(refused("its list is longer than any of AWS's"))
        }
    };
    let Page { mut items, mut next } = counted(ask(None)?, 0)?;
    let mut asked = BTreeSet::new();
    while let Some(token) = next.filter(|token| !token.is_empty()) {
        if asked.len() >= MOST_PAGES || asked.contains(&token) {
            return Err(refused("its list has no end"));
        }
        let page = counted(ask(Some(&token))?, token.len())?;
        items.extend(page.items);
        asked.insert(token);
        next = page.next;
    }
    Ok(items)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers are the test's")]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Lists endless pages of distinct items, and returns how many pages were requested.
    fn endless(items: usize, name: usize) -> (usize, String) {
        let asked = Cell::new(0_usize);
        let error = all_pages("portal", &Budget::of_accounts(), |_| {
            asked.set(asked.get() + 1);
            let account = |at: usize| Account {
                id: format!("{:012}", asked.get() * items + at),
                name: Some("n".repeat(name)),
                email: None,
            };
            Ok(Page { items: (0..items).map(account).collect(), next: Some(asked.get().to_string()) })
        });
        (asked.get(), error.expect_err("no end").to_string())
    }

    #[test]
    fn a_list_ends_at_its_items_its_text_or_its_pages() {
        let (asked, error) = endless(5_000, 1);
        assert_eq!(asked, 5, "{error}");
        assert!(error.contains("longer than any of AWS's"), "{error}");
        let (asked, error) = endless(10, 200_000);
        assert_eq!(asked, 9, "{error}");
        assert!(endless(0, 0).1.contains("its list has no end"));
    }

    #[test]
    fn all_accounts_share_what_is_left_for_permission_sets() {
        let budget = Budget { items: 3.into(), text: 100.into() };
        let roles = |count: usize| {
            all_pages("portal", &budget, |_| Ok(Page { items: vec!["Admin".to_owned(); count], next: None }))
        };
        assert!(roles(2).is_ok() && roles(2).is_err() && roles(1).is_ok() && roles(1).is_err());
    }
}
