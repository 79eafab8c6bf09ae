//! The kernel's keyring, the real one. Each test has a key of its own and destroys it at the end.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kcaws::ports::keyring::keyutils::KeyutilsStore;
use kcaws::ports::keyring::{KeyringError, SecretStore};
use kcaws::ports::state_folder::{DiskStateFolder, StateFolder};
use linux_keyutils::{KeyRing, KeyRingIdentifier};

use crate::contract::{corp, get, keeps_the_contract, key, set};
use crate::skip;

/// A store in a folder of its own, whose key ends with the test, passed or failed.
struct Kept {
    folder: Arc<DiskStateFolder>,
    store: KeyutilsStore,
    _home: tempfile::TempDir,
}

impl Kept {
    fn new() -> Option<Self> {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Arc::new(DiskStateFolder::new(Some(home.path().join("state"))));
        let store = KeyutilsStore::new(Arc::clone(&folder) as _);
        match store.get(&corp()) {
            Ok(None) => Some(Self { folder, store, _home: home }),
            Err(KeyringError::Absent { source, .. }) => {
                skip(&format!("no kernel keyring here: {source}"));
                None
            }
            other => panic!("a fresh store is empty: {:?}", other.err()),
        }
    }

    fn files(&self) -> Vec<String> {
        let names = self.folder.list("keyutils").expect("listed");
        names.into_iter().map(|name| format!("keyutils/{name}")).collect()
    }

    /// The first file, or the only one.
    fn sealed(&self) -> Vec<u8> {
        self.folder.read(self.files().first().expect("a file")).expect("read").expect("there")
    }

    fn kernel_key(&self) -> linux_keyutils::Key {
        let id = self.folder.read("keyutils.id").expect("read").expect("there");
        let description = format!("kcaws:{}", String::from_utf8(id).expect("text"));
        let user = KeyRing::from_special_id(KeyRingIdentifier::User, false).expect("@u");
        user.search(&description).expect("the key")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.store.revoke_key().expect("the key goes");
    }
}

#[test]
fn contract() {
    let Some(kept) = Kept::new() else { return };
    keeps_the_contract(&kept.store);
    assert_eq!(kept.files().len(), 0);
}

/// Root may do more with keys, and has a larger quota.
#[test]
#[expect(clippy::disallowed_methods, reason = "starts itself as someone else")]
fn contract_without_privileges() {
    if !rustix::process::geteuid().is_root() {
        return; // then `contract` was it
    }
    if !Path::new("/usr/bin/setpriv").exists() {
        return skip("setpriv is not installed");
    }
    // The binary may be in a folder that only root can enter.
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("keyring");
    kcaws_test_kit::install_program(&std::env::current_exe().expect("known"), &copy);
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o1777))
        .expect("set");
    let mut command = Command::new("/usr/bin/setpriv");
    command.env("TMPDIR", folder.path());
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(&copy);
    let output = command.args(["keyutils::", "--nocapture", "--test-threads=1"]).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("running 0 tests"), "{said}{errors}");
    if errors.contains("SKIPPED") {
        skip(&format!("as an unprivileged user: {errors}"));
    }
}

#[test]
fn the_file_shows_nothing_and_another_process_reads_it() {
    let Some(kept) = Kept::new() else { return };
    set(&kept.store, &corp(), "kcaws-canary-value");
    let shown = String::from_utf8_lossy(&kept.sealed()).into_owned() + &kept.files().join(" ");
    for word in ["canary", "corp", "example"] {
        assert!(!shown.contains(word), "{word}");
    }
    let other = KeyutilsStore::new(Arc::clone(&kept.folder) as _);
    assert_eq!(get(&other, &corp()).as_deref(), Some("kcaws-canary-value"));
}

