//! Names that go from one to another.

use std::collections::BTreeSet;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};

use super::{World, company};
use crate::only::Only;
use crate::sync::apply::{FailureReason, Outcome};
use crate::sync::render;
use crate::sync::source::fake::RealmState;
use crate::sync::target::fake::DirectoryFault;

/// Gives each of these people the address of the next one.
fn pass_on(world: &World, people: &[&str]) {
    let mut realm = world.realm.state();
    let addresses: Vec<Option<String>> = people.iter().map(|id| realm.user(id).email.clone()).collect();
    for (at, id) in people.iter().enumerate() {
        realm.user(id).email.clone_from(&addresses[(at + 1) % people.len()]);
    }
}

fn changes(world: &World) -> Vec<String> {
    let lines = render::lines(&world.planned());
    lines.into_iter().map(|line| format!("{} {}", line.sign.text(), line.text)).collect()
}

fn refused_writes(world: &World) -> usize {
    let lines = world.audit.lines.lock().expect("no test panics while holding it");
    lines.iter().filter(|line| !line.contains("\"error\":null")).count()
}

fn names(world: &World, subjects: &[&str]) -> Vec<String> {
    let state = world.directory.state();
    let name = |subject: &&str| {
        let owner = Some(format!("kc:r1:{subject}"));
        let user = state.users.values().find(|user| user.external_id == owner).expect("a user of the test");
        user.record.user_name().to_owned()
    };
    subjects.iter().map(name).collect()
}

#[test]
fn of_two_people_who_swap_one_gives_way() {
    let world = World::in_step();
    pass_on(&world, &["p03", "p04"]);
    assert_eq!(
        changes(&world),
        [
            "~ user user03@example.com: user name `user03@example.com` → `kcaws-rename-p03`, e-mail address \
             `user03@example.com` → `kcaws-rename-p03@kcaws.invalid`, until the new one is free",
            "~ user user04@example.com: user name `user04@example.com` → `user03@example.com`, e-mail address \
             `user04@example.com` → `user03@example.com`",
            "~ user user03@example.com: user name `kcaws-rename-p03` → `user04@example.com`, e-mail address \
             `kcaws-rename-p03@kcaws.invalid` → `user04@example.com`",
        ]
    );
    let plan = world.sync();
    assert_eq!(names(&world, &["p03", "p04"]), ["user04@example.com", "user03@example.com"]);
    assert_eq!((plan.cost.writes, plan.cost.reads, world.writes()), (6, 3, 14 + 6));
    assert!(
        render::summary(&plan).starts_with("users: 0 new, 2 changed, 0 leaving"),
        "{}",
        render::summary(&plan)
    );
    assert_eq!(refused_writes(&world), 0);
}

#[test]
fn in_a_ring_of_three_one_gives_way_and_in_a_chain_nobody() {
    for (last, writes) in [("user03@example.com", 8), ("free@example.com", 6)] {
        let world = World::in_step();
        pass_on(&world, &["p03", "p04", "p05"]);
        world.realm.state().user("p05").email = Some(last.to_owned());
        assert_eq!(world.sync().cost.writes, writes, "{last}");
        assert_eq!(names(&world, &["p03", "p04", "p05"]), ["user04@example.com", "user05@example.com", last]);
        assert_eq!((world.writes(), refused_writes(&world)), (14 + writes, 0), "{last}");
    }
}

#[test]
fn a_new_spelling_of_the_same_name_needs_no_other() {
    let world = World::in_step();
    world.realm.state().user("p03").email = Some("User03@Example.com".to_owned());
    assert_eq!(world.sync().cost.writes, 2);
}

