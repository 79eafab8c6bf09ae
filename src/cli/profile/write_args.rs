//! What the commands that write `~/.aws/config` share: their flags, the file, and the report.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::ui::{Ui, shown};
use crate::ports::config_file::{ConfigFile, ConfigFileError, WriteMode};
use crate::profile::backups::Content;
use crate::profile::draft::Draft;
use crate::profile::references::Reference;
use crate::profile::save::{ConfigWriter, Outcome, SaveError};
use crate::profile::{ConfigError, diff};

#[derive(Args, Debug)]
pub(in crate::cli) struct WriteArgs {
    /// Print the change as a diff and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Write to the file in place if it cannot be replaced (hard links, a mounted file)
    #[arg(long)]
    pub(in crate::cli) in_place: bool,
    /// Print JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

pub(in crate::cli) struct Target<'a> {
    app: &'a App,
    file: Box<dyn ConfigFile>,
    how: WriteMode,
    /// Of a dry run: the file as it is, and as the steps so far would leave it.
    staged: RefCell<Option<Staged>>,
}

struct Staged {
    before: Zeroizing<String>,
    after: Zeroizing<String>,
}

impl<'a> Target<'a> {
    pub(in crate::cli) fn at(app: &'a App, path: PathBuf, args: &WriteArgs) -> Self {
        let how = if args.in_place { WriteMode::InPlace } else { WriteMode::Rename };
        Self { app, file: app.config_file(path), how, staged: RefCell::new(None) }
    }

