//! The application: one at most, which takes its time to become active.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::shapes::INSTANCE_ARN;
use super::{Outcome, Request, tags};
use crate::account_access::Application;
use crate::account_access::refusal::Refusal;
use crate::clock::rfc3339;
use crate::secret;
use crate::sso_admin::instance;

pub(super) fn create(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["identitySource", "tags"])?;
    let source = request.input.members("identitySource")?;
    source.only(&["identityCenter"])?;
    let center = source.members("identityCenter")?;
    center.only(&["instanceArn"])?;
    let settings = &request.sim.settings;
    if center.text("instanceArn", &INSTANCE_ARN)? != instance::arn(settings) {
        return Err(Refusal::validation("The instance of IAM Identity Center was not found"));
    }
    let tags: BTreeMap<String, String> = tags::read(&request.input)?;
    if let Some(known) = &request.state.account_access.application {
        // "Calling it multiple times with the same parameters returns the existing application."
        if known.region == request.caller.region && known.tags == tags {
            return Ok(Some(json!({ "applicationArn": known.arn(settings) })));
        }
        let text = "An application already exists for this instance of IAM Identity Center";
        return Err(Refusal::named("AlreadyCreatedException", text));
    }
    let tenant = format!("aa-{}", secret::hex(9));
    let mut made = Application::ready(tenant, &request.caller.region, request.now);
    made.ready = request.now + settings.account_access.application_time;
    made.tags = tags;
    let answer = json!({ "applicationArn": made.arn(settings) });
    request.state.account_access.application = Some(made);
    Ok(Some(answer))
}

pub(super) fn get(request: &mut Request<'_>) -> Outcome {
    let known = request.application(request.application_arn()?)?;
    let settings = &request.sim.settings;
    let status = if known.is_ready(request.now) { "ACTIVE" } else { "CREATE_IN_PROGRESS" };
    Ok(Some(json!({
        "identitySource": { "identityCenter": {
            "instanceArn": instance::arn(settings),
            "applicationArn": known.instance_application_arn(settings),
        }},
        "status": status,
        "tenantId": known.tenant,
        "createdAt": rfc3339(known.created),
        "updatedAt": rfc3339(known.ready),
        "tags": known.tags,
    })))
}

pub(super) fn list(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["maxResults", "nextToken"])?;
    let settings = &request.sim.settings;
    let known = request.state.account_access.application.as_ref();
    let known = known.filter(|known| known.region == request.caller.region);
    let item = |known: &Application| -> Value {
        json!({
            "applicationArn": known.arn(settings),
            "tenantId": known.tenant,
            "createdAt": rfc3339(known.created),
            "updatedAt": rfc3339(known.ready),
        })
    };
    let items = known.map(item).into_iter().collect();
    request.page("applications", "", items)
}

/// Deletes it with all of its entitlements; once more is no error.
pub(super) fn delete(request: &mut Request<'_>) -> Outcome {
    let arn = request.application_arn()?.to_owned();
    let now = request.now;
    if request.state.account_access.deleted_applications.contains(&arn) {
        return Ok(None);
    }
    request.application(&arn)?;
    let account_access = &mut request.state.account_access;
    account_access.withdraw(now, |_| true);
    account_access.application = None;
    account_access.deleted_applications.insert(arn);
    Ok(None)
}
