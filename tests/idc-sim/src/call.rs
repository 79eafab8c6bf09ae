//! One request as the handlers see it: read in full, with the place at which it came in.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::COOKIE;

use crate::hosts::{self, Service};
use crate::log::Entry;
use crate::settings::Settings;

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) entry: Entry,
    /// As the client named it, with the port if there was one.
    pub(crate) host: String,
    /// The service of the host; `None` where one base URL serves everything.
    pub(crate) service: Option<Service>,
    /// The region of the host, or the instance's own where the host does not tell.
    pub(crate) region: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// A request without headers or body at the plain entry.
    #[cfg(test)]
    pub(crate) fn to(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            entry: Entry::Plain,
            host: "127.0.0.1".into(),
            service: None,
            region: "us-east-1".into(),
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }

    pub(crate) fn query_fields(&self) -> Fields {
        Fields::parse(self.query.as_bytes())
    }

    /// The fields of a form, wherever they are: in the query of a GET, in the body of a POST (where
    /// AWS's query services also look at the query).
    pub(crate) fn fields(&self) -> Fields {
        let mut fields = self.query_fields();
        if self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        {
            fields.0.extend(Fields::parse(&self.body).0);
        }
        fields
    }

    /// `http` only at the plain entry.
    pub(crate) fn scheme(&self) -> &'static str {
        match self.entry {
            Entry::Plain => "http",
            Entry::Proxy => "https",
        }
    }

    /// Where the portal's pages are, seen from this client.
    pub(crate) fn portal_base(&self, settings: &Settings) -> String {
        match self.entry {
            Entry::Plain => format!("http://{}", self.host),
            Entry::Proxy => {
                format!("https://{}", hosts::host_of(&settings.start_url).unwrap_or_default())
            }
        }
    }

    /// The portal of this way in, for a browser that has not been there yet.
    pub(crate) fn unsolicited_portal(&self, settings: &Settings) -> String {
        match self.entry {
            Entry::Plain => settings.plain_url(),
            Entry::Proxy => self.portal_base(settings),
        }
    }

    /// Where the OIDC service is, seen from this client.
    pub(crate) fn oidc_base(&self) -> String {
        match self.entry {
            Entry::Plain => format!("http://{}", self.host),
            Entry::Proxy => format!("https://{}", hosts::oidc_host(&self.region)),
        }
    }
}

/// Decoded names and values, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

/// A name is there more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

impl Fields {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The only value of `name`.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { Err(Repeated) } else { Ok(first) }
    }

    /// The first value of `name`.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn has_repeated(&self) -> bool {
        self.0
            .iter()
            .enumerate()
            .any(|(index, (name, _))| self.0[..index].iter().any(|(known, _)| known == name))
    }
}
