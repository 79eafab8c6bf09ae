//! `[identity_center]`: the instance, its SCIM endpoint and the profile by which it is reached.

use std::fmt;

use kcaws::ports::identity_center::{is_region, loopback_or_https};
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::{Refused, checked};

/// The last part of the path of every SCIM endpoint of AWS.
const SCIM_PATH: &str = "/scim/v2/";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdentityCenterSettings {
    /// The primary Region.
    pub(crate) region: String,
    pub(crate) instance: InstanceId,
    /// With a `/` at the end.
    pub(crate) scim_endpoint: Option<Url>,
    /// The AWS profile; without one the SDK's default chain of credentials.
    pub(crate) profile: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    region: Spanned<String>,
    instance: Spanned<String>,
    scim_endpoint: Option<Spanned<String>>,
    profile: Option<String>,
}

/// The ID of an instance, `ssoins-` and 16 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstanceId(String);

impl IdentityCenterSettings {
    pub(super) fn check(written: Written) -> Result<Self, Refused> {
        Ok(Self {
            region: checked(&written.region, |region| region_name(region))?,
            instance: checked(&written.instance, |instance| InstanceId::parse(instance))?,
            scim_endpoint: written
                .scim_endpoint
                .map(|url| checked(&url, |url| scim_endpoint(url)))
                .transpose()?,
            profile: written.profile,
        })
    }
}

impl InstanceId {
    /// Reads the ID or the whole ARN.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let id = text.rsplit_once(":::instance/").map_or(text, |(_, id)| id);
        let is_id = id
            .strip_prefix("ssoins-")
            .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if !is_id {
            return Err(format!("`{text}` is not an instance, which looks like ssoins-1234567890abcdef"));
        }
        Ok(Self(id.to_owned()))
    }

    /// Returns whether this is the instance with the ARN.
    pub(crate) fn is_of(&self, arn: &str) -> bool {
        arn.rsplit_once('/').is_some_and(|(_, id)| id == self.0)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn region_name(text: &str) -> Result<String, String> {
    if is_region(text) { Ok(text.to_owned()) } else { Err(format!("`{text}` is not an AWS Region")) }
}

/// Checks the SCIM endpoint as the console shows it.
///
/// IAM Identity Center SCIM developer guide: `https://scim.<region>.amazonaws.com/<tenant>/scim/v2/`.
pub(crate) fn scim_endpoint(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|_| format!("`{text}` is not a URL"))?;
    if !loopback_or_https(&url) {
        return Err(format!("`{text}` must begin with https://"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err("the SCIM endpoint is a scheme, a host and a path".to_owned());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    if !url.path().ends_with(SCIM_PATH) {
        return Err(format!("the SCIM endpoint must end with {SCIM_PATH}"));
    }
    Ok(url)
}
