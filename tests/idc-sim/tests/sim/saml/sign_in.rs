//! Sign-ins that work, and what follows from them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idc_sim::{AcsUrls, IdcSim, MissingSessionEnd, Route, SignatureOn};
use serde_json::json;

use super::idp::{self, IDP, OTHER, Shape, Visit};
use crate::client::{ALICE, Client, DEV, Tokens, hours};

/// Posts the response, follows into the portal and returns the browser's portal cookie.
#[track_caller]
pub(crate) fn arrive(client: &Client, visit: &Visit, xml: &str) -> (String, String) {
    let accepted = visit.post(client, xml);
    assert_eq!(accepted.status, 302, "{accepted:?}");
    let to_portal = accepted.header("location").to_owned();
    let portal = client.get(&to_portal);
    assert_eq!(portal.status, 303, "{portal:?}");
    let cookie = portal.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    (cookie, portal.header("location").to_owned())
}

/// A whole device login in a browser with this cookie.
#[track_caller]
fn device_login(client: &Client, cookie: &str) -> Tokens {
    let registered = client.register();
    let code = client.start_device(&registered);
    let page = client.send(
        "GET",
        &format!("/start/consent?user_code={}", code.user_code),
        &[("cookie", cookie)],
        "",
    );
    assert_eq!(page.status, 200, "{page:?}");
    let form_token = idp::attribute(page.body.split_once("form_token").expect("a form").1, "value");
    let fields = [("user_code", code.user_code.as_str()), ("form_token", &form_token), ("decision", "allow")];
    let allowed = client.post_form("/start/consent", &[("cookie", cookie)], &fields);
    assert!(allowed.body.contains("Request approved"), "{allowed:?}");
    Tokens::of(registered.clone(), &client.poll(&registered, &code.device_code))
}

