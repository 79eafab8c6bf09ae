//! Each fault, seen by a client.

use std::time::{Duration, UNIX_EPOCH};

use idc_sim::{Fault, IdcSim, Route};

use crate::client::{ALICE, Client, Registered};

const ACCOUNTS: &str = "/assignment/accounts";

#[test]
fn a_status_for_the_next_two() {
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
fn until_cleared_and_after_some() {
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
fn cut_before_and_after_the_work() {
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
fn bodies_that_are_wrong() {
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
fn wrong_dates_and_delays() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    sim.fault(Route::ListAccounts, Fault::date(UNIX_EPOCH)).times(1);
    assert_eq!(client.portal(ACCOUNTS, &token).header("date"), "Thu, 01 Jan 1970 00:00:00 GMT");

    let delay = Duration::from_millis(150);
    sim.fault(Route::ListAccounts, Fault::delay(delay)).times(1);
    let before = sim.now();
    assert_eq!(client.portal(ACCOUNTS, &token).status, 200);
    assert!(sim.now().duration_since(before).is_ok_and(|took| took >= delay));
}
