//! The portal's API: lists, credentials, refusals, pages, the bucket.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use idc_sim::{IdcSim, PageSize, SECRET_MARK};
use serde_json::Value;

use crate::client::{ALICE, Client, DEV};

const CREDENTIALS: &str = "/federation/credentials?account_id=111122223333&role_name=PowerUserAccess";

fn error(status: u16, name: &str) -> (u16, String) {
    (status, name.to_owned())
}

/// Every item of a list, and how many pages it took.
fn walk(client: &Client, path: &str, list: &str, token: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut url) = (Vec::new(), 0, path.to_owned());
    loop {
        let body = client.portal(&url, token).json();
        items.extend(body[list].as_array().expect("a list").iter().cloned());
        pages += 1;
        let Some(next) = body["nextToken"].as_str() else {
            assert_eq!(body.get("nextToken"), Some(&Value::Null));
            return (items, pages);
        };
        let separator = if path.contains('?') { '&' } else { '?' };
        url = format!("{path}{separator}next_token={next}");
    }
}

#[test]
fn lists_come_in_more_than_one_page_and_in_full() {
    let mut builder = IdcSim::builder();
    for number in 0..57 {
        builder = builder.account(&format!("{number:012}"), &format!("account {number}"), "a@example.com");
    }
    let sim = builder.start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let (accounts, pages) = walk(&client, "/assignment/accounts", "accountList", &token);
    let ids: BTreeSet<_> = accounts.iter().map(|account| account["accountId"].to_string()).collect();
    assert_eq!((accounts.len(), ids.len()), (57, 57));
    assert!(pages >= 2);
    let (_, pages) = walk(&client, "/assignment/accounts?max_result=1", "accountList", &token);
    assert_eq!(pages, 57);
    let (roles, pages) = walk(&client, "/assignment/roles?account_id=000000000001", "roleList", &token);
    let names: BTreeSet<_> = roles.iter().map(|role| role["roleName"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, BTreeSet::from(["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"]));
    assert!(pages >= 2);
}

#[test]
fn a_fixed_page_size_is_kept_and_a_page_is_never_larger_than_was_asked_for() {
    let sim = IdcSim::builder().page_size(PageSize::Fixed(3)).start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    for (query, got) in [("", 3), ("?max_result=1", 1), ("?max_result=3", 3), ("?max_result=100", 3)] {
        let page = client.portal(&format!("/assignment/accounts{query}"), &token).json();
        assert_eq!(page["accountList"].as_array().map(Vec::len), Some(got), "{query}");
    }
    assert_eq!(walk(&client, "/assignment/accounts", "accountList", &token).1, 2);
}

#[test]
fn credentials_are_issued_again_each_time() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let answer = client.portal(CREDENTIALS, &token);
    assert_eq!((answer.header("server"), answer.header("cache-control")), ("AWS SSO", "no-cache"));
    assert_eq!(answer.header("requestid").len(), 36);
    let credentials = &answer.json()["roleCredentials"];
    let text = |name: &str| credentials[name].as_str().expect("a string").to_owned();
    assert!(text("accessKeyId").starts_with("ASIA"));
    assert!(text("secretAccessKey").contains(SECRET_MARK) && text("sessionToken").contains(SECRET_MARK));
    let expiration = credentials["expiration"].as_u64().expect("milliseconds");
    assert_eq!(expiration % 1000, 0);
    let left = Duration::from_millis(expiration)
        .saturating_sub(sim.now().duration_since(UNIX_EPOCH).expect("after 1970"));
    assert!((3540..=3600).contains(&left.as_secs()), "{left:?}");
    assert_ne!(
        client.portal(CREDENTIALS, &token).json()["roleCredentials"]["accessKeyId"],
        credentials["accessKeyId"]
    );
}

#[test]
fn wrong_parameters_tokens_and_methods_are_refused() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    for (path, expected) in [
        ("/assignment/roles", error(400, "InvalidRequestException")),
        ("/assignment/roles?account_id=12", error(400, "InvalidRequestException")),
        ("/assignment/roles?account_id=999999999999", error(403, "ForbiddenException")),
        ("/assignment/accounts?max_result=0", error(400, "InvalidRequestException")),
        ("/assignment/accounts?max_result=101", error(400, "InvalidRequestException")),
        ("/assignment/accounts?max_results=10", error(400, "InvalidRequestException")),
        ("/assignment/accounts?next_token=x", error(400, "InvalidRequestException")),
        ("/federation/credentials?account_id=111122223333", error(400, "InvalidRequestException")),
        ("/federation/credentials?account_id=111122223333&role_name=Nope", error(403, "ForbiddenException")),
    ] {
        assert_eq!(client.portal(path, &token).portal_error(), expected, "{path}");
    }
    for path in ["/assignment/accounts", "/assignment/roles?account_id=111122223333", CREDENTIALS] {
        assert_eq!(client.portal(path, "x").portal_error(), error(401, "UnauthorizedException"));
        assert_eq!(client.get(path).portal_error(), error(401, "UnauthorizedException"));
        let posted = client.send("POST", path, &[("x-amz-sso_bearer_token", &token)], "");
        assert_eq!(posted.portal_error(), error(405, "MethodNotAllowedException"));
    }
    let bearer = client.send("GET", CREDENTIALS, &[("authorization", &format!("Bearer {token}"))], "");
    assert_eq!(bearer.portal_error(), error(401, "UnauthorizedException"));
    // An offboarded user's token is no better than one that never was.
    sim.end_session(ALICE);
    for token in ["x", &token] {
        let refused = client.portal("/assignment/accounts", token);
        assert_eq!(refused.portal_error(), error(401, "UnauthorizedException"));
        assert_eq!(refused.json()["message"], "Session token not found or invalid");
    }
}

