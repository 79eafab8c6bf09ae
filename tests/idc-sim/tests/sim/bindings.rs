//! What a grant is tied to: its client, its region, its one use.

use idc_sim::IdcSim;
use serde_json::json;

use crate::client::{ALICE, Answer, Client, DEVICE_CODE, Registered, START_URL, Tokens};

const HERE: &str = "https://oidc.eu-central-1.amazonaws.com";
const THERE: &str = "https://oidc.us-east-1.amazonaws.com";

/// A replicated instance, and its two doors.
fn two_regions() -> (IdcSim, Client, Client) {
    let sim = IdcSim::builder().add_region("us-east-1").start();
    let (here, there) = (Client::by_proxy(&sim, HERE), Client::by_proxy(&sim, THERE));
    (sim, here, there)
}

#[test]
fn nothing_of_one_region_is_known_in_another() {
    let (sim, here, there) = two_regions();
    let login = sim.seed_login(ALICE);
    let seeded = Registered { id: login.client_id, secret: login.client_secret };
    let code = here.start_device(&here.register());
    sim.approve(&code.user_code);
    let start = here.register().with(&json!({"startUrl": START_URL}));
    for (what, answer, expected) in [
        ("a registration", there.post("/device_authorization", &start), (401, "invalid_client")),
        ("a client that refreshes", there.refresh(&seeded, &login.refresh_token), (401, "invalid_client")),
        ("a device code", there.poll(&there.register(), &code.device_code), (400, "invalid_grant")),
        ("a refresh token", there.refresh(&there.register(), &login.refresh_token), (400, "invalid_grant")),
    ] {
        assert_eq!(answer.oidc_error(), (expected.0, expected.1.to_owned()), "{what}");
    }
    assert_eq!(here.refresh(&seeded, &login.refresh_token).status, 200);
}

#[test]
fn a_stranger_who_tries_a_grant_does_not_use_it_up() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let (mine, stranger) = (client.register(), client.register());
    let code = client.start_device(&mine).device_code;
    sim.approve(&sim.pending()[0].user_code);
    let refresh = client.log_in_as(&sim, &mine).refresh_token().to_owned();
    let by_code = |who: &Registered| client.poll(who, &code);
    let by_refresh = |who: &Registered| client.refresh(who, &refresh);
    let grants: [&dyn Fn(&Registered) -> Answer; 2] = [&by_code, &by_refresh];
    for grant in grants {
        for _ in 0..2 {
            assert_eq!(grant(&stranger).oidc_error(), (400, "invalid_grant".to_owned()));
        }
        assert_eq!(grant(&mine).status, 200);
        assert_eq!(grant(&mine).oidc_error(), (400, "invalid_grant".to_owned()), "its one use");
    }
    // An access token is no refresh token.
    let tokens = client.log_in(&sim);
    let refused = client.refresh(&tokens.client, &tokens.access);
    assert_eq!(refused.oidc_error(), (400, "invalid_grant".to_owned()));
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
