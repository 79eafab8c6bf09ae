//! Permission sets and assignments come, change and go.

use super::*;
use crate::ports::organizations::AccountState;

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
fn groups_of_the_realm_wait_until_they_are_in_identity_center() {
    let mut company = Company::new();
    company.apply(POWER);
    let keycloak = FakeKeycloak::default();
    let group = |id: &str, name: &str, parent: Option<&str>| FakeGroup {
        id: id.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        members: Vec::new(),
    };
    keycloak.realm_mut().groups = vec![group("k-1", "aws", None), group("k-2", "Dev", Some("k-1"))];
    company.keycloak = Some(keycloak);
    let text = POWER.replace("\"idc:Group0\", \"idc:Group1\"", "\"/aws/Dev\"") + REMOVE;
    let plan = company.planned(&text);
    assert_eq!((plan.waiting.len(), plan.additions.len(), plan.is_empty()), (5, 0, false));
    assert_eq!((plan.unlisted.len(), plan.removals.len()), (10, 0), "other groups keep it until then");
    let outcome = company.apply(&text);
    assert_eq!((outcome.done, outcome.waiting, outcome.failures.as_slice()), (0, 5, &[][..]));
    let realm_id = "4a4a8b5c-0000-4000-8000-000000000001";
    company.groups[2].external_ids = vec![format!("kc:{realm_id}:k-2")];
    let plan = company.planned(&text);
    assert_eq!((plan.waiting.len(), plan.additions.len(), plan.removals.len()), (0, 5, 10));
    assert_eq!(plan.additions[0].principal, "/aws/Dev");
    assert_eq!(company.apply(&text).done, 15);
    assert!(company.planned(&text).is_empty());
    let text = text.replace("/aws/Dev", "/aws/dev");
    assert!(matches!(company.plan(&text), Err(AccessPlanError::Group { .. })), "the case of names matters");
}

#[test]
fn what_fails_is_reported_and_the_next_run_does_the_rest() {
    let company = Company::new();
    let reason = "Received a 404 status error: Not supported policy".to_owned();
    company.admin.state().broken_accounts.insert("000000000003".to_owned(), reason.clone());
    let outcome = company.apply(POWER);
    assert_eq!((outcome.done, outcome.failures.len()), (9, 2));
    assert_eq!(outcome.failures[0].why, reason);
    assert!(outcome.failures[0].meaning.is_some_and(|meaning| meaning.contains("missing in that account")));
    company.admin.state().broken_accounts.clear();
    assert_eq!(company.planned(POWER).additions.len(), 2);
    assert_eq!(company.apply(POWER).failures, []);
    assert!(company.planned(POWER).is_empty());
}

#[test]
fn nothing_is_planned_in_an_account_that_is_suspended() {
    let mut company = Company::new();
    company.apply(POWER);
    company.organizations.accounts[3].state = Some(AccountState::Suspended);
    let changed = POWER.replace("\"4h\"", "\"2h\"");
    let plan = company.planned(&changed);
    assert_eq!((plan.provisioning.len(), plan.additions.len()), (4, 0), "the role there stays as it is");
    assert_eq!(plan.notes.unusable_accounts["000000000003"], "SUSPENDED");
    assert_eq!(plan.unlisted.len(), 2);
    let refusal = "the account is suspended".to_owned();
    company.admin.state().broken_accounts.insert("000000000003".to_owned(), refusal);
    assert_eq!(company.apply(&changed).failures, []);
    company.admin.state().broken_accounts.clear();
    let plan = company.planned(&format!("{changed}{REMOVE}"));
    assert!(plan.is_empty() && plan.removals.is_empty(), "{plan:?}");
    assert_eq!(plan.unlisted.len(), 2, "its assignments are listed");
    // It is taken up again with the account.
    company.organizations.accounts[3].state = None;
    let plan = company.planned(&changed);
    assert_eq!((plan.provisioning.len(), plan.unlisted.len()), (1, 0));
}

#[test]
fn tags_of_aws_itself_are_nobodys() {
    let company = Company::new();
    company.apply(POWER);
    let of_aws = ("aws:cloudformation:stack-name".to_owned(), "access".to_owned());
    company
        .admin
        .state()
        .sets
        .values_mut()
        .for_each(|set| drop(set.tags.insert(of_aws.0.clone(), of_aws.1.clone())));
    assert!(company.planned(POWER).is_empty());
}
