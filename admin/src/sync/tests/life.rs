//! What happens to people and groups over the years.

use super::{World, company};
use crate::sync::plan::{Departure, GroupChange, Note, UserChange};
use crate::sync::record::Attribute;

#[test]
fn the_first_run_creates_all_and_the_second_changes_nothing() {
    let world = World::new(company(), "groups = [\"/aws/**\"]");
    let plan = world.sync();
    assert_eq!((plan.users.len(), plan.groups.len(), plan.additions.len()), (12, 2, 0));
    assert_eq!(world.writes(), 14, "members come with their groups");
    assert_eq!(plan.cost.writes, 14);
    let state = world.directory.state();
    assert_eq!(state.named("user00@example.com").external_id.as_deref(), Some("kc:r1:p00"));
    assert_eq!(state.members_of("Ops").len(), 3);
    assert!(!state.users.values().any(|user| user.record.user_name() == "outside@example.com"));
}

#[test]
fn a_new_address_is_an_update_of_the_same_user() {
    let world = World::in_step();
    let id = world.directory.state().named("user03@example.com").id.clone();
    world.realm.state().user("p03").email = Some("married@example.com".to_owned());
    let plan = world.sync();
    let [UserChange::Update(update)] = &plan.users[..] else { panic!("{:?}", plan.users) };
    let changed: Vec<Attribute> = update.values.iter().map(|value| value.attribute).collect();
    assert_eq!(changed, [Attribute::UserName, Attribute::Email]);
    assert_eq!(world.directory.state().named("married@example.com").id, id);
    assert_eq!(plan.cost.writes, 2, "AWS takes a user name only by itself");
}

#[test]
fn only_owned_attributes_are_compared_and_written() {
    let world = World::in_step();
    {
        let mut state = world.directory.state();
        let id = state.named("user03@example.com").id.clone();
        let user = state.users.get_mut(&id).expect("a user");
        let before = user.record.clone();
        user.record = crate::sync::record::Record::of(|attribute| match attribute {
            Attribute::Title => Some("Captain"),
            other => before.get(other),
        });
    }
    assert!(!world.planned().has_changes());
    world.realm.state().user("p03").last_name = Some("Roe".to_owned());
    world.sync();
    let state = world.directory.state();
    let user = state.named("user03@example.com");
    assert_eq!(user.record.get(Attribute::Title), Some("Captain"));
    assert_eq!(user.record.get(Attribute::DisplayName), Some("user03 Roe"));
}

#[test]
fn addresses_can_be_handed_on_within_one_run() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.user("p03").email = Some("a@example.com".to_owned());
        realm.user("p04").email = Some("user03@example.com".to_owned());
        realm.add_user("p99", "user04@example.com");
        realm.join("p99", "dev");
    }
    world.sync();
    assert_eq!(world.directory.state().named("user04@example.com").external_id.as_deref(), Some("kc:r1:p99"));
}

#[test]
fn a_renamed_or_moved_group_keeps_its_id_and_members() {
    let world = World::in_step();
    let id =
        world.directory.state().groups.values().find(|group| group.name == "Dev").expect("Dev").id.clone();
    world.realm.state().groups.get_mut("dev").expect("dev").name = "Developers".to_owned();
    let plan = world.sync();
    assert!(matches!(&plan.groups[..], [GroupChange::Update { name, .. }] if name == "Developers"));
    assert_eq!((plan.additions.len(), plan.removals.len()), (0, 0));
    assert_eq!(world.directory.state().groups[&id].name, "Developers");
}

#[test]
fn a_disabled_user_becomes_inactive_and_leaves_the_groups() {
    let world = World::in_step();
    world.realm.state().user("p00").enabled = false;
    let plan = world.sync();
    assert_eq!(plan.deactivations[0].departure, Departure::Disabled);
    let state = world.directory.state();
    assert!(!state.named("user00@example.com").active);
    assert!(!state.members_of("Dev").contains(&"user00@example.com"));
    let log = state.log.join("\n");
    assert!(log.find("set active").expect("first") < log.find("remove").expect("then"), "{log}");
    assert!(!log.contains("delete"));
}

#[test]
fn a_deleted_user_and_one_out_of_scope_become_inactive_too() {
    let world = World::in_step();
    world.realm.state().delete_user("p05");
    world.realm.state().leave("p06", "dev");
    let plan = world.sync();
    let departures: Vec<Departure> = plan.deactivations.iter().map(|leaver| leaver.departure).collect();
    assert_eq!(departures, [Departure::Deleted, Departure::OutOfScope]);
}

