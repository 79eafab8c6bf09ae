//! Many processes on one entry.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::ports::clock::SystemClock;
use crate::ports::state_folder::DiskStateFolder;

#[test]
fn a_crowd_that_finds_nothing_warm_is_one_fetch() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (keys, fetches) = (FakeSealingKeys::default(), AtomicUsize::new(0));
    let fixture = Fixture::new();
    let mint = fixture.mint();
    let crowd = |_: &usize| {
        let state = DiskStateFolder::new(Some(folder.path().join("kcaws")));
        let clock = SystemClock::new();
        let warm = CredentialCache { state: &state, keys: &keys, clock: &clock };
        let role = role();
        let answer = warm.serve(&wanted(&role), mint, |_| {
            fetches.fetch_add(1, Ordering::Relaxed);
            clock.sleep(Duration::from_millis(30));
            let credentials = FakeIdentityCenter::role_credentials("2099-11-24T13:00:00Z");
            Ok::<_, CredentialsError>(Fetched { credentials, skew: crate::ports::clock::Skew::NONE })
        });
        answer.is_ok()
    };
    let answered = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..12).map(|number| scope.spawn(move || crowd(&number))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|answered| *answered).count()
    });
    assert_eq!((answered, fetches.load(Ordering::Relaxed)), (12, 1));
}

#[test]
fn who_waited_in_vain_is_told_who_holds_the_lock() {
    let fixture = Fixture::new();
    let role = role();
    let _held = fixture.state.lock(&fixture.warm().lock_name(&wanted(&role)), Duration::ZERO).expect("locks");
    let outcome = fixture.serve().expect_err("busy").to_string();
    assert!(outcome.contains(&format!("(pid {})", std::process::id())), "{outcome}");
}
