//! Compares what the access file wants with what is there.

use std::collections::{BTreeMap, BTreeSet};

use super::options::{Acting, PlanOptions};
use super::part::Part;
use super::sets::SetContext;
use super::wanted::{Wanted, WantedAssignment, assignments};
use super::{
    AccessPlan, AccessPlanError, AssignmentChange, Blocker, PlanCost, Provisioning, SetChange, SetChangeKind,
    blockers,
};
use crate::access::accounts::AccountInventory;
use crate::access::definition::SetDefinition;
use crate::access::entitlements::{EntitlementAccess, plan as entitlements};
use crate::access::read::{
    AssignmentView, GroupDirectory, InstanceAccess, ObservedSet, Pairs, RealmGroups, ResolvedGroup,
    SetDetail, exactly, read_accounts, read_sets,
};
use crate::access::settings::{AccessSettings, UnlistedAction, WantedSet};
use crate::ports::sso_admin::access::{Assignment, Principal};

/// IAM's default quota of managed policies in a role.
const POLICIES_PER_ROLE: usize = 10;
/// Assumed of one change of a role; AWS does not say.
const SECONDS_PER_OPERATION: usize = 5;
pub(crate) const OUTSTANDING: usize = 10;

/// Everything that a plan is made from.
pub(crate) struct PlanInput<'a> {
    pub(crate) settings: &'a AccessSettings,
    pub(crate) wanted_sets: &'a BTreeMap<String, WantedSet>,
    /// The value of the owner's tag.
    pub(crate) owner: &'a str,
    pub(crate) partition: &'a str,
    pub(crate) at: InstanceAccess<'a>,
    pub(crate) inventory: &'a AccountInventory,
    pub(crate) groups: &'a GroupDirectory,
    pub(crate) realm: Option<&'a RealmGroups<'a>>,
    pub(crate) acting: &'a Acting,
    pub(crate) options: &'a PlanOptions,
    /// Whether the instance has permission sets; without, nothing of them is asked for.
    pub(crate) has_permission_sets: bool,
    /// `None` if the access file lists no IAM roles.
    pub(crate) entitlements: Option<EntitlementAccess<'a>>,
}

pub(crate) fn make(input: &PlanInput<'_>) -> Result<AccessPlan, AccessPlanError> {
    let detail = |name: &str, owner: Option<&str>| match input.wanted_sets.get(name) {
        Some(WantedSet::Defined(_)) => SetDetail::All,
        None if owner == Some(input.owner) => SetDetail::All,
        Some(WantedSet::Existing) | None => SetDetail::Name,
    };
    if !input.has_permission_sets && input.settings.uses_permission_sets() {
        return Err(AccessPlanError::NoPermissionSets);
    }
    let observed = if input.has_permission_sets { read_sets(input.at, detail)? } else { BTreeMap::new() };
    let set_arns = observed.iter().map(|(name, set)| (name.clone(), set.arn.clone())).collect();
    let plan = AccessPlan { set_arns, ..AccessPlan::default() };
    let part = Part::new(&input.options.only, input.groups, input.realm)?;
    let mut maker = Maker { input, observed: &observed, plan, part, wanted: Wanted::new() };
    maker.sets()?;
    maker.wanted =
        assignments(input.settings, input.inventory, input.groups, input.realm, &mut maker.plan.notes)?;
    let existing = maker.existing()?;
    maker.compare(&existing)?;
    maker.provisioning()?;
    maker.plan.entitlements = entitlements::make(input, |principal| maker.principal_name(principal))?;
    maker.part.keep_entitlements(&mut maker.plan.entitlements);
    maker.plan.left_out = maker.part.left_out;
    maker.plan.unmatched = maker.part.unmatched(input, &observed);
    maker.plan.notes.permission_sets_off = !input.has_permission_sets;
    Ok(maker.finish(existing.len()))
}

struct Maker<'a> {
    input: &'a PlanInput<'a>,
    observed: &'a BTreeMap<String, ObservedSet>,
    plan: AccessPlan,
    part: Part<'a>,
    wanted: Wanted,
}

