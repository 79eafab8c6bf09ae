//! Account access manager. The runtime: roles, credentials, refusals, pages, and each switch.

mod control_plane;
mod switches;

use std::time::{Duration, UNIX_EPOCH};

use idc_sim::{
    ACCOUNT_ACCESS_SCOPES, AccountAccessScopes, AccountAccessTrust, BrokenTrust, Builder, DefaultDuration,
    ErrorTypeIn, ExpiryForm, ForeignRegion, IamRole, IdcSim, MissingScope, PageSize, SECRET_MARK, Throttle,
    ThrottlePer, UnassignedPerson, UnknownTenant, UnusableRole, WithoutPermissionSets,
};
use serde_json::{Value, json};

use crate::client::{ALICE, Answer, Client, DEV, START_URL, encode};
use crate::identity::{BODY, Signer};

const TENANT: &str = "aa-gyxmap389";
const DEPLOY: &str = "arn:aws:iam::111122223333:role/team/Deploy";
const AUDIT: &str = "arn:aws:iam::999900001111:role/Audit";
const BOB: &str = "bob@example.com";
const ALL: [&str; 3] = ["sso:account:access", "account_access:read_only", "account_access:assume"];

/// alice has one role by herself and one by a group, in an account that is not in the organization; bob has none.
fn company() -> Builder {
    let role = |arn| IamRole::new(arn).account_access(AccountAccessTrust::Granted);
    IdcSim::builder()
        .user(ALICE, "wonderland")
        .user(BOB, "builder")
        .tenant(TENANT)
        .iam_role(role(DEPLOY).max_session(Duration::from_hours(4)))
        .iam_role(role(AUDIT))
        .entitle(ALICE, DEPLOY)
        .group("auditors", &[ALICE])
        .entitle_group("auditors", AUDIT)
}

/// Somebody with all three scopes.
struct Person {
    client: Client,
    token: String,
}

impl Person {
    fn new(sim: &IdcSim) -> Self {
        Self::with(sim, ALICE, &ALL)
    }

    fn with(sim: &IdcSim, user: &str, scopes: &[&str]) -> Self {
        let token = sim.seed_login_with_scopes(user, scopes).access_token;
        Self { client: Client::new(sim), token }
    }

    fn get(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let path = format!("{path}?{}", encode(fields));
        self.client.send("GET", &path, &[("authorization", &authorization)], "")
    }

    fn list(&self, more: &[(&str, &str)]) -> Answer {
        self.get("/access", &[&[("tenantId", TENANT)], more].concat())
    }

    fn credentials(&self, arn: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [("tenantId", TENANT), ("roleArn", arn), ("accessType", "PROGRAMMATIC_ACCESS")];
        self.get("/access/credentials", &[&fields, more].concat())
    }

    /// Every role of the list, and how many pages it took.
    fn roles(&self, more: &[(&str, &str)]) -> (Vec<Value>, usize) {
        let (mut roles, mut pages, mut token) = (Vec::new(), 0, None::<String>);
        loop {
            let next = token.iter().map(|token| ("nextToken", token.as_str()));
            let page = self.list(&more.iter().copied().chain(next).collect::<Vec<_>>());
            assert_eq!(page.status, 200, "{page:?}");
            roles.extend(page.json()["roles"].as_array().expect("a list").clone());
            pages += 1;
            match page.json().get("nextToken") {
                Some(next) => token = Some(next.as_str().expect("a token").to_owned()),
                None => return (roles, pages),
            }
        }
    }

    fn arns(&self) -> Vec<String> {
        let arn = |role: &Value| role["roleArn"].as_str().expect("an ARN").to_owned();
        self.roles(&[]).0.iter().map(arn).collect()
    }

    fn issued(&self, arn: &str, more: &[(&str, &str)]) -> Value {
        let answer = self.credentials(arn, more);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["credentialsDetails"]["programmaticAccess"].clone()
    }
}

/// Status and exception of an error answer.
#[track_caller]
fn refused(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    assert!(body["message"].is_string() && !answer.body.contains(SECRET_MARK), "{answer:?}");
    (answer.status, body["__type"].as_str().unwrap_or_default().to_owned())
}

fn error(status: u16, exception: &str) -> (u16, String) {
    (status, exception.to_owned())
}

/// How long credentials are valid from now on.
fn life(sim: &IdcSim, credentials: &Value) -> u64 {
    let now = sim.now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    credentials["expiresAt"].as_u64().expect("seconds") - now
}

