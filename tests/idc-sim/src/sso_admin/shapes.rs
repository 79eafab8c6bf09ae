//! Strings of the service model: lengths and patterns (botocore `sso-admin/2020-07-20/service-2.json`).

use crate::aws_json::Shape;

pub(super) const INSTANCE_ARN: Shape = Shape {
    length: (10, 1224),
    pattern: "arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}",
    fits: |text| after_partition(text, "sso:::instance/").is_some_and(is_instance_id),
};

pub(super) const PERMISSION_SET_ARN: Shape = Shape {
    length: (10, 1224),
    pattern: "arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet/(sso)?ins-[a-zA-Z0-9-.]{16}/ps-[a-zA-Z0-9-./]{16}",
    fits: |text| {
        let ids = after_partition(text, "sso:::permissionSet/").and_then(|rest| rest.split_once('/'));
        let is_set =
            |id: &str| id.strip_prefix("ps-").is_some_and(|rest| rest.len() == 16 && rest.is_ascii());
        ids.is_some_and(|(instance, set)| is_instance_id(instance) && is_set(set))
    },
};

/// Of permission sets and instances; those of applications are not simulated.
pub(super) const RESOURCE_ARN: Shape = Shape {
    length: (10, 2048),
    pattern: "arn:aws(-[a-z]{1,5}){0,3}:sso::(:instance/...|:permissionSet/...)",
    fits: |text| (INSTANCE_ARN.fits)(text) || (PERMISSION_SET_ARN.fits)(text),
};

pub(super) const SET_NAME: Shape = Shape { length: (1, 32), pattern: "[\\w+=,.@-]+", fits: is_name };

pub(super) const DESCRIPTION: Shape = Shape {
    length: (1, 700),
    pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*",
    fits: |text| text.chars().all(|char| is_latin(char) && !('\u{7f}'..='\u{a0}').contains(&char)),
};

pub(super) const SESSION_DURATION: Shape = Shape {
    length: (1, 100),
    pattern: "(-?)P(?=\\d|T\\d)(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)([DW]))?(?:T(?:(\\d+)H)?(?:(\\d+)M)?(?:(\\d+(?:\\.\\d+)?)S)?)?",
    fits: |text| text.trim_start_matches('-').starts_with('P'),
};

pub(super) const RELAY_STATE: Shape = Shape {
    length: (1, 240),
    pattern: "[a-zA-Z0-9&$@#\\\\\\/%?=~\\-_'\"|!:,.;*+\\[\\]\\ \\(\\)\\{\\}]+",
    fits: |text| {
        text.chars()
            .all(|char| char.is_ascii_alphanumeric() || "&$@#\\/%?=~-_'\"|!:,.;*+[] (){}".contains(char))
    },
};

pub(super) const INLINE_POLICY: Shape = Shape {
    length: (1, 32_768),
    pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
    fits: |text| text.chars().all(is_latin),
};

pub(super) const MANAGED_POLICY_ARN: Shape = Shape {
    length: (20, 2048),
    pattern: "arn:aws(-[a-z]{1,5}){0,3}:iam::aws:policy((/[A-Za-z0-9\\.,\\+@=_-]+)*)/([A-Za-z0-9\\.,\\+=@_-]+)",
    fits: |text| after_partition(text, "iam::aws:policy/").is_some_and(|path| path.split('/').all(is_part)),
};

pub(super) const POLICY_NAME: Shape = Shape { length: (1, 128), pattern: "[\\w+=,.@-]+", fits: is_name };

pub(super) const POLICY_PATH: Shape = Shape {
    length: (1, 512),
    pattern: "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/",
    fits: |text| {
        let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        text == "/" || inner.is_some_and(|inner| inner.split('/').all(is_part))
    },
};

pub(super) const TAG_KEY: Shape =
    Shape { length: (1, 128), pattern: "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", fits: is_tag };

pub(super) const TAG_VALUE: Shape =
    Shape { length: (0, 256), pattern: "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", fits: is_tag };

pub(super) const ACCOUNT_ID: Shape = Shape {
    length: (12, 12),
    pattern: "\\d{12}",
    fits: |text| text.bytes().all(|byte| byte.is_ascii_digit()),
};

pub(crate) const PRINCIPAL_ID: Shape = Shape {
    length: (1, 47),
    pattern: "([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}",
    fits: |text| {
        let parts: Vec<usize> = text.split('-').map(str::len).collect();
        matches!(parts[..], [8, 4, 4, 4, 12] | [10, 8, 4, 4, 4, 12]) && is_hex(&text.replace('-', ""))
    },
};

pub(super) const REQUEST_ID: Shape = Shape {
    length: (36, 36),
    pattern: "\\b[0-9a-f]{8}\\b-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-\\b[0-9a-f]{12}\\b",
    fits: |text| is_hex(&text.replace('-', "")) && text.matches('-').count() == 4,
};

/// `ssoins-` and 16 characters.
pub(crate) fn is_instance_id(id: &str) -> bool {
    let rest = id.strip_prefix("sso").unwrap_or(id).strip_prefix("ins-");
    rest.is_some_and(|rest| {
        rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    })
}

/// `arn:aws-cn:sso:::instance/x` → `x`
fn after_partition<'a>(arn: &'a str, rest: &str) -> Option<&'a str> {
    let (partition, service) = arn.strip_prefix("arn:")?.split_once(':')?;
    partition.starts_with("aws").then(|| service.strip_prefix(rest)).flatten()
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_latin(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}')
}

/// `\w` is ASCII here: a role's name holds nothing else.
fn is_name(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@-".contains(char))
}

fn is_part(text: &str) -> bool {
    !text.is_empty() && is_name(text)
}

fn is_tag(text: &str) -> bool {
    let is_separator = |char: char| char.is_whitespace() && !char.is_control();
    text.chars().all(|char| char.is_alphanumeric() || is_separator(char) || "_.:/=+-@".contains(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_their_patterns() {
        for (shape, text, expected) in [
            (INSTANCE_ARN, "arn:aws:sso:::instance/ssoins-1234567890abcdef", true),
            (INSTANCE_ARN, "arn:aws-us-gov:sso:::instance/ins-1234567890abcdef", true),
            (INSTANCE_ARN, "arn:aws:sso:::instance/ssoins-1", false),
            (
                PERMISSION_SET_ARN,
                "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef",
                true,
            ),
            (PERMISSION_SET_ARN, "arn:aws:sso:::instance/ssoins-1234567890abcdef/ps-1", false),
            (MANAGED_POLICY_ARN, "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", true),
            (MANAGED_POLICY_ARN, "arn:aws:iam::111122223333:policy/mine", false),
            (POLICY_PATH, "/", true),
            (POLICY_PATH, "/security/", true),
            (POLICY_PATH, "security", false),
            (DESCRIPTION, "für alle", true),
            (DESCRIPTION, "ż", false),
            (PRINCIPAL_ID, "906785e2c0-f7d17e0f-9b2b-4d2b-9b1c-6d0a3c0f0001", true),
            (PRINCIPAL_ID, "alice", false),
        ] {
            assert_eq!((shape.fits)(text), expected, "{text}");
        }
    }
}
