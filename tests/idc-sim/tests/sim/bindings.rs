//! What a grant is tied to: its client, its region, its one use.

use idc_sim::IdcSim;
use serde_json::json;

use crate::client::{ALICE, Client, DEVICE_CODE, Registered, START_URL, Tokens};

const HERE: &str = "https://oidc.eu-central-1.amazonaws.com";
const THERE: &str = "https://oidc.us-east-1.amazonaws.com";

/// A replicated instance, and its two doors.
fn two_regions() -> (IdcSim, Client, Client) {
    let sim = IdcSim::builder().add_region("us-east-1").start();
    let (here, there) = (Client::by_proxy(&sim, HERE), Client::by_proxy(&sim, THERE));
    (sim, here, there)
}

#[test]
fn a_registration_is_unknown_in_another_region() {
    let (sim, here, there) = two_regions();
    let registered = here.register();
    let body = registered.with(&json!({"startUrl": START_URL}));
    let refused = there.post("/device_authorization", &body);
    assert_eq!(refused.oidc_error(), (401, "invalid_client".to_owned()));

    let login = sim.seed_login(ALICE);
    let seeded = Registered { id: login.client_id, secret: login.client_secret };
    let refused = there.refresh(&seeded, &login.refresh_token);
    assert_eq!(refused.oidc_error(), (401, "invalid_client".to_owned()));
    assert_eq!(here.refresh(&seeded, &login.refresh_token).status, 200);
}

#[test]
fn a_device_code_is_unknown_in_another_region() {
    let (sim, here, there) = two_regions();
    let code = here.start_device(&here.register());
    sim.approve(&code.user_code);
    let refused = there.poll(&there.register(), &code.device_code);
    assert_eq!(refused.oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_refresh_token_is_unknown_in_another_region() {
    let (sim, _, there) = two_regions();
    let login = sim.seed_login(ALICE);
    let refused = there.refresh(&there.register(), &login.refresh_token);
    assert_eq!(refused.oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_stranger_who_tries_a_device_code_does_not_use_it_up() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let (mine, other) = (client.register(), client.register());
    let code = client.start_device(&mine);
    sim.approve(&code.user_code);
    for _ in 0..2 {
        let refused = client.poll(&other, &code.device_code);
        assert_eq!(refused.oidc_error(), (400, "invalid_grant".to_owned()));
    }
    assert_eq!(client.poll(&mine, &code.device_code).status, 200);
    assert_eq!(client.poll(&mine, &code.device_code).oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_stranger_who_tries_a_refresh_token_does_not_use_it_up() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    let refused = client.refresh(&client.register(), tokens.refresh_token());
    assert_eq!(refused.oidc_error(), (400, "invalid_grant".to_owned()));
    assert_eq!(client.refresh(&tokens.client, tokens.refresh_token()).status, 200);
}

#[test]
fn an_expired_registration_cannot_refresh() {
    let sim = IdcSim::builder().registration_life(std::time::Duration::from_mins(30)).start();
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    sim.advance(std::time::Duration::from_mins(30));
    assert!(sim.is_access_token_good(&tokens.access));
    let refused = client.refresh(&tokens.client, tokens.refresh_token());
    assert_eq!(refused.oidc_error(), (401, "invalid_client".to_owned()));
}

#[test]
fn one_forgotten_registration_leaves_the_others_alone() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let (gone, stays) = (client.register(), client.register());
    sim.forget_registration(&gone.id);
    assert_eq!(client.refresh(&gone, "x").oidc_error(), (401, "invalid_client".to_owned()));
    assert_eq!(client.refresh(&stays, "x").oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_client_registered_without_refresh_gets_one_token_for_the_whole_session() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = client.register_with(&json!({
        "clientName": "test", "clientType": "public",
        "scopes": ["sso:account:access"], "grantTypes": [DEVICE_CODE],
    }));
    let code = client.start_device(&registered);
    let tokens = Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code));
    assert_eq!(tokens.refresh, None);
    assert!(tokens.expires_in > 7 * 3600, "{}", tokens.expires_in);
    let refused = client.refresh(&registered, "x");
    assert_eq!(refused.oidc_error(), (400, "unauthorized_client".to_owned()));
}

#[test]
fn a_used_refresh_token_stays_dead_when_the_clock_is_moved_back() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    assert_eq!(client.refresh(&tokens.client, tokens.refresh_token()).status, 200);
    sim.expire_access_tokens();
    sim.rewind(std::time::Duration::from_hours(1));
    let again = client.refresh(&tokens.client, tokens.refresh_token());
    assert_eq!(again.oidc_error(), (400, "invalid_grant".to_owned()));
    assert!(!sim.is_access_token_good(&tokens.access));
}
