//! Variables that change what tools do.

use super::config::failed;
use super::finding::Finding;
use super::scene::Scene;
use crate::app::SetupError;
use crate::cli::exec::NESTED;
use crate::cli::selection;
use crate::ports::http::HttpSetup;
use crate::ports::proxy::address;

/// Keys in the environment.
pub(super) fn keys(scene: &Scene<'_>) -> Vec<Finding> {
    let env = &scene.app.env;
    let subject = "AWS_ACCESS_KEY_ID";
    let mend = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN";
    vec![match (env.get(subject).is_some(), env.get("AWS_PROFILE")) {
        (false, _) => Finding::ok(subject, "not set"),
        (true, _) if env.get(NESTED).is_some() => Finding::ok(subject, "it is set by `kcaws exec`"),
        (true, Some(profile)) => Finding::error(
            subject,
            format!("it is set, and hides AWS_PROFILE={profile} from everything but JavaScript"),
            mend,
        ),
        (true, None) => Finding::warning(subject, "it is set: tools without --profile use these keys", mend),
    }]
}

pub(super) fn aws_profile(scene: &Scene<'_>) -> Vec<Finding> {
    let env = &scene.app.env;
    let (profile, default) = (env.get("AWS_PROFILE"), env.get("AWS_DEFAULT_PROFILE"));
    let Some(document) = scene.document() else { return Vec::new() };
    let in_credentials = |name: &str| {
        let credentials = scene.credentials().and_then(|credentials| credentials.as_ref().ok());
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
    vec![match (profile, default) {
        (Some(name), _) if !known(&name) => Finding::error(
            "AWS_PROFILE",
            format!("there is no profile `{name}`"),
            "unset AWS_PROFILE, or set it to one of `aws configure list-profiles`",
        ),
        (Some(name), Some(other)) if name != other => Finding::warning(
            "AWS_DEFAULT_PROFILE",
            format!("it says `{other}`, AWS_PROFILE says `{name}`, which wins"),
            "unset AWS_DEFAULT_PROFILE",
        ),
        (None, Some(other)) => Finding::warning(
            "AWS_DEFAULT_PROFILE",
            format!("it says `{other}`, and only the AWS CLI and Python read it"),
            format!("unset it, and set AWS_PROFILE={other}"),
        ),
        (Some(name), _) => Finding::ok("AWS_PROFILE", name),
        (None, None) => Finding::ok("AWS_PROFILE", "not set"),
    }]
}

/// Where tokens go, and what stands in the way.
pub(super) fn endpoints(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if scene.app.env.get("AWS_ENDPOINT_URL").is_some() {
        findings.push(Finding::warning(
            "AWS_ENDPOINT_URL",
            "it is set: other tools send all requests there; kcaws does not use it, because a token must not go there",
            "unset it, or set AWS_ENDPOINT_URL_<SERVICE> for the services that are meant",
        ));
    }
    for selected in scene.sessions() {
        let name = selected.session.name.clone();
        // Where only the portal tells the region, a login finds the hosts.
        if selected.session.region.is_empty() {
            continue;
        }
        findings.push(match selection::endpoints(scene.app, &selected) {
            Ok(endpoints) => {
                Finding::ok(name, format!("{} and {}", endpoints.oidc.host(), endpoints.portal.host()))
            }
            Err(error) => failed(&name, error),
        });
    }
    findings
}

pub(super) fn ca_bundle(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(path) = scene.app.env.get("AWS_CA_BUNDLE") else { return Vec::new() };
    vec![match HttpSetup::from_env(&scene.app.env, scene.app.clock.clone()) {
        Ok(_) => Finding::ok(
            path,
            "its certificates are trusted besides the platform's; other tools trust them alone",
        ),
        Err(error) => failed(&path, SetupError::from(error).into()),
    }]
}

const PROXIES: [(&str, &str); 3] =
    [("HTTPS_PROXY", "https_proxy"), ("HTTP_PROXY", "http_proxy"), ("ALL_PROXY", "all_proxy")];

pub(super) fn proxy(scene: &Scene<'_>) -> Vec<Finding> {
    let env = &scene.app.env;
    let mut findings = Vec::new();
    for (upper, lower) in PROXIES {
        let values = (env.get(upper), env.get(lower));
        let both = matches!(&values, (Some(one), Some(other)) if one != other);
        let (name, value) = match values {
            (_, Some(value)) => (lower, value),
            (Some(value), None) => (upper, value),
            (None, None) => continue,
        };
        findings.push(match address(&value) {
            None => Finding::error(
                name,
                "it is no address of an http proxy",
                format!("write {name}=http://host:port; SOCKS is not supported"),
            ),
            Some(_) if both => Finding::warning(
                upper,
                format!("{upper} and {lower} say different things, and which counts differs by tool"),
                format!("unset {upper}, or set both alike"),
            ),
            // A name and a password may stand in it.
            Some(host) => Finding::ok(name, host),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, DEV, Desk, states};
    use super::*;

    fn desk() -> Desk {
        Desk::new().config(&format!("{CORP}{DEV}"))
    }

    #[test]
    fn keys_in_the_environment_hide_a_profile() {
        assert_eq!(states(&desk().look(keys)), ["ok"]);
        let set = || desk().env("AWS_ACCESS_KEY_ID", "AKIAHUNTER2");
        assert_eq!(states(&set().look(keys)), ["warning"]);
        assert_eq!(states(&set().env(NESTED, "dev").look(keys)), ["ok"]);
        let hidden = set().env("AWS_PROFILE", "dev").look(keys);
        assert_eq!(states(&hidden), ["error"]);
        assert!(!format!("{hidden:?}").contains("HUNTER2"));
    }

    #[test]
    fn the_profile_of_the_environment_exists() {
        assert_eq!(states(&desk().look(aws_profile)), ["ok"]);
        assert_eq!(states(&desk().env("AWS_PROFILE", "dev").look(aws_profile)), ["ok"]);
        assert_eq!(states(&desk().env("AWS_PROFILE", "nope").look(aws_profile)), ["error"]);
        assert_eq!(states(&desk().credentials("[x]\n").env("AWS_PROFILE", "x").look(aws_profile)), ["ok"]);
        assert_eq!(states(&desk().env("AWS_DEFAULT_PROFILE", "dev").look(aws_profile)), ["warning"]);
        let two = desk().env("AWS_PROFILE", "dev").env("AWS_DEFAULT_PROFILE", "x").look(aws_profile);
        assert_eq!(states(&two), ["warning"]);
    }

    #[test]
    fn endpoints_that_contradict_each_other_are_named() {
        assert_eq!(states(&desk().look(endpoints)), ["ok"]);
        assert_eq!(
            states(&desk().env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").look(endpoints)),
            ["warning", "ok"]
        );
        let fips = desk().env("AWS_USE_FIPS_ENDPOINT", "true");
        let both = fips.env("AWS_ENDPOINT_URL_SSO", "https://x.example").look(endpoints);
        assert_eq!(states(&both), ["error"]);
        assert!(both[0].why.contains("FIPS"), "{both:?}");
    }

    #[test]
    fn a_bundle_is_readable_and_holds_something() {
        assert!(desk().look(ca_bundle).is_empty());
        assert_eq!(states(&desk().env("AWS_CA_BUNDLE", "/nowhere.pem").look(ca_bundle)), ["error"]);
        let empty = desk().file("ca.pem", "nothing");
        let path = empty.path("ca.pem").display().to_string();
        assert_eq!(states(&empty.env("AWS_CA_BUNDLE", &path).look(ca_bundle)), ["error"]);
    }

    #[test]
    fn a_proxy_is_an_address_and_its_password_is_not_shown() {
        assert!(desk().look(proxy).is_empty());
        let fine = desk().env("HTTPS_PROXY", "http://alice:hunter2@proxy.example:3128").look(proxy);
        assert_eq!((states(&fine), fine[0].why.as_str()), (vec!["ok"], "proxy.example:3128"));
        assert_eq!(states(&desk().env("https_proxy", "proxy.example:3128").look(proxy)), ["ok"]);
        for wrong in ["socks5://hunter2@x:1", "http://", "://hunter2"] {
            let found = desk().env("HTTPS_PROXY", wrong).look(proxy);
            assert_eq!(states(&found), ["error"], "{wrong}");
            assert!(!format!("{found:?}").contains("hunter2"));
        }
        let two = desk().env("HTTPS_PROXY", "http://a:1").env("https_proxy", "http://b:1").look(proxy);
        assert_eq!(states(&two), ["warning"]);
    }
}