impl<'a> Maker<'a> {
    /// Compares the permission sets.
    fn sets(&mut self) -> Result<(), AccessPlanError> {
        for (name, wanted) in self.input.wanted_sets {
            match (wanted, self.observed.get(name)) {
                (WantedSet::Existing, Some(_)) => {}
                (WantedSet::Existing, None) => {
                    return Err(AccessPlanError::NoSuchSet { set: name.clone() });
                }
                (WantedSet::Defined(definition), None) => {
                    self.plan.permission_sets.push(SetChange::create(name, definition, self.context()));
                    self.count_policies(name, definition);
                }
                (WantedSet::Defined(definition), Some(observed)) => {
                    self.set(name, definition, observed);
                    self.count_policies(name, definition);
                }
            }
        }
        for (name, observed) in self.observed {
            if self.input.wanted_sets.contains_key(name) || !self.is_owned(observed) {
                continue;
            }
            match self.input.settings.unlisted.permission_sets {
                UnlistedAction::Report => self.plan.unlisted_sets.push(name.clone()),
                UnlistedAction::Remove => {
                    self.plan.permission_sets.push(SetChange::delete(name, &observed.arn));
                }
            }
        }
        self.part.keep_sets(&mut self.plan.permission_sets, &mut self.plan.blockers);
        Ok(())
    }

    fn set(&mut self, name: &str, wanted: &SetDefinition, observed: &ObservedSet) {
        let Some(content) = &observed.content else { return };
        let whose = self.context();
        let update = SetChange::update(name, &observed.arn, &content.definition, wanted, whose);
        let permission_set = name.to_owned();
        match (&observed.owner, update) {
            (Some(owner), update) if owner == self.input.owner => self.plan.permission_sets.extend(update),
            (Some(owner), Some(update)) => {
                self.plan.blockers.push(Blocker::OtherOwner { permission_set, owner: owner.clone() });
                self.plan.permission_sets.push(update);
            }
            (None, update) if self.input.options.adopt => {
                self.plan.permission_sets.push(SetChange::adopt(name, &observed.arn, update, whose));
            }
            (None, Some(update)) => {
                self.plan.blockers.push(Blocker::NotOwned { permission_set });
                self.plan.permission_sets.push(update);
            }
            (_, None) => drop(self.plan.notes.not_owned.insert(permission_set)),
        }
    }

    fn count_policies(&mut self, name: &str, definition: &SetDefinition) {
        let policies = definition.managed.len() + definition.customer.len();
        if policies > POLICIES_PER_ROLE {
            self.plan.notes.many_policies.insert(name.to_owned(), policies);
        }
    }

