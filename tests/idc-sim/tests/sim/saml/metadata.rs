//! What an administrator carries between the two sides.

use idc_sim::{AcsUrls, IdcSim};

use super::idp::{self, ENTITY_ID, IDP, OTHER, SIGN_ON};
use crate::client::Client;

const URL_VALIDATION: &str =
    "Unable to build attributes from provided metadata object as url validation failed";

#[test]
fn ours_is_at_an_address_and_in_the_library() {
    let sim = IdcSim::builder().identity_store("d-9567b34c60").region("ap-northeast-1").start();
    let client = Client::new(&sim);
    let answer = client.get("/platform/saml/metadata");
    assert_eq!(answer.header("content-type"), "application/samlmetadata+xml");
    assert_eq!(answer.body, sim.sp_metadata());
    let entity_id = "https://ap-northeast-1.signin.aws.amazon.com/platform/saml/d-9567b34c60";
    assert_eq!(idp::attribute(&answer.body, "entityID"), entity_id);
    assert_eq!(idp::attribute(&answer.body, "Location"), sim.acs_urls()[0]);
    for absent in ["KeyDescriptor", "SingleLogoutService", "validUntil"] {
        assert!(!answer.body.contains(absent), "{absent}");
    }
    let proxy = Client::by_proxy(&sim, "https://ap-northeast-1.signin.aws.amazon.com");
    assert_eq!(proxy.get("/platform/saml/metadata").body, sim.sp_metadata_by_proxy());
    let facts = client.get("/_sim/sp-metadata").json();
    assert_eq!(facts["plain"]["entity_id"], entity_id);
    assert_eq!(facts["plain"]["acs_urls"][0], sim.acs_urls()[0]);
    assert_eq!(facts["proxy"]["metadata"], sim.sp_metadata_by_proxy());
}

#[test]
fn a_replicated_instance_lists_every_acs_and_one_default() {
    let sim = IdcSim::builder().acs_urls(AcsUrls::Every).add_region("eu-west-1").start();
    let metadata = sim.sp_metadata();
    assert_eq!(metadata.matches("<md:AssertionConsumerService ").count(), 5);
    assert_eq!(metadata.matches("isDefault=\"true\"").count(), 1);
    for (index, url) in sim.acs_urls().iter().enumerate() {
        assert!(metadata.contains(&format!("Location=\"{url}\" index=\"{index}\"")), "{url}");
    }
    let answer = Client::new(&sim).post_form(&sim.acs_urls()[4], &[], &[("SAMLResponse", "")]);
    assert_eq!(answer.status, 400);
}

#[test]
fn theirs_is_taken_as_keycloak_writes_it() {
    let sim = IdcSim::builder().start();
    for metadata in [
        idp::metadata(&[IDP]),
        idp::metadata(&[IDP, OTHER]),
        // The same certificate twice is one.
        idp::metadata(&[IDP, OTHER, IDP]),
        format!("\u{feff}\n{}\n", idp::metadata(&[IDP])),
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}</md:EntitiesDescriptor>",
            idp::metadata(&[IDP])
        ),
        idp::metadata_of(
            "urn:example:idp",
            &idp::key_descriptor(&IDP.packed()),
            &idp::services("https://idp.example/x"),
        ),
        idp::metadata(&[IDP]) + &" ".repeat(1000),
        idp::metadata(&[IDP]).replace(" use=\"signing\"", ""),
    ] {
        assert_eq!(sim.set_idp_metadata(&metadata), Ok(()), "{metadata}");
    }
}

#[test]
fn bad_metadata_is_refused_and_changes_nothing() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let key = idp::key_descriptor(&IDP.packed());
    let services = idp::services(SIGN_ON);
    let elliptic = idp::key_descriptor(
        include_str!("elliptic.crt")
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<String>()
            .as_str(),
    );
    for (metadata, said) in [
        (idp::metadata(&[IDP]) + &" ".repeat(75_000), "75000 are allowed".to_owned()),
        (String::new(), "not well-formed".to_owned()),
        ("<html>Not Found</html>".to_owned(), "0 IDPSSODescriptors".to_owned()),
        (sim.sp_metadata(), "0 IDPSSODescriptors".to_owned()),
        (format!("<!DOCTYPE x>{}", idp::metadata(&[IDP])), "document type".to_owned()),
        (idp::metadata_of("", &key, &services), "no entityID".to_owned()),
        // A server behind a proxy that does not know its name.
        (
            idp::metadata_of("https:/keycloak/realms/x", &key, &services),
            format!("{URL_VALIDATION}: entityID"),
        ),
        (
            idp::metadata_of(ENTITY_ID, &key, &idp::services("https:/keycloak/x")),
            format!("{URL_VALIDATION}: SingleSignOnService"),
        ),
        (
            idp::metadata_of(ENTITY_ID, &key, &idp::services("http://keycloak.example/x")),
            URL_VALIDATION.to_owned(),
        ),
        (idp::metadata_of(ENTITY_ID, "", &services), "no X.509 certificate".to_owned()),
        (
            idp::metadata_of(ENTITY_ID, &key.replace("signing", "encryption"), &services),
            "no X.509 certificate".to_owned(),
        ),
        (idp::metadata_of(ENTITY_ID, &idp::key_descriptor("AAAA"), &services), "X509Certificate".to_owned()),
        (idp::metadata_of(ENTITY_ID, &idp::key_descriptor("%"), &services), "not base64".to_owned()),
        (idp::metadata_of(ENTITY_ID, &elliptic, &services), "not RSA".to_owned()),
        (idp::metadata_of(ENTITY_ID, &key, ""), "no SingleSignOnService".to_owned()),
    ] {
        let answer = client.send("POST", "/_sim/idp-metadata", &[], &metadata);
        assert_eq!(answer.status, 400, "{metadata}");
        let error = answer.json()["error"].as_str().expect("an error").to_owned();
        assert!(error.contains(&said), "{said}: {error}");
        assert_eq!(sim.set_idp_metadata(&metadata), Err(error));
    }
    assert_eq!(client.get("/start/sign-in").status, 200, "the password form");
    let refused = IdcSim::builder().idp_metadata("<a/>").try_start();
    assert_eq!(refused.err().map(|error| error.kind()), Some(std::io::ErrorKind::InvalidInput));
}

#[test]
fn three_certificates_are_one_too_many() {
    let third = include_str!("third.crt");
    let third: String = third.lines().filter(|line| !line.starts_with('-')).collect();
    let keys: String =
        [IDP.packed(), OTHER.packed(), third].iter().map(|key| idp::key_descriptor(key)).collect();
    let sim = IdcSim::builder().start();
    let refused = sim.set_idp_metadata(&idp::metadata_of(ENTITY_ID, &keys, &idp::services(SIGN_ON)));
    assert!(refused.is_err_and(|error| error.contains("3 certificates")));
}
