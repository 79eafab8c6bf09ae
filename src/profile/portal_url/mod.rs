//! Parses start URLs: pasted text, the form that AWS accepts, and the spellings of one portal. No request is sent.
//!
//! | host | as AWS gives it |
//! |---|---|
//! | `<alias or d-…>.awsapps.com`, `.cn` | `https://d-1234567890.awsapps.com/start` |
//! | `start.us-gov-home.awsapps.com`, `start.home.awsapps.cn` | `https://start.home.awsapps.cn/directory/d-1234567890` |
//! | `<instance>.<region>.portal.amazonaws.com`, `<instance>.portal.<region>.app.aws` | the host alone |
//! | `identitycenter.amazonaws.com` | `https://identitycenter.amazonaws.com/ssoins-1234567890abcdef` |
//!
//! Any other host is a company's own, and its path means what the company says.

use url::Url;

/// AWS serves access portals below these domains. AWS CLI 2.36.7 has the same list.
const SUFFIXES: [&str; 8] = [
    "app.aws",
    "portal.amazonaws.com",
    "portal.amazonaws.com.cn",
    "app.amazonwebservices.com.cn",
    "portal.amazonaws.eu",
    "api.amazonwebservices.eu",
    "awsapps.com",
    "awsapps.cn",
];
/// The hosts of issuer URLs, `https://identitycenter.amazonaws.com/ssoins-…`.
const ISSUERS: [&str; 4] = [
    "identitycenter.amazonaws.com",
    "identitycenter.amazonaws.com.cn",
    "identitycenter.amazonaws.eu",
    "identitycenter.us-gov.amazonaws.com",
];
/// What follows the Region in `<instance>.<region>.…` and in `<instance>.portal.<region>.…`.
const AFTER_REGION: [&str; 3] = [".portal.amazonaws.com", ".portal.amazonaws.com.cn", ".portal.amazonaws.eu"];
pub const AFTER_PORTAL_REGION: [&str; 3] =
    [".app.aws", ".app.amazonwebservices.com.cn", ".api.amazonwebservices.eu"];
/// Domains of other AWS pages: the console, its sign-in, the documentation.
const OTHER_PAGES: [&str; 4] = ["aws.amazon.com", "amazonaws.cn", "amazonaws-us-gov.com", "console.aws"];
/// The services of a login; `device.sso.<region>.amazonaws.com` is the page for its code.
///
/// (A company's own page may well be on some other host of that domain.)
const SERVICES: [&str; 3] = ["device.sso.", "portal.sso.", "oidc."];

/// Why a text is not a start URL. No message repeats it, since it may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStartUrl {
    #[error("the start URL is not an https URL")]
    NotHttps,
    #[error("the start URL contains a user name or a password")]
    Credentials,
    #[error("the start URL is an AWS page, but not an access portal")]
    OtherPage,
    #[error("the start URL does not name a directory")]
    NoDirectory,
    #[error("the start URL does not name an instance of Identity Center")]
    NoInstance,
    #[error("the start URL is the portal of account access manager")]
    AccountAccess,
}

/// Returns the start URL in a pasted text, in the form that AWS uses.
///
/// Surrounding characters, pages below the portal and accidental repetitions are removed. A company's own URL is only
/// trimmed.
pub fn cleaned(text: &str) -> Result<String, BadStartUrl> {
    let text = with_scheme(unwrapped(text))?;
    // The parser drops line ends and tabs, and accepts scripts with confusable characters.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadStartUrl::NotHttps);
    }
    let url = Url::parse(&text).map_err(|_| BadStartUrl::NotHttps)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadStartUrl::Credentials);
    }
    let host = plain(url.host_str().unwrap_or_default());
    if url.scheme() != "https" || host.is_empty() {
        return Err(BadStartUrl::NotHttps);
    }
    if is_account_access(&host) {
        return Err(BadStartUrl::AccountAccess);
    }
    if is_aws_owned(&host) {
        return portal_of(&url, &undoubled(&host));
    }
    if is_other_page(&host) {
        return Err(BadStartUrl::OtherPage);
    }
    Ok(text)
}

