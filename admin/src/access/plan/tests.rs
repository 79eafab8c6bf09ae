use std::path::Path;
use std::sync::Arc;

use kcaws::ports::clock::{Clock, FakeClock};

use super::*;
use crate::access::accounts::{AccountInventory, InventoryNeeds};
use crate::access::apply;
use crate::access::read::{AssignmentReading, GroupDirectory, InstanceAccess};
use crate::access::requests::Requests;
use crate::access::settings::AccessSettings;
use crate::access_file::AccessFile;
use crate::ports::identity_store::StoreGroup;
use crate::ports::organizations::fake::{FakeAccount, FakeOrganizations};
use crate::ports::sso_admin::fake_access::FakeAccessAdmin;
use crate::sync::apply::JsonLines;
use crate::sync::scope::MaxRemovals;

const OWNER: &str = "https://sso.example.com/realms/corp";
const HEAD: &str = r#"version = 1
[realm]
url = "https://sso.example.com"
name = "corp"
client_id = "kcaws-admin"
[identity_center]
region = "eu-central-1"
instance = "ssoins-1234567890abcdef"
"#;

/// A company of ten accounts and three groups.
pub(crate) struct Company {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) admin: FakeAccessAdmin,
    pub(crate) organizations: FakeOrganizations,
    pub(crate) groups: Vec<StoreGroup>,
    pub(crate) acting: Acting,
    pub(crate) options: PlanOptions,
}

impl Company {
    pub(crate) fn new() -> Self {
        Self::of(10, 3)
    }

    pub(crate) fn of(accounts: usize, groups: usize) -> Self {
        let clock = Arc::new(FakeClock::at("2026-11-29T08:00:00Z"));
        let account = |at: usize| FakeAccount {
            id: format!("{at:012}"),
            name: format!("account-{at}"),
            unit: if at.is_multiple_of(2) { String::new() } else { "/Workloads".to_owned() },
            ..FakeAccount::default()
        };
        let group = |at: usize| StoreGroup {
            id: format!("g-{at}"),
            display_name: Some(format!("Group{at}")),
            external_ids: Vec::new(),
            revision: None,
        };
        let organizations = FakeOrganizations::of((0..accounts).map(account).collect());
        let acting = Acting {
            account: "000000000000".to_owned(),
            management: "000000000000".to_owned(),
            ..Acting::default()
        };
        Self {
            admin: FakeAccessAdmin::new(clock.clone()),
            clock,
            organizations,
            groups: (0..groups).map(group).collect(),
            acting,
            options: PlanOptions::default(),
        }
    }

    pub(crate) fn plan(&self, text: &str) -> Result<AccessPlan, AccessPlanError> {
        self.with(text, make)
    }

    pub(crate) fn planned(&self, text: &str) -> AccessPlan {
        self.plan(text).expect("plans")
    }

    /// Plans and applies, whatever blocks it.
    pub(crate) fn apply(&self, text: &str) -> apply::AccessOutcome {
        let plan = self.planned(text);
        let audit = JsonLines::new(Vec::new());
        let recording = apply::Recording { audit: &audit, actor: "alice", progress: &mut |_| {} };
        self.with(text, |input| apply::apply(&plan, input.at, recording)).expect("is applied")
    }

