//! What plans with IAM roles come to, in a company in memory.

use serde_json::json;

use super::*;
use crate::access::accounts::{AccountInventory, InventoryNeeds};
use crate::access::entitlements::trust::{RoleTrust, TrustedApplication, statement};
use crate::access::export::export;
use crate::access::plan::tests::Company;
use crate::access::plan::{AccessPlanError, Acting, Allowance, Blocker};
use crate::access::read::GroupDirectory;
use crate::access::requests::Requests;
use crate::access::who::{AccessFilter, Names, csv, role_rows};
use crate::ports::account_access::fake::APPLICATION;
use crate::ports::iam::RoleTrustPolicy;
use crate::ports::organizations::AccountState;
use crate::ports::sso_admin::access::Principal;
use crate::sync::scope::MaxRemovals;

const DEV: &str = "arn:aws:iam::000000000001:role/team/Developer";
const OWN: &str = "arn:aws:iam::000000000000:role/Operator";

fn file(groups: &str, more: &str) -> String {
    format!("[[assign]]\nrole = \"{DEV}\"\ngroups = [{groups}]\n{more}")
}

const REMOVE: &str = "[unlisted]\nentitlements = \"remove\"\n";

fn group(number: usize) -> Principal {
    Principal::Group(format!("g-{number}"))
}

fn requests(company: &Company, operation: &str) -> usize {
    company.account_access.state().requests.get(operation).copied().unwrap_or_default()
}

#[test]
fn roles_are_assigned_and_then_there_is_nothing_to_do() {
    let company = Company::new();
    let text = file(
        "\"idc:Group0\", \"idc:Group1\"",
        &format!("[[assign]]\nrole = \"{OWN}\"\ngroups = [\"idc:Group2\"]\n"),
    );
    let plan = company.planned(&text);
    assert_eq!((plan.entitlements.additions.len(), plan.blockers.len()), (3, 0));
    assert_eq!(plan.cost.requests_to_apply, 3);
    let outcome = company.apply(&text);
    assert_eq!((outcome.done, outcome.failures.len(), outcome.waiting), (3, 0, 0));
    assert_eq!(company.account_access.state().who_has(DEV), [group(0), group(1)].into());
    let plan = company.planned(&text);
    assert!(plan.is_empty() && plan.entitlements.unlisted.is_empty(), "{plan:?}");
    // One request for each role of the file, however many groups there are.
    company.account_access.state().requests.clear();
    company.planned(&text);
    assert_eq!((requests(&company, "ListEntitlements"), requests(&company, "GetEntitlement")), (2, 0));
}

#[test]
fn a_file_without_roles_sends_no_request() {
    let company = Company::new();
    let plan = company.planned(crate::access::plan::tests::POWER);
    assert_eq!(plan.entitlements, plan::EntitlementPlan::default());
    assert!(company.account_access.state().requests.is_empty());
}

#[test]
fn a_group_that_is_named_twice_has_one_entitlement() {
    let company = Company::new();
    let twice = file("\"idc:Group0\", \"idc:Group0\"", &file("\"idc:Group0\"", ""));
    assert_eq!(company.planned(&twice).entitlements.additions.len(), 1);
}

#[test]
fn what_the_file_does_not_list_stays_unless_it_says_remove() {
    let company = Company::new();
    company.account_access.state().entitle(DEV, group(1));
    company.account_access.state().entitle(DEV, Principal::User("u-1".to_owned()));
    company.account_access.state().entitle(DEV, group(9));
    // Another role is not the file's.
    company.account_access.state().entitle(OWN, group(1));
    let plan = company.planned(&file("\"idc:Group0\"", ""));
    let names: Vec<&str> = plan.entitlements.unlisted.iter().map(|one| one.principal.as_str()).collect();
    assert_eq!(names, ["idc:Group1", "user u-1", "group g-9, which is gone"]);
    assert!(plan.entitlements.removals.is_empty());

    let text = file("\"idc:Group0\"", REMOVE);
    let plan = company.planned(&text);
    assert_eq!((plan.entitlements.removals.len(), requests(&company, "GetEntitlement")), (3, 3));
    company.apply(&text);
    assert_eq!(company.account_access.state().who_has(DEV), [group(0)].into());
    assert_eq!(company.account_access.state().who_has(OWN), [group(1)].into());
    assert!(company.planned(&text).is_empty());
    // An empty list takes the role from everybody.
    company.apply(&file("", REMOVE));
    assert!(company.account_access.state().who_has(DEV).is_empty());
}

