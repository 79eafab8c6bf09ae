//! Killed anywhere, and read in between: the old value, the new one, or a named damage. Never a mixture.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::*;

const LIMIT: usize = 100;

/// A platform with small slots, whose writer can be killed and whose reader can be overtaken.
#[derive(Clone, Default)]
struct Small {
    slots: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    /// Changes until the process is killed.
    life: Rc<Cell<Option<usize>>>,
    /// Reads until another process writes this.
    overtaken: Rc<RefCell<Option<(usize, String)>>>,
}

impl Small {
    fn change<T>(&self, how: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> Result<T, KeyringError> {
        match self.life.get() {
            Some(0) => {
                return Err(KeyringError::Failed { store: StoreKind::Wincred, source: "killed".into() });
            }
            left => self.life.set(left.map(|left| left - 1)),
        }
        Ok(how(&mut self.slots.borrow_mut()))
    }

    fn killed_after(&self, changes: usize, work: impl FnOnce(&Self) -> Result<(), KeyringError>) -> bool {
        self.life.set(Some(changes));
        let killed = work(self).is_err();
        self.life.set(None);
        killed
    }

    fn value(&self) -> Option<String> {
        read(self).expect("readable").map(|value| String::from_utf8(value.to_vec()).expect("text"))
    }

    fn names(&self) -> usize {
        self.slots.borrow().len()
    }
}

impl Slots for Small {
    fn get(&self, part: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
        let due = match self.overtaken.borrow_mut().as_mut() {
            Some((0, _)) => true,
            Some((looks, _)) => {
                *looks -= 1;
                false
            }
            None => false,
        };
        if due {
            let (_, value) = self.overtaken.borrow_mut().take().expect("due");
            write(self, LIMIT, value.as_bytes()).expect("written");
        }
        Ok(self.slots.borrow().get(part).cloned().map(Zeroizing::new))
    }

    fn put(&self, part: &str, bytes: &[u8]) -> Result<(), KeyringError> {
        assert!(bytes.len() <= LIMIT, "{} bytes do not fit", bytes.len());
        self.change(|slots| drop(slots.insert(part.to_owned(), bytes.to_vec())))
    }

    fn remove(&self, part: &str) -> Result<bool, KeyringError> {
        self.change(|slots| slots.remove(part).is_some())
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Wincred
    }
}

/// Nothing, one slot, one slot to the brim, one byte more, many slots, many full slots.
fn values(letter: &str) -> Vec<String> {
    [1, 98, 99, 100, 350, 400].iter().map(|length| letter.repeat(*length)).chain([String::new()]).collect()
}

fn holding(value: Option<&String>) -> Small {
    let small = Small::default();
    if let Some(value) = value {
        write(&small, LIMIT, value.as_bytes()).expect("written");
    }
    small
}

#[test]
fn round_trips_leave_nothing_behind() {
    for old in values("a") {
        for new in values("b") {
            let small = holding(Some(&old));
            assert_eq!(small.value().as_ref(), Some(&old));
            write(&small, LIMIT, new.as_bytes()).expect("written");
            assert_eq!(small.value().as_ref(), Some(&new));
            assert_eq!(small.names(), holding(Some(&new)).names(), "pieces of the old value are left");
            assert!(remove(&small).expect("removed"));
            assert_eq!(small.names(), 0);
            assert!(!remove(&small).expect("nothing to remove"));
        }
    }
}

#[test]
fn a_killed_writer_leaves_the_old_value_or_the_new() {
    for old in values("a").iter().map(Some).chain([None]) {
        for new in values("b") {
            let mut changes = 0;
            loop {
                let small = holding(old);
                let killed = small.killed_after(changes, |small| write(small, LIMIT, new.as_bytes()));
                let found = small.value();
                assert!(found.as_ref() == old || found.as_ref() == Some(&new), "after {changes} changes");
                // The next writer, itself killed and tried again, clears everything up.
                let third = "c".repeat(250);
                for again in 0..4 {
                    small.killed_after(again, |small| write(small, LIMIT, third.as_bytes()));
                    assert!(small.value().is_some() || old.is_none());
                }
                write(&small, LIMIT, third.as_bytes()).expect("written");
                assert_eq!(small.value().as_ref(), Some(&third));
                assert_eq!(small.names(), holding(Some(&third)).names());
                if !killed {
                    break;
                }
                changes += 1;
            }
        }
    }
}

#[test]
fn a_killed_removal_leaves_the_value_or_nothing() {
    for old in values("a") {
        let mut changes = 0;
        while {
            let small = holding(Some(&old));
            let killed = small.killed_after(changes, |small| remove(small).map(|_| ()));
            let found = small.value();
            assert!(found.is_none() || found.as_ref() == Some(&old), "after {changes} changes");
            remove(&small).expect("removed");
            assert_eq!(small.names(), 0, "pieces of a token are left");
            changes += 1;
            killed
        } {}
    }
}

#[test]
fn a_reader_that_is_overtaken_reads_one_of_both() {
    for old in values("a") {
        for new in values("b") {
            for looks in 0..8 {
                let small = holding(Some(&old));
                *small.overtaken.borrow_mut() = Some((looks, new.clone()));
                let found = small.value();
                assert!(found.as_ref() == Some(&old) || found.as_ref() == Some(&new), "after {looks} looks");
            }
        }
    }
}

#[test]
fn damage_is_named_and_a_new_value_mends_it() {
    type Spoil = fn(&mut BTreeMap<String, Vec<u8>>);
    let spoil: [Spoil; 5] = [
        |slots| drop(slots.pop_last()),
        |slots| slots.last_entry().expect("a piece").get_mut()[0] ^= 1,
        |slots| drop(slots.insert(String::new(), b"someone else's".to_vec())),
        |slots| drop(slots.insert(String::new(), b"1C0123456789abcdef 99999999 x".to_vec())),
        |slots| drop(slots.insert(String::new(), Vec::new())),
    ];
    for change in spoil {
        let small = holding(Some(&"a".repeat(350)));
        change(&mut small.slots.borrow_mut());
        assert!(matches!(read(&small), Err(KeyringError::Damaged { .. })));
        write(&small, LIMIT, b"repaired").expect("written");
        assert_eq!(small.value().as_deref(), Some("repaired"));
    }
}

#[test]
fn a_newer_format_is_not_overwritten() {
    let small = Small::default();
    small.slots.borrow_mut().insert(String::new(), b"2Z".to_vec());
    assert!(matches!(read(&small), Err(KeyringError::Damaged { .. })));
    assert!(matches!(write(&small, LIMIT, b"x"), Err(KeyringError::Damaged { .. })));
    assert_eq!(small.slots.borrow().get("").map(Vec::as_slice), Some(b"2Z".as_slice()));
    assert!(remove(&small).expect("a logout removes it"));
}
