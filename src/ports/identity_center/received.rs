//! Limits on the content of responses.
//!
//! Everything from the network that is kept, sent on or written to a file is checked here first; what does not fit is a
//! broken response, and replaces nothing.

use chrono::{DateTime, Utc};

use super::RoleCredentials;
use crate::secret::Secret;

/// The longest token or key that is accepted, in bytes. AWS's have a few thousand; every store keeps one of this size.
const LONGEST_SECRET: usize = 64 * 1024;
/// The longest mark of a next page, in bytes. It goes into a URL, where the SDK accepts 64 KiB at most.
const LONGEST_PAGE_MARK: usize = 8 * 1024;
/// The longest account name that is kept, in characters. AWS allows 50.
const LONGEST_NAME: usize = 250;
/// The longest user code, in characters. AWS's has 9.
const LONGEST_USER_CODE: usize = 64;
/// The last time that every RFC 3339 parser accepts: 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

/// An access or refresh token as a service issued it: not empty, bounded, and valid in a header.
#[derive(Clone)]
pub struct Token(Secret<String>);

impl Token {
    /// Returns `None` for text that cannot be a token.
    pub fn new(text: String) -> Option<Self> {
        opaque(text).map(Self)
    }

    pub fn secret(&self) -> &Secret<String> {
        &self.0
    }

    pub fn into_secret(self) -> Secret<String> {
        self.0
    }
}

impl RoleCredentials {
    /// Returns the credentials, or the name of an invalid member.
    ///
    /// `expiration` is in milliseconds, unlike every other time of these services.
    pub fn received(
        access_key_id: String,
        secret_access_key: String,
        session_token: String,
        expiration: i64,
    ) -> Result<Self, &'static str> {
        Ok(Self {
            access_key_id: opaque(access_key_id).ok_or("accessKeyId")?.expose().clone(),
            secret_access_key: opaque(secret_access_key).ok_or("secretAccessKey")?,
            session_token: opaque(session_token).ok_or("sessionToken")?,
            expires_at: time(expiration.div_euclid(1000)).ok_or("expiration")?,
        })
    }
}

/// Returns an opaque text if it is visible ASCII without blanks.
///
/// So it is valid in a header (RFC 9110 section 5.5), in an environment variable and in a single-line file.
pub(super) fn opaque(text: String) -> Option<Secret<String>> {
    let text = Secret::new(text);
    let is_fine = (1..=LONGEST_SECRET).contains(&text.expose().len())
        && text.expose().bytes().all(|byte| byte.is_ascii_graphic());
    is_fine.then_some(text)
}

/// Returns the code that the user compares and types.
pub(super) fn user_code(code: String) -> Option<String> {
    let is_fine = !code.is_empty()
        && code.len() <= LONGEST_USER_CODE
        && code.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    is_fine.then_some(code)
}

/// Returns a time from 1970 to 9999.
pub(super) fn time(seconds: i64) -> Option<DateTime<Utc>> {
    (1..=LAST_SECOND).contains(&seconds).then(|| DateTime::from_timestamp(seconds, 0))?
}

/// Returns the mark of the next page, or an error if it is not one that could be sent back.
pub(super) fn page_mark(mark: Option<String>) -> Result<Option<String>, TooLong> {
    match mark {
        Some(mark) if mark.len() > LONGEST_PAGE_MARK => Err(TooLong),
        mark => Ok(mark),
    }
}

#[derive(Debug)]
pub(super) struct TooLong;

/// Returns a display name, cut at a length that no AWS name exceeds.
pub(super) fn name(name: String) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// Returns whether this is an account ID: 12 digits, leading zeros included.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a permission set can have this name: `[\w+=,.@-]{1,64}` in AWS's documents, where `\w` is ASCII.
pub fn is_role_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

/// Returns whether this is the ARN of an IAM role, with its path.
///
/// `arn:[a-z0-9-]+:iam::\d{12}:role/` and parts of `[a-zA-Z0-9+=,.@_-]+`, as `CreateEntitlement` takes it; the lengths
/// are those of IAM: 64 for the name, 512 for the path.
pub fn is_iam_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else { return false };
    let is_partition = !partition.is_empty()
        && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let Some(path) = resource.strip_prefix("role/") else { return false };
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
    };
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    is_partition
        && is_account_id(account)
        && folders.len() <= 512
        && is_role_name(name)
        && path.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_visible_ascii_of_some_length() {
        let fits = |text: &str| Token::new(text.to_owned()).is_some();
        assert!(fits("aoaAAA-._~+/=") && fits(&"a".repeat(LONGEST_SECRET)));
        for text in ["", " ", "a b", "a\n", "a\u{1b}[2J", "a\u{7f}", "a\0", "ä", "\u{202e}"] {
            assert!(!fits(text), "{text:?}");
        }
        assert!(!fits(&"a".repeat(LONGEST_SECRET + 1)));
    }

    #[test]
    fn credentials_are_whole_or_none_and_the_odd_member_is_named() {
        let odd = |key: &str, secret: &str, token: &str, end: i64| {
            RoleCredentials::received(key.into(), secret.into(), token.into(), end).err()
        };
        assert_eq!(odd("ASIA", "k/+", "t==", 1_795_000_000_000), None);
        assert_eq!(odd("", "k", "t", 1_795_000_000_000), Some("accessKeyId"));
        assert_eq!(odd("ASIA", " ", "t", 1_795_000_000_000), Some("secretAccessKey"));
        assert_eq!(odd("ASIA", "k", "a\u{1}", 1_795_000_000_000), Some("sessionToken"));
        for end in [0, -1, 999, i64::MIN, i64::MAX, 253_402_300_800_000] {
            assert_eq!(odd("ASIA", "k", "t", end), Some("expiration"), "{end}");
        }
        assert_eq!(odd("ASIA", "k", "t", 253_402_300_799_999), None);
    }

    #[test]
    fn role_names_and_account_ids_are_those_of_aws() {
        for name in ["PowerUserAccess", "A+b=c,d.e@f-g_h", "-x", "7", &"a".repeat(64)] {
            assert!(is_role_name(name), "{name}");
        }
        for name in ["", "a b", "a/b", "Zoë", "A\u{2028}[profile x]", "$(x)", "a\n", &"a".repeat(65)] {
            assert!(!is_role_name(name), "{name:?}");
        }
        assert!(is_account_id("000000000000"));
        for id in ["", "1", "1234567890123", "12345678901a", "１２３４", "+12345678901"] {
            assert!(!is_account_id(id), "{id}");
        }
    }

    #[test]
    fn long_names_are_cut_between_letters() {
        assert_eq!(name("Zoë".into()), "Zoë");
        let cut = name("ë".repeat(70_000));
        assert_eq!(cut.chars().count(), LONGEST_NAME + 1);
        assert!(page_mark(Some("a".repeat(LONGEST_PAGE_MARK + 1))).is_err());
        assert!(user_code("BCDF-GHJK".into()).is_some() && user_code("a\u{1b}".into()).is_none());
    }
}
