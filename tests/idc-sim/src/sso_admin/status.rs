//! How far asynchronous operations are.

use serde_json::{Value, json};

use super::operations::{Kind, Operation, Progress, Target, Work};
use super::shapes::REQUEST_ID;
use super::{PAGES, instance, principal};
use crate::aws_json::{Outcome, Refusal, Request, timestamp};

impl Kind {
    /// The member that holds one status.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Creation => "AccountAssignmentCreationStatus",
            Self::Deletion => "AccountAssignmentDeletionStatus",
            Self::Provisioning => "PermissionSetProvisioningStatus",
        }
    }

    /// The member that holds many.
    fn list_member(self) -> &'static str {
        match self {
            Self::Creation => "AccountAssignmentsCreationStatus",
            Self::Deletion => "AccountAssignmentsDeletionStatus",
            Self::Provisioning => "PermissionSetsProvisioningStatus",
        }
    }

    /// The member of a request that names one.
    fn request_member(self) -> &'static str {
        match self {
            Self::Creation => "AccountAssignmentCreationRequestId",
            Self::Deletion => "AccountAssignmentDeletionRequestId",
            Self::Provisioning => "ProvisionPermissionSetRequestId",
        }
    }
}

pub(crate) fn describe_creation(request: &mut Request<'_>) -> Outcome {
    describe(request, Kind::Creation)
}

pub(crate) fn describe_deletion(request: &mut Request<'_>) -> Outcome {
    describe(request, Kind::Deletion)
}

pub(crate) fn describe_provisioning(request: &mut Request<'_>) -> Outcome {
    describe(request, Kind::Provisioning)
}

pub(crate) fn list_creations(request: &mut Request<'_>) -> Outcome {
    list(request, Kind::Creation)
}

pub(crate) fn list_deletions(request: &mut Request<'_>) -> Outcome {
    list(request, Kind::Deletion)
}

pub(crate) fn list_provisionings(request: &mut Request<'_>) -> Outcome {
    list(request, Kind::Provisioning)
}

fn describe(request: &Request<'_>, kind: Kind) -> Outcome {
    request.input.only(&["InstanceArn", kind.request_member()])?;
    instance::check_for_sets(request)?;
    let asked = request.input.text(kind.request_member(), &REQUEST_ID)?;
    let found = request.state.operations.of(kind).find(|operation| operation.id == asked);
    let operation = found.ok_or_else(|| Refusal::not_found("There is no request with this id."))?;
    Ok(json!({ kind.member(): full(operation) }))
}

fn list(request: &mut Request<'_>, kind: Kind) -> Outcome {
    request.input.only(&["InstanceArn", "MaxResults", "NextToken", "Filter"])?;
    instance::check_for_sets(request)?;
    let choices = ["IN_PROGRESS", "FAILED", "SUCCEEDED"].map(|name| (name, name));
    let wanted = match request.input.optional_members("Filter")? {
        Some(filter) => {
            filter.only(&["Status"])?;
            filter.optional_choice("Status", &choices)?
        }
        None => None,
    };
    let operations = request.state.operations.of(kind);
    let wanted =
        operations.filter(|operation| wanted.is_none_or(|wanted| wanted == name(&operation.progress)));
    let items = wanted.map(brief).collect();
    request.page(PAGES, kind.list_member(), items)
}

fn name(progress: &Progress) -> &'static str {
    match progress {
        Progress::Running => "IN_PROGRESS",
        Progress::Succeeded => "SUCCEEDED",
        Progress::Failed(_) => "FAILED",
    }
}

/// Lists carry no reason.
fn brief(operation: &Operation) -> Value {
    json!({
        "Status": name(&operation.progress),
        "RequestId": operation.id,
        "CreatedDate": timestamp(operation.created),
    })
}

pub(super) fn full(operation: &Operation) -> Value {
    let mut item = brief(operation);
    item["PermissionSetArn"] = operation.permission_set_arn.as_str().into();
    if let Progress::Failed(reason) = &operation.progress {
        item["FailureReason"] = reason.as_str().into();
    }
    match &operation.work {
        Work::Assign { account, principal } | Work::Unassign { account, principal } => {
            item["TargetId"] = account.as_str().into();
            item["TargetType"] = "AWS_ACCOUNT".into();
            item["PrincipalType"] = principal::type_of(principal).into();
            item["PrincipalId"] = principal::id(principal).into();
        }
        Work::Provision(Target::Account(account)) => item["AccountId"] = account.as_str().into(),
        Work::Provision(Target::AllProvisionedAccounts(_)) => {}
    }
    item
}
