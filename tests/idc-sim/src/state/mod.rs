//! Everything the simulator remembers: registrations, grants, sessions, tokens, credentials.

mod grants;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

pub(crate) use self::grants::{AuthorizationCode, AuthorizationRequest, Decision, DeviceGrant, Registration};
use crate::account_access::AccountAccess;
use crate::aws_json;
use crate::caller::IamUser;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::faults::Faults;
use crate::log::Log;
use crate::organizations::Organization;
use crate::saml::acs::ServiceProvider;
use crate::scim::Provisioning;
use crate::secret;
use crate::settings::Settings;
use crate::sso_admin::operations::Operations;
use crate::throttle::Bucket;

/// The scope that gives access to accounts, and with it a short-lived token and a refresh token.
pub(crate) const ACCOUNT_ACCESS: &str = "sso:account:access";

/// The simulator: what every request handler gets.
#[derive(Debug)]
pub(crate) struct Sim {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    state: Mutex<State>,
    /// Rung when a code starts to wait for a person.
    pending: Condvar,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) log: Mutex<Log>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) directory: Directory,
    pub(crate) registrations: HashMap<String, Registration>,
    pub(crate) device_grants: HashMap<String, DeviceGrant>,
    pub(crate) authorization_requests: HashMap<String, AuthorizationRequest>,
    pub(crate) authorization_codes: HashMap<String, AuthorizationCode>,
    sessions: Vec<SignInSession>,
    logins: Vec<Login>,
    pub(crate) access_tokens: HashMap<String, AccessToken>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    pub(crate) role_credentials: HashMap<String, RoleCredentials>,
    /// By access key id.
    pub(crate) iam_users: HashMap<String, IamUser>,
    pub(crate) signin_tokens: HashMap<String, SigninToken>,
    pub(crate) browsers: HashMap<String, Browser>,
    pub(crate) buckets: HashMap<String, Bucket>,
    pub(crate) admin_buckets: aws_json::Buckets,
    pub(crate) organization: Organization,
    pub(crate) operations: Operations,
    pub(crate) page_tokens: HashMap<String, PageToken>,
    /// Operations of which every page is the first.
    pub(crate) lists_in_circles: BTreeSet<String>,
    pub(crate) saml: ServiceProvider,
    /// A setting, here for those who ask whether a session lives.
    disabled_grace: Duration,
    /// Why the instance's customer-managed key cannot be used, if so: `KMS_…`.
    pub(crate) kms_refusal: Option<String>,
    pub(crate) provisioning: Provisioning,
    pub(crate) account_access: AccountAccess,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionId(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoginId(usize);

/// An access-portal session: it starts when somebody signs in, and every login made from it ends with it.
#[derive(Clone, Debug)]
pub(crate) struct SignInSession {
    pub(crate) user: String,
    pub(crate) ends: SystemTime,
    /// The browser has to sign in again, tokens live on.
    signed_out: bool,
    /// An administrator ended it: tokens die too.
    revoked: bool,
}

/// One finished device or authorization-code grant: the tokens that descend from it.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) client_id: String,
    pub(crate) session: SessionId,
    pub(crate) scopes: Vec<String>,
    pub(crate) region: String,
    logged_out: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    pub(crate) login: LoginId,
    pub(crate) expires: SystemTime,
}

#[derive(Clone, Debug)]
pub(crate) struct RefreshToken {
    pub(crate) login: LoginId,
    /// Set by rotation.
    pub(crate) dies: Option<SystemTime>,
}

#[derive(Clone, Debug)]
pub(crate) struct RoleCredentials {
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
    pub(crate) account: String,
    pub(crate) role_name: String,
    pub(crate) role_id: String,
    pub(crate) permission_set: String,
    pub(crate) user: String,
    pub(crate) session_duration: Duration,
    pub(crate) expires: SystemTime,
    pub(crate) issuer: Issuer,
    /// Set once; every role assumed from this session inherits it.
    pub(crate) source_identity: Option<String>,
}

/// Who issued the credentials of a role session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    Portal,
    AccountAccess,
    /// STS, to a role's own session or for a web identity.
    Sts,
}

#[derive(Clone, Debug)]
pub(crate) struct SigninToken {
    pub(crate) access_key_id: String,
    pub(crate) console_session: Duration,
    pub(crate) expires: SystemTime,
}

/// A browser that is signed in, by its cookie.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) session: SessionId,
    /// Stands in every form that changes something.
    pub(crate) form_token: String,
}

#[derive(Clone, Debug)]
pub(crate) struct PageToken {
    pub(crate) list: String,
    pub(crate) offset: usize,
}