    pub(in crate::cli) fn keeper(&self) -> ConfigWriter<'_> {
        ConfigWriter { file: &*self.file, state: &**self.app.state(), clock: &*self.app.clock, how: self.how }
    }

    /// What a step of a dry run would do, on top of the steps before it.
    fn stage<T>(
        &self,
        edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Outcome<T>, SaveError> {
        let outcome = match &*self.staged.borrow() {
            Some(staged) => self.keeper().preview_on(&staged.after, edit)?,
            None => self.keeper().preview(edit)?,
        };
        let mut staged = self.staged.borrow_mut();
        let before = staged.take().map_or_else(|| outcome.before.clone(), |staged| staged.before);
        *staged = Some(Staged { before, after: outcome.after.clone() });
        Ok(outcome)
    }

    /// Returns what all steps of a dry run would do together, as one diff against the file as it is.
    pub(in crate::cli) fn staged_diff(&self) -> String {
        let staged = self.staged.borrow();
        let diff = staged.as_ref().map(|staged| diff::unified(self.path(), &staged.before, &staged.after));
        diff.unwrap_or_default()
    }

    /// Or what it would be, in a dry run.
    pub(super) fn change<T>(
        &self,
        args: &WriteArgs,
        command: &str,
        ui: &mut Ui,
        edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Outcome<T>, SaveError> {
        if args.dry_run { self.stage(edit) } else { self.edit(command, ui, edit) }
    }

    /// A file that only something else can write is left to the person, with what to change there.
    fn edit<T>(
        &self,
        command: &str,
        ui: &mut Ui,
        mut edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Outcome<T>, SaveError> {
        let written = self.keeper().edit(command, &mut edit);
        if let Err(error) = &written
            && is_made_elsewhere(error)
            && let Ok(Outcome { before, after, .. }) = self.keeper().preview(&mut edit)
        {
            tell_by_hand(self.path(), &before, &after, ui);
        }
        written
    }

    /// As [`Self::change_if_agreed_after`], with nothing to say beforehand.
    pub(in crate::cli) fn change_if_agreed<T>(
        &self,
        args: &WriteArgs,
        yes: bool,
        command: &str,
        ui: &mut Ui,
        edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Option<Outcome<T>>, CommandError> {
        self.change_if_agreed_after(|_, _| {}, args, yes, command, ui, edit)
    }

    /// Shows the change and asks, unless `yes` was said before; `None` for a no. In a dry run, what it would be.
    /// `tell` says what the diff does not show well.
    pub(in crate::cli) fn change_if_agreed_after<T>(
        &self,
        tell: impl FnOnce(&T, &mut Ui),
        args: &WriteArgs,
        yes: bool,
        command: &str,
        ui: &mut Ui,
        mut edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Option<Outcome<T>>, CommandError> {
        let preview = if args.dry_run { self.stage(&mut edit)? } else { self.keeper().preview(&mut edit)? };
        if !preview.is_change() {
            return Ok(Some(preview));
        }
        if !yes && !args.dry_run {
            ui.tell_text(&diff::unified(self.path(), &preview.before, &preview.after));
        }
        tell(&preview.result, ui);
        if args.dry_run {
            return Ok(Some(preview));
        }
        if !yes && !ui.confirm(&format!("Write this to {}?", self.path().display()), "--yes")? {
            return Ok(None);
        }
        Ok(Some(self.edit(command, ui, edit)?))
    }

    /// Puts a backup's content back.
    pub(super) fn restore(
        &self,
        command: &str,
        content: &Content,
        ui: &mut Ui,
    ) -> Result<Outcome<()>, SaveError> {
        let written = self.keeper().restore(command, content);
        if let Err(error) = &written
            && is_made_elsewhere(error)
            && let Ok(Outcome { before, after, .. }) = self.keeper().preview_restore(content)
        {
            tell_by_hand(self.path(), &before, &after, ui);
        }
        written
    }

    pub(in crate::cli) fn path(&self) -> &Path {
        self.file.path()
    }
}

fn is_made_elsewhere(error: &SaveError) -> bool {
    match error {
        SaveError::File(ConfigFileError::ReadOnly { by, .. }) => by.is_of_another_hand(),
        SaveError::File(ConfigFileError::Io { source, .. }) => source.kind() == ErrorKind::ReadOnlyFilesystem,
        _ => false,
    }
}

/// Prints the lines to add where nothing else changes, since those can be pasted; else the change as a diff.
fn tell_by_hand(path: &Path, before: &str, after: &str, ui: &mut Ui) {
    match diff::added_alone(before, after) {
        Some(lines) => {
            ui.tell(&format!("Add this to the source of {}:", shown(&path.display().to_string())));
            ui.tell_text(&lines);
        }
        None => ui.tell_text(&diff::unified(path, before, after)),
    }
}

#[derive(Serialize)]
pub(in crate::cli) struct Changed {
    pub(in crate::cli) name: String,
    /// `created`, `updated`, `removed`, `renamed`, `unchanged`, `skipped`.
    pub(in crate::cli) change: &'static str,
    /// The name before, of a renamed profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) from: Option<String>,
}

impl Changed {
    pub(super) fn new(name: impl Into<String>, change: &'static str) -> Self {
        Self { name: name.into(), change, from: None }
    }
}

/// Names the lines of other profiles that name a profile which is no longer there under that name.
pub(super) fn warn_of_dangling(references: &[Reference], ui: &mut Ui) {
    for Reference { profile, place, key, to } in references {
        ui.warn(&shown(&format!(
            "{place}: {key} of profile `{profile}` refers to `{to}`, which will be removed"
        )));
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    path: String,
    dry_run: bool,
    profiles: &'a [Changed],
    /// What `undo` brings the old file back by; null where nothing was written.
    backup: Option<u64>,
    /// Set only in a dry run.
    diff: Option<String>,
}

/// Says what was done, or would be.
pub(super) fn report<T>(
    ui: &mut Ui,
    args: &WriteArgs,
    path: &Path,
    outcome: &Outcome<T>,
    profiles: &[Changed],
) {
    let diff = args.dry_run.then(|| diff::unified(path, &outcome.before, &outcome.after));
    if args.json {
        let (path, backup) = (path.display().to_string(), outcome.backup);
        return ui.json(&Report { schema: 1, path, dry_run: args.dry_run, profiles, backup, diff });
    }
    if let Some(diff) = diff {
        return ui.text(&diff);
    }
    let path = shown(&path.display().to_string());
    match (profiles, outcome.backup) {
        (_, None) => ui.say(&format!("Nothing to change in {path}.")),
        ([only], Some(_)) => ui.say(&format!("Profile `{}` {} in {path}.", shown(&only.name), only.change)),
        (several, Some(_)) => {
            let count = |change| several.iter().filter(|one| one.change == change).count();
            let counts = ["created", "updated", "renamed", "removed"].map(|change| (count(change), change));
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let counts: Vec<String> = counts.map(|(count, change)| format!("{count} {change}")).collect();
            ui.say(&format!("Profiles in {path}: {}.", counts.join(", ")));
        }
    }
}
