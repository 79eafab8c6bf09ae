//! A company: a realm with a service account, and an Identity Center whose management account is ours.

use std::path::PathBuf;
use std::time::Duration;

use idc_sim::{Builder, IdcSim};
use kcaws_test_keycloak::{Realm, Server};
use kcaws_test_kit::{Output, TestCommand, TestEnv};
use serde_json::Value;

pub(crate) const CLIENT: &str = "kcaws-admin";
/// It has the simulator's mark, so that the suite finds it wherever it is printed.
pub(crate) const CLIENT_SECRET: &str = "SIMSECRET-of-the-service-account";
pub(crate) const REGION: &str = "eu-central-1";
/// Requests to a Keycloak that other tests keep busy.
const PATIENCE: Duration = Duration::from_mins(3);

/// What the service account needs for everything.
pub(crate) const ALL_ROLES: &[&str] =
    &["manage-clients", "manage-events", "manage-users", "view-events", "view-realm", "view-users"];

pub(crate) struct Company<'k> {
    pub(crate) realm: Realm<'k>,
    pub(crate) sim: IdcSim,
    pub(crate) env: TestEnv,
}

impl<'k> Company<'k> {
    pub(crate) fn new(server: &'k Server) -> Self {
        Self::with(server, IdcSim::builder(), ALL_ROLES)
    }

    /// A service account with these roles, its secret in a file, AWS keys that may do everything, and the access file.
    pub(crate) fn with(server: &'k Server, builder: Builder, roles: &[&str]) -> Self {
        let company = Self::without_file(server, builder, roles);
        company.env.write_home_file("access.toml", company.access_file());
        let secret = company.env.write_home_file("client-secret", format!("{CLIENT_SECRET}\n"));
        company.env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", secret);
        company
    }

    /// The same before `init`: no access file, and no secret anywhere.
    pub(crate) fn without_file(server: &'k Server, builder: Builder, roles: &[&str]) -> Self {
        let sim = builder.start();
        let env = aws_environment(&sim);
        let realm = server.realm();
        realm.create_service_account(CLIENT, CLIENT_SECRET, roles);
        Self { realm, sim, env }
    }

    pub(crate) fn server_url(&self) -> String {
        let url = self.realm.url();
        url.split("/realms/").next().unwrap().to_owned()
    }

    pub(crate) fn instance(&self) -> String {
        self.sim.instance_id().to_owned()
    }

    pub(crate) fn access_file(&self) -> String {
        format!(
            "version = 1\n\n[realm]\nurl = \"{}\"\nname = \"{}\"\nclient_id = \"{CLIENT}\"\n\n[identity_center]\nregion = \"{REGION}\"\ninstance = \"{}\"\n",
            self.server_url(),
            self.realm.name(),
            self.instance(),
        )
    }

    /// Asserts that a check finds an error with these words in what is wrong and what to do.
    #[track_caller]
    pub(crate) fn expect_error(&self, name: &str, options: &str, reason: &str, fix: &str) {
        let found = self.findings_with(name, options);
        let has = |finding: &Value, key: &str, part: &str| {
            finding[key].as_str().is_some_and(|text| text.contains(part))
        };
        let is_it = |finding: &Value| {
            finding["state"] == "error" && has(finding, "reason", reason) && has(finding, "fix", fix)
        };
        assert!(found.iter().any(is_it), "no error `{reason}` with `{fix}` in {found:#?}");
    }

    pub(crate) fn admin(&self, line: &str) -> TestCommand {
        admin(&self.env, line)
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.admin(line).run()
    }

    /// What `check --json` says of a check; every subject of it.
    pub(crate) fn findings(&self, name: &str) -> Vec<Value> {
        self.findings_with(name, "")
    }

    /// The same with further options.
    pub(crate) fn findings_with(&self, name: &str, options: &str) -> Vec<Value> {
        let report = self.run(&format!("check --json {options}")).stdout_json();
        let checks = report["checks"].as_array().unwrap().clone();
        checks.into_iter().filter(|check| check["name"] == name).collect()
    }
}

/// An environment whose AWS is the simulator, with keys of the management account.
pub(crate) fn aws_environment(sim: &IdcSim) -> TestEnv {
    let env = TestEnv::new().with_secret_mark(idc_sim::SECRET_MARK);
    env.set_envs(sim.env());
    env.set_envs(sim.admin_env());
    env.set_env("KCAWS_KEYRING", "keyutils");
    env.set_env("KCAWS_ADMIN_FILE", env.home().join("access.toml"));
    let key = sim.administrator_key();
    env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
    env
}

/// The writes in the audit file of a text, without the line that begins each run.
pub(crate) fn audited(text: &str) -> Vec<Value> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["action"] != "start").collect()
}

pub(crate) fn admin(env: &TestEnv, line: &str) -> TestCommand {
    env.command(binary()).args(line.split_whitespace()).timeout(PATIENCE)
}

/// Runs a command with a person at a terminal: a pseudo-terminal of `script`.
pub(crate) fn on_a_terminal(env: &TestEnv, line: &str) -> TestCommand {
    let line = format!("exec '{}' {line}", binary().display());
    let script = env.command("script").env("TERM", "xterm-256color").timeout(PATIENCE);
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).interactive()
}

pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kcaws-admin"))
}

/// The developer's program, which cargo builds beside the administrator's.
pub(crate) fn developers_binary() -> PathBuf {
    let beside = binary().with_file_name("kcaws");
    assert!(beside.is_file(), "build the workspace first: {} is missing", beside.display());
    beside
}
