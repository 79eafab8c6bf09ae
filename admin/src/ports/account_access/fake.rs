//! An application in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{AccountAccess, Application, Entitlement, EntitlementFilter, RequestId};
use crate::ports::aws_call::{AwsError, AwsPage};
use crate::ports::sso_admin::access::Principal;

const PAGE: usize = 100;
pub(crate) const APPLICATION: &str =
    "arn:aws:account-access:eu-central-1:000000000000:application/0123456789abcdef";
pub(crate) const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-1234567890abcdef";

pub(crate) struct FakeAccountAccess(Mutex<FakeEntitlements>);

/// What is there. Tests write to it directly.
#[derive(Default)]
pub(crate) struct FakeEntitlements {
    pub(crate) applications: Vec<Application>,
    /// By ID.
    pub(crate) entitlements: BTreeMap<String, Entitlement>,
    made: usize,
    /// Roles that are refused.
    pub(crate) untrusting: BTreeSet<String>,
    /// IDs that a list has, and that are gone when they are asked for.
    pub(crate) vanished: BTreeSet<String>,
    /// Requests by operation.
    pub(crate) requests: BTreeMap<&'static str, usize>,
}

impl FakeAccountAccess {
    /// With an application that is active.
    pub(crate) fn new() -> Self {
        let application = Application {
            arn: APPLICATION.to_owned(),
            tenant: Some("aa-gyxmap389".to_owned()),
            instance_arn: Some(INSTANCE.to_owned()),
            status: "ACTIVE".to_owned(),
            error: None,
        };
        Self(Mutex::new(FakeEntitlements { applications: vec![application], ..FakeEntitlements::default() }))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, FakeEntitlements> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, operation: &'static str) -> MutexGuard<'_, FakeEntitlements> {
        let mut state = self.state();
        *state.requests.entry(operation).or_default() += 1;
        state
    }
}

impl FakeEntitlements {
    pub(crate) fn entitle(&mut self, role_arn: &str, principal: Principal) {
        let is_there = |one: &Entitlement| one.role_arn == role_arn && one.principal == principal;
        if self.entitlements.values().any(is_there) {
            return;
        }
        self.made += 1;
        let id = format!("ent-{:016}", self.made);
        self.entitlements.insert(id.clone(), Entitlement { id, role_arn: role_arn.to_owned(), principal });
    }

    pub(crate) fn who_has(&self, role_arn: &str) -> BTreeSet<Principal> {
        let theirs = self.entitlements.values().filter(|one| one.role_arn == role_arn);
        theirs.map(|one| one.principal.clone()).collect()
    }

    fn check(&self, operation: &'static str, application: &str) -> Result<(), AwsError> {
        if self.applications.iter().any(|known| known.arn == application) {
            return Ok(());
        }
        Err(AwsError::NotFound { operation, message: "no such application".to_owned() })
    }
}

impl EntitlementFilter {
    fn lets_through(&self, one: &Entitlement) -> bool {
        match self {
            Self::Role(arn) => *arn == one.role_arn,
            Self::Account(id) => one.role_arn.split(':').nth(4) == Some(id),
            Self::Of(principal) => *principal == one.principal,
        }
    }
}

impl AccountAccess for FakeAccountAccess {
    fn applications(&self, _cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListApplications";
        let state = self.ask(operation);
        let items = state.applications.iter().map(|known| known.arn.clone()).collect();
        Ok(AwsPage { items, next: None, operation })
    }

    fn application(&self, arn: &str) -> Result<Application, AwsError> {
        let operation = "GetApplication";
        let state = self.ask(operation);
        state.check(operation, arn)?;
        Ok(state.applications.iter().find(|known| known.arn == arn).expect("was checked").clone())
    }

    fn entitlements(
        &self,
        application: &str,
        filter: &EntitlementFilter,
        cursor: Option<&str>,
    ) -> Result<AwsPage<Entitlement>, AwsError> {
        let operation = "ListEntitlements";
        let state = self.ask(operation);
        state.check(operation, application)?;
        let after = cursor.unwrap_or_default();
        let all = state.entitlements.values().filter(|one| filter.lets_through(one));
        let mut items: Vec<Entitlement> =
            all.filter(|one| one.id.as_str() > after).take(PAGE + 1).cloned().collect();
        let has_more = items.len() > PAGE;
        items.truncate(PAGE);
        let next = items.last().filter(|_| has_more).map(|last| last.id.clone());
        Ok(AwsPage { items, next, operation })
    }

    fn entitlement(&self, application: &str, id: &str) -> Result<Option<Entitlement>, AwsError> {
        let operation = "GetEntitlement";
        let state = self.ask(operation);
        state.check(operation, application)?;
        Ok(state.entitlements.get(id).filter(|_| !state.vanished.contains(id)).cloned())
    }

    fn create(
        &self,
        application: &str,
        role_arn: &str,
        principal: &Principal,
    ) -> Result<RequestId, AwsError> {
        let operation = "CreateEntitlement";
        let mut state = self.ask(operation);
        state.check(operation, application)?;
        if state.untrusting.contains(role_arn) {
            let (code, message) = ("ValidationException".to_owned(), "the role does not trust".to_owned());
            return Err(AwsError::Refused { operation, code, message });
        }
        state.entitle(role_arn, principal.clone());
        Ok(Some("request".to_owned()))
    }

    fn delete(&self, application: &str, id: &str) -> Result<RequestId, AwsError> {
        let operation = "DeleteEntitlement";
        let mut state = self.ask(operation);
        state.check(operation, application)?;
        state.entitlements.remove(id);
        Ok(Some("request".to_owned()))
    }
}
