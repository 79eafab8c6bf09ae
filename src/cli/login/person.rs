//! Who logged in, where that may be somebody else than the last time: the answer to a login does not say.

use std::time::Duration;

use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::ResolvedSession;
use crate::cli::ui::{Ui, shown};
use crate::cli::whoami;
use crate::ports::identity_center::Patience;
use crate::profile::SsoSession;

/// The login is done: nobody waits long for a name.
const PATIENCE: Duration = Duration::from_secs(5);

/// Warns where another person than `last` logged in. Asks by the first role that a profile of the session names; where
/// there is none, or AWS does not answer, nothing is said.
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
    let identity = whoami::identity(app, &selected, &session.region, &fetched.credentials).ok()?;
    identity.user().map(str::to_owned)
}
