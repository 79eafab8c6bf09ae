use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use std::time::Duration;

use super::*;
use crate::ports::keyring::ItemKey;
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::state_folder::{FakeStateFolder, LeftOver, Lock};
use crate::session::store_selection::StorePreference;
use crate::session::testing::Fixture;

const OLD: StoreKind = StoreKind::Keyutils;
const NEW: StoreKind = StoreKind::SecretService;

/// A process that is killed before its nth outside call.
///
/// None of its code runs after that, and the system releases the locks.
#[derive(Clone)]
struct Life(Arc<AtomicUsize>);

impl Life {
    fn of(steps: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(steps)))
    }

    fn step(&self) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            resume_unwind(Box::new("killed"));
        }
    }
}

struct Mortal<T>(T, Life);

impl SecretStore for Mortal<FakeKeyring> {
    fn kind(&self) -> StoreKind {
        self.0.kind()
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        self.1.step();
        self.0.get(key)
    }

    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        self.1.step();
        self.0.set(key, value)
    }

    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        self.1.step();
        self.0.delete(key)
    }

    fn unlock(&self, key: &ItemKey, patience: Duration) -> Result<(), KeyringError> {
        self.1.step();
        self.0.unlock(key, patience)
    }
}

impl StateFolder for Mortal<FakeStateFolder> {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        self.1.step();
        self.0.read(name)
    }

    fn write(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.1.step();
        self.0.write(name, contents)
    }

    fn write_cached(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.1.step();
        self.0.write_cached(name, contents)
    }

    fn remove(&self, name: &str) -> Result<bool, StateError> {
        self.1.step();
        self.0.remove(name)
    }

    fn write_record(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.1.step();
        self.0.write_record(name, contents)
    }

    fn remove_record(&self, name: &str) -> Result<bool, StateError> {
        self.1.step();
        self.0.remove_record(name)
    }

    fn left_overs(&self, name: &str) -> Result<Vec<LeftOver>, StateError> {
        self.1.step();
        self.0.left_overs(name)
    }

    fn finish(&self, left: &LeftOver, name: &str) -> Result<(), StateError> {
        self.1.step();
        self.0.finish(left, name)
    }

    fn sweep(&self, name: &str) -> Result<(), StateError> {
        self.1.step();
        self.0.sweep(name)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StateError> {
        self.1.step();
        self.0.list(folder)
    }

    fn clear(&self) -> Result<(), StateError> {
        self.1.step();
        self.0.clear()
    }

    fn lock(&self, name: &str, patience: Duration) -> Result<Lock, StateError> {
        self.1.step();
        self.0.lock(name, patience)
    }
}

/// A login in the old store, and a new store beside it.
struct Move {
    fixture: Fixture,
    new: FakeKeyring,
    /// A user at a terminal.
    prompting: Prompting,
}

impl Move {
    fn prepared() -> Self {
        let mut fixture = Fixture::new();
        fixture.store = FakeKeyring::new(OLD);
        fixture.log_in(Some("refresh-1"));
        let status = SessionStatus::of(&fixture.session().load().expect("loads").expect("there"), OLD);
        fixture.session().note_status(&status).expect("noted");
        Self { fixture, new: FakeKeyring::new(NEW), prompting: Prompting::Unattended }
    }

