use clap::Args;

use super::error::CommandError;
use super::session_args::SessionArgs;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::app::resolve;
use crate::session::{SessionError, pin};

/// Trust the portal that a session's start URL leads to now
///
/// The first login pins the instance of Identity Center; a start URL that later leads to another one stops the login,
/// because whoever can bend that URL could have you sign in elsewhere. This looks where it leads now, shows both, and
/// pins the new one. An alias and the d-… name of one instance cannot be told to be the same: that is a change too.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws trust corp\n  kcaws trust corp --yes")]
pub(super) struct TrustArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &TrustArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let session = args.of.select(app, ui)?.session;
    let portal = resolve::portal(app, &session)?;
    let name = shown(&session.name);
    let pinned = match pin::pinned(app.state(), &session) {
        // That is mended here.
        Err(SessionError::BadPin { .. }) => None,
        pinned => pinned?,
    };
    if pinned.as_ref() == Some(&portal.instance) {
        ui.say(&format!("`{name}` is pinned to `{}`, and that is where it leads.", portal.instance));
        return Ok(());
    }
    let before =
        pinned.map_or_else(|| "nothing yet".to_owned(), |pinned| format!("`{}`", shown(pinned.as_str())));
    ui.tell(&format!("The start URL of `{name}`, {}, leads to:", shown(&session.start_url)));
    ui.tell("");
    ui.tell(&format!(
        "  now:    `{}`, {} in {}",
        shown(portal.instance.as_str()),
        shown(&portal.start_url),
        shown(&portal.region)
    ));
    ui.tell(&format!("  pinned: {before}"));
    ui.tell("");
    if !args.yes && !ui.confirm("Trust it? Only if your administrator says so.", "--yes")? {
        ui.say("Nothing was changed.");
        return Ok(());
    }
    pin::pin(app.state(), &*app.clock, &session, &portal)?;
    ui.say(&format!(
        "`{name}` is pinned to `{}`. The next `kcaws login` goes there; a login that there is stays until you log out.",
        shown(portal.instance.as_str())
    ));
    Ok(())
}
