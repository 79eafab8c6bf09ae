//! Runs that make only a part of the changes.

use super::World;
use crate::only::{Only, Selector};
use crate::sync::plan::{Blocked, Plan, Refusal, RemovalKind};
use crate::sync::render;
use crate::sync::scope::MaxRemovals;

fn only(selectors: &[&str]) -> Only {
    let selectors: Vec<Selector> = selectors.iter().map(|text| text.parse().expect("a selector")).collect();
    Only::new(&selectors)
}

/// A company in which a lot is to be done.
fn behind() -> World {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.user("p00").enabled = false;
        realm.delete_user("p11");
        realm.user("p03").email = Some("married@example.com".to_owned());
        realm.leave("p01", "ops");
        realm.add_user("p20", "new@example.com");
        realm.join("p20", "dev");
        realm.add_group("qa", "QA", Some("aws"), &["p20", "p04"]);
        realm.groups.get_mut("ops").expect("ops").name = "Operations".to_owned();
    }
    world
}

fn lines(plan: &Plan) -> Vec<String> {
    render::lines(plan).into_iter().map(|line| format!("{} {}", line.sign.text(), line.text)).collect()
}

#[test]
fn a_user_comes_with_memberships_and_the_groups_that_they_need() {
    let mut world = behind();
    world.options.only = only(&["user:new@*"]);
    let plan = world.planned();
    assert_eq!(
        lines(&plan),
        ["+ user new@example.com", "+ group QA (/aws/QA, 1 member)", "+ 1 member to Dev: new@example.com"]
    );
    assert_eq!((plan.left_out, plan.cost.writes), (9, 3), "{plan:?}");
    assert!(render::summary(&plan).ends_with("; 9 other changes left out by --only"));
    world.options.only = only(&["user:user00@example.com", "user:user01@example.com"]);
    assert_eq!(
        lines(&world.planned()),
        [
            "- user user00@example.com: inactive, disabled in the realm",
            "- 1 member from Dev: user00@example.com",
            "- 2 members from Operations: user00@example.com, user01@example.com",
        ]
    );
}

#[test]
fn a_group_comes_with_its_members_and_the_users_that_they_need() {
    let mut world = behind();
    world.options.only = only(&["group:/aws/QA"]);
    assert_eq!(lines(&world.planned()), ["+ user new@example.com", "+ group QA (/aws/QA, 2 members)"]);
    world.options.only = only(&["group:operations"]);
    assert_eq!(
        lines(&world.planned()),
        [
            "~ group Ops: now Operations",
            "- 2 members from Operations: user00@example.com, user01@example.com",
        ]
    );
    world.options.only = only(&["group:/aws/**", "user:user01*"]);
    assert_eq!(lines(&world.planned()), ["- 1 member from Operations: user01@example.com"]);
    world.options.only = only(&["account:*"]);
    let plan = world.planned();
    assert!(!plan.has_changes() && plan.left_out > 0, "accounts are nothing of a sync");
}

#[test]
fn what_is_left_out_is_done_by_a_run_without_it() {
    let mut world = behind();
    let whole = behind();
    whole.sync();
    for selectors in [&["user:new@*"][..], &["group:/aws/Operations"], &["user:user0*", "group:Dev"]] {
        world.options.only = only(selectors);
        let plan = world.planned();
        let outcome = world.apply(&plan);
        assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{outcome:?}");
        assert!(!world.planned().has_changes());
    }
    world.options.only = Only::default();
    world.sync();
    assert_eq!(world.seen(), whole.seen());
}

#[test]
fn the_limit_counts_what_is_done_and_other_refusals_of_that_part_only() {
    let mut world = behind();
    world.directory.state().add_group(None, "Guests", &[]);
    world.realm.state().add_group("guests", "Guests", Some("aws"), &["p04"]);
    world.options.max_removals = Some(MaxRemovals::Count(1));
    let refusals = world.planned().refusals;
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    world.options.only = only(&["user:user00*", "user:user11*"]);
    assert_eq!(
        world.planned().refusals,
        [Refusal::TooManyRemovals { kind: RemovalKind::All, planned: 2, allowed: 1 }]
    );
    world.options.only = only(&["user:user11*"]);
    assert_eq!(world.planned().refusals, []);
    world.options.only = only(&["group:Guests"]);
    assert!(
        matches!(&world.planned().refusals[..], [Refusal::ForeignObject { name, .. }] if name == "Guests")
    );
    // A scope that is not to be believed is refused whatever is asked for.
    world.realm.state().users.values_mut().for_each(|user| user.enabled = false);
    assert!(matches!(
        &world.planned().refusals[..],
        [.., Refusal::EmptyScope { .. }] | [Refusal::EmptyScope { .. }, ..]
    ));
}

