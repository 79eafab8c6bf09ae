//! The PKCE flow, as shown to the user.

use super::{Attempt, clock_face, explained, insists_on_pkce};
use crate::cli::error::CommandError;
use crate::cli::ui::{Ui, shown};
use crate::cli::visitors;
use crate::session::SessionError;
use crate::session::pkce::PendingPkceLogin;
use crate::session::status::SessionStatus;

/// Returns `None` if the browser cannot return to this machine or cannot be opened; the user has been informed.
pub(super) fn log_in(attempt: &Attempt<'_>, ui: &mut Ui) -> Result<Option<SessionStatus>, CommandError> {
    let session = attempt.session;
    let pending =
        match session.begin_pkce(attempt.client_name, attempt.portal, &|state| attempt.app.callback(state)) {
            Err(SessionError::NoPort(error)) if !insists_on_pkce(attempt.args) => {
                ui.warn(&format!("{error}; using the device flow"));
                return Ok(None);
            }
            other => other?,
        };
    let _page = if let Some(asked_by) = &attempt.args.detached {
        Some(attempt.open_local_page(asked_by, None, &pending.page)?)
    } else {
        present(attempt, &pending, ui);
        if !open_browser(attempt, &pending, ui) {
            return Ok(None);
        }
        None
    };
    let spinner = ui.spinner("Waiting for the browser …");
    let status = session.finish_pkce(&pending, |left| {
        spinner.set_message(format!("Waiting for the browser … {}", clock_face(left)));
    });
    spinner.finish_and_clear();
    visitors::report(&pending.visitors(), ui);
    let status =
        status.map_err(|error| explained(error, attempt.app, &session.config.name, attempt.portal))?;
    pending.succeed();
    Ok(Some(status))
}

/// Prints what the user compares with the page before choosing Allow.
fn present(attempt: &Attempt<'_>, pending: &PendingPkceLogin, ui: &mut Ui) {
    let session = &attempt.session.config.name;
    ui.tell(&format!("Logging in to session `{}` in a browser on this machine:", shown(session)));
    ui.tell("");
    ui.tell(&format!("  page:   {}", pending.page));
    ui.tell(&format!("  client: {}", shown(attempt.client_name)));
    ui.tell("");
    ui.tell("Approve only if you just started this login and the browser shows the same client.");
}

/// Opens the browser or asks the user to; returns whether that is possible.
fn open_browser(attempt: &Attempt<'_>, pending: &PendingPkceLogin, ui: &mut Ui) -> bool {
    let way_there = pending.way_there().filter(|_| !attempt.args.no_browser);
    let Some(way_there) = way_there else {
        ui.tell("Open the page on this machine: it redirects to 127.0.0.1, so it only works here.");
        return true;
    };
    match attempt.browser().open(&way_there) {
        Ok(()) => {
            ui.say("Opening your browser…");
            true
        }
        Err(error) => {
            ui.warn(&format!("{error}; using the device flow"));
            false
        }
    }
}
