//! The access file, `access.toml`: what the company wants, written once and kept in version control.
//!
//! It holds no secrets. An unknown key is an error with its line, so that a mistyped one is never ignored.

pub(crate) mod edit;
pub(crate) mod identity_center;
pub(crate) mod json;
pub(crate) mod realm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kcaws::platform::foreign_file;
use serde::Deserialize;
use toml::Spanned;

pub(crate) use self::identity_center::{IdentityCenterSettings, InstanceId};
pub(crate) use self::realm::RealmSettings;
use crate::access::settings::{AccessSettings, Unlisted, WrittenAccess, WrittenAssign, WrittenSet};
use crate::sync::scope::{DirectorySettings, WrittenDirectory};

/// The version of the file's form that this program reads.
const VERSION: i64 = 1;

/// The file without a path of its own.
pub(crate) const DEFAULT_NAME: &str = "access.toml";

#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessFileError {
    #[error("cannot read `{}`", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// A mistake in the file, at a line that counts from 1.
    #[error("{}:{line}: {what}", .path.display())]
    Mistake { path: PathBuf, line: usize, what: String },
    #[error("`{}` is YAML, which is not read", .path.display())]
    Yaml { path: PathBuf },
    /// A mistake in a file in JSON, without its place.
    #[error("{}: {what}", .path.display())]
    MistakeInJson { path: PathBuf, what: String },
}

impl AccessFileError {
    /// Returns whether there is no such file.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct AccessFile {
    pub(crate) path: PathBuf,
    pub(crate) realm: RealmSettings,
    pub(crate) identity_center: IdentityCenterSettings,
    pub(crate) access: AccessSettings,
    /// Who and what is kept in step; only a sync needs it.
    pub(crate) directory: Option<DirectorySettings>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "version")]
    _version: i64,
    realm: realm::Written,
    identity_center: identity_center::Written,
    #[serde(default)]
    permission_sets: BTreeMap<String, Spanned<WrittenSet>>,
    #[serde(default)]
    accounts: BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    assign: Vec<WrittenAssign>,
    #[serde(default)]
    unlisted: Unlisted,
    directory: Option<WrittenDirectory>,
}

/// What is read first: another version has other keys.
#[derive(Deserialize)]
struct Versioned {
    version: Option<Spanned<i64>>,
}

/// A value that a rule refuses, at a place in the text.
pub(crate) struct Refused {
    /// Offset in bytes.
    pub(crate) at: usize,
    pub(crate) what: String,
}

impl AccessFile {
    /// Returns what a saved plan is for, and what one run at a time may change.
    pub(crate) fn chain(&self) -> String {
        format!("{} {}", self.identity_center.instance, self.realm.url())
    }

    pub(crate) fn load(path: &Path) -> Result<Self, AccessFileError> {
        if has_extension(path, "yaml") || has_extension(path, "yml") {
            return Err(AccessFileError::Yaml { path: path.to_owned() });
        }
        let text = Self::text(path)?;
        match Self::parse(path, &text) {
            Err(AccessFileError::Mistake { path, what, .. }) if is_json(&path) => {
                Err(AccessFileError::MistakeInJson { path, what })
            }
            result => result,
        }
    }

