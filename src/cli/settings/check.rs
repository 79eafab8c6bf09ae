use std::path::PathBuf;

use clap::Args;

use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::settings;

const EXAMPLES: &str = "\
Examples:
  kcaws settings check kcaws.toml    before it becomes /etc/kcaws/config.toml
  kcaws settings check ~/.config/kcaws/config.toml";

/// Check a file of settings before it is put in place: its keys and values, with file and line
///
/// It is read as the system-wide file, or as your own if it is your config.toml. Who owns it and who may write it is
/// not checked. The exit code is 3 if something in it is wrong.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArgs {
    /// The file to check
    file: PathBuf,
}

pub(super) fn run(args: &CheckArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    settings::check_file(&args.file, &app.settings_files())?;
    ui.data(&format!("{}: valid", args.file.display()));
    Ok(())
}
