//! The locations of files on this platform.

use std::path::{Path, PathBuf};

use crate::platform::env::Env;

const SYSTEM_CONFIG: &str = "KCAWS_SYSTEM_CONFIG";

/// The folders of this user. `None` if the platform has none (no HOME).
#[derive(Clone, Debug, Default)]
pub struct Folders {
    pub home: Option<PathBuf>,
    /// kcaws's own: status files, locks, sealed files.
    pub state: Option<PathBuf>,
    /// kcaws's own: `config.toml`.
    pub config: Option<PathBuf>,
    /// Whether this machine's own `config.toml` is looked for; tests of one command have none.
    pub has_system_config: bool,
}

impl Folders {
    /// Returns the folders of this user.
    ///
    /// Linux: `$XDG_STATE_HOME/kcaws`, else `~/.local/state/kcaws`.
    ///
    /// Elsewhere the platform's local data folder, for lack of a state folder.
    pub fn of_this_person() -> Self {
        Self {
            home: dirs::home_dir(),
            config: dirs::config_dir().map(|folder| folder.join("kcaws")),
            has_system_config: true,
            state: dirs::state_dir().or_else(dirs::data_local_dir).map(|folder| folder.join("kcaws")),
        }
    }

    /// Returns `~/.aws/config`, or the path in `AWS_CONFIG_FILE`, absolute.
    ///
    /// A leading `~` is expanded, as in botocore; nothing else is.
    pub fn aws_config(&self, env: &Env) -> Option<PathBuf> {
        self.in_dot_aws(env, "AWS_CONFIG_FILE", "config")
    }