#[test]
fn a_role_stays_with_a_group_until_another_one_has_it() {
    let company = Company::new();
    company.account_access.state().entitle(DEV, group(1));
    company.account_access.state().untrusting.insert(DEV.to_owned());
    let text = file("\"idc:Group0\"", REMOVE);
    let outcome = company.apply(&text);
    assert_eq!((outcome.done, outcome.failures.len(), requests(&company, "DeleteEntitlement")), (0, 2, 0));
    assert!(outcome.failures[1].why.starts_with("what replaces it could not be assigned"), "{outcome:?}");
    company.account_access.state().untrusting.clear();
    assert_eq!(company.apply(&text).failures, []);
    assert_eq!(company.account_access.state().who_has(DEV), [group(0)].into());
}

#[test]
fn what_was_not_confirmed_is_not_removed() {
    let company = Company::new();
    company.account_access.state().entitle(DEV, group(1));
    let id = company.account_access.state().entitlements.keys().next().expect("one").clone();
    company.account_access.state().vanished.insert(id);
    let plan = company.planned(&file("\"idc:Group0\"", REMOVE));
    assert!(plan.entitlements.removals.is_empty() && plan.entitlements.unlisted.is_empty());
}

#[test]
fn removals_count_for_the_cap() {
    let mut company = Company::new();
    for number in 0..8 {
        company.account_access.state().entitle(DEV, Principal::User(format!("u-{number}")));
    }
    let text = file("\"idc:Group0\"", REMOVE);
    let plan = company.planned(&text);
    assert_eq!(plan.blockers, [Blocker::TooManyRemovals { removals: 8, most: 5, all: 8 }]);
    company.options.max_removals = MaxRemovals::Count(8);
    assert_eq!(company.planned(&text).blockers, []);
}

#[test]
fn your_own_role_is_not_taken_away_unasked() {
    let mut company = Company::new();
    company.account_access.state().entitle(DEV, group(1));
    let arn = "arn:aws:sts::000000000001:assumed-role/Developer/0408e4c8-1111-4222-8333-444444444444";
    company.acting.role = Acting::role_of(arn);
    company.acting.account = "000000000001".to_owned();
    let text = file("\"idc:Group0\"", REMOVE);
    assert_eq!(company.planned(&text).blockers, [Blocker::OwnRole { role_arn: DEV.to_owned() }]);
    company.options.allowed = [Allowance::OwnAccess].into();
    assert_eq!(company.planned(&text).blockers, []);
    company.options.allowed.clear();
    company.acting.account = "000000000002".to_owned();
    assert_eq!(company.planned(&text).blockers, [], "a role of the same name in another account");
    let reserved = "arn:aws:sts::1:assumed-role/AWSReservedSSO_Power_0123456789abcdef/alice";
    assert_eq!(Acting::role_of(reserved), None);
    assert_eq!(Acting::role_of("arn:aws:iam::1:user/alice"), None);
}

#[test]
fn a_role_that_is_refused_has_the_statement_and_the_others_go_on() {
    let company = Company::new();
    company.account_access.state().untrusting.insert(DEV.to_owned());
    let text = file("\"idc:Group0\"", &format!("[[assign]]\nrole = \"{OWN}\"\ngroups = [\"idc:Group2\"]\n"));
    let outcome = company.apply(&text);
    assert_eq!((outcome.done, outcome.failures.len()), (1, 1));
    assert!(outcome.failures[0].meaning.is_some_and(|meaning| meaning.contains("trust policy")));
    let of = TrustedApplication { arn: APPLICATION, management_account: "000000000000" };
    assert_eq!(outcome.trust_statement, Some(statement(of)));
    assert_eq!(company.account_access.state().who_has(OWN), [group(2)].into());
}

