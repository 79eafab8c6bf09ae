use super::*;

fn contract(folder: &dyn StateFolder) {
    assert!(folder.read("sessions/a.json").expect("a missing file is no error").is_none());
    assert!(folder.list("sessions").expect("a missing folder is empty").is_empty());
    folder.write("sessions/a.json", b"one").expect("writes");
    folder.write("sessions/a.json", b"two").expect("replaces");
    folder.write_cached("sessions/a.json", b"three").expect("replaces");
    folder.write("sessions/a.json", b"two").expect("replaces");
    folder.write("top", b"").expect("writes at the top");
    assert_eq!(folder.read("sessions/a.json").expect("reads"), Some(b"two".to_vec()));
    assert_eq!(folder.list("sessions").expect("lists"), ["a.json"]);
    assert!(folder.remove("sessions/a.json").expect("removes"));
    assert!(!folder.remove("sessions/a.json").expect("nothing left to remove"));

    let held = folder.lock("sessions/a.lock", Duration::ZERO).expect("locks");
    let refused = folder.lock("sessions/a.lock", Duration::from_millis(1));
    assert!(matches!(refused, Err(StateError::Busy { pid: Some(pid), .. }) if pid == std::process::id()));
    folder.lock("sessions/b.lock", Duration::ZERO).expect("another lock is free");
    drop(held);
    // Soon: a child that another test is just starting holds a copy until it is another program.
    folder.lock("sessions/a.lock", Duration::from_secs(5)).expect("free again");

    folder.write("sessions/b.json", b"one").expect("writes");
    folder.clear().expect("clears");
    assert!(folder.list("sessions").expect("an empty folder").is_empty());
    assert!(folder.read("top").expect("reads").is_none());
    folder.clear().expect("nothing to clear");
    folder.write("top", b"").expect("starts over");
}

#[test]
fn both_folders_keep_the_contract() {
    let temp = tempfile::tempdir().expect("a temp folder");
    contract(&DiskStateFolder::new(Some(temp.path().join("deep").join("kcaws"))));
    contract(&FakeStateFolder::default());
}

/// What `DiskStateFolder` leaves when its process is killed before the rename.
fn leave(root: &Path, folder: &str, name: &str, kind: Kind, contents: &[u8]) -> PathBuf {
    let mut temp = temp_files::create(&root.join(folder), name, kind).expect("creates");
    temp.write_all(contents).expect("writes");
    temp.keep().expect("keeps").1
}

fn make_old(path: &Path) {
    let file = File::options().write(true).open(path).expect("opens");
    #[expect(
        clippy::disallowed_methods,
        reason = "ages of files are measured by the clock of their file system"
    )]
    let then = std::time::SystemTime::now() - Duration::from_secs(61);
    file.set_modified(then).expect("sets");
}

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn a_record_that_was_left_is_found_and_finished_and_is_no_file_meanwhile() {
    let temp = tempfile::tempdir().expect("a temp folder");
    let root = temp.path().join("kcaws");
    let state = DiskStateFolder::new(Some(root.clone()));
    let name = format!("keyutils/{HASH}");
    state.write_record(&name, b"old").expect("writes");
    assert!(state.left_overs(&name).expect("lists").is_empty());
    leave(&root, "keyutils", HASH, Kind::Record, b"new");
    leave(&root, "keyutils", &HASH.replace('0', "1"), Kind::Record, b"another's");
    assert_eq!(state.list("keyutils").expect("lists"), [HASH]);
    let left = state.left_overs(&name).expect("lists");
    assert_eq!(left.len(), 1);
    assert!(left[0].is_newer);
    state.finish(&left[0], &name).expect("finishes");
    assert_eq!(state.read(&name).expect("reads").as_deref(), Some(&b"new"[..]));
    assert!(state.left_overs(&name).expect("lists").is_empty());
}

#[test]
fn what_is_older_than_the_record_or_has_none_is_no_successor() {
    let temp = tempfile::tempdir().expect("a temp folder");
    let root = temp.path().join("kcaws");
    let state = DiskStateFolder::new(Some(root.clone()));
    let name = format!("keyutils/{HASH}");
    state.write_record(&name, b"present").expect("writes");
    make_old(&leave(&root, "keyutils", HASH, Kind::Record, b"past"));
    assert!(!state.left_overs(&name).expect("lists")[0].is_newer);
    state.remove(&name).expect("removes");
    assert!(!state.left_overs(&name).expect("lists")[0].is_newer);
    state.remove_record(&name).expect("nothing to remove but that");
    assert!(state.left_overs(&name).expect("lists").is_empty());
}

