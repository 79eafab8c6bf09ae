//! `kcaws store …`: where tokens are stored.

mod migrate;
mod status;

use clap::{Args, Subcommand};

use super::error::{CommandError, Doing};
use super::ui::Ui;
use crate::app::App;

/// Show where the tokens are stored, and move them to another store
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws store status\n  kcaws store migrate corp --to secret-service")]
pub(super) struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    Status(status::StatusArgs),
    Migrate(migrate::MigrateArgs),
}

impl StoreArgs {
    pub(super) fn doing(&self) -> Doing {
        match &self.command {
            StoreCommand::Status(_) => Doing::Use,
            StoreCommand::Migrate(_) => Doing::Move,
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match &self.command {
            StoreCommand::Status(args) => args.json,
            StoreCommand::Migrate(_) => false,
        }
    }
}

pub(super) fn run(args: &StoreArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        StoreCommand::Status(args) => status::run(args, app, ui),
        StoreCommand::Migrate(args) => migrate::run(args, app, ui),
    }
}
