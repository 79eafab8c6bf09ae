use idc_sim::IdcSim;
use kcaws_test_kit::{PrivateKeyring, require_program};

use crate::fixture::LoginFixture;

fn on_the_desktop() -> LoginFixture {
    let fixture = LoginFixture::with(IdcSim::builder());
    fixture.env.remove_env("KCAWS_KEYRING");
    fixture
}

fn attributes(fixture: &LoginFixture) -> [(&'static str, String); 3] {
    [
        ("service", "kcaws".to_owned()),
        ("username", "corp".to_owned()),
        ("start_url", fixture.sim.start_url().to_owned()),
    ]
}

fn lookup(fixture: &LoginFixture, keyring: &PrivateKeyring<'_>) -> Option<String> {
    let attributes = attributes(fixture);
    let attributes: Vec<(&str, &str)> =
        attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
    keyring.secret_tool_lookup(&attributes)
}

#[test]
fn the_tokens_lie_in_the_desktops_keyring_and_nowhere_on_disk() {
    require_program!("gnome-keyring-daemon");
    require_program!("secret-tool");
    let fixture = on_the_desktop();
    let keyring = PrivateKeyring::start(&fixture.env);
    fixture.log_in();
    let item = lookup(&fixture, &keyring).expect("secret-tool finds the item");
    let record: serde_json::Value = serde_json::from_str(item.trim()).unwrap();
    assert_eq!((&record["kcaws"], &record["session"]), (&1.into(), &"corp".into()));
    let secret = |value: &serde_json::Value| value.as_str().unwrap().contains(idc_sim::SECRET_MARK);
    assert!(secret(&record["login"]["access_token"]) && secret(&record["login"]["refresh_token"]));
    assert!(secret(&record["registration"]["client_secret"]));
    fixture.env.assert_no_secret_in_files(fixture.env.root());

    fixture.run("status").expect_ok().expect_stdout("Secret Service");
    fixture.credentials().expect_ok();
    fixture.sim.expire_access_tokens();
    fixture.credentials().expect_ok();
    fixture.env.assert_no_secret_in_files(fixture.env.root());

    fixture.run("logout").expect_ok();
    assert!(lookup(&fixture, &keyring).is_none());
}

#[test]
fn a_locked_keyring_is_exit_5_and_never_another_store() {
    require_program!("gnome-keyring-daemon");
    let fixture = on_the_desktop();
    let keyring = PrivateKeyring::start(&fixture.env);
    fixture.log_in();
    keyring.lock();
    let output = fixture.credentials().expect_code(5).expect_stderr("the Secret Service is locked");
    assert!(output.stdout.is_empty());
    fixture.run("accounts --refresh").expect_code(5);
    // Without a terminal no one can be asked to unlock it.
    fixture.run("login --no-browser").expect_code(5);
    keyring.unlock();
    fixture.credentials().expect_ok();
}

#[test]
fn a_keyring_that_is_gone_is_exit_5_and_never_another_store() {
    require_program!("gnome-keyring-daemon");
    let fixture = on_the_desktop();
    let mut keyring = PrivateKeyring::start(&fixture.env);
    fixture.log_in();
    keyring.kill_daemon();
    fixture.credentials().expect_code(5).expect_stderr("Secret Service");
    keyring.restart_daemon();
    fixture.credentials().expect_ok();
}

#[test]
fn tokens_move_from_the_kernel_to_the_desktops_keyring_and_back() {
    require_program!("gnome-keyring-daemon");
    require_program!("secret-tool");
    let fixture = on_the_desktop();
    let keyring = PrivateKeyring::start(&fixture.env);
    fixture.env.set_env("KCAWS_KEYRING", "keyutils");
    fixture.log_in();
    assert!(lookup(&fixture, &keyring).is_none());

    keyring.lock();
    // No one is at a terminal to be asked to unlock it.
    fixture.run("store migrate --to secret-service").expect_code(5).expect_stderr("locked");
    fixture.run("store status corp").expect_ok().expect_stdout("kernel keyring");
    keyring.unlock();

    fixture.run("store migrate --to secret-service -vvv").expect_ok();
    let item = lookup(&fixture, &keyring).expect("secret-tool finds the item");
    let record: serde_json::Value = serde_json::from_str(item.trim()).unwrap();
    assert!(record["login"]["refresh_token"].as_str().unwrap().contains(idc_sim::SECRET_MARK));
    fixture.env.assert_no_secret_in_files(fixture.env.root());
    fixture.forget_kernel_key();
    fixture.run("accounts --refresh").expect_ok();
    fixture.credentials().expect_ok();

    fixture.run("store migrate --to keyutils").expect_ok();
    assert!(lookup(&fixture, &keyring).is_none(), "nothing stays behind");
    fixture.run("accounts --refresh").expect_ok();
}

#[test]
fn store_status_tells_a_locked_and_an_absent_keyring_apart_and_raises_no_prompt() {
    require_program!("gnome-keyring-daemon");
    let fixture = on_the_desktop();
    let mut keyring = PrivateKeyring::start(&fixture.env);
    fixture.log_in();
    let session = || fixture.run("store status --json").expect_ok().stdout_json()["sessions"][0].clone();
    assert_eq!((&session()["answer"], &session()["item"]), (&"ok".into(), &true.into()));
    keyring.lock();
    assert_eq!(session()["answer"], "locked");
    assert!(session()["item"].is_null());
    fixture.run("store status corp").expect_code(5).expect_stderr("locked");
    keyring.kill_daemon();
    assert_eq!(session()["answer"], "absent");
}

#[test]
fn a_login_to_another_store_leaves_nothing_in_the_first() {
    require_program!("gnome-keyring-daemon");
    require_program!("secret-tool");
    let fixture = on_the_desktop();
    let keyring = PrivateKeyring::start(&fixture.env);
    fixture.log_in();
    fixture.env.set_env("KCAWS_KEYRING", "keyutils");
    fixture.log_in();
    assert!(lookup(&fixture, &keyring).is_none());
    fixture.run("status").expect_ok().expect_stdout("kernel keyring");
    fixture.credentials().expect_ok();
}

#[test]
fn a_keyring_daemon_that_dies_under_a_crowd_loses_no_ones_login() {
    require_program!("gnome-keyring-daemon");
    let fixture = on_the_desktop();
    let mut keyring = PrivateKeyring::start(&fixture.env);
    fixture.log_in();
    for _ in 0..3 {
        fixture.sim.expire_access_tokens();
        let _ = std::fs::remove_dir_all(fixture.state().join("warm"));
        let crowd: Vec<_> = (0..30).map(|_| fixture.credentials_command().spawn()).collect();
        keyring.kill_daemon();
        for child in crowd {
            let output = child.wait();
            assert!(matches!(output.code(), 0 | 5), "served, or an error about the keyring: {output}");
        }
        keyring.restart_daemon();
        fixture.credentials().expect_ok();
        // What the dead daemon did not take is sealed beside the warm entries, which the next round removes: it comes
        // home with the next use of the token, which a kept list would not need.
        fixture.run("accounts --refresh").expect_ok();
    }
}
