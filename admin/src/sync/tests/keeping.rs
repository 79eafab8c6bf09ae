//! Who changes groups is without access at no time, whatever fails.

use super::World;
use crate::only::{Only, Selector};
use crate::pacing::DEFAULT_RATE;
use crate::sync::apply::{Applier, FailureReason};
use crate::sync::call::Calls;
use crate::sync::plan::{Blocked, ObjectKind, Plan, Refusal};
use crate::sync::target::fake::DirectoryFault;

/// Two people go over to another group.
fn moves_to(world: &World, group: &str) -> Plan {
    let mut realm = world.realm.state();
    for person in ["p01", "p02"] {
        realm.leave(person, "dev");
        realm.join(person, group);
    }
    drop(realm);
    world.planned()
}

#[test]
fn who_does_not_get_into_a_new_group_keeps_the_old_one() {
    let world = World::in_step();
    world.realm.state().add_group("new", "new", Some("aws"), &[]);
    let plan = moves_to(&world, "new");
    assert_eq!(plan.removals.len(), 1);
    world.directory.fails_with(Some(DirectoryFault::Poisoned("new".to_owned())));
    let outcome = world.apply(&plan);
    let [creation, removal] = &outcome.failures[..] else { panic!("{outcome:?}") };
    assert!(matches!(creation.reason, FailureReason::Refused { .. }), "{creation:?}");
    let members = ["user01@example.com", "user02@example.com"].map(str::to_owned).to_vec();
    assert_eq!(removal.reason, FailureReason::Kept { members });
    assert!(world.directory.state().members_of("Dev").contains(&"user01@example.com"));
    world.directory.fails_with(None);
    world.sync();
    let state = world.directory.state();
    assert_eq!((state.members_of("Dev").len(), state.members_of("new").len()), (10, 2));
}

#[test]
fn who_does_not_get_into_a_group_that_exists_keeps_the_old_one_alone() {
    let world = World::in_step();
    world.realm.state().add_group("more", "more", Some("aws"), &["p03"]);
    world.sync();
    world.realm.state().leave("p05", "dev");
    let plan = moves_to(&world, "more");
    let id = {
        let mut state = world.directory.state();
        let (id, group) = state.groups.iter_mut().find(|(_, group)| group.name == "more").expect("a group");
        group.external_id = None;
        id.clone()
    };
    let outcome = world.apply(&plan);
    assert_eq!(outcome.failures.len(), 2, "{outcome:?}");
    assert_eq!(outcome.failures[0].reason, FailureReason::Changed);
    let mut state = world.directory.state();
    let members = state.members_of("Dev");
    assert!(members.contains(&"user01@example.com") && !members.contains(&"user05@example.com"));
    state.groups.get_mut(&id).expect("a group").external_id = Some("kc:r1:more".to_owned());
    drop(state);
    world.sync();
    assert_eq!(world.directory.state().members_of("Dev").len(), 9);
}

#[test]
fn a_group_that_was_made_again_loses_no_member_before_it_is_taken_over() {
    let mut world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.groups.remove("dev");
        realm.members.remove("dev");
        let people: Vec<String> = (1..11).map(|at| format!("p{at:02}")).collect();
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        realm.add_group("dev2", "Dev", Some("aws"), &people);
    }
    let plan = world.planned();
    assert!(matches!(&plan.blocked[..], [Blocked::NameOfDeparted { kind: ObjectKind::Group, .. }]));
    let leaving: Vec<&str> =
        plan.removals.iter().flat_map(|change| &change.members).map(|one| one.user_name.as_str()).collect();
    assert_eq!(leaving, ["user00@example.com", "user11@example.com"], "who is not in the new one");
    world.options.adopt = true;
    world.sync();
    assert_eq!(world.directory.state().members_of("Dev").len(), 10);
}

#[test]
fn who_is_in_a_group_that_does_not_get_its_new_name_keeps_the_one_that_has_it() {
    let mut world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.groups.remove("dev");
        realm.members.remove("dev");
        realm.groups.get_mut("ops").expect("ops").name = "Dev".to_owned();
        // Three are in Ops already, one more comes.
        realm.join("p03", "ops");
    }
    world.options.max_removals = Some("100%".parse().expect("a limit"));
    world.options.allow_smaller_scope = true;
    let plan = world.planned();
    world.directory.fails_with(Some(DirectoryFault::Poisoned("Dev".to_owned())));
    let outcome = world.apply(&plan);
    assert!(outcome.halted.is_none(), "{outcome:?}");
    let state = world.directory.state();
    let members = |group: &str| {
        let mut members = state.members_of(group);
        members.sort_unstable();
        members
    };
    let stay = ["user00@example.com", "user01@example.com", "user02@example.com", "user03@example.com"];
    // The one that was Dev has given way already.
    let gave_way = state.groups.values().find(|group| !["Dev", "Ops"].contains(&&*group.name));
    assert_eq!(members(&gave_way.expect("the group that left").name), stay, "{:?}", outcome.failures);
    assert_eq!(members("Ops"), stay);
    let kept = FailureReason::Kept { members: stay.map(str::to_owned).to_vec() };
    assert!(outcome.failures.iter().any(|failure| failure.reason == kept), "{:?}", outcome.failures);
}

