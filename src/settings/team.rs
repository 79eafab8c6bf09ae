//! A team's file of settings: fetched from one URL, shown, and from then on used as it was agreed to.
//!
//! The user's `config.toml` has the URL and the hash of what was agreed to; the bytes are beside it. A file that has
//! changed on the server has no effect until `configure --refresh`.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use super::error::SettingsError;
use super::layer::{Layer, LayerKind};
use super::schema::{File, TeamPin};
use super::team_url::TeamUrl;
use crate::platform::aead::hex;
use crate::platform::foreign_file;
use crate::platform::shown_url::ShownUrl;
use crate::ports::download::{Download, Downloaded};
use crate::ports::redirects::NoAnswer;

/// Ten thousand accounts with an alias take less.
pub const LARGEST: usize = 1024 * 1024;
/// A host may move the file to another path, and once more.
const MOST_REDIRECTS: usize = 3;
/// The first bytes of a gzip file (RFC 1952 section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why a file was not taken. URLs in it are [`ShownUrl`]s: their query may contain a token.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// The text is not shown, since no one can tell which part of it is a password.
    #[error("this is not an https URL: {0}")]
    NotAUrl(url::ParseError),
    #[error("`{0}` is not an https URL")]
    NotHttps(String),
    #[error("`{0}` contains a user name or password")]
    UserInfo(String),
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error("`{url}` answered {status}")]
    Status { url: String, status: u16 },
    /// What another host sends is not what the user named.
    #[error("`{url}` redirects to `{leads_to}`")]
    Elsewhere { url: String, leads_to: String, target: RedirectTarget },
    #[error("`{url}` redirects more than {MOST_REDIRECTS} times")]
    TooManyRedirects { url: String },
    #[error("`{url}` is larger than {} MB", LARGEST / 1024 / 1024)]
    TooLarge { url: String },
    /// Likely the sign-in page of a proxy in front of it.
    #[error("`{url}` is a web page, not a file of settings")]
    Page { url: String },
    /// No request asks for that.
    #[error("`{url}` is compressed ({how})")]
    Compressed { url: String, how: String },
    #[error("`{url}` is not a text file")]
    NotText { url: String },
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Whether the place that a file has moved to could be given as its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectTarget {
    Https,
    /// Without TLS, of another scheme, or with a user name.
    Unusable,
}

/// A file as it was fetched, and found to be one of settings that a team may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamFile {
    pub url: TeamUrl,
    pub text: String,
    pub sha256: String,
    /// Sessions that it offers, by name.
    pub sessions: Vec<String>,
}

