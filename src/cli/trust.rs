use clap::Args;

use super::error::CommandError;
use super::session_args::SessionArgs;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::app::resolve;
use crate::session::{SessionError, pin};

/// Trust the portal that a session's start URL leads to now
///
/// The first login pins the Identity Center instance. If the start URL later leads to another one, the login stops,
/// because anyone who controls that URL could redirect your sign-in. This command checks where the URL leads now, shows
/// both, and pins the new one. kcaws cannot tell that an alias and a d-… name belong to the same instance, and treats
/// the switch as a change.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws trust corp\n  kcaws trust corp --yes")]
pub(super) struct TrustArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &TrustArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let session = args.of.select(app, ui)?.session;
    let portal = resolve::portal(app, &session)?;
    let name = shown(&session.name);
    let pinned = match pin::pinned(app.state(), &session) {
        // That is fixed here.
        Err(SessionError::BadPin { .. }) => None,
        pinned => pinned?,
    };
    if pinned.as_ref() == Some(&portal.instance) {
        ui.say(&format!("`{name}` is pinned to `{}`, which is where its start URL leads.", portal.instance));
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
    if !args.yes && !ui.confirm("Trust it? Only do so if your administrator confirms the change.", "--yes")? {
        ui.say("Nothing was changed.");
        return Ok(());
    }
    pin::pin(app.state(), &*app.clock, &session, &portal)?;
    ui.say(&format!(
        "`{name}` is pinned to `{}`. The next `kcaws login` goes there; an existing login stays until you log out.",
        shown(portal.instance.as_str())
    ));
    Ok(())
}
