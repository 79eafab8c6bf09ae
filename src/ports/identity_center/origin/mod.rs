//! The origins of the services, from the Region and the switches or from the environment.

use aws_sdk_sso::config::endpoint as sso;
use aws_sdk_ssooidc::config::endpoint as oidc;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{AccountAccess, Issued, hosts};
use crate::platform::shown_url::ShownUrl;

/// Scheme, host, port and an optional path prefix without a trailing slash, in canonical form.
///
/// [`super::Issued`] decides what may be sent from one origin to another.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub struct Origin {
    url: String,
    /// The setting that named it, for messages; it does not take part in comparisons.
    setting: Option<String>,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Origin {}

impl From<String> for Origin {
    fn from(url: String) -> Self {
        Self::new(&url)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.url
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("`{url}` ({setting}) is not a URL")]
    NotAUrl { setting: String, url: String },
    /// Tokens over plain http could be read by anyone.
    #[error("`{url}` ({setting}) must be https; plain http is for loopback addresses only")]
    PlainHttp { setting: String, url: String },
    /// A password in a URL ends up in messages, logs and process lists, and the services use none.
    #[error("`{url}` ({setting}) contains a user name or password")]
    UserInfo { setting: String, url: String },
    #[error("`{url}` ({setting}) has more than a path after the host")]
    MoreThanAPath { setting: String, url: String },
    /// Role credentials are only sent to the AWS that issued them (rule 12).
    #[error("credentials of {issuer} are never sent to {asked}{}", .asked.by_setting())]
    Foreign { issuer: Origin, asked: Origin },
    /// FIPS or dual-stack together with an endpoint, an unknown partition, an invalid Region.
    #[error("{0}")]
    Rules(String),
}

/// The settings that decide the origins.
#[derive(Clone, Debug, Default)]
pub struct EndpointSettings {
    pub region: String,
    pub use_fips: bool,
    pub use_dual_stack: bool,
    /// The access portal is a dual-stack one, whose logins work at the dual-stack hosts only.
    ///
    /// Unlike `use_dual_stack`, this gives way to an endpoint.
    pub has_dual_stack_portal: bool,
}

/// The services of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    pub oidc: Origin,
    pub portal: Origin,
    /// Only if the session has IAM roles, too.
    pub account_access: Option<AccountAccess>,
}

/// A value and the name of the setting it came from, for messages.
#[derive(Clone, Debug)]
pub struct Override {
    pub setting: String,
    pub url: String,
}

impl Endpoints {
    /// Resolves the origins by AWS's own endpoint rules, as compiled into the SDK.
    ///
    /// So FIPS, dual-stack and every partition give the same hosts as in other tools.
    pub fn resolve(
        settings: &EndpointSettings,
        oidc_override: Option<&Override>,
        portal_override: Option<&Override>,
    ) -> Result<Self, EndpointError> {
        let oidc_url = oidc_override.map(checked).transpose()?;
        let portal_url = portal_override.map(checked).transpose()?;
        let is_dual_stack = |endpoint: &Option<String>| {
            settings.use_dual_stack || (settings.has_dual_stack_portal && endpoint.is_none())
        };
        let oidc_params = oidc::Params::builder()
            .region(settings.region.clone())
            .use_fips(settings.use_fips)
            .use_dual_stack(is_dual_stack(&oidc_url))
            .set_endpoint(oidc_url)
            .build()
            .map_err(rules)?;
        let portal_params = sso::Params::builder()
            .region(settings.region.clone())
            .use_fips(settings.use_fips)
            .use_dual_stack(is_dual_stack(&portal_url))
            .set_endpoint(portal_url)
            .build()
            .map_err(rules)?;
        let oidc =
            ready(oidc::ResolveEndpoint::resolve_endpoint(&oidc::DefaultResolver::new(), &oidc_params))?;
        let portal =
            ready(sso::ResolveEndpoint::resolve_endpoint(&sso::DefaultResolver::new(), &portal_params))?;
        Ok(Self {
            oidc: Origin::set_by(oidc.url(), oidc_override),
            portal: Origin::set_by(portal.url(), portal_override),
            account_access: None,
        })
    }
}

impl Origin {
    /// Returns the origin of STS.
    ///
    /// Its hosts follow the portal's rules in every partition, FIPS and dual-stack included, so AWS's compiled-in rules
    /// for the portal give them.
    pub fn of_sts(settings: &EndpointSettings, given: Option<&Override>) -> Result<Self, EndpointError> {
        let portal = Endpoints::resolve(settings, None, given)?.portal;
        if given.is_some() {
            return Ok(portal);
        }
        match portal.url.strip_prefix("https://portal.sso") {
            Some(rest) => Ok(Self::new(&format!("https://sts{rest}"))),
            None => Err(EndpointError::Rules(format!("no host of STS is known for `{}`", settings.region))),
        }
    }

