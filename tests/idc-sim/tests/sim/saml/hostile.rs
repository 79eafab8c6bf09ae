//! Responses that must not work. Each differs from a good one in what its name says, is refused with its own words, and
//! uses nothing up: the good response to the same request works afterwards.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idc_sim::IdcSim;
use kcaws_test_kit::require_program;

use super::idp::{self, IDP, OTHER, Shape, Visit};
use super::judges::{self, Verdict};
use super::sign_in::arrive;
use super::wrapping;
use crate::client::{ALICE, Answer, Client};

pub(crate) const BOB: &str = "bob@example.com";
const UNEXPECTED: &str = "An unexpected error has occurred";
const NOT_YOU: &str = "It's not you, it is us";
const INVALID_MFA: &str = "Invalid MFA credentials";

/// What the two judges say of the signatures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judges {
    /// Both read it and agree, signature by signature.
    Agree(&'static [bool]),
    /// Neither can read it.
    Unreadable,
    /// They differ, for a reason that stands beside it.
    Differ { bergshamra: Option<&'static [bool]>, xmlsec1: Option<&'static [bool]> },
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// CloudTrail's words.
    pub(crate) message: &'static str,
    pub(crate) judges: Judges,
    /// Makes the message from the good answer to a visit.
    pub(crate) make: fn(Shape) -> String,
}

const BOTH: Judges = Judges::Agree(&[true, true]);
const NEITHER: Judges = Judges::Agree(&[false, false]);

