//! The authorization-code grant.

use std::time::Duration;

use idc_sim::IdcSim;
use serde_json::{Value, json};
use url::Url;

use crate::client::{Answer, Client, Registered, START_URL, Tokens, encode};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:42513/oauth/callback";

pub(crate) fn register(client: &Client) -> Registered {
    client.register_with(&json!({
        "clientName": "test", "clientType": "public",
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": ["http://127.0.0.1/oauth/callback"],
        "issuerUrl": START_URL,
        "scopes": ["sso:account:access"],
    }))
}

/// A visit to `/authorize` as the AWS CLI makes it, with changes; an empty value leaves a parameter out.
pub(crate) fn authorize(client: &Client, registered: &Registered, changes: &[(&str, &str)]) -> Answer {
    let usual = [
        ("response_type", "code"),
        ("client_id", &registered.id),
        ("redirect_uri", REDIRECT),
        ("state", "state-1"),
        ("code_challenge_method", "S256"),
        ("scopes", "sso:account:access"),
        ("code_challenge", CHALLENGE),
    ];
    let replaced = |name: &str| changes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let mut fields: Vec<(&str, &str)> =
        usual.iter().map(|(name, value)| (*name, replaced(name).unwrap_or(value))).collect();
    fields.extend(changes.iter().filter(|(name, _)| usual.iter().all(|(known, _)| known != name)));
    fields.retain(|(_, value)| !value.is_empty());
    client.get(&format!("/authorize?{}", encode(&fields)))
}

#[track_caller]
pub(crate) fn returned(answer: &Answer, name: &str) -> Option<String> {
    assert_eq!(answer.status, 302, "{answer:?}");
    let target = Url::parse(answer.header("location")).expect("a URL");
    assert_eq!(target.port(), Some(42513));
    target.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn redeem(client: &Client, registered: &Registered, code: &str, changes: &Value) -> Answer {
    let mut body = registered.with(&json!({
        "grantType": "authorization_code", "code": code, "redirectUri": REDIRECT, "codeVerifier": VERIFIER,
    }));
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    client.post("/token", &body)
}

#[test]
fn the_verifier_of_the_rfc_redeems_the_code_of_its_challenge_once() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    let answer = authorize(&client, &registered, &[]);
    assert_eq!(returned(&answer, "state").as_deref(), Some("state-1"));
    let code = returned(&answer, "code").expect("a code");
    let tokens = Tokens::of(registered.clone(), &redeem(&client, &registered, &code, &json!({})));
    assert!(sim.is_access_token_good(&tokens.access));
    assert_eq!(client.refresh(&registered, tokens.refresh_token()).status, 200);
    let again = redeem(&client, &registered, &code, &json!({}));
    assert_eq!(again.oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_code_is_bound_to_verifier_redirect_port_client_and_time() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    let code = || returned(&authorize(&client, &registered, &[]), "code").expect("a code");
    for changes in [
        json!({"codeVerifier": "another-verifier-another-verifier-another-verifier"}),
        json!({"redirectUri": "http://127.0.0.1:42514/oauth/callback"}),
        json!({"redirectUri": "http://127.0.0.1/oauth/callback"}),
    ] {
        let answer = redeem(&client, &registered, &code(), &changes);
        assert_eq!(answer.oidc_error(), (400, "invalid_grant".to_owned()), "{changes}");
    }
    let stranger = register(&client);
    let answer = redeem(&client, &stranger, &code(), &json!({}));
    assert_eq!(answer.oidc_error(), (400, "invalid_grant".to_owned()));
    for missing in ["redirectUri", "codeVerifier", "code"] {
        let answer = redeem(&client, &registered, &code(), &json!({missing: null}));
        assert_eq!(answer.oidc_error(), (400, "invalid_request".to_owned()), "{missing}");
    }
    let old = code();
    sim.advance(Duration::from_secs(601));
    assert_eq!(
        redeem(&client, &registered, &old, &json!({})).oidc_error(),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn scopes_may_be_named_scopes_scope_or_not_at_all() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    let scope = authorize(&client, &registered, &[("scopes", ""), ("scope", "sso:account:access")]);
    assert!(returned(&scope, "code").is_some());
    let neither = authorize(&client, &registered, &[("scopes", "")]);
    assert!(returned(&neither, "code").is_some());
}

#[test]
fn a_bad_request_from_a_known_client_goes_back_to_it_with_its_state() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    for (changes, error) in [
        ([("response_type", "token")], "unsupported_response_type"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("code_challenge_method", "")], "invalid_request"),
        ([("code_challenge", "short")], "invalid_request"),
        ([("code_challenge", "")], "invalid_request"),
        ([("scopes", "sso-portal:*")], "invalid_scope"),
    ] {
        let answer = authorize(&client, &registered, &changes);
        assert_eq!(returned(&answer, "error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(returned(&answer, "state").as_deref(), Some("state-1"));
        assert_eq!(returned(&answer, "code"), None);
    }
}

#[test]
fn no_one_is_sent_to_an_address_that_is_not_registered() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    for hostile in [
        "http://127.0.0.1:42513/other",
        "http://localhost:42513/oauth/callback",
        "http://[::1]:42513/oauth/callback",
        "https://127.0.0.1:42513/oauth/callback",
        "https://example.com/oauth/callback",
        "http://127.0.0.1:42513/oauth/callback?x=y",
        "",
    ] {
        let answer = authorize(&client, &registered, &[("redirect_uri", hostile)]);
        assert_eq!(answer.status, 400, "{hostile}");
        assert!(answer.body.contains("Invalid callback URL"), "{hostile}");
    }
    let answer = authorize(&client, &registered, &[("client_id", "stranger")]);
    assert_eq!((answer.status, answer.header("location")), (400, ""));
}

#[test]
fn a_bare_redirect_is_known_good_too() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = client.register_with(&json!({
        "clientName": "test", "clientType": "public",
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": ["http://127.0.0.1"],
        "scopes": ["sso:account:access"],
    }));
    let answer = authorize(&client, &registered, &[("redirect_uri", "http://127.0.0.1:42513")]);
    let code = returned(&answer, "code").expect("a code");
    let tokens = redeem(&client, &registered, &code, &json!({"redirectUri": "http://127.0.0.1:42513"}));
    assert_eq!(tokens.status, 200);
}

