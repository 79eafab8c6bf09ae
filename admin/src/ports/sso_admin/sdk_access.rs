//! The real service, over the AWS SDK: permission sets and assignments.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_ssoadmin::operation::RequestId as _;
use aws_sdk_ssoadmin::types::{
    CustomerManagedPolicyReference, PermissionsBoundary, PrincipalType, ProvisionTargetType,
    ProvisioningStatus, Tag, TargetType,
};
use aws_sdk_ssoadmin::{Client, Config};

use super::access::{
    AccessAdmin, Assignment, BoundaryPolicy, CreatedSet, OperationKind, OperationStatus, PolicyReference,
    Principal, RoleAction, RoleOperation, SetDescription, SetReceipt, SetWrite,
};
use super::sdk::required;
use super::sdk_status;
use crate::ports::aws_call::{AwsError, AwsPage, Caller};
use kcaws::platform::excerpt;

/// The most that a page has.
const PAGE: i32 = 100;

pub(crate) struct SdkAccessAdmin {
    pub(super) client: Client,
    pub(super) caller: Caller,
    /// The ARN.
    pub(super) instance: String,
}

impl SdkAccessAdmin {
    pub(crate) fn new(config: &SdkConfig, caller: Caller, instance: &str) -> Self {
        // A repetition within the SDK would not count against the rate.
        let config = Config::from(config).to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), caller, instance: instance.to_owned() }
    }

    fn accounts(
        &self,
        set: &str,
        status: Option<ProvisioningStatus>,
        cursor: Option<&str>,
    ) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListAccountsForProvisionedPermissionSet";
        let request = self
            .client
            .list_accounts_for_provisioned_permission_set()
            .instance_arn(&self.instance)
            .permission_set_arn(set)
            .set_provisioning_status(status)
            .max_results(PAGE)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        Ok(AwsPage { items: page.account_ids.unwrap_or_default(), next: page.next_token, operation })
    }
}

/// Starts a request of the instance and the permission set.
macro_rules! of_set {
    ($self:ident, $operation:ident, $set:expr) => {
        $self.client.$operation().instance_arn(&$self.instance).permission_set_arn($set)
    };
}

/// Starts the request for a page.
macro_rules! page_of_set {
    ($self:ident, $operation:ident, $set:expr, $cursor:expr) => {
        of_set!($self, $operation, $set).max_results(PAGE).set_next_token($cursor.map(str::to_owned))
    };
}

impl AccessAdmin for SdkAccessAdmin {
    fn permission_sets(&self, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListPermissionSets";
        let request = self
            .client
            .list_permission_sets()
            .instance_arn(&self.instance)
            .max_results(PAGE)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        Ok(AwsPage { items: page.permission_sets.unwrap_or_default(), next: page.next_token, operation })
    }

    fn permission_set(&self, set: &str) -> Result<(String, SetDescription), AwsError> {
        let operation = "DescribePermissionSet";
        let answer = self.caller.call(operation, of_set!(self, describe_permission_set, set).send())?;
        let found = required(operation, "PermissionSet", answer.permission_set)?;
        let description = SetDescription {
            description: found.description.filter(|text| !text.is_empty()),
            session: found.session_duration,
            relay_state: found.relay_state.filter(|text| !text.is_empty()),
        };
        Ok((required(operation, "Name", found.name)?, description))
    }

    fn managed_policies(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListManagedPoliciesInPermissionSet";
        let request = page_of_set!(self, list_managed_policies_in_permission_set, set, cursor);
        let page = self.caller.call(operation, request.send())?;
        let arns = page.attached_managed_policies.into_iter().flatten();
        let arns = arns.map(|policy| required(operation, "Arn", policy.arn));
        Ok(AwsPage { items: arns.collect::<Result<_, _>>()?, next: page.next_token, operation })
    }

