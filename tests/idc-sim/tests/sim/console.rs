//! The console's federation endpoint.

use std::time::Duration;

use idc_sim::{IdcSim, SECRET_MARK};
use serde_json::{Value, json};

use crate::client::{ALICE, Answer, Client, DEV, encode};

const HOME: &str = "https://console.aws.amazon.com/";

/// Role credentials in the form that the endpoint takes.
fn session(sim: &IdcSim, client: &Client, role: &str) -> Value {
    let token = sim.seed_login(ALICE).access_token;
    let path = format!("/federation/credentials?account_id={DEV}&role_name={role}");
    let credentials = client.portal(&path, &token).json()["roleCredentials"].clone();
    json!({
        "sessionId": credentials["accessKeyId"],
        "sessionKey": credentials["secretAccessKey"],
        "sessionToken": credentials["sessionToken"],
    })
}

fn signin_token(client: &Client, session: &Value, more: &[(&str, &str)]) -> Answer {
    let session = session.to_string();
    let mut fields = vec![("Action", "getSigninToken"), ("Session", session.as_str())];
    fields.extend_from_slice(more);
    client.post_form("/federation", &[], &fields)
}

fn login(client: &Client, token: &str, cookie: &str, destination: &str) -> Answer {
    let fields = [
        ("Action", "login"),
        ("Issuer", "https://d-1234567890.awsapps.com/start"),
        ("Destination", destination),
        ("SigninToken", token),
    ];
    client.send("GET", &format!("/federation?{}", encode(&fields)), &[("cookie", cookie)], "")
}

fn token_of(answer: &Answer) -> String {
    answer.json()["SigninToken"].as_str().expect("a token").to_owned()
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.header("content-type").starts_with("text/html"));
}

#[test]
fn credentials_become_a_console_session() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let session = session(&sim, &client, "PowerUserAccess");
    let posted = token_of(&signin_token(&client, &session, &[("SessionDuration", "3600")]));
    assert!(posted.contains(SECRET_MARK));
    let query =
        encode(&[("Action", "getSigninToken"), ("SessionType", "json"), ("Session", &session.to_string())]);
    let got = token_of(&client.get(&format!("/federation?{query}")));

    for token in [posted, got] {
        let page = login(&client, &token, "", "https://eu-central-1.console.aws.amazon.com/s3/home");
        assert_eq!(page.status, 200);
        for shown in [
            DEV,
            "PowerUserAccess",
            ALICE,
            ">eu-central-1<",
            "https://eu-central-1.console.aws.amazon.com/s3/home",
        ] {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
    }
    let routes: Vec<_> = sim.requests().iter().map(|request| request.route.name()).collect();
    assert_eq!(routes[1..], ["GetSigninToken", "GetSigninToken", "ConsoleLogin", "ConsoleLogin"]);
}

#[test]
fn a_signin_token_is_given_for_good_credentials_and_durations_alone() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let good = session(&sim, &client, "PowerUserAccess");
    for (member, value) in [("sessionId", "ASIAXXXXXXXXXXXXXXXX"), ("sessionKey", "x"), ("sessionToken", "x")]
    {
        let mut bad = good.clone();
        bad[member] = value.into();
        assert_refused(&signin_token(&client, &bad, &[]));
    }
    assert_refused(&signin_token(&client, &json!({"sessionId": "x"}), &[]));
    for duration in ["899", "43201", "x", "-1"] {
        assert_refused(&signin_token(&client, &good, &[("SessionDuration", duration)]));
    }
    for duration in ["900", "43200"] {
        assert_eq!(signin_token(&client, &good, &[("SessionDuration", duration)]).status, 200);
    }
    assert_refused(&client.get("/federation?Action=somethingElse"));
    assert_refused(&client.get("/federation?Action=getSigninToken"));
    sim.advance(Duration::from_secs(3601));
    assert_refused(&signin_token(&client, &good, &[]));
}

#[test]
fn a_console_session_may_outlast_the_permission_set_by_switch() {
    let sim = IdcSim::builder().long_console_sessions(false).start();
    let client = Client::new(&sim);
    let session = session(&sim, &client, "PowerUserAccess");
    assert_refused(&signin_token(&client, &session, &[("SessionDuration", "7200")]));
    assert_eq!(signin_token(&client, &session, &[("SessionDuration", "3600")]).status, 200);
}

#[test]
fn a_login_url_is_good_for_15_minutes_and_one_console_of_the_partition() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let token = token_of(&signin_token(&client, &session(&sim, &client, "PowerUserAccess"), &[]));
    assert_refused(&login(&client, "x", "", HOME));
    for elsewhere in
        ["https://example.com/", "http://console.aws.amazon.com/", "https://console.aws.amazon.com:8443/"]
    {
        assert_refused(&login(&client, &token, "", elsewhere));
    }
    assert_refused(&login(&client, &token, "", "https://console.amazonaws.cn/"));
    let twice =
        encode(&[("Action", "login"), ("Destination", HOME), ("Destination", HOME), ("SigninToken", &token)]);
    assert_refused(&client.get(&format!("/federation?{twice}")));
    let issuer =
        encode(&[("Action", "login"), ("Destination", HOME), ("Issuer", "x"), ("SigninToken", &token)]);
    assert_refused(&client.get(&format!("/federation?{issuer}")));
    sim.advance(Duration::from_mins(14));
    assert_eq!(login(&client, &token, "", HOME).status, 200);
    sim.advance(Duration::from_mins(1));
    assert_refused(&login(&client, &token, "", HOME));
}

