//! The ten rules of safety, as far as they are about users, groups and members.

use super::{MemoryAudit, World, company};
use crate::sync::apply::{FailureReason, Halt};
use crate::sync::plan::{Blocked, Note, Refusal, RemovalKind, SavedPlan, SavedPlanError};
use crate::sync::read_fault::{PlanError, ScopeFault};
use crate::sync::source::fake::RealmState;
use crate::sync::target::fake::DirectoryFault;

// Rule 1 and 8: `faults.rs`.

#[test]
fn rule_2_an_empty_or_halved_scope_is_refused() {
    let mut world = World::in_step();
    for members in world.realm.state().members.values_mut() {
        members.clear();
    }
    world.options.max_removals = Some("100%".parse().expect("a limit"));
    world.options.allow_smaller_scope = true;
    assert!(matches!(&world.planned().refusals[..], [Refusal::EmptyScope { active: 12 }]));

    let mut world = World::in_step();
    world.realm.state().members.get_mut("dev").expect("dev").truncate(5);
    world.options.max_removals = Some("100%".parse().expect("a limit"));
    assert_eq!(world.planned().refusals, [Refusal::HalvedScope { active: 12, in_scope: 5 }]);
    world.options.allow_smaller_scope = true;
    world.sync();
}

#[test]
fn who_left_the_groups_and_stays_active_is_no_part_of_a_scope_that_shrinks() {
    let world = || {
        let mut world = World::in_step();
        world.settings =
            toml::from_str("groups = [\"/aws/**\"]\nleavers = \"leave-groups\"").expect("settings");
        world.options.max_removals = Some("100%".parse().expect("a limit"));
        world
    };
    let stay = |world: &World, people: usize| {
        world.realm.state().members.get_mut("dev").expect("dev").truncate(people);
    };
    let slowly = world();
    for people in [8, 5] {
        stay(&slowly, people);
        slowly.sync();
    }
    assert!(slowly.directory.state().users.values().all(|user| user.active));
    let at_once = world();
    stay(&at_once, 5);
    assert_eq!(at_once.planned().refusals, [Refusal::HalvedScope { active: 12, in_scope: 5 }]);
}

#[test]
fn a_run_that_ended_after_the_leavers_is_not_refused_when_it_goes_on() {
    let world = World::in_step();
    let leavers = ["p00", "p01", "p02", "p03"];
    for user in leavers {
        world.realm.state().user(user).enabled = false;
    }
    let plan = world.planned();
    assert_eq!(plan.refusals, []);
    world.apply_until(&plan, leavers.len());
    // Seven memberships are left, of users who are inactive already; five may be removed.
    let rest = world.planned();
    assert_eq!((rest.deactivations.len(), &rest.refusals[..]), (0, &[][..]));
    assert_eq!(rest.removals.iter().map(|change| change.members.len()).sum::<usize>(), 7);
    world.sync();
}

/// Two hundred people in three groups; ten of them leave the company, and `moving` others leave `/aws/Ops`.
fn with_moves(moving: usize) -> World {
    let mut state = RealmState { id: "r1".to_owned(), ..RealmState::default() };
    let ids: Vec<String> = (0..200).map(|at| format!("p{at:03}")).collect();
    for id in &ids {
        state.add_user(id, &format!("{id}@example.com"));
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    state.add_group("aws", "aws", None, &[]);
    for (id, members) in [("all", &all[..]), ("dev", &all[..]), ("ops", &all[..100])] {
        state.add_group(id, id, Some("aws"), members);
    }
    let world = World::new(state, "groups = [\"/aws/**\"]");
    world.sync();
    for id in &all[..10] {
        world.realm.state().user(id).enabled = false;
    }
    for id in &all[20..20 + moving] {
        world.realm.state().leave(id, "ops");
    }
    world
}

#[test]
fn what_a_plan_may_remove_the_next_run_may_remove_too() {
    let mut accepted = 0;
    for moving in 22..=26 {
        for writes in 9..14 {
            let world = with_moves(moving);
            let plan = world.planned();
            if !plan.refusals.is_empty() {
                continue;
            }
            accepted += 1;
            world.apply_until(&plan, writes);
            assert_eq!(world.planned().refusals, [], "{moving} moves, ended after {writes} writes");
        }
    }
    assert!(accepted > 0);
}

#[test]
fn rule_3_a_cap_on_removals() {
    let mut world = World::in_step();
    for user in ["p00", "p01", "p02", "p03", "p04", "p05"] {
        world.realm.state().user(user).enabled = false;
    }
    let plan = world.planned();
    assert_eq!(
        plan.refusals,
        [Refusal::TooManyRemovals { kind: RemovalKind::Users, planned: 6, allowed: 5 }]
    );
    let before = world.writes();
    assert!(matches!(world.apply(&plan).halted, Some(Halt::Refused)));
    assert_eq!(world.writes(), before);
    world.options.max_removals = Some("6".parse().expect("a limit"));
    world.sync();
}

#[test]
fn rule_3_counts_memberships_of_people_who_stay() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        for user in ["p00", "p01", "p02"] {
            realm.leave(user, "ops");
        }
    }
    assert_eq!(world.planned().removals[0].members.len(), 3);
    let mut world = world;
    world.options.max_removals = Some("2".parse().expect("a limit"));
    assert!(matches!(&world.planned().refusals[..], [Refusal::TooManyRemovals { planned: 3, .. }]));
}