#[test]
fn a_key_that_is_gone_leaves_an_empty_store() {
    let Some(kept) = Kept::new() else { return };
    set(&kept.store, &corp(), "first");
    assert!(kept.store.revoke_key().expect("revoked"));
    assert!(!kept.store.revoke_key().expect("nothing left"));
    assert_eq!(get(&kept.store, &corp()), None);
    set(&kept.store, &corp(), "second");
    assert_eq!(get(&kept.store, &corp()).as_deref(), Some("second"), "under a new key");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the kernel's timeout is real time")]
fn an_expired_key_leaves_an_empty_store() {
    let Some(kept) = Kept::new() else { return };
    set(&kept.store, &corp(), "value");
    kept.kernel_key().set_timeout(1).expect("set");
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(get(&kept.store, &corp()), None);
    assert!(!kept.store.delete(&corp()).expect("tidies"), "there was nothing to read any more");
    assert_eq!(kept.files().len(), 0);
}

#[test]
fn the_key_expires_and_every_use_renews_it() {
    let Some(kept) = Kept::new() else { return };
    set(&kept.store, &corp(), "value");
    // /proc/keys shows what is left in whole units: a week, a moment later six days.
    let a_week = |shown: &str| shown == "1w" || shown == "6d";
    assert!(a_week(&timeout_shown(&kept)));
    kept.kernel_key().set_timeout(3600 * 5).expect("set");
    assert!(timeout_shown(&kept).ends_with('h'));
    assert_eq!(get(&kept.store, &corp()).as_deref(), Some("value"));
    assert!(a_week(&timeout_shown(&kept)));
}

fn timeout_shown(kept: &Kept) -> String {
    let id = kept.kernel_key().get_id().as_raw_id();
    let keys = std::fs::read_to_string("/proc/keys").expect("read");
    let line = keys.lines().find(|line| line.starts_with(&format!("{id:08x} "))).expect("listed");
    line.split_whitespace().nth(3).expect("a timeout").to_owned()
}

#[test]
fn a_spoilt_file_is_named_and_left_alone() {
    let Some(kept) = Kept::new() else { return };
    let changes: [fn(&mut Vec<u8>); 4] = [
        |file| *file.last_mut().expect("not empty") ^= 1,
        |file| file[16] = 9, // the format, behind 16 bytes of key id
        |file| file.truncate(30),
        |file| file.truncate(3),
    ];
    for change in changes {
        set(&kept.store, &corp(), "value");
        let mut before = kept.sealed();
        change(&mut before);
        kept.folder.write(&kept.files()[0], &before).expect("spoilt");
        let answer = kept.store.get(&corp());
        assert!(matches!(answer, Err(KeyringError::Damaged { .. })), "{:?}", answer.err());
        assert_eq!(kept.sealed(), before, "a read changes nothing");
    }
    set(&kept.store, &corp(), "repaired");
    assert_eq!(get(&kept.store, &corp()).as_deref(), Some("repaired"));
}

#[test]
fn a_file_under_another_name_does_not_open() {
    let Some(kept) = Kept::new() else { return };
    set(&kept.store, &corp(), "corp's");
    let stolen = kept.sealed();
    let other = key("other", "https://sso.example.com/aws");
    set(&kept.store, &other, "other's");
    for name in kept.files() {
        kept.folder.write(&name, &stolen).expect("copied");
    }
    assert_eq!(get(&kept.store, &corp()).as_deref(), Some("corp's"));
    assert!(matches!(kept.store.get(&other), Err(KeyringError::Damaged { .. })));
}

#[test]
fn the_last_logout_takes_the_key_with_it() {
    let Some(kept) = Kept::new() else { return };
    let other = key("other", "https://sso.example.com/aws");
    set(&kept.store, &corp(), "one");
    set(&kept.store, &other, "two");
    assert!(kept.store.delete(&corp()).expect("deleted"));
    assert_eq!(get(&kept.store, &other).as_deref(), Some("two"));
    assert!(kept.store.delete(&other).expect("deleted"));
    assert!(!kept.store.revoke_key().expect("asked"), "no key is left behind");
}

#[test]
fn sixteen_first_logins_at_once() {
    let Some(kept) = Kept::new() else { return };
    let names: Vec<String> = (0..16).map(|number| format!("session-{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| set(&kept.store, &key(name, "u"), name));
        }
    });
    for name in &names {
        assert_eq!(get(&kept.store, &key(name, "u")).as_ref(), Some(name));
    }
}
