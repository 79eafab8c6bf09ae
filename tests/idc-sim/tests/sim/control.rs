//! The control endpoints.

use idc_sim::{IdcSim, Route};
use serde_json::json;

use crate::client::{ALICE, Client};

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
fn an_administrator_by_script() {
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
fn not_for_web_pages() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let page = client.send("POST", "/_sim/seed-login", &[("origin", "https://evil.example")], "");
    assert_eq!(page.status, 403);
    let rebound = client.send("POST", "/_sim/seed-login", &[("host", "evil.example")], "");
    assert_eq!(rebound.status, 421);
}
