//! Which session and which role a command is about, and the ports that it then needs.

use crate::app::App;
use crate::cli::error::{CommandError, Exit};
use crate::ports::identity_center::{EndpointSettings, Endpoints, IdentityCenter, Patience};
use crate::ports::keyring::SecretStore;
use crate::profile::services::{Service, endpoint_override};
use crate::profile::{ConfigError, Role, SsoSession, Target};
use crate::session::choice::{self, Requested};
use crate::session::{LoginNeeded, Session, SessionError};

/// A session, and the profile through which it was found: its `services` section counts.
pub(super) struct Selected {
    pub(super) session: SsoSession,
    pub(super) profile: Option<String>,
}

/// For `[SESSION]`: the argument, else that of AWS_PROFILE, else the only one.
pub(super) fn session(app: &App, named: Option<&str>) -> Result<Selected, CommandError> {
    let document = app.document()?;
    if let Some(name) = named {
        return Ok(Selected { session: document.session(name)?, profile: None });
    }
    if let Some(profile) = app.env.get("AWS_PROFILE") {
        match document.target(&profile) {
            Ok(target) => return Ok(Selected { session: target.session, profile: Some(profile) }),
            // Somebody else's profile says nothing about our sessions.
            Err(ConfigError::NotOurs { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let sessions = document.session_names();
    match sessions.as_slice() {
        [] => Err(ConfigError::NoSessions { path: document.path().to_path_buf() }.into()),
        [only] => Ok(Selected { session: document.session(only)?, profile: None }),
        several => Err(CommandError::new(Exit::Usage, "which_session", "which session?")
            .because(format!("there are: {}", several.join(", ")))
            .hint("name it, or set AWS_PROFILE")),
    }
}

/// What a profile stands for, with its role.
pub(super) fn role_of_profile(
    app: &App,
    profile: &str,
) -> Result<(Selected, Role, Option<String>), CommandError> {
    let Target { session, role, region } = app.document()?.target(profile)?;
    let Some(role) = role else {
        let message = format!("profile `{profile}` names no account and no permission set");
        return Err(CommandError::new(Exit::Configuration, "no_role", message)
            .hint("add sso_account_id and sso_role_name, or name --account and --role"));
    };
    Ok((Selected { session, profile: Some(profile.to_owned()) }, role, region))
}

/// A session with its ports at hand.
pub(super) struct Opened<'a> {
    app: &'a App,
    pub(super) selected: Selected,
    pub(super) endpoints: Endpoints,
    store: Box<dyn SecretStore>,
    center: Box<dyn IdentityCenter>,
}

impl<'a> Opened<'a> {
    /// For a login: chooses the store, and may raise its prompt.
    pub(super) fn for_login(
        app: &'a App,
        selected: Selected,
        may_prompt: bool,
    ) -> Result<Self, CommandError> {
        let endpoints = endpoints(app, &selected)?;
        let open = |kind| app.store(kind);
        let store = choice::for_login(&selected.session, requested(app)?, may_prompt, &open)?;
        Self::with(app, selected, endpoints, store, Patience::FOR_A_PERSON)
    }

    /// For everything that uses a login. No login is exit 4 before anything else is opened.
    pub(super) fn for_use(
        app: &'a App,
        selected: Selected,
        patience: Patience,
    ) -> Result<Self, CommandError> {
        match Self::if_logged_in(app, selected, patience)? {
            Ok(opened) => Ok(opened),
            Err(selected) => Err(SessionError::LoginNeeded {
                session: selected.session.name,
                why: LoginNeeded::NeverLoggedIn,
            }
            .into()),
        }
    }

    /// `Err` inside: there is no login, as far as files and keyring tell.
    pub(super) fn if_logged_in(
        app: &'a App,
        selected: Selected,
        patience: Patience,
    ) -> Result<Result<Self, Selected>, CommandError> {
        let endpoints = endpoints(app, &selected)?;
        let open = |kind| app.store(kind);
        match choice::of_login(&selected.session, requested(app)?, &**app.state(), &open)? {
            Some(store) => Ok(Ok(Self::with(app, selected, endpoints, store, patience)?)),
            None => Ok(Err(selected)),
        }
    }

    fn with(
        app: &'a App,
        selected: Selected,
        endpoints: Endpoints,
        store: Box<dyn SecretStore>,
        patience: Patience,
    ) -> Result<Self, CommandError> {
        let center = app.identity_center(&selected.session.region, &endpoints, patience)?;
        Ok(Self { app, selected, endpoints, store, center })
    }

    pub(super) fn session(&self) -> Session<'_> {
        Session {
            config: &self.selected.session,
            endpoints: &self.endpoints,
            clock: &*self.app.clock,
            state: &**self.app.state(),
            store: &*self.store,
            center: &*self.center,
        }
    }
}

fn endpoints(app: &App, selected: &Selected) -> Result<Endpoints, CommandError> {
    let document = app.document()?;
    let find = |service| endpoint_override(service, &app.env, document, selected.profile.as_deref());
    let settings = EndpointSettings {
        region: selected.session.region.clone(),
        use_fips: app.env.is_on("AWS_USE_FIPS_ENDPOINT"),
        use_dual_stack: app.env.is_on("AWS_USE_DUALSTACK_ENDPOINT"),
    };
    let (oidc, portal) = (find(Service::SsoOidc), find(Service::Sso));
    Ok(Endpoints::resolve(&settings, oidc.as_ref(), portal.as_ref())?)
}

fn requested(app: &App) -> Result<Requested, CommandError> {
    let Some(text) = app.env.get("KCAWS_KEYRING") else { return Ok(Requested::Auto) };
    text.parse().map_err(|()| {
        CommandError::new(
            Exit::Configuration,
            "keyring_name",
            format!("KCAWS_KEYRING names no store: `{text}`"),
        )
        .hint("it is one of auto, secret-service, keyutils, keychain, wincred")
    })
}
