//! The handle: how a test (or the control endpoints) looks into a running simulator and acts on it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::Runtime;

use crate::builder::Builder;
use crate::ca::CertificateAuthority;
use crate::directory::Principal;
use crate::faults::Fault;
use crate::log::{Entry, LoggedRequest};
use crate::operator::{PendingCode, SeededLogin};
use crate::route::Route;
use crate::saml::trail::TrailEvent;
use crate::state::{ACCOUNT_ACCESS, Sim};

/// A running simulator, on threads of its own; it stops when this is dropped.
///
/// Every method blocks, none for long but [`Self::wait_for_pending`].
#[derive(Debug)]
pub struct IdcSim {
    pub(crate) sim: Arc<Sim>,
    runtime: Option<Runtime>,
    url: String,
    proxy_url: String,
    ca_pem: String,
}

impl IdcSim {
    /// The start of everything.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(sim: Arc<Sim>, ca: &CertificateAuthority, runtime: Runtime) -> Self {
        Self {
            runtime: Some(runtime),
            url: sim.settings.plain_url(),
            proxy_url: format!("http://127.0.0.1:{}", sim.settings.proxy_port),
            sim,
            ca_pem: ca.pem().to_owned(),
        }
    }

    /// The plain entry, `http://127.0.0.1:PORT`: every service at one base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The proxy entry, `http://127.0.0.1:PORT`, for `HTTPS_PROXY`.
    pub fn proxy_url(&self) -> &str {
        &self.proxy_url
    }

    /// The proxy's root certificate, PEM, for `AWS_CA_BUNDLE` and its like.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The instance's region.
    pub fn region(&self) -> &str {
        &self.sim.settings.region
    }

    /// The instance's start URL.
    pub fn start_url(&self) -> &str {
        &self.sim.settings.start_url
    }

    /// The endpoint variables that lead a client to the plain entry.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let apis = ["AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_STS"];
        let all =
            apis.into_iter().chain(["AWS_ENDPOINT_URL_SIGNIN", "AWS_ENDPOINT_URL_ACCOUNT_ACCESS_RUNTIME"]);
        all.map(|name| (name, self.url.clone())).collect()
    }

    /// The simulator's time.
    pub fn now(&self) -> SystemTime {
        self.sim.now()
    }

    /// Moves the simulator's clock ahead.
    pub fn advance(&self, by: Duration) {
        self.sim.clock.advance(by);
    }

    /// Moves the simulator's clock back.
    pub fn rewind(&self, by: Duration) {
        self.sim.clock.rewind(by);
    }

    /// The device codes that wait for a person, oldest first.
    pub fn pending(&self) -> Vec<PendingCode> {
        self.sim.pending_codes()
    }

    /// Waits until a device code waits for a person, and returns the oldest; `None` after `timeout`
    /// (real time).
    pub fn wait_for_pending(&self, timeout: Duration) -> Option<PendingCode> {
        self.sim.wait_for_pending(timeout)
    }

    /// Allows a device code as the default user, in that user's one browser: the session of the last
    /// sign-in goes on if it still lives.
    ///
    /// Panics if the code is unknown, expired or decided, or if the user may not sign in.
    #[track_caller]
    pub fn approve(&self, user_code: &str) {
        let user = self.default_user();
        self.approve_as(user_code, &user);
    }

    /// [`Self::approve`] as somebody else.
    #[track_caller]
    pub fn approve_as(&self, user_code: &str, user: &str) {
        if let Err(error) = self.sim.approve(user_code, user) {
            panic!("cannot approve {user_code}: {error}");
        }
    }

    /// The OIDC service refuses everything with this `reason`, `KMS_…`; `None`: its key can be used again.
    pub fn refuse_kms_key(&self, reason: Option<&str>) {
        self.sim.state().kms_refusal = reason.map(str::to_owned);
    }

    /// Denies a device code.
    ///
    /// Panics if the code is unknown, expired or decided.
    #[track_caller]
    pub fn deny(&self, user_code: &str) {
        if let Err(error) = self.sim.deny(user_code) {
            panic!("cannot deny {user_code}: {error}");
        }
    }

    /// The first user of the builder.
    pub fn default_user(&self) -> String {
        self.sim.state().directory.default_user.clone()
    }

    /// Lets a route go wrong, until [`Self::clear_faults`] or as [`ArmedFault::times`] says. Faults of
    /// one route take turns in the order in which they were armed, each until it is used up.
    pub fn fault(&self, route: Route, fault: Fault) -> ArmedFault<'_> {
        ArmedFault { id: self.sim.faults().arm(route, fault), sim: &self.sim }
    }

    /// No route goes wrong any more.
    pub fn clear_faults(&self) {
        self.sim.faults().clear();
    }

    /// Every request since the start or [`Self::clear_log`].
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.sim.log().all().to_vec()
    }

    /// Those of one route.
    pub fn requests_to(&self, route: Route) -> Vec<LoggedRequest> {
        self.sim.log().all().iter().filter(|request| request.route == route).cloned().collect()
    }

    /// How many came to one route.
    pub fn count(&self, route: Route) -> usize {
        self.sim.log().all().iter().filter(|request| request.route == route).count()
    }

    /// Forgets the log.
    pub fn clear_log(&self) {
        self.sim.log().clear();
    }

    /// An administrator ends every session of a user: tokens are 401, refresh is `invalid_grant`.
    ///
    /// Panics if there is no such user, as every method here does about a name that does not exist.
    #[track_caller]
    pub fn end_session(&self, user: &str) {
        done(self.sim.end_sessions(user));
    }

    /// The user is disabled: no sign-in from now on, running sessions end as [`Builder::disabled_grace`] says.
    #[track_caller]
    pub fn disable_user(&self, user: &str) {
        done(self.sim.disable_user(user));
    }

    /// The user may sign in again; a session that has not run out meanwhile goes on.
    #[track_caller]
    pub fn enable_user(&self, user: &str) {
        done(self.sim.enable_user(user));
    }

    /// A new user. Without a password only the external identity provider can let them in.
    ///
    /// Panics if there is one of that name.
    #[track_caller]
    pub fn add_user(&self, user: &str, password: Option<&str>) {
        done(self.sim.add_user(user, password));
    }

    /// The user is gone, with sessions, memberships and assignments.
    #[track_caller]
    pub fn delete_user(&self, user: &str) {
        done(self.sim.delete_user(user));
    }

    /// A new group, without members.
    ///
    /// Panics if there is one of that name.
    #[track_caller]
    pub fn add_group(&self, group: &str) {
        done(self.sim.add_group(group));
    }

    /// The group is gone, with its assignments.
    #[track_caller]
    pub fn delete_group(&self, group: &str) {
        done(self.sim.delete_group(group));
    }

    /// Puts a user into a group.
    #[track_caller]
    pub fn add_member(&self, group: &str, user: &str) {
        done(self.sim.set_member(group, user, true));
    }

    /// Takes a user out of a group.
    #[track_caller]
    pub fn remove_member(&self, group: &str, user: &str) {
        done(self.sim.set_member(group, user, false));
    }

    /// Gives a user a permission set in an account.
    #[track_caller]
    pub fn assign(&self, user: &str, account: &str, permission_set: &str) {
        done(self.sim.set_assignment(Principal::User(user.to_owned()), account, permission_set, true));
    }

    /// Takes it away again: lists shrink, `GetRoleCredentials` is 403.
    #[track_caller]
    pub fn unassign(&self, user: &str, account: &str, permission_set: &str) {
        done(self.sim.set_assignment(Principal::User(user.to_owned()), account, permission_set, false));
    }

    /// Gives every member of a group a permission set in an account.
    #[track_caller]
    pub fn assign_group(&self, group: &str, account: &str, permission_set: &str) {
        done(self.sim.set_assignment(Principal::Group(group.to_owned()), account, permission_set, true));
    }

    /// Takes it away again.
    #[track_caller]
    pub fn unassign_group(&self, group: &str, account: &str, permission_set: &str) {
        done(self.sim.set_assignment(Principal::Group(group.to_owned()), account, permission_set, false));
    }

    /// The SAML service provider's metadata, for an identity provider whose users come by the plain entry.
    pub fn sp_metadata(&self) -> String {
        self.sim.sp_metadata(Entry::Plain)
    }

    /// The same for users who come by the proxy: with AWS's hosts.
    pub fn sp_metadata_by_proxy(&self) -> String {
        self.sim.sp_metadata(Entry::Proxy)
    }

    /// Issuer and audience of SAML messages.
    pub fn sp_entity_id(&self) -> String {
        self.sim.sp_names(Entry::Plain).0
    }

    /// The plain entry's assertion consumer services, the default one first.
    pub fn acs_urls(&self) -> Vec<String> {
        self.sim.sp_names(Entry::Plain).1
    }

    /// People sign in by this SAML identity provider from now on.
    ///
    /// Errors: why Identity Center would refuse the metadata; then nothing changes.
    pub fn set_idp_metadata(&self, metadata: &str) -> Result<(), String> {
        self.sim.set_idp_metadata(metadata).map(|_| ())
    }

    /// People sign in with passwords from now on.
    pub fn remove_idp(&self) {
        self.sim.remove_idp();
    }

    /// What CloudTrail has of sign-ins by the external identity provider, oldest first.
    pub fn trail(&self) -> Vec<TrailEvent> {
        self.sim.state().saml.trail.clone()
    }

    /// Forgets it.
    pub fn clear_trail(&self) {
        self.sim.state().saml.trail.clear();
    }

    /// Adds an account to the organisation; nobody is assigned to it yet.
    pub fn add_account(&self, id: &str, name: &str, email: &str) {
        self.sim.state().directory.add_account(id, name, email);
    }

    /// Somebody deleted the role in the account: still assigned and listed, `GetRoleCredentials` is 404.
    pub fn delete_role(&self, account: &str, permission_set: &str) {
        self.sim.state().directory.delete_role(account, permission_set);
    }

    /// Every access token is 401 from now on; refresh tokens are as good as before.
    pub fn expire_access_tokens(&self) {
        self.sim.expire_access_tokens();
    }

    /// No client is registered any more: 401 `invalid_client` for all.
    pub fn forget_registrations(&self) {
        self.sim.state().registrations.clear();
    }

    /// One client is not registered any more.
    pub fn forget_registration(&self, client_id: &str) {
        self.sim.state().registrations.remove(client_id);
    }

    /// Is this access token good at the instance's portal right now?
    pub fn is_access_token_good(&self, token: &str) -> bool {
        let now = self.now();
        self.sim.state().login_by_access_token(token, self.region(), now).is_some()
    }

    /// Logs a user in without the flow: as a client named `seeded` with `sso:account:access`, in the
    /// user's one browser, at the instance's region.
    ///
    /// Panics if there is no such user, or if the user may not sign in.
    #[track_caller]
    pub fn seed_login(&self, user: &str) -> SeededLogin {
        self.seed_login_in(user, self.region())
    }

    /// [`Self::seed_login`] in another region: its token is 401 at this one.
    #[track_caller]
    pub fn seed_login_in(&self, user: &str, region: &str) -> SeededLogin {
        let scopes = vec![ACCOUNT_ACCESS.to_owned()];
        self.sim.seed_login(user, region, scopes).unwrap_or_else(|| panic!("{user} may not sign in"))
    }
}

#[track_caller]
pub(crate) fn done(outcome: Result<(), String>) {
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

impl Drop for IdcSim {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Allowed inside another runtime too, where waiting for the end would panic.
            runtime.shutdown_background();
        }
    }
}

/// A fault that has been armed, for saying how often.
#[derive(Debug)]
pub struct ArmedFault<'a> {
    id: u64,
    sim: &'a Sim,
}

impl ArmedFault<'_> {
    /// Only for the next `times` requests.
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "usually the end of the line"
    )]
    pub fn times(self, times: u64) -> Self {
        self.sim.faults().limit(self.id, times);
        self
    }

    /// Only after the next `requests` requests have gone well.
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "usually the end of the line"
    )]
    pub fn skip(self, requests: u64) -> Self {
        self.sim.faults().skip(self.id, requests);
        self
    }
}
