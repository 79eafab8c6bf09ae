//! The pages, walked as a person in front of a browser without scripts would.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::{Page, PageClient};
use serde_json::json;

use crate::client::{ALICE, Client, DeviceCode, Registered, Tokens, encode};
use crate::pkce;

/// Opens the page to which the terminal points, and confirms the code that is filled in.
fn confirm(walk: &mut PageClient, sim: &IdcSim, code: &DeviceCode) -> Page {
    let page = walk.open(&format!("{}/device?user_code={}", sim.url(), code.user_code));
    walk.submit(&page, "Confirm", &[])
}

fn sign_in(walk: &mut PageClient, page: &Page) -> Page {
    walk.submit(page, "Sign in", &[("username", ALICE), ("password", "wonderland")])
}

/// A whole login in this browser; tells the tokens and whether it asked to sign in.
fn log_in(walk: &mut PageClient, sim: &IdcSim) -> (Tokens, bool) {
    let client = Client::new(sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    let mut page = confirm(walk, sim, &code);
    let asked = page.has_button("Sign in");
    if asked {
        page = sign_in(walk, &page);
    }
    assert!(walk.submit(&page, "Allow", &[]).text().contains("Request approved"));
    (Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code)), asked)
}

#[test]
fn a_prefilled_code_leads_by_sign_in_and_allow_to_tokens() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register_with(
        &json!({"clientName": "<b>kcaws</b> & co", "clientType": "public", "scopes": ["sso:account:access"]}),
    );
    let code = client.start_device(&registered);
    let mut walk = PageClient::new();

    let entry = walk.open(&format!("{}/device?user_code={}", sim.url(), code.user_code));
    assert!(entry.body.contains(&format!("value=\"{}\"", code.user_code)), "{}", entry.body);
    assert!(entry.body.contains("<label for=\"user_code\">") && entry.body.contains("lang=\"en\""));
    let form = walk.submit(&entry, "Confirm", &[]);
    let consent = sign_in(&mut walk, &form);
    assert_eq!(consent.status, 200, "{}", consent.body);
    // The consent page names who asks for what, and for whom; a name is text, whatever it looks like.
    assert!(consent.body.contains("&lt;b&gt;kcaws&lt;/b&gt; &amp; co"), "{}", consent.body);
    for shown in ["<b>kcaws</b> & co", "sso:account:access", ALICE, &code.user_code] {
        assert!(consent.text().contains(shown), "{shown}: {}", consent.text());
    }
    assert_eq!(client.poll(&registered, &code.device_code).status, 400);
    assert!(walk.submit(&consent, "Allow", &[]).text().contains("Request approved"));
    let tokens = Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code));
    assert!(sim.is_access_token_good(&tokens.access));
    assert!(walk.open(&format!("{}/start", sim.url())).text().contains("111122223333"));
}

#[test]
fn a_typed_code_may_be_small_and_without_its_dash() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    let mut walk = PageClient::new();
    let entry = walk.open(&format!("{}/device", sim.url()));
    let typed = format!(" {} ", code.user_code.replace('-', "").to_lowercase());
    let form = walk.submit(&entry, "Confirm", &[("user_code", &typed)]);
    let consent = sign_in(&mut walk, &form);
    assert!(consent.text().contains(&code.user_code), "{}", consent.text());
}

#[test]
fn deny_gives_no_tokens_and_a_decided_code_is_not_asked_about_again() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    let mut walk = PageClient::new();
    let form = confirm(&mut walk, &sim, &code);
    let consent = sign_in(&mut walk, &form);
    assert!(walk.submit(&consent, "Deny", &[]).text().contains("Request denied"));
    let refused = client.poll(&registered, &code.device_code);
    assert_eq!(refused.oidc_error(), (400, "access_denied".to_owned()));
    assert_eq!(confirm(&mut walk, &sim, &code).status, 409);
    // Nor does the page that is still open in another tab.
    assert_eq!(walk.submit(&consent, "Allow", &[]).status, 409);
}

