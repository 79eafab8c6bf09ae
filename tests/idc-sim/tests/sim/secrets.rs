//! What is handed out: how long it is, and whether a leak of it could be found.

use idc_sim::{IdcSim, SECRET_MARK};
use kcaws_test_kit::{PageClient, SecretMark};
use serde_json::json;

use crate::client::{ALICE, Client, DEV, Registered, START_URL, Tokens};
use crate::pkce::{REDIRECT, redeem, register as register_for_codes};

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("a string").to_owned()
}

#[track_caller]
fn assert_secret(what: &str, value: &str, sizes: std::ops::RangeInclusive<usize>) {
    assert!(value.contains(SECRET_MARK), "{what} has no mark: {value}");
    assert!(sizes.contains(&value.len()), "{what} has {} characters", value.len());
}

#[test]
fn everything_secret_has_the_mark_and_about_the_size_that_aws_gives_it() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    // Windows' Credential Manager takes 2560 bytes: a client secret alone all but fills an entry
    // (its size is that in aws/aws-cli#5971).
    assert_secret("client secret", &registered.secret, 1900..=2100);
    let code = client.start_device(&registered);
    assert_secret("device code", &code.device_code, 86..=86);
    sim.approve(&code.user_code);
    let tokens = Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code));
    assert_secret("access token", &tokens.access, 1024..=1536);
    assert_secret("refresh token", tokens.refresh_token(), 1024..=1536);

    let path = format!("/federation/credentials?account_id={DEV}&role_name=PowerUserAccess");
    let credentials = client.portal(&path, &tokens.access).json()["roleCredentials"].clone();
    let (key, session) = (text(&credentials["secretAccessKey"]), text(&credentials["sessionToken"]));
    assert_secret("secret access key", &key, 40..=40);
    assert_secret("session token", &session, 800..=1000);

    let id = text(&credentials["accessKeyId"]);
    let session = json!({"sessionId": id, "sessionKey": key, "sessionToken": session}).to_string();
    let answer = client.post_form("/federation", &[], &[("Action", "getSigninToken"), ("Session", &session)]);
    assert_secret("sign-in token", &text(&answer.json()["SigninToken"]), 500..=1000);

    let form = [("username", ALICE), ("password", "wonderland"), ("next", "/start")];
    let cookie = client.post_form("/start/sign-in", &[], &form).header("set-cookie").to_owned();
    let cookie = cookie.split(['=', ';']).nth(1).unwrap_or_default();
    assert_secret("browser's cookie", cookie, 40..=60);
}

#[test]
fn an_authorization_code_has_the_mark() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    let registered = register_for_codes(&client);
    let answer = crate::pkce::authorize(&client, &registered, &[]);
    let code = crate::pkce::returned(&answer, "code").expect("a code");
    assert_secret("authorization code", &code, 100..=200);
    assert_eq!(redeem(&client, &registered, &code, &json!({"redirectUri": REDIRECT})).status, 200);
}

#[test]
fn what_people_and_logs_may_see_does_not_have_the_mark() {
    let sim = IdcSim::builder().page_size(idc_sim::PageSize::Fixed(1)).start();
    let client = Client::new(&sim);
    let mark = SecretMark::new(SECRET_MARK);
    let registered = client.register();
    let started = client.post("/device_authorization", &registered.with(&json!({"startUrl": START_URL})));
    let started = started.json();
    for public in [&started["userCode"], &started["verificationUriComplete"], &started["verificationUri"]] {
        mark.assert_absent("what the terminal shows", text(public).as_bytes());
    }
    mark.assert_absent("the client id", registered.id.as_bytes());

    let token = sim.seed_login(ALICE).access_token;
    let page = client.portal("/assignment/accounts", &token);
    assert!(page.json()["nextToken"].is_string());
    mark.assert_absent("a page of accounts", page.body.as_bytes());

    let mut walk = PageClient::new();
    let mut pages = vec![walk.open(&text(&started["verificationUriComplete"]))];
    pages.push(walk.submit(&pages[0], "Confirm", &[]));
    pages.push(walk.submit(&pages[1], "Sign in", &[("username", ALICE), ("password", "wonderland")]));
    pages.push(walk.submit(&pages[2], "Allow", &[]));
    assert!(pages[3].text().contains("Request approved"));
    for page in pages {
        mark.assert_absent("a page's address", page.url.as_bytes());
        mark.assert_absent("a page", page.body.as_bytes());
    }
}

#[test]
fn no_two_secrets_are_the_same() {
    let sim = IdcSim::builder().start();
    let (first, second) = (sim.seed_login(ALICE), sim.seed_login(ALICE));
    assert_ne!(first.access_token, second.access_token);
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_ne!(first.client_secret, second.client_secret);
    assert_ne!(first.client_id, second.client_id);
    // Each is good for its own client only.
    let client = Client::new(&sim);
    let crossed = Registered { id: first.client_id, secret: second.client_secret };
    let refused = client.refresh(&crossed, &first.refresh_token);
    assert_eq!(refused.oidc_error(), (401, "invalid_client".to_owned()));
}