    fn run(&self, to: StoreKind, life: &Life) -> Result<Migrated, SessionError> {
        let open = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
            match kind {
                OLD => Ok(Box::new(Mortal(self.fixture.store.clone(), life.clone()))),
                NEW => Ok(Box::new(Mortal(self.new.clone(), life.clone()))),
                kind => Err(KeyringError::Absent { store: kind, source: "not here".into() }),
            }
        };
        let state = Mortal(self.fixture.state.clone(), life.clone());
        let migration = Migration {
            config: &self.fixture.config,
            state: &state,
            clock: &self.fixture.clock,
            sealing_keys: &self.fixture.sealing_keys,
            open: &open,
        };
        migration.run(to, StorePreference::Auto, self.prompting)
    }

    fn lives_on(&self, to: StoreKind) -> Result<Migrated, SessionError> {
        self.run(to, &Life::of(usize::MAX))
    }

    fn refresh_token(store: &FakeKeyring, config: &SsoSession) -> Option<String> {
        let text = store.get(&token_store::item_key(config)).expect("answers")?;
        let record = TokenRecord::from_text(&text, config).expect("reads");
        Some(record.login?.refresh_token?.expose().clone())
    }

    fn in_old(&self) -> Option<String> {
        Self::refresh_token(&self.fixture.store, &self.fixture.config)
    }

    fn in_new(&self) -> Option<String> {
        Self::refresh_token(&self.new, &self.fixture.config)
    }

    fn noted_store(&self) -> StoreKind {
        status::read(&self.fixture.state, &self.fixture.config).expect("reads").expect("there").store
    }

    fn files(&self) -> Vec<String> {
        self.fixture.state.list("sessions").expect("lists")
    }

    #[track_caller]
    fn nothing_is_lost(&self) {
        let named = if self.noted_store() == OLD { self.in_old() } else { self.in_new() };
        assert_eq!(named.as_deref(), Some("refresh-1"), "the status file names a store that has it");
    }

    #[track_caller]
    fn is_done(&self) {
        assert_eq!((self.in_old(), self.in_new().as_deref()), (None, Some("refresh-1")));
        assert_eq!(self.noted_store(), NEW);
        assert!(self.files().iter().all(|name| !name.ends_with(".copies")), "{:?}", self.files());
    }
}

#[test]
fn killed_at_any_step_nothing_is_lost_and_the_next_move_finishes() {
    let mut steps = 0;
    loop {
        let moved = Move::prepared();
        let outcome = catch_unwind(AssertUnwindSafe(|| moved.run(NEW, &Life::of(steps))));
        moved.nothing_is_lost();
        let completed = outcome.is_ok();
        moved.lives_on(NEW).expect("the next one finishes");
        moved.is_done();
        if completed {
            break;
        }
        steps += 1;
    }
    assert!(steps >= 12, "every step was tried: {steps}");
}

#[test]
fn killed_at_any_step_the_way_back_is_open() {
    for steps in 0..40 {
        let moved = Move::prepared();
        let _ = catch_unwind(AssertUnwindSafe(|| moved.run(NEW, &Life::of(steps))));
        moved.lives_on(OLD).expect("back");
        assert_eq!((moved.in_old().as_deref(), moved.in_new()), (Some("refresh-1"), None));
        assert_eq!(moved.noted_store(), OLD);
    }
}

#[test]
fn a_move_names_where_the_tokens_came_from_and_the_second_one_has_nothing_to_do() {
    let moved = Move::prepared();
    assert_eq!(moved.lives_on(NEW).expect("moves").from, Some(OLD));
    moved.is_done();
    assert_eq!(moved.lives_on(NEW).expect("is there").from, None);
    moved.is_done();
}

#[test]
fn a_new_store_that_refuses_or_forgets_leaves_everything_as_it_was() {
    let moved = Move::prepared();
    moved.new.take_writes(Some(0));
    assert!(matches!(moved.lives_on(NEW), Err(SessionError::Keyring(KeyringError::Locked(NEW)))));
    moved.nothing_is_lost();
    assert_eq!((moved.noted_store(), moved.in_new()), (OLD, None));
    assert!(moved.files().iter().all(|name| !name.ends_with(".copies")), "{:?}", moved.files());

    moved.new.take_writes(None);
    moved.new.forget_writes();
    assert!(matches!(moved.lives_on(NEW), Err(SessionError::StoreForgets { store: NEW })));
    moved.nothing_is_lost();
    assert_eq!(moved.noted_store(), OLD);
}

#[test]
fn locked_stores_are_unlocked_by_a_person_and_by_no_one_else() {
    let mut moved = Move::prepared();
    moved.new.lock();
    assert!(matches!(moved.lives_on(NEW), Err(SessionError::Keyring(KeyringError::Locked(NEW)))));
    assert_eq!(moved.new.calls().unlock, 0);
    moved.nothing_is_lost();

    moved.fixture.store.lock();
    moved.prompting = Prompting::ATTENDED;
    moved.new.refuse_unlock(true);
    assert!(matches!(moved.lives_on(NEW), Err(SessionError::Keyring(KeyringError::Refused(NEW)))));
    moved.nothing_is_lost();
    moved.new.refuse_unlock(false);
    moved.lives_on(NEW).expect("unlocked, and moved");
    moved.is_done();
}