const CASES: &[Case] = &[
    // --- the signature
    Case {
        name: "unsigned",
        message: "Assertion is not signed",
        judges: Judges::Agree(&[]),
        make: |good| Shape { sign_assertion: None, sign_response: None, ..good }.xml(),
    },
    Case {
        name: "only the response is signed",
        message: "Assertion is not signed",
        judges: Judges::Agree(&[true]),
        make: |good| Shape { sign_assertion: None, ..good }.xml(),
    },
    Case {
        name: "signed with another key",
        message: "Signature is not valid",
        judges: NEITHER,
        make: |good| Shape { sign_assertion: Some(OTHER), sign_response: Some(OTHER), ..good }.xml(),
    },
    Case {
        name: "signed with another key, which KeyInfo brings along",
        message: "Signature is not valid",
        judges: NEITHER,
        make: |good| {
            Shape { sign_assertion: Some(OTHER), sign_response: Some(OTHER), key_info: OTHER, ..good }.xml()
        },
    },
    Case {
        name: "the assertion is good, the response is signed with another key",
        message: "Signature is not valid",
        judges: Judges::Agree(&[false, true]),
        make: |good| Shape { sign_response: Some(OTHER), ..good }.xml(),
    },
    Case {
        name: "NameID edited after signing",
        message: "Signature is not valid",
        judges: NEITHER,
        make: |good| good.xml().replace(ALICE, BOB),
    },
    Case {
        name: "status edited after signing",
        message: "Signature is not valid",
        judges: Judges::Agree(&[false, true]),
        make: |good| Shape { status: "urn:x".into(), ..good }.xml().replace("urn:x", idp::SUCCESS),
    },
    Case {
        name: "the signature claims HMAC, with the certificate for a secret",
        message: "Signature is not RSA-SHA256 over exclusive canonical XML",
        judges: NEITHER,
        make: |good| good.xml().replace("#rsa-sha256", "#hmac-sha256"),
    },
    Case {
        name: "inclusive canonical XML",
        message: "Signature is not RSA-SHA256 over exclusive canonical XML",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let inclusive = |template: &str| {
                template.replace(
                    "http://www.w3.org/2001/10/xml-exc-c14n#",
                    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
                )
            };
            // Signed where it will stand: it takes the namespaces around it along.
            let template = Shape { sign_response: None, ..good.clone() }.response(&good.assertion_template());
            IDP.sign(&inclusive(&template))
        },
    },
    Case {
        name: "one ID for response and assertion",
        message: "Response contains an ID twice",
        // bergshamra reads no such document; for libxml2 the first element of an ID counts, the response.
        judges: Judges::Differ { bergshamra: None, xmlsec1: Some(&[false]) },
        make: |good| {
            Shape { response_id: good.assertion_id.clone(), sign_response: None, ..good.clone() }
                .response(&good.assertion())
        },
    },
    // --- what it says
    Case {
        name: "stale",
        message: "Assertion has expired",
        judges: BOTH,
        make: |good| {
            let ago = Duration::from_hours(1);
            Shape { not_before: good.not_before - ago, not_on_or_after: good.not_on_or_after - ago, ..good }
                .xml()
        },
    },
    Case {
        name: "not valid yet",
        message: "Assertion is not valid yet",
        judges: BOTH,
        make: |good| {
            let ahead = Duration::from_mins(2);
            Shape {
                not_before: good.not_before + ahead,
                not_on_or_after: good.not_on_or_after + ahead,
                ..good
            }
            .xml()
        },
    },
    Case {
        name: "the identity provider's session is over",
        message: "Assertion has expired",
        judges: BOTH,
        make: |good| Shape { session_ends: Some(good.not_before), ..good }.xml(),
    },
    Case {
        name: "for another audience",
        message: "Audience is not this service provider",
        judges: BOTH,
        make: |good| {
            let audience = "https://us-east-1.signin.aws.amazon.com/platform/saml/d-0000000000".into();
            Shape { audience, ..good }.xml()
        },
    },
    Case {
        name: "to another recipient",
        message: "Recipient is not this assertion consumer service",
        judges: BOTH,
        make: |good| Shape { recipient: "https://evil.example/acs".into(), ..good }.xml(),
    },
    Case {
        name: "to another destination",
        message: "Destination is not this assertion consumer service",
        judges: BOTH,
        make: |good| Shape { destination: "https://evil.example/acs".into(), ..good }.xml(),
    },
    Case {
        name: "response of another issuer",
        message: "Issuer is not the identity provider",
        judges: BOTH,
        make: |good| Shape { response_issuer: "https://evil.example".into(), ..good }.xml(),
    },
    Case {
        name: "assertion of another issuer",
        message: "Issuer is not the identity provider",
        judges: BOTH,
        make: |good| Shape { assertion_issuer: "https://evil.example".into(), ..good }.xml(),
    },
    Case {
        name: "to another request",
        message: "Not a valid response for the provided request id",
        judges: BOTH,
        make: |good| {
            Shape { in_response_to: Some("aws_0123456789abcdefghijklmnopqrstuv".into()), ..good }.xml()
        },
    },
    Case {
        name: "response to this request, assertion to none",
        message: "Not a valid response for the provided request id",
        judges: BOTH,
        make: |good| {
            let unsolicited = Shape { in_response_to: None, ..good.clone() }.assertion();
            good.response(&unsolicited)
        },
    },
    Case {
        name: "NameID of another format",
        message: "Response contains invalid name id policy format",
        judges: BOTH,
        make: |good| {
            Shape { name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified".into(), ..good }
                .xml()
        },
    },
    Case {
        name: "NameID that nobody has",
        message: "User does not exist",
        judges: BOTH,
        make: |good| Shape { name_id: "nobody@example.com".into(), ..good }.xml(),
    },
    Case {
        name: "NameID with a capital letter",
        message: "NameID differs from the user name in upper and lower case",
        judges: BOTH,
        make: |good| Shape { name_id: "Alice@example.com".into(), ..good }.xml(),
    },
    Case {
        name: "NameID with a blank",
        message: "User does not exist",
        judges: BOTH,
        make: |good| Shape { name_id: format!(" {ALICE}"), ..good }.xml(),
    },
    Case {
        // Canonical XML has no comments: the signature over `alice@example.com.evil.com` holds.
        name: "a comment cut into a NameID after signing",
        message: "NameID is not plain text",
        judges: BOTH,
        make: |good| {
            let registered = format!("{ALICE}.evil.com");
            Shape { name_id: registered, ..good }.xml().replace(".evil.com", "<!---->.evil.com")
        },
    },
    Case {
        name: "status Responder, as Keycloak answers about a user without an address",
        message: "Response does not report success",
        judges: Judges::Agree(&[true]),
        make: |good| {
            Shape { status: "urn:oasis:names:tc:SAML:2.0:status:Responder".into(), ..good }.response("")
        },
    },
    Case {
        name: "status Responder with an assertion",
        message: "Response does not report success",
        judges: BOTH,
        make: |good| Shape { status: "urn:oasis:names:tc:SAML:2.0:status:Responder".into(), ..good }.xml(),
    },
    Case {
        name: "two assertions, both signed",
        message: "Response does not contain exactly one assertion",
        judges: Judges::Agree(&[true, true, true]),
        make: |good| {
            let second = Shape { assertion_id: idp::fresh_id(), ..good.clone() }.assertion();
            good.response(&(good.assertion() + &second))
        },
    },
    Case {
        name: "no assertion",
        message: "Response does not contain exactly one assertion",
        judges: Judges::Agree(&[true]),
        make: |good| good.response(""),
    },
    Case {
        name: "an encrypted assertion",
        message: "Response contains an encrypted assertion",
        judges: Judges::Agree(&[true]),
        make: |good| good.response(ENCRYPTED),
    },
    Case {
        name: "an encrypted assertion beside a good one",
        message: "Response contains an encrypted assertion",
        judges: BOTH,
        make: |good| good.response(&(good.assertion() + ENCRYPTED)),
    },
    Case {
        name: "no bearer confirmation",
        message: "Assertion has no bearer confirmation",
        judges: BOTH,
        make: |good| edited(&good, "cm:bearer", "cm:sender-vouches"),
    },
    Case {
        name: "a confirmation without an end",
        message: "Response lacks a required part or repeats it",
        judges: BOTH,
        make: |good| {
            let end = format!(r#" NotOnOrAfter="{}" Recipient"#, idc_sim::rfc3339(good.not_on_or_after));
            edited(&good, &end, " Recipient")
        },
    },
    Case {
        name: "no audience",
        message: "Audience is not this service provider",
        judges: BOTH,
        make: |good| {
            let restriction = format!(
                "<saml:AudienceRestriction><saml:Audience>{}</saml:Audience></saml:AudienceRestriction>",
                good.audience
            );
            edited(&good, &restriction, "")
        },
    },
    Case {
        name: "no NameID",
        message: "Assertion has no NameID",
        judges: BOTH,
        make: |good| {
            let name =
                format!(r#"<saml:NameID Format="{}">{}</saml:NameID>"#, good.name_id_format, good.name_id);
            edited(&good, &name, "")
        },
    },
    Case {
        name: "two NameIDs",
        message: "Response lacks a required part or repeats it",
        judges: BOTH,
        make: |good| {
            edited(&good, "</saml:NameID>", "</saml:NameID><saml:NameID>bob@example.com</saml:NameID>")
        },
    },
    Case {
        name: "a time that is none",
        message: "Response lacks a required part or repeats it",
        judges: BOTH,
        make: |good| {
            edited(&good, r#"<saml:Conditions NotBefore=""#, r#"<saml:Conditions NotBefore="soon, "#)
        },
    },
    Case {
        name: "an assertion alone",
        message: "Message is not a SAML 2.0 response",
        judges: Judges::Agree(&[true]),
        make: |good| good.assertion(),
    },
    Case {
        name: "a response of SAML 1.1",
        message: "Message is not a SAML 2.0 response",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let template = Shape { sign_response: None, ..good.clone() }.response(&good.assertion());
            template.replacen(r#"Version="2.0""#, r#"Version="1.1""#, 1)
        },
    },
    // --- XML as a weapon
    Case {
        name: "a document type",
        message: "Response contains a document type declaration",
        judges: BOTH,
        make: |good| format!("<!DOCTYPE Response>{}", good.xml()),
    },
    Case {
        name: "an entity for a NameID",
        message: "Response contains a document type declaration",
        // xmlsec1 hashes the reference, bergshamra what it stands for, as canonical XML wants it.
        judges: Judges::Differ { bergshamra: Some(&[true, true]), xmlsec1: Some(&[false, false]) },
        make: |good| {
            let named = good.xml().replace(&format!(">{ALICE}<"), ">&who;<");
            format!(r#"<!DOCTYPE Response [<!ENTITY who "{ALICE}">]>{named}"#)
        },
    },
    Case {
        name: "an entity from a file",
        message: "Response contains a document type declaration",
        // bergshamra does not read it, xmlsec1 leaves the reference alone.
        judges: Judges::Differ { bergshamra: None, xmlsec1: Some(&[false, false]) },
        make: |good| {
            let named = good.xml().replace(&format!(">{ALICE}<"), ">&who;<");
            format!(r#"<!DOCTYPE Response [<!ENTITY who SYSTEM "file:///etc/hostname">]>{named}"#)
        },
    },
    Case {
        name: "entities that multiply",
        message: "Response contains a document type declaration",
        // bergshamra does not read it, xmlsec1 leaves the reference alone.
        judges: Judges::Differ { bergshamra: None, xmlsec1: Some(&[false, false]) },
        make: |good| {
            let level = |level: usize| {
                let inner = format!("&a{level};").repeat(10);
                format!(r#"<!ENTITY a{} "{inner}">"#, level + 1)
            };
            let levels: Vec<_> = (0..11).map(level).collect();
            let declarations = r#"<!ENTITY a0 "lollollollol">"#.to_owned() + &levels.concat();
            format!(
                "<!DOCTYPE Response [{declarations}]>{}",
                good.xml().replace(&format!(">{ALICE}<"), ">&a11;<")
            )
        },
    },
    Case {
        name: "broken XML",
        message: "Response is not well-formed XML",
        judges: Judges::Unreadable,
        make: |good| good.xml().replace("</samlp:Response>", ""),
    },
    Case {
        name: "no XML",
        message: "Response is not well-formed XML",
        judges: Judges::Unreadable,
        make: |_| "hello".into(),
    },
    Case {
        name: "nothing",
        message: "Response is not well-formed XML",
        judges: Judges::Unreadable,
        make: |_| String::new(),
    },
    Case {
        name: "huge",
        message: "Response is too large",
        judges: BOTH,
        make: |good| good.xml() + "<!--" + &"x".repeat(300_000) + "-->",
    },
];

/// Nothing is wrong with it.
const GOOD: Case = Case { name: "good", message: "", judges: BOTH, make: |good| good.xml() };

const ENCRYPTED: &str = r#"<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/><xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"#;

/// With an assertion that was signed with other words in it.
fn edited(good: &Shape, from: &str, to: &str) -> String {
    let template = good.assertion_template();
    assert!(template.contains(from), "{from}: {template}");
    good.response(&IDP.sign(&template.replace(from, to)))
}

fn every_case() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(wrapping::CASES)
}

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
fn names_are_told_once() {
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
