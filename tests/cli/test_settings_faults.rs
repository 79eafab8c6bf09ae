//! Files of settings that are wrong, open to others, missing or out of reach.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use idc_sim::Route;
use kcaws_test_kit::{install_program, skip};

use crate::fixture::{LoginFixture, binary};
use crate::test_settings::{machine, own, system_wide, xdg};

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_wrong_value_stops_what_reads_it_and_nothing_else() {
    let fixture = machine();
    for (text, line, part) in [
        ("[profiles]\nname = \"{rolle}\"\n", 2, "is not a template"),
        ("[profiles]\n\nregion = \"eu-centrl-1a\"\n", 3, "is not a region"),
        ("[profiles]\noutput = \"jsno\"\n", 2, "cannot be `jsno`"),
        ("[profiles]\noutput = \"json\\n[profile x]\"\n", 2, "cannot be"),
        ("[sessions.corp]\nstart_url = \"http://x\"\n", 2, "is not a start URL"),
        ("[sessions.corp]\nscopes = [\"a b\"]\n", 2, "has an invalid scope"),
        ("[sessions.corp]\nidp_url = \"http://sso.example.com\"\n", 2, "is not an https URL"),
        ("\n[sessions.corp]\naccount_access = \"x.example.com\"\n", 3, "names no tenant"),
    ] {
        let system = system_wide(&fixture, text);
        let refused = fixture.run("settings show").expect_code(3).expect_stderr(part);
        refused
            .expect_stderr(&format!("{}:{line}", system.display()))
            .expect_stderr("without the file: KCAWS_SYSTEM_CONFIG=none");
        std::fs::remove_file(system).unwrap();
        let own = own(&fixture, text);
        let refused = fixture.run("settings show").expect_code(3).expect_stderr(part);
        let refused = refused.expect_stderr(&format!("{}:{line}", own.display()));
        assert!(!refused.stderr_text().contains("KCAWS_SYSTEM_CONFIG"), "{refused}");
        fixture.run("profile list").expect_ok();
        std::fs::remove_file(own).unwrap();
    }
}

#[test]
fn a_typo_in_a_key_is_answered_with_what_may_have_been_meant() {
    let fixture = machine();
    own(&fixture, "\nkeyrin = \"auto\"\n");
    let refused = fixture.run("settings show").expect_code(3).expect_stderr(":2: unknown field `keyrin`");
    refused.expect_stderr("hint: did you mean `keyring`? known there: flow, keyring, ");
    own(&fixture, "[profiles]\nregion = \"eu-centrl-1\"\n");
    fixture.run("settings show").expect_code(3).expect_stderr("hint: did you mean `eu-central-1`?");
}

#[test]
fn a_file_is_checked_before_it_is_put_in_place() {
    let fixture = machine();
    let path = fixture.env.write_home_file("new.toml", "flow = \"pkce\"\n");
    // Ansible's temporary copy belongs to the user of its connection.
    chmod(&path, 0o666);
    let line = format!("settings check {}", path.display());
    fixture.run(&line).expect_ok().expect_stdout(&format!("{}: valid\n", path.display()));
    fixture.kcaws("settings show").env("KCAWS_SYSTEM_CONFIG", &path).run().expect_code(3);
    // It does not matter what is in place now.
    system_wide(&fixture, "flow = \n");
    fixture.run(&line).expect_ok();
    for (text, part) in [
        ("\nfolw = \"pkce\"\n", "new.toml:2: unknown field `folw`"),
        ("[profiles]\nname = \"{rolle}\"\n", "new.toml:2: `profiles.name` is not a template"),
        ("[[team]]\nurl = \"https://x/\"\nsha256 = \"00\"\n", "new.toml:1: `team` cannot be set here"),
    ] {
        fixture.env.write_home_file("new.toml", text);
        let refused = fixture.run(&line).expect_code(3).expect_stderr(part);
        assert!(!refused.stderr_text().contains("KCAWS_SYSTEM_CONFIG"), "{refused}");
    }
    std::fs::remove_file(&path).unwrap();
    fixture.run(&line).expect_code(3).expect_stderr("hint: check the name of the file");
    std::fs::create_dir(&path).unwrap();
    fixture.run(&line).expect_code(3).expect_stderr("hint: name a file, or move that folder away");
    let own = own(&fixture, "[[team]]\nurl = \"https://x/\"\nsha256 = \"00\"\n");
    fixture.run(&format!("settings check {}", own.display())).expect_ok();
    // A file for a URL may set less.
    std::fs::remove_dir(&path).unwrap();
    fixture.env.write_home_file("new.toml", "flow = \"pkce\"\n\nkeyring = \"keyutils\"\n");
    fixture.run(&line).expect_ok();
    let team = line.replace("check ", "check --team ");
    let refused = fixture.run(&team).expect_code(3);
    refused.expect_stderr(&format!("{}:3: `keyring` cannot be set here", path.display()));
    fixture.env.write_home_file("new.toml", "flow = \"pkce\"\n");
    fixture.run(&team).expect_ok();
    fixture.env.write_home_file("new.toml", "#".repeat(1024 * 1024 + 1));
    fixture.run(&team).expect_code(3).expect_stderr("is larger than 1 MB");
    // However the path is written, it is the user's own.
    let own = fixture.env.config_dir().join("kcaws/config.toml");
    let around = own.parent().unwrap().join("../kcaws/config.toml");
    fixture.run(&format!("settings check {}", around.display())).expect_ok();
}

