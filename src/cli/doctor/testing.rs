//! A fixture for the checks' unit tests: real files in a temp folder, everything else is a fake.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::context::{Asked, DoctorContext};
use super::finding::{Finding, State};
use crate::app::App;
use crate::app::fake::FakePorts;
use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::platform::host::Machine;
use crate::ports::clock::FakeClock;
use crate::ports::command_runner::FakeCommands;
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::ports::probe::{FakeProbe, Probe};
use crate::ports::redirects::FakeRedirects;
use crate::ports::sealing_key::fake::FakeSealingKeys;
use crate::ports::state_folder::FakeStateFolder;
use crate::session::status::SessionStatus;
use crate::session::testing::Fixture;

pub(super) const NOW: &str = "2026-11-24T08:00:00Z";
pub(super) const CORP: &str =
    "[sso-session corp]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = eu-central-1\n";
#[cfg(windows)]
pub(super) const DEV: &str = "[profile dev]\ncredential_process = C:/opt/kcaws credential-process --session corp --account 111122223333 --role Admin\n";
#[cfg(not(windows))]
pub(super) const DEV: &str = "[profile dev]\ncredential_process = /opt/kcaws credential-process --session corp --account 111122223333 --role Admin\n";

pub(super) struct TestDoctor {
    pub(super) home: tempfile::TempDir,
    pub(super) commands: FakeCommands,
    pub(super) probe: Option<FakeProbe>,
    pub(super) ports: Around,
    env: Vec<(String, String)>,
    asked: Asked,
}

/// The ports that a check may use: none that needs a token, signs in or opens a browser.
#[derive(Clone, Default)]
pub(super) struct Around {
    pub(super) state: FakeStateFolder,
    pub(super) keyring: FakeKeyring,
    pub(super) absent: Vec<StoreKind>,
    /// The response to the start URL, used once.
    pub(super) leads: Option<(u16, Option<String>)>,
}

impl Around {
    fn ports(&self) -> FakePorts {
        let Self { state, keyring, absent, leads } = self.clone();
        let store = move |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
            if absent.contains(&kind) {
                return Err(KeyringError::Absent { store: kind, source: "there is none".into() });
            }
            Ok(Box::new(keyring.clone()))
        };
        let redirects = move || {
            let redirects = FakeRedirects::default();
            if let Some((status, location)) = &leads {
                redirects.will(*status, location.as_deref());
            }
            redirects
        };
        FakePorts {
            state: Some(state),
            sealing_keys: Some(FakeSealingKeys::default()),
            store: Some(Arc::new(store)),
            redirects: Some(Arc::new(redirects)),
            ..FakePorts::default()
        }
    }
}

impl TestDoctor {
    pub(super) fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a temp folder"),
            commands: FakeCommands::default(),
            probe: Some(FakeProbe::default()),
            ports: Around::default(),
            env: Vec::new(),
            asked: Asked::default(),
        }
    }

    pub(super) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("creates");
        let mut temp = tempfile::NamedTempFile::new_in(self.home.path()).expect("creates");
        temp.write_all(text.as_bytes()).expect("writes");
        temp.persist(path).expect("moves");
        self
    }

    /// What is found on a path because it may be run.
    pub(super) fn program(self, name: &str) -> Self {
        let doctor = self.file(name, "");
        #[cfg(unix)]
        std::fs::set_permissions(doctor.path(name), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("is ours");
        doctor
    }

    pub(super) fn config(self, text: &str) -> Self {
        self.file(".aws/config", text)
    }

    pub(super) fn credentials(self, text: &str) -> Self {
        self.file(".aws/credentials", text)
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn profile(mut self, name: &str) -> Self {
        self.asked.profile = Some(name.to_owned());
        self
    }

    pub(super) fn session(mut self, name: &str) -> Self {
        self.asked.session = Some(name.to_owned());
        self
    }

    pub(super) fn run_others(mut self) -> Self {
        self.asked.run_others = true;
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(super) fn look(&self, check: fn(&DoctorContext<'_>) -> Vec<Finding>) -> Vec<Finding> {
        let env: Vec<(&str, &str)> =
            self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let folders = Folders {
            home: Some(self.home.path().to_path_buf()),
            state: Some(self.path("state")),
            config: Some(self.path("config")),
            ..Folders::default()
        };
        let app = App::over(Env::from_pairs(&env), folders, Arc::new(FakeClock::at(NOW)), self.ports.ports());
        let machine = Machine::below(self.path("root"));
        let probe = self.probe.as_ref().map(|probe| probe as &dyn Probe);
        check(&DoctorContext::new(&app, probe, &self.commands, &machine, &self.asked))
    }
}

pub(super) fn states(findings: &[Finding]) -> Vec<&'static str> {
    let word = |finding: &Finding| match finding.state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Error => "error",
    };
    assert!(findings.iter().all(|finding| (finding.state == State::Ok) == finding.fix.is_none()));
    findings.iter().map(word).collect()
}

/// Logged in a minute ago, in the session of [`CORP`].
pub(super) fn logged_in_doctor(refresh: Option<&str>) -> TestDoctor {
    let mut doctor = TestDoctor::new().config(CORP);
    let mut fixture = Fixture::new();
    fixture.config.start_url = "https://d-1.awsapps.com/start".to_owned();
    fixture.log_in(refresh);
    let record = fixture.session().load().expect("loads").expect("is there");
    let status = SessionStatus::of(&record, StoreKind::SecretService);
    fixture.session().note_status(&status).expect("noted");
    doctor.ports.state = fixture.state.clone();
    doctor.ports.keyring = fixture.store.clone();
    doctor
}