#[test]
fn a_wrong_password_asks_again_and_forgets_neither_name_nor_way() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    let mut walk = PageClient::new();
    let form = confirm(&mut walk, &sim, &code);
    let again = walk.submit(&form, "Sign in", &[("username", ALICE), ("password", "looking-glass")]);
    assert_eq!(again.status, 401);
    assert!(again.body.contains("role=\"alert\"") && !again.body.contains("looking-glass"));
    assert!(again.body.contains(&format!("value=\"{ALICE}\"")), "{}", again.body);
    assert!(walk.submit(&again, "Sign in", &[("password", "wonderland")]).has_button("Allow"));
    for user in ["", "bob@example.com", "ALICE@example.com"] {
        let refused = walk.submit(&form, "Sign in", &[("username", user), ("password", "wonderland")]);
        assert_eq!(refused.status, 401, "{user}");
    }
}

#[test]
fn unknown_and_expired_codes_are_distinguished_and_can_be_corrected() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    let mut walk = PageClient::new();
    let entry = walk.open(&format!("{}/device", sim.url()));
    for typed in ["BBBB-BBBB", "B", ""] {
        let unknown = walk.submit(&entry, "Confirm", &[("user_code", typed)]);
        assert_eq!(unknown.status, 404, "{typed}");
        assert!(unknown.text().contains("not known"), "{}", unknown.text());
        assert!(walk.submit(&unknown, "Confirm", &[("user_code", &code.user_code)]).has_button("Sign in"));
    }
    sim.advance(Duration::from_mins(10));
    let expired = confirm(&mut walk, &sim, &code);
    assert_eq!(expired.status, 410);
    assert!(expired.text().contains("expired"));
}

#[test]
fn the_second_login_in_a_browser_asks_for_no_sign_in_and_inherits_the_sessions_end() {
    let sim = IdcSim::builder().start();
    let mut walk = PageClient::new();
    let (first, asked) = log_in(&mut walk, &sim);
    assert!(asked);
    assert_eq!(first.expires_in, 3600);
    sim.advance(Duration::from_mins(7 * 60 + 30));
    let (second, asked) = log_in(&mut walk, &sim);
    assert!(!asked);
    assert!(second.expires_in <= 1800, "{}", second.expires_in);
    // Another browser has a session of its own, whole and untouched by the end of the first.
    let (other, asked) = log_in(&mut PageClient::new(), &sim);
    assert!(asked);
    assert_eq!(other.expires_in, 3600);
    sim.advance(Duration::from_mins(30));
    assert!(!sim.is_access_token_good(&second.access));
    assert!(sim.is_access_token_good(&other.access));
    assert!(log_in(&mut walk, &sim).1, "the session is over");
}

#[test]
fn a_logout_makes_the_browser_sign_in_again() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let mut walk = PageClient::new();
    let (tokens, _) = log_in(&mut walk, &sim);
    let header = [("x-amz-sso_bearer_token", tokens.access.as_str())];
    assert_eq!(client.send("POST", "/logout", &header, "").status, 200);
    assert!(log_in(&mut walk, &sim).1);
}

#[test]
fn a_disabled_user_cannot_sign_in() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    sim.disable_user(ALICE);
    let mut walk = PageClient::new();
    let form = confirm(&mut walk, &sim, &code);
    assert_eq!(sign_in(&mut walk, &form).status, 401);
}

#[test]
fn a_form_that_another_site_made_changes_nothing() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    let mut walk = PageClient::new();
    let form = confirm(&mut walk, &sim, &code);
    let consent = sign_in(&mut walk, &form);
    assert_eq!(walk.submit(&consent, "Allow", &[("form_token", "guess")]).status, 403);
    assert_eq!(walk.submit(&consent, "Allow", &[("decision", "perhaps")]).status, 400);
    assert_eq!(sim.pending().len(), 1);
    // Without a sign-in the form leads to one.
    assert!(PageClient::new().submit(&consent, "Allow", &[]).has_button("Sign in"));
    assert_eq!(sim.pending().len(), 1);
}

