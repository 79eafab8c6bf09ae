//! The service provider's side: what Keycloak knows of it, what it asks, what it gets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use crate::realm::Realm;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// A service provider that a realm knows.
pub struct SamlClient {
    pub entity_id: String,
    /// Every place that takes answers, the default one first.
    pub acs: Vec<String>,
    pub(crate) representation: Value,
}

/// Keycloak's own reading of the metadata, changed where AWS needs it otherwise: AWS signs nothing, has several places
/// for answers (Keycloak's converter keeps the first), and wants no attribute.
pub(crate) fn client_from_metadata(realm: &Realm<'_>, metadata: &str) -> SamlClient {
    let document = Document::parse(metadata).expect("metadata is XML");
    let mut services: Vec<Node<'_, '_>> = document
        .descendants()
        .filter(|n| {
            n.has_tag_name((METADATA, "AssertionConsumerService")) && n.attribute("Binding") == Some(POST)
        })
        .collect();
    services.sort_by_key(|service| {
        let index: u16 = service.attribute("index").and_then(|index| index.parse().ok()).unwrap_or(u16::MAX);
        (service.attribute("isDefault") != Some("true"), index)
    });
    let acs: Vec<String> =
        services.iter().map(|s| s.attribute("Location").expect("a Location").to_owned()).collect();

    let mut client = realm.convert(metadata);
    let entity_id = client["clientId"].as_str().expect("a clientId").to_owned();
    for (key, value) in [
        ("name", json!("AWS IAM Identity Center")),
        ("enabled", json!(true)),
        ("redirectUris", json!(acs)),
        ("frontchannelLogout", json!(false)),
        ("fullScopeAllowed", json!(false)),
        ("defaultClientScopes", json!([])),
        ("optionalClientScopes", json!([])),
        ("protocolMappers", json!([])),
    ] {
        client[key] = value;
    }
    for (key, value) in [
        ("saml.client.signature", "false"),
        ("saml.server.signature", "true"),
        ("saml.assertion.signature", "true"),
        ("saml.signature.algorithm", "RSA_SHA256"),
        ("saml.encrypt", "false"),
        ("saml.force.post.binding", "true"),
        ("saml.authnstatement", "true"),
        ("saml.assertion.lifespan", "300"),
        ("saml_name_id_format", "email"),
        ("saml_force_name_id_format", "true"),
        ("saml_assertion_consumer_url_post", &acs[0]),
        ("saml_idp_initiated_sso_url_name", "aws"),
    ] {
        client["attributes"][key] = json!(value);
    }
    SamlClient { entity_id, acs, representation: client }
}

/// An address that asks `realm` who is there, by the redirect binding and unsigned, as AWS does.
pub fn authn_request_url(realm: &Realm<'_>, entity_id: &str, acs: &str, id: &str) -> String {
    let destination = format!("{}/protocol/saml", realm.url());
    // Keycloak does not look at how old a request is.
    let xml = format!(
        r#"<p:AuthnRequest xmlns:p="{PROTOCOL}" ID="{id}" Version="2.0" IssueInstant="2026-01-01T00:00:00Z" Destination="{destination}" AssertionConsumerServiceURL="{acs}" ProtocolBinding="{POST}"><a:Issuer xmlns:a="{ASSERTION}">{entity_id}</a:Issuer></p:AuthnRequest>"#
    );
    // A deflate stream (RFC 1951, 3.2.4) may consist of one block that is not compressed.
    let length = u16::try_from(xml.len()).expect("a short request");
    let mut deflated = vec![1];
    deflated.extend(length.to_le_bytes());
    deflated.extend((!length).to_le_bytes());
    deflated.extend(xml.as_bytes());
    let request = BASE64.encode(deflated);
    format!("{destination}?SAMLRequest={}&RelayState=state", utf8_percent_encode(&request, NON_ALPHANUMERIC))
}

/// The facts of a SAML response. Nothing is verified here: that is the service provider's affair.
#[derive(Debug, Default)]
pub struct Response {
    /// Last part of the innermost status code: `Success`, `InvalidNameIDPolicy`, …
    pub status: String,
    pub issuer: String,
    pub destination: String,
    pub in_response_to: Option<String>,
    pub assertions: usize,
    pub response_is_signed: bool,
    pub assertion_is_signed: bool,
    pub signature_algorithms: Vec<String>,
    pub name_id: Option<String>,
    pub name_id_format: Option<String>,
    pub audience: Option<String>,
    pub recipient: Option<String>,
    pub not_before: Option<String>,
    pub not_on_or_after: Option<String>,
    pub session_not_on_or_after: Option<String>,
    pub session_index: Option<String>,
    pub attributes: usize,
}

impl Response {
    /// # Panics
    /// When it is no response.
    pub fn read(xml: &str) -> Self {
        let document = Document::parse(xml).unwrap_or_else(|e| panic!("{e}: {xml}"));
        let root = document.root_element();
        assert!(root.has_tag_name((PROTOCOL, "Response")), "{xml}");
        let all =
            |name: (&'static str, &'static str)| document.descendants().filter(move |n| n.has_tag_name(name));
        let one = |name| all(name).next();
        let text = |name| one(name).and_then(|n| n.text()).map(str::to_owned);
        let of = |name, attribute: &str| one(name).and_then(|n| n.attribute(attribute)).map(str::to_owned);
        let signed = |n: Node<'_, '_>| n.children().any(|child| child.has_tag_name((SIGNATURE, "Signature")));
        let status =
            all((PROTOCOL, "StatusCode")).next_back().and_then(|n| n.attribute("Value")).unwrap_or_default();
        Self {
            status: status.rsplit(':').next().unwrap_or_default().to_owned(),
            issuer: text((ASSERTION, "Issuer")).unwrap_or_default(),
            destination: root.attribute("Destination").unwrap_or_default().to_owned(),
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            assertions: all((ASSERTION, "Assertion")).count(),
            response_is_signed: signed(root),
            assertion_is_signed: one((ASSERTION, "Assertion")).is_some_and(signed),
            signature_algorithms: all((SIGNATURE, "SignatureMethod"))
                .filter_map(|n| n.attribute("Algorithm").map(str::to_owned))
                .collect(),
            name_id: text((ASSERTION, "NameID")),
            name_id_format: of((ASSERTION, "NameID"), "Format"),
            audience: text((ASSERTION, "Audience")),
            recipient: of((ASSERTION, "SubjectConfirmationData"), "Recipient"),
            not_before: of((ASSERTION, "Conditions"), "NotBefore"),
            not_on_or_after: of((ASSERTION, "Conditions"), "NotOnOrAfter"),
            session_not_on_or_after: of((ASSERTION, "AuthnStatement"), "SessionNotOnOrAfter"),
            session_index: of((ASSERTION, "AuthnStatement"), "SessionIndex"),
            attributes: all((ASSERTION, "Attribute")).count(),
        }
    }
}
