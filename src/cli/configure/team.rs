//! `configure --from` and `--refresh`: the settings of a team, by one URL.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ConfigureArgs, input_needed};
use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::profile::write_args::Target;
use crate::cli::ui::{Ui, shown};
use crate::ports::config_file::{ConfigFileError, WriteMode};
use crate::profile::diff;
use crate::profile::save::SaveError;
use crate::settings::team::{self, TeamFile};
use crate::settings::{SettingsError, TeamPin, TeamUrl, with_team};

#[derive(Serialize)]
struct Report {
    schema: u32,
    teams: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    url: String,
    sha256: String,
    /// `added`, `unchanged`, `updated` or `skipped`.
    change: &'static str,
}

/// A file that was fetched, and what has become of it.
pub(super) struct Taken {
    pub(super) file: TeamFile,
    change: &'static str,
}

impl Taken {
    pub(super) fn is_used(&self) -> bool {
        self.change != SKIPPED
    }

    /// Prints what has become of it, where no session is set up that would be reported.
    pub(super) fn report(&self, args: &ConfigureArgs, ui: &mut Ui) {
        if args.write.json {
            let (url, sha256) = (self.file.url.to_string(), self.file.sha256.clone());
            ui.json(&Report { schema: 1, teams: vec![Row { url, sha256, change: self.change }] });
        }
    }
}

const SKIPPED: &str = "skipped";

/// Where the user's settings are.
struct Own {
    folder: PathBuf,
    file: PathBuf,
}

fn own(app: &App) -> Result<Own, CommandError> {
    let files = app.settings_files();
    match (files.own(), files.folder) {
        (Some(file), Some(folder)) => Ok(Own { folder, file }),
        _ => Err(SettingsError::NoFolder.into()),
    }
}

/// Fetches the file, shows it and uses it from now on, if the user agrees.
pub(super) fn take(url: &str, args: &ConfigureArgs, app: &App, ui: &mut Ui) -> Result<Taken, CommandError> {
    let url = team::address(url)?;
    if !ui.is_interactive() && !args.yes && !args.write.dry_run {
        return Err(input_needed(&["--yes"]));
    }
    let own = own(app)?;
    let pin = team::pins(&own.file)?.into_iter().find(|pin| pin.url == TeamUrl::of(&url));
    let file = team::fetch(&url, &*app.download()?)?;
    let change = match &pin {
        _ if !is_agreed(pin.as_ref(), &file, args, app, &own, ui)? => SKIPPED,
        None => "added",
        Some(pin) if pin.sha256.eq_ignore_ascii_case(&file.sha256) => "unchanged",
        Some(_) => "updated",
    };
    if change == SKIPPED && !args.write.dry_run {
        ui.say("Nothing was written.");
    }
    Ok(Taken { file, change })
}

/// Fetches every file again; one that fails leaves the others to be fetched.
pub(super) fn refresh(args: &ConfigureArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let own = own(app)?;
    let pins = team::pins(&own.file)?;
    if pins.is_empty() {
        ui.say(&format!(
            "{} names no team's settings; `kcaws configure --from URL` adds them.",
            shown_path(&own.file)
        ));
    }
    let (mut teams, mut failed) = (Vec::new(), None);
    for pin in pins {
        match renewed(&pin, args, app, &own, ui) {
            Ok((sha256, change)) => teams.push(Row { url: pin.url.to_string(), sha256, change }),
            // The first one is the error of the command.
            Err(error) if failed.is_some() => ui.warn(&shown(&error.message)),
            Err(error) => failed = Some(error),
        }
    }
    if args.write.json {
        ui.json(&Report { schema: 1, teams });
    }
    failed.map_or(Ok(()), Err)
}

