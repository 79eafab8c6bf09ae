//! An identity provider for these tests. Its responses are laid out as Keycloak 26.7 lays out its own: the same order,
//! names and prefixes, both the response and the assertion signed.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra::keys::loader::load_rsa_private_pem;
use bergshamra::{DsigContext, KeysManager};
use flate2::read::DeflateDecoder;
use idc_sim::{IdcSim, rfc3339};

use crate::client::{ALICE, Answer, Client};

pub(crate) const ENTITY_ID: &str = "http://localhost:8080/realms/kcaws";
pub(crate) const SIGN_ON: &str = "http://localhost:8080/realms/kcaws/protocol/saml";
pub(crate) const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
pub(crate) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A key pair of the tests' own, used nowhere else.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    private: &'static str,
    pub(crate) certificate: &'static str,
}

pub(crate) const IDP: Pair = Pair { private: include_str!("idp.key"), certificate: include_str!("idp.crt") };
pub(crate) const OTHER: Pair =
    Pair { private: include_str!("other.key"), certificate: include_str!("other.crt") };

impl Pair {
    /// Base64 without PEM's frame.
    pub(crate) fn packed(&self) -> String {
        self.certificate.lines().filter(|line| !line.starts_with("-----")).collect()
    }

    pub(crate) fn private(&self) -> &'static str {
        self.private
    }

    /// Fills in the first signature of `template`.
    pub(crate) fn sign(&self, template: &str) -> String {
        let mut keys = KeysManager::new();
        keys.add_key(load_rsa_private_pem(self.private.as_bytes()).expect("a key"));
        bergshamra::sign(&DsigContext::new(keys), template).expect("a signature")
    }
}

/// The descriptor of a realm, with these certificates.
pub(crate) fn metadata(pairs: &[Pair]) -> String {
    let keys: String = pairs.iter().map(|pair| key_descriptor(&pair.packed())).collect();
    metadata_of(ENTITY_ID, &keys, &services(SIGN_ON))
}

pub(crate) fn key_descriptor(certificate: &str) -> String {
    format!(
        r#"<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:KeyName>key-1</ds:KeyName><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#
    )
}

/// In Keycloak's order.
pub(crate) fn services(location: &str) -> String {
    let bindings = ["HTTP-POST", "HTTP-Redirect", "SOAP", "HTTP-Artifact"];
    let service = |binding: &&str| {
        format!(
            r#"<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{location}"/>"#
        )
    };
    bindings.iter().map(service).collect()
}

pub(crate) fn metadata_of(entity_id: &str, keys: &str, services: &str) -> String {
    format!(
        r#"<md:EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}"><md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat><md:NameIDFormat>{EMAIL}</md:NameIDFormat>{services}</md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

/// A simulator that trusts [`IDP`], with alice.
pub(crate) fn sim() -> IdcSim {
    IdcSim::builder().external_user(ALICE).idp_metadata(&metadata(&[IDP])).start()
}

/// A browser that has been sent to the identity provider.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) request: String,
    pub(crate) request_id: String,
    pub(crate) acs: String,
    pub(crate) relay_state: String,
    pub(crate) cookie: String,
}

impl Visit {
    /// Goes to `path` at the portal and follows until it is sent away.
    #[track_caller]
    pub(crate) fn begin(client: &Client, path: &str) -> Self {
        Self::begin_in(client, path, "")
    }

    /// In a browser that has cookies already.
    #[track_caller]
    pub(crate) fn begin_in(client: &Client, path: &str, cookie: &str) -> Self {
        let to_login = client.get(path);
        assert_eq!(to_login.status, 302, "{to_login:?}");
        let to_idp = client.send("GET", to_login.header("location"), &[("cookie", cookie)], "");
        assert_eq!(to_idp.status, 302, "{to_idp:?}");
        let url = url::Url::parse(to_idp.header("location")).expect("a URL");
        assert!(url.as_str().starts_with(&format!("{SIGN_ON}?SAMLRequest=")), "{url}");
        let field = |name: &str| {
            url.query_pairs()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
                .expect("a field")
        };
        let deflated = STANDARD.decode(field("SAMLRequest")).expect("base64");
        let mut request = String::new();
        DeflateDecoder::new(&deflated[..]).read_to_string(&mut request).expect("deflated text");
        let set_cookie = to_idp.header("set-cookie");
        for attribute in ["HttpOnly", "Secure", "SameSite=None"] {
            assert!(set_cookie.contains(attribute), "{set_cookie}");
        }
        Self {
            request_id: attribute(&request, "ID"),
            acs: attribute(&request, "AssertionConsumerServiceURL"),
            relay_state: field("RelayState"),
            cookie: set_cookie.split(';').next().expect("a cookie").to_owned(),
            request,
        }
    }

    /// Posts a response as a browser does that comes from Keycloak's page.
    pub(crate) fn post(&self, client: &Client, xml: &str) -> Answer {
        self.post_field(client, &STANDARD.encode(xml))
    }

    pub(crate) fn post_field(&self, client: &Client, field: &str) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("origin", "null")];
        let fields = [("SAMLResponse", field), ("RelayState", &self.relay_state)];
        client.post_form(&self.acs, &headers, &fields)
    }
}

/// The value of an attribute in XML that we know the layout of.
pub(crate) fn attribute(xml: &str, name: &str) -> String {
    let rest = xml.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("no {name} in {xml}")).1;
    rest.split('"').next().expect("an end").to_owned()
}