#[test]
fn everybody_keeps_everything_if_the_members_of_an_unchanged_group_cannot_be_read() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.groups.get_mut("ops").expect("ops").name = "Operations".to_owned();
        realm.leave("p03", "dev");
        realm.join("p03", "ops");
    }
    let plan = world.planned();
    let id =
        world.directory.state().groups.values().find(|group| group.name == "Ops").expect("Ops").id.clone();
    world.directory.state().groups.get_mut(&id).expect("Ops").external_id = Some("00g1".to_owned());
    world.directory.fails_with(Some(DirectoryFault::MembersGoRound));
    let outcome = world.apply(&plan);
    assert!(outcome.halted.is_none(), "{outcome:?}");
    assert!(world.directory.state().members_of("Dev").contains(&"user05@example.com"));
}

#[test]
fn who_cannot_be_activated_joins_no_group() {
    let world = World::in_step();
    world.realm.state().user("p05").enabled = false;
    world.sync();
    world.realm.state().user("p05").enabled = true;
    let plan = world.planned();
    world.directory.fails_with(Some(DirectoryFault::ActivationsRefused));
    let outcome = world.apply(&plan);
    assert_eq!((outcome.failures.len(), outcome.skipped_members), (1, 1), "{outcome:?}");
    assert!(!world.directory.state().members_of("Dev").contains(&"user05@example.com"));
    world.directory.fails_with(None);
    world.sync();
}

#[test]
fn who_cannot_be_adopted_keeps_the_groups_of_before() {
    for is_new in [false, true] {
        let mut world = World::in_step();
        // Made by hand, and put into a group by hand.
        let id = world.directory.state().add_user(None, "alice@example.com");
        {
            let mut state = world.directory.state();
            let dev = state.groups.values().find(|group| group.name == "Dev").expect("a group").id.clone();
            state.members.get_mut(&dev).expect("members").insert(id.clone());
        }
        {
            let mut realm = world.realm.state();
            realm.add_user("alice", "alice@example.com");
            realm.add_group("new", "new", Some("aws"), &[]);
            realm.join("alice", if is_new { "new" } else { "ops" });
        }
        world.options.adopt = true;
        let plan = world.planned();
        let calls = Calls::new(&world.clock, DEFAULT_RATE);
        let applier = Applier {
            directory: &world.directory,
            calls: &calls,
            audit: &world.audit,
            actor: "admin",
            stop: &|| false,
        };
        let text = format!("patch user {id}");
        world.directory.fails_with(Some(DirectoryFault::Refused { text, left: usize::MAX }));
        let run = applier.start(&plan);
        run.additions();
        assert_eq!(run.incomplete_groups().len(), 1, "what is assigned to it replaces nothing yet");
        run.removals();
        let outcome = run.end();
        let kept = FailureReason::Kept { members: vec!["alice@example.com".to_owned()] };
        assert_eq!(
            outcome.failures.iter().filter(|failure| failure.reason == kept).count(),
            1,
            "{outcome:?}"
        );
        assert!(world.directory.state().members_of("Dev").contains(&"alice@example.com"));
        world.directory.fails_with(None);
        world.sync();
        assert!(!world.directory.state().members_of("Dev").contains(&"alice@example.com"));
    }
}

#[test]
fn who_is_to_join_a_group_whose_name_another_owner_has_keeps_the_old_one() {
    for foreign in ["Guests", "guests"] {
        let mut world = World::in_step();
        world.directory.state().add_group(None, foreign, &[]);
        world.realm.state().add_group("guests", "Guests", Some("aws"), &[]);
        let plan = moves_to(&world, "guests");
        assert_eq!(plan.removals, []);
        assert!(matches!(
            &plan.refusals[..],
            [Refusal::ForeignObject { .. } | Refusal::DiffersInCase { .. }]
        ));
        world.options.only = Only::new(&["user:user01@example.com".parse::<Selector>().expect("a selector")]);
        let plan = world.planned();
        world.apply(&plan);
        assert!(world.directory.state().members_of("Dev").contains(&"user01@example.com"), "{foreign}");
    }
}

/// An administrator switches a user off in AWS, who then gets no new values.
fn inactive(world: &World, name: &str) {
    let mut state = world.directory.state();
    let id = state.named(name).id.clone();
    state.users.get_mut(&id).expect("a user").active = false;
}

#[test]
fn who_stays_inactive_because_of_a_bad_record_holds_up_nobody_else() {
    let world = World::in_step();
    inactive(&world, "user05@example.com");
    {
        let mut realm = world.realm.state();
        realm.user("p05").first_name = None;
        realm.add_user("new", "new@example.com");
        realm.join("new", "dev");
    }
    let plan = world.sync();
    assert!(matches!(&plan.blocked[..], [Blocked::BadValues { user, .. }] if user == "user05@example.com"));
    let state = world.directory.state();
    assert!(state.members_of("Dev").contains(&"new@example.com"));
    assert!(!state.named("user05@example.com").active);
}

#[test]
fn who_stays_inactive_because_of_an_address_that_is_kept_holds_up_nobody_else() {
    let world = World::in_step();
    inactive(&world, "user05@example.com");
    {
        let mut realm = world.realm.state();
        realm.user("p03").email = Some("another@example.com".to_owned());
        realm.user("p03").first_name = None;
        realm.user("p05").email = Some("user03@example.com".to_owned());
        realm.add_user("new", "new@example.com");
        realm.join("new", "dev");
    }
    let plan = world.sync();
    assert!(
        matches!(&plan.blocked[..], [Blocked::BadValues { .. }, Blocked::ValueKept { .. }]),
        "{:?}",
        plan.blocked
    );
    assert!(world.directory.state().members_of("Dev").contains(&"new@example.com"));
}
