//! A desk for the checks' unit tests: real files in a temp folder, everything else a fake.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::finding::{Finding, State};
use super::scene::{Asked, Scene};
use crate::app::{App, Outside, SetupError};
use crate::ports::browser::Browser;
use crate::ports::callback::Callback;
use crate::ports::clipboard::Clipboard;
use crate::ports::clock::FakeClock;
use crate::ports::env::Env;
use crate::ports::folders::Folders;
use crate::ports::identity_center::{Endpoints, IdentityCenter, Origin, Patience};
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::ports::loopback::NoPort;
use crate::ports::machine::Machine;
use crate::ports::probe::{FakeProbe, Probe};
use crate::ports::redirects::{FakeRedirects, Redirects};
use crate::ports::signin::Signin;
use crate::ports::state_folder::{FakeStateFolder, StateFolder};
use crate::ports::sts::Sts;
use crate::ports::trial::FakeTrials;
use crate::ports::warm_key::WarmKeys;
use crate::ports::warm_key::fake::FakeWarmKeys;
use crate::secret::Secret;

pub(super) const NOW: &str = "2026-11-24T08:00:00Z";
pub(super) const CORP: &str =
    "[sso-session corp]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = eu-central-1\n";
pub(super) const DEV: &str = "[profile dev]\ncredential_process = /opt/kcaws credential-process --session corp --account 111122223333 --role Admin\n";

pub(super) struct Desk {
    pub(super) home: tempfile::TempDir,
    pub(super) trials: FakeTrials,
    pub(super) probe: Option<FakeProbe>,
    pub(super) outside: FakeOutside,
    env: Vec<(String, String)>,
    asked: Asked,
}

#[derive(Clone, Default)]
pub(super) struct FakeOutside {
    pub(super) state: FakeStateFolder,
    pub(super) keyring: FakeKeyring,
    pub(super) absent: Vec<StoreKind>,
    /// What the start URL answers, once.
    pub(super) leads: Option<(u16, Option<String>)>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a temp folder"),
            trials: FakeTrials::default(),
            probe: Some(FakeProbe::default()),
            outside: FakeOutside::default(),
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

    pub(super) fn run_others(mut self) -> Self {
        self.asked.run_others = true;
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(super) fn look(&self, check: fn(&Scene<'_>) -> Vec<Finding>) -> Vec<Finding> {
        let env: Vec<(&str, &str)> =
            self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let folders = Folders {
            home: Some(self.home.path().to_path_buf()),
            state: Some(self.path("state")),
            config: None,
        };
        let app = App::over(
            Env::from_pairs(&env),
            folders,
            Arc::new(FakeClock::at(NOW)),
            Box::new(self.outside.clone()),
        );
        let machine = Machine::below(self.path("root"));
        let probe = self.probe.as_ref().map(|probe| probe as &dyn Probe);
        check(&Scene::new(&app, probe, &self.trials, &machine, &self.asked))
    }
}

pub(super) fn states(findings: &[Finding]) -> Vec<&'static str> {
    let word = |finding: &Finding| match finding.state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Error => "error",
    };
    assert!(findings.iter().all(|finding| (finding.state == State::Ok) == finding.mend.is_none()));
    findings.iter().map(word).collect()
}

impl Outside for FakeOutside {
    fn state(&self, _app: &App) -> Arc<dyn StateFolder> {
        Arc::new(self.state.clone())
    }

    fn warm_keys(&self, _app: &App) -> Box<dyn WarmKeys> {
        Box::new(FakeWarmKeys::default())
    }

    fn store(&self, _app: &App, kind: StoreKind) -> Result<Box<dyn SecretStore>, KeyringError> {
        if self.absent.contains(&kind) {
            return Err(KeyringError::Absent { store: kind, source: "there is none".into() });
        }
        Ok(Box::new(self.keyring.clone()))
    }

    fn identity_center(
        &self,
        _app: &App,
        _region: &str,
        _endpoints: &Endpoints,
        _patience: Patience,
    ) -> Result<Box<dyn IdentityCenter>, SetupError> {
        panic!("doctor asks nobody with a token")
    }

    fn signin(&self, _app: &App, _origin: Origin) -> Result<Box<dyn Signin>, SetupError> {
        panic!("doctor signs in nowhere")
    }

    fn redirects(&self, _app: &App) -> Result<Box<dyn Redirects>, SetupError> {
        let redirects = FakeRedirects::default();
        if let Some((status, location)) = &self.leads {
            redirects.will(*status, location.as_deref());
        }
        Ok(Box::new(redirects))
    }

    fn sts(&self, _app: &App, _endpoint: Origin, _region: &str) -> Result<Box<dyn Sts>, SetupError> {
        panic!("doctor asks nobody who it is")
    }

    fn callback(&self, _state: &Secret<String>) -> Result<Box<dyn Callback>, NoPort> {
        panic!("doctor logs nobody in")
    }

    fn clipboard(&self, _app: &App) -> Box<dyn Clipboard> {
        panic!("doctor copies nothing")
    }

    fn browser(&self, _app: &App) -> Box<dyn Browser> {
        panic!("doctor opens no browser")
    }
}
