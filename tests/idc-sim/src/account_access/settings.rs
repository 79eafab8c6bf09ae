//! The switches of account access, and how the builder sets them. The first value of each is the default.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::builder::Builder;
use crate::directory::Principal;
use crate::hosts;
use crate::settings::{DEFAULT_USER, Settings};
use crate::switches::Throttle;

/// Which registrations may have the scopes of account access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountAccessScopes {
    /// Any, also together with `sso:account:access`.
    #[default]
    Together,
    /// One without `sso:account:access`; else `invalid_scope`.
    OnlyAlone,
    /// None: `invalid_scope`.
    Unknown,
}

/// What a token without the scope is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingScope {
    /// 401 `UnauthorizedException`.
    #[default]
    Unauthorized,
    /// 403 `AccessDeniedException`.
    AccessDenied,
}

/// What a tenant is answered with that is unknown, or somebody else's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownTenant {
    /// 403 `AccessDeniedException`.
    #[default]
    AccessDenied,
    /// 400 `ValidationException`.
    Validation,
    /// 401 `UnauthorizedException`.
    Unauthorized,
    /// An empty list; credentials are 403.
    EmptyList,
}

/// What credentials of a role are answered with whose trust policy does not let account access in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrokenTrust {
    /// 403 `AccessDeniedException`.
    #[default]
    AccessDenied,
    /// 400 `ValidationException`.
    Validation,
    /// 500 `InternalServerException`.
    InternalServer,
}

/// What `CreateEntitlement` looks at of the role, and how it refuses one that is not there or whose trust policy does not
/// name account access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntitlementCheck {
    /// 400 `ValidationException`.
    #[default]
    Validation,
    /// 403 `AccessDeniedException`.
    AccessDenied,
    /// Nothing: such a role fails when it is used.
    None,
}

/// Where the name of an exception is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorTypeIn {
    /// In the member `__type`.
    #[default]
    Body,
    /// In the header `x-amzn-ErrorType`.
    Header,
    /// Nowhere: only the status tells.
    Neither,
}

/// How `expiresAt` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiryForm {
    /// Whole seconds since 1970.
    #[default]
    Seconds,
    /// Seconds since 1970 with a fraction.
    Fraction,
    /// `2026-11-29T08:00:00Z`.
    Iso,
    /// Milliseconds since 1970, as at the portal. botocore cannot read them.
    Milliseconds,
}

/// How long credentials are valid if the client does not ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultDuration {
    /// As long as the role allows.
    #[default]
    RoleMaximum,
    /// An hour, whatever the role allows.
    OneHour,
}

/// Whether a role is listed that was deleted in its account, or assigned a moment ago. Its credentials are 403.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnusableRole {
    /// It is.
    #[default]
    Listed,
    /// It is not.
    Hidden,
}

/// Whether a token from another region than the tenant's is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForeignRegion {
    /// It is.
    #[default]
    Accepted,
    /// 401 `UnauthorizedException`.
    Unauthorized,
}

/// What the portal's `ListAccounts` answers where permission sets are off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutPermissionSets {
    /// An empty list.
    #[default]
    EmptyList,
    /// 403 `ForbiddenException`.
    Forbidden,
}

/// Who has a bucket of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThrottlePer {
    /// Everybody of a tenant together.
    #[default]
    Tenant,
    /// Each access token.
    Token,
}

/// What becomes of a login with the scopes by a person who has no role by account access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnassignedPerson {
    /// It succeeds.
    #[default]
    Irrelevant,
    /// `access_denied`.
    AccessDenied,
}

/// What can be chosen about account access.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "settings are switches")]
pub struct AccountAccessSettings {
    /// `aa-…`: the tenant of the application that exists at the start. Default none: there is no application.
    pub tenant: Option<String>,
    /// The tenant's region. Default: the instance's.
    pub tenant_region: Option<String>,

