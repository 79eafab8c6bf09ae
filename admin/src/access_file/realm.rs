//! `[realm]`: the Keycloak realm and the service account by which it is read.

use kcaws::ports::identity_center::loopback_or_https;
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::{Refused, checked};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RealmSettings {
    /// The server, with a `/` at the end.
    pub(crate) url: Url,
    pub(crate) name: String,
    /// The confidential client whose service account kcaws uses.
    pub(crate) client_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    url: Spanned<String>,
    name: Spanned<String>,
    client_id: Spanned<String>,
}

impl RealmSettings {
    pub(super) fn check(written: &Written) -> Result<Self, Refused> {
        Ok(Self {
            url: checked(&written.url, |url| server_url(url))?,
            name: checked(&written.name, |name| realm_name(name))?,
            client_id: checked(&written.client_id, |id| client_id(id))?,
        })
    }

    /// Returns the URL of the realm, which is its issuer too.
    pub(crate) fn url(&self) -> String {
        format!("{}realms/{}", self.url, self.name)
    }
}

/// Checks the URL of a Keycloak server.
pub(crate) fn server_url(text: &str) -> Result<Url, String> {
    let mut url =
        Url::parse(text).map_err(|_| format!("`{text}` is not a URL such as https://sso.example.com"))?;
    if !loopback_or_https(&url) {
        return Err(format!("`{text}` must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL must not have a user name or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the URL must have no query and no fragment".to_owned());
    }
    if url.path().contains("/realms/") {
        return Err(format!("`{text}` is the URL of a realm: give the server's, and the realm as `name`"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// Checks the name of a realm, which becomes a part of URLs.
pub(crate) fn realm_name(name: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err("the name of the realm is empty".to_owned());
    }
    match name.chars().find(|letter| letter.is_control() || "/\\?#%;".contains(*letter)) {
        Some(_) => Err(format!("`{name}` is not the name of a realm")),
        None if [".", ".."].contains(&name) => Err(format!("`{name}` is not the name of a realm")),
        None => Ok(name.to_owned()),
    }
}

pub(crate) fn client_id(id: &str) -> Result<String, String> {
    if id.is_empty() || id.contains(char::is_control) {
        return Err("the client ID is empty or has control characters".to_owned());
    }
    Ok(id.to_owned())
}
