//! A test environment with a simulator behind it and another machine on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use idc_sim::IdcSim;
use kcaws::ports::keyring::keyutils::KeyutilsStore;
use kcaws::ports::state_folder::DiskStateFolder;
use kcaws_test_kit::{Output, Running, TestCommand, TestEnv};

use crate::machine::Machine;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const ROLE: &str = "PowerUserAccess";
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct LoginFixture<'d> {
    pub(crate) sim: IdcSim,
    pub(crate) env: &'d TestEnv,
    pub(crate) machine: Machine<'d>,
}

pub(crate) fn env() -> TestEnv {
    TestEnv::new().with_secret_mark(idc_sim::SECRET_MARK)
}

impl<'d> LoginFixture<'d> {
    pub(crate) fn at(env: &'d TestEnv) -> Self {
        let sim = IdcSim::builder().start();
        let machine = Machine::at(env);
        env.set_envs(sim.env());
        let fixture = Self { sim, env, machine };
        let config = format!(
            "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n",
            fixture.sim.start_url(),
            fixture.sim.region(),
        );
        let folder = fixture.machine.home(fixture.env).join(".aws");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config"), config).unwrap();
        fixture
    }

    pub(crate) fn kcaws(&self, line: &str) -> TestCommand {
        self.machine.command(self.env).args(line.split_whitespace())
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.kcaws(line).run()
    }

    /// What a tool runs; its stdout is the secret.
    pub(crate) fn credentials_command(&self, role: &str) -> TestCommand {
        self.kcaws(&format!("credential-process --session corp --account {ACCOUNT} --role {role}"))
            .allow_secret_on_stdout()
    }

    pub(crate) fn credentials(&self, role: &str) -> Output {
        self.credentials_command(role).run()
    }

    /// Starts a login and returns it with the code that it waits for.
    pub(crate) fn begin_login(&self, line: &str) -> (Running, String) {
        let mut login = self.kcaws(line).spawn();
        let code = login.wait_for_stderr("  code: ");
        (login, code.split_whitespace().last().unwrap().to_owned())
    }

    pub(crate) fn log_in(&self) -> Output {
        let (login, code) = self.begin_login("login corp --no-browser");
        self.sim.wait_for_pending(PATIENCE).expect("a code is pending");
        self.sim.approve(&code);
        login.wait().expect_ok()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.machine.state(self.env)
    }
}

impl Drop for LoginFixture<'_> {
    fn drop(&mut self) {
        self.machine.stop(self.env);
        // Keys outlive processes, and a user may have no more than 200.
        let state = Arc::new(DiskStateFolder::new(Some(self.state())));
        let _ = KeyutilsStore::new(state).revoke_key();
    }
}
