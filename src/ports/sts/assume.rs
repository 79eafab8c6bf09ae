//! `AssumeRole`: the request, and the credentials in the response (AWS STS API reference).

use std::time::Duration;

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};
use chrono::DateTime;
use url::form_urlencoded;

use crate::ports::clock::Skew;
use crate::ports::identity_center::RoleCredentials;
use crate::secret::Secret;

/// A role to assume, and what its trust policy may require.
pub struct AssumeRole<'a> {
    pub arn: &'a str,
    /// 2 to 64 of `[\w+=,.@-]`; CloudTrail shows it.
    pub session_name: &'a str,
    /// 15 minutes to 12 hours; an hour at most for credentials that are themselves a role's.
    pub duration: Option<Duration>,
    pub external_id: Option<&'a str>,
    /// Serial number of the device and its code.
    pub mfa: Option<(&'a str, &'a Secret<String>)>,
}

/// The credentials that STS issued, and how far its clock is ahead of this machine's.
pub struct AssumedCredentials {
    pub credentials: RoleCredentials,
    pub skew: Option<Skew>,
}

impl AssumeRole<'_> {
    /// Returns the request's form.
    pub(super) fn body(&self) -> String {
        let mut form = form_urlencoded::Serializer::new("Action=AssumeRole&Version=2011-06-15".to_owned());
        form.append_pair("RoleArn", self.arn).append_pair("RoleSessionName", self.session_name);
        if let Some(duration) = self.duration {
            form.append_pair("DurationSeconds", &duration.as_secs().to_string());
        }
        if let Some(id) = self.external_id {
            form.append_pair("ExternalId", id);
        }
        if let Some((serial, code)) = self.mfa {
            form.append_pair("SerialNumber", serial).append_pair("TokenCode", code.expose());
        }
        form.finish()
    }
}

/// Reads `AssumeRoleResponse/AssumeRoleResult/Credentials`.
pub(super) fn credentials(body: &str) -> Option<RoleCredentials> {
    let mut document = Document::new(body);
    let mut root = document.root_element().ok()?;
    while let Some(mut result) = root.next_tag() {
        while let Some(mut tag) = result.next_tag() {
            if tag.start_el().matches("Credentials") {
                return members(&mut tag);
            }
        }
    }
    None
}

fn members(credentials: &mut ScopedDecoder<'_, '_>) -> Option<RoleCredentials> {
    let (mut id, mut key, mut token, mut end) = (None, None, None, None);
    while let Some(mut member) = credentials.next_tag() {
        let place = match member.start_el().local() {
            "AccessKeyId" => &mut id,
            "SecretAccessKey" => &mut key,
            "SessionToken" => &mut token,
            "Expiration" => &mut end,
            _ => continue,
        };
        *place = Some(try_data(&mut member).ok()?.into_owned());
    }
    let end = DateTime::parse_from_rfc3339(&end?).ok()?.timestamp_millis();
    RoleCredentials::received(id?, key?, token?, end).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleResult>
        <AssumedRoleUser><Arn>arn:aws:sts::222233334444:assumed-role/Deploy/kcaws</Arn></AssumedRoleUser>
        <Credentials>
          <AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>key</SecretAccessKey>
          <SessionToken>token</SessionToken><Expiration>2026-11-28T13:00:00Z</Expiration>
        </Credentials>
      </AssumeRoleResult>
    </AssumeRoleResponse>"#;

    #[test]
    fn the_credentials_are_read_whole_or_not_at_all() {
        let read = credentials(ANSWER).expect("understood");
        assert_eq!(read.access_key_id, "ASIAEXAMPLE");
        assert_eq!(read.expires_at.to_rfc3339(), "2026-11-28T13:00:00+00:00");
        for member in
            ["<AccessKeyId>ASIAEXAMPLE</AccessKeyId>", "<SessionToken>token</SessionToken>", "2026-11-28T"]
        {
            assert!(credentials(&ANSWER.replace(member, "")).is_none(), "{member}");
        }
        assert!(credentials("<html>").is_none());
    }

    #[test]
    fn the_form_has_what_was_asked_for_and_no_more() {
        let code = Secret::from("123456");
        let role = |mfa| AssumeRole {
            arn: "arn:aws:iam::222233334444:role/Deploy",
            session_name: "a@b",
            duration: Some(Duration::from_secs(900)),
            external_id: Some("x y"),
            mfa,
        };
        let start = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A222233334444%3Arole%2FDeploy\
                     &RoleSessionName=a%40b&DurationSeconds=900&ExternalId=x+y";
        assert_eq!(role(None).body(), start);
        let with_code = role(Some(("arn:aws:iam::111122223333:mfa/alice", &code))).body();
        assert!(
            with_code
                .ends_with("&SerialNumber=arn%3Aaws%3Aiam%3A%3A111122223333%3Amfa%2Falice&TokenCode=123456")
        );
    }
}
