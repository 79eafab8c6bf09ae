//! The two documents that an administrator carries: ours to the identity provider, the identity provider's to us.

use std::collections::BTreeSet;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra::KeysManager;
use bergshamra::keys::loader::load_x509_cert_der;
use bergshamra::xml::uppsala::{Document, NodeId};

use super::xml::{self, Broken};
use super::{DSIG, EMAIL_FORMAT, HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL, place};
use crate::call::Call;
use crate::log::Entry;
use crate::settings::Settings;
use crate::state::Sim;

/// AWS's limit on an identity provider's metadata (user guide, "Connect to an external identity provider").
const MAX_CHARACTERS: usize = 75_000;
/// One in use and the next one.
const MAX_CERTIFICATES: usize = 2;
/// What AWS says of metadata with a broken URL (aws-samples/appmod-blueprints#777).
const URL_VALIDATION: &str =
    "Unable to build attributes from provided metadata object as url validation failed";

/// Identity Center's console offers this for download; the simulator has an address for it.
pub(crate) fn answer(sim: &Sim, call: &Call) -> Response {
    let metadata = of_service_provider(&sim.settings, call.entry);
    ([(CONTENT_TYPE, "application/samlmetadata+xml")], metadata).into_response()
}

/// The service provider's metadata as Identity Center's console offers it for download: no keys, no logout service, no
/// end of its validity.
pub(crate) fn of_service_provider(settings: &Settings, entry: Entry) -> String {
    let service = |(index, url): (usize, &String)| {
        let default = if index == 0 { r#" isDefault="true""# } else { "" };
        let url = xml::escaped(url);
        format!(
            r#"<md:AssertionConsumerService Binding="{HTTP_POST}" Location="{url}" index="{index}"{default}/>"#
        )
    };
    let services: Vec<_> = place::acs_urls(settings, entry).iter().enumerate().map(service).collect();
    let services = services.concat();
    let entity_id = xml::escaped(&place::entity_id(settings));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="{METADATA}" entityID="{entity_id}"><md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}"><md:NameIDFormat>{EMAIL_FORMAT}</md:NameIDFormat>{services}</md:SPSSODescriptor></md:EntityDescriptor>"#
    )
}

/// The service provider's names, for those who fill in a form by hand.
pub(crate) fn names(settings: &Settings, entry: Entry) -> (String, Vec<String>) {
    (place::entity_id(settings), place::acs_urls(settings, entry))
}

/// An identity provider that has been accepted.
#[derive(Clone, Debug)]
pub(crate) struct IdentityProviderMetadata {
    pub(crate) entity_id: String,
    /// DER, of RSA keys.
    certificates: Vec<Vec<u8>>,
    pub(super) sign_on: SignOn,
}

/// Where requests go, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignOn {
    Redirect(String),
    Post(String),
}

impl SignOn {
    pub(super) fn location(&self) -> &str {
        match self {
            Self::Redirect(location) | Self::Post(location) => location,
        }
    }
}

impl IdentityProviderMetadata {
    /// The error is for people.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let characters = text.chars().count();
        if characters > MAX_CHARACTERS {
            return Err(format!("the metadata has {characters} characters, {MAX_CHARACTERS} are allowed"));
        }
        let document =
            xml::parse(text.trim_start_matches('\u{feff}').trim()).map_err(|broken| match broken {
                Broken::DocumentType => "the metadata has a document type declaration".to_owned(),
                Broken::Malformed => "the metadata is not well-formed XML".to_owned(),
            })?;
        let (entity, descriptor) = only_identity_provider(&document)?;
        let entity_id = xml::attribute(&document, entity, "entityID").unwrap_or_default().to_owned();
        if entity_id.is_empty() {
            return Err("the metadata has no entityID".to_owned());
        }
        if !is_good_name(&entity_id) {
            return Err(format!("{URL_VALIDATION}: entityID {entity_id}"));
        }
        let sign_on = sign_on(&document, descriptor)?;
        if !is_good_url(sign_on.location()) {
            return Err(format!("{URL_VALIDATION}: SingleSignOnService {}", sign_on.location()));
        }
        Ok(Self { entity_id, certificates: certificates(&document, descriptor)?, sign_on })
    }

    pub(crate) fn sign_on_url(&self) -> &str {
        self.sign_on.location()
    }

    /// The only keys that a response's signature may be made with.
    pub(super) fn keys(&self) -> KeysManager {
        let mut keys = KeysManager::new();
        // Each was loaded when the metadata was read.
        keys.add_keys(self.certificates.iter().filter_map(|der| load_x509_cert_der(der).ok()));
        keys
    }
}

