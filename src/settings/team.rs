//! A team's file of settings: fetched from one URL, shown, and from then on used as it was agreed to.
//!
//! The user's `config.toml` has the URL and the hash of what was agreed to; the bytes are beside it. A file that has
//! changed on the server has no effect until `configure --refresh`.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use super::error::SettingsError;
use super::layer::{Layer, LayerKind};
use super::schema::TeamPin;
use crate::platform::aead::hex;
use crate::platform::foreign_file;
use crate::platform::shown_url::ShownUrl;
use crate::ports::download::Download;
use crate::ports::redirects::NoAnswer;

/// Ten thousand accounts with an alias take less.
pub const LARGEST: usize = 1024 * 1024;
/// A host may move the file to another path, and once more.
const MOST_REDIRECTS: usize = 3;

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    #[error("`{0}` is not an https URL")]
    NotHttps(String),
    #[error("the URL contains a user name or password")]
    UserInfo,
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error("{host} answered {status}")]
    Status { host: String, status: u16 },
    /// What another host sends is not what the user named.
    #[error("{host} redirects to `{leads_to}`")]
    Elsewhere { host: String, leads_to: String },
    #[error("{host} redirects more than {MOST_REDIRECTS} times")]
    TooManyRedirects { host: String },
    #[error("the file is larger than {} MB", LARGEST / 1024 / 1024)]
    TooLarge,
    /// Likely the sign-in page of a proxy in front of it.
    #[error("{host} sent a web page, not a file of settings")]
    Page { host: String },
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// A file as it was fetched, and found to be one of settings that a team may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamFile {
    pub url: String,
    pub text: String,
    pub sha256: String,
    /// Sessions that it offers, by name.
    pub sessions: Vec<String>,
}

/// Returns the URL of a team's file, as it is written to config.toml.
pub fn address(text: &str) -> Result<Url, TeamError> {
    let mut url = match Url::parse(text.trim()) {
        Ok(url) if url.scheme() == "https" && url.has_host() => url,
        // It may contain a password.
        Ok(url) => {
            return Err(TeamError::NotHttps(ShownUrl(url.as_str()).to_string()));
        }
        Err(_) => return Err(TeamError::NotHttps(text.chars().take(100).collect())),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TeamError::UserInfo);
    }
    url.set_fragment(None);
    Ok(url)
}

/// Fetches a file and checks it. Redirects are followed on the same host only.
pub fn fetch(url: &Url, download: &dyn Download) -> Result<TeamFile, TeamError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut at = url.clone();
    for _ in 0..=MOST_REDIRECTS {
        let answer = download.get(&at)?;
        match answer.status {
            200 => return TeamFile::of(url, &answer.body),
            301 | 302 | 303 | 307 | 308 => {
                let leads_to = answer.location.as_deref().and_then(|location| at.join(location).ok());
                let Some(leads_to) = leads_to else {
                    return Err(TeamError::Status { host, status: answer.status });
                };
                let has_user = !leads_to.username().is_empty() || leads_to.password().is_some();
                if has_user || leads_to.origin() != url.origin() {
                    return Err(TeamError::Elsewhere {
                        host,
                        leads_to: ShownUrl(leads_to.as_str()).to_string(),
                    });
                }
                at = leads_to;
            }
            status => return Err(TeamError::Status { host, status }),
        }
    }
    Err(TeamError::TooManyRedirects { host })
}

impl TeamFile {
    fn of(url: &Url, body: &[u8]) -> Result<Self, TeamError> {
        if body.len() > LARGEST {
            return Err(TeamError::TooLarge);
        }
        if body.trim_ascii_start().starts_with(b"<") {
            return Err(TeamError::Page { host: url.host_str().unwrap_or_default().to_owned() });
        }
        let (_, file) = Layer::parse(LayerKind::Team(url.to_string()), Path::new(url.as_str()), body)?;
        let sha256 = digest(body);
        let sessions = file.sessions.iter().filter(|(_, table)| table.start_url.is_some());
        Ok(Self {
            url: url.to_string(),
            sessions: sessions.map(|(name, _)| name.clone()).collect(),
            sha256,
            text: String::from_utf8_lossy(body).into_owned(),
        })
    }

    pub fn pin(&self) -> TeamPin {
        TeamPin { url: self.url.clone(), sha256: self.sha256.clone() }
    }
}

/// Returns where the copy of a file with this hash is.
///
/// Each version has a name of its own, so that the old one stays until config.toml has the hash of the new one.
pub fn copy_path(folder: &Path, sha256: &str) -> PathBuf {
    let name: String = sha256.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    folder.join("team").join(format!("{}.toml", name.to_ascii_lowercase()))
}

/// Returns the files that the user agreed to, without reading their copies.
pub fn pins(own: &Path) -> Result<Vec<TeamPin>, SettingsError> {
    Ok(Layer::read(LayerKind::User, own)?.map(|(_, file)| file.team).unwrap_or_default())
}

/// Reads the copy of a team's file, if it is still what the user agreed to.
pub(super) fn pinned(folder: &Path, pin: &TeamPin) -> Result<Layer, SettingsError> {
    let path = copy_path(folder, &pin.sha256);
    let url = || pin.url.clone();
    let bytes = match foreign_file::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(SettingsError::TeamMissing { url: url() });
        }
        Err(source) => return Err(SettingsError::Unreadable { path, source }),
    };
    if !digest(&bytes).eq_ignore_ascii_case(&pin.sha256) {
        return Err(SettingsError::TeamChanged { url: url(), path });
    }
    Ok(Layer::parse(LayerKind::Team(url()), &path, &bytes)?.0)
}

