//! Proof, before and with the first write, that writes reach the directory that was read.

use std::sync::{MutexGuard, PoisonError};

use super::outcome::Halt;
use super::{Run, WriteError};
use crate::sync::plan::ObjectKind;
use crate::sync::target::{Reach, Sides, is_shown, reach};

impl Run<'_> {
    /// Halts the run if what is written would go elsewhere.
    ///
    /// While that is not known, because the directory is empty, it returns a lock: one write at a time, until the first
    /// object that it creates is the proof.
    pub(super) fn unproven(&self) -> Result<Option<MutexGuard<'_, Option<Reach>>>, WriteError> {
        let mut found = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_none() && !self.is_halted() {
            let looked = reach(self.with.directory, self.with.calls);
            *found = Some(self.judge_read(looked)?);
            if *found == Some(Reach::Elsewhere) {
                let Sides { read, written } = self.with.directory.sides();
                let why =
                    format!("`{written}` has none of the users and groups of the identity store `{read}`");
                self.halt(Halt::Elsewhere(why));
            }
        }
        match *found {
            Some(Reach::Same) => Ok(None),
            Some(Reach::Unknown) => Ok(Some(found)),
            Some(Reach::Elsewhere) | None => Err(WriteError::Halted),
        }
    }

    /// Halts the run unless an object that can be written is in the directory that is read.
    pub(super) fn prove_by(&self, kind: ObjectKind, id: &str) -> Result<(), WriteError> {
        self.settle(&mut self.reach.lock().unwrap_or_else(PoisonError::into_inner), kind, id)
    }

    pub(super) fn settle(
        &self,
        found: &mut Option<Reach>,
        kind: ObjectKind,
        id: &str,
    ) -> Result<(), WriteError> {
        if *found != Some(Reach::Unknown) {
            return Ok(());
        }
        let shown = is_shown(self.with.directory, self.with.calls, kind, id);
        if self.judge_read(shown)? {
            *found = Some(Reach::Same);
            return Ok(());
        }
        *found = Some(Reach::Elsewhere);
        let Sides { read, written } = self.with.directory.sides();
        let kind = kind.title();
        self.halt(Halt::Elsewhere(format!(
            "`{written}` has a {kind} `{id}`, which is not in the identity store `{read}`"
        )));
        Err(WriteError::Halted)
    }
}
