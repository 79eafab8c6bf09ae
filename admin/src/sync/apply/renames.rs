//! Changes of objects that exist, in an order in which the names that they take are free.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::outcome::StepError;
use super::{Attempt, Run};
use crate::sync::plan::renames::{Renaming, in_rounds};

/// Ids of objects, noted by several threads.
#[derive(Default)]
struct Ids(Mutex<HashSet<String>>);

impl Ids {
    fn all(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn into_all(self) -> HashSet<String> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run<'_> {
    /// Takes a step for each change, and once more where another object had the name at first: it may have given it up.
    ///
    /// Who gave way in vain, because the one with the new name kept it, gets the old name back if it is still free.
    /// Returns the objects that are not changed as planned, by ID in Identity Center.
    pub(super) fn rename_all<T: Renaming + Sync>(
        &self,
        changes: &[&T],
        step: impl Fn(&T, Attempt) -> Result<(), StepError> + Sync,
    ) -> HashSet<String> {
        // A change that was not begun as planned is not ended.
        let (stayed, failed) = (Ids::default(), Ids::default());
        let take = |change: &&T, attempt| {
            if !change.gives_way() && stayed.all().contains(change.id()) {
                return Ok(());
            }
            let result = step(change, attempt);
            match (&result, change.gives_way()) {
                (Ok(()), true) => {}
                (Ok(()), false) => drop(failed.all().remove(change.id())),
                (Err(_), true) => drop(stayed.all().insert(change.id().to_owned())),
                (Err(_), false) => drop(failed.all().insert(change.id().to_owned())),
            }
            result
        };
        let mut late = Vec::new();
        for round in in_rounds(changes) {
            let again = Mutex::new(Vec::new());
            self.stage(&round, |change| match take(change, Attempt::First) {
                Err(StepError::Conflict(_)) => {
                    again.lock().unwrap_or_else(PoisonError::into_inner).push(*change);
                    Ok(())
                }
                other => other,
            });
            late.push(again.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        for round in late {
            self.stage(&round, |change| take(change, Attempt::Second));
        }
        let in_vain =
            changes.iter().filter(|change| change.gives_way() && failed.all().contains(change.id()));
        let back: Vec<T> = in_vain.filter_map(|change| change.taken_back()).collect();
        self.stage(&back, |change| match step(change, Attempt::Second) {
            // Somebody else has the old name by now. The next run tries again.
            Err(StepError::Conflict(_)) => Ok(()),
            other => other,
        });
        let (mut unchanged, failed) = (stayed.into_all(), failed.into_all());
        unchanged.extend(failed);
        unchanged
    }
}