#[test]
fn a_copy_that_cannot_be_removed_is_told_and_removed_by_the_next() {
    let moved = Move::prepared();
    let refused = Rc::new(Cell::new(true));
    let open = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
        match kind {
            // Opened to be read, then to be deleted from.
            OLD if moved.noted_store() == NEW && refused.get() => {
                Err(KeyringError::Absent { store: OLD, source: "gone meanwhile".into() })
            }
            OLD => Ok(Box::new(moved.fixture.store.clone())),
            _ => Ok(Box::new(moved.new.clone())),
        }
    };
    let migration = Migration {
        config: &moved.fixture.config,
        state: &moved.fixture.state,
        clock: &moved.fixture.clock,
        sealing_keys: &moved.fixture.sealing_keys,
        open: &open,
    };
    let left = migration.run(NEW, StorePreference::Auto, Prompting::Unattended).expect("moves").left_behind;
    assert!(matches!(left.as_slice(), [(OLD, KeyringError::Absent { .. })]));
    moved.nothing_is_lost();
    refused.set(false);
    assert!(
        migration
            .run(NEW, StorePreference::Auto, Prompting::Unattended)
            .expect("finishes")
            .left_behind
            .is_empty()
    );
    moved.is_done();
}

#[test]
fn a_record_that_the_old_store_refused_is_the_one_that_moves() {
    let moved = Move::prepared();
    let session = moved.fixture.session();
    let mut record = session.load().expect("loads").expect("there");
    if let Some(login) = &mut record.login {
        login.refresh_token = Some(Secret::from("refresh-2"));
    }
    moved.fixture.store.take_writes(Some(0));
    session.save_or_rescue(&record).expect("sealed into the state folder");
    moved.lives_on(NEW).expect("moves");
    assert_eq!((moved.in_old(), moved.in_new().as_deref()), (None, Some("refresh-2")));
    assert!(
        token_store::rescued(&session.seal(), &moved.fixture.config, moved.fixture.clock.now()).is_none()
    );
}

#[test]
fn where_no_one_is_logged_in_there_is_nothing_to_move() {
    let moved = Move::prepared();
    moved.fixture.session().forget().expect("forgets");
    assert!(matches!(moved.lives_on(NEW), Err(SessionError::LoginNeeded { .. })));
    assert!(matches!(moved.lives_on(OLD), Err(SessionError::LoginNeeded { .. })));
}

#[test]
fn a_damaged_record_stays_where_it_is() {
    let moved = Move::prepared();
    moved
        .fixture
        .store
        .set(&token_store::item_key(&moved.fixture.config), &Secret::from("{}"))
        .expect("written");
    assert!(matches!(moved.lives_on(NEW), Err(SessionError::BadRecord { .. })));
    assert!(moved.new.get(&token_store::item_key(&moved.fixture.config)).expect("answers").is_none());
    assert_eq!(moved.noted_store(), OLD);
}

/// A command that opened the store just before the move, and asks it only now.
#[test]
fn anyone_who_opened_the_old_store_before_the_move_is_told_and_harms_nothing() {
    let moved = Move::prepared();
    let late = moved.fixture.session();
    let stale = late.load().expect("loads").expect("there");
    moved.lives_on(NEW).expect("moves");
    assert!(matches!(late.access_token(), Err(SessionError::Moved { to: NEW, .. })));
    assert!(matches!(late.log_out(), Err(SessionError::Moved { to: NEW, .. })));
    moved.is_done();

    // The copy could not be removed: its refresh token is not spent there.
    late.save(&stale).expect("left behind");
    let refused = late.access_token_after_refusal(&stale.login.expect("a login").access_token);
    assert!(matches!(refused, Err(SessionError::Moved { to: NEW, .. })));
    assert!(moved.fixture.center.calls().is_empty());
}
