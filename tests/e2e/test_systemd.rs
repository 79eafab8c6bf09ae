//! The unit of docs/recipes.md, by a real manager of units and with the desktop's keyring.

use std::path::{Path, PathBuf};

use kcaws_test_kit::{Client, PrivateKeyring, clients, require_program, skip};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};
use crate::test_recipes::ASKS;

const SYSTEMD: &str = "/lib/systemd/systemd";

/// Runs the unit `report` and prints its exit code.
///
/// The manager of a user wants a machine that was booted with systemd, and believes the folder in `/run`.
const RUN_UNIT: &str = r#"
mount -t tmpfs none /run && mkdir -p /run/systemd/system && mkdir -m 700 /run/user || exit
export XDG_RUNTIME_DIR=/run/user
"$0" --user --log-target=null &
until [ -S "$XDG_RUNTIME_DIR/systemd/private" ]; do sleep 0.1; done
systemctl --user start report.service
systemctl --user show --property=ExecMainStatus --value report.service
systemctl --user exit && wait
"#;

#[test]
fn a_unit_works_or_says_who_has_to_log_in() {
    for program in ["gnome-keyring-daemon", "systemctl", "unshare"] {
        require_program!(program);
    }
    if !Path::new(SYSTEMD).exists() || !rustix::process::geteuid().is_root() {
        skip!("it mounts a folder over /run: run it as root, with systemd installed");
    }
    let Some(line) = clients().command_line_or_skip(Client::AwsCli1) else { return };
    let fixture = LoginFixture::new();
    fixture.env.remove_env("KCAWS_KEYRING");
    let _keyring = PrivateKeyring::start(&fixture.env);
    fixture.log_in();
    let arn = fixture.env.home().join("arn");
    let report = format!("#!/bin/sh\nexec {} {ASKS} >'{}'\n", line[0].to_str().unwrap(), arn.display());
    let errors = install(&fixture, &fixture.env.write_script("report", &report));
    let run = || {
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--cgroup"];
        let manager = fixture.env.command("unshare").args(namespaces).args(["sh", "-c", RUN_UNIT, SYSTEMD]);
        let code = manager.run().expect_ok().stdout_text();
        (code, std::fs::read_to_string(&errors).unwrap())
    };

    assert_eq!(run(), ("0\n".to_owned(), String::new()));
    let arn = std::fs::read_to_string(arn).unwrap();
    assert!(arn.contains(&format!("{ACCOUNT}:assumed-role/AWSReservedSSO_{ROLE}_")), "{arn}");
    fixture.run("logout corp").expect_ok();
    let (code, why) = run();
    assert_eq!(code, "125\n");
    assert!(why.contains("kcaws login"), "{why}");
}

/// Writes the unit as it is documented, with programs that are here, and returns the file that gets its stderr.
fn install(fixture: &LoginFixture, report: &Path) -> PathBuf {
    let recipes = include_str!("../../docs/recipes.md");
    let unit = recipes.split("```ini\n").nth(1).unwrap().split("```").next().unwrap();
    let unit = unit
        .replace("/usr/local/bin/kcaws", binary().to_str().unwrap())
        .replace("/usr/local/bin/report", report.to_str().unwrap());
    let units = fixture.env.config_dir().join("systemd/user");
    std::fs::create_dir_all(units.join("report.service.d")).unwrap();
    std::fs::write(units.join("report.service"), unit).unwrap();
    // The manager has a bus of its own, and would start a keyring there.
    for unit in ["gnome-keyring-daemon.socket", "gnome-keyring-daemon.service"] {
        std::os::unix::fs::symlink("/dev/null", units.join(unit)).unwrap();
    }
    let (bus, errors) = (fixture.env.runtime_dir().join("bus"), fixture.env.home().join("errors"));
    let here = format!(
        "[Service]\nEnvironment=DBUS_SESSION_BUS_ADDRESS=unix:path={}\nStandardError=truncate:{}\n",
        bus.display(),
        errors.display()
    );
    std::fs::write(units.join("report.service.d/here.conf"), here).unwrap();
    errors
}
