//! Strings of the service model: lengths and patterns (botocore `account-access/2018-05-10/service-2.json`).

use crate::aws_json::Shape;

pub(super) const APPLICATION_ARN: Shape = Shape {
    length: (49, 2048),
    pattern: "arn:[a-z0-9-]+:account-access:[a-z0-9]+(-[a-z0-9]+)*:[0-9]{12}:application/[a-zA-Z0-9-]+",
    fits: |text| {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "account-access", region, account, resource] = parts[..] else { return false };
        let id = resource.strip_prefix("application/").unwrap_or_default();
        let is_region =
            !region.is_empty() && region.split('-').all(|part| is_lower(part) && !part.is_empty());
        is_partition(partition) && is_region && is_account(account) && is_id(id)
    },
};

pub(super) const INSTANCE_ARN: Shape = Shape {
    length: (10, 1224),
    pattern: "arn:[a-z0-9-]+:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}",
    fits: |text| {
        let rest = text.strip_prefix("arn:").and_then(|rest| rest.split_once(':'));
        let id = rest.and_then(|(partition, rest)| {
            rest.strip_prefix("sso:::instance/").filter(|_| is_partition(partition))
        });
        id.is_some_and(crate::sso_admin::shapes::is_instance_id)
    },
};

pub(super) const ROLE_ARN: Shape = Shape {
    length: (0, usize::MAX),
    pattern: "arn:[a-z0-9-]+:iam::[0-9]{12}:role/([a-zA-Z0-9+=,.@_-]+/)*[a-zA-Z0-9+=,.@_-]+",
    fits: |text| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts[..] else { return false };
        let is_part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte))
        };
        let path = resource.strip_prefix("role/");
        is_partition(partition)
            && is_account(account)
            && path.is_some_and(|path| path.split('/').all(is_part))
    },
};

pub(super) const PRINCIPAL_ID: Shape = crate::sso_admin::shapes::PRINCIPAL_ID;

pub(super) const ACCOUNT: Shape = Shape { length: (12, 12), pattern: "[0-9]{12}", fits: is_account };

fn is_partition(text: &str) -> bool {
    !text.is_empty() && text.split('-').all(is_lower)
}

fn is_lower(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_their_patterns() {
        for (shape, text, expected) in [
            (APPLICATION_ARN, "arn:aws:account-access:eu-central-1:000011112222:application/a1-b", true),
            (APPLICATION_ARN, "arn:aws:account-access::000011112222:application/a1", false),
            (APPLICATION_ARN, "arn:aws:account-access:eu-central-1:000011112222:application/a/b", false),
            (APPLICATION_ARN, "arn:aws:sso:eu-central-1:000011112222:application/a1", false),
            (INSTANCE_ARN, "arn:aws:sso:::instance/ssoins-1234567890abcdef", true),
            (INSTANCE_ARN, "arn:aws:sso:::instance/ssoins-1", false),
            (ROLE_ARN, "arn:aws:iam::111122223333:role/team/Dev", true),
            (ROLE_ARN, "arn:aws:iam::111122223333:role/team/", false),
            (ROLE_ARN, "arn:aws:iam::111122223333:user/Dev", false),
            (ACCOUNT, "11112222333", false),
        ] {
            assert_eq!((shape.fits)(text), expected, "{text}");
        }
    }
}