#[test]
fn a_writer_sweeps_what_is_old_and_a_removal_what_is_its_own() {
    let temp = tempfile::tempdir().expect("a temp folder");
    let root = temp.path().join("kcaws");
    let name = format!("warm/{HASH}-a");
    DiskStateFolder::new(Some(root.clone())).write(&name, b"x").expect("writes");
    DiskStateFolder::new(Some(root.clone())).write_record(&format!("warm/{HASH}"), b"x").expect("writes");
    let old = leave(&root, "warm", "other", Kind::Any, b"x");
    let older_form = root.join("warm/.tmpAbCdEf");
    let path = leave(&root, "warm", "y", Kind::Any, b"x");
    std::fs::hard_link(&path, &older_form).expect("links");
    std::fs::remove_file(path).expect("removes");
    let orphan = leave(&root, "warm", &HASH.replace('0', "1"), Kind::Record, b"x");
    let successor = leave(&root, "warm", HASH, Kind::Record, b"x");
    for path in [&old, &older_form, &orphan, &successor] {
        make_old(path);
    }
    let young = leave(&root, "warm", &format!("{HASH}-b"), Kind::Any, b"x");
    DiskStateFolder::new(Some(root.clone())).write(&name, b"x").expect("writes");
    let are_there = [&old, &older_form, &orphan, &successor, &young].map(|path| path.exists());
    assert_eq!(are_there, [false, false, false, true, true], "a login's successor is its lock's to decide");
    DiskStateFolder::new(Some(root.clone())).sweep(&format!("warm/{HASH}")).expect("sweeps");
    assert!(!young.exists() && !successor.exists());
}

#[test]
fn no_home_is_said_not_guessed() {
    assert!(matches!(DiskStateFolder::new(None).read("x"), Err(StateError::NoHome)));
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn files_are_0600_in_0700_folders() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let root = temp.path().join("kcaws");
        DiskStateFolder::new(Some(root.clone())).write("sessions/a.json", b"x").expect("writes");
        let mode = |path: &Path| std::fs::metadata(path).expect("is there").permissions().mode() & 0o777;
        assert_eq!(mode(&root), 0o700);
        assert_eq!(mode(&root.join("sessions")), 0o700);
        assert_eq!(mode(&root.join("sessions/a.json")), 0o600);
    }

    #[test]
    fn folders_on_the_way_to_it_are_private_too() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let root = temp.path().join(".local/state/kcaws");
        DiskStateFolder::new(Some(root)).write("a", b"x").expect("writes");
        for folder in [".local", ".local/state"] {
            let mode = std::fs::metadata(temp.path().join(folder)).expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{folder}");
        }
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let root = temp.path().join("kcaws");
        std::fs::create_dir(&root).expect("creates");
        std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        let refused = DiskStateFolder::new(Some(root)).write("a", b"x");
        assert!(matches!(refused, Err(StateError::Unsafe { .. })));
    }

    #[test]
    fn nothing_is_read_from_a_folder_that_others_can_reach() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let root = temp.path().join("kcaws");
        DiskStateFolder::new(Some(root.clone())).write("sessions/a.json", b"x").expect("writes");
        let chmod = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
        };
        let again = || DiskStateFolder::new(Some(root.clone()));
        for mode in [0o701, 0o710, 0o750, 0o755, 0o770, 0o777, 0o1777] {
            chmod(&root, mode);
            assert!(matches!(again().read("sessions/a.json"), Err(StateError::Unsafe { .. })), "{mode:o}");
            assert!(matches!(again().list("sessions"), Err(StateError::Unsafe { .. })), "{mode:o}");
        }
        chmod(&root, 0o700);
        assert_eq!(again().read("sessions/a.json").expect("reads"), Some(b"x".to_vec()));
        chmod(&root.join("sessions/a.json"), 0o644);
        assert!(
            matches!(again().read("sessions/a.json"), Err(StateError::Unsafe { .. })),
            "a file of others"
        );
        let link = temp.path().join("link");
        symlink(&root, &link).expect("links");
        let by_link = DiskStateFolder::new(Some(link));
        assert!(matches!(by_link.read("sessions/a.json"), Err(StateError::Unsafe { .. })), "a link");
    }

    #[test]
    fn a_symlink_is_neither_used_as_folder_nor_followed_as_file() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let elsewhere = temp.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).expect("creates");
        let root = temp.path().join("kcaws");
        symlink(&elsewhere, &root).expect("links");
        assert!(matches!(DiskStateFolder::new(Some(root)).write("a", b"x"), Err(StateError::Unsafe { .. })));

        let root = temp.path().join("real");
        let folder = DiskStateFolder::new(Some(root.clone()));
        folder.write("a", b"x").expect("writes");
        let target = temp.path().join("target");
        OpenOptions::new().write(true).create_new(true).open(&target).expect("creates");
        symlink(&target, root.join("b")).expect("links");
        assert!(matches!(folder.read("b"), Err(StateError::Io { .. })));
        folder.write("b", b"mine").expect("replaces the link");
        assert_eq!(std::fs::metadata(&target).expect("is there").len(), 0);
    }
}
