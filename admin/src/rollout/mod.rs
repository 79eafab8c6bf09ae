//! Everything that the access file says, in one go: users and groups, then permission sets and assignments.
//!
//! Each half is planned and applied by [`crate::sync`] and [`crate::access`]; here is what they have in common: groups
//! that the one creates for the other, one limit of removals, one cost, and the order in which nobody who stays is
//! without access in between.

mod apply;
mod file;
mod plan;
#[cfg(test)]
mod tests;

pub(crate) use self::apply::{AccessHalf, RolloutError, RolloutOutcome, apply};
pub(crate) use self::file::{SavedRollout, SavedRolloutError};
#[cfg(test)]
pub(crate) use self::plan::RolloutRefusal;
pub(crate) use self::plan::{Reads, RolloutPlan, synced_groups};
