//! Certificates to trust besides the platform's: those of PEM files that the environment and `~/.aws/config` name.

use std::error::Error;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::platform::env::Env;
use crate::platform::foreign_file;

/// A file of certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub path: PathBuf,
    /// The setting, and its place.
    pub named_by: String,
    /// Whether an unreadable file affects nothing else.
    pub is_optional: bool,
}

impl Bundle {
    /// Returns the file that the environment names.
    ///
    /// A variable that kcaws itself set from a profile is for other tools.
    pub fn of_env(env: &Env) -> Vec<Self> {
        let path = env.by_hand_raw("AWS_CA_BUNDLE").map(PathBuf::from);
        let named_by = "AWS_CA_BUNDLE".to_owned();
        path.map(|path| Self { path, named_by, is_optional: false }).into_iter().collect()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    #[error("cannot read the certificates in `{path}` ({})", .bundle.named_by, path = .bundle.path.display())]
    Unreadable { bundle: Bundle, source: std::io::Error },
    #[error("`{path}` ({}) contains no PEM certificate", .bundle.named_by, path = .bundle.path.display())]
    NoCertificate { bundle: Bundle },
}

#[derive(Debug, Default)]
pub struct Roots {
    /// PEM, with each certificate checked: the SDK panics on one that cannot be parsed.
    pub pems: Vec<String>,
    /// What else the files contain, in words.
    pub left_out: Vec<String>,
}

/// The labels under which OpenSSL, and with it the AWS CLI, reads certificates.
const PLAIN: [&str; 2] = ["CERTIFICATE", "X509 CERTIFICATE"];
/// With OpenSSL's own data after the certificate: what it is trusted for.
const TRUSTED: &str = "TRUSTED CERTIFICATE";

impl Roots {
    pub fn read(bundles: &[Bundle]) -> Result<Self, RootsError> {
        let mut roots = Self::default();
        for bundle in bundles {
            match roots.add(bundle) {
                Err(error) if bundle.is_optional => {
                    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
                    roots.left_out.push(format!("{error}{cause}"));
                }
                outcome => outcome?,
            }
        }
        Ok(roots)
    }

    fn add(&mut self, bundle: &Bundle) -> Result<(), RootsError> {
        let text = foreign_file::read(&bundle.path)
            .map_err(|source| RootsError::Unreadable { bundle: bundle.clone(), source })?;
        if self.take(&text, |why| format!("{}: {why}", bundle.path.display())) == 0 {
            return Err(RootsError::NoCertificate { bundle: bundle.clone() });
        }
        Ok(())
    }

    /// Reads the certificates and returns how many can be used.
    ///
    /// One oddity in a company's bundle (an expired X.509 v1 root, say) must not affect the others.
    fn take(&mut self, text: &[u8], in_file: impl Fn(String) -> String) -> usize {
        let mut usable_ones = 0;
        for (line, label, body) in blocks(&String::from_utf8_lossy(text)) {
            let certificate = match label.as_str() {
                TRUSTED => certificate_of(&body).and_then(|der| trusted_for_servers(&der)),
                label if PLAIN.contains(&label) => certificate_of(&body),
                // Keys and revocation lists are not certificates.
                _ => continue,
            };
            match certificate.and_then(usable) {
                Ok(pem) => {
                    usable_ones += 1;
                    if !self.pems.contains(&pem) {
                        self.pems.push(pem);
                    }
                }
                Err(why) => self.left_out.push(in_file(format!("the certificate at line {line} {why}"))),
            }
        }
        usable_ones
    }
}

/// Returns the PEM blocks of a text: line, label and content.
fn blocks(text: &str) -> Vec<(usize, String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let border = |begin: &str| Some(line.strip_prefix(begin)?.strip_suffix("-----")?.to_owned());
        if let Some(label) = border("-----BEGIN ") {
            // A block that is never closed is an oddity too.
            blocks.extend(open.replace((at + 1, label, String::new())));
        } else if border("-----END ").is_some() {
            blocks.extend(open.take());
        } else if let Some((.., body)) = &mut open {
            body.push_str(line);
        }
    }
    blocks.extend(open);
    blocks
}

fn certificate_of(body: &str) -> Result<Vec<u8>, &'static str> {
    let der = BASE64_STANDARD.decode(body).map_err(|_| "is not base64")?;
    if der.is_empty() { Err("is empty") } else { Ok(der) }
}

/// Returns the certificate without OpenSSL's data, if that allows it for servers.
fn trusted_for_servers(der: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (certificate, remarks) = der::split(der).ok_or("is not DER")?;
    if !remarks.is_empty() && !der::trusts_servers(remarks).ok_or("has OpenSSL data that cannot be read")? {
        return Err("is not trusted for servers by its own OpenSSL data");
    }
    Ok(certificate.to_vec())
}

fn usable(der: Vec<u8>) -> Result<String, &'static str> {
    let body = BASE64_STANDARD.encode(&der);
    RootCertStore::empty().add(CertificateDer::from(der)).map_err(|_| "cannot be used as a root")?;
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    // The SDK parses it again, and panics if it cannot.
    let again = CertificateDer::pem_slice_iter(pem.as_bytes()).next().is_some_and(|read| read.is_ok());
    if again { Ok(pem) } else { Err("cannot be written as PEM") }
}

/// As much of DER (X.690) as OpenSSL's data need.
mod der {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    /// `[0] IMPLICIT SEQUENCE`: what it is not trusted for.
    const REJECTED: u8 = 0xa0;
    /// id-kp-serverAuth (RFC 5280 section 4.2.1.12) and anyExtendedKeyUsage.
    const SERVERS: [&[u8]; 2] = [&[0x2b, 6, 1, 5, 5, 7, 3, 1], &[0x55, 0x1d, 0x25, 0]];

    /// Returns the first element, whole, and the rest.
    pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (_, content, rest) = element(bytes)?;
        let whole = bytes.len().checked_sub(rest.len())?;
        (bytes.first() == Some(&SEQUENCE) && !content.is_empty()).then(|| bytes.split_at(whole))
    }

    /// Parses `X509_CERT_AUX`: a sequence of what it is trusted for, if that is limited, then of what it is not.
    pub(crate) fn trusts_servers(remarks: &[u8]) -> Option<bool> {
        let (tag, mut fields, _) = element(remarks)?;
        let mut is_trusted = true;
        while !fields.is_empty() {
            let (field, content, rest) = element(fields)?;
            match field {
                SEQUENCE => is_trusted &= names_servers(content)?,
                REJECTED => is_trusted &= !names_servers(content)?,
                _ => {}
            }
            fields = rest;
        }
        (tag == SEQUENCE).then_some(is_trusted)
    }

    fn names_servers(mut list: &[u8]) -> Option<bool> {
        let mut found = false;
        while !list.is_empty() {
            let (tag, content, rest) = element(list)?;
            found |= tag == OBJECT_IDENTIFIER && SERVERS.contains(&content);
            list = rest;
        }
        Some(found)
    }

    /// Returns tag, content and the rest.
    fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
        let (tag, rest) = bytes.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        Some((*tag, content, rest))
    }
}

#[cfg(test)]
mod tests;
