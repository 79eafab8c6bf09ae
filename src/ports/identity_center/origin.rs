//! Where the services are: the origin of each, by region and switches, or as the environment says.

use aws_sdk_sso::config::endpoint as sso;
use aws_sdk_ssooidc::config::endpoint as oidc;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::hosts;

/// Scheme, host, port and perhaps a path prefix, without a slash at the end. A token goes only to the origin
/// that minted it (rule 12), so origins are compared as this text.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("`{url}` ({setting}) is not a URL")]
    NotAUrl { setting: String, url: String },
    /// Tokens over plain http would be anybody's.
    #[error("`{url}` ({setting}) must be https; plain http is for loopback addresses only")]
    PlainHttp { setting: String, url: String },
    /// FIPS or dual-stack together with an endpoint, an unknown partition, a region that is no region.
    #[error("{0}")]
    Rules(String),
}

/// The settings that decide.
#[derive(Clone, Debug, Default)]
pub struct EndpointSettings {
    pub region: String,
    pub use_fips: bool,
    pub use_dual_stack: bool,
    /// The access portal is a dual-stack one: its login works at the dual-stack hosts only. Unlike
    /// `use_dual_stack`, this gives way to an endpoint.
    pub has_dual_stack_portal: bool,
}

/// The two services of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    pub oidc: Origin,
    pub portal: Origin,
}

/// A value and the name of the setting it came from, for messages.
#[derive(Clone, Debug)]
pub struct Override {
    pub setting: String,
    pub url: String,
}

impl Endpoints {
    /// AWS's own endpoint rules, as compiled into the SDK, so that FIPS, dual-stack and every partition come out
    /// as they do in other tools.
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
        Ok(Self { oidc: Origin::new(oidc.url()), portal: Origin::new(portal.url()) })
    }
}

impl Origin {
    /// Where STS is. Its hosts follow the portal's rules in every partition, FIPS and dual-stack included, so that
    /// AWS's compiled-in rules for the portal tell them.
    pub fn of_sts(settings: &EndpointSettings, given: Option<&Override>) -> Result<Self, EndpointError> {
        let portal = Endpoints::resolve(settings, None, given)?.portal;
        if given.is_some() {
            return Ok(portal);
        }
        match portal.0.strip_prefix("https://portal.sso") {
            Some(rest) => Ok(Self(format!("https://sts{rest}"))),
            None => Err(EndpointError::Rules(format!("no host of STS is known for `{}`", settings.region))),
        }
    }

