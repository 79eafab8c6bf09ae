//! Objects that this tool does not own.

use super::{World, company};
use crate::sync::plan::{Blocked, Note, ObjectKind, Plan, Refusal, UserChange};

/// A directory with objects made by hand and by another tool.
fn with_foreign_objects() -> World {
    let world = World::new(company(), "groups = [\"/aws/**\"]");
    {
        let mut state = world.directory.state();
        let by_hand = state.add_user(None, "user00@example.com");
        state.add_user(Some("00u17"), "user01@example.com");
        let stranger = state.add_user(None, "stranger@example.com");
        state.add_group(None, "Dev", &[&by_hand, &stranger]);
    }
    world
}

#[test]
fn objects_of_other_owners_are_a_refusal_and_nothing_is_written() {
    let world = with_foreign_objects();
    let plan = world.planned();
    let names: Vec<&str> = plan
        .refusals
        .iter()
        .map(|refusal| match refusal {
            Refusal::ForeignObject { name, .. } => name.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["user00@example.com", "user01@example.com", "Dev"]);
    let outcome = world.apply(&plan);
    assert!(outcome.halted.is_some() && world.writes() == 0);
}

#[test]
fn adoption_is_asked_for_and_keeps_the_object() {
    let mut world = with_foreign_objects();
    let id = world.directory.state().named("user00@example.com").id.clone();
    world.options.adopt = true;
    let plan = world.sync();
    let adopted =
        |change: &&UserChange| matches!(change, UserChange::Update(update) if update.adoption.is_some());
    assert_eq!(plan.users.iter().filter(adopted).count(), 2);
    assert!(plan.notes.contains(&Note::ForeignMembers { group: "Dev".to_owned(), count: 1 }));
    let state = world.directory.state();
    assert_eq!(state.named("user00@example.com").id, id);
    assert_eq!(state.members_of("Dev").len(), 13, "the stranger stays");
}

#[test]
fn an_address_of_another_owners_user_is_a_refusal() {
    let world = World::in_step();
    {
        let mut state = world.directory.state();
        let id = state.add_user(None, "old@example.com");
        let user = state.users.get_mut(&id).expect("a user");
        let before = user.record.clone();
        user.record = crate::sync::record::Record::of(|attribute| match attribute {
            crate::sync::record::Attribute::UserName => Some("somebody"),
            other => before.get(other),
        });
    }
    world.realm.state().user("p02").email = Some("old@example.com".to_owned());
    assert!(matches!(&world.planned().refusals[..], [Refusal::ForeignEmail { .. }]));
}

fn rehired(world: &World) -> Plan {
    let mut realm = world.realm.state();
    realm.delete_user("p07");
    realm.add_user("p07b", "user07@example.com");
    realm.join("p07b", "dev");
    drop(realm);
    world.planned()
}

#[test]
fn the_name_of_somebody_who_left_is_handed_over_only_when_asked() {
    let mut world = World::in_step();
    let plan = rehired(&world);
    assert!(matches!(&plan.blocked[..], [Blocked::NameOfDeparted { kind: ObjectKind::User, .. }]));
    assert_eq!((plan.deactivations.len(), plan.users.len()), (1, 0));
    world.options.adopt = true;
    world.sync();
    let state = world.directory.state();
    assert_eq!(state.named("user07@example.com").external_id.as_deref(), Some("kc:r1:p07b"));
    assert!(state.members_of("Dev").contains(&"user07@example.com"));
}

#[test]
fn another_realm_or_a_restored_copy_is_refused() {
    let world = World::in_step();
    world.realm.state().id = "r2".to_owned();
    let refusals = world.planned().refusals;
    assert!(
        matches!(&refusals[0], Refusal::OtherRealm { realm, objects: 14, .. } if realm == "r1"),
        "{refusals:?}"
    );
}

#[test]
fn protected_objects_are_left_as_they_are() {
    let mut world =
        World::new(company(), "groups = [\"/aws/**\"]\nprotect = [\"AWS*\", \"ops\", \"user00@*\"]");
    world.directory.state().add_group(None, "AWSControlTower", &[]);
    world.directory.state().add_group(None, "Ops", &[]);
    world.realm.state().add_group("ct", "AWSControlTower", Some("aws"), &["p01"]);
    let plan = world.sync();
    assert_eq!((plan.users.len(), plan.groups.len(), plan.notes.len()), (11, 1, 3), "{:?}", plan.notes);
    world.settings.protect.clear();
    world.directory.state().groups.retain(|_, group| group.name == "Dev");
    world.sync();
    world.settings.protect = vec!["user00@*".to_owned().try_into().expect("a pattern")];
    world.realm.state().user("p00").enabled = false;
    assert!(!world.planned().has_changes(), "a protected user stays active and in all groups");
}
