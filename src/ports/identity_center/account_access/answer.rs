//! The answers of the account access runtime.

use serde::Deserialize;
use serde_json::Value;

use super::super::RoleCredentials;
use crate::secret::Secret;

/// Times from here on are in milliseconds: as seconds this is the year 5138.
const FIRST_MILLISECONDS: f64 = 1e11;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RolesAnswer {
    pub(super) roles: Option<Vec<RoleItem>>,
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleItem {
    pub(super) account_id: Option<String>,
    pub(super) account_name: Option<String>,
    pub(super) role_arn: Option<String>,
}

/// A union: other forms of access may come beside the programmatic one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialsAnswer {
    credentials_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    programmatic_access: Option<Programmatic>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Programmatic {
    access_key_id: Option<String>,
    secret_access_key: Option<Secret<String>>,
    session_token: Option<Secret<String>>,
    expires_at: Option<Value>,
}

impl CredentialsAnswer {
    /// Returns the credentials, or the name of an invalid member.
    pub(super) fn credentials(self) -> Result<RoleCredentials, &'static str> {
        let access = self.credentials_details.ok_or("credentialsDetails")?;
        let access = access.programmatic_access.ok_or("programmaticAccess")?;
        RoleCredentials::received(
            access.access_key_id.ok_or("accessKeyId")?,
            access.secret_access_key.ok_or("secretAccessKey")?.expose().clone(),
            access.session_token.ok_or("sessionToken")?.expose().clone(),
            access.expires_at.as_ref().and_then(milliseconds).ok_or("expiresAt")?,
        )
        .map_err(|member| if member == "expiration" { "expiresAt" } else { member })
    }
}

/// Returns a time in milliseconds since 1970.
///
/// The protocol's default is seconds, perhaps with a fraction; the old portal writes milliseconds, and other services
/// RFC 3339. Which of them this service writes is not established, so all are read.
fn milliseconds(value: &Value) -> Option<i64> {
    if let Some(text) = value.as_str() {
        return Some(chrono::DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis());
    }
    let number = value.as_f64().filter(|number| (1.0..1e15).contains(number))?;
    let milliseconds = if number >= FIRST_MILLISECONDS { number } else { number * 1000.0 };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below 1e17, and a part of a millisecond does not count"
    )]
    Some(milliseconds as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expiry(value: &Value) -> Result<i64, &'static str> {
        let answer = json!({"credentialsDetails": {"programmaticAccess": {
            "accessKeyId": "ASIA", "secretAccessKey": "k", "sessionToken": "t", "expiresAt": value}}});
        let answer: CredentialsAnswer = serde_json::from_value(answer).expect("is one");
        answer.credentials().map(|credentials| credentials.expires_at.timestamp())
    }

    #[test]
    fn a_time_is_read_in_every_form_that_aws_may_write() {
        for value in [
            json!(1_795_953_600),
            json!(1_795_953_600.25),
            json!(1_795_953_600_000_i64),
            json!("2026-11-29T12:00:00Z"),
            json!("2026-11-29T13:00:00.5+01:00"),
        ] {
            assert_eq!(expiry(&value), Ok(1_795_953_600), "{value}");
        }
        for value in [json!(null), json!(0), json!(-1), json!("soon"), json!(1e300), json!(true)] {
            assert_eq!(expiry(&value), Err("expiresAt"), "{value}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (answer, member) in [
            (json!({}), "credentialsDetails"),
            (json!({"credentialsDetails": {"consoleAccess": {}}}), "programmaticAccess"),
            (json!({"credentialsDetails": {"programmaticAccess": {}}}), "accessKeyId"),
            (
                json!({"credentialsDetails": {"programmaticAccess": {"accessKeyId": "A", "secretAccessKey": "a b",
                    "sessionToken": "t", "expiresAt": 1_795_953_600}}}),
                "secretAccessKey",
            ),
        ] {
            let answer: CredentialsAnswer = serde_json::from_value(answer).expect("is one");
            assert_eq!(answer.credentials().err(), Some(member));
        }
    }
}
