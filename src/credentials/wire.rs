//! The `credential_process` format: AWS SDKs and Tools reference guide, "Process credential provider".

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::ports::identity_center::RoleCredentials;
use crate::profile::Role;
use crate::secret::{self, Secret};

/// Key order as in AWS's own documents; every SDK reads by name.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    /// A number: botocore compares with `1`, not `"1"`.
    version: u8,
    access_key_id: &'a str,
    #[serde(serialize_with = "secret::expose")]
    secret_access_key: &'a Secret<String>,
    #[serde(serialize_with = "secret::expose")]
    session_token: &'a Secret<String>,
    /// RFC 3339 with `Z` and no fraction, which every parser reads.
    expiration: String,
    /// Lets SDKs choose account-based endpoints.
    account_id: &'a str,
}

/// Returns one line of JSON, without a line end.
pub fn json(credentials: &RoleCredentials, role: &Role) -> Secret<String> {
    let answer = Answer {
        version: 1,
        access_key_id: &credentials.access_key_id,
        secret_access_key: &credentials.secret_access_key,
        session_token: &credentials.session_token,
        expiration: credentials.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        account_id: &role.account_id,
    };
    // Large enough from the start, so that growing leaves no copy in memory.
    let mut text = Vec::with_capacity(4 * 1024);
    serde_json::to_writer(&mut text, &answer).expect("strings serialize");
    Secret::new(String::from_utf8(text).expect("JSON is UTF-8"))
}

/// Returns the same with its line end, as written to stdout.
pub fn line(credentials: &RoleCredentials, role: &Role) -> Secret<Vec<u8>> {
    let json = json(credentials, role);
    let mut line = Vec::with_capacity(json.expose().len() + 1);
    line.extend_from_slice(json.expose().as_bytes());
    line.push(b'\n');
    Secret::new(line)
}

/// Returns the credentials as the container credential provider of the SDKs reads them.
pub fn container_json(credentials: &RoleCredentials, role: &Role) -> Secret<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Given<'a> {
        access_key_id: &'a str,
        #[serde(serialize_with = "secret::expose")]
        secret_access_key: &'a Secret<String>,
        #[serde(serialize_with = "secret::expose")]
        token: &'a Secret<String>,
        expiration: String,
        /// As in [`Answer`].
        account_id: &'a str,
    }
    let given = Given {
        access_key_id: &credentials.access_key_id,
        secret_access_key: &credentials.secret_access_key,
        token: &credentials.session_token,
        expiration: credentials.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        account_id: &role.account_id,
    };
    let mut text = Vec::with_capacity(4 * 1024);
    serde_json::to_writer(&mut text, &given).expect("strings serialize");
    Secret::new(text)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Read {
    access_key_id: String,
    secret_access_key: Secret<String>,
    session_token: Secret<String>,
    expiration: DateTime<Utc>,
}

/// Parses what [`line`] wrote.
pub fn parse(line: &Secret<Vec<u8>>) -> RoleCredentials {
    let read: Read = serde_json::from_slice(line.expose()).expect("the line is ours");
    RoleCredentials {
        access_key_id: read.access_key_id,
        secret_access_key: read.secret_access_key,
        session_token: read.session_token,
        expires_at: read.expiration,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::identity_center::fake::FakeIdentityCenter;

    #[test]
    fn the_answer_is_exactly_the_contract() {
        let role = Role { account_id: "011122223333".to_owned(), role_name: "Admin".into() };
        let mut credentials = FakeIdentityCenter::role_credentials("2026-11-24T09:00:00Z");
        credentials.expires_at += chrono::TimeDelta::milliseconds(999);
        assert_eq!(
            json(&credentials, &role).expose(),
            concat!(
                r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"key","SessionToken":"token","#,
                r#""Expiration":"2026-11-24T09:00:00Z","AccountId":"011122223333"}"#
            )
        );
    }
    #[test]
    fn the_line_is_read_back_as_it_was_written() {
        let role = Role { account_id: "011122223333".to_owned(), role_name: "Admin".into() };
        let credentials = FakeIdentityCenter::role_credentials("2026-11-24T09:00:00Z");
        let back = parse(&line(&credentials, &role));
        assert_eq!(json(&back, &role).expose(), json(&credentials, &role).expose());
    }
}
