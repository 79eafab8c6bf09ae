//! What Identity Center wants of a verified response (AWS user guide, "Other identity providers", "Attributes for access
//! control" and "Troubleshooting"; SAML profiles, section 4.1.4.3).

use std::time::{Duration, SystemTime};

use bergshamra::xml::uppsala::{Document, NodeId};
use chrono::DateTime;

use super::refusal::Refusal;
use super::response::Verified;
use super::xml;
use super::{ASSERTION, EMAIL_FORMAT};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const MAX_ATTRIBUTES: usize = 50;
const NAME_FORMATS: [&str; 3] = [
    "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
    "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
    "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
];

/// What a response is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    /// The ACS at which it came in.
    pub(super) acs: &'a str,
    pub(super) now: SystemTime,
    pub(super) tolerance: Duration,
    pub(super) attributes_count: bool,
}

/// What a response says, all of it checked against [`Expected`]. Whether the request is ours and the user exists is
/// for the caller to see.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) assertion_id: String,
    /// The same in the response and in the assertion's confirmation.
    pub(super) in_response_to: Option<String>,
    pub(super) name_id: String,
    pub(super) session_ends: Option<SystemTime>,
}

pub(super) fn check(
    document: &Document<'_>,
    verified: Verified,
    expected: &Expected<'_>,
) -> Result<Statement, Refusal> {
    let Verified { response, assertion } = verified;
    check_issuers(document, verified, expected)?;
    if xml::attribute(document, response, "Destination") != Some(expected.acs) {
        return Err(Refusal::Destination);
    }
    let in_response_to = xml::attribute(document, response, "InResponseTo");
    let subject = xml::child(document, assertion, ASSERTION, "Subject")?.ok_or(Refusal::Incomplete)?;
    check_confirmation(document, subject, in_response_to, expected)?;
    check_conditions(document, assertion, expected)?;
    let name_id = name_id(document, subject)?;
    let session_ends = session_ends(document, assertion, expected)?;
    if expected.attributes_count {
        check_attributes(document, assertion)?;
    }
    let id = xml::attribute(document, assertion, "ID").ok_or(Refusal::Incomplete)?;
    Ok(Statement {
        assertion_id: id.to_owned(),
        in_response_to: in_response_to.map(str::to_owned),
        name_id,
        session_ends,
    })
}

fn check_issuers(
    document: &Document<'_>,
    verified: Verified,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    let named = |node| -> Result<Option<String>, Refusal> {
        let Some(issuer) = xml::child(document, node, ASSERTION, "Issuer")? else { return Ok(None) };
        xml::text(document, issuer).map(Some).ok_or(Refusal::Issuer)
    };
    let of_response = named(verified.response)?;
    let of_assertion = named(verified.assertion)?.ok_or(Refusal::Incomplete)?;
    if of_assertion == expected.issuer && of_response.is_none_or(|issuer| issuer == expected.issuer) {
        Ok(())
    } else {
        Err(Refusal::Issuer)
    }
}

fn check_confirmation(
    document: &Document<'_>,
    subject: NodeId,
    in_response_to: Option<&str>,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    let confirmations = xml::children(document, subject, ASSERTION, "SubjectConfirmation");
    let bearer =
        confirmations.into_iter().find(|node| xml::attribute(document, *node, "Method") == Some(BEARER));
    let bearer = bearer.ok_or(Refusal::NoConfirmation)?;
    let data =
        xml::child(document, bearer, ASSERTION, "SubjectConfirmationData")?.ok_or(Refusal::NoConfirmation)?;
    if xml::attribute(document, data, "Recipient") != Some(expected.acs) {
        return Err(Refusal::Recipient);
    }
    if xml::attribute(document, data, "InResponseTo") != in_response_to {
        return Err(Refusal::RequestId);
    }
    check_window(document, data, expected)?;
    // A bearer's confirmation has to end (SAML profiles, section 4.1.4.2).
    xml::attribute(document, data, "NotOnOrAfter").map(|_| ()).ok_or(Refusal::Incomplete)
}

