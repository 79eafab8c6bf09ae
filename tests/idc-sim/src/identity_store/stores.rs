//! The identity store itself, of which the simulator has one.

use serde_json::{Map, Value};

use crate::hosts::Partition;

use super::input::{Input, missing};
use super::{Context, Outcome, shape};
use crate::aws_json::Refusal;

/// `IdentityStoreId` and its ARN, in the account of the organization.
fn head(context: &Context<'_>) -> Map<String, Value> {
    let partition = Partition::of_region(&context.sim.settings.region).id;
    let account = &context.sim.settings.management_account;
    let id = context.store_id();
    let mut shape = Map::new();
    shape.insert("IdentityStoreId".into(), id.into());
    let arn = format!("arn:{partition}:identitystore::{account}:identitystore/{id}");
    shape.insert("IdentityStoreArn".into(), arn.into());
    shape
}

pub(super) fn describe(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &[])?;
    let mut answer = head(context);
    if let Some(network) = &context.state.directory.network {
        answer.insert("NetworkConfiguration".into(), network.clone());
    }
    Ok(answer)
}

pub(super) fn list(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.only(&["MaxResults", "NextToken"])?;
    input.page(context, "stores")?;
    Ok(shape::list("IdentityStores", vec![Value::Object(head(context))], None))
}

pub(super) fn update(context: &mut Context<'_>, input: &Input<'_>) -> Outcome {
    input.of_store(context, &["NetworkConfiguration"])?;
    if let Some(network) = input.get("NetworkConfiguration") {
        let network = network.as_object().ok_or_else(|| Refusal::malformed("NetworkConfiguration"))?;
        let required = network.get("VpceAccessRequired").and_then(Value::as_bool);
        required.ok_or_else(|| missing("VpceAccessRequired"))?;
        context.state.directory.network = Some(Value::Object(network.clone()));
    }
    Ok(head(context))
}
