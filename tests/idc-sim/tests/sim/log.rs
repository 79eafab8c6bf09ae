//! The request log: what a test can ask about what a client has sent.

use idc_sim::{Entry, Fault, IdcSim, Route};
use serde_json::json;

use crate::client::{ALICE, Client, encode};

#[test]
fn a_request_is_remembered_as_it_came() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let before = sim.now();
    let query = encode(&[("account_id", "111122223333"), ("role_name", "Röle & co")]);
    let headers = [("x-amz-sso_bearer_token", "x"), ("X-Test", "a"), ("x-test", "b")];
    client.send("GET", &format!("/federation/credentials?{query}"), &headers, "");

    let [request] = &sim.requests()[..] else { panic!("{:?}", sim.requests()) };
    assert!(before <= request.at && request.at <= sim.now());
    assert_eq!((request.entry, request.route), (Entry::Plain, Route::GetRoleCredentials));
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/federation/credentials"));
    assert_eq!(format!("http://{}", request.host), sim.url());
    assert_eq!(request.query, query);
    assert_eq!(request.query_value("role_name").as_deref(), Some("Röle & co"));
    assert_eq!(request.query_value("Role_Name"), None);
    assert_eq!(request.header("X-AMZ-SSO_BEARER_TOKEN"), Some("x"));
    let twice = request.headers.iter().filter(|(name, _)| name == "x-test");
    assert_eq!(twice.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((request.body.len(), request.status), (0, Some(401)));
    assert_eq!(request.json(), serde_json::Value::Null);
}

#[test]
fn bodies_are_logged_as_json_form_or_text() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    client.post("/client/register", &json!({"clientName": "test", "clientType": "public"}));
    client.post_form("/federation", &[], &[("Action", "getSigninToken"), ("Session", "a b&c")]);
    let requests = sim.requests();
    assert_eq!(requests[0].json()["clientName"], "test");
    assert_eq!(requests[1].form_value("Session").as_deref(), Some("a b&c"));
    assert_eq!(requests[1].body_text(), "Action=getSigninToken&Session=a+b%26c");
}

#[test]
fn requests_stand_in_their_order_and_can_be_picked_and_forgotten() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    client.log_in(&sim);
    let routes: Vec<_> = sim.requests().iter().map(|request| request.route).collect();
    assert_eq!(routes, [Route::RegisterClient, Route::StartDeviceAuthorization, Route::CreateToken]);
    assert_eq!(sim.requests_to(Route::CreateToken).len(), 1);
    assert_eq!(sim.count(Route::Logout), 0);
    sim.clear_log();
    assert!(sim.requests().is_empty());
    client.get("/start");
    assert_eq!(sim.requests()[0].status, Some(200));
}

#[test]
fn what_aws_does_not_have_is_logged_as_unknown_and_can_be_given_a_fault() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    assert_eq!(client.get("/nothing").status, 404);
    assert_eq!(client.send("DELETE", "/token", &[], "").status, 405);
    sim.fault(Route::Unknown, Fault::status(418, "{}")).times(1);
    assert_eq!(client.get("/nothing").status, 418);
    let statuses: Vec<_> = sim.requests_to(Route::Unknown).iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(404), Some(405), Some(418)]);
}

#[test]
fn a_request_on_its_way_has_no_status_and_does_not_disturb_a_cleared_log() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let delay = std::time::Duration::from_millis(300);
    sim.fault(Route::ListAccounts, Fault::delay(delay)).times(1);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| client.portal("/assignment/accounts", &token).status);
        kcaws_test_kit::wait_for("the slow request", || sim.requests().first().cloned());
        sim.clear_log();
        client.get("/nothing");
        assert_eq!(slow.join().expect("an answer"), 200);
    });
    let left: Vec<_> = sim.requests().iter().map(|request| (request.route, request.status)).collect();
    assert_eq!(left, [(Route::Unknown, Some(404))]);
}