    fn with<T>(&self, text: &str, work: impl FnOnce(&PlanInput<'_>) -> T) -> T {
        let settings = settings(text);
        let wanted_sets = settings.wanted_sets(Path::new("/nowhere")).expect("no files");
        let requests = Requests::new(&*self.clock, 20.0);
        let selectors = settings.accounts.values().flatten();
        let needs =
            InventoryNeeds::of(selectors.chain(settings.assign.iter().flat_map(|assign| &assign.accounts)));
        let inventory = AccountInventory::read(&self.organizations, &requests, needs).expect("reads");
        work(&PlanInput {
            settings: &settings,
            wanted_sets: &wanted_sets,
            owner: OWNER,
            partition: "aws",
            at: InstanceAccess { admin: &self.admin, requests: &requests },
            inventory: &inventory,
            groups: &GroupDirectory::of(self.groups.clone()),
            realm: None,
            acting: &self.acting,
            options: &self.options,
        })
    }

    pub(crate) fn arn(&self, name: &str) -> String {
        let state = self.admin.state();
        let found = state.sets.iter().find(|(_, set)| set.name == name);
        found.map(|(arn, _)| arn.clone()).expect("there is one")
    }
}

pub(crate) fn settings(text: &str) -> AccessSettings {
    let file = AccessFile::parse(Path::new("access.toml"), &format!("{HEAD}{text}"));
    file.expect("reads").access
}

const POWER: &str = r#"
[permission_sets.Power]
description = "Everything but IAM"
session = "4h"
managed = ["PowerUserAccess"]
inline = { Statement = [{ Effect = "Deny", Action = "iam:*", Resource = "*" }] }
tags = { owner = "platform" }
[[assign]]
set = "Power"
groups = ["idc:Group0", "idc:Group1"]
accounts = ["ou:/Workloads/**"]
"#;

const REMOVE: &str = "[unlisted]\nassignments = \"remove\"\npermission_sets = \"remove\"\n";

#[test]
fn a_plan_is_applied_and_then_there_is_nothing_to_do() {
    let company = Company::new();
    let plan = company.planned(POWER);
    assert_eq!((plan.permission_sets.len(), plan.additions.len()), (1, 10));
    assert_eq!(plan.permission_sets[0].kind, SetChangeKind::Create);
    assert_eq!(plan.blockers, []);
    assert_eq!(plan.notes.selected, [("ou:/Workloads/**".to_owned(), 5)].into());
    let outcome = company.apply(POWER);
    assert_eq!(outcome.failures, []);
    assert_eq!(outcome.done, 11);
    let plan = company.planned(POWER);
    assert!(plan.is_empty(), "{plan:?}");
    assert!(plan.unlisted.is_empty() && plan.unlisted_sets.is_empty());
}

#[test]
fn a_change_of_a_set_updates_all_its_roles() {
    let company = Company::new();
    company.apply(POWER);
    let changed = POWER.replace("\"4h\"", "\"2h\"").replace("iam:*", "ec2:*");
    let plan = company.planned(&changed);
    assert_eq!(plan.permission_sets[0].changes, ["session: 4h → 2h", "~ inline policy"]);
    assert_eq!((plan.additions.len(), plan.provisioning.len()), (0, 5));
    assert_eq!(company.apply(&changed).failures, []);
    assert!(company.planned(&changed).is_empty());
    // A tag is not in roles.
    let tagged = changed.replace("platform", "security");
    let plan = company.planned(&tagged);
    assert_eq!((plan.permission_sets.len(), plan.provisioning.len()), (1, 0));
}

#[test]
fn roles_that_lag_behind_are_drift() {
    let company = Company::new();
    company.apply(POWER);
    let arn = company.arn("Power");
    company.admin.state().roles.insert((arn, "000000000003".to_owned()), 0);
    let plan = company.planned(POWER);
    assert_eq!(plan.provisioning.len(), 1);
    assert_eq!(plan.provisioning[0].account_id, "000000000003");
    assert_eq!(company.apply(POWER).failures, []);
    assert!(company.planned(POWER).is_empty());
}

#[test]
fn what_the_file_does_not_list_is_reported_or_removed() {
    let company = Company::new();
    company.apply(POWER);
    let fewer = POWER.replace(", \"idc:Group1\"", "");
    let plan = company.planned(&fewer);
    assert!(plan.is_empty());
    assert_eq!(plan.unlisted.len(), 5);
    assert_eq!(plan.unlisted[0].principal, "idc:Group1");
    let remove = format!("{fewer}{REMOVE}");
    let plan = company.planned(&remove);
    assert_eq!((plan.removals.len(), plan.blockers.as_slice()), (5, &[][..]));
    assert!(plan.removals.iter().all(|removal| !removal.removes_role));
    assert_eq!(company.apply(&remove).failures, []);
    assert!(company.planned(&remove).is_empty());
}

#[test]
fn the_last_assignment_in_an_account_destroys_the_role_and_is_not_removed_unasked() {
    let mut company = Company::new();
    company.apply(POWER);
    let none = format!("{}{REMOVE}", POWER.split("[[assign]]").next().expect("a beginning"));
    let plan = company.planned(&none);
    let roles = plan.blockers.iter().filter(|one| matches!(one, Blocker::RoleRemoval { .. })).count();
    assert_eq!((plan.removals.len(), roles), (10, 5));
    assert!(plan.blockers.contains(&Blocker::TooManyRemovals { removals: 10, most: 5, all: 10 }));
    // A single user in an account keeps its role, although a reading by groups does not see it.
    let arn = company.arn("Power");
    company.admin.state().assign(&arn, "000000000001", Principal::User("u-1".to_owned()));
    let plan = company.planned(&none);
    let first = plan.removals.iter().filter(|removal| removal.account_id == "000000000001");
    assert!(first.filter(|removal| removal.of != Some(Principal::User("u-1".to_owned()))).count() == 2);
    company.options.allowed = [Allowance::RoleRemoval].into();
    company.options.max_removals = MaxRemovals::Count(20);
    assert_eq!(company.planned(&none).blockers, []);
}

#[test]
fn a_set_that_is_not_listed_any_more_goes_with_its_assignments() {
    let mut company = Company::new();
    company.options.allowed = [Allowance::RoleRemoval].into();
    company.options.max_removals = MaxRemovals::Count(20);
    company.apply(POWER);
    assert_eq!(company.planned("").unlisted_sets, ["Power"]);
    let plan = company.planned(REMOVE);
    assert_eq!(plan.permission_sets[0].kind, SetChangeKind::Delete);
    assert_eq!((plan.removals.len(), plan.blockers.as_slice()), (10, &[][..]));
    assert_eq!(company.apply(REMOVE).failures, []);
    assert!(company.admin.state().sets.is_empty());
    assert!(company.planned(REMOVE).is_empty());
}

#[test]
fn sets_of_others_are_left_alone() {
    let mut company = Company::new();
    let arn = company.admin.state().add_set("Power", &[]);
    company.admin.state().assign(&arn, "000000000002", Principal::Group("g-2".to_owned()));
    let plan = company.planned(&format!("{POWER}{REMOVE}"));
    assert_eq!(plan.blockers, [Blocker::NotOwned { permission_set: "Power".to_owned() }]);
    assert_eq!(plan.removals, [], "foreign assignments are not in view");
    company.options.adopt = true;
    let plan = company.planned(POWER);
    assert_eq!((plan.permission_sets[0].kind, plan.blockers.as_slice()), (SetChangeKind::Adopt, &[][..]));
    assert_eq!(company.apply(POWER).failures, []);
    company.options.adopt = false;
    assert!(company.planned(POWER).is_empty());
    assert_eq!(company.planned(POWER).unlisted.len(), 1);

    let other = company.admin.state().add_set("Reader", &[(OWNER_TAG, "https://else.example.com/realms/a")]);
    let text = "[permission_sets.Reader]\nsession = \"2h\"\n";
    company.options.adopt = true;
    let plan = company.planned(text);
    assert!(matches!(plan.blockers.as_slice(), [Blocker::OtherOwner { .. }]), "{:?}", plan.blockers);
    // What is as the file says is nobody's problem.
    company.options.adopt = false;
    assert!(company.planned("[permission_sets.Reader]\n").is_empty());
    company.admin.state().sets.remove(&other);
    let error = company.plan("[permission_sets.Reader]\nexisting = true\n").expect_err("is not there");
    assert!(matches!(error, AccessPlanError::NoSuchSet { .. }), "{error}");
}

#[test]
fn your_own_access_is_not_removed_unasked() {
    let mut company = Company::new();
    company.apply(POWER);
    let arn = "arn:aws:sts::000000000001:assumed-role/AWSReservedSSO_Power_0123456789abcdef/alice";
    company.acting.permission_set = Acting::permission_set_of(arn);
    company.acting.account = "000000000001".to_owned();
    assert_eq!(company.acting.permission_set.as_deref(), Some("Power"));
    let fewer = POWER.replace(", \"idc:Group1\"", "") + REMOVE;
    let own =
        Blocker::OwnAccess { permission_set: "Power".to_owned(), account_id: "000000000001".to_owned() };
    assert_eq!(company.planned(&fewer).blockers, [own]);
    company.options.allowed = [Allowance::OwnAccess].into();
    assert_eq!(company.planned(&fewer).blockers, []);
}

#[test]
fn a_delegates_limits_are_found_while_planning() {
    let mut company = Company::new();
    company.acting.is_delegate = true;
    company.admin.state().lists_by_principal = false;
    let text = POWER.replace("\"ou:/Workloads/**\"", "\"000000000000\", \"ou:/Workloads/**\"");
    let refused = Blocker::ManagementAccount {
        permission_set: "Power".to_owned(),
        account_id: "000000000000".to_owned(),
    };
    assert_eq!(company.planned(&text).blockers, [refused]);
    assert_eq!(company.planned(POWER).blockers, []);
}

#[test]
fn a_failed_reading_makes_no_plan() {
    let company = Company::new();
    let text = POWER.replace("idc:Group1", "idc:Nobody");
    assert!(matches!(company.plan(&text), Err(AccessPlanError::Read(_))));
    let text = POWER.replace("ou:/Workloads/**", "ou:/Workload/**");
    assert!(matches!(company.plan(&text), Err(AccessPlanError::Selection { .. })));
    company.admin.state().conflicts.insert("ListPermissionSets", 1000);
    assert!(matches!(company.plan(POWER), Err(AccessPlanError::Read(_))));
}

#[test]
fn a_large_company_is_read_within_its_budget() {
    let company = Company::of(200, 500);
    let mut text = String::new();
    for at in 0..50 {
        let arn = company.admin.state().add_set(&format!("Set{at}"), &[(OWNER_TAG, OWNER)]);
        for account in 0..200 {
            let group = Principal::Group(format!("g-{}", (at * 200 + account) % 500));
            company.admin.state().assign(&arn, &format!("{account:012}"), group);
        }
        text.extend(["[permission_sets.Set", &at.to_string(), "]\n"]);
    }
    let before = company.clock.elapsed();
    let plan = company.planned(&text);
    assert_eq!((plan.unlisted.len(), plan.is_empty()), (10_000, true));
    // Organizations and the groups of the identity store take 10 and 5 more.
    let asked = company.admin.state().asked() + 15;
    assert!(asked <= 950, "{asked} requests");
    let took = company.clock.elapsed().saturating_sub(before);
    assert!(took.as_secs() <= 50, "{took:?}");
    assert!(plan.notes.groups_only);
    let mut deep = Company {
        options: PlanOptions { reading: AssignmentReading::Deep, ..company.options.clone() },
        ..company
    };
    deep.options.adopt = false;
    assert_eq!(deep.planned(&text).unlisted.len(), 10_000);
}

#[test]
fn a_saved_plan_is_bound_to_what_it_was_made_from() {
    let company = Company::new();
    let (chain, options) = ("ssoins-1 https://sso.example.com/realms/corp", PlanOptions::default());
    let now = company.clock.now();
    let saved = SavedAccessPlan::new(&company.planned(POWER), chain, &options, now);
    let text = serde_json::to_string(&saved).expect("serializes");
    let read = |chain: &str, minutes: i64| {
        SavedAccessPlan::read(&text, chain, now + chrono::TimeDelta::minutes(minutes))
    };
    let same = read(chain, 60).expect("is recent");
    assert_eq!(same, saved);
    assert!(same.check(&company.planned(POWER)).is_ok());
    assert!(matches!(read(chain, 61), Err(SavedAccessPlanError::TooOld { .. })));
    assert!(matches!(read(chain, -61), Err(SavedAccessPlanError::TooOld { .. })));
    assert!(matches!(read("ssoins-2 x", 0), Err(SavedAccessPlanError::OtherChain { .. })));
    assert!(SavedAccessPlan::read("{}", chain, now).is_err());
    // The text of a policy is not in the plan that people read.
    for changed in [POWER.replace("iam:*", "ec2:*"), POWER.replace(", \"idc:Group1\"", "")] {
        let refused = same.check(&company.planned(&changed));
        assert!(matches!(refused, Err(SavedAccessPlanError::Changed(_))), "{refused:?}");
    }
}
