//! Names and addresses that somebody else has already.

use super::{World, company};
use crate::only::Only;
use crate::sync::plan::{Blocked, KeptBecause, Note, ObjectKind, Plan, Refusal, UserChange};
use crate::sync::record::Attribute;
use crate::sync::render::{blocked_text, lines};

const BY_USER_NAME: &str = "groups = [\"/aws/**\"]\nuser_name = \"username\"";

fn by_user_name() -> World {
    let world = World::new(company(), BY_USER_NAME);
    world.sync();
    world
}

/// Returns the user name and the address of an own user.
fn names(world: &World, subject: &str) -> (String, String) {
    let state = world.directory.state();
    let owner = Some(format!("kc:r1:{subject}"));
    let user = state.users.values().find(|user| user.external_id == owner).expect("a user of the test");
    let address = user.record.get(Attribute::Email).expect("an address");
    (user.record.user_name().to_owned(), address.to_owned())
}

fn group_name(world: &World, subject: &str) -> String {
    let state = world.directory.state();
    let owner = Some(format!("kc:r1:{subject}"));
    state.groups.values().find(|group| group.external_id == owner).expect("a group of the test").name.clone()
}

fn set_address(world: &World, subject: &str, address: &str) {
    world.realm.state().user(subject).email = Some(address.to_owned());
}

fn disable(world: &World, subject: &str) {
    world.realm.state().user(subject).enabled = false;
}

fn both(address: &str) -> (String, String) {
    (address.to_owned(), address.to_owned())
}

/// Removes a group from the realm.
fn delete_group(world: &World, id: &str) {
    let mut realm = world.realm.state();
    realm.groups.remove(id);
    realm.members.remove(id);
}

fn rename_group(world: &World, id: &str, name: &str) {
    world.realm.state().groups.get_mut(id).expect("a group").name = name.to_owned();
}

fn kept(plan: &Plan) -> Vec<(&str, &str, KeptBecause)> {
    let kept = plan.blocked.iter().filter_map(|blocked| match blocked {
        Blocked::ValueKept { subject, holder, because, .. } => Some((&**subject, &**holder, *because)),
        _ => None,
    });
    kept.collect()
}

#[test]
fn who_left_and_was_renamed_gets_the_new_name_and_the_others_theirs() {
    let world = World::in_step();
    disable(&world, "p03");
    set_address(&world, "p03", "old03@example.com");
    set_address(&world, "p04", "user03@example.com");
    set_address(&world, "p05", "user04@example.com");
    let plan = world.sync();
    let note = Note::GivesUp {
        kind: ObjectKind::User,
        name: "user03@example.com".to_owned(),
        taker: Some("user04@example.com".to_owned()),
    };
    assert!(plan.notes.contains(&note), "{:?}", plan.notes);
    assert_eq!(names(&world, "p03"), both("old03@example.com"));
    assert_eq!(names(&world, "p04"), both("user03@example.com"));
    assert_eq!(names(&world, "p05"), both("user04@example.com"));
    world.realm.state().user("p03").enabled = true;
    world.sync();
    assert_eq!(names(&world, "p03"), both("old03@example.com"));
}

#[test]
fn who_was_deleted_gives_way_for_good() {
    let world = World::in_step();
    world.realm.state().delete_user("p03");
    world.sync();
    set_address(&world, "p04", "User03@example.com");
    world.sync();
    assert_eq!(
        names(&world, "p03"),
        ("kcaws-rename-p03".to_owned(), "kcaws-rename-p03@kcaws.invalid".to_owned())
    );
    assert_eq!(names(&world, "p04"), both("User03@example.com"));
}

#[test]
fn an_address_alone_is_given_up_too_for_a_new_user_and_for_a_known_one() {
    let world = by_user_name();
    {
        let mut realm = world.realm.state();
        realm.delete_user("p03");
        realm.delete_user("p04");
        realm.add_user("n1", "user03@example.com");
        realm.user("n1").user_name = "new".to_owned();
        realm.join("n1", "dev");
    }
    set_address(&world, "p05", "user04@example.com");
    world.sync();
    assert_eq!(names(&world, "p03"), ("user03".to_owned(), "kcaws-rename-p03@kcaws.invalid".to_owned()));
    assert_eq!(names(&world, "n1"), ("new".to_owned(), "user03@example.com".to_owned()));
    assert_eq!(names(&world, "p05"), ("user05".to_owned(), "user04@example.com".to_owned()));
}

