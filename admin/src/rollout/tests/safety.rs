//! What is not done unasked, and what fails alone.

use chrono::TimeDelta;

use super::super::plan::RolloutRefusal;
use super::super::{SavedRollout, SavedRolloutError};
use super::*;
use crate::access::plan::Blocker;
use crate::access::plan::SavedAccessPlanError;
use crate::sync::plan::SavedPlanError;
use crate::sync::target::fake::DirectoryFault;

fn unassigned(world: &World) -> usize {
    world.company.admin.state().requests.get("DeleteAccountAssignment").copied().unwrap_or_default()
}

#[test]
fn a_group_that_is_not_created_fails_with_its_assignments_alone() {
    let mut world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.in_realm("New", &["anna"]);
    // One account goes over to the new group, the other one gets a further group.
    world.text = format!(
        "{}[[assign]]\nset = \"Power\"\ngroups = [\"/aws/Old\", \"/aws/All\"]\naccounts = [\"{}\"]\n",
        access(&["/aws/New"], &ACCOUNTS[..1]),
        ACCOUNTS[1]
    );
    world.directory.fails_with(Some(DirectoryFault::Poisoned("New".to_owned())));
    let plan = world.planned();
    assert!(!plan.is_refused(), "{plan:?}");
    let (outcome, end) = world.apply(&plan);
    assert!(end.is_ok(), "{end:?}");
    let (sync, access) = (outcome.sync.expect("a sync"), outcome.access.expect("access"));
    assert_eq!(sync.failures.len(), 1);
    let failures: Vec<(&str, &str)> =
        access.failures.iter().map(|failure| (failure.what.as_str(), failure.why.as_str())).collect();
    let [(addition, why)] = failures[..] else { panic!("{failures:?}") };
    assert_eq!(addition, "assign Power in 000000000001: /aws/New");
    assert_eq!(why, "the group /aws/New was not created or taken over");
    assert_eq!((access.done, access.waiting, unassigned(&world)), (1, 0, 0), "the other account");
    assert_eq!(world.accounts_of("anna").len(), 2, "the role is kept, and used");

    world.directory.fails_with(None);
    world.goes_well();
    assert_eq!(world.accounts_of("bob").len(), 1);
}

/// Another group keeps the role, but not the access of those who should have moved.
#[test]
fn an_assignment_stays_until_there_is_the_group_that_replaces_its_own() {
    let mut world = World::in_step(&access(&["/aws/Old", "/aws/All"], &ACCOUNTS));
    world.in_realm("All", &["bob"]);
    world.goes_well();
    world.in_realm("New", &["anna"]);
    world.text = access(&["/aws/New", "/aws/All"], &ACCOUNTS);
    world.directory.fails_with(Some(DirectoryFault::Poisoned("New".to_owned())));
    let (outcome, end) = world.apply(&world.planned());
    assert!(end.is_ok(), "{end:?}");
    assert_eq!((outcome.access.expect("access").failures.len(), unassigned(&world)), (2, 0));
    assert_eq!(world.accounts_of("anna").len(), 2);
    world.directory.fails_with(None);
    world.goes_well();
}

#[test]
fn an_assignment_stays_until_its_people_are_in_the_group_that_has_the_same() {
    let mut world = World::in_step(&access(&["/aws/Old", "/aws/All"], &ACCOUNTS));
    world.in_realm("All", &["bob"]);
    world.goes_well();
    world.in_realm("Old", &["carol"]);
    world.in_realm("All", &["bob", "anna"]);
    world.text = access(&["/aws/All"], &ACCOUNTS);
    let plan = world.planned();
    world.directory.fails_with(Some(DirectoryFault::Poisoned("All".to_owned())));
    let (outcome, end) = world.apply(&plan);
    assert!(end.is_ok(), "{end:?}");
    let failures = outcome.access.expect("access").failures;
    assert!(failures.iter().all(|failure| failure.why.contains("some of its new members")), "{failures:?}");
    assert_eq!((failures.len(), unassigned(&world), world.accounts_of("anna").len()), (2, 0, 2));
    world.directory.fails_with(None);
    world.goes_well();
    assert_eq!((unassigned(&world), world.accounts_of("anna").len()), (2, 2));
}

#[test]
fn a_removal_waits_for_the_assignment_that_replaces_it() {
    let mut world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.text = access(&["/aws/All"], &ACCOUNTS);
    world.company.admin.state().broken_accounts.insert(ACCOUNTS[0].to_owned(), "broken".to_owned());
    let plan = world.planned();
    assert!(plan.access.as_ref().expect("a plan").removals.iter().all(|removal| !removal.removes_role));
    let (outcome, end) = world.apply(&plan);
    assert!(end.is_ok(), "{end:?}");
    let access = outcome.access.expect("access");
    assert_eq!((access.done, access.failures.len(), unassigned(&world)), (2, 2, 1), "{access:?}");
    assert_eq!(world.accounts_of("anna").len(), 2);
    let roles = world.company.admin.state().roles.len();
    world.company.admin.state().broken_accounts.clear();
    world.goes_well();
    assert_eq!(world.company.admin.state().roles.len(), roles, "no role was destroyed");
}

