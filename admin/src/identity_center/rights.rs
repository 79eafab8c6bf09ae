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

const ACTIONS: &[Action] = &[
    reads("identitystore:DescribeGroup"),
    reads("identitystore:DescribeUser"),
    reads("identitystore:ListGroupMemberships"),
    reads("identitystore:ListGroupMembershipsForMember"),
    reads("identitystore:ListGroups"),
    reads("identitystore:ListUsers"),
    reads("organizations:DescribeOrganization"),
    reads("organizations:ListDelegatedAdministrators"),
    reads("sso:DescribeInstance"),
    reads("sso:ListInstances"),
];

/// Returns the identity-based policy with exactly these actions.
pub(crate) fn iam_policy(read_only: bool) -> Value {
    let wanted = ACTIONS.iter().filter(|action| !(read_only && action.writes));
    let actions: Vec<&str> = wanted.map(|action| action.name).collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "KcawsAdmin", "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_and_said_once() {
        let names: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    }

    #[test]
    fn a_policy_that_only_reads_has_no_action_that_writes() {
        let policy = iam_policy(true).to_string();
        for action in ACTIONS {
            assert_eq!(policy.contains(&format!("\"{}\"", action.name)), !action.writes, "{}", action.name);
        }
    }
}
