//! IAM Identity Center as a service provider: the SAML metadata that AWS offers for download.

use roxmltree::{Document, Node, ParsingOptions};
use serde::{Deserialize, Serialize};

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// AWS's file has about 1 KB, and some hundred bytes for each Region.
const LARGEST: usize = 256 * 1024;
/// An instance is in a few Regions, each with three hosts.
const MOST_SERVICES: usize = 200;

/// What the realm has to know of a service provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceProvider {
    /// Compared byte by byte by Keycloak.
    pub(crate) entity_id: String,
    /// Every place that takes responses by POST, in the order of the file.
    pub(crate) services: Vec<AssertionConsumerService>,
    pub(crate) name_id_formats: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AssertionConsumerService {
    pub(crate) location: String,
    pub(crate) index: Option<u16>,
    pub(crate) is_default: Option<bool>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ServiceProviderError {
    #[error("the file is larger than {} KB", LARGEST / 1024)]
    TooLarge,
    #[error("the file is not XML: {0}")]
    NotXml(String),
    #[error("the file has a DOCTYPE, which no SAML metadata has")]
    Doctype,
    #[error("the file is not SAML metadata")]
    NotMetadata,
    #[error("the file describes {0} entities instead of one")]
    SeveralEntities(usize),
    /// The realm's own file, or that of another identity provider.
    #[error("the file is the metadata of an identity provider, not of a service provider")]
    IdentityProvider,
    #[error("the file has no entity ID")]
    NoEntityId,
    #[error("the file has no place that takes SAML responses by POST")]
    NoPostService,
    #[error("the file has more than {MOST_SERVICES} places that take SAML responses")]
    TooManyServices,
    #[error("`{0}` in the file is not an absolute https URL")]
    Location(String),
}

impl ServiceProvider {
    /// Reads metadata; a byte order mark and blanks around it do not matter.
    pub(crate) fn parse(text: &str) -> Result<Self, ServiceProviderError> {
        if text.len() > LARGEST {
            return Err(ServiceProviderError::TooLarge);
        }
        let text = text.trim_start_matches('\u{feff}').trim();
        let options = ParsingOptions { allow_dtd: false, nodes_limit: 20_000, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|error| match error {
            roxmltree::Error::DtdDetected => ServiceProviderError::Doctype,
            other => ServiceProviderError::NotXml(other.to_string()),
        })?;
        let entity = the_entity(&document)?;
        let description = service_description(entity)?;
        let services = post_services(description)?;
        let entity_id = entity.attribute("entityID").unwrap_or_default().to_owned();
        if entity_id.trim().is_empty() {
            return Err(ServiceProviderError::NoEntityId);
        }
        let formats = children(description, "NameIDFormat");
        let name_id_formats =
            formats.filter_map(|format| format.text().map(|text| text.trim().to_owned())).collect();
        Ok(Self { entity_id, services, name_id_formats })
    }

    /// Returns the place that takes responses unless a request names another one (SAML Metadata, section 2.2.3).
    pub(crate) fn default_service(&self) -> &AssertionConsumerService {
        let by_rank = |service: &&AssertionConsumerService| {
            let rank = match service.is_default {
                Some(true) => 0,
                None => 1,
                Some(false) => 2,
            };
            (rank, service.index.unwrap_or(u16::MAX))
        };
        self.services.iter().min_by_key(by_rank).expect("metadata without a service is refused")
    }
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name((METADATA, name)))
}

/// Returns the one entity, alone or in a list of one.
fn the_entity<'a, 'i>(document: &'a Document<'i>) -> Result<Node<'a, 'i>, ServiceProviderError> {
    let mut entities =
        document.descendants().filter(|node| node.has_tag_name((METADATA, "EntityDescriptor")));
    let first = entities.next().ok_or(ServiceProviderError::NotMetadata)?;
    match entities.count() {
        0 => Ok(first),
        more => Err(ServiceProviderError::SeveralEntities(more + 1)),
    }
}

fn service_description<'a, 'i>(entity: Node<'a, 'i>) -> Result<Node<'a, 'i>, ServiceProviderError> {
    let speaks_saml2 = |node: &Node<'_, '_>| {
        let protocols = node.attribute("protocolSupportEnumeration").unwrap_or(PROTOCOL);
        protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
    };
    if let Some(found) = children(entity, "SPSSODescriptor").find(speaks_saml2) {
        return Ok(found);
    }
    Err(match children(entity, "IDPSSODescriptor").next() {
        Some(_) => ServiceProviderError::IdentityProvider,
        None => ServiceProviderError::NoPostService,
    })
}

fn post_services(description: Node<'_, '_>) -> Result<Vec<AssertionConsumerService>, ServiceProviderError> {
    let found = children(description, "AssertionConsumerService");
    let by_post = found.filter(|service| service.attribute("Binding") == Some(HTTP_POST));
    let services = by_post.take(MOST_SERVICES + 1).map(service).collect::<Result<Vec<_>, _>>()?;
    match services.len() {
        0 => Err(ServiceProviderError::NoPostService),
        1..=MOST_SERVICES => Ok(services),
        _ => Err(ServiceProviderError::TooManyServices),
    }
}

