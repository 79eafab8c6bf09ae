//! What AWS tools read from a profile besides its identity, as equivalent variables.
//!
//! They are for programs that get the profile's credentials and not its name. The order is that of botocore and of the
//! "AWS SDKs and Tools Reference Guide", "Service-specific endpoints": the service's variable, AWS_ENDPOINT_URL, the
//! profile's `services` section, its `endpoint_url`.

use super::document::{Heading, View};
use super::identity::ProfileFiles;
use super::{ConfigError, Place, sources};
use crate::platform::env::{self, Env};

const DEFAULT: &str = "default";
const ENDPOINT: &str = "AWS_ENDPOINT_URL";
const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
const IGNORE_KEY: &str = "ignore_configured_endpoint_urls";
pub const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
/// Where tokens are sent is up to kcaws, and a variable of one profile must not redirect another's login.
const OF_LOGINS: [&str; 4] = ["sso", "sso_oidc", "account_access_runtime", "signin"];

/// A key of a profile, and the equivalent variable.
struct Setting {
    key: &'static str,
    variable: &'static str,
    /// The value that means "not set", if there is one.
    unset: Option<&'static str>,
}

const fn setting(key: &'static str, variable: &'static str, unset: Option<&'static str>) -> Setting {
    Setting { key, variable, unset }
}

/// The keys that decide which hosts are used, and how.
const SETTINGS: [Setting; 8] = [
    setting("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT", Some("false")),
    setting("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT", Some("false")),
    setting(IGNORE_KEY, IGNORE, Some("false")),
    setting("account_id_endpoint_mode", "AWS_ACCOUNT_ID_ENDPOINT_MODE", Some("preferred")),
    setting("sts_regional_endpoints", "AWS_STS_REGIONAL_ENDPOINTS", None),
    setting("request_checksum_calculation", "AWS_REQUEST_CHECKSUM_CALCULATION", Some("when_supported")),
    setting("response_checksum_validation", "AWS_RESPONSE_CHECKSUM_VALIDATION", Some("when_supported")),
    setting("ca_bundle", CA_BUNDLE, None),
];

type Pair = (String, String);

impl<'a> ProfileFiles<'a> {
    /// Returns the value of a profile's key. SDKs read both files as one, and `~/.aws/credentials` wins.
    pub fn value(&self, profile: &str, key: &str) -> Option<&'a str> {
        let in_credentials = sources::in_credentials(self.credentials, profile);
        let in_config = || self.config.section(&Heading::Profile(profile.to_owned()));
        let value = |section: View<'a>| section.get(key);
        in_credentials.and_then(value).or_else(|| in_config().and_then(value))
    }

    /// Returns the variables that make tools without the profile's name use the same hosts.
    ///
    /// What the user set by hand is left out, since it comes before any profile. Tools without a name read `[default]`:
    /// what only that profile has is reverted, if a variable can do that.
    pub fn tool_settings(&self, profile: &str, env: &Env) -> Result<Vec<Pair>, ConfigError> {
        let mut pairs: Vec<Pair> = Vec::new();
        for Setting { key, variable, unset } in SETTINGS {
            let of_default = || unset.filter(|_| profile != DEFAULT && self.value(DEFAULT, key).is_some());
            let value = self.value(profile, key).or_else(of_default);
            if let Some(value) = value.filter(|_| env.by_hand(variable).is_none()) {
                pairs.push((variable.to_owned(), value.to_owned()));
            }
        }
        if self.ignores_endpoints(profile, env) {
            return Ok(pairs);
        }
        let endpoints = self.endpoints(profile, env)?;
        // Only this reverts an endpoint, and it reverts all of them.
        if endpoints.is_empty() && self.has_endpoints_of_default(profile) && !env.has_by_hand(ENDPOINT) {
            pairs.retain(|(name, _)| name != IGNORE);
            pairs.push((IGNORE.to_owned(), "true".to_owned()));
        }
        pairs.extend(endpoints);
        Ok(pairs)
    }

    fn ignores_endpoints(&self, profile: &str, env: &Env) -> bool {
        let by_hand = env.by_hand(IGNORE);
        let value = by_hand.as_deref().or_else(|| self.value(profile, IGNORE_KEY));
        value.is_some_and(env::is_true)
    }

    fn endpoints(&self, profile: &str, env: &Env) -> Result<Vec<Pair>, ConfigError> {
        if env.by_hand(ENDPOINT).is_some() {
            return Ok(Vec::new());
        }
        let of_services = self.of_services(profile)?.into_iter();
        let of_services = of_services.filter(|(service, _)| !OF_LOGINS.contains(&service.as_str()));
        let all =
            of_services.map(|(service, url)| (format!("{ENDPOINT}_{}", service.to_ascii_uppercase()), url));
        let all = all.chain(self.value(profile, "endpoint_url").map(|url| (ENDPOINT.to_owned(), url)));
        let not_by_hand = all.filter(|(variable, _)| env.by_hand(variable).is_none());
        Ok(not_by_hand.map(|(variable, url)| (variable, url.to_owned())).collect())
    }

    /// Returns the endpoints of the profile's `services` section.
    ///
    /// A missing section is an error to the AWS CLI and to Python too: requests meant for a stand-in would go to AWS.
    fn of_services(&self, profile: &str) -> Result<Vec<(String, &'a str)>, ConfigError> {
        let Some(name) = self.value(profile, "services") else { return Ok(Vec::new()) };
        if let Some(section) = self.config.section(&Heading::Services(name.to_owned())) {
            return Ok(endpoints_in(&section));
        }
        let what = format!("there is no [services {name}]");
        Err(ConfigError::BadValue { place: self.place_of(profile, "services"), what })
    }

    /// Returns the place of the key of [`ProfileFiles::value`].
    fn place_of(&self, profile: &str, key: &str) -> Place {
        let in_credentials = sources::in_credentials(self.credentials, profile);
        let in_config = || self.config.section(&Heading::Profile(profile.to_owned()));
        let section = in_credentials.filter(|section| section.get(key).is_some()).or_else(in_config);
        section.map_or_else(|| self.config.place_at(1), |section| section.place_of(key))
    }

    fn has_endpoints_of_default(&self, profile: &str) -> bool {
        profile != DEFAULT
            && (self.value(DEFAULT, "endpoint_url").is_some()
                || self.of_services(DEFAULT).is_ok_and(|endpoints| !endpoints.is_empty()))
    }
}

