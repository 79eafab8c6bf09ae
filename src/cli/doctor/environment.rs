//! Checks variables that change what tools do.

use super::config::failed;
use super::context::DoctorContext;
use super::finding::Finding;
use crate::app::SetupError;
use crate::cli::variables::NESTED;
use crate::platform::http::HttpSetupError;
use crate::platform::proxy::{self, Proxy};
use crate::platform::roots::{Bundle, Roots};
use crate::shell::quote::argument;

/// Reports keys in the environment.
pub(super) fn keys(context: &DoctorContext<'_>) -> Vec<Finding> {
    let env = &context.app.env;
    let subject = "AWS_ACCESS_KEY_ID";
    let fix = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN";
    vec![match (env.get(subject).is_some(), env.profile()) {
        (false, _) => Finding::ok(subject, "not set"),
        (true, _) if env.get(NESTED).is_some() => Finding::ok(subject, "set by `kcaws exec`"),
        (true, Some(profile)) => Finding::error(
            subject,
            format!("set, and hides the profile `{profile}` from everything except JavaScript"),
            fix,
        ),
        (true, None) => Finding::warning(subject, "set: tools without --profile use these keys", fix),
    }]
}

pub(super) fn aws_profile(context: &DoctorContext<'_>) -> Vec<Finding> {
    let env = &context.app.env;
    let (profile, default) = (env.get("AWS_PROFILE"), env.get("AWS_DEFAULT_PROFILE"));
    let Some(document) = context.document() else { return Vec::new() };
    let in_credentials = |name: &str| {
        let credentials = context.credentials().and_then(|credentials| credentials.as_ref().ok());
        credentials.is_some_and(|file| {
            file.names(|heading| match heading {
                crate::profile::document::Heading::Profile(name)
                | crate::profile::document::Heading::Other(name) => Some(name),
                _ => None,
            })
            .iter()
            .any(|known| known == name)
        })
    };
    let known = |name: &str| document.profile_names().iter().any(|one| one == name) || in_credentials(name);
    let variable = if profile.is_some() { "AWS_PROFILE" } else { "AWS_DEFAULT_PROFILE" };
    let mut findings = vec![match profile.or_else(|| default.clone()) {
        None => Finding::ok("AWS_PROFILE", "not set"),
        Some(name) if !known(&name) => {
            let fix = format!("unset {variable}, or set it to one of `aws configure list-profiles`");
            Finding::error(variable, format!("there is no profile `{name}`"), fix)
        }
        Some(name) if variable == "AWS_DEFAULT_PROFILE" => Finding::warning(
            variable,
            format!("names `{name}`, but only the SDKs for Python and Go read this variable"),
            format!("unset {variable}, and set AWS_PROFILE={}", argument(&name)),
        ),
        Some(name) => Finding::ok(variable, name),
    }];
    if let Some(other) = env.other_profile() {
        findings.push(Finding::warning(
            "AWS_DEFAULT_PROFILE",
            format!("names `{other}`: some tools, such as AWS CLI 1 and boto3, use that profile, others use AWS_PROFILE"),
            "unset AWS_DEFAULT_PROFILE",
        ));
    }
    findings
}

/// Checks the endpoints that tokens are sent to.
pub(super) fn endpoints(context: &DoctorContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if context.app.env.by_hand("AWS_ENDPOINT_URL").is_some() {
        findings.push(Finding::warning(
            "AWS_ENDPOINT_URL",
            "set: other tools send all requests there; kcaws ignores it, because a token must not be sent there",
            "unset it, or set AWS_ENDPOINT_URL_<SERVICE> for the services you mean",
        ));
    }
    for selected in context.sessions() {
        let name = selected.session.name.clone();
        // If only the portal knows the Region, the hosts are determined at login.
        if selected.session.region.is_empty() {
            continue;
        }
        findings.push(match selected.endpoints(context.app) {
            Ok(endpoints) => {
                Finding::ok(name, format!("{} and {}", endpoints.oidc.host(), endpoints.portal.host()))
            }
            Err(error) => failed(&name, &error.into()),
        });
    }
    findings
}

