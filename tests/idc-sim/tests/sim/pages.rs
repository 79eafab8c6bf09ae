//! The pages, walked as a browser without scripts would.

use std::time::Duration;

use idc_sim::IdcSim;
use serde_json::json;

use crate::client::{ALICE, Answer, Client, Registered, Tokens, encode};

/// A browser that keeps one cookie.
struct Browser<'a> {
    client: &'a Client,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    fn new(client: &'a Client) -> Self {
        Self { client, cookie: None }
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        self.cookie.iter().map(|cookie| ("cookie", cookie.as_str())).collect()
    }

    fn get(&self, path: &str) -> Answer {
        self.client.send("GET", path, &self.headers(), "")
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.client.post_form(path, &self.headers(), fields)
    }

    /// Fills in the sign-in form to which `answer` has sent us, and goes where it leads.
    fn sign_in(&mut self, answer: &Answer, password: &str) -> Answer {
        assert_eq!(answer.status, 303, "{answer:?}");
        let form = self.get(answer.header("location"));
        assert!(form.body.contains("type=\"password\""), "{form:?}");
        let next = hidden(&form, "next");
        let answer =
            self.post("/start/sign-in", &[("username", ALICE), ("password", password), ("next", &next)]);
        if answer.status != 303 {
            return answer;
        }
        self.cookie = answer.header("set-cookie").split(';').next().map(str::to_owned);
        self.get(answer.header("location"))
    }
}

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&marker).unwrap_or_else(|| panic!("no {name} in {}", page.body));
    rest.split('"').next().unwrap_or_default().replace("&amp;", "&")
}

fn decide(browser: &Browser<'_>, page: &Answer, field: &str, decision: &str) -> Answer {
    let (value, form_token) = (hidden(page, field), hidden(page, "form_token"));
    let fields = [(field, value.as_str()), ("form_token", &form_token), ("decision", decision)];
    browser.post("/start/consent", &fields)
}

fn consent_path(user_code: &str) -> String {
    format!("/start/consent?user_code={user_code}")
}

#[test]
fn a_whole_login() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register_with(
        &json!({"clientName": "<b>kcaws</b> & co", "clientType": "public", "scopes": ["sso:account:access"]}),
    );
    let code = client.start_device(&registered);
    let mut browser = Browser::new(&client);

    let entry = browser.get(&format!("/device?user_code={}", code.user_code));
    assert!(entry.body.contains(&format!("value=\"{}\"", code.user_code)), "{entry:?}");
    assert!(entry.body.contains("<label for=\"user_code\">") && entry.body.contains("lang=\"en\""));

    let to_sign_in = browser.get(&consent_path(&code.user_code.to_lowercase()));
    let wrong = browser.sign_in(&to_sign_in, "looking-glass");
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("role=\"alert\""));
    let consent = browser.sign_in(&to_sign_in, "wonderland");
    assert_eq!(consent.status, 200, "{consent:?}");
    assert!(consent.body.contains("&lt;b&gt;kcaws&lt;/b&gt; &amp; co"), "{consent:?}");
    assert!(consent.body.contains("sso:account:access") && consent.body.contains(ALICE));

    let done = decide(&browser, &consent, "user_code", "allow");
    assert!(done.body.contains("Request approved"), "{done:?}");
    let tokens = Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code));
    assert!(sim.is_access_token_good(&tokens.access));

    // The second login in this browser needs no sign-in; a decided code cannot be decided again.
    let second = client.start_device(&registered);
    let consent = browser.get(&consent_path(&second.user_code));
    assert_eq!(consent.status, 200);
    decide(&browser, &consent, "user_code", "deny");
    assert_eq!(client.poll(&registered, &second.device_code).oidc_error(), (400, "access_denied".to_owned()));
    assert_eq!(browser.get(&consent_path(&second.user_code)).status, 409);
    assert!(browser.get("/start").body.contains("111122223333"));
}

#[test]
fn unknown_and_expired_codes() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let code = client.start_device(&client.register());
    let browser = Browser::new(&client);
    assert_eq!(browser.get("/device").status, 200);
    let unknown = browser.get(&consent_path("BBBB-BBBB"));
    assert_eq!(unknown.status, 404);
    assert!(unknown.body.contains("not known") && unknown.body.contains("name=\"user_code\""));
    sim.advance(Duration::from_secs(601));
    let expired = browser.get(&consent_path(&code.user_code));
    assert_eq!(expired.status, 410);
    assert!(expired.body.contains("expired"));
}

#[test]
fn a_foreign_form_changes_nothing() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    let mut browser = Browser::new(&client);
    browser.sign_in(&browser.get(&consent_path(&code.user_code)), "wonderland");
    let forged = [("user_code", code.user_code.as_str()), ("decision", "allow"), ("form_token", "guess")];
    assert_eq!(browser.post("/start/consent", &forged).status, 403);
    assert_eq!(sim.pending().len(), 1);
}

#[test]
fn the_session_ends_and_asks_again() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let mut browser = Browser::new(&client);
    let first = client.start_device(&registered);
    browser.sign_in(&browser.get(&consent_path(&first.user_code)), "wonderland");
    sim.advance(Duration::from_hours(8));
    let second = client.start_device(&registered);
    assert_eq!(browser.get(&consent_path(&second.user_code)).status, 303);
    sim.disable_user(ALICE);
    let refused = browser.sign_in(&browser.get(&consent_path(&second.user_code)), "wonderland");
    assert_eq!(refused.status, 401);
}

fn authorize(client: &Client, registered: &Registered) -> Answer {
    let fields = encode(&[
        ("response_type", "code"),
        ("client_id", &registered.id),
        ("redirect_uri", "http://127.0.0.1:1234/oauth/callback"),
        ("state", "abc"),
        ("code_challenge_method", "S256"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ]);
    client.get(&format!("/authorize?{fields}"))
}

#[test]
fn consent_for_an_authorization_code() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register_with(&json!({
        "clientName": "test", "clientType": "public", "scopes": ["sso:account:access"],
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": ["http://127.0.0.1/oauth/callback"],
    }));
    let mut browser = Browser::new(&client);
    let to_consent = authorize(&client, &registered);
    let consent = browser.sign_in(&browser.get(to_consent.header("location")), "wonderland");
    let answer = decide(&browser, &consent, "request", "deny");
    assert_eq!(
        answer.header("location"),
        "http://127.0.0.1:1234/oauth/callback?error=access_denied&state=abc"
    );

    let to_consent = authorize(&client, &registered);
    let consent = browser.get(to_consent.header("location"));
    let answer = decide(&browser, &consent, "request", "allow");
    let location = answer.header("location");
    assert!(location.starts_with("http://127.0.0.1:1234/oauth/callback?code=SIMSECRET"), "{location}");
    // Each request is decided once.
    assert_eq!(browser.get(to_consent.header("location")).status, 400);
}
