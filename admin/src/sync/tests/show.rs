//! What people see: plans as lines, and explanations.

use kcaws::ports::clock::Clock as _;

use super::{World, company};
use crate::sync::call::Calls;
use crate::sync::explain::{Explanation, Selection, Standing, explain};
use crate::sync::plan::Planner;
use crate::sync::record::{Attribute, ValueFault};
use crate::sync::render::{lines, summary};

fn shown(world: &World) -> Vec<String> {
    let plan = world.planned();
    let lines = lines(&plan).into_iter().map(|line| format!("{} {}", line.sign.text(), line.text));
    lines.chain([summary(&plan)]).collect()
}

#[test]
fn a_plan_is_shown_in_the_order_in_which_it_is_applied() {
    let world = World::in_step();
    assert_eq!(shown(&world), ["no changes"]);
    {
        let mut realm = world.realm.state();
        realm.user("p00").enabled = false;
        realm.user("p01").last_name = Some("Roe".to_owned());
        realm.add_user("n1", "new@example.com");
        realm.add_user("n2", "none@example.com");
        realm.user("n2").email = None;
        realm.join("n1", "ops");
        realm.join("n2", "ops");
        realm.groups.get_mut("dev").expect("dev").name = "Developers".to_owned();
    }
    assert_eq!(
        shown(&world),
        [
            "- user user00@example.com: inactive, disabled in the realm",
            "~ user user01@example.com: last name `Doe` → `Roe`, display name `user01 Doe` → `user01 Roe`",
            "+ user new@example.com",
            "~ group Dev: now Developers",
            "+ 1 member to Ops: new@example.com",
            "- 1 member from Developers: user00@example.com",
            "- 1 member from Ops: user00@example.com",
            "! user none: user name is missing; e-mail address is missing",
            "users: 1 new, 1 changed, 1 leaving; groups: 0 new, 1 changed; members: 1 joining, 2 leaving; 7 writes and 6 \
         reads, about 1 s",
        ]
    );
}

fn explained(world: &World, name: &str) -> Vec<Explanation> {
    let calls = Calls::new(&world.clock, 20.0);
    let planner = Planner {
        realm: &world.realm,
        directory: &world.directory,
        settings: &world.settings,
        realm_calls: &calls,
        directory_calls: &calls,
    };
    let _ = world.clock.now();
    explain(&planner, name).expect("reads")
}

#[test]
fn an_explanation_leads_from_the_groups_of_the_realm_to_those_of_identity_center() {
    let mut state = company();
    state.add_group("old", "Old", Some("aws"), &["p00"]);
    let world = World::new(state, "groups = [\"/aws/**\", \"!/aws/Old\"]");
    world.sync();
    world.realm.state().join("p00", "ops");
    world.realm.state().leave("p00", "ops");
    let found = explained(&world, "user00@example.com");
    let [user] = &found[..] else { panic!("{found:?}") };
    assert_eq!(user.standing, Standing::InScope);
    assert!(user.directory_user.as_ref().is_some_and(|user| user.active));
    let groups: Vec<(&str, Selection, usize)> = user
        .groups
        .iter()
        .map(|group| (group.path.as_str(), group.selection, group.leads_to.len()))
        .collect();
    assert_eq!(
        groups,
        [
            ("/aws/Dev", Selection::Selected, 1),
            ("/aws/Old", Selection::Excluded, 0),
            ("/Other", Selection::NotNamed, 0),
        ]
    );
    assert!(user.groups[0].leads_to[0].is_member);
}

#[test]
fn an_explanation_has_the_reason_why_not() {
    let world = World::in_step();
    world.realm.state().user("p01").enabled = false;
    world.realm.state().user("p02").first_name = None;
    let standing = |name: &str| explained(&world, name).remove(0).standing;
    assert_eq!(standing("user01@example.com"), Standing::Disabled);
    assert!(matches!(standing("user02@example.com"), Standing::BadValues { .. }));
    assert_eq!(standing("outside"), Standing::OutOfScope);
    assert!(explained(&world, "nobody").is_empty());
}

#[test]
fn an_explanation_has_who_else_has_the_name_or_address() {
    let mut state = company();
    state.user("p02").email = Some("User01@example.com".to_owned());
    state.user("p03").email = Some("outside@example.com".to_owned());
    let world = World::new(state, "groups = [\"/aws/**\"]\nuser_name = \"username\"");
    let standing = |world: &World, id: &str| {
        let name = world.realm.state().user(id).user_name.clone();
        explained(world, &name).remove(0).standing
    };
    let shared = ValueFault::SharedWith { user: "user02".to_owned() };
    assert_eq!(standing(&world, "p01"), Standing::BadValues { faults: vec![(Attribute::Email, shared)] });
    assert_eq!(standing(&world, "p03"), Standing::InScope, "the other one is not in scope");

    let world = World::in_step();
    let id = world.directory.state().add_user(None, "guest@example.com");
    {
        let mut realm = world.realm.state();
        for id in ["p04", "p05"] {
            realm.delete_user(id);
        }
        for (id, name) in [("again", "user04"), ("guest", "guest")] {
            realm.add_user(id, &format!("{name}@example.com"));
            realm.join(id, "dev");
        }
        // One who has a user already gets the name of one who left.
        realm.user("p07").email = Some("user05@example.com".to_owned());
        // One who left has the name still, another one is to get it.
        realm.leave("p08", "dev");
        realm.user("p09").email = Some("user08@example.com".to_owned());
    }
    assert_eq!(standing(&world, "again"), Standing::NameOfDeparted);
    assert_eq!(standing(&world, "guest"), Standing::ForeignName { id });
    assert_eq!(standing(&world, "p07"), Standing::InScope);
    let shared = ValueFault::SharedWith { user: "user08".to_owned() };
    assert_eq!(standing(&world, "p09"), Standing::BadValues { faults: vec![(Attribute::UserName, shared)] });
}
