//! The package as it is unpacked: the front before the whole program, and each without the other.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a failed unwrap is a failed test")]

use std::path::{Path, PathBuf};

use idc_sim::{IdcSim, Route};
use kcaws::profile::line::program_word;
use kcaws_test_kit::{Output, TestCommand, TestEnv, install_program};
use rustix::process::Signal;

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "PowerUserAccess";

/// A user with an unpacked package and a login by it.
struct LoginFixture {
    sim: IdcSim,
    env: TestEnv,
}

impl LoginFixture {
    fn new() -> Self {
        let fixture = Self::before_login(IdcSim::builder().auto_approve(true).start());
        fixture.run("login corp --no-browser").expect_ok();
        fixture
    }

    fn before_login(sim: IdcSim) -> Self {
        let env = TestEnv::new().with_secret_mark(idc_sim::SECRET_MARK);
        env.set_envs(sim.env());
        env.set_env("KCAWS_KEYRING", "keyutils");
        env.write_aws_config(&format!(
            "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n",
            sim.start_url(),
            sim.region(),
        ));
        let fixture = Self { sim, env };
        let built = Path::new(env!("CARGO_BIN_EXE_kcaws-front"));
        let whole = built.with_file_name("kcaws");
        assert!(whole.exists(), "`cargo build` makes {}", whole.display());
        install_program(built, &fixture.front());
        install_program(&whole, &fixture.whole());
        fixture
    }

    fn front(&self) -> PathBuf {
        self.env.root().join("opt/bin/kcaws")
    }

    fn whole(&self) -> PathBuf {
        self.env.root().join("opt/libexec/kcaws/kcaws")
    }

    fn kcaws(&self, line: &str) -> TestCommand {
        self.env.command(self.front()).args(line.split_whitespace())
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
    let fixture = LoginFixture::new();
    // Until the config file has settled, its stamp is not built upon.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let cold = fixture.credentials().expect_ok().stdout_json();
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1);
    std::fs::remove_file(fixture.whole()).unwrap();
    assert_eq!(fixture.credentials().expect_ok().stdout_json(), cold, "the front alone");
    assert_eq!(fixture.run("prompt").expect_ok().stdout_text(), "");
    let refused = fixture.run("status").expect_code(1);
    assert_eq!(refused.stderr_text().lines().count(), 2, "{refused}");
    refused
        .expect_stderr("kcaws: error: ")
        .expect_stderr(&format!("cannot start {}", fixture.whole().display()))
        .expect_stderr("kcaws: hint: ");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1);
}

#[test]
fn the_administrators_program_is_started_beside_the_whole_program() {
    let fixture = LoginFixture::before_login(IdcSim::builder().start());
    fixture.run("admin policy aws").expect_code(127).expect_stderr("kcaws-admin is not installed");
    let built = Path::new(env!("CARGO_BIN_EXE_kcaws-front")).with_file_name("kcaws-admin");
    assert!(built.exists(), "`cargo build` makes {}", built.display());
    install_program(&built, &fixture.whole().with_file_name("kcaws-admin"));
    fixture.run("admin policy aws").expect_ok().expect_stdout("sso:ListInstances");
}

#[test]
fn the_whole_program_works_alone_under_any_name() {
    let fixture = LoginFixture::new();
    let alone = fixture.env.bin_dir().join("aws-access");
    std::fs::rename(fixture.whole(), &alone).unwrap();
    std::fs::remove_file(fixture.front()).unwrap();
    fixture.env.command(&alone).args(["status", "corp"]).run().expect_ok();
}

#[test]
fn exit_codes_streams_and_the_terminal_are_the_whole_programs() {
    let fixture = LoginFixture::new();
    fixture.run("--version").expect_ok().expect_stdout(&format!("kcaws {}", env!("CARGO_PKG_VERSION")));
    fixture.run("status nosuch").expect_code(3);
    fixture.run("no-such-command").expect_code(2);
    fixture.run(&format!("profile add dev --session corp --account {ACCOUNT} --role {ROLE}")).expect_ok();
    let child = ["exec", "dev", "--", "sh", "-c", "cat; exit 7"];
    let output = fixture.env.command(fixture.front()).args(child).stdin("typed").run();
    assert_eq!(output.expect_code(7).stdout_text(), "typed");
}

#[test]
fn a_signal_ends_what_the_front_was_asked() {
    let fixture = LoginFixture::before_login(IdcSim::builder().start());
    let mut login = fixture.kcaws("login corp --no-browser").spawn();
    login.wait_for_stderr("code:");
    login.signal(Signal::INT);
    login.wait().expect_code(130);
}

