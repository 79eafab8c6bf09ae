//! The service provider's names and addresses.
//!
//! The entity ID is AWS's whatever the way in: it is a name. The assertion consumer service (ACS) is where browsers go:
//! on loopback at the plain entry, at AWS's hosts in proxy mode.

use crate::call::Call;
use crate::hosts::Partition;
use crate::log::Entry;
use crate::settings::Settings;
use crate::switches::AcsUrls;

const ACS: &str = "/platform/saml/acs/";
/// Where the browser is bound to the request before it leaves for the identity provider; AWS's path is not known.
pub(super) const LOGIN: &str = "/platform/saml/login";

/// Issuer and audience: `https://<region>.signin.aws.amazon.com/platform/saml/d-…`.
pub(super) fn entity_id(settings: &Settings) -> String {
    let host = Partition::of_region(&settings.region).signin_host;
    format!("https://{}.{host}/platform/saml/{}", settings.region, settings.identity_store)
}

/// Every ACS URL of a way in, the default one first. AWS's hosts are those of the user guide, "Workforce access through
/// an additional Region".
pub(super) fn acs_urls(settings: &Settings, entry: Entry) -> Vec<String> {
    let partition = Partition::of_region(&settings.region);
    let mut hosts = vec![format!("{}.{}", settings.region, partition.signin_host)];
    if settings.acs_urls == AcsUrls::Every {
        hosts.push(format!("{}.signin.aws", settings.region));
        hosts.push(format!("{}.sso.signin.aws", settings.region));
        for region in &settings.more_regions {
            hosts.push(format!("{region}.signin.aws"));
            hosts.push(format!("{region}.sso.signin.aws"));
        }
    }
    let at_aws = |host: &String| format!("https://{host}{ACS}{}", settings.saml_tenant);
    match entry {
        Entry::Proxy => hosts.iter().map(at_aws).collect(),
        // One address stands for all hosts: paths tell them apart.
        Entry::Plain => (0..hosts.len())
            .map(|index| match index {
                0 => format!("{}{ACS}{}", settings.plain_url(), settings.saml_tenant),
                _ => format!("{}{ACS}{}/{index}", settings.plain_url(), settings.saml_tenant),
            })
            .collect(),
    }
}

/// The ACS that a sign-in is to come back to: a portal that knows several asks for another one than a login from the
/// command line does (reported of AWS: the portal takes the dual-stack host).
pub(super) fn acs_for(settings: &Settings, entry: Entry, next: &str) -> String {
    let urls = acs_urls(settings, entry);
    let portal = next.starts_with("/start") && !next.starts_with("/start/");
    let wanted = if portal { 2 } else { 0 };
    urls.get(wanted).unwrap_or(&urls[0]).clone()
}

/// The ACS at which a message came in, if there is one at that address.
pub(super) fn acs_of(settings: &Settings, call: &Call) -> Option<String> {
    let here = match call.entry {
        // `localhost` is the same place.
        Entry::Plain => format!("{}{}", settings.plain_url(), call.path),
        Entry::Proxy => format!("https://{}{}", call.host.trim_end_matches(":443"), call.path),
    };
    acs_urls(settings, call.entry).into_iter().find(|url| *url == here)
}

/// Scheme and host of an ACS: the place of the login page.
pub(super) fn origin(acs: &str) -> &str {
    acs.split_once(ACS).map_or(acs, |(origin, _)| origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shaped_like_aws_names() {
        let settings = Settings { port: 1, ..Settings::default() };
        assert_eq!(
            entity_id(&settings),
            "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-1234567890"
        );
        let tenant = &settings.saml_tenant;
        assert_eq!(
            acs_urls(&settings, Entry::Proxy),
            [format!("https://eu-central-1.signin.aws.amazon.com/platform/saml/acs/{tenant}")]
        );
        assert_eq!(
            acs_urls(&settings, Entry::Plain),
            [format!("http://127.0.0.1:1/platform/saml/acs/{tenant}")]
        );
    }

    #[test]
    fn a_replicated_instance_has_one_for_every_host() {
        let settings = Settings {
            acs_urls: AcsUrls::Every,
            more_regions: vec!["us-east-1".into()],
            port: 1,
            ..Settings::default()
        };
        let urls = acs_urls(&settings, Entry::Proxy);
        assert_eq!(urls.len(), 5);
        assert!(urls[4].starts_with("https://us-east-1.sso.signin.aws/platform/saml/acs/"));
        assert!(acs_urls(&settings, Entry::Plain)[4].ends_with("/4"));
        assert_eq!(acs_for(&settings, Entry::Proxy, "/start/consent?user_code=A"), urls[0]);
        assert_eq!(acs_for(&settings, Entry::Proxy, "/start"), urls[2]);
        assert_eq!(origin(&urls[2]), "https://eu-central-1.sso.signin.aws");
    }
}
