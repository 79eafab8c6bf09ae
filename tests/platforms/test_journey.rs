use idc_sim::Route;
use kcaws_test_kit::Running;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, env};

#[test]
fn a_login_is_used_renewed_and_ended() {
    let env = env();
    let fixture = LoginFixture::at(&env);
    let store = fixture.machine.store();
    fixture.log_in().expect_stderr(&format!("Tokens are stored in the {store}"));
    fixture.run("status").expect_ok().expect_stdout("corp").expect_stdout(store);
    fixture.run("accounts").expect_ok().expect_stdout(ACCOUNT).expect_stdout(ROLE);

    let first = fixture.credentials(ROLE).expect_ok();
    assert!(first.stderr.is_empty(), "{first}");
    assert_eq!(first.stdout_text().lines().count(), 1, "one object, one line: {first}");
    let first = first.stdout_json();
    assert_eq!((&first["Version"], &first["AccountId"]), (&1.into(), &ACCOUNT.into()));
    let second = fixture.credentials(ROLE).expect_ok().stdout_json();
    assert_eq!(second["AccessKeyId"], first["AccessKeyId"], "kept warm");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1, "asked once");

    fixture.sim.expire_access_tokens();
    fixture.sim.clear_log();
    let renewed = fixture.credentials("ReadOnlyAccess").expect_ok().stdout_json();
    assert_eq!(renewed["AccountId"], ACCOUNT);
    assert_eq!(fixture.sim.count(Route::CreateToken), 1, "one refresh");
    fixture.run("login corp").expect_ok().expect_stderr("Already logged in to `corp`");

    fixture.env.assert_no_secret_in_files(fixture.state());
    fixture.run("logout corp").expect_ok().expect_stderr("at Identity Center and here");
    assert_eq!(fixture.sim.count(Route::Logout), 1);
    fixture.credentials(ROLE).expect_code(4);
    fixture.run("status corp").expect_code(4);
}

#[test]
fn eight_processes_at_once_are_one_refresh() {
    let env = env();
    let fixture = LoginFixture::at(&env);
    fixture.log_in();
    fixture.sim.expire_access_tokens();
    fixture.sim.clear_log();
    let roles = [ROLE, "ReadOnlyAccess"];
    let children: Vec<Running> =
        (0..8).map(|number| fixture.credentials_command(roles[number % roles.len()]).spawn()).collect();
    for child in children {
        let answer = child.wait().expect_ok().stdout_json();
        assert_eq!(answer["AccountId"], ACCOUNT);
    }
    assert_eq!(fixture.sim.count(Route::CreateToken), 1, "one refresh");
}

/// A lock whose holder is killed is free, and what the holder had begun is no damage.
#[test]
fn processes_that_are_killed_cost_no_login() {
    let env = env();
    let fixture = LoginFixture::at(&env);
    fixture.log_in();
    for step in 0..8 {
        let child = fixture.credentials_command("ReadOnlyAccess").spawn();
        std::thread::sleep(std::time::Duration::from_millis(60 * step));
        child.kill();
        fixture.run("status corp").expect_ok();
    }
    fixture.credentials(ROLE).expect_ok();
}