#[test]
fn rule_4_two_groups_of_one_name_are_an_error_with_both_paths() {
    let world = World::in_step();
    world.realm.state().add_group("sub", "sub", Some("aws"), &[]);
    world.realm.state().add_group("dev2", "Dev", Some("sub"), &[]);
    match world.plan() {
        Err(PlanError::Scope(ScopeFault::SameName(clash))) => {
            assert_eq!(clash.paths, ["/aws/Dev".to_owned(), "/aws/sub/Dev".to_owned()]);
        }
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn rule_5_nothing_is_ever_deleted_and_created_again() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.user("p01").email = Some("new@example.com".to_owned());
        realm.user("p02").enabled = false;
        realm.delete_user("p03");
        realm.groups.get_mut("dev").expect("dev").name = "Developers".to_owned();
        realm.groups.remove("ops");
        realm.members.remove("ops");
    }
    let before = world.directory.state().clone();
    world.directory.state().log.clear();
    world.sync();
    let state = world.directory.state();
    assert_eq!((state.users.len(), state.groups.len()), (before.users.len(), before.groups.len()));
    assert!(!state.log.iter().any(|line| line.starts_with("delete") || line.starts_with("create")));
}

#[test]
fn rule_6_the_one_who_runs_it_is_not_locked_out() {
    let mut world = World::in_step();
    world.options.caller = Some("user02@example.com".to_owned());
    world.realm.state().user("p02").enabled = false;
    let plan = world.planned();
    assert!(!plan.has_changes());
    assert_eq!(plan.notes, [Note::Caller { user: "user02@example.com".to_owned() }]);
}

#[test]
fn a_person_without_an_address_has_the_name_of_the_realm() {
    let mut state = company();
    state.user("p00").email = None;
    let plan = World::new(state, "groups = [\"/aws/**\"]").planned();
    assert!(matches!(&plan.blocked[..], [Blocked::BadValues { user, .. }] if user == "user00"), "{plan:?}");
}

#[test]
fn rule_9_hostile_names_are_written_as_they_are_or_not_at_all() {
    let mut state = company();
    state.user("p00").last_name = Some("\u{202e}Doe".to_owned());
    state.user("p01").last_name = Some("<b>\"';--".to_owned());
    let world = World::new(state, "groups = [\"/aws/**\"]");
    let plan = world.sync();
    assert_eq!((plan.blocked.len(), plan.users.len()), (1, 11));
}

#[test]
fn an_object_that_changed_since_the_plan_is_left_alone() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.user("p01").last_name = Some("Roe".to_owned());
        realm.user("p02").enabled = false;
    }
    let plan = world.planned();
    {
        let mut state = world.directory.state();
        let id = state.named("user01@example.com").id.clone();
        state.users.get_mut(&id).expect("a user").revision = Some("99".to_owned());
        let id = state.named("user02@example.com").id.clone();
        state.users.get_mut(&id).expect("a user").external_id = Some("00u17".to_owned());
    }
    let outcome = world.apply(&plan);
    let reasons: Vec<&FailureReason> = outcome.failures.iter().map(|failure| &failure.reason).collect();
    assert_eq!(reasons, [&FailureReason::Changed, &FailureReason::Changed]);
    let state = world.directory.state();
    assert!(state.named("user02@example.com").active, "it is not ours any more");
}