#[test]
fn a_login_goes_by_the_identity_provider_and_ends_with_tokens() {
    let sim = idp::sim();
    let client = Client::new(&sim);
    let registered = client.register();
    let code = client.start_device(&registered);
    let visit = Visit::begin(&client, &format!("/start/consent?user_code={}", code.user_code));
    assert!(visit.request_id.starts_with("aws_") && visit.request_id.len() == 36, "{}", visit.request_id);
    assert_eq!(visit.acs, sim.acs_urls()[0]);
    assert!(visit.relay_state.len() > 80);
    for part in [
        format!(r#"Destination="{}""#, idp::SIGN_ON),
        r#"ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST""#.to_owned(),
        format!(">{}</saml2:Issuer>", sim.sp_entity_id()),
        format!(r#"<saml2p:NameIDPolicy Format="{}"/>"#, idp::EMAIL),
    ] {
        assert!(visit.request.contains(&part), "{part}: {}", visit.request);
    }
    assert!(!visit.request.contains("Signature"));

    let (cookie, next) = arrive(&client, &visit, &Shape::new(&sim, &visit).xml());
    assert_eq!(next, format!("/start/consent?user_code={}", code.user_code));
    let consent = client.send("GET", &next, &[("cookie", &cookie)], "");
    assert!(consent.body.contains(ALICE), "{consent:?}");
    // The second login of this browser asks no one.
    assert!(sim.is_access_token_good(&device_login(&client, &cookie).access));
    assert_eq!(sim.count(Route::SamlAcs), 1);

    let trail = sim.trail();
    assert_eq!(trail.len(), 1);
    assert_eq!((trail[0].name(), trail[0].error_message()), ("UserAuthentication", None));
    assert_eq!(trail[0].user_name(), Some(ALICE));
    assert_eq!(trail[0].json()["additionalEventData"]["CredentialType"], "EXTERNAL_IDP");
    assert_eq!(client.get("/_sim/trail").json()["events"][0], *trail[0].json());
}

#[test]
fn the_redirect_to_the_portal_looks_like_aws_and_its_code_works_once() {
    let sim = idp::sim();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let accepted = visit.post(&client, &Shape::new(&sim, &visit).xml());
    let to = url::Url::parse(accepted.header("location")).expect("a URL");
    let names: Vec<_> = to.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["state", "auth_code", "wdc_csrf_token", "organization", "region"]);
    assert_eq!(to.path(), "/start/");
    assert_eq!(client.get(to.as_str()).status, 303);
    let again = client.get(to.as_str());
    assert_eq!(again.status, 400);
    assert!(again.body.contains("Session token not found or invalid"));
    // And not for long.
    let visit = Visit::begin(&client, "/start/sign-in");
    let accepted = visit.post(&client, &Shape::new(&sim, &visit).xml());
    sim.advance(Duration::from_mins(2));
    assert_eq!(client.get(accepted.header("location")).status, 400);
}

#[test]
fn the_shorter_of_both_sessions_counts() {
    for (own, theirs, expected) in [(8, Some(2), 2), (2, Some(8), 2), (4, None, 4), (12, None, 12)] {
        let sim = IdcSim::builder()
            .external_user(ALICE)
            .idp_metadata(&idp::metadata(&[IDP]))
            .session_life(hours(own))
            .access_token_life(hours(24))
            .start();
        let client = Client::new(&sim);
        let visit = Visit::begin(&client, "/start/sign-in");
        let shape =
            Shape { session_ends: theirs.map(|life| sim.now() + hours(life)), ..Shape::new(&sim, &visit) };
        let (cookie, _) = arrive(&client, &visit, &shape.xml());
        let tokens = device_login(&client, &cookie);
        sim.advance(hours(expected - 1) + Duration::from_mins(59));
        assert!(sim.is_access_token_good(&tokens.access), "{own} {theirs:?}");
        sim.advance(Duration::from_mins(2));
        assert!(!sim.is_access_token_good(&tokens.access), "{own} {theirs:?}");
        let refresh = client.refresh(&tokens.client, tokens.refresh_token());
        assert_eq!(refresh.oidc_error(), (400, "invalid_grant".to_owned()));
    }
}

#[test]
fn a_missing_session_end_may_mean_eight_hours() {
    let sim = IdcSim::builder()
        .external_user(ALICE)
        .idp_metadata(&idp::metadata(&[IDP]))
        .session_life(hours(12))
        .access_token_life(hours(24))
        .missing_session_end(MissingSessionEnd::EightHours)
        .start();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let shape = Shape { session_ends: None, ..Shape::new(&sim, &visit) };
    let (cookie, _) = arrive(&client, &visit, &shape.xml());
    let tokens = device_login(&client, &cookie);
    sim.advance(hours(8));
    assert!(!sim.is_access_token_good(&tokens.access));
}

#[test]
fn what_starts_at_the_identity_provider_ends_in_the_portal() {
    let sim = idp::sim();
    let client = Client::new(&sim);
    let visit = Visit {
        request: String::new(),
        request_id: String::new(),
        acs: sim.acs_urls()[0].clone(),
        relay_state: "https://evil.example/".into(),
        cookie: String::new(),
    };
    let shape = Shape { in_response_to: None, ..Shape::new(&sim, &visit) };
    let (cookie, next) = arrive(&client, &visit, &shape.xml());
    assert_eq!(next, "/start");
    assert!(client.send("GET", "/start", &[("cookie", &cookie)], "").body.contains(DEV));
    let again = visit.post(&client, &shape.xml());
    assert_eq!(again.status, 400);
    assert_eq!(sim.trail()[1].error_message(), Some("Assertion has been used before"));
}

#[test]
fn either_of_two_certificates_will_do_while_the_key_changes() {
    let sim = IdcSim::builder().external_user(ALICE).idp_metadata(&idp::metadata(&[IDP, OTHER])).start();
    let client = Client::new(&sim);
    for pair in [IDP, OTHER] {
        let visit = Visit::begin(&client, "/start/sign-in");
        let shape = Shape {
            sign_assertion: Some(pair),
            sign_response: Some(pair),
            key_info: pair,
            ..Shape::new(&sim, &visit)
        };
        arrive(&client, &visit, &shape.xml());
    }
    // The old one goes.
    sim.set_idp_metadata(&idp::metadata(&[OTHER])).expect("good metadata");
    let visit = Visit::begin(&client, "/start/sign-in");
    assert_eq!(visit.post(&client, &Shape::new(&sim, &visit).xml()).status, 400);
    assert_eq!(sim.trail()[2].error_message(), Some("Signature is not valid"));
}

#[test]
fn one_signature_on_the_assertion_is_enough_one_on_the_response_by_a_switch() {
    let client_of = |sim: &IdcSim| Client::new(sim);
    let sim = idp::sim();
    let client = client_of(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    arrive(&client, &visit, &Shape { sign_response: None, ..Shape::new(&sim, &visit) }.xml());
    let visit = Visit::begin(&client, "/start/sign-in");
    let whole = Shape { sign_assertion: None, ..Shape::new(&sim, &visit) };
    assert_eq!(visit.post(&client, &whole.xml()).status, 400);
    assert_eq!(sim.trail()[1].error_message(), Some("Assertion is not signed"));

    let sim = IdcSim::builder()
        .external_user(ALICE)
        .idp_metadata(&idp::metadata(&[IDP]))
        .signature_on(SignatureOn::AssertionOrResponse)
        .start();
    let client = client_of(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    arrive(&client, &visit, &Shape { sign_assertion: None, ..Shape::new(&sim, &visit) }.xml());
}

#[test]
fn clocks_may_differ_a_little() {
    let sim = idp::sim();
    let client = Client::new(&sim);
    for late in [true, false] {
        let visit = Visit::begin(&client, "/start/sign-in");
        let now = sim.now();
        let (not_before, not_on_or_after) = if late {
            (now - Duration::from_mins(5), now - Duration::from_secs(15))
        } else {
            (now + Duration::from_secs(15), now + Duration::from_mins(5))
        };
        arrive(&client, &visit, &Shape { not_before, not_on_or_after, ..Shape::new(&sim, &visit) }.xml());
    }
    let sim = IdcSim::builder()
        .external_user(ALICE)
        .idp_metadata(&idp::metadata(&[IDP]))
        .saml_tolerance(Duration::ZERO)
        .start();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let shape = Shape { not_before: sim.now() + Duration::from_secs(15), ..Shape::new(&sim, &visit) };
    assert_eq!(visit.post(&client, &shape.xml()).status, 400);
}

#[test]
fn two_tabs_of_one_browser_do_not_disturb_each_other() {
    let sim = idp::sim();
    let client = Client::new(&sim);
    let first = Visit::begin(&client, "/start/sign-in");
    let second = Visit::begin_in(&client, "/start/sign-in", &first.cookie);
    assert_eq!(first.cookie, second.cookie);
    arrive(&client, &first, &Shape::new(&sim, &first).xml());
    arrive(&client, &second, &Shape::new(&sim, &second).xml());
}

#[test]
fn where_only_post_is_offered_a_form_sends_the_request() {
    let services = r#"<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://keycloak.example/a?b&amp;c"/>"#;
    let metadata = idp::metadata_of(idp::ENTITY_ID, &idp::key_descriptor(&IDP.packed()), services);
    let sim = IdcSim::builder().idp_metadata(&metadata).start();
    let client = Client::new(&sim);
    let page = client.get(client.get("/start/sign-in").header("location"));
    assert_eq!(page.status, 200);
    assert_eq!(idp::attribute(&page.body, "action"), "https://keycloak.example/a?b&amp;c");
    let field = idp::attribute(page.body.split_once("SAMLRequest").expect("a field").1, "value");
    let request = STANDARD.decode(field).expect("base64");
    let request = String::from_utf8(request).expect("text, not deflated");
    assert_eq!(idp::attribute(&request, "Destination"), "https://keycloak.example/a?b&amp;c");
}

#[test]
fn by_the_proxy_everything_stands_at_aws_hosts() {
    let sim = IdcSim::builder()
        .external_user(ALICE)
        .idp_metadata(&idp::metadata(&[IDP]))
        .acs_urls(AcsUrls::Every)
        .start();
    let client = Client::by_proxy(&sim, "https://d-1234567890.awsapps.com");
    for (path, host) in [
        ("/start/sign-in", "eu-central-1.sso.signin.aws"),
        ("/start/sign-in?next=/start/device", "eu-central-1.signin.aws.amazon.com"),
    ] {
        let visit = Visit::begin(&client, path);
        assert!(visit.acs.starts_with(&format!("https://{host}/platform/saml/acs/")), "{}", visit.acs);
        let accepted = visit.post(&client, &Shape::new(&sim, &visit).xml());
        assert!(
            accepted.header("location").starts_with("https://d-1234567890.awsapps.com/start/?"),
            "{accepted:?}"
        );
        assert_eq!(client.get(accepted.header("location")).status, 303);
    }
    let elsewhere =
        client.post_form("https://eu-west-1.signin.aws/platform/saml/acs/x", &[], &[("SAMLResponse", "x")]);
    assert_eq!(elsewhere.status, 404);
}

#[test]
fn with_an_identity_provider_no_one_gets_in_by_password() {
    let sim = IdcSim::builder().user(ALICE, "wonderland").start();
    let client = Client::new(&sim);
    let fields = [("username", ALICE), ("password", "wonderland"), ("next", "/start")];
    assert_eq!(client.post_form("/start/sign-in", &[], &fields).status, 303);
    let answer = client.send("POST", "/_sim/idp-metadata", &[], &idp::metadata(&[IDP]));
    assert_eq!(answer.json(), json!({"entity_id": idp::ENTITY_ID, "sign_on_url": idp::SIGN_ON}));
    let away = client.post_form("/start/sign-in", &[], &fields);
    assert!(away.header("location").contains("/platform/saml/login?workflow="), "{away:?}");
    assert!(away.header("set-cookie").is_empty());
    assert_eq!(client.post("/_sim/remove-idp", &json!({})).status, 200);
    assert_eq!(client.post_form("/start/sign-in", &[], &fields).status, 303);
}
