//! Resolves the hosts of a session's services: from its Region, its portal, the environment and the profile.

use super::App;
use super::error::AppError;
use super::resolve::{ResolvedSession, never_logged_in};
use crate::ports::identity_center::{AccountAccess, EndpointSettings, Endpoints, Origin};
use crate::ports::keyring::SecretStore;
use crate::profile::SsoSession;
use crate::profile::services::{Service, endpoint_override};
use crate::session::account_access::AccountAccessSetting;
use crate::session::{start_url, status, token_store};

/// The variable that enables dual-stack endpoints, as the SDKs read it.
pub const DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";

/// Returns the hosts of the session's login, as far as the files show which ones these are.
pub(super) fn of(app: &App, selected: &ResolvedSession) -> Result<Endpoints, AppError> {
    let session = &selected.session;
    if !may_be_dual_stack(session) {
        return at_portal(app, selected, false);
    }
    // A login stays with the hosts it was made at: one made at the IPv4 hosts stays valid there.
    let is_dual_stack = match status::read(app.state(), session)? {
        Some(noted) => noted.dual_stack.unwrap_or(false),
        None => start_url::is_dual_stack(&session.start_url),
    };
    at_portal(app, selected, is_dual_stack)
}

/// Returns whether the portal may be dual-stack, which for a company's own start URL only shows at the login.
fn may_be_dual_stack(session: &SsoSession) -> bool {
    start_url::is_dual_stack(&session.start_url) || !start_url::is_portal(&session.start_url)
}

/// Returns `endpoints`, or the portal's other ones if the stored record was issued there and no status file says so.
pub(super) fn of_stored_record(
    app: &App,
    selected: &ResolvedSession,
    store: &dyn SecretStore,
    endpoints: Endpoints,
) -> Result<Endpoints, AppError> {
    let session = &selected.session;
    if !may_be_dual_stack(session)
        || status::read(app.state(), session)?.is_some_and(|noted| noted.dual_stack.is_some())
    {
        return Ok(endpoints);
    }
    let others = at_portal(app, selected, !endpoints.oidc.is_dual_stack())?;
    Ok(if token_store::is_issued_at(store, session, &others) { others } else { endpoints })
}

/// Returns the hosts of a login at a portal that is dual-stack or not.
///
/// AWS_USE_DUALSTACK_ENDPOINT takes precedence if it is set.
pub(super) fn at_portal(
    app: &App,
    selected: &ResolvedSession,
    has_dual_stack_portal: bool,
) -> Result<Endpoints, AppError> {
    let (document, SsoSession { name, start_url, region, .. }) = (app.document()?, &selected.session);
    if region.is_empty() && start_url::is_portal(start_url) {
        return Err(document.no_region(name).into());
    }
    // Only the portal has it, and only a login asks there.
    if region.is_empty() {
        return Err(never_logged_in(name).into());
    }
    let find = |service| endpoint_override(service, &app.env, document, selected.profile.as_deref());
    let has_dual_stack_portal = has_dual_stack_portal && app.env.by_hand(DUAL_STACK).is_none();
    let settings = EndpointSettings { has_dual_stack_portal, ..settings(app, region) };
    let (oidc, portal) = (find(Service::SsoOidc), find(Service::Sso));
    let account_access = match app.settings()?.account_access(name) {
        None => None,
        Some(AccountAccessSetting { tenant, region: own }) => {
            let region = own.unwrap_or_else(|| region.clone());
            let settings = EndpointSettings { region, ..settings.clone() };
            let origin = Origin::of_account_access(&settings, find(Service::AccountAccessRuntime).as_ref())?;
            Some(AccountAccess { origin, tenant })
        }
    };
    let endpoints = Endpoints::resolve(&settings, oidc.as_ref(), portal.as_ref())?;
    Ok(Endpoints { account_access, ..endpoints })
}

/// Returns the environment's settings for the hosts of AWS in a Region.
pub fn settings(app: &App, region: &str) -> EndpointSettings {
    EndpointSettings {
        region: region.to_owned(),
        use_fips: app.env.is_on("AWS_USE_FIPS_ENDPOINT"),
        use_dual_stack: app.env.is_on(DUAL_STACK),
        ..EndpointSettings::default()
    }
}
