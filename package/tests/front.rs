//! The package as it is unpacked: the front before the whole program, and each without the other.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a failed unwrap is a failed test")]

use std::path::{Path, PathBuf};

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::{Desk, DeskCommand, Output, install_program};
use rustix::process::Signal;

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "PowerUserAccess";

/// A desk with an unpacked package and a login by it.
struct Stage {
    sim: IdcSim,
    desk: Desk,
}

impl Stage {
    fn new() -> Self {
        let stage = Self::before_login(IdcSim::builder().auto_approve(true).start());
        stage.run("login corp --no-browser").expect_ok();
        stage
    }

    fn before_login(sim: IdcSim) -> Self {
        let desk = Desk::new().with_secret_mark(idc_sim::SECRET_MARK);
        desk.set_envs(sim.env());
        desk.set_env("KCAWS_KEYRING", "keyutils");
        desk.write_aws_config(&format!(
            "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n",
            sim.start_url(),
            sim.region(),
        ));
        let stage = Self { sim, desk };
        let built = Path::new(env!("CARGO_BIN_EXE_kcaws-front"));
        let whole = built.with_file_name("kcaws");
        assert!(whole.exists(), "`cargo build` makes {}", whole.display());
        install_program(built, &stage.front());
        install_program(&whole, &stage.whole());
        stage
    }

    fn front(&self) -> PathBuf {
        self.desk.root().join("opt/bin/kcaws")
    }

    fn whole(&self) -> PathBuf {
        self.desk.root().join("opt/libexec/kcaws/kcaws")
    }

    fn kcaws(&self, line: &str) -> DeskCommand {
        self.desk.command(self.front()).args(line.split_whitespace())
    }

    fn run(&self, line: &str) -> Output {
        self.kcaws(line).run()
    }

    fn credentials(&self) -> Output {
        self.kcaws(&format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}"))
            .allow_secret_on_stdout()
            .run()
    }
}

#[test]
fn the_front_answers_what_is_warm_and_hands_over_the_rest() {
    let stage = Stage::new();
    // Until the config file has settled, its stamp is not built upon.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let cold = stage.credentials().expect_ok().stdout_json();
    assert_eq!(stage.sim.count(Route::GetRoleCredentials), 1);
    std::fs::remove_file(stage.whole()).unwrap();
    assert_eq!(stage.credentials().expect_ok().stdout_json(), cold, "the front alone");
    assert_eq!(stage.run("prompt").expect_ok().stdout_text(), "");
    let refused = stage.run("status").expect_code(1);
    assert_eq!(refused.stderr_text().lines().count(), 2, "{refused}");
    refused
        .expect_stderr("kcaws: error: ")
        .expect_stderr(&format!("{} does not start", stage.whole().display()))
        .expect_stderr("kcaws: hint: ");
    assert_eq!(stage.sim.count(Route::GetRoleCredentials), 1);
}

#[test]
fn the_whole_program_works_alone_under_any_name() {
    let stage = Stage::new();
    let alone = stage.desk.bin_dir().join("aws-access");
    std::fs::rename(stage.whole(), &alone).unwrap();
    std::fs::remove_file(stage.front()).unwrap();
    stage.desk.command(&alone).args(["status", "corp"]).run().expect_ok();
}

#[test]
fn exit_codes_streams_and_the_terminal_are_the_whole_programs() {
    let stage = Stage::new();
    stage.run("--version").expect_ok().expect_stdout(&format!("kcaws {}", env!("CARGO_PKG_VERSION")));
    stage.run("status nosuch").expect_code(3);
    stage.run("no-such-command").expect_code(2);
    stage.run(&format!("profile add dev --session corp --account {ACCOUNT} --role {ROLE}")).expect_ok();
    let child = ["exec", "dev", "--", "sh", "-c", "cat; exit 7"];
    let output = stage.desk.command(stage.front()).args(child).stdin("typed").run();
    assert_eq!(output.expect_code(7).stdout_text(), "typed");
}

#[test]
fn a_signal_ends_what_the_front_was_asked() {
    let stage = Stage::before_login(IdcSim::builder().start());
    let mut login = stage.kcaws("login corp --no-browser").spawn();
    login.wait_for_stderr("code:");
    login.signal(Signal::INT);
    login.wait().expect_code(130);
}

/// By a link too, which stays where the package's folder has a version in its name.
#[test]
fn profiles_lead_to_the_front() {
    let stage = Stage::new();
    let link = stage.desk.bin_dir().join("kcaws");
    std::os::unix::fs::symlink(stage.front(), &link).unwrap();
    let add = ["profile", "add", "linked", "--session", "corp", "--account", ACCOUNT, "--role", ROLE];
    stage.desk.command(&link).args(add).run().expect_ok();
    let config = std::fs::read_to_string(stage.desk.home().join(".aws/config")).unwrap();
    assert!(config.contains(&format!("\"{}\" credential-process", link.display())), "{config}");
    std::fs::remove_file(link).unwrap();
    stage.run(&format!("profile add dev --session corp --account {ACCOUNT} --role {ROLE}")).expect_ok();
    let config = std::fs::read_to_string(stage.desk.home().join(".aws/config")).unwrap();
    let written = format!("credential_process = \"{}\" credential-process ", stage.front().display());
    assert!(config.contains(&written), "{config}");
}
