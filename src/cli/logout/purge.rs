//! `logout --purge`: removes everything that kcaws stored, except what the user wrote.

use super::log_out;
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession};
use crate::cli::error::{CommandError, ErrorCode};
use crate::cli::ui::Ui;
use crate::ports::keyring::StoreKind;
use crate::profile::SsoSession;
use crate::session::{admin_secrets, sealed_store, status};

pub(super) fn run(yes: bool, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let question = "Log out of every session and remove everything kcaws stored on this machine?";
    if !yes && !ui.confirm(question, "--yes")? {
        ui.say("Nothing was changed.");
        return Ok(());
    }
    let mut untold = None;
    for session in sessions(app)? {
        match log_out(ResolvedSession::of(session), app, ui) {
            // The tokens are removed here, so the session at AWS can no longer be ended.
            Err(error) if error.code() == ErrorCode::LogoutIncomplete => {
                if let Some(earlier) = untold.replace(error) {
                    ui.error(&earlier, false);
                }
            }
            // Tokens remain somewhere: without the state folder they could not be found.
            outcome => outcome?,
        }
    }
    let state = app.state();
    if admin_secrets::remove_all(state, ui.prompting(), &|kind| app.store(kind))? > 0 {
        ui.say("Removed the secrets of `kcaws admin`.");
    }
    sealed_store::destroy_all_keys(state, app.sealing_keys())?;
    if let Ok(store) = app.store(StoreKind::Keyutils) {
        store.forget_own_keys()?;
    }
    state.clear()?;
    ui.say("Removed everything kcaws stored. config.toml and ~/.aws/config were left alone.");
    untold.map_or(Ok(()), Err)
}

/// Returns the sessions of the status files and of the config: clearing the state folder is not a logout.
fn sessions(app: &App) -> Result<Vec<SsoSession>, CommandError> {
    let mut sessions: Vec<SsoSession> = Vec::new();
    let noted = status::read_all(app.state())?.into_iter().map(|known| super::noted_session(app, &known));
    let names = app.document().map(crate::profile::Document::session_names).unwrap_or_default();
    let configured = names.iter().filter_map(|name| resolve::session_named(app, name).ok());
    for session in noted.chain(configured) {
        let is_known =
            |known: &SsoSession| known.name == session.name && known.start_url == session.start_url;
        // The Region of a session may be known only after a login.
        if !session.region.is_empty() && !sessions.iter().any(is_known) {
            sessions.push(session);
        }
    }
    Ok(sessions)
}