fn endpoints_in<'a>(section: &View<'a>) -> Vec<(String, &'a str)> {
    let endpoints = section.nested_values("endpoint_url").into_iter();
    // Such a name becomes part of a variable's, and tools look for no other.
    let is_name = |name: &str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !name.is_empty() && name.bytes().all(is_letter)
    };
    endpoints.filter(|(name, url)| is_name(name) && !url.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::Document;

    const SERVICES: &str = "[services local]\ns3 =\n  endpoint_url = http://s3\nElastic_Beanstalk =\n  \
                            endpoint_url = http://eb\nsso_oidc =\n  endpoint_url = http://oidc\n\
                            account_access_runtime =\n  endpoint_url = http://aa\n\
                            a-b =\n  endpoint_url = http://ab\ndynamodb =\n  endpoint_url =\n";

    fn settings(config: &str, credentials: &str, env: &[(&str, &str)]) -> Result<Vec<Pair>, ConfigError> {
        let config = Document::parse(Path::new("/c"), &format!("{SERVICES}{config}")).expect("parses");
        let credentials = Document::parse(Path::new("/k"), credentials).expect("parses");
        let files = ProfileFiles { config: &config, credentials: Some(&credentials) };
        files.tool_settings("p", &Env::from_pairs(env))
    }

    #[track_caller]
    fn is(config: &str, env: &[(&str, &str)], expected: &[(&str, &str)]) {
        let found = settings(config, "", env).expect("valid");
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected, "{config} {env:?}");
    }

    #[test]
    fn every_setting_becomes_its_variable_unless_one_is_set_by_hand() {
        let all = "[profile p]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\nca_bundle = ~/ca.pem\n\
                   sts_regional_endpoints = legacy\naccount_id_endpoint_mode = disabled\n";
        is(
            all,
            &[("AWS_USE_FIPS_ENDPOINT", "false")],
            &[
                ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
                ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled"),
                ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
                ("AWS_CA_BUNDLE", "~/ca.pem"),
            ],
        );
        let inherited =
            [("AWS_USE_FIPS_ENDPOINT", "true"), (env::FROM_PROFILE, "AWS_USE_FIPS_ENDPOINT=true")];
        is("[profile p]\nuse_fips_endpoint = false\n", &inherited, &[("AWS_USE_FIPS_ENDPOINT", "false")]);
        is("[profile p]\nregion = x\n", &inherited, &[]);
    }

    #[test]
    fn endpoints_keep_botocores_order() {
        let lab = "[profile p]\nendpoint_url = http://all\nservices = local\n";
        let (s3, eb) =
            (("AWS_ENDPOINT_URL_S3", "http://s3"), ("AWS_ENDPOINT_URL_ELASTIC_BEANSTALK", "http://eb"));
        let general = ("AWS_ENDPOINT_URL", "http://all");
        is(lab, &[], &[s3, eb, general]);
        is(lab, &[("AWS_ENDPOINT_URL_S3", "http://mine")], &[eb, general]);
        is(lab, &[("AWS_ENDPOINT_URL", "http://mine")], &[]);
        is(lab, &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], &[]);
        let ignoring = format!("{lab}ignore_configured_endpoint_urls = true\n");
        let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
        is(&ignoring, &[("AWS_ENDPOINT_URL_S3", "http://mine")], &[ignore]);
        is(&ignoring, &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")], &[s3, eb, general]);
    }

    #[test]
    fn what_only_the_default_profile_has_is_taken_back() {
        let default =
            "[default]\nuse_fips_endpoint = true\nendpoint_url = http://all\n[profile p]\nregion = x\n";
        let (fips, ignore) =
            (("AWS_USE_FIPS_ENDPOINT", "false"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"));
        is(default, &[], &[fips, ignore]);
        is(default, &[("AWS_ENDPOINT_URL_S3", "http://mine")], &[fips]);
        is(&format!("{default}endpoint_url = http://p\n"), &[], &[fips, ("AWS_ENDPOINT_URL", "http://p")]);
        is("[default]\nservices = local\n[profile p]\nregion = x\n", &[], &[ignore]);
        is(
            "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://all\n[profile p]\n",
            &[],
            &[ignore],
        );
    }

    #[test]
    fn the_credentials_file_wins_and_a_missing_section_is_named() {
        let found = settings("[profile p]\nendpoint_url = http://c\n", "[p]\nendpoint_url = http://k\n", &[]);
        assert_eq!(found.expect("valid"), [("AWS_ENDPOINT_URL".to_owned(), "http://k".to_owned())]);
        let missing = settings("[profile p]\nservices = nosuch\n", "", &[]).expect_err("missing").to_string();
        assert_eq!(missing, "/c:15: there is no [services nosuch]");
        is("[profile p]\nservices = nosuch\n", &[("AWS_ENDPOINT_URL", "http://mine")], &[]);
    }
}
