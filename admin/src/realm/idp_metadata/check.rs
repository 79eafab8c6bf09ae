//! What AWS would refuse, what breaks logins, and what changed since the last upload.

use chrono::{DateTime, TimeDelta, Utc};
use kcaws::ports::identity_center::loopback_or_https;
use serde::Serialize;
use url::Url;

use super::{IdpMetadata, SigningCertificate};

/// AWS refuses a longer file.
const MOST_CHARACTERS: usize = 75_000;
/// How long a certificate has to be valid: nobody can log in from the day on which it ends.
const LEAST_VALIDITY: TimeDelta = TimeDelta::days(30);
/// One, and during a rotation the next one.
const MOST_CERTIFICATES: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    Warning,
    /// AWS refuses the file, or nobody can log in with it.
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MetadataFinding {
    #[error("the entity ID `{0}` is not an absolute https URL")]
    EntityId(String),
    #[error("the sign-in URL `{0}` is not an absolute https URL")]
    SignInUrl(String),
    /// A realm on this machine, to try things out.
    #[error("`{0}` is plain http on this machine: good for a trial, but AWS takes https only")]
    Trial(String),
    #[error("there is no sign-in URL for browsers")]
    NoSignInUrl,
    /// Keycloak builds its URLs from the request unless its host name is configured.
    #[error("`{url}` has the host {found} instead of {expected}")]
    Host { url: String, found: String, expected: String },
    #[error("no signing certificate is valid for another {} days", LEAST_VALIDITY.num_days())]
    NoCertificate,
    #[error("there are {0} signing certificates; AWS keeps {MOST_CERTIFICATES}")]
    TooManyCertificates(usize),
    #[error("the certificate {fingerprint} ended on {not_after}")]
    Expired { fingerprint: String, not_after: DateTime<Utc> },
    #[error("the certificate {fingerprint} ends on {not_after}")]
    EndsSoon { fingerprint: String, not_after: DateTime<Utc> },
    #[error("the certificate {fingerprint} is not valid before {not_before}")]
    NotYetValid { fingerprint: String, not_before: DateTime<Utc> },
    #[error("the file has {0} characters; AWS takes {MOST_CHARACTERS}")]
    TooLong(usize),
}

impl MetadataFinding {
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Self::EntityId(_)
            | Self::SignInUrl(_)
            | Self::NoSignInUrl
            | Self::Host { .. }
            | Self::NoCertificate
            | Self::TooLong(_) => Severity::Error,
            // A second certificate may be the good one; that there is none is found by itself.
            Self::Trial(_)
            | Self::TooManyCertificates(_)
            | Self::Expired { .. }
            | Self::EndsSoon { .. }
            | Self::NotYetValid { .. } => Severity::Warning,
        }
    }

    /// Returns a stable name for scripts.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::EntityId(_) => "entity_id",
            Self::SignInUrl(_) => "sign_in_url",
            Self::Trial(_) => "trial",
            Self::NoSignInUrl => "no_sign_in_url",
            Self::Host { .. } => "host",
            Self::NoCertificate => "no_certificate",
            Self::TooManyCertificates(_) => "too_many_certificates",
            Self::Expired { .. } => "certificate_expired",
            Self::EndsSoon { .. } => "certificate_ends_soon",
            Self::NotYetValid { .. } => "certificate_not_yet_valid",
            Self::TooLong(_) => "too_long",
        }
    }
}

/// Returns what is wrong with the metadata of a realm that browsers reach at `realm_url`.
pub(crate) fn check(metadata: &IdpMetadata, realm_url: &str, now: DateTime<Utc>) -> Vec<MetadataFinding> {
    let mut findings = Vec::new();
    let urls = || std::iter::once(&metadata.entity_id).chain(&metadata.sign_in_urls);
    if is_of_a_trial(realm_url) && urls().all(|url| is_of_a_trial(url)) {
        findings.push(MetadataFinding::Trial(metadata.entity_id.clone()));
    } else {
        if !is_absolute_https(&metadata.entity_id) {
            findings.push(MetadataFinding::EntityId(metadata.entity_id.clone()));
        }
        let bad_urls = metadata.sign_in_urls.iter().filter(|url| !is_absolute_https(url));
        findings.extend(bad_urls.map(|url| MetadataFinding::SignInUrl(url.clone())));
    }
    if metadata.sign_in_urls.is_empty() {
        findings.push(MetadataFinding::NoSignInUrl);
    }
    findings.extend(wrong_hosts(metadata, realm_url));
    findings.extend(certificate_findings(&metadata.certificates, now));
    if metadata.characters > MOST_CHARACTERS {
        findings.push(MetadataFinding::TooLong(metadata.characters));
    }
    findings
}

