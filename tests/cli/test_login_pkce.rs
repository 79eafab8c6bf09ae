//! PKCE: the browser comes back to a port of this machine, and no one else gets in there.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use idc_sim::{Fault, Route};
use kcaws_test_kit::{FakeBrowser, Page, PageClient, Running, SecretMark, Signal};

use crate::fixture::LoginFixture;

const PRINTED: &str = "login corp --flow pkce --no-browser";

/// A login that waits, and the page that it printed.
fn begin(fixture: &LoginFixture, line: &str) -> (Running, String) {
    let mut login = fixture.kcaws(line).spawn();
    let page = login.wait_for_stderr("  page:   ");
    (login, page.split_whitespace().last().unwrap().to_owned())
}

/// What the person does on AWS's side; the last page is kcaws's.
fn decide(page: &str, button: &str) -> Page {
    let mut client = PageClient::new();
    let form = client.open(page);
    let consent =
        client.submit(&form, "Sign in", &[("username", "alice@example.com"), ("password", "wonderland")]);
    assert!(consent.text().contains("kcaws "), "the client's name: {}", consent.text());
    client.submit(&consent, button, &[])
}

fn parameter(page: &str, name: &str) -> String {
    let url = url::Url::parse(page).unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap()
}

fn callback(page: &str) -> (String, String) {
    let back = url::Url::parse(&parameter(page, "redirect_uri")).unwrap();
    (format!("127.0.0.1:{}", back.port().unwrap()), back.path().to_owned())
}

fn send(authority: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // A listener that has seen enough does not read the rest.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) fn get(authority: &str, target: &str) -> String {
    send(
        authority,
        format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").as_bytes(),
    )
}

#[test]
fn the_browser_goes_there_by_a_page_of_ours_and_comes_back_with_the_login() {
    let fixture = LoginFixture::new();
    let browser = FakeBrowser::install(&fixture.env);
    let mut login = fixture.kcaws("login corp --flow pkce").spawn();
    login.wait_for_stderr("Approve only if you just started this login");
    let opened = browser.wait_for_url();
    assert!(opened.starts_with("http://127.0.0.1:") && !opened.contains('?'), "{opened}");
    let last = decide(&opened, "Allow");
    assert!(last.text().contains("You are logged in"), "{}", last.body);
    assert!(last.text().contains("You can close this tab"), "{}", last.body);
    assert!(!last.body.contains(idc_sim::SECRET_MARK));
    login
        .wait()
        .expect_ok()
        .expect_stderr("  client: kcaws ")
        .expect_stderr("Opening your browser")
        .expect_stderr("Logged in to `corp`. Tokens are stored in the kernel keyring; access is valid until");

    let registered = fixture.sim.requests_to(Route::RegisterClient)[0].json();
    assert_eq!(registered["grantTypes"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(registered["redirectUris"], serde_json::json!(["http://127.0.0.1/oauth/callback"]));
    assert_eq!(registered["issuerUrl"], fixture.sim.start_url());
    assert_eq!(registered["scopes"], serde_json::json!(["sso:account:access"]));
    let redeemed = fixture.sim.requests_to(Route::CreateToken)[0].json();
    assert_eq!(redeemed["grantType"], "authorization_code");
    assert_eq!(fixture.sim.count(Route::StartDeviceAuthorization), 0);

    fixture.credentials().expect_ok();
    fixture.sim.expire_access_tokens();
    fixture.run("accounts").expect_ok();
    let refreshed = fixture.sim.requests_to(Route::CreateToken)[1].json();
    assert_eq!(refreshed["grantType"], "refresh_token");
    assert_eq!(refreshed["clientId"], redeemed["clientId"]);
    fixture.run("login corp --flow pkce").expect_ok().expect_stderr("Already logged in to `corp`");
}

#[test]
fn each_flow_keeps_its_registration_whichever_comes_next() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    for _ in 0..2 {
        let (login, page) = begin(&fixture, &format!("{PRINTED} --force"));
        decide(&page, "Allow");
        login.wait().expect_ok();
        fixture.credentials().expect_ok();
    }
    fixture.log_in_as("login corp --no-browser --force");
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::RegisterClient), 2, "one a flow");
}

