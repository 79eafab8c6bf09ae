//! SIGKILL just before each rename of a command: what was written whole counts, and logout leaves nothing behind.

use std::path::{Path, PathBuf};

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::{Output, find_program};

use crate::fixture::{LoginFixture, binary};

/// More renames than any command here makes.
const MANY: usize = 12;

fn fixture() -> LoginFixture {
    let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
    fixture.run("login corp --no-browser").expect_ok();
    fixture.sim.expire_access_tokens();
    fixture.sim.clear_log();
    fixture
}

/// Runs `line`, and kills it before its rename number `at`; whether it came so far.
fn killed_at(fixture: &LoginFixture, at: usize, line: &str) -> bool {
    let calls = "rename,renameat,renameat2";
    let output: Output = fixture
        .env
        .command("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")])
        .args(["-e", &format!("inject={calls}:signal=SIGKILL:when={at}")])
        .arg(binary())
        .args(line.split_whitespace())
        .allow_secret_on_stdout()
        .run();
    output.code() != 0
}

/// The files of writes that did not end, in the folder and below it.
fn temps(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(temps(&path));
        } else if path.file_name().unwrap().to_str().unwrap().starts_with('.') {
            found.push(path);
        }
    }
    found
}

pub(crate) fn make_old(temps: &[PathBuf]) {
    for temp in temps {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(120);
        std::fs::File::options().write(true).open(temp).unwrap().set_modified(then).unwrap();
    }
}

pub(crate) fn temps_of(fixture: &LoginFixture) -> Vec<PathBuf> {
    temps(&fixture.state())
}

macro_rules! strace_or_skip {
    () => {
        if find_program("strace").is_none() {
            kcaws_test_kit::skip!("strace is not installed");
        }
    };
}

fn each_rename_of_a_refresh(keyring: &str) {
    let mut whole = 0;
    for at in 1..MANY {
        let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
        fixture.env.set_env("KCAWS_KEYRING", keyring);
        fixture.env.set_env("KCAWS_PASSPHRASE_COMMAND", "echo passphrase");
        fixture.run("login corp --no-browser").expect_ok();
        fixture.sim.expire_access_tokens();
        fixture.sim.clear_log();
        if !killed_at(&fixture, at, "accounts --refresh") {
            break;
        }
        let answered = || {
            fixture.sim.requests_to(Route::CreateToken).iter().filter(|one| one.status == Some(200)).count()
        };
        let before = answered();
        fixture.run("accounts --refresh").expect_ok();
        assert_eq!(answered(), 1, "the token that was written, or one refresh");
        whole += before;
    }
    assert!(whole > 0, "no kill came between the answer and the rename");
}

#[test]
fn a_refresh_that_is_killed_before_a_rename_loses_nothing() {
    strace_or_skip!();
    each_rename_of_a_refresh("keyutils");
}

#[test]
fn nor_does_one_whose_record_is_sealed_under_a_passphrase() {
    strace_or_skip!();
    each_rename_of_a_refresh("file");
}

#[test]
fn logout_leaves_nothing_of_a_write_that_was_killed() {
    strace_or_skip!();
    let line = "credential-process --session corp --account 111122223333 --role PowerUserAccess";
    let mut left = 0;
    for at in 1..MANY {
        let fixture = fixture();
        if !killed_at(&fixture, at, line) {
            break;
        }
        left += temps_of(&fixture).len();
        fixture.run("logout corp").expect_ok();
        let sealed = ["keyutils", "warm"].map(|folder| temps(&fixture.state().join(folder)));
        assert!(sealed.concat().is_empty(), "killed at {at}: {sealed:?}");
        let keys = std::fs::read_dir(fixture.state().join("keyutils")).map_or(0, Iterator::count);
        assert_eq!(keys, 0);
        fixture.credentials().expect_code(4);
    }
    assert!(left > 0, "no kill left anything");
}

#[test]
fn what_killed_writes_left_goes_with_the_next_one() {
    strace_or_skip!();
    let fixture = fixture();
    let line = "credential-process --session corp --account 111122223333 --role PowerUserAccess";
    for at in 1..MANY {
        fixture.sim.expire_access_tokens();
        if !killed_at(&fixture, at, line) {
            break;
        }
    }
    let left = temps_of(&fixture);
    assert!(!left.is_empty());
    make_old(&left);
    let _ = std::fs::remove_dir_all(fixture.state().join("warm"));
    fixture.sim.expire_access_tokens();
    fixture.credentials().expect_ok();
    assert!(temps_of(&fixture).is_empty(), "{:?}", temps_of(&fixture));
}

/// A removal or a rename that is only in memory comes back, or is undone, with the next power cut.
#[test]
fn a_rotated_token_and_a_logout_last() {
    strace_or_skip!();
    let fixture = fixture();
    let traced = |line: &str| {
        let log = fixture.env.root().join("trace");
        fixture
            .env
            .command("strace")
            .args([
                "-f",
                "-y",
                "-qq",
                "-e",
                "trace=rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync",
            ])
            .args(["-o", log.to_str().unwrap()])
            .arg(binary())
            .args(line.split_whitespace())
            .run()
            .expect_ok();
        std::fs::read_to_string(log).unwrap()
    };
    for (line, last) in [("accounts --refresh", "rename"), ("logout corp", "unlink")] {
        let trace = traced(line);
        let calls: Vec<&str> = trace.lines().filter(|call| call.contains("/keyutils")).collect();
        let changed = calls.iter().rposition(|call| call.contains(last)).expect("the record is changed");
        let lasts = |call: &&str| call.contains("fsync(") && call.contains("/keyutils>");
        assert!(calls[changed..].iter().any(lasts), "{line}: {calls:#?}");
    }
}
