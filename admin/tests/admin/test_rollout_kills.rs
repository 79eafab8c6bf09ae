//! SIGKILL at random points of `apply`, while everybody moves from one group to the next: nobody is ever without access,
//! the next run does the rest, and no permission set, group or assignment is made twice.
//!
//! 12 kills as a rule, 300 with KCAWS_TEST_LONG=1. The points come from a fixed seed; KCAWS_TEST_SEED names another.

use std::collections::BTreeSet;
use std::time::Duration;

use idc_sim::Route;
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::Running;

use crate::chance::Chance;
use crate::rollout::{ACCOUNTS, Rollout};
use crate::staff::address;

const PEOPLE: [&str; 2] = ["anna", "bob"];
/// A round creates a group, adds two assignments, and removes members and the old assignments.
const WRITES: u64 = 6;

fn rounds() -> usize {
    if kcaws_test_kit::is_long() { 300 } else { 12 }
}

fn team(round: usize) -> String {
    format!("Team{round}")
}

#[track_caller]
fn everybody_has_access(rollout: &Rollout<'_>, round: usize) {
    for name in PEOPLE {
        assert_eq!(rollout.accounts_of(&address(name)), ACCOUNTS, "round {round}: {name}");
    }
}

/// Moves everybody to the group of the round.
fn change(rollout: &Rollout<'_>, round: usize) {
    rollout.staff.add_group(&team(round));
    for name in PEOPLE {
        rollout.staff.join(name, &team(round));
        rollout.staff.leave(name, &team(round - 1));
    }
    rollout.assign(&[&format!("/aws/{}", team(round))]);
}

/// Kills a run after a number of writes.
fn kill(rollout: &Rollout<'_>, mut run: Running, chance: &mut Chance) {
    let writes = usize::try_from(chance.below(WRITES)).unwrap();
    while run.is_running() && rollout.writes() < writes {
        everybody_has_access(rollout, 0);
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(chance.within(Duration::from_millis(30)));
    run.kill();
}

#[test]
fn a_killed_apply_is_finished_by_the_next() {
    let rollout = Rollout::new(require_keycloak!());
    rollout.staff.add_group(&team(0));
    for name in PEOPLE {
        rollout.staff.hire(name, &[&team(0)]);
    }
    rollout.assign(&[&format!("/aws/{}", team(0))]);
    rollout.run("apply --yes").expect_code(0);
    let mut chance = Chance::new(17);
    let mut between = 0;
    for round in 1..=rounds() {
        change(&rollout, round);
        rollout.sim().clear_log();
        kill(&rollout, rollout.staff.company.admin("apply --yes").spawn(), &mut chance);
        let writes = rollout.writes();
        everybody_has_access(&rollout, round);

        let next = rollout.run("apply --yes --json").expect_code(0).stdout_json();
        everybody_has_access(&rollout, round);
        let assigned = ACCOUNTS.map(|account| (team(round), account.to_owned(), "Power".to_owned()));
        assert_eq!(rollout.sim().assignments(), BTreeSet::from(assigned), "round {round}");
        assert!(rollout.sim().members_of(&team(round - 1)).is_empty(), "round {round}");
        let made = rollout.sim().count(Route::CreateAccountAssignment);
        assert!(rollout.sim().count(Route::ScimCreateGroup) <= 2 && made == 2, "round {round}: {made}");
        between += usize::from(writes > 0 && !next["outcome"].is_null());
    }
    rollout.unchanged();
    println!("{} kills, {between} between two writes", rounds());
    assert!(between > 0, "no kill came while something was written");
}
