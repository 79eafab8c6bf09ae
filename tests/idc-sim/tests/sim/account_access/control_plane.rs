//! The control plane of account access manager, by a small client that signs.

use std::time::Duration;

use idc_sim::{AccessKey, AccountAccessTrust, EntitlementCheck, IamRole, IdcSim, PageSize, Throttle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{ALL, AUDIT, DEPLOY, Person, TENANT, company, error, refused};
use crate::client::{ALICE, Answer, Client};
use crate::identity::{hex, hmac};

const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-1234567890abcdef";
const BOB: &str = "bob@example.com";

struct Admin<'a> {
    sim: &'a IdcSim,
    client: Client,
    key: AccessKey,
    region: &'static str,
}

/// As in a path or a query.
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

impl<'a> Admin<'a> {
    fn new(sim: &'a IdcSim) -> Self {
        Self::with_key(sim, sim.administrator_key())
    }

    fn with_key(sim: &'a IdcSim, key: AccessKey) -> Self {
        Self { sim, client: Client::new(sim), key, region: "eu-central-1" }
    }

    fn send(&self, method: &str, path: &str, query: &str, body: &str) -> Answer {
        let host = self.sim.url().strip_prefix("http://").expect("http");
        let stamp = idc_sim::rfc3339(self.sim.now()).replace(['-', ':'], "");
        // Encoded once more, as for every service but S3.
        let twice: Vec<String> = path.split('/').map(escaped).collect();
        let canonical = format!(
            "{method}\n{}\n{query}\nhost:{host}\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{}",
            twice.join("/"),
            hex(&Sha256::digest(body))
        );
        let scope = format!("{}/{}/account-access/aws4_request", &stamp[..8], self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let start = format!("AWS4{}", self.key.secret).into_bytes();
        let key = scope.split('/').fold(start, |key, part| hmac(&key, part));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=host;x-amz-date, Signature={}",
            self.key.id,
            hex(&hmac(&key, &to_sign))
        );
        let headers = [
            ("content-type", "application/json"),
            ("x-amz-date", stamp.as_str()),
            ("authorization", authorization.as_str()),
        ];
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        self.client.send(method, &target, &headers, body)
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "", &body.to_string())
    }

    fn application(&self) -> String {
        let listed = self.all("/applications-list", &json!({}), "applications");
        listed[0]["applicationArn"].as_str().expect("an ARN").to_owned()
    }

    fn create_entitlement(&self, principal: &Value, role: &str) -> Answer {
        self.post(
            "/entitlements",
            &json!({ "applicationArn": self.application(), "entitlement": { "principalRole": {
                "principal": { "identityCenter": principal }, "roleArn": role,
            }}}),
        )
    }

    /// The ID of a new entitlement.
    #[track_caller]
    fn entitled(&self, principal: &Value, role: &str) -> String {
        let made = self.create_entitlement(principal, role);
        assert_eq!(made.status, 200, "{made:?}");
        made.json()["entitlementId"].as_str().expect("an ID").to_owned()
    }

    fn entitlement(&self, method: &str, id: &str) -> Answer {
        let query = format!("applicationArn={}", escaped(&self.application()));
        self.send(method, &format!("/entitlements/{id}"), &query, "")
    }

    fn list(&self, filter: &Value) -> Answer {
        self.post("/entitlements-list", &json!({ "applicationArn": self.application(), "filter": filter }))
    }

    /// Every item, page by page.
    #[track_caller]
    fn all(&self, path: &str, body: &Value, list: &str) -> Vec<Value> {
        let (mut items, mut body) = (Vec::new(), body.clone());
        for _ in 0..200 {
            let page = self.post(path, &body);
            assert_eq!(page.status, 200, "{page:?}");
            items.extend(page.json()[list].as_array().expect("a list").clone());
            match page.json().get("nextToken") {
                Some(token) => body["nextToken"] = token.clone(),
                None => return items,
            }
        }
        panic!("the list does not end");
    }

    /// The ARNs of the roles in a list of entitlements, sorted.
    #[track_caller]
    fn roles(&self, filter: &Value) -> Vec<String> {
        let body = json!({ "applicationArn": self.application(), "filter": filter });
        let all = self.all("/entitlements-list", &body, "entitlements");
        let arn =
            |one: &Value| one["entitlement"]["principalRole"]["roleArn"].as_str().expect("an ARN").to_owned();
        let mut arns: Vec<String> = all.iter().map(arn).collect();
        arns.sort();
        arns
    }
}

fn user(sim: &IdcSim, name: &str) -> Value {
    json!({ "userId": sim.user_id(name).expect("an id") })
}

fn group(sim: &IdcSim, name: &str) -> Value {
    json!({ "groupId": sim.group_id(name).expect("an id") })
}

