//! Role credentials for a command: warm, or fetched, with a login first where that is wanted.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::assume;
use super::error::CommandError;
use super::selection::{self, Chain, OpenSession, ResolvedSession};
use super::ui::Ui;
use crate::app::App;
use crate::credentials::cache::{CacheKey, CredentialCache, FetchBudget, IssuerFingerprint};
use crate::credentials::{Fetched, wire};
use crate::platform::process;
use crate::ports::identity_center::{Patience, RoleCredentials};
use crate::profile::Role;
use crate::secret::Secret;
use crate::session::Session;
use crate::session::auto_login::{AutoLogin, Waited};
use crate::similar::did_you_mean;

/// Newer Rust SDKs give up after some 20 s; this leaves room for one fetch after a login.
const WHOLE_CALL: Duration = Duration::from_secs(13);

pub(super) struct Provider<'a> {
    app: &'a App,
    pub(super) selected: ResolvedSession,
    pub(super) role: Role,
    config: PathBuf,
    issuer: IssuerFingerprint,
    endpoints_of_profile: String,
    /// Who may be asked for a passphrase.
    person: Option<&'a Ui>,
}

impl<'a> Provider<'a> {
    /// Asks nobody anything.
    pub(super) fn for_a_tool(
        app: &'a App,
        selected: ResolvedSession,
        role: Role,
    ) -> Result<Self, CommandError> {
        let document = app.document()?;
        app.act_for(match &selected.profile {
            Some(profile) => Some(profile.clone()),
            None => document.trusting_profile(&selected.session.name, &role),
        });
        let endpoints = selection::endpoints(app, &selected)?;
        let issuer = IssuerFingerprint::of(&selected.session, &endpoints);
        let endpoints_of_profile = selection::of_profile_alone(app, &selected, &endpoints);
        Ok(Self {
            app,
            selected,
            role,
            config: app.config_path()?,
            issuer,
            endpoints_of_profile,
            person: None,
        })
    }

    pub(super) fn for_a_person(
        app: &'a App,
        selected: ResolvedSession,
        role: Role,
        ui: &'a Ui,
    ) -> Result<Self, CommandError> {
        Ok(Self { person: Some(ui), ..Self::for_a_tool(app, selected, role)? })
    }

    /// As `credential-process` prints it.
    pub(super) fn line(&self) -> Result<Secret<Vec<u8>>, CommandError> {
        let wanted = self.wanted()?;
        self.with_login(|| self.warm().serve(&wanted, self.issuer, |budget| self.fetch(budget)))
    }

    pub(super) fn credentials(&self) -> Result<RoleCredentials, CommandError> {
        Ok(wire::parse(&self.line()?))
    }

    /// Credentials that end no earlier than `until`, as far as the permission set gives any, and when they do end:
    /// by this machine's clock, which the service's may be ahead of.
    pub(super) fn credentials_until(
        &self,
        until: DateTime<Utc>,
    ) -> Result<(RoleCredentials, DateTime<Utc>), CommandError> {
        let wanted = self.wanted()?;
        let credentials = self.credentials()?;
        let end = self.ends_at(&credentials)?;
        if end >= until {
            return Ok((credentials, end));
        }
        let renew = || self.warm().renew(&wanted, self.issuer, until, |budget| self.fetch(budget));
        let credentials = wire::parse(&self.with_login(renew)?);
        let end = self.ends_at(&credentials)?;
        Ok((credentials, end))
    }

    /// When credentials that it gave end, by this machine's clock; by the service's where they are not kept warm.
    pub(super) fn ends_at(&self, credentials: &RoleCredentials) -> Result<DateTime<Utc>, CommandError> {
        let kept = self.warm().ends_at(&self.wanted()?, self.issuer);
        Ok(kept.unwrap_or(credentials.expires_at))
    }

