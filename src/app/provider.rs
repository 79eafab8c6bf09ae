//! Provides role credentials to a command: cached or fetched, after a login if necessary.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::{AppError, LoginPending};
use super::open::{Asking, OpenSession};
use super::resolve::{self, Chain, ResolvedSession};
use super::{App, assume};
use crate::credentials::cache::{CacheKey, CredentialCache, FetchBudget, IssuerFingerprint};
use crate::credentials::{CredentialsError, Fetched, wire};
use crate::platform::process;
use crate::ports::identity_center::{Patience, RoleCredentials};
use crate::profile::{Role, RoleName};
use crate::secret::Secret;
use crate::session::Session;
use crate::session::auto_login::{AutoLogin, Waited};
use crate::similar::did_you_mean;

/// Newer Rust SDKs give up after some 20 s; this leaves room for one fetch after a login.
const WHOLE_CALL: Duration = Duration::from_secs(13);

pub struct Provider<'a> {
    app: &'a App,
    pub selected: ResolvedSession,
    pub role: Role,
    config: PathBuf,
    issuer: IssuerFingerprint,
    owed_to_profile: String,
    /// Whether a passphrase or an MFA code may be asked for.
    asking: Asking,
    is_for_a_tool: bool,
}

impl<'a> Provider<'a> {
    /// Creates a provider that never prompts.
    pub fn for_a_tool(app: &'a App, selected: ResolvedSession, role: Role) -> Result<Self, AppError> {
        let document = app.document()?;
        app.act_for(match &selected.profile {
            Some(profile) => Some(profile.clone()),
            None => document.trusting_profile(&selected.session.name, &role),
        });
        let issuer = IssuerFingerprint::of_role(
            &selected.session,
            selected.endpoints(app)?,
            selected.source_role(&role),
        );
        let owed_to_profile = selected.owed_to_profile(app)?;
        Ok(Self {
            app,
            selected,
            role,
            config: app.config_path()?,
            issuer,
            owed_to_profile,
            asking: Asking::NoOne,
            is_for_a_tool: true,
        })
    }

    pub fn for_a_person(
        app: &'a App,
        selected: ResolvedSession,
        role: Role,
        asking: Asking,
    ) -> Result<Self, AppError> {
        Ok(Self { asking, is_for_a_tool: false, ..Self::for_a_tool(app, selected, role)? })
    }

    /// Returns the credentials as `credential-process` prints them.
    pub fn line(&self) -> Result<Secret<Vec<u8>>, AppError> {
        self.with_login(|provider| {
            let wanted = provider.wanted()?;
            provider.warm().serve(&wanted, provider.issuer, |budget| provider.fetch(budget))
        })
    }

    pub fn credentials(&self) -> Result<RoleCredentials, AppError> {
        Ok(wire::parse(&self.line()?))
    }

    /// Returns credentials valid until `until`, if the permission set allows it, and when they actually expire.
    ///
    /// The time is by this machine's clock, which the service's may be ahead of.
    pub fn credentials_until(
        &self,
        until: DateTime<Utc>,
    ) -> Result<(RoleCredentials, DateTime<Utc>), AppError> {
        let credentials = self.credentials()?;
        let end = self.ends_at(&credentials)?;
        if end >= until {
            return Ok((credentials, end));
        }
        let credentials = wire::parse(&self.with_login(|provider| {
            let wanted = provider.wanted()?;
            provider.warm().renew(&wanted, provider.issuer, until, |budget| provider.fetch(budget))
        })?);
        let end = self.ends_at(&credentials)?;
        Ok((credentials, end))
    }

    /// Returns when the credentials expire, by this machine's clock, or by the service's if they are not cached.
    pub fn ends_at(&self, credentials: &RoleCredentials) -> Result<DateTime<Utc>, AppError> {
        let kept = self.warm().ends_at(&self.wanted()?, self.issuer);
        Ok(kept.unwrap_or(credentials.expires_at))
    }