/// Returns the URL of the AWS portal in a text.
pub fn meant_by(text: &str) -> Option<String> {
    let url = Url::parse(&cleaned(text).ok()?).ok()?;
    is_aws_owned(url.host_str()?).then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Returns whether the service accepts the URL as it is, as it does for `/start`, `/start/` and `/start/#/`.
pub fn is_well_spelled(text: &str) -> bool {
    let (Ok(url), Ok(cleaned)) = (Url::parse(text), cleaned(text)) else { return false };
    let host = url.host_str().unwrap_or_default();
    if !is_aws_owned(host) {
        return true;
    }
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    let spelled = format!("https://{host}{}{path}", port(&url));
    let is_path = spelled == cleaned || (path == "/start" && region_of_host(host).is_some());
    let is_fragment = matches!(url.fragment(), None | Some("" | "/"));
    is_path && is_fragment && url.query().is_none() && !text.contains('\\')
}

/// Returns whether two start URLs name the same portal.
pub fn is_same_portal(one: &str, other: &str) -> bool {
    one == other || matches!((portal(one), portal(other)), (Some(one), Some(other)) if one == other)
}

/// Returns the form that all spellings of one portal share; `None` if it is not a start URL.
pub fn portal(text: &str) -> Option<String> {
    let cleaned = cleaned(text).ok()?;
    let mut url = Url::parse(&cleaned).ok()?;
    url.set_fragment(None);
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// Returns the text without surrounding blanks, quotes and the like.
///
/// They come from chats, mails and other tools' files.
fn unwrapped(text: &str) -> &str {
    let is_around = |letter: char| {
        letter.is_whitespace()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
            || "`\"'<>\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{201a}\u{ab}\u{bb}".contains(letter)
    };
    let text = text.trim_matches(is_around).trim_end_matches(|letter| ",;.".contains(letter));
    let inner = [('(', ')'), ('[', ']'), ('{', '}')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    match inner {
        Some(inner) => unwrapped(inner),
        None => text.trim_matches(is_around),
    }
}

/// Returns the text with one `https://` before it, if it begins with that or with the name of a host.
fn with_scheme(text: &str) -> Result<String, BadStartUrl> {
    const HTTPS: &str = "https://";
    let without = |text: &'_ str| -> Option<usize> {
        let start = text.get(..HTTPS.len())?;
        start.eq_ignore_ascii_case(HTTPS).then_some(HTTPS.len())
    };
    let mut rest = text;
    while let Some(length) = without(rest).filter(|length| without(&rest[*length..]).is_some()) {
        rest = &rest[length..];
    }
    if rest.contains("://") {
        return Ok(rest.to_owned());
    }
    let rest = rest.trim_start_matches('/');
    let head = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if head.contains('@') {
        return Err(BadStartUrl::Credentials);
    }
    let (host, port) = head.split_once(':').unwrap_or((head, "443"));
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_host = host.contains('.') && host.trim_end_matches('.').split('.').all(is_label);
    if is_host && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(format!("{HTTPS}{rest}"));
    }
    Err(BadStartUrl::NotHttps)
}

/// Returns the URL of the portal that a page on an AWS host belongs to.
fn portal_of(url: &Url, host: &str) -> Result<String, BadStartUrl> {
    let segments: Vec<&str> =
        url.path_segments().into_iter().flatten().filter(|one| !one.is_empty()).collect();
    let at = |path: &str| Ok(format!("https://{host}{}{path}", port(url)));
    if is_issuer(host) {
        let instance = segments.first().ok_or(BadStartUrl::NoInstance)?;
        return at(&format!("/{instance}"));
    }
    let is_of_portal = segments.first().is_none_or(|first| is_portal_page(first));
    if let Some(name) = awsapps_name(host) {
        // China and GovCloud have one host for all.
        if name.starts_with("start.") {
            let is_directory = segments.first().is_some_and(|first| first.eq_ignore_ascii_case("directory"));
            let directory = segments.get(1).filter(|_| is_directory).ok_or(BadStartUrl::NoDirectory)?;
            return at(&format!("/directory/{directory}"));
        }
        return if is_of_portal && !name.is_empty() { at("/start") } else { Err(BadStartUrl::OtherPage) };
    }
    if region_of_host(host).is_some() {
        return if is_of_portal { at("") } else { Err(BadStartUrl::OtherPage) };
    }
    // An undocumented form.
    at(url.path().trim_end_matches('/'))
}

/// Returns whether it is `start`, with whatever a browser or a shell made of the `#` after it, or a page below it.
fn is_portal_page(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase();
    let is_start = segment
        .strip_prefix("start")
        .is_some_and(|rest| rest.chars().next().is_none_or(|next| !(next.is_alphanumeric() || next == '-')));
    is_start || matches!(segment.as_str(), "console" | "device" | "login" | "signin" | "logout")
}

fn is_other_page(host: &str) -> bool {
    let is_service = || {
        SERVICES.iter().any(|service| host.starts_with(service))
            && ["amazonaws.com", "amazonaws.com.cn"].iter().any(|domain| before(host, domain).is_some())
    };
    OTHER_PAGES.iter().any(|domain| before(host, domain).is_some()) || is_service()
}

/// Returns the host without a duplicated suffix: `corp.awsapps.com.awsapps.com`.
fn undoubled(host: &str) -> String {
    let mut host = host;
    while let Some(shorter) = SUFFIXES.iter().find_map(|suffix| {
        let once = host.strip_suffix(suffix)?.strip_suffix('.')?;
        before(once, suffix).filter(|name| !name.is_empty()).map(|_| once)
    }) {
        host = shorter;
    }
    host.to_owned()
}

/// Returns whether it is an AWS host, compared by labels: `evil-awsapps.com` is not.
pub fn is_aws_owned(host: &str) -> bool {
    let host = plain(host);
    is_issuer(&host) || SUFFIXES.iter().any(|suffix| before(&host, suffix).is_some())
}

/// Returns whether this is the host of a tenant of account access manager, `aa-….account-access.<region>.app.aws`.
///
/// AWS names its portal nowhere as a start URL.
pub fn is_account_access(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    matches!(labels[..], [_, "account-access", _, "app", "aws"])
}

pub fn is_issuer(host: &str) -> bool {
    ISSUERS.contains(&host)
}

/// Returns the part before `awsapps.com` or `awsapps.cn`.
pub fn awsapps_name(host: &str) -> Option<&str> {
    before(host, "awsapps.com").or_else(|| before(host, "awsapps.cn"))
}

/// Returns the Region in a host, if it has AWS's form.
pub fn region_of_host(host: &str) -> Option<String> {
    let host = plain(host);
    let region = |rest: &str, between: Option<&str>| {
        let (instance, region) = rest.split_once('.')?;
        let region = between.map_or(Some(region), |label| region.strip_prefix(label))?;
        let is_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = !instance.is_empty() && !region.is_empty() && region.bytes().all(is_region);
        fits.then(|| region.to_owned())
    };
    let by_portal =
        AFTER_PORTAL_REGION.iter().find_map(|suffix| Some((host.strip_suffix(suffix)?, Some("portal."))));
    let plain = || AFTER_REGION.iter().find_map(|suffix| Some((host.strip_suffix(suffix)?, None)));
    let (rest, between) = by_portal.or_else(plain)?;
    region(rest, between)
}

/// Returns the host in the form used for comparison.
pub fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Returns a non-default port after a colon.
pub fn port(url: &Url) -> String {
    url.port().map(|port| format!(":{port}")).unwrap_or_default()
}

/// Returns the part before `suffix` and its dot; empty for the suffix itself.
fn before<'a>(host: &'a str, suffix: &str) -> Option<&'a str> {
    let rest = host.strip_suffix(suffix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_suffix('.') }
}

#[cfg(test)]
mod tests;
