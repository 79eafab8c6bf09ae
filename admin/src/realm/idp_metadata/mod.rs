//! The realm's SAML metadata, as AWS gets it: what is in it, and what AWS would refuse.

mod certificate;
mod check;
#[cfg(all(test, unix))]
mod real_tests;
#[cfg(test)]
mod tests;

use roxmltree::{Document, Node, ParsingOptions};
use serde::{Deserialize, Serialize};

pub(crate) use certificate::{CertificateError, SigningCertificate};
pub(crate) use check::{MetadataChange, MetadataFinding, Severity, changes, check};

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// Ten times what AWS takes; more is not worth parsing.
const LARGEST: usize = 750_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IdpMetadata {
    pub(crate) entity_id: String,
    /// Where a user's browser is sent to, by POST or redirect.
    pub(crate) sign_in_urls: Vec<String>,
    /// The certificates that signatures are verified with, the active one first.
    pub(crate) certificates: Vec<SigningCertificate>,
    /// AWS counts characters.
    pub(crate) characters: usize,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdpMetadataError {
    #[error("the metadata is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the metadata is not XML: {0}")]
    NotXml(String),
    #[error("the metadata has a DOCTYPE")]
    Doctype,
    #[error("the metadata does not describe exactly one identity provider")]
    NotOneIdentityProvider,
    #[error("a certificate in the metadata cannot be read: {0}")]
    Certificate(#[from] CertificateError),
}

impl IdpMetadata {
    pub(crate) fn parse(text: &str) -> Result<Self, IdpMetadataError> {
        if text.len() > LARGEST {
            return Err(IdpMetadataError::TooLarge);
        }
        let options = ParsingOptions { allow_dtd: false, nodes_limit: 50_000, ..ParsingOptions::default() };
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        let document = Document::parse_with_options(trimmed, options).map_err(|error| match error {
            roxmltree::Error::DtdDetected => IdpMetadataError::Doctype,
            other => IdpMetadataError::NotXml(other.to_string()),
        })?;
        let mut providers =
            document.descendants().filter(|node| node.has_tag_name((METADATA, "IDPSSODescriptor")));
        let (Some(provider), None) = (providers.next(), providers.next()) else {
            return Err(IdpMetadataError::NotOneIdentityProvider);
        };
        let entity = provider.parent().filter(|parent| parent.has_tag_name((METADATA, "EntityDescriptor")));
        let entity = entity.ok_or(IdpMetadataError::NotOneIdentityProvider)?;
        Ok(Self {
            entity_id: entity.attribute("entityID").unwrap_or_default().to_owned(),
            sign_in_urls: sign_in_urls(provider),
            certificates: certificates(provider)?,
            characters: text.chars().count(),
        })
    }
}

fn sign_in_urls(provider: Node<'_, '_>) -> Vec<String> {
    let services = provider.children().filter(|node| node.has_tag_name((METADATA, "SingleSignOnService")));
    let by_browser =
        services.filter(|node| matches!(node.attribute("Binding"), Some(HTTP_POST | HTTP_REDIRECT)));
    let mut urls: Vec<String> =
        by_browser.filter_map(|node| node.attribute("Location")).map(str::to_owned).collect();
    urls.dedup();
    urls
}

/// Returns the certificates for signatures; a key without `use` is for both purposes (SAML Metadata, section 2.4.1.1).
fn certificates(provider: Node<'_, '_>) -> Result<Vec<SigningCertificate>, CertificateError> {
    let keys = provider.children().filter(|node| node.has_tag_name((METADATA, "KeyDescriptor")));
    let signing = keys.filter(|node| node.attribute("use").is_none_or(|purpose| purpose == "signing"));
    let texts = signing.flat_map(|key| {
        key.descendants()
            .filter(|node| node.has_tag_name((SIGNATURE, "X509Certificate")))
            .filter_map(|node| node.text())
    });
    texts.map(SigningCertificate::parse).collect()
}
