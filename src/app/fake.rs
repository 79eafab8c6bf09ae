//! The ports that a test passes to an [`App`].
//!
//! Opening a port that was not passed in fails the test, which proves what a command does not touch.

use std::sync::Arc;

use super::{App, Ports, SetupError};
use crate::app::hot::HotOpener;
use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::platform::loopback::NoPort;
use crate::ports::browser::{Browser, FakeBrowser};
use crate::ports::callback::Callback;
use crate::ports::clipboard::Clipboard;
use crate::ports::download::Download;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::identity_center::{Endpoints, IdentityCenter, Origin, Patience};
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::ports::redirects::{FakeRedirects, Redirects};
use crate::ports::sealing_key::SealingKeys;
use crate::ports::sealing_key::fake::FakeSealingKeys;
use crate::ports::signin::Signin;
use crate::ports::state_folder::{FakeStateFolder, StateFolder};
use crate::ports::sts::Sts;
use crate::secret::Secret;

type OpenStore = dyn Fn(StoreKind) -> Result<Box<dyn SecretStore>, KeyringError>;
type Listen = dyn Fn(&Secret<String>) -> Result<Box<dyn Callback>, NoPort>;

#[derive(Clone, Default)]
pub(crate) struct FakePorts {
    pub(crate) state: Option<FakeStateFolder>,
    pub(crate) sealing_keys: Option<FakeSealingKeys>,
    pub(crate) store: Option<Arc<OpenStore>>,
    pub(crate) identity_center: Option<Arc<dyn Fn() -> FakeIdentityCenter>>,
    pub(crate) redirects: Option<Arc<dyn Fn() -> FakeRedirects>>,
    pub(crate) browser: Option<FakeBrowser>,
    pub(crate) callback: Option<Arc<Listen>>,
}

fn handed<'a, T>(port: Option<&'a T>, name: &str) -> &'a T {
    port.unwrap_or_else(|| panic!("{name} is nothing that this command may open"))
}

impl HotOpener for FakePorts {
    fn state(&self, _folders: &Folders) -> Arc<dyn StateFolder> {
        Arc::new(handed(self.state.as_ref(), "the state folder").clone())
    }

    fn sealing_keys(&self, _env: &Env) -> Box<dyn SealingKeys> {
        Box::new(handed(self.sealing_keys.as_ref(), "a warm key").clone())
    }
}

impl Ports for FakePorts {
    fn store(&self, _app: &App, kind: StoreKind) -> Result<Box<dyn SecretStore>, KeyringError> {
        handed(self.store.as_ref(), "a keyring store")(kind)
    }

    fn identity_center(
        &self,
        _app: &App,
        _region: &str,
        _endpoints: &Endpoints,
        _patience: Patience,
    ) -> Result<Box<dyn IdentityCenter>, SetupError> {
        Ok(Box::new(handed(self.identity_center.as_ref(), "Identity Center")()))
    }

    fn signin(&self, _app: &App, _origin: Origin) -> Result<Box<dyn Signin>, SetupError> {
        panic!("the sign-in host is nothing that this command may open")
    }

    fn sts(&self, _app: &App, _endpoint: Origin, _region: &str) -> Result<Box<dyn Sts>, SetupError> {
        panic!("STS is nothing that this command may open")
    }

    fn redirects(&self, _app: &App) -> Result<Box<dyn Redirects>, SetupError> {
        Ok(Box::new(handed(self.redirects.as_ref(), "the start URL")()))
    }

    fn download(&self, _app: &App) -> Result<Box<dyn Download>, SetupError> {
        panic!("a download is nothing that this command may start")
    }

    fn browser(&self, _app: &App, _session: &str) -> Box<dyn Browser> {
        Box::new(handed(self.browser.as_ref(), "the browser").clone())
    }

    fn callback(&self, state: &Secret<String>) -> Result<Box<dyn Callback>, NoPort> {
        handed(self.callback.as_ref(), "a port to come back to")(state)
    }

    fn clipboard(&self, _app: &App) -> Box<dyn Clipboard> {
        panic!("the clipboard is nothing that this command may open")
    }
}