#[test]
fn the_printed_page_is_enough_and_the_loudest_log_tells_no_secret() {
    let fixture = LoginFixture::new();
    let (login, page) = begin(&fixture, &format!("-vvv {PRINTED}"));
    decide(&page, "Allow");
    let output = login
        .wait()
        .expect_ok()
        .expect_stderr("it redirects to 127.0.0.1, so it only works here")
        .expect_stderr("CreateToken");
    let redeemed = fixture.sim.requests_to(Route::CreateToken)[0].json();
    let verifier = redeemed["codeVerifier"].as_str().unwrap();
    // RFC 7636 section 4.2, as seen from outside.
    let challenge = URL_SAFE_NO_PAD.encode(<sha2::Sha256 as sha2::Digest>::digest(verifier));
    assert_eq!(parameter(&page, "code_challenge"), challenge);
    for secret in [verifier, redeemed["code"].as_str().unwrap()] {
        let mark = SecretMark::new(secret);
        mark.assert_absent("stderr", &output.stderr);
        mark.assert_absent("stdout", &output.stdout);
        mark.assert_absent_from_files(fixture.env.root());
    }
    fixture.env.assert_no_secret_in_files(fixture.env.root());
}

#[test]
fn a_denied_login_is_exit_4_for_the_tool_and_plain_for_the_tab() {
    let fixture = LoginFixture::new();
    let (login, page) = begin(&fixture, PRINTED);
    let last = decide(&page, "Deny");
    assert!(last.text().contains("The login failed"), "{}", last.body);
    login.wait().expect_code(4).expect_stderr("kcaws: error: the login was denied");
    fixture.run("status corp").expect_code(4);
}

#[test]
fn a_code_that_the_service_does_not_take_is_explained() {
    let fixture = LoginFixture::new();
    let refusal = r#"{"error":"invalid_grant","error_description":"Invalid grant provided"}"#;
    fixture.sim.fault(Route::CreateToken, Fault::status(400, refusal)).times(1);
    let (login, page) = begin(&fixture, PRINTED);
    assert!(decide(&page, "Allow").text().contains("The login failed"));
    login.wait().expect_code(4).expect_stderr("invalid_grant").expect_stderr("`sso_region`");
    let (login, page) = begin(&fixture, PRINTED);
    decide(&page, "Allow");
    login.wait().expect_ok();
}

#[test]
fn an_error_of_the_login_page_ends_the_wait_with_its_name_and_its_text_does_not_act() {
    let fixture = LoginFixture::new();
    let (login, page) = begin(&fixture, PRINTED);
    let (authority, path) = callback(&page);
    let knows = parameter(&page, "state");
    let answer = get(
        &authority,
        &format!("{path}?error=temporarily_unavailable%1b[2J&error_description=%3Cscript%3E&state={knows}"),
    );
    assert!(answer.contains("The login failed") && !answer.contains("temporarily"), "{answer}");
    login.wait().expect_code(4).expect_stderr("temporarily_unavailable\\u{1b}[2J").expect_stderr("<script>");
}

