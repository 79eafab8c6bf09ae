//! Detects a login as another user than last time, which the response to a login does not show.

use std::time::Duration;

use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::ResolvedSession;
use crate::cli::ui::{Ui, shown};
use crate::cli::whoami;
use crate::ports::identity_center::Patience;
use crate::profile::SsoSession;

/// How long to wait for the name; the login itself is done.
const PATIENCE: Duration = Duration::from_secs(5);

/// Warns if a user other than `last` logged in.
///
/// Asks with the first role named by a profile of the session; without one, or if AWS does not respond, prints nothing.
pub(super) fn compare(app: &App, session: &SsoSession, last: &str, ui: &mut Ui) {
    let Some(now) = person(app, session).filter(|now| now != last) else { return };
    ui.tell(&format!(
        "kcaws: warning: you are now logged in as `{}`; the last login here was `{}`. If that is not you, run `kcaws logout`",
        shown(&now),
        shown(last)
    ));
}

fn person(app: &App, session: &SsoSession) -> Option<String> {
    let role = app.document().ok()?.roles_of_session(&session.name).into_iter().next()?;
    let selected = ResolvedSession::of(session.clone());
    let opened =
        OpenSession::for_use_in(app, selected.clone(), Patience::for_a_renewal(PATIENCE), Duration::ZERO)
            .ok()?;
    let fetched = opened.session().fetch_role(&role).ok()?;
    let identity = whoami::identity(app, &selected, &role, &session.region, &fetched.credentials).ok()?;
    identity.user().map(str::to_owned)
}
