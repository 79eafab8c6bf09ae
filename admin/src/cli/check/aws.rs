//! Checks of AWS's side.

use kcaws::app::resolve;
use kcaws::cli::doctor::finding::Finding;
use kcaws::profile::Document;
use kcaws::session::start_url;

use super::context::Context;
use super::failed;
use crate::app::{AdminApp, AdminError};
use crate::cli::sync::outcome::OTHER_ENDPOINT;
use crate::identity_center::instance::{Standing, standing};
use crate::identity_center::scim_token::{TokenAge, expires_at};
use crate::pacing::DEFAULT_RATE;
use crate::ports::scim::Scim;
use crate::sync::call::Calls;
use crate::sync::target::{AwsDirectory, Reach, reach};

/// Checks that there are AWS credentials, and whose they are.
pub(super) fn credentials(context: &Context<'_>) -> Vec<Finding> {
    let who = context.file.identity_center.profile.as_deref().unwrap_or("default chain");
    vec![match context.caller() {
        Ok(caller) => Finding::ok(who, format!("{} in {}", caller.arn, caller.account)),
        Err(failure) => failure.finding(who),
    }]
}

/// Checks that the instance of the access file is there, active, and in its primary Region.
pub(super) fn instance(context: &Context<'_>) -> Vec<Finding> {
    let center = &context.file.identity_center;
    let name = center.instance.to_string();
    if context.caller().is_err() {
        return Vec::new();
    }
    let found = match context.instance() {
        Ok(found) => found,
        Err(failure) => return vec![failure.finding(&name)],
    };
    if let Some(status) = found.status.as_deref().filter(|status| *status != "ACTIVE") {
        return vec![Finding::error(
            &name,
            format!("is {status}"),
            "wait until it is ACTIVE, or see the console",
        )];
    }
    if let Some(primary) = found.primary_region.as_deref().filter(|primary| *primary != center.region) {
        let fix = format!("set region = \"{primary}\" in [identity_center]");
        return vec![Finding::error(
            &name,
            format!("its primary Region is {primary}, not {}", center.region),
            fix,
        )];
    }
    let mut findings =
        vec![Finding::ok(&name, format!("active, identity store {}", found.identity_store_id))];
    if found.permission_sets_enabled == Some(false) {
        findings.push(Finding::warning(
            &name,
            "permission sets are switched off in this instance",
            "assign IAM roles by account access manager, `role = \"arn:…\"` in [[assign]], or switch them on in the console",
        ));
    }
    findings
}

/// Checks that the account may administer the instance.
pub(super) fn account(context: &Context<'_>) -> Vec<Finding> {
    let (Ok(caller), Ok(instance), Ok(aws)) =
        (context.caller(), context.instance(), context.app.aws(context.file))
    else {
        return Vec::new();
    };
    let account = &caller.account;
    vec![match standing(account, instance, &aws.organizations()) {
        Ok(Standing::ManagementAccount) => Finding::ok(account, "is the management account"),
        Ok(Standing::AccountInstance) => Finding::ok(account, "owns the instance alone"),
        Ok(Standing::DelegatedAdministrator) => Finding::ok(
            account,
            "is a delegated administrator: it may not change access to the management account",
        ),
        Ok(Standing::Member) => Finding::error(
            account,
            "may not administer this instance",
            "use credentials of the management account, or make this account a delegated administrator",
        ),
        Err(error) => failed(account, AdminError::from(error)),
    }]
}

/// Checks that the SCIM endpoint accepts the token, and how old the token is.
pub(super) fn scim(context: &Context<'_>) -> Vec<Finding> {
    let Some(endpoint) = &context.file.identity_center.scim_endpoint else {
        return vec![Finding::error(
            "SCIM",
            "the access file has no scim_endpoint",
            "turn on automatic provisioning in the console, then add scim_endpoint to [identity_center]",
        )];
    };
    let name = endpoint.host_str().unwrap_or_default();
    let opened = context.app.scim(endpoint, context.prompting);
    let scim = match opened.and_then(|scim| Ok(scim.check().map(|()| scim)?)) {
        Ok(scim) => scim,
        Err(error) => return vec![failed(name, error)],
    };
    let mut findings = vec![Finding::ok(name, "the endpoint accepts the token")];
    findings.extend(other_directory(context, name, &scim));
    let secret = AdminApp::scim_token(endpoint);
    let record = secret.record(context.app).ok().flatten().filter(|_| secret.file(context.app).is_none());
    let now = context.app.clock.now();
    findings.extend(record.and_then(|record| {
        let days = (expires_at(record.created_at) - now).num_days();
        (TokenAge::at(now, record.created_at) != TokenAge::Young).then(|| {
            Finding::warning(name, format!("the token ends in {days} days"), "run `kcaws admin token rotate`")
        })
    }));
    findings
}

/// Looks whether the endpoint is that of another instance, as far as the directory has anything that would show it.
fn other_directory(context: &Context<'_>, name: &str, scim: &dyn Scim) -> Option<Finding> {
    let (Ok(instance), Ok(aws)) = (context.instance(), context.app.aws(context.file)) else { return None };
    let store = aws.identity_store(&instance.identity_store_id, false);
    let calls = Calls::new(&*context.app.clock, DEFAULT_RATE);
    match reach(&AwsDirectory { store: &store, scim }, &calls) {
        Ok(Reach::Elsewhere) => {
            let store = &instance.identity_store_id;
            let reason = format!(
                "belongs to another Identity Center: it has none of the users and groups of the identity store {store}"
            );
            Some(Finding::error(name, reason, OTHER_ENDPOINT))
        }
        // What keeps the directory from being read is the finding of another check.
        Ok(Reach::Same | Reach::Unknown) | Err(_) => None,
    }
}

/// Checks the company's own start URLs by the AWS CLI's rules.
pub(super) fn start_url(context: &Context<'_>) -> Vec<Finding> {
    let names = context.app.document().map(Document::session_names).unwrap_or_default();
    let sessions = names.iter().filter_map(|name| resolve::session_named(context.app, name).ok());
    let own = sessions.filter(|session| !start_url::is_portal(&session.start_url));
    let finding = |session: kcaws::profile::SsoSession| match resolve::portal(context.app, &session) {
        Ok(portal) => Finding::ok(&session.start_url, format!("leads to {}", portal.start_url)),
        Err(error) => failed(&session.start_url, error),
    };
    own.map(finding).collect()
}