#[test]
fn who_left_and_has_the_name_in_the_realm_all_the_same_keeps_it() {
    let world = World::in_step();
    disable(&world, "p03");
    set_address(&world, "p04", "user03@example.com");
    {
        let mut realm = world.realm.state();
        realm.add_user("n1", "user03@example.com");
        realm.user("n1").email = Some("user05@example.com".to_owned());
        realm.join("n1", "dev");
    }
    disable(&world, "p05");
    let plan = world.planned();
    assert_eq!((&plan.refusals[..], plan.users.len()), (&[][..], 0), "{plan:?}");
    assert_eq!(
        kept(&plan),
        [
            ("p04", "user03@example.com", KeptBecause::StillInRealm),
            ("n1", "user05@example.com", KeptBecause::StillInRealm),
        ]
    );
    let outcome = world.apply(&plan);
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    assert_eq!(names(&world, "p04"), both("user04@example.com"));
}

#[test]
fn the_one_who_runs_it_and_who_is_protected_keep_what_they_have() {
    for because in [KeptBecause::Caller, KeptBecause::Protected] {
        let mut world = by_user_name();
        if because == KeptBecause::Caller {
            world.options.caller = Some("user03".to_owned());
        } else {
            world.settings.protect = vec!["user03".to_owned().try_into().expect("a pattern")];
        }
        world.realm.state().delete_user("p03");
        set_address(&world, "p04", "User03@example.com");
        let plan = world.planned();
        assert_eq!((kept(&plan), plan.has_changes()), (vec![("p04", "user03", because)], false));
    }
}

#[test]
fn who_would_get_a_protected_name_stays_as_before_and_in_all_groups() {
    let mut world = World::in_step();
    world.settings.protect = vec!["boss@*".to_owned().try_into().expect("a pattern")];
    set_address(&world, "p04", "boss@example.com");
    assert!(!world.planned().has_changes());
}

#[test]
fn a_part_takes_with_it_who_left_and_gives_way() {
    let mut world = World::in_step();
    world.realm.state().delete_user("p03");
    world.sync();
    set_address(&world, "p04", "user03@example.com");
    set_address(&world, "p05", "other@example.com");
    world.options.only = Only::new(&["user:user04@example.com".parse().expect("a selector")]);
    let plan = world.planned();
    assert_eq!((plan.users.len(), plan.left_out), (2, 1));
    let outcome = world.apply(&plan);
    assert!(outcome.failures.is_empty(), "{outcome:?}");
}

#[test]
fn a_group_that_was_deleted_gives_its_name_to_one_that_is_renamed() {
    let world = World::in_step();
    delete_group(&world, "ops");
    rename_group(&world, "dev", "Ops");
    world.realm.state().leave("p11", "dev");
    let plan = world.planned();
    let shown: Vec<String> = lines(&plan).into_iter().map(|line| line.text).collect();
    let removed = |group: &str| shown.iter().any(|line| line.contains(&format!("from {group}: ")));
    assert!(shown.iter().any(|line| line == "group Ops: not in scope any more; gives up its name to Dev"));
    assert!(removed("Ops (formerly Dev)") && removed("kcaws-rename-ops (formerly Ops)"), "{shown:?}");
    world.sync();
    assert_eq!(group_name(&world, "dev"), "Ops");
    assert_eq!(group_name(&world, "ops"), "kcaws-rename-ops");
}

#[test]
fn a_group_out_of_scope_gives_its_name_up_only_if_it_has_another() {
    let world = World::in_step();
    world.realm.state().groups.get_mut("ops").expect("ops").parent = Some("other".to_owned());
    rename_group(&world, "dev", "Ops");
    world.realm.state().leave("p11", "dev");
    let plan = world.planned();
    assert_eq!(kept(&plan), [("dev", "Ops", KeptBecause::StillInRealm)]);
    assert!(plan.groups.is_empty());
    assert_eq!(
        plan.removals[0].group.name, "Dev",
        "its members are kept in step, under the name that it has"
    );
    rename_group(&world, "ops", "Old");
    world.sync();
    assert_eq!((group_name(&world, "dev"), group_name(&world, "ops")), ("Ops".to_owned(), "Old".to_owned()));
}

#[test]
fn a_name_that_differs_in_case_is_free_after_a_rename_in_the_same_plan() {
    let world = World::in_step();
    rename_group(&world, "dev", "Developers");
    world.realm.state().add_group("dev2", "dev", Some("aws"), &["p01"]);
    world.sync();
    assert_eq!(group_name(&world, "dev2"), "dev");
}

#[test]
fn adoption_corrects_a_name_that_differs_in_case() {
    let mut world = World::new(company(), "groups = [\"/aws/**\"]");
    let user = world.directory.state().add_user(None, "User00@example.com");
    let group = world.directory.state().add_group(None, "DEV", &[]);
    let kinds: Vec<bool> =
        world.planned().refusals.iter().map(|one| matches!(one, Refusal::DiffersInCase { .. })).collect();
    assert_eq!(kinds, [true, true]);
    world.options.adopt = true;
    world.sync();
    let state = world.directory.state();
    assert_eq!(state.users[&user].record.user_name(), "user00@example.com");
    assert_eq!(state.groups[&group].name, "Dev");
}

