//! The SAML client that stands for IAM Identity Center in the realm: what it has to be, and how it gets there.

mod apply;
mod audit;
mod plan;
#[cfg(all(test, unix))]
mod real_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use apply::{ClientApplyError, apply};
#[cfg(test)]
pub(crate) use audit::{ClientAction, Kept};
pub(crate) use audit::{ClientAudit, ClientWrite};
pub(crate) use plan::{ClientChange, ClientNote, ClientPlan, ClientPlanError, plan};

use super::service_provider::ServiceProvider;
use crate::ports::keycloak::{Keycloak, KeycloakClient, KeycloakError, ProtocolMapper};

/// The format that AWS asks for, whatever the value is.
const EMAIL_FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// The kind of mapper that takes the NameID from an attribute of the user.
const NAME_ID_MAPPER: &str = "saml-user-attribute-nameid-mapper";
/// The name of the mapper that is created here.
const NAME_ID_MAPPER_NAME: &str = "IAM Identity Center user name";

/// What a user is called in AWS: the NameID of the assertion, which must equal the user name in Identity Center.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum NameIdSource {
    Email,
    Username,
    Attribute(String),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of email, username, attribute:NAME")]
pub(crate) struct NameIdSourceError(String);

impl FromStr for NameIdSource {
    type Err = NameIdSourceError;

    fn from_str(text: &str) -> Result<Self, NameIdSourceError> {
        match (text, text.strip_prefix("attribute:").map(str::trim)) {
            ("email", _) => Ok(Self::Email),
            ("username", _) => Ok(Self::Username),
            (_, Some(name)) if !name.is_empty() => Ok(Self::Attribute(name.to_owned())),
            _ => Err(NameIdSourceError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for NameIdSource {
    type Error = NameIdSourceError;

    fn try_from(text: String) -> Result<Self, NameIdSourceError> {
        text.parse()
    }
}

impl From<NameIdSource> for String {
    fn from(source: NameIdSource) -> Self {
        source.to_string()
    }
}

impl fmt::Display for NameIdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email => f.write_str("email"),
            Self::Username => f.write_str("username"),
            Self::Attribute(name) => write!(f, "attribute:{name}"),
        }
    }
}

impl NameIdSource {
    /// Returns the user's attribute that a mapper reads; the e-mail address needs no mapper.
    fn mapped_attribute(&self) -> Option<&str> {
        match self {
            Self::Email => None,
            Self::Username => Some("username"),
            Self::Attribute(name) => Some(name),
        }
    }
}

/// What the client has to be, as far as this program decides it.
///
/// All other members of the client belong to its administrator and are left alone.
#[derive(Clone, Debug)]
pub(crate) struct DesiredClient {
    pub(crate) client_id: String,
    /// Members besides attributes, mappers and scopes.
    members: BTreeMap<&'static str, Value>,
    redirect_uris: BTreeSet<String>,
    attributes: BTreeMap<&'static str, String>,
    name_id_mapper: Option<ProtocolMapper>,
}

impl DesiredClient {
    /// Returns the client for a service provider. `portal` is the start URL, which Keycloak's account console links to.
    pub(crate) fn new(provider: &ServiceProvider, name_id: &NameIdSource, portal: Option<&str>) -> Self {
        let mut members = BTreeMap::from([
            ("enabled", json!(true)),
            // AWS has no place that takes a logout.
            ("frontchannelLogout", json!(false)),
            ("fullScopeAllowed", json!(false)),
        ]);
        if let Some(portal) = portal {
            members.insert("baseUrl", json!(portal));
        }
        Self {
            client_id: provider.entity_id.clone(),
            members,
            redirect_uris: provider.services.iter().map(|service| service.location.clone()).collect(),
            attributes: attributes(&provider.default_service().location),
            name_id_mapper: name_id.mapped_attribute().map(name_id_mapper),
        }
    }