    fn wanted(&self) -> Result<CacheKey<'_>, AppError> {
        let (app, session) = (self.app, &self.selected.session.name);
        let wanted = CacheKey::new(session, &self.role, &self.config, &app.env, &self.owed_to_profile);
        Ok(wanted.stamped(app.stamped_document()?.0))
    }

    fn warm(&self) -> CredentialCache<'_> {
        let app = self.app;
        CredentialCache { state: app.state(), keys: app.sealing_keys(), clock: &*app.clock }
    }

    fn with_login<T>(&self, serve: impl Fn(&Self) -> Result<T, AppError>) -> Result<T, AppError> {
        match serve(self) {
            Err(error) if error.wants_login() => {
                self.log_in_first(error)?;
                // The login may have switched to other hosts.
                let role = self.role.clone();
                let (asking, is_for_a_tool) = (self.asking, self.is_for_a_tool);
                let resolved = Self::for_a_tool(self.app, self.selected.afresh(), role)?;
                serve(&Self { asking, is_for_a_tool, ..resolved })
            }
            outcome => outcome,
        }
    }

    /// Logs in first if `auto-login` is on: one login for all waiting tools.
    ///
    /// Otherwise, or if no browser can open, returns `error`.
    fn log_in_first(&self, error: AppError) -> Result<(), AppError> {
        let Self { app, selected, role, .. } = self;
        if !app.settings()?.auto_login || app.browser(&selected.session.name).unavailable().is_some() {
            return Err(error);
        }
        let asked_by = format!("credentials of {} in account {}", role.role_name, role.account_id);
        let start = || match &selected.profile {
            // The profile's `services` section applies to the login too.
            Some(profile) => {
                process::start_detached(&["login", "--detached", &asked_by], &[("AWS_PROFILE", profile)])
            }
            None => process::start_detached(
                &["login", "--detached", &asked_by, "--", &selected.session.name],
                &[],
            ),
        };
        let auto = AutoLogin { config: &selected.session, state: app.state(), clock: &*app.clock };
        let why = match auto.wait(start, WHOLE_CALL.saturating_sub(app.clock.elapsed()))? {
            Waited::LoggedIn => return Ok(()),
            Waited::NotOpened { page } => {
                LoginPending::NotOpened { session: selected.session.name.clone(), page }
            }
            Waited::CoolingDown => LoginPending::CoolingDown,
            Waited::NotStarted => LoginPending::NotStarted,
            Waited::Unfinished => LoginPending::Unfinished,
        };
        Err(AppError::LoginPending { error: Box::new(error), why })
    }

    fn fetch(&self, budget: FetchBudget) -> Result<Fetched, AppError> {
        match &self.selected.chain {
            Some(chain) => {
                let credentials = self.of_permission_set(chain)?.credentials_for_another_role(budget)?;
                assume::through(chain, &self.selected, credentials, self.app, self.asking, budget)
            }
            None => self.fetch_permission_set(budget),
        }
    }

    /// Returns the provider of the permission set that the first role of the chain is assumed with.
    fn of_permission_set(&self, chain: &Chain) -> Result<Self, AppError> {
        let selected = self.selected.without_chain();
        let owed_to_profile = selected.owed_to_profile(self.app)?;
        let role = chain.permission_set.clone();
        let issuer = IssuerFingerprint::of_role(&selected.session, selected.endpoints(self.app)?, &role);
        Ok(Self { issuer, selected, role, config: self.config.clone(), owed_to_profile, ..*self })
    }

    /// Returns credentials to assume another role with.
    ///
    /// If there is no time for a fetch, cached ones will do: they are valid long enough to obtain the other role's.
    fn credentials_for_another_role(&self, budget: FetchBudget) -> Result<RoleCredentials, AppError> {
        if budget.waits {
            return self.credentials();
        }
        match self.warm().kept(&self.wanted()?, self.issuer) {
            Some(kept) => Ok(wire::parse(&kept.line)),
            None => Ok(self.fetch(budget)?.credentials),
        }
    }

    /// Adds similar names to a refusal, from what AWS listed last: the refusal itself does not point out a typo.
    fn with_near_names(&self, error: AppError) -> AppError {
        let is_about_names = matches!(
            error,
            AppError::Credentials(CredentialsError::NotAssigned(_) | CredentialsError::NoSuchRole(_))
        );
        if self.is_for_a_tool || !is_about_names {
            return error;
        }
        let Some(known) = resolve::known(self.app, &self.selected) else { return error };
        let Role { account_id, role_name } = &self.role;
        let there = known.accounts.iter().find(|one| one.account.id == *account_id);
        let meant = match there {
            Some(one) if one.roles.contains(role_name) => String::new(),
            Some(one) => did_you_mean(role_name.as_str(), one.roles.iter().map(RoleName::as_str)),
            None => did_you_mean(account_id, known.accounts.iter().map(|one| one.account.id.as_str())),
        };
        if meant.is_empty() { error } else { AppError::NearName { error: Box::new(error), meant } }
    }

    fn fetch_permission_set(&self, budget: FetchBudget) -> Result<Fetched, AppError> {
        let retry_until = if budget.waits { self.app.clock.elapsed() + budget.total } else { Duration::ZERO };
        let (patience, lock_patience) = if budget.waits {
            (Patience { total: budget.total, ..Patience::FOR_A_TOOL }, budget.total)
        } else {
            (Patience::for_a_renewal(budget.total), Duration::ZERO)
        };
        let once = || -> Result<Fetched, AppError> {
            let opened = OpenSession::for_use_in(self.app, self.selected.clone(), patience, lock_patience)?;
            opened.ask_for_passphrase(self.asking)?;
            let session = Session { retry_until, ..opened.session() };
            Ok(session.fetch_role(&self.role)?)
        };
        let once = || once().map_err(|error| self.with_near_names(error));
        match once() {
            // A tool must not fail because the tokens are being moved to another store.
            Err(error) if error.tokens_moved() => once(),
            outcome => outcome,
        }
    }
}
