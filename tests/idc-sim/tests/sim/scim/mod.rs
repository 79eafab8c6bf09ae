//! The SCIM endpoint in AWS's dialect.

mod lists;
mod refusals;
mod tokens;
mod writes;

use idc_sim::IdcSim;
use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// A client of the endpoint, with a token.
pub(crate) struct Scim {
    client: Client,
    base: String,
    token: String,
}

impl Scim {
    pub(crate) fn new(sim: &IdcSim) -> Self {
        Self { client: Client::new(sim), base: sim.scim_endpoint(), token: sim.issue_scim_token() }
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/scim+json")];
        self.client.send(method, &format!("{}{path}", self.base), &headers, body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    /// A list with a filter, which is encoded.
    pub(crate) fn filtered(&self, kind: &str, filter: &str) -> Answer {
        self.get(&format!("{kind}?{}", crate::client::encode(&[("filter", filter)])))
    }

    /// Creates a resource and returns its id.
    #[track_caller]
    pub(crate) fn create(&self, kind: &str, body: &Value) -> String {
        let answer = self.send("POST", kind, &body.to_string());
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn patch(&self, path: &str, operations: &Value) -> Answer {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        let body = json!({ "schemas": schemas, "Operations": operations });
        self.send("PATCH", path, &body.to_string())
    }
}

/// A user with all that is required.
pub(crate) fn user(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "displayName": name,
        "name": { "givenName": "Given", "familyName": "Family" },
        "active": true,
        "emails": [{ "value": format!("{name}@example.com"), "type": "work", "primary": true }],
    })
}

/// The `detail` of an error, after a look at the rest of it.
#[track_caller]
pub(crate) fn detail(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let schemas = json!(["urn:ietf:params:scim:api:messages:2.0:Error"]);
    assert_eq!((&body["schema"], &body["schemas"]), (&schemas, &schemas), "{answer:?}");
    assert_eq!(body["status"], answer.status.to_string());
    assert_eq!(body["exceptionRequestId"], answer.header("x-amzn-requestid"));
    assert_eq!(body["timeStamp"].as_str().map(str::len), Some("2022-04-15 14:09:03.693".len()));
    (answer.status, body["detail"].as_str().expect("a detail").to_owned())
}
