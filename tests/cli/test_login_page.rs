//! The page that a login sends people to: whose it may be, and what becomes of a strange one.

use idc_sim::{Fault, IdcSim, Route, VerificationUri};
use kcaws_test_kit::{FakeBrowser, PageClient};

use crate::fixture::LoginFixture;
use crate::test_login_pkce::get;

/// The service's next answer to a request for a code.
fn answers(fixture: &LoginFixture, members: &serde_json::Value) {
    let mut body =
        serde_json::json!({"deviceCode": "d", "userCode": "BCDF-GHJK", "expiresIn": 600, "interval": 1});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    let fault = Fault::status(200, body.to_string());
    fixture.sim.fault(Route::StartDeviceAuthorization, fault).times(1);
}

fn page(plain: &str, complete: Option<&str>) -> serde_json::Value {
    serde_json::json!({"verificationUri": plain, "verificationUriComplete": complete})
}

/// The token comes at the first poll, whatever the code was.
fn approved(fixture: &LoginFixture) {
    let body = serde_json::json!({
        "accessToken": format!("aoa-{}", idc_sim::SECRET_MARK), "tokenType": "Bearer", "expiresIn": 3600,
        "refreshToken": format!("aor-{}", idc_sim::SECRET_MARK),
    });
    let fault = Fault::status(200, body.to_string());
    fixture.sim.fault(Route::CreateToken, fault).times(1);
}

/// No one has decided yet.
fn pending(fixture: &LoginFixture) {
    let body = r#"{"error":"authorization_pending","error_description":"not yet"}"#;
    fixture.sim.fault(Route::CreateToken, Fault::status(400, body));
}

/// Where our own page leads, the only address that is on a browser's command line.
fn sent_on(opened: &str) -> String {
    let (authority, path) = opened.strip_prefix("http://").and_then(|rest| rest.split_once('/')).unwrap();
    let answer = get(authority, &format!("/{path}"));
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or_else(|| panic!("no redirect: {answer}")).to_owned()
}

#[test]
fn the_page_at_the_newer_sign_in_hosts_is_shown_and_opened() {
    for host in [
        "eu-central-1.signin.aws",
        "eu-central-1.sso.signin.aws",
        "eu-central-1.signin.aws.amazon.com",
        "cn-north-1.signin.amazonaws.cn",
        "us-gov-west-1.signin.amazonaws-us-gov.com",
        "device.sso-fips.us-east-1.amazonaws.com",
        "device.sso.eu-central-1.api.aws",
    ] {
        let fixture = LoginFixture::new();
        let browser = FakeBrowser::install(&fixture.env);
        let url = format!("https://{host}/platform/authorize?request_uri=abc");
        answers(&fixture, &page(&url, Some(&url)));
        pending(&fixture);
        let (login, code) = fixture.begin_login("login");
        assert_eq!(code, "BCDF-GHJK");
        assert_eq!(sent_on(&browser.wait_for_url()), url);
        let output = login.kill();
        output.expect_stderr(&format!("  page:   {url}\n"));
    }
}

#[test]
fn a_whole_login_goes_by_a_page_whose_address_has_no_code() {
    let fixture = LoginFixture::with(IdcSim::builder().verification_uri(VerificationUri::SignInHost));
    let browser = FakeBrowser::install(&fixture.env);
    let (login, code) = fixture.begin_login("login");
    let mut client = PageClient::new();
    let page = client.open(&browser.wait_for_url());
    assert!(page.url.contains("/platform/authorize?request_uri="), "{}", page.url);
    assert!(page.body.contains(&code), "to be compared: {}", page.body);
    let sign_in = client.submit(&page, "Confirm and continue", &[]);
    let consent =
        client.submit(&sign_in, "Sign in", &[("username", "alice@example.com"), ("password", "wonderland")]);
    client.submit(&consent, "Allow", &[]);
    login.wait().expect_ok().expect_stderr("Opening your browser");
    fixture.credentials().expect_ok();
}

#[test]
fn an_https_page_at_an_unknown_host_is_shown_with_a_warning_and_the_login_goes_on() {
    for url in ["https://sso.example.com/device", "https://device.sso.x.s3.amazonaws.com/"] {
        let fixture = LoginFixture::new();
        let browser = FakeBrowser::install(&fixture.env);
        answers(&fixture, &page(url, Some(&format!("{url}?user_code=BCDF-GHJK"))));
        approved(&fixture);
        fixture
            .run("-q login")
            .expect_ok()
            .expect_stderr(&format!("  page:   {url}\n"))
            .expect_stderr("kcaws: warning: `")
            .expect_stderr("the page is not opened");
        assert!(browser.opened().is_empty());
        fixture.run("status corp").expect_ok();
    }
}

