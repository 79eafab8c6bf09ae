//! Writes that go into another directory than the one that is read, and objects that vanish while a plan is applied.

use super::{World, company};
use crate::sync::apply::{FailureReason, Halt};
use crate::sync::target::fake::DirectoryFault;

#[test]
fn nothing_is_written_where_the_endpoint_is_that_of_another_directory() {
    let world = World::in_step();
    world.realm.state().add_user("new", "new@example.com");
    world.realm.state().join("new", "dev");
    world.realm.state().user("p00").enabled = false;
    world.directory.fails_with(Some(DirectoryFault::WritesElsewhere));
    let before = world.writes();
    let outcome = world.apply(&world.planned());
    let Some(Halt::Elsewhere(why)) = &outcome.halted else { panic!("{outcome:?}") };
    assert!(why.contains("`d-1`") && why.contains("`https://scim.example.com/1/scim/v2/`"), "{why}");
    assert_eq!((world.writes() - before, outcome.writes), (0, 0));
    world.directory.fails_with(None);
    world.sync();
}

#[test]
fn an_empty_directory_gets_one_user_until_that_one_is_seen_in_it() {
    let world = World::new(company(), "groups = [\"/aws/**\"]");
    let plan = world.planned();
    world.directory.fails_with(Some(DirectoryFault::WritesElsewhere));
    let outcome = world.apply(&plan);
    assert!(matches!(outcome.halted, Some(Halt::Elsewhere(_))), "{outcome:?}");
    assert_eq!(world.writes(), 1);

    let world = World::new(company(), "groups = [\"/aws/**\"]");
    world.directory.fails_with(Some(DirectoryFault::ReadsLag(4)));
    let outcome = world.apply(&plan);
    assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "it shows late: {outcome:?}");
    assert_eq!(world.directory.state().users.len(), 12);
}

#[test]
fn one_object_that_vanished_is_no_proof_of_another_directory() {
    let world = World::in_step();
    world.realm.state().add_user("new", "new@example.com");
    world.realm.state().join("new", "dev");
    let plan = world.planned();
    world.directory.fails_with(Some(DirectoryFault::VanishesWhenLookedAt));
    let outcome = world.apply(&plan);
    assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{outcome:?}");
    assert_eq!(world.directory.state().users.len(), 12, "one vanished, one came");
    world.sync();
}

/// Deletes users behind the tool's back.
fn delete(world: &World, names: &[&str]) {
    let mut state = world.directory.state();
    for name in names {
        let id = state.named(name).id.clone();
        state.delete_user(&id);
    }
}

#[test]
fn a_member_who_is_gone_keeps_nobody_else_out_of_a_group() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.add_group("new", "new", Some("aws"), &["p03", "p04", "p05"]);
        for user in ["p03", "p04", "p05"] {
            realm.join(user, "ops");
        }
        for user in ["p03", "p06", "p07"] {
            realm.leave(user, "dev");
        }
    }
    let plan = world.planned();
    delete(&world, &["user03@example.com"]);
    let outcome = world.apply(&plan);
    assert!(outcome.halted.is_none(), "{outcome:?}");
    let gone = FailureReason::MembersGone { members: vec!["user03@example.com".to_owned()] };
    let reasons: Vec<&FailureReason> = outcome.failures.iter().map(|failure| &failure.reason).collect();
    assert_eq!(reasons, [&gone, &gone], "of the new group and of Ops; to leave Dev is done");
    {
        let state = world.directory.state();
        let mut members = state.members_of("new");
        members.sort_unstable();
        assert_eq!(members, ["user04@example.com", "user05@example.com"]);
        assert_eq!(state.members_of("Ops").len(), 5);
        assert_eq!(state.members_of("Dev").len(), 9);
    }
    world.sync();
}

#[test]
fn a_group_that_is_gone_is_named_as_that() {
    let world = World::in_step();
    world.realm.state().join("p05", "ops");
    let plan = world.planned();
    {
        let mut state = world.directory.state();
        let id = state.groups.values().find(|group| group.name == "Ops").expect("a group").id.clone();
        state.groups.remove(&id);
        state.members.remove(&id);
    }
    let outcome = world.apply(&plan);
    assert_eq!(outcome.failures.len(), 1, "{outcome:?}");
    assert_eq!(outcome.failures[0].reason, FailureReason::Gone);
}

#[test]
fn a_deletion_whose_answer_was_lost_is_done() {
    let world = World::new(company(), "groups = [\"/aws/**\"]\nleavers = \"delete\"\nafter = \"30d\"");
    world.sync();
    world.realm.state().delete_user("p05");
    world.sync();
    world.clock.advance(std::time::Duration::from_secs(31 * 24 * 3_600));
    let plan = world.planned();
    assert_eq!(plan.deletions.len(), 1);
    world.directory.fails_with(Some(DirectoryFault::AnswerLost(world.writes() + 1)));
    let outcome = world.apply(&plan);
    assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{outcome:?}");
    assert_eq!((outcome.writes, world.directory.state().users.len()), (1, 11));
}