#[test]
fn what_an_administrator_assigns_is_there_for_the_person_at_once() {
    let sim = company().admin_throttle(None).start();
    let admin = Admin::new(&sim);
    let bob = Person::with(&sim, BOB, &ALL);
    assert!(bob.arns().is_empty());
    sim.add_group("deployers");
    sim.add_member("deployers", BOB);
    let id = admin.entitled(&group(&sim, "deployers"), DEPLOY);
    assert_eq!(bob.arns(), [DEPLOY]);
    assert_eq!(bob.credentials(DEPLOY, &[]).status, 200);
    assert_eq!(admin.entitled(&group(&sim, "deployers"), DEPLOY), id, "once more is the same");
    // And the other way round.
    sim.entitle(BOB, AUDIT);
    let theirs = json!({ "principalRole": { "principal": { "identityCenter": user(&sim, BOB) } } });
    assert_eq!(admin.roles(&theirs), [AUDIT]);

    let found = admin.entitlement("GET", &id).json();
    assert_eq!(found["entitlement"]["principalRole"]["account"], "111122223333");
    assert_eq!(found["entitlement"]["principalRole"]["accountName"], "dev");
    for _ in 0..2 {
        let deleted = admin.entitlement("DELETE", &id);
        assert_eq!((deleted.status, deleted.body.as_str()), (204, ""), "{deleted:?}");
    }
    assert_eq!(bob.arns(), [AUDIT]);
    assert_eq!(refused(&admin.entitlement("GET", &id)), error(404, "ResourceNotFoundException"));
    assert_eq!(refused(&admin.entitlement("DELETE", "ent-0")), error(404, "ResourceNotFoundException"));
}

#[test]
fn lists_are_filtered_and_never_without_a_filter() {
    let sim = company().admin_throttle(None).page_size(PageSize::Fixed(1)).start();
    let admin = Admin::new(&sim);
    let of = |filter: Value| admin.roles(&json!({ "principalRole": filter }));
    assert_eq!(of(json!({ "account": "111122223333" })), [DEPLOY]);
    assert_eq!(of(json!({ "roleArn": AUDIT })), [AUDIT]);
    admin.entitled(&group(&sim, "auditors"), DEPLOY);
    assert_eq!(of(json!({ "roleArn": DEPLOY })), [DEPLOY, DEPLOY]);
    let auditors = json!({ "identityCenter": group(&sim, "auditors") });
    assert_eq!(of(json!({ "principal": auditors })), [DEPLOY, AUDIT]);
    assert_eq!(of(json!({ "principal": auditors, "roleArn": DEPLOY })), [DEPLOY]);
    assert!(of(json!({ "roleArn": "arn:aws:iam::111122223333:role/Deploy" })).is_empty(), "without the path");
    for filter in
        [json!({}), json!({ "principalRole": {} }), json!({ "principalRole": { "roleArn": "Deploy" } })]
    {
        assert_eq!(refused(&admin.list(&filter)), error(400, "ValidationException"), "{filter}");
    }
    let both =
        json!({ "identityCenter": { "userId": sim.user_id(ALICE), "groupId": sim.group_id("auditors") } });
    let refusal = refused(&admin.list(&json!({ "principalRole": { "principal": both } })));
    assert_eq!(refusal, error(400, "ValidationException"));
    // A token is good for its own list.
    let page = admin.list(&json!({ "principalRole": { "roleArn": DEPLOY } })).json();
    let other = json!({
        "applicationArn": admin.application(), "nextToken": page["nextToken"],
        "filter": { "principalRole": { "roleArn": AUDIT } },
    });
    assert_eq!(refused(&admin.post("/entitlements-list", &other)), error(400, "ValidationException"));
}

#[test]
fn there_is_one_application_which_takes_its_entitlements_along() {
    let sim = IdcSim::builder().admin_throttle(None).application_time(Duration::from_secs(5)).start();
    let admin = Admin::new(&sim);
    assert!(admin.all("/applications-list", &json!({}), "applications").is_empty());
    let source = json!({ "identitySource": { "identityCenter": { "instanceArn": INSTANCE } } });
    let made = admin.post("/applications", &source).json();
    assert_eq!(admin.post("/applications", &source).json(), made, "the same once more");
    let arn = made["applicationArn"].as_str().expect("an ARN");
    assert!(arn.starts_with("arn:aws:account-access:eu-central-1:000011112222:application/"), "{arn}");
    let path = format!("/applications/{}", escaped(arn));
    assert_eq!(admin.send("GET", &path, "", "").json()["status"], "CREATE_IN_PROGRESS");
    let early = admin.create_entitlement(&user(&sim, ALICE), DEPLOY);
    assert_eq!(refused(&early), error(409, "ConflictException"));
    sim.advance(Duration::from_secs(5));
    let found = admin.send("GET", &path, "", "").json();
    assert_eq!(
        (&found["status"], &found["identitySource"]["identityCenter"]["instanceArn"]),
        (&json!("ACTIVE"), &json!(INSTANCE))
    );
    assert_eq!(found["tenantId"].as_str(), sim.tenant().as_deref());

    let mut tagged = source.clone();
    tagged["tags"] = json!({ "owner": "platform" });
    assert_eq!(refused(&admin.post("/applications", &tagged)), error(400, "AlreadyCreatedException"));
    let tags = format!("/tags/{}", escaped(arn));
    assert_eq!(admin.post(&tags, &json!({ "tags": { "owner": "platform", "b": "1" } })).status, 200);
    assert_eq!(admin.send("DELETE", &tags, "tagKeys=b", "").status, 200);
    assert_eq!(admin.send("GET", &tags, "", "").json(), json!({ "tags": { "owner": "platform" } }));

    sim.add_iam_role(IamRole::new(DEPLOY).account_access(AccountAccessTrust::Granted));
    admin.entitled(&user(&sim, ALICE), DEPLOY);
    for _ in 0..2 {
        assert_eq!(admin.send("DELETE", &path, "", "").status, 204);
    }
    assert_eq!(refused(&admin.send("GET", &path, "", "")), error(404, "ResourceNotFoundException"));
    assert_eq!(sim.tenant(), None);
    admin.post("/applications", &source);
    sim.advance(Duration::from_secs(5));
    assert!(admin.roles(&json!({ "principalRole": { "account": "111122223333" } })).is_empty(), "for ever");
}

