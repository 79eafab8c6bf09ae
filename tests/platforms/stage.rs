//! A desk with a simulator behind it and another machine on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use idc_sim::IdcSim;
use kcaws::ports::keyring::keyutils::KeyutilsStore;
use kcaws::ports::state_folder::DiskStateFolder;
use kcaws_test_kit::{Desk, DeskCommand, Output, Running};

use crate::machine::Machine;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const ROLE: &str = "PowerUserAccess";
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Stage<'d> {
    pub(crate) sim: IdcSim,
    pub(crate) desk: &'d Desk,
    pub(crate) machine: Machine<'d>,
}

pub(crate) fn desk() -> Desk {
    Desk::new().with_secret_mark(idc_sim::SECRET_MARK)
}

impl<'d> Stage<'d> {
    pub(crate) fn at(desk: &'d Desk) -> Self {
        let sim = IdcSim::builder().start();
        let machine = Machine::at(desk);
        desk.set_envs(sim.env());
        let stage = Self { sim, desk, machine };
        let config = format!(
            "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n",
            stage.sim.start_url(),
            stage.sim.region(),
        );
        let folder = stage.machine.home(stage.desk).join(".aws");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config"), config).unwrap();
        stage
    }

    pub(crate) fn kcaws(&self, line: &str) -> DeskCommand {
        self.machine.command(self.desk).args(line.split_whitespace())
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.kcaws(line).run()
    }

    /// What a tool runs; its stdout is the secret.
    pub(crate) fn credentials_command(&self, role: &str) -> DeskCommand {
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
        self.machine.state(self.desk)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        self.machine.stop(self.desk);
        // Keys outlive processes, and a user may have no more than 200.
        let state = Arc::new(DiskStateFolder::new(Some(self.state())));
        let _ = KeyutilsStore::new(state).revoke_key();
    }
}