fn service(node: Node<'_, '_>) -> Result<AssertionConsumerService, ServiceProviderError> {
    let location = node.attribute("Location").unwrap_or_default().trim();
    if !is_service_url(location) {
        return Err(ServiceProviderError::Location(location.to_owned()));
    }
    let is_default = match node.attribute("isDefault").map(str::trim) {
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        _ => None,
    };
    let index = node.attribute("index").and_then(|index| index.trim().parse().ok());
    Ok(AssertionConsumerService { location: location.to_owned(), index, is_default })
}

/// Returns whether users may be sent there with a signed assertion. A wildcard would register more than this place.
fn is_service_url(location: &str) -> bool {
    let Ok(url) = url::Url::parse(location) else { return false };
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    is_safe && url.has_host() && !location.contains(['*', ' ']) && url.username().is_empty()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const ENTITY_ID: &str =
        "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-1234567890";

    /// Returns metadata as AWS writes it, with these elements in the description.
    pub(crate) fn metadata(services: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="{METADATA}" entityID="{ENTITY_ID}"><md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}"><md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>{services}</md:SPSSODescriptor></md:EntityDescriptor>"#
        )
    }

    /// Returns a place that takes responses by POST.
    pub(crate) fn acs(location: &str, attributes: &str) -> String {
        format!(r#"<md:AssertionConsumerService Binding="{HTTP_POST}" Location="{location}" {attributes}/>"#)
    }

    fn locations(provider: &ServiceProvider) -> Vec<&str> {
        provider.services.iter().map(|service| service.location.as_str()).collect()
    }

    #[test]
    fn every_place_of_the_file_is_read() {
        let services = acs("https://eu-central-1.signin.aws/platform/saml/acs/a", r#"index="2""#)
            + &acs(
                "https://eu-central-1.sso.signin.aws/platform/saml/acs/a",
                r#"index="1" isDefault="true""#,
            )
            + r#"<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:PAOS" Location="https://x/" index="3"/>"#
            + &acs("https://us-east-1.signin.aws/platform/saml/acs/a", r#"index="0" isDefault="false""#);
        let provider = ServiceProvider::parse(&metadata(&services)).expect("reads");
        assert_eq!(provider.entity_id, ENTITY_ID);
        assert_eq!(provider.name_id_formats, ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"]);
        assert_eq!(locations(&provider).len(), 3);
        assert!(provider.default_service().location.contains("sso.signin.aws"));
    }

    #[test]
    fn the_default_place_follows_the_standard() {
        for (first, second, default) in [
            (r#"index="1""#, r#"index="0""#, "https://b.example/"),
            (r#"index="5" isDefault="true""#, r#"index="0""#, "https://a.example/"),
            (r#"index="0" isDefault="false""#, r#"index="1""#, "https://b.example/"),
            (r#"index="0" isDefault="false""#, r#"index="1" isDefault="false""#, "https://a.example/"),
            ("", "", "https://a.example/"),
        ] {
            let services = acs("https://a.example/", first) + &acs("https://b.example/", second);
            let provider = ServiceProvider::parse(&metadata(&services)).expect("reads");
            assert_eq!(provider.default_service().location, default, "{first} {second}");
        }
    }

    #[test]
    fn a_byte_order_mark_blanks_and_a_list_of_one_do_not_matter() {
        let plain = metadata(&acs("https://a.example/", ""));
        let expected = ServiceProvider::parse(&plain).expect("reads");
        let body = plain.split_once("?>").expect("a declaration").1;
        for text in [
            format!("\u{feff}{plain}"),
            format!("\u{feff}\r\n  {plain}\n\n"),
            format!(r#"<md:EntitiesDescriptor xmlns:md="{METADATA}">{body}</md:EntitiesDescriptor>"#),
        ] {
            assert_eq!(ServiceProvider::parse(&text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn other_files_are_refused_with_the_reason() {
        let good = metadata(&acs("https://a.example/", ""));
        let body = good.split_once("?>").expect("a declaration").1;
        let idp = good.replace("SPSSODescriptor", "IDPSSODescriptor");
        let two =
            format!(r#"<md:EntitiesDescriptor xmlns:md="{METADATA}">{body}{body}</md:EntitiesDescriptor>"#);
        let many = metadata(&acs("https://a.example/", "").repeat(MOST_SERVICES + 1));
        for (text, error) in [
            (idp, ServiceProviderError::IdentityProvider),
            (two, ServiceProviderError::SeveralEntities(2)),
            (format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{body}"), ServiceProviderError::Doctype),
            (" ".repeat(LARGEST + 1), ServiceProviderError::TooLarge),
            (metadata(""), ServiceProviderError::NoPostService),
            (good.replace("HTTP-POST", "HTTP-Redirect"), ServiceProviderError::NoPostService),
            (good.replace(ENTITY_ID, " "), ServiceProviderError::NoEntityId),
            ("<a/>".to_owned(), ServiceProviderError::NotMetadata),
            (many, ServiceProviderError::TooManyServices),
        ] {
            assert_eq!(ServiceProvider::parse(&text), Err(error));
        }
        for text in ["", "{}", "<md:EntityDescriptor"] {
            assert!(matches!(ServiceProvider::parse(text), Err(ServiceProviderError::NotXml(_))), "{text}");
        }
        for location in
            ["", "/acs", "http://a.example/", "https://*.example/", "javascript:alert(1)", "https://u@a/"]
        {
            let error = ServiceProviderError::Location(location.to_owned());
            assert_eq!(ServiceProvider::parse(&metadata(&acs(location, ""))), Err(error));
        }
    }
}
