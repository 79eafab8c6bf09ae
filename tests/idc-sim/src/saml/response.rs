//! A response as it comes in: read it, find its one assertion, and prove that exactly that element is signed.
//!
//! The answer binds by node, not by ID: the signature must be in the element that is used, and what the verifier
//! hashed must be that element of the same parsed document. Signature wrapping lives from anything less.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra::DsigContext;
use bergshamra::dsig::verify::{VerifyResult, verify_all_document_with_source};
use bergshamra::xml::uppsala::{Document, NodeId};

use super::metadata::IdentityProviderMetadata;
use super::refusal::Refusal;
use super::xml::{self, Broken, Several};
use super::{ASSERTION, DSIG, PROTOCOL};
use crate::switches::SignatureOn;

/// One of Keycloak's with both signatures has about 8,000 (observed of 26.7.4). AWS's limit is not known.
const MAX_CHARACTERS: usize = 200_000;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

impl From<Several> for Refusal {
    fn from(_: Several) -> Self {
        Self::Incomplete
    }
}

/// Decodes the form field. Identity providers may break lines in it.
pub(super) fn decode(field: &str) -> Result<String, Refusal> {
    if field.len() > MAX_CHARACTERS {
        return Err(Refusal::TooLarge);
    }
    let packed: String = field.split_whitespace().collect();
    let bytes = STANDARD.decode(packed).map_err(|_| Refusal::NotBase64)?;
    String::from_utf8(bytes).map_err(|_| Refusal::NotXml)
}

pub(super) fn parse(text: &str) -> Result<Document<'_>, Refusal> {
    xml::parse(text).map_err(|broken| match broken {
        Broken::DocumentType => Refusal::DocumentType,
        Broken::Malformed => Refusal::NotXml,
    })
}

/// The two elements of a response that count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verified {
    pub(super) response: NodeId,
    pub(super) assertion: NodeId,
}

/// Finds the assertion and verifies every signature of the document.
pub(super) fn verify(
    document: &Document<'_>,
    text: &str,
    provider: &IdentityProviderMetadata,
    signature_on: SignatureOn,
) -> Result<Verified, Refusal> {
    let verified = find(document)?;
    let signed = signed_elements(document, verified)?;
    let enough = match signature_on {
        SignatureOn::Assertion => signed.contains(&verified.assertion),
        SignatureOn::AssertionOrResponse => !signed.is_empty(),
    };
    if !enough {
        return Err(Refusal::Unsigned);
    }
    verify_signatures(document, text, provider, &signed)?;
    Ok(verified)
}

fn find(document: &Document<'_>) -> Result<Verified, Refusal> {
    let response = document.document_element().ok_or(Refusal::NotXml)?;
    if !xml::is(document, response, PROTOCOL, "Response")
        || xml::attribute(document, response, "Version") != Some("2.0")
    {
        return Err(Refusal::NotAResponse);
    }
    let status = xml::child(document, response, PROTOCOL, "Status")?.ok_or(Refusal::Incomplete)?;
    let code = xml::child(document, status, PROTOCOL, "StatusCode")?.ok_or(Refusal::Incomplete)?;
    if xml::attribute(document, code, "Value") != Some(SUCCESS) {
        return Err(Refusal::Status);
    }
    if !xml::everywhere(document, ASSERTION, "EncryptedAssertion").is_empty() {
        return Err(Refusal::Encrypted);
    }
    let [assertion] = xml::everywhere(document, ASSERTION, "Assertion")[..] else {
        return Err(Refusal::AssertionCount);
    };
    if document.parent(assertion) != Some(response) {
        return Err(Refusal::AssertionPlace);
    }
    if xml::attribute(document, assertion, "Version") != Some("2.0") {
        return Err(Refusal::Incomplete);
    }
    Ok(Verified { response, assertion })
}

/// The elements that have a signature of their own, in document order. Each signature has to be of the plain kind that
/// SAML allows (core, section 5.4) and AWS is known to take: one reference, to the element that it is in.
fn signed_elements(document: &Document<'_>, verified: Verified) -> Result<Vec<NodeId>, Refusal> {
    let mut signed = Vec::new();
    for signature in xml::everywhere(document, DSIG, "Signature") {
        let parent = document.parent(signature);
        let parent = parent.filter(|node| [verified.response, verified.assertion].contains(node));
        let parent = parent.ok_or(Refusal::SignaturePlace)?;
        if signed.contains(&parent) {
            return Err(Refusal::SignaturePlace);
        }
        check_shape(document, signature, parent)?;
        signed.push(parent);
    }
    Ok(signed)
}

fn check_shape(document: &Document<'_>, signature: NodeId, parent: NodeId) -> Result<(), Refusal> {
    let inside = |node, name| xml::child(document, node, DSIG, name)?.ok_or(Refusal::SignatureCoverage);
    let algorithm = |node| xml::attribute(document, node, "Algorithm");
    let info = inside(signature, "SignedInfo")?;
    let reference = inside(info, "Reference")?;
    let id = xml::attribute(document, parent, "ID").filter(|id| !id.is_empty()).ok_or(Refusal::Incomplete)?;
    if xml::attribute(document, reference, "URI").and_then(|uri| uri.strip_prefix('#')) != Some(id)
        || !xml::children(document, signature, DSIG, "Object").is_empty()
    {
        return Err(Refusal::SignatureCoverage);
    }
    let transforms = inside(reference, "Transforms")?;
    let transforms = xml::children(document, transforms, DSIG, "Transform");
    let plain =
        transforms.into_iter().all(|node| matches!(algorithm(node), Some(ENVELOPED | EXCLUSIVE_C14N)));
    if plain
        && algorithm(inside(info, "CanonicalizationMethod")?) == Some(EXCLUSIVE_C14N)
        && algorithm(inside(info, "SignatureMethod")?) == Some(RSA_SHA256)
        && algorithm(inside(reference, "DigestMethod")?) == Some(SHA256)
    {
        Ok(())
    } else {
        Err(Refusal::SignatureAlgorithm)
    }
}

/// By the keys of the metadata alone, whatever the message brings along.
fn verify_signatures(
    document: &Document<'_>,
    text: &str,
    provider: &IdentityProviderMetadata,
    signed: &[NodeId],
) -> Result<(), Refusal> {
    let context = DsigContext::new(provider.keys());
    // The only fault of the document as a whole that is left here: two elements with one ID.
    let results = verify_all_document_with_source(&context, document, Some(text));
    let results = results.map_err(|_| Refusal::RepeatedId)?;
    for (node, result) in signed.iter().zip(&results) {
        let VerifyResult::Valid { signature_node, references, .. } = result else {
            return Err(Refusal::Signature);
        };
        let covers =
            matches!(&references[..], [only] if only.digest_verified && only.resolved_node == Some(*node));
        if document.parent(*signature_node) != Some(*node) || !covers {
            return Err(Refusal::SignatureCoverage);
        }
    }
    if results.len() == signed.len() { Ok(()) } else { Err(Refusal::SignaturePlace) }
}
