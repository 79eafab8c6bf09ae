//! Compares the entitlements that the access file wants with those that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::trust::{RoleTrust, TrustedApplication, judge, statement};
use super::{EntitlementAccess, account_of, name_of, read};
use crate::access::plan::{AccessPlanError, PlanInput};
use crate::access::read::ResolvedGroup;
use crate::access::settings::{GroupReference, UnlistedAction};
use crate::ports::account_access::Entitlement;
use crate::ports::organizations::AccountState;
use crate::ports::sso_admin::access::Principal;

/// AWS's quota of groups of one role (IAM user guide, account access manager, "Quotas").
const GROUPS_PER_ROLE: usize = 20;

/// What has to change, and what a reader should know.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct EntitlementPlan {
    /// `None` if the access file lists no IAM role: nothing was looked at.
    pub(crate) application_arn: Option<String>,
    pub(crate) additions: Vec<EntitlementChange>,
    pub(crate) removals: Vec<EntitlementChange>,
    /// Of groups that are not in Identity Center yet.
    pub(crate) waiting: Vec<EntitlementChange>,
    /// What is there and not in the file, and stays.
    pub(crate) unlisted: Vec<EntitlementChange>,
    /// Roles with more groups than AWS takes by default.
    pub(crate) many_groups: BTreeMap<String, usize>,
    /// Roles that are left out, with the states of their accounts.
    pub(crate) unusable_roles: BTreeMap<String, String>,
    /// What is known of the trust policy of each role.
    pub(crate) trust: BTreeMap<String, RoleTrust>,
    /// What each trust policy needs.
    pub(crate) trust_statement: Option<Value>,
    /// How many there are to the roles of the file.
    #[serde(skip)]
    pub(crate) existing: usize,
}

/// An entitlement, with the names that people know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct EntitlementChange {
    pub(crate) role_arn: String,
    pub(crate) account_id: String,
    pub(crate) account_name: String,
    /// As the access file writes it; else the ID of the principal.
    pub(crate) principal: String,
    /// `None` while the group is not in Identity Center.
    #[serde(skip)]
    pub(crate) of: Option<Principal>,
    /// The ID in the realm of a group that a sync creates or takes over first.
    #[serde(skip)]
    pub(crate) planned: Option<String>,
    /// The ID of one that is there.
    #[serde(skip)]
    pub(crate) id: Option<String>,
}

impl fmt::Display for EntitlementChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role_arn, account_name, principal, .. } = self;
        write!(f, "{role_arn} ({account_name}): {principal}")
    }
}

impl EntitlementPlan {
    pub(crate) fn is_empty(&self) -> bool {
        self.additions.is_empty() && self.removals.is_empty() && self.waiting.is_empty()
    }

    /// Returns how many requests applying takes.
    pub(crate) fn requests(&self) -> usize {
        self.additions.len() + self.removals.len()
    }
}

/// Plans the entitlements to the roles of the access file. Without any role no request is sent.
pub(crate) fn make(
    input: &PlanInput<'_>,
    name: impl Fn(&Principal) -> String,
) -> Result<EntitlementPlan, AccessPlanError> {
    let Some(at) = input.entitlements else { return Ok(EntitlementPlan::default()) };
    let application =
        TrustedApplication { arn: &at.application.arn, management_account: &input.acting.management };
    let plan = EntitlementPlan {
        application_arn: Some(at.application.arn.clone()),
        trust_statement: Some(statement(application)),
        ..EntitlementPlan::default()
    };
    let mut maker = Maker { input, at, plan };
    let wanted = maker.wanted()?;
    let existing = read::of_roles(at, input.at.requests, &wanted.keys().cloned().collect())?;
    for (role, wanted) in &wanted {
        maker.compare(role, wanted, &existing[role], &name)?;
    }
    maker.trust(wanted.keys(), application);
    Ok(maker.plan)
}

/// The groups of a role by ID, as the file writes them; those that are not in Identity Center yet apart.
#[derive(Default)]
struct WantedRole {
    groups: BTreeMap<String, GroupReference>,
    /// By ID in the realm: those that a sync creates or takes over first.
    planned: BTreeMap<String, GroupReference>,
    waiting: BTreeSet<GroupReference>,
}

struct Maker<'a> {
    input: &'a PlanInput<'a>,
    at: EntitlementAccess<'a>,
    plan: EntitlementPlan,
}