/// Returns the URL of a team's file, as it is written to config.toml.
pub fn address(text: &str) -> Result<Url, TeamError> {
    let mut url = Url::parse(text.trim()).map_err(TeamError::NotAUrl)?;
    // Without a host, all of it may be something else, such as `name:password`.
    let shown = if url.has_host() { shown(&url) } else { format!("{}:…", url.scheme()) };
    if url.scheme() != "https" || !url.has_host() {
        return Err(TeamError::NotHttps(shown));
    }
    if has_user(&url) {
        return Err(TeamError::UserInfo(shown));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Fetches a file and checks it. Redirects are followed on the same host only.
pub fn fetch(url: &Url, download: &dyn Download) -> Result<TeamFile, TeamError> {
    let mut at = url.clone();
    for _ in 0..=MOST_REDIRECTS {
        let answer = download.get(&at)?;
        match answer.status {
            200 => return TeamFile::of(url, &at, &answer),
            301 | 302 | 303 | 307 | 308 => {
                let leads_to = answer.location.as_deref().and_then(|location| at.join(location).ok());
                let Some(leads_to) = leads_to else {
                    return Err(TeamError::Status { url: shown(&at), status: answer.status });
                };
                if has_user(&leads_to) || leads_to.origin() != url.origin() {
                    return Err(TeamError::Elsewhere {
                        url: shown(&at),
                        target: RedirectTarget::of(&leads_to),
                        leads_to: shown(&leads_to),
                    });
                }
                at = leads_to;
            }
            status => return Err(TeamError::Status { url: shown(&at), status }),
        }
    }
    Err(TeamError::TooManyRedirects { url: shown(url) })
}

fn shown(url: &Url) -> String {
    ShownUrl(url.as_str()).to_string()
}

pub(super) fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

impl RedirectTarget {
    fn of(url: &Url) -> Self {
        if address(url.as_str()).is_ok() { Self::Https } else { Self::Unusable }
    }
}

impl TeamFile {
    fn of(url: &Url, at: &Url, answer: &Downloaded) -> Result<Self, TeamError> {
        let body = answer.body.as_slice();
        if answer.is_cut {
            return Err(TeamError::TooLarge { url: shown(at) });
        }
        let url = TeamUrl::of(url);
        let file = check(&url.to_string(), &shown(at), body, answer.encoding.as_deref())?;
        let sha256 = digest(body);
        let sessions = file.sessions.iter().filter(|(_, table)| table.start_url.is_some());
        Ok(Self {
            url,
            sessions: sessions.map(|(name, _)| name.clone()).collect(),
            sha256,
            text: String::from_utf8_lossy(body).into_owned(),
        })
    }

    pub fn pin(&self) -> TeamPin {
        TeamPin { url: self.url.clone(), sha256: self.sha256.clone() }
    }
}

/// Checks what is, or will be, at a URL. `name` stands for it in errors of its lines, and `at` in those of its form.
fn check(name: &str, at: &str, body: &[u8], encoding: Option<&str>) -> Result<File, TeamError> {
    let url = at.to_owned();
    if body.len() > LARGEST {
        return Err(TeamError::TooLarge { url });
    }
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(TeamError::Page { url });
    }
    let named = encoding.map(str::to_owned).filter(|_| std::str::from_utf8(body).is_err());
    if let Some(how) = named.or_else(|| body.starts_with(&GZIP).then(|| "gzip".to_owned())) {
        return Err(TeamError::Compressed { url, how });
    }
    // A stray byte of another encoding has a line, which the error of the parser names; UTF-16 has no lines.
    if body.contains(&0) {
        return Err(TeamError::NotText { url });
    }
    Ok(Layer::parse(LayerKind::Team(name.to_owned()), Path::new(name), body)?.1)
}

/// Checks a file that is to be served at a URL.
pub fn check_file(path: &Path) -> Result<(), TeamError> {
    let body = foreign_file::read(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_path_buf(), source })?;
    let name = path.display().to_string();
    check(&name, &name, &body, None).map(|_| ())
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
    let url = || pin.url.to_string();
    let own = || folder.join("config.toml");
    let bytes = match foreign_file::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(SettingsError::TeamMissing { url: url(), own: own() });
        }
        Err(source) => return Err(SettingsError::Unreadable { path, source }),
    };
    if !digest(&bytes).eq_ignore_ascii_case(&pin.sha256) {
        return Err(SettingsError::TeamChanged { url: url(), path, own: own() });
    }
    Ok(Layer::parse(LayerKind::Team(url()), &path, &bytes)?.0)
}