    /// Default [`AccountAccessScopes::Together`].
    pub account_access_scopes: AccountAccessScopes,
    /// A login with `sso:account:access` and the scopes of account access gets a refresh token. Default true.
    pub account_access_refresh: bool,
    /// Default [`MissingScope::Unauthorized`].
    pub missing_scope: MissingScope,
    /// Default [`UnknownTenant::AccessDenied`].
    pub unknown_tenant: UnknownTenant,
    /// Default [`BrokenTrust::AccessDenied`].
    pub broken_trust: BrokenTrust,
    /// Default [`EntitlementCheck::Validation`].
    pub entitlement_check: EntitlementCheck,
    /// Groups that may have one role. Default 20.
    pub groups_per_role: usize,
    /// How long a new application is not active. Default zero.
    #[serde(deserialize_with = "seconds")]
    pub application_time: Duration,
    /// Default [`ErrorTypeIn::Body`].
    pub error_type_in: ErrorTypeIn,
    /// Default [`ExpiryForm::Seconds`].
    pub expiry_form: ExpiryForm,
    /// Default [`DefaultDuration::RoleMaximum`].
    pub default_duration: DefaultDuration,
    /// Default [`UnusableRole::Listed`].
    pub unusable_role: UnusableRole,
    /// How long a new entitlement cannot be used. Default zero.
    #[serde(deserialize_with = "seconds")]
    pub entitlement_delay: Duration,
    /// How long credentials are issued after an entitlement was deleted; the list shrinks at once. Default zero.
    #[serde(deserialize_with = "seconds")]
    pub withdrawal_delay: Duration,
    /// The portal's `Logout` ends the token here too. Default true.
    pub logout_ends_account_access: bool,
    /// Default [`ForeignRegion::Accepted`].
    pub foreign_region: ForeignRegion,
    /// The address of the tenant's portal is accepted as a start URL. Default false.
    pub tenant_start_url: bool,
    /// Default [`WithoutPermissionSets::EmptyList`].
    pub without_permission_sets: WithoutPermissionSets,
    /// More is a `ThrottlingException`. Default 20 a second, 20 at once.
    pub account_access_throttle: Option<Throttle>,
    /// Default [`ThrottlePer::Tenant`].
    pub throttle_per: ThrottlePer,
    /// Default [`UnassignedPerson::Irrelevant`].
    pub unassigned_person: UnassignedPerson,
    /// The console's federation endpoint accepts `SessionDuration` with these credentials. Default true.
    pub account_access_console_duration: bool,
    /// The first page of a longer list of roles holds nothing. Default true.
    pub empty_role_pages: bool,
}

impl Default for AccountAccessSettings {
    fn default() -> Self {
        Self {
            tenant: None,
            tenant_region: None,
            account_access_scopes: AccountAccessScopes::default(),
            account_access_refresh: true,
            missing_scope: MissingScope::default(),
            unknown_tenant: UnknownTenant::default(),
            broken_trust: BrokenTrust::default(),
            entitlement_check: EntitlementCheck::default(),
            groups_per_role: 20,
            application_time: Duration::ZERO,
            error_type_in: ErrorTypeIn::default(),
            expiry_form: ExpiryForm::default(),
            default_duration: DefaultDuration::default(),
            unusable_role: UnusableRole::default(),
            entitlement_delay: Duration::ZERO,
            withdrawal_delay: Duration::ZERO,
            logout_ends_account_access: true,
            foreign_region: ForeignRegion::default(),
            tenant_start_url: false,
            without_permission_sets: WithoutPermissionSets::default(),
            account_access_throttle: Some(Throttle { per_second: 20.0, burst: 20 }),
            throttle_per: ThrottlePer::default(),
            unassigned_person: UnassignedPerson::default(),
            account_access_console_duration: true,
            empty_role_pages: true,
        }
    }
}

impl AccountAccessSettings {
    /// The address of the tenant's portal, at an instance in `region`.
    pub(crate) fn portal_url(&self, region: &str) -> Option<String> {
        let region = self.tenant_region.as_deref().unwrap_or(region);
        self.tenant.as_deref().map(|tenant| portal_url(tenant, region))
    }

    /// Refuses what makes no sense, in words for people.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(tenant) = self.tenant.as_deref().filter(|tenant| !is_tenant(tenant)) {
            return Err(format!("`{tenant}` is no tenant of account access"));
        }
        match &self.tenant_region {
            Some(region) if !hosts::is_region(region) => Err(format!("`{region}` is no region")),
            _ => Ok(()),
        }
    }
}

