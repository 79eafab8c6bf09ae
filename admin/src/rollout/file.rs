//! Both plans in a file, bound to what was read when they were made.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::RolloutPlan;
use crate::access::plan::{PlanOptions as AccessOptions, SavedAccessPlan, SavedAccessPlanError};
use crate::sync::plan::{PlanOptions as SyncOptions, SavedPlan, SavedPlanError};

/// The form of the file.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedRollout {
    schema: u32,
    sync: Option<SavedPlan>,
    access: Option<SavedAccessPlan>,
}

const SCHEMA: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub(crate) enum SavedRolloutError {
    #[error("the file is not a plan of this version for both users and access")]
    Unreadable(#[source] Option<serde_json::Error>),
    #[error(transparent)]
    Sync(#[from] SavedPlanError),
    #[error(transparent)]
    Access(#[from] SavedAccessPlanError),
    #[error("the plan is of other parts of the access file")]
    OtherParts,
}

impl SavedRollout {
    pub(crate) fn new(
        plan: &RolloutPlan,
        chain: &str,
        sync: &SyncOptions,
        access: &AccessOptions,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            sync: plan.sync.as_ref().map(|plan| SavedPlan::new(plan.clone(), chain, sync)),
            access: plan.access.as_ref().map(|plan| SavedAccessPlan::new(plan, chain, access, now)),
        }
    }

    /// Reads a saved plan, which must be for the same realm and instance, and recent.
    pub(crate) fn read(text: &str, chain: &str, now: DateTime<Utc>) -> Result<Self, SavedRolloutError> {
        let saved: Self =
            serde_json::from_str(text).map_err(|error| SavedRolloutError::Unreadable(Some(error)))?;
        if saved.schema != SCHEMA {
            return Err(SavedRolloutError::Unreadable(None));
        }
        let Self { schema, sync, access } = saved;
        let sync = sync.map(|saved| saved.checked(chain, now)).transpose()?;
        let access = access.map(|saved| saved.checked(chain, now)).transpose()?;
        Ok(Self { schema, sync, access })
    }

    pub(crate) fn sync_options(&self) -> Option<&SyncOptions> {
        self.sync.as_ref().map(SavedPlan::options)
    }

    pub(crate) fn access_options(&self) -> Option<&AccessOptions> {
        self.access.as_ref().map(SavedAccessPlan::options)
    }

    /// Refuses a plan that differs from the saved one.
    pub(crate) fn check(&self, fresh: &RolloutPlan) -> Result<(), SavedRolloutError> {
        match (&self.sync, &fresh.sync) {
            (Some(saved), Some(fresh)) => saved.check(fresh)?,
            (None, None) => {}
            _ => return Err(SavedRolloutError::OtherParts),
        }
        match (&self.access, &fresh.access) {
            (Some(saved), Some(fresh)) => Ok(saved.check(fresh)?),
            (None, None) => Ok(()),
            _ => Err(SavedRolloutError::OtherParts),
        }
    }
}