    /// Returns the origin of the account access runtime.
    ///
    /// It has dual-stack hosts only, `account-access-runtime.<region>.api.aws`, and FIPS ones; they are formed like the
    /// portal's (endpoint rules in botocore).
    pub fn of_account_access(
        settings: &EndpointSettings,
        given: Option<&Override>,
    ) -> Result<Self, EndpointError> {
        let settings = EndpointSettings { use_dual_stack: given.is_none(), ..settings.clone() };
        let portal = Endpoints::resolve(&settings, None, given)?.portal;
        if given.is_some() {
            return Ok(portal);
        }
        match portal.url.strip_prefix("https://portal.sso") {
            Some(rest) => Ok(Self::new(&format!("https://account-access-runtime{rest}"))),
            None => Err(EndpointError::Rules(format!(
                "no host of account access manager is known for `{}`",
                settings.region
            ))),
        }
    }

    /// Returns the origin of the console's federation endpoint: the configured one, or its `usual` place.
    pub fn of_signin(usual: &str, given: Option<&Override>) -> Result<Self, EndpointError> {
        match given {
            Some(given) => Ok(Self::set_by(&checked(given)?, Some(given))),
            None => Ok(Self::new(usual)),
        }
    }

    /// Creates an origin; text that is not a URL stays as it is, since nothing is ever sent there.
    pub fn new(url: &str) -> Self {
        let parsed = Url::parse(url).ok().filter(Url::has_host);
        let url = parsed.as_ref().map_or(url, Url::as_str);
        Self { url: url.trim_end_matches('/').to_owned(), setting: None }
    }

    fn set_by(url: &str, given: Option<&Override>) -> Self {
        Self { setting: given.map(|given| given.setting.clone()), ..Self::new(url) }
    }

    pub fn as_str(&self) -> &str {
        &self.url
    }

    pub fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// Returns host and port, for messages.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or(rest);
        authority.rsplit_once('@').map_or(authority, |(_, host)| host)
    }

    /// Returns ` (AWS_ENDPOINT_URL_STS)`, or nothing if no setting named it.
    pub fn by_setting(&self) -> String {
        self.setting.as_deref().map(|setting| format!(" ({setting})")).unwrap_or_default()
    }

    /// Checks that role credentials issued here may be sent to `asked`.
    pub fn credentials_may_go_to(&self, asked: &Self) -> Result<(), EndpointError> {
        if Issued::RoleCredentials.may_go(self, asked) {
            return Ok(());
        }
        Err(EndpointError::Foreign { issuer: self.clone(), asked: asked.clone() })
    }

    /// Returns whether this is one of AWS's own dual-stack hosts.
    pub fn is_dual_stack(&self) -> bool {
        hosts::is_dual_stack_host(self.host())
    }

    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.url).is_ok_and(|url| is_loopback(&url))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        ShownUrl(&self.url).fmt(f)
    }
}

/// Accepts https anywhere, and plain http to this machine only.
pub fn loopback_or_https(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Parses the URL of a setting strictly enough for secrets to be sent there.
///
/// The result is the URL as it was understood, so that no other parser finds another host in it.
fn checked(given: &Override) -> Result<String, EndpointError> {
    let (setting, url) = (given.setting.clone(), ShownUrl(&given.url).to_string());
    let parsed = match Url::parse(&given.url) {
        Ok(parsed) if parsed.has_host() && matches!(parsed.scheme(), "http" | "https") => parsed,
        _ => return Err(EndpointError::NotAUrl { setting, url }),
    };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(EndpointError::UserInfo { setting, url });
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(EndpointError::MoreThanAPath { setting, url });
    }
    if !loopback_or_https(&parsed) {
        return Err(EndpointError::PlainHttp { setting, url });
    }
    Ok(parsed.into())
}

fn rules(error: impl std::fmt::Display) -> EndpointError {
    EndpointError::Rules(error.to_string())
}

/// Resolves at once: the rules are a pure computation, whose future is ready at the first poll.
fn ready(future: sso::EndpointFuture<'_>) -> Result<sso::Endpoint, EndpointError> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(outcome) => outcome.map_err(|error| EndpointError::Rules(error.to_string())),
        std::task::Poll::Pending => Err(EndpointError::Rules("the endpoint rules did not answer".to_owned())),
    }
}

#[cfg(test)]
mod tests;
