//! The handle: what a test does in the place of people.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use idc_sim::IdcSim;

use crate::client::{ALICE, Client, Registered, START_URL, Tokens};

const BOB: &str = "bob@example.com";

fn alice_and_bob() -> IdcSim {
    IdcSim::builder().user(ALICE, "wonderland").user(BOB, "builder").start()
}

#[test]
fn the_user_who_approves_is_logged_in() {
    let sim = alice_and_bob();
    assert_eq!(sim.default_user(), ALICE);
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    sim.approve_as(&code.user_code.to_lowercase(), BOB);
    let tokens = Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code));
    sim.end_session(ALICE);
    assert!(sim.is_access_token_good(&tokens.access));
    sim.end_session(BOB);
    assert!(!sim.is_access_token_good(&tokens.access));
}

#[test]
fn a_user_who_may_not_sign_in_cannot_approve() {
    let sim = alice_and_bob();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    sim.disable_user(BOB);
    for user in [BOB, "nobody@example.com"] {
        assert!(catch_unwind(AssertUnwindSafe(|| sim.approve_as(&code.user_code, user))).is_err(), "{user}");
        assert!(catch_unwind(AssertUnwindSafe(|| sim.seed_login(user))).is_err(), "{user}");
    }
    assert_eq!(sim.pending().len(), 1);
    sim.approve(&code.user_code);
    assert!(catch_unwind(AssertUnwindSafe(|| sim.approve(&code.user_code))).is_err(), "decided");
    assert!(catch_unwind(AssertUnwindSafe(|| sim.deny("BBBB-BBBB"))).is_err(), "unknown");
}

#[test]
fn a_disabled_user_is_not_approved_by_itself() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    sim.disable_user(ALICE);
    let refused = client.poll(&registered, &code.device_code);
    assert_eq!(refused.oidc_error(), (400, "authorization_pending".to_owned()));
    let answer = crate::pkce::authorize(&client, &crate::pkce::register(&client), &[]);
    assert!(answer.header("location").contains("/start/consent"), "{answer:?}");
}

#[test]
fn codes_wait_in_the_order_in_which_they_came() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    assert_eq!(sim.wait_for_pending(Duration::ZERO), None);
    let codes = [(); 3].map(|()| client.start_device(&registered).user_code);
    let pending: Vec<_> = sim.pending().into_iter().map(|code| code.user_code).collect();
    assert_eq!(pending, codes);
    sim.deny(&codes[0]);
    let oldest = sim.wait_for_pending(Duration::ZERO).expect("a code");
    assert_eq!(oldest.user_code, codes[1]);
    sim.forget_registrations();
    assert!(sim.pending().is_empty());
}

#[test]
fn waiting_ends_when_a_code_comes() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| sim.wait_for_pending(Duration::from_mins(1)));
        let code = client.start_device(&registered);
        let found = waiting.join().expect("an end").expect("a code");
        assert_eq!(found.user_code, code.user_code);
    });
}

#[test]
fn a_seeded_login_of_another_region_is_no_good_at_home() {
    let sim = IdcSim::builder().start();
    let login = sim.seed_login_in(ALICE, "us-east-1");
    assert_eq!((login.region.as_str(), login.user.as_str()), ("us-east-1", ALICE));
    assert_eq!(login.start_url, START_URL);
    assert!(!sim.is_access_token_good(&login.access_token));
    let seeded = Registered { id: login.client_id, secret: login.client_secret };
    let there = Client::by_proxy(&sim, "https://oidc.us-east-1.amazonaws.com");
    assert_eq!(there.refresh(&seeded, &login.refresh_token).status, 200);
}

#[test]
fn endpoint_variables_lead_to_the_plain_entry() {
    let sim = IdcSim::builder().start();
    let names: Vec<_> = sim.env().iter().map(|(name, _)| *name).collect();
    let services = ["SSO_OIDC", "SSO", "STS", "SIGNIN", "ACCOUNT_ACCESS_RUNTIME"];
    assert_eq!(names, services.map(|service| format!("AWS_ENDPOINT_URL_{service}")));
    assert!(sim.env().iter().all(|(_, value)| value == sim.url()));
}

#[test]
fn a_builder_with_nonsense_does_not_start() {
    for builder in [
        IdcSim::builder().region("europe"),
        IdcSim::builder().add_region("EU-CENTRAL-1"),
        IdcSim::builder().start_url("no url"),
        IdcSim::builder().add_start_url("mailto:x"),
        IdcSim::builder().account("12", "short", "a@example.com"),
    ] {
        let error = builder.try_start().expect_err("nonsense");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let sim = IdcSim::builder().start();
    let port = |url: &str| url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    for builder in
        [IdcSim::builder().port(port(sim.url())), IdcSim::builder().proxy_port(port(sim.proxy_url()))]
    {
        assert_eq!(builder.try_start().expect_err("taken").kind(), std::io::ErrorKind::AddrInUse);
    }
}