/// Checks each file separately, so that one that cannot be used does not hide others.
pub(super) fn ca_bundle(context: &DoctorContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for bundle in context.app.ca_bundles() {
        let path = bundle.path.display().to_string();
        let of_env = !bundle.is_optional;
        findings.push(match Roots::read(&[Bundle { is_optional: false, ..bundle }]) {
            Err(error) => failed(&path, &SetupError::from(HttpSetupError::from(error)).into()),
            Ok(roots) => match roots.left_out.first() {
                Some(first) => Finding::warning(
                    path,
                    format!("{} of its certificates cannot be used: {first}", roots.left_out.len()),
                    "remove them from the file if you do not need them",
                ),
                None if of_env => Finding::ok(
                    path,
                    "its certificates are trusted in addition to the platform's; other tools trust only these",
                ),
                None => Finding::ok(path, "its certificates are trusted in addition to the platform's"),
            },
        });
    }
    findings
}

pub(super) fn proxy(context: &DoctorContext<'_>) -> Vec<Finding> {
    let env = &context.app.env;
    let used = Proxy::from_env(env);
    let mut findings = Vec::new();
    for spellings in [proxy::HTTPS, proxy::HTTP, proxy::ALL] {
        let Some(named) = Proxy::named_by(env, spellings) else { continue };
        let values = spellings.map(|name| env.get(name));
        let both = matches!(&values, [Some(one), Some(other)] if one != other);
        findings.push(match named {
            Err(error) => Finding::error(
                error.variable,
                error.to_string(),
                format!("set {}=http://host:port", error.variable),
            ),
            Ok(_) if both => {
                let [lower, upper] = spellings;
                Finding::warning(
                    upper,
                    format!(
                        "{upper} and {lower} differ; kcaws, curl and Python use {lower}, other tools do not"
                    ),
                    format!("unset {upper}, or set both to the same value"),
                )
            }
            Ok(named) => {
                let is_used = used
                    .as_ref()
                    .is_ok_and(|used| used.as_ref().is_some_and(|used| used.variable == named.variable));
                Finding::ok(named.variable, described(&named, is_used))
            }
        });
    }
    if let Ok(Some(used)) = &used {
        findings.extend(past_the_proxy(context, used));
    }
    findings
}

/// Describes the proxy without its username and password.
fn described(proxy: &Proxy, is_used: bool) -> String {
    let user = if proxy.has_user() { ", with a username" } else { "" };
    let remark = if is_used { "" } else { "; kcaws does not use it" };
    format!("{}{user}{remark}", proxy.address())
}

