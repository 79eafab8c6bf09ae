use super::*;

fn contract(file: &dyn ConfigFile) {
    assert_eq!(file.read().expect("a missing file is no error"), None);
    assert!(!file.replace(Some(b"x"), Some(b"y"), WriteMode::Rename).expect("another writer was faster"));
    assert!(file.replace(None, Some(b"one"), WriteMode::Rename).expect("creates"));
    assert!(!file.replace(None, Some(b"two"), WriteMode::Rename).expect("it is there now"));
    assert!(file.replace(Some(b"one"), Some(b"two"), WriteMode::Rename).expect("replaces"));
    assert!(file.replace(Some(b"two"), Some(b"3"), WriteMode::InPlace).expect("replaces"));
    assert!(!file.replace(Some(b"two"), Some(b"x"), WriteMode::InPlace).expect("another writer was faster"));
    assert_eq!(file.read().expect("reads").as_deref(), Some(&b"3"[..]));
    assert!(!file.replace(Some(b"two"), None, WriteMode::Rename).expect("another writer was faster"));
    assert!(file.replace(Some(b"3"), None, WriteMode::Rename).expect("removes"));
    assert_eq!(file.read().expect("reads"), None);
}

#[test]
fn both_files_keep_the_contract() {
    let temp = tempfile::tempdir().expect("a temp folder");
    contract(&DiskConfigFile::new(temp.path().join(".aws/config")));
    contract(&FakeConfigFile::default());
}

#[cfg(unix)]
mod on_unix {
    use std::fs::File;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    /// A folder with a file `real` in it, and that file's path.
    fn temp_file(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().expect("a temp folder");
        let path = temp.path().join("real");
        assert!(
            DiskConfigFile::new(path.clone())
                .replace(None, Some(b"old"), WriteMode::Rename)
                .expect("creates")
        );
        let created = std::fs::metadata(&path).expect("is there").mode() & 0o7777;
        assert_eq!(created, 0o600, "a new file is the owner's alone");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
        (temp, path)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).expect("lists").flatten();
        let mut names: Vec<String> =
            names.map(|entry| entry.file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn links_lead_to_the_real_file_and_stay_and_the_mode_stays() {
        let (temp, real) = temp_file(0o640);
        symlink("real", temp.path().join("link")).expect("links");
        symlink(temp.path().join("link"), temp.path().join("config")).expect("links");
        let file = DiskConfigFile::new(temp.path().join("config"));
        assert!(file.replace(Some(b"old"), Some(b"new"), WriteMode::Rename).expect("replaces"));
        assert_eq!(std::fs::read(&real).expect("reads"), b"new");
        assert_eq!(std::fs::metadata(&real).expect("is there").mode() & 0o7777, 0o640);
        assert!(temp.path().join("config").is_symlink() && temp.path().join("link").is_symlink());
        assert_eq!(names(temp.path()), ["config", "link", "real"]);
    }

    #[test]
    fn a_link_to_nothing_creates_what_it_names_and_a_loop_is_an_error() {
        let temp = tempfile::tempdir().expect("a temp folder");
        symlink("dotfiles/aws", temp.path().join("config")).expect("links");
        let file = DiskConfigFile::new(temp.path().join("config"));
        assert!(file.replace(None, Some(b"new"), WriteMode::Rename).expect("creates"));
        assert_eq!(std::fs::read(temp.path().join("dotfiles/aws")).expect("reads"), b"new");
        symlink("b", temp.path().join("a")).expect("links");
        symlink("a", temp.path().join("b")).expect("links");
        let refused = DiskConfigFile::new(temp.path().join("a")).replace(None, Some(b"x"), WriteMode::Rename);
        assert!(matches!(refused, Err(ConfigFileError::Io { what: "follow", .. })));
    }

    /// `aws configure set` opens the file, empties it and writes; all of that may come after the last look at it.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    #[test]
    fn a_writer_between_the_look_and_the_rename_loses_nothing() {
        let (temp, real) = temp_file(0o600);
        let mut new = NamedTempFile::new_in(temp.path()).expect("creates");
        new.write_all(b"ours").expect("writes");
        let mut writer = File::create(&real).expect("opens and empties");
        assert!(!renamed(new, &real, Some(b"old"), b"ours").expect("looks"));
        writer.write_all(b"theirs").expect("writes");
        assert_eq!(std::fs::read(&real).expect("reads"), b"theirs");
        assert_eq!(names(temp.path()), ["real"]);
    }

    #[test]
    fn a_protected_file_is_refused_by_either_way() {
        let (temp, real) = temp_file(0o444);
        for how in [WriteMode::Rename, WriteMode::InPlace] {
            let refused = DiskConfigFile::new(real.clone()).replace(Some(b"old"), Some(b"new"), how);
            assert!(matches!(refused, Err(ConfigFileError::ReadOnly { .. })));
        }
        assert_eq!(names(temp.path()), ["real"]);
    }

    /// What setfacl and setfattr set, as getfacl and getfattr show it.
    #[cfg(target_os = "linux")]
    mod with_attributes {
        use super::*;

        #[expect(clippy::disallowed_methods, reason = "the second opinion")]
        fn run(program: &str, args: &[&str], path: &Path) -> String {
            let output = std::process::Command::new(program).args(args).arg(path).output().expect("starts");
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).into_owned()
        }

        fn shown(path: &Path) -> [String; 2] {
            let list = run("getfacl", &["--omit-header", "--absolute-names", "--numeric"], path);
            [list, run("getfattr", &["--dump", "--absolute-names", "--match=^user[.]"], path)]
        }

        #[test]
        fn an_access_list_and_attributes_stay_and_the_mask_opens_nothing() {
            let (_temp, real) = temp_file(0o640);
            kcaws_test_kit::require_program!("setfacl");
            kcaws_test_kit::require_program!("setfattr");
            run("setfacl", &["--modify=u:4001:r,g::-"], &real);
            run("setfattr", &["--name=user.origin", "--value=by hand"], &real);
            let before = shown(&real);
            assert!(before[0].contains("user:4001:r--") && before[0].contains("group::---"), "{before:?}");
            let file = DiskConfigFile::new(real.clone());
            assert!(file.replace(Some(b"old"), Some(b"new"), WriteMode::Rename).expect("replaces"));
            assert_eq!(shown(&real), before);
            assert_eq!(std::fs::metadata(&real).expect("is there").mode() & 0o7777, 0o640, "the mask");
            assert!(file.replace(Some(b"new"), Some(b"3"), WriteMode::InPlace).expect("replaces"));
            assert_eq!(shown(&real), before);
        }

        #[test]
        fn a_list_that_the_folder_hands_down_is_not_taken() {
            let (temp, real) = temp_file(0o640);
            kcaws_test_kit::require_program!("setfacl");
            kcaws_test_kit::require_program!("setfattr");
            run("setfacl", &["--default", "--modify=u:4001:rw"], temp.path());
            let before = shown(&real);
            let file = DiskConfigFile::new(real.clone());
            assert!(file.replace(Some(b"old"), Some(b"new"), WriteMode::Rename).expect("replaces"));
            assert_eq!(shown(&real), before);
        }
    }

