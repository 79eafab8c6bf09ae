//! The address of a page that the user is to open, and whether kcaws may open it.
//!
//! The text comes from a service, and must not send anyone to a page that looks like AWS's. Since AWS moves its pages
//! without notice, an https page at an unknown host is shown and not opened. An address that two programs may read
//! differently is refused.

use url::Url;

use super::SessionError;
use crate::platform::excerpt;
use crate::ports::identity_center::{DeviceAuthorization, Endpoints, is_sign_in_host};

/// AWS's addresses have some hundreds of characters; longer ones do not get through all browsers.
const LONGEST: usize = 8000;

/// What RFC 3986 allows besides letters and digits.
const MARKS: &[u8] = b"-._~:/?#[]@!$&'()*+,;=%";

/// A checked page. What is shown and what is opened are the same text: that of the parsed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageUrl {
    url: Url,
    is_known: bool,
}

/// Why an address is neither shown nor opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    #[error("it is not an absolute URL")]
    NotAUrl,
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
    #[error("it contains characters that are not allowed in a URL")]
    Characters,
    #[error("it is not https")]
    NotHttps,
    #[error("it contains a user name")]
    UserInfo,
    #[error("it contains a port, which AWS pages never have")]
    Port,
    #[error("its host is ambiguous")]
    Host,
}

impl PageUrl {
    /// Checks the address of a page that the service at `endpoints` returned.
    pub fn judge(text: &str, endpoints: &Endpoints) -> Result<Self, SessionError> {
        judge(text, endpoints).map_err(|why| SessionError::StrangePage { page: excerpt(text), why })
    }

    /// Returns the address as it is shown, also as a QR code: ASCII without anything that acts on a terminal.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Returns the address if a browser may be sent there; this is the only way from a page to a browser.
    pub fn to_open(&self) -> Option<&str> {
        self.is_known.then(|| self.url.as_str())
    }

