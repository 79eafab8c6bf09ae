//! The good days.

use idc_sim::Route;

use super::{Kind, Vault, stage};

macro_rules! with_every_keyring {
    ($($test:ident)+) => {
        mod gnome_keyring { $(#[test] fn $test() { super::$test(super::Kind::GnomeKeyring); })+ }
        mod keepassxc { $(#[test] fn $test() { super::$test(super::Kind::KeePassXc); })+ }
        mod kwallet5 { $(#[test] fn $test() { super::$test(super::Kind::KWallet5); })+ }
        mod ksecretd { $(#[test] fn $test() { super::$test(super::Kind::Ksecretd); })+ }
    };
}
pub(super) use with_every_keyring;

with_every_keyring! {
    a_day_from_login_to_logout
    two_hundred_reads
}

fn a_day_from_login_to_logout(kind: Kind) {
    let stage = stage();
    let Some(vault) = Vault::open(&stage, kind) else { return };
    let windows = vault.windows();
    stage.run("doctor").expect_stdout("a login would use the Secret Service");
    stage.log_in();
    assert!(vault.item().is_some_and(|text| text.contains(idc_sim::SECRET_MARK)));
    stage.run("status").expect_ok().expect_stdout("Secret Service");
    stage.run("store status corp").expect_ok().expect_stdout("there");

    vault.cold_credentials().expect_ok();
    // A tool without a terminal renews: the new tokens have to be written by it.
    let before = stage.sim.count(Route::CreateToken);
    stage.sim.expire_access_tokens();
    vault.cold_credentials().expect_ok();
    assert_eq!(stage.sim.count(Route::CreateToken), before + 1);
    stage.run("accounts --refresh").expect_ok();
    assert_eq!(stage.sim.count(Route::CreateToken), before + 1, "the renewed token was kept");

    stage.run("logout").expect_ok();
    assert_eq!(vault.item(), None, "nothing is left");
    stage.run("store status").expect_ok();
    vault.cold_credentials().expect_code(4);
    assert_eq!(vault.windows(), windows, "nobody was asked anything");
    stage.desk.assert_no_secret_in_files(stage.state());
}

fn two_hundred_reads(kind: Kind) {
    let stage = stage();
    let Some(vault) = Vault::open(&stage, kind) else { return };
    stage.log_in();
    let first = vault.item();
    assert!(first.is_some());
    for _ in 0..200 {
        assert!(vault.item() == first);
    }
}
