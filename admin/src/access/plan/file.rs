//! A plan in a file, bound to what was read when it was made.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{AccessPlan, PlanOptions};
use crate::access::entitlements::plan::{EntitlementChange, EntitlementPlan};
use crate::sync::plan::LONGEST_LIFE;

/// The form of the file.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedAccessPlan {
    schema: u32,
    made_at: DateTime<Utc>,
    /// The Identity Center instance and the realm's address, as the access file names them.
    chain: String,
    options: PlanOptions,
    /// Of the parts of the plan: it is made again, and has to be the same.
    fingerprints: Vec<(PlanPart, String)>,
    /// For readers.
    plan: Value,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanPart {
    PermissionSets,
    Additions,
    Provisioning,
    Removals,
    Entitlements,
}

const SCHEMA: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub(crate) enum SavedAccessPlanError {
    #[error("the file is not a plan of access of this version")]
    Unreadable(#[source] Option<serde_json::Error>),
    #[error("the plan is for {found}, not for {expected}")]
    OtherChain { found: String, expected: String },
    #[error("the plan is of {made_at}: older than one hour")]
    TooOld { made_at: DateTime<Utc> },
    #[error("the plan is of {made_at}, which is in the future: the clock here or there is wrong")]
    OfTheFuture { made_at: DateTime<Utc> },
    #[error("what the plan was made from has changed: {0}")]
    Changed(PlanPart),
}

impl fmt::Display for PlanPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PermissionSets => "permission sets",
            Self::Additions => "assignments to be added",
            Self::Provisioning => "roles to be updated",
            Self::Removals => "assignments to be removed",
            Self::Entitlements => "IAM roles to be assigned or not any more",
        })
    }
}

impl SavedAccessPlan {
    pub(crate) fn new(plan: &AccessPlan, chain: &str, options: &PlanOptions, now: DateTime<Utc>) -> Self {
        Self {
            schema: SCHEMA,
            made_at: now,
            chain: chain.to_owned(),
            options: options.clone(),
            fingerprints: fingerprints(plan),
            plan: serde_json::to_value(plan).unwrap_or_default(),
        }
    }

    /// Reads a saved plan, which must be for the same realm and instance, and recent.
    pub(crate) fn read(text: &str, chain: &str, now: DateTime<Utc>) -> Result<Self, SavedAccessPlanError> {
        let saved: Self =
            serde_json::from_str(text).map_err(|error| SavedAccessPlanError::Unreadable(Some(error)))?;
        saved.checked(chain, now)
    }

    /// Returns the plan if it is for this realm and instance, and recent.
    pub(crate) fn checked(self, chain: &str, now: DateTime<Utc>) -> Result<Self, SavedAccessPlanError> {
        if self.schema != SCHEMA {
            return Err(SavedAccessPlanError::Unreadable(None));
        }
        if self.chain != chain {
            let (found, expected) = (self.chain, chain.to_owned());
            return Err(SavedAccessPlanError::OtherChain { found, expected });
        }
        // A plan from the future is not recent either: one of the clocks is wrong.
        let age = now.signed_duration_since(self.made_at);
        let made_at = self.made_at;
        if age < -LONGEST_LIFE {
            return Err(SavedAccessPlanError::OfTheFuture { made_at });
        }
        if age > LONGEST_LIFE {
            return Err(SavedAccessPlanError::TooOld { made_at });
        }
        Ok(self)
    }

    pub(crate) fn options(&self) -> &PlanOptions {
        &self.options
    }

    /// Refuses a plan that differs from the saved one.
    pub(crate) fn check(&self, fresh: &AccessPlan) -> Result<(), SavedAccessPlanError> {
        let fresh = fingerprints(fresh);
        let differs = fresh.into_iter().find(|part| !self.fingerprints.contains(part));
        differs.map_or(Ok(()), |(part, _)| Err(SavedAccessPlanError::Changed(part)))
    }
}

/// Returns what would be sent: not what is known of trust policies.
fn entitlements(plan: &EntitlementPlan) -> (&Option<String>, &[EntitlementChange], &[EntitlementChange]) {
    (&plan.application_arn, &plan.additions, &plan.removals)
}

/// Digests everything that would be sent, policies too.
fn fingerprints(plan: &AccessPlan) -> Vec<(PlanPart, String)> {
    let of = |part: &dyn fmt::Debug| {
        let digest = Sha256::digest(format!("{part:?}").as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    };
    vec![
        (PlanPart::PermissionSets, of(&plan.permission_sets)),
        (PlanPart::Additions, of(&plan.additions)),
        (PlanPart::Provisioning, of(&plan.provisioning)),
        (PlanPart::Removals, of(&plan.removals)),
        (PlanPart::Entitlements, of(&entitlements(&plan.entitlements))),
    ]
}