    /// Returns whether the address has nothing specific to one login: no code, no name of a request.
    ///
    /// One that does must not be on a command line, where others can read it.
    pub fn is_bare(&self) -> bool {
        !self.as_str().contains('?')
    }

    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

impl std::fmt::Display for PageUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

fn judge(text: &str, endpoints: &Endpoints) -> Result<PageUrl, PageFault> {
    if text.len() > LONGEST {
        return Err(PageFault::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || MARKS.contains(&byte)) {
        return Err(PageFault::Characters);
    }
    let url = Url::parse(text).map_err(|_| PageFault::NotAUrl)?;
    let host = url.host_str().ok_or(PageFault::NotAUrl)?;
    let authority = authority(text).ok_or(PageFault::Host)?;
    if authority.contains('@') {
        return Err(PageFault::UserInfo);
    }
    if !is_written_as(&authority, host, url.port_or_known_default()) {
        return Err(PageFault::Host);
    }
    let endpoint = Url::parse(endpoints.oidc.as_str()).ok();
    let endpoint = endpoint.as_ref().filter(|endpoint| endpoint.host_str() == Some(host));
    let is_loopback = endpoint.is_some() && endpoints.oidc.is_loopback();
    match url.scheme() {
        "https" | "http" if is_loopback => {}
        "https" if url.port().is_none() => {}
        "https" if endpoint.is_some_and(|endpoint| endpoint.port() == url.port()) => {}
        "https" => return Err(PageFault::Port),
        _ => return Err(PageFault::NotHttps),
    }
    let is_known = endpoint.is_some() || is_sign_in_host(host);
    Ok(PageUrl { url, is_known })
}

/// Returns host and port strictly by RFC 3986, whatever a browser makes of a missing or extra slash.
fn authority(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(rest[..end].to_ascii_lowercase())
}

/// Returns whether the host is written in its only form: to some programs, `0x7f.1` and `%65xample.com` are hosts too.
fn is_written_as(authority: &str, host: &str, port: Option<u16>) -> bool {
    authority == host || port.is_some_and(|port| authority == format!("{host}:{port}"))
}

/// The pages of a device authorization.
pub struct DevicePages {
    plain: PageUrl,
    complete: Option<PageUrl>,
}

impl DevicePages {
    /// Checks both pages.
    ///
    /// If only one of them is at a known host, it is used for both.
    pub fn of(authorization: &DeviceAuthorization, endpoints: &Endpoints) -> Result<Self, SessionError> {
        let judge = |text: &str| PageUrl::judge(text, endpoints);
        let plain = judge(&authorization.verification_uri)?;
        let complete = authorization.verification_uri_complete.as_deref().map(judge).transpose()?;
        Ok(match complete {
            Some(complete) if complete.is_known && !plain.is_known => {
                Self { plain: complete, complete: None }
            }
            complete => Self { complete: complete.filter(|page| page.is_known == plain.is_known), plain },
        })
    }

    /// Returns the page on which the user types the code.
    pub fn plain(&self) -> &PageUrl {
        &self.plain
    }

    /// Returns the page with the code filled in, if there is one.
    pub fn complete(&self) -> &PageUrl {
        self.complete.as_ref().unwrap_or(&self.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::identity_center::Origin;
    use crate::ports::identity_center::fake::FakeIdentityCenter;

    fn at(endpoint: &str) -> Endpoints {
        Endpoints { oidc: Origin::new(endpoint), portal: Origin::new(endpoint), account_access: None }
    }

    fn aws(text: &str) -> Result<PageUrl, PageFault> {
        judge(text, &at("https://oidc.eu-central-1.amazonaws.com"))
    }

    #[test]
    fn pages_of_aws_and_of_the_endpoint_itself_are_opened_as_they_were_judged() {
        for (page, opened) in [
            (
                "https://eu-central-1.signin.aws/platform/authorize?request_uri=urn%3Aabc",
                "https://eu-central-1.signin.aws/platform/authorize?request_uri=urn%3Aabc",
            ),
            (
                "https://d-1234567890.awsapps.com/start/#/device?user_code=A",
                "https://d-1234567890.awsapps.com/start/#/device?user_code=A",
            ),
            (
                "HTTPS://DEVICE.SSO.EU-CENTRAL-1.AMAZONAWS.COM",
                "https://device.sso.eu-central-1.amazonaws.com/",
            ),
            (
                "https://device.sso.eu-central-1.amazonaws.com:443/a/../b",
                "https://device.sso.eu-central-1.amazonaws.com/b",
            ),
            (
                "https://device.sso.eu-central-1.amazonaws.com./",
                "https://device.sso.eu-central-1.amazonaws.com./",
            ),
            (
                "https://oidc.eu-central-1.amazonaws.com/authorize?a=b",
                "https://oidc.eu-central-1.amazonaws.com/authorize?a=b",
            ),
        ] {
            assert_eq!(aws(page).expect(page).to_open(), Some(opened), "{page}");
        }
        for (endpoint, page) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:2/device"),
            ("http://[::1]:1", "http://[::1]:1/device"),
            ("https://sso.example.com:8443/base", "https://sso.example.com:8443/base/authorize"),
        ] {
            assert_eq!(judge(page, &at(endpoint)).expect(page).to_open(), Some(page));
        }
    }

    #[test]
    fn an_https_page_at_another_host_is_shown_and_not_opened() {
        for page in [
            "https://signin.aws.example.com/platform/authorize?request_uri=abc",
            "https://device.sso.x.s3.amazonaws.com/",
            "https://device.sso.evil.amazonaws.com/",
            "https://bucket.s3.amazonaws.com/",
            "https://device.sso.eu-central-1.amazonaws.com../",
            "https://xn--aws-7na.example/",
            "https://192.0.2.1/",
            "https://[2001:db8::1]/",
            "https://127.0.0.1/",
        ] {
            let judged = aws(page).expect(page);
            assert_eq!((judged.to_open(), judged.as_str()), (None, page));
        }
    }

    #[test]
    fn what_programs_read_differently_or_without_https_is_refused() {
        use PageFault::{Characters, Host, NotAUrl, NotHttps, Port, TooLong, UserInfo};
        let long = format!("https://eu-central-1.signin.aws/{}", "x".repeat(LONGEST));
        for (page, why) in [
            ("http://device.sso.eu-central-1.amazonaws.com/", NotHttps),
            ("http://127.0.0.1/", NotHttps),
            ("ftp://eu-central-1.signin.aws/", NotHttps),
            ("javascript:alert(1)", NotAUrl),
            ("file:///etc/passwd", NotAUrl),
            ("eu-central-1.signin.aws", NotAUrl),
            ("//eu-central-1.signin.aws/", NotAUrl),
            ("", NotAUrl),
            ("https://", NotAUrl),
            (r"https://127.0.0.1\@evil.example/", Characters),
            (r"https:\\eu-central-1.signin.aws\", Characters),
            (" https://eu-central-1.signin.aws/", Characters),
            ("https://eu-central-1.signin.aws/\n", Characters),
            ("https://evil.exam\tple/", Characters),
            ("https://evil.example/ https://eu-central-1.signin.aws/", Characters),
            ("https://eu-central-1.signin.aws\u{3002}evil.example/", Characters),
            ("https://eu-central-1.signin.aws/\u{202e}", Characters),
            ("https://eu-central-1.signin.aws/\u{0}", Characters),
            ("https://eu-central-1.signin.aws/|calc", Characters),
            ("https://eu-central-1.signin.aws@evil.example/", UserInfo),
            ("https://user:secret@eu-central-1.signin.aws/", UserInfo),
            ("https://@eu-central-1.signin.aws/", UserInfo),
            ("https://eu-central-1.signin.aws:8443/", Port),
            ("https://evil.example:8443/", Port),
            ("https:eu-central-1.signin.aws/", Host),
            ("https:/eu-central-1.signin.aws/", Host),
            ("https:///eu-central-1.signin.aws/", Host),
            ("https://%65u-central-1.signin.aws/", Host),
            ("https://2130706433/", Host),
            ("https://0x7f.1/", Host),
            ("https://eu-central-1.signin.aws:/", Host),
            ("https://eu-central-1.signin.aws:0443/", Host),
            (long.as_str(), TooLong),
        ] {
            assert_eq!(aws(page), Err(why), "{page}");
        }
        assert_eq!(judge("http://127.0.0.2:1/", &at("http://127.0.0.1:1")), Err(NotHttps));
        assert_eq!(judge("https://sso.example.com:1/", &at("https://sso.example.com:2")), Err(Port));
    }

    #[test]
    fn of_two_pages_the_known_one_stands_for_both() {
        let (known, other) = ("https://eu-central-1.signin.aws/a", "https://signin.example/a");
        let pages = |plain: &str, complete: Option<&str>| {
            let authorization = DeviceAuthorization {
                verification_uri: plain.to_owned(),
                verification_uri_complete: complete.map(str::to_owned),
                ..FakeIdentityCenter::authorization()
            };
            let pages = DevicePages::of(&authorization, &at("https://oidc.eu-central-1.amazonaws.com"))?;
            Ok::<_, SessionError>((pages.plain().to_string(), pages.complete().to_string()))
        };
        for (plain, complete, shown) in [
            (known, None, (known, known)),
            (known, Some("https://eu-central-1.signin.aws/b"), (known, "https://eu-central-1.signin.aws/b")),
            (known, Some(other), (known, known)),
            (other, Some(known), (known, known)),
            (other, Some("https://signin.example/b"), (other, "https://signin.example/b")),
        ] {
            let (plain, complete) = pages(plain, complete).expect("judged");
            assert_eq!((plain.as_str(), complete.as_str()), shown);
        }
        assert!(matches!(pages(known, Some("http://evil.example/")), Err(SessionError::StrangePage { .. })));
    }
}
