//! Errors of writing the config file.

use super::config::{FileKind, of_reading};
use super::{CommandError, ErrorCode, Exit, chain};
use crate::platform::protection::Protection;
use crate::ports::config_file::{ConfigFileError, is_link_loop};
use crate::profile::naming::TemplateError;
use crate::profile::save::SaveError;
use crate::shell::quote::argument;

impl From<SaveError> for CommandError {
    fn from(error: SaveError) -> Self {
        let message = error.to_string();
        match error {
            SaveError::Config(error) => error.into(),
            SaveError::File(error) => error.into(),
            SaveError::State(error) => error.into(),
            SaveError::KeepsChanging { .. } => Self::new(Exit::Failed, ErrorCode::KeepsChanging, message)
                .hint("find out what else writes it, then try again; kcaws wrote nothing"),
            SaveError::NoBackup { .. } | SaveError::NothingToUndo { .. } => {
                Self::new(Exit::Failed, ErrorCode::NoBackup, message)
                    .hint("`kcaws profile undo --list` shows the backups")
            }
        }
    }
}

impl From<ConfigFileError> for CommandError {
    fn from(error: ConfigFileError) -> Self {
        let failure = Self::new(Exit::Failed, ErrorCode::ConfigFile, error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            ConfigFileError::Io { path, source, .. } => failure.hint(match source.kind() {
                _ if is_link_loop(source) => of_reading(source, FileKind::of(path)),
                std::io::ErrorKind::IsADirectory | std::io::ErrorKind::NotADirectory => of_reading(source, FileKind::of(path)),
                // kcaws's own error, not the system's: the file was too large to be read.
                std::io::ErrorKind::FileTooLarge | std::io::ErrorKind::TimedOut
                    if source.raw_os_error().is_none() =>
                {
                    of_reading(source, FileKind::of(path))
                }
                std::io::ErrorKind::StorageFull
                | std::io::ErrorKind::QuotaExceeded
                | std::io::ErrorKind::FileTooLarge => "nothing was changed; free up space, then try again",
                std::io::ErrorKind::ReadOnlyFilesystem if FileKind::of(path) == FileKind::Other => {
                    "nothing was changed: the file system is read-only; change the file at its source"
                }
                std::io::ErrorKind::ReadOnlyFilesystem => {
                    "nothing was changed: the file system is read-only; change the file at its source, or use another file (AWS_CONFIG_FILE)"
                }
                _ => "nothing was changed; check the permissions of the file and its folder",
            }),
            ConfigFileError::ReadOnly { path, by: Protection::Mode, .. } => {
                let path = argument(&path.display().to_string());
                Self { code: ErrorCode::ReadOnly, ..failure }.hint(format!(
                    "nothing was changed; if that is not intended, run `chmod u+w {path}`"
                ))
            }
            // Changing its permissions would not last: it is generated from somewhere else.
            ConfigFileError::ReadOnly { .. } => Self { code: ErrorCode::ReadOnly, ..failure }.hint(
                "nothing was changed; change the file at its source (Nix, home-manager, your administrator)",
            ),
            ConfigFileError::NotAFile { path } if FileKind::of(path) == FileKind::Other => {
                failure.hint("move away what is there, or make it a file")
            }
            ConfigFileError::NotAFile { .. } => failure.hint("check AWS_CONFIG_FILE"),
            ConfigFileError::HardLinked { .. } | ConfigFileError::Mounted { .. } => {
                Self { code: ErrorCode::NotReplaceable, ..failure }
                    .hint("nothing was changed; use --in-place to write to the file itself")
            }
            ConfigFileError::Attribute { .. } => Self { code: ErrorCode::Attribute, ..failure }
                .hint("nothing was changed; use --in-place to write to the file itself, which keeps it"),
            ConfigFileError::Owner { .. } => Self { code: ErrorCode::Owner, ..failure }
                .hint("nothing was changed; run this as the owner, or with --in-place"),
        };
        failure.because_of(cause)
    }
}

impl From<TemplateError> for CommandError {
    fn from(error: TemplateError) -> Self {
        Self::new(Exit::Configuration, ErrorCode::Template, error.to_string()).hint(
            "such as `{account_name|kebab}-{role|kebab}` (--template, KCAWS_NAME_TEMPLATE, config.toml)",
        )
    }
}
