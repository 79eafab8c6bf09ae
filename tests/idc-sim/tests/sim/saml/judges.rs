//! Two verifiers that share no line: the one that the simulator uses, and Debian's xmlsec1. They are asked about the
//! signatures alone, each by itself and with the identity provider's certificate: what a signature covers and where it
//! stands is not their question here, and in a wrapping attack it is valid.

#![expect(clippy::disallowed_methods, reason = "tests: files for another program, and that program")]

use std::path::Path;
use std::process::{Command, Stdio};

use bergshamra::dsig::verify::verify_all;
use bergshamra::keys::loader::load_x509_cert_pem;
use bergshamra::{DsigContext, Error, KeysManager};

use super::idp::{IDP, Pair};

/// Which signatures are valid, in document order; `None` if the document cannot be read.
pub(crate) type Verdict = Option<Vec<bool>>;

pub(crate) fn bergshamra(xml: &[u8]) -> Verdict {
    let mut keys = KeysManager::new();
    keys.add_key(load_x509_cert_pem(IDP.certificate.as_bytes()).expect("a certificate"));
    let context = DsigContext::new(keys).with_strict_verification(false);
    match verify_all(&context, std::str::from_utf8(xml).ok()?) {
        Ok(results) => Some(results.iter().map(bergshamra::VerifyResult::is_valid).collect()),
        Err(Error::MissingElement(_)) => Some(Vec::new()),
        Err(_) => None,
    }
}

/// By its exit code: it complains of self-signed certificates even where a signature is good.
pub(crate) fn xmlsec1(program: &Path, xml: &[u8]) -> Verdict {
    let folder = tempfile::tempdir().expect("a folder");
    let (message, certificate) = (folder.path().join("message.xml"), folder.path().join("idp.pem"));
    std::fs::write(&message, xml).expect("written");
    std::fs::write(&certificate, IDP.certificate).expect("written");
    let run = |xpath: Option<String>| {
        let mut command = Command::new(program);
        command.args(["--verify", "--pubkey-cert-pem"]).arg(&certificate);
        for element in ["assertion:Assertion", "protocol:Response"] {
            command.arg("--id-attr:ID").arg(format!("urn:oasis:names:tc:SAML:2.0:{element}"));
        }
        command.args(xpath.iter().flat_map(|xpath| ["--node-xpath", xpath]));
        let status = command.arg(&message).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.expect("xmlsec1 runs").success()
    };
    let signatures = String::from_utf8_lossy(xml).matches("<dsig:Signature ").count();
    if signatures == 0 {
        assert!(!run(None), "xmlsec1 found a signature where there is none");
        return is_read(program, &message).then(Vec::new);
    }
    let verdicts = (1..=signatures).map(|n| run(Some(format!("(//*[local-name()='Signature'])[{n}]"))));
    let verdicts: Vec<bool> = verdicts.collect();
    (verdicts.contains(&true) || is_read(program, &message)).then_some(verdicts)
}

/// xmlsec1 says by one exit code that a file is broken and that a signature is; its words tell them apart.
fn is_read(program: &Path, message: &Path) -> bool {
    let output = Command::new(program).arg("--verify").arg(message).output().expect("xmlsec1 runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    !said.contains("failed to parse xml file") && !said.contains("xmlSecParseFile")
}

/// Fills in the first signature of `template`, with algorithms that the simulator's verifier does not even have.
pub(crate) fn sign_with_xmlsec1(program: &Path, template: &str, pair: &Pair) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (message, key) = (folder.path().join("message.xml"), folder.path().join("idp.key"));
    std::fs::write(&message, template).expect("written");
    std::fs::write(&key, pair.private()).expect("written");
    let output = Command::new(program)
        .args(["--sign", "--privkey-pem"])
        .arg(&key)
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .arg(&message)
        .output()
        .expect("xmlsec1 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
