//! People come and move, and groups with them.

use super::*;

#[test]
fn the_first_run_does_all_and_the_second_nothing() {
    let world = World::new(&access(&["/aws/Old"], &ACCOUNTS));
    world.in_realm("Old", &["anna", "bob"]);
    let plan = world.planned();
    let shown = plan.access.as_ref().expect("a plan");
    assert_eq!(
        (shown.additions.len(), shown.waiting.len()),
        (2, 0),
        "a group that is not there yet is planned"
    );
    assert_eq!(shown.additions[0].planned.as_deref(), Some("old"));
    assert!(plan.is_made_again() && plan.cost.requests_to_apply > 5, "{:?}", plan.cost);
    world.goes_well();
    assert_eq!(world.accounts_of("anna"), BTreeSet::from(ACCOUNTS.map(str::to_owned)));
    let (writes, starts) = (world.directory.state().writes, world.company.admin.state().operations.len());
    let (outcome, end) = world.apply(&world.planned());
    assert!(end.is_ok() && outcome.sync.expect("a sync").writes == 0);
    assert_eq!(
        (world.directory.state().writes, world.company.admin.state().operations.len()),
        (writes, starts)
    );
}

/// Everybody moves from one group to another, and so do the assignments.
fn moved() -> World {
    let mut world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.limit(MaxRemovals::Count(100));
    world.in_realm("Old", &[]);
    world.in_realm("New", &["anna", "bob", "carol", "dave"]);
    world.text = access(&["/aws/New"], &ACCOUNTS);
    world
}

#[track_caller]
fn everybody_has_access(world: &World) {
    for name in ["anna", "bob", "carol", "dave"] {
        assert_eq!(world.accounts_of(name).len(), 2, "{name}");
    }
}

#[test]
fn who_moves_to_a_new_group_is_never_without_access() {
    let world = moved();
    let plan = world.planned();
    assert_eq!(plan.access.as_ref().expect("a plan").blockers, [], "the new group keeps the roles");
    let ((_, end), lines) = world.apply_watched(&plan, &|| everybody_has_access(&world), &|| {});
    assert!(end.is_ok(), "{end:?}");
    everybody_has_access(&world);
    assert_eq!(
        lines,
        [
            "Create New",
            "Assign assign Power in 000000000001: /aws/New",
            "Assign assign Power in 000000000002: /aws/New",
            "RemoveMembers Old",
            "Unassign remove Power in 000000000001: idc:Old",
            "Unassign remove Power in 000000000002: idc:Old",
        ]
    );
    assert!(!world.planned().has_changes());
}

#[test]
fn a_run_that_ends_anywhere_is_finished_by_the_next() {
    let expected = moved();
    expected.goes_well();
    let mut room = 0;
    loop {
        let mut world = moved();
        world.room = room;
        let plan = world.planned();
        let ((_, end), lines) = world.apply_watched(&plan, &|| everybody_has_access(&world), &|| {});
        if end.is_ok() {
            assert_eq!(lines.len(), room);
            break;
        }
        assert_eq!(lines.len(), room, "nothing is written after the audit file is full");
        everybody_has_access(&world);
        world.room = usize::MAX;
        let plan = world.planned();
        let ((_, end), _) = world.apply_watched(&plan, &|| everybody_has_access(&world), &|| {});
        assert!(end.is_ok(), "{room}: {end:?}");
        assert_eq!(world.seen(), expected.seen(), "{room}");
        assert!(!world.planned().has_changes(), "{room}");
        assert_eq!(world.company.admin.state().operations.len(), 6, "{room}: nothing is started twice");
        room += 1;
    }
    assert_eq!(room, 6);
}

#[test]
fn a_group_that_is_taken_over_gets_its_assignments_in_the_same_run() {
    let mut world = World::new(&access(&["/aws/Old"], &ACCOUNTS));
    world.in_realm("Old", &["anna"]);
    let id = world.directory.state().add_group(None, "Old", &[]);
    assert!(world.planned().is_refused(), "it is not ours");
    world.sync_options.adopt = true;
    let plan = world.planned();
    let addition = &plan.access.as_ref().expect("a plan").additions[0];
    assert_eq!(addition.of, Some(Principal::Group(id)));
    world.goes_well();
    assert_eq!(world.accounts_of("anna").len(), 2);
}

#[test]
fn a_group_out_of_scope_is_waited_for() {
    let mut world = World::in_step(&access(&["/aws/Old"], &ACCOUNTS));
    world.keycloak.realm_mut().groups.push(group("Other", None, &["anna"]));
    world.text = access(&["/aws/Old", "/Other"], &ACCOUNTS);
    world.in_realm("New", &["bob"]);
    let plan = world.planned();
    assert_eq!(plan.access.as_ref().expect("a plan").waiting.len(), 2);
    let (outcome, end) = world.apply(&plan);
    let access = outcome.access.expect("access");
    assert!(end.is_ok() && access.failures.is_empty(), "{access:?}");
    assert_eq!(access.waiting, 2);
}