#[test]
fn a_role_that_does_not_trust_is_refused_as_the_switch_says() {
    for (switch, refusal) in [
        (EntitlementCheck::Validation, Some(error(400, "ValidationException"))),
        (EntitlementCheck::AccessDenied, Some(error(403, "AccessDeniedException"))),
        (EntitlementCheck::None, None),
    ] {
        let sim = company().admin_throttle(None).entitlement_check(switch).start();
        let admin = Admin::new(&sim);
        sim.set_account_access_trust(DEPLOY, AccountAccessTrust::Missing);
        for role in [DEPLOY, "arn:aws:iam::111122223333:role/Nothing"] {
            let answer = admin.create_entitlement(&user(&sim, BOB), role);
            match &refusal {
                Some(refusal) => assert_eq!(refused(&answer), *refusal, "{switch:?}"),
                None => assert_eq!(answer.status, 200, "{answer:?}"),
            }
        }
        // A wrong source shows when the role is used.
        sim.set_account_access_trust(DEPLOY, AccountAccessTrust::WrongSource);
        assert_eq!(admin.create_entitlement(&user(&sim, BOB), DEPLOY).status, 200);
        let bob = Person::with(&sim, BOB, &ALL);
        assert_eq!(bob.credentials(DEPLOY, &[]).status, 403);
    }
}

#[test]
fn limits_and_rights() {
    let sim = company().admin_throttle(None).groups_per_role(2).start();
    let admin = Admin::new(&sim);
    for number in 0..3 {
        sim.add_group(&format!("team{number}"));
    }
    admin.entitled(&group(&sim, "team0"), DEPLOY);
    let last = admin.entitled(&group(&sim, "team1"), DEPLOY);
    let more = admin.create_entitlement(&group(&sim, "team2"), DEPLOY);
    assert_eq!(refused(&more), error(402, "ServiceQuotaExceededException"));
    assert_eq!(admin.entitled(&group(&sim, "team1"), DEPLOY), last, "what is there counts once");
    admin.entitled(&user(&sim, BOB), DEPLOY);
    let gone = json!({ "groupId": "21111111-2222-4333-8444-555555555555" });
    assert_eq!(refused(&admin.create_entitlement(&gone, AUDIT)), error(404, "ResourceNotFoundException"));

    let reader = Admin::with_key(&sim, sim.access_key(sim.management_account(), &["account-access:List*"]));
    assert_eq!(reader.list(&json!({ "principalRole": { "roleArn": DEPLOY } })).status, 200);
    let refusal = refused(&reader.create_entitlement(&user(&sim, ALICE), AUDIT));
    assert_eq!(refusal, error(403, "AccessDeniedException"));
    let member = Admin::with_key(&sim, sim.access_key("111122223333", &["*"]));
    let refusal = refused(&member.post("/applications-list", &json!({})));
    assert_eq!(refusal, error(403, "AccessDeniedException"));
    let elsewhere = Admin { region: "us-east-1", ..Admin::new(&sim) };
    let refusal = refused(&elsewhere.post("/applications-list", &json!({})));
    assert_eq!(refusal, error(403, "AccessDeniedException"));
    let unsigned = Client::new(&sim).send("POST", "/applications-list", &[], "{}");
    assert_eq!(refused(&unsigned), error(403, "MissingAuthenticationTokenException"));
    let wrong = admin.post("/applications-list", &json!({ "maxResults": 101 }));
    assert_eq!(refused(&wrong), error(400, "ValidationException"));
    let unknown = admin.post("/applications-list", &json!({ "max": 1 }));
    assert_eq!(refused(&unknown), error(400, "SerializationException"));

    let once = company().admin_throttle(Some(Throttle { per_second: 0.001, burst: 1 })).start();
    let admin = Admin::new(&once);
    assert_eq!(admin.post("/applications-list", &json!({})).status, 200);
    let refusal = refused(&admin.post("/applications-list", &json!({})));
    assert_eq!(refusal, error(429, "ThrottlingException"));
    assert!(once.tenant().is_some_and(|tenant| tenant == TENANT));
}