fn check_conditions(
    document: &Document<'_>,
    assertion: NodeId,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    let conditions = xml::child(document, assertion, ASSERTION, "Conditions")?.ok_or(Refusal::Incomplete)?;
    check_window(document, conditions, expected)?;
    let restrictions = xml::children(document, conditions, ASSERTION, "AudienceRestriction");
    let names_us = |restriction: &NodeId| {
        let audiences = xml::children(document, *restriction, ASSERTION, "Audience");
        audiences.into_iter().any(|node| xml::text(document, node).as_deref() == Some(expected.audience))
    };
    // Each restriction has to hold.
    if !restrictions.is_empty() && restrictions.iter().all(names_us) {
        Ok(())
    } else {
        Err(Refusal::Audience)
    }
}

/// `NotBefore` and `NotOnOrAfter` of an element, with the tolerance to both sides.
fn check_window(document: &Document<'_>, node: NodeId, expected: &Expected<'_>) -> Result<(), Refusal> {
    if time(document, node, "NotBefore")?.is_some_and(|begins| expected.now + expected.tolerance < begins) {
        return Err(Refusal::NotYetValid);
    }
    if time(document, node, "NotOnOrAfter")?.is_some_and(|ends| ends + expected.tolerance <= expected.now) {
        return Err(Refusal::Expired);
    }
    Ok(())
}

fn time(document: &Document<'_>, node: NodeId, name: &str) -> Result<Option<SystemTime>, Refusal> {
    let Some(text) = xml::attribute(document, node, name) else { return Ok(None) };
    DateTime::parse_from_rfc3339(text).map(|time| Some(time.into())).map_err(|_| Refusal::Incomplete)
}

/// The format is checked, and the value is plain text; whose name it is is another question.
fn name_id(document: &Document<'_>, subject: NodeId) -> Result<String, Refusal> {
    let node = xml::child(document, subject, ASSERTION, "NameID")?.ok_or(Refusal::NoNameId)?;
    if xml::attribute(document, node, "Format") != Some(EMAIL_FORMAT) {
        return Err(Refusal::NameIdFormat);
    }
    xml::text(document, node).ok_or(Refusal::NameIdMarkup)
}

/// The earliest `SessionNotOnOrAfter`.
fn session_ends(
    document: &Document<'_>,
    assertion: NodeId,
    expected: &Expected<'_>,
) -> Result<Option<SystemTime>, Refusal> {
    let mut earliest: Option<SystemTime> = None;
    for statement in xml::children(document, assertion, ASSERTION, "AuthnStatement") {
        let Some(end) = time(document, statement, "SessionNotOnOrAfter")? else { continue };
        if end <= expected.now {
            return Err(Refusal::Expired);
        }
        earliest = Some(earliest.map_or(end, |known| known.min(end)));
    }
    Ok(earliest)
}

fn check_attributes(document: &Document<'_>, assertion: NodeId) -> Result<(), Refusal> {
    let statements = xml::children(document, assertion, ASSERTION, "AttributeStatement");
    let attributes =
        statements.into_iter().flat_map(|node| xml::children(document, node, ASSERTION, "Attribute"));
    let attributes: Vec<NodeId> = attributes.collect();
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(Refusal::TooManyAttributes);
    }
    let mut names = Vec::new();
    for attribute in attributes {
        let name = xml::attribute(document, attribute, "Name").ok_or(Refusal::Incomplete)?;
        if names.contains(&name) {
            return Err(Refusal::RepeatedAttribute);
        }
        names.push(name);
        let format = xml::attribute(document, attribute, "NameFormat");
        // Absent means `unspecified` (SAML core, section 2.7.3.1).
        if format.is_some_and(|format| !NAME_FORMATS.contains(&format)) {
            return Err(Refusal::AttributeNameFormat);
        }
        let values = xml::children(document, attribute, ASSERTION, "AttributeValue");
        if values.len() > 1 {
            return Err(Refusal::MultiValuedAttribute);
        }
        if values.into_iter().any(|value| xml::text(document, value).is_none()) {
            return Err(Refusal::StructuredAttribute);
        }
    }
    Ok(())
}
