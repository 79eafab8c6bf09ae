//! Makes the client in the realm what a plan says.

use serde_json::{Map, Value, json};

use super::{ClientChange, ClientPlan, ClientPlanError, DesiredClient, plan};
use crate::ports::keycloak::{Keycloak, KeycloakError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientApplyError {
    #[error(transparent)]
    Plan(#[from] ClientPlanError),
    #[error(transparent)]
    Keycloak(#[from] KeycloakError),
    /// Keycloak accepted the changes, but does not show them.
    #[error("after the changes, {0} of them are still to be made")]
    NotSettled(usize),
}

/// Applies a plan and reads the client again; returns the changes that were made.
///
/// If somebody created the client in the meantime, what differs from it is changed instead.
pub(crate) fn apply(
    keycloak: &dyn Keycloak,
    desired: &DesiredClient,
    planned: &ClientPlan,
) -> Result<Vec<ClientChange>, ClientApplyError> {
    let made = match make(keycloak, planned) {
        Err(KeycloakError::Conflict { .. }) if planned.id.is_none() => {
            let again = plan(keycloak, desired)?;
            make(keycloak, &again)?;
            again.changes
        }
        other => {
            other?;
            planned.changes.clone()
        }
    };
    if made.is_empty() {
        return Ok(made);
    }
    match plan(keycloak, desired)?.changes.len() {
        0 => Ok(made),
        left => Err(ClientApplyError::NotSettled(left)),
    }
}

fn make(keycloak: &dyn Keycloak, plan: &ClientPlan) -> Result<(), KeycloakError> {
    let Some(id) = &plan.id else {
        for change in &plan.changes {
            if let ClientChange::CreateClient { representation } = change {
                keycloak.create_client(representation)?;
            }
        }
        return Ok(());
    };
    let update = update(&plan.changes);
    if !update.is_empty() {
        keycloak.update_client(id, &update)?;
    }
    plan.changes.iter().try_for_each(|change| change_part(keycloak, id, change))
}

/// Returns the members and attributes that change, for one request.
fn update(changes: &[ClientChange]) -> Map<String, Value> {
    let (mut members, mut attributes) = (Map::new(), Map::new());
    for change in changes {
        match change {
            ClientChange::SetMember { name, after, .. } => {
                members.insert(name.clone(), after.clone());
            }
            ClientChange::SetAttribute { name, after, .. } => {
                attributes.insert(name.clone(), json!(after));
            }
            ClientChange::CreateClient { .. }
            | ClientChange::RemoveScope { .. }
            | ClientChange::CreateMapper { .. }
            | ClientChange::UpdateMapper { .. }
            | ClientChange::RemoveMapper { .. } => {}
        }
    }
    if !attributes.is_empty() {
        members.insert("attributes".to_owned(), Value::Object(attributes));
    }
    members
}

/// Changes scopes and mappers, which an update of the client leaves alone or replaces as a whole.
fn change_part(keycloak: &dyn Keycloak, id: &str, change: &ClientChange) -> Result<(), KeycloakError> {
    match change {
        ClientChange::CreateClient { .. }
        | ClientChange::SetMember { .. }
        | ClientChange::SetAttribute { .. } => Ok(()),
        ClientChange::RemoveScope { kind, id: scope, .. } => keycloak.remove_client_scope(id, *kind, scope),
        ClientChange::CreateMapper { mapper } => keycloak.create_mapper(id, mapper),
        ClientChange::UpdateMapper { id: mapper, after, .. } => keycloak.update_mapper(id, mapper, after),
        ClientChange::RemoveMapper { id: mapper, .. } => keycloak.remove_mapper(id, mapper),
    }
}
