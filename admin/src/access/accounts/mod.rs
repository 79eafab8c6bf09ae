//! Which accounts the selectors of the access file select.

mod inventory;
mod selector;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::inventory::{AccountInventory, InventoryNeeds};
pub(crate) use self::selector::{AccountCriterion, AccountSelector, KnownAccount};
use crate::ports::organizations::AccountState;

/// The lists of `[accounts]` by name.
pub(crate) type AccountLists = BTreeMap<String, Vec<AccountSelector>>;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectionError {
    #[error("`{selector}` selects no account")]
    SelectsNothing { selector: String },
    #[error("all accounts of `{list}` are taken out again")]
    AllExcluded { list: String },
}

/// The accounts of a list, and what was left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// IDs of active accounts.
    pub(crate) accounts: BTreeSet<String>,
    /// IDs of accounts that cannot be used, with their states.
    pub(crate) unusable: BTreeMap<String, AccountState>,
    /// Whether the management account was left out, since its ID is not in the list.
    pub(crate) without_management: bool,
    /// How many accounts each pattern selects.
    pub(crate) counts: BTreeMap<String, usize>,
}

/// Returns the accounts that a list selects. With `allow_empty`, a selector may match nothing.
pub(crate) fn select(
    list: &[AccountSelector],
    lists: &AccountLists,
    inventory: &AccountInventory,
    allow_empty: bool,
) -> Result<Selection, SelectionError> {
    let mut selection = Selection::default();
    let mut chosen = BTreeSet::new();
    let mut excluded = BTreeSet::new();
    for selector in list {
        let found = found(selector, lists, inventory, allow_empty, &mut selection)?;
        if found.is_empty() && !allow_empty && !selector.may_be_empty() {
            return Err(SelectionError::SelectsNothing { selector: selector.to_string() });
        }
        if selector.excludes { excluded.extend(found) } else { chosen.extend(found) }
    }
    selection.accounts.extend(chosen.difference(&excluded).cloned());
    selection.unusable.retain(|id, _| !excluded.contains(id));
    if selection.accounts.is_empty() && !allow_empty {
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        return Err(SelectionError::AllExcluded { list: list.join(", ") });
    }
    Ok(selection)
}

fn found(
    selector: &AccountSelector,
    lists: &AccountLists,
    inventory: &AccountInventory,
    allow_empty: bool,
    selection: &mut Selection,
) -> Result<BTreeSet<String>, SelectionError> {
    if let AccountCriterion::Named(name) = &selector.criterion {
        // Names and circles were checked when the file was read.
        let list = lists.get(name).map(Vec::as_slice).unwrap_or_default();
        let inner = select(list, lists, inventory, allow_empty || selector.excludes)?;
        if !selector.excludes {
            selection.unusable.extend(inner.unusable);
            selection.without_management |= inner.without_management;
        }
        selection.counts.extend(inner.counts);
        return Ok(inner.accounts);
    }
    let is_id = matches!(selector.criterion, AccountCriterion::Id(_));
    let mut found = BTreeSet::new();
    for known in inventory.accounts().filter(|known| selector.criterion.selects(known)) {
        let account = &known.account;
        if selector.excludes {
            found.insert(account.id.clone());
        } else if account.id == inventory.management() && !is_id {
            selection.without_management = true;
        } else if account.state == AccountState::Active {
            found.insert(account.id.clone());
        } else {
            selection.unusable.insert(account.id.clone(), account.state);
        }
    }
    if !is_id {
        selection.counts.insert(selector.to_string(), found.len());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::organizations::OrganizationAccount;

    fn inventory() -> AccountInventory {
        let known = |id: &str, name: &str, state, units: &[&str], tags: &[(&str, &str)]| KnownAccount {
            account: OrganizationAccount { id: id.to_owned(), name: name.to_owned(), state, path: None },
            units: Some(units.iter().map(|unit| (*unit).to_owned()).collect()),
            tags: Some(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()),
        };
        let active = AccountState::Active;
        AccountInventory::of(
            "000000000000",
            vec![
                known("000000000000", "management", active, &[], &[]),
                known("000000000001", "shop-dev", active, &["Workloads", "Dev"], &[]),
                known("000000000002", "shop-prod", active, &["Workloads", "Prod"], &[]),
                known("000000000003", "old", active, &["Workloads"], &[("lifecycle", "retired")]),
                known("000000000004", "gone", AccountState::Suspended, &["Workloads"], &[]),
            ],
        )
    }

    fn list(selectors: &[&str]) -> Vec<AccountSelector> {
        selectors.iter().map(|text| text.parse().expect("a selector")).collect()
    }

    fn lists() -> AccountLists {
        [
            ("workloads", list(&["ou:/Workloads/**", "!tag:lifecycle=retired"])),
            ("prod", list(&["ou:/Workloads/Prod/**"])),
        ]
        .map(|(name, list)| (name.to_owned(), list))
        .into()
    }

    fn ids(selectors: &[&str], allow_empty: bool) -> Result<Vec<String>, SelectionError> {
        let selection = select(&list(selectors), &lists(), &inventory(), allow_empty)?;
        Ok(selection.accounts.iter().map(|id| id[11..].to_owned()).collect())
    }

    #[test]
    fn selections_are_unions_without_what_is_taken_out() {
        for (selectors, expected) in [
            (&["000000000001"][..], &["1"][..]),
            (&["name:shop-*"], &["1", "2"]),
            (&["@workloads"], &["1", "2"]),
            (&["@workloads", "!@prod"], &["1"]),
            (&["!@prod", "@workloads"], &["1"]),
            (&["@workloads", "000000000003"], &["1", "2", "3"]),
            (&["ou:/**"], &["1", "2", "3"]),
            (&["state:active", "!name:shop-*"], &["3"]),
            (&["ou:/**", "000000000000"], &["0", "1", "2", "3"]),
            (&["@workloads", "!tag:never=used"], &["1", "2"]),
        ] {
            assert_eq!(ids(selectors, false).expect("selects"), expected, "{selectors:?}");
        }
    }

    #[test]
    fn what_selects_nothing_is_an_error_unless_it_may() {
        for selectors in [
            &["000000000009"][..],
            &["name:none-*"],
            &["@workloads", "name:none-*"],
            &["@workloads", "!ou:/Wrokloads/Prod/**"],
            &["tag:never=used"],
            &["ou:/"],
        ] {
            let error = ids(selectors, false).expect_err("selects nothing");
            assert!(matches!(error, SelectionError::SelectsNothing { .. }), "{selectors:?}: {error}");
            assert!(ids(selectors, true).is_ok(), "{selectors:?}");
        }
        let error = ids(&["@prod", "!name:shop-prod"], false).expect_err("all taken out");
        assert!(matches!(error, SelectionError::AllExcluded { .. }), "{error}");
    }

    #[test]
    fn what_is_left_out_is_named() {
        let selection = select(&list(&["ou:/**"]), &lists(), &inventory(), false).expect("selects");
        assert!(selection.without_management);
        let gone = [("000000000004".to_owned(), AccountState::Suspended)];
        assert_eq!(selection.unusable, gone.into());
        assert_eq!(selection.counts, [("ou:/**".to_owned(), 3)].into());
        // Only a suspended account is no account.
        let only = select(&list(&["000000000004"]), &lists(), &inventory(), false);
        assert!(matches!(only, Err(SelectionError::SelectsNothing { .. })));
    }
}
