//! Plans that make only a part of the changes.

use super::*;
use crate::only::Only;

fn only(selectors: &[&str]) -> Only {
    Only::new(&selectors.iter().map(|text| text.parse().expect("a selector")).collect::<Vec<_>>())
}

const TWO: &str = r#"
[permission_sets.Reader]
managed = ["ReadOnlyAccess"]
[[assign]]
set = "Reader"
groups = ["idc:Group2"]
accounts = ["name:account-*"]
"#;

/// Counts sets, additions, roles and removals.
fn counts(plan: &AccessPlan) -> [usize; 4] {
    [plan.permission_sets.len(), plan.additions.len(), plan.provisioning.len(), plan.removals.len()]
}

#[test]
fn a_set_comes_whole_and_a_part_of_its_accounts_with_the_set_that_they_need() {
    let mut company = Company::new();
    let text = format!("{POWER}{TWO}");
    let all = counts(&company.planned(&text));
    assert_eq!(all, [2, 19, 0, 0]);
    for (selectors, wanted) in [
        (&["set:Power"][..], [1, 10, 0, 0]),
        (&["set:*"], all),
        (&["account:account-1", "account:000000000003"], [2, 6, 0, 0]),
        (&["set:Reader", "account:account-1"], [1, 1, 0, 0]),
        (&["group:idc:Group1"], [1, 5, 0, 0]),
        (&["group:Group1", "set:Reader"], [0; 4]),
        (&["user:alice"], [0; 4]),
    ] {
        company.options.only = only(selectors);
        let plan = company.planned(&text);
        assert_eq!(counts(&plan), wanted, "{selectors:?}");
        let changes = wanted.iter().sum::<usize>();
        assert_eq!(plan.left_out, all.iter().sum::<usize>() - changes, "{selectors:?}");
    }
    company.options.only = only(&["set:Power", "account:account-1"]);
    assert_eq!(company.apply(&text).failures, []);
    company.options.only = Only::default();
    assert_eq!(counts(&company.planned(&text)), [1, 17, 0, 0]);
}

#[test]
fn a_changed_set_is_one_of_all_accounts() {
    let mut company = Company::new();
    company.apply(POWER);
    let longer = POWER.replace("\"4h\"", "\"8h\"").replace("PowerUserAccess", "ReadOnlyAccess");
    company.options.only = only(&["account:account-1"]);
    let plan = company.planned(&longer);
    assert_eq!((counts(&plan), plan.left_out), ([0; 4], 1), "a set has the same policies everywhere");
    company.options.only = only(&["set:Power"]);
    assert_eq!(counts(&company.planned(&longer)), [1, 0, 5, 0]);
}

#[test]
fn a_role_that_only_a_left_out_assignment_would_keep_is_not_removed_unasked() {
    let mut company = Company::new();
    let one = POWER.replace("\"idc:Group0\", ", "").replace("ou:/Workloads/**", "000000000001");
    company.apply(&one);
    let moved = one.replace("Group1", "Group2") + REMOVE;
    assert_eq!(company.planned(&moved).blockers, []);
    company.options.only = only(&["group:Group1"]);
    let plan = company.planned(&moved);
    assert_eq!(counts(&plan), [0, 0, 0, 1]);
    assert!(matches!(plan.blockers[..], [Blocker::RoleRemoval { .. }]), "{:?}", plan.blockers);
}

#[test]
fn a_realm_path_selects_removals_too() {
    let mut company = Company::new();
    let keycloak = FakeKeycloak::default();
    let group = |id: &str, name: &str, parent: Option<&str>| FakeGroup {
        id: id.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        members: Vec::new(),
    };
    keycloak.realm_mut().groups = vec![group("k-aws", "aws", None), group("k-dev", "dev", Some("k-aws"))];
    let realm = RealmGroups::open(&keycloak).expect("opens").realm_id().to_owned();
    company.groups[0].external_ids = vec![format!("kc:{realm}:k-dev")];
    company.keycloak = Some(keycloak);
    company.apply(POWER);
    company.options.allowed = [Allowance::RoleRemoval].into();
    company.options.max_removals = MaxRemovals::Count(20);
    let none = format!("{}{REMOVE}", POWER.split("[[assign]]").next().expect("a beginning"));
    company.options.only = only(&["group:/aws/*"]);
    let plan = company.planned(&none);
    assert_eq!((counts(&plan), plan.left_out), ([0, 0, 0, 5], 5));
}

#[test]
fn a_selector_that_names_nothing_is_reported() {
    let mut company = Company::new();
    let text = format!("{POWER}{TWO}");
    company.options.only = only(&[
        "set:power",
        "set:Reader",
        "account:account-1",
        "account:000000000003",
        "group:idc:Group1",
        "group:Group2",
    ]);
    assert_eq!(company.planned(&text).unmatched, []);
    company.options.only =
        only(&["set:Pwoer", "set:Power", "account:acount-1", "group:/aws/typo", "user:alice"]);
    let unmatched: Vec<String> = company.planned(&text).unmatched.iter().map(ToString::to_string).collect();
    assert_eq!(unmatched, ["user:alice", "group:/aws/typo", "set:Pwoer", "account:acount-1"]);
}
