//! What errors and AWS's reasons mean.

use crate::ports::aws_call::AwsError;

/// Returns whether every other request would fail in the same way.
pub(super) fn is_general(error: &AwsError) -> bool {
    matches!(
        error,
        AwsError::NoCredentials { .. }
            | AwsError::NotAuthenticated { .. }
            | AwsError::Unreachable { .. }
            | AwsError::NotAws { .. }
            | AwsError::Throttled { .. }
    )
}

/// Returns what a reason of AWS usually means. AWS has no codes for these, only texts that go back to IAM's errors.
pub(super) fn meaning(why: &str) -> Option<&'static str> {
    if why.contains("PoliciesPerRole") {
        return Some("the role has more policies than IAM allows in that account: raise the quota there");
    }
    if why.contains("policy") && (why.contains("404") || why.contains("Not supported")) {
        return Some(
            "a customer managed policy or the boundary is missing in that account: create it there, by that name and path",
        );
    }
    if why.contains("403") {
        return Some(
            "Identity Center may not work in that account: it may be suspended, or a policy denies it",
        );
    }
    None
}
