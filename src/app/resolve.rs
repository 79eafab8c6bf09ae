//! Resolves the session and the role of a command.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::error::AppError;
use super::{App, endpoints};
use crate::console::regions;
use crate::credentials::accounts::cached::CachedAccounts;
use crate::ports::identity_center::{Endpoints, Origin};
use crate::profile::identity::{AssumedRole, Identity, ProfileFiles};
use crate::profile::{ConfigError, Document, Role, RoleName, SsoSession, portal_url, sources};
use crate::session::start_url::{self, Portal};
use crate::session::{LoginNeeded, SessionError, status};

/// A session, and the profile that it was found through, whose `services` section applies.
#[derive(Clone)]
pub struct ResolvedSession {
    pub session: SsoSession,
    pub profile: Option<String>,
    /// The roles that the profile assumes, if any.
    pub chain: Option<Chain>,
    /// Resolved on first use.
    endpoints: OnceCell<Endpoints>,
}

/// A role, and the session that provides its credentials.
#[derive(Clone)]
pub struct ResolvedRole {
    pub selected: ResolvedSession,
    pub role: Role,
    /// The profile's Region.
    pub region: Option<String>,
}

/// Roles assumed one after another, the first of them with a permission set's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub permission_set: Role,
    pub steps: Vec<AssumedRole>,
}

impl ResolvedSession {
    /// Returns a session that was found by its own name.
    pub fn of(session: SsoSession) -> Self {
        Self { session, profile: None, chain: None, endpoints: OnceCell::new() }
    }

    /// Returns the session that was found through a profile.
    pub fn through(profile: Option<String>, session: SsoSession) -> Self {
        Self { profile, ..Self::of(session) }
    }

    /// Returns the session of the permission set with which a profile assumes another role.
    #[must_use]
    pub fn without_chain(&self) -> Self {
        Self { chain: None, ..self.clone() }
    }

    /// Returns the same with unresolved hosts, for use after a login, which may have changed them.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self { endpoints: OnceCell::new(), ..self.clone() }
    }

    /// Returns the same in the Region that a login turned out to use.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        let session = SsoSession { region: region.to_owned(), ..self.session.clone() };
        Self { session, ..self.afresh() }
    }

    /// Returns the session's hosts, as far as the files show which ones its login uses.
    pub fn endpoints(&self, app: &App) -> Result<&Endpoints, AppError> {
        if let Some(endpoints) = self.endpoints.get() {
            return Ok(endpoints);
        }
        let endpoints = endpoints::of(app, self)?;
        Ok(self.endpoints.get_or_init(|| endpoints))
    }

    /// Returns the role whose credentials Identity Center issues: `role`, or the one that it is assumed with.
    pub fn source_role<'a>(&'a self, role: &'a Role) -> &'a Role {
        self.chain.as_ref().map_or(role, |chain| &chain.permission_set)
    }

    /// Checks that the credentials of a role may be sent to `asked`, by the place of the service that issues them.
    pub fn credentials_may_go_to(&self, role: &Role, asked: &Origin, app: &App) -> Result<(), AppError> {
        let endpoints = self.endpoints(app)?;
        let runtime = endpoints.account_access.as_ref();
        let issuer = match (&self.source_role(role).role_name, runtime) {
            (RoleName::IamRole(_), Some(runtime)) => &runtime.origin,
            _ => &endpoints.portal,
        };
        Ok(issuer.credentials_may_go_to(asked)?)
    }

    /// Returns the profile's own endpoints and assumed roles as one text for the cache key; empty if there are none.
    pub fn owed_to_profile(&self, app: &App) -> Result<String, AppError> {
        if self.profile.is_none() {
            return Ok(String::new());
        }
        let endpoints = self.endpoints(app)?;
        // An endpoint that is invalid without the profile differs from the one with it.
        let own = match endpoints::of(app, &Self::of(self.session.clone())) {
            Ok(without) if without == *endpoints => String::new(),
            _ => match &endpoints.account_access {
                Some(access) => format!("{} {} {}", endpoints.oidc, endpoints.portal, access.origin),
                None => format!("{} {}", endpoints.oidc, endpoints.portal),
            },
        };
        Ok(match &self.chain {
            // The debug form quotes, so that two different chains never give the same text.
            Some(chain) => match &endpoints.account_access {
                Some(runtime) if chain.permission_set.role_name.arn().is_some() => {
                    format!("{own} {chain:?} {}", runtime.origin.as_str())
                }
                _ => format!("{own} {chain:?}"),
            },
            None => own,
        })
    }
}