    pub fn new(url: &str) -> Self {
        Self(url.trim_end_matches('/').to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Host and port, for messages.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Returns whether this is one of AWS's own dual-stack hosts.
    pub fn is_dual_stack(&self) -> bool {
        hosts::is_dual_stack_host(self.host())
    }

    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// https anywhere, plain http to this very machine.
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

/// Checked as an origin that a token may be sent to.
pub fn checked(given: &Override) -> Result<String, EndpointError> {
    let (setting, url) = (given.setting.clone(), given.url.clone());
    let parsed = match Url::parse(&url) {
        Ok(parsed) if parsed.has_host() && matches!(parsed.scheme(), "http" | "https") => parsed,
        _ => return Err(EndpointError::NotAUrl { setting, url }),
    };
    if loopback_or_https(&parsed) { Ok(url) } else { Err(EndpointError::PlainHttp { setting, url }) }
}

fn rules(error: impl std::fmt::Display) -> EndpointError {
    EndpointError::Rules(error.to_string())
}

/// The rules are a pure computation: the future is ready at the first poll.
fn ready(future: sso::EndpointFuture<'_>) -> Result<sso::Endpoint, EndpointError> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(outcome) => outcome.map_err(|error| EndpointError::Rules(error.to_string())),
        std::task::Poll::Pending => Err(EndpointError::Rules("the endpoint rules did not answer".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        region: &str,
        fips: bool,
        dual: bool,
        endpoint: Option<&str>,
    ) -> Result<Endpoints, EndpointError> {
        let settings = EndpointSettings {
            region: region.to_owned(),
            use_fips: fips,
            use_dual_stack: dual,
            ..EndpointSettings::default()
        };
        let given = endpoint
            .map(|url| Override { setting: "AWS_ENDPOINT_URL_SSO_OIDC".to_owned(), url: url.to_owned() });
        Endpoints::resolve(&settings, given.as_ref(), None)
    }

    #[test]
    fn hosts_follow_the_partition_of_the_region() {
        let hosts = |region, fips, dual| {
            let endpoints = resolve(region, fips, dual, None).expect("resolves");
            (endpoints.oidc.to_string(), endpoints.portal.to_string())
        };
        let pair = |a: &str, b: &str| (format!("https://{a}"), format!("https://{b}"));
        assert_eq!(
            hosts("eu-central-1", false, false),
            pair("oidc.eu-central-1.amazonaws.com", "portal.sso.eu-central-1.amazonaws.com")
        );
        assert_eq!(
            hosts("us-east-1", false, true),
            pair("oidc.us-east-1.api.aws", "portal.sso.us-east-1.api.aws")
        );
        assert_eq!(hosts("us-east-1", true, false).0, "https://oidc-fips.us-east-1.amazonaws.com");
        assert_eq!(hosts("cn-north-1", false, false).0, "https://oidc.cn-north-1.amazonaws.com.cn");
        assert_eq!(hosts("eusc-de-east-1", false, false).0, "https://oidc.eusc-de-east-1.amazonaws.eu");
    }

    #[test]
    fn a_dual_stack_portal_has_its_login_at_the_dual_stack_hosts_unless_an_endpoint_is_given() {
        let settings = |region: &str, use_fips| EndpointSettings {
            region: region.to_owned(),
            use_fips,
            has_dual_stack_portal: true,
            ..EndpointSettings::default()
        };
        for (region, fips, oidc, portal) in [
            ("eu-central-1", false, "oidc.eu-central-1.api.aws", "portal.sso.eu-central-1.api.aws"),
            ("us-east-1", true, "oidc-fips.us-east-1.api.aws", "portal.sso-fips.us-east-1.api.aws"),
            ("us-gov-west-1", false, "oidc.us-gov-west-1.api.aws", "portal.sso.us-gov-west-1.api.aws"),
            (
                "cn-north-1",
                false,
                "oidc.cn-north-1.api.amazonwebservices.com.cn",
                "portal.sso.cn-north-1.api.amazonwebservices.com.cn",
            ),
            (
                "eusc-de-east-1",
                false,
                "oidc.eusc-de-east-1.api.amazonwebservices.eu",
                "portal.sso.eusc-de-east-1.api.amazonwebservices.eu",
            ),
        ] {
            let endpoints = Endpoints::resolve(&settings(region, fips), None, None).expect(region);
            assert_eq!((endpoints.oidc.host(), endpoints.portal.host()), (oidc, portal));
            assert!(endpoints.oidc.is_dual_stack() && endpoints.portal.is_dual_stack());
        }
        let given = Override {
            setting: "AWS_ENDPOINT_URL_SSO_OIDC".to_owned(),
            url: "http://127.0.0.1:1".to_owned(),
        };
        let endpoints = Endpoints::resolve(&settings("eu-central-1", false), Some(&given), None);
        let endpoints = endpoints.expect("the endpoint counts");
        assert_eq!(endpoints.oidc.as_str(), "http://127.0.0.1:1");
        assert_eq!(endpoints.portal.host(), "portal.sso.eu-central-1.api.aws");
        assert!(!endpoints.oidc.is_dual_stack());
    }

    #[test]
    fn an_endpoint_replaces_the_host_but_not_together_with_fips() {
        let endpoints =
            resolve("eu-central-1", false, false, Some("http://127.0.0.1:8180/")).expect("resolves");
        assert_eq!(endpoints.oidc.as_str(), "http://127.0.0.1:8180");
        let refused = resolve("eu-central-1", true, false, Some("https://sso.example.com"));
        assert!(matches!(refused, Err(EndpointError::Rules(text)) if text.contains("FIPS")));
    }

    /// botocore 1.44.5, `data/sts/2011-06-15/endpoint-rule-set-1.json`.
    #[test]
    fn sts_has_its_hosts() {
        let host = |region: &str, use_fips, use_dual_stack| {
            let settings = EndpointSettings {
                region: region.to_owned(),
                use_fips,
                use_dual_stack,
                ..EndpointSettings::default()
            };
            Origin::of_sts(&settings, None).expect("resolves").to_string()
        };
        for (region, fips, dual, expected) in [
            ("eu-central-1", false, false, "https://sts.eu-central-1.amazonaws.com"),
            ("us-east-1", true, false, "https://sts-fips.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "https://sts.us-east-1.api.aws"),
            ("us-east-1", true, true, "https://sts-fips.us-east-1.api.aws"),
            ("us-gov-west-1", false, false, "https://sts.us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", true, false, "https://sts.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", false, false, "https://sts.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", false, false, "https://sts.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", false, false, "https://sts.us-iso-east-1.c2s.ic.gov"),
        ] {
            assert_eq!(host(region, fips, dual), expected);
        }
        let given = |url: &str, use_fips| {
            let given = Override { setting: "AWS_ENDPOINT_URL_STS".to_owned(), url: url.to_owned() };
            let settings =
                EndpointSettings { region: "us-east-1".to_owned(), use_fips, ..EndpointSettings::default() };
            Origin::of_sts(&settings, Some(&given))
        };
        assert_eq!(given("http://127.0.0.1:1/", false).expect("loopback").as_str(), "http://127.0.0.1:1");
        assert!(matches!(given("http://sts.example.com", false), Err(EndpointError::PlainHttp { .. })));
        assert!(matches!(given("https://sts.example.com", true), Err(EndpointError::Rules(_))));
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for fine in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "https://sso.example.com"]
        {
            assert!(resolve("eu-central-1", false, false, Some(fine)).is_ok(), "{fine}");
        }
        for bad in ["http://sso.example.com", "http://localhost.example.com", "http://10.0.0.1"] {
            let refused = resolve("eu-central-1", false, false, Some(bad));
            assert!(matches!(refused, Err(EndpointError::PlainHttp { .. })), "{bad}");
        }
        for bad in ["nonsense", "ftp://127.0.0.1", "127.0.0.1:80"] {
            let refused = resolve("eu-central-1", false, false, Some(bad));
            assert!(matches!(refused, Err(EndpointError::NotAUrl { .. })), "{bad}");
        }
    }
}
