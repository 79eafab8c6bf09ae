//! `kcaws allow`: whether `kcaws use` may follow the `.kcaws.toml` of a project.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::error::CommandError;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::platform::current_folder;
use crate::project::{self, Hints, ProjectError, ProjectFile};

const EXAMPLES: &str = "\
Examples:
  kcaws allow             the .kcaws.toml here, or in the nearest folder above
  kcaws allow ~/src/shop
  kcaws allow --revoke
  kcaws allow --list

The file has one or both of these lines, and nothing that is run:
  profile = \"dev\"     what `kcaws use` chooses in that folder and below it
  session = \"corp\"    without a profile: offer those of this session

A file that has changed must be allowed again.";

/// Let `kcaws use` follow the .kcaws.toml of a project
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct AllowArgs {
    /// File, or folder with a .kcaws.toml [default: the nearest one, here or above]
    path: Option<PathBuf>,
    /// Withdraw the permission
    #[arg(long)]
    revoke: bool,
    /// List the files that are allowed
    #[arg(long, conflicts_with_all = ["path", "revoke"])]
    list: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    files: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    path: String,
    /// `allowed` or `revoked`.
    change: Option<&'static str>,
    profile: Option<String>,
    session: Option<String>,
}

pub(super) fn run(args: &AllowArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let files = if args.list {
        listed(app)?
    } else if args.revoke {
        vec![revoke(args.path.as_deref(), app, ui)?]
    } else {
        vec![allow(args.path.as_deref(), app, ui)?]
    };
    if args.json {
        ui.json(&Report { schema: 1, files });
    } else if args.list {
        for row in &files {
            ui.data(&shown(&row.path));
        }
    }
    Ok(())
}

fn listed(app: &App) -> Result<Vec<Row>, CommandError> {
    let row = |allowed: project::Allowed| {
        // What it says now counts only if it is what was allowed.
        let file = ProjectFile::read(Path::new(&allowed.path)).ok().flatten();
        let is_it = |file: &ProjectFile| {
            file.permission(app.state()).is_ok_and(|permission| permission == project::Permission::Allowed)
        };
        let hints = file.filter(is_it).and_then(|file| file.hints().ok()).unwrap_or_default();
        Row { path: allowed.path, change: None, profile: hints.profile, session: hints.session }
    };
    Ok(project::allowed(app.state())?.into_iter().map(row).collect())
}

fn allow(path: Option<&Path>, app: &App, ui: &mut Ui) -> Result<Row, CommandError> {
    let folder = current_folder().map_err(|source| ProjectError::Unreadable { path: ".".into(), source })?;
    let found = match path {
        Some(path) => ProjectFile::read(&folder.join(path))?,
        None => ProjectFile::find(&folder)?,
    };
    let file = found.ok_or_else(|| match path.map(|path| project::real_path(&folder.join(path))) {
        None => ProjectError::None { folder },
        Some(folder) if folder.is_dir() => ProjectError::NotInFolder { folder },
        Some(path) => ProjectError::NoSuchPath { path },
    })?;
    let Hints { profile, session } = file.hints()?;
    file.allow(app.state())?;
    let name = file.path.display().to_string();
    ui.say(&format!("Allowed {}:", shown(&name)));
    for (key, value) in [("profile", &profile), ("session", &session)] {
        if let Some(value) = value {
            ui.say(&format!("  {key}: {}", shown(value)));
        }
    }
    Ok(Row { path: name, change: Some("allowed"), profile, session })
}

fn revoke(path: Option<&Path>, app: &App, ui: &mut Ui) -> Result<Row, CommandError> {
    let folder = current_folder().map_err(|source| ProjectError::Unreadable { path: ".".into(), source })?;
    // The file may be gone, or one that is not allowed may have come nearer.
    let candidates: Vec<PathBuf> = match path {
        Some(path) => vec![folder.join(path), folder.join(path).join(project::NAME)],
        None => folder.ancestors().map(|folder| folder.join(project::NAME)).collect(),
    };
    let candidates: Vec<PathBuf> = candidates.iter().map(|path| project::real_path(path)).collect();
    for candidate in &candidates {
        if project::revoke(candidate, app.state())? {
            let name = candidate.display().to_string();
            ui.say(&format!("{} is no longer allowed.", shown(&name)));
            return Ok(Row { path: name, change: Some("revoked"), profile: None, session: None });
        }
    }
    Err(CommandError::from(ProjectError::NotAllowed { path: candidates[0].clone() }))
}
