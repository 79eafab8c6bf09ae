//! The real endpoint, over HTTP.

use std::time::Duration;

use kcaws::platform::http::HttpSetup;
use kcaws::platform::printable::shown;
use kcaws::secret::Secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::Url;

use super::{PatchOperation, Scim, ScimCreated, ScimError, ScimKind, ScimReceipt};
use crate::platform::rest::{
    BearerToken, Method, RestAnswer, RestClient, RestError, RestOrigin, RestRequest,
};

/// What every answer of AWS has.
const CONFIG_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub(crate) struct HttpScim {
    rest: RestClient,
    token: BearerToken,
    endpoint: String,
}

impl HttpScim {
    /// Creates the client; nothing is sent yet. The token goes to this endpoint only.
    pub(crate) fn new(setup: HttpSetup, endpoint: &Url, token: Secret<String>) -> Result<Self, ScimError> {
        let origin = RestOrigin::parse(endpoint.as_str())
            .map_err(|error| ScimError::Rest(RestError::Malformed(error.to_string())))?;
        let token = BearerToken::new(&origin, token);
        let rest = RestClient::new(setup, origin).map_err(|error| ScimError::Rest(error.into()))?;
        Ok(Self { rest, token, endpoint: endpoint.to_string() })
    }

    /// Sets how long a response may take.
    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Self {
        Self { rest: self.rest.timeout(timeout), ..self }
    }

    fn send(&self, method: Method, path: String, body: Option<&Value>) -> Result<RestAnswer, ScimError> {
        let request = RestRequest::new(method, path).bearer(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Ok(self.rest.send(&request)?)
    }
}

impl Scim for HttpScim {
    fn check(&self) -> Result<(), ScimError> {
        let answer: Value = self.send(Method::Get, "/ServiceProviderConfig".to_owned(), None)?.json()?;
        let schemas = answer["schemas"].as_array().into_iter().flatten();
        if schemas.into_iter().any(|schema| schema == CONFIG_SCHEMA) {
            return Ok(());
        }
        Err(ScimError::NotUnderstood { why: "it lacks the schema of a ServiceProviderConfig".to_owned() })
    }

    fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn has(&self, kind: ScimKind, id: &str) -> Result<bool, ScimError> {
        match self.send(Method::Get, resource(kind, id), None).map_err(of_one_resource) {
            Ok(answer) if id_of(&answer.json()?)? == id => Ok(true),
            Ok(_) => Err(ScimError::NotUnderstood { why: "it has another id than was asked for".to_owned() }),
            Err(ScimError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn find(&self, kind: ScimKind, attribute: &str, value: &str) -> Result<Option<String>, ScimError> {
        let filter = format!("{attribute} eq {}", json!(value));
        let path = format!("{}?filter={}", collection(kind), encoded(&filter));
        let answer: Value = self.send(Method::Get, path, None)?.json()?;
        let Some(found) = answer["Resources"].as_array() else {
            return Err(ScimError::NotUnderstood { why: "a listing has no resources".to_owned() });
        };
        found.first().map(id_of).transpose()
    }

    fn create(&self, kind: ScimKind, resource: &Value) -> Result<ScimCreated, ScimError> {
        let names_members = resource["members"].as_array().is_some_and(|members| !members.is_empty());
        let answer = self.send(Method::Post, collection(kind).to_owned(), Some(resource));
        // AWS answers 404 for a member that does not exist. Nothing else that is created names another resource.
        let answer = answer.map_err(|error| if names_members { of_one_resource(error) } else { error })?;
        Ok(ScimCreated { id: id_of(&answer.json()?)?, receipt: receipt(&answer) })
    }

    fn patch(
        &self,
        kind: ScimKind,
        id: &str,
        operations: &[PatchOperation],
    ) -> Result<ScimReceipt, ScimError> {
        let body = json!({ "schemas": [PATCH_SCHEMA], "Operations": operations });
        let answer = self.send(Method::Patch, resource(kind, id), Some(&body)).map_err(of_one_resource)?;
        Ok(receipt(&answer))
    }

    fn delete(&self, kind: ScimKind, id: &str) -> Result<ScimReceipt, ScimError> {
        let answer = self.send(Method::Delete, resource(kind, id), None).map_err(of_one_resource)?;
        Ok(receipt(&answer))
    }
}

fn collection(kind: ScimKind) -> &'static str {
    match kind {
        ScimKind::User => "/Users",
        ScimKind::Group => "/Groups",
    }
}

fn resource(kind: ScimKind, id: &str) -> String {
    format!("{}/{}", collection(kind), encoded(id))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A wrong endpoint is 401 at AWS, so that 404 is about the resource.
fn of_one_resource(error: ScimError) -> ScimError {
    match error {
        ScimError::NoEndpoint => ScimError::NotFound,
        other => other,
    }
}

fn id_of(resource: &Value) -> Result<String, ScimError> {
    let id = resource["id"].as_str().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| ScimError::NotUnderstood { why: "a resource has no id".to_owned() })
}

fn receipt(answer: &RestAnswer) -> ScimReceipt {
    ScimReceipt { request_id: answer.header("x-amzn-requestid").map(shown) }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use kcaws::platform::env::Env;
    use kcaws::ports::clock::SystemClock;

    use super::*;
    use crate::platform::rest::testing::{TestServer, json as json_answer, response};
    use crate::ports::scim::PatchKind;

    /// Returns a client of an endpoint that answers with `answer`, and what it was asked.
    fn endpoint(answer: Vec<u8>) -> (HttpScim, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let server = TestServer::start(move |request| {
            log.lock().expect("a lock").push(request.to_owned());
            answer.clone()
        });
        let url = Url::parse(&format!("{}/t-1/scim/v2/", server.url)).expect("a URL");
        let setup =
            HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up");
        (HttpScim::new(setup, &url, "token-1".to_owned().into()).expect("a client"), asked)
    }

    fn first(asked: &Mutex<Vec<String>>) -> String {
        asked.lock().expect("a lock")[0].clone()
    }

    #[test]
    fn a_patch_names_its_schema_and_its_operations() {
        let (scim, asked) = endpoint(response("204 No Content", "x-amzn-RequestId: req-1\r\n", ""));
        let operation =
            PatchOperation { op: PatchKind::Replace, path: "active".to_owned(), value: Some(json!(false)) };
        let receipt = scim.patch(ScimKind::User, "u/1", &[operation]).expect("an answer");
        assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
        let request = first(&asked);
        assert!(request.starts_with("PATCH /t-1/scim/v2/Users/u%2F1 HTTP/1.1\r\n"), "{request}");
        assert!(request.to_lowercase().contains("authorization: bearer token-1"), "{request}");
        let (_, body) = request.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["schemas"][0], PATCH_SCHEMA);
        assert_eq!(body["Operations"], json!([{ "op": "replace", "path": "active", "value": false }]));
    }

    #[test]
    fn a_filter_is_quoted_as_json() {
        let (scim, asked) = endpoint(json_answer("{\"Resources\":[{\"id\":\"u-1\"}]}"));
        let found = scim.find(ScimKind::User, "userName", "a\"b").expect("an answer");
        assert_eq!(found.as_deref(), Some("u-1"));
        assert!(first(&asked).contains("?filter=userName%20eq%20%22a%5C%22b%22 "), "{}", first(&asked));
        let (scim, _) = endpoint(json_answer("{\"Resources\":[]}"));
        assert!(scim.find(ScimKind::Group, "displayName", "x").expect("an answer").is_none());
        let (scim, _) = endpoint(json_answer("{}"));
        assert!(scim.find(ScimKind::Group, "displayName", "x").is_err(), "no answer is not an empty list");
    }

    #[test]
    fn refusals_are_told_apart() {
        let created = |status: &str| {
            let (scim, _) = endpoint(response(status, "retry-after: 3\r\n", "{\"detail\":\"why\"}"));
            scim.create(ScimKind::User, &json!({})).expect_err("a refusal")
        };
        assert!(matches!(created("409 Conflict"), ScimError::Conflict { message } if message == "why"));
        assert!(
            matches!(created("400 Bad Request"), ScimError::Refused { status: 400, message } if message == "why")
        );
        assert!(
            matches!(created("402 Payment Required"), ScimError::QuotaExceeded { message } if message == "why")
        );
        assert!(matches!(created("401 Unauthorized"), ScimError::TokenRefused));
        let throttled = created("429 Too Many Requests");
        let three = Some(std::time::Duration::from_secs(3));
        assert!(matches!(throttled, ScimError::Throttled { retry_after } if retry_after == three));
        assert!(matches!(created("503 Unavailable"), ScimError::ServerTrouble { status: 503 }));
        let page = |status: &str| {
            let (scim, _) = endpoint(response(status, "content-type: text/html\r\n", "<html></html>"));
            scim.create(ScimKind::User, &json!({})).expect_err("a page")
        };
        assert!(matches!(page("502 Bad Gateway"), ScimError::ServerTrouble { status: 502 }));
        assert!(matches!(page("429 Too Many Requests"), ScimError::Throttled { .. }));
        assert!(matches!(page("200 OK"), ScimError::Rest(RestError::Page { status: 200 })));
        let (scim, _) = endpoint(response("404 Not Found", "", "{}"));
        assert!(matches!(scim.delete(ScimKind::User, "u-1"), Err(ScimError::NotFound)));
        assert!(matches!(scim.has(ScimKind::User, "u-1"), Ok(false)));
        let group = |members: Value| scim.create(ScimKind::Group, &json!({ "members": members }));
        assert!(matches!(group(json!([{ "value": "u-1" }])), Err(ScimError::NotFound)), "a member");
        assert!(matches!(group(json!([])), Err(ScimError::NoEndpoint)));
    }

    #[test]
    fn a_resource_is_there_if_it_has_the_id_that_was_asked_for() {
        let (scim, asked) = endpoint(json_answer("{\"id\":\"u-1\"}"));
        assert!(matches!(scim.has(ScimKind::User, "u-1"), Ok(true)));
        assert!(first(&asked).starts_with("GET /t-1/scim/v2/Users/u%2D1 "), "{}", first(&asked));
        assert!(scim.has(ScimKind::User, "u-2").is_err(), "another resource is no answer");
        let (scim, _) = endpoint(response("401 Unauthorized", "", "{}"));
        assert!(matches!(scim.has(ScimKind::Group, "g-1"), Err(ScimError::TokenRefused)));
    }
}
