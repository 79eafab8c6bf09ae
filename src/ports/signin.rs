//! The console's federation endpoint, which exchanges role credentials for a sign-in token.
//!
//! IAM user guide, "Enabling custom identity broker access to the AWS console".

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::platform::http::HttpSetup;
use crate::ports::identity_center::{Origin, RoleCredentials, Token};
use crate::ports::service_call::{CallError, CalledService, Refusals, ServiceEndpoint};
use crate::secret::Secret;

pub trait Signin {
    /// Returns a sign-in token.
    ///
    /// `duration` is the length of the console session, 15 minutes to 12 hours. Without one it lasts as long as the
    /// credentials. AWS refuses it for credentials from role chaining, and sometimes if it is longer than the
    /// permission set's own.
    fn signin_token(
        &self,
        credentials: &RoleCredentials,
        duration: Option<Duration>,
    ) -> Result<Secret<String>, CallError>;
}

pub struct HttpSignin(ServiceEndpoint);

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SigninToken")]
    signin_token: Secret<String>,
}

impl HttpSignin {
    /// Creates a client; `endpoint` is the base of `/federation`.
    pub fn new(http: HttpSetup, endpoint: Origin) -> Self {
        // AWS reports a refusal only as 400 with an HTML page.
        Self(ServiceEndpoint {
            service: CalledService::Signin,
            http,
            origin: endpoint,
            refusals: Refusals::Pages(400),
        })
    }

    fn ask(&self, form: &Zeroizing<String>) -> Result<Secret<String>, CallError> {
        let mut request = HttpRequest::new(SdkBody::from(form.as_bytes()));
        request.set_method("POST").map_err(|error| self.0.failed(error))?;
        request.set_uri(format!("{}/federation", self.0.origin)).map_err(|error| self.0.failed(error))?;
        request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
        let answer = self.0.call(&request)?;
        let read: Option<Answer> = serde_json::from_slice(&answer.body).ok();
        let token = read.and_then(|read| Token::new(read.signin_token.expose().clone()));
        token.map(Token::into_secret).ok_or_else(|| self.0.not_understood(&answer))
    }
}

impl Signin for HttpSignin {
    /// Requests the token by POST: in a GET the session token would end up in every proxy's log.
    fn signin_token(
        &self,
        credentials: &RoleCredentials,
        duration: Option<Duration>,
    ) -> Result<Secret<String>, CallError> {
        let session = Zeroizing::new(
            serde_json::json!({
                "sessionId": credentials.access_key_id,
                "sessionKey": credentials.secret_access_key.expose(),
                "sessionToken": credentials.session_token.expose(),
            })
            .to_string(),
        );
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(8 * 1024));
        form.append_pair("Action", "getSigninToken").append_pair("Session", &session);
        if let Some(duration) = duration {
            form.append_pair("SessionDuration", &duration.as_secs().to_string());
        }
        self.ask(&Zeroizing::new(form.finish()))
    }
}

/// Responds with one fixed token.
pub struct FakeSignin(pub String);

impl Signin for FakeSignin {
    fn signin_token(
        &self,
        _credentials: &RoleCredentials,
        _duration: Option<Duration>,
    ) -> Result<Secret<String>, CallError> {
        Ok(self.0.as_str().into())
    }
}
