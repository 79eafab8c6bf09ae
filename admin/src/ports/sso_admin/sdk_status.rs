//! The status of asynchronous operations, over the AWS SDK.

use aws_sdk_ssoadmin::types::{
    AccountAssignmentOperationStatus, OperationStatusFilter, PermissionSetProvisioningStatus, StatusValues,
};

use super::access::{OperationKind, OperationStatus, Progress, RoleAction, RoleOperation};
use super::sdk::required;
use super::sdk_access::{SdkAccessAdmin, principal};
use crate::ports::aws_call::{AwsError, AwsPage};

const PAGE: i32 = 100;

pub(super) fn creation(
    operation: &'static str,
    status: Option<AccountAssignmentOperationStatus>,
) -> Result<OperationStatus, AwsError> {
    assignment(operation, status, RoleAction::Assign)
}

pub(super) fn deletion(
    operation: &'static str,
    status: Option<AccountAssignmentOperationStatus>,
) -> Result<OperationStatus, AwsError> {
    assignment(operation, status, RoleAction::Unassign)
}

fn assignment(
    operation: &'static str,
    status: Option<AccountAssignmentOperationStatus>,
    action: impl FnOnce(super::access::Principal) -> RoleAction,
) -> Result<OperationStatus, AwsError> {
    let status = required(operation, "Status", status)?;
    let principal = principal(operation, status.principal_type.as_ref(), status.principal_id)?;
    Ok(OperationStatus {
        id: required(operation, "RequestId", status.request_id)?,
        progress: progress(operation, status.status.as_ref(), status.failure_reason)?,
        operation: RoleOperation {
            set: required(operation, "PermissionSetArn", status.permission_set_arn)?,
            account: required(operation, "TargetId", status.target_id)?,
            action: action(principal),
        },
    })
}

pub(super) fn provisioning(
    operation: &'static str,
    status: Option<PermissionSetProvisioningStatus>,
) -> Result<OperationStatus, AwsError> {
    let status = required(operation, "Status", status)?;
    let set = required(operation, "PermissionSetArn", status.permission_set_arn)?;
    Ok(OperationStatus {
        id: required(operation, "RequestId", status.request_id)?,
        progress: progress(operation, status.status.as_ref(), status.failure_reason)?,
        operation: match status.account_id {
            Some(account) => RoleOperation { set, account, action: RoleAction::Provision },
            None => RoleOperation::everywhere(&set),
        },
    })
}

fn progress(
    operation: &'static str,
    status: Option<&StatusValues>,
    reason: Option<String>,
) -> Result<Progress, AwsError> {
    match status {
        Some(StatusValues::InProgress) => Ok(Progress::Running),
        Some(StatusValues::Succeeded) => Ok(Progress::Succeeded),
        Some(StatusValues::Failed) => Ok(Progress::Failed(reason.unwrap_or_default())),
        _ => Err(AwsError::Incomplete { operation, member: "Status" }),
    }
}

pub(super) fn running(
    admin: &SdkAccessAdmin,
    kind: OperationKind,
    cursor: Option<&str>,
) -> Result<AwsPage<String>, AwsError> {
    let in_progress = OperationStatusFilter::builder().status(StatusValues::InProgress).build();
    let (client, instance) = (&admin.client, &admin.instance);
    let cursor = cursor.map(str::to_owned);
    macro_rules! ids {
        ($operation:literal, $request:ident, $member:ident) => {{
            let operation = $operation;
            let request = client
                .$request()
                .instance_arn(instance)
                .filter(in_progress)
                .max_results(PAGE)
                .set_next_token(cursor);
            let page = admin.caller.call(operation, request.send())?;
            let ids = page.$member.into_iter().flatten();
            let ids = ids.map(|status| required(operation, "RequestId", status.request_id));
            Ok(AwsPage { items: ids.collect::<Result<_, _>>()?, next: page.next_token, operation })
        }};
    }
    match kind {
        OperationKind::Creation => ids!(
            "ListAccountAssignmentCreationStatus",
            list_account_assignment_creation_status,
            account_assignments_creation_status
        ),
        OperationKind::Deletion => ids!(
            "ListAccountAssignmentDeletionStatus",
            list_account_assignment_deletion_status,
            account_assignments_deletion_status
        ),
        OperationKind::Provisioning => ids!(
            "ListPermissionSetProvisioningStatus",
            list_permission_set_provisioning_status,
            permission_sets_provisioning_status
        ),
    }
}

pub(super) fn status(
    admin: &SdkAccessAdmin,
    kind: OperationKind,
    id: &str,
) -> Result<OperationStatus, AwsError> {
    let (client, instance) = (&admin.client, &admin.instance);
    match kind {
        OperationKind::Creation => {
            let operation = "DescribeAccountAssignmentCreationStatus";
            let request = client
                .describe_account_assignment_creation_status()
                .instance_arn(instance)
                .account_assignment_creation_request_id(id);
            let answer = admin.caller.call(operation, request.send())?;
            creation(operation, answer.account_assignment_creation_status)
        }
        OperationKind::Deletion => {
            let operation = "DescribeAccountAssignmentDeletionStatus";
            let request = client
                .describe_account_assignment_deletion_status()
                .instance_arn(instance)
                .account_assignment_deletion_request_id(id);
            let answer = admin.caller.call(operation, request.send())?;
            deletion(operation, answer.account_assignment_deletion_status)
        }
        OperationKind::Provisioning => {
            let operation = "DescribePermissionSetProvisioningStatus";
            let request = client
                .describe_permission_set_provisioning_status()
                .instance_arn(instance)
                .provision_permission_set_request_id(id);
            let answer = admin.caller.call(operation, request.send())?;
            provisioning(operation, answer.permission_set_provisioning_status)
        }
    }
}
