//! The metadata of the real Keycloak.

use chrono::Utc;
use kcaws_test_keycloak::require_keycloak;
use serde_json::json;

use super::*;
use crate::ports::keycloak::Keycloak;
use crate::ports::keycloak::contract::connected;

#[test]
fn the_real_descriptor_is_read_and_its_rotation_seen() {
    let server = require_keycloak!();
    let realm = server.realm();
    let keycloak = connected(server, &realm, &[]);
    let read = || IdpMetadata::parse(&keycloak.descriptor().expect("is public")).expect("reads");
    let before = read();
    assert_eq!(before.entity_id, realm.url());
    assert_eq!(before.certificates.len(), 1);
    // Plain http on this machine; otherwise as AWS needs it.
    let findings = check(&before, &realm.url(), Utc::now());
    let codes: Vec<&str> = findings.iter().map(MetadataFinding::code).collect();
    assert_eq!(codes, ["trial"]);
    // The same server under another name, as behind a proxy.
    let elsewhere = check(&before, "https://sso.example.com/realms/a", Utc::now());
    assert!(elsewhere.iter().any(|finding| finding.code() == "host"), "{elsewhere:?}");

    let id = realm.admin("GET", "", None)["id"].clone();
    realm.admin(
        "POST",
        "/components",
        Some(&json!({
            "name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": id, "config": {"priority": ["200"]},
        })),
    );
    let kinds = changes(&before, &read());
    assert!(
        matches!(
            kinds[..],
            [MetadataChange::CertificateAdded { .. }, MetadataChange::ActiveCertificate { .. }]
        ),
        "{kinds:?}"
    );
}
