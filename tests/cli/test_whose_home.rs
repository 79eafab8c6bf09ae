//! Root with the home of another user, as under `sudo -E`, and what such a run leaves behind. Only root can be that.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use kcaws_test_kit::{TestCommand, install_program, require_program, skip};

use crate::fixture::{LoginFixture, binary};

const OTHER: u32 = 65_534;

fn give(path: &Path, owner: u32) {
    chown(path, Some(owner), Some(owner)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), owner);
        }
    }
}

fn paths(path: &Path) -> Vec<(String, u32)> {
    let mut found = vec![(path.display().to_string(), path.metadata().unwrap().uid())];
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            found.extend(paths(&entry.unwrap().path()));
        }
    }
    found.sort();
    found
}

/// In a home that has nothing but ~/.aws, and XDG variables unset, as sudo does.
fn bare() -> LoginFixture {
    let fixture = LoginFixture::new();
    for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        fixture.env.remove_env(variable);
    }
    std::fs::remove_dir_all(fixture.env.home().join(".local")).unwrap();
    fixture
}

#[test]
fn root_in_anothers_home_changes_nothing_there_and_is_told_to_go_without_sudo() {
    if !rustix::process::geteuid().is_root() {
        skip!("only root can be in another's home");
    }
    let fixture = bare();
    give(&fixture.env.home(), OTHER);
    let before = paths(&fixture.env.home());
    let refused = |line: &str| {
        let output = fixture.run(line).expect_code(3);
        output.expect_stderr("and kcaws runs as root").expect_stderr("without sudo").expect_stderr("sudo -H");
    };
    // The first call ever, and one where a state folder is there.
    for is_there in [false, true] {
        if is_there {
            let folder = fixture.env.home().join(".local/state/kcaws");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
            give(&fixture.env.home(), OTHER);
        }
        let before = if is_there { paths(&fixture.env.home()) } else { before.clone() };
        for line in [
            "login --no-browser",
            "configure --start-url https://d-1.awsapps.com/start --region eu-central-1 --profiles none --no-login --yes",
            "profile add x --session corp --account 111122223333 --role Admin",
        ] {
            refused(line);
        }
        let report = fixture.run("doctor --offline").expect_code(1).stdout_text();
        assert!(report.contains("you run as root") && report.contains("without sudo"), "{report}");
        assert!(!report.contains("chown") && !report.contains("chmod"), "{report}");
        assert_eq!(paths(&fixture.env.home()), before, "nothing was created");
    }
}

#[test]
fn what_sudo_left_behind_is_named_with_the_way_to_take_it_back() {
    let setpriv = require_program!("setpriv");
    if !rustix::process::geteuid().is_root() {
        skip!("only root can leave a folder of root's behind");
    }
    let fixture = bare();
    std::fs::set_permissions(fixture.env.root(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(fixture.env.bin_dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
    install_program(&binary(), &fixture.env.bin_dir().join("kcaws"));
    let local = fixture.env.home().join(".local");
    let as_other = |line: &str| -> TestCommand {
        let id = OTHER.to_string();
        let wrapped = fixture.env.command(&setpriv).args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
        wrapped.arg(fixture.env.bin_dir().join("kcaws")).args(line.split(' '))
    };
    for mode in [0o700, 0o755] {
        give(&fixture.env.home(), OTHER);
        std::fs::create_dir_all(&local).unwrap();
        chown(&local, Some(0), Some(0)).unwrap();
        std::fs::set_permissions(&local, std::fs::Permissions::from_mode(mode)).unwrap();
        let report = as_other("doctor --offline").run().expect_code(1).stdout_text();
        let line = format!("sudo chown -R \"$(id -un)\" {}", local.display());
        assert!(report.contains("it belongs to root") && report.contains(&line), "{mode:o}: {report}");
        as_other("login --no-browser").run().expect_code(1).expect_stderr("`kcaws doctor`");
    }
}
