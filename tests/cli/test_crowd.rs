//! Terraform, an IDE and a shell at once: many processes, one login.

use idc_sim::Route;
use kcaws_test_kit::Running;

use crate::stage::{ACCOUNT, Stage};

const ROLES: [(&str, &str); 5] = [
    (ACCOUNT, "PowerUserAccess"),
    (ACCOUNT, "ReadOnlyAccess"),
    (ACCOUNT, "AdministratorAccess"),
    ("444455556666", "PowerUserAccess"),
    ("444455556666", "ReadOnlyAccess"),
];
const PROCESSES: usize = 75;

fn start(stage: &Stage, number: usize) -> Running {
    let (account, role) = ROLES[number % ROLES.len()];
    let line = format!("credential-process --session corp --account {account} --role {role}");
    stage.kcaws(&line).allow_secret_on_stdout().spawn()
}

fn an_expired_login() -> Stage {
    let stage = Stage::new();
    stage.sim.add_account("444455556666", "prod", "prod@example.com");
    stage.log_in();
    stage.sim.expire_access_tokens();
    stage.sim.clear_log();
    stage
}

/// Every answer is the right one for the role that was asked for.
fn answers(stage: &Stage, children: Vec<Running>) {
    let mut keys: Vec<std::collections::BTreeSet<String>> = vec![Default::default(); ROLES.len()];
    for (number, child) in children.into_iter().enumerate() {
        let answer = child.wait().expect_ok().stdout_json();
        let (account, _) = ROLES[number % ROLES.len()];
        assert_eq!(answer["AccountId"], account);
        keys[number % ROLES.len()].insert(answer["AccessKeyId"].as_str().unwrap().to_owned());
    }
    assert!(keys.iter().all(|keys| keys.len() == 1), "one set of keys for each role: {keys:?}");
    assert_eq!(stage.sim.count(Route::CreateToken), 1, "one refresh");
}

#[test]
fn seventy_five_processes_are_one_refresh_and_one_fetch_for_each_role() {
    let stage = an_expired_login();
    let children: Vec<Running> = (0..PROCESSES).map(|number| start(&stage, number)).collect();
    answers(&stage, children);
    let good =
        stage.sim.requests_to(Route::GetRoleCredentials).iter().filter(|one| one.status == Some(200)).count();
    assert_eq!(good, ROLES.len());
}
