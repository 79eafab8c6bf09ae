//! The corpus at work: each case is refused with its own words and uses nothing up, the good response to the same request
//! works afterwards; and a second verifier is asked about each.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idc_sim::IdcSim;
use kcaws_test_kit::require_program;

use super::corpus::{BOB, GOOD, Judges, every_case};
use super::idp::{self, IDP, Shape, Visit};
use super::judges::{self, Verdict};
use super::sign_in::arrive;
use crate::client::{ALICE, Answer, Client};

const UNEXPECTED: &str = "An unexpected error has occurred";
const NOT_YOU: &str = "It's not you, it is us";
const INVALID_MFA: &str = "Invalid MFA credentials";

fn page_of(message: &str) -> &'static str {
    match message {
        "User does not exist" => INVALID_MFA,
        "Response contains invalid name id policy format"
        | "Signature is not valid"
        | "Assertion is not valid yet"
        | "Assertion has expired" => NOT_YOU,
        _ => UNEXPECTED,
    }
}

/// The page and the event of a refusal.
#[track_caller]
pub(crate) fn assert_refused(sim: &IdcSim, answer: &Answer, message: &str, about: &str) {
    assert_eq!(answer.status, 400, "{about}: {answer:?}");
    let page = page_of(message).replace('\'', "&#39;");
    assert!(
        answer.body.contains(page_of(message)) || answer.body.contains(&page),
        "{about}: {}",
        answer.body
    );
    // The page does not tell; only the trail does.
    assert!(!answer.body.contains(message), "{about}: {}", answer.body);
    let trail = sim.trail();
    let event = trail.last().unwrap_or_else(|| panic!("{about}: no event"));
    assert_eq!(event.error_message(), Some(message), "{about}");
    assert_eq!(event.name(), "ExternalIdPDirectoryLogin", "{about}");
    assert_eq!(event.json()["serviceEventDetails"]["ExternalIdPDirectoryLogin"], "Failure", "{about}");
    assert_eq!(trail.len(), 1, "{about}");
}

fn sim() -> IdcSim {
    let sim = idp::sim();
    sim.add_user(BOB, None);
    sim
}

#[test]
fn each_is_refused_with_its_own_words_and_uses_nothing_up() {
    let sim = sim();
    let client = Client::new(&sim);
    for case in every_case() {
        let visit = Visit::begin(&client, "/start/sign-in");
        let good = Shape::new(&sim, &visit);
        sim.clear_trail();
        let answer = visit.post(&client, &(case.make)(good.clone()));
        assert_refused(&sim, &answer, case.message, case.name);
        arrive(&client, &visit, &good.xml());
    }
}

#[test]
fn names_are_reported_once() {
    let names: Vec<_> = every_case().map(|case| case.name).collect();
    assert!(names.iter().enumerate().all(|(index, name)| !names[..index].contains(name)));
}

/// Bergshamra's verdict, and xmlsec1's.
fn expected(judges: Judges) -> (Verdict, Verdict) {
    let list = |signatures: &[bool]| Some(signatures.to_vec());
    match judges {
        Judges::Agree(signatures) => (list(signatures), list(signatures)),
        Judges::Unreadable => (None, None),
        Judges::Differ { bergshamra, xmlsec1 } => (bergshamra.and_then(list), xmlsec1.and_then(list)),
    }
}

#[test]
fn a_second_verifier_agrees_about_every_signature() {
    let program = require_program!("xmlsec1");
    let sim = sim();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let good = Shape::new(&sim, &visit);
    let mut surprises = Vec::new();
    for case in every_case().chain([&GOOD]) {
        let xml = (case.make)(good.clone());
        let verdicts = (judges::bergshamra(xml.as_bytes()), judges::xmlsec1(&program, xml.as_bytes()));
        if verdicts != expected(case.judges) {
            surprises.push((case.name, verdicts));
        }
    }
    assert!(surprises.is_empty(), "(bergshamra, xmlsec1): {surprises:#?}");
}

#[test]
fn sha_1_is_refused_though_the_signature_is_good() {
    let program = require_program!("xmlsec1");
    let sim = sim();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let shape = Shape { sign_response: None, ..Shape::new(&sim, &visit) };
    for (from, to) in [
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
    ] {
        let template = shape.response(&shape.assertion_template().replace(from, to));
        let signed = judges::sign_with_xmlsec1(&program, &template, &IDP);
        assert_eq!(judges::xmlsec1(&program, signed.as_bytes()), Some(vec![true]));
        sim.clear_trail();
        let answer = visit.post(&client, &signed);
        assert_refused(&sim, &answer, "Signature is not RSA-SHA256 over exclusive canonical XML", to);
    }
}

#[test]
fn what_xmlsec1_signs_is_accepted() {
    let program = require_program!("xmlsec1");
    let sim = sim();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let shape = Shape { sign_response: None, ..Shape::new(&sim, &visit) };
    let template = shape.response(&shape.assertion_template());
    arrive(&client, &visit, &judges::sign_with_xmlsec1(&program, &template, &IDP));
}

