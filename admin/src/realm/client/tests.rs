use serde_json::json;

use super::audit::ClientAction;
use super::*;
use crate::ports::keycloak::{FakeKeycloak, Keycloak, KeycloakError, Right, ScopeKind};
use crate::realm::service_provider::tests::{ENTITY_ID, acs, metadata};

const FIRST: &str = "https://eu-central-1.signin.aws/platform/saml/acs/a";
const SECOND: &str = "https://us-east-1.signin.aws/platform/saml/acs/a";

fn provider(locations: &[&str]) -> ServiceProvider {
    let services: String = locations.iter().map(|location| acs(location, "")).collect();
    ServiceProvider::parse(&metadata(&services)).expect("metadata")
}

fn desired(name_id: &str) -> DesiredClient {
    DesiredClient::new(&provider(&[FIRST, SECOND]), &name_id.parse().expect("a source"), None)
}

fn paths(plan: &ClientPlan) -> Vec<String> {
    plan.changes.iter().map(ClientChange::path).collect()
}

/// Returns a realm in which the client is as desired.
fn applied(name_id: &str) -> FakeKeycloak {
    let keycloak = FakeKeycloak::default();
    let planned = plan(&keycloak, &desired(name_id)).expect("plans");
    apply(&keycloak, &desired(name_id), &planned, &Kept::default()).expect("applies");
    keycloak
}

#[test]
fn a_client_that_is_missing_is_created_and_then_there_is_nothing_to_do() {
    let keycloak = FakeKeycloak::default();
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    assert_eq!((planned.id.as_deref(), paths(&planned)), (None, vec!["client".to_owned()]));
    assert_eq!(keycloak.realm_mut().writes, [""; 0], "a plan writes nothing");
    apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect("applies");

    let client = keycloak.client(ENTITY_ID).expect("reads").expect("exists");
    assert_eq!(client.redirect_uris, [FIRST, SECOND].map(str::to_owned).into());
    assert_eq!(client.attributes["saml.client.signature"], "false");
    assert_eq!(client.attributes["saml_assertion_consumer_url_post"], FIRST);
    assert!(client.default_client_scopes.is_empty() && client.protocol_mappers.is_empty());
    let again = plan(&keycloak, &desired("email")).expect("plans");
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(apply(&keycloak, &desired("email"), &again, &Kept::default()).expect("applies"), []);
    assert_eq!(keycloak.realm_mut().writes, ["create_client"]);
}

#[test]
fn drift_of_owned_keys_is_shown_and_undone_and_foreign_keys_stay() {
    let keycloak = applied("email");
    {
        let mut realm = keycloak.realm_mut();
        let client = &mut realm.clients[0];
        client.attributes.insert("saml.client.signature".into(), "true".into());
        client.attributes.remove("saml.assertion.lifespan");
        client.attributes.insert("saml.artifact.binding".into(), "false".into());
        client.other.insert("name".into(), json!("Our AWS"));
        client.other.insert("enabled".into(), json!(false));
        client.redirect_uris.insert("https://old.example/acs".into());
        client.default_client_scopes.insert("role_list".into());
        client.protocol_mappers.push(ProtocolMapper {
            id: Some("m".into()),
            name: "cost center".into(),
            protocol: Some("saml".into()),
            kind: "saml-user-attribute-mapper".into(),
            config: [("attribute.name".to_owned(), "x".to_owned())].into(),
        });
        realm.writes.clear();
    }
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    let expected = [
        "enabled",
        "redirectUris",
        "attributes.saml.assertion.lifespan",
        "attributes.saml.client.signature",
        "default scopes.role_list",
    ];
    assert_eq!(paths(&planned), expected);
    let signature = &planned.changes[3];
    assert_eq!((signature.before(), signature.after()), (Some(json!("true")), Some(json!("false"))));
    let kind = "saml-user-attribute-mapper".to_owned();
    assert_eq!(planned.notes, [ClientNote::ForeignMapper { name: "cost center".into(), kind }]);

    apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect("applies");
    assert_eq!(keycloak.realm_mut().writes, ["update_client", "remove_client_scope"]);
    let client = keycloak.client(ENTITY_ID).expect("reads").expect("exists");
    assert_eq!(client.other["name"], "Our AWS");
    assert_eq!(client.attributes["saml.artifact.binding"], "false");
    assert_eq!(client.protocol_mappers.len(), 1);
    assert!(plan(&keycloak, &desired("email")).expect("plans").is_empty());
}

#[test]
fn the_name_id_comes_from_a_mapper_unless_it_is_the_email_address() {
    let keycloak = applied("username");
    let source = |keycloak: &FakeKeycloak| {
        name_id_source(&keycloak.client(ENTITY_ID).expect("reads").expect("exists"))
    };
    assert_eq!(source(&keycloak), Some(NameIdSource::Username));
    for (name_id, writes) in [
        ("attribute:awsName", vec!["update_mapper"]),
        ("email", vec!["remove_mapper"]),
        ("username", vec!["create_mapper"]),
    ] {
        keycloak.realm_mut().writes.clear();
        let planned = plan(&keycloak, &desired(name_id)).expect("plans");
        apply(&keycloak, &desired(name_id), &planned, &Kept::default()).expect("applies");
        assert_eq!(keycloak.realm_mut().writes, writes, "{name_id}");
        assert_eq!(source(&keycloak), Some(name_id.parse().expect("a source")));
    }
}