#[test]
fn a_visitor_without_the_state_learns_nothing_and_spoils_nothing() {
    let fixture = LoginFixture::new();
    let (mut login, page) = begin(&fixture, PRINTED);
    let (authority, path) = callback(&page);
    let knows = parameter(&page, "state");
    let right = format!("{path}?code=stolen&state={knows}");
    let head = |line: &str, host: &str| format!("{line}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let attacks = [
        head(&format!("GET {path}?code=stolen&state=guess HTTP/1.1"), &authority),
        head(&format!("GET {path}?code=stolen HTTP/1.1"), &authority),
        head(&format!("GET {path}?error=access_denied HTTP/1.1"), &authority),
        head(&format!("GET {path}?error=access_denied&state= HTTP/1.1"), &authority),
        head(&format!("GET {path}?code=a&code=b&state={knows} HTTP/1.1"), &authority),
        head(&format!("GET {path}?code=a&state=x&state={knows} HTTP/1.1"), &authority),
        head(&format!("GET {path}?code=a&error=b&state={knows} HTTP/1.1"), &authority),
        head(&format!("GET /other?code=a&state={knows} HTTP/1.1"), &authority),
        head(&format!("POST {right} HTTP/1.1"), &authority),
        head(&format!("PUT {right} HTTP/1.1"), &authority),
        head(&format!("OPTIONS {right} HTTP/1.1"), &authority),
        head(&format!("GET {right} HTTP/1.1"), "attacker.example.com"),
        head(&format!("GET {right} HTTP/1.1"), "localhost"),
        head(&format!("GET {right} HTTP/1.1\r\nHost: attacker.example.com"), &authority),
        format!("GET {right} HTTP/1.0\r\n\r\n"),
        head(&format!("GET {path}?code={}&state={knows} HTTP/1.1", "x".repeat(200_000)), &authority),
        format!("{}\r\n\r\n", "A".repeat(100_000)),
        "\u{16}\u{3}\u{1}\u{2}".repeat(1000),
        "\r\n\r\n\r\n".to_owned(),
        "GET".to_owned() + &" ".repeat(70_000),
    ];
    // Those that never end hold their connections meanwhile.
    let slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(&authority).unwrap();
            let _ = write!(stream, "GET {path}?code=slow&st");
            stream
        })
        .collect();
    for attack in &attacks {
        let answer = send(&authority, attack.as_bytes());
        let start = &attack[..attack.len().min(90)];
        assert!(!answer.contains(" 200 ") && !answer.contains(" 303 "), "{start}: {answer}");
        for word in ["kcaws", "corp", "login", knows.as_str()] {
            assert!(!answer.contains(word), "{start}: {answer}");
        }
    }
    assert!(login.is_running(), "none of them ended the wait");
    assert_eq!(fixture.sim.count(Route::CreateToken), 0, "no code of theirs was tried");
    assert!(decide(&page, "Allow").text().contains("You are logged in"));
    login.wait().expect_ok();
    fixture.credentials().expect_ok();
    drop(slow);
}

#[test]
fn ctrl_c_term_and_a_kill_leave_no_login_and_waste_no_registration() {
    let fixture = LoginFixture::new();
    for (signal, code) in [(Some(Signal::INT), 130), (Some(Signal::TERM), 143), (None, 0)] {
        let (login, _page) = begin(&fixture, PRINTED);
        match signal {
            Some(signal) => {
                login.signal(signal);
                login.wait().expect_code(code);
            }
            None => drop(login.kill()),
        }
        fixture.run("status corp").expect_code(4);
    }
    let (login, page) = begin(&fixture, PRINTED);
    decide(&page, "Allow");
    login.wait().expect_ok();
    assert_eq!(fixture.sim.count(Route::RegisterClient), 1, "an unfinished login wastes no registration");
}

#[test]
fn two_logins_at_once_have_a_port_and_a_state_each() {
    let fixture = LoginFixture::new();
    let ((first, one), (second, other)) = (begin(&fixture, PRINTED), begin(&fixture, PRINTED));
    assert_ne!(callback(&one).0, callback(&other).0);
    // The answer to one is none to the other.
    let (authority, path) = callback(&other);
    let knows = parameter(&one, "state");
    assert!(get(&authority, &format!("{path}?code=c&state={knows}")).starts_with("HTTP/1.1 404"));
    decide(&other, "Allow");
    second.wait().expect_ok();
    decide(&one, "Allow");
    first.wait().expect_ok();
    fixture.credentials().expect_ok();
}

#[test]
fn where_no_browser_can_be_opened_the_device_flow_is_used_and_said() {
    for line in ["login --flow pkce", "login --no-browser"] {
        let fixture = LoginFixture::new();
        fixture.env.remove_env("BROWSER");
        fixture.env.set_env("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22");
        fixture.env.set_env("KCAWS_FLOW", "pkce");
        let (login, code) = fixture.begin_login(line);
        fixture.sim.approve(&code);
        login.wait().expect_ok().expect_stderr("none can be opened: using the device flow");
        assert_eq!(fixture.sim.count(Route::RegisterClient), 1);
    }
}

