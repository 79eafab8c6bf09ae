//! The line for the user's shell: shown, and added to its startup file on request.

use std::path::Path;

use serde::Serialize;

use super::Run;
use crate::app::App;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::profile::write_args::Target;
use crate::cli::ui::{Ui, shown};
use crate::configure::shell_line::ShellLine;
use crate::shell::{Format, quote};

#[derive(Serialize)]
pub(super) struct Row {
    shell: &'static str,
    line: String,
    /// Null if one line is not enough.
    file: Option<String>,
    /// `added`, `unchanged` or `shown`.
    change: &'static str,
}

/// Returns `None` for an unsupported shell.
pub(super) fn offer(run: &mut Run<'_>, app: &App, ui: &mut Ui) -> Result<Option<Row>, CommandError> {
    let args = run.args;
    let word = |format| word_for(format, Path::new(&run.program), app);
    let Some(line) = ShellLine::of_this_person(&app.env, &app.folders, word) else {
        return if args.shell_line {
            Err(nowhere("kcaws does not support the shell in SHELL"))
        } else {
            Ok(None)
        };
    };
    let row = |change| {
        let file = line.file.as_deref().map(|file| file.display().to_string());
        Ok(Some(Row { shell: line.shell.name(), line: line.line.clone(), file, change }))
    };
    let Some(path) = line.file.clone() else {
        if args.shell_line {
            return Err(nowhere("this shell needs more than one line in a startup file"));
        }
        ui.say(&format!("Your shell: `{}` prints the script and where to put it.", shown(&line.line)));
        return row("shown");
    };
    let (file, name) = (app.config_file(path.clone()), shown(&path.display().to_string()));
    if line.is_in(file.read()?.as_deref().unwrap_or_default()) {
        return row("unchanged");
    }
    ui.say(&format!("This line in {name} enables `kcaws use`, completion and the prompt:"));
    ui.say(&format!("  {}", line.line));
    let may_ask = ui.is_interactive() && !args.no_shell_line && !args.shell_line;
    let is_wanted =
        args.shell_line || (may_ask && ui.confirm(&format!("Add it to {name}?"), "--shell-line")?);
    if !is_wanted || args.write.dry_run {
        return row("shown");
    }
    let target = Target::at(app, path, &args.write);
    let Some(backup) =
        target.writer().edit_bytes("configure --shell-line", |content| line.appended(content))?
    else {
        return row("unchanged");
    };
    run.backups.push(backup);
    ui.say("Added. Open a new shell for it to take effect.");
    row("added")
}

/// Returns the program's name if the shell finds it by name, else its path.
fn word_for(format: Format, program: &Path, app: &App) -> Option<String> {
    let path = app.env.raw("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| program.parent() == Some(&folder)) {
        return Some("kcaws".to_owned());
    }
    quote::path(format, program)
}

fn nowhere(message: &str) -> CommandError {
    CommandError::new(Exit::Failed, ErrorCode::NoShellLine, message)
        .hint("everything else is done; `kcaws init --help` shows the lines for each shell")
}
