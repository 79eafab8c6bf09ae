//! The passphrase-sealed file, in a real state folder.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use kcaws::ports::keyring::file::FileStore;
use kcaws::ports::keyring::{KeyringError, SecretStore};
use kcaws::ports::passphrase::fake::FakePassphrases;
use kcaws::ports::state_folder::{DiskStateFolder, StateFolder};
use kcaws::secret::Secret;

use crate::contract::{corp, get, keeps_the_contract, key, set};

struct Folder {
    state: Arc<DiskStateFolder>,
    home: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        Self { state: Arc::new(DiskStateFolder::new(Some(home.path().join("state")))), home }
    }

    /// As another process would open it.
    fn with(&self, passphrases: &FakePassphrases) -> FileStore {
        FileStore::new(Arc::clone(&self.state) as _, Rc::new(passphrases.clone()))
    }

    fn given(&self, passphrase: &str) -> FileStore {
        self.with(&FakePassphrases::giving(passphrase))
    }

    fn names(&self) -> Vec<String> {
        let names = self.state.list("sealed").expect("listed");
        names.into_iter().map(|name| format!("sealed/{name}")).collect()
    }

    fn file(&self) -> Vec<u8> {
        self.state.read(&self.names()[0]).expect("read").expect("there")
    }
}

fn unlock(store: &FileStore) -> Result<(), KeyringError> {
    store.unlock(&corp(), Duration::ZERO)
}

#[test]
fn contract() {
    let folder = Folder::new();
    keeps_the_contract(&folder.given("correct horse"));
    assert!(folder.names().is_empty());
}

