//! The proxy entry: real host names, TLS, and who is turned away.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use idc_sim::{Entry, Fault, IdcSim, Route};
use serde_json::json;

use crate::client::{ALICE, Client, START_URL, Tokens};

const OIDC: &str = "https://oidc.eu-central-1.amazonaws.com";
const PORTAL: &str = "https://portal.sso.eu-central-1.amazonaws.com";

#[test]
fn a_login_by_real_host_names() {
    let sim = IdcSim::builder().start();
    let oidc = Client::by_proxy(&sim, OIDC);
    let registered = oidc.register();
    let started =
        oidc.post("/device_authorization", &registered.with(&json!({"startUrl": START_URL}))).json();
    assert_eq!(started["verificationUri"], "https://device.sso.eu-central-1.amazonaws.com/");
    let user_code = started["userCode"].as_str().expect("a code");
    let page = oidc.get(started["verificationUriComplete"].as_str().expect("a URI"));
    assert!(page.body.contains("action=\"https://d-1234567890.awsapps.com/start/consent\""), "{page:?}");
    sim.approve(user_code);
    let answer = oidc.poll(&registered, started["deviceCode"].as_str().expect("a code"));
    let tokens = Tokens::of(registered, &answer);
    let portal = Client::by_proxy(&sim, PORTAL);
    assert_eq!(portal.portal("/assignment/accounts", &tokens.access).status, 200);
    assert!(sim.requests().iter().all(|request| request.entry == Entry::Proxy));
    assert_eq!(sim.requests()[0].host, "oidc.eu-central-1.amazonaws.com");
}

#[test]
fn a_token_is_good_in_its_region_only() {
    let sim = IdcSim::builder().add_region("us-east-1").start();
    let here = sim.seed_login(ALICE).access_token;
    let there = sim.seed_login_in(ALICE, "us-east-1").access_token;
    let portal = Client::by_proxy(&sim, PORTAL);
    assert_eq!(portal.portal("/assignment/accounts", &here).status, 200);
    assert_eq!(portal.portal("/assignment/accounts", &there).status, 401);
    let elsewhere = Client::by_proxy(&sim, "https://portal.sso.us-east-1.amazonaws.com");
    assert_eq!(elsewhere.portal("/assignment/accounts", &there).status, 200);
    assert_eq!(elsewhere.portal("/assignment/accounts", &here).status, 401);
}

/// The service does not notice, the browser does (aws/aws-cli#5058).
#[test]
fn the_wrong_region_fails_in_the_browser() {
    let sim = IdcSim::builder().start();
    let oidc = Client::by_proxy(&sim, "https://oidc.us-west-2.amazonaws.com");
    let registered = oidc.register();
    let code = oidc.start_device(&registered);
    let page = oidc.get(&format!("{START_URL}/consent?user_code={}", code.user_code));
    assert_eq!(page.status, 400);
    assert!(page.body.contains("Invalid grant provided"));
    let poll = oidc.poll(&registered, &code.device_code);
    assert_eq!(poll.oidc_error(), (400, "authorization_pending".to_owned()));
}

#[test]
fn a_host_serves_its_own_paths_only() {
    let sim = IdcSim::builder().start();
    for (base, path) in [
        (OIDC, "/assignment/accounts"),
        (PORTAL, "/authorize"),
        ("https://sts.eu-central-1.amazonaws.com", "/assignment/accounts"),
        ("https://eu-central-1.signin.aws.amazon.com", "/device"),
        ("https://device.sso.eu-central-1.amazonaws.com", "/federation"),
    ] {
        assert_eq!(Client::by_proxy(&sim, base).get(path).status, 421, "{base}{path}");
    }
    assert_eq!(sim.count(Route::Unknown), 5);
    // Another host than the one connected to.
    let lying = Client::by_proxy(&sim, OIDC);
    let answer = lying.send("GET", "/authorize", &[("host", "portal.sso.eu-central-1.amazonaws.com")], "");
    assert_eq!(answer.status, 421);
}

#[test]
fn strangers_are_not_connected_to() {
    let sim = IdcSim::builder().start();
    assert!(Client::by_proxy(&sim, "https://example.com").try_send("GET", "/", &[], "").is_err());
    let refused = sim.requests_to(Route::Connect);
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].host.as_str(), refused[0].status), ("example.com:443", Some(403)));

    for (request, status) in [
        ("CONNECT oidc.eu-central-1.amazonaws.com:80 HTTP/1.1\r\nHost: x\r\n\r\n", "403"),
        ("GET http://oidc.eu-central-1.amazonaws.com/ HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
    ] {
        assert_eq!(raw(&sim, request).split(' ').nth(1), Some(status), "{request}");
    }
}

