//! Resolves a start URL to the portal that Identity Center is asked for, its Region and its instance.
//!
//! The rules are those of AWS CLI 2.36.7 (`aws sso login`), so that one `[sso-session]` means the same to both. An AWS
//! host is taken as it is. Any other, such as `https://sso.example.com/aws`, is asked at every login where it redirects
//! to, since such names exist to move users to another Region.

use url::Url;

use crate::ports::redirects::{Method, NoAnswer, Redirects};
use crate::profile::portal_url::{self, AFTER_PORTAL_REGION, BadStartUrl, plain, region_of_host};
pub use crate::profile::portal_url::{cleaned, is_aws_owned, is_same_portal, is_well_spelled};

/// Where a login goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// The URL sent to the service: `startUrl` of a device authorization, `issuerUrl` of a registration.
    ///
    /// Files and items are stored under the configured URL, never under this one.
    pub start_url: String,
    /// From the host, or from the config if the host does not contain one.
    pub region: String,
    pub instance: Instance,
}

/// The instance of a portal, whichever of its hosts is asked: what is pinned.
///
/// `d-1234567890`, `ssoins-1234567890abcdef`, or the whole host if a customer chose its name (`corp.awsapps.com`: an
/// alias in another partition may be another company's). An alias and the `d-…` of one instance cannot be recognized as
/// the same.
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
    /// An AWS page, or a portal's with something missing.
    #[error(transparent)]
    Bad(#[from] BadStartUrl),
    #[error("`{url}` does not lead to an AWS access portal")]
    NotAws { url: String, leads_to: String },
    #[error("`{url}` leads to a page that is not https")]
    PlainHttp { url: String, leads_to: String },
    #[error("`{url}` sent a redirect without a target")]
    NoLocation { url: String },
    #[error("`{url}` returned status {status}")]
    Status { url: String, status: u16 },
    /// Neither the host nor the config contains it.
    #[error("the Region of `{url}` is unknown")]
    NoRegion { url: String },
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

/// Resolves a start URL; no request is sent if `configured` is AWS's own.
///
/// `region` is that of the config, empty if it has none.
pub fn resolve(configured: &str, region: &str, redirects: &dyn Redirects) -> Result<Portal, StartUrlError> {
    let not_https = || StartUrlError::NotHttps { url: configured.to_owned() };
    let url = Url::parse(configured).map_err(|_| not_https())?;
    let host = url.host_str().filter(|_| url.scheme() == "https").ok_or_else(not_https)?;
    if portal_url::is_account_access(host) {
        return Err(BadStartUrl::AccountAccess.into());
    }
    let (portal, start_url) = if !is_aws_owned(host) {
        if let Err(error @ BadStartUrl::OtherPage) = cleaned(configured) {
            return Err(error.into());
        }
        let portal = leads_to(configured, &url, redirects)?;
        let start_url = cleaned(portal.as_str()).unwrap_or_else(|_| normal(&portal));
        (portal, start_url)
    } else if is_well_spelled(configured) {
        // Unchanged, as in the AWS CLI; the service accepts `/start`, `/start/` and `/start/#/`.
        (url, configured.to_owned())
    } else {
        let cleaned = cleaned(configured)?;
        (Url::parse(&cleaned).map_err(|_| not_https())?, cleaned)
    };
    let in_host = portal.host_str().and_then(region_of_host);
    let region = in_host.unwrap_or_else(|| region.to_owned());
    if region.is_empty() {
        return Err(StartUrlError::NoRegion { url: configured.to_owned() });
    }
    Ok(Portal { instance: Instance::of(&portal), start_url, region })
}

/// Follows a single redirect, which must lead to AWS.
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

/// Returns whether this is an AWS start URL, which does not redirect elsewhere.
pub fn is_portal(start_url: &str) -> bool {
    Url::parse(start_url).is_ok_and(|url| url.host_str().is_some_and(is_aws_owned))
}

/// Returns the Region in the host of a start URL, if the host is AWS's own.
pub fn region_of(start_url: &str) -> Option<String> {
    Url::parse(start_url).ok()?.host_str().and_then(region_of_host)
}

/// Returns whether the start URL is that of a dual-stack portal.
///
/// The IPv4 hosts answer for one too, but send the browser to another portal, which rejects the sign-in.
pub fn is_dual_stack(start_url: &str) -> bool {
    let Ok(url) = Url::parse(start_url) else { return false };
    let host = plain(url.host_str().unwrap_or_default());
    region_of_host(&host).is_some() && AFTER_PORTAL_REGION.iter().any(|suffix| host.ends_with(suffix))
}

/// Returns scheme, host, a non-default port, and the path without trailing slashes.
fn normal(url: &Url) -> String {
    let (host, port) = (url.host_str().unwrap_or_default(), portal_url::port(url));
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

impl Instance {
    fn of(url: &Url) -> Self {
        let host = plain(url.host_str().unwrap_or_default());
        let mut path = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty());
        let first = path.next().map(str::to_ascii_lowercase).unwrap_or_default();
        let second = path.next().map(str::to_ascii_lowercase).unwrap_or_default();
        let id = if portal_url::is_issuer(&host) {
            Some(first.as_str())
        } else if let Some(name) = portal_url::awsapps_name(&host) {
            // China and GovCloud have one host for all: `start.us-gov-home.awsapps.com/directory/d-…`.
            if name.starts_with("start.") && first == "directory" {
                Some(second.as_str())
            } else {
                Some(name)
            }
        } else {
            // Only if the host has AWS's form; any other subdomain is a name of its own.
            region_of_host(&host).and_then(|_| host.split('.').next())
        };
        // Assigned by AWS; customers cannot choose them.
        let given = id.filter(|id| (id.starts_with("d-") || id.starts_with("ssoins-")) && !id.contains('.'));
        let in_awsapps = host.contains(".awsapps.");
        let given = given.filter(|id| !in_awsapps || id.starts_with("d-"));
        Self(given.map_or(host.clone(), str::to_owned))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the instance as it was stored.
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
mod tests;
