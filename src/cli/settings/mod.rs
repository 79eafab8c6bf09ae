//! `kcaws settings …`: kcaws's own settings.

mod show;

use clap::{Args, Subcommand};

use super::error::CommandError;
use super::ui::Ui;
use crate::app::App;

/// Show kcaws's own settings and where each comes from
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws settings show\n  kcaws settings show --json")]
pub(super) struct SettingsArgs {
    #[command(subcommand)]
    command: SettingsCommand,
}

#[derive(Debug, Subcommand)]
enum SettingsCommand {
    Show(show::ShowArgs),
}

impl SettingsArgs {
    pub(super) fn wants_json(&self) -> bool {
        let SettingsCommand::Show(args) = &self.command;
        args.json
    }
}

pub(super) fn run(args: &SettingsArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let SettingsCommand::Show(args) = &args.command;
    show::run(args, app, ui)
}
