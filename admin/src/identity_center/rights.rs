//! The IAM actions that this version calls.
//!
//! `GetCallerIdentity` needs no right. SCIM is not subject to IAM: its token is enough.

use serde_json::{Value, json};

/// An IAM action, and whether it changes something.
struct Action {
    name: &'static str,
    writes: bool,
}

const fn reads(name: &'static str) -> Action {
    Action { name, writes: false }
}

const fn writes(name: &'static str) -> Action {
    Action { name, writes: true }
}

const ACTIONS: &[Action] = &[
    reads("account-access:ListApplications"),
    reads("identitystore:DescribeGroup"),
    reads("identitystore:DescribeUser"),
    reads("identitystore:ListGroupMemberships"),
    reads("identitystore:ListGroupMembershipsForMember"),
    reads("identitystore:ListGroups"),
    reads("identitystore:ListUsers"),
    reads("organizations:DescribeOrganization"),
    reads("organizations:ListAccounts"),
    reads("organizations:ListAccountsForParent"),
    reads("organizations:ListDelegatedAdministrators"),
    reads("organizations:ListOrganizationalUnitsForParent"),
    reads("organizations:ListRoots"),
    reads("organizations:ListTagsForResource"),
    writes("sso:AttachCustomerManagedPolicyReferenceToPermissionSet"),
    writes("sso:AttachManagedPolicyToPermissionSet"),
    writes("sso:CreateAccountAssignment"),
    writes("sso:CreatePermissionSet"),
    writes("sso:DeleteAccountAssignment"),
    writes("sso:DeleteInlinePolicyFromPermissionSet"),
    writes("sso:DeletePermissionSet"),
    writes("sso:DeletePermissionsBoundaryFromPermissionSet"),
    reads("sso:DescribeAccountAssignmentCreationStatus"),
    reads("sso:DescribeAccountAssignmentDeletionStatus"),
    reads("sso:DescribeInstance"),
    reads("sso:DescribePermissionSet"),
    reads("sso:DescribePermissionSetProvisioningStatus"),
    writes("sso:DetachCustomerManagedPolicyReferenceFromPermissionSet"),
    writes("sso:DetachManagedPolicyFromPermissionSet"),
    reads("sso:GetInlinePolicyForPermissionSet"),
    reads("sso:GetPermissionsBoundaryForPermissionSet"),
    reads("sso:ListAccountAssignmentCreationStatus"),
    reads("sso:ListAccountAssignmentDeletionStatus"),
    reads("sso:ListAccountAssignments"),
    reads("sso:ListAccountAssignmentsForPrincipal"),
    reads("sso:ListAccountsForProvisionedPermissionSet"),
    reads("sso:ListCustomerManagedPolicyReferencesInPermissionSet"),
    reads("sso:ListInstances"),
    reads("sso:ListManagedPoliciesInPermissionSet"),
    reads("sso:ListPermissionSetProvisioningStatus"),
    reads("sso:ListPermissionSets"),
    reads("sso:ListTagsForResource"),
    writes("sso:ProvisionPermissionSet"),
    writes("sso:PutInlinePolicyToPermissionSet"),
    writes("sso:PutPermissionsBoundaryToPermissionSet"),
    writes("sso:TagResource"),
    writes("sso:UntagResource"),
    writes("sso:UpdatePermissionSet"),
];

/// What IAM roles take besides: who may create entitlements may hand out every role that trusts account access manager.
const ACCOUNT_ACCESS: &[Action] = &[
    writes("account-access:CreateEntitlement"),
    writes("account-access:DeleteEntitlement"),
    reads("account-access:GetApplication"),
    reads("account-access:GetEntitlement"),
    reads("account-access:ListEntitlements"),
    reads("iam:GetRole"),
];

/// In the management account Identity Center makes roles with the caller's own rights (user guide, "Identity-based policy
/// examples"); in all others with those of its service role, whose policy `AWSSSOServiceRolePolicy` excepts it.
const IN_MANAGEMENT_ACCOUNT: [&str; 17] = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:CreateSAMLProvider",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetSAMLProvider",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
    "iam:UpdateSAMLProvider",
];
/// Only Identity Center's own roles and provider.
const OF_IDENTITY_CENTER: [&str; 2] = [
    "arn:*:iam::*:role/aws-reserved/sso.amazonaws.com/*",
    "arn:*:iam::*:saml-provider/AWSSSO_*_DO_NOT_DELETE",
];

/// Which rights a policy has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) read_only: bool,
    pub(crate) account_access: bool,
}

/// Returns the identity-based policy with exactly these actions.
pub(crate) fn iam_policy(Wanted { read_only, account_access }: Wanted) -> Value {
    let names = |actions: &[Action]| {
        let wanted = actions.iter().filter(|action| !(read_only && action.writes));
        wanted.map(|action| action.name).collect::<Vec<&str>>()
    };
    let statement =
        |sid, actions| json!({ "Sid": sid, "Effect": "Allow", "Action": names(actions), "Resource": "*" });
    let mut statements = vec![statement("KcawsAdmin", ACTIONS)];
    if !read_only {
        statements.push(json!({
            "Sid": "RolesInManagementAccount",
            "Effect": "Allow",
            "Action": IN_MANAGEMENT_ACCOUNT,
            "Resource": OF_IDENTITY_CENTER,
        }));
    }
    if account_access {
        statements.push(statement("AccountAccess", ACCOUNT_ACCESS));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_and_said_once() {
        for actions in [ACTIONS, ACCOUNT_ACCESS] {
            let names: Vec<&str> = actions.iter().map(|action| action.name).collect();
            assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        }
    }

    #[test]
    fn a_policy_that_only_reads_has_no_action_that_writes() {
        let policy = iam_policy(Wanted { read_only: true, account_access: true }).to_string();
        for action in ACTIONS.iter().chain(ACCOUNT_ACCESS) {
            assert_eq!(policy.contains(&format!("\"{}\"", action.name)), !action.writes, "{}", action.name);
        }
    }

    #[test]
    fn nobody_gets_the_right_to_hand_out_roles_unasked() {
        let policy = iam_policy(Wanted::default()).to_string();
        assert!(!policy.contains("Entitlement"), "{policy}");
        let policy = iam_policy(Wanted { account_access: true, ..Wanted::default() });
        assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(3));
        assert_eq!(policy["Statement"][1]["Sid"], "RolesInManagementAccount");
    }
}