/// Reports the AWS hosts that NO_PROXY excludes from the proxy.
fn past_the_proxy(context: &DoctorContext<'_>, proxy: &Proxy) -> Option<Finding> {
    let mut hosts: Vec<String> = Vec::new();
    for selected in context.sessions().iter().filter(|one| !one.session.region.is_empty()) {
        let Ok(endpoints) = selected.endpoints(context.app) else { continue };
        for origin in [&endpoints.oidc, &endpoints.portal] {
            if origin.is_https() && !proxy.leads_to(origin.host()) {
                hosts.push(origin.host().to_owned());
            }
        }
    }
    hosts.sort();
    hosts.dedup();
    (!hosts.is_empty()).then(|| Finding::ok("NO_PROXY", format!("{} without the proxy", hosts.join(" and "))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, DEV, TestDoctor, states};
    use super::*;

    fn doctor() -> TestDoctor {
        TestDoctor::new().config(&format!("{CORP}{DEV}"))
    }

    #[test]
    fn keys_in_the_environment_hide_a_profile() {
        assert_eq!(states(&doctor().look(keys)), ["ok"]);
        let set = || doctor().env("AWS_ACCESS_KEY_ID", "AKIAHUNTER2");
        assert_eq!(states(&set().look(keys)), ["warning"]);
        assert_eq!(states(&set().env(NESTED, "dev").look(keys)), ["ok"]);
        let hidden = set().env("AWS_PROFILE", "dev").look(keys);
        assert_eq!(states(&hidden), ["error"]);
        assert!(!format!("{hidden:?}").contains("HUNTER2"));
    }

    #[test]
    fn the_profile_of_the_environment_exists() {
        assert_eq!(states(&doctor().look(aws_profile)), ["ok"]);
        assert_eq!(states(&doctor().env("AWS_PROFILE", "dev").look(aws_profile)), ["ok"]);
        assert_eq!(states(&doctor().env("AWS_PROFILE", "nope").look(aws_profile)), ["error"]);
        assert_eq!(states(&doctor().credentials("[x]\n").env("AWS_PROFILE", "x").look(aws_profile)), ["ok"]);
        assert_eq!(states(&doctor().env("AWS_DEFAULT_PROFILE", "dev").look(aws_profile)), ["warning"]);
        let two = doctor().env("AWS_PROFILE", "dev").env("AWS_DEFAULT_PROFILE", "x").look(aws_profile);
        assert_eq!(states(&two), ["ok", "warning"]);
        assert!(two[1].reason.contains("boto3, use that profile"), "{two:?}");
        assert_eq!(states(&doctor().env("AWS_DEFAULT_PROFILE", "nope").look(aws_profile)), ["error"]);
        let alike = doctor().env("AWS_PROFILE", "dev").env("AWS_DEFAULT_PROFILE", "dev").look(aws_profile);
        assert_eq!(states(&alike), ["ok"]);
    }

    #[test]
    fn endpoints_that_contradict_each_other_are_named() {
        assert_eq!(states(&doctor().look(endpoints)), ["ok"]);
        assert_eq!(
            states(&doctor().env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").look(endpoints)),
            ["warning", "ok"]
        );
        let fips = doctor().env("AWS_USE_FIPS_ENDPOINT", "true");
        let both = fips.env("AWS_ENDPOINT_URL_SSO", "https://x.example").look(endpoints);
        assert_eq!(states(&both), ["error"]);
        assert!(both[0].reason.contains("FIPS"), "{both:?}");
    }

    #[test]
    fn a_bundle_is_readable_and_holds_something() {
        assert!(doctor().look(ca_bundle).is_empty());
        assert_eq!(states(&doctor().env("AWS_CA_BUNDLE", "/nowhere.pem").look(ca_bundle)), ["error"]);
        for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
            let of_profile =
                TestDoctor::new().config("[profile x]\nca_bundle = /nowhere.pem\n").env(variable, "x");
            assert_eq!(states(&of_profile.look(ca_bundle)), ["error"], "{variable}");
        }
        let empty = doctor().file("ca.pem", "nothing");
        let path = empty.path("ca.pem").display().to_string();
        assert_eq!(states(&empty.env("AWS_CA_BUNDLE", &path).look(ca_bundle)), ["error"]);
    }

    #[test]
    fn a_proxy_is_an_address_and_its_password_is_not_shown() {
        assert!(doctor().look(proxy).is_empty());
        let of = |value: &str| doctor().env("HTTPS_PROXY", value).look(proxy);
        for (value, shown) in [
            ("http://alice:hunter2@proxy.example:3128", "http://proxy.example:3128, with a username"),
            ("CORP\\alice:hunter2@proxy.example:3128", "http://proxy.example:3128, with a username"),
            (" proxy.example ", "http://proxy.example"),
            ("https://proxy.example:443", "https://proxy.example:443"),
        ] {
            let found = of(value);
            assert_eq!((states(&found), found[0].reason.as_str()), (vec!["ok"], shown));
        }
        let all = doctor().env("all_proxy", "http://a:1").env("HTTPS_PROXY", "http://b:1").look(proxy);
        assert_eq!(all[1].reason, "http://a:1; kcaws does not use it");
        let past = doctor().env("HTTPS_PROXY", "http://a:1").env("NO_PROXY", "*.amazonaws.com").look(proxy);
        assert!(
            past[1].reason.contains("portal.sso.eu-central-1.amazonaws.com without the proxy"),
            "{past:?}"
        );
        for wrong in ["socks5://hunter2@x:1", "http://", "://hunter2"] {
            let found = doctor().env("HTTPS_PROXY", wrong).look(proxy);
            assert_eq!(states(&found), ["error"], "{wrong}");
            assert!(!format!("{found:?}").contains("hunter2"));
        }
        let two = doctor().env("HTTPS_PROXY", "http://a:1").env("https_proxy", "http://b:1").look(proxy);
        assert_eq!(states(&two), ["warning"]);
    }
}