    /// Returns the text of a file, in TOML whatever it is written in.
    pub(crate) fn text(path: &Path) -> Result<String, AccessFileError> {
        let unreadable = |source| AccessFileError::Unreadable { path: path.to_owned(), source };
        let bytes = foreign_file::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            AccessFileError::Mistake { path: path.to_owned(), line, what: "not UTF-8".to_owned() }
        })?;
        if !is_json(path) {
            return Ok(text);
        }
        json::as_toml(&text).map_err(|error| AccessFileError::Mistake {
            path: path.to_owned(),
            line: error.line(),
            what: error.to_string(),
        })
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, AccessFileError> {
        let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let mistake = |at: usize, what: String| AccessFileError::Mistake {
            path: path.to_owned(),
            line: line(at),
            what,
        };
        // What is read is not what is written in JSON.
        let line_of = |at: usize| (!is_json(path)).then(|| line(at));
        if let Ok(Versioned { version: Some(version) }) = toml::from_str(text)
            && *version.get_ref() != VERSION
        {
            let what = format!("version {} is not known: this program reads {VERSION}", version.get_ref());
            return Err(mistake(version.span().start, what));
        }
        let written: Written = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            mistake(at, error.message().trim_end().to_owned())
        })?;
        let refused = |Refused { at, what }| mistake(at, what);
        let directory = written.directory.map(WrittenDirectory::check).transpose();
        Ok(Self {
            path: path.to_owned(),
            realm: RealmSettings::check(&written.realm).map_err(refused)?,
            identity_center: IdentityCenterSettings::check(written.identity_center).map_err(refused)?,
            access: AccessSettings::check(
                WrittenAccess {
                    permission_sets: written.permission_sets,
                    accounts: written.accounts,
                    assign: written.assign,
                    unlisted: written.unlisted,
                },
                line_of,
            )
            .map_err(refused)?,
            directory: directory.map_err(|(at, error)| mistake(at, error.to_string()))?,
        })
    }
}