/// Returns the hash of a file, in lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns whether it can be one of `sso_registration_scopes`, which commas separate (RFC 6749 section 3.3).
pub(super) fn is_scope(text: &str) -> bool {
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
            let error = address(text).expect_err(text).to_string();
            assert!(error.contains("not an https URL"), "{error}");
        }
        assert!(matches!(address("https://a:b@example.com/k"), Err(TeamError::UserInfo(_))));
        for text in [
            "http://a:hush@example.com/k",
            "https://a:hush@example.com/k",
            "https://a:hush@localhost:99999/k",
            "https://a:hush@[x/k",
            "https://a:hu/hush@x/k",
            "https://hush",
            "https://a:hush",
            "a:hush",
            "file:///x?hush",
            "http://example.com/k?token=hush",
        ] {
            let Err(error) = address(text) else {
                assert_eq!(text, "https://hush", "is refused");
                continue;
            };
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
        assert_eq!(address(" https://example.com/k#x ").expect("is one").as_str(), "https://example.com/k");
    }

    #[test]
    fn a_redirect_is_followed_on_the_same_host_only() {
        let download = FakeDownload::default();
        download.will(URL, 302, Some("/other/kcaws.toml"), "");
        download.will("https://intranet.example.com/other/kcaws.toml", 200, None, FILE);
        let file = fetched(&download).expect("taken");
        assert_eq!((file.url.expose(), file.sessions), (URL, vec!["corp".to_owned()]));
        for (elsewhere, is_usable) in [
            ("https://example.net/kcaws.toml", true),
            ("https://intranet.example.com:8443/kcaws.toml", true),
            ("http://intranet.example.com/kcaws.toml", false),
            ("file:///etc/passwd", false),
            ("https://intranet.example.com.example.net/", true),
            ("//example.net/", true),
            ("https://intranet.example.com@example.net/", false),
        ] {
            let download = FakeDownload::default();
            download.will(URL, 301, Some(elsewhere), "");
            let error = fetched(&download).expect_err(elsewhere);
            let TeamError::Elsewhere { target, .. } = error else { panic!("{error}") };
            assert_eq!(target == RedirectTarget::Unusable, !is_usable, "{elsewhere}");
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
        assert!(matches!(of(&"#".repeat(LARGEST + 1)), Err(TeamError::TooLarge { .. })));
        of("browser = \"firefox\"\nflow = \"pkce\"\n[sessions.corp]\nbrowser = \"edge\"\n")
            .expect("names are fine");
        let download = FakeDownload::default();
        assert!(matches!(fetched(&download), Err(TeamError::Status { status: 404, .. })));
    }

    #[test]
    fn what_is_no_text_is_not_judged_by_its_lines() {
        let sent = |answer: Downloaded| {
            let download = FakeDownload::default();
            download.will_send(URL, Downloaded { status: 200, ..answer });
            fetched(&download).expect_err("refused")
        };
        let with = |body: &[u8]| Downloaded { body: body.to_vec(), ..Downloaded::default() };
        let gzip = sent(with(b"\x1f\x8b\x08\x00\x00"));
        assert_eq!(gzip.to_string(), format!("`{URL}` is compressed (gzip)"));
        let brotli = sent(Downloaded { encoding: Some("br".to_owned()), ..with(b"\x0b\x02\x80\xff") });
        assert_eq!(brotli.to_string(), format!("`{URL}` is compressed (br)"));
        let utf_16 = sent(with(b"\xff\xfef\x00l\x00"));
        assert_eq!(utf_16.to_string(), format!("`{URL}` is not a text file"));
        let cut = sent(Downloaded { is_cut: true, ..Downloaded::default() });
        assert_eq!(cut.to_string(), format!("`{URL}` is larger than 1 MB"));
        assert!(sent(with(b"a = \"\xfc\"\n")).to_string().contains("kcaws.toml:1: it is not valid UTF-8"));
    }

    #[test]
    fn the_query_of_a_url_is_shown_in_no_message() {
        let url = format!("{URL}?token=hush");
        for (status, text) in [(200, FILE), (200, "a = 1\n"), (200, "<p>"), (404, ""), (302, "")] {
            let download = FakeDownload::default();
            download.will(&url, status, Some("https://example.net/?token=hush"), text);
            let fetched = fetch(&address(&url).expect("is one"), &download);
            let shown = match &fetched {
                Ok(file) => format!("{file:?} {}", file.url),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("hush") && shown.contains("kcaws.toml…"), "{shown}");
        }
    }
}
