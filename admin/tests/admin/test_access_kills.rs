//! SIGKILL at random points of `access apply`: the next run does the rest and takes up what is still running, nothing is
//! made twice, and nothing is removed that was not to be removed in the first place.
//!
//! 30 kills as a rule, 500 with KCAWS_TEST_LONG=1. The points come from a fixed seed; KCAWS_TEST_SEED names another.

use std::collections::BTreeSet;
use std::time::Duration;

use idc_sim::{IdcSim, LoggedRequest, Route};
use kcaws_test_kit::Running;
use serde_json::Value;

use crate::chance::Chance;
use crate::fixture::admin;
use crate::site::Site;

const ACCOUNTS: usize = 6;
const GROUPS: [&str; 3] = ["Dev", "Ops", "Sec"];
/// By the simulator's clock. Longer than a new process needs to look at what is running.
const OPERATION: Duration = Duration::from_millis(240);
/// Longer than a run takes: some of them end before they are killed.
const USUAL: Duration = Duration::from_millis(1_800);
/// A round is about twenty writes.
const WRITES: u64 = 20;

/// The group, the account and the permission set of an assignment.
type Assigned = BTreeSet<(String, String, String)>;

fn account(number: usize) -> String {
    format!("3{:011}", number % ACCOUNTS)
}

/// What the access file says in a round: `Steady` stays, with other settings and other accounts each time, and
/// `Round…` exists for one round.
struct Round(usize);

impl Round {
    fn assignments(&self) -> Assigned {
        let mut assigned = Assigned::new();
        let mut add = |group: &str, account: String, set: &str| {
            assigned.insert((group.to_owned(), account, set.to_owned()));
        };
        for number in 0..ACCOUNTS {
            add("Dev", account(number), "Steady");
        }
        for number in [self.0, self.0 + 1] {
            add("Ops", account(number), "Steady");
        }
        for number in [self.0, self.0 + 2, self.0 + 3] {
            add("Sec", account(number), &self.own_set());
        }
        assigned
    }

    fn own_set(&self) -> String {
        format!("Round{}", self.0)
    }

    fn file(&self) -> String {
        let sets = format!(
            "[permission_sets.Steady]\nsession = \"{}h\"\nmanaged = [\"PowerUserAccess\"]\n\
             [permission_sets.{}]\nmanaged = [\"ReadOnlyAccess\", \"SecurityAudit\"]\ninline = {{ Statement = [] }}\n",
            1 + self.0 % 8,
            self.own_set()
        );
        let assigns = self.assignments().into_iter().map(|(group, account, set)| {
            format!("[[assign]]\nset = \"{set}\"\ngroups = [\"idc:{group}\"]\naccounts = [\"{account}\"]\n")
        });
        let unlisted = "[unlisted]\nassignments = \"remove\"\npermission_sets = \"remove\"\n".to_owned();
        std::iter::once(sets).chain(assigns).chain([unlisted]).collect()
    }
}

struct Organization {
    site: Site,
}

impl Organization {
    fn new() -> Self {
        let builder = IdcSim::builder().no_assignments().operation_time(OPERATION).admin_throttle(None);
        let builder = (0..ACCOUNTS).fold(builder, |builder, number| {
            builder.account(&account(number), &format!("team{number}"), "team@example.com")
        });
        let site = Site::at(builder.start());
        for group in GROUPS {
            site.sim.add_group(group);
        }
        Self { site }
    }

    const APPLY: &str = "apply --yes --max-removals 20 --allow role-removal";

    /// Kills a run after a number of writes, or after a time.
    fn kill(&self, mut run: Running, chance: &mut Chance) {
        if chance.below(3) == 0 {
            std::thread::sleep(chance.within(USUAL));
        } else {
            let writes = usize::try_from(chance.below(WRITES)).unwrap();
            while run.is_running() && self.site.writes() < writes {
                std::thread::sleep(Duration::from_micros(300));
            }
            // Between two requests, or while something is running.
            std::thread::sleep(chance.within(Duration::from_millis(20)));
        }
        run.kill();
    }

    fn own_assignments(&self) -> Assigned {
        let all = self.site.sim.assignments().into_iter();
        all.filter(|(group, ..)| GROUPS.contains(&group.as_str())).collect()
    }

    fn own_sets(&self) -> BTreeSet<String> {
        let all = self.site.sim.permission_set_names().into_iter();
        all.filter(|name| name.starts_with("Round") || name == "Steady").collect()
    }

    /// Asserts that no permission set and no assignment was made twice since the log was cleared.
    #[track_caller]
    fn assert_nothing_twice(&self, round: usize) {
        let all_of = |request: &LoggedRequest| request.json().to_string();
        for route in [Route::CreatePermissionSet, Route::CreateAccountAssignment] {
            let requests = self.site.sim.requests_to(route);
            let made: Vec<String> =
                requests.iter().filter(|request| request.status == Some(200)).map(all_of).collect();
            assert_eq!(BTreeSet::from_iter(&made).len(), made.len(), "round {round}: twice: {made:#?}");
        }
    }
}

/// The removed assignments of a plan.
fn removals(plan: &Value) -> Assigned {
    let text = |change: &Value, key: &str| change[key].as_str().unwrap().to_owned();
    let removals = plan["removals"].as_array().unwrap().iter();
    let of = |change: &Value| {
        let group = text(change, "principal").trim_start_matches("idc:").to_owned();
        (group, text(change, "account_id"), text(change, "permission_set"))
    };
    removals.map(of).collect()
}

fn rounds() -> usize {
    if kcaws_test_kit::is_long() { 500 } else { 30 }
}

#[test]
fn a_killed_apply_is_finished_by_the_next() {
    let organization = Organization::new();
    let site = &organization.site;
    let mut chance = Chance::new(11);
    let (mut before, mut between, mut taken_up) = (0, 0, 0);
    site.write(&Round(0).file());
    site.run(Organization::APPLY).expect_ok();
    for number in 1..=rounds() {
        let (last, round) = (Round(number - 1), Round(number));
        let going: Assigned = last.assignments().difference(&round.assignments()).cloned().collect();
        site.write(&round.file());
        site.sim.clear_log();
        let killed = admin(&site.env, &format!("access {}", Organization::APPLY)).spawn();
        organization.kill(killed, &mut chance);
        let (writes, running) = (site.writes(), site.sim.running_operations());

        let line = format!("{} --json", Organization::APPLY);
        let next = site.run(&line).expect_ok().stdout_json();
        let rest = removals(&next["plan"]);
        assert!(rest.is_subset(&going), "round {number}: {rest:?} is not of {going:?}");
        assert_eq!(organization.own_assignments(), round.assignments(), "round {number}");
        let sets = BTreeSet::from(["Steady".to_owned(), round.own_set()]);
        assert_eq!(organization.own_sets(), sets, "round {number}");
        organization.assert_nothing_twice(number);
        if number % 50 == 0 {
            println!("{number} kills so far");
        }
        before += usize::from(writes == 0);
        between += usize::from(writes > 0 && !next["outcome"].is_null());
        taken_up += usize::from(running > 0);
    }
    site.unchanged();
    println!(
        "{} kills: {before} before the first write, {between} between two writes, {taken_up} with operations running",
        rounds()
    );
    assert!(between > 0 && taken_up > 0, "no kill came while something was written");
    let audit = std::fs::read_to_string(site.env.home().join("access.audit.jsonl")).unwrap();
    assert!(audit.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "a torn line");
}