#[test]
fn a_person_is_sent_on_within_the_portal_only() {
    let sim = IdcSim::builder().start();
    let mut walk = PageClient::new();
    let query = encode(&[("next", "https://evil.example/start")]);
    let form = walk.open(&format!("{}/start/sign-in?{query}", sim.url()));
    assert_eq!(sign_in(&mut walk, &form).url, format!("{}/start", sim.url()));
}

#[test]
fn pages_are_not_kept_framed_or_shown_to_others() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    for path in ["/device", "/start", "/start/sign-in", "/start/consent?user_code=BBBB-BBBB", "/federation"] {
        let answer = client.get(path);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
    }
}

/// A client that waits for its authorization code: its address, and what came there.
fn callback() -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let waiting = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a browser");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).expect("a request");
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nDone")
            .expect("sent");
        line
    });
    (format!("http://{address}/oauth/callback"), waiting)
}

/// Opens `/authorize` in the browser.
fn authorize(walk: &mut PageClient, sim: &IdcSim, registered: &Registered, redirect: &str) -> Page {
    let fields = encode(&[
        ("response_type", "code"),
        ("client_id", &registered.id),
        ("redirect_uri", redirect),
        ("state", "abc"),
        ("code_challenge_method", "S256"),
        ("code_challenge", pkce::CHALLENGE),
    ]);
    walk.open(&format!("{}/authorize?{fields}", sim.url()))
}

#[test]
fn allow_brings_the_code_to_the_clients_own_port() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = pkce::register(&client);
    let (redirect, waiting) = callback();
    let mut walk = PageClient::new();
    let form = authorize(&mut walk, &sim, &registered, &redirect);
    let consent = sign_in(&mut walk, &form);
    let arrived = walk.submit(&consent, "Allow", &[]);
    assert!(arrived.url.starts_with(&redirect), "{}", arrived.url);
    assert!(waiting.join().expect("an end").starts_with("GET /oauth/callback?code=SIMSECRET"));
    assert_eq!(arrived.query("state").as_deref(), Some("abc"));
    let code = arrived.query("code").expect("a code");
    let answer = pkce::redeem(&client, &registered, &code, &json!({"redirectUri": redirect}));
    assert!(sim.is_access_token_good(&Tokens::of(registered, &answer).access));
    // Each visit is decided once.
    assert_eq!(walk.open(&consent.url).status, 400);
    assert_eq!(sim.count(Route::Authorize), 1);
}

#[test]
fn deny_brings_an_error_to_the_clients_own_port() {
    let sim = IdcSim::builder().start();
    let registered = pkce::register(&Client::new(&sim));
    let (redirect, waiting) = callback();
    let mut walk = PageClient::new();
    let form = authorize(&mut walk, &sim, &registered, &redirect);
    let consent = sign_in(&mut walk, &form);
    let arrived = walk.submit(&consent, "Deny", &[]);
    assert!(arrived.url.starts_with(&redirect), "{}", arrived.url);
    let line = waiting.join().expect("an end");
    assert!(line.starts_with("GET /oauth/callback?error=access_denied&state=abc "), "{line}");
}

#[test]
fn a_visit_to_authorize_waits_ten_minutes_for_its_person() {
    let sim = IdcSim::builder().start();
    let registered = pkce::register(&Client::new(&sim));
    let mut walk = PageClient::new();
    let form = authorize(&mut walk, &sim, &registered, "http://127.0.0.1:1/oauth/callback");
    let consent = sign_in(&mut walk, &form);
    assert!(consent.has_button("Allow"));
    sim.advance(Duration::from_mins(10));
    let late = walk.submit(&consent, "Allow", &[]);
    assert_eq!(late.status, 400);
    assert!(late.text().contains("expired"), "{}", late.text());
}
