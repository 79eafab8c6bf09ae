//! Secrets of `kcaws admin` in this user's keyrings.
//!
//! They are kept like tokens, each under the address that it is for. A record in the state folder says where each one
//! is, so that `kcaws logout --purge` finds it.

use serde::{Deserialize, Serialize};

use super::SessionError;
use super::store_selection::{StoreOpener, open_for};
use crate::ports::keyring::{ItemKey, Prompting, StoreKind};
use crate::ports::state_folder::StateFolder;

/// The folder of the records, below the state folder.
pub const FOLDER: &str = "admin";

/// Where a secret is stored.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Place {
    pub store: StoreKind,
    /// What it is, in words.
    pub label: String,
    /// The address that it is for.
    pub of: String,
}

/// Names the item of a secret.
pub fn item(label: &str, of: &str) -> ItemKey {
    ItemKey { session: format!("admin: {label}"), start_url: of.to_owned() }
}

/// Removes all of them from their keyrings, and returns how many there were. The records stay.
pub fn remove_all(
    state: &dyn StateFolder,
    prompting: Prompting,
    open: StoreOpener<'_>,
) -> Result<usize, SessionError> {
    let mut removed = 0;
    for name in state.list(FOLDER)? {
        let record = state.read(&format!("{FOLDER}/{name}"))?;
        // Other records of the administrator are beside them.
        let Some(place) = record.and_then(|record| serde_json::from_slice::<Place>(&record).ok()) else {
            continue;
        };
        let (store, key) = (open(place.store)?, item(&place.label, &place.of));
        open_for(&*store, &key, prompting)?;
        removed += usize::from(store.delete(&key)?);
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keyring::SecretStore as _;
    use crate::ports::keyring::fake::FakeKeyring;
    use crate::ports::state_folder::FakeStateFolder;
    use crate::secret::Secret;

    #[test]
    fn what_the_records_name_is_removed_and_nothing_else() {
        let state = FakeStateFolder::default();
        let store = FakeKeyring::default();
        let place =
            Place { store: store.kind(), label: "SCIM token".to_owned(), of: "https://scim".to_owned() };
        state.write("admin/one.json", &serde_json::to_vec(&place).expect("JSON")).expect("writes");
        state.write("admin/metadata-x.json", b"{\"schema\":1}").expect("writes");
        let (kept, other) = (item("SCIM token", "https://scim"), item("SCIM token", "https://other"));
        for key in [&kept, &other] {
            store.set(key, &Secret::from("secret")).expect("is stored");
        }
        let open = |_| Ok(Box::new(store.clone()) as Box<dyn crate::ports::keyring::SecretStore>);
        assert_eq!(remove_all(&state, Prompting::Unattended, &open).expect("removes"), 1);
        assert!(store.get(&kept).expect("reads").is_none() && store.get(&other).expect("reads").is_some());
    }
}
