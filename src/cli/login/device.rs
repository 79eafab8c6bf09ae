//! The device grant, as the person sees it.

use super::{Attempt, QrContent, clock_face, explained, qr};
use crate::cli::error::CommandError;
use crate::cli::ui::{Ui, shown};
use crate::cli::visitors;
use crate::ports::browser::NoBrowser;
use crate::ports::handoff::{Handoff, HandoffError, Serving};
use crate::ports::identity_center::DeviceAuthorization;
use crate::secret::Secret;
use crate::session::Flow;
use crate::session::device::{self, Waiting};
use crate::session::status::SessionStatus;

pub(super) fn log_in(attempt: &Attempt<'_>, ui: &mut Ui) -> Result<SessionStatus, CommandError> {
    let session = attempt.session;
    let pending = session.begin_login(attempt.client_name, attempt.portal)?;
    let authorization = &pending.authorization;
    present(attempt, authorization, ui);
    // Each serves its page until the login is over.
    let (_page, handed) = if let Some(asked_by) = &attempt.args.detached {
        let code = Some(authorization.user_code.as_str());
        (Some(attempt.open_local_page(asked_by, code, page_of(authorization))?), None)
    } else {
        (None, open_browser(attempt, authorization, ui))
    };
    let spinner = ui.spinner("Waiting for you to approve …");
    let mut troubled = false;
    let token = device::wait_for_approval(
        session.center,
        session.clock,
        &pending.registration,
        authorization,
        |waiting| match waiting {
            Waiting::Pending { left } => {
                spinner.set_message(format!("Waiting for you to approve … {}", clock_face(left)));
            }
            Waiting::Trouble { what, .. } => {
                spinner.set_message(format!("{}; trying again …", shown(&what)));
                if !troubled && spinner.is_hidden() {
                    ui.say(&format!("{}; trying again", shown(&what)));
                }
                troubled = true;
            }
        },
    );
    spinner.finish_and_clear();
    if let Some(handed) = &handed {
        visitors::report(&handed.visitors(), ui);
    }
    let token = token.map_err(|error| explained(error, attempt.app, &session.config.name, attempt.portal))?;
    Ok(session.complete_login(Flow::Device, pending.registration, token)?)
}

fn page_of(authorization: &DeviceAuthorization) -> &str {
    authorization.verification_uri_complete.as_ref().unwrap_or(&authorization.verification_uri)
}

/// What the person compares with the page before pressing Allow.
fn present(attempt: &Attempt<'_>, authorization: &DeviceAuthorization, ui: &mut Ui) {
    let session = &attempt.session.config.name;
    ui.tell(&format!("Logging in to session `{}`. Open this page and approve the code:", shown(session)));
    ui.tell("");
    ui.tell(&format!("  page:   {}", shown(&authorization.verification_uri)));
    ui.tell(&format!("  code:   {}", shown(&authorization.user_code)));
    ui.tell(&format!("  client: {}", shown(attempt.client_name)));
    ui.tell("");
    ui.tell("Approve only if you started this just now, and if code and client are the same there.");
}

/// Returns what serves the browser on its way, if one opens.
fn open_browser(attempt: &Attempt<'_>, authorization: &DeviceAuthorization, ui: &mut Ui) -> Option<Serving> {
    let browser = attempt.app.browser();
    let missing = browser.unavailable();
    show_for_another_device(attempt, authorization, missing.is_some(), ui);
    if attempt.args.no_browser {
        return None;
    }
    match missing {
        Some(NoBrowser::Ssh) => ui.say("No browser is opened over SSH: use the one where you sit."),
        Some(NoBrowser::NoDisplay) => ui.say("There is no display here: use a browser on any device."),
        None => {
            let (page, handed) = way_there(authorization);
            match browser.open(&page) {
                Ok(()) => ui.say("Your browser opens now."),
                Err(error) => ui.warn(&format!("{error}; open the page yourself")),
            }
            return handed;
        }
    }
    None
}

/// Returns what the browser is given. The address that holds the code goes there by a page of ours: whoever reads the
/// code from a command line could approve it as somebody else. Where no such page can be had, the code is typed.
fn way_there(authorization: &DeviceAuthorization) -> (String, Option<Serving>) {
    let handed = |complete: &String| -> Result<_, HandoffError> {
        let handoff = Handoff::listen()?;
        let page = handoff.url();
        Ok((page, Some(handoff.serve(&Secret::from(complete.as_str()), authorization.expires_in)?)))
    };
    let complete = authorization.verification_uri_complete.as_ref();
    let way = complete.and_then(|complete| handed(complete).ok());
    way.unwrap_or_else(|| (authorization.verification_uri.clone(), None))
}

/// A QR code where it was asked for, or where there is no browser and room for one; with it, the code large.
fn show_for_another_device(
    attempt: &Attempt<'_>,
    authorization: &DeviceAuthorization,
    headless: bool,
    ui: &mut Ui,
) {
    let content = match attempt.args.qr {
        None if !headless || ui.size().is_none() => return,
        content => content,
    };
    let complete = (content == Some(QrContent::Complete))
        .then_some(authorization.verification_uri_complete.as_ref())
        .flatten();
    let drawing = qr::draw(complete.unwrap_or(&authorization.verification_uri));
    let speaks = qr::terminal_speaks_utf8(&attempt.app.env);
    match (drawing, content) {
        (Some(drawing), Some(_)) if speaks => tell_drawing(&drawing, ui),
        (Some(drawing), None) if speaks && drawing.fits(ui.size()) => tell_drawing(&drawing, ui),
        (None, Some(_)) => ui.warn("the page's address is too long for a QR code"),
        (_, Some(_)) => ui.warn("no QR code: its blocks need a UTF-8 locale (LANG, LC_ALL)"),
        (_, None) => {}
    }
    if complete.is_none() {
        ui.tell("");
        ui.tell(&format!("      \u{1b}[1m{}\u{1b}[0m", shown(&spaced(&authorization.user_code))));
        ui.tell("");
    }
}

fn tell_drawing(drawing: &qr::Drawing, ui: &mut Ui) {
    for line in drawing.lines() {
        ui.tell(line);
    }
}

/// To be read from one device and typed into another.
fn spaced(code: &str) -> String {
    let letters: Vec<String> = code.chars().map(String::from).collect();
    letters.join(" ")
}
