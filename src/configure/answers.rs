//! Validates answers and proposes defaults. Answers are hostile: they come from clipboards and from scripts.

use url::Url;

use crate::console::regions::{self, NotARegion};
use crate::profile::draft::is_plain_name;
use crate::profile::portal_url::BadStartUrl;
use crate::session::account_access::AccountAccessSetting;
use crate::session::start_url;
pub use crate::session::start_url::is_same_portal;

/// No message repeats a start URL, which may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    #[error(transparent)]
    StartUrl(#[from] BadStartUrl),
    #[error(transparent)]
    Region(#[from] NotARegion),
    #[error("the start URL is in Region `{in_url}`, not in `{named}`")]
    OtherRegion { in_url: String, named: String },
    #[error("`{0}` is not a valid session name")]
    Name(String),
    #[error("`{0}` names no tenant of account access manager")]
    Tenant(String),
}

/// Returns the start URL as it is written to the file.
pub fn start_url(text: &str) -> Result<String, BadAnswer> {
    Ok(start_url::cleaned(text)?)
}

/// Returns the Region that a text names: a known one, or one that may be new.
pub fn region(text: &str) -> Result<String, BadAnswer> {
    Ok(regions::parse(text)?)
}

/// Returns the session name, if every tool can read it and it is not a command-line option.
pub fn session_name(text: &str) -> Result<String, BadAnswer> {
    let text = text.trim();
    let fits = is_plain_name(text) && !text.starts_with('-');
    if fits { Ok(text.to_owned()) } else { Err(BadAnswer::Name(text.to_owned())) }
}

/// Returns the tenant, or the URL of its portal without what follows the host, as it is written to config.toml.
pub fn tenant(text: &str) -> Result<String, BadAnswer> {
    match AccountAccessSetting::parse(text.trim()) {
        Some(setting) => Ok(setting.as_written()),
        None => Err(BadAnswer::Tenant(text.chars().take(100).collect())),
    }
}

/// Proposes a session name for the portal: its alias, the company's domain, or else `corp`.
pub fn usual_name(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let name = match labels.as_slice() {
        [alias, "awsapps", "com" | "cn"] if !alias.starts_with("d-") => Some(*alias),
        _ if start_url::is_aws_owned(&host) => None,
        // `sso.example.co.uk`
        [.., company, second, _] if second.len() <= 3 && labels.len() > 3 => Some(*company),
        [.., company, _] => Some(*company),
        _ => None,
    };
    name.filter(|name| session_name(name).is_ok() && name.contains(char::is_alphabetic))
        .unwrap_or("corp")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_known_by_their_form() {
        for text in ["eu-central-1", "us-gov-west-1", "ap-southeast-5", " mx-central-1 ", "eusc-de-east-1"] {
            assert_eq!(region(text).as_deref(), Ok(text.trim()));
        }
        for text in
            ["", "eu", "eu-central", "EU-central-1", "eu--1", "eu-central-1a", "x-1", "eu_central_1", "-a-1"]
        {
            assert!(region(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_tenant_is_written_as_its_id_or_its_portal() {
        let portal = "https://aa-gyxmap389.account-access.eu-central-1.app.aws";
        assert_eq!(tenant(" aa-gyxmap389 ").as_deref(), Ok("aa-gyxmap389"));
        assert_eq!(tenant(&format!("{portal}/#/console?account_id=1")).as_deref(), Ok(portal));
        for text in ["", "AA", "https://example.com", "http://aa-x.account-access.eu-central-1.app.aws"] {
            assert!(matches!(tenant(text), Err(BadAnswer::Tenant(_))), "{text}");
        }
    }

    #[test]
    fn a_session_is_named_after_its_portal() {
        for (url, expected) in [
            ("https://acme.awsapps.com/start", "acme"),
            ("https://d-1234567890.awsapps.com/start", "corp"),
            ("https://ssoins-1234567890abcdef.eu-central-1.portal.amazonaws.com", "corp"),
            ("https://sso.example.com/aws", "example"),
            ("https://aws.example.co.uk", "example"),
            ("https://localhost/", "corp"),
            ("https://192.0.2.1/", "corp"),
        ] {
            assert_eq!(usual_name(url), expected, "{url}");
        }
        for text in ["corp", "corp-1.eu", "a/b"] {
            assert!(session_name(text).is_ok());
        }
        for text in ["", "-x", "a b", "a]", "\u{7}", "é"] {
            assert!(session_name(text).is_err(), "{text:?}");
        }
    }
}
