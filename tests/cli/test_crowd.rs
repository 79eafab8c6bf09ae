//! Terraform, an IDE and a shell at once: many processes, one login.

use std::collections::BTreeSet;
use std::time::Duration;

use idc_sim::{Builder, IdcSim, Route};
use kcaws_test_kit::Running;

use crate::fixture::{ACCOUNT, LoginFixture};

const ROLES: [(&str, &str); 5] = [
    (ACCOUNT, "PowerUserAccess"),
    (ACCOUNT, "ReadOnlyAccess"),
    (ACCOUNT, "AdministratorAccess"),
    ("444455556666", "PowerUserAccess"),
    ("444455556666", "ReadOnlyAccess"),
];
const PROCESSES: usize = 75;

fn start(fixture: &LoginFixture, number: usize) -> Running {
    let (account, role) = ROLES[number % ROLES.len()];
    let line = format!("credential-process --session corp --account {account} --role {role}");
    fixture.kcaws(&line).allow_secret_on_stdout().spawn()
}

fn a_login(builder: Builder) -> LoginFixture {
    let fixture = LoginFixture::with(builder);
    fixture.sim.add_account("444455556666", "prod", "prod@example.com");
    fixture.log_in();
    fixture.sim.clear_log();
    fixture
}

/// Every answer is the right one for the role that was asked for.
fn answers(fixture: &LoginFixture, children: Vec<Running>) {
    let mut keys = vec![BTreeSet::new(); ROLES.len()];
    for (number, child) in children.into_iter().enumerate() {
        let answer = child.wait().expect_ok().stdout_json();
        let (account, _) = ROLES[number % ROLES.len()];
        assert_eq!(answer["AccountId"], account);
        keys[number % ROLES.len()].insert(answer["AccessKeyId"].as_str().unwrap().to_owned());
    }
    assert!(keys.iter().all(|keys| keys.len() == 1), "one set of keys for each role: {keys:?}");
    assert_eq!(fixture.sim.count(Route::CreateToken), 1, "one refresh");
}

fn fetches(fixture: &LoginFixture) -> usize {
    fixture.sim.count(Route::GetRoleCredentials)
}

fn crowd(fixture: &LoginFixture) {
    let children: Vec<Running> = (0..PROCESSES).map(|number| start(fixture, number)).collect();
    answers(fixture, children);
}

#[test]
fn seventy_five_processes_on_an_old_token_are_one_refresh_and_one_fetch_for_each_role() {
    // Old from the start, by its own word: less than five minutes.
    let fixture = a_login(IdcSim::builder().access_token_life(Duration::from_secs(240)));
    crowd(&fixture);
    assert_eq!(fetches(&fixture), ROLES.len());
}

#[test]
fn seventy_five_processes_on_a_refused_token_are_one_refresh_and_at_most_one_refusal_for_each_role() {
    let fixture = a_login(IdcSim::builder());
    fixture.sim.expire_access_tokens();
    crowd(&fixture);
    let good = fixture
        .sim
        .requests_to(Route::GetRoleCredentials)
        .iter()
        .filter(|one| one.status == Some(200))
        .count();
    assert_eq!(good, ROLES.len());
    assert!(fetches(&fixture) <= 2 * ROLES.len());
}

/// As many different roles at once, each of its own process, against AWS's limit. Returns how many were answered, and
/// how many requests were refused.
fn storm(processes: usize) -> (usize, usize) {
    let mut builder = IdcSim::builder().throttle(20.0, 20);
    let id = |number: usize| format!("2{number:011}");
    for number in 0..=processes {
        builder = builder.account(&id(number), &format!("team-{number}"), "team@example.com").assign(
            "alice@example.com",
            &id(number),
            "ReadOnlyAccess",
        );
    }
    let fixture = LoginFixture::with(builder);
    fixture.log_in();
    fixture.sim.clear_log();
    let line =
        |number| format!("credential-process --session corp --account {} --role ReadOnlyAccess", id(number));
    let children: Vec<Running> =
        (0..processes).map(|number| fixture.kcaws(&line(number)).allow_secret_on_stdout().spawn()).collect();
    let answered = children.into_iter().map(Running::wait).filter(|output| output.code() == 0);
    let answered = answered.count();
    let requests = fixture.sim.requests_to(Route::GetRoleCredentials);
    let refused = requests.iter().filter(|one| one.status == Some(429)).count();
    // A crowd that is over leaves no pace behind, for longer than it takes to notice.
    std::thread::sleep(Duration::from_secs(4));
    fixture.kcaws(&line(processes)).allow_secret_on_stdout().run().expect_ok();
    // Only its lock stays, and on a machine that starts them slowly there was none.
    assert!(std::fs::read_dir(fixture.state().join("pace")).map_or(0, Iterator::count) <= 1);
    (answered, refused)
}

#[test]
fn a_hundred_and_fifty_roles_at_once_are_all_answered_at_awss_limit() {
    let (answered, refused) = storm(150);
    assert_eq!(answered, 150);
    assert!(refused < 100, "{refused} refused for 150 answers");
}
