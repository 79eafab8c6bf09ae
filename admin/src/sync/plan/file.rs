//! A plan in a file, bound to what was read when it was made.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Plan, PlanOptions};

/// The form of the file.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedPlan {
    schema: u32,
    /// The Identity Center instance and the realm's address, as the access file names them.
    chain: String,
    /// What it was made with: the plan that it is compared with must be made with the same.
    options: PlanOptions,
    plan: Plan,
}

const SCHEMA: u32 = 1;
/// A plan that is older is refused.
pub(crate) const LONGEST_LIFE: TimeDelta = TimeDelta::hours(1);

#[derive(Debug, thiserror::Error)]
pub(crate) enum SavedPlanError {
    #[error("the file is not a plan of this version")]
    Unreadable(#[source] Option<serde_json::Error>),
    #[error("the plan is for {found}, not for {expected}")]
    OtherChain { found: String, expected: String },
    #[error("the plan is of {made_at}: older than one hour")]
    TooOld { made_at: DateTime<Utc> },
    #[error("the plan is of {made_at}, which is in the future: the clock here or there is wrong")]
    OfTheFuture { made_at: DateTime<Utc> },
    #[error("what the plan was made from has changed: {0}")]
    Changed(Difference),
}

/// The first part of a plan that is different now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    Realm,
    Leavers,
    Users,
    Groups,
    Members,
    Deletions,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        form.write_str(match self {
            Self::Realm => "the realm",
            Self::Leavers => "users who leave",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Members => "members",
            Self::Deletions => "users to be deleted",
        })
    }
}

impl SavedPlan {
    pub(crate) fn new(plan: Plan, chain: &str, options: &PlanOptions) -> Self {
        Self { schema: SCHEMA, chain: chain.to_owned(), options: options.clone(), plan }
    }

    /// Reads a saved plan, which must be for the same realm and instance, and recent.
    pub(crate) fn read(text: &str, chain: &str, now: DateTime<Utc>) -> Result<Self, SavedPlanError> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let unreadable = |error| SavedPlanError::Unreadable(Some(error));
        let Version { schema } = serde_json::from_str(text).map_err(unreadable)?;
        if schema != SCHEMA {
            return Err(SavedPlanError::Unreadable(None));
        }
        let saved: Self = serde_json::from_str(text).map_err(unreadable)?;
        saved.checked(chain, now)
    }

    /// Returns the plan if it is for this realm and instance, and recent.
    pub(crate) fn checked(self, chain: &str, now: DateTime<Utc>) -> Result<Self, SavedPlanError> {
        if self.schema != SCHEMA {
            return Err(SavedPlanError::Unreadable(None));
        }
        if self.chain != chain {
            return Err(SavedPlanError::OtherChain { found: self.chain, expected: chain.to_owned() });
        }
        // A plan from the future is not recent either: one of the clocks is wrong.
        let age = now.signed_duration_since(self.plan.made_at);
        let made_at = self.plan.made_at;
        if age < -LONGEST_LIFE {
            return Err(SavedPlanError::OfTheFuture { made_at });
        }
        if age > LONGEST_LIFE {
            return Err(SavedPlanError::TooOld { made_at });
        }
        Ok(self)
    }

    pub(crate) fn options(&self) -> &PlanOptions {
        &self.options
    }

    #[cfg(test)]
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the plan to apply: the one that was just made, if it changes exactly what the saved one does.
    pub(crate) fn bind(&self, fresh: Plan) -> Result<Plan, SavedPlanError> {
        self.check(&fresh)?;
        Ok(fresh)
    }

    /// Refuses a plan that does not change exactly what the saved one does.
    pub(crate) fn check(&self, fresh: &Plan) -> Result<(), SavedPlanError> {
        self.difference(fresh).map_or(Ok(()), |difference| Err(SavedPlanError::Changed(difference)))
    }

    fn difference(&self, fresh: &Plan) -> Option<Difference> {
        let saved = &self.plan;
        let parts = [
            (Difference::Realm, saved.realm == fresh.realm),
            (Difference::Leavers, saved.deactivations == fresh.deactivations),
            (Difference::Users, saved.users == fresh.users),
            (Difference::Groups, saved.groups == fresh.groups),
            (Difference::Members, saved.additions == fresh.additions && saved.removals == fresh.removals),
            (Difference::Deletions, saved.deletions == fresh.deletions),
        ];
        parts.into_iter().find(|(_, is_same)| !is_same).map(|(difference, _)| difference)
    }
}
