//! Checks of account access manager, which assigns IAM roles.

use kcaws::cli::doctor::finding::Finding;

use super::context::Context;
use super::{Failure, failed};
use crate::access::entitlements::application;
use crate::access::requests::Requests;
use crate::app::AdminError;
use crate::cli::planning::pace;
use crate::ports::account_access::{AccountAccess as _, Application};

const SUBJECT: &str = "account access manager";

/// Checks that the application is there and active, if the access file lists IAM roles or the instance has nothing else.
pub(super) fn account_access(context: &Context<'_>) -> Vec<Finding> {
    let (Ok(_), Ok(instance)) = (context.caller(), context.instance()) else { return Vec::new() };
    let has_roles = !context.file.access.roles.is_empty();
    let is_used = has_roles || instance.permission_sets_enabled == Some(false);
    let find = || {
        let service = context.app.aws(context.file)?.account_access();
        if !is_used {
            // Once: a Region may not have the service at all.
            service.applications(None).map_err(AdminError::from)?;
        }
        let requests = Requests::paced(pace(context.app)?);
        Ok::<_, Failure>(application::find(&service, &requests, &instance.arn)?)
    };
    vec![match find() {
        Ok(Some(found)) => there(&found, &context.file.identity_center.region),
        Ok(None) if is_used => {
            failed(SUBJECT, application::ApplicationError::NotSetUp { instance_arn: instance.arn.clone() })
        }
        Ok(None) => Finding::ok(SUBJECT, "is not set up, and the access file lists no IAM role"),
        Err(failure) if is_used => failure.finding(SUBJECT),
        Err(failure) => {
            Finding::ok(SUBJECT, format!("is not used; it could not be looked at: {}", failure.reason))
        }
    }]
}

fn there(found: &Application, region: &str) -> Finding {
    let about = match &found.tenant {
        Some(tenant) => format!(
            "active; developers set account_access = \"https://{tenant}.account-access.{region}.app.aws\" in their config.toml"
        ),
        None => "active".to_owned(),
    };
    Finding::ok(SUBJECT, about)
}
