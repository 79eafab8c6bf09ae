//! Makes the client in the realm what a plan says.

use serde_json::{Map, Value, json};

use super::audit::{ClientAction, ClientAudit, ClientWrite};
use super::{ClientChange, ClientPlan, ClientPlanError, DesiredClient, plan};
use crate::platform::unrecorded::Unrecorded;
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
    #[error("the audit file cannot be written")]
    Audit(#[source] std::io::Error),
}

/// Applies a plan and reads the client again; returns the changes that were made.
///
/// If somebody created the client in the meantime, what differs from it is changed instead.
pub(crate) fn apply(
    keycloak: &dyn Keycloak,
    desired: &DesiredClient,
    planned: &ClientPlan,
    audit: &dyn ClientAudit,
) -> Result<Vec<ClientChange>, ClientApplyError> {
    let writer = Writer { keycloak, audit };
    let made = match writer.make(planned) {
        Err(ClientApplyError::Keycloak(KeycloakError::Conflict { .. })) if planned.id.is_none() => {
            let again = plan(keycloak, desired)?;
            writer.make(&again)?;
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

struct Writer<'a> {
    keycloak: &'a dyn Keycloak,
    audit: &'a dyn ClientAudit,
}

impl Writer<'_> {
    fn make(&self, plan: &ClientPlan) -> Result<(), ClientApplyError> {
        let Some(id) = &plan.id else {
            for change in &plan.changes {
                if let ClientChange::CreateClient { representation } = change {
                    self.write(plan, ClientAction::CreateClient, &[change], || {
                        self.keycloak.create_client(representation).map(drop)
                    })?;
                }
            }
            return Ok(());
        };
        let update = update(&plan.changes);
        if !update.is_empty() {
            let is_in_it = |change: &&ClientChange| {
                matches!(change, ClientChange::SetMember { .. } | ClientChange::SetAttribute { .. })
            };
            let changes: Vec<_> = plan.changes.iter().filter(is_in_it).collect();
            self.write(plan, ClientAction::UpdateClient, &changes, || {
                self.keycloak.update_client(id, &update)
            })?;
        }
        plan.changes.iter().try_for_each(|change| self.change_part(plan, id, change))
    }

    /// Changes scopes and mappers, which an update of the client leaves alone or replaces as a whole.
    fn change_part(
        &self,
        plan: &ClientPlan,
        id: &str,
        change: &ClientChange,
    ) -> Result<(), ClientApplyError> {
        let keycloak = self.keycloak;
        let write =
            |action, call: &dyn Fn() -> Result<(), KeycloakError>| self.write(plan, action, &[change], call);
        match change {
            ClientChange::CreateClient { .. }
            | ClientChange::SetMember { .. }
            | ClientChange::SetAttribute { .. } => Ok(()),
            ClientChange::RemoveScope { kind, id: scope, .. } => {
                write(ClientAction::RemoveScope, &|| keycloak.remove_client_scope(id, *kind, scope))
            }
            ClientChange::CreateMapper { mapper } => {
                write(ClientAction::CreateMapper, &|| keycloak.create_mapper(id, mapper))
            }
            ClientChange::UpdateMapper { id: mapper, after, .. } => {
                write(ClientAction::UpdateMapper, &|| keycloak.update_mapper(id, mapper, after))
            }
            ClientChange::RemoveMapper { id: mapper, .. } => {
                write(ClientAction::RemoveMapper, &|| keycloak.remove_mapper(id, mapper))
            }
        }
    }

    /// Sends a request that changes something, and records it.
    fn write(
        &self,
        plan: &ClientPlan,
        action: ClientAction,
        changes: &[&ClientChange],
        call: impl Fn() -> Result<(), KeycloakError>,
    ) -> Result<(), ClientApplyError> {
        let unrecorded = Unrecorded::default();
        let result = unrecorded.send(call);
        let recorded = self.audit.record(&ClientWrite {
            action,
            client_id: &plan.client_id,
            paths: changes.iter().map(|change| change.path()).collect(),
            error: result.as_ref().err().map(ToString::to_string),
        });
        result?;
        recorded.map_err(ClientApplyError::Audit)
    }
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