    #[test]
    fn a_second_name_is_refused_and_kept_in_place() {
        let (temp, real) = temp_file(0o600);
        std::fs::hard_link(&real, temp.path().join("twin")).expect("links");
        let file = DiskConfigFile::new(real);
        let refused = file.replace(Some(b"old"), Some(b"new"), WriteMode::Rename);
        assert!(matches!(refused, Err(ConfigFileError::HardLinked { links: 2, .. })));
        assert!(file.replace(Some(b"old"), Some(b"n"), WriteMode::InPlace).expect("replaces"));
        assert_eq!(std::fs::read(temp.path().join("twin")).expect("reads"), b"n");
    }

    #[test]
    fn a_folder_is_no_file_and_what_a_killed_writer_left_is_swept() {
        let temp = tempfile::tempdir().expect("a temp folder");
        let refused =
            DiskConfigFile::new(temp.path().to_path_buf()).replace(None, Some(b"x"), WriteMode::Rename);
        assert!(matches!(refused, Err(ConfigFileError::NotAFile { .. })));
        for (name, minutes) in [("old", 5), ("new", 0)] {
            let left = temp.path().join(format!("{TEMP_PREFIX}{name}"));
            let file = std::fs::OpenOptions::new().write(true).create_new(true).open(left).expect("creates");
            let now = file.metadata().and_then(|meta| meta.modified()).expect("has a time");
            file.set_modified(now - std::time::Duration::from_mins(minutes)).expect("ages");
        }
        let file = DiskConfigFile::new(temp.path().join("config"));
        assert!(file.replace(None, Some(b"x"), WriteMode::Rename).expect("creates"));
        assert_eq!(names(temp.path()), [format!("{TEMP_PREFIX}new"), "config".to_owned()]);
    }
}