#[test]
fn a_persons_roles_are_those_of_her_own_and_of_her_groups() {
    let sim = company().start();
    let alice = Person::new(&sim);
    let roles = alice.roles(&[]).0;
    assert_eq!(
        json!(roles),
        json!([
            { "accountId": DEV, "accountName": "dev", "roleArn": DEPLOY },
            { "accountId": "999900001111", "roleArn": AUDIT },
        ])
    );
    let bob = Person::with(&sim, BOB, &ALL);
    assert!(bob.arns().is_empty());
    assert_eq!(refused(&bob.credentials(DEPLOY, &[])), error(403, "AccessDeniedException"));
    // By both ways it is one role all the same.
    sim.entitle_group("auditors", DEPLOY);
    assert_eq!(alice.arns(), [DEPLOY, AUDIT]);
    sim.withdraw(ALICE, DEPLOY);
    assert_eq!(alice.arns(), [DEPLOY, AUDIT]);
    sim.withdraw_group("auditors", DEPLOY);
    assert_eq!(alice.arns(), [AUDIT]);
    sim.remove_member("auditors", ALICE);
    assert!(alice.arns().is_empty());
    assert_eq!(refused(&alice.credentials(AUDIT, &[])), error(403, "AccessDeniedException"));
}

#[test]
fn credentials_are_a_session_of_the_role_named_after_the_user_id() {
    let sim = company().start();
    let alice = Person::new(&sim);
    let id = sim.user_id(ALICE).expect("an id");
    for (more, session) in [(vec![], id.as_str()), (vec![("sessionName", "a+b@c")], "a+b@c")] {
        let issued = alice.issued(DEPLOY, &more);
        let text = |name: &str| issued[name].as_str().expect("a string").to_owned();
        assert!(text("secretAccessKey").contains(SECRET_MARK) && text("sessionToken").contains(SECRET_MARK));
        let signed_in = Signer::of(&sim, &issued).ask(&alice.client, BODY);
        let arn = format!("<Arn>arn:aws:sts::{DEV}:assumed-role/Deploy/{session}</Arn>");
        assert!(signed_in.body.contains(&arn), "{signed_in:?}");
    }
}

