//! `.kcaws.toml` in a repository: followed after `kcaws allow`, and only as it was then.

use std::path::{Path, PathBuf};

use kcaws_test_kit::Output;

use crate::fixture::LoginFixture;

/// A repository with this file, and a folder below it.
fn repository(fixture: &LoginFixture, text: &str) -> PathBuf {
    fixture.env.write_home_file("shop/.kcaws.toml", text);
    let below = fixture.env.home().join("shop/src/deep");
    std::fs::create_dir_all(&below).unwrap();
    below
}

/// What the shell's function runs.
fn chosen(fixture: &LoginFixture, folder: &Path) -> Output {
    fixture.kcaws("use --hook").current_dir(folder).run()
}

fn allow(fixture: &LoginFixture, line: &str, folder: &Path) -> Output {
    fixture.kcaws(line).current_dir(folder).run()
}

#[test]
fn it_is_followed_once_it_is_allowed_and_no_longer_when_it_changes() {
    let fixture = LoginFixture::new();
    let below = repository(&fixture, "profile = \"dev\"\n");
    let before = chosen(&fixture, &below).expect_code(2).expect_stderr("you have not allowed it");
    assert!(before.stdout.is_empty(), "{before}");
    allow(&fixture, "allow", &below).expect_ok().expect_stderr("  profile: dev");
    let after = chosen(&fixture, &below).expect_ok();
    assert!(after.stdout_text().starts_with("dev\n"), "{after}");
    chosen(&fixture, &fixture.env.home()).expect_code(2);
    // Another profile by name is not in question.
    let named = fixture.kcaws("use --hook nowhere").current_dir(&below).run();
    named.expect_code(3);

    repository(&fixture, "profile = \"prod\"\n");
    let changed = chosen(&fixture, &below).expect_code(2).expect_stderr("has changed since you allowed it");
    assert!(changed.stdout.is_empty(), "{changed}");
    allow(&fixture, "allow", &below).expect_ok();
    chosen(&fixture, &below).expect_code(3).expect_stderr("prod");

    let list = allow(&fixture, "allow --list --json", &below).expect_ok().stdout_json();
    assert_eq!(list["files"][0]["profile"], "prod", "{list}");
    allow(&fixture, "allow --revoke", &below).expect_ok().expect_stderr("no longer allowed");
    chosen(&fixture, &below).expect_code(2).expect_stderr("you have not allowed it");
    allow(&fixture, "allow --revoke", &below).expect_code(1);
    assert_eq!(allow(&fixture, "allow --list", &below).expect_ok().stdout_text(), "");
}

#[test]
fn a_link_to_it_is_it_and_a_copy_is_not() {
    let fixture = LoginFixture::new();
    let below = repository(&fixture, "profile = \"dev\"\n");
    allow(&fixture, "allow", &below).expect_ok();
    let link = fixture.env.home().join("link");
    std::os::unix::fs::symlink(fixture.env.home().join("shop"), &link).unwrap();
    chosen(&fixture, &link).expect_ok();
    fixture.env.write_home_file("copy/.kcaws.toml", "profile = \"dev\"\n");
    chosen(&fixture, &fixture.env.home().join("copy"))
        .expect_code(2)
        .expect_stderr("you have not allowed it");
}

#[test]
fn a_session_narrows_the_choice() {
    let fixture = LoginFixture::new();
    let below = repository(&fixture, "session = \"other\"\n");
    allow(&fixture, "allow", &below).expect_ok().expect_stderr("  session: other");
    let refused = chosen(&fixture, &below).expect_code(3).expect_stderr("[sso-session other]");
    refused.expect_stderr("shop/.kcaws.toml names that session").expect_stderr("existing sessions: corp");
    repository(&fixture, "session = \"crop\"\n");
    allow(&fixture, "allow", &below).expect_ok();
    chosen(&fixture, &below).expect_code(3).expect_stderr("did you mean `corp`?");
    repository(&fixture, "session = \"corp\"\n");
    allow(&fixture, "allow", &below).expect_ok();
    chosen(&fixture, &below).expect_code(2).expect_stderr("profiles: dev");
}

#[test]
fn other_keys_are_refused_with_their_place_and_names_are_shown_harmlessly() {
    let fixture = LoginFixture::new();
    let below = repository(&fixture, "profile = \"dev\"\nrun = \"id\"\n");
    let refused =
        allow(&fixture, "allow", &below).expect_code(3).expect_stderr(".kcaws.toml:2: unknown field `run`");
    refused.expect_stderr("it has two keys");
    let below = repository(&fixture, "profile = \"dev\\u001b[2J\\nAWS_PROFILE\"\n");
    let allowed = allow(&fixture, "allow", &below).expect_ok();
    assert!(!allowed.stderr_text().contains('\u{1b}'), "{allowed}");
    let refused = chosen(&fixture, &below).expect_code(3);
    assert!(refused.stdout.is_empty() && !refused.stderr_text().contains('\u{1b}'), "{refused}");
    for empty in ["", "# later\n", "profile = \"\"\n"] {
        let below = repository(&fixture, empty);
        allow(&fixture, "allow", &below).expect_code(3).expect_stderr("it names no profile and no session");
    }
    let below = repository(&fixture, "profile = \"nowhere\"\n");
    allow(&fixture, "allow", &below).expect_ok();
    chosen(&fixture, &below).expect_code(3).expect_stderr("shop/.kcaws.toml names that profile");
    allow(&fixture, "allow nowhere", &below).expect_code(1).expect_stderr("there is no file or folder `");
}

#[test]
fn a_file_far_above_that_cannot_be_read_keeps_no_one_from_choosing() {
    let fixture = LoginFixture::new();
    let below = repository(&fixture, &"#".repeat(17 * 1024));
    chosen(&fixture, &below)
        .expect_code(2)
        .expect_stderr("is larger than 16 KB")
        .expect_stderr("profiles: dev");
    allow(&fixture, "allow", &below).expect_code(3);
}

#[test]
fn a_permission_is_withdrawn_by_any_path_to_a_file_that_is_gone() {
    let fixture = LoginFixture::new();
    let below = repository(&fixture, "profile = \"dev\"\n");
    let shop = fixture.env.home().join("shop");
    let link = fixture.env.home().join("link");
    std::os::unix::fs::symlink(&shop, &link).unwrap();
    let linked = link.join(".kcaws.toml");
    for path in ["../../.kcaws.toml", "../..", "./../deep/../../.kcaws.toml", linked.to_str().unwrap()] {
        repository(&fixture, "profile = \"dev\"\n");
        allow(&fixture, "allow", &below).expect_ok();
        std::fs::remove_file(shop.join(".kcaws.toml")).unwrap();
        allow(&fixture, &format!("allow --revoke {path}"), &below)
            .expect_ok()
            .expect_stderr("no longer allowed");
    }
    repository(&fixture, "profile = \"dev\"\n");
    allow(&fixture, "allow", &below).expect_ok();
    std::fs::remove_dir_all(&shop).unwrap();
    allow(&fixture, "allow --revoke shop/src/..", &fixture.env.home()).expect_ok();
}

#[test]
fn a_folder_that_is_named_is_the_only_one_looked_at() {
    let fixture = LoginFixture::new();
    repository(&fixture, "profile = \"dev\"\n");
    let shop = fixture.env.home().join("shop");
    let refused = allow(&fixture, "allow src", &shop).expect_code(1);
    refused.expect_stderr(&format!("there is no .kcaws.toml in `{}`\n", shop.join("src").display()));
}
