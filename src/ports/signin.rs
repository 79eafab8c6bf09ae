//! The federation endpoint of the console: role credentials in, a sign-in token out.
//! IAM user guide, "Enabling custom identity broker access to the AWS console".

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::http::HttpSetup;
use super::identity_center::{Origin, RoleCredentials};
use crate::secret::Secret;

const TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug, thiserror::Error)]
pub enum SigninError {
    /// 400 with a page of HTML is all that AWS says.
    #[error("{host} refused the credentials ({status})")]
    Refused { host: String, status: u16 },
    #[error("{host} is in trouble ({status})")]
    ServerTrouble { host: String, status: u16 },
    #[error("cannot reach {host}: {why}")]
    Unreachable { host: String, why: String },
    #[error("{host} answered something that is not understood")]
    NotUnderstood { host: String },
}

pub trait Signin {
    /// `duration`: how long the console session is to last, 15 minutes to 12 hours. Without one it lasts as long as
    /// the credentials. AWS refuses it for credentials that came of other role credentials, and at times where it is
    /// longer than the permission set's own.
    fn signin_token(
        &self,
        credentials: &RoleCredentials,
        duration: Option<Duration>,
    ) -> Result<Secret<String>, SigninError>;
}

pub struct HttpSignin {
    http: HttpSetup,
    endpoint: Origin,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SigninToken")]
    signin_token: Secret<String>,
}

impl HttpSignin {
    /// `endpoint` is the base of `/federation`.
    pub fn new(http: HttpSetup, endpoint: Origin) -> Self {
        Self { http, endpoint }
    }

    fn unreachable(&self, why: impl std::fmt::Display) -> SigninError {
        SigninError::Unreachable { host: self.endpoint.host().to_owned(), why: why.to_string() }
    }

    fn ask(&self, form: &Zeroizing<String>) -> Result<Secret<String>, SigninError> {
        let host = || self.endpoint.host().to_owned();
        let mut request = HttpRequest::new(SdkBody::from(form.as_bytes()));
        request.set_method("POST").map_err(|error| self.unreachable(error))?;
        request.set_uri(format!("{}/federation", self.endpoint)).map_err(|error| self.unreachable(error))?;
        request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
        let answer = self.http.ask(self.endpoint.is_https(), TIMEOUT, request);
        let answer = answer.map_err(|why| self.unreachable(why))?;
        match answer.status {
            200 => {}
            status @ 500..600 => return Err(SigninError::ServerTrouble { host: host(), status }),
            status => return Err(SigninError::Refused { host: host(), status }),
        }
        let answer: Answer =
            serde_json::from_slice(&answer.body).map_err(|_| SigninError::NotUnderstood { host: host() })?;
        Ok(answer.signin_token)
    }
}

impl Signin for HttpSignin {
    /// By POST: in a GET the session token would stand in every proxy's log.
    fn signin_token(
        &self,
        credentials: &RoleCredentials,
        duration: Option<Duration>,
    ) -> Result<Secret<String>, SigninError> {
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

/// Answers with one fixed token.
pub struct FakeSignin(pub String);

impl Signin for FakeSignin {
    fn signin_token(
        &self,
        _credentials: &RoleCredentials,
        _duration: Option<Duration>,
    ) -> Result<Secret<String>, SigninError> {
        Ok(self.0.as_str().into())
    }
}
