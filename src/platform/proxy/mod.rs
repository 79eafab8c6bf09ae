//! The proxy from the environment, parsed once: the HTTP client, `doctor` and messages use the same address.
//!
//! What cannot be parsed is refused: ignoring it would silently bypass the proxy.
//!
//! Every variable has two spellings. The lower-case one wins, and an empty one counts as unset, as in curl, and in
//! Python for non-empty ones. (In Python an empty lower-case variable disables the proxy; here a proxy that is meant is
//! used.)

use std::borrow::Cow;
use std::error::Error;

use aws_smithy_http_client::proxy::ProxyConfig;
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rustls::InvalidMessage;

use crate::platform::env::Env;
use crate::platform::http::tls_error;
use crate::platform::innermost;
use crate::secret::Secret;

pub type Spellings = [&'static str; 2];

/// For https, in order of precedence.
pub const HTTPS: Spellings = ["https_proxy", "HTTPS_PROXY"];
pub const ALL: Spellings = ["all_proxy", "ALL_PROXY"];
/// Variables for schemes that kcaws does not use.
pub const HTTP: Spellings = ["http_proxy", "HTTP_PROXY"];
const NONE: Spellings = ["no_proxy", "NO_PROXY"];

/// Characters that the client's parser rejects between `//` and `@`.
///
/// And `@` itself, of which it uses the first instead of the last.
const RAW_IN_USER_INFO: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{variable}` is not the address of an http proxy: {flaw}")]
pub struct ProxyError {
    pub variable: &'static str,
    pub flaw: Flaw,
}

/// Without the value, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("only http and https proxies are supported, SOCKS is not")]
    Scheme,
    #[error("`/`, `?` and `#` in a user name or password must be written as %2F, %3F and %23")]
    Password,
    #[error("it names no host, or more than one")]
    Host,
    #[error("its port is not a number from 1 to 65535")]
    Port,
    #[error("it is not UTF-8")]
    Bytes,
}

pub struct Proxy {
    /// The variable that decides.
    pub variable: &'static str,
    /// In the one form that the client's parser accepts: scheme, user and password, host and port.
    url: Secret<String>,
    bypass: String,
    matcher: Matcher,
}

impl Proxy {
    pub fn from_env(env: &Env) -> Result<Option<Self>, ProxyError> {
        let Some((variable, value)) = value_of(env, HTTPS).or_else(|| value_of(env, ALL)) else {
            return Ok(None);
        };
        let bypass = value_of(env, NONE).and_then(|(_, value)| value.ok()).unwrap_or_default();
        Self::new(variable, value, &bypass).map(Some)
    }

    /// Returns what one variable names, though another may decide.
    pub fn named_by(env: &Env, spellings: Spellings) -> Option<Result<Self, ProxyError>> {
        let (variable, value) = value_of(env, spellings)?;
        Some(Self::new(variable, value, ""))
    }

    fn new(variable: &'static str, value: Result<String, Flaw>, bypass: &str) -> Result<Self, ProxyError> {
        let refused = |flaw| ProxyError { variable, flaw };
        let url = meant(&value.map_err(refused)?).map_err(refused)?;
        let bypass = bypassed(bypass);
        let matcher = Matcher::builder().https(url.as_str()).no(bypass.as_str()).build();
        let read = Matcher::builder().https(url.as_str()).build();
        let proxy = Self { variable, url: url.into(), bypass, matcher };
        // The parser that is used has the last word.
        let read = read.intercept(&Uri::from_static("https://host.invalid/"));
        match read {
            Some(read) if read.uri().to_string() == format!("{}/", proxy.address()) => Ok(proxy),
            _ => Err(refused(Flaw::Host)),
        }
    }

    /// Returns the URL for the HTTP client.
    pub fn config(&self) -> ProxyConfig {
        let uri = self.url.expose().parse::<Uri>();
        let config = uri.ok().and_then(|uri| ProxyConfig::https(uri).ok());
        config.expect("it was read before").no_proxy(&self.bypass)
    }

    /// Returns the URL without user and password: `http://proxy.example:3128`.
    pub fn address(&self) -> String {
        let url = self.url.expose();
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let host = rest.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}")
    }

    pub fn has_user(&self) -> bool {
        self.url.expose().contains('@')
    }

    /// Returns whether requests to that host, optionally with a port, use the proxy.
    pub fn leads_to(&self, host: &str) -> bool {
        let uri = format!("https://{host}/").parse::<Uri>();
        uri.is_ok_and(|uri| self.matcher.intercept(&uri).is_some())
    }

    /// Returns which host was not reached on the way to `host`, and why.
    pub fn blamed(
        &self,
        host: &str,
        problem: ProxyProblem,
        error: &(dyn Error + 'static),
    ) -> (String, String) {
        let name = format!("the proxy {} ({})", self.address(), self.variable);
        let why = match problem {
            ProxyProblem::Unreachable if speaks_plain_http(error) => {
                let plain = self.address().replacen("https:", "http:", 1);
                return (name, format!("it does not speak TLS; write {}={plain}", self.variable));
            }
            ProxyProblem::Unreachable => return (name, innermost(error)),
            ProxyProblem::WantsUser if self.has_user() => {
                "refused the user name and password (407)".to_owned()
            }
            ProxyProblem::WantsUser => format!(
                "wants a user name and password (407); write {}=http://USER:PASSWORD@host:port",
                self.variable
            ),
            ProxyProblem::Refused => "refuses to connect there".to_owned(),
            ProxyProblem::Broken => format!("broke off: {}", innermost(error)),
        };
        (host.to_owned(), format!("{name} {why}"))
    }
}

