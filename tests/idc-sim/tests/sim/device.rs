//! The device grant: polls, decisions, bindings.

use std::time::Duration;

use idc_sim::{DenialAnswer, IdcSim, RefreshRotation, SlowDown, VerificationUri};
use serde_json::{Value, json};

use crate::client::{Client, DEVICE_CODE, START_URL, Tokens, hours};

fn error(status: u16, name: &str) -> (u16, String) {
    (status, name.to_owned())
}

#[test]
fn from_code_to_tokens() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let started =
        client.post("/device_authorization", &registered.with(&json!({"startUrl": START_URL}))).json();
    assert_eq!(started["interval"], 1);
    assert_eq!(started["expiresIn"], 600);
    let user_code = started["userCode"].as_str().expect("a user code");
    assert_eq!(started["verificationUri"], format!("{}/device", sim.url()));
    assert_eq!(started["verificationUriComplete"], format!("{}/device?user_code={user_code}", sim.url()));

    let code = started["deviceCode"].as_str().expect("a device code");
    assert_eq!(client.poll(&registered, code).oidc_error(), error(400, "authorization_pending"));
    let pending = sim.wait_for_pending(Duration::from_secs(1)).expect("a pending code");
    assert_eq!((pending.user_code.as_str(), pending.client_name.as_str()), (user_code, "test"));
    assert_eq!(pending.scopes, ["sso:account:access"]);
    sim.approve(user_code);
    assert!(sim.pending().is_empty());

    let answer = client.poll(&registered, code);
    for null in ["idToken", "aws_sso_app_session_id", "issuedTokenType", "originSessionId"] {
        assert_eq!(answer.json().get(null), Some(&Value::Null), "{null}");
    }
    let tokens = Tokens::of(registered.clone(), &answer);
    assert_eq!(tokens.expires_in, 3600);
    assert!(
        tokens.access.starts_with("aoaAAAAASIMSECRET")
            && tokens.refresh_token().starts_with("aorAAAAASIMSECRET")
    );
    assert!(sim.is_access_token_good(&tokens.access));
    // Single use.
    assert_eq!(client.poll(&registered, code).oidc_error(), error(400, "invalid_grant"));
}

#[test]
fn a_grant_without_its_member_and_a_grant_that_is_not_registered_are_distinguished() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let token = |more: Value| client.post("/token", &registered.with(&more)).oidc_error();
    assert_eq!(token(json!({"grantType": DEVICE_CODE})), error(400, "invalid_request"));
    assert_eq!(token(json!({"grantType": DEVICE_CODE, "device_code": "x"})), error(400, "invalid_request"));
    assert_eq!(token(json!({"grantType": "refresh_token"})), error(400, "invalid_request"));
    assert_eq!(
        token(json!({"grantType": "authorization_code", "code": "x"})),
        error(400, "unauthorized_client")
    );
    assert_eq!(token(json!({"grantType": "password"})), error(400, "unsupported_grant_type"));
    assert_eq!(token(json!({"deviceCode": "x"})), error(400, "invalid_request"));
    let secretless = json!({"clientId": registered.id, "clientSecret": "x", "grantType": "refresh_token"});
    assert_eq!(client.post("/token", &secretless).oidc_error(), error(401, "invalid_client"));
}

#[test]
fn a_code_expires_after_ten_minutes_approved_or_not() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let (code, approved) = (client.start_device(&registered), client.start_device(&registered));
    sim.approve(&approved.user_code);
    sim.advance(Duration::from_secs(601));
    for code in [code, approved] {
        assert_eq!(client.poll(&registered, &code.device_code).oidc_error(), error(400, "expired_token"));
    }
    assert!(sim.pending().is_empty());
}

#[test]
fn a_denial_is_answered_by_switch() {
    for (switch, name) in [
        (DenialAnswer::AccessDenied, "access_denied"),
        (DenialAnswer::InvalidGrant, "invalid_grant"),
        (DenialAnswer::StaysPending, "authorization_pending"),
    ] {
        let sim = IdcSim::builder().denial(switch).start();
        let client = Client::new(&sim);
        let registered = client.register();
        let code = client.start_device(&registered);
        sim.deny(&code.user_code);
        assert_eq!(client.poll(&registered, &code.device_code).oidc_error(), error(400, name));
    }
}

#[test]
fn polls_back_to_back_are_answered_by_switch() {
    for (switch, expected) in [
        (SlowDown::AfterTwoPolls, [false, false, true]),
        (SlowDown::Strict, [false, true, true]),
        (SlowDown::Never, [false, false, false]),
        (SlowDown::Always, [true, true, true]),
    ] {
        let sim = IdcSim::builder().slow_down(switch).interval(Duration::from_secs(30)).start();
        let client = Client::new(&sim);
        let registered = client.register();
        let code = client.start_device(&registered);
        let answers = [(); 3].map(|()| client.poll(&registered, &code.device_code).oidc_error().1);
        assert_eq!(answers.map(|name| name == "slow_down"), expected, "{switch:?}");
    }
}

