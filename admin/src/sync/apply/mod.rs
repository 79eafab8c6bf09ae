//! Applies a plan, so that it can be interrupted anywhere: the next run does the rest.
//!
//! Leavers first, then users, groups, new members, removed members, deletions; what else is done in between is the
//! caller's. Each object is read again before it is changed. Nothing is recorded but in Identity Center itself: an object is created with its externalId in one request.

mod audit;
mod conflicts;
mod groups;
mod outcome;
mod reach;
mod renames;
mod users;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use self::audit::{Action, Audit, AuditEntry, JsonLines};
pub(crate) use self::outcome::{Failure, FailureReason, Halt, Outcome};
use self::outcome::{StepError, Subject};
use super::call::{CallError, Calls};
use super::parallel::for_each;
use super::plan::{GroupChange, Member, Plan, UserChange};
use super::target::{Created, Directory, Reach, Receipt};
use crate::platform::unrecorded::Unrecorded;

/// What a plan is applied with.
#[derive(Clone, Copy)]
pub(crate) struct Applier<'a> {
    pub(crate) directory: &'a dyn Directory,
    pub(crate) calls: &'a Calls<'a>,
    pub(crate) audit: &'a dyn Audit,
    /// Who runs the sync, for the audit file.
    pub(crate) actor: &'a str,
    /// Asked between two writes.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

/// So many requests in a row that fail for reasons of the service mean that the rest will, too.
const MOST_IN_A_ROW: u32 = 5;

impl Applier<'_> {
    /// Applies a plan that has no refusals.
    pub(crate) fn apply(&self, plan: &Plan) -> Outcome {
        let run = self.start(plan);
        run.additions();
        run.removals();
        run.deletions();
        run.end()
    }

    /// Begins to apply a plan. One that has refusals is halted at once.
    pub(crate) fn start<'a>(&'a self, plan: &'a Plan) -> Run<'a> {
        let run = Run {
            with: self,
            plan,
            reach: Mutex::default(),
            created: Mutex::default(),
            left_out: Mutex::default(),
            outcome: Mutex::default(),
            failed_reads: AtomicU32::new(0),
            failed_writes: AtomicU32::new(0),
        };
        if !plan.refusals.is_empty() {
            run.halt(Halt::Refused);
        }
        run
    }
}

/// One plan being applied: [`Run::additions`], [`Run::removals`] and [`Run::deletions`], in this order.
pub(crate) struct Run<'a> {
    with: &'a Applier<'a>,
    plan: &'a Plan,
    /// Whether writes reach the directory that was read, once it was looked at.
    reach: Mutex<Option<Reach>>,
    /// What this run created, and the groups that it took over: ids in the realm, and ids in Identity Center.
    created: Mutex<HashMap<String, String>>,
    left_out: Mutex<LeftOut>,
    outcome: Mutex<Outcome>,
    /// In a row. Each side has its own, since each change is read first and then written.
    failed_reads: AtomicU32,
    failed_writes: AtomicU32,
}

/// What the additions did not bring about, although it was planned.
struct LeftOut {
    /// Members who are not in one of their new groups, by ID in the realm.
    members: HashSet<String>,
    /// Groups that were not changed as planned, by ID in Identity Center. What their members get by the new name they do
    /// not get yet.
    unchanged_groups: HashSet<String>,
    /// The members of those groups, by ID in Identity Center; `None` if they cannot be read: then everybody may be one.
    of_unchanged_groups: Option<HashSet<String>>,
    /// Users who could not be activated or taken over, by ID in the realm: they join no group.
    unusable: HashSet<String>,
    /// Groups without some of their new members, by ID in Identity Center.
    groups: BTreeSet<String>,
}

impl Default for LeftOut {
    fn default() -> Self {
        Self {
            members: HashSet::new(),
            unchanged_groups: HashSet::new(),
            of_unchanged_groups: Some(HashSet::new()),
            unusable: HashSet::new(),
            groups: BTreeSet::new(),
        }
    }
}

