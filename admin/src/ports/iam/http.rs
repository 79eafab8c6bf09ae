//! The real service. `aws-sdk-iam` has 180 operations; this is one form, signed.
//!
//! IAM API reference, GetRole.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kcaws::platform::http::{Answer, HttpSetup, is_aws_header};
use kcaws::ports::identity_center::{Override, RoleCredentials, loopback_or_https};
use kcaws::ports::signed_form::{SignedService, signed_form};
use percent_encoding::percent_decode_str;
use roxmltree::Document;
use serde_json::Value;
use url::Url;

use super::{Iam, RoleTrustPolicy};
use crate::ports::aws_call::{AwsError, refusal};

const OPERATION: &str = "GetRole";
/// IAM has one endpoint in the commercial partition, which is the only one with account access manager.
const HOST: &str = "https://iam.amazonaws.com/";
const FIPS_HOST: &str = "https://iam-fips.amazonaws.com/";
const REGION: &str = "us-east-1";
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct HttpIam {
    http: HttpSetup,
    endpoint: Url,
    credentials: RoleCredentials,
}

/// Returns the endpoint, or `None` if the one that was given is no https URL and not on this machine.
pub(crate) fn endpoint(given: Option<&Override>, fips: bool) -> Option<Url> {
    let text = given.map_or(if fips { FIPS_HOST } else { HOST }, |given| &given.url);
    let url = Url::parse(text).ok()?;
    loopback_or_https(&url).then_some(url)
}

impl HttpIam {
    pub(crate) fn new(http: HttpSetup, endpoint: Url, credentials: RoleCredentials) -> Self {
        Self { http, endpoint, credentials }
    }

    fn ask(&self, body: &str, at: DateTime<Utc>) -> Result<Answer, AwsError> {
        let unreachable = |why: String| AwsError::Unreachable { operation: OPERATION, why };
        let to = SignedService { uri: self.endpoint.as_str(), name: "iam", region: REGION };
        let request = signed_form(to, &self.credentials, body, at).map_err(unreachable)?;
        let is_https = self.endpoint.scheme() == "https";
        self.http.ask(is_https, PATIENCE, request).map_err(|error| unreachable(error.to_string()))
    }
}

impl Iam for HttpIam {
    fn role(&self, name: &str) -> Result<Option<RoleTrustPolicy>, AwsError> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", OPERATION);
        form.append_pair("Version", "2010-05-08").append_pair("RoleName", name);
        let answer = self.ask(&form.finish(), self.http.now_there())?;
        let status = answer.status;
        let text = String::from_utf8_lossy(&answer.body);
        let not_aws = AwsError::NotAws { operation: OPERATION, status };
        let Ok(document) = Document::parse(&text) else {
            let is_of_aws = answer.headers.iter().any(|(name, _)| is_aws_header(name));
            let trouble = AwsError::ServerTrouble { operation: OPERATION, status };
            return Err(if is_of_aws || (500..511).contains(&status) { trouble } else { not_aws });
        };
        let text_of = |name: &str| {
            let found = document.descendants().find(|node| node.tag_name().name() == name);
            found.and_then(|node| node.text()).map(str::to_owned)
        };
        if status != 200 {
            return match text_of("Code").as_deref() {
                Some("NoSuchEntity") => Ok(None),
                Some(code) => Err(refusal(OPERATION, status, code, text_of("Message").as_deref(), None)),
                None => Err(not_aws),
            };
        }
        let required = |member| text_of(member).ok_or(AwsError::Incomplete { operation: OPERATION, member });
        let policy = required("AssumeRolePolicyDocument")?;
        let policy = percent_decode_str(&policy).decode_utf8_lossy().into_owned();
        let policy: Value = serde_json::from_str(&policy)
            .map_err(|_| AwsError::Incomplete { operation: OPERATION, member: "AssumeRolePolicyDocument" })?;
        Ok(Some(RoleTrustPolicy { arn: required("Arn")?, policy }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_goes_to_https_or_to_this_machine() {
        let given = |url: &str| {
            let given = Override { setting: "AWS_ENDPOINT_URL_IAM".to_owned(), url: url.to_owned() };
            endpoint(Some(&given), false).map(|url| url.to_string())
        };
        assert_eq!(given("http://127.0.0.1:8180").as_deref(), Some("http://127.0.0.1:8180/"));
        assert_eq!(given("http://iam.example.com"), None);
        assert_eq!(given("iam"), None);
        assert_eq!(endpoint(None, true).map(|url| url.to_string()).as_deref(), Some(FIPS_HOST));
    }
}