impl Maker<'_> {
    fn wanted(&mut self) -> Result<BTreeMap<String, WantedRole>, AccessPlanError> {
        let mut wanted: BTreeMap<String, WantedRole> = BTreeMap::new();
        for assign in &self.input.settings.roles {
            let account = account_of(&assign.role_arn);
            match self.input.inventory.state(account) {
                AccountState::Active => {}
                _ if self.input.inventory.accounts().all(|known| known.account.id != account) => {
                    return Err(AccessPlanError::ForeignRole { role_arn: assign.role_arn.clone() });
                }
                state => {
                    self.plan.unusable_roles.insert(assign.role_arn.clone(), state.to_string());
                    continue;
                }
            }
            let role = wanted.entry(assign.role_arn.clone()).or_default();
            for group in &assign.groups {
                let found = self.input.groups.resolve(group, self.input.realm);
                match found.map_err(AccessPlanError::of_group(&assign.place))? {
                    ResolvedGroup::Present(id) => {
                        role.groups.entry(id).or_insert_with(|| group.clone());
                    }
                    ResolvedGroup::Planned(id) => {
                        role.planned.entry(id).or_insert_with(|| group.clone());
                    }
                    ResolvedGroup::NotYet => drop(role.waiting.insert(group.clone())),
                }
            }
        }
        Ok(wanted)
    }

    fn compare(
        &mut self,
        role: &str,
        wanted: &WantedRole,
        existing: &[Entitlement],
        name: impl Fn(&Principal) -> String,
    ) -> Result<(), AccessPlanError> {
        self.plan.existing += existing.len();
        let there: BTreeSet<&Principal> = existing.iter().map(|one| &one.principal).collect();
        for (id, group) in &wanted.groups {
            let principal = Principal::Group(id.clone());
            if !there.contains(&principal) {
                let change = self.change(role, group.to_string());
                self.plan.additions.push(EntitlementChange { of: Some(principal), ..change });
            }
        }
        for (id, group) in &wanted.planned {
            let change = self.change(role, group.to_string());
            self.plan.additions.push(EntitlementChange { planned: Some(id.clone()), ..change });
        }
        for group in &wanted.waiting {
            let change = self.change(role, group.to_string());
            self.plan.waiting.push(change);
        }
        // A group that waits may be there under an ID that a short list of groups did not have.
        let removes =
            self.input.settings.unlisted.entitlements == UnlistedAction::Remove && wanted.waiting.is_empty();
        let is_wanted = |principal: &Principal| match principal {
            Principal::Group(id) => wanted.groups.contains_key(id),
            Principal::User(_) => false,
        };
        for one in existing.iter().filter(|one| !is_wanted(&one.principal)) {
            let change = EntitlementChange {
                of: Some(one.principal.clone()),
                id: Some(one.id.clone()),
                ..self.change(role, name(&one.principal))
            };
            if !removes {
                self.plan.unlisted.push(change);
            } else if self.is_still(one)? {
                self.plan.removals.push(change);
            }
        }
        let is_other_group =
            |one: &&Entitlement| matches!(one.principal, Principal::Group(_)) && !is_wanted(&one.principal);
        let stay = if removes { 0 } else { existing.iter().filter(is_other_group).count() };
        let groups = wanted.groups.len() + wanted.planned.len() + wanted.waiting.len() + stay;
        if groups > GROUPS_PER_ROLE {
            self.plan.many_groups.insert(role.to_owned(), groups);
        }
        Ok(())
    }

    /// Confirms an entitlement that is to be removed.
    fn is_still(&self, one: &Entitlement) -> Result<bool, AccessPlanError> {
        let found =
            self.input.at.requests.ask(|| self.at.service.entitlement(&self.at.application.arn, &one.id))?;
        Ok(found.as_ref() == Some(one))
    }

    fn change(&self, role: &str, principal: String) -> EntitlementChange {
        let account = account_of(role);
        EntitlementChange {
            role_arn: role.to_owned(),
            account_id: account.to_owned(),
            account_name: self.input.inventory.name(account).to_owned(),
            principal,
            of: None,
            planned: None,
            id: None,
        }
    }

    /// Looks at the trust policies that can be read. That they cannot is no reason to fail.
    fn trust<'r>(&mut self, roles: impl Iterator<Item = &'r String>, application: TrustedApplication<'_>) {
        let mut iam = self.at.iam;
        for arn in roles {
            let is_own = account_of(arn) == self.input.acting.account;
            let trust = match iam.filter(|_| is_own).map(|iam| iam.role(name_of(arn))) {
                None => RoleTrust::NotRead,
                Some(Ok(None)) => RoleTrust::NoSuchRole,
                Some(Ok(Some(role))) if role.arn != *arn => RoleTrust::OtherArn { arn: role.arn },
                Some(Ok(Some(role))) => judge(&role.policy, application),
                Some(Err(error)) => {
                    tracing::info!(target: "kcaws::aws", %error, "trust policies are not read");
                    iam = None;
                    RoleTrust::NotRead
                }
            };
            self.plan.trust.insert(arn.clone(), trust);
        }
    }
}