#[test]
fn fields_that_are_no_message() {
    let sim = sim();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let good = Shape::new(&sim, &visit);
    let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(good.xml());
    for field in ["%%%", "PHNhbWw", url_safe.trim_end_matches('A')] {
        sim.clear_trail();
        assert_refused(&sim, &visit.post_field(&client, field), "Response is not base64", field);
    }
    sim.clear_trail();
    let answer = visit.post_field(&client, &STANDARD.encode(b"<a>\xff</a>"));
    assert_refused(&sim, &answer, "Response is not well-formed XML", "not UTF-8");
    let field = STANDARD.encode(good.xml());
    for fields in [vec![], vec![("SAMLResponse", field.as_str()), ("SAMLResponse", &field)]] {
        sim.clear_trail();
        let answer = client.post_form(&visit.acs, &[("cookie", &visit.cookie)], &fields);
        assert_refused(&sim, &answer, "Message is not a SAML 2.0 response", "not one field");
    }
    // Lines may be broken.
    let lines: Vec<_> = field.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect();
    assert_eq!(visit.post_field(&client, &lines.join("\r\n")).status, 302);
    assert_eq!(client.get(&visit.acs).status, 405);
}

#[test]
fn an_assertion_works_once_even_with_another_response_round_it() {
    let sim = sim();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    let shape = Shape::new(&sim, &visit);
    let xml = shape.xml();
    arrive(&client, &visit, &xml);
    let again = Shape { response_id: idp::fresh_id(), ..shape.clone() }.response(&shape.assertion());
    for replay in [xml, again] {
        sim.clear_trail();
        assert_refused(&sim, &visit.post(&client, &replay), "Assertion has been used before", "replay");
    }
    // A second assertion for a request that has been answered.
    let fresh = Shape { assertion_id: idp::fresh_id(), ..shape }.xml();
    sim.clear_trail();
    let answer = visit.post(&client, &fresh);
    assert_refused(&sim, &answer, "Not a valid response for the provided request id", "answered");
}

#[test]
fn a_response_belongs_to_the_browser_that_asked() {
    let sim = sim();
    let client = Client::new(&sim);
    let message = "Not a valid response for the provided request id";
    let (victim, attacker) =
        (Visit::begin(&client, "/start/sign-in"), Visit::begin(&client, "/start/sign-in"));
    let xml = Shape::new(&sim, &attacker).xml();
    // The attacker's own response, brought into the victim's browser; and into one without a cookie.
    for cookie in [&victim.cookie, ""] {
        let headers = [("cookie", cookie), ("origin", "null")];
        let field = STANDARD.encode(&xml);
        let fields = [("SAMLResponse", field.as_str()), ("RelayState", &attacker.relay_state)];
        sim.clear_trail();
        let answer = client.post_form(&attacker.acs, &headers, &fields);
        assert_refused(&sim, &answer, message, cookie);
    }
    // A link to the login page does not lend the request to another browser.
    let login = format!("/platform/saml/login?workflow={}", attacker.relay_state);
    assert_eq!(client.send("GET", &login, &[("cookie", &victim.cookie)], "").status, 400);
    // With another RelayState, and after the request's hour.
    let swapped = Visit { relay_state: victim.relay_state.clone(), ..attacker };
    sim.clear_trail();
    assert_refused(
        &sim,
        &swapped.post(&client, &xml),
        "RelayState is not the one that was sent",
        "RelayState",
    );
    sim.advance(Duration::from_hours(1));
    let late = Shape::new(&sim, &swapped).xml();
    sim.clear_trail();
    assert_refused(&sim, &swapped.post(&client, &late), message, "late");
}

#[test]
fn a_disabled_user_gets_no_further_and_an_enabled_one_does() {
    let sim = sim();
    let client = Client::new(&sim);
    sim.disable_user(ALICE);
    let visit = Visit::begin(&client, "/start/sign-in");
    let shape = Shape::new(&sim, &visit);
    assert_refused(&sim, &visit.post(&client, &shape.xml()), "User is disabled", "disabled");
    sim.enable_user(ALICE);
    arrive(&client, &visit, &shape.xml());
    sim.delete_user(ALICE);
    let visit = Visit::begin(&client, "/start/sign-in");
    sim.clear_trail();
    let answer = visit.post(&client, &Shape::new(&sim, &visit).xml());
    assert_refused(&sim, &answer, "User does not exist", "deleted");
}

#[test]
fn without_an_identity_provider_nothing_is_accepted() {
    let sim = sim();
    let client = Client::new(&sim);
    let visit = Visit::begin(&client, "/start/sign-in");
    sim.remove_idp();
    let answer = visit.post(&client, &Shape::new(&sim, &visit).xml());
    assert_refused(&sim, &answer, "No external identity provider is configured", "removed");
}
