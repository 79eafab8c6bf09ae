//! Endpoint overrides: the environment first, then the profile's `services` section.
//!
//! AWS SDKs and Tools reference guide, "Service-specific endpoints".

use super::document::{Document, Heading};
use crate::platform::env::Env;
use crate::ports::identity_center::Override;

/// A service whose endpoint can be overridden, and its name in variables and sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    SsoOidc,
    Sso,
    AccountAccessRuntime,
    Signin,
    Sts,
    Iam,
}

impl Service {
    fn key(self) -> &'static str {
        match self {
            Self::SsoOidc => "sso_oidc",
            Self::Sso => "sso",
            Self::AccountAccessRuntime => "account_access_runtime",
            Self::Signin => "signin",
            Self::Sts => "sts",
            Self::Iam => "iam",
        }
    }
}

/// The variables that decide which endpoints a session uses.
///
/// A response from the endpoints of one environment does not count in another.
pub const DECIDING_VARIABLES: [&str; 5] = [
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
];

/// The variable that decides the endpoint for IAM roles, beside [`DECIDING_VARIABLES`].
pub const ACCOUNT_ACCESS_VARIABLE: &str = "AWS_ENDPOINT_URL_ACCOUNT_ACCESS_RUNTIME";

/// Returns the override of a service's endpoint.
///
/// The general `AWS_ENDPOINT_URL` is not read: it is set for S3 and DynamoDB stand-ins, which must not receive a token.
pub fn endpoint_override(
    service: Service,
    env: &Env,
    document: &Document,
    profile: Option<&str>,
) -> Option<Override> {
    if env.is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        return None;
    }
    let variable = format!("AWS_ENDPOINT_URL_{}", service.key().to_ascii_uppercase());
    if let Some(url) = env.by_hand(&variable) {
        return Some(Override { setting: variable, url });
    }
    let section = document.section(&Heading::Profile(profile?.to_owned()))?;
    let name = section.get("services")?;
    let services = document.section(&Heading::Services(name.to_owned()))?;
    let url = services.nested(service.key(), "endpoint_url")?;
    let setting = format!("[services {name}], {}", services.place_of_nested(service.key(), "endpoint_url"));
    Some(Override { setting, url: url.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_environment_beats_the_services_section_and_the_general_endpoint_counts_for_nothing() {
        let text =
            "[profile dev]\nservices = local\n[services local]\nsso =\n  endpoint_url = http://127.0.0.1:2\n";
        let document = Document::parse(Path::new("c"), text).expect("parses");
        let find = |pairs: &[(&str, &str)], profile| {
            endpoint_override(Service::Sso, &Env::from_pairs(pairs), &document, profile)
                .map(|found| found.url)
        };
        let of_file = endpoint_override(Service::Sso, &Env::from_pairs(&[]), &document, Some("dev"));
        assert_eq!(of_file.expect("set").setting, "[services local], c:5");
        assert_eq!(find(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")], None), None);
        assert_eq!(find(&[], Some("dev")).as_deref(), Some("http://127.0.0.1:2"));
        let env = ("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:1");
        assert_eq!(find(&[env], Some("dev")).as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(find(&[env, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], Some("dev")), None);
        let oidc = endpoint_override(Service::SsoOidc, &Env::from_pairs(&[]), &document, Some("dev"));
        assert!(oidc.is_none());
    }
}
