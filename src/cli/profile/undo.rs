use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::write_args::{Target, WriteArgs};
use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::ui::{Ui, shown};
use crate::profile::backups::{self, Backup};
use crate::profile::diff;
use crate::profile::save::SaveError;

/// Restore ~/.aws/config to its state before kcaws wrote to it
///
/// The replaced file is backed up too, so that another undo reverts this one. The newest 20 backups are kept in kcaws's
/// state folder.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws profile undo --list\n  kcaws profile undo --dry-run\n  kcaws profile undo 17"
)]
pub(super) struct UndoArgs {
    /// Number of the backup to restore, as --list shows it [default: the newest]
    id: Option<u64>,
    /// List the backups
    #[arg(long, conflicts_with_all = ["id", "dry_run", "in_place"])]
    list: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

#[derive(Serialize)]
struct List {
    schema: u32,
    backups: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: u64,
    at: DateTime<Utc>,
    path: String,
    command: String,
    /// False if the file did not exist before that command.
    existed: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    path: String,
    dry_run: bool,
    restored: u64,
    backup: Option<u64>,
    diff: Option<String>,
}

pub(super) fn run(args: &UndoArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let state = app.state();
    if args.list {
        list(args, backups::list(state)?, ui);
        return Ok(());
    }
    let path = app.config_path()?;
    let id = if let Some(id) = args.id {
        id
    } else {
        let newest = backups::list(state)?.into_iter().find(|backup| backup.path == path);
        newest.ok_or(SaveError::NothingToUndo { path })?.id
    };
    let (backup, content) = backups::get(state, id)?.ok_or(SaveError::NoBackup { id })?;
    let is_config = app.config_path().is_ok_and(|config| config == backup.path);
    let target = Target::at(app, backup.path, &args.write);
    let (writer, path) = (target.writer(), target.path());
    let outcome = if args.write.dry_run {
        writer.preview_restore(&content)?
    } else {
        target.restore(&format!("profile undo {id}"), &content, ui)?
    };
    let diff = args.write.dry_run.then(|| diff::unified(path, &outcome.before, &outcome.after));
    if args.write.json {
        let (path, dry_run) = (path.display().to_string(), args.write.dry_run);
        ui.json(&Report { schema: 1, path, dry_run, restored: id, backup: outcome.backup, diff });
    } else if let Some(diff) = diff {
        ui.text(&diff);
    } else {
        let path = shown(&path.display().to_string());
        ui.say(&match outcome.backup {
            Some(taken) => {
                // Without a number it applies to the config only.
                let number = if is_config { String::new() } else { format!(" {taken}") };
                format!(
                    "{path} restored to the state before `kcaws {}`. Run `kcaws profile undo{number}` to revert this.",
                    shown(&backup.command)
                )
            }
            None => format!("Nothing to change in {path}."),
        });
    }
    Ok(())
}

fn list(args: &UndoArgs, backups: Vec<Backup>, ui: &mut Ui) {
    let rows = backups.into_iter().map(|backup| Row {
        id: backup.id,
        at: backup.at,
        path: backup.path.display().to_string(),
        command: backup.command,
        existed: backup.existed,
    });
    if args.write.json {
        return ui.json(&List { schema: 1, backups: rows.collect() });
    }
    let cells: Vec<Vec<String>> = rows
        .map(|row| {
            let at = row.at.format("%Y-%m-%d %H:%M:%SZ").to_string();
            vec![row.id.to_string(), at, format!("kcaws {}", row.command), row.path]
        })
        .collect();
    if cells.is_empty() {
        return ui.say("Nothing to undo.");
    }
    ui.table(&["ID", "BEFORE", "COMMAND", "FILE"], &cells);
}
