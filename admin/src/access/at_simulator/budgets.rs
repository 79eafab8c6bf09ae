//! What reading and applying cost, in requests that the simulator counts, and in time on its clock.
//!
//! A tenth of the company in the suite, all of it with KCAWS_TEST_LONG=1.

use idc_sim::Route;

use super::*;
use crate::access::plan::OWNER_TAG;
use crate::budget::{at_most, in_time, scale};
use crate::ports::sso_admin::access::{AccessAdmin as _, SetWrite};
use crate::ports::testing::whole;

fn part(of: usize) -> usize {
    of / usize::try_from(scale()).expect("small")
}

/// Permission sets that are owned, and as the access file says.
fn with_sets(sets: usize, accounts: usize, groups: usize) -> AtSimulator {
    let builder = (0..sets).fold(IdcSim::builder(), |builder, number| {
        builder.permission_set(&format!("Set{number}"), Duration::from_hours(1))
    });
    let at = AtSimulator::of(builder, accounts, groups);
    let requests = Requests::new(&at.clock, DEFAULT_RATE);
    for set in whole(|cursor| at.admin.permission_sets(cursor)) {
        let owner = std::collections::BTreeMap::from([(OWNER_TAG.to_owned(), OWNER.to_owned())]);
        requests.ask(|| at.admin.write(&set, &SetWrite::Tag(owner.clone()))).expect("writes");
    }
    at.sim.clear_log();
    at
}

#[test]
fn a_large_organization_is_planned() {
    let (sets, accounts, groups) = (part(50), part(200), part(500));
    let at = with_sets(sets, accounts, groups);
    let mut text = String::new();
    for set in 0..sets {
        for number in 0..accounts {
            let group = format!("Group{}", (set * accounts + number) % groups);
            at.sim.assign_group(&group, &account(number), &format!("Set{set}"));
        }
        text.extend(["[permission_sets.Set", &set.to_string(), "]\n"]);
    }
    let (plan, took) = at.time(|| at.plan(&text).expect("plans"));
    assert_eq!((plan.unlisted.len(), plan.is_empty()), (sets * accounts, true));
    let what = format!("access plan, {sets} sets x {accounts} accounts, {groups} groups");
    // Where there are few, the pairs of permission set and account are counted first.
    let counting = if scale() > 1 { sets } else { 0 };
    at_most(&what, at.sim.requests().len(), part(950) + counting, "reads");
    in_time(&format!("{what}, at 20/s"), took, Duration::from_secs(50));
    assert_eq!(at.writes(), 0);
}

#[test]
fn many_assignments_take_the_time_that_aws_needs() {
    let accounts = part(200);
    let at = with_sets(1, accounts, 6);
    let groups = (0..6).map(|number| format!("\"idc:Group{number}\"")).collect::<Vec<_>>().join(", ");
    let names = (0..accounts).map(|number| format!("\"{}\"", account(number))).collect::<Vec<_>>().join(", ");
    let text = format!(
        "[permission_sets.Set0]\n[[assign]]\nset = \"Set0\"\ngroups = [{groups}]\naccounts = [{names}]\n"
    );
    let (outcome, end) = at.apply(&text);
    end.expect("is applied");
    let starts = at.sim.requests_to(Route::CreateAccountAssignment);
    let took = at.sim.now().duration_since(starts[0].at).expect("after");
    let operations = accounts * 6;
    assert_eq!((outcome.done, outcome.failures.len()), (operations, 0));
    // Of AWS's own 600 s.
    let what = format!("access apply, {operations} assignments of 5 s, 10 at once");
    in_time(&what, took, Duration::from_secs(660));
    let refused = starts.iter().filter(|start| start.status != Some(200)).count();
    at_most(&format!("{what}, refused"), refused, starts.len() * 3 / 100, "requests");

    at.sim.clear_log();
    let (outcome, end) = at.apply(&text);
    end.expect("is applied");
    at_most(&format!("{what}, second run"), at.writes(), 0, "writes");
    assert_eq!(outcome, AccessOutcome::default());
}

#[test]
fn one_policy_is_edited_for_all_accounts() {
    let accounts = part(200);
    let at = with_sets(1, accounts, 1);
    (0..accounts).for_each(|number| at.sim.assign_group("Group0", &account(number), "Set0"));
    let text = "[permission_sets.Set0]\ninline = { Statement = [] }\n";
    let ((outcome, end), took) = at.time(|| at.apply(text));
    end.expect("is applied");
    assert_eq!((outcome.done, outcome.failures.len()), (1 + accounts, 0));
    let what = format!("access apply, one policy of a set in {accounts} accounts");
    at_most(&what, at.sim.count(Route::PutInlinePolicyToPermissionSet), 1, "changes");
    at_most(&what, at.sim.count(Route::ProvisionPermissionSet), 1, "provisionings");
    assert_eq!(at.writes(), 2);
    in_time(&what, took, Duration::from_secs(15));
    assert!(at.plan(text).expect("plans").is_empty());
}