    fn context(&self) -> SetContext<'a> {
        SetContext { owner: self.input.owner, partition: self.input.partition }
    }

    /// Returns whether all assignments of the permission set are the file's to decide.
    fn is_owned(&self, observed: &ObservedSet) -> bool {
        observed.owner.as_deref() == Some(self.input.owner)
    }

    fn is_deleted(&self, name: &str) -> bool {
        let mut changes = self.plan.permission_sets.iter();
        changes.any(|change| change.kind == SetChangeKind::Delete && change.name == name)
    }

    fn existing(&mut self) -> Result<BTreeSet<Assignment>, AccessPlanError> {
        let adopts = |name: &String| {
            let mut changes = self.plan.permission_sets.iter();
            changes.any(|change| change.kind == SetChangeKind::Adopt && change.name == *name)
        };
        let in_view = self.observed.iter().filter(|(name, set)| self.is_owned(set) || adopts(name));
        let sets: BTreeSet<String> = in_view.map(|(_, set)| set.arn.clone()).collect();
        let pair = |wanted: &WantedAssignment| {
            let arn = &self.observed.get(&wanted.set)?.arn;
            (!sets.contains(arn)).then(|| (arn.clone(), wanted.account.clone()))
        };
        let pairs: Pairs = self.wanted.keys().filter_map(pair).collect();
        let groups: Vec<&str> = self.input.groups.ids().collect();
        let view = AssignmentView { sets, pairs };
        let accounts = self.input.inventory.accounts().count();
        let (existing, coverage) =
            self.input.options.reading.read(self.input.at, &view, &groups, accounts)?;
        self.plan.notes.covers(coverage);
        Ok(existing)
    }

    /// Compares the assignments.
    fn compare(&mut self, existing: &BTreeSet<Assignment>) -> Result<(), AccessPlanError> {
        let mut listed = BTreeSet::new();
        for (wanted, group) in &self.wanted {
            let change = self.change(&wanted.set, &wanted.account, wanted.group.to_string());
            let group = match group {
                ResolvedGroup::Present(id) => id,
                ResolvedGroup::Planned(id) => {
                    let change = AssignmentChange { planned: Some(id.clone()), ..change };
                    if self.part.takes(&change) {
                        self.plan.additions.push(change);
                    }
                    continue;
                }
                ResolvedGroup::NotYet => {
                    if self.part.takes(&change) {
                        self.plan.waiting.push(change);
                    }
                    continue;
                }
            };
            let principal = Principal::Group(group.clone());
            let arn = self.observed.get(&wanted.set).map(|set| set.arn.clone());
            let assignment = arn.map(|set| Assignment {
                set,
                account: wanted.account.clone(),
                principal: principal.clone(),
            });
            if !assignment.as_ref().is_some_and(|assignment| existing.contains(assignment)) {
                let change = AssignmentChange { of: Some(principal), ..change };
                if self.part.takes(&change) {
                    self.plan.additions.push(change);
                }
            }
            listed.extend(assignment);
        }
        let assignments: Vec<_> = self.plan.additions.iter().chain(&self.plan.waiting).collect();
        self.part.keep_new_sets(&mut self.plan.permission_sets, &assignments);
        let owned: BTreeMap<&str, &str> =
            self.observed.iter().map(|(name, set)| (set.arn.as_str(), name.as_str())).collect();
        let in_view = |assignment: &&Assignment| {
            let name = owned.get(assignment.set.as_str());
            name.is_some_and(|name| self.is_owned(&self.observed[*name]))
        };
        let unlisted: Vec<Assignment> = existing.difference(&listed).filter(in_view).cloned().collect();
        // Who is to get it by a group that waits may have it by another one until then.
        let waiting: BTreeSet<(String, String)> = self
            .plan
            .waiting
            .iter()
            .map(|one| (one.permission_set.clone(), one.account_id.clone()))
            .collect();
        let mut removals = Vec::new();
        for assignment in unlisted {
            let name = owned[assignment.set.as_str()];
            let change = AssignmentChange {
                of: Some(assignment.principal.clone()),
                ..self.change(name, &assignment.account, self.principal_name(&assignment.principal))
            };
            // AWS changes no role in an account that is suspended, and a list that does not name one may be cut short.
            let is_active = self.input.inventory.is_active(&assignment.account);
            let is_waited_for = waiting.contains(&(name.to_owned(), assignment.account.clone()));
            let removes = self.input.settings.unlisted.assignments == UnlistedAction::Remove
                && is_active
                && !is_waited_for;
            if !is_active {
                self.plan.notes.untouched_accounts.insert(assignment.account.clone());
            }
            if removes || self.is_deleted(name) {
                if self.part.takes(&change) {
                    removals.push((assignment, change));
                }
            } else if self.part.means(&change) {
                self.plan.unlisted.push(change);
            }
        }
        self.removals(removals)
    }

    /// Confirms each removal, and finds those that are the last in their account.
    fn removals(&mut self, removals: Vec<(Assignment, AssignmentChange)>) -> Result<(), AccessPlanError> {
        let pair = |assignment: &Assignment| (assignment.set.clone(), assignment.account.clone());
        let pairs: Pairs = removals.iter().map(|(assignment, _)| pair(assignment)).collect();
        let mut left = exactly(self.input.at, &pairs)?;
        let mut confirmed = Vec::new();
        for (assignment, change) in removals {
            let there = left.entry(pair(&assignment)).or_default();
            if there.remove(&assignment.principal) {
                confirmed.push((pair(&assignment), change));
            }
        }
        // A group that is added keeps the role.
        let additions = self.plan.additions.iter();
        let kept: BTreeSet<_> = additions.map(|one| (&one.permission_set, &one.account_id)).collect();
        let removes_role = |pair: &(String, String), change: &AssignmentChange| {
            left[pair].is_empty() && !kept.contains(&(&change.permission_set, &change.account_id))
        };
        let removals = confirmed
            .into_iter()
            .map(|(pair, change)| AssignmentChange { removes_role: removes_role(&pair, &change), ..change });
        self.plan.removals = removals.collect();
        Ok(())
    }

    /// Finds the roles that lag behind, now or after the changes.
    fn provisioning(&mut self) -> Result<(), AccessPlanError> {
        let mut roles: BTreeSet<(String, String)> = BTreeSet::new();
        for (name, set) in self.observed {
            let lagging = set.content.iter().flat_map(|content| &content.lagging);
            if self.is_owned(set) && !self.is_deleted(name) {
                roles.extend(lagging.map(|account| (name.clone(), account.clone())));
            }
        }
        let acting = self.input.acting;
        let looked_at = |change: &&SetChange| change.changes_roles() || acting.is_delegate;
        let changed = self.plan.permission_sets.iter().filter(looked_at);
        let changed: BTreeMap<&String, &SetChange> =
            changed.filter_map(|change| change.arn.as_ref().map(|arn| (arn, change))).collect();
        let arns = changed.keys().map(|arn| (*arn).clone()).collect();
        let mut blockers = Vec::new();
        for (arn, accounts) in read_accounts(self.input.at, &arns)? {
            let change = changed[&arn];
            // A delegated administrator may not change such a permission set at all.
            if acting.is_delegate && accounts.contains(&acting.management) {
                blockers.push(Blocker::ManagementAccount {
                    permission_set: change.name.clone(),
                    account_id: acting.management.clone(),
                });
            } else if change.changes_roles() {
                roles.extend(accounts.into_iter().map(|account| (change.name.clone(), account)));
            }
        }
        // A new assignment brings the role up to date, and a role that goes needs no update.
        let handled =
            self.plan.additions.iter().chain(self.plan.removals.iter().filter(|one| one.removes_role));
        for change in handled {
            roles.remove(&(change.permission_set.clone(), change.account_id.clone()));
        }
        let inventory = self.input.inventory;
        roles.retain(|(_, account)| {
            let is_active = inventory.is_active(account);
            if !is_active {
                let state = inventory.state(account).to_string();
                self.plan.notes.unusable_accounts.insert(account.clone(), state);
            }
            is_active
        });
        self.plan.blockers.extend(blockers);
        let roles = roles.into_iter().map(|(permission_set, account_id)| Provisioning {
            account_name: self.input.inventory.name(&account_id).to_owned(),
            permission_set,
            account_id,
        });
        self.plan.provisioning = roles.filter(|role| self.part.takes_role(role)).collect();
        Ok(())
    }

    fn finish(mut self, existing: usize) -> AccessPlan {
        let input = self.input;
        let existing = existing + self.plan.entitlements.existing;
        let more = blockers::of_assignments(&self.plan, existing, input.acting, input.options);
        self.plan.blockers.extend(more);
        let plan = &self.plan;
        // All roles of a changed permission set are updated at once.
        let changed: BTreeSet<&String> = plan.permission_sets.iter().map(|change| &change.name).collect();
        let (at_once, by_one): (Vec<_>, Vec<_>) =
            plan.provisioning.iter().partition(|role| changed.contains(&role.permission_set));
        let at_once: BTreeSet<_> = at_once.into_iter().map(|role| &role.permission_set).collect();
        let operations = plan.additions.len() + at_once.len() + by_one.len() + plan.removals.len();
        let writes: usize = plan.permission_sets.iter().map(SetChange::requests).sum();
        // Each operation is started and its end asked for once. Who keeps a role is looked at before it is taken away.
        let looks = plan.removals.iter().filter(|removal| !removal.removes_role).count();
        let requests = writes + operations * 2 + looks + plan.entitlements.requests();
        let waiting = operations * SECONDS_PER_OPERATION / OUTSTANDING;
        let seconds = input.at.requests.time_for(requests).as_secs().max(waiting as u64);
        self.plan.cost = PlanCost {
            requests_read: input.at.requests.sent(),
            requests_to_apply: requests,
            seconds_to_apply: seconds,
        };
        self.plan
    }

    fn change(&self, set: &str, account: &str, principal: String) -> AssignmentChange {
        AssignmentChange {
            permission_set: set.to_owned(),
            account_id: account.to_owned(),
            account_name: self.input.inventory.name(account).to_owned(),
            principal,
            of: None,
            planned: None,
            removes_role: false,
        }
    }

    fn principal_name(&self, principal: &Principal) -> String {
        match principal {
            Principal::Group(id) => match self.input.groups.name(id) {
                Some("") => format!("group {id}, which has no name"),
                Some(name) => format!("idc:{name}"),
                None => format!("group {id}, which is gone"),
            },
            Principal::User(id) => format!("user {id}"),
        }
    }
}