/// Handles requests that use no proxy.
pub fn none() -> ProxyConfig {
    ProxyConfig::disabled()
}

/// What happened between this machine and the far side of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProblem {
    Unreachable,
    WantsUser,
    Refused,
    Broken,
}

/// Returns `None` for an error beyond the proxy.
///
/// The client's own error type is private, so its text decides; a test triggers each of them.
pub fn problem(error: &(dyn Error + 'static)) -> Option<ProxyProblem> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(what) = error.to_string().strip_prefix("tunnel error: ") {
            return Some(match what {
                "failed to create underlying connection" => ProxyProblem::Unreachable,
                "proxy authorization required" => ProxyProblem::WantsUser,
                "unsuccessful" => ProxyProblem::Refused,
                _ => ProxyProblem::Broken,
            });
        }
        next = error.source();
    }
    None
}

/// Returns whether the TLS client met a server without TLS.
fn speaks_plain_http(error: &(dyn Error + 'static)) -> bool {
    matches!(tls_error(error), Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)))
}

/// Returns the non-empty variable of the two, and its value.
pub fn value_of(env: &Env, spellings: Spellings) -> Option<(&'static str, Result<String, Flaw>)> {
    spellings.into_iter().find_map(|name| {
        let value = env.raw(name)?.into_string();
        let value = value.map(|value| value.trim().to_owned()).map_err(|_| Flaw::Bytes);
        value.as_ref().map_or(true, |value| !value.is_empty()).then_some((name, value))
    })
}

/// Returns the intended URL.
///
/// Unambiguous slips are corrected: a scheme with one slash or with backslashes, and a user name or password whose
/// characters should have been percent-encoded (`CORP\me`).
fn meant(value: &str) -> Result<String, Flaw> {
    let (scheme, rest) = scheme_of(value)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    if behind.contains('@') {
        return Err(Flaw::Password);
    }
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let place = host_and_port(place)?;
    Ok(match user {
        Some(user) => format!("{scheme}://{}@{place}", encoded(user)),
        None => format!("{scheme}://{place}"),
    })
}

/// Returns the scheme and the rest; a value without a scheme is an http proxy.
fn scheme_of(value: &str) -> Result<(&'static str, &str), Flaw> {
    for (scheme, begin) in [("http", "http:"), ("https", "https:")] {
        let head = value.get(..begin.len()).filter(|head| head.eq_ignore_ascii_case(begin));
        let rest = head.map(|_| &value[begin.len()..]);
        if let Some(rest) = rest.filter(|rest| rest.starts_with(['/', '\\'])) {
            return Ok((scheme, rest.trim_start_matches(['/', '\\'])));
        }
    }
    match value.split_once(":/") {
        // After an `@` it is part of a path.
        Some((before, _)) if !before.contains(['@', '/']) => Err(Flaw::Scheme),
        _ => Ok(("http", value)),
    }
}

/// Percent-encodes a user name or password.
///
/// A percent sign stays: what is already encoded is not encoded twice, and the parser accepts a bare one.
fn encoded(user: &str) -> Cow<'_, str> {
    utf8_percent_encode(user, RAW_IN_USER_INFO).into()
}

fn host_and_port(place: &str) -> Result<String, Flaw> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (address, behind) = rest.split_once(']').ok_or(Flaw::Host)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| Flaw::Host)?;
            let port = match behind {
                "" => None,
                behind => Some(behind.strip_prefix(':').ok_or(Flaw::Host)?),
            };
            (format!("[{address}]"), port)
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (place.to_owned(), None),
        },
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !host.starts_with('[') && (host.is_empty() || !host.bytes().all(is_name)) {
        return Err(Flaw::Host);
    }
    let Some(port) = port else { return Ok(host) };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(port) if is_port && port > 0 => Ok(format!("{host}:{port}")),
        _ => Err(Flaw::Port),
    }
}

/// Returns the hosts that bypass the proxy, in one form for all spellings.
///
/// They are separated by commas (as in Go and Python) or blanks (curl), with `*.` before a domain (Go), with the port
/// of https, with brackets around an IPv6 address.
fn bypassed(list: &str) -> String {
    let entries = list.split(|letter: char| letter == ',' || letter.is_whitespace()).map(|entry| {
        let entry = entry
            .strip_suffix(":443")
            .filter(|name| !name.contains(':') || name.ends_with(']'))
            .unwrap_or(entry);
        let entry = entry.trim_start_matches('[').trim_end_matches(']');
        let entry = if entry.len() > 1 { entry.strip_prefix('*').unwrap_or(entry) } else { entry };
        entry.trim_end_matches('.')
    });
    entries.filter(|entry| !entry.is_empty()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
