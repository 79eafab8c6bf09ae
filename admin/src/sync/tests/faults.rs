//! Readings that are not whole: nothing is written.

use super::World;
use crate::sync::plan::Plan;
use crate::sync::read_fault::PlanError;
use crate::sync::source::fake::RealmFault;
use crate::sync::target::fake::DirectoryFault;

/// A world in which people leave and come, so that every reading matters.
fn world() -> World {
    let world = World::in_step();
    let mut realm = world.realm.state();
    realm.user("p00").enabled = false;
    realm.delete_user("p01");
    realm.leave("p02", "ops");
    realm.leave("p03", "dev");
    realm.add_user("new1", "new1@example.com");
    realm.join("new1", "dev");
    drop(realm);
    world
}

/// Applies what was planned, if anything was, and checks that nothing is written.
fn writes_nothing(world: &World, plan: Result<Plan, PlanError>, what: &str) {
    let before = world.writes();
    if let Ok(plan) = plan {
        assert!(!plan.refusals.is_empty(), "{what}: {plan:?}");
        world.apply(&plan);
    }
    assert_eq!(world.writes(), before, "{what}");
}

#[test]
fn a_reading_of_the_realm_that_is_not_whole_writes_nothing() {
    for fault in [
        RealmFault::IdFails,
        RealmFault::CountFails,
        RealmFault::CountChanges,
        RealmFault::UsersFail,
        RealmFault::UsersEndEarly,
        RealmFault::UserTwice,
        RealmFault::UserReplaced("p05".to_owned()),
        RealmFault::GroupCountFails,
        RealmFault::GroupDeleted("other".to_owned()),
        RealmFault::GroupsFail,
        RealmFault::GroupsEmpty,
        RealmFault::GroupsEndEarly,
        RealmFault::GroupTwice,
        RealmFault::MembersFail,
        RealmFault::MemberMissed("p05".to_owned()),
        RealmFault::MemberTwice,
        RealmFault::Throttled,
        RealmFault::LookUpFails,
        RealmFault::GroupsOfFail,
        RealmFault::AnotherGroupAppears,
    ] {
        let world = world();
        world.realm.fails_with(Some(fault.clone()));
        writes_nothing(&world, world.plan(), &format!("{fault:?}"));
        world.realm.fails_with(None);
        world.sync();
    }
}

#[test]
fn a_reading_of_the_directory_that_is_not_whole_writes_nothing() {
    for fault in [
        DirectoryFault::UsersFail,
        DirectoryFault::SecondPageFails,
        DirectoryFault::CursorTwice,
        DirectoryFault::UserTwice,
        DirectoryFault::GroupsFail,
        DirectoryFault::MembersFail,
        DirectoryFault::Throttled,
    ] {
        let world = world();
        world.directory.fails_with(Some(fault.clone()));
        writes_nothing(&world, world.plan(), &format!("{fault:?}"));
        world.directory.fails_with(None);
        world.sync();
    }
}

#[test]
fn a_missing_right_is_named() {
    let world = world();
    world.realm.fails_with(Some(RealmFault::UsersEndEarly));
    let error = world.plan().expect_err("a short list").to_string();
    assert_eq!(
        error,
        "the realm's users: 13 are counted, but only 6 listed: the service account lacks a right"
    );
}

#[test]
fn a_group_that_is_deleted_meanwhile_is_no_missing_right() {
    let world = world();
    world.realm.fails_with(Some(RealmFault::GroupDeleted("other".to_owned())));
    let error = world.plan().expect_err("a group less").to_string();
    assert_eq!(error, "the realm's groups changed while they were read: 4 before, 3 after");
}

#[test]
fn what_would_be_removed_is_looked_up_singly() {
    let world = world();
    let before = world.realm.calls();
    world.planned();
    // Id, two counts, users, two counts of groups, groups, members of two groups; then three leavers and one member who
    // stays, two of whom are enabled.
    assert_eq!(world.realm.calls() - before, 9 + 4 + 2);
}
