//! The device grant, as the person sees it.

use super::{Attempt, QrContent, clock_face, explained, qr};
use crate::cli::error::CommandError;
use crate::cli::ui::{Ui, shown};
use crate::ports::browser::NoBrowser;
use crate::ports::identity_center::DeviceAuthorization;
use crate::session::Flow;
use crate::session::device::{self, Waiting};
use crate::session::status::SessionStatus;

pub(super) fn log_in(attempt: &Attempt<'_>, ui: &mut Ui) -> Result<SessionStatus, CommandError> {
    let session = attempt.session;
    let pending = session.begin_login(attempt.client_name, attempt.portal)?;
    let authorization = &pending.authorization;
    present(attempt, authorization, ui);
    let _page = if let Some(asked_by) = &attempt.args.detached {
        let code = Some(authorization.user_code.as_str());
        Some(attempt.open_local_page(asked_by, code, page_of(authorization))?)
    } else {
        open_browser(attempt, authorization, ui);
        None
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

fn open_browser(attempt: &Attempt<'_>, authorization: &DeviceAuthorization, ui: &mut Ui) {
    let browser = attempt.app.browser();
    let missing = browser.unavailable();
    show_for_another_device(attempt, authorization, missing.is_some(), ui);
    if attempt.args.no_browser {
        return;
    }
    match missing {
        Some(NoBrowser::Ssh) => ui.say("No browser is opened over SSH: use the one where you sit."),
        Some(NoBrowser::NoDisplay) => ui.say("There is no display here: use a browser on any device."),
        None => match browser.open(page_of(authorization)) {
            Ok(()) => ui.say("Your browser opens now."),
            Err(error) => ui.warn(&format!("{error}; open the page yourself")),
        },
    }
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
