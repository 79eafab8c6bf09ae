//! Proof that AWS gets the name that Identity Center knows a user by.

use roxmltree::{Document, Node, ParsingOptions};
use serde::Serialize;

use super::client::{NameIdSource, name_id_source};
use crate::ports::keycloak::{Keycloak, KeycloakClient, KeycloakError, KeycloakObject, KeycloakUser};

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const EMAIL_FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// Where the name was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NameIdEvidence {
    /// Keycloak made an example of the response: nothing is left to doubt.
    ExampleResponse,
    /// The format and the mappers of the client, read as Keycloak reads them.
    ClientMappers,
}

/// The name that AWS gets for a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NameIdProof {
    /// `None` if the response would have none: the user has no such attribute.
    pub(crate) name_id: Option<String>,
    /// AWS takes the format of e-mail addresses only.
    pub(crate) has_email_format: bool,
    pub(crate) evidence: NameIdEvidence,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum NameIdError {
    #[error(transparent)]
    Keycloak(#[from] KeycloakError),
    #[error("the example of a SAML response cannot be read: {0}")]
    Example(String),
    /// A persistent or transient name, a script, or several mappers.
    #[error("what the client sends as NameID cannot be found out from its settings")]
    UnknownSource,
}

impl NameIdProof {
    /// Returns whether AWS finds the user: names are compared byte by byte.
    #[cfg(test)]
    pub(crate) fn matches(&self, user_name: &str) -> bool {
        self.has_email_format && self.name_id.as_deref() == Some(user_name)
    }
}

/// Returns what AWS gets as the name of a user.
pub(crate) fn prove(
    keycloak: &dyn Keycloak,
    client: &KeycloakClient,
    user: &KeycloakUser,
) -> Result<NameIdProof, NameIdError> {
    match keycloak.example_saml_response(&client.id, &user.id) {
        Ok(xml) => of_response(&xml),
        // An older version, or one that makes no example for a user without a name.
        Err(KeycloakError::NotFound { object: KeycloakObject::Endpoint | KeycloakObject::User, .. }) => {
            of_mappers(client, user)
        }
        Err(error) => Err(error.into()),
    }
}

fn of_response(xml: &str) -> Result<NameIdProof, NameIdError> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 20_000, ..ParsingOptions::default() };
    let document = Document::parse_with_options(xml, options)
        .map_err(|error| NameIdError::Example(error.to_string()))?;
    let is_subject = |node: &Node<'_, '_>| node.has_tag_name((ASSERTION, "Subject"));
    let subject = document.descendants().find(is_subject);
    let name_id =
        subject.and_then(|subject| subject.children().find(|node| node.has_tag_name((ASSERTION, "NameID"))));
    Ok(NameIdProof {
        name_id: name_id.and_then(|node| node.text()).map(str::to_owned),
        has_email_format: name_id.is_some_and(|node| node.attribute("Format") == Some(EMAIL_FORMAT)),
        evidence: NameIdEvidence::ExampleResponse,
    })
}

fn of_mappers(client: &KeycloakClient, user: &KeycloakUser) -> Result<NameIdProof, NameIdError> {
    let source = name_id_source(client).ok_or(NameIdError::UnknownSource)?;
    let name_id = name_of(&source, user);
    Ok(NameIdProof { name_id, has_email_format: true, evidence: NameIdEvidence::ClientMappers })
}

