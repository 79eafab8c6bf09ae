//! Errors in `~/.aws/config`.

use std::io::ErrorKind;
use std::path::Path;

use super::{CommandError, ErrorCode, Exit, chain};
use crate::platform::folders::oddity_of_name;
use crate::ports::config_file::is_link_loop;
use crate::profile::ConfigError;

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        let failure = Self::new(Exit::Configuration, ErrorCode::Config, error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            ConfigError::Unreadable { source, .. } => failure.hint(of_reading(source, FileKind::AwsConfig)),
            ConfigError::Syntax { .. } | ConfigError::BadValue { .. } => failure.hint("fix that line"),
            ConfigError::BadStartUrl { meant, .. } => Self { code: ErrorCode::BadStartUrl, ..failure }
                .hint(format!("change that line to `sso_start_url = {meant}`")),
            ConfigError::WrongRegion { in_url, .. } => Self { code: ErrorCode::WrongRegion, ..failure }
                .hint(format!("change that line to `sso_region = {in_url}`")),
            ConfigError::MissingKey { key, .. } => {
                failure.hint(format!("add the line `{key} = …` to that section"))
            }
            ConfigError::NoSuchSession { known, .. } if known.is_empty() => {
                Self { code: ErrorCode::NoSuchSession, ..failure }.hint("run `kcaws configure`")
            }
            ConfigError::NoSuchSession { name, known, .. } => Self { code: ErrorCode::NoSuchSession, ..failure }
                .hint(format!("{}existing sessions: {}", known.near(name), known.listed())),
            ConfigError::NoSuchProfile { name, known, .. } => Self { code: ErrorCode::NoSuchProfile, ..failure }
                .hint(format!("{}`kcaws profile list` shows all profiles", known.near(name))),
            // Does not suggest `sso_…` keys: in a profile with another source, they would be a second one.
            ConfigError::NotOurs { .. } => Self { code: ErrorCode::NotOurs, ..failure }
                .hint("pass --session, --account and --role, or a profile that has a session in `kcaws profile list`"),
            ConfigError::TakenElsewhere { key, .. } => Self { code: ErrorCode::TakenElsewhere, ..failure }
                .because("some SDKs would not get these credentials from kcaws")
                .hint(format!("remove `{key}` there, or use a profile without it")),
            ConfigError::NoSuchSource { .. } => Self { code: ErrorCode::NoSourceProfile, ..failure }
                .hint("use an existing profile; `kcaws profile list` shows them"),
            ConfigError::EmptySource { .. } => Self { code: ErrorCode::NoSourceProfile, ..failure }
                .hint("use a profile that has credentials; `kcaws profile list` shows them"),
            ConfigError::NoSource { .. } => Self { code: ErrorCode::NoSourceProfile, ..failure }
                .hint("add `source_profile = …` to that section, naming a profile that is allowed to assume the role"),
            ConfigError::TwoSources { .. } => Self { code: ErrorCode::TwoSources, ..failure }
                .hint("remove one of the two lines: tools refuse a profile with both"),
            ConfigError::CircularSource { .. } => Self { code: ErrorCode::Circular, ..failure }
                .hint("set source_profile to a profile that has its own credentials"),
            ConfigError::Circular { .. } => Self { code: ErrorCode::Circular, ..failure }
                .hint("use --session, --account and --role in its credential_process instead of --profile"),
            ConfigError::Doubled { .. } => Self { code: ErrorCode::Duplicate, ..failure }
                .hint("merge the two; nothing was changed, since the AWS CLI cannot read such a file at all"),
            ConfigError::Unshared { .. } => {
                Self { code: ErrorCode::NotShared, ..failure }.hint("fix that line first; nothing was changed")
            }
            ConfigError::Foreign { hides: Some(key), .. } => Self { code: ErrorCode::Foreign, ..failure }
                .hint(format!("nothing was changed; choose another name, because tools would still use its `{key}`")),
            ConfigError::Foreign { .. } => Self { code: ErrorCode::Foreign, ..failure }
                .hint("nothing was changed; choose another name, or pass --force"),
            ConfigError::BadName { .. } => Self { exit: Exit::Usage, code: ErrorCode::BadName, ..failure }
                .hint("use letters, digits and `_.@%:+/-`"),
            ConfigError::CannotBeWritten { .. } => Self { code: ErrorCode::NotWritable, ..failure }.hint(
                "use a value without quotes, `$`, backquotes, line breaks, or spaces before `#` or `;`",
            ),
            ConfigError::NoSuchFile { path } => Self { code: ErrorCode::NoSuchFile, ..failure }
                .because_of(oddity_of_name(path).map(str::to_owned))
                .hint("correct AWS_CONFIG_FILE, or `unset AWS_CONFIG_FILE` for ~/.aws/config"),
            ConfigError::NoHome => failure.hint("set HOME or AWS_CONFIG_FILE"),
            ConfigError::NoSessions { .. } => {
                Self { code: ErrorCode::NoSessions, ..failure }.hint("run `kcaws configure`")
            }
        };
        failure.because_of(cause)
    }
}

/// What a hint about a file can name besides the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// AWS_CONFIG_FILE names another one.
    AwsConfig,
    Other,
}

impl FileKind {
    /// Tells `config.toml` and the copies of teams' files from `~/.aws/config`, which has no such name.
    pub(super) fn of(path: &Path) -> Self {
        if path.extension().is_some_and(|extension| extension == "toml") {
            Self::Other
        } else {
            Self::AwsConfig
        }
    }
}

/// Returns what to check if a file cannot be opened: permissions are only one reason.
pub(super) fn of_reading(error: &std::io::Error, kind: FileKind) -> &'static str {
    match (error.kind(), kind) {
        _ if is_link_loop(error) => {
            "a symbolic link there points back to itself (`ls -l` shows it); point it to the file"
        }
        (ErrorKind::IsADirectory, FileKind::AwsConfig) => {
            "that is a folder; AWS_CONFIG_FILE must name a file"
        }
        (ErrorKind::IsADirectory, FileKind::Other) => "name a file, or move that folder away",
        (ErrorKind::NotADirectory, FileKind::AwsConfig) => {
            "part of that path is a file, not a folder; check AWS_CONFIG_FILE"
        }
        (ErrorKind::NotADirectory, FileKind::Other) => "check the path: part of it is a file, not a folder",
        (ErrorKind::FileTooLarge, FileKind::AwsConfig) => {
            "check AWS_CONFIG_FILE: the file must not be larger than 8 MB"
        }
        (ErrorKind::FileTooLarge, FileKind::Other) => "check the file: it must not be larger than 8 MB",
        (ErrorKind::TimedOut, FileKind::AwsConfig) => {
            "check AWS_CONFIG_FILE: it is a pipe that nothing writes to"
        }
        (ErrorKind::TimedOut, FileKind::Other) => "use a regular file: that is a pipe that nothing writes to",
        (ErrorKind::NotFound, FileKind::Other) => "check the name of the file",
        (_, FileKind::AwsConfig) => "check the permissions of the file (AWS_CONFIG_FILE)",
        (_, FileKind::Other) => "check the permissions of the file and of its folders",
    }
}