#[test]
fn slow_down_lengthens_the_interval() {
    let sim = IdcSim::builder().interval(Duration::from_secs(30)).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    let poll_after = |seconds| {
        sim.advance(Duration::from_secs(seconds));
        client.poll(&registered, &code.device_code).oidc_error().1
    };
    assert_eq!(poll_after(0), "authorization_pending");
    assert_eq!(poll_after(0), "authorization_pending");
    // Each of twelve adds 5 s, for good (RFC 8628 section 3.5): 30 s become 90.
    for _ in 0..12 {
        assert_eq!(poll_after(0), "slow_down");
    }
    assert_eq!(poll_after(40), "slow_down");
    assert_eq!(poll_after(95), "authorization_pending");
}

#[test]
fn codes_are_approved_by_themselves_at_once_or_after_a_while() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    assert_eq!(client.poll(&registered, &code.device_code).status, 200);

    let sim = IdcSim::builder().auto_approve_after(Duration::from_mins(1)).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    assert_eq!(client.poll(&registered, &code.device_code).status, 400);
    sim.advance(Duration::from_secs(61));
    assert_eq!(client.poll(&registered, &code.device_code).status, 200);
}

#[test]
fn without_scopes_a_token_lives_as_long_as_the_session() {
    let sim = IdcSim::builder().auto_approve(true).refresh_rotation(RefreshRotation::OldStays).start();
    let client = Client::new(&sim);
    let legacy = client.register_with(&json!({"clientName": "legacy", "clientType": "public"}));
    let code = client.start_device(&legacy);
    let tokens = Tokens::of(legacy.clone(), &client.poll(&legacy, &code.device_code));
    assert_eq!(tokens.refresh, None);
    assert!((8 * 3600 - 60..=8 * 3600).contains(&tokens.expires_in), "{}", tokens.expires_in);
    sim.advance(hours(7));
    assert!(sim.is_access_token_good(&tokens.access));
    sim.advance(hours(1));
    assert!(!sim.is_access_token_good(&tokens.access));
}

#[test]
fn fragment_uris_by_switch() {
    let sim = IdcSim::builder().verification_uri(VerificationUri::Fragment).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let started =
        client.post("/device_authorization", &registered.with(&json!({"startUrl": START_URL}))).json();
    let complete = started["verificationUriComplete"].as_str().expect("a URI");
    assert!(complete.starts_with(&format!("{}/start/#/device?user_code=", sim.url())), "{complete}");
}

#[test]
fn a_page_at_the_sign_in_host_knows_the_code_that_its_address_does_not_hold() {
    let sim = IdcSim::builder().verification_uri(VerificationUri::SignInHost).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let started =
        client.post("/device_authorization", &registered.with(&json!({"startUrl": START_URL}))).json();
    let (uri, code) = (started["verificationUri"].as_str().expect("a URI"), started["userCode"].as_str());
    assert_eq!(started["verificationUriComplete"], uri);
    assert!(uri.starts_with(&format!("{}/platform/authorize?request_uri=", sim.url())), "{uri}");
    assert!(!uri.contains(code.expect("a code")));
    let page = client.get(uri.strip_prefix(sim.url()).expect("ours"));
    assert!(page.body.contains(code.expect("a code")));
    assert_eq!(client.get("/platform/authorize?request_uri=urn:other").status, 404);
}

#[test]
fn a_slow_client_is_never_told_to_slow_down() {
    let sim = IdcSim::builder().slow_down(SlowDown::Strict).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    for _ in 0..5 {
        assert_eq!(
            client.poll(&registered, &code.device_code).oidc_error(),
            error(400, "authorization_pending")
        );
        sim.advance(Duration::from_secs(1));
    }
}

#[test]
fn a_denial_that_is_not_told_ends_with_the_code() {
    let sim = IdcSim::builder().denial(DenialAnswer::StaysPending).start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    sim.deny(&code.user_code);
    sim.advance(Duration::from_mins(10));
    assert_eq!(client.poll(&registered, &code.device_code).oidc_error(), error(400, "expired_token"));
}

#[test]
fn a_delayed_approval_is_for_device_codes_alone() {
    let sim = IdcSim::builder().auto_approve_after(Duration::from_secs(1)).start();
    let client = Client::new(&sim);
    let registered = crate::pkce::register(&client);
    let answer = crate::pkce::authorize(&client, &registered, &[]);
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").contains("/start/consent?request="), "{answer:?}");
}

#[test]
fn lives_and_interval_are_as_they_were_chosen() {
    let sim =
        IdcSim::builder().device_code_life(Duration::from_mins(6)).interval(Duration::from_secs(5)).start();
    let client = Client::new(&sim);
    let body = client.register().with(&json!({"startUrl": START_URL}));
    let started = client.post("/device_authorization", &body).json();
    assert_eq!((&started["expiresIn"], &started["interval"]), (&360.into(), &5.into()));
}

#[test]
fn an_alias_is_a_start_url_too() {
    let sim = IdcSim::builder().add_start_url("https://my-alias.awsapps.com/start").start();
    let client = Client::new(&sim);
    let registered = client.register();
    for (url, status) in [
        ("https://my-alias.awsapps.com/start", 200),
        ("https://d-1234567890.awsapps.com/start/", 200),
        ("https://d-1234567890.awsapps.com/start#", 200),
        ("https://d-1234567890.awsapps.com", 400),
        ("http://d-1234567890.awsapps.com/start", 400),
        ("", 400),
    ] {
        let answer = client.post("/device_authorization", &registered.with(&json!({"startUrl": url})));
        assert_eq!(answer.status, status, "{url}");
    }
}