#[test]
fn two_groups_swap_their_names() {
    let world = World::in_step();
    let members = world.directory.state().members_of("Ops").len();
    {
        let mut realm = world.realm.state();
        realm.groups.get_mut("dev").expect("dev").name = "Ops".to_owned();
        realm.groups.get_mut("ops").expect("ops").name = "Dev".to_owned();
    }
    assert_eq!(
        changes(&world),
        [
            "~ group Dev: now kcaws-rename-dev, until the new one is free",
            "~ group Ops: now Dev",
            "~ group kcaws-rename-dev: now Ops",
        ]
    );
    assert_eq!(world.sync().cost.writes, 3);
    assert_eq!(world.directory.state().members_of("Dev").len(), members);
    assert_eq!(refused_writes(&world), 0);
}

#[test]
fn who_is_adopted_can_give_way_too() {
    let mut world = World::new(company(), "groups = [\"/aws/**\"]\nuser_name = \"username\"");
    for id in ["p03", "p04"] {
        world.realm.state().user(id).user_name = id.to_owned();
    }
    world.sync();
    {
        let mut state = world.directory.state();
        let id = state.named("p03").id.clone();
        state.users.get_mut(&id).expect("a user").external_id = Some("kc:r1:gone".to_owned());
    }
    pass_on(&world, &["p03", "p04"]);
    world.options.adopt = true;
    world.sync();
    assert_eq!(names(&world, &["p03", "p04"]), ["p03", "p04"]);
    assert_eq!(refused_writes(&world), 0);
}

/// Somebody else changes a user after the plan was made.
fn touch(world: &World, name: &str) {
    let mut state = world.directory.state();
    let id = state.named(name).id.clone();
    state.users.get_mut(&id).expect("a user").revision = Some("77".to_owned());
}

fn applied(world: &World, touched: &str) -> Outcome {
    let plan = world.planned();
    touch(world, touched);
    world.apply(&plan)
}

#[test]
fn who_gave_way_in_vain_gets_the_old_name_back() {
    let world = World::in_step();
    pass_on(&world, &["p03", "p04"]);
    let outcome = applied(&world, "user04@example.com");
    let failures: Vec<&str> = outcome.failures.iter().map(|failure| failure.name.as_str()).collect();
    assert_eq!(failures, ["user04@example.com", "user03@example.com"]);
    assert_eq!(names(&world, &["p03", "p04"]), ["user03@example.com", "user04@example.com"]);
    world.sync();
    assert_eq!(names(&world, &["p03", "p04"]), ["user04@example.com", "user03@example.com"]);
}

#[test]
fn who_may_not_give_way_is_not_changed() {
    let world = World::in_step();
    pass_on(&world, &["p03", "p04"]);
    let before = world.writes();
    let outcome = applied(&world, "user03@example.com");
    assert_eq!(outcome.failures[0].reason, FailureReason::Changed);
    assert_eq!(outcome.failures.len(), 2, "{outcome:?}");
    assert_eq!(world.writes(), before);
    world.sync();
}

/// Applies a plan in which writes with this text fail as `fault` says, and returns how many changes failed.
fn failures(world: &World, fault: DirectoryFault) -> usize {
    let plan = world.planned();
    world.directory.fails_with(Some(fault));
    let outcome = world.apply(&plan);
    world.directory.fails_with(None);
    assert!(outcome.halted.is_none(), "{outcome:?}");
    outcome.failures.len()
}

fn unspread(text: &str, left: usize) -> DirectoryFault {
    DirectoryFault::Unspread { text: text.to_owned(), left }
}

fn refused(text: &str) -> DirectoryFault {
    DirectoryFault::Refused { text: text.to_owned(), left: 1 }
}

fn swap_groups(world: &World) {
    let mut realm = world.realm.state();
    realm.groups.get_mut("dev").expect("dev").name = "Ops".to_owned();
    realm.groups.get_mut("ops").expect("ops").name = "Dev".to_owned();
}

