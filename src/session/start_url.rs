//! What a start URL stands for: the portal that Identity Center is asked for, its region, and its instance.
//!
//! The rules are those of AWS CLI 2.36.7 (`aws sso login`), so that one `[sso-session]` means the same to both. A host
//! of AWS's is taken as it is; any other, `https://sso.example.com/aws`, is asked once where it leads, at every
//! login: such names exist to move people to another Region.

use url::Url;

use crate::ports::redirects::{Method, NoAnswer, Redirects};

/// Below these AWS serves access portals. AWS CLI 2.36.7 has the same list.
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
/// What follows the region in `<instance>.<region>.…` and in `<instance>.portal.<region>.…`.
const AFTER_REGION: [&str; 3] = [".portal.amazonaws.com", ".portal.amazonaws.com.cn", ".portal.amazonaws.eu"];
const AFTER_PORTAL_REGION: [&str; 3] =
    [".app.aws", ".app.amazonwebservices.com.cn", ".api.amazonwebservices.eu"];

/// Where a login goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// What the service is told: as `startUrl` of a device authorization, as `issuerUrl` of a registration. Never the
    /// key under which anything is kept: that is the configured URL.
    pub start_url: String,
    /// Where the host tells none, that of the config.
    pub region: String,
    pub instance: Instance,
}

/// Whose portal it is, whichever of its hosts is asked: what is pinned.
///
/// `d-1234567890`, `ssoins-1234567890abcdef`, or the whole host where its name was chosen by somebody
/// (`corp.awsapps.com`: an alias in another partition may be another company's). An alias and the `d-…` of one
/// instance cannot be known to be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance(String);

impl Portal {
    pub fn is_dual_stack(&self) -> bool {
        is_dual_stack(&self.start_url)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartUrlError {
    #[error("`{url}` is not an https URL")]
    NotHttps { url: String },
    #[error("`{url}` leads to no access portal of AWS")]
    NotAws { url: String, leads_to: String },
    #[error("`{url}` leads to a page without https")]
    PlainHttp { url: String, leads_to: String },
    #[error("`{url}` redirects to nowhere")]
    NoLocation { url: String },
    #[error("`{url}` answers with status {status}")]
    Status { url: String, status: u16 },
    /// Neither the host nor the config tells.
    #[error("the region of `{url}` is not known")]
    NoRegion { url: String },
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

/// Asks nobody where `configured` is AWS's own. `region` is that of the config, empty where it has none.
pub fn resolve(configured: &str, region: &str, redirects: &dyn Redirects) -> Result<Portal, StartUrlError> {
    let not_https = || StartUrlError::NotHttps { url: configured.to_owned() };
    let url = Url::parse(configured).map_err(|_| not_https())?;
    let host = url.host_str().filter(|_| url.scheme() == "https").ok_or_else(not_https)?;
    let (portal, start_url) = if is_aws_owned(host) {
        // As it is: so does the AWS CLI, and the service knows `/start`, `/start/` and `/start/#/`.
        (url, configured.to_owned())
    } else {
        let portal = leads_to(configured, &url, redirects)?;
        let start_url = normal(&portal);
        (portal, start_url)
    };
    let told = portal.host_str().and_then(region_of_host);
    let region = told.unwrap_or_else(|| region.to_owned());
    if region.is_empty() {
        return Err(StartUrlError::NoRegion { url: configured.to_owned() });
    }
    Ok(Portal { instance: Instance::of(&portal), start_url, region })
}

/// One hop, and that one to AWS.
fn leads_to(configured: &str, url: &Url, redirects: &dyn Redirects) -> Result<Url, StartUrlError> {
    let mut answer = redirects.ask(Method::Head, url)?;
    if matches!(answer.status, 405 | 501) {
        answer = redirects.ask(Method::Get, url)?;
    }
    let own = || configured.to_owned();
    let found = match (answer.status, answer.location) {
        (301 | 302 | 303 | 307 | 308, Some(location)) => {
            url.join(&location).map_err(|_| StartUrlError::NotAws { url: own(), leads_to: location })?
        }
        (301 | 302 | 303 | 307 | 308, None) => return Err(StartUrlError::NoLocation { url: own() }),
        (200..=299, _) => url.clone(),
        (status, _) => return Err(StartUrlError::Status { url: own(), status }),
    };
    if !found.host_str().is_some_and(is_aws_owned) {
        return Err(StartUrlError::NotAws { url: own(), leads_to: normal(&found) });
    }
    if found.scheme() != "https" {
        return Err(StartUrlError::PlainHttp { url: own(), leads_to: normal(&found) });
    }
    Ok(found)
}

/// Whether this is a start URL of AWS's own, which leads nowhere else.
pub fn is_portal(start_url: &str) -> bool {
    Url::parse(start_url).is_ok_and(|url| url.host_str().is_some_and(is_aws_owned))
}

/// The region that the host of a start URL tells, of those of AWS's own.
pub fn region_of(start_url: &str) -> Option<String> {
    Url::parse(start_url).ok()?.host_str().and_then(region_of_host)
}

/// Returns whether the start URL is that of a dual-stack portal. The IPv4 hosts answer for one too, and then send the
/// browser to another portal, which does not know the sign-in.
pub fn is_dual_stack(start_url: &str) -> bool {
    let Ok(url) = Url::parse(start_url) else { return false };
    let host = plain(url.host_str().unwrap_or_default());
    region_of_host(&host).is_some() && AFTER_PORTAL_REGION.iter().any(|suffix| host.ends_with(suffix))
}

/// At the boundaries of labels: `evil-awsapps.com` is not AWS's.
pub fn is_aws_owned(host: &str) -> bool {
    let host = plain(host);
    ISSUERS.contains(&host.as_str()) || SUFFIXES.iter().any(|suffix| before(&host, suffix).is_some())
}

fn region_of_host(host: &str) -> Option<String> {
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

/// Scheme, host, a port that is not the usual one, and the path without slashes at its end.
fn normal(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// What stands before `suffix` and its dot; empty for the suffix itself.
fn before<'a>(host: &'a str, suffix: &str) -> Option<&'a str> {
    let rest = host.strip_suffix(suffix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_suffix('.') }
}

impl Instance {
    fn of(url: &Url) -> Self {
        let host = plain(url.host_str().unwrap_or_default());
        let mut path = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty());
        let first = path.next().map(str::to_ascii_lowercase).unwrap_or_default();
        let second = path.next().map(str::to_ascii_lowercase).unwrap_or_default();
        let in_directory = |domain| before(&host, domain);
        let id = if ISSUERS.contains(&host.as_str()) {
            Some(first.as_str())
        } else if let Some(name) = in_directory("awsapps.com").or_else(|| in_directory("awsapps.cn")) {
            // China and GovCloud have one host for all: `start.us-gov-home.awsapps.com/directory/d-…`.
            if name.starts_with("start.") && first == "directory" {
                Some(second.as_str())
            } else {
                Some(name)
            }
        } else {
            // Only of hosts that are formed as AWS forms them; any other name below is one of its own.
            region_of_host(&host).and_then(|_| host.split('.').next())
        };
        // AWS gives these out; nobody can choose them.
        let given = id.filter(|id| (id.starts_with("d-") || id.starts_with("ssoins-")) && !id.contains('.'));
        let in_awsapps = host.contains(".awsapps.");
        let given = given.filter(|id| !in_awsapps || id.starts_with("d-"));
        Self(given.map_or(host.clone(), str::to_owned))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was noted.
    pub fn noted(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Display for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[path = "start_url_tests.rs"]
mod tests;
