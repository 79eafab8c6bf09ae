//! Which session and which role a command is about, and the ports that it then needs.

mod account;
mod opened;
mod unnamed;

use self::opened::LOCK_PATIENCE;
pub(super) use self::opened::OpenSession;
pub(super) use self::unnamed::{unnamed_profile, which_profile};

use crate::app::App;
use crate::cli::error::{CommandError, Exit};
use crate::cli::ui::{Ui, shown};
use crate::console::regions::{self, NotARegion};
use crate::credentials::accounts::cached::CachedAccounts;
use crate::ports::identity_center::{EndpointSettings, Endpoints, Patience};
use crate::ports::keyring::SecretStore;
use crate::profile::identity::{AssumedRole, Identity, ProfileFiles};
use crate::profile::services::{Service, endpoint_override};
use crate::profile::{ConfigError, Document, Role, SsoSession, sources};
use crate::session::start_url::{self, Portal};
use crate::session::{LoginNeeded, SessionError, status, token_store};

/// As the SDKs read it.
pub(super) const DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";

/// A session, and the profile through which it was found: its `services` section counts.
#[derive(Clone)]
pub(super) struct ResolvedSession {
    pub(super) session: SsoSession,
    pub(super) profile: Option<String>,
    /// Roles that the profile assumes, where it does.
    pub(super) chain: Option<Chain>,
}

/// Roles assumed one after another, the first of them with a permission set's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) permission_set: Role,
    pub(super) steps: Vec<AssumedRole>,
}

impl ResolvedSession {
    /// A session that was found by its own name.
    pub(super) fn of(session: SsoSession) -> Self {
        Self { session, profile: None, chain: None }
    }
}

/// Refuses an AWS_CONFIG_FILE that names no file: what is in the real one would seem not to exist.
pub(super) fn check_config_file(app: &App) -> Result<(), CommandError> {
    match app.document() {
        // One that cannot be read is what its reader complains about.
        Ok(document) if document.is_missing() && app.env.raw("AWS_CONFIG_FILE").is_some() => {
            Err(ConfigError::NoSuchFile { path: document.path().to_path_buf() }.into())
        }
        _ => Ok(()),
    }
}

/// The same for a profile, which the credentials file may have.
fn check_config_file_of(app: &App, profile: &str) -> Result<(), CommandError> {
    let missing = check_config_file(app);
    let is_there = || sources::in_credentials(app.credentials_document().as_ref(), profile).is_some();
    missing.or_else(|error| if is_there() { Ok(()) } else { Err(error) })
}

