//! Attributes for access control (AWS user guide, "Attributes for access control" and "Troubleshooting").

use idc_sim::IdcSim;

use super::hostile::assert_refused;
use super::idp::{self, IDP, Shape, Visit};
use super::sign_in::arrive;
use crate::client::{ALICE, Client};

const URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
const BASIC: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
const GENERIC: &str = "urn:x-generic";

fn attribute(name: &str, format: &str, values: &[&str]) -> String {
    let values = values.iter().map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>"));
    let values: Vec<_> = values.collect();
    format!(r#"<saml:Attribute Name="{name}" NameFormat="{format}">{}</saml:Attribute>"#, values.concat())
}

fn statement(attributes: &[String]) -> String {
    format!("<saml:AttributeStatement>{}</saml:AttributeStatement>", attributes.concat())
}

fn access_control(key: &str, values: &[&str]) -> String {
    attribute(&format!("https://aws.amazon.com/SAML/Attributes/AccessControl:{key}"), URI, values)
}

fn many(count: usize) -> String {
    statement(&(0..count).map(|n| access_control(&n.to_string(), &["x"])).collect::<Vec<_>>())
}

/// As Keycloak's client scope `role_list` sends them: one attribute for each role, all with one name.
fn role_list() -> String {
    statement(&[
        attribute("Role", BASIC, &["offline_access"]),
        attribute("Role", BASIC, &["uma_authorization"]),
    ])
}

fn sim(on: bool) -> IdcSim {
    let builder = IdcSim::builder().external_user(ALICE).idp_metadata(&idp::metadata(&[IDP]));
    builder.access_control_attributes(on).start()
}

#[test]
fn rules_count_when_access_control_is_on() {
    let sim = sim(true);
    let client = Client::new(&sim);
    for (attributes, message) in [
        (many(51), "Assertion has more than 50 attributes"),
        (role_list(), "Assertion has two attributes with the same name"),
        (
            statement(&[attribute("Role", BASIC, &["a", "b"])]),
            "Assertion has an attribute with several values",
        ),
        (
            statement(&[access_control("A", &["<x xmlns='urn:x'/>"])]),
            "Assertion has an attribute with XML in its value",
        ),
        (
            statement(&[attribute("A", GENERIC, &["x"])]),
            "Assertion has an attribute whose name format is not a SAML one",
        ),
        // Two statements are one list.
        (
            statement(&[access_control("A", &["x"])]) + &statement(&[access_control("A", &["y"])]),
            "Assertion has two attributes with the same name",
        ),
    ] {
        let visit = Visit::begin(&client, "/start/sign-in");
        let shape = Shape { attributes, ..Shape::new(&sim, &visit) };
        sim.clear_trail();
        assert_refused(&sim, &visit.post(&client, &shape.xml()), message, message);
    }
    for attributes in [
        many(50),
        statement(&[access_control("CostCenter", &["blue &amp; red"]), access_control("Empty", &[])]),
        statement(&[attribute("Role", BASIC, &["a"]), r#"<saml:Attribute Name="Plain"/>"#.into()]),
    ] {
        let visit = Visit::begin(&client, "/start/sign-in");
        arrive(&client, &visit, &Shape { attributes, ..Shape::new(&sim, &visit) }.xml());
    }
}

#[test]
fn they_do_not_when_it_is_off() {
    let sim = sim(false);
    let client = Client::new(&sim);
    for attributes in [many(51), role_list(), statement(&[attribute("A", GENERIC, &["a", "<b/>"])])] {
        let visit = Visit::begin(&client, "/start/sign-in");
        arrive(&client, &visit, &Shape { attributes, ..Shape::new(&sim, &visit) }.xml());
    }
}