/// Refuses an AWS_CONFIG_FILE that names no file, since every profile of the real one would seem to be missing.
pub fn check_config_file(app: &App) -> Result<(), AppError> {
    match app.document() {
        // The code that reads an unreadable file reports it.
        Ok(document) if document.is_missing() && app.env.raw("AWS_CONFIG_FILE").is_some() => {
            Err(ConfigError::NoSuchFile { path: document.path().to_path_buf() }.into())
        }
        _ => Ok(()),
    }
}

/// Refuses a missing AWS_CONFIG_FILE, unless the credentials file has the profile.
pub fn check_config_file_of(app: &App, profile: &str) -> Result<(), AppError> {
    let missing = check_config_file(app);
    let is_there = || sources::in_credentials(app.credentials_document(), profile).is_some();
    missing.or_else(|error| if is_there() { Ok(()) } else { Err(error) })
}

/// The session or sessions that `[SESSION]` refers to.
pub enum SessionChoice {
    One(Box<ResolvedSession>),
    /// Several sessions, by name, with nothing to choose between them.
    Several(Vec<String>),
}

/// Returns the named session, or that of the environment's profile, or the only one, or all.
pub fn session(app: &App, named: Option<&str>) -> Result<SessionChoice, AppError> {
    check_config_file(app)?;
    if let Some(name) = named {
        return Ok(SessionChoice::One(Box::new(ResolvedSession::of(session_named(app, name)?))));
    }
    if let Some(selected) = session_of_environment(app)? {
        return Ok(SessionChoice::One(Box::new(selected)));
    }
    let mut sessions = app.document()?.session_names();
    match sessions.len() {
        0 => Err(app.document()?.no_sessions().into()),
        1 => {
            let session = session_named(app, &sessions.remove(0))?;
            Ok(SessionChoice::One(Box::new(ResolvedSession::of(session))))
        }
        _ => Ok(SessionChoice::Several(sessions)),
    }
}