/// Returns the hash of a file, in lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns whether it can be one of `sso_registration_scopes`, which commas separate (RFC 6749 section 3.3).
pub fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b",\"\\#;".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::download::FakeDownload;

    const URL: &str = "https://intranet.example.com/kcaws.toml";
    const FILE: &str =
        "[sessions.corp]\nstart_url = \"https://corp.awsapps.com/start\"\nregion = \"eu-central-1\"\n";

    fn fetched(download: &FakeDownload) -> Result<TeamFile, TeamError> {
        fetch(&address(URL).expect("is one"), download)
    }

    fn of(text: &str) -> Result<TeamFile, TeamError> {
        let download = FakeDownload::default();
        download.will(URL, 200, None, text);
        fetched(&download)
    }

    #[test]
    fn only_https_urls_without_a_password_are_addresses() {
        for text in
            ["http://intranet/kcaws.toml", "http://127.0.0.1/a", "file:///etc/passwd", "kcaws.toml", ""]
        {
            assert!(matches!(address(text), Err(TeamError::NotHttps(_))), "{text}");
        }
        assert!(matches!(address("https://a:b@example.com/k"), Err(TeamError::UserInfo)));
        let error = address("http://a:hush@example.com/k").expect_err("refused").to_string();
        assert!(!error.contains("hush"), "{error}");
        assert_eq!(address(" https://example.com/k#x ").expect("is one").as_str(), "https://example.com/k");
    }

    #[test]
    fn a_redirect_is_followed_on_the_same_host_only() {
        let download = FakeDownload::default();
        download.will(URL, 302, Some("/other/kcaws.toml"), "");
        download.will("https://intranet.example.com/other/kcaws.toml", 200, None, FILE);
        let file = fetched(&download).expect("taken");
        assert_eq!((file.url.as_str(), file.sessions), (URL, vec!["corp".to_owned()]));
        for elsewhere in [
            "https://example.net/kcaws.toml",
            "https://intranet.example.com:8443/kcaws.toml",
            "http://intranet.example.com/kcaws.toml",
            "https://intranet.example.com.example.net/",
            "//example.net/",
            "https://intranet.example.com@example.net/",
        ] {
            let download = FakeDownload::default();
            download.will(URL, 301, Some(elsewhere), "");
            let error = fetched(&download).expect_err(elsewhere);
            assert!(matches!(error, TeamError::Elsewhere { .. }), "{error}");
            assert_eq!(download.asked(), [URL], "nothing was asked of it");
        }
        let download = FakeDownload::default();
        (0..9).for_each(|_| download.will(URL, 302, Some(URL), ""));
        assert!(matches!(fetched(&download), Err(TeamError::TooManyRedirects { .. })));
        assert_eq!(download.asked().len(), 4);
    }

    #[test]
    fn what_is_no_file_of_settings_is_refused_with_its_place() {
        for (text, part) in [
            ("<!doctype html><title>Sign in</title>", "web page"),
            ("a = 1\n", "kcaws.toml:1: unknown field `a`"),
            ("\n[sessions.corp]\nstart_url = 7\n", "kcaws.toml:3: invalid type"),
            ("flow = \"device\"\nflow = \"pkce\"\n", "kcaws.toml:2: "),
            ("flow = \"devise\"\n", "kcaws.toml:1 cannot be `devise`"),
            ("\nkeyring = \"file\"\n", "kcaws.toml:2: `keyring` cannot be set here"),
            ("auto-login = true\n", "`auto-login` cannot be set here"),
            ("browser = \"/usr/bin/evil\"\n", "`browser` cannot be set here"),
            ("[sessions.corp]\nbrowser = \"sh -c x\"\n", "kcaws.toml:2: `browser` cannot be set here"),
            ("[[team]]\nurl = \"https://x/\"\nsha256 = \"0\"\n", "`team` cannot be set here"),
            (
                "[sessions.corp]\nstart_url = \"http://x\"\n",
                "kcaws.toml:2: `sessions.corp.start_url` is not a start URL",
            ),
            ("[sessions.corp]\nregion = \"eu-centrl-1a\"\n", "kcaws.toml:2: `sessions.corp.region` "),
            ("[sessions.\"a b\"]\nregion = \"eu-central-1\"\n", "is not a valid session name"),
            ("[sessions.corp]\nscopes = [\"a b\"]\n", "has an invalid scope"),
            ("[profiles]\nname = \"{rolle}\"\n", "kcaws.toml:2: `profiles.name` is not a template"),
            ("[sessions.corp]\nidp_url = \"http://sso.example.com\"\n", "is not an https URL"),
        ] {
            let error = of(text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(matches!(of(&"#".repeat(LARGEST + 1)), Err(TeamError::TooLarge)));
        of("browser = \"firefox\"\nflow = \"pkce\"\n[sessions.corp]\nbrowser = \"edge\"\n")
            .expect("names are fine");
        let download = FakeDownload::default();
        assert!(matches!(fetched(&download), Err(TeamError::Status { status: 404, .. })));
    }
}
