//! Creates and changes permission sets.
//!
//! A request may be sent again after its answer was lost, and others may be at work: what AWS calls a conflict or missing
//! is looked at before it is a failure.

use std::collections::BTreeMap;

use super::{ApplyError, is_general};
use crate::access::plan::{OWNER_TAG, SetChange};
use crate::access::read::{InstanceAccess, ObservedSet, SetDetail, read_sets};
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{SetDescription, SetWrite};

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
}

impl SetError {
    /// Returns the error if every other request would fail in the same way.
    pub(super) fn general(self) -> Result<Self, ApplyError> {
        match self {
            Self::Aws(error) if is_general(&error) => Err(error.into()),
            other => Ok(other),
        }
    }
}

/// Creates, changes or deletes a permission set, and returns its ARN.
pub(super) fn write(at: InstanceAccess<'_>, change: &SetChange) -> Result<String, SetError> {
    let arn = match (&change.arn, &change.created_with) {
        (Some(arn), _) => arn.clone(),
        (None, Some((description, tags))) => create(at, &change.name, description, tags)?,
        (None, None) => return Err(AwsError::Incomplete { operation: "the plan", member: "ARN" }.into()),
    };
    for write in &change.writes {
        write_once(at, &arn, write)?;
    }
    Ok(arn)
}

/// Creates a permission set, unless this very one is there: the answer to an earlier attempt was lost.
fn create(
    at: InstanceAccess<'_>,
    name: &str,
    description: &SetDescription,
    tags: &BTreeMap<String, String>,
) -> Result<String, SetError> {
    let create = || at.admin.create(name, description, tags);
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
                Ok(found.arn)
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
fn write_once(at: InstanceAccess<'_>, arn: &str, write: &SetWrite) -> Result<(), AwsError> {
    let send = || at.admin.write(arn, write);
    match at.requests.ask_once(send) {
        // Somebody else was faster.
        Err(AwsError::NotFound { .. }) if *write == SetWrite::Delete => Ok(()),
        Err(error @ AwsError::NotFound { .. }) => {
            if is_done(at, arn, write)? {
                Ok(())
            } else {
                Err(error)
            }
        }
        Err(AwsError::Conflict { .. } | AwsError::Throttled { .. }) => {
            if is_done(at, arn, write)? {
                Ok(())
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