    /// Returns `~/.aws/credentials`, or the path in `AWS_SHARED_CREDENTIALS_FILE`.
    pub fn aws_credentials(&self, env: &Env) -> Option<PathBuf> {
        self.in_dot_aws(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials")
    }

    /// Returns the `config.toml` files that are for everyone on this machine, the least important first.
    ///
    /// `KCAWS_SYSTEM_CONFIG` names another file in their place, or is `none`.
    pub fn system_configs(&self, env: &Env) -> Vec<PathBuf> {
        if !self.has_system_config {
            return Vec::new();
        }
        match env.raw(SYSTEM_CONFIG) {
            Some(named) if named == "none" => Vec::new(),
            Some(named) => vec![std::path::absolute(&named).unwrap_or_else(|_| named.into())],
            None => of_platform(env),
        }
    }

    /// Returns whether `KCAWS_SYSTEM_CONFIG` names the file.
    pub fn has_named_system_config(&self, env: &Env) -> bool {
        self.has_system_config && env.raw(SYSTEM_CONFIG).is_some()
    }

    fn in_dot_aws(&self, env: &Env, variable: &str, name: &str) -> Option<PathBuf> {
        match env.raw(variable) {
            Some(named) => {
                let named = PathBuf::from(named);
                match named.strip_prefix("~") {
                    Ok(rest) => self.home.as_ref().map(|home| home.join(rest)),
                    // Backups, stamps and notes name the file by its path, and the next call may come from another
                    // folder. If the folder is gone, the path means nothing anyway.
                    Err(_) => Some(std::path::absolute(&named).unwrap_or(named)),
                }
            }
            None => self.home.as_ref().map(|home| home.join(".aws").join(name)),
        }
    }
}

/// `/etc/kcaws`, and those of the XDG Base Directory Specification, whose first folder is the most important.
#[cfg(not(any(target_os = "macos", windows)))]
fn of_platform(env: &Env) -> Vec<PathBuf> {
    let listed = env.raw("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
    // The specification ignores relative paths.
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&listed).filter(|folder| folder.is_absolute()).collect();
    folders.push(PathBuf::from("/etc"));
    folders.iter().rev().map(|folder| folder.join("kcaws/config.toml")).collect()
}

#[cfg(target_os = "macos")]
fn of_platform(_env: &Env) -> Vec<PathBuf> {
    vec![PathBuf::from("/Library/Application Support/kcaws/config.toml")]
}

#[cfg(windows)]
fn of_platform(env: &Env) -> Vec<PathBuf> {
    let folder = env.raw("ProgramData").map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder.map(|folder| folder.join("kcaws").join("config.toml")).into_iter().collect()
}

/// Returns the part of a file name that shows that a shell or an .env file garbled it.
pub fn oddity_of_name(path: &Path) -> Option<&'static str> {
    let text = path.to_string_lossy();
    let mut parts = text.split(['/', '\\']);
    if text.ends_with('\r') {
        Some("the name ends with a carriage return, like a line of a Windows file")
    } else if text.chars().any(char::is_control) {
        Some("the name contains a control character")
    } else if parts.clone().any(|part| part.starts_with(['"', '\'']) || part.ends_with(['"', '\''])) {
        Some("the name contains quotes that no shell removed")
    } else if text.contains('$')
        || parts.clone().any(|part| part.len() > 2 && part.starts_with('%') && part.ends_with('%'))
    {
        Some("the name contains a variable that no shell replaced")
    } else if parts.any(|part| part.starts_with([' ', '~']) || part.ends_with(' ')) {
        Some("the name contains a `~` that is not expanded there, or ends with a blank")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_garbled_name_is_known() {
        for (name, part) in [
            ("/w/$HOME/.aws/config", "variable"),
            ("/w/${HOME}/.aws/config", "variable"),
            ("/w/%USERPROFILE%/.aws/config", "variable"),
            ("/w/\"/home/you/.aws/config\"", "quotes"),
            ("/w/'conf'", "quotes"),
            ("/home/you/.aws/config\r", "carriage return"),
            ("/home/you/con\u{1b}fig", "control"),
            ("/home/you/.aws/config ", "blank"),
            ("/w/~bob/.aws/config", "`~`"),
        ] {
            assert!(oddity_of_name(Path::new(name)).is_some_and(|odd| odd.contains(part)), "{name:?}");
        }
        for name in ["/home/you/.aws/config", "/home/my files/it's/100%/aws", "C:\\Users\\PROGRA~1\\config"] {
            assert_eq!(oddity_of_name(Path::new(name)), None, "{name:?}");
        }
    }

    #[cfg(not(any(target_os = "macos", windows)))]
    #[test]
    fn the_machines_own_settings_are_in_the_folders_of_the_system() {
        let folders = Folders { has_system_config: true, ..Folders::default() };
        let of = |pairs: &[(&str, &str)]| folders.system_configs(&Env::from_pairs(pairs));
        assert_eq!(of(&[]), ["/etc/kcaws/config.toml", "/etc/xdg/kcaws/config.toml"].map(PathBuf::from));
        let listed = of(&[("XDG_CONFIG_DIRS", "/a:relative::/b")]);
        let expected = ["/etc/kcaws/config.toml", "/b/kcaws/config.toml", "/a/kcaws/config.toml"];
        assert_eq!(listed, expected.map(PathBuf::from));
        assert_eq!(of(&[("KCAWS_SYSTEM_CONFIG", "/x/k.toml")]), [PathBuf::from("/x/k.toml")]);
        assert!(of(&[("KCAWS_SYSTEM_CONFIG", "none")]).is_empty());
        assert!(Folders::default().system_configs(&Env::from_pairs(&[])).is_empty());
    }

    #[test]
    fn the_config_file_is_found_as_the_aws_cli_finds_it() {
        let folders = Folders { home: Some("/home/alice".into()), ..Folders::default() };
        let at = |pairs: &[(&str, &str)]| folders.aws_config(&Env::from_pairs(pairs));
        assert_eq!(at(&[]), Some("/home/alice/.aws/config".into()));
        let absolute = |path| Some(std::path::absolute(path).expect("there is a folder"));
        assert_eq!(at(&[("AWS_CONFIG_FILE", "/etc/aws")]), absolute("/etc/aws"));
        assert_eq!(at(&[("AWS_CONFIG_FILE", "~/conf/aws")]), Some("/home/alice/conf/aws".into()));
        assert_eq!(at(&[("AWS_CONFIG_FILE", "~bob/aws")]), absolute("~bob/aws"));
        let credentials = Env::from_pairs(&[("AWS_SHARED_CREDENTIALS_FILE", "~/c")]);
        assert_eq!(folders.aws_credentials(&credentials), Some("/home/alice/c".into()));
        assert_eq!(
            folders.aws_credentials(&Env::from_pairs(&[])),
            Some("/home/alice/.aws/credentials".into())
        );
        assert_eq!(Folders::default().aws_config(&Env::from_pairs(&[])), None);
    }
}