#[test]
fn a_browser_holds_one_console_session_by_switch() {
    let sim = IdcSim::builder().multi_session(false).start();
    let client = Client::new(&sim);
    let power = token_of(&signin_token(&client, &session(&sim, &client, "PowerUserAccess"), &[]));
    let read = token_of(&signin_token(&client, &session(&sim, &client, "ReadOnlyAccess"), &[]));
    let first = login(&client, &power, "", HOME);
    let cookie = first.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    let second = login(&client, &read, &cookie, HOME);
    assert_refused(&second);
    assert!(second.body.contains("You must first log out"));
    let onward = format!("{}/federation?Action=login", sim.url());
    let logout =
        client.get(&format!("/oauth?{}", encode(&[("Action", "logout"), ("redirect_uri", &onward)])));
    assert_eq!((logout.status, logout.header("location")), (303, onward.as_str()));
    assert!(logout.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(login(&client, &read, "idc-sim-console=", HOME).status, 200);
    let away = client.get(&format!(
        "/oauth?{}",
        encode(&[("Action", "logout"), ("redirect_uri", "https://example.com/")])
    ));
    assert_eq!((away.status, away.header("location")), (200, ""));
}

#[test]
fn each_partition_has_its_own_consoles() {
    let sim = IdcSim::builder().region("cn-north-1").start();
    let client = Client::new(&sim);
    let token = token_of(&signin_token(&client, &session(&sim, &client, "PowerUserAccess"), &[]));
    assert_eq!(login(&client, &token, "", "https://console.amazonaws.cn/").status, 200);
    assert_refused(&login(&client, &token, "", HOME));
}

#[test]
fn without_a_duration_the_console_lasts_as_long_as_the_credentials() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let session = session(&sim, &client, "PowerUserAccess");
    sim.advance(Duration::from_mins(30));
    let token = token_of(&signin_token(&client, &session, &[]));
    let page = login(&client, &token, "", HOME);
    assert!(page.body.contains(">29 minutes<") || page.body.contains(">30 minutes<"), "{}", page.body);
    let token = token_of(&signin_token(&client, &session, &[("SessionDuration", "43200")]));
    assert!(login(&client, &token, "", HOME).body.contains(">720 minutes<"));
}

#[test]
fn parameters_of_the_console_are_given_once_and_in_full() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let good = session(&sim, &client, "PowerUserAccess");
    assert_refused(&signin_token(&client, &good, &[("SessionType", "xml")]));
    assert_refused(&signin_token(&client, &good, &[("Action", "getSigninToken")]));
    let mut extra = good.clone();
    extra["more"] = "x".into();
    assert_refused(&signin_token(&client, &extra, &[]));
    let token = token_of(&signin_token(&client, &good, &[]));
    for fields in [
        vec![("Action", "login"), ("SigninToken", token.as_str())],
        vec![("Action", "login"), ("Destination", HOME)],
    ] {
        assert_refused(&client.get(&format!("/federation?{}", encode(&fields))));
    }
    // The login URL is for a browser's address bar.
    let fields = [("Action", "login"), ("Destination", HOME), ("SigninToken", token.as_str())];
    assert_refused(&client.post_form("/federation", &[], &fields));
    // No issuer is needed: it only says where to go afterwards.
    assert_eq!(client.get(&format!("/federation?{}", encode(&fields))).status, 200);
    assert_refused(&client.get("/oauth?Action=login"));
}

/// Reported in serverfault.com 1097528.
#[test]
fn only_the_sign_in_host_of_us_east_1_sends_on_after_a_logout() {
    let sim = IdcSim::builder().start();
    let onward = "https://us-east-1.signin.aws.amazon.com/federation?Action=login";
    let path = format!("/oauth?{}", encode(&[("Action", "logout"), ("redirect_uri", onward)]));
    for (host, status) in [
        ("us-east-1.signin.aws.amazon.com", 303),
        ("eu-central-1.signin.aws.amazon.com", 200),
        ("signin.aws.amazon.com", 200),
    ] {
        let answer = Client::by_proxy(&sim, &format!("https://{host}")).get(&path);
        assert_eq!(answer.status, status, "{host}");
        assert_eq!(answer.header("location"), if status == 303 { onward } else { "" }, "{host}");
    }
}

/// What the portal's script does with `…/start/#/console?…`.
#[test]
fn a_shortcut_link_opens_the_console_by_the_browsers_own_session() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    assert!(client.get("/start/").body.contains("device|console"), "the first page follows such links");
    let link = |fields: &[(&str, &str)]| format!("/start/console?{}", encode(fields));
    let whole = [("account_id", DEV), ("role_name", "AdministratorAccess"), ("destination", HOME)];
    let stranger = client.get(&link(&whole));
    assert_eq!(stranger.status, 303);
    assert!(stranger.header("location").contains("/start/sign-in?next=%2Fstart%2Fconsole"), "{stranger:?}");

    let mut walk = kcaws_test_kit::PageClient::new();
    let form = walk.open(&format!("{}{}", sim.url(), link(&whole)));
    let page = walk.submit(&form, "Sign in", &[("username", ALICE), ("password", "wonderland")]);
    for shown in [DEV, "AdministratorAccess", HOME, "720 minutes"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let mut refused = |fields: &[(&str, &str)]| walk.open(&format!("{}{}", sim.url(), link(fields))).status;
    assert_eq!(refused(&whole[..2]), 200, "without a destination: home");
    assert_eq!(refused(&whole[..1]), 400);
    assert_eq!(refused(&[whole[0], whole[1], ("destination", "https://evil.example/")]), 400);
    assert_eq!(refused(&[whole[0], whole[1], ("destination", "https://console.amazonaws.cn/")]), 400);
    assert_eq!(refused(&[whole[0], ("role_name", "Nothing"), whole[2]]), 403);
    sim.unassign(ALICE, DEV, "AdministratorAccess");
    assert_eq!(refused(&whole), 403);
}