#[test]
fn a_selector_that_names_nothing_on_either_side_is_reported() {
    let mut world = behind();
    let known = [
        "user:user00@*",
        "user:married@example.com",
        "user:user03@example.com",
        "group:/aws/QA",
        "group:Ops",
    ];
    world.options.only = only(&known);
    assert_eq!(world.planned().unmatched, []);
    world.options.only = only(&["user:typo", "user:new@*", "group:/aws/typo", "group:Dve"]);
    let unmatched: Vec<String> = world.planned().unmatched.iter().map(ToString::to_string).collect();
    assert_eq!(unmatched, ["user:typo", "group:/aws/typo", "group:Dve"]);
}

#[test]
fn somebody_who_is_renamed_and_moved_is_selected_by_either_name() {
    for name in ["user03@example.com", "married@example.com"] {
        let mut world = behind();
        world.realm.state().leave("p03", "dev");
        world.realm.state().join("p03", "ops");
        world.options.only = only(&[&format!("user:{name}")]);
        let plan = world.planned();
        assert_eq!(
            lines(&plan)[1..],
            ["+ 1 member to Operations: married@example.com", "- 1 member from Dev: user03@example.com"],
            "{name}"
        );
        assert!(lines(&plan)[0].starts_with("~ user user03@example.com: user name"));
    }
}

#[test]
fn somebody_who_left_with_a_new_name_is_selected_by_either_name() {
    for name in ["user03@example.com", "married@example.com"] {
        let mut world = behind();
        world.realm.state().user("p03").enabled = false;
        world.options.only = only(&[&format!("user:{name}")]);
        let lines = lines(&world.planned());
        assert_eq!(lines.len(), 2, "inactive, and in no group: {lines:?}");
    }
}

#[test]
fn who_keeps_a_selected_membership_from_being_made_is_named() {
    let mut world = World::in_step();
    world.directory.state().add_user(None, "dora@example.com");
    {
        let mut realm = world.realm.state();
        for (name, group) in [("carl", "dev"), ("dora", "dev"), ("eve", "ops")] {
            realm.add_user(name, &format!("{name}@example.com"));
            realm.join(name, group);
        }
        for name in ["carl", "eve"] {
            realm.user(name).first_name = None;
        }
        // Nothing is missing in the group because of a member's bad record.
        realm.user("p03").last_name = None;
    }
    world.options.only = only(&["group:/aws/Dev"]);
    let plan = world.planned();
    let blocked = |plan: &Plan| plan.blocked.iter().map(|blocked| format!("{blocked:?}")).collect::<Vec<_>>();
    assert!(
        matches!(&plan.blocked[..], [Blocked::BadValues { subject, .. }] if subject == "carl"),
        "{plan:?}"
    );
    assert!(
        matches!(&plan.refusals[..], [Refusal::ForeignObject { name, .. }] if name == "dora@example.com")
    );
    world.options.only = only(&["group:/aws/Dev", "user:carl@*"]);
    let plan = world.planned();
    assert_eq!((blocked(&plan).len(), &plan.refusals[..]), (1, &[][..]));
    world.options.only = only(&["group:/aws/Dev", "user:user01@*"]);
    let plan = world.planned();
    assert_eq!((blocked(&plan).len(), &plan.refusals[..]), (0, &[][..]));
}

#[test]
fn a_group_that_keeps_a_selected_membership_from_being_made_is_named() {
    let mut world = World::in_step();
    world.directory.state().add_group(None, "Guests", &[]);
    {
        let mut realm = world.realm.state();
        realm.add_group("guests", "Guests", Some("aws"), &["p04"]);
        realm.add_group("bad", "Bad\u{200b}", Some("aws"), &["p05"]);
        // One that exists has its members, whatever it is called.
        realm.groups.get_mut("ops").expect("ops").name = "Ops\u{200b}".to_owned();
    }
    world.options.only = only(&["user:user04@*"]);
    let plan = world.planned();
    assert!(
        matches!(&plan.refusals[..], [Refusal::ForeignObject { name, .. }] if name == "Guests"),
        "{plan:?}"
    );
    assert_eq!(plan.blocked, []);
    world.options.only = only(&["user:user05@*"]);
    let plan = world.planned();
    assert!(matches!(&plan.blocked[..], [Blocked::BadGroupName { subject, .. }] if subject == "bad"));
    world.options.only = only(&["user:user01@*"]);
    let plan = world.planned();
    assert_eq!((plan.refusals, plan.blocked), (vec![], vec![]));
}