#[test]
fn the_plain_entry_is_for_loopback_names() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let rebound = client.send("GET", "/device", &[("host", "evil.example")], "");
    assert_eq!(rebound.status, 421);
    let named = client.send("GET", "/device", &[("host", "localhost:1234")], "");
    assert_eq!(named.status, 200);
}

#[test]
fn hosts_of_every_partition_and_kind_are_played() {
    let sim = IdcSim::builder().add_start_url("https://my-alias.awsapps.com/start").start();
    for (host, path, status) in [
        ("oidc-fips.us-east-1.amazonaws.com", "/authorize", 400),
        ("oidc.us-east-1.api.aws", "/authorize", 400),
        ("portal.sso.us-gov-west-1.amazonaws.com", "/assignment/accounts", 401),
        ("portal.sso.cn-north-1.amazonaws.com.cn", "/assignment/accounts", 401),
        ("portal.sso.eusc-de-east-1.amazonaws.eu", "/assignment/accounts", 401),
        ("signin.amazonaws.cn", "/federation", 400),
        ("device.sso.us-west-2.amazonaws.com", "/", 200),
        ("d-1234567890.awsapps.com", "/start", 200),
        ("my-alias.awsapps.com", "/start", 200),
    ] {
        assert_eq!(Client::by_proxy(&sim, &format!("https://{host}")).get(path).status, status, "{host}");
    }
}

#[test]
fn a_client_that_does_not_trust_the_authority_sends_nothing() {
    let (sim, other) = (IdcSim::builder().start(), IdcSim::builder().start());
    assert_ne!(sim.ca_pem(), other.ca_pem());
    let distrustful = Client::by_proxy_trusting(&sim, OIDC, other.ca_pem());
    assert!(distrustful.try_send("POST", "/client/register", &[], "{}").is_err());
    assert!(sim.requests().is_empty());
}

#[test]
fn the_port_of_the_host_makes_no_difference_and_a_secure_cookie_is_set() {
    let sim = IdcSim::builder().start();
    let portal = Client::by_proxy(&sim, "https://d-1234567890.awsapps.com");
    let fields = [("username", ALICE), ("password", "wonderland"), ("next", "/start")];
    let answer = portal.post_form("/start/sign-in", &[("host", "d-1234567890.awsapps.com:443")], &fields);
    assert_eq!(answer.status, 303, "{answer:?}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(answer.header("set-cookie").contains(part), "{answer:?}");
    }
}

#[test]
fn connect_can_be_given_a_fault() {
    let sim = IdcSim::builder().start();
    let connect = "CONNECT oidc.eu-central-1.amazonaws.com:443 HTTP/1.1\r\nHost: x\r\n\r\n";
    // As a company's proxy does that wants to know who asks (RFC 9110 section 15.5.8).
    let asks = Fault::status(407, "<p>who?").header("proxy-authenticate", "Basic realm=x");
    sim.fault(Route::Connect, asks).times(1);
    let answer = raw(&sim, connect);
    assert!(answer.starts_with("HTTP/1.1 407 "), "{answer}");
    assert!(answer.contains("proxy-authenticate: Basic realm=x\r\n"), "{answer}");
    sim.fault(Route::Connect, Fault::cut()).times(1);
    assert_eq!(raw(&sim, connect), "");
    sim.fault(Route::Connect, Fault::delay(std::time::Duration::from_millis(1))).times(1);
    let oidc = Client::by_proxy(&sim, OIDC);
    oidc.register();
    oidc.register();
    let refused: Vec<_> = sim.requests_to(Route::Connect).iter().map(|request| request.status).collect();
    assert_eq!(refused, [Some(407), None]);
}

fn raw(sim: &IdcSim, request: &str) -> String {
    let address = sim.proxy_url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    // A bound for a broken simulator: a tunnel that should not be there stays open.
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    // The simulator closes after a refusal.
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_companys_own_host_redirects_once_and_no_other_host_does() {
    let sim = IdcSim::builder().vanity("sso.example.com", START_URL).start();
    let company = Client::by_proxy(&sim, "https://sso.example.com");
    let answer = company.get("/aws");
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), START_URL);
    assert_eq!(company.get("/start").status, 421, "nothing of AWS's is there");
    assert_eq!(sim.count(Route::Vanity), 1);
    assert_eq!(Client::by_proxy(&sim, OIDC).get("/aws").status, 421);
}
