//! The control endpoints.

use idc_sim::{IdcSim, Route};
use serde_json::json;

use crate::client::{ALICE, Client, DEV};

#[test]
fn a_script_drives_a_login() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    let pending = client.get("/_sim/pending").json();
    assert_eq!(pending["pending"][0]["user_code"], code.user_code);
    assert_eq!(client.post("/_sim/approve", &json!({"user_code": "BBBB-BBBB"})).status, 400);
    assert_eq!(client.post("/_sim/approve", &json!({"user_code": code.user_code})).status, 200);
    assert_eq!(client.poll(&registered, &code.device_code).status, 200);

    let second = client.start_device(&registered);
    assert_eq!(client.post("/_sim/deny", &json!({"user_code": second.user_code})).status, 200);
    assert_eq!(client.poll(&registered, &second.device_code).oidc_error(), (400, "access_denied".to_owned()));

    let requests = client.get("/_sim/requests?route=CreateToken").json();
    assert_eq!(requests["requests"].as_array().map(Vec::len), Some(2));
    assert_eq!(requests["requests"][1]["status"], 400);
    assert_eq!(client.post("/_sim/clear-requests", &json!({})).status, 200);
    assert!(sim.requests().is_empty());
}

#[test]
fn a_script_does_what_an_administrator_would() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let seed = || {
        client.post("/_sim/seed-login", &json!({})).json()["accessToken"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let act =
        |path: &str, body: serde_json::Value| assert_eq!(client.post(path, &body).status, 200, "{path}");

    let token = seed();
    act("/_sim/expire-access-tokens", json!({}));
    assert!(!sim.is_access_token_good(&token));
    let token = seed();
    act("/_sim/end-session", json!({"user": ALICE}));
    assert!(!sim.is_access_token_good(&token));
    let token = seed();
    act("/_sim/advance", json!({"seconds": 3601}));
    assert!(!sim.is_access_token_good(&token));

    let token = seed();
    let role = json!({"user": ALICE, "account": "111122223333", "permission_set": "PowerUserAccess"});
    let credentials = "/federation/credentials?account_id=111122223333&role_name=PowerUserAccess";
    act("/_sim/unassign", role.clone());
    assert_eq!(client.portal(credentials, &token).status, 403);
    act("/_sim/assign", role);
    assert_eq!(client.portal(credentials, &token).status, 200);

    act("/_sim/fault", json!({"route": "GetRoleCredentials", "kind": "status", "status": 500, "times": 1}));
    assert_eq!(client.portal(credentials, &token).status, 500);
    act("/_sim/fault", json!({"route": "GetRoleCredentials", "kind": "broken-json"}));
    act("/_sim/clear-faults", json!({}));
    assert!(client.portal(credentials, &token).json().is_object());
    for bad in [
        json!({"route": "Nope", "kind": "cut"}),
        json!({"route": "Logout", "kind": "nope"}),
        json!({"kind": "cut"}),
    ] {
        assert_eq!(client.post("/_sim/fault", &bad).status, 400, "{bad}");
    }
    assert_eq!(client.get("/_sim/state").json()["start_url"], sim.start_url());
    // Control requests are not in the log.
    assert_eq!(sim.requests().len(), sim.count(Route::GetRoleCredentials));
}

#[test]
fn no_web_page_drives_the_simulator() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let page = client.send("POST", "/_sim/seed-login", &[("origin", "https://evil.example")], "");
    assert_eq!(page.status, 403);
    let rebound = client.send("POST", "/_sim/seed-login", &[("host", "evil.example")], "");
    assert_eq!(rebound.status, 421);
}

#[test]
fn a_script_ends_registrations_and_users() {
    let sim = IdcSim::builder().user(ALICE, "wonderland").user("bob@example.com", "builder").start();
    let client = Client::new(&sim);
    let registered = client.register();
    assert_eq!(client.post("/_sim/forget-registrations", &json!({})).json(), json!({"ok": true}));
    assert_eq!(client.refresh(&registered, "x").oidc_error(), (401, "invalid_client".to_owned()));

    let seeded = client.post("/_sim/seed-login", &json!({"user": "bob@example.com"})).json();
    let token = seeded["accessToken"].as_str().expect("a token");
    assert_eq!(client.post("/_sim/disable-user", &json!({"user": "bob@example.com"})).status, 200);
    assert_eq!(client.portal("/assignment/accounts", token).status, 200);
    client.post("/_sim/advance", &json!({"seconds": 3600}));
    assert_eq!(client.portal("/assignment/accounts", token).status, 401);
    // The default user is another one.
    assert_eq!(client.post("/_sim/seed-login", &json!({})).status, 200);
}

