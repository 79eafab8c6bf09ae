//! Creates and changes permission sets.
//!
//! A request may be sent again after its answer was lost, and others may be at work: what AWS calls a conflict or missing
//! is looked at before it is a failure.

use std::collections::BTreeMap;
use std::io;

use super::reasons::is_general;
use super::{AccessAction, ApplyError};
use crate::access::plan::{OWNER_TAG, SetChange};
use crate::access::read::{InstanceAccess, ObservedSet, SetDetail, read_sets};
use crate::platform::unrecorded::Unrecorded;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{CreatedSet, SetDescription, SetReceipt, SetWrite};

/// Why a permission set is not as the access file says.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// Created between the plan and its application.
    #[error(
        "somebody else has created a permission set of that name meanwhile: the next plan shows how it differs"
    )]
    MadeByOthers,
    #[error("the audit file cannot be written")]
    Audit(#[from] io::Error),
}

/// A write that AWS has answered, for the audit file.
pub(super) struct AnsweredWrite<'a> {
    pub(super) action: AccessAction,
    pub(super) what: String,
    pub(super) arn: &'a str,
    pub(super) request_id: Option<&'a str>,
}

/// Records a write. An error ends the run.
type Record<'a> = dyn FnMut(&AnsweredWrite<'_>) -> io::Result<()> + 'a;

impl SetError {
    /// Returns the error if every other request would fail in the same way.
    pub(super) fn general(self) -> Result<Self, ApplyError> {
        match self {
            Self::Aws(error) if is_general(&error) => Err(error.into()),
            Self::Audit(error) => Err(error.into()),
            other => Ok(other),
        }
    }
}

/// Creates, changes or deletes a permission set, and returns its ARN.
pub(super) fn write(
    at: InstanceAccess<'_>,
    change: &SetChange,
    record: &mut Record<'_>,
) -> Result<String, SetError> {
    let what = format!("permission set {}", change.name);
    let arn = match (&change.arn, &change.created_with) {
        (Some(arn), _) => arn.clone(),
        (None, Some((description, tags))) => {
            let unrecorded = Unrecorded::default();
            let CreatedSet { arn, receipt } = create(at, &change.name, description, tags, &unrecorded)?;
            let (action, request_id) = (AccessAction::CreatePermissionSet, receipt.request_id.as_deref());
            record(&AnsweredWrite { action, what: what.clone(), arn: &arn, request_id })?;
            arn
        }
        (None, None) => return Err(AwsError::Incomplete { operation: "the plan", member: "ARN" }.into()),
    };
    for write in &change.writes {
        let unrecorded = Unrecorded::default();
        let receipt = write_once(at, &arn, write, &unrecorded)?;
        let (action, what) = match write {
            SetWrite::Delete => (AccessAction::DeletePermissionSet, what.clone()),
            _ => (AccessAction::ChangePermissionSet, format!("{what}: {write}")),
        };
        let request_id = receipt.request_id.as_deref();
        record(&AnsweredWrite { action, what, arn: &arn, request_id })?;
    }
    Ok(arn)
}

/// Creates a permission set, unless this very one is there: the answer to an earlier attempt was lost.
fn create(
    at: InstanceAccess<'_>,
    name: &str,
    description: &SetDescription,
    tags: &BTreeMap<String, String>,
    unrecorded: &Unrecorded,
) -> Result<CreatedSet, SetError> {
    let create = || unrecorded.send(|| at.admin.create(name, description, tags));
    let conflict = match at.requests.ask_once(create) {
        Err(error @ (AwsError::Conflict { .. } | AwsError::Throttled { .. })) => error,
        result => return Ok(result?),
    };
    if matches!(conflict, AwsError::Conflict { .. }) {
        let detail =
            |other: &str, _: Option<&str>| if other == name { SetDetail::All } else { SetDetail::Name };
        // Whatever is wrong with the others was no obstacle to the plan.
        let Ok(mut sets) = read_sets(at, detail) else { return Err(conflict.into()) };
        if let Some(found) = sets.remove(name) {
            return if is_new(&found, description, tags) {
                Ok(CreatedSet { arn: found.arn, receipt: SetReceipt::default() })
            } else {
                Err(SetError::MadeByOthers)
            };
        }
    }
    Ok(at.requests.ask(create)?)
}

/// Returns whether a permission set is as it was just created.
fn is_new(found: &ObservedSet, description: &SetDescription, tags: &BTreeMap<String, String>) -> bool {
    let Some(content) = &found.content else { return false };
    let definition = &content.definition;
    let head = super::super::plan::description(&definition.head);
    let is_empty = definition.managed.is_empty()
        && definition.customer.is_empty()
        && definition.inline.is_none()
        && definition.boundary.is_none();
    let (mut found_tags, owner) = (definition.tags.clone(), found.owner.clone());
    found_tags.extend(owner.map(|owner| (OWNER_TAG.to_owned(), owner)));
    is_empty && head == *description && found_tags == *tags
}

/// Sends a write. One that was done already is done.
fn write_once(
    at: InstanceAccess<'_>,
    arn: &str,
    write: &SetWrite,
    unrecorded: &Unrecorded,
) -> Result<SetReceipt, AwsError> {
    let send = || unrecorded.send(|| at.admin.write(arn, write));
    match at.requests.ask_once(send) {
        // Somebody else was faster.
        Err(AwsError::NotFound { .. }) if *write == SetWrite::Delete => Ok(SetReceipt::default()),
        Err(error @ AwsError::NotFound { .. }) => {
            if is_done(at, arn, write)? {
                Ok(SetReceipt::default())
            } else {
                Err(error)
            }
        }
        Err(AwsError::Conflict { .. } | AwsError::Throttled { .. }) => {
            if is_done(at, arn, write)? {
                Ok(SetReceipt::default())
            } else {
                at.requests.ask(send)
            }
        }
        result => result,
    }
}

/// Returns whether a policy is attached or detached already. Other writes can be sent again.
fn is_done(at: InstanceAccess<'_>, arn: &str, write: &SetWrite) -> Result<bool, AwsError> {
    let InstanceAccess { admin, requests } = at;
    Ok(match write {
        SetWrite::AttachManaged(policy) => {
            requests.pages(|cursor| admin.managed_policies(arn, cursor))?.contains(policy)
        }
        SetWrite::DetachManaged(policy) => {
            !requests.pages(|cursor| admin.managed_policies(arn, cursor))?.contains(policy)
        }
        SetWrite::AttachCustomer(policy) => {
            requests.pages(|cursor| admin.customer_policies(arn, cursor))?.contains(policy)
        }
        SetWrite::DetachCustomer(policy) => {
            !requests.pages(|cursor| admin.customer_policies(arn, cursor))?.contains(policy)
        }
        SetWrite::DeleteInline => requests.ask(|| admin.inline_policy(arn))?.is_none(),
        SetWrite::DeleteBoundary => requests.ask(|| admin.boundary(arn))?.is_none(),
        SetWrite::Describe(_)
        | SetWrite::PutInline(_)
        | SetWrite::PutBoundary(_)
        | SetWrite::Tag(_)
        | SetWrite::Untag(_)
        | SetWrite::Delete => false,
    })
}
