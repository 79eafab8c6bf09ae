//! Each fault, seen by a client.

use std::time::{Duration, UNIX_EPOCH};

use idc_sim::{Fault, IdcSim, Route};
use serde_json::json;

use crate::client::{ALICE, Client, Registered};

const ACCOUNTS: &str = "/assignment/accounts";

#[test]
fn a_status_goes_to_as_many_requests_as_was_said() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let fault = Fault::status(503, r#"{"message":"busy"}"#).header("retry-after", "7");
    sim.fault(Route::ListAccounts, fault).times(2);
    for _ in 0..2 {
        let answer = client.portal(ACCOUNTS, &token);
        assert_eq!((answer.status, answer.header("retry-after")), (503, "7"));
        assert_eq!(answer.json()["message"], "busy");
    }
    assert_eq!(client.portal(ACCOUNTS, &token).status, 200);
    let statuses: Vec<_> =
        sim.requests_to(Route::ListAccounts).iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(200)]);
}

#[test]
fn a_fault_lasts_until_it_is_cleared_and_starts_after_the_skipped() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let status = || client.portal(ACCOUNTS, &token).status;
    sim.fault(Route::ListAccounts, Fault::status(500, "<p>no")).skip(1);
    assert_eq!([status(), status(), status()], [200, 500, 500]);
    sim.clear_faults();
    assert_eq!(status(), 200);
}

#[test]
fn a_cut_does_nothing_and_a_lost_answer_has_done_it() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let login = sim.seed_login(ALICE);
    let registered = Registered { id: login.client_id, secret: login.client_secret };
    let body = registered
        .with(&serde_json::json!({"grantType": "refresh_token", "refreshToken": login.refresh_token}));
    let refresh =
        || client.try_send("POST", "/token", &[("content-type", "application/json")], &body.to_string());
    sim.fault(Route::CreateToken, Fault::cut()).times(1);
    assert!(refresh().is_err());
    assert_eq!(sim.requests_to(Route::CreateToken)[0].status, None);
    // Nothing was lost before; now the token is used up and its successor is lost.
    sim.fault(Route::CreateToken, Fault::lose_answer()).times(1);
    assert!(refresh().is_err());
    assert_eq!(refresh().expect("an answer").oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn bodies_are_cut_halved_or_huge() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let get = || client.try_send("GET", ACCOUNTS, &[("x-amz-sso_bearer_token", &token)], "");

    sim.fault(Route::ListAccounts, Fault::cut_mid_body()).times(1);
    assert!(get().is_err());

    sim.fault(Route::ListAccounts, Fault::broken_json()).times(1);
    let broken = get().expect("an answer");
    assert_eq!(broken.status, 200);
    assert!(broken.body.starts_with('{') && serde_json::from_str::<serde_json::Value>(&broken.body).is_err());

    sim.fault(Route::ListAccounts, Fault::huge_body(64 * 1024 * 1024)).times(1);
    assert!(get().expect("an answer").body.len() > 64 * 1024 * 1024);
    assert_eq!(get().expect("an answer").status, 200);
}

#[test]
fn dates_are_wrong_and_answers_late() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    sim.fault(Route::ListAccounts, Fault::date(UNIX_EPOCH)).times(1);
    assert_eq!(client.portal(ACCOUNTS, &token).header("date"), "Thu, 01 Jan 1970 00:00:00 GMT");

    for seconds in [-86_400, 86_400] {
        sim.fault(Route::ListAccounts, Fault::date_off_by(seconds)).times(1);
        let (wrong, right) = (client.portal(ACCOUNTS, &token), client.portal(ACCOUNTS, &token));
        assert_ne!(wrong.header("date")[..16], right.header("date")[..16], "{seconds}");
        assert_eq!((wrong.status, wrong.header("date").len()), (200, right.header("date").len()));
    }

    let delay = Duration::from_millis(150);
    sim.fault(Route::ListAccounts, Fault::delay(delay)).times(1);
    let before = sim.now();
    assert_eq!(client.portal(ACCOUNTS, &token).status, 200);
    assert!(sim.now().duration_since(before).is_ok_and(|took| took >= delay));
}

#[test]
fn faults_of_one_route_take_turns_and_leave_other_routes_alone() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    sim.fault(Route::ListAccounts, Fault::status(500, "{}")).times(1);
    sim.fault(Route::ListAccounts, Fault::status(503, "{}")).times(2);
    let roles = "/assignment/roles?account_id=111122223333";
    assert_eq!(client.portal(roles, &token).status, 200);
    let statuses = [(); 4].map(|()| client.portal(ACCOUNTS, &token).status);
    assert_eq!(statuses, [500, 503, 503, 200]);
}

#[test]
fn a_delay_may_stand_before_every_other_fault() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let delay = Duration::from_millis(100);
    let page =
        Fault::status(502, "<h1>Bad gateway</h1>").after(delay).header("x-edge", "1").header("no good", "");
    sim.fault(Route::StartPage, page).times(1);
    let before = sim.now();
    let answer = client.get("/start");
    assert!(sim.now().duration_since(before).is_ok_and(|took| took >= delay));
    assert_eq!((answer.status, answer.header("x-edge")), (502, "1"));
    assert_eq!(answer.header("content-type"), "text/html");
}

#[test]
fn an_answer_with_half_a_body_has_done_the_work() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    for fault in [Fault::broken_json(), Fault::cut_mid_body()] {
        let login = sim.seed_login(ALICE);
        let registered = Registered { id: login.client_id, secret: login.client_secret };
        let body =
            registered.with(&json!({"grantType": "refresh_token", "refreshToken": login.refresh_token}));
        sim.fault(Route::CreateToken, fault).times(1);
        let _half = client.try_send("POST", "/token", &[], &body.to_string());
        assert_eq!(client.refresh(&registered, &login.refresh_token).status, 400);
    }
}

#[test]
fn every_kind_can_be_armed_by_script() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let seen = |more: serde_json::Value| {
        let mut fault = json!({"route": "ListAccounts", "times": 1});
        fault.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        assert_eq!(client.post("/_sim/fault", &fault).status, 200, "{fault}");
        client.try_send("GET", ACCOUNTS, &[("x-amz-sso_bearer_token", &token)], "")
    };
    let answer = seen(json!({"kind": "status", "status": 503, "body": "{\"a\":1}"})).expect("an answer");
    assert_eq!((answer.status, answer.json()["a"].as_u64()), (503, Some(1)));
    assert_eq!(seen(json!({"kind": "delay", "delay_ms": 1})).expect("an answer").status, 200);
    for kind in ["cut", "lose-answer", "cut-mid-body"] {
        assert!(seen(json!({"kind": kind})).is_err(), "{kind}");
    }
    let broken = seen(json!({"kind": "broken-json"})).expect("an answer");
    assert!(serde_json::from_str::<serde_json::Value>(&broken.body).is_err());
    let huge = seen(json!({"kind": "huge-body", "bytes": 100_000})).expect("an answer");
    assert!(huge.body.len() > 100_000);
    let old = seen(json!({"kind": "date", "date": 0})).expect("an answer");
    assert_eq!(old.header("date"), "Thu, 01 Jan 1970 00:00:00 GMT");
    let off = seen(json!({"kind": "date", "off_by": -86_400})).expect("an answer");
    let right = client.portal(ACCOUNTS, &token);
    assert_ne!(off.header("date")[..16], right.header("date")[..16]);
    assert_eq!(right.status, 200);
}