#[test]
fn a_user_that_somebody_else_creates_meanwhile_is_not_overwritten() {
    let world = World::new(company(), "groups = [\"/aws/**\"]");
    let plan = world.planned();
    let id = world.directory.state().add_user(Some("00u17"), "user05@example.com");
    let outcome = world.apply(&plan);
    assert_eq!(outcome.failures.len(), 1);
    assert_eq!(outcome.failures[0].reason, FailureReason::ForeignObject { id: id.clone() });
    assert_eq!(outcome.skipped_members, 1);
    let state = world.directory.state();
    assert_eq!(state.users[&id].external_id.as_deref(), Some("00u17"));
    assert_eq!(state.members_of("Dev").len(), 11, "the others went on");
}

#[test]
fn one_record_that_aws_refuses_fails_alone() {
    let world = World::new(company(), "groups = [\"/aws/**\"]");
    world.directory.fails_with(Some(DirectoryFault::Poisoned("user05@example.com".to_owned())));
    let outcome = world.apply(&world.planned());
    assert!(outcome.failures.len() == 1 && outcome.halted.is_none(), "{outcome:?}");
    assert_eq!(world.directory.state().users.len(), 11);
}

#[test]
fn a_refused_token_and_a_full_disk_end_the_run_at_once() {
    let world = World::new(company(), "groups = [\"/aws/**\"]");
    world.directory.fails_with(Some(DirectoryFault::WritesDenied));
    let outcome = world.apply(&world.planned());
    assert!(matches!(outcome.halted, Some(Halt::Denied(_))) && world.writes() == 0);

    let mut world = World::new(company(), "groups = [\"/aws/**\"]");
    world.audit = MemoryAudit { is_full: true, ..MemoryAudit::default() };
    let outcome = world.apply(&world.planned());
    assert!(matches!(outcome.halted, Some(Halt::Audit(_))), "{outcome:?}");
    assert!(world.writes() <= 8, "one for each thread: {}", world.writes());
}

#[test]
fn updates_end_when_writes_fail_though_reads_do_not() {
    let world = with_moves(0);
    {
        let mut realm = world.realm.state();
        for at in 20..120 {
            realm.user(&format!("p{at:03}")).last_name = Some("Roe".to_owned());
        }
    }
    world.directory.fails_with(Some(DirectoryFault::WritesUnavailable));
    let outcome = world.apply(&world.planned());
    assert!(matches!(outcome.halted, Some(Halt::Unavailable(_))), "{:?}", outcome.halted);
    assert!(outcome.failures.len() <= 5 + 8, "one more for each thread: {}", outcome.failures.len());
}

#[test]
fn every_write_is_in_the_audit_file() {
    let world = World::in_step();
    let lines = world.audit.lines.lock().expect("a lock");
    assert_eq!(lines.len(), world.writes());
    for part in
        ["\"actor\":\"admin\"", "\"request_id\":\"req\"", "\"external_id\":\"kc:r1:", "\"at\":\"2026-11-29T"]
    {
        assert!(lines.iter().all(|line| line.contains(part)), "{part}");
    }
}

#[test]
fn a_saved_plan_is_bound_to_what_was_read() {
    let world = World::in_step();
    world.realm.state().user("p02").enabled = false;
    let made = world.planned();
    let text =
        serde_json::to_string(&SavedPlan::new(made.clone(), "corp/ssoins-1", &world.options)).expect("JSON");
    let read = |minutes: i64, chain: &str| {
        SavedPlan::read(&text, chain, made.made_at + chrono::TimeDelta::minutes(minutes))
    };
    assert!(matches!(read(61, "corp/ssoins-1"), Err(SavedPlanError::TooOld { .. })));
    assert!(matches!(read(-61, "corp/ssoins-1"), Err(SavedPlanError::OfTheFuture { .. })));
    assert!(matches!(read(1, "corp/ssoins-2"), Err(SavedPlanError::OtherChain { .. })));
    assert!(matches!(SavedPlan::read("{}", "x", made.made_at), Err(SavedPlanError::Unreadable(_))));
    let saved = read(59, "corp/ssoins-1").expect("a plan");
    assert_eq!(saved.plan(), &made);
    assert!(saved.bind(world.planned()).is_ok());
    world.realm.state().user("p03").enabled = false;
    assert!(matches!(saved.bind(world.planned()), Err(SavedPlanError::Changed(_))));
}
