//! SIGKILL at random points of `sync apply`: the next run does the rest, nothing is written twice, and nothing is removed
//! that was not to be removed in the first place.
//!
//! 40 kills as a rule, 1,000 with KCAWS_TEST_LONG=1. The points come from a fixed seed; KCAWS_TEST_SEED names another.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use idc_sim::{IdcSim, Route};
use kcaws_test_keycloak::{Server, require_keycloak};
use kcaws_test_kit::Running;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::staff::{Staff, address, person};

const GROUPS: [&str; 3] = ["Dev", "Ops", "Sec"];
/// Who stays all the time, and moves between the groups.
const STAYING: usize = 12;
const JOINING: usize = 6;
/// Longer than a run takes: some of them end before they are killed.
const USUAL: Duration = Duration::from_millis(900);
/// Two people in `/aws/Dev` who swap their addresses in every round.
const SWAPPING: [&str; 2] = ["east", "west"];
/// A round is about twenty writes.
const WRITES: u64 = 19;

/// A company that changes in every round, and what its groups should be in AWS.
struct Changing<'k> {
    staff: Staff<'k>,
    members: BTreeMap<&'static str, BTreeSet<String>>,
    left: BTreeSet<String>,
    /// Everything that this round takes away, as [`removals`] names it.
    going: BTreeSet<String>,
    are_swapped: bool,
}

impl<'k> Changing<'k> {
    fn new(server: &'k Server) -> Self {
        let staff = Staff::new(server, IdcSim::builder().admin_throttle(None));
        for group in GROUPS {
            staff.add_group(group);
        }
        let (members, left, going) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let mut company = Self { staff, members, left, going, are_swapped: false };
        let names: Vec<String> = (0..STAYING).map(|number| format!("staying{number}")).collect();
        company.hire(&names, &["Dev"]);
        company.hire(&SWAPPING.map(str::to_owned), &["Dev"]);
        company
    }

    fn hire(&mut self, names: &[String], groups: &[&'static str]) {
        let people: Vec<Value> = names.iter().map(|name| person(name, groups)).collect();
        self.staff.hire_all(&people);
        for group in groups {
            self.members.entry(group).or_default().extend(names.iter().cloned());
        }
    }

    /// People come, two of those who came in the round before leave, and one moves.
    fn change(&mut self, round: usize) {
        self.going.clear();
        let names: Vec<String> = (0..JOINING).map(|number| format!("round{round}-{number}")).collect();
        self.hire(&names, &GROUPS);
        self.move_one(&format!("staying{}", round % STAYING), round);
        let [one, other] = SWAPPING;
        self.staff.swap_addresses(one, other);
        self.are_swapped = !self.are_swapped;
        let Some(before) = round.checked_sub(1) else { return };
        let [disabled, deleted] = [0, 1].map(|number| format!("round{before}-{number}"));
        self.staff.disable(&disabled);
        self.staff.delete(&deleted);
        for name in [disabled, deleted] {
            self.going.insert(address(&name));
            for group in GROUPS {
                self.take_out(&name, group);
            }
            self.left.insert(name);
        }
    }

    fn move_one(&mut self, name: &str, round: usize) {
        self.staff.change(name, &json!({ "lastName": format!("Doe{round}") }));
        if self.members["Ops"].contains(name) {
            self.staff.leave(name, "Ops");
            self.take_out(name, "Ops");
        } else {
            self.staff.join(name, "Ops");
            self.members.get_mut("Ops").unwrap().insert(name.to_owned());
        }
    }

    fn take_out(&mut self, name: &str, group: &str) {
        self.members.get_mut(group).unwrap().remove(name);
        self.going.insert(format!("{} from {group}", address(name)));
    }

    #[track_caller]
    fn assert_in_step(&self) {
        let sim = &self.staff.company.sim;
        for (group, members) in &self.members {
            let names: BTreeSet<String> = members.iter().map(|name| address(name)).collect();
            assert_eq!(BTreeSet::from_iter(sim.members_of(group)), names, "{group}");
        }
        for name in self.members.values().flatten() {
            assert_eq!(sim.user(&address(name)).unwrap()["active"], true, "{name}");
        }
        let [one, other] = SWAPPING;
        for (name, owner) in
            if self.are_swapped { [(one, other), (other, one)] } else { [(one, one), (other, other)] }
        {
            let user = sim.user(&address(name)).unwrap();
            assert!(user["externalId"].as_str().unwrap().ends_with(&self.staff.id(owner)), "{name}: {user}");
        }
        for name in &self.left {
            assert_eq!(sim.user(&address(name)).unwrap()["active"], false, "{name}");
        }
    }

    /// The names of the users and groups that were created since the log was cleared.
    fn created(&self) -> Vec<String> {
        let sim = &self.staff.company.sim;
        let requests = [Route::ScimCreateUser, Route::ScimCreateGroup].map(|route| sim.requests_to(route));
        let created = requests.iter().flatten().filter(|request| request.status == Some(201));
        created.map(|request| request.json()["externalId"].to_string()).collect()
    }

    /// Kills a run after a number of writes, or after a time.
    fn kill(&self, mut run: Running, chance: &mut Chance) {
        if chance.below(4) == 0 {
            std::thread::sleep(chance.within(USUAL));
        } else {
            let writes = usize::try_from(chance.below(WRITES)).unwrap();
            while run.is_running() && self.staff.writes() < writes {
                std::thread::sleep(Duration::from_micros(300));
            }
        }
        run.kill();
    }
}

/// Everybody whom a plan makes inactive or takes out of a group.
fn removals(plan: &Value) -> BTreeSet<String> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let leavers = list(&plan["deactivations"]).into_iter().map(|leaver| text(&leaver["user"]["name"]));
    let members = list(&plan["removals"]).into_iter().flat_map(|change| {
        let group = text(&change["group"]["name"]);
        list(&change["members"])
            .into_iter()
            .map(move |member| format!("{} from {group}", text(&member["user_name"])))
    });
    assert!(list(&plan["deletions"]).is_empty());
    leavers.chain(members).collect()
}

fn rounds() -> usize {
    if kcaws_test_kit::is_long() { 1_000 } else { 40 }
}

#[test]
fn a_killed_apply_is_finished_by_the_next() {
    let server = require_keycloak!();
    let mut company = Changing::new(server);
    let mut chance = Chance::new(7);
    let (mut before, mut between) = (0, 0);
    company.staff.apply();
    for round in 0..rounds() {
        company.change(round);
        company.staff.company.sim.clear_log();
        let killed = company.staff.company.admin("sync apply --yes").spawn();
        company.kill(killed, &mut chance);
        let writes = company.staff.writes();

        let next = company.staff.company.run("sync apply --yes --json").expect_code(0).stdout_json();
        let rest = removals(&next["plan"]);
        assert!(rest.is_subset(&company.going), "round {round}: {rest:?} is not of {:?}", company.going);
        company.assert_in_step();
        let created = company.created();
        assert_eq!(BTreeSet::from_iter(&created).len(), created.len(), "twice: {created:?}");
        before += usize::from(writes == 0);
        between += usize::from(writes > 0 && !next["outcome"].is_null());
    }
    company.staff.apply();
    println!("{} kills: {before} before the first write, {between} between two writes", rounds());
    assert!(between > 0, "no kill came while something was written");
    let audit = std::fs::read_to_string(company.staff.company.env.home().join("access.audit.jsonl")).unwrap();
    assert!(audit.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "a torn line");
}
