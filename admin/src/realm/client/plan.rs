//! What differs between the client in the realm and the desired one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{DesiredClient, is_name_id_mapper};
use crate::ports::keycloak::{
    ClientScope, Keycloak, KeycloakClient, KeycloakError, ProtocolMapper, ScopeKind,
};

/// The changes that make the client what it has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientPlan {
    pub(crate) client_id: String,
    /// The internal ID; `None` if there is no such client yet.
    pub(crate) id: Option<String>,
    pub(crate) changes: Vec<ClientChange>,
    /// What may matter, but is not changed.
    pub(crate) notes: Vec<ClientNote>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum ClientChange {
    CreateClient { representation: Map<String, Value> },
    SetMember { name: String, before: Value, after: Value },
    SetAttribute { name: String, before: Option<String>, after: String },
    RemoveScope { kind: ScopeKind, id: String, name: String },
    CreateMapper { mapper: ProtocolMapper },
    UpdateMapper { id: String, before: ProtocolMapper, after: ProtocolMapper },
    RemoveMapper { id: String, mapper: ProtocolMapper },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub(crate) enum ClientNote {
    /// Adds attributes to the assertion, which AWS refuses if one has several values.
    ForeignMapper { name: String, kind: String },
    /// The client has a login flow of its own, such as one with a second factor.
    AnotherFlow { flow: String },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientPlanError {
    #[error(transparent)]
    Keycloak(#[from] KeycloakError),
    /// The entity ID is taken by an application of another kind.
    #[error("the client `{client_id}` exists, but its protocol is {protocol} instead of saml")]
    AnotherProtocol { client_id: String, protocol: String },
}

impl ClientPlan {
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl ClientChange {
    /// Returns what is changed, as `attributes.saml.encrypt` or `mappers.NAME`.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::CreateClient { .. } => "client".to_owned(),
            Self::SetMember { name, .. } => name.clone(),
            Self::SetAttribute { name, .. } => format!("attributes.{name}"),
            Self::RemoveScope { kind: ScopeKind::Default, name, .. } => format!("default scopes.{name}"),
            Self::RemoveScope { kind: ScopeKind::Optional, name, .. } => format!("optional scopes.{name}"),
            Self::CreateMapper { mapper } | Self::RemoveMapper { mapper, .. } => {
                format!("mappers.{}", mapper.name)
            }
            Self::UpdateMapper { after, .. } => format!("mappers.{}", after.name),
        }
    }

    /// Returns the value in the realm; `None` if there is none.
    pub(crate) fn before(&self) -> Option<Value> {
        match self {
            Self::CreateClient { .. } | Self::CreateMapper { .. } => None,
            Self::SetMember { before, .. } => Some(before.clone()).filter(|before| !before.is_null()),
            Self::SetAttribute { before, .. } => before.as_ref().map(|before| json!(before)),
            Self::RemoveScope { name, .. } => Some(json!(name)),
            Self::UpdateMapper { before: mapper, .. } | Self::RemoveMapper { mapper, .. } => {
                Some(json!(mapper.config))
            }
        }
    }

    /// Returns the desired value; `None` if there must be none.
    pub(crate) fn after(&self) -> Option<Value> {
        match self {
            Self::CreateClient { representation } => Some(Value::Object(representation.clone())),
            Self::SetMember { after, .. } => Some(after.clone()),
            Self::SetAttribute { after, .. } => Some(json!(after)),
            Self::CreateMapper { mapper: after } | Self::UpdateMapper { after, .. } => {
                Some(json!(after.config))
            }
            Self::RemoveScope { .. } | Self::RemoveMapper { .. } => None,
        }
    }
}

/// Reads the client of the realm, and returns what has to change.
pub(crate) fn plan(keycloak: &dyn Keycloak, desired: &DesiredClient) -> Result<ClientPlan, ClientPlanError> {
    let Some(client) = keycloak.client(&desired.client_id)? else {
        let representation = desired.representation();
        let changes = vec![ClientChange::CreateClient { representation }];
        return Ok(ClientPlan { client_id: desired.client_id.clone(), id: None, changes, notes: Vec::new() });
    };
    let protocol = client.protocol.clone().unwrap_or_else(|| "openid-connect".to_owned());
    if protocol != "saml" {
        return Err(ClientPlanError::AnotherProtocol { client_id: client.client_id, protocol });
    }
    let scopes = keycloak.client_scopes(&client.id, ScopeKind::Default)?;
    Ok(difference(&client, &scopes, desired))
}

fn difference(client: &KeycloakClient, scopes: &[ClientScope], desired: &DesiredClient) -> ClientPlan {
    let mut changes = changed_members(client, desired);
    changes.extend(changed_attributes(client, desired));
    changes.extend(scopes.iter().map(|scope| ClientChange::RemoveScope {
        kind: ScopeKind::Default,
        id: scope.id.clone(),
        name: scope.name.clone(),
    }));
    changes.extend(changed_mappers(client, desired.name_id_mapper.as_ref()));
    ClientPlan {
        client_id: client.client_id.clone(),
        id: Some(client.id.clone()),
        changes,
        notes: notes(client),
    }
}

fn changed_members(client: &KeycloakClient, desired: &DesiredClient) -> Vec<ClientChange> {
    let mut changes = Vec::new();
    for (name, after) in &desired.members {
        let before = client.other.get(*name).cloned().unwrap_or_default();
        if before != *after {
            changes.push(ClientChange::SetMember { name: (*name).to_owned(), before, after: after.clone() });
        }
    }
    // In another order than they were written, so that they are compared as a set.
    if client.redirect_uris != desired.redirect_uris {
        let (before, after) = (json!(client.redirect_uris), json!(desired.redirect_uris));
        changes.push(ClientChange::SetMember { name: "redirectUris".to_owned(), before, after });
    }
    changes
}

fn changed_attributes(client: &KeycloakClient, desired: &DesiredClient) -> Vec<ClientChange> {
    let mut changes = Vec::new();
    for (name, after) in &desired.attributes {
        let before = client.attributes.get(*name);
        if before != Some(after) {
            let (name, before, after) = ((*name).to_owned(), before.cloned(), after.clone());
            changes.push(ClientChange::SetAttribute { name, before, after });
        }
    }
    changes
}

/// Keeps one mapper for the NameID, or none; mappers of other kinds belong to the administrator.
fn changed_mappers(client: &KeycloakClient, desired: Option<&ProtocolMapper>) -> Vec<ClientChange> {
    let mut existing: Vec<&ProtocolMapper> =
        client.protocol_mappers.iter().filter(|mapper| is_name_id_mapper(mapper)).collect();
    let mut changes = Vec::new();
    if let Some(desired) = desired {
        let kept = existing.iter().position(|mapper| mapper.kind == desired.kind);
        match kept.map(|at| existing.remove(at)) {
            None => changes.push(ClientChange::CreateMapper { mapper: desired.clone() }),
            Some(mapper) => changes.extend(changed_mapper(mapper, desired)),
        }
    }
    let removed = existing.into_iter().map(|mapper| ClientChange::RemoveMapper {
        id: mapper.id.clone().unwrap_or_default(),
        mapper: mapper.clone(),
    });
    changes.extend(removed);
    changes
}

fn changed_mapper(mapper: &ProtocolMapper, desired: &ProtocolMapper) -> Option<ClientChange> {
    let is_same = desired.config.iter().all(|(name, value)| mapper.config.get(name) == Some(value));
    if is_same {
        return None;
    }
    // The name is the administrator's, and so are settings that are not named here.
    let mut config: BTreeMap<String, String> = mapper.config.clone();
    config.extend(desired.config.clone());
    let after = ProtocolMapper { config, ..mapper.clone() };
    Some(ClientChange::UpdateMapper {
        id: mapper.id.clone().unwrap_or_default(),
        before: mapper.clone(),
        after,
    })
}

fn notes(client: &KeycloakClient) -> Vec<ClientNote> {
    let foreign = client.protocol_mappers.iter().filter(|mapper| !is_name_id_mapper(mapper));
    let mut notes: Vec<ClientNote> = foreign
        .map(|mapper| ClientNote::ForeignMapper { name: mapper.name.clone(), kind: mapper.kind.clone() })
        .collect();
    let flows = client.other.get("authenticationFlowBindingOverrides").and_then(Value::as_object);
    let browser = flows.and_then(|flows| flows.get("browser")).and_then(Value::as_str);
    notes.extend(browser.map(|flow| ClientNote::AnotherFlow { flow: flow.to_owned() }));
    notes
}