#[test]
fn a_seeded_login_is_the_file_that_the_aws_cli_writes() {
    let sim = IdcSim::builder().start();
    let seeded = Client::new(&sim).post("/_sim/seed-login", &json!({})).json();
    let names: Vec<_> = seeded.as_object().expect("an object").keys().map(String::as_str).collect();
    // Observed of AWS CLI 2.36.7; sorted.
    let written = [
        "accessToken",
        "clientId",
        "clientSecret",
        "expiresAt",
        "refreshToken",
        "region",
        "registrationExpiresAt",
        "startUrl",
    ];
    assert_eq!(names, written);
    assert_eq!(seeded["startUrl"], sim.start_url());
}

#[test]
fn a_scripts_typing_error_does_not_pass_for_work_done() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    let role = |user: &str, account: &str, set: &str| json!({"user": user, "account": account, "permission_set": set});
    for (path, body) in [
        ("approve", json!({"user_code": code.user_code, "user": "nobody"})),
        ("approve", json!({})),
        ("approve", json!({"code": code.user_code})),
        ("deny", json!({"user_code": "BBBB-BBBB"})),
        ("end-session", json!({"user": "nobody"})),
        ("disable-user", json!({"user": "nobody"})),
        ("seed-login", json!({"user": "nobody"})),
        ("assign", role("nobody", "111122223333", "PowerUserAccess")),
        ("assign", role(ALICE, "999999999999", "PowerUserAccess")),
        ("unassign", role(ALICE, "111122223333", "PowerUser")),
        ("assign", json!({"account": DEV, "permission_set": "PowerUserAccess"})),
        ("assign", json!({"user": ALICE, "group": "g", "account": DEV, "permission_set": "PowerUserAccess"})),
        ("assign", json!({"group": "g", "account": DEV, "permission_set": "PowerUserAccess"})),
        ("add-user", json!({"user": ALICE})),
        ("add-user", json!({"user": "two words"})),
        ("add-user", json!({})),
        ("enable-user", json!({"user": "nobody"})),
        ("delete-user", json!({"user": "nobody"})),
        ("delete-user", json!({})),
        ("add-group", json!({"group": ""})),
        ("delete-group", json!({"group": "g"})),
        ("add-member", json!({"group": "g", "user": ALICE})),
        ("advance", json!({"seconds": -1})),
        ("advance", json!({"seconds": u64::MAX})),
        ("fault", json!({"route": "Logout", "kind": "status"})),
        ("fault", json!({"route": "Logout", "kind": "date"})),
        ("fault", json!({"route": "Logout", "kind": "cut", "time": 1})),
    ] {
        let answer = client.post(&format!("/_sim/{path}"), &body);
        assert_eq!(answer.status, 400, "{path} {body}");
        assert!(answer.json()["error"].is_string(), "{path} {body}");
    }
    assert_eq!(client.get("/_sim/requests?route=Nope").status, 400);
    for (method, path) in [("POST", "/_sim/nope"), ("GET", "/_sim/approve"), ("POST", "/_sim/state")] {
        assert_eq!(client.send(method, path, &[], "").status, 404, "{method} {path}");
    }
    assert_eq!(sim.pending().len(), 1);
    assert_eq!(client.get("/_sim/state").status, 200);
}