fn renewed(
    pin: &TeamPin,
    args: &ConfigureArgs,
    app: &App,
    own: &Own,
    ui: &mut Ui,
) -> Result<(String, &'static str), CommandError> {
    let file = team::fetch(&team::address(pin.url.expose())?, &*app.download()?)?;
    let is_same = file.sha256.eq_ignore_ascii_case(&pin.sha256);
    if is_same && copy_of(own, pin, app)?.as_deref() == Some(file.text.as_bytes()) {
        ui.say(&format!("{}: unchanged.", shown_url(&pin.url)));
        return Ok((file.sha256, "unchanged"));
    }
    if !is_agreed(Some(pin), &file, args, app, own, ui)? {
        return Ok((pin.sha256.clone(), SKIPPED));
    }
    if is_same {
        ui.say(&format!("{}: unchanged; its copy on this machine is there again.", shown_url(&pin.url)));
        return Ok((file.sha256, "unchanged"));
    }
    ui.say(&format!(
        "{}: updated. `kcaws configure SESSION` and `kcaws profile sync` apply it.",
        shown_url(&pin.url)
    ));
    Ok((file.sha256, "updated"))
}

/// Shows what is new and writes it if the user agrees. What was agreed to before is not asked for again.
fn is_agreed(
    pin: Option<&TeamPin>,
    file: &TeamFile,
    args: &ConfigureArgs,
    app: &App,
    own: &Own,
    ui: &mut Ui,
) -> Result<bool, CommandError> {
    let is_known = pin.is_some_and(|pin| pin.sha256.eq_ignore_ascii_case(&file.sha256));
    if !is_known {
        show(pin, file, own, app, ui)?;
    }
    if args.write.dry_run {
        return Ok(false);
    }
    if !is_known && !args.yes && !ui.confirm("Use these settings?", "--yes")? {
        return Ok(false);
    }
    write(file, args, app, own)?;
    if !is_known {
        ui.say(&format!(
            "{} has their URL and hash now; `kcaws settings show` lists them.",
            shown_path(&own.file)
        ));
    }
    Ok(true)
}

fn show(
    pin: Option<&TeamPin>,
    file: &TeamFile,
    own: &Own,
    app: &App,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let before = match pin {
        Some(pin) => copy_of(own, pin, app)?,
        None => None,
    };
    if let Some(before) = before {
        let before = String::from_utf8_lossy(&before).into_owned();
        ui.tell_text(&diff::unified(Path::new(&file.url.to_string()), &before, &file.text));
    } else {
        ui.tell(&format!("The settings at {}:", shown_url(&file.url)));
        ui.tell("");
        ui.tell_text(&file.text);
        ui.tell("");
    }
    ui.tell(&format!("sha256: {}", file.sha256));
    Ok(())
}

/// Returns the bytes of the copy, as they are.
fn copy_of(own: &Own, pin: &TeamPin, app: &App) -> Result<Option<Vec<u8>>, ConfigFileError> {
    app.config_file(team::copy_path(&own.folder, &pin.sha256)).read()
}

/// Writes the copy first: until config.toml has its hash, the old one is used.
///
/// The old one stays, because `profile undo` may bring back the config.toml that names it.
fn write(file: &TeamFile, args: &ConfigureArgs, app: &App, own: &Own) -> Result<(), CommandError> {
    let new = file.pin();
    let copy = app.config_file(team::copy_path(&own.folder, &new.sha256));
    let before = copy.read()?;
    if before.as_deref() != Some(file.text.as_bytes()) {
        copy.replace(before.as_deref(), Some(file.text.as_bytes()), WriteMode::Rename)?;
    }
    // It is checked before anything waits for the lock.
    let content = app.config_file(own.file.clone()).read()?.unwrap_or_default();
    with_team(&own.file, &content, &new)?;
    let change = |content: &[u8]| with_team(&own.file, content, &new).ok().filter(|after| after != content);
    let target = Target::at(app, own.file.clone(), &args.write);
    let written: Result<Option<u64>, SaveError> = target.writer().edit_bytes("configure --from", change);
    written.map(|_| ()).map_err(CommandError::from)
}

fn shown_url(url: &TeamUrl) -> String {
    shown(&url.to_string())
}

fn shown_path(path: &Path) -> String {
    shown(&path.display().to_string())
}