#[test]
fn a_conflict_when_somebody_gives_way_leaves_no_temporary_name() {
    for fault in [unspread("kcaws-rename-p03", 1), unspread("kcaws.invalid", 1)] {
        let world = World::in_step();
        pass_on(&world, &["p03", "p04"]);
        assert_eq!(failures(&world, fault.clone()), 0, "{fault:?}");
        assert_eq!(names(&world, &["p03", "p04"]), ["user04@example.com", "user03@example.com"]);
        assert!(!world.planned().has_changes(), "{fault:?}");
    }
    let world = World::in_step();
    swap_groups(&world);
    assert_eq!(failures(&world, unspread("kcaws-rename-dev", 1)), 0);
    assert!(!world.planned().has_changes());
}

#[test]
fn a_conflict_that_stays_is_a_failure_and_nothing_is_changed() {
    let world = World::in_step();
    let before = world.seen();
    pass_on(&world, &["p03", "p04"]);
    swap_groups(&world);
    assert_eq!(failures(&world, unspread("kcaws", usize::MAX)), 4);
    assert_eq!(world.seen(), before);
    world.sync();
}

#[test]
fn who_gave_way_in_vain_gets_back_what_is_free() {
    // The other one has the address by then, and not the user name.
    let world = World::in_step();
    pass_on(&world, &["p03", "p04"]);
    let id = world.directory.state().named("user04@example.com").id.clone();
    assert_eq!(failures(&world, refused(&format!("rename user {id}"))), 2);
    assert_eq!(names(&world, &["p03", "p04"]), ["user03@example.com", "user04@example.com"]);
    world.sync();
}

#[test]
fn who_gave_way_half_gets_it_back() {
    for text in ["rename user", "kcaws.invalid"] {
        let world = World::in_step();
        let before = world.seen();
        pass_on(&world, &["p03", "p04"]);
        assert_eq!(failures(&world, refused(text)), 2, "{text}");
        assert_eq!(world.seen(), before, "{text}");
        world.sync();
    }
}

#[test]
fn people_with_long_ids_can_swap_their_names() {
    let mut state = RealmState { id: "r1".to_owned(), ..RealmState::default() };
    let ids = ["x", "y"].map(|name| format!("f:11111111-1111-1111-1111-111111111111:{}", name.repeat(90)));
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for (id, name) in ids.iter().zip(["alice@example.com", "bob@example.com"]) {
        state.add_user(id, name);
    }
    state.add_group("aws", "aws", None, &[]);
    state.add_group("dev", "Dev", Some("aws"), &ids);
    let world = World::new(state, "groups = [\"/aws/**\"]");
    world.sync();
    pass_on(&world, &ids);
    world.sync();
    assert_eq!(names(&world, &ids), ["bob@example.com", "alice@example.com"]);
}

const PEOPLE: usize = 8;
const GROUPS: usize = 4;

/// Who has which of the user names, addresses and group names, of which some are free.
#[derive(Clone, Debug)]
struct Names {
    users: Vec<usize>,
    emails: Vec<usize>,
    groups: Vec<usize>,
}

fn any_names() -> impl Strategy<Value = Names> {
    let shuffled = |count: usize| Just((0..count).collect::<Vec<_>>()).prop_shuffle();
    let all = (shuffled(PEOPLE + 2), shuffled(PEOPLE + 2), shuffled(GROUPS + 1));
    all.prop_map(|(users, emails, groups)| Names { users, emails, groups })
}

impl Names {
    /// The last of them is new in the company where `newcomer` is set.
    fn realm(&self, has_newcomer: bool) -> RealmState {
        let mut state = RealmState { id: "r1".to_owned(), ..RealmState::default() };
        let people = PEOPLE - usize::from(!has_newcomer);
        let ids: Vec<String> = (0..people).map(|at| format!("p{at}")).collect();
        for (at, id) in ids.iter().enumerate() {
            state.add_user(id, &format!("m{}@example.com", self.emails[at]));
            state.user(id).user_name = format!("n{}", self.users[at]);
        }
        let all: Vec<&str> = ids.iter().map(String::as_str).collect();
        state.add_group("aws", "aws", None, &[]);
        for (at, name) in self.groups.iter().take(GROUPS).enumerate() {
            state.add_group(&format!("g{at}"), &format!("Group {name}"), Some("aws"), &all);
        }
        state
    }

