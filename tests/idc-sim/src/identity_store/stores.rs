//! The identity store itself, of which the simulator has one.

use serde_json::{Map, Value};

use crate::hosts::Partition;

use super::input::{Input, missing};
use super::refusal::Refusal;
use super::{Context, Outcome, shape};

/// The network configuration: kept and shown, and nobody is refused because of it.
pub(crate) type Network = Value;

/// `IdentityStoreId` and its ARN, in the account of the organization.
fn head(context: &Context<'_>) -> Map<String, Value> {
    let partition = Partition::of_region(&context.sim.settings.region).id;
    let account = context.state.directory.accounts.first().map_or("000000000000", |known| &known.id);
    let id = context.store_id();
    let mut shape = Map::new();
    shape.insert("IdentityStoreId".into(), id.into());
    let arn = format!("arn:{partition}:identitystore::{account}:identitystore/{id}");
    shape.insert("IdentityStoreArn".into(), arn.into());
    shape
}

pub(super) fn describe(context: &mut Context<'_>, input: &Input) -> Outcome {
    input.of_store(context, &[])?;
    let mut answer = head(context);
    if let Some(network) = &context.state.identity_store_network {
        answer.insert("NetworkConfiguration".into(), network.clone());
    }
    Ok(answer)
}

pub(super) fn list(context: &mut Context<'_>, input: &Input) -> Outcome {
    input.only(&["MaxResults", "NextToken"])?;
    input.page(context, "stores")?;
    Ok(shape::list("IdentityStores", vec![Value::Object(head(context))], None))
}

pub(super) fn update(context: &mut Context<'_>, input: &Input) -> Outcome {
    input.of_store(context, &["NetworkConfiguration"])?;
    if let Some(network) = input.get("NetworkConfiguration") {
        let network = network.as_object().ok_or_else(|| Refusal::malformed("NetworkConfiguration"))?;
        let required = network.get("VpceAccessRequired").and_then(Value::as_bool);
        required.ok_or_else(|| missing("VpceAccessRequired"))?;
        context.state.identity_store_network = Some(Value::Object(network.clone()));
    }
    Ok(head(context))
}