    fn wanted(&self) -> Result<CacheKey<'_>, CommandError> {
        let (app, session) = (self.app, &self.selected.session.name);
        let wanted = CacheKey::new(session, &self.role, &self.config, &app.env, &self.endpoints_of_profile);
        Ok(wanted.stamped(app.stamped_document()?.0))
    }

    fn warm(&self) -> CredentialCache<'_> {
        let app = self.app;
        CredentialCache { state: &**app.state(), keys: app.sealing_keys(), clock: &*app.clock }
    }

    fn with_login<T>(&self, serve: impl Fn() -> Result<T, CommandError>) -> Result<T, CommandError> {
        match serve() {
            Err(error) if error.wants_login() => {
                self.log_in_first(error)?;
                serve()
            }
            outcome => outcome,
        }
    }

    /// With `auto-login`: one login for all who wait. Without it, or where no browser can open, `error` it is.
    fn log_in_first(&self, error: CommandError) -> Result<(), CommandError> {
        let Self { app, selected, role, .. } = self;
        if !app.settings()?.auto_login || app.browser().unavailable().is_some() {
            return Err(error);
        }
        let asked_by = format!("credentials of {} in account {}", role.role_name, role.account_id);
        let start = || match &selected.profile {
            // Its `services` section counts for the login too.
            Some(profile) => {
                process::start_detached(&["login", "--detached", &asked_by], &[("AWS_PROFILE", profile)])
            }
            None => process::start_detached(
                &["login", "--detached", &asked_by, "--", &selected.session.name],
                &[],
            ),
        };
        let auto = AutoLogin { config: &selected.session, state: &**app.state(), clock: &*app.clock };
        match auto.wait(start, WHOLE_CALL.saturating_sub(app.clock.elapsed()))? {
            Waited::LoggedIn => Ok(()),
            Waited::NotOpened { page } => Err(super::error::unopened(&page, &selected.session.name)),
            Waited::CoolingDown => Err(error.because("a login came to nothing a moment ago")),
            Waited::NotStarted => Err(error.because("the login could not be started by itself")),
            Waited::Unfinished => Err(error
                .because("a login waits in the browser")
                .hint("finish the login in the open tab, then try again")),
        }
    }

    fn fetch(&self, budget: FetchBudget) -> Result<Fetched, CommandError> {
        match &self.selected.chain {
            Some(chain) => {
                let credentials = self.of_permission_set(chain).credentials_for_another_role(budget)?;
                assume::through(chain, &self.selected, credentials, self.app, self.person, budget)
            }
            None => self.fetch_permission_set(budget),
        }
    }

    /// Whose credentials the first role of the chain is assumed with.
    fn of_permission_set(&self, chain: &Chain) -> Self {
        let selected = ResolvedSession { chain: None, ..self.selected.clone() };
        let endpoints_of_profile = selection::endpoints(self.app, &selected)
            .map(|endpoints| selection::of_profile_alone(self.app, &selected, &endpoints));
        Self {
            selected,
            role: chain.permission_set.clone(),
            config: self.config.clone(),
            endpoints_of_profile: endpoints_of_profile.unwrap_or_default(),
            ..*self
        }
    }

    /// Warm ones as they are where there is no time: they are at hand, and good for another role's hour.
    fn credentials_for_another_role(&self, budget: FetchBudget) -> Result<RoleCredentials, CommandError> {
        if budget.waits {
            return self.credentials();
        }
        match self.warm().kept(&self.wanted()?, self.issuer) {
            Some(kept) => Ok(wire::parse(&kept.line)),
            None => Ok(self.fetch(budget)?.credentials),
        }
    }

    /// A refusal does not say that a name was mistyped; what AWS listed last may.
    fn with_near_names(&self, error: CommandError) -> CommandError {
        if self.person.is_none() || !matches!(error.code(), "not_assigned" | "no_such_role") {
            return error;
        }
        let Some(known) = selection::known(self.app, &self.selected) else { return error };
        let Role { account_id, role_name } = &self.role;
        let there = known.accounts.iter().find(|one| one.account.id == *account_id);
        let meant = match there {
            Some(one) if one.roles.contains(role_name) => String::new(),
            Some(one) => did_you_mean(role_name, one.roles.iter().map(String::as_str)),
            None => did_you_mean(account_id, known.accounts.iter().map(|one| one.account.id.as_str())),
        };
        if meant.is_empty() {
            error
        } else {
            error.hint(format!("{meant}`kcaws accounts` shows what you have"))
        }
    }

    fn fetch_permission_set(&self, budget: FetchBudget) -> Result<Fetched, CommandError> {
        let retry_until = if budget.waits { self.app.clock.elapsed() + budget.total } else { Duration::ZERO };
        let (patience, lock_patience) = if budget.waits {
            (Patience { total: budget.total, ..Patience::FOR_A_TOOL }, budget.total)
        } else {
            (Patience::for_a_renewal(budget.total), Duration::ZERO)
        };
        let once = || -> Result<Fetched, CommandError> {
            let opened = OpenSession::for_use_in(self.app, self.selected.clone(), patience, lock_patience)?;
            if let Some(ui) = self.person {
                opened.ask_for_passphrase(ui)?;
            }
            let session = Session { retry_until, ..opened.session() };
            Ok(session.fetch_role(&self.role)?)
        };
        let once = || once().map_err(|error| self.with_near_names(error));
        match once() {
            // No tool should fail because somebody moves the tokens meanwhile.
            Err(error) if error.tokens_moved() => once(),
            outcome => outcome,
        }
    }
}
