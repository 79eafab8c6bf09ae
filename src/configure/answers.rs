//! What may be answered, and what is proposed. Answers are hostile: they come from clipboards and from scripts.

use url::Url;

use crate::profile::draft::is_plain_name;
use crate::session::start_url;

/// No message repeats a start URL: a password may stand in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    #[error("the start URL is not an https URL")]
    NotHttps,
    #[error("the start URL holds a user name or a password")]
    Credentials,
    #[error("`{0}` is not a region")]
    Region(String),
    #[error("the start URL says that the region is `{told}`, and not `{named}`")]
    OtherRegion { told: String, named: String },
    #[error("`{0}` cannot be the name of a session")]
    Name(String),
}

/// As it will stand in the file. What the portal appends for its own pages, `#/`, is no part of it.
pub fn start_url(text: &str) -> Result<String, BadAnswer> {
    let text = text.trim();
    // The parser drops line ends and tabs, and reads more scripts than people can tell apart.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadAnswer::NotHttps);
    }
    let url = Url::parse(text).map_err(|_| BadAnswer::NotHttps)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadAnswer::Credentials);
    }
    if url.scheme() != "https" || url.host_str().is_none_or(str::is_empty) {
        return Err(BadAnswer::NotHttps);
    }
    Ok(text.split('#').next().unwrap_or_default().to_owned())
}

/// `eu-central-1`, `us-gov-west-1`: by its form alone, since new ones come every year.
pub fn region(text: &str) -> Result<String, BadAnswer> {
    let text = text.trim();
    let mut parts = text.split('-').rev();
    let (number, area) = (parts.next().unwrap_or_default(), parts.clone().next_back().unwrap_or_default());
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let fits = !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && area.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.clone().count() >= 2
        && parts.all(is_word);
    if fits { Ok(text.to_owned()) } else { Err(BadAnswer::Region(text.to_owned())) }
}

/// A name that every tool reads, and no option of a command line.
pub fn session_name(text: &str) -> Result<String, BadAnswer> {
    let text = text.trim();
    let fits = is_plain_name(text) && !text.starts_with('-');
    if fits { Ok(text.to_owned()) } else { Err(BadAnswer::Name(text.to_owned())) }
}

/// Whose portal it is, in a word: the alias, the company's domain, else `corp`.
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

/// Whether two start URLs are written for the same portal: `/start`, `/start/` and `/start/#/` are.
pub fn is_same_portal(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let mut url = Url::parse(text.trim()).ok()?;
        url.set_fragment(None);
        Some(url.as_str().trim_end_matches('/').to_owned())
    };
    one == other || matches!((plain(one), plain(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_start_url_is_taken_and_the_portals_own_ending_goes() {
        for (text, expected) in [
            ("https://d-1234567890.awsapps.com/start", "https://d-1234567890.awsapps.com/start"),
            (" https://corp.awsapps.com/start/#/ ", "https://corp.awsapps.com/start/"),
            ("https://corp.awsapps.com/start#", "https://corp.awsapps.com/start"),
            ("https://sso.example.com/aws", "https://sso.example.com/aws"),
            (
                "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef",
                "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef",
            ),
        ] {
            assert_eq!(start_url(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_hostile_start_url_is_refused_and_not_repeated() {
        for text in [
            "",
            "corp",
            "d-1234567890.awsapps.com/start",
            "http://corp.awsapps.com/start",
            "https://",
            "https://corp.awsapps.com/st art",
            "https://corp.awsapps.com/start\n[default]",
            "https://corp.awsapps.com/\u{1b}[2J",
            "https://c\u{43e}rp.awsapps.com/start",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            assert_eq!(start_url(text), Err(BadAnswer::NotHttps), "{text:?}");
        }
        for text in ["https://me:hunter2@corp.awsapps.com/start", "http://me@corp.awsapps.com/"] {
            let error = start_url(text).expect_err(text);
            assert_eq!(error, BadAnswer::Credentials);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

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

    #[test]
    fn spellings_of_one_portal_are_one() {
        let one = "https://corp.awsapps.com/start";
        for other in [one, "https://CORP.awsapps.com/start/", "https://corp.awsapps.com/start/#/"] {
            assert!(is_same_portal(one, other), "{other}");
        }
        for other in ["https://corp.awsapps.com/", "https://corp2.awsapps.com/start", ""] {
            assert!(!is_same_portal(one, other), "{other}");
        }
    }
}
