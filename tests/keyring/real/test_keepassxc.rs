//! The questions that KeePassXC asks unless a person turns them off.

use super::keepassxc::{self, Settings};
use super::{Kind, Vault, fixture};

#[test]
fn an_access_that_a_person_has_to_confirm_is_named_with_the_setting() {
    let fixture = fixture();
    let Some(mut vault) = Vault::open(&fixture, Kind::KeePassXc) else { return };
    vault.kill();
    keepassxc::configure(&fixture.env, Settings { confirm_access_item: true, ..Settings::default() });
    vault.start_open();
    // What a program has made it may read, and a login is one program.
    fixture.log_in();
    let windows = vault.windows();
    let shown = vault.cold_credentials().expect_code(5).expect_stderr("does not hand out `kcaws: corp`");
    shown.expect_stderr("Confirm when passwords are retrieved").expect_stderr("turn that setting off");
    fixture.run("store status corp").expect_code(5).expect_stdout("locked");
    assert_eq!(vault.windows(), windows, "no window was raised");

    vault.kill();
    keepassxc::configure(&fixture.env, Settings::default());
    vault.start_open();
    vault.cold_credentials().expect_ok();
}

#[test]
fn a_removal_that_a_person_has_to_confirm_leaves_no_token() {
    let fixture = fixture();
    let Some(mut vault) = Vault::open(&fixture, Kind::KeePassXc) else { return };
    vault.kill();
    keepassxc::configure(&fixture.env, Settings { confirm_delete_item: true, ..Settings::default() });
    vault.start_open();
    fixture.log_in();
    fixture.run("logout").expect_ok();
    assert_eq!(vault.item().as_deref(), Some(""), "emptied, and left for a person to remove");
    vault.cold_credentials().expect_code(4).expect_stderr("kcaws login corp");
    fixture.log_in();
    vault.cold_credentials().expect_ok();
}
