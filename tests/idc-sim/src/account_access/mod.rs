//! Account access manager: people and groups straight onto IAM roles of the company's own.
//!
//! Two services on one store: by `account-access-runtime` a person's token lists roles and gets credentials
//! ([`runtime`]), by `account-access` administrators say who may have which ([`control_plane`]). Shapes, limits and errors
//! are those of botocore's models; what they leave open is a switch ([`settings`]).

mod application;
pub(crate) mod control_plane;
pub(crate) mod runtime;
pub(crate) mod settings;

mod handle;
mod page;
mod refusal;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use crate::directory::{Directory, PrincipalId};
use crate::iam::AccountAccessTrust;
use crate::secret;
use crate::settings::Settings;
use crate::state::{ACCOUNT_ACCESS, Registration, SessionId, State};
use crate::throttle::Bucket;

pub(crate) use application::Application;
use settings::{AccountAccessSettings, UnassignedPerson, UnusableRole};

/// Lets a token list roles.
pub(crate) const READ_ONLY: &str = "account_access:read_only";
/// Lets a token get credentials.
pub(crate) const ASSUME: &str = "account_access:assume";

/// The scopes of account access.
pub const ACCOUNT_ACCESS_SCOPES: [&str; 2] = [READ_ONLY, ASSUME];

/// What an organization has set up.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountAccess {
    /// One at most.
    pub(crate) application: Option<Application>,
    /// ARNs of applications that were deleted.
    pub(crate) deleted_applications: BTreeSet<String>,
    pub(crate) entitlements: Vec<Entitlement>,
    pub(crate) buckets: HashMap<String, Bucket>,
}

/// A principal's right to a role. It never changes; it is made and deleted.
#[derive(Clone, Debug)]
pub(crate) struct Entitlement {
    pub(crate) id: String,
    pub(crate) principal: PrincipalId,
    pub(crate) role_arn: String,
    pub(crate) created: SystemTime,
    /// When it was deleted. It is kept, since credentials may be issued for a while.
    withdrawn: Option<SystemTime>,
}

/// What became of asking for a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Entitled,
    /// The role was deleted, or the entitlement is too new.
    Unusable,
    NotEntitled,
}

impl Entitlement {
    fn new(principal: PrincipalId, role_arn: &str, now: SystemTime) -> Self {
        let id = format!("ent-{}", secret::hex(16));
        Self { id, principal, role_arn: role_arn.to_owned(), created: now, withdrawn: None }
    }

    pub(crate) fn is_current(&self) -> bool {
        self.withdrawn.is_none()
    }

    fn is_new(&self, delay: Duration, now: SystemTime) -> bool {
        now < self.created + delay
    }
}

impl AccountAccess {
    /// Returns what is there at the start.
    pub(crate) fn of(settings: &Settings, directory: &Directory, now: SystemTime) -> Self {
        let chosen = &settings.account_access;
        let region = chosen.tenant_region.as_ref().unwrap_or(&settings.region);
        let application = chosen.tenant.clone().map(|tenant| Application::ready(tenant, region, now));
        let mut account_access = Self { application, ..Self::default() };
        // Entitlements that were there at the start are usable from the start.
        let before = now - chosen.entitlement_delay;
        for (principal, role_arn) in &settings.entitlements {
            if let Some(principal) = directory.principal(principal) {
                account_access.entitle(principal, role_arn, before);
            }
        }
        account_access
    }

    /// Entitles a principal to a role, if it is not yet, and returns the entitlement.
    pub(crate) fn entitle(
        &mut self,
        principal: PrincipalId,
        role_arn: &str,
        now: SystemTime,
    ) -> &Entitlement {
        let is_it = |known: &Entitlement| {
            known.is_current() && known.principal == principal && known.role_arn == role_arn
        };
        let at = self.entitlements.iter().position(is_it).unwrap_or_else(|| {
            self.entitlements.push(Entitlement::new(principal, role_arn, now));
            self.entitlements.len() - 1
        });
        &self.entitlements[at]
    }

