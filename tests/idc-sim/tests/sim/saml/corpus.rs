//! Responses that must not work. Each differs from a good one in what its name says.

use std::time::Duration;

use super::idp::{self, IDP, OTHER, Shape};
use super::{weapons, wrapping};
use crate::client::ALICE;

pub(crate) const BOB: &str = "bob@example.com";

/// What the two judges say of the signatures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judges {
    /// Both read it and agree, signature by signature.
    Agree(&'static [bool]),
    /// Neither can read it.
    Unreadable,
    /// They differ, for a reason that is beside it.
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

pub(crate) const BOTH: Judges = Judges::Agree(&[true, true]);
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
        name: "only the confirmation is over",
        message: "Assertion has expired",
        judges: BOTH,
        make: |good| {
            let end = |time| format!(r#" NotOnOrAfter="{}" Recipient"#, idc_sim::rfc3339(time));
            edited(&good, &end(good.not_on_or_after), &end(good.not_before - Duration::from_mins(1)))
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
        name: "NameID that no one has",
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
];

/// Nothing is wrong with it.
pub(crate) const GOOD: Case = Case { name: "good", message: "", judges: BOTH, make: |good| good.xml() };

const ENCRYPTED: &str = r#"<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/><xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"#;

/// With an assertion that was signed with other words in it.
fn edited(good: &Shape, from: &str, to: &str) -> String {
    let template = good.assertion_template();
    assert!(template.contains(from), "{from}: {template}");
    good.response(&IDP.sign(&template.replace(from, to)))
}

pub(crate) fn every_case() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(weapons::CASES).chain(wrapping::CASES)
}
