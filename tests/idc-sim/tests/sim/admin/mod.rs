//! The administrators' services, by a small client that signs.

mod assignments;
mod organization;
mod permission_sets;
mod rights;

use idc_sim::{AccessKey, Builder, IdcSim, SECRET_MARK};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::{Answer, Client};
use crate::identity::{hex, hmac};

const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-1234567890abcdef";
const MANAGEMENT: &str = "000011112222";

/// Calls operations of JSON 1.1 services.
pub(crate) struct Api<'a> {
    sim: &'a IdcSim,
    client: Client,
    key: AccessKey,
    region: &'static str,
}

impl<'a> Api<'a> {
    /// As the management account's administrator.
    pub(crate) fn new(sim: &'a IdcSim) -> Self {
        Self::with_key(sim, sim.administrator_key())
    }

    pub(crate) fn with_key(sim: &'a IdcSim, key: AccessKey) -> Self {
        Self { sim, client: Client::new(sim), key, region: "eu-central-1" }
    }

    /// Sends a request as it is.
    pub(crate) fn send(&self, service: &str, target: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let host = self.sim.url().strip_prefix("http://").expect("http");
        let stamp = idc_sim::rfc3339(self.sim.now()).replace(['-', ':'], "");
        let signed = "host;x-amz-date;x-amz-target";
        let canonical = format!(
            "POST\n/\n\nhost:{host}\nx-amz-date:{stamp}\nx-amz-target:{target}\n\n{signed}\n{}",
            hex(&Sha256::digest(&body))
        );
        let scope = format!("{}/{}/{service}/aws4_request", &stamp[..8], self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let start = format!("AWS4{}", self.key.secret).into_bytes();
        let key = scope.split('/').fold(start, |key, part| hmac(&key, part));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={}",
            self.key.id,
            hex(&hmac(&key, &to_sign))
        );
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", &stamp),
            ("x-amz-target", target),
            ("authorization", &authorization),
        ];
        self.client.send("POST", "/", &headers, &body)
    }

    /// An operation of sso-admin; `InstanceArn` is added.
    pub(crate) fn sso(&self, operation: &str, members: &Value) -> Answer {
        let mut members = members.clone();
        if operation != "ListInstances" {
            members["InstanceArn"] = INSTANCE.into();
        }
        self.send("sso", &format!("SWBExternalService.{operation}"), &members)
    }

    fn organizations(&self, operation: &str, members: &Value) -> Answer {
        self.send("organizations", &format!("AWSOrganizationsV20161128.{operation}"), members)
    }

    /// Every item of a list, page by page.
    #[track_caller]
    fn all(&self, ask: impl Fn(&Self, &Value) -> Answer, members: &Value, list: &str) -> Vec<Value> {
        let (mut items, mut members) = (Vec::new(), members.clone());
        for _ in 0..200 {
            let page = ok(&ask(self, &members));
            items.extend(page[list].as_array().unwrap_or_else(|| panic!("no {list} in {page}")).clone());
            match page.get("NextToken") {
                Some(token) => members["NextToken"] = token.clone(),
                None => return items,
            }
        }
        panic!("the list does not end");
    }

    /// Every item of a list of sso-admin.
    #[track_caller]
    fn list(&self, operation: &str, members: &Value, list: &str) -> Vec<Value> {
        self.all(|api, members| api.sso(operation, members), members, list)
    }

    /// The ARN of the permission set of this name.
    #[track_caller]
    pub(crate) fn set(&self, name: &str) -> Value {
        let sets = self.list("ListPermissionSets", &json!({}), "PermissionSets");
        let is_it = |arn: &Value| {
            let set = ok(&self.sso("DescribePermissionSet", &json!({ "PermissionSetArn": arn })));
            set["PermissionSet"]["Name"] == name
        };
        sets.into_iter().find(is_it).unwrap_or_else(|| panic!("no permission set {name}"))
    }
}

/// Without the limit on requests, which has a test of its own.
fn unlimited() -> Builder {
    IdcSim::builder().admin_throttle(None)
}

#[track_caller]
pub(crate) fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(answer.header("x-amzn-requestid").len(), 36);
    answer.json()
}

/// The exception and the message of an error answer.
#[track_caller]
pub(crate) fn refused(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(!answer.body.contains(SECRET_MARK), "{answer:?}");
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned();
    (text("__type"), text("Message"))
}

#[track_caller]
fn assert_refused(answer: &Answer, exception: &str) {
    assert_eq!(refused(answer).0, exception, "{answer:?}");
}
