//! Writes the tenant of account access manager to the user's config.toml.

use super::Run;
use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::profile::write_args::Target;
use crate::cli::ui::{Ui, shown};
use crate::profile::diff;
use crate::settings::{self, SettingsError};

const KEY: &str = "account_access";

/// Sets it unless the settings have it already; the login that follows asks for its scopes.
pub(super) fn set(run: &mut Run<'_>, tenant: &str, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let known = app.settings()?.account_access(&run.name).map(|known| known.as_written());
    if known.as_deref() == Some(tenant) {
        return Ok(());
    }
    let own = app.settings_files().own().ok_or(SettingsError::NoFolder)?;
    let target = Target::at(app, own.clone(), &run.args.write);
    let before = app.config_file(own.clone()).read()?.unwrap_or_default();
    let edit = |content: &[u8]| settings::with_session_key(&own, content, &run.name, KEY, tenant);
    let after = edit(&before)?;
    let name = shown(&own.display().to_string());
    if run.args.write.dry_run || !run.args.yes {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        ui.tell_text(&diff::unified(&own, &text(&before), &text(&after)));
    }
    if run.args.write.dry_run || !(run.args.yes || ui.confirm(&format!("Write this to {name}?"), "--yes")?) {
        return Ok(());
    }
    let command = run.command();
    let change = |content: &[u8]| edit(content).ok().filter(|after| after != content);
    if let Some(backup) = target.writer().edit_bytes(&command, change)? {
        run.backups.push(backup);
        ui.say(&format!("Account access of session `{}` set in {name}.", shown(&run.name)));
    }
    Ok(())
}
