//! A test environment with a simulator behind it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use idc_sim::{Builder, IdcSim};
use kcaws::platform::env::Env;
use kcaws::ports::keyring::keyutils::KeyutilsStore;
use kcaws::ports::sealing_key;
use kcaws::ports::state_folder::DiskStateFolder;
use kcaws::profile::line::program_word;
use kcaws_test_kit::{Output, Running, TestCommand, TestEnv};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const ROLE: &str = "PowerUserAccess";
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct LoginFixture {
    pub(crate) sim: IdcSim,
    pub(crate) env: TestEnv,
}

impl LoginFixture {
    pub(crate) fn new() -> Self {
        Self::with(IdcSim::builder())
    }

    /// One session `corp`, and a profile `dev` that gets its credentials from kcaws.
    pub(crate) fn with(builder: Builder) -> Self {
        let sim = builder.start();
        let env = TestEnv::new().with_secret_mark(idc_sim::SECRET_MARK);
        env.set_envs(sim.env());
        env.set_env("KCAWS_KEYRING", "keyutils");
        let fixture = Self { sim, env };
        fixture.env.write_aws_config(&fixture.config());
        fixture
    }

    /// By TLS to AWS's own host names, as clients need it that know no endpoint variables.
    pub(crate) fn behind_the_proxy() -> Self {
        Self::behind_the_proxy_with(IdcSim::builder())
    }

    pub(crate) fn behind_the_proxy_with(builder: Builder) -> Self {
        let fixture = Self::with(builder);
        for (name, _) in fixture.sim.env() {
            fixture.env.remove_env(name);
        }
        let bundle = fixture.env.write_home_file("ca.pem", fixture.sim.ca_pem());
        fixture.env.set_env("HTTPS_PROXY", fixture.sim.proxy_url());
        fixture.env.set_env("AWS_CA_BUNDLE", bundle);
        fixture
    }

    pub(crate) fn config(&self) -> String {
        format!(
            "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n\n\
             [profile dev]\ncredential_process = {} credential-process --session corp --account {ACCOUNT} --role {ROLE}\n\
             region = eu-west-1\n",
            self.sim.start_url(),
            self.sim.region(),
            program_word(binary().to_str().unwrap()).unwrap(),
        )
    }

    pub(crate) fn kcaws(&self, line: &str) -> TestCommand {
        self.env.command(binary()).args(line.split_whitespace())
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.kcaws(line).run()
    }

    /// What a tool runs; its stdout is the secret.
    pub(crate) fn credentials(&self) -> Output {
        self.credentials_command().run()
    }

    pub(crate) fn credentials_command(&self) -> TestCommand {
        self.kcaws(&format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}"))
            .allow_secret_on_stdout()
    }

    /// Starts a login and returns it with the code that it waits for.
    pub(crate) fn begin_login(&self, line: &str) -> (Running, String) {
        let mut login = self.kcaws(line).spawn();
        let code = login.wait_for_stderr("  code: ");
        (login, code.split_whitespace().last().unwrap().to_owned())
    }

    pub(crate) fn log_in(&self) {
        self.log_in_as("login corp --no-browser");
    }

    pub(crate) fn log_in_as(&self, line: &str) {
        let (login, code) = self.begin_login(line);
        self.sim.wait_for_pending(PATIENCE).expect("a code is pending");
        self.sim.approve(&code);
        login.wait().expect_ok();
    }

    /// Nothing listens any more where the environment points.
    pub(crate) fn stop_service(&mut self) {
        self.sim = IdcSim::builder().start();
    }

    /// What a reboot does to the kernel keyring store.
    pub(crate) fn forget_kernel_key(&self) {
        let state = Arc::new(DiskStateFolder::new(Some(self.state())));
        let _ = KeyutilsStore::new(state).revoke_key();
    }

    /// kcaws's own folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.env.state_dir().join("kcaws")
    }
}

impl Drop for LoginFixture {
    /// Keys outlive processes, and a user may have no more than 200.
    fn drop(&mut self) {
        let state = Arc::new(DiskStateFolder::new(Some(self.state())));
        let _ = kcaws::session::sealed_store::destroy_all_keys(
            &*state,
            &*sealing_key::open(&Env::from_pairs(&[])),
        );
        self.forget_kernel_key();
    }
}

pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kcaws"))
}

/// Runs kcaws with a person at a terminal: a pseudo-terminal of `script` (Debian's bsdutils, everywhere).
///
/// Both streams of kcaws arrive on the terminal, which is our child's stdout.
pub(crate) fn on_a_terminal(fixture: &LoginFixture, line: &str) -> TestCommand {
    shell_on_a_terminal(fixture, &format!("exec '{}' {line}", binary().display()))
}

/// Runs a line of `sh` as [`on_a_terminal`] runs kcaws.
pub(crate) fn shell_on_a_terminal(fixture: &LoginFixture, line: &str) -> TestCommand {
    let script = fixture.env.command("script").env("TERM", "xterm-256color");
    script.args(["--quiet", "--return", "--command", line, "/dev/null"]).interactive()
}

/// Runs kcaws on a terminal of that size, such as `cols 80 rows 24`. It needs `stty`.
pub(crate) fn on_a_terminal_of(fixture: &LoginFixture, size: &str, line: &str) -> TestCommand {
    shell_on_a_terminal(fixture, &format!("stty {size}; exec '{}' {line}", binary().display()))
}