fn is_json(path: &Path) -> bool {
    has_extension(path, "json")
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Applies a rule to a value, and adds its place to a refusal.
pub(crate) fn checked<W, T>(
    value: &Spanned<W>,
    rule: impl FnOnce(&W) -> Result<T, String>,
) -> Result<T, Refused> {
    rule(value.get_ref()).map_err(|what| Refused { at: value.span().start, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"version = 1

[realm]
url = "https://sso.example.com/"
name = "corp"
client_id = "kcaws-admin"

[identity_center]
region = "eu-central-1"
instance = "ssoins-1234567890abcdef"
scim_endpoint = "https://scim.eu-central-1.amazonaws.com/11111111-2222-3333-4444-555555555555/scim/v2/"
profile = "org-admin"
"#;

    fn parse(text: &str) -> Result<AccessFile, String> {
        AccessFile::parse(Path::new("access.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_read() {
        let file = parse(GOOD).expect("reads");
        assert_eq!(file.realm.url.as_str(), "https://sso.example.com/");
        assert_eq!(file.realm.url(), "https://sso.example.com/realms/corp");
        assert_eq!(file.identity_center.instance.to_string(), "ssoins-1234567890abcdef");
        assert_eq!(file.identity_center.profile.as_deref(), Some("org-admin"));
    }

    #[test]
    fn a_mistake_is_reported_with_its_line() {
        for (from, to, line, word) in [
            ("version = 1", "version = 2", 1, "version 2"),
            ("version = 1", "", 1, "version"),
            ("name = \"corp\"", "name = \"corp\"\nname = \"x\"", 6, "duplicate key"),
            ("name = \"corp\"", "nmae = \"corp\"", 5, "nmae"),
            ("name = \"corp\"", "name = \"a/b\"", 5, "a/b"),
            ("name = \"corp\"", "name = \"\"", 5, "empty"),
            ("name = \"corp\"", "", 3, "name"),
            ("https://sso.example.com/", "http://sso.example.com/", 4, "https"),
            ("https://sso.example.com/", "https://u:p@sso.example.com/", 4, "user"),
            ("https://sso.example.com/", "https://sso.example.com/?x=1", 4, "query"),
            ("https://sso.example.com/", "sso.example.com", 4, "URL"),
            ("https://sso.example.com/", "https://sso.example.com/realms/corp", 4, "realm"),
            ("eu-central-1\"\ninstance", "Frankfurt\"\ninstance", 9, "Frankfurt"),
            ("ssoins-1234567890abcdef", "ssoins-1", 10, "ssoins-1"),
            ("/scim/v2/", "/scim/v1/", 11, "scim/v2"),
            ("https://scim.", "http://scim.", 11, "https"),
            ("profile = \"org-admin\"", "profile = 7", 12, "string"),
            ("profile = \"org-admin\"", "[whatever]\nx = 1", 12, "whatever"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = parse(&text).expect_err(to);
            assert!(error.starts_with(&format!("access.toml:{line}: ")), "{to}: {error}");
            assert!(error.contains(word), "{to}: {error}");
        }
    }

    #[test]
    fn a_mistake_in_the_directory_has_its_line_too() {
        assert!(parse(GOOD).expect("reads").directory.is_none());
        let text = format!("{GOOD}\n[directory]\ngroups = [\"/aws/**\"]\nleavers = \"delete\"\n");
        for (keys, line, word) in [
            ("leavers = \"delete\"", 16, "after"),
            ("leavers = \"delete\"\nafter = \"soon\"", 17, "`soon`"),
            ("after = \"30d\"", 16, "`after` is only used"),
            ("user_name = \"first_name\"", 16, "`user_name`"),
            ("nested = \"direct\"\n[directory.attributes]\nuser_name = \"email\"", 18, "`user_name`"),
            ("max_removals = -1", 16, "`-1` is neither a number"),
            ("max_removals = 5.5", 16, "`5.5` is neither a number"),
            ("max_removals = true", 16, "a number or a percentage"),
        ] {
            let error = parse(&text.replace("leavers = \"delete\"", keys)).expect_err(keys);
            assert!(error.starts_with(&format!("access.toml:{line}: ")), "{keys}: {error}");
            assert!(error.contains(word), "{keys}: {error}");
        }
        let alone = parse("version = 2\n").expect_err("another version");
        assert!(alone.starts_with("access.toml:1: version 2"), "{alone}");
        let directory = parse(&text.replace("delete", "disable")).expect("reads").directory;
        assert_eq!(directory.expect("a table").groups.len(), 1);
    }

    #[test]
    fn a_file_in_json_has_the_same_shape() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("access.json");
        let value: serde_json::Value = toml::from_str(GOOD).expect("reads");
        std::fs::write(&path, value.to_string()).expect("writes");
        let file = AccessFile::load(&path).expect("reads");
        assert_eq!(file.realm.url(), "https://sso.example.com/realms/corp");
        std::fs::write(&path, value.to_string().replace("client_id", "client")).expect("writes");
        let error = AccessFile::load(&path).expect_err("an unknown key").to_string();
        assert!(error.contains("unknown field `client`") && !error.contains("json:1"), "{error}");
        std::fs::write(&path, "{\n1").expect("writes");
        let error = AccessFile::load(&path).expect_err("no JSON").to_string();
        assert!(error.contains("access.json:2: "), "{error}");
    }

    #[test]
    fn yaml_is_named_as_what_it_is() {
        let error = AccessFile::load(Path::new("access.yaml")).expect_err("is refused");
        assert_eq!(error.to_string(), "`access.yaml` is YAML, which is not read");
    }

    #[test]
    fn the_instance_may_be_an_arn() {
        let text = GOOD.replace("\"ssoins-", "\"arn:aws:sso:::instance/ssoins-");
        let instance = parse(&text).expect("reads").identity_center.instance;
        assert_eq!(instance.to_string(), "ssoins-1234567890abcdef");
        assert!(instance.is_of("arn:aws:sso:::instance/ssoins-1234567890abcdef"));
        assert!(!instance.is_of("arn:aws:sso:::instance/ssoins-fedcba0987654321"));
    }

    #[test]
    fn the_sample_of_the_documentation_is_read() {
        let page = include_str!("../../../docs/admin.md");
        let (_, rest) = page.split_once("```toml\n").expect("has a sample");
        let (sample, _) = rest.split_once("```").expect("ends");
        let file = parse(sample).expect("reads");
        assert!(file.directory.is_some());
    }
}