#[test]
fn trust_policies_of_the_own_account_are_looked_at() {
    let mut company = Company::new();
    let text = file("\"idc:Group0\"", &format!("[[assign]]\nrole = \"{OWN}\"\ngroups = [\"idc:Group2\"]\n"));
    let trust = |company: &Company| {
        let trust = company.planned(&text).entitlements.trust;
        assert_eq!(trust[DEV], RoleTrust::NotRead, "it is in another account");
        trust[OWN].clone()
    };
    assert_eq!(trust(&company), RoleTrust::NoSuchRole);
    let of = TrustedApplication { arn: APPLICATION, management_account: "000000000000" };
    let role = |arn: &str, statement| RoleTrustPolicy {
        arn: arn.to_owned(),
        policy: json!({ "Statement": [statement] }),
    };
    let put = |company: &mut Company, role| drop(company.iam.roles.insert("Operator".to_owned(), role));
    put(&mut company, role(OWN, statement(of)));
    assert_eq!(trust(&company), RoleTrust::Trusted { advice: vec![] });
    put(&mut company, role(OWN, json!({})));
    assert!(matches!(trust(&company), RoleTrust::Lacks { .. }));
    let elsewhere = "arn:aws:iam::000000000000:role/ops/Operator";
    put(&mut company, role(elsewhere, statement(of)));
    assert_eq!(trust(&company), RoleTrust::OtherArn { arn: elsewhere.to_owned() });
    company.iam.is_denied = true;
    assert_eq!(trust(&company), RoleTrust::NotRead, "the right is not needed for a plan");
}

#[test]
fn accounts_that_cannot_be_used_are_named() {
    let mut company = Company::new();
    let foreign = file("\"idc:Group0\"", "").replace("000000000001", "999999999999");
    let error = company.plan(&foreign).expect_err("is not in the organization");
    assert!(matches!(error, AccessPlanError::ForeignRole { .. }), "{error}");
    company.organizations.accounts[1].state = Some(AccountState::Suspended);
    company.account_access.state().entitle(DEV, group(1));
    let plan = company.planned(&file("\"idc:Group0\"", REMOVE));
    assert!(plan.is_empty() && plan.entitlements.unusable_roles.contains_key(DEV), "{plan:?}");
}

#[test]
fn more_groups_than_aws_takes_are_named() {
    let company = Company::of(10, 25);
    let groups = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("\"idc:Group{number}\"")).collect();
        company.planned(&file(&names.join(", "), "")).entitlements.many_groups
    };
    assert!(groups(20).is_empty());
    assert_eq!(groups(21)[DEV], 21);
    company.account_access.state().entitle(DEV, group(24));
    assert_eq!(groups(20)[DEV], 21, "what stays counts");
}

#[test]
fn without_permission_sets_roles_are_still_assigned() {
    let mut company = Company::new();
    company.has_permission_sets = false;
    let plan = company.planned(&file("\"idc:Group0\"", ""));
    assert!(plan.notes.permission_sets_off && plan.entitlements.additions.len() == 1);
    assert_eq!(company.admin.state().asked(), 0);
    let error = company.plan(crate::access::plan::tests::POWER).expect_err("has permission sets");
    assert!(matches!(error, AccessPlanError::NoPermissionSets));
}

#[test]
fn an_export_plans_to_no_changes_and_who_shows_the_arn() {
    let company = Company::new();
    for (role, principal) in [(DEV, group(0)), (DEV, group(1)), (OWN, group(2))] {
        company.account_access.state().entitle(role, principal);
    }
    company.account_access.state().entitle(DEV, Principal::User("u-1".to_owned()));
    let all: Vec<_> = company.account_access.state().entitlements.values().cloned().collect();
    let mut exported = export(&[].into(), &[].into(), |_| None, |_| true);
    exported.add_roles(&all, |id| id.strip_prefix("g-").map(|number| format!("idc:Group{number}")));
    assert_eq!((exported.roles.len(), exported.others.len()), (2, 1));
    let mut document = toml_edit::DocumentMut::new();
    exported.write_toml(&mut document);
    let plan = company.planned(&document.to_string());
    assert!(plan.is_empty(), "{document}\n{plan:?}");
    assert_eq!(plan.entitlements.unlisted.len(), 1);
    assert_eq!(exported.json()["assign"][0]["role"], OWN);

    let requests = Requests::new(&*company.clock, 100.0);
    let needs = InventoryNeeds::default();
    let names = Names {
        sets: &[].into(),
        inventory: &AccountInventory::read(&company.organizations, &requests, needs).expect("reads"),
        groups: &GroupDirectory::of(company.groups.clone()),
        users: &[("u-1".to_owned(), "alice@example.com".to_owned())].into(),
        paths: &[].into(),
        partition: "aws",
    };
    let lines = |role: &str| {
        let filter = AccessFilter { role: Some(role.to_owned()), ..AccessFilter::default() };
        csv(&role_rows(&all, &names, &filter))[1..].to_vec()
    };
    assert_eq!(lines("Developer").len(), 3);
    assert_eq!(lines("*:role/Operator"), [format!(",Group2,,,000000000000,account-0,{OWN}")]);
    assert!(lines("Dev*")[2].contains("alice@example.com"), "{:?}", lines("Dev*"));
}