    fn customer_policies(
        &self,
        set: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<PolicyReference>, AwsError> {
        let operation = "ListCustomerManagedPolicyReferencesInPermissionSet";
        let request =
            page_of_set!(self, list_customer_managed_policy_references_in_permission_set, set, cursor);
        let page = self.caller.call(operation, request.send())?;
        let policies = page.customer_managed_policy_references.into_iter().flatten().map(reference);
        Ok(AwsPage { items: policies.collect(), next: page.next_token, operation })
    }

    fn inline_policy(&self, set: &str) -> Result<Option<String>, AwsError> {
        let request = of_set!(self, get_inline_policy_for_permission_set, set);
        let answer = self.caller.call("GetInlinePolicyForPermissionSet", request.send())?;
        Ok(answer.inline_policy.filter(|text| !text.is_empty()))
    }

    fn boundary(&self, set: &str) -> Result<Option<BoundaryPolicy>, AwsError> {
        let operation = "GetPermissionsBoundaryForPermissionSet";
        let request = of_set!(self, get_permissions_boundary_for_permission_set, set);
        let boundary = match self.caller.call(operation, request.send()) {
            Ok(answer) => answer.permissions_boundary,
            // AWS's answer where there is none.
            Err(AwsError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(boundary.and_then(|boundary| match boundary.customer_managed_policy_reference {
            Some(policy) => Some(BoundaryPolicy::Customer(reference(policy))),
            None => boundary.managed_policy_arn.map(BoundaryPolicy::Managed),
        }))
    }

    fn set_tags(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<(String, String)>, AwsError> {
        let operation = "ListTagsForResource";
        let request = self
            .client
            .list_tags_for_resource()
            .instance_arn(&self.instance)
            .resource_arn(set)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let items = page.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect();
        Ok(AwsPage { items, next: page.next_token, operation })
    }

    fn accounts_of(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        self.accounts(set, None, cursor)
    }

    fn lagging_accounts_of(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        self.accounts(set, Some(ProvisioningStatus::LatestPermissionSetNotProvisioned), cursor)
    }

    fn assignments_in(
        &self,
        set: &str,
        account: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<Assignment>, AwsError> {
        let operation = "ListAccountAssignments";
        let request = page_of_set!(self, list_account_assignments, set, cursor).account_id(account);
        let page = self.caller.call(operation, request.send())?;
        let assignment = |one: aws_sdk_ssoadmin::types::AccountAssignment| {
            let principal = principal(operation, one.principal_type.as_ref(), one.principal_id)?;
            Ok(Assignment { set: set.to_owned(), account: account.to_owned(), principal })
        };
        let items = page.account_assignments.into_iter().flatten().map(assignment);
        Ok(AwsPage { items: items.collect::<Result<_, _>>()?, next: page.next_token, operation })
    }

    fn assignments_of(&self, of: &Principal, cursor: Option<&str>) -> Result<AwsPage<Assignment>, AwsError> {
        let operation = "ListAccountAssignmentsForPrincipal";
        let (kind, id) = principal_members(of);
        let request = self
            .client
            .list_account_assignments_for_principal()
            .instance_arn(&self.instance)
            .principal_type(kind)
            .principal_id(id)
            .max_results(PAGE)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let assignment = |one: aws_sdk_ssoadmin::types::AccountAssignmentForPrincipal| {
            Ok(Assignment {
                set: required(operation, "PermissionSetArn", one.permission_set_arn)?,
                account: required(operation, "AccountId", one.account_id)?,
                principal: principal(operation, one.principal_type.as_ref(), one.principal_id)?,
            })
        };
        let items = page.account_assignments.into_iter().flatten().map(assignment);
        Ok(AwsPage { items: items.collect::<Result<_, _>>()?, next: page.next_token, operation })
    }

    fn create(
        &self,
        name: &str,
        description: &SetDescription,
        tags: &BTreeMap<String, String>,
    ) -> Result<CreatedSet, AwsError> {
        let operation = "CreatePermissionSet";
        let request = self
            .client
            .create_permission_set()
            .instance_arn(&self.instance)
            .name(name)
            .set_description(description.description.clone())
            .set_session_duration(description.session.clone())
            .set_relay_state(description.relay_state.clone())
            .set_tags(Some(sdk_tags(tags)?));
        let answer = self.caller.call(operation, request.send())?;
        let receipt = receipt(answer.request_id());
        let arn = answer.permission_set.and_then(|set| set.permission_set_arn);
        Ok(CreatedSet { arn: required(operation, "PermissionSetArn", arn)?, receipt })
    }

    fn write(&self, set: &str, write: &SetWrite) -> Result<SetReceipt, AwsError> {
        macro_rules! send {
            ($name:literal, $request:expr) => {
                self.caller.call($name, $request.send()).map(|answer| receipt(answer.request_id()))
            };
        }
        match write {
            SetWrite::Describe(head) => send!(
                "UpdatePermissionSet",
                of_set!(self, update_permission_set, set)
                    .set_description(head.description.clone())
                    .set_session_duration(head.session.clone())
                    .set_relay_state(head.relay_state.clone())
            ),
            SetWrite::AttachManaged(arn) => send!(
                "AttachManagedPolicyToPermissionSet",
                of_set!(self, attach_managed_policy_to_permission_set, set).managed_policy_arn(arn)
            ),
            SetWrite::DetachManaged(arn) => send!(
                "DetachManagedPolicyFromPermissionSet",
                of_set!(self, detach_managed_policy_from_permission_set, set).managed_policy_arn(arn)
            ),
            SetWrite::AttachCustomer(policy) => send!(
                "AttachCustomerManagedPolicyReferenceToPermissionSet",
                of_set!(self, attach_customer_managed_policy_reference_to_permission_set, set)
                    .customer_managed_policy_reference(sdk_reference(policy)?)
            ),
            SetWrite::DetachCustomer(policy) => send!(
                "DetachCustomerManagedPolicyReferenceFromPermissionSet",
                of_set!(self, detach_customer_managed_policy_reference_from_permission_set, set)
                    .customer_managed_policy_reference(sdk_reference(policy)?)
            ),
            SetWrite::PutInline(text) => send!(
                "PutInlinePolicyToPermissionSet",
                of_set!(self, put_inline_policy_to_permission_set, set).inline_policy(text)
            ),
            SetWrite::DeleteInline => send!(
                "DeleteInlinePolicyFromPermissionSet",
                of_set!(self, delete_inline_policy_from_permission_set, set)
            ),
            SetWrite::PutBoundary(boundary) => send!(
                "PutPermissionsBoundaryToPermissionSet",
                of_set!(self, put_permissions_boundary_to_permission_set, set)
                    .permissions_boundary(sdk_boundary(boundary)?)
            ),
            SetWrite::DeleteBoundary => send!(
                "DeletePermissionsBoundaryFromPermissionSet",
                of_set!(self, delete_permissions_boundary_from_permission_set, set)
            ),
            SetWrite::Tag(tags) => send!(
                "TagResource",
                self.client
                    .tag_resource()
                    .instance_arn(&self.instance)
                    .resource_arn(set)
                    .set_tags(Some(sdk_tags(tags)?))
            ),
            SetWrite::Untag(keys) => send!(
                "UntagResource",
                self.client
                    .untag_resource()
                    .instance_arn(&self.instance)
                    .resource_arn(set)
                    .set_tag_keys(Some(keys.clone()))
            ),
            SetWrite::Delete => send!("DeletePermissionSet", of_set!(self, delete_permission_set, set)),
        }
    }

    fn start(&self, operation: &RoleOperation) -> Result<OperationStatus, AwsError> {
        let RoleOperation { set, account, action } = operation;
        match action {
            RoleAction::Assign(of) => {
                let (kind, id) = principal_members(of);
                let request = of_set!(self, create_account_assignment, set)
                    .target_type(TargetType::AwsAccount)
                    .target_id(account)
                    .principal_type(kind)
                    .principal_id(id);
                let answer = self.caller.call("CreateAccountAssignment", request.send())?;
                sdk_status::creation("CreateAccountAssignment", answer.account_assignment_creation_status)
            }
            RoleAction::Unassign(of) => {
                let (kind, id) = principal_members(of);
                let request = of_set!(self, delete_account_assignment, set)
                    .target_type(TargetType::AwsAccount)
                    .target_id(account)
                    .principal_type(kind)
                    .principal_id(id);
                let answer = self.caller.call("DeleteAccountAssignment", request.send())?;
                sdk_status::deletion("DeleteAccountAssignment", answer.account_assignment_deletion_status)
            }
            RoleAction::Provision | RoleAction::ProvisionEverywhere => {
                let target = match action {
                    RoleAction::Provision => ProvisionTargetType::AwsAccount,
                    _ => ProvisionTargetType::AllProvisionedAccounts,
                };
                let request = of_set!(self, provision_permission_set, set)
                    .target_type(target)
                    .set_target_id(operation.account_id().map(str::to_owned));
                let answer = self.caller.call("ProvisionPermissionSet", request.send())?;
                sdk_status::provisioning("ProvisionPermissionSet", answer.permission_set_provisioning_status)
            }
        }
    }

    fn running(&self, kind: OperationKind, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        sdk_status::running(self, kind, cursor)
    }

    fn status(&self, kind: OperationKind, id: &str) -> Result<OperationStatus, AwsError> {
        sdk_status::status(self, kind, id)
    }
}

pub(super) fn principal(
    operation: &'static str,
    kind: Option<&PrincipalType>,
    id: Option<String>,
) -> Result<Principal, AwsError> {
    let id = required(operation, "PrincipalId", id)?;
    match kind {
        Some(PrincipalType::User) => Ok(Principal::User(id)),
        Some(PrincipalType::Group) => Ok(Principal::Group(id)),
        _ => Err(AwsError::Incomplete { operation, member: "PrincipalType" }),
    }
}

fn receipt(request_id: Option<&str>) -> SetReceipt {
    SetReceipt { request_id: request_id.map(excerpt) }
}

fn principal_members(principal: &Principal) -> (PrincipalType, &str) {
    match principal {
        Principal::User(id) => (PrincipalType::User, id),
        Principal::Group(id) => (PrincipalType::Group, id),
    }
}

fn reference(policy: CustomerManagedPolicyReference) -> PolicyReference {
    PolicyReference { name: policy.name, path: policy.path.unwrap_or_else(|| "/".to_owned()) }
}

/// The builders only refuse what lacks a member, which cannot be.
fn built<T, E>(result: Result<T, E>, member: &'static str) -> Result<T, AwsError> {
    result.map_err(|_| AwsError::Incomplete { operation: "the request", member })
}

fn sdk_reference(policy: &PolicyReference) -> Result<CustomerManagedPolicyReference, AwsError> {
    built(CustomerManagedPolicyReference::builder().name(&policy.name).path(&policy.path).build(), "Name")
}

fn sdk_boundary(boundary: &BoundaryPolicy) -> Result<PermissionsBoundary, AwsError> {
    let builder = PermissionsBoundary::builder();
    Ok(match boundary {
        BoundaryPolicy::Managed(arn) => builder.managed_policy_arn(arn).build(),
        BoundaryPolicy::Customer(policy) => {
            builder.customer_managed_policy_reference(sdk_reference(policy)?).build()
        }
    })
}

fn sdk_tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, AwsError> {
    tags.iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build(), "Key")).collect()
}
