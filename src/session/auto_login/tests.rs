use std::cell::{Cell, RefCell};

use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::session::testing::Fixture;

const PATIENCE: Duration = Duration::from_secs(10);

fn auto(fixture: &Fixture) -> AutoLogin<'_> {
    AutoLogin { config: &fixture.config, state: &fixture.state, clock: &fixture.clock }
}

/// A started login that holds its lock until it is put down.
#[derive(Default)]
struct Started {
    times: Cell<usize>,
    lock: RefCell<Option<Lock>>,
}

impl Started {
    fn start(&self, fixture: &Fixture) -> std::io::Result<()> {
        self.times.set(self.times.get() + 1);
        *self.lock.borrow_mut() = auto(fixture).begin().map_err(std::io::Error::other)?;
        Ok(())
    }
}

fn finish(fixture: &Fixture) {
    let registration = FakeIdentityCenter::registration("2027-02-22T00:00:00Z");
    let token = FakeIdentityCenter::token("access", Some("refresh"));
    fixture.session().complete_login(crate::session::Flow::Device, registration, token).expect("stored");
}

#[test]
fn one_login_is_started_and_waited_for() {
    let fixture = Fixture::new();
    let started = Started::default();
    let waited = auto(&fixture).wait(
        || {
            started.start(&fixture)?;
            finish(&fixture);
            Ok(())
        },
        PATIENCE,
    );
    assert_eq!(waited.expect("no error"), Waited::LoggedIn);
    assert_eq!(started.times.get(), 1);
}

#[test]
fn a_login_that_runs_is_joined_and_not_doubled() {
    let fixture = Fixture::new();
    let _running = auto(&fixture).begin().expect("no error").expect("the first");
    let waited = auto(&fixture).wait(|| panic!("a second login"), PATIENCE);
    assert_eq!(waited.expect("no error"), Waited::Unfinished);
    assert!(auto(&fixture).begin().expect("no error").is_none(), "there is one");
}

#[test]
fn a_login_that_came_to_nothing_keeps_others_from_trying_for_a_while() {
    let fixture = Fixture::new();
    drop(auto(&fixture).begin().expect("no error"));
    let waited = auto(&fixture).wait(|| panic!("a second login"), PATIENCE);
    assert_eq!(waited.expect("no error"), Waited::CoolingDown);

    fixture.clock.advance(Duration::from_secs(600));
    let started = Started::default();
    let waited = auto(&fixture).wait(|| started.start(&fixture), PATIENCE);
    assert_eq!(waited.expect("no error"), Waited::Unfinished);
    assert_eq!(started.times.get(), 1);
}

#[test]
fn any_success_ends_the_cool_down() {
    let fixture = Fixture::new();
    drop(auto(&fixture).begin().expect("no error"));
    finish(&fixture);
    fixture.clock.advance(Duration::from_secs(60));
    let started = Started::default();
    auto(&fixture).wait(|| started.start(&fixture), PATIENCE).expect("no error");
    assert_eq!(started.times.get(), 1);
}

#[test]
fn a_login_that_does_not_start_is_not_waited_for_for_ever() {
    let fixture = Fixture::new();
    let waited = auto(&fixture).wait(|| Ok(()), PATIENCE);
    assert_eq!(waited.expect("no error"), Waited::Unfinished);
    let failed = auto(&fixture).wait(|| Err(std::io::ErrorKind::NotFound.into()), PATIENCE);
    assert_eq!(failed.expect("no error"), Waited::NotStarted);
}
