//! IAM: roles of the company's own, which a role session may assume, and `GetRole`, which shows them.

mod get_role;

use std::time::Duration;

use serde::Deserialize;

use crate::secret;

pub(crate) use get_role::get_role;

/// A role for `AssumeRole`, with the conditions of its trust policy. Without any it trusts every principal.
///
/// ```
/// use idc_sim::IamRole;
///
/// let deploy = IamRole::new("arn:aws:iam::222233334444:role/ci/Deploy")
///     .trusts("arn:aws:iam::111122223333:root")
///     .external_id("team-7");
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to the builder"]
pub struct IamRole {
    pub(crate) arn: String,
    /// `AROA…`.
    pub(crate) id: String,
    trusted: Vec<String>,
    external_id: Option<String>,
    mfa: Option<Mfa>,
    pub(crate) max_session: Duration,
    web_identity_token: Option<String>,
    pub(crate) account_access: AccountAccessTrust,
}

/// What a role's trust policy says about `account-access.amazonaws.com`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountAccessTrust {
    /// Nothing.
    Missing,
    /// It may assume the role for this organization's application.
    #[default]
    Granted,
    /// It may, but for another source account or application: nobody notices before the role is assumed.
    WrongSource,
}

#[derive(Clone, Debug)]
struct Mfa {
    serial: String,
    /// Each is good once, as at AWS.
    codes: Vec<String>,
}

/// How a trust policy judges a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Granted,
    Denied,
    /// The serial number or the code is not that of a device of the caller's.
    WrongMfa,
}

/// What a request says for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presented<'a> {
    /// The caller's account and the name of its role.
    pub(crate) caller: (&'a str, &'a str),
    pub(crate) external_id: Option<&'a str>,
    /// Serial number and code.
    pub(crate) mfa: Option<(&'a str, &'a str)>,
}

impl IamRole {
    /// `arn:aws:iam::<account>:role/<path and name>`; sessions of an hour at most.
    pub fn new(arn: &str) -> Self {
        Self {
            arn: arn.to_owned(),
            id: secret::role_id(),
            trusted: Vec::new(),
            external_id: None,
            mfa: None,
            max_session: Duration::from_hours(1),
            web_identity_token: None,
            account_access: AccountAccessTrust::Missing,
        }
    }

    /// Adds a principal: an account (`arn:aws:iam::111122223333:root`, or its 12 digits) or a role.
    pub fn trusts(mut self, principal: &str) -> Self {
        self.trusted.push(principal.to_owned());
        self
    }

    /// Demands `sts:ExternalId`.
    pub fn external_id(mut self, id: &str) -> Self {
        self.external_id = Some(id.to_owned());
        self
    }

    /// Demands a code of this device; each of `codes` is accepted once.
    pub fn mfa(mut self, serial: &str, codes: &[&str]) -> Self {
        let codes = codes.iter().map(|&code| code.to_owned()).collect();
        self.mfa = Some(Mfa { serial: serial.to_owned(), codes });
        self
    }

    /// `MaxSessionDuration`, 1 to 12 hours. Default 1 h. A chained session is never longer than an hour.
    pub fn max_session(mut self, duration: Duration) -> Self {
        self.max_session = duration;
        self
    }

    /// Can be assumed with this web identity token too.
    pub fn web_identity_token(mut self, token: &str) -> Self {
        self.web_identity_token = Some(token.to_owned());
        self
    }

    /// What its trust policy says about account access. Default [`AccountAccessTrust::Missing`].
    pub fn account_access(mut self, trust: AccountAccessTrust) -> Self {
        self.account_access = trust;
        self
    }

    pub(crate) fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// `/` or `/team/`
    fn path(&self) -> &str {
        let resource = self.arn.split_once(":role").map_or("/", |(_, resource)| resource);
        &resource[..=resource.rfind('/').unwrap_or_default()]
    }

    /// Without its path.
    pub(crate) fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn accepts_web_identity(&self, token: &str) -> bool {
        self.web_identity_token.as_deref() == Some(token)
    }

    /// Judges a request, and uses up its code.
    pub(crate) fn judge(&mut self, presented: Presented<'_>) -> Trust {
        let (account, role) = presented.caller;
        let is_caller = |principal: &String| {
            let named = principal.rsplit('/').next() == Some(role);
            principal == account
                || *principal == format!("arn:aws:iam::{account}:root")
                || (named && principal.split(':').nth(4) == Some(account))
        };
        if !self.trusted.is_empty() && !self.trusted.iter().any(is_caller) {
            return Trust::Denied;
        }
        if self.external_id.is_some() && self.external_id.as_deref() != presented.external_id {
            return Trust::Denied;
        }
        match (&mut self.mfa, presented.mfa) {
            (None, None) => Trust::Granted,
            (Some(_), None) => Trust::Denied,
            (None, Some(_)) => Trust::WrongMfa,
            (Some(device), Some((serial, code))) => {
                let at = device.codes.iter().position(|known| known == code);
                match at.filter(|_| device.serial == serial) {
                    Some(at) => {
                        device.codes.remove(at);
                        Trust::Granted
                    }
                    None => Trust::WrongMfa,
                }
            }
        }
    }
}