#[test]
fn only_one_mapper_decides_the_name_id() {
    let keycloak = applied("username");
    let mut second = keycloak.realm_mut().clients[0].protocol_mappers[0].clone();
    (second.id, second.name) = (Some("second".into()), "by hand".into());
    keycloak.realm_mut().clients[0].protocol_mappers.push(second);
    let client = keycloak.client(ENTITY_ID).expect("reads").expect("exists");
    assert_eq!(name_id_source(&client), None, "which one Keycloak takes is not certain");
    let planned = plan(&keycloak, &desired("username")).expect("plans");
    assert_eq!(paths(&planned), ["mappers.by hand"]);
}

#[test]
fn a_client_that_somebody_created_meanwhile_is_looked_at_again() {
    let keycloak = FakeKeycloak::default();
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    let other = json!({"clientId": ENTITY_ID, "protocol": "saml", "redirectUris": [FIRST], "enabled": true});
    keycloak.create_client(other.as_object().expect("an object")).expect("creates");
    let made = apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect("applies");
    assert!(made.iter().any(|change| change.path() == "attributes.saml.client.signature"), "{made:?}");
    assert!(plan(&keycloak, &desired("email")).expect("plans").is_empty());
}

#[test]
fn an_application_of_another_kind_is_left_alone() {
    let keycloak = FakeKeycloak::default();
    let other = json!({"clientId": ENTITY_ID, "protocol": "openid-connect"});
    keycloak.create_client(other.as_object().expect("an object")).expect("creates");
    let error = plan(&keycloak, &desired("email")).expect_err("is refused");
    assert!(matches!(error, ClientPlanError::AnotherProtocol { .. }), "{error:?}");
}

#[test]
fn a_missing_right_is_named() {
    let keycloak = FakeKeycloak::default();
    keycloak.realm_mut().missing_rights.insert(Right::ManageClients);
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    let error = apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect_err("is refused");
    let needs = Right::ManageClients;
    assert!(matches!(error, ClientApplyError::Keycloak(KeycloakError::Forbidden { needs: n }) if n == needs));
}

#[test]
fn a_change_that_keycloak_does_not_keep_is_an_error() {
    let keycloak = applied("email");
    keycloak.realm_mut().clients[0].default_client_scopes.insert("role_list".into());
    let mut planned = plan(&keycloak, &desired("email")).expect("plans");
    let name = "role_list".to_owned();
    planned.changes = vec![ClientChange::RemoveScope { kind: ScopeKind::Default, id: "other".into(), name }];
    let error =
        apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect_err("it is still there");
    assert!(matches!(error, ClientApplyError::NotSettled(1)), "{error:?}");
}

#[test]
fn a_name_id_is_one_of_three_sources() {
    for text in ["email", "username", "attribute:awsName"] {
        assert_eq!(text.parse::<NameIdSource>().expect("a source").to_string(), text);
    }
    for text in ["", "mail", "attribute:", "attribute: ", "Email"] {
        assert!(text.parse::<NameIdSource>().is_err(), "{text}");
    }
    let mapped = |kind: &str, format: Option<&str>| {
        let mut config = BTreeMap::from([("user.attribute".to_owned(), "username".to_owned())]);
        config.extend(format.map(|format| ("mapper.nameid.format".to_owned(), format.to_owned())));
        let mapper = ProtocolMapper { kind: kind.to_owned(), config, ..ProtocolMapper::default() };
        name_id_source(&crate::ports::keycloak::KeycloakClient {
            attributes: [("saml_name_id_format".to_owned(), "email".to_owned())].into(),
            protocol_mappers: vec![mapper],
            ..Default::default()
        })
    };
    assert_eq!(mapped(NAME_ID_MAPPER, Some(EMAIL_FORMAT)), Some(NameIdSource::Username));
    assert_eq!(mapped(NAME_ID_MAPPER, Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")), None);
    assert_eq!(mapped(NAME_ID_MAPPER, None), None);
    assert_eq!(mapped("script", Some(EMAIL_FORMAT)), None);
    assert_eq!(mapped("saml-user-attribute-mapper", None), Some(NameIdSource::Email));
    let transient = [("saml_name_id_format".to_owned(), "transient".to_owned())].into();
    let client = crate::ports::keycloak::KeycloakClient { attributes: transient, ..Default::default() };
    assert_eq!(name_id_source(&client), None);
}

#[test]
fn every_write_is_recorded_and_none_is_made_that_cannot_be() {
    let keycloak = applied("email");
    let planned = plan(&keycloak, &desired("attribute:employeeNumber")).expect("plans");
    let audit = Kept::default();
    apply(&keycloak, &desired("attribute:employeeNumber"), &planned, &audit).expect("applies");
    let writes = audit.writes.borrow();
    let actions: Vec<ClientAction> = writes.iter().map(|(action, _, _)| *action).collect();
    assert_eq!(actions, [ClientAction::CreateMapper]);
    let recorded: Vec<String> = writes.iter().flat_map(|(_, paths, _)| paths.clone()).collect();
    assert_eq!(recorded, paths(&planned));

    let keycloak = FakeKeycloak::default();
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    let audit = Kept { room: 0, ..Kept::default() };
    let error = apply(&keycloak, &desired("email"), &planned, &audit).expect_err("is full");
    assert!(matches!(error, ClientApplyError::Audit(_)), "{error:?}");
    keycloak.realm_mut().clients.clear();
    keycloak.realm_mut().missing_rights.insert(Right::ManageClients);
    let audit = Kept::default();
    apply(&keycloak, &desired("email"), &planned, &audit).expect_err("is refused");
    assert_eq!(
        audit.writes.borrow().as_slice(),
        [(ClientAction::CreateClient, vec!["client".to_owned()], false)]
    );
}
