//! Locked, not there, killed.

use super::test_days::with_every_keyring;
use super::{Kind, Vault, fixture};

with_every_keyring! {
    locked_is_exit_5_raises_no_window_and_is_never_another_store
    without_a_default_keyring_the_tokens_go_to_the_kernel_and_it_is_said
    a_daemon_that_was_killed_is_exit_5_until_it_is_back
}

fn locked_is_exit_5_raises_no_window_and_is_never_another_store(kind: Kind) {
    let fixture = fixture();
    let Some(mut vault) = Vault::open(&fixture, kind) else { return };
    fixture.log_in();
    vault.lock();
    let windows = vault.windows();
    vault.cold_credentials().expect_code(5).expect_stderr("the Secret Service is locked");
    fixture.run("store status corp").expect_code(5).expect_stdout("locked");
    fixture.run("doctor").expect_stdout("locked");
    let login = fixture.run("login --no-browser").expect_code(5).expect_stderr("locked");
    let login =
        login.expect_stderr("there is no terminal to prompt on").expect_stderr("KCAWS_KEYRING=keyutils");
    assert!(!login.stderr_text().contains("code:"), "{login}");
    fixture.run("logout").expect_code(5);
    assert_eq!(vault.windows(), windows, "no window was raised");
    vault.reopen();
    vault.cold_credentials().expect_ok();
}

fn without_a_default_keyring_the_tokens_go_to_the_kernel_and_it_is_said(kind: Kind) {
    let fixture = fixture();
    let Some(vault) = Vault::none_yet(&fixture, kind) else { return };
    let windows = vault.windows();
    fixture.run("doctor").expect_stdout("no default keyring").expect_stdout("kernel keyring");
    fixture.env.set_env("KCAWS_KEYRING", "secret-service");
    let named = fixture.run("login --no-browser").expect_code(5).expect_stderr("has no default keyring");
    assert!(!named.stderr_text().contains("code:"), "{named}");
    fixture.env.remove_env("KCAWS_KEYRING");
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.approve(&code);
    let login = login.wait().expect_ok();
    login.expect_stderr("the Secret Service has no default keyring").expect_stderr("kernel keyring");
    vault.cold_credentials().expect_ok();
    assert_eq!(vault.windows(), windows, "no window was raised");
}

fn a_daemon_that_was_killed_is_exit_5_until_it_is_back(kind: Kind) {
    let fixture = fixture();
    let Some(mut vault) = Vault::open(&fixture, kind) else { return };
    fixture.log_in();
    vault.kill();
    vault.cold_credentials().expect_code(5).expect_stderr("Secret Service");
    fixture.run("store status corp").expect_code(5).expect_stdout("absent");
    vault.start_open();
    vault.cold_credentials().expect_ok();
    // Another one after a renewal by a tool.
    fixture.sim.expire_access_tokens();
    vault.cold_credentials().expect_ok();
    vault.reopen();
    vault.cold_credentials().expect_ok();
    fixture.run("logout").expect_ok();
}
