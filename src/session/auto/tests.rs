use std::cell::{Cell, RefCell};

use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::session::testing::World;

const PATIENCE: Duration = Duration::from_secs(10);

fn auto(world: &World) -> AutoLogin<'_> {
    AutoLogin { config: &world.config, state: &world.state, clock: &world.clock }
}

/// A started login that holds its lock until it is put down.
#[derive(Default)]
struct Started {
    times: Cell<usize>,
    lock: RefCell<Option<Lock>>,
}

impl Started {
    fn start(&self, world: &World) -> std::io::Result<()> {
        self.times.set(self.times.get() + 1);
        *self.lock.borrow_mut() = auto(world).begin().map_err(std::io::Error::other)?;
        Ok(())
    }
}

fn finish(world: &World) {
    let registration = FakeIdentityCenter::registration("2027-02-22T00:00:00Z");
    let token = FakeIdentityCenter::token("access", Some("refresh"));
    world.session().complete_login(crate::session::Flow::Device, registration, token).expect("stored");
}

#[test]
fn one_login_is_started_and_waited_for() {
    let world = World::new();
    let started = Started::default();
    let waited = auto(&world).wait(
        || {
            started.start(&world)?;
            finish(&world);
            Ok(())
        },
        PATIENCE,
    );
    assert_eq!(waited.expect("no trouble"), Waited::LoggedIn);
    assert_eq!(started.times.get(), 1);
}

#[test]
fn a_login_that_runs_is_joined_and_not_doubled() {
    let world = World::new();
    let _running = auto(&world).begin().expect("no trouble").expect("the first");
    let waited = auto(&world).wait(|| panic!("a second login"), PATIENCE);
    assert_eq!(waited.expect("no trouble"), Waited::Unfinished);
    assert!(auto(&world).begin().expect("no trouble").is_none(), "there is one");
}

#[test]
fn a_login_that_came_to_nothing_keeps_others_from_trying_for_a_while() {
    let world = World::new();
    drop(auto(&world).begin().expect("no trouble"));
    let waited = auto(&world).wait(|| panic!("a second login"), PATIENCE);
    assert_eq!(waited.expect("no trouble"), Waited::CoolingDown);

    world.clock.advance(Duration::from_secs(600));
    let started = Started::default();
    let waited = auto(&world).wait(|| started.start(&world), PATIENCE);
    assert_eq!(waited.expect("no trouble"), Waited::Unfinished);
    assert_eq!(started.times.get(), 1);
}

#[test]
fn any_success_ends_the_cool_down() {
    let world = World::new();
    drop(auto(&world).begin().expect("no trouble"));
    finish(&world);
    world.clock.advance(Duration::from_secs(60));
    let started = Started::default();
    auto(&world).wait(|| started.start(&world), PATIENCE).expect("no trouble");
    assert_eq!(started.times.get(), 1);
}

#[test]
fn a_login_that_does_not_start_is_not_waited_for_for_ever() {
    let world = World::new();
    let waited = auto(&world).wait(|| Ok(()), PATIENCE);
    assert_eq!(waited.expect("no trouble"), Waited::Unfinished);
    let failed = auto(&world).wait(|| Err(std::io::ErrorKind::NotFound.into()), PATIENCE);
    assert_eq!(failed.expect("no trouble"), Waited::NotStarted);
}
