//! Signature wrapping: a signed element moves to where no one looks, and a forged one takes its place. The eight classic
//! forms ("On Breaking SAML: Be Whoever You Want to Be", USENIX Security 2012) and some that pass a count of assertions.

use super::corpus::{BOB, Case, Judges};
use super::idp::{self, IDP, Shape};

const COUNT: &str = "Response does not contain exactly one assertion";

pub(crate) const CASES: &[Case] = &[
    Case {
        // The signature covers a part of itself, which the enveloped-signature transform takes away again.
        name: "XSW1: a forged response; the signed one is inside its own signature",
        message: COUNT,
        judges: Judges::Agree(&[false, true]),
        make: |good| {
            let (signed, signature) = split(&good.xml());
            let signature = signature.replace("</dsig:Signature>", &format!("{signed}</dsig:Signature>"));
            after_issuer(&forged_response(&good), &signature)
        },
    },
    Case {
        name: "XSW2: a forged response; the signed one is beside its signature",
        message: COUNT,
        judges: Judges::Agree(&[true, true]),
        make: |good| {
            let (signed, signature) = split(&good.xml());
            after_issuer(&forged_response(&good), &format!("{signature}{signed}"))
        },
    },
    Case {
        name: "XSW3: a forged assertion before the signed one",
        message: COUNT,
        judges: Judges::Agree(&[true]),
        make: |good| unsigned(&good).response(&(forged(&good) + &good.assertion())),
    },
    Case {
        name: "XSW4: the signed assertion inside a forged one",
        message: COUNT,
        judges: Judges::Agree(&[true]),
        make: |good| {
            let forged =
                forged(&good).replace("</saml:Assertion>", &format!("{}</saml:Assertion>", good.assertion()));
            unsigned(&good).response(&forged)
        },
    },
    Case {
        name: "XSW5: the signature in the forged assertion, the signed one at the end",
        message: COUNT,
        judges: Judges::Agree(&[true]),
        make: |good| {
            let (signed, signature) = split(&good.assertion());
            unsigned(&good).response(&(after_issuer(&forged(&good), &signature) + &signed))
        },
    },
    Case {
        name: "XSW6: the signed assertion inside the signature of a forged one",
        message: COUNT,
        judges: Judges::Agree(&[false]),
        make: |good| {
            let (signed, signature) = split(&good.assertion());
            let signature = signature.replace("</dsig:Signature>", &format!("{signed}</dsig:Signature>"));
            unsigned(&good).response(&after_issuer(&forged(&good), &signature))
        },
    },
    Case {
        name: "XSW7: the forged assertion in an extension",
        message: COUNT,
        judges: Judges::Agree(&[true]),
        make: |good| {
            let extension = format!("<samlp:Extensions>{}</samlp:Extensions>", forged(&good));
            after_issuer(&unsigned(&good).response(&good.assertion()), &extension)
        },
    },
    Case {
        name: "XSW8: the signed assertion in an object of the forged one's signature",
        message: COUNT,
        judges: Judges::Agree(&[false]),
        make: |good| {
            let (signed, signature) = split(&good.assertion());
            let object = format!("<dsig:Object>{signed}</dsig:Object></dsig:Signature>");
            let signature = signature.replace("</dsig:Signature>", &object);
            unsigned(&good).response(&after_issuer(&forged(&good), &signature))
        },
    },
    Case {
        name: "the signed assertion in an extension, in its place something of that name from elsewhere",
        message: "Assertion is not a child of the response",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let foreign = forged(&good).replace(":assertion\"", ":assertion-2\"");
            let response = unsigned(&good).response(&foreign);
            after_issuer(&response, &format!("<samlp:Extensions>{}</samlp:Extensions>", good.assertion()))
        },
    },
    Case {
        // Anybody gets one from the identity provider: a request with IsPassive and no session is enough.
        name: "only something else is signed: an answer without assertion, in an extension",
        message: "Signature is neither of the response nor of its assertion",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let refusal = Shape { response_id: idp::fresh_id(), ..good.clone() }.response("");
            let extension = format!("<samlp:Extensions>{refusal}</samlp:Extensions>");
            after_issuer(&unsigned(&good).response(&forged(&good)), &extension)
        },
    },
    Case {
        name: "only something else is signed, and its signature is in the forged assertion",
        message: "Signature does not cover the element that it is in",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let refusal = Shape { response_id: idp::fresh_id(), ..good.clone() }.response("");
            let (refusal, signature) = split(&refusal);
            let response = unsigned(&good).response(&after_issuer(&forged(&good), &signature));
            after_issuer(&response, &format!("<samlp:Extensions>{refusal}</samlp:Extensions>"))
        },
    },
    Case {
        name: "the signature of the assertion is in the response",
        message: "Signature does not cover the element that it is in",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let (assertion, signature) = split(&good.assertion());
            after_issuer(&unsigned(&good).response(&assertion), &signature)
        },
    },
    Case {
        name: "the signature of the assertion is deeper in it",
        message: "Signature is neither of the response nor of its assertion",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let (assertion, signature) = split(&good.assertion());
            unsigned(&good)
                .response(&assertion.replace("<saml:Subject>", &format!("<saml:Subject>{signature}")))
        },
    },
    Case {
        name: "two signatures of one assertion",
        message: "Signature is neither of the response nor of its assertion",
        // Each covers the other too.
        judges: Judges::Agree(&[false, false]),
        make: |good| {
            let assertion = good.assertion();
            let (_, signature) = split(&assertion);
            unsigned(&good).response(&after_issuer(&assertion, &signature))
        },
    },
    Case {
        name: "a signature with an object",
        message: "Signature does not cover the element that it is in",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let object = "<dsig:Object>x</dsig:Object></dsig:Signature>";
            unsigned(&good).response(&good.assertion().replace("</dsig:Signature>", object))
        },
    },
    Case {
        name: "a signature of two things",
        message: "Response lacks a required part or repeats it",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let template = unsigned(&good).response(&good.assertion_template());
            let at = template.find("<dsig:Reference").expect("a reference");
            let end = template.find("</dsig:SignedInfo>").expect("an end");
            let other = template[at..end].replace(&good.assertion_id, &good.response_id);
            IDP.sign(&template.replace("</dsig:SignedInfo>", &format!("{other}</dsig:SignedInfo>")))
        },
    },
    Case {
        name: "a signature of the whole document",
        message: "Signature does not cover the element that it is in",
        judges: Judges::Agree(&[true]),
        make: |good| {
            let template = unsigned(&good).response(&good.assertion_template());
            IDP.sign(&template.replace(&format!("URI=\"#{}\"", good.assertion_id), "URI=\"\""))
        },
    },
];

/// The response without a signature of its own.
fn unsigned(good: &Shape) -> Shape {
    Shape { sign_response: None, ..good.clone() }
}

/// What an attacker writes: bob, under a new ID, without a signature.
fn forged(good: &Shape) -> String {
    Shape { assertion_id: idp::fresh_id(), name_id: BOB.into(), sign_assertion: None, ..good.clone() }
        .assertion()
}

fn forged_response(good: &Shape) -> String {
    Shape { response_id: idp::fresh_id(), ..unsigned(good) }.response(&forged(good))
}

/// Takes the first signature out.
fn split(xml: &str) -> (String, String) {
    let (before, rest) = xml.split_once("<dsig:Signature ").expect("a signature");
    let (inside, after) = rest.split_once("</dsig:Signature>").expect("its end");
    (format!("{before}{after}"), format!("<dsig:Signature {inside}</dsig:Signature>"))
}

/// Puts something where the schema wants signatures and extensions: behind the first issuer.
fn after_issuer(xml: &str, what: &str) -> String {
    xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{what}"), 1)
}
