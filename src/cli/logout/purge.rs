//! `logout --purge`: as if kcaws had never been here, but for what the person wrote.

use super::log_out;
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession};
use crate::cli::error::{CommandError, ErrorCode};
use crate::cli::ui::Ui;
use crate::ports::keyring::StoreKind;
use crate::profile::SsoSession;
use crate::session::{sealed_store, status};

pub(super) fn run(yes: bool, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let question = "Log out of every session and remove everything kcaws stored on this machine?";
    if !yes && !ui.confirm(question, "--yes")? {
        ui.say("Nothing was changed.");
        return Ok(());
    }
    let mut untold = None;
    for session in sessions(app)? {
        match log_out(ResolvedSession::of(session), app, ui) {
            // The tokens are gone here, and nobody can tell AWS any more.
            Err(error) if error.code() == ErrorCode::LogoutIncomplete => {
                if let Some(earlier) = untold.replace(error) {
                    ui.error(&earlier, false);
                }
            }
            // Tokens are left somewhere: without the state folder nobody would find them.
            outcome => outcome?,
        }
    }
    let state = &**app.state();
    sealed_store::destroy_all_keys(state, app.sealing_keys())?;
    if let Ok(store) = app.store(StoreKind::Keyutils) {
        store.forget_own_keys()?;
    }
    state.clear()?;
    ui.say("Removed everything kcaws stored. config.toml and ~/.aws/config were left alone.");
    untold.map_or(Ok(()), Err)
}

/// Those that the status files know, and those of the config: a cleared state folder is no logout.
fn sessions(app: &App) -> Result<Vec<SsoSession>, CommandError> {
    let mut sessions: Vec<SsoSession> = Vec::new();
    let noted = status::read_all(&**app.state())?.into_iter().map(|known| super::noted_session(app, &known));
    let names = app.document().map(crate::profile::Document::session_names).unwrap_or_default();
    let configured = names.iter().filter_map(|name| resolve::session_named(app, name).ok());
    for session in noted.chain(configured) {
        let is_known =
            |known: &SsoSession| known.name == session.name && known.start_url == session.start_url;
        // One whose region only a login can tell has none.
        if !session.region.is_empty() && !sessions.iter().any(is_known) {
            sessions.push(session);
        }
    }
    Ok(sessions)
}
