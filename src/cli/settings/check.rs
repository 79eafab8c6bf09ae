use std::path::PathBuf;

use clap::Args;

use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::settings;

const EXAMPLES: &str = "\
Examples:
  kcaws settings check kcaws.toml           before it is /etc/kcaws/config.toml
  kcaws settings check --team kcaws.toml    before it is served to a team
  kcaws settings check ~/.config/kcaws/config.toml";

/// Check a file of settings before it is put in place: its keys and values, with file and line
///
/// It is read as the system-wide file, or as your own if it is your config.toml. With --team, it may set only what the
/// file of a URL may, which is also what a system-wide file on Windows may. Who owns it and who may write it is not
/// checked. The exit code is 3 if something in it is wrong.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArgs {
    /// Check it as a file for `configure --from URL`
    #[arg(long)]
    team: bool,
    /// The file to check
    file: PathBuf,
}

pub(super) fn run(args: &CheckArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if args.team {
        settings::team::check_file(&args.file)?;
    } else {
        settings::check_file(&args.file, &app.settings_files())?;
    }
    ui.data(&format!("{}: valid", args.file.display()));
    Ok(())
}