#[test]
fn a_script_hires_moves_and_fires_people() {
    let sim = IdcSim::builder().no_assignments().start();
    let client = Client::new(&sim);
    let act = |path: &str, body: serde_json::Value| {
        let answer = client.post(&format!("/_sim/{path}"), &body);
        assert_eq!(answer.status, 200, "{path} {body}: {answer:?}");
    };
    let bob = json!({"user": "bob@example.com"});
    let membership = json!({"group": "AWS-PowerUser", "user": "bob@example.com"});
    let role = json!({"group": "AWS-PowerUser", "account": DEV, "permission_set": "PowerUserAccess"});
    let credentials = format!("/federation/credentials?account_id={DEV}&role_name=PowerUserAccess");
    let token = || sim.seed_login("bob@example.com").access_token;
    let status = |token: &str| client.portal(&credentials, token).status;

    act("add-user", json!({"user": "bob@example.com", "password": "builder"}));
    act("add-group", json!({"group": "AWS-PowerUser"}));
    act("assign", role.clone());
    let before = token();
    assert_eq!(status(&before), 403);
    act("add-member", membership.clone());
    assert_eq!(status(&before), 200);
    assert_eq!(
        client.get("/_sim/directory").json(),
        json!({
            "users": [{"user": ALICE, "enabled": true}, {"user": "bob@example.com", "enabled": true}],
            "groups": [{"group": "AWS-PowerUser", "members": ["bob@example.com"]}],
            "assignments": [role],
        })
    );
    act("unassign", role.clone());
    assert_eq!(status(&before), 403);
    act("assign", role);
    act("remove-member", membership.clone());
    assert_eq!(status(&before), 403);
    act("add-member", membership);

    act("disable-user", bob.clone());
    assert_eq!(client.post("/_sim/seed-login", &bob).status, 200, "the running session's hour");
    act("enable-user", bob.clone());
    act("end-session", bob.clone());
    assert_eq!(status(&before), 401);
    let second = token();
    assert_eq!(status(&second), 200);

    // A deleted user's sessions, memberships and assignments do not come back with a new one of that name.
    act("delete-user", bob.clone());
    assert_eq!(status(&second), 401);
    act("add-user", bob);
    assert_eq!(status(&second), 401);
    assert_eq!(status(&token()), 403);
    act("delete-group", json!({"group": "AWS-PowerUser"}));
    assert_eq!(client.get("/_sim/directory").json()["assignments"], json!([]));
}

#[test]
fn how_long_a_disabled_user_goes_on_is_a_switch() {
    let sim = IdcSim::builder().disabled_grace(std::time::Duration::ZERO).start();
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    sim.disable_user(ALICE);
    assert_eq!(client.portal("/assignment/accounts", &tokens.access).status, 401);
    let refresh = client.refresh(&tokens.client, tokens.refresh_token());
    assert_eq!(refresh.oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_script_gets_an_access_key_with_rights() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    for (asked, account) in
        [(json!({}), sim.management_account()), (json!({"account": DEV, "actions": ["sso:List*"]}), DEV)]
    {
        let key = client.post("/_sim/access-key", &asked).json();
        let text = |name: &str| key[name].as_str().expect(name).to_owned();
        assert!(text("access_key_id").starts_with("AKIA"), "{key}");
        assert_eq!(text("secret_access_key").len(), 40);
        assert!(text("user_arn").starts_with(&format!("arn:aws:iam::{account}:user/")), "{key}");
    }
    assert_eq!(client.post("/_sim/access-key", &json!({"action": "sso:List*"})).status, 400);
}

#[test]
fn the_proxy_has_no_control_endpoints() {
    let sim = IdcSim::builder().start();
    let portal = Client::by_proxy(&sim, "https://portal.sso.eu-central-1.amazonaws.com");
    assert_eq!(portal.get("/_sim/state").status, 404);
}

#[test]
fn a_key_that_cannot_be_used_refuses_everything_at_the_oidc_service_until_it_can() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    for (reason, name) in
        [("KMS_AccessDeniedException", "access_denied"), ("KMS_DisabledException", "invalid_request")]
    {
        assert_eq!(client.post("/_sim/kms-key", &json!({ "reason": reason })).status, 200);
        let refused = client.poll(&registered, &code.device_code);
        assert_eq!(refused.json()["reason"], reason);
        assert_eq!(refused.oidc_error(), (400, name.to_owned()));
    }
    assert_eq!(client.post("/_sim/kms-key", &json!({ "reason": null })).status, 200);
    assert_eq!(client.poll(&registered, &code.device_code).status, 200);
    assert_eq!(client.post("/_sim/kms-key", &json!({ "other": null })).status, 400);
}
