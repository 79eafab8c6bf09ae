//! What came of applying a plan.

use serde::{Serialize, Serializer};

use super::{Action, WriteError};
use crate::sync::call::CallError;
use crate::sync::plan::ObjectKind;

#[derive(Debug, Default, Serialize)]
pub(crate) struct Outcome {
    /// Requests that changed something.
    pub(crate) writes: u64,
    /// Members that were left out because their user could not be created, activated or taken over.
    pub(crate) skipped_members: usize,
    pub(crate) failures: Vec<Failure>,
    /// Why the run ended before its time. Run again, it does the rest.
    pub(crate) halted: Option<Halt>,
}

/// A change that failed. The others went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    pub(crate) action: Action,
    pub(crate) kind: ObjectKind,
    pub(crate) name: String,
    pub(crate) reason: FailureReason,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum FailureReason {
    /// Somebody else changed the object since the plan was made.
    Changed,
    /// The object does not exist any more.
    Gone,
    /// Another owner's object has the name.
    ForeignObject { id: String },
    /// An object of this realm has the name, and should have given it up in this run.
    NotGivenUp { id: String, name: String },
    /// These members, by user name, did not get into all of their new groups, and keep what they have until then.
    Kept { members: Vec<String> },
    /// These members, by user name, do not exist any more. All others are in the group.
    MembersGone { members: Vec<String> },
    /// The service did not accept the request.
    Refused { message: String },
    /// The service reported a conflict, for another reason than a name that is known to be taken: an earlier write may
    /// not have spread yet.
    Conflict { message: String },
    /// The service takes no more of these objects.
    QuotaExceeded { message: String },
    /// The service or the network failed.
    Unavailable { message: String },
}

#[derive(Debug, Serialize)]
#[serde(tag = "reason", content = "message", rename_all = "snake_case")]
pub(crate) enum Halt {
    /// The plan has refusals.
    Refused,
    /// It was asked to stop.
    Stopped,
    /// What is written goes into another directory than the one that was read.
    Elsewhere(String),
    /// The audit file cannot be written.
    Audit(String),
    /// The credentials of one of the two sides are not valid, or not sufficient.
    Denied(#[serde(serialize_with = "in_full")] CallError),
    /// Several requests in a row failed.
    Unavailable(String),
}

fn in_full<S: Serializer>(error: &CallError, into: S) -> Result<S::Ok, S::Error> {
    into.serialize_str(&error.in_full())
}

/// The object of a step.
pub(super) struct Subject<'a> {
    pub(crate) kind: ObjectKind,
    pub(crate) id: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) id_in_realm: &'a str,
}

pub(super) enum StepError {
    Halted,
    Failed(Failure),
    /// Another object has the name or address.
    Conflict(Failure),
}

impl StepError {
    /// Returns whether all was done but for members who do not exist any more.
    pub(crate) fn is_about_missing_members(&self) -> bool {
        matches!(self, Self::Failed(Failure { reason: FailureReason::MembersGone { .. }, .. }))
    }
}

impl Subject<'_> {
    pub(crate) fn failed(&self, action: Action, reason: FailureReason) -> StepError {
        StepError::Failed(Failure { action, kind: self.kind, name: self.name.to_owned(), reason })
    }

    /// Returns a closure for `map_err`.
    pub(crate) fn error(&self, action: Action) -> impl Fn(WriteError) -> StepError + '_ {
        move |error| {
            let call = match error {
                WriteError::Halted => return StepError::Halted,
                WriteError::Call(call) => call,
            };
            let message = call.in_full();
            let reason = match &call {
                CallError::Missing => FailureReason::Gone,
                CallError::Conflict { .. } => FailureReason::Conflict { message },
                CallError::QuotaExceeded { .. } => FailureReason::QuotaExceeded { message },
                CallError::Rejected { .. } | CallError::Denied(_) => FailureReason::Refused { message },
                CallError::Throttled { .. } | CallError::Unavailable(_) | CallError::Failed(_) => {
                    FailureReason::Unavailable { message }
                }
            };
            let failure = Failure { action, kind: self.kind, name: self.name.to_owned(), reason };
            match call {
                CallError::Conflict { .. } => StepError::Conflict(failure),
                _ => StepError::Failed(failure),
            }
        }
    }
}
