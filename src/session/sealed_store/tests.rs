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
    let fixture = TestSeal::new();
    let epoch = fixture.seal("corp").epoch().expect("begins");
    fixture.write("corp", &epoch, "value").expect("sealed");
    assert_eq!(fixture.read("corp").as_deref(), Some("value"));
    assert!(fixture.seal("corp").read("a", &[b"y"], fixture.now).is_none());
    let bytes = fixture.state.read(&fixture.seal("corp").path("a")).expect("reads").expect("is there");
    assert!(!bytes.windows(5).any(|part| part == b"value"));
    // A file put in another session's place.
    fixture.seal("other").epoch().expect("begins");
    fixture.state.write(&fixture.seal("other").path("a"), &bytes).expect("writes");
    assert_eq!(fixture.read("other"), None);
}

#[test]
fn a_lost_key_and_a_changed_byte_are_misses() {
    let fixture = TestSeal::new();
    let epoch = fixture.seal("corp").epoch().expect("begins");
    fixture.write("corp", &epoch, "value").expect("sealed");
    let path = fixture.seal("corp").path("a");
    let good = fixture.state.read(&path).expect("reads").expect("is there");
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fixture.state.write(&path, &changed).expect("writes");
        assert_eq!(fixture.read("corp"), None, "byte {at}");
        fixture.state.write(&path, &good[..at]).expect("writes");
        assert_eq!(fixture.read("corp"), None, "cut at {at}");
    }
    fixture.state.write(&path, &good).expect("writes");
    assert!(fixture.read("corp").is_some());
    fixture.keys.lose_all();
    assert_eq!(fixture.read("corp"), None);
    fixture.write("corp", &epoch, "value").expect("under a new key");
    assert!(fixture.read("corp").is_some());
}

#[test]
fn a_writer_of_an_old_epoch_throws_its_result_away() {
    let fixture = TestSeal::new();
    let old = fixture.seal("corp").epoch().expect("begins");
    fixture.seal("corp").forget().expect("forgets");
    assert!(matches!(fixture.write("corp", &old, "value"), Err(NotSealed::OldEpoch)));
    let new = fixture.seal("corp").epoch().expect("the new one");
    assert_ne!(new, old);
    fixture.write("corp", &new, "value").expect("sealed");
}

#[test]
fn forgetting_destroys_key_and_files_of_that_session_alone() {
    let fixture = TestSeal::new();
    for session in ["corp", "other"] {
        let epoch = fixture.seal(session).epoch().expect("begins");
        fixture.write(session, &epoch, session).expect("sealed");
    }
    assert_eq!(fixture.keys.count(), 2);
    fixture.seal("corp").forget().expect("forgets");
    assert_eq!(fixture.keys.count(), 1);
    assert_eq!(fixture.read("corp"), None);
    assert!(fixture.state.read(&fixture.seal("corp").path("a")).expect("reads").is_none());
    assert_eq!(fixture.read("other").as_deref(), Some("other"));
}

#[test]
fn forgetting_destroys_the_key_even_where_nothing_can_be_written() {
    let fixture = TestSeal::new();
    let epoch = fixture.seal("corp").epoch().expect("begins");
    fixture.write("corp", &epoch, "value").expect("sealed");
    fixture.state.fail_writes();
    assert!(fixture.seal("corp").forget().is_err());
    assert_eq!(fixture.keys.count(), 0);
}

#[test]
fn forgetting_nothing_leaves_nothing_behind() {
    let fixture = TestSeal::new();
    fixture.seal("corp").forget().expect("nothing to do");
    assert!(fixture.state.list("warm").expect("lists").is_empty());
}