impl Settings {
    /// Refuses groups and entitlements of somebody or to something that is not there.
    pub(crate) fn check_entitlements(&self) -> Result<(), String> {
        let default = [(DEFAULT_USER.0.to_owned(), None)];
        let users = if self.users.is_empty() { default.as_slice() } else { &self.users };
        let has_user = |name: &String| users.iter().any(|(known, _)| known == name);
        if let Some(name) = self.groups.iter().flat_map(|(_, members)| members).find(|name| !has_user(name)) {
            return Err(format!("no user `{name}`"));
        }
        let mut names = BTreeSet::new();
        if let Some((group, _)) = self.groups.iter().find(|(group, _)| !names.insert(group)) {
            return Err(format!("there are two groups `{group}`"));
        }
        for (principal, role) in &self.entitlements {
            match principal {
                Principal::User(name) if !has_user(name) => return Err(format!("no user `{name}`")),
                Principal::Group(name) if self.groups.iter().all(|(known, _)| known != name) => {
                    return Err(format!("no group `{name}`"));
                }
                Principal::User(_) | Principal::Group(_) => {}
            }
            if self.iam_roles.iter().all(|known| known.arn != *role) {
                return Err(format!("no role `{role}`"));
            }
            if self.account_access.tenant.is_none() {
                return Err("an entitlement needs a tenant of account access".to_owned());
            }
        }
        Ok(())
    }
}

/// `https://aa-….account-access.<region>.app.aws` (IAM user guide, "Using the account access portal").
pub(super) fn portal_url(tenant: &str, region: &str) -> String {
    format!("https://{tenant}.account-access.{region}.app.aws")
}

/// `aa-…`, 3 to 24 characters (service model, and the text of the API reference).
pub(crate) fn is_tenant(text: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.starts_with("aa-") && text.len() <= 24 && text.bytes().all(is_fine)
}

fn seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u64::deserialize(input).map(Duration::from_secs)
}

/// Methods that set the field of their name.
macro_rules! setters {
    ($($field:ident: $type:ty,)+) => {
        impl Builder {$(
            #[doc = concat!("Sets [`AccountAccessSettings::", stringify!($field), "`].")]
            pub fn $field(mut self, $field: $type) -> Self {
                self.settings.account_access.$field = $field;
                self
            }
        )+}
    };
}

setters! {
    account_access_scopes: AccountAccessScopes,
    account_access_refresh: bool,
    missing_scope: MissingScope,
    unknown_tenant: UnknownTenant,
    broken_trust: BrokenTrust,
    entitlement_check: EntitlementCheck,
    groups_per_role: usize,
    application_time: Duration,
    error_type_in: ErrorTypeIn,
    expiry_form: ExpiryForm,
    default_duration: DefaultDuration,
    unusable_role: UnusableRole,
    entitlement_delay: Duration,
    withdrawal_delay: Duration,
    logout_ends_account_access: bool,
    foreign_region: ForeignRegion,
    tenant_start_url: bool,
    without_permission_sets: WithoutPermissionSets,
    account_access_throttle: Option<Throttle>,
    throttle_per: ThrottlePer,
    unassigned_person: UnassignedPerson,
    account_access_console_duration: bool,
    empty_role_pages: bool,
}

impl Builder {
    /// Sets [`AccountAccessSettings::tenant`]: account access is set up.
    pub fn tenant(mut self, id: &str) -> Self {
        self.settings.account_access.tenant = Some(id.to_owned());
        self
    }

    /// Sets [`AccountAccessSettings::tenant_region`].
    pub fn tenant_region(mut self, region: &str) -> Self {
        self.settings.account_access.tenant_region = Some(region.to_owned());
        self
    }

    /// Adds a group with these members.
    pub fn group(mut self, name: &str, members: &[&str]) -> Self {
        let members = members.iter().map(|&member| member.to_owned()).collect();
        self.settings.groups.push((name.to_owned(), members));
        self
    }

    /// Entitles a user to a role, by its ARN.
    pub fn entitle(mut self, user: &str, role_arn: &str) -> Self {
        let user = Principal::User(user.to_owned());
        self.settings.entitlements.push((user, role_arn.to_owned()));
        self
    }

    /// Entitles every member of a group to a role, by its ARN.
    pub fn entitle_group(mut self, group: &str, role_arn: &str) -> Self {
        let group = Principal::Group(group.to_owned());
        self.settings.entitlements.push((group, role_arn.to_owned()));
        self
    }
}