    /// Returns the whole client, to be created.
    fn representation(&self) -> Map<String, Value> {
        let mut client = Map::new();
        client.insert("clientId".to_owned(), json!(self.client_id));
        client.insert("protocol".to_owned(), json!("saml"));
        client.insert("name".to_owned(), json!("AWS IAM Identity Center"));
        client.insert("description".to_owned(), json!("managed by kcaws"));
        client.extend(self.members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        client.insert("redirectUris".to_owned(), json!(self.redirect_uris));
        client.insert("attributes".to_owned(), json!(self.attributes));
        client.insert("protocolMappers".to_owned(), json!(self.name_id_mapper.iter().collect::<Vec<_>>()));
        // Without these, the realm's default scopes are added, which repeat the attribute `Role`: AWS refuses that.
        client.insert("defaultClientScopes".to_owned(), json!([]));
        client.insert("optionalClientScopes".to_owned(), json!([]));
        client
    }
}

/// Returns the attributes that AWS depends on.
///
/// Everything is written out, because Keycloak's own defaults change: AWS signs no request, but a client that does not
/// mention it has to.
fn attributes(default_service: &str) -> BTreeMap<&'static str, String> {
    [
        ("saml.client.signature", "false"),
        ("saml.server.signature", "true"),
        ("saml.assertion.signature", "true"),
        ("saml.signature.algorithm", "RSA_SHA256"),
        ("saml_signature_canonicalization_method", "http://www.w3.org/2001/10/xml-exc-c14n#"),
        ("saml.encrypt", "false"),
        ("saml.force.post.binding", "true"),
        ("saml.authnstatement", "true"),
        ("saml.onetimeuse.condition", "false"),
        ("saml.server.signature.keyinfo.ext", "false"),
        // Keycloak's default is 60 s, less than clocks may differ.
        ("saml.assertion.lifespan", "300"),
        ("saml_name_id_format", "email"),
        ("saml_force_name_id_format", "true"),
        ("saml_assertion_consumer_url_post", default_service),
        ("saml_idp_initiated_sso_url_name", "aws"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn name_id_mapper(attribute: &str) -> ProtocolMapper {
    let config = [("mapper.nameid.format", EMAIL_FORMAT), ("user.attribute", attribute)];
    ProtocolMapper {
        id: None,
        name: NAME_ID_MAPPER_NAME.to_owned(),
        protocol: Some("saml".to_owned()),
        kind: NAME_ID_MAPPER.to_owned(),
        config: config.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    }
}

/// Returns the client for the Identity Center with this identity store, whose ID ends its entity ID.
///
/// AWS does not document the host of an entity ID: these are all that are known.
pub(crate) fn saml_client(
    keycloak: &dyn Keycloak,
    region: &str,
    identity_store: &str,
) -> Result<Option<KeycloakClient>, KeycloakError> {
    for host in ["signin.aws.amazon.com", "signin.aws", "sso.signin.aws", "signin.amazonaws.cn"] {
        let entity_id = format!("https://{region}.{host}/platform/saml/{identity_store}");
        if let Some(client) = keycloak.client(&entity_id)? {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// Returns where a client takes the NameID from, by its mappers and its format.
///
/// `None` if it is something that AWS cannot use, such as a persistent or transient name.
pub(crate) fn name_id_source(client: &KeycloakClient) -> Option<NameIdSource> {
    let mut mappers = client.protocol_mappers.iter().filter(|mapper| is_name_id_mapper(mapper));
    if let Some(mapper) = mappers.next() {
        let attribute = mapper.config.get("user.attribute")?;
        let has_format =
            mapper.config.get("mapper.nameid.format").is_some_and(|format| format == EMAIL_FORMAT);
        let is_known = mapper.kind == NAME_ID_MAPPER && mappers.next().is_none() && has_format;
        return is_known.then(|| match attribute.as_str() {
            "email" => NameIdSource::Email,
            "username" => NameIdSource::Username,
            other => NameIdSource::Attribute(other.to_owned()),
        });
    }
    let format = client.attributes.get("saml_name_id_format").map(String::as_str);
    (format == Some("email")).then_some(NameIdSource::Email)
}

/// Returns whether a mapper decides the NameID: Keycloak has one for attributes and one for scripts.
fn is_name_id_mapper(mapper: &ProtocolMapper) -> bool {
    mapper.config.contains_key("mapper.nameid.format") || mapper.kind == NAME_ID_MAPPER
}