impl Sim {
    pub(crate) fn new(settings: Settings) -> Self {
        let clock = Clock::default();
        let directory = settings.directory();
        Self {
            state: Mutex::new(State {
                organization: Organization::of(&settings),
                account_access: AccountAccess::of(&settings, &directory, clock.now()),
                directory,
                disabled_grace: settings.disabled_grace,
                provisioning: Provisioning::new(&settings.directory.scim_tenant),
                ..State::default()
            }),
            clock,
            settings,
            pending: Condvar::new(),
            faults: Mutex::default(),
            log: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// What is due by now has happened. A panic in another handler must not take the rest of the test down with a poisoned lock.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { operations, directory, organization, .. } = &mut *state;
        operations.settle(directory, organization, &self.settings, self.now());
        state
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ring_pending(&self) {
        self.pending.notify_all();
    }

    /// Waits until `ready` holds or `timeout` (real time) has passed; tells which.
    pub(crate) fn wait_until(&self, timeout: Duration, mut ready: impl FnMut(&State) -> bool) -> bool {
        let state = self.state();
        let waited = self.pending.wait_timeout_while(state, timeout, |state| !ready(state));
        let (state, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        !outcome.timed_out()
    }
}

impl State {
    /// Starts a session for somebody who has signed in. `cap` is the identity provider's
    /// `SessionNotOnOrAfter`: the shorter of the two counts (AWS user guide, "Configure session duration").
    pub(crate) fn sign_in(
        &mut self,
        settings: &Settings,
        user: &str,
        cap: Option<SystemTime>,
        now: SystemTime,
    ) -> SessionId {
        let full = now + settings.session_life;
        let ends = cap.map_or(full, |cap| cap.min(full));
        self.sessions.push(SignInSession { user: user.to_owned(), ends, signed_out: false, revoked: false });
        SessionId(self.sessions.len() - 1)
    }

    pub(crate) fn session(&self, id: SessionId) -> &SignInSession {
        &self.sessions[id.0]
    }

    /// Can tokens of this session still be used?
    pub(crate) fn session_lives(&self, id: SessionId, now: SystemTime) -> bool {
        let session = self.session(id);
        let user = self.directory.user(&session.user);
        !session.revoked
            && now < session.ends
            && user.is_some_and(|user| user.session_may_go_on(self.disabled_grace, now))
    }

    /// Can a browser go on with this session without signing in again?
    pub(crate) fn browser_may_use(&self, id: SessionId, now: SystemTime) -> bool {
        self.session_lives(id, now) && !self.session(id).signed_out
    }

    /// The session of the one browser that `approve` stands for: that of the last sign-in, if it lives,
    /// else a new one. `None` for a user who may not sign in: unknown, or disabled.
    pub(crate) fn session_of(
        &mut self,
        settings: &Settings,
        user: &str,
        now: SystemTime,
    ) -> Option<SessionId> {
        let living = (0..self.sessions.len())
            .rev()
            .map(SessionId)
            .find(|id| self.session(*id).user == user && self.browser_may_use(*id, now));
        if living.is_some() {
            return living;
        }
        self.directory.is_enabled(user).then(|| self.sign_in(settings, user, None, now))
    }

    pub(crate) fn sign_out(&mut self, id: SessionId) {
        self.sessions[id.0].signed_out = true;
    }

    /// Ends the session and every login made from it.
    pub(crate) fn revoke(&mut self, id: SessionId) {
        self.sessions[id.0].revoked = true;
    }

    /// Follows a change of a user name: sessions go on.
    pub(crate) fn rename_user(&mut self, before: &str, after: &str) {
        for session in self.sessions.iter_mut().filter(|session| session.user == before) {
            after.clone_into(&mut session.user);
        }
        if self.directory.default_user == before {
            after.clone_into(&mut self.directory.default_user);
        }
    }

    pub(crate) fn revoke_user(&mut self, user: &str) {
        for session in self.sessions.iter_mut().filter(|session| session.user == user) {
            session.revoked = true;
        }
    }

    pub(crate) fn add_login(&mut self, login: Login) -> LoginId {
        self.logins.push(login);
        LoginId(self.logins.len() - 1)
    }

    pub(crate) fn login(&self, id: LoginId) -> &Login {
        &self.logins[id.0]
    }

    pub(crate) fn log_out(&mut self, id: LoginId) {
        self.logins[id.0].logged_out = true;
    }

    pub(crate) fn login_lives(&self, id: LoginId, now: SystemTime) -> bool {
        let login = self.login(id);
        !login.logged_out && self.session_lives(login.session, now)
    }

    /// The living login behind an access token that was issued in `region`.
    pub(crate) fn login_by_access_token(
        &self,
        token: &str,
        region: &str,
        now: SystemTime,
    ) -> Option<LoginId> {
        let known = self.access_tokens.get(token)?;
        let fits = self.login(known.login).region == region && now < known.expires;
        (fits && self.login_lives(known.login, now)).then_some(known.login)
    }

    /// The login behind an access token that was issued anywhere, and lives; `outlives_logout`: a logout aside.
    pub(crate) fn login_anywhere(
        &self,
        token: &str,
        outlives_logout: bool,
        now: SystemTime,
    ) -> Option<LoginId> {
        let known = self.access_tokens.get(token).filter(|known| now < known.expires)?;
        let login = self.login(known.login);
        let lives = (outlives_logout || !login.logged_out) && self.session_lives(login.session, now);
        lives.then_some(known.login)
    }

    pub(crate) fn device_grant_by_user_code(&mut self, user_code: &str) -> Option<&mut DeviceGrant> {
        self.device_grants.values_mut().find(|grant| grant.user_code == user_code)
    }

    /// Remembers a browser that has signed in and returns its cookie.
    pub(crate) fn add_browser(&mut self, session: SessionId) -> String {
        let cookie = secret::cookie();
        self.browsers.insert(cookie.clone(), Browser { session, form_token: secret::handle() });
        cookie
    }
}

impl Login {
    pub(crate) fn new(
        client_id: &str,
        registration: &Registration,
        session: SessionId,
        region: &str,
    ) -> Self {
        Self {
            client_id: client_id.to_owned(),
            session,
            scopes: registration.scopes.clone(),
            region: region.to_owned(),
            logged_out: false,
        }
    }
}