/// For `[SESSION]`: the argument, else that of the environment's profile, else the only one, else the person is asked.
pub(super) fn session(app: &App, named: Option<&str>, ui: &Ui) -> Result<ResolvedSession, CommandError> {
    check_config_file(app)?;
    let document = app.document()?;
    if let Some(name) = named {
        return Ok(ResolvedSession::of(session_named(app, name)?));
    }
    if let Some(profile) = app.env.profile() {
        match session_behind(app, &profile) {
            Ok(session) => return through(app, &profile, session),
            // Somebody else's profile says nothing about our sessions.
            Err(error) if error.leaves_no_identity() => {}
            Err(ConfigError::NoSuchProfile { .. })
                if sources::in_credentials(app.credentials_document().as_ref(), &profile).is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let sessions = document.session_names();
    match sessions.as_slice() {
        [] => Err(document.no_sessions().into()),
        [only] => Ok(ResolvedSession::of(session_named(app, only)?)),
        several if ui.is_interactive() => {
            let at = ui.pick("Session:", several.iter().map(|name| shown(name)).collect())?;
            Ok(ResolvedSession::of(session_named(app, &several[at])?))
        }
        several => Err(CommandError::new(Exit::Usage, "which_session", "which session?")
            .because(format!("there are: {}", several.join(", ")))
            .hint("name it, or set AWS_PROFILE")),
    }
}

/// For `--profile`: the session that the profile gets its credentials through.
pub(super) fn session_of_profile(app: &App, profile: &str) -> Result<ResolvedSession, CommandError> {
    check_config_file_of(app, profile)?;
    let (document, credentials) = (app.document()?, app.credentials_document());
    let session = session_behind(app, profile)
        .map_err(|error| not_of_kcaws(error, document, credentials.as_ref(), profile))?;
    through(app, profile, session)
}

/// That of a role that is assumed is the session of the profile at the end of the chain.
fn session_behind(app: &App, profile: &str) -> Result<SsoSession, ConfigError> {
    match identity(app, profile) {
        Ok(identity) => Ok(identity.session),
        // Who logs in may well mean the session that some tools would take.
        Err(ConfigError::TakenElsewhere { .. }) => {
            app.document()?.target(profile).map(|target| target.session)
        }
        Err(error) => Err(error),
    }
}

fn through(app: &App, profile: &str, session: SsoSession) -> Result<ResolvedSession, CommandError> {
    let spelled = app.document()?.legacy_url(profile);
    let session = in_force(app, where_logged_in(app, session, spelled)?)?;
    Ok(ResolvedSession { profile: Some(profile.to_owned()), ..ResolvedSession::of(session) })
}

/// A session of the config, in the region where its login is.
pub(super) fn session_named(app: &App, name: &str) -> Result<SsoSession, CommandError> {
    check_config_file(app)?;
    let session = app.document()?.session(name)?;
    let spelled = (session.name == session.start_url || session.name != name).then_some(name);
    in_force(app, where_logged_in(app, session, spelled)?)
}

/// The session, or the one that another spelling of its portal was before all spellings were one session, while that one
/// still has a login and this one has none: nobody must log in again for the name of a session. `spelled` is the start
/// URL by which it was asked for, if it was.
fn where_logged_in(
    app: &App,
    session: SsoSession,
    spelled: Option<&str>,
) -> Result<SsoSession, CommandError> {
    let Some(url) = spelled else { return Ok(session) };
    let state = &**app.state();
    let has_login = |session: &SsoSession| {
        Ok::<_, CommandError>(status::read(state, session)?.is_some_and(|status| status.login.is_some()))
    };
    for other in app.document()?.spellings(url) {
        if other.name != session.name && !has_login(&session)? && has_login(&other)? {
            return Ok(other);
        }
    }
    Ok(session)
}

/// A company's own start URL may have moved people to another Region than the config names: from its login on, that
/// one counts.
fn in_force(app: &App, session: SsoSession) -> Result<SsoSession, CommandError> {
    if !start_url::is_portal(&session.start_url) {
        let noted = status::read(&**app.state(), &session)?;
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

/// Where a login of this session goes, found out now.
pub(super) fn portal(app: &App, session: &SsoSession) -> Result<Portal, CommandError> {
    let (document, redirects) = (app.document()?, app.redirects()?);
    // The config's region, not that of the last login: a portal whose host tells none is where the config says.
    let configured = document.session(&session.name)?.region;
    let resolved = start_url::resolve(&session.start_url, &configured, &*redirects);
    Ok(resolved.map_err(SessionError::from)?)
}

/// A region that the start URL's own host contradicts would end in the browser, ten minutes later.
pub(super) fn check_region(app: &App, session: &SsoSession) -> Result<(), CommandError> {
    if let Err(error @ NotARegion { near: Some(_), .. }) = regions::checked(&session.region)
        && let Some(place) = app.document()?.place_of_region(&session.name)
    {
        let (what, hint) = (format!("sso_region: {error}"), error.hint());
        return Err(CommandError::from(ConfigError::BadValue { place, what }).hint(hint));
    }
    let told = start_url::region_of(&session.start_url).filter(|told| *told != session.region);
    match (told, app.document()?.place_of_region(&session.name)) {
        (Some(told), Some(place)) => Err(ConfigError::WrongRegion { place, told }.into()),
        _ => Ok(()),
    }
}

/// What each is found as, for commands that show one or all: a section that cannot be used hides no other. The last one
/// that cannot is the command's failure, for later, or at once where nothing is left to show.
pub(super) fn usable<T>(
    names: impl IntoIterator<Item = String>,
    json: bool,
    ui: &mut Ui,
    find: impl Fn(&str) -> Result<T, CommandError>,
) -> Result<(Vec<T>, Result<(), CommandError>), CommandError> {
    let (mut found, mut failure) = (Vec::new(), Ok(()));
    for name in names {
        match find(&name) {
            Ok(one) => found.push(one),
            Err(error) => {
                if let Err(earlier) = std::mem::replace(&mut failure, Err(error)) {
                    ui.error(&earlier, json);
                }
            }
        }
    }
    if found.is_empty() {
        failure?;
        failure = Ok(());
    }
    Ok((found, failure))
}

/// For `--all`: all are tried; the last failure is the command's, the others are told as they come.
pub(super) fn each<T>(
    all: impl IntoIterator<Item = T>,
    ui: &mut Ui,
    mut run: impl FnMut(T, &mut Ui) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let mut outcome = Ok(());
    for one in all {
        let one = run(one, ui);
        if one.is_err()
            && let Err(earlier) = std::mem::replace(&mut outcome, one)
        {
            ui.error(&earlier, false);
        }
    }
    outcome
}

/// What a profile stands for, with its role.
pub(super) fn role_of_profile(
    app: &App,
    profile: &str,
) -> Result<(ResolvedSession, Role, Option<String>), CommandError> {
    check_config_file_of(app, profile)?;
    let document = app.document()?;
    let identity = identity(app, profile)
        .map_err(|error| not_of_kcaws(error, document, app.credentials_document().as_ref(), profile))?;
    let Some(role) = identity.acts_as().cloned() else {
        let message = format!("profile `{profile}` names no account and no permission set");
        return Err(CommandError::new(Exit::Configuration, "no_role", message)
            .hint("add sso_account_id and sso_role_name to it, or name --session, --account and --role"));
    };
    let Identity { session, permission_set, chain: steps, region } = identity;
    let permission_set = permission_set.filter(|_| !steps.is_empty());
    let chain = permission_set.map(|permission_set| Chain { permission_set, steps });
    let session = in_force(app, where_logged_in(app, session, document.legacy_url(profile))?)?;
    Ok((ResolvedSession { session, profile: Some(profile.to_owned()), chain }, role, region))
}

/// Who the profile is to every SDK.
pub(super) fn identity(app: &App, profile: &str) -> Result<Identity, ConfigError> {
    in_files(app, |files| files.identity(profile))
}

/// Looks into the files that tools read profiles from.
pub(super) fn in_files<T>(
    app: &App,
    look: impl FnOnce(ProfileFiles<'_>) -> Result<T, ConfigError>,
) -> Result<T, ConfigError> {
    let credentials = app.credentials_document();
    look(ProfileFiles { config: app.document()?, credentials: credentials.as_ref() })
}

/// Why a profile is none of ours, with the place that tools take its credentials from instead.
pub(super) fn not_of_kcaws(
    error: ConfigError,
    document: &Document,
    credentials: Option<&Document>,
    profile: &str,
) -> CommandError {
    let is_elsewhere = matches!(error, ConfigError::NotOurs { .. } | ConfigError::NoSuchProfile { .. });
    let taken = sources::of_credentials_file(document, credentials, profile).filter(|_| is_elsewhere);
    let error = CommandError::from(error);
    match taken {
        Some(taken) => {
            error.because(format!("tools take its credentials from `{}` at {}", taken.key, taken.place))
        }
        None => error,
    }
}

fn never_logged_in(session: &str) -> SessionError {
    SessionError::LoginNeeded { session: session.to_owned(), why: LoginNeeded::NeverLoggedIn }
}

/// Those that `endpoints` owes to the profile alone, as text; empty where there are none.
pub(super) fn of_profile_alone(app: &App, selected: &ResolvedSession, endpoints: &Endpoints) -> String {
    if selected.profile.is_none() {
        return String::new();
    }
    let without = ResolvedSession::of(selected.session.clone());
    // A place that is none without the profile is another one with it.
    let endpoints = match self::endpoints(app, &without) {
        Ok(without) if without == *endpoints => String::new(),
        _ => format!("{} {}", endpoints.oidc, endpoints.portal),
    };
    // Quoted by its own form, so that no two chains are one text.
    selected.chain.as_ref().map_or(endpoints.clone(), |chain| format!("{endpoints} {chain:?}"))
}

/// Where the session's login is, as far as files tell.
pub(super) fn endpoints(app: &App, selected: &ResolvedSession) -> Result<Endpoints, CommandError> {
    let session = &selected.session;
    if !may_be_dual_stack(session) {
        return endpoints_of(app, selected, false);
    }
    // A login goes on where it was made: what was logged in at the IPv4 hosts stays valid there.
    let is_dual_stack = match status::read(&**app.state(), session)? {
        Some(noted) => noted.dual_stack.unwrap_or(false),
        None => start_url::is_dual_stack(&session.start_url),
    };
    endpoints_of(app, selected, is_dual_stack)
}

/// Of a company's own start URL only a login learns it.
fn may_be_dual_stack(session: &SsoSession) -> bool {
    start_url::is_dual_stack(&session.start_url) || !start_url::is_portal(&session.start_url)
}

/// `endpoints`, or the others that the portal has, where no note says which: then the record itself does.
fn minted_at(
    app: &App,
    selected: &ResolvedSession,
    store: &dyn SecretStore,
    endpoints: Endpoints,
) -> Result<Endpoints, CommandError> {
    let session = &selected.session;
    if !may_be_dual_stack(session)
        || status::read(&**app.state(), session)?.is_some_and(|noted| noted.dual_stack.is_some())
    {
        return Ok(endpoints);
    }
    let others = endpoints_of(app, selected, !endpoints.oidc.is_dual_stack())?;
    Ok(if token_store::is_minted_at(store, session, &others) { others } else { endpoints })
}

/// The hosts of a login at a portal that is a dual-stack one or not. AWS_USE_DUALSTACK_ENDPOINT, where it is set,
/// decides by itself.
fn endpoints_of(
    app: &App,
    selected: &ResolvedSession,
    has_dual_stack_portal: bool,
) -> Result<Endpoints, CommandError> {
    let (document, SsoSession { name, start_url, region, .. }) = (app.document()?, &selected.session);
    if region.is_empty() && start_url::is_portal(start_url) {
        return Err(document.no_region(name).into());
    }
    // Only the portal tells it, and only a login asks there.
    if region.is_empty() {
        return Err(never_logged_in(name).into());
    }
    let find = |service| endpoint_override(service, &app.env, document, selected.profile.as_deref());
    let has_dual_stack_portal = has_dual_stack_portal && app.env.by_hand(DUAL_STACK).is_none();
    let settings = EndpointSettings { has_dual_stack_portal, ..endpoint_settings(app, region) };
    let (oidc, portal) = (find(Service::SsoOidc), find(Service::Sso));
    Ok(Endpoints::resolve(&settings, oidc.as_ref(), portal.as_ref())?)
}

pub(super) fn endpoint_settings(app: &App, region: &str) -> EndpointSettings {
    EndpointSettings {
        region: region.to_owned(),
        use_fips: app.env.is_on("AWS_USE_FIPS_ENDPOINT"),
        use_dual_stack: app.env.is_on(DUAL_STACK),
        ..EndpointSettings::default()
    }
}

/// What was listed last for the login that there is, however long ago.
pub(super) fn known(app: &App, selected: &ResolvedSession) -> Option<CachedAccounts> {
    CachedAccounts::of(&selected.session, &endpoints(app, selected).ok()?, &**app.state())
}

/// The id of an account that was named, by what AWS listed last for this login; without a fresh list AWS is asked.
pub(super) fn account_named(
    app: &App,
    selected: &ResolvedSession,
    name: &str,
) -> Result<String, CommandError> {
    let fresh = known(app, selected).filter(|known| known.is_fresh(app.clock.now()));
    let listed = fresh.map(|known| known.accounts.into_iter().map(|one| one.account).collect::<Vec<_>>());
    if let Some(id) = listed.and_then(|accounts| account::of_name(name, &accounts).ok()) {
        return Ok(id);
    }
    let opened = OpenSession::for_use_in(app, selected.clone(), Patience::FOR_A_PERSON, LOCK_PATIENCE)?;
    account::of_name(name, &opened.session().account_list()?)
}
