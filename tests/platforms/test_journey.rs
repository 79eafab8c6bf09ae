use idc_sim::Route;
use kcaws_test_kit::Running;

use crate::stage::{ACCOUNT, ROLE, Stage, desk};

#[test]
fn a_login_is_used_renewed_and_ended() {
    let desk = desk();
    let stage = Stage::at(&desk);
    let store = stage.machine.store();
    stage.log_in().expect_stderr(&format!("The tokens lie in the {store}"));
    stage.run("status").expect_ok().expect_stdout("corp").expect_stdout(store);
    stage.run("accounts").expect_ok().expect_stdout(ACCOUNT).expect_stdout(ROLE);

    let first = stage.credentials(ROLE).expect_ok();
    assert!(first.stderr.is_empty(), "{first}");
    assert_eq!(first.stdout_text().lines().count(), 1, "one object, one line: {first}");
    let first = first.stdout_json();
    assert_eq!((&first["Version"], &first["AccountId"]), (&1.into(), &ACCOUNT.into()));
    let second = stage.credentials(ROLE).expect_ok().stdout_json();
    assert_eq!(second["AccessKeyId"], first["AccessKeyId"], "kept warm");
    assert_eq!(stage.sim.count(Route::GetRoleCredentials), 1, "asked once");

    stage.sim.expire_access_tokens();
    stage.sim.clear_log();
    let renewed = stage.credentials("ReadOnlyAccess").expect_ok().stdout_json();
    assert_eq!(renewed["AccountId"], ACCOUNT);
    assert_eq!(stage.sim.count(Route::CreateToken), 1, "one refresh");
    stage.run("login corp").expect_ok().expect_stderr("Already logged in to `corp`");

    stage.desk.assert_no_secret_in_files(stage.state());
    stage.run("logout corp").expect_ok().expect_stderr("at Identity Center and here");
    assert_eq!(stage.sim.count(Route::Logout), 1);
    stage.credentials(ROLE).expect_code(4);
    stage.run("status corp").expect_code(4);
}

#[test]
fn eight_processes_at_once_are_one_refresh() {
    let desk = desk();
    let stage = Stage::at(&desk);
    stage.log_in();
    stage.sim.expire_access_tokens();
    stage.sim.clear_log();
    let roles = [ROLE, "ReadOnlyAccess"];
    let children: Vec<Running> =
        (0..8).map(|number| stage.credentials_command(roles[number % roles.len()]).spawn()).collect();
    for child in children {
        let answer = child.wait().expect_ok().stdout_json();
        assert_eq!(answer["AccountId"], ACCOUNT);
    }
    assert_eq!(stage.sim.count(Route::CreateToken), 1, "one refresh");
}

/// Whoever holds the lock when it is killed is replaced, and what it had begun is no damage.
#[test]
fn processes_that_are_killed_cost_no_login() {
    let desk = desk();
    let stage = Stage::at(&desk);
    stage.log_in();
    for step in 0..8 {
        let child = stage.credentials_command("ReadOnlyAccess").spawn();
        std::thread::sleep(std::time::Duration::from_millis(60 * step));
        child.kill();
        stage.run("status corp").expect_ok();
    }
    stage.credentials(ROLE).expect_ok();
}
