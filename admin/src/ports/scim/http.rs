//! The real endpoint, over HTTP.

use kcaws::platform::http::HttpSetup;
use kcaws::secret::Secret;
use serde_json::Value;
use url::Url;

use super::{Scim, ScimError};
use crate::platform::rest::{BearerToken, Method, RestClient, RestError, RestOrigin, RestRequest};

/// What every answer of AWS has.
const CONFIG_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

pub(crate) struct HttpScim {
    rest: RestClient,
    token: BearerToken,
}

impl HttpScim {
    /// Creates the client; nothing is sent yet. The token goes to this endpoint only.
    pub(crate) fn new(setup: HttpSetup, endpoint: &Url, token: Secret<String>) -> Result<Self, ScimError> {
        let origin = RestOrigin::parse(endpoint.as_str())
            .map_err(|error| ScimError::Rest(RestError::Malformed(error.to_string())))?;
        let token = BearerToken::new(&origin, token);
        let rest = RestClient::new(setup, origin).map_err(|error| ScimError::Rest(error.into()))?;
        Ok(Self { rest, token })
    }
}

impl Scim for HttpScim {
    fn check(&self) -> Result<(), ScimError> {
        let request = RestRequest::new(Method::Get, "/ServiceProviderConfig").bearer(&self.token);
        let answer: Value = self.rest.send(&request)?.json()?;
        let schemas = answer["schemas"].as_array().into_iter().flatten();
        if schemas.into_iter().any(|schema| schema == CONFIG_SCHEMA) {
            return Ok(());
        }
        Err(ScimError::NotUnderstood { why: "it lacks the schema of a ServiceProviderConfig".to_owned() })
    }
}
