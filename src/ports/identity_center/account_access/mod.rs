//! Account access manager: IAM roles of the company's own, without permission sets.
//!
//! Account Access Runtime API reference (6 November 2026): two requests with a bearer token. There is no SDK client for
//! Rust in the registry, so they are plain ones. Nothing here has been seen on AWS itself.

mod answer;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use self::answer::{CredentialsAnswer, RolesAnswer};
use super::answer::{Called, Service};
use super::received::{self, page_mark};
use super::sdk::SdkIdentityCenter;
use super::{Origin, Page, RoleCredentials, ServiceError, is_account_id, is_iam_role_arn};
use crate::secret::Secret;

/// The scopes of a token for both requests.
pub const SCOPES: [&str; 2] = ["account_access:read_only", "account_access:assume"];

/// What RFC 3986 section 2.3 does not encode.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a session's IAM roles come from.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct AccountAccess {
    pub origin: Origin,
    /// `aa-…`
    pub tenant: String,
}

/// An IAM role that is assigned to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamRole {
    pub account_id: String,
    pub account_name: Option<String>,
    pub arn: String,
}

/// Returns whether a tenant can have this ID: 3 to 24 of `[a-z0-9-]`, such as `aa-gyxmap389`.
pub fn is_tenant(text: &str) -> bool {
    (3..=24).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl SdkIdentityCenter {
    pub(super) fn iam_roles(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        page: Option<&str>,
    ) -> Result<Page<IamRole>, ServiceError> {
        let call = self.account_access_call("ListRoles", at);
        let mut query = vec![("tenantId", at.tenant.as_str()), ("maxResults", "100")];
        query.extend(page.map(|page| ("nextToken", page)));
        let answer: RolesAnswer = self.get(&call, "/access", &query, access_token)?;
        let mut items = Vec::new();
        for role in answer.roles.unwrap_or_default() {
            match (role.account_id, role.role_arn) {
                (Some(account_id), Some(arn)) if is_account_id(&account_id) && is_iam_role_arn(&arn) => {
                    items.push(IamRole {
                        account_id,
                        account_name: role.account_name.map(received::name),
                        arn,
                    });
                }
                (_, arn) => self.leave_out(|| {
                    let arn = received::name(arn.unwrap_or_default());
                    format!("IAM role `{arn}`: AWS takes no such ARN or account ID")
                }),
            }
        }
        // An empty page may have a successor; only a missing mark ends the list.
        Ok(Page { items, next: page_mark(answer.next_token).map_err(|_| call.strange("nextToken"))? })
    }

    pub(super) fn iam_credentials(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        arn: &str,
    ) -> Result<RoleCredentials, ServiceError> {
        let call = self.account_access_call("GetRoleCredentials", at);
        let query =
            [("tenantId", at.tenant.as_str()), ("roleArn", arn), ("accessType", "PROGRAMMATIC_ACCESS")];
        let answer: CredentialsAnswer = self.get(&call, "/access/credentials", &query, access_token)?;
        answer.credentials().map_err(|member| call.strange(member))
    }

    fn account_access_call<'a>(&'a self, operation: &'static str, at: &'a AccountAccess) -> Called<'a> {
        Called {
            operation,
            service: Service::Portal,
            origin: &at.origin,
            attempt: self.patience.attempt,
            http: &self.http,
        }
    }

    /// Sends one GET with a bearer token (RFC 6750 section 2.1); the caller retries at its pace.
    fn get<T: serde::de::DeserializeOwned>(
        &self,
        call: &Called<'_>,
        path: &str,
        query: &[(&str, &str)],
        access_token: &Secret<String>,
    ) -> Result<T, ServiceError> {
        let left = self.time_left().min(self.patience.attempt);
        if left.is_zero() {
            return Err(ServiceError::NoTime { host: call.origin.host().to_owned() });
        }
        let request = request(call.origin, path, query, access_token)
            .map_err(|why| ServiceError::Unreachable { host: call.origin.host().to_owned(), why })?;
        self.http.forget_retry_after();
        let answer = self
            .http
            .ask(call.origin.is_https(), left, request)
            .map_err(|unreached| ServiceError::Unreachable { host: unreached.at, why: unreached.why });
        let outcome = answer.and_then(|answer| call.read(&answer));
        let (operation, host) = (call.operation, call.origin.host());
        match &outcome {
            Ok(_) => tracing::info!(target: "kcaws::aws", operation, host, "answered"),
            Err(error) => tracing::info!(target: "kcaws::aws", operation, host, %error, "failed"),
        }
        outcome
    }
}

fn request(
    origin: &Origin,
    path: &str,
    query: &[(&str, &str)],
    access_token: &Secret<String>,
) -> Result<HttpRequest, String> {
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)))
        .collect();
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method("GET").map_err(|error| error.to_string())?;
    request
        .set_uri(format!("{}{path}?{}", origin.as_str(), query.join("&")))
        .map_err(|error| error.to_string())?;
    // The header is dropped with the request; the token in it is as short-lived as the SDK's own copies.
    request.headers_mut().insert("authorization", format!("Bearer {}", access_token.expose()));
    request.headers_mut().insert("accept", "application/json");
    Ok(request)
}