    /// Deletes the entitlements that `is_meant`, and tells whether there were any.
    pub(crate) fn withdraw(&mut self, now: SystemTime, is_meant: impl Fn(&Entitlement) -> bool) -> bool {
        let mut meant =
            self.entitlements.iter_mut().filter(|known| known.is_current() && is_meant(known)).peekable();
        let any = meant.peek().is_some();
        meant.for_each(|entitlement| entitlement.withdrawn = Some(now));
        any
    }

    /// Whether a person has any role by account access.
    pub(crate) fn has_any(&self, directory: &Directory, user: &str) -> bool {
        let who = directory.principals_of(user);
        self.current().any(|known| who.contains(&known.principal))
    }

    /// Returns the roles that a person's list has, each once, in the order of their ARNs.
    pub(crate) fn listed_roles(
        &self,
        directory: &Directory,
        user: &str,
        settings: &AccountAccessSettings,
        now: SystemTime,
    ) -> BTreeSet<&str> {
        let who = directory.principals_of(user);
        let is_usable = |known: &&Entitlement| {
            !known.is_new(settings.entitlement_delay, now) && directory.has_iam_role(&known.role_arn)
        };
        let is_listed =
            |known: &&Entitlement| settings.unusable_role == UnusableRole::Listed || is_usable(known);
        let theirs = self.current().filter(|known| who.contains(&known.principal));
        theirs.filter(is_listed).map(|known| known.role_arn.as_str()).collect()
    }

    /// Judges a request for credentials, the role's trust policy aside.
    pub(crate) fn standing(
        &self,
        directory: &Directory,
        user: &str,
        role_arn: &str,
        settings: &AccountAccessSettings,
        now: SystemTime,
    ) -> Standing {
        let who = directory.principals_of(user);
        let lasts = |known: &Entitlement| {
            known.withdrawn.is_none_or(|withdrawn| now < withdrawn + settings.withdrawal_delay)
        };
        let theirs: Vec<_> = self
            .entitlements
            .iter()
            .filter(|known| known.role_arn == role_arn && lasts(known) && who.contains(&known.principal))
            .collect();
        if theirs.is_empty() {
            return Standing::NotEntitled;
        }
        let is_old = theirs.iter().any(|known| !known.is_new(settings.entitlement_delay, now));
        if is_old && directory.has_iam_role(role_arn) { Standing::Entitled } else { Standing::Unusable }
    }

    pub(crate) fn current(&self) -> impl Iterator<Item = &Entitlement> {
        self.entitlements.iter().filter(|known| known.is_current())
    }
}

impl Registration {
    /// Whether its logins get a refresh token.
    pub(crate) fn is_refreshable(&self, settings: &Settings) -> bool {
        let is_switched_off = has_scope(&self.scopes) && !settings.account_access.account_access_refresh;
        self.scopes.iter().any(|scope| scope == ACCOUNT_ACCESS)
            && self.allows("refresh_token")
            && !is_switched_off
    }

    /// Whether its access tokens end before the session does.
    pub(crate) fn has_short_tokens(&self, settings: &Settings) -> bool {
        self.is_refreshable(settings) || has_scope(&self.scopes)
    }
}

impl State {
    /// Whether a person's login may have these scopes: those of account access may be for assigned people only.
    pub(crate) fn may_have(&self, settings: &Settings, scopes: &[String], session: SessionId) -> bool {
        let is_open = settings.account_access.unassigned_person == UnassignedPerson::Irrelevant;
        is_open
            || !has_scope(scopes)
            || self.account_access.has_any(&self.directory, &self.session(session).user)
    }
}

/// Whether a role's trust policy lets account access assume it.
pub(crate) fn is_trusted(trust: AccountAccessTrust) -> bool {
    match trust {
        AccountAccessTrust::Granted => true,
        AccountAccessTrust::Missing | AccountAccessTrust::WrongSource => false,
    }
}

/// Whether a registration or a login asks for any of account access.
pub(crate) fn has_scope(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| ACCOUNT_ACCESS_SCOPES.contains(&scope.as_str()))
}