/// Returns whether AWS takes a URL: `https:/host`, as it comes from a wrong setting, is repaired by lenient parsers.
fn is_absolute_https(text: &str) -> bool {
    let has_host = |url: &Url| url.host_str().is_some_and(|host| !host.is_empty());
    let starts = text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    starts && Url::parse(text).ok().as_ref().is_some_and(has_host)
}

/// Returns whether a URL is plain http to this machine.
fn is_of_a_trial(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "http" && loopback_or_https(&url))
}

/// Returns host and port.
fn authority(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn wrong_hosts(metadata: &IdpMetadata, realm_url: &str) -> Option<MetadataFinding> {
    let expected = authority(realm_url)?;
    let urls = std::iter::once(&metadata.entity_id).chain(&metadata.sign_in_urls);
    let mut hosts = urls.filter_map(|url| Some((url, authority(url)?)));
    // One is enough: they all come from the same setting.
    let (url, found) = hosts.find(|(_, host)| *host != expected)?;
    Some(MetadataFinding::Host { url: url.clone(), found, expected })
}

fn certificate_findings(certificates: &[SigningCertificate], now: DateTime<Utc>) -> Vec<MetadataFinding> {
    let mut findings: Vec<MetadataFinding> =
        certificates.iter().filter_map(|certificate| certificate_finding(certificate, now)).collect();
    let lasts = |certificate: &&SigningCertificate| certificate_finding(certificate, now).is_none();
    if certificates.iter().find(lasts).is_none() {
        findings.push(MetadataFinding::NoCertificate);
    }
    if certificates.len() > MOST_CERTIFICATES {
        findings.push(MetadataFinding::TooManyCertificates(certificates.len()));
    }
    findings
}

fn certificate_finding(certificate: &SigningCertificate, now: DateTime<Utc>) -> Option<MetadataFinding> {
    let SigningCertificate { fingerprint, not_before, not_after, .. } = certificate.clone();
    if now > not_after {
        Some(MetadataFinding::Expired { fingerprint, not_after })
    } else if not_after - now < LEAST_VALIDITY {
        Some(MetadataFinding::EndsSoon { fingerprint, not_after })
    } else if now < not_before {
        Some(MetadataFinding::NotYetValid { fingerprint, not_before })
    } else {
        None
    }
}

/// A difference between what AWS was given and what the realm is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum MetadataChange {
    EntityId {
        before: String,
        after: String,
    },
    SignInUrls {
        before: Vec<String>,
        after: Vec<String>,
    },
    /// Signatures with it are refused until AWS gets the new file.
    CertificateAdded {
        fingerprint: String,
    },
    CertificateRemoved {
        fingerprint: String,
    },
    /// The realm signs with another one than before.
    ActiveCertificate {
        before: String,
        after: String,
    },
}

/// Returns what changed since AWS was given `before`.
pub(crate) fn changes(before: &IdpMetadata, after: &IdpMetadata) -> Vec<MetadataChange> {
    let mut changes = Vec::new();
    if before.entity_id != after.entity_id {
        let (before, after) = (before.entity_id.clone(), after.entity_id.clone());
        changes.push(MetadataChange::EntityId { before, after });
    }
    if before.sign_in_urls != after.sign_in_urls {
        let (before, after) = (before.sign_in_urls.clone(), after.sign_in_urls.clone());
        changes.push(MetadataChange::SignInUrls { before, after });
    }
    let missing_in = |others: &IdpMetadata, one: &SigningCertificate| {
        !others.certificates.iter().any(|other| other.fingerprint == one.fingerprint)
    };
    let added = after.certificates.iter().filter(|one| missing_in(before, one));
    changes
        .extend(added.map(|one| MetadataChange::CertificateAdded { fingerprint: one.fingerprint.clone() }));
    let removed = before.certificates.iter().filter(|one| missing_in(after, one));
    changes.extend(
        removed.map(|one| MetadataChange::CertificateRemoved { fingerprint: one.fingerprint.clone() }),
    );
    if let (Some(before), Some(after)) = (before.certificates.first(), after.certificates.first())
        && before.fingerprint != after.fingerprint
    {
        let (before, after) = (before.fingerprint.clone(), after.fingerprint.clone());
        changes.push(MetadataChange::ActiveCertificate { before, after });
    }
    changes
}
