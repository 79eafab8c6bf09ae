//! IAM roles by account access manager: the setting of a session, and whether its login covers them.

use url::Url;

use super::{LoginNeeded, Session, SessionError};
use crate::ports::identity_center::account_access::{SCOPES, is_tenant};
use crate::ports::identity_center::{AccountAccess, Issued, is_region};

/// `account_access` of a session: the tenant, or the URL of its portal, which names the Region too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountAccessSetting {
    pub tenant: String,
    /// `None`: that of the session.
    pub region: Option<String>,
}

impl AccountAccessSetting {
    /// Parses `aa-gyxmap389`, or `https://aa-gyxmap389.account-access.eu-central-1.app.aws`.
    pub fn parse(text: &str) -> Option<Self> {
        if is_tenant(text) {
            return Some(Self { tenant: text.to_owned(), region: None });
        }
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.port().is_none())?;
        let host = url.host_str()?.strip_suffix(".app.aws")?;
        let (tenant, region) = host.split_once(".account-access.")?;
        (is_tenant(tenant) && is_region(region))
            .then(|| Self { tenant: tenant.to_owned(), region: Some(region.to_owned()) })
    }

    /// Returns the text that [`Self::parse`] reads.
    pub fn as_written(&self) -> String {
        match &self.region {
            Some(region) => self.portal(region),
            None => self.tenant.clone(),
        }
    }

    /// Returns the URL of the tenant's portal, in a session of this Region.
    pub fn portal(&self, region: &str) -> String {
        let region = self.region.as_deref().unwrap_or(region);
        format!("https://{}.account-access.{region}.app.aws", self.tenant)
    }
}

impl Session<'_> {
    /// Returns the scopes that a login registers for.
    ///
    /// All together: without `sso:account:access` there is no refresh token (AWS SDKs and Tools reference guide, IAM
    /// Identity Center credential provider).
    pub(super) fn login_scopes(&self) -> Vec<String> {
        let mut scopes = self.config.scopes.clone();
        if self.endpoints.account_access.is_some() {
            let more = SCOPES.iter().filter(|scope| !scopes.iter().any(|known| known == *scope));
            let more: Vec<String> = more.map(|scope| (*scope).to_owned()).collect();
            scopes.extend(more);
        }
        scopes
    }

    /// Returns whether the login can do what the settings ask of it.
    pub(super) fn login_covers_account_access(&self) -> Result<bool, SessionError> {
        match self.account_access() {
            Ok(_) | Err(SessionError::NoAccountAccess { .. }) => Ok(true),
            Err(
                SessionError::LoginNeeded { .. }
                | SessionError::OtherTenant { .. }
                | SessionError::ForeignEndpoint { .. },
            ) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns where the login may get IAM roles from.
    ///
    /// Nothing is sent for a login that was made without account access, or for another tenant (rule 12).
    pub(crate) fn account_access(&self) -> Result<&AccountAccess, SessionError> {
        let session = || self.config.name.clone();
        let asked = self.endpoints.account_access.as_ref();
        let asked = asked.ok_or_else(|| SessionError::NoAccountAccess { session: session() })?;
        let Some(record) = self.load()? else {
            return Err(self.login_needed(LoginNeeded::NeverLoggedIn));
        };
        let Some(issuer) = record.account_access_of_login() else {
            return Err(self.login_needed(LoginNeeded::WithoutAccountAccess));
        };
        if !Issued::Token.may_go(&issuer.origin, &asked.origin) {
            return Err(SessionError::ForeignEndpoint {
                session: session(),
                issuer: issuer.origin.clone(),
                asked: asked.origin.clone(),
            });
        }
        if issuer.tenant != asked.tenant {
            return Err(SessionError::OtherTenant {
                session: session(),
                issuer: issuer.tenant.clone(),
                asked: asked.tenant.clone(),
            });
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_given_by_its_id_or_its_portal() {
        let parse = |text| AccountAccessSetting::parse(text).map(|found| (found.tenant, found.region));
        let tenant = "aa-gyxmap389".to_owned();
        assert_eq!(parse("aa-gyxmap389"), Some((tenant.clone(), None)));
        for url in [
            "https://aa-gyxmap389.account-access.eu-central-1.app.aws",
            "https://aa-gyxmap389.account-access.eu-central-1.app.aws/#/console?account_id=1",
        ] {
            assert_eq!(parse(url), Some((tenant.clone(), Some("eu-central-1".to_owned()))), "{url}");
        }
        for text in [
            "",
            "AA-GYXMAP389",
            "aa-gyxmap389-gyxmap389-gyx",
            "http://aa-gyxmap389.account-access.eu-central-1.app.aws",
            "https://aa-gyxmap389.account-access.eu-central-1.app.aws.example.com",
            "https://aa-gyxmap389.account-access.frankfurt.app.aws",
            "https://a.aa-gyxmap389.account-access.eu-central-1.app.aws",
            "https://aa-gyxmap389.portal.eu-central-1.app.aws",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_portal_is_in_the_region_of_the_setting_or_of_the_session() {
        let of = |text| AccountAccessSetting::parse(text).expect("is one").portal("us-east-1");
        assert_eq!(of("aa-x"), "https://aa-x.account-access.us-east-1.app.aws");
        let url = "https://aa-x.account-access.eu-west-1.app.aws";
        assert_eq!(of(url), url);
    }
}
