//! How much reading takes.

use super::*;

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
}