/// Returns the name of a user by a source; `None` if the user has none.
pub(crate) fn name_of(source: &NameIdSource, user: &KeycloakUser) -> Option<String> {
    let name = match source {
        NameIdSource::Email => user.email.clone(),
        NameIdSource::Username => Some(user.username.clone()),
        NameIdSource::Attribute(name) => user.attributes.get(name).and_then(|values| values.first().cloned()),
    };
    name.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keycloak::{FakeKeycloak, ProtocolMapper, Right};

    fn user() -> KeycloakUser {
        KeycloakUser {
            id: "u".to_owned(),
            username: "alice".to_owned(),
            email: Some("alice@example.com".to_owned()),
            attributes: [("awsName".to_owned(), vec!["al".to_owned(), "second".to_owned()])].into(),
            ..KeycloakUser::default()
        }
    }

    fn client(attribute: Option<&str>) -> KeycloakClient {
        let mapper = |attribute: &str| ProtocolMapper {
            kind: "saml-user-attribute-nameid-mapper".to_owned(),
            config: [("mapper.nameid.format", EMAIL_FORMAT), ("user.attribute", attribute)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..ProtocolMapper::default()
        };
        KeycloakClient {
            id: "c".to_owned(),
            attributes: [("saml_name_id_format".to_owned(), "email".to_owned())].into(),
            protocol_mappers: attribute.map(mapper).into_iter().collect(),
            ..KeycloakClient::default()
        }
    }

    fn response(subject: &str) -> String {
        format!(
            r#"<p:Response xmlns:p="p" xmlns:a="{ASSERTION}"><a:Assertion>{subject}</a:Assertion></p:Response>"#
        )
    }

    fn realm(example: Option<String>) -> FakeKeycloak {
        let keycloak = FakeKeycloak::default();
        {
            let mut realm = keycloak.realm_mut();
            realm.users.push(user());
            realm.clients.push(client(None));
            realm.examples = example.map(|example| [("u".to_owned(), example)].into());
        }
        keycloak
    }

    #[test]
    fn an_example_decides_where_there_is_one() {
        let name = format!(r#"<a:Subject><a:NameID Format="{EMAIL_FORMAT}">Alice@x</a:NameID></a:Subject>"#);
        let proof = prove(&realm(Some(response(&name))), &client(None), &user()).expect("reads");
        assert_eq!(
            (proof.name_id.as_deref(), proof.evidence),
            (Some("Alice@x"), NameIdEvidence::ExampleResponse)
        );
        assert!(proof.matches("Alice@x") && !proof.matches("alice@x"), "byte by byte");

        let other = name.replace(EMAIL_FORMAT, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent");
        let proof = prove(&realm(Some(response(&other))), &client(None), &user()).expect("reads");
        assert!(!proof.matches("Alice@x"), "AWS refuses the format");
        let none = prove(&realm(Some(response(""))), &client(None), &user()).expect("reads");
        assert_eq!((none.name_id, none.has_email_format), (None, false));
        let broken = prove(&realm(Some("<".to_owned())), &client(None), &user());
        assert!(matches!(broken, Err(NameIdError::Example(_))));
    }

    #[test]
    fn the_mappers_decide_in_an_older_version() {
        for (mapped, name) in [
            (None, Some("alice@example.com")),
            (Some("username"), Some("alice")),
            (Some("awsName"), Some("al")),
            (Some("missing"), None),
        ] {
            let proof = prove(&realm(None), &client(mapped), &user()).expect("reads");
            assert_eq!((proof.name_id.as_deref(), proof.evidence), (name, NameIdEvidence::ClientMappers));
        }
        let mut transient = client(None);
        transient.attributes.insert("saml_name_id_format".to_owned(), "transient".to_owned());
        assert!(matches!(prove(&realm(None), &transient, &user()), Err(NameIdError::UnknownSource)));
    }

    #[test]
    fn a_missing_right_is_no_proof() {
        let keycloak = realm(None);
        keycloak.realm_mut().missing_rights.insert(Right::ViewClients);
        let error = prove(&keycloak, &client(None), &user()).expect_err("is refused");
        assert!(matches!(error, NameIdError::Keycloak(KeycloakError::Forbidden { .. })), "{error:?}");
    }

    #[cfg(unix)]
    #[test]
    fn keycloaks_own_example_and_the_mappers_agree() {
        use serde_json::json;

        let server = kcaws_test_keycloak::require_keycloak!();
        let realm = server.realm();
        let rights = [Right::ManageClients, Right::ViewUsers];
        let keycloak = crate::ports::keycloak::contract::connected(server, &realm, &rights);
        let alice = realm.create_user("alice", "Alice@Example.com", "alice-pw");
        let alice = keycloak.user(alice.id()).expect("reads").expect("exists");
        let draft = |mappers: serde_json::Value| {
            json!({"clientId": "sp", "protocol": "saml", "redirectUris": ["https://sp.example/acs"],
                "baseUrl": "https://sp.example/", "defaultClientScopes": [], "protocolMappers": mappers,
                "attributes": {"saml_name_id_format": "email", "saml_force_name_id_format": "true"}})
        };
        let mapper = json!([{"name": "n", "protocol": "saml", "protocolMapper": "saml-user-attribute-nameid-mapper",
            "config": {"mapper.nameid.format": EMAIL_FORMAT, "user.attribute": "username"}}]);
        for (mappers, name) in [(json!([]), "alice@example.com"), (mapper, "alice")] {
            let draft = draft(mappers);
            let id = keycloak.create_client(draft.as_object().expect("an object")).expect("creates");
            let client = keycloak.client("sp").expect("reads").expect("exists");
            let proof = prove(&keycloak, &client, &alice).expect("reads");
            assert_eq!(proof.evidence, NameIdEvidence::ExampleResponse);
            assert!(proof.matches(name), "{proof:?}");
            assert!(of_mappers(&client, &alice).expect("reads").matches(name));
            realm.admin("DELETE", &format!("/clients/{id}"), None);
        }
    }
}