#[test]
fn a_role_that_is_removed_is_404_and_one_that_is_unassigned_403() {
    let sim = IdcSim::builder().no_assignments().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let accounts = || walk(&client, "/assignment/accounts", "accountList", &token).0.len();
    assert_eq!(accounts(), 0);
    sim.assign(ALICE, DEV, "PowerUserAccess");
    assert_eq!(accounts(), 1);
    assert_eq!(client.portal(CREDENTIALS, &token).status, 200);
    sim.delete_role(DEV, "PowerUserAccess");
    assert_eq!(client.portal(CREDENTIALS, &token).portal_error(), error(404, "ResourceNotFoundException"));
    sim.unassign(ALICE, DEV, "PowerUserAccess");
    assert_eq!(client.portal(CREDENTIALS, &token).portal_error(), error(403, "ForbiddenException"));
    assert_eq!(accounts(), 0);
}

#[test]
fn a_token_without_account_access_is_401() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let body = serde_json::json!({"clientName": "x", "clientType": "public", "scopes": ["codewhisperer:completions"]});
    let registered = client.register_with(&body);
    let code = client.start_device(&registered);
    let tokens = crate::client::Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code));
    let refused = client.portal("/assignment/accounts", &tokens.access);
    assert_eq!(refused.portal_error(), error(401, "UnauthorizedException"));
}

#[test]
fn a_page_token_is_good_for_its_own_list_alone() {
    let sim = IdcSim::builder()
        .user(ALICE, "wonderland")
        .user("bob@example.com", "builder")
        .page_size(PageSize::Fixed(1))
        .start();
    let client = Client::new(&sim);
    let (mine, other) = (sim.seed_login(ALICE).access_token, sim.seed_login("bob@example.com").access_token);
    let next =
        |path: &str| client.portal(path, &mine).json()["nextToken"].as_str().expect("a token").to_owned();
    let accounts = next("/assignment/accounts");
    let roles = next(&format!("/assignment/roles?account_id={DEV}"));
    for (path, page, token) in [
        ("/assignment/accounts?", &roles, &mine),
        ("/assignment/roles?account_id=111122223333&", &accounts, &mine),
        ("/assignment/roles?account_id=222233334444&", &roles, &mine),
        ("/assignment/accounts?", &accounts, &other),
    ] {
        let refused = client.portal(&format!("{path}next_token={page}"), token);
        assert_eq!(refused.portal_error(), error(400, "InvalidRequestException"), "{path}");
    }
    for bad in ["next_token=", "next_token=x", &format!("next_token={accounts}&next_token={accounts}")] {
        let refused = client.portal(&format!("/assignment/accounts?{bad}"), &mine);
        assert_eq!(refused.portal_error(), error(400, "InvalidRequestException"), "{bad}");
    }
    // Clients retry: a page can be asked for again.
    for _ in 0..2 {
        assert_eq!(client.portal(&format!("/assignment/accounts?next_token={accounts}"), &mine).status, 200);
    }
}

#[test]
fn each_token_has_a_bucket_that_fills_at_its_rate_and_no_higher_than_its_burst() {
    let sim = IdcSim::builder().throttle(0.01, 2).start();
    let client = Client::new(&sim);
    let (mine, other) = (sim.seed_login(ALICE).access_token, sim.seed_login(ALICE).access_token);
    let list = |token: &str| client.portal("/assignment/accounts", token);
    for (seconds, expected) in [(0, 2), (101, 1), (1800, 2)] {
        sim.advance(Duration::from_secs(seconds));
        assert_eq!((0..9).take_while(|_| list(&mine).status == 200).count(), expected, "after {seconds} s");
    }
    assert_eq!(list(&mine).portal_error(), error(429, "TooManyRequestsException"));
    assert_eq!(list(&other).status, 200);
    // A token that is no good is 401, not 429.
    assert_eq!(client.portal("/assignment/accounts", "x").status, 401);
}

#[test]
fn a_new_account_is_listed_once_someone_is_assigned_to_it() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    sim.add_account("555566667777", "lab", "lab@example.com");
    let lab = || {
        let (accounts, _) = walk(&client, "/assignment/accounts", "accountList", &token);
        accounts.into_iter().find(|account| account["accountId"] == "555566667777")
    };
    assert_eq!(lab(), None);
    sim.assign(ALICE, "555566667777", "ReadOnlyAccess");
    let lab = lab().expect("the account");
    assert_eq!((&lab["accountName"], &lab["emailAddress"]), (&"lab".into(), &"lab@example.com".into()));
}

#[test]
fn credentials_live_as_long_as_their_permission_set_says() {
    let sim = IdcSim::builder().permission_set("Long", Duration::from_hours(12)).start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let path = format!("/federation/credentials?role_name=Long&account_id={DEV}");
    let expiration = client.portal(&path, &token).json()["roleCredentials"]["expiration"].as_u64();
    let now = sim.now().duration_since(UNIX_EPOCH).expect("after 1970");
    let left = Duration::from_millis(expiration.expect("milliseconds")).saturating_sub(now);
    assert!((43_140..=43_200).contains(&left.as_secs()), "{left:?}");
}
