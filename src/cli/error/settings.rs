//! Errors in kcaws's own settings, and in those of a team.

use super::asking::TENANT;
use super::config::{FileKind, of_reading};
use super::network::NO_WAY_THERE;
use super::{CommandError, ErrorCode, Exit, Hint, chain};
use crate::project::ProjectError;
use crate::settings::team::{RedirectTarget, TeamError};
use crate::settings::{ByHand, SettingsError, key_part};
use crate::shell::quote::argument;
use crate::similar::did_you_mean;

/// The way out for users who cannot change the administrator's file.
const WITHOUT_IT: &str = "without the file: KCAWS_SYSTEM_CONFIG=none";

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> Self {
        let failure = Self::new(Exit::Configuration, ErrorCode::Settings, error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            SettingsError::Unreadable { source, .. } => failure.hint(of_reading(source, FileKind::Other)),
            SettingsError::Unknown { word, known, .. } => {
                let near = did_you_mean(word, known.iter().map(String::as_str));
                failure.hint(format!("{near}known there: {}", known.join(", ")))
            }
            SettingsError::BadRegion { error, .. } => failure.hint(error.hint()),
            SettingsError::Syntax { .. } | SettingsError::Invalid { .. } => {
                failure.hint("fix that line; `docs/configuration.md` has the list of settings")
            }
            SettingsError::BadIdpUrl { .. } => {
                failure.hint("use the realm's URL, such as https://sso.example.com/realms/corp")
            }
            SettingsError::BadAccountAccess { .. } => failure.hint(TENANT),
            SettingsError::NoIdpUrl { session, path } => {
                let path = path.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
                Self { code: ErrorCode::NoIdpUrl, ..failure }.hint(format!(
                    "in {path}, below [sessions.{}] (add that line too if it is missing): idp_url = \"https://sso.example.com/realms/corp\"",
                    key_part(session)
                ))
            }
            SettingsError::BadValue { value, known, .. } => {
                let near = did_you_mean(value, known.split(", "));
                failure.hint(format!("{near}use one of {known}"))
            }
            SettingsError::NotHere { key, .. } if key == "team" => failure
                .because("each user agrees to the settings of a URL by themselves")
                .hint("remove the entry; each user runs `kcaws configure --from URL`"),
            SettingsError::NotHere { .. } => failure
                .because("it runs a program, opens logins by itself or decides where secrets are stored")
                .hint("remove that line; everyone can set it in their own config.toml, an administrator in the system-wide one"),
            SettingsError::OpenToOthers { opening, .. } => failure
                .because("anyone who can write to it decides where you log in")
                .hint(format!(
                    "as an administrator: chown -h root {path} && chmod go-w {path}",
                    path = argument(&opening.path.display().to_string())
                )),
            SettingsError::NoSystemFile { path } => {
                let is_none = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("none"));
                failure.hint(if is_none {
                    "to turn it off, write it in lower case: KCAWS_SYSTEM_CONFIG=none"
                } else {
                    "correct KCAWS_SYSTEM_CONFIG, or `unset KCAWS_SYSTEM_CONFIG` for the usual files"
                })
            }
            SettingsError::InSystemFile(_) => failure,
            SettingsError::TeamMissing { own, .. } => failure.hint(format!(
                "run `kcaws configure --refresh` to fetch them, or remove their [[team]] entry from {}",
                own.display()
            )),
            SettingsError::TeamChanged { own, .. } => failure.hint(format!(
                "run `kcaws configure --refresh` to fetch it again and see what has changed, or remove its [[team]] entry from {}",
                own.display()
            )),
            SettingsError::NoFolder => failure.hint("set HOME"),
            SettingsError::NotEdited { by_hand, .. } => failure.hint(match by_hand {
                ByHand::SessionKey { session, line } => {
                    format!("in the table of session `{session}` there, set by hand: {line}")
                }
                ByHand::TeamHash { url, line } => {
                    format!("in the entry of {url} below `team` there, set by hand: {line}")
                }
                ByHand::NewTeam => {
                    "write the entries of `team` there as [[team]] tables, then run it again".to_owned()
                }
            }),
        };
        match error {
            SettingsError::InSystemFile(error) => Self::from(*error).with_way_around(WITHOUT_IT),
            _ => failure.because_of(cause),
        }
    }
}