/// Everything that a response says; tests change what they are about.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) response_id: String,
    pub(crate) assertion_id: String,
    pub(crate) response_issuer: String,
    pub(crate) assertion_issuer: String,
    pub(crate) destination: String,
    pub(crate) recipient: String,
    pub(crate) audience: String,
    pub(crate) in_response_to: Option<String>,
    pub(crate) status: String,
    /// Of the NameID element: it may hold markup.
    pub(crate) name_id: String,
    pub(crate) name_id_format: String,
    pub(crate) not_before: SystemTime,
    pub(crate) not_on_or_after: SystemTime,
    pub(crate) session_ends: Option<SystemTime>,
    /// The whole AttributeStatement.
    pub(crate) attributes: String,
    pub(crate) sign_assertion: Option<Pair>,
    pub(crate) sign_response: Option<Pair>,
    /// The certificate that the message itself brings along.
    pub(crate) key_info: Pair,
}

impl Shape {
    /// What Keycloak would say to this visit about alice, now.
    pub(crate) fn new(sim: &IdcSim, visit: &Visit) -> Self {
        let not_before = sim.now() - Duration::from_secs(2);
        Self {
            response_id: fresh_id(),
            assertion_id: fresh_id(),
            response_issuer: ENTITY_ID.into(),
            assertion_issuer: ENTITY_ID.into(),
            destination: visit.acs.clone(),
            recipient: visit.acs.clone(),
            audience: sim.sp_entity_id(),
            in_response_to: Some(visit.request_id.clone()),
            status: SUCCESS.into(),
            name_id: ALICE.into(),
            name_id_format: EMAIL.into(),
            not_before,
            not_on_or_after: not_before + Duration::from_mins(5),
            session_ends: Some(sim.now() + Duration::from_hours(10)),
            attributes: String::new(),
            sign_assertion: Some(IDP),
            sign_response: Some(IDP),
            key_info: IDP,
        }
    }

    fn in_response_to(&self) -> String {
        self.in_response_to.as_ref().map(|id| format!(r#" InResponseTo="{id}""#)).unwrap_or_default()
    }

    fn signature(&self, id: &str) -> String {
        signature_template(id, &self.key_info)
    }

    /// With the place for its signature, if it is to be signed.
    pub(crate) fn assertion_template(&self) -> String {
        let Self {
            assertion_id: id,
            assertion_issuer,
            name_id,
            name_id_format,
            recipient,
            audience,
            attributes,
            ..
        } = self;
        let (begins, ends) = (rfc3339(self.not_before), rfc3339(self.not_on_or_after));
        let in_response_to = self.in_response_to();
        let session = self.session_ends.map(|end| format!(r#" SessionNotOnOrAfter="{}""#, rfc3339(end)));
        let session = session.unwrap_or_default();
        let signature = self.sign_assertion.map(|_| self.signature(id)).unwrap_or_default();
        format!(
            r#"<saml:Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" IssueInstant="{begins}" Version="2.0"><saml:Issuer>{assertion_issuer}</saml:Issuer>{signature}<saml:Subject><saml:NameID Format="{name_id_format}">{name_id}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData{in_response_to} NotOnOrAfter="{ends}" Recipient="{recipient}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{begins}" SessionIndex="4f0e::5b1d"{session}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>{attributes}</saml:Assertion>"#
        )
    }

    /// Signed, if it is to be.
    pub(crate) fn assertion(&self) -> String {
        let template = self.assertion_template();
        match self.sign_assertion {
            Some(pair) => pair.sign(&template),
            None => template,
        }
    }

    /// A response round `content`, in place of the assertion; signed, if it is to be.
    pub(crate) fn response(&self, content: &str) -> String {
        let Self { response_id: id, destination, response_issuer, status, .. } = self;
        let issued = rfc3339(self.not_before);
        let in_response_to = self.in_response_to();
        let signature = self.sign_response.map(|_| self.signature(id)).unwrap_or_default();
        let template = format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Destination="{destination}" ID="{id}"{in_response_to} IssueInstant="{issued}" Version="2.0"><saml:Issuer>{response_issuer}</saml:Issuer>{signature}<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>{content}</samlp:Response>"#
        );
        match self.sign_response {
            Some(pair) => pair.sign(&template),
            None => template,
        }
    }

    pub(crate) fn xml(&self) -> String {
        self.response(&self.assertion())
    }
}

/// As Keycloak names them, and never the same twice.
pub(crate) fn fresh_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("ID_{:032x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn signature_template(id: &str, key_info: &Pair) -> String {
    format!(
        r##"<dsig:Signature xmlns:dsig="http://www.w3.org/2000/09/xmldsig#"><dsig:SignedInfo><dsig:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><dsig:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><dsig:Reference URI="#{id}"><dsig:Transforms><dsig:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><dsig:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></dsig:Transforms><dsig:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><dsig:DigestValue></dsig:DigestValue></dsig:Reference></dsig:SignedInfo><dsig:SignatureValue></dsig:SignatureValue><dsig:KeyInfo><dsig:KeyName>key-1</dsig:KeyName><dsig:X509Data><dsig:X509Certificate>{}</dsig:X509Certificate></dsig:X509Data></dsig:KeyInfo></dsig:Signature>"##,
        key_info.packed()
    )
}