/// Returns the session of the environment's profile; `None` if that profile belongs to another tool.
fn session_of_environment(app: &App) -> Result<Option<ResolvedSession>, AppError> {
    let Some(profile) = app.env.profile() else { return Ok(None) };
    match session_behind(app, &profile) {
        Ok(session) => through(app, &profile, session).map(Some),
        Err(error) if error.leaves_no_identity() => Ok(None),
        Err(ConfigError::NoSuchProfile { .. })
            if sources::in_credentials(app.credentials_document(), &profile).is_some() =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the session through which the profile of `--profile` gets its credentials.
pub fn session_of_profile(app: &App, profile: &str) -> Result<ResolvedSession, AppError> {
    check_config_file_of(app, profile)?;
    let (document, credentials) = (app.document()?, app.credentials_document());
    let session =
        session_behind(app, profile).map_err(|error| not_of_kcaws(error, document, credentials, profile))?;
    through(app, profile, session)
}

/// Returns the session of a profile; for an assumed role, that of the profile at the end of the chain.
fn session_behind(app: &App, profile: &str) -> Result<SsoSession, ConfigError> {
    match identity(app, profile) {
        Ok(identity) => Ok(identity.session),
        // A login may well be meant for the session that only some tools would use.
        Err(ConfigError::TakenElsewhere { .. }) => {
            app.document()?.target(profile).map(|target| target.session)
        }
        Err(error) => Err(error),
    }
}

fn through(app: &App, profile: &str, session: SsoSession) -> Result<ResolvedSession, AppError> {
    let spelled = app.document()?.legacy_url(profile);
    let session = in_force(app, where_logged_in(app, session, spelled)?)?;
    Ok(ResolvedSession::through(Some(profile.to_owned()), session))
}

/// Returns a session of the config, in the Region of its login.
pub fn session_named(app: &App, name: &str) -> Result<SsoSession, AppError> {
    check_config_file(app)?;
    let session = app.document()?.session(name)?;
    let spelled = (session.name == session.start_url || session.name != name).then_some(name);
    in_force(app, where_logged_in(app, session, spelled)?)
}

/// Returns the session, or an older one for another spelling of its portal that still has a login.
///
/// All spellings of a portal are one session now. A login from before stays usable as long as the new session has none,
/// so that the change of name requires no new login. `spelled` is the start URL by which the session was requested, if
/// it was.
fn where_logged_in(app: &App, session: SsoSession, spelled: Option<&str>) -> Result<SsoSession, AppError> {
    let Some(url) = spelled else { return Ok(session) };
    let Some(portal) = portal_url::portal(url) else { return Ok(session) };
    // Once for all profiles of a portal: it may be ten thousand of them, each with a spelling of its own.
    let key = (session.name.clone(), portal);
    let found = app.former_sessions.borrow().get(&key).cloned();
    let former = if let Some(former) = found {
        former
    } else {
        let former = former_session(app, &session, url)?;
        app.former_sessions.borrow_mut().insert(key, former.clone());
        former
    };
    match former {
        Some(former) if !has_login(app, &session)? && has_login(app, &former)? => Ok(former),
        _ => Ok(session),
    }
}

/// The first of the other spellings that has a login.
fn former_session(app: &App, session: &SsoSession, url: &str) -> Result<Option<SsoSession>, AppError> {
    let mut others = app.document()?.spellings(url);
    others.retain(|other| other.name != session.name);
    if others.is_empty() {
        return Ok(None);
    }
    let noted: HashSet<String> = status::noted_files(app.state())?.into_iter().collect();
    for other in others {
        if noted.contains(&status::file_name(&other)) && has_login(app, &other)? {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

fn has_login(app: &App, session: &SsoSession) -> Result<bool, AppError> {
    Ok(status::read(app.state(), session)?.is_some_and(|status| status.login.is_some()))
}

/// Returns the session in the Region of its login.
///
/// A company's own start URL may have moved users to a Region other than the configured one, which then counts from the
/// login on.
fn in_force(app: &App, session: SsoSession) -> Result<SsoSession, AppError> {
    if !start_url::is_portal(&session.start_url) {
        let noted = status::read(app.state(), &session)?;
        return Ok(match noted {
            Some(noted) => SsoSession { region: noted.region, ..session },
            None => session,
        });
    }
    if !session.region.is_empty() {
        return Ok(session);
    }
    let region = start_url::region_of(&session.start_url);
    let region = region.ok_or_else(|| app.document().map(|document| document.no_region(&session.name)));
    match region {
        Ok(region) => Ok(SsoSession { region, ..session }),
        Err(complaint) => Err(complaint?.into()),
    }
}

/// Resolves where a login of this session goes.
pub fn portal(app: &App, session: &SsoSession) -> Result<Portal, AppError> {
    let (document, redirects) = (app.document()?, app.redirects()?);
    // The config's Region, not that of the last login: it applies if the portal's host does not contain one.
    let configured = document.session(&session.name)?.region;
    let resolved = start_url::resolve(&session.start_url, &configured, &*redirects);
    Ok(resolved.map_err(SessionError::from)?)
}

/// Refuses a Region that contradicts the start URL's host; in the browser it would only show after ten minutes.
pub fn check_region(app: &App, session: &SsoSession) -> Result<(), AppError> {
    if let Some(error) = regions::misspelled(&session.region)
        && let Some(place) = app.document()?.place_of_region(&session.name)
    {
        return Err(AppError::NotARegion { place, error });
    }
    let in_url = start_url::region_of(&session.start_url).filter(|in_url| *in_url != session.region);
    match (in_url, app.document()?.place_of_region(&session.name)) {
        (Some(in_url), Some(place)) => Err(ConfigError::WrongRegion { place, in_url }.into()),
        _ => Ok(()),
    }
}

/// Returns the role that a profile refers to.
pub fn role_of_profile(app: &App, profile: &str) -> Result<ResolvedRole, AppError> {
    check_config_file_of(app, profile)?;
    let document = app.document()?;
    let identity = identity(app, profile)
        .map_err(|error| not_of_kcaws(error, document, app.credentials_document(), profile))?;
    let Some(role) = identity.acts_as().cloned() else {
        return Err(AppError::NoRole { profile: profile.to_owned() });
    };
    let Identity { session, permission_set, chain: steps, region } = identity;
    let permission_set = permission_set.filter(|_| !steps.is_empty());
    let chain = permission_set.map(|permission_set| Chain { permission_set, steps });
    let session = in_force(app, where_logged_in(app, session, document.legacy_url(profile))?)?;
    let selected = ResolvedSession { chain, ..ResolvedSession::through(Some(profile.to_owned()), session) };
    Ok(ResolvedRole { selected, role, region })
}

/// Returns who the profile is to every SDK.
pub fn identity(app: &App, profile: &str) -> Result<Identity, ConfigError> {
    in_files(app, |files| files.identity(profile))
}

/// Runs `look` on the files that tools read profiles from.
pub fn in_files<T>(
    app: &App,
    look: impl FnOnce(ProfileFiles<'_>) -> Result<T, ConfigError>,
) -> Result<T, ConfigError> {
    let credentials = app.credentials_document();
    look(ProfileFiles { config: app.document()?, credentials })
}

/// Returns why a profile is not managed by kcaws, with the place that tools take its credentials from instead.
pub fn not_of_kcaws(
    error: ConfigError,
    document: &Document,
    credentials: Option<&Document>,
    profile: &str,
) -> AppError {
    let is_elsewhere = matches!(error, ConfigError::NotOurs { .. } | ConfigError::NoSuchProfile { .. });
    match sources::of_credentials_file(document, credentials, profile).filter(|_| is_elsewhere) {
        Some(taken) => AppError::NotOurs { error: Box::new(error), taken },
        None => error.into(),
    }
}

pub(super) fn never_logged_in(session: &str) -> SessionError {
    SessionError::LoginNeeded { session: session.to_owned(), why: LoginNeeded::NeverLoggedIn }
}

/// Returns the last listing for the current login, however old.
pub fn known(app: &App, selected: &ResolvedSession) -> Option<CachedAccounts> {
    CachedAccounts::of(&selected.session, selected.endpoints(app).ok()?, app.state())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::fake::FakePorts;
    use crate::platform::env::Env;
    use crate::platform::folders::Folders;
    use crate::ports::clock::FakeClock;
    use crate::ports::identity_center::AccountAccess;
    use crate::session::testing::corp;

    fn role(name: &str) -> Role {
        Role::parse("111122223333", name).expect("is one")
    }

    #[test]
    fn credentials_go_where_the_service_is_that_issued_them() {
        let clock = Arc::new(FakeClock::at("2026-11-24T12:00:00Z"));
        let app = App::over(Env::from_pairs(&[]), Folders::default(), clock, FakePorts::default());
        let runtime = AccountAccess {
            origin: Origin::new("https://account-access-runtime.eu-central-1.api.aws"),
            tenant: "aa-corp".into(),
        };
        let endpoints = Endpoints {
            oidc: Origin::new("http://127.0.0.1:1"),
            portal: Origin::new("http://127.0.0.1:1"),
            account_access: Some(runtime),
        };
        let selected =
            ResolvedSession { endpoints: OnceCell::from(endpoints), ..ResolvedSession::of(corp()) };
        let (set, iam_role) = (role("Admin"), role("arn:aws:iam::111122223333:role/Deploy"));
        let may_go = |selected: &ResolvedSession, role: &Role, url: &str| {
            selected.credentials_may_go_to(role, &Origin::new(url), &app).is_ok()
        };
        let aws = "https://sts.eu-central-1.amazonaws.com";
        let here = "http://127.0.0.1:9";
        assert!(may_go(&selected, &set, here) && !may_go(&selected, &set, aws));
        assert!(may_go(&selected, &iam_role, aws) && !may_go(&selected, &iam_role, here));
        let chain = Chain { permission_set: iam_role, steps: Vec::new() };
        let chained = ResolvedSession { chain: Some(chain), ..selected };
        assert!(may_go(&chained, &set, aws) && !may_go(&chained, &set, here));
    }
}
