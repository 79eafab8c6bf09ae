//! Changes of objects that exist, in an order in which the names that they take are free.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::outcome::StepError;
use super::{Attempt, Run};
use crate::sync::plan::renames::{Renaming, in_rounds};

/// What became of an object so far. The changes give back what it gave up, one value each.
enum Progress<T> {
    GaveWay(Vec<T>),
    Failed(Vec<T>),
    Done,
}

/// What became of the objects, by ID in Identity Center. One whose turn has not come is not among them.
struct AllProgress<T>(Mutex<HashMap<String, Progress<T>>>);

impl<T: Renaming> AllProgress<T> {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Progress<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_failed(&self, change: &T) -> bool {
        matches!(self.all().get(change.id()), Some(Progress::Failed(_)))
    }

    /// Lets an object give way, one value after the other: all of them or none.
    fn give_way(
        &self,
        change: &T,
        step: impl Fn(&T, Attempt) -> Result<(), StepError>,
    ) -> Result<(), StepError> {
        let mut back = Vec::new();
        for part in change.one_by_one() {
            if let Err(error) = step(&part, Attempt::First) {
                // What cannot be given back either, the next run corrects.
                for change in &back {
                    let _ = step(change, Attempt::Second);
                }
                self.all().insert(change.id().to_owned(), Progress::Failed(Vec::new()));
                return Err(error);
            }
            back.insert(0, part.taken_back());
        }
        self.all().insert(change.id().to_owned(), Progress::GaveWay(back));
        Ok(())
    }

    /// Makes a change that is the object's last one.
    fn finish(
        &self,
        change: &T,
        attempt: Attempt,
        step: impl Fn(&T, Attempt) -> Result<(), StepError>,
    ) -> Result<(), StepError> {
        let result = step(change, attempt);
        let mut all = self.all();
        let before = all.remove(change.id());
        let progress = match (&result, before) {
            (Ok(()), _) => Progress::Done,
            (Err(_), Some(Progress::GaveWay(back) | Progress::Failed(back))) => Progress::Failed(back),
            (Err(_), _) => Progress::Failed(Vec::new()),
        };
        all.insert(change.id().to_owned(), progress);
        result
    }

    /// Returns what gives back the values of objects that gave way in vain.
    fn in_vain(self) -> Vec<Vec<T>> {
        let all = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let back = all.into_values().filter_map(|progress| match progress {
            Progress::GaveWay(back) | Progress::Failed(back) => Some(back),
            Progress::Done => None,
        });
        back.collect()
    }
}

impl Run<'_> {
    /// Takes a step for each change, and once more where another object had the name at first: it may have given it up.
    ///
    /// Who gave way in vain, because the one with the new name kept it, gets back each old value that is still free.
    /// Returns the objects that are not changed as planned, by ID in Identity Center.
    pub(super) fn rename_all<T: Renaming + Send + Sync>(
        &self,
        changes: &[&T],
        step: impl Fn(&T, Attempt) -> Result<(), StepError> + Sync,
    ) -> HashSet<String> {
        let progress: AllProgress<T> = AllProgress(Mutex::default());
        let mut late = Vec::new();
        for round in in_rounds(changes) {
            let again = Mutex::new(Vec::new());
            self.stage(&round, |change| {
                if change.gives_way() {
                    return progress.give_way(change, &step);
                }
                // It did not give way, which is reported already.
                if progress.has_failed(change) {
                    return Ok(());
                }
                match progress.finish(change, Attempt::First, &step) {
                    Err(StepError::Conflict(_)) => {
                        again.lock().unwrap_or_else(PoisonError::into_inner).push(*change);
                        Ok(())
                    }
                    other => other,
                }
            });
            late.push(again.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        for round in late {
            self.stage(&round, |change| progress.finish(change, Attempt::Second, &step));
        }
        let is_done = |change: &T| matches!(progress.all().get(change.id()), Some(Progress::Done));
        let unchanged =
            changes.iter().filter(|change| !is_done(change)).map(|change| change.id().to_owned()).collect();
        self.give_back(&progress.in_vain(), step);
        unchanged
    }

    fn give_back<T: Sync>(
        &self,
        values: &[Vec<T>],
        step: impl Fn(&T, Attempt) -> Result<(), StepError> + Sync,
    ) {
        let most = values.iter().map(Vec::len).max().unwrap_or_default();
        for at in 0..most {
            let round: Vec<&T> = values.iter().filter_map(|values| values.get(at)).collect();
            self.stage(&round, |change| match step(change, Attempt::Second) {
                // Somebody else has the old value by now. The next run tries again.
                Err(StepError::Conflict(_)) => Ok(()),
                other => other,
            });
        }
    }
}