    /// What Identity Center should have in the end.
    fn world(&self) -> Vec<String> {
        let world = World::new(self.realm(true), SETTINGS);
        world.sync();
        world.seen()
    }
}

const SETTINGS: &str = "groups = [\"/aws/**\"]\nuser_name = \"username\"";

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_names_go_to_anybody_in_one_run(before in any_names(), after in any_names()) {
        let world = World::new(before.realm(false), SETTINGS);
        world.sync();
        let writes = world.writes();
        *world.realm.state() = after.realm(true);
        let plan = world.sync();
        prop_assert_eq!(world.seen(), after.world());
        prop_assert_eq!(refused_writes(&world), 0, "no name was taken before it was free");
        prop_assert_eq!(world.writes() - writes, plan.cost.writes);
    }

    #[test]
    fn who_left_holds_up_nobody_who_stays(
        before in any_names(),
        after in any_names(),
        left in proptest::collection::btree_set(0_usize..PEOPLE - 1, 1..4),
    ) {
        let world = World::new(before.realm(false), SETTINGS);
        world.sync();
        let mut realm = after.realm(true);
        for at in &left {
            realm.delete_user(&format!("p{at}"));
        }
        // The newcomer may need to be asked about the name of somebody who left.
        realm.user(&format!("p{}", PEOPLE - 1)).user_name = "newcomer".to_owned();
        *world.realm.state() = realm;
        let plan = world.sync();
        prop_assert_eq!(&plan.blocked, &[]);
        prop_assert_eq!(refused_writes(&world), 0);
        for at in (0..PEOPLE - 1).filter(|at| !left.contains(at)) {
            prop_assert_eq!(&names(&world, &[&format!("p{at}")])[0], &format!("n{}", after.users[at]));
        }
    }

    #[test]
    fn a_run_that_is_killed_between_two_names_is_finished_by_the_next(
        before in any_names(),
        after in any_names(),
        kills in proptest::collection::vec(0_usize..20, 1..4),
        lost in 0_usize..20,
    ) {
        let world = World::new(before.realm(false), SETTINGS);
        world.sync();
        *world.realm.state() = after.realm(true);
        let answer = world.writes() + lost;
        world.directory.fails_with(Some(DirectoryFault::AnswerLost(answer)));
        for writes in kills {
            world.apply_until(&world.planned(), writes);
        }
        world.directory.fails_with(None);
        world.sync();
        prop_assert_eq!(world.seen(), after.world());
        let names: BTreeSet<String> = world.seen().into_iter().filter(|name| name.contains("kcaws-rename")).collect();
        prop_assert!(names.is_empty(), "{:?}", names);
    }

    #[test]
    fn a_part_takes_with_it_whoever_has_a_name_that_it_needs(
        before in any_names(),
        after in any_names(),
        parts in proptest::collection::vec(0_usize..PEOPLE + 2, 1..3),
        group in 0_usize..GROUPS + 1,
    ) {
        let mut world = World::new(before.realm(false), SETTINGS);
        world.sync();
        *world.realm.state() = after.realm(true);
        for name in parts.iter().map(|at| format!("user:n{at}")).chain([format!("group:Group {group}")]) {
            world.options.only = Only::new(&[name.parse().expect("a selector")]);
            let outcome = world.apply(&world.planned());
            prop_assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{:?}", outcome);
            prop_assert!(!world.planned().has_changes(), "{}", name);
        }
        prop_assert_eq!(refused_writes(&world), 0);
        world.options.only = Only::default();
        world.sync();
        prop_assert_eq!(world.seen(), after.world());
    }
}
