//! Root, organizational units, and which accounts are where.

use std::collections::BTreeMap;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::settings::Settings;
use crate::sigv4::hex;
use crate::switches::AccountState;

/// The organization. Ids of units follow from their paths, so that they are the same at every start.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    /// `o-…`
    pub(crate) id: String,
    /// `r-…`
    pub(crate) root: String,
    pub(crate) created: SystemTime,
    /// By path, such as `/Workloads/Prod`; without the root.
    units: BTreeMap<String, String>,
    accounts: BTreeMap<String, Placement>,
}

/// Where an account is, its state and its tags.
#[derive(Clone, Debug, Default)]
struct Placement {
    /// `None`: in the root.
    unit: Option<String>,
    state: AccountState,
    tags: BTreeMap<String, String>,
}

/// A root or a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) id: String,
    /// Empty for the root.
    pub(crate) path: String,
}

impl Default for Organization {
    fn default() -> Self {
        Self {
            id: "o-a1b2c3d4e5".into(),
            root: "r-ab12".into(),
            created: clock::real_now(),
            units: BTreeMap::new(),
            accounts: BTreeMap::new(),
        }
    }
}

impl Organization {
    pub(crate) fn of(settings: &Settings) -> Self {
        let mut organization = Self::default();
        for path in &settings.organizational_units {
            organization.add_unit(path);
        }
        for (account, path) in &settings.account_units {
            organization.move_account(account, path);
        }
        for (account, state) in &settings.account_states {
            organization.set_state(account, *state);
        }
        for (account, key, value) in &settings.account_tags {
            organization.tag(account, key, value);
        }
        organization
    }

    /// Adds a unit and those above it.
    pub(crate) fn add_unit(&mut self, path: &str) {
        let mut above = String::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            above = format!("{above}/{name}");
            let digest = Sha256::digest(above.as_bytes());
            let id = format!("ou-{}-{}", &self.root[2..], hex(&digest[..5]));
            self.units.entry(above.clone()).or_insert(id);
        }
    }

    /// Moves an account to a unit, which is added if it is not there; `/` is the root.
    pub(crate) fn move_account(&mut self, account: &str, path: &str) {
        self.add_unit(path);
        let unit = format!("/{}", path.trim_matches('/'));
        self.placement(account).unit = Some(unit).filter(|unit| unit != "/");
    }

    pub(crate) fn set_state(&mut self, account: &str, state: AccountState) {
        self.placement(account).state = state;
    }

    pub(crate) fn tag(&mut self, account: &str, key: &str, value: &str) {
        self.placement(account).tags.insert(key.to_owned(), value.to_owned());
    }

    fn placement(&mut self, account: &str) -> &mut Placement {
        self.accounts.entry(account.to_owned()).or_default()
    }

    pub(crate) fn state(&self, account: &str) -> AccountState {
        self.accounts.get(account).map(|placement| placement.state).unwrap_or_default()
    }

    pub(crate) fn tags(&self, account: &str) -> BTreeMap<String, String> {
        self.accounts.get(account).map(|placement| placement.tags.clone()).unwrap_or_default()
    }

    /// Returns the path of the unit that holds an account; empty for the root.
    pub(crate) fn unit_of(&self, account: &str) -> &str {
        self.accounts.get(account).and_then(|placement| placement.unit.as_deref()).unwrap_or_default()
    }

    /// Finds the root or a unit by id.
    pub(crate) fn unit(&self, id: &str) -> Option<Unit> {
        if id == self.root {
            return Some(Unit { id: id.to_owned(), path: String::new() });
        }
        let found = self.units.iter().find(|(_, known)| *known == id);
        found.map(|(path, id)| Unit { id: id.clone(), path: path.clone() })
    }

    /// Returns the units right below one.
    pub(crate) fn children(&self, parent: &Unit) -> Vec<Unit> {
        let below = |path: &&String| {
            path.strip_prefix(&parent.path)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|name| !name.contains('/'))
        };
        let found = self.units.iter().filter(|(path, _)| below(path));
        found.map(|(path, id)| Unit { id: id.clone(), path: path.clone() }).collect()
    }

    /// Writes a unit's path as the API does: `o-…/r-…/ou-…/ou-…/`.
    pub(crate) fn api_path(&self, unit: &str) -> String {
        let mut ids = format!("{}/{}/", self.id, self.root);
        let mut above = String::new();
        for name in unit.split('/').filter(|name| !name.is_empty()) {
            above = format!("{above}/{name}");
            if let Some(id) = self.units.get(&above) {
                ids.push_str(id);
                ids.push('/');
            }
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_parents_children_and_stable_ids() {
        let mut organization = Organization::default();
        organization.move_account("111122223333", "/Workloads/Prod");
        organization.add_unit("/Work");
        let root = organization.unit("r-ab12").expect("the root");
        let paths: Vec<_> = organization.children(&root).into_iter().map(|unit| unit.path).collect();
        assert_eq!(paths, ["/Work", "/Workloads"]);
        assert_eq!(organization.unit_of("111122223333"), "/Workloads/Prod");
        assert_eq!(organization.unit_of("222233334444"), "");
        let path = organization.api_path("/Workloads/Prod");
        assert!(path.starts_with("o-a1b2c3d4e5/r-ab12/ou-ab12-") && path.ends_with('/'), "{path}");
        assert_eq!(path.matches("ou-").count(), 2);
    }
}