#[test]
fn who_comes_back_is_the_same_user_with_the_same_groups() {
    let world = World::in_step();
    let before = world.seen();
    let id = world.directory.state().named("user00@example.com").id.clone();
    world.realm.state().user("p00").enabled = false;
    world.sync();
    world.realm.state().user("p00").enabled = true;
    let plan = world.sync();
    assert!(
        matches!(&plan.users[..], [UserChange::Update(update)] if update.activate && update.values.is_empty())
    );
    assert_eq!(world.directory.state().named("user00@example.com").id, id);
    assert_eq!(world.seen(), before);
}

#[test]
fn leavers_may_keep_their_user_or_be_deleted_after_a_while() {
    for (setting, days, is_there, is_active) in [
        ("leavers = \"leave-groups\"", 60, true, true),
        ("leavers = \"disable\"", 60, true, false),
        ("leavers = \"delete\"\nafter = \"30d\"", 29, true, false),
        ("leavers = \"delete\"\nafter = \"30d\"", 31, false, false),
    ] {
        let mut world = World::in_step();
        world.settings = toml::from_str(&format!("groups = [\"/aws/**\"]\n{setting}")).expect("settings");
        world.realm.state().delete_user("p05");
        world.sync();
        world.clock.advance(std::time::Duration::from_secs(days * 86_400));
        world.sync();
        let state = world.directory.state();
        let user = state.users.values().find(|user| user.record.user_name() == "user05@example.com");
        assert_eq!(user.map(|user| user.active), is_there.then_some(is_active), "{setting} {days}");
        assert_eq!(state.members_of("Dev").len(), 11);
    }
}

#[test]
fn a_group_that_left_the_scope_is_emptied_and_kept() {
    let world = World::in_step();
    world.realm.state().groups.get_mut("ops").expect("ops").parent = None;
    let plan = world.sync();
    assert_eq!(plan.notes, [Note::GroupKept { name: "Ops".to_owned() }]);
    assert_eq!(world.directory.state().members_of("Ops"), Vec::<&str>::new());
}

#[test]
fn members_of_subgroups_count_where_they_are_inherited() {
    let mut state = company();
    state.add_group("eu", "Europe", Some("ops"), &["p07"]);
    for (nested, count) in [("direct", 3), ("inherit", 4)] {
        let settings = format!("groups = [\"/aws/*\"]\nnested = \"{nested}\"");
        let world = World::new(state.clone(), &settings);
        world.sync();
        assert_eq!(world.directory.state().members_of("Ops").len(), count, "{nested}");
    }
}

#[test]
fn more_than_a_hundred_members_come_and_go_in_parts() {
    let mut state = company();
    let ids: Vec<String> = (0..250).map(|at| format!("q{at:03}")).collect();
    for id in &ids {
        state.add_user(id, &format!("{id}@example.com"));
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    state.add_group("big", "Big", Some("aws"), &all);
    let mut world = World::new(state, "groups = [\"/aws/**\"]");
    world.sync();
    assert_eq!(world.directory.state().members_of("Big").len(), 250);
    world.options.max_removals = Some("100%".parse().expect("a limit"));
    world.realm.state().members.get_mut("big").expect("big").truncate(140);
    world.sync();
    assert_eq!(world.directory.state().members_of("Big").len(), 140);
}

#[test]
fn a_bad_record_fails_alone_on_every_run() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.add_user("bad", "bad@example.com");
        realm.user("bad").email = None;
        realm.add_user("good", "good@example.com");
        realm.join("bad", "ops");
        realm.join("good", "ops");
        realm.user("p01").first_name = Some("x\u{7}".to_owned());
    }
    let plan = world.sync();
    assert_eq!((plan.blocked.len(), plan.users.len()), (2, 1), "{:?}", plan.blocked);
    assert_eq!(world.planned().blocked.len(), 2, "listed again");
    let state = world.directory.state();
    assert!(state.members_of("Ops").contains(&"good@example.com"));
    assert!(state.members_of("Ops").contains(&"user01@example.com"), "what exists stays in its groups");
}

#[test]
fn an_address_that_two_people_have_blocks_both() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.add_user("x1", "Twin@example.com");
        realm.add_user("x2", "twin@example.com");
        realm.join("x1", "dev");
        realm.join("x2", "dev");
    }
    assert_eq!(world.sync().blocked.len(), 2);
}

#[test]
fn service_accounts_in_a_group_are_no_people() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.add_user("robot", "robot@example.com");
        realm.user("robot").is_service_account = true;
        realm.join("robot", "dev");
    }
    assert!(!world.planned().has_changes());
}