/// The one entity with an identity provider's role, and that role.
fn only_identity_provider(document: &Document<'_>) -> Result<(NodeId, NodeId), String> {
    let descriptors = xml::everywhere(document, METADATA, "IDPSSODescriptor");
    let [descriptor] = descriptors[..] else {
        return Err(format!("the metadata has {} IDPSSODescriptors, not one", descriptors.len()));
    };
    let entity =
        document.parent(descriptor).filter(|node| xml::is(document, *node, METADATA, "EntityDescriptor"));
    let entity = entity.ok_or("the IDPSSODescriptor is not in an EntityDescriptor")?;
    Ok((entity, descriptor))
}

/// HTTP-Redirect if there is one, else HTTP-POST.
fn sign_on(document: &Document<'_>, descriptor: NodeId) -> Result<SignOn, String> {
    let services = xml::children(document, descriptor, METADATA, "SingleSignOnService");
    let with = |binding: &str| {
        let found =
            services.iter().find(|node| xml::attribute(document, **node, "Binding") == Some(binding))?;
        xml::attribute(document, *found, "Location").map(str::to_owned)
    };
    with(HTTP_REDIRECT)
        .map(SignOn::Redirect)
        .or_else(|| with(HTTP_POST).map(SignOn::Post))
        .ok_or_else(|| "the metadata has no SingleSignOnService for HTTP-Redirect or HTTP-POST".to_owned())
}

fn certificates(document: &Document<'_>, descriptor: NodeId) -> Result<Vec<Vec<u8>>, String> {
    let mut found = BTreeSet::new();
    for key in xml::children(document, descriptor, METADATA, "KeyDescriptor") {
        // No `use` means every use.
        if xml::attribute(document, key, "use").is_some_and(|purpose| purpose != "signing") {
            continue;
        }
        for certificate in document.descendants(key) {
            if xml::is(document, certificate, DSIG, "X509Certificate") {
                found.insert(certificate_der(&xml::text(document, certificate).unwrap_or_default())?);
            }
        }
    }
    match found.len() {
        0 => Err("the metadata has no X.509 certificate for signing".to_owned()),
        1..=MAX_CERTIFICATES => Ok(found.into_iter().collect()),
        more => {
            Err(format!("the metadata has {more} certificates for signing, {MAX_CERTIFICATES} are allowed"))
        }
    }
}

fn certificate_der(text: &str) -> Result<Vec<u8>, String> {
    let packed: String = text.split_whitespace().collect();
    let der = STANDARD.decode(packed).map_err(|_| "an X509Certificate of the metadata is not base64")?;
    let key =
        load_x509_cert_der(&der).map_err(|error| format!("an X509Certificate of the metadata: {error}"))?;
    match key.algorithm_name() {
        "RSA" => Ok(der),
        other => Err(format!("an X509Certificate of the metadata has a key for {other}, not RSA")),
    }
}

/// An absolute URL that a browser can go to: https, or http on loopback.
fn is_good_url(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    // The parser corrects `https:/host/`, which no identity provider means.
    let host = match text.split_once("://") {
        Some((_, rest)) if !rest.starts_with('/') => url.host_str().unwrap_or_default(),
        _ => return false,
    };
    let loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]") || host.ends_with(".localhost");
    match url.scheme() {
        "https" => !host.is_empty(),
        "http" => loopback,
        _ => false,
    }
}

/// A name is any URI; one that looks like a web address has to be one.
fn is_good_name(text: &str) -> bool {
    let web = text.starts_with("http:") || text.starts_with("https:");
    if web { is_good_url(text) } else { url::Url::parse(text).is_ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_validated() {
        for good in ["https://keycloak.example/realms/x", "http://localhost:8080/x", "http://127.0.0.1:1/x"] {
            assert!(is_good_url(good) && is_good_name(good), "{good}");
        }
        for bad in [
            "https:/keycloak/realms/x",
            "https:///realms/x",
            "/realms/x",
            "keycloak.example/x",
            "http://keycloak.example/x",
            "ftp://keycloak.example/x",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!is_good_url(bad), "{bad}");
        }
        assert!(is_good_name("urn:example:idp") && !is_good_name("https:/keycloak/x") && !is_good_name("x"));
    }

    /// The layout of a real file (public, of ap-northeast-1).
    #[test]
    fn our_own_metadata_is_laid_out_like_aws_own() {
        let settings = Settings { region: "ap-northeast-1".into(), ..Settings::default() };
        let expected = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://ap-northeast-1.signin.aws.amazon.com/platform/saml/d-1234567890"><md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat><md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://ap-northeast-1.signin.aws.amazon.com/platform/saml/acs/{}" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>"#,
            settings.saml_tenant
        );
        assert_eq!(of_service_provider(&settings, Entry::Proxy), expected);
    }
}
