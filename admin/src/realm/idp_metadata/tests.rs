use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

const REALM: &str = "https://sso.example.com/realms/corp";

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-24T08:00:00Z").expect("a time").to_utc()
}

/// Returns the text of a certificate that is valid for a number of days before and after now.
fn certificate(before: i64, after: i64) -> String {
    let day = |days: i64| {
        let time = now() + TimeDelta::days(days);
        let part = |number: u32| u8::try_from(number).expect("small");
        date_time_ymd(time.year(), part(time.month()), part(time.day()))
    };
    let mut params = CertificateParams::new(vec![]).expect("parameters");
    (params.not_before, params.not_after) = (day(-before), day(after));
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    pem.lines().filter(|line| !line.starts_with("-----")).collect::<Vec<_>>().join("\n")
}

fn descriptor(realm: &str, certificates: &[String]) -> String {
    let key = |text: &String| {
        format!(
            r#"<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#
        )
    };
    let keys = certificates.iter().map(key).collect::<Vec<_>>().concat();
    format!(
        r#"<md:EntityDescriptor xmlns:md="{METADATA}" xmlns:ds="{SIGNATURE}" entityID="{realm}"><md:IDPSSODescriptor WantAuthnRequestsSigned="true">{keys}<md:SingleSignOnService Binding="{HTTP_POST}" Location="{realm}/protocol/saml"/><md:SingleSignOnService Binding="{HTTP_REDIRECT}" Location="{realm}/protocol/saml"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

fn parsed(realm: &str, certificates: &[String]) -> IdpMetadata {
    IdpMetadata::parse(&descriptor(realm, certificates)).expect("reads")
}

fn codes(metadata: &IdpMetadata) -> Vec<&'static str> {
    check(metadata, REALM, now()).iter().map(MetadataFinding::code).collect()
}

#[test]
fn good_metadata_has_no_findings() {
    let metadata = parsed(REALM, &[certificate(1, 365)]);
    assert_eq!((metadata.entity_id.as_str(), metadata.sign_in_urls.len()), (REALM, 1));
    assert_eq!(codes(&metadata), [""; 0]);
    assert_eq!(metadata.certificates[0].fingerprint.len(), 95);
    assert_eq!(metadata.certificates[0].not_after.date_naive(), (now() + TimeDelta::days(365)).date_naive());
}

#[test]
fn urls_that_aws_refuses_are_found() {
    let good = [certificate(1, 365)];
    // The middle one is what a wrong proxy setting makes of it.
    assert_eq!(codes(&parsed("http://sso.example.com/realms/corp", &good)), ["entity_id", "sign_in_url"]);
    assert_eq!(codes(&parsed("https:/keycloak/realms/corp", &good)), ["entity_id", "sign_in_url", "host"]);
    assert_eq!(codes(&parsed("/realms/corp", &good)), ["entity_id", "sign_in_url"]);
    let inside = parsed("https://keycloak:8443/realms/corp", &good);
    let expected = MetadataFinding::Host {
        url: "https://keycloak:8443/realms/corp".to_owned(),
        found: "keycloak:8443".to_owned(),
        expected: "sso.example.com".to_owned(),
    };
    assert_eq!(check(&inside, REALM, now()), [expected]);
    let mut no_service = parsed(REALM, &good);
    no_service.sign_in_urls.clear();
    assert_eq!(codes(&no_service), ["no_sign_in_url"]);
}

#[test]
fn certificates_that_end_are_found_before_they_do() {
    let (good, soon, over, future) =
        (certificate(1, 365), certificate(1, 29), certificate(9, -1), certificate(-2, 365));
    let of = |certificates: &[&String]| {
        codes(&parsed(REALM, &certificates.iter().map(|text| (*text).clone()).collect::<Vec<_>>()))
    };
    assert_eq!(of(&[]), ["no_certificate"]);
    assert_eq!(of(&[&soon]), ["certificate_ends_soon", "no_certificate"]);
    assert_eq!(of(&[&over]), ["certificate_expired", "no_certificate"]);
    assert_eq!(of(&[&future]), ["certificate_not_yet_valid", "no_certificate"]);
    assert_eq!(of(&[&good, &soon]), ["certificate_ends_soon"]);
    assert_eq!(of(&[&good, &good, &good]), ["too_many_certificates"]);
    let warning = check(&parsed(REALM, &[good, soon]), REALM, now());
    assert_eq!(warning[0].severity(), Severity::Warning);
}

#[test]
fn a_file_that_is_too_long_is_found_by_its_characters() {
    let text = descriptor(REALM, &[certificate(1, 365)]);
    let filled = |characters: usize| {
        let comment = format!("<!--{}-->", "é".repeat(characters - text.chars().count() - 7));
        IdpMetadata::parse(&format!("{text}{comment}")).expect("reads")
    };
    assert_eq!(codes(&filled(75_000)), [""; 0]);
    assert_eq!(codes(&filled(75_001)), ["too_long"]);
    assert_eq!(IdpMetadata::parse(&" ".repeat(LARGEST + 1)), Err(IdpMetadataError::TooLarge));
}

#[test]
fn other_files_are_refused() {
    let good = descriptor(REALM, &[certificate(1, 365)]);
    let no_idp = good.replace("IDPSSODescriptor", "SPSSODescriptor");
    assert_eq!(IdpMetadata::parse(&no_idp), Err(IdpMetadataError::NotOneIdentityProvider));
    assert_eq!(IdpMetadata::parse(&format!("<!DOCTYPE a>{good}")), Err(IdpMetadataError::Doctype));
    assert!(matches!(IdpMetadata::parse("no"), Err(IdpMetadataError::NotXml(_))));
    for text in ["!", "aGVsbG8="] {
        let broken = descriptor(REALM, &[text.to_owned()]);
        assert!(matches!(IdpMetadata::parse(&broken), Err(IdpMetadataError::Certificate(_))), "{text}");
    }
}

#[test]
fn a_rotation_is_seen() {
    let (old, new) = (certificate(1, 100), certificate(1, 365));
    let (before, both) =
        (parsed(REALM, std::slice::from_ref(&old)), parsed(REALM, &[old.clone(), new.clone()]));
    let (rotated, after) = (parsed(REALM, &[new.clone(), old]), parsed(REALM, &[new]));
    let print = |metadata: &IdpMetadata| metadata.certificates[0].fingerprint.clone();
    assert_eq!(changes(&before, &before), []);
    assert_eq!(changes(&before, &both), [MetadataChange::CertificateAdded { fingerprint: print(&after) }]);
    let active = MetadataChange::ActiveCertificate { before: print(&before), after: print(&after) };
    assert_eq!(changes(&both, &rotated), [active]);
    assert_eq!(
        changes(&rotated, &after),
        [MetadataChange::CertificateRemoved { fingerprint: print(&before) }]
    );
    assert_eq!(changes(&before, &after).len(), 3);
    let moved = parsed("https://id.example.com/realms/corp", &[]);
    assert_eq!(changes(&parsed(REALM, &[]), &moved).len(), 2);
}