#[test]
fn a_file_that_the_variable_names_must_be_there() {
    let fixture = machine();
    let show = |value: &Path| fixture.kcaws("settings show").env("KCAWS_SYSTEM_CONFIG", value).run();
    let missing = fixture.env.root().join("typo.toml");
    let refused = show(&missing).expect_code(3).expect_stderr("which does not exist");
    refused.expect_stderr("unset KCAWS_SYSTEM_CONFIG");
    let link = fixture.env.root().join("link.toml");
    std::os::unix::fs::symlink(&missing, &link).unwrap();
    show(&link).expect_code(3).expect_stderr("which does not exist");
    show(Path::new("None")).expect_code(3).expect_stderr("KCAWS_SYSTEM_CONFIG=none");
    show(Path::new("none")).expect_ok();
}

#[test]
fn a_link_through_a_folder_that_others_can_write_to_is_not_followed() {
    let fixture = machine();
    let path = system_wide(&fixture, "flow = \"pkce\"\n");
    let (open, real) = (fixture.env.root().join("open"), fixture.env.root().join("real.toml"));
    std::fs::create_dir(&open).unwrap();
    std::fs::rename(&path, &real).unwrap();
    std::os::unix::fs::symlink(&real, open.join("hop.toml")).unwrap();
    std::os::unix::fs::symlink(open.join("hop.toml"), &path).unwrap();
    fixture.run("settings show").expect_ok().expect_stdout("\"pkce\"");
    chmod(&open, 0o777);
    let refused = fixture.run("settings show").expect_code(3).expect_stderr("everyone may write to it");
    refused.expect_stderr(&open.display().to_string());
}

#[test]
fn nothing_that_is_wrong_with_settings_keeps_anyone_logged_in() {
    for is_open in [false, true] {
        let fixture = LoginFixture::new();
        fixture.log_in();
        fixture.env.remove_env("KCAWS_SYSTEM_CONFIG");
        fixture.env.set_env("XDG_CONFIG_DIRS", xdg(&fixture));
        let path = system_wide(&fixture, if is_open { "flow = \"pkce\"\n" } else { "flow = \n" });
        chmod(&path, if is_open { 0o666 } else { 0o644 });
        own(&fixture, "broswer = \"edge\"\n");
        fixture.run("login corp --no-browser").expect_code(3);
        let output = fixture.run("logout corp").expect_ok().expect_stderr("Logged out of `corp`");
        output
            .expect_stderr(&format!("{}", path.display()))
            .expect_stderr("unknown field `broswer`; logging out without it");
        assert_eq!(fixture.sim.count(Route::Logout), 1);
        fixture.run("logout --purge --yes").expect_ok().expect_stderr("Removed everything");
        assert!(!fixture.state().join("sessions").exists());
    }
}

/// Root may enter every folder, so this is done as another user.
#[test]
fn a_folder_that_may_not_be_entered_is_skipped_and_a_closed_file_is_named() {
    const UNPRIVILEGED: u32 = 41_003;
    if !rustix::process::geteuid().is_root() {
        skip!("only root can run kcaws as another user");
    }
    let fixture = machine();
    let kcaws = fixture.env.bin_dir().join("kcaws");
    install_program(&binary(), &kcaws);
    fixture.env.give_to(UNPRIVILEGED);
    let path = system_wide(&fixture, "flow = \"pkce\"\n");
    let closed = fixture.env.root().join("closed");
    std::fs::create_dir(&closed).unwrap();
    chmod(&closed, 0o700);
    let folders = format!("{}/etc/xdg:{}", closed.display(), xdg(&fixture).display());
    fixture.env.set_env("XDG_CONFIG_DIRS", &folders);
    let show = || fixture.env.command(&kcaws).args(["settings", "show"]).as_user(UNPRIVILEGED).run();
    chmod(&xdg(&fixture), 0o755);
    show().expect_ok().expect_stdout("\"pkce\"");
    chmod(&path, 0o600);
    show().expect_code(3).expect_stderr(&path.display().to_string());
    chmod(&path, 0o644);
    chmod(path.parent().unwrap(), 0o700);
    show().expect_code(3).expect_stderr("check the permissions of the file and of its folders");
}
