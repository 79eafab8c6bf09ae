//! `kcaws profile …`: the profiles in `~/.aws/config`.

pub(super) mod add;
mod list;
mod remove;
pub(super) mod sync;
mod undo;
pub(super) mod write_args;

use clap::{Args, Subcommand};

use super::error::CommandError;
use super::ui::Ui;
use crate::app::App;

/// List, write and remove profiles in ~/.aws/config
///
/// The file is edited, not rewritten: comments, order and line endings are kept, and each write leaves a backup.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws profile list\n  kcaws profile add dev --session corp --account 111122223333 --role Dev\n  kcaws profile sync corp --dry-run\n  kcaws profile undo"
)]
pub(super) struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
enum ProfileCommand {
    List(list::ListArgs),
    Add(add::AddArgs),
    Remove(remove::RemoveArgs),
    Sync(sync::SyncArgs),
    Undo(undo::UndoArgs),
}

impl ProfileArgs {
    pub(super) fn wants_json(&self) -> bool {
        match &self.command {
            ProfileCommand::List(args) => args.json,
            ProfileCommand::Add(args) => args.write.json,
            ProfileCommand::Remove(args) => args.write.json,
            ProfileCommand::Sync(args) => args.write.json,
            ProfileCommand::Undo(args) => args.write.json,
        }
    }
}

pub(super) fn run(args: &ProfileArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        ProfileCommand::List(args) => list::run(args, app, ui),
        ProfileCommand::Add(args) => add::run(args, app, ui),
        ProfileCommand::Remove(args) => remove::run(args, app, ui),
        ProfileCommand::Sync(args) => sync::run(args, app, ui),
        ProfileCommand::Undo(args) => undo::run(args, app, ui),
    }
}