#[test]
fn a_try_with_the_wrong_verifier_uses_the_code_up_and_a_strangers_try_does_not() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    let code = || returned(&authorize(&client, &registered, &[]), "code").expect("a code");
    let guessed = code();
    let wrong = json!({"codeVerifier": "another-verifier-another-verifier-another-verifier"});
    assert_eq!(redeem(&client, &registered, &guessed, &wrong).status, 400);
    assert_eq!(redeem(&client, &registered, &guessed, &json!({})).status, 400);
    let stolen = code();
    assert_eq!(redeem(&client, &register(&client), &stolen, &json!({})).status, 400);
    assert_eq!(redeem(&client, &registered, &stolen, &json!({})).status, 200);
}

#[test]
fn the_challenge_itself_is_no_verifier() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    let code = returned(&authorize(&client, &registered, &[]), "code").expect("a code");
    let answer = redeem(&client, &registered, &code, &json!({"codeVerifier": CHALLENGE}));
    assert_eq!(answer.oidc_error(), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_state_comes_back_as_it_went_and_none_comes_back_if_none_went() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    let odd = "a b&c=d/é+%20";
    let answer = authorize(&client, &registered, &[("state", odd)]);
    assert_eq!(returned(&answer, "state").as_deref(), Some(odd));
    let answer = authorize(&client, &registered, &[("state", "")]);
    assert_eq!(returned(&answer, "state"), None);
    assert!(returned(&answer, "code").is_some());
}

#[test]
fn a_client_without_the_grant_is_not_sent_a_code() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let device_only = client.register();
    assert_eq!(authorize(&client, &device_only, &[]).status, 400);
    let with_a_redirect = client.register_with(&json!({
        "clientName": "test", "clientType": "public",
        "redirectUris": ["http://127.0.0.1/oauth/callback"],
    }));
    let answer = authorize(&client, &with_a_redirect, &[]);
    assert_eq!(returned(&answer, "error").as_deref(), Some("unauthorized_client"));
}

#[test]
fn a_registration_of_the_past_cannot_authorize() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register(&client);
    sim.advance(Duration::from_hours(90 * 24));
    let answer = authorize(&client, &registered, &[]);
    assert_eq!((answer.status, answer.header("location")), (400, ""));
}

#[test]
fn the_wrong_region_is_found_out_in_the_browser() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let elsewhere = Client::by_proxy(&sim, "https://oidc.us-west-2.amazonaws.com");
    let answer = authorize(&elsewhere, &register(&elsewhere), &[]);
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("Invalid grant provided"), "{answer:?}");
}