/// By a link too, which stays where the package's folder has a version in its name.
#[test]
fn profiles_lead_to_the_front() {
    let fixture = LoginFixture::new();
    let link = fixture.env.bin_dir().join("kcaws");
    std::os::unix::fs::symlink(fixture.front(), &link).unwrap();
    let add = ["profile", "add", "linked", "--session", "corp", "--account", ACCOUNT, "--role", ROLE];
    fixture.env.command(&link).args(add).run().expect_ok();
    let config = std::fs::read_to_string(fixture.env.home().join(".aws/config")).unwrap();
    assert!(
        config.contains(&format!("{} credential-process", program_word(link.to_str().unwrap()).unwrap())),
        "{config}"
    );
    std::fs::remove_file(link).unwrap();
    fixture.run(&format!("profile add dev --session corp --account {ACCOUNT} --role {ROLE}")).expect_ok();
    let config = std::fs::read_to_string(fixture.env.home().join(".aws/config")).unwrap();
    let written = format!(
        "credential_process = {} credential-process ",
        program_word(fixture.front().to_str().unwrap()).unwrap()
    );
    assert!(config.contains(&written), "{config}");
}

/// A folder that everybody may write to, as /tmp, and in it what its users put there.
struct Shared(tempfile::TempDir);

const VICTIM: u32 = 4031;
const OTHER: u32 = 4032;

impl Shared {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("shared").tempdir_in("/tmp").unwrap();
        Self::chmod(folder.path(), 0o1777);
        Self(folder)
    }

    fn chmod(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Of `uid`, with the folders on the way.
    fn give(&self, name: &str, uid: u32) {
        let mut path = self.path(name);
        while path != self.0.path() {
            std::os::unix::fs::chown(&path, Some(uid), Some(uid)).unwrap();
            path.pop();
        }
    }

    fn front(&self, name: &str, uid: u32) {
        install_program(Path::new(env!("CARGO_BIN_EXE_kcaws-front")), &self.path(name));
        self.give(name, uid);
    }

    fn script(&self, name: &str, uid: u32) {
        let script = self.0.path().join("script");
        std::fs::write(&script, "#!/bin/sh\necho taken as $(id -u)\n").unwrap();
        install_program(&script, &self.path(name));
        self.give(name, uid);
    }

    /// Runs the front as the victim. Without a home: it has nothing of its own to do.
    fn run(&self, front: &str) -> (Option<i32>, String) {
        let ids = ["--reuid=4031", "--regid=4031", "--clear-groups", "--"];
        let output = std::process::Command::new("setpriv")
            .args(ids)
            .arg(self.path(front))
            .arg("login")
            .env_clear()
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }
}

#[test]
fn the_front_runs_nothing_that_another_user_may_have_put_there() {
    if !rustix::process::geteuid().is_root() {
        kcaws_test_kit::skip_allowed!("only root can act as two users");
    }
    let shared = Shared::new();
    // Copied alone, below a folder where others may make a libexec.
    shared.front("victim/kcaws", VICTIM);
    shared.script("libexec/kcaws/kcaws", OTHER);
    let (code, text) = shared.run("victim/kcaws");
    assert_eq!(code, Some(1), "{text}");
    assert!(!text.contains("taken") && text.contains("unpack both"), "{text}");
    // In a folder that is called bin, too.
    shared.front("bin/kcaws", VICTIM);
    let (code, text) = shared.run("bin/kcaws");
    assert_eq!(code, Some(1), "{text}");
    assert!(!text.contains("taken") && text.contains("another user may write there"), "{text}");
    // A package of one's own, whose file or folder others may write to.
    shared.front("own/bin/kcaws", VICTIM);
    shared.script("own/libexec/kcaws/kcaws", VICTIM);
    for open in ["own/libexec/kcaws/kcaws", "own/libexec/kcaws", "own/libexec"] {
        Shared::chmod(&shared.path(open), 0o777);
        let (code, text) = shared.run("own/bin/kcaws");
        assert_eq!(code, Some(1), "{open}: {text}");
        assert!(!text.contains("taken"), "{open}: {text}");
        Shared::chmod(&shared.path(open), 0o755);
    }
    std::os::unix::fs::chown(shared.path("own/libexec/kcaws/kcaws"), Some(OTHER), Some(OTHER)).unwrap();
    assert_eq!(shared.run("own/bin/kcaws").0, Some(1));
    for uid in [VICTIM, 0] {
        std::os::unix::fs::chown(shared.path("own/libexec/kcaws/kcaws"), Some(uid), Some(uid)).unwrap();
        assert_eq!(shared.run("own/bin/kcaws"), (Some(0), "taken as 4031\n".to_owned()));
    }
}
