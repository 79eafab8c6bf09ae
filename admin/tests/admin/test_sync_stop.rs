//! Ctrl-C, TERM and Ctrl-Z while `sync apply` writes: no request is started after it, and each that was is recorded.

use std::collections::BTreeSet;
use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::{Running, Signal, wait_for};
use serde_json::Value;

use crate::staff::{Staff, person};

const PEOPLE: usize = 60;
/// Requests overlap at the rate of 20 a second.
const SLOW: Duration = Duration::from_millis(400);
/// Those that are under way when the signal comes. Without an end there, all the others would follow.
const UNDER_WAY: usize = 20;

/// Starts a run, and waits until several of its requests are answered.
fn writing(staff: &Staff<'_>) -> Running {
    staff.add_group("Dev");
    let people: Vec<Value> = (0..PEOPLE).map(|number| person(&format!("p{number}"), &["Dev"])).collect();
    staff.hire_all(&people);
    staff.company.sim.fault(Route::ScimCreateUser, Fault::delay(SLOW));
    let running = staff.company.admin("sync apply --yes").spawn();
    wait_for("users to be created", || (recorded(staff).len() > 5).then_some(()));
    running
}

/// The names of the users that the audit file has as created.
fn recorded(staff: &Staff<'_>) -> BTreeSet<String> {
    let audit = std::fs::read_to_string(staff.company.env.home().join("access.audit.jsonl"));
    let lines = audit.unwrap_or_default();
    let entries = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.filter(|entry| entry["id"].is_string()).map(|entry| entry["name"].to_string()).collect()
}

#[test]
fn a_signal_ends_it_when_the_requests_under_way_are_recorded() {
    let server = require_keycloak!();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let staff = Staff::new(server, IdcSim::builder());
        let running = writing(&staff);
        let before = staff.writes();
        running.signal(signal);
        running.wait().expect_code(code);
        let sim = &staff.company.sim;
        assert!(staff.writes() < before + UNDER_WAY, "{before} before {signal:?}, {} in all", staff.writes());
        let created = sim.requests_to(Route::ScimCreateUser);
        let created: BTreeSet<String> = created
            .iter()
            .filter(|request| request.status == Some(201))
            .map(|request| request.json()["userName"].to_string())
            .collect();
        assert_eq!(recorded(&staff), created);

        sim.clear_faults();
        staff.apply();
        assert_eq!(sim.members_of("Dev").len(), PEOPLE);
    }
}

#[test]
fn ctrl_z_stops_it_between_two_requests_and_it_goes_on() {
    let server = require_keycloak!();
    let staff = Staff::new(server, IdcSim::builder());
    let running = writing(&staff);
    running.signal(Signal::TSTP);
    wait_for("it to stop", || (state(&running) == 'T').then_some(()));
    let before = staff.writes();
    assert!(before < PEOPLE, "it stopped when all was done");
    std::thread::sleep(2 * SLOW);
    assert_eq!(staff.writes(), before, "nothing is under way");

    running.signal(Signal::CONT);
    running.wait().expect_code(0);
    assert_eq!(staff.company.sim.members_of("Dev").len(), PEOPLE);
}

/// The state of a process, as in proc_pid_stat(5).
fn state(running: &Running) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.id())).unwrap();
    stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}
