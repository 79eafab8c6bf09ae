//! The good days.

use idc_sim::Route;

use super::{Kind, Vault, fixture};

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
    let fixture = fixture();
    let Some(vault) = Vault::open(&fixture, kind) else { return };
    let windows = vault.windows();
    fixture.run("doctor").expect_stdout("a login would use the Secret Service");
    fixture.log_in();
    assert!(vault.item().is_some_and(|text| text.contains(idc_sim::SECRET_MARK)));
    fixture.run("status").expect_ok().expect_stdout("Secret Service");
    fixture.run("store status corp").expect_ok().expect_stdout("there");

    vault.cold_credentials().expect_ok();
    // A tool without a terminal renews: the new tokens have to be written by it.
    let before = fixture.sim.count(Route::CreateToken);
    fixture.sim.expire_access_tokens();
    vault.cold_credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::CreateToken), before + 1);
    fixture.run("accounts --refresh").expect_ok();
    assert_eq!(fixture.sim.count(Route::CreateToken), before + 1, "the renewed token was kept");

    fixture.run("logout").expect_ok();
    assert_eq!(vault.item(), None, "nothing is left");
    fixture.run("store status").expect_ok();
    vault.cold_credentials().expect_code(4);
    assert_eq!(vault.windows(), windows, "no one was asked anything");
    fixture.env.assert_no_secret_in_files(fixture.state());
}

fn two_hundred_reads(kind: Kind) {
    let fixture = fixture();
    let Some(vault) = Vault::open(&fixture, kind) else { return };
    fixture.log_in();
    let first = vault.item();
    assert!(first.is_some());
    for _ in 0..200 {
        assert!(vault.item() == first);
    }
}
