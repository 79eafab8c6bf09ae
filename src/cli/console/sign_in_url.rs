//! Builds the URL that the browser opens, by federation or through the portal.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::app::provider::Provider;
use crate::app::resolve::{self, ResolvedSession};
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::ui::Ui;
use crate::console::{self, Destination, Partition, Via};
use crate::ports::identity_center::{Origin, RoleCredentials};
use crate::ports::service_call::{CallError, CallErrorKind};
use crate::ports::signin::Signin;
use crate::profile::services::{Service, endpoint_override};
use crate::profile::{Role, RoleName};
use crate::secret::Secret;
use crate::session::SessionError;

/// Cached credentials with less time left are renewed first if possible, so that the console does not end too soon.
const WORTH_OPENING: TimeDelta = TimeDelta::minutes(30);
/// IAM user guide, "Enabling custom identity broker access to the AWS console".
const URL_LIFE: TimeDelta = TimeDelta::minutes(15);

/// The role to sign in as, and the page to open.
pub(super) struct ConsoleTarget {
    pub(super) selected: ResolvedSession,
    pub(super) role: Role,
    pub(super) destination: Destination,
}

pub(super) struct ConsoleLink {
    pub(super) url: Secret<String>,
    pub(super) via: Via,
    /// `None` if the URL contains no secret and signs no one in.
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// Exchanges role credentials for a sign-in token, and returns the URL with it.
pub(super) fn by_federation(
    goal: &ConsoleTarget,
    duration: Option<Duration>,
    logout_first: bool,
    app: &App,
    ui: &mut Ui,
) -> Result<ConsoleLink, CommandError> {
    let given =
        endpoint_override(Service::Signin, &app.env, app.document()?, goal.selected.profile.as_deref());
    let partition = Partition::of_region(&goal.destination.region);
    let signin = Origin::of_signin(&partition.signin_origin(&goal.destination.region), given.as_ref())?;
    let logout = if logout_first {
        Some(Origin::of_signin(&partition.logout_origin().ok_or_else(no_logout)?, given.as_ref())?)
    } else {
        None
    };
    // The URL to continue to after the logout contains the sign-in token.
    for origin in logout.iter().chain([&signin]) {
        goal.selected.credentials_may_go_to(&goal.role, origin, app)?;
    }
    let credentials = {
        let provider = Provider::for_a_person(app, goal.selected.clone(), goal.role.clone(), ui.asking())?;
        credentials(&provider, app)?
    };
    let expires_at = app.clock.now() + URL_LIFE;
    let token = token(&*app.signin(signin.clone())?, &credentials, duration, ui)?;
    let issuer = &goal.selected.session.start_url;
    let mut url = console::login_url(signin.as_str(), issuer, &goal.destination.url, &token);
    if let Some(logout) = logout {
        url = console::logout_first(logout.as_str(), &url);
        ui.warn("--logout-first ends every console session of the browser (up to five with multi-session support)");
    }
    Ok(ConsoleLink { url, via: Via::Federation, expires_at: Some(expires_at) })
}

fn no_logout() -> CommandError {
    CommandError::new(
        Exit::Usage,
        ErrorCode::NoLogoutFirst,
        "--logout-first only works in the commercial partition",
    )
    .because("sign-in hosts of other partitions do not redirect after a logout")
    .hint("log out in the browser, or use another browser profile (--browser-profile, --container)")
}

/// Returns cached credentials, or new ones, which are then cached.
fn credentials(provider: &Provider<'_>, app: &App) -> Result<RoleCredentials, CommandError> {
    let credentials = provider.credentials()?;
    let until = app.clock.now() + WORTH_OPENING;
    if credentials.expires_at >= until {
        return Ok(credentials);
    }
    // A short console session is better than none.
    Ok(provider.credentials_until(until).map_or(credentials, |(longer, _)| longer))
}

/// Signs in without the duration if AWS rejects it.
fn token(
    signin: &dyn Signin,
    credentials: &RoleCredentials,
    duration: Option<Duration>,
    ui: &mut Ui,
) -> Result<Secret<String>, CommandError> {
    match signin.signin_token(credentials, duration) {
        Err(CallError { kind: CallErrorKind::Refused { status: 400, .. }, .. }) if duration.is_some() => {
            let token = signin.signin_token(credentials, None)?;
            ui.warn(
                "AWS refused that --duration; the console session ends when the role's credentials expire",
            );
            Ok(token)
        }
        outcome => Ok(outcome?),
    }
}

/// Returns a link to the access portal; `only_federation` if an option was given that the portal does not support.
pub(super) fn by_portal(
    goal: &ConsoleTarget,
    only_federation: bool,
    app: &App,
) -> Result<ConsoleLink, CommandError> {
    if only_federation {
        return Err(CommandError::new(
            Exit::Usage,
            ErrorCode::OnlyFederation,
            "the access portal does not support this",
        )
        .because("--duration and --logout-first only work with --via federation")
        .hint("add --via federation, or leave them out"));
    }
    let session = &goal.selected.session;
    let portal = match goal.role.role_name {
        RoleName::PermissionSet(_) => resolve::portal(app, session)?.start_url,
        RoleName::IamRole(_) => match app.settings()?.account_access(&session.name) {
            Some(setting) => setting.portal(&session.region),
            None => return Err(SessionError::NoAccountAccess { session: session.name.clone() }.into()),
        },
    };
    let link = console::portal_link(&portal, &goal.role, &goal.destination.url);
    Ok(ConsoleLink { url: Secret::new(link), via: Via::Portal, expires_at: None })
}