impl CommandError {
    /// Adds another way to the hint.
    fn with_way_around(self, way: &str) -> Self {
        match self.hint {
            // Otherwise the file is not at fault.
            Some(Hint::Text(hint)) if self.code == ErrorCode::Settings => {
                let end = if hint.ends_with('?') { "" } else { ";" };
                Self { hint: Some(Hint::Text(format!("{hint}{end} {way}"))), ..self }
            }
            hint => Self { hint, ..self },
        }
    }
}

impl From<TeamError> for CommandError {
    fn from(error: TeamError) -> Self {
        let failure = Self::new(Exit::Configuration, ErrorCode::TeamFile, error.to_string());
        let failure = match &error {
            TeamError::NotAUrl(_) | TeamError::NotHttps(_) => Self { exit: Exit::Usage, ..failure }
                .hint("use a URL such as https://intranet.example.com/kcaws.toml"),
            TeamError::UserInfo(_) => Self { exit: Exit::Usage, ..failure }
                .hint("leave it out: it would be stored in config.toml, and kcaws logs in to no web server"),
            TeamError::NoAnswer(_) => {
                Self { exit: Exit::Failed, code: ErrorCode::Unreachable, ..failure }.hint(NO_WAY_THERE)
            }
            TeamError::Status { .. } => Self { exit: Exit::Failed, ..failure }
                .hint("check the URL; the file must be readable without signing in"),
            TeamError::Elsewhere { target, .. } => match target {
                RedirectTarget::Https => failure
                    .because("what another host sends is not what you asked for")
                    .hint("if you trust that host, pass its URL to --from"),
                RedirectTarget::Unusable => failure
                    .because("settings are fetched only by https, and without a password")
                    .hint("use the file's https URL, or have that redirect changed"),
            },
            TeamError::TooManyRedirects { .. } => failure.hint("use the URL that it leads to in the end"),
            TeamError::TooLarge { .. } => failure.hint("check the URL"),
            TeamError::Page { .. } => failure
                .because("it may be a page to sign in")
                .hint("check the URL; the file must be readable without signing in"),
            TeamError::Compressed { .. } => failure
                .hint("the server must send the file as it is to clients that do not ask for compression"),
            TeamError::NotText { .. } => failure.hint("check the URL; the file must be UTF-8"),
            TeamError::Settings(_) => failure,
        };
        match error {
            TeamError::Settings(error) => error.into(),
            _ => failure,
        }
    }
}

impl From<ProjectError> for CommandError {
    fn from(error: ProjectError) -> Self {
        let failure = Self::new(Exit::Configuration, ErrorCode::ProjectFile, error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            ProjectError::None { .. } => Self { exit: Exit::Failed, ..failure }
                .hint("name the file, or run it in the project's folder"),
            ProjectError::NotInFolder { .. } => Self { exit: Exit::Failed, ..failure }.hint(
                "name the folder that has it; `kcaws allow` alone takes the nearest one, here or above",
            ),
            ProjectError::NoSuchPath { .. } => {
                Self { exit: Exit::Failed, ..failure }.hint("name the file, or the folder that has it")
            }
            ProjectError::NotAllowed { .. } => {
                Self { exit: Exit::Failed, ..failure }.hint("`kcaws allow --list` shows what is")
            }
            ProjectError::Unreadable { source, .. } => failure.hint(of_reading(source, FileKind::Other)),
            ProjectError::TooLarge { .. } | ProjectError::Syntax { .. } => {
                failure.hint("it has two keys: profile = \"NAME\" and session = \"NAME\"")
            }
            ProjectError::State(_) => failure,
        };
        match error {
            ProjectError::State(error) => error.into(),
            _ => failure.because_of(cause),
        }
    }
}
