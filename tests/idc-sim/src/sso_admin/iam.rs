//! In the management account roles are not made by Identity Center's service role but with the caller's own rights
//! (managed policy `AWSSSOServiceRolePolicy`, `aws:PrincipalOrgMasterAccountId`).

use super::operations::{Kind, Work};
use crate::caller::{self, Caller};
use crate::settings::Settings;

/// What it takes to make or change a role (user guide, "Identity-based policy examples"; for the SAML provider
/// fivexl/terraform-aws-sso-elevator#15), and all that the managed policy withholds there.
const TO_PROVISION: [&str; 14] = [
    "iam:GetSAMLProvider",
    "iam:UpdateSAMLProvider",
    "iam:GetRole",
    "iam:CreateRole",
    "iam:ListRolePolicies",
    "iam:ListAttachedRolePolicies",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
    "iam:CreateSAMLProvider",
    "iam:UpdateAssumeRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:DeleteRolePermissionsBoundary",
];

const TO_REMOVE: [&str; 6] = [
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:ListAttachedRolePolicies",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:DeleteRole",
];

/// Returns why IAM refuses the caller's work in the management account, if it does.
pub(super) fn refusal(caller: &Caller, work: &Work, settings: &Settings) -> Option<String> {
    if !work.accounts().contains(&settings.management_account) {
        return None;
    }
    let actions = match work.kind() {
        Kind::Creation | Kind::Provisioning => TO_PROVISION.as_slice(),
        Kind::Deletion => &TO_REMOVE,
    };
    let lacking = actions.iter().find(|action| !caller.rights.allow(action))?;
    Some(format!(
        "Received a 403 status error: Access denied by IAM. Please check your policy, or wait for role propagation to \
         complete. IAM Error: {}",
        caller::no_policy_allows(&caller.arn, lacking, "*")
    ))
}