#[test]
fn one_limit_counts_the_removals_of_both_halves() {
    let mut world = World::in_step(&access(&["/aws/Old", "/aws/All"], &ACCOUNTS));
    world.in_realm("Old", &["anna", "bob"]);
    world.text = access(&["/aws/All"], &ACCOUNTS);
    for (limit, is_refused) in [(3, true), (4, false)] {
        world.limit(MaxRemovals::Count(limit));
        let refusals = world.planned().refusals;
        let refusal = RolloutRefusal::TooManyRemovals { planned: 4, allowed: 3 };
        assert_eq!(refusals, if is_refused { vec![refusal] } else { Vec::new() }, "{limit}");
    }
    // One half alone says it by itself, and a percentage is of each half's own.
    world.limit(MaxRemovals::Count(1));
    let plan = world.planned();
    assert!(plan.is_refused() && plan.refusals.is_empty());
    assert!(matches!(plan.access.expect("a plan").blockers[..], [Blocker::TooManyRemovals { .. }]));
    world.limit(MaxRemovals::Percent(5));
    assert!(!world.planned().is_refused());
    world.goes_well();
}

#[test]
fn what_was_not_shown_is_not_done() {
    let world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.in_realm("New", &["anna"]);
    world.in_realm("Old", &["bob", "carol", "dave"]);
    let text = access(&["/aws/Old", "/aws/New"], &ACCOUNTS);
    let world = World { text, ..world };
    let plan = world.planned();
    let arn = world.company.arn("Power");
    let between = || {
        world.company.admin.state().assign(&arn, "000000000007", Principal::Group("g-else".to_owned()));
    };
    let ((outcome, end), lines) = world.apply_watched(&plan, &|| {}, &between);
    let Err(RolloutError::Exceeds(excess)) = end else { panic!("{end:?}") };
    assert!(excess.to_string().starts_with("removal of Power in 000000000007"), "{excess}");
    assert_eq!(lines, ["Create New"], "what takes something away has not been done either");
    assert!(outcome.access.is_none());
    assert_eq!(world.accounts_of("anna").len(), 2);
}

#[test]
fn a_plan_that_needs_less_than_was_shown_is_applied() {
    let mut world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.in_realm("New", &["anna"]);
    world.text = access(&["/aws/Old", "/aws/All", "/aws/New"], &ACCOUNTS);
    let plan = world.planned();
    let (arn, all) = {
        let state = world.directory.state();
        let all = state.groups.values().find(|group| group.name == "All").expect("a group").id.clone();
        (world.company.arn("Power"), all)
    };
    // Somebody else was faster with one of four.
    let between = || world.company.admin.state().assign(&arn, ACCOUNTS[0], Principal::Group(all.clone()));
    let ((outcome, end), _) = world.apply_watched(&plan, &|| {}, &between);
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(outcome.access.expect("access").done, 3);
    assert!(!world.planned().has_changes());
}

#[test]
fn a_sync_that_ends_early_ends_the_rest() {
    let mut world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.in_realm("New", &["anna"]);
    world.text = access(&["/aws/New"], &ACCOUNTS);
    let plan = world.planned();
    world.directory.fails_with(Some(DirectoryFault::WritesDenied));
    let (outcome, end) = world.apply(&plan);
    assert!(matches!(end, Err(RolloutError::SyncHalted)), "{end:?}");
    assert!(outcome.access.is_none() && outcome.sync.expect("a sync").halted.is_some());
    assert_eq!((unassigned(&world), world.accounts_of("anna").len()), (0, 2));
}

#[test]
fn a_saved_plan_is_bound_to_what_both_halves_were_made_from() {
    let mut world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.in_realm("New", &["anna"]);
    world.text = access(&["/aws/Old", "/aws/New"], &ACCOUNTS);
    let (chain, now) = ("ssoins-1 https://sso.example.com/realms/corp", world.company.clock.now());
    let plan = world.planned();
    let saved = SavedRollout::new(&plan, chain, &world.sync_options, &world.company.options, now);
    let text = serde_json::to_string(&saved).expect("serializes");
    let read = |chain, minutes| SavedRollout::read(&text, chain, now + TimeDelta::minutes(minutes));
    let same = read(chain, 59).expect("is recent");
    assert!(same.check(&world.planned()).is_ok());
    assert!(matches!(read(chain, 61), Err(SavedRolloutError::Sync(SavedPlanError::TooOld { .. }))));
    assert!(matches!(read("x y", 0), Err(SavedRolloutError::Sync(SavedPlanError::OtherChain { .. }))));
    assert!(matches!(SavedRollout::read("{}", chain, now), Err(SavedRolloutError::Unreadable(Some(_)))));

    let without = RolloutPlan { access: None, ..world.planned() };
    assert!(matches!(same.check(&without), Err(SavedRolloutError::OtherParts)));
    world.text = access(&["/aws/Old", "/aws/New"], &ACCOUNTS[..1]);
    let changed = same.check(&world.planned());
    assert!(
        matches!(changed, Err(SavedRolloutError::Access(SavedAccessPlanError::Changed(_)))),
        "{changed:?}"
    );
    world.in_realm("New", &["anna", "bob"]);
    let changed = same.check(&world.planned());
    assert!(matches!(changed, Err(SavedRolloutError::Sync(SavedPlanError::Changed(_)))), "{changed:?}");
}
