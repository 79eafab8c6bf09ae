//! The lazy ports. Building an `App` opens nothing; what a command never asks for costs it nothing (rule 6).

use std::cell::OnceCell;
use std::sync::Arc;

use crate::ports::browser::{Browser, SystemBrowser};
use crate::ports::clock::{Clock, SystemClock};
use crate::ports::env::Env;
use crate::ports::folders::Folders;
use crate::ports::http::{HttpSetup, HttpSetupError};
use crate::ports::identity_center::sdk::SdkIdentityCenter;
use crate::ports::identity_center::{Endpoints, IdentityCenter, Origin, Patience};
use crate::ports::keyring::{self, KeyringError, SecretStore, StoreKind};
use crate::ports::signin::{HttpSignin, Signin};
use crate::ports::state_folder::{DiskStateFolder, StateFolder};
use crate::profile::{ConfigError, Document};

pub struct App {
    pub env: Env,
    pub folders: Folders,
    pub clock: Arc<dyn Clock>,
    state: OnceCell<Arc<dyn StateFolder>>,
    document: OnceCell<Document>,
    http: OnceCell<HttpSetup>,
}

/// The HTTP client or its runtime cannot even be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Http(#[from] HttpSetupError),
    #[error("the network runtime does not start")]
    Runtime(#[source] std::io::Error),
}

impl App {
    pub fn of_this_process() -> Self {
        Self {
            env: Env::from_process(),
            folders: Folders::of_this_person(),
            clock: Arc::new(SystemClock::new()),
            state: OnceCell::new(),
            document: OnceCell::new(),
            http: OnceCell::new(),
        }
    }

    pub fn state(&self) -> &Arc<dyn StateFolder> {
        self.state.get_or_init(|| Arc::new(DiskStateFolder::new(self.folders.state.clone())))
    }

    /// `~/.aws/config`, read once.
    pub fn document(&self) -> Result<&Document, ConfigError> {
        if let Some(document) = self.document.get() {
            return Ok(document);
        }
        let path = self.folders.aws_config(&self.env).ok_or(ConfigError::NoHome)?;
        let document = Document::load(&path)?;
        Ok(self.document.get_or_init(|| document))
    }

    pub fn store(&self, kind: StoreKind) -> Result<Box<dyn SecretStore>, KeyringError> {
        keyring::open(kind, &self.env, &self.folders, self.state())
    }

    pub fn identity_center(
        &self,
        region: &str,
        endpoints: &Endpoints,
        patience: Patience,
    ) -> Result<Box<dyn IdentityCenter>, SetupError> {
        let center = SdkIdentityCenter::new(region, endpoints.clone(), patience, self.http()?.clone());
        Ok(Box::new(center.map_err(SetupError::Runtime)?))
    }

    pub fn signin(&self, origin: Origin) -> Result<Box<dyn Signin>, SetupError> {
        Ok(Box::new(HttpSignin::new(self.http()?.clone(), origin)))
    }

    pub fn browser(&self) -> Box<dyn Browser> {
        Box::new(SystemBrowser::new(self.env.clone()))
    }

    fn http(&self) -> Result<&HttpSetup, HttpSetupError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = HttpSetup::from_env(&self.env, self.clock.clone())?;
        Ok(self.http.get_or_init(|| http))
    }
}
