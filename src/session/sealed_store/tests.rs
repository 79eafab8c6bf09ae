use super::*;
use crate::ports::clock::{Clock, FakeClock};
use crate::ports::sealing_key::fake::FakeSealingKeys;
use crate::ports::state_folder::FakeStateFolder;

struct TestSeal {
    state: FakeStateFolder,
    keys: FakeSealingKeys,
    now: DateTime<Utc>,
}

impl TestSeal {
    fn new() -> Self {
        let now = FakeClock::at(crate::session::testing::NOON).now();
        Self { state: FakeStateFolder::default(), keys: FakeSealingKeys::default(), now }
    }

    fn seal<'a>(&'a self, session: &'a str) -> SealedStore<'a> {
        SealedStore::of(session, &self.state, &self.keys)
    }

    fn write(&self, session: &str, epoch: &Epoch, text: &str) -> Result<(), NotSealed> {
        let until = self.now + chrono::TimeDelta::hours(1);
        let value = Plain { text: text.as_bytes(), until, note: None };
        self.seal(session).write(epoch, "a", &[b"x"], &value, self.now)
    }

    fn read(&self, session: &str) -> Option<String> {
        let opened = self.seal(session).read("a", &[b"x"], self.now)?;
        Some(String::from_utf8(opened.plaintext.to_vec()).expect("text"))
    }
}

#[test]
fn what_is_sealed_is_read_again_for_the_same_thing_only() {
    let desk = TestSeal::new();
    let epoch = desk.seal("corp").epoch().expect("begins");
    desk.write("corp", &epoch, "value").expect("sealed");
    assert_eq!(desk.read("corp").as_deref(), Some("value"));
    assert!(desk.seal("corp").read("a", &[b"y"], desk.now).is_none());
    let bytes = desk.state.read(&desk.seal("corp").path("a")).expect("reads").expect("is there");
    assert!(!bytes.windows(5).any(|part| part == b"value"));
    // A file put in another session's place.
    desk.seal("other").epoch().expect("begins");
    desk.state.write(&desk.seal("other").path("a"), &bytes).expect("writes");
    assert_eq!(desk.read("other"), None);
}

#[test]
fn a_lost_key_and_a_changed_byte_are_misses() {
    let desk = TestSeal::new();
    let epoch = desk.seal("corp").epoch().expect("begins");
    desk.write("corp", &epoch, "value").expect("sealed");
    let path = desk.seal("corp").path("a");
    let good = desk.state.read(&path).expect("reads").expect("is there");
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        desk.state.write(&path, &changed).expect("writes");
        assert_eq!(desk.read("corp"), None, "byte {at}");
        desk.state.write(&path, &good[..at]).expect("writes");
        assert_eq!(desk.read("corp"), None, "cut at {at}");
    }
    desk.state.write(&path, &good).expect("writes");
    assert!(desk.read("corp").is_some());
    desk.keys.lose_all();
    assert_eq!(desk.read("corp"), None);
    desk.write("corp", &epoch, "value").expect("under a new key");
    assert!(desk.read("corp").is_some());
}

#[test]
fn a_writer_of_an_old_epoch_throws_its_result_away() {
    let desk = TestSeal::new();
    let old = desk.seal("corp").epoch().expect("begins");
    desk.seal("corp").forget().expect("forgets");
    assert!(matches!(desk.write("corp", &old, "value"), Err(NotSealed::OldEpoch)));
    let new = desk.seal("corp").epoch().expect("the new one");
    assert_ne!(new, old);
    desk.write("corp", &new, "value").expect("sealed");
}

#[test]
fn forgetting_destroys_key_and_files_of_that_session_alone() {
    let desk = TestSeal::new();
    for session in ["corp", "other"] {
        let epoch = desk.seal(session).epoch().expect("begins");
        desk.write(session, &epoch, session).expect("sealed");
    }
    assert_eq!(desk.keys.count(), 2);
    desk.seal("corp").forget().expect("forgets");
    assert_eq!(desk.keys.count(), 1);
    assert_eq!(desk.read("corp"), None);
    assert!(desk.state.read(&desk.seal("corp").path("a")).expect("reads").is_none());
    assert_eq!(desk.read("other").as_deref(), Some("other"));
}

#[test]
fn forgetting_destroys_the_key_even_where_nothing_can_be_written() {
    let desk = TestSeal::new();
    let epoch = desk.seal("corp").epoch().expect("begins");
    desk.write("corp", &epoch, "value").expect("sealed");
    desk.state.fail_writes();
    assert!(desk.seal("corp").forget().is_err());
    assert_eq!(desk.keys.count(), 0);
}

#[test]
fn forgetting_nothing_leaves_nothing_behind() {
    let desk = TestSeal::new();
    desk.seal("corp").forget().expect("nothing to do");
    assert!(desk.state.list("warm").expect("lists").is_empty());
}
