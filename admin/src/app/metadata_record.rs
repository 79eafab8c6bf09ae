//! The metadata that was last written for AWS, so that a rotation of certificates is seen.

use chrono::{DateTime, Utc};
use kcaws::ports::state_folder::{StateError, StateFolder, hashed_name};
use serde::{Deserialize, Serialize};

use crate::realm::idp_metadata::IdpMetadata;

const SCHEMA: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetadataRecord {
    schema: u32,
    pub(crate) written_at: DateTime<Utc>,
    pub(crate) metadata: IdpMetadata,
}

impl MetadataRecord {
    /// Returns what was written last for a realm; a record of another version does not count.
    pub(crate) fn last(state: &dyn StateFolder, realm: &str) -> Result<Option<Self>, StateError> {
        let Some(bytes) = state.read(&file_name(realm))? else { return Ok(None) };
        let record: Option<Self> = serde_json::from_slice(&bytes).ok();
        Ok(record.filter(|record| record.schema == SCHEMA))
    }

    /// Remembers what is written for a realm now.
    pub(crate) fn remember(
        state: &dyn StateFolder,
        realm: &str,
        metadata: &IdpMetadata,
        now: DateTime<Utc>,
    ) -> Result<(), StateError> {
        let record = Self { schema: SCHEMA, written_at: now, metadata: metadata.clone() };
        let text = serde_json::to_vec(&record).expect("texts and times serialize");
        state.write(&file_name(realm), &text)
    }
}

fn file_name(realm: &str) -> String {
    format!("admin/metadata-{}.json", hashed_name(&[realm.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use kcaws::ports::state_folder::FakeStateFolder;

    use super::*;

    #[test]
    fn each_realm_has_a_record_of_its_own() {
        let state = FakeStateFolder::default();
        let metadata = |entity_id: &str| IdpMetadata {
            entity_id: entity_id.to_owned(),
            sign_in_urls: vec![],
            certificates: vec![],
            characters: 1,
        };
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(MetadataRecord::last(&state, "a").expect("reads"), None);
        MetadataRecord::remember(&state, "a", &metadata("first"), now).expect("writes");
        MetadataRecord::remember(&state, "a", &metadata("second"), now).expect("writes");
        MetadataRecord::remember(&state, "b", &metadata("other"), now).expect("writes");
        let last = |realm| {
            MetadataRecord::last(&state, realm).expect("reads").map(|record| record.metadata.entity_id)
        };
        assert_eq!((last("a").as_deref(), last("b").as_deref()), (Some("second"), Some("other")));
        state.write(&file_name("a"), b"{").expect("writes");
        assert_eq!(last("a"), None, "a damaged record is as none");
    }
}
