//! A deny policy in a file of the administrator's.

use std::path::{Path, PathBuf};

use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::ports::config_file::WriteMode;
use serde::Serialize;

use super::super::metadata_file;
use crate::app::AdminApp;
use crate::offboard::deny_policy::{PolicyEdit, with_user};

pub(super) struct DenyFile {
    pub(super) path: PathBuf,
    pub(super) state: DenyFileState,
    before: String,
    after: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DenyFileState {
    /// Identity Center has no user, or could not be read.
    NoUser,
    AlreadyListed,
    /// The user is not in the file yet.
    ToBeAdded,
    Added,
}

impl DenyFile {
    pub(super) fn read(path: &Path) -> Result<Self, CommandError> {
        let before = metadata_file::read(path)?;
        Ok(Self { path: path.to_owned(), state: DenyFileState::NoUser, after: before.clone(), before })
    }

    /// Returns the file with a user added, not written yet.
    pub(super) fn for_user(self, user: Option<&str>) -> Result<Self, CommandError> {
        let Some(user) = user else { return Ok(self) };
        Ok(match with_user(&self.before, user)? {
            PolicyEdit::AlreadyListed => Self { state: DenyFileState::AlreadyListed, ..self },
            PolicyEdit::Changed(after) => Self { state: DenyFileState::ToBeAdded, after, ..self },
        })
    }

    pub(super) fn is_changed(&self) -> bool {
        self.state == DenyFileState::ToBeAdded
    }

    /// Writes the file, unless somebody changed it meanwhile.
    pub(super) fn write(&mut self, app: &AdminApp) -> Result<(), CommandError> {
        if !self.is_changed() {
            return Ok(());
        }
        let file = app.config_file(self.path.clone());
        let (before, after) = (self.before.as_bytes(), self.after.as_bytes());
        match file.replace(Some(before), Some(after), WriteMode::Rename) {
            Ok(true) => {
                self.state = DenyFileState::Added;
                Ok(())
            }
            Ok(false) => Err(not_written(&self.path, "another program changed it meanwhile")),
            Err(error) => Err(not_written(&self.path, &error.to_string())),
        }
    }
}

fn not_written(path: &Path, why: &str) -> CommandError {
    CommandError::new(Exit::Failed, ErrorCode::OutputFile, format!("cannot write `{}`", path.display()))
        .because(why)
        .hint("everything else is done; run the same command again")
}
