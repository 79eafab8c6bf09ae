//! A large company: what a run costs.

use std::time::Duration;

use kcaws::ports::clock::Clock;

use super::World;
use crate::sync::source::fake::RealmState;

pub(super) const USERS: usize = 5_000;
pub(super) const GROUPS: usize = 500;
pub(super) const MEMBERS: usize = 100;

pub(super) fn company(users: usize, groups: usize) -> RealmState {
    let mut state = RealmState { id: "r1".to_owned(), ..RealmState::default() };
    let ids: Vec<String> = (0..users).map(|at| format!("{at:08}-0000-4000-8000-000000000000")).collect();
    for (at, id) in ids.iter().enumerate() {
        state.add_user(id, &format!("user{at}@example.com"));
    }
    state.add_group("aws", "aws", None, &[]);
    for group in 0..groups {
        let members: Vec<&str> =
            (0..MEMBERS).map(|at| ids[(group * 7 + at * users / MEMBERS) % users].as_str()).collect();
        state.add_group(&format!("g{group}"), &format!("Group {group}"), Some("aws"), &members);
    }
    state
}

#[test]
fn five_thousand_people_in_five_hundred_groups() {
    let world = World::new(company(USERS, GROUPS), "groups = [\"/aws/**\"]");
    let plan = world.planned();
    assert!(world.realm.calls() <= 510, "{}", world.realm.calls());
    assert_eq!((plan.scope.groups, plan.scope.memberships), (GROUPS, GROUPS * MEMBERS));
    let people = plan.users.len();

    let started = world.clock.elapsed();
    let outcome = world.apply(&plan);
    let took = world.clock.elapsed().saturating_sub(started);
    assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{outcome:?}");
    assert!(world.writes() <= 6_000 && world.writes() == plan.cost.writes, "{}", world.writes());
    assert!(took <= Duration::from_secs(315), "{took:?} for {people} people");

    world.directory.state().reads = 0;
    let (writes, started) = (world.writes(), world.clock.elapsed());
    let second = world.planned();
    let reads = world.directory.state().reads;
    let took = world.clock.elapsed().saturating_sub(started);
    assert!(reads <= 560, "{reads}");
    assert!(took.as_secs_f64() <= 1.05 * 560.0 / 20.0, "{took:?}");
    assert!(!second.has_changes() && world.writes() == writes);
}