#[test]
fn a_group_that_was_made_again_in_another_case_holds_up_nobody_else() {
    let mut world = World::in_step();
    delete_group(&world, "dev");
    world.realm.state().add_group("dev2", "DEV", Some("aws"), &["p01", "p02"]);
    world.options.max_removals = Some("100%".parse().expect("a limit"));
    world.options.allow_smaller_scope = true;
    let plan = world.planned();
    assert_eq!(plan.refusals, []);
    assert!(matches!(&plan.blocked[..], [Blocked::NameOfDeparted { kind: ObjectKind::Group, .. }]));
    world.options.adopt = true;
    world.sync();
    assert_eq!(group_name(&world, "dev2"), "DEV");
}

#[test]
fn who_waits_for_a_name_of_somebody_who_cannot_be_written_waits_with_a_reason() {
    let world = by_user_name();
    {
        let mut realm = world.realm.state();
        realm.user("p03").user_name = "third".to_owned();
        realm.user("p03").last_name = None;
        realm.user("p04").user_name = "user03".to_owned();
        realm.add_user("n1", "new@example.com");
        realm.user("n1").user_name = "user04".to_owned();
        realm.join("n1", "dev");
    }
    let plan = world.planned();
    assert!(!plan.has_changes(), "{plan:?}");
    assert_eq!(
        kept(&plan),
        [("p04", "user03", KeptBecause::Blocked), ("n1", "user04", KeptBecause::Blocked)]
    );
    assert_eq!(
        blocked_text(&plan.blocked[1]),
        "user user03: user name user03 is that of user03, which cannot be changed: see there"
    );
    world.realm.state().user("p03").last_name = Some("Doe".to_owned());
    world.sync();
    assert_eq!(names(&world, "n1").0, "user04");
}

#[test]
fn an_id_that_no_external_id_can_have_is_found_while_planning() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        for id in ["f:77:john doe".to_owned(), "x".repeat(260)] {
            realm.add_user(&id, &format!("{}@example.com", id.len()));
            realm.join(&id, "dev");
        }
    }
    let plan = world.planned();
    assert!(!plan.has_changes(), "{plan:?}");
    assert_eq!(
        blocked_text(&plan.blocked[0]),
        "user 13@example.com: the ID `f:77:john doe` cannot be part of an externalId: it contains a space, which is not \
         allowed there"
    );
    assert!(matches!(&plan.blocked[1], Blocked::BadId { name, .. } if name == "260@example.com"));
}

#[test]
fn a_group_name_that_aws_does_not_accept_is_blocked_alone() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.add_group("bad", "a\u{3000}b", Some("aws"), &["p01", "p05"]);
        realm.leave("p05", "dev");
        realm.add_user("n1", "new@example.com");
        realm.join("n1", "dev");
    }
    rename_group(&world, "ops", "\u{e0067}");
    let plan = world.planned();
    let bad = plan.blocked.iter().filter(|blocked| matches!(blocked, Blocked::BadGroupName { .. }));
    assert_eq!(bad.count(), 2, "{:?}", plan.blocked);
    assert!(plan.removals.is_empty(), "who does not get into the new group keeps the old one");
    assert!(matches!(&plan.users[..], [UserChange::Create { .. }]));
    assert!(world.apply(&plan).failures.is_empty());
    assert_eq!(group_name(&world, "ops"), "Ops");
}

#[test]
fn two_people_of_one_name_are_told_apart() {
    let world = World::in_step();
    set_address(&world, "p03", "same@example.com");
    set_address(&world, "p04", "same@example.com");
    let plan = world.planned();
    let texts: Vec<String> = plan.blocked.iter().map(blocked_text).collect();
    assert_eq!(
        texts,
        [
            "user same@example.com: user name is also that of user04; e-mail address is also that of user04",
            "user same@example.com: user name is also that of user03; e-mail address is also that of user03",
        ]
    );
}

#[test]
fn an_address_that_an_adopted_user_gives_up_is_free() {
    let mut world = World::new(company(), BY_USER_NAME);
    {
        let mut state = world.directory.state();
        let id = state.add_user(None, "user05@example.com");
        let user = state.users.get_mut(&id).expect("a user");
        let before = user.record.clone();
        user.record = crate::sync::record::Record::of(|attribute| match attribute {
            Attribute::UserName => Some("user00"),
            other => before.get(other),
        });
    }
    assert_eq!(world.planned().refusals.len(), 2, "the name and the address are another owner's");
    world.options.adopt = true;
    world.sync();
    assert_eq!(names(&world, "p05").1, "user05@example.com");
}