impl LeftOut {
    /// Returns whether a member keeps the groups that the plan takes away.
    fn keeps(&self, member: &Member) -> bool {
        let of_unchanged_group = match (&self.of_unchanged_groups, &member.id) {
            (Some(kept), Some(id)) => kept.contains(id),
            (Some(_), None) => false,
            (None, _) => true,
        };
        of_unchanged_group || self.members.contains(&member.subject)
    }
}

/// Whether an object must still have the revision that the plan was made with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    /// This run itself may have changed the object.
    Second,
}

/// The names and addresses that a change writes.
#[derive(Clone, Copy)]
enum Values {
    Planned,
    /// Always free.
    Temporary,
}

/// How long a write may take to spread.
const SPREADING: Duration = Duration::from_secs(1);

impl Run<'_> {
    /// Does everything that gives access, after that which ends it for leavers.
    pub(crate) fn additions(&self) {
        let plan = self.plan;
        self.stage(&plan.deactivations, |leaver| self.deactivate(leaver));
        let (creations, updates): (Vec<_>, Vec<_>) =
            plan.users.iter().partition(|change| matches!(change, UserChange::Create { .. }));
        let failed = self.rename_all(&updates, |change, attempt| self.change_user(change, attempt));
        self.leave_out_users(&updates, &failed);
        self.stage(&creations, |change| self.change_user(change, Attempt::First));
        let (creations, updates): (Vec<_>, Vec<_>) =
            plan.groups.iter().partition(|change| matches!(change, GroupChange::Create { .. }));
        let failed = self.rename_all(&updates, |change, attempt| self.change_group(change, attempt));
        self.left_out().unchanged_groups = failed;
        self.stage(&creations, |change| self.change_group(change, Attempt::First));
        self.stage(&plan.additions, |change| self.add(change));
    }

    /// Removes members, but for those who did not get into their new groups: they keep the access that they have.
    pub(crate) fn removals(&self) {
        if !self.plan.removals.is_empty() {
            self.keep_members_of_unchanged_groups();
        }
        self.stage(&self.plan.removals, |change| self.remove(change));
    }

    /// Deletes users who left long ago.
    pub(crate) fn deletions(&self) {
        self.stage(&self.plan.deletions, |leaver| self.delete(leaver));
    }

    /// Returns the ID in Identity Center of a group that this run created or took over, by its ID in the realm.
    pub(crate) fn group(&self, id_in_realm: &str) -> Option<String> {
        self.created(id_in_realm)
    }

    /// Returns the IDs in Identity Center of groups that should have got more members than they did.
    pub(crate) fn incomplete_groups(&self) -> BTreeSet<String> {
        self.left_out().groups.clone()
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.outcome().halted.is_some()
    }

    pub(crate) fn end(self) -> Outcome {
        self.outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a step for each item, on several threads.
    fn stage<T: Sync>(&self, items: &[T], step: impl Fn(&T) -> Result<(), StepError> + Sync) {
        // Halted: the outcome has the reason already.
        let _ = for_each(items, |item| match step(item) {
            Ok(()) => Ok(()),
            Err(StepError::Halted) => Err(()),
            Err(StepError::Failed(failure) | StepError::Conflict(failure)) => {
                self.outcome().failures.push(failure);
                Ok(())
            }
        });
    }

    /// Sends a request that changes something, unless the run was stopped, and records it.
    fn write<T: Answer>(
        &self,
        action: Action,
        subject: &Subject<'_>,
        members: &[&str],
        call: impl Fn() -> Result<T, CallError>,
    ) -> Result<T, WriteError> {
        if self.is_halted() {
            return Err(WriteError::Halted);
        }
        if (self.with.stop)() {
            self.halt(Halt::Stopped);
            return Err(WriteError::Halted);
        }
        let unproven = self.unproven()?;
        // Another thread may have ended the run while this one waited for the proof.
        if self.is_halted() {
            return Err(WriteError::Halted);
        }
        let unrecorded = Unrecorded::default();
        let result = self.with.calls.ask(|| unrecorded.send(&call));
        self.record(action, subject, members, result.as_ref());
        drop(unrecorded);
        let answer = self.judge(result, &self.failed_writes)?;
        if let (Some(mut unproven), Some(id)) = (unproven, answer.id()) {
            self.settle(&mut unproven, subject.kind, id)?;
        }
        Ok(answer)
    }

    /// Counts a write, and adds it to the audit file.
    fn record<T: Answer>(
        &self,
        action: Action,
        subject: &Subject<'_>,
        members: &[&str],
        result: Result<&T, &CallError>,
    ) {
        self.outcome().writes += u64::from(result.is_ok());
        let entry = AuditEntry {
            at: self.with.calls.clock().now(),
            actor: self.with.actor,
            action,
            kind: subject.kind,
            id: result.ok().and_then(Answer::id).or(subject.id),
            name: subject.name,
            external_id: self.plan.external_id(subject.id_in_realm).ok(),
            members: members.to_vec(),
            request_id: result.ok().and_then(|answer| answer.receipt().request_id.as_deref()),
            error: result.err().map(CallError::in_full),
        };
        if let Err(error) = self.with.audit.record(&entry) {
            self.halt(Halt::Audit(error.to_string()));
        }
    }

    /// Sends a request with names and addresses.
    fn write_values<T: Answer>(
        &self,
        values: Values,
        action: Action,
        subject: &Subject<'_>,
        call: impl Fn() -> Result<T, CallError>,
    ) -> Result<T, WriteError> {
        match values {
            Values::Planned => self.write(action, subject, &[], call),
            Values::Temporary => self.write_without_name(action, subject, &[], call),
        }
    }

    /// Sends a request that takes no name from others, and once more after a conflict: an earlier write had not spread.
    fn write_without_name<T: Answer>(
        &self,
        action: Action,
        subject: &Subject<'_>,
        members: &[&str],
        call: impl Fn() -> Result<T, CallError>,
    ) -> Result<T, WriteError> {
        match self.write(action, subject, members, &call) {
            Err(WriteError::Call(CallError::Conflict { .. })) => {
                self.with.calls.clock().sleep(SPREADING);
                self.write(action, subject, members, call)
            }
            other => other,
        }
    }

    /// Sends a request that changes nothing.
    fn read<T>(&self, call: impl Fn() -> Result<T, CallError>) -> Result<T, WriteError> {
        if self.is_halted() {
            return Err(WriteError::Halted);
        }
        self.judge_read(self.with.calls.ask(call))
    }

    fn judge_read<T>(&self, result: Result<T, CallError>) -> Result<T, WriteError> {
        self.judge(result, &self.failed_reads)
    }

    /// Halts the run if an error is not about this one object.
    fn judge<T>(&self, result: Result<T, CallError>, in_a_row: &AtomicU32) -> Result<T, WriteError> {
        let error = match result {
            Ok(answer) => {
                in_a_row.store(0, Ordering::Relaxed);
                return Ok(answer);
            }
            Err(error @ CallError::Denied(_)) => {
                self.halt(Halt::Denied(error));
                return Err(WriteError::Halted);
            }
            Err(error) => error,
        };
        if !error.is_general() {
            in_a_row.store(0, Ordering::Relaxed);
            return Err(WriteError::Call(error));
        }
        let in_a_row = in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        if in_a_row >= MOST_IN_A_ROW {
            self.halt(Halt::Unavailable(error.in_full()));
        }
        Err(WriteError::Call(error))
    }

    fn halt(&self, reason: Halt) {
        self.outcome().halted.get_or_insert(reason);
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left_out(&self) -> MutexGuard<'_, LeftOut> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_created(&self, id_in_realm: &str, id: String) {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).insert(id_in_realm.to_owned(), id);
    }

    fn created(&self, id_in_realm: &str) -> Option<String> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).get(id_in_realm).cloned()
    }
}

enum WriteError {
    Halted,
    Call(CallError),
}

/// What the service answers to a write.
trait Answer {
    fn id(&self) -> Option<&str>;
    fn receipt(&self) -> &Receipt;
}

impl Answer for Receipt {
    fn id(&self) -> Option<&str> {
        None
    }

    fn receipt(&self) -> &Receipt {
        self
    }
}

impl Answer for Created {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}