#[test]
fn a_session_is_as_long_as_was_asked_for_and_never_longer_than_the_role_allows() {
    for (switch, expected) in [(DefaultDuration::RoleMaximum, 4), (DefaultDuration::OneHour, 1)] {
        let sim = company().default_duration(switch).start();
        let alice = Person::new(&sim);
        let left = life(&sim, &alice.issued(DEPLOY, &[]));
        assert!((expected * 3600 - 60..=expected * 3600).contains(&left), "{left}");
        let left = life(&sim, &alice.issued(DEPLOY, &[("sessionDuration", "900")]));
        assert!((840..=900).contains(&left), "{left}");
        assert_eq!(alice.credentials(DEPLOY, &[("sessionDuration", "14400")]).status, 200);
        let longer = alice.credentials(DEPLOY, &[("sessionDuration", "14401")]);
        assert_eq!(refused(&longer), error(400, "ValidationException"));
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let sim = company().account_access_throttle(None).start();
    let alice = Person::new(&sim);
    for more in [
        ("sessionName", "x"),
        ("sessionName", "two words"),
        ("sessionDuration", "899"),
        ("sessionDuration", "43201"),
        ("sessionDuration", "1h"),
        ("roleArn", DEPLOY),
        ("account_id", DEV),
    ] {
        let refusal = refused(&alice.credentials(DEPLOY, &[more]));
        assert_eq!(refusal, error(400, "ValidationException"), "{more:?}");
    }
    for more in [("maxResults", "0"), ("maxResults", "101"), ("nextToken", "x"), ("max_result", "1")] {
        assert_eq!(refused(&alice.list(&[more])), error(400, "ValidationException"), "{more:?}");
    }
    for fields in [
        vec![("tenantId", TENANT), ("roleArn", DEPLOY)],
        vec![("tenantId", TENANT), ("accessType", "PROGRAMMATIC_ACCESS")],
        vec![("roleArn", DEPLOY), ("accessType", "PROGRAMMATIC_ACCESS")],
        vec![("tenantId", TENANT), ("roleArn", DEPLOY), ("accessType", "CONSOLE_ACCESS")],
        vec![("tenantId", "AA-1"), ("roleArn", DEPLOY), ("accessType", "PROGRAMMATIC_ACCESS")],
    ] {
        let refusal = refused(&alice.get("/access/credentials", &fields));
        assert_eq!(refusal, error(400, "ValidationException"), "{fields:?}");
    }
    // The name alone, or another path, is another role.
    for arn in ["Deploy", "arn:aws:iam::111122223333:role/Deploy"] {
        assert_eq!(refused(&alice.credentials(arn, &[])), error(403, "AccessDeniedException"), "{arn}");
    }
    let posted = alice.client.post(&format!("/access?tenantId={TENANT}"), &json!({}));
    assert_eq!(refused(&posted), error(405, "MethodNotAllowedException"));
}

#[test]
fn only_a_bearer_token_that_lives_is_accepted() {
    let sim = company().start();
    let alice = Person::new(&sim);
    let path = format!("/access?tenantId={TENANT}");
    let unauthorized = error(401, "UnauthorizedException");
    for headers in [
        vec![],
        vec![("authorization", "Bearer x")],
        vec![("authorization", alice.token.as_str())],
        vec![("x-amz-sso_bearer_token", alice.token.as_str())],
    ] {
        assert_eq!(refused(&alice.client.send("GET", &path, &headers, "")), unauthorized, "{headers:?}");
    }
    assert_eq!(alice.list(&[]).status, 200);
    sim.advance(Duration::from_hours(1));
    assert_eq!(refused(&alice.list(&[])), unauthorized);
    let again = Person::new(&sim);
    sim.end_session(ALICE);
    assert_eq!(refused(&again.list(&[])), unauthorized);
}

#[test]
fn each_operation_needs_its_own_scope() {
    for (switch, expected) in [
        (MissingScope::Unauthorized, error(401, "UnauthorizedException")),
        (MissingScope::AccessDenied, error(403, "AccessDeniedException")),
    ] {
        let sim = company().missing_scope(switch).start();
        let lists = Person::with(&sim, ALICE, &["sso:account:access", "account_access:read_only"]);
        assert_eq!(lists.list(&[]).status, 200);
        assert_eq!(refused(&lists.credentials(DEPLOY, &[])), expected);
        let assumes = Person::with(&sim, ALICE, &["sso:account:access", "account_access:assume"]);
        assert_eq!(refused(&assumes.list(&[])), expected);
        assert_eq!(assumes.credentials(DEPLOY, &[]).status, 200);
        let neither = Person::with(&sim, ALICE, &["sso:account:access"]);
        assert_eq!(refused(&neither.list(&[])), expected);
        // Nor is the portal there for the new scopes.
        let alone = Person::with(&sim, ALICE, &ACCOUNT_ACCESS_SCOPES);
        assert_eq!(alone.client.portal("/assignment/accounts", &alone.token).status, 401);
    }
}

#[test]
fn a_long_list_comes_in_pages_and_the_first_may_be_empty() {
    let arn = |number| format!("arn:aws:iam::111122223333:role/r{number:03}");
    for (is_empty, pages) in [(true, 6), (false, 5)] {
        let mut builder =
            IdcSim::builder().tenant(TENANT).page_size(PageSize::Fixed(50)).empty_role_pages(is_empty);
        for number in 0..230 {
            builder = builder.iam_role(IamRole::new(&arn(number))).entitle(ALICE, &arn(number));
        }
        let sim = builder.account_access_throttle(None).start();
        let alice = Person::new(&sim);
        assert_eq!(alice.list(&[]).json()["roles"].as_array().map(Vec::is_empty), Some(is_empty));
        let (roles, got) = alice.roles(&[]);
        assert_eq!((roles.len(), got), (230, pages));
        assert_eq!(
            roles.iter().map(|role| role["roleArn"].clone()).collect::<std::collections::HashSet<_>>().len(),
            230
        );
        let (roles, got) = alice.roles(&[("maxResults", "7")]);
        assert_eq!((roles.len(), got), (230, 33 + usize::from(is_empty)));
    }
}

#[test]
fn the_consent_page_names_the_scopes() {
    let sim = company().start();
    let client = Client::new(&sim);
    let registered =
        client.register_with(&json!({ "clientName": "test", "clientType": "public", "scopes": ALL }));
    let code = client.start_device(&registered);
    assert_eq!(sim.pending()[0].scopes, ALL);
    let form = [("username", ALICE), ("password", "wonderland"), ("next", "/start")];
    let signed_in = client.post_form("/start/sign-in", &[], &form);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    let consent = format!("/start/consent?user_code={}", code.user_code);
    let page = client.send("GET", &consent, &[("cookie", &cookie)], "");
    for scope in ALL {
        assert!(page.body.contains(scope), "{scope}: {page:?}");
    }
    assert!(!page.body.contains("Further access"), "{page:?}");
}
