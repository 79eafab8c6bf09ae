//! A certificate that the realm signs with.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::time::Time;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SigningCertificate {
    /// SHA-256 of the certificate in hex, with colons, as `openssl x509 -fingerprint` prints it.
    pub(crate) fingerprint: String,
    pub(crate) subject: String,
    pub(crate) not_before: DateTime<Utc>,
    pub(crate) not_after: DateTime<Utc>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("not base64: {0}")]
    Base64(String),
    #[error("not an X.509 certificate: {0}")]
    Der(String),
    #[error("its validity is outside of the calendar")]
    Time,
}

impl SigningCertificate {
    /// Reads the text of an `X509Certificate` element, which may have line breaks.
    pub(crate) fn parse(text: &str) -> Result<Self, CertificateError> {
        let joined: String = text.split_ascii_whitespace().collect();
        let der = STANDARD.decode(joined).map_err(|error| CertificateError::Base64(error.to_string()))?;
        let certificate =
            Certificate::from_der(&der).map_err(|error| CertificateError::Der(error.to_string()))?;
        let validity = &certificate.tbs_certificate.validity;
        Ok(Self {
            fingerprint: fingerprint(&der),
            subject: certificate.tbs_certificate.subject.to_string(),
            not_before: time(validity.not_before)?,
            not_after: time(validity.not_after)?,
        })
    }
}

fn time(time: Time) -> Result<DateTime<Utc>, CertificateError> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| CertificateError::Time)?;
    DateTime::from_timestamp(seconds, 0).ok_or(CertificateError::Time)
}

fn fingerprint(der: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(der) {
        let separator = if text.is_empty() { "" } else { ":" };
        let _ = write!(text, "{separator}{byte:02X}");
    }
    text
}
