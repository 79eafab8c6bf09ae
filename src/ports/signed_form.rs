//! Requests of AWS's query protocol: a form, signed.
//!
//! Signature Version 4 by the SDK's own signer.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, Utc};

use crate::platform::innermost;
use crate::ports::identity_center::RoleCredentials;
use crate::secret::Secret;

const FORM: &str = "application/x-www-form-urlencoded";

/// Where a request goes, and what its signature is for.
#[derive(Clone, Copy, Debug)]
pub struct SignedService<'a> {
    /// With the path.
    pub uri: &'a str,
    /// As signatures name the service, such as `sts`.
    pub name: &'a str,
    pub region: &'a str,
}

/// Returns a `POST` of a form, or why it cannot be signed. Credentials without a session token are those of a user.
pub fn signed_form(
    to: SignedService<'_>,
    credentials: &RoleCredentials,
    body: &str,
    at: DateTime<Utc>,
) -> Result<HttpRequest, String> {
    let failed = |error: &dyn std::error::Error| innermost(error);
    let identity: Identity = Credentials::new(
        credentials.access_key_id.clone(),
        credentials.secret_access_key.expose().clone(),
        session_token(&credentials.session_token),
        None,
        "kcaws",
    )
    .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(to.region)
        .name(to.name)
        .time(at.into())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let headers = [("content-type", FORM)].into_iter();
    let signable = SignableRequest::new("POST", to.uri, headers, SignableBody::Bytes(body.as_bytes()))
        .map_err(|error| failed(&error))?;
    let (instructions, _) = sign(signable, &params).map_err(|error| failed(&error))?.into_parts();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST").map_err(|error| failed(&error))?;
    request.set_uri(to.uri).map_err(|error| failed(&error))?;
    request.headers_mut().insert("content-type", FORM);
    let (headers, _) = instructions.into_parts();
    for header in headers {
        request.headers_mut().insert(header.name(), header.value().to_owned());
    }
    Ok(request)
}

fn session_token(token: &Secret<String>) -> Option<String> {
    Some(token.expose().clone()).filter(|token| !token.is_empty())
}
