//! `kcaws settings …`: kcaws's own settings.

mod check;
mod show;

use clap::{Args, Subcommand};

use super::error::CommandError;
use super::ui::Ui;
use crate::app::App;

/// Show kcaws's own settings and where each comes from, or check a file of them
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws settings show\n  kcaws settings show --json\n  kcaws settings check kcaws.toml"
)]
pub(super) struct SettingsArgs {
    #[command(subcommand)]
    command: SettingsCommand,
}

#[derive(Debug, Subcommand)]
enum SettingsCommand {
    Show(show::ShowArgs),
    Check(check::CheckArgs),
}

impl SettingsArgs {
    pub(super) fn wants_json(&self) -> bool {
        match &self.command {
            SettingsCommand::Show(args) => args.json,
            SettingsCommand::Check(_) => false,
        }
    }
}

pub(super) fn run(args: &SettingsArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        SettingsCommand::Show(args) => show::run(args, app, ui),
        SettingsCommand::Check(args) => check::run(args, app, ui),
    }
}