#[test]
fn a_page_without_https_or_that_programs_read_differently_is_refused() {
    for url in [
        "http://eu-central-1.signin.aws/",
        "javascript:alert(1)",
        r"https://eu-central-1.signin.aws\@evil.example/",
        "https://eu-central-1.signin.aws@evil.example/",
        "https://evil.exa\tmple/",
        "https://eu-central-1.signin.aws:8443/",
        "https:/eu-central-1.signin.aws/",
    ] {
        for (plain, complete) in [(url, None), ("https://eu-central-1.signin.aws/", Some(url))] {
            let fixture = LoginFixture::new();
            let browser = FakeBrowser::install(&fixture.env);
            answers(&fixture, &page(plain, complete));
            let output = fixture.run("login").expect_code(1).expect_stderr("is not an AWS page");
            output.expect_stderr("do not sign in there");
            assert!(browser.opened().is_empty(), "{url}");
        }
    }
}

#[test]
fn without_a_complete_address_or_a_code_the_login_goes_on() {
    let url = "https://eu-central-1.signin.aws/platform/authorize?request_uri=abc";
    for (members, opened) in [
        (page(url, None), url),
        (page(url, Some("")), url),
        (page("", Some(url)), url),
        (serde_json::json!({"verificationUri": url, "userCode": ""}), url),
        (serde_json::json!({"verificationUri": url, "userCode": null}), url),
    ] {
        let fixture = LoginFixture::new();
        let browser = FakeBrowser::install(&fixture.env);
        answers(&fixture, &members);
        approved(&fixture);
        let output = fixture.run("login").expect_ok().expect_stderr(&format!("  page:   {opened}\n"));
        assert_eq!(output.stderr_text().contains("  code: "), members.get("userCode").is_none(), "{output}");
        assert!(browser.wait_for_url().starts_with("http://127.0.0.1:"));
    }
    let fixture = LoginFixture::new();
    answers(&fixture, &page("", Some(" ")));
    fixture.run("login").expect_code(1).expect_stderr("`verificationUri` is missing");
}

#[test]
fn texts_of_the_service_are_cut_and_do_not_act() {
    let flood = "x".repeat(1_500_000);
    let fixture = LoginFixture::new();
    let body =
        serde_json::json!({"error": "access_denied", "error_description": format!("\u{1b}[2J{flood}")});
    answers(
        &fixture,
        &serde_json::json!({
            "verificationUri": "https://eu-central-1.signin.aws/", "userCode": "BCDF-GHJK",
        }),
    );
    fixture.sim.fault(Route::CreateToken, Fault::status(400, body.to_string())).times(1);
    let denied = fixture.run("-vvv login --no-browser").expect_code(4).expect_stderr("the login was denied");
    answers(
        &fixture,
        &serde_json::json!({
            "verificationUri": "https://eu-central-1.signin.aws/", "userCode": format!("\u{1b}[2J{flood}"),
        }),
    );
    let strange_code = fixture.run("-vvv login --no-browser").expect_code(1).expect_stderr("`userCode`");
    answers(&fixture, &page(&format!("https://eu-central-1.signin.aws/{flood}"), None));
    let strange = fixture.run("-vvv login --no-browser").expect_code(1).expect_stderr("longer than");
    // Beyond a megabyte an answer is none.
    let flood = &flood[..400_000];
    let body = serde_json::json!({"error": flood, "error_description": flood});
    fixture.sim.fault(Route::StartDeviceAuthorization, Fault::status(400, body.to_string())).times(1);
    let refused = fixture.run("-vvv login --no-browser").expect_code(1);
    for output in [denied, strange_code, strange, refused] {
        assert!(output.stderr.len() < 20_000, "{} bytes", output.stderr.len());
        assert!(!output.stderr.contains(&0x1b));
    }
}

/// No one can be asked there: the address is for a person.
#[test]
fn a_login_that_a_tool_started_opens_no_unknown_page_and_tells_its_address() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("KCAWS_AUTO_LOGIN", "true");
    let browser = FakeBrowser::install(&fixture.env);
    answers(&fixture, &page("https://sso.example.com/device", None));
    let output = fixture.credentials().expect_code(4).expect_stderr("https://sso.example.com/device");
    output.expect_stderr("run `kcaws login corp`");
    // The next tool gets the same answer, and asks no one.
    fixture.credentials().expect_code(4).expect_stderr("https://sso.example.com/device");
    assert_eq!(fixture.sim.count(Route::StartDeviceAuthorization), 1);
    assert!(browser.opened().is_empty());
    fixture.log_in();
    fixture.credentials().expect_ok();
}