#[test]
fn auto_is_pkce_where_a_browser_opens_here_and_the_device_flow_elsewhere() {
    let fixture = LoginFixture::new();
    let browser = FakeBrowser::install(&fixture.env);
    fixture.env.set_env("KCAWS_FLOW", "auto");
    let login = fixture.kcaws("login corp").spawn();
    assert!(decide(&browser.wait_for_url(), "Allow").text().contains("You are logged in"));
    login.wait().expect_ok();
    let pkce = fixture.sim.requests_to(Route::CreateToken)[0].json();
    assert_eq!(pkce["grantType"], "authorization_code");

    // The login goes on with its own registration where the other flow would be chosen.
    fixture.env.set_env("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22");
    fixture.sim.expire_access_tokens();
    fixture.run("login corp").expect_ok().expect_stderr("Already logged in");
    let refreshed = fixture.sim.requests_to(Route::CreateToken)[1].json();
    assert_eq!(
        (&refreshed["grantType"], &refreshed["clientId"]),
        (&"refresh_token".into(), &pkce["clientId"])
    );

    fixture.run("logout").expect_ok();
    let (login, code) = fixture.begin_login("login corp --flow auto");
    fixture.sim.approve(&code);
    let output = login.wait().expect_ok();
    assert!(
        !output.stderr_text().contains("using the device flow"),
        "nothing was asked for in vain: {output}"
    );
    fixture.sim.expire_access_tokens();
    fixture.env.remove_env("SSH_CONNECTION");
    fixture.run("accounts --refresh").expect_ok();
    let asked: Vec<_> =
        fixture.sim.requests_to(Route::CreateToken).iter().map(idc_sim::LoggedRequest::json).collect();
    let last = asked.last().expect("a refresh");
    assert_eq!(last["grantType"], "refresh_token");
    assert_ne!(last["clientId"], pkce["clientId"]);
}

#[test]
fn the_setting_is_read_from_the_file_and_beaten_by_variable_and_flag() {
    let fixture = LoginFixture::new();
    let folder = fixture.env.config_dir().join("kcaws");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "flow = \"pkce\"\n").unwrap();
    fixture.env.set_env("DISPLAY", ":0");
    let (login, page) = begin(&fixture, "login --no-browser");
    assert!(page.contains("/authorize?"), "{page}");
    drop(login);
    let (login, _) = fixture.begin_login("login --no-browser --flow device");
    drop(login);
    fixture.env.set_env("KCAWS_FLOW", "device");
    let (login, _) = fixture.begin_login("login --no-browser");
    drop(login);
    fixture.env.set_env("KCAWS_FLOW", "implicit");
    fixture
        .run("login")
        .expect_code(3)
        .expect_stderr("KCAWS_FLOW cannot be `implicit`")
        .expect_stderr("device, pkce");
    fixture.run("login --flow pkce --qr").expect_code(2).expect_stderr("another device");
}

#[test]
fn auto_login_shows_what_asked_and_goes_on_to_aws_and_back() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("KCAWS_AUTO_LOGIN", "true");
    fixture.env.set_env("KCAWS_FLOW", "pkce");
    let browser = FakeBrowser::install(&fixture.env);
    let tools: Vec<Running> = (0..5).map(|_| fixture.credentials_command().spawn()).collect();
    let page = PageClient::new().open(&browser.wait_for_url());
    assert!(page.url.starts_with("http://127.0.0.1:"), "{}", page.url);
    let text = page.text();
    assert!(text.contains("PowerUserAccess in account 111122223333") && text.contains("kcaws "), "{text}");
    assert!(text.contains("close this tab: nothing happens then"), "{text}");
    let next = page.body.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.starts_with(fixture.sim.url()), "{next}");
    assert!(decide(&next, "Allow").text().contains("You are logged in"));
    for tool in tools {
        let output = tool.wait().expect_ok();
        assert!(output.stderr.is_empty(), "{output}");
    }
    assert_eq!((browser.opened().len(), fixture.sim.count(Route::Authorize)), (1, 1));
}