#[test]
fn the_file_shows_nothing_and_another_process_with_the_passphrase_reads_it() {
    let folder = Folder::new();
    set(&folder.given("correct horse"), &corp(), "kcaws-canary-value");
    let shown = String::from_utf8_lossy(&folder.file()).into_owned() + &folder.names().join(" ");
    for word in ["canary", "corp", "example", "correct", "horse"] {
        assert!(!shown.contains(word), "{word}");
    }
    assert_eq!(get(&folder.given("correct horse"), &corp()).as_deref(), Some("kcaws-canary-value"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.home.path().join("state").join(&folder.names()[0]);
        assert_eq!(std::fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
    }
    assert!(folder.home.path().exists());
}

#[test]
fn a_wrong_passphrase_is_no_damage_and_overwrites_nothing() {
    let folder = Folder::new();
    set(&folder.given("correct horse"), &corp(), "kept");
    let before = folder.file();
    let other = folder.given("battery staple");
    assert!(matches!(other.get(&corp()), Err(KeyringError::WrongPassphrase(_))));
    assert!(matches!(other.set(&corp(), &Secret::from("lost")), Err(KeyringError::WrongPassphrase(_))));
    assert!(matches!(unlock(&other), Err(KeyringError::WrongPassphrase(_))));
    assert_eq!(folder.file(), before);
    assert!(other.delete(&corp()).expect("deletes"), "what no one can open can still be removed");
}

#[test]
fn a_damaged_value_is_distinguished_from_a_wrong_passphrase() {
    let folder = Folder::new();
    let store = folder.given("correct horse");
    set(&store, &corp(), "value");
    let mut spoilt = folder.file();
    *spoilt.last_mut().expect("not empty") ^= 1;
    folder.state.write(&folder.names()[0], &spoilt).expect("spoilt");
    assert!(matches!(store.get(&corp()), Err(KeyringError::Damaged { .. })));
    assert!(matches!(folder.given("other").get(&corp()), Err(KeyringError::WrongPassphrase(_))));
    assert_eq!(folder.file(), spoilt, "a read changes nothing");
}

/// What happens to a file.
type Change = fn(&mut Vec<u8>);

#[test]
fn a_newer_a_foreign_and_a_hostile_file_are_named_and_left_alone() {
    let folder = Folder::new();
    let store = folder.given("correct horse");
    set(&store, &corp(), "value");
    let whole = folder.file();
    let changes: [(&str, Change); 4] = [
        ("newer kcaws (format 9)", |file| file[7] = 9),
        ("not a passphrase-sealed file", |file| file[0] = b'x'),
        ("memory", |file| file[27] = 0xff),
        ("cut short", |file| file.truncate(50)),
    ];
    for (what, change) in changes {
        let mut odd = whole.clone();
        change(&mut odd);
        folder.state.write(&folder.names()[0], &odd).expect("changed");
        for error in [store.get(&corp()).err(), store.set(&corp(), &Secret::from("new")).err()] {
            let error = error.expect("refused");
            assert!(matches!(error, KeyringError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
        assert_eq!(folder.file(), odd, "nothing is overwritten");
    }
}

#[test]
fn a_file_under_another_name_does_not_open() {
    let folder = Folder::new();
    let store = folder.given("correct horse");
    set(&store, &corp(), "corp's");
    let stolen = folder.file();
    let other = key("other", "https://sso.example.com/aws");
    set(&store, &other, "other's");
    for name in folder.names() {
        folder.state.write(&name, &stolen).expect("copied");
    }
    assert_eq!(get(&store, &corp()).as_deref(), Some("corp's"));
    assert!(matches!(store.get(&other), Err(KeyringError::Damaged { .. })));
}

#[test]
fn no_one_is_asked_by_a_read_or_a_write_and_it_is_locked() {
    let folder = Folder::new();
    let person = FakePassphrases::typing(&["correct horse"]);
    let store = folder.with(&person);
    assert_eq!(get(&store, &corp()), None, "that nothing is there needs no passphrase");
    assert!(!store.delete(&corp()).expect("answers"));
    assert!(matches!(store.ready(&corp()), Err(KeyringError::Locked(_))));
    assert!(matches!(store.set(&corp(), &Secret::from("value")), Err(KeyringError::Locked(_))));
    set(&folder.given("correct horse"), &corp(), "value");
    assert!(matches!(store.get(&corp()), Err(KeyringError::Locked(_))));
    assert!(person.asked().is_empty());
}

#[test]
fn one_question_lasts_for_a_command() {
    let folder = Folder::new();
    let person = FakePassphrases::typing(&["correct horse"]);
    let store = folder.with(&person);
    unlock(&store).expect("asked");
    for value in ["first", "second"] {
        set(&store, &corp(), value);
        assert_eq!(get(&store, &corp()).as_deref(), Some(value));
        unlock(&store).expect("open already");
    }
    assert_eq!(person.asked(), ["new"]);
    let person = FakePassphrases::typing(&["correct horse"]);
    let later = folder.with(&person);
    unlock(&later).expect("asked");
    assert_eq!(get(&later, &corp()).as_deref(), Some("second"));
    assert_eq!(person.asked(), ["known"]);
}

#[test]
fn a_person_may_mistype_twice() {
    let folder = Folder::new();
    set(&folder.given("correct horse"), &corp(), "value");
    let person = FakePassphrases::typing(&["corect horse", "correct hrose", "correct horse"]);
    let store = folder.with(&person);
    unlock(&store).expect("the third time");
    assert_eq!(person.asked(), ["known", "again", "again"]);
    assert_eq!(get(&store, &corp()).as_deref(), Some("value"));
    let stranger = folder.with(&FakePassphrases::typing(&["a", "b", "c", "correct horse"]));
    assert!(matches!(unlock(&stranger), Err(KeyringError::WrongPassphrase(_))));
}

#[test]
fn an_empty_passphrase_is_refused_by_whatever_way_it_comes() {
    let folder = Folder::new();
    for passphrases in [FakePassphrases::giving(""), FakePassphrases::typing(&[""])] {
        let refused = unlock(&folder.with(&passphrases));
        assert!(matches!(refused, Err(KeyringError::NoPassphrase { .. })), "{refused:?}");
    }
    assert!(folder.names().is_empty());
}

#[test]
fn where_no_one_sits_at_a_terminal_it_stays_locked() {
    let folder = Folder::new();
    let refused = unlock(&folder.with(&FakePassphrases::default()));
    assert!(matches!(refused, Err(KeyringError::Locked(_))), "{refused:?}");
}
