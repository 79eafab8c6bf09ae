//! The device grant, as shown to the user.

use super::{Attempt, QrContent, clock_face, explained, qr};
use crate::cli::error::CommandError;
use crate::cli::ui::{Ui, shown};
use crate::cli::visitors;
use crate::platform::excerpt;
use crate::platform::one_time_redirect::{OneTimeRedirect, OneTimeRedirectError, Serving};
use crate::ports::browser::NoBrowser;
use crate::secret::Secret;
use crate::session::device::{self, Waiting};
use crate::session::login::PendingLogin;
use crate::session::page::PageUrl;
use crate::session::status::SessionStatus;

pub(super) fn log_in(attempt: &Attempt<'_>, ui: &mut Ui) -> Result<SessionStatus, CommandError> {
    let session = attempt.session;
    let pending = session.begin_login(attempt.client_name, attempt.portal)?;
    present(attempt, &pending, ui);
    // Each serves its page until the login ends.
    let (_page, handed) = if let Some(asked_by) = &attempt.args.detached {
        let code = code_of(&pending);
        (Some(attempt.open_local_page(asked_by, code.as_deref(), pending.pages.complete())?), None)
    } else {
        (None, open_browser(attempt, &pending, ui))
    };
    let spinner = ui.spinner("Waiting for approval …");
    let mut has_failed = false;
    let status = session.finish_login(pending, |waiting| match waiting {
        Waiting::Pending { left } => {
            spinner.set_message(format!("Waiting for approval … {}", clock_face(left)));
        }
        Waiting::Failed { what, .. } => {
            spinner.set_message(format!("{}; trying again …", shown(&what)));
            if !has_failed && spinner.is_hidden() {
                ui.say(&format!("{}; trying again", shown(&what)));
            }
            has_failed = true;
        }
    });
    spinner.finish_and_clear();
    if let Some(handed) = &handed {
        visitors::report(&handed.visitors(), ui);
    }
    status.map_err(|error| explained(error, attempt.app, &session.config.name, attempt.portal))
}

/// Returns the code in a form that is safe to print, whatever the service sent.
fn code_of(pending: &PendingLogin) -> Option<String> {
    pending.authorization.user_code.as_deref().map(|code| shown(&excerpt(code)))
}

/// Prints what the user compares with the page before choosing Allow.
fn present(attempt: &Attempt<'_>, pending: &PendingLogin, ui: &mut Ui) {
    let session = shown(&attempt.session.config.name);
    let code = code_of(pending);
    let what = if code.is_some() { "the code" } else { "the login" };
    ui.tell(&format!("Logging in to session `{session}`. Open this page and approve {what}:"));
    ui.tell("");
    ui.tell(&format!("  page:   {}", pending.pages.plain()));
    if let Some(code) = &code {
        ui.tell(&format!("  code:   {code}"));
    }
    ui.tell(&format!("  client: {}", shown(attempt.client_name)));
    ui.tell("");
    ui.tell(match code {
        Some(_) => {
            "Approve only if you just started this login and the browser shows the same code and client."
        }
        None => "Approve only if you just started this login and the browser shows the same client.",
    });
}

/// Returns the server of the redirect to the page, if a browser is opened.
fn open_browser(attempt: &Attempt<'_>, pending: &PendingLogin, ui: &mut Ui) -> Option<Serving> {
    let missing = attempt.browser().unavailable();
    let page = pending.pages.complete();
    show_for_another_device(attempt, pending, missing.is_some(), ui);
    if page.to_open().is_none() {
        tell_unknown(page, ui);
        return None;
    }
    if attempt.args.no_browser {
        return None;
    }
    match missing {
        Some(NoBrowser::Ssh) => ui.say("Not opening a browser over SSH; use the one on your own machine."),
        Some(NoBrowser::NoDisplay) => ui.say("No display is available; use a browser on any device."),
        None => {
            let (opened, handed) = match hand_over(pending) {
                Some((address, handed)) => (attempt.browser().open(&address), Some(handed)),
                None if pending.pages.plain().is_bare() => (attempt.open_page(pending.pages.plain()), None),
                None => {
                    ui.warn("cannot pass the page only to your own browser; open the page yourself");
                    return None;
                }
            };
            match opened {
                Ok(()) => ui.say("Opening your browser…"),
                Err(error) => ui.warn(&format!("{error}; open the page yourself")),
            }
            return handed;
        }
    }
    None
}

/// Returns the URL of a local page that redirects the browser to the page with the code.
///
/// Anyone who reads the code from a command line could approve it as another user. Without such a page, the user types
/// the code.
fn hand_over(pending: &PendingLogin) -> Option<(String, Serving)> {
    let page = pending.pages.complete();
    let target = page.to_open().filter(|_| !page.is_bare())?;
    let handed = || -> Result<_, OneTimeRedirectError> {
        let handoff = OneTimeRedirect::listen()?;
        let address = handoff.url();
        Ok((address, handoff.serve(&Secret::from(target), device::life(&pending.authorization))?))
    };
    handed().ok()
}

/// Warns even with `-q`, since the page is shown then too.
fn tell_unknown(page: &PageUrl, ui: &mut Ui) {
    ui.tell(&format!(
        "kcaws: warning: `{}` is not a known AWS sign-in host, so the page is not opened; \
         open it yourself only if you are sure that it belongs to AWS",
        page.host()
    ));
}

/// Shows a QR code if requested, or if there is no browser and enough room; also shows the code in large letters.
fn show_for_another_device(attempt: &Attempt<'_>, pending: &PendingLogin, headless: bool, ui: &mut Ui) {
    let (plain, complete) = (pending.pages.plain(), pending.pages.complete());
    let content = match attempt.args.qr {
        // A camera opens pages like a browser: it must not lead to an unknown host without being asked for.
        None if !headless || ui.size().is_none() || plain.to_open().is_none() => return,
        content => content,
    };
    let page = if content == Some(QrContent::Complete) { complete } else { plain };
    let drawing = qr::draw(page.as_str());
    let speaks = qr::terminal_speaks_utf8(&attempt.app.env);
    match (drawing, content) {
        (Some(drawing), Some(_)) if speaks => tell_drawing(&drawing, ui),
        (Some(drawing), None) if speaks && drawing.fits(ui.size()) => tell_drawing(&drawing, ui),
        (None, Some(_)) => ui.warn("the page's URL is too long for a QR code"),
        (_, Some(_)) => ui.warn("cannot draw a QR code: it needs a UTF-8 locale (LANG, LC_ALL)"),
        (_, None) => {}
    }
    if let Some(code) = &pending.authorization.user_code
        && !page.as_str().contains(code)
    {
        ui.tell("");
        ui.tell_large(&format!("      {}", spaced(&excerpt(code))));
        ui.tell("");
    }
}

fn tell_drawing(drawing: &qr::Drawing, ui: &mut Ui) {
    for line in drawing.lines() {
        ui.tell_drawn(line);
    }
}

/// Spaces the letters, to be read from one device and typed on another.
fn spaced(code: &str) -> String {
    let letters: Vec<String> = code.chars().map(String::from).collect();
    letters.join(" ")
}
