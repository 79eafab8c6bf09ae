use kcaws_test_keycloak::require_keycloak;
use serde_json::json;

use crate::fixture::Office;

#[test]
fn metadata_that_aws_cannot_use_is_not_saved() {
    let server = require_keycloak!();
    // No right at all is needed, and no secret.
    let office = Office::new(server, &[]);
    office.env.remove_env("KCAWS_KEYCLOAK_SECRET_FILE");
    // Keycloak believes to be `localhost`.
    office.write_access_file(&server.url().replace("localhost", "127.0.0.1"), office.realm.name());
    let refused = office.admin("metadata --out idp.xml").run().expect_code(1);
    refused.expect_stdout("instead of 127.0.0.1").expect_stderr("AWS cannot use the metadata");
    assert!(!office.env.home().join("idp.xml").exists());
    let report = office.admin("metadata --json").run().expect_code(1).stdout_json();
    let codes: Vec<_> = report["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["trial", "host"], "{report}");
    assert_eq!((&report["schema"], &report["changes"]), (&json!(1), &json!(null)));
    assert_eq!(report["certificates"].as_array().unwrap().len(), 1);
}

#[test]
fn a_rotation_is_reported_against_the_file_that_aws_was_given() {
    let server = require_keycloak!();
    let office = Office::new(server, &[]);
    office.env.write_home_file("given.xml", office.realm.descriptor());
    let same = office.admin("metadata --check given.xml --json").run().stdout_json();
    assert_eq!(same["changes"], json!([]));
    let id = office.realm.admin("GET", "", None)["id"].clone();
    office.realm.admin(
        "POST",
        "/components",
        Some(&json!({
            "name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": id, "config": {"priority": ["200"]},
        })),
    );
    let rotated = office.admin("metadata --check given.xml --json").run().stdout_json();
    let kinds: Vec<_> =
        rotated["changes"].as_array().unwrap().iter().map(|change| &change["change"]).collect();
    assert_eq!(kinds, ["certificate_added", "active_certificate"]);
    office.admin("metadata --check given.xml").run().expect_stdout("AWS does not know the certificate");
}
