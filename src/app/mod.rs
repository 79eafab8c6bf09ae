//! The lazily opened ports.
//!
//! Building an `App` opens nothing, and a command pays only for the ports that it uses (rule 6).

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::rc::Rc;

use crate::app::hot::HotPorts;
use crate::platform::file_stamp::FileStamp;
use crate::platform::http::{HttpSetup, HttpSetupError};
use crate::platform::loopback::NoPort;
use crate::platform::roots::Bundle;
use crate::ports::browser::{Browser, SystemBrowser};
use crate::ports::callback::{Callback, LoopbackCallback};
use crate::ports::clipboard::{Clipboard, SystemClipboard};
use crate::ports::config_file::{ConfigFile, DiskConfigFile};
use crate::ports::download::{Download, HttpDownload};
use crate::ports::identity_center::sdk::SdkIdentityCenter;
use crate::ports::identity_center::{Endpoints, IdentityCenter, Origin, Patience};
use crate::ports::keyring::{self, KeyringError, SecretStore, StoreKind};
use crate::ports::passphrase::{KeptPassphrase, PassphraseSource, SystemPassphrases};
use crate::ports::redirects::{HttpRedirects, Redirects};
use crate::ports::signin::{HttpSignin, Signin};
use crate::ports::sts::{HttpSts, Sts};
use crate::profile::{ConfigError, Document, SsoSession};
use crate::secret::Secret;
use crate::settings::{Settings, SettingsError, SettingsFiles};

pub mod account;
pub mod assume;
pub mod endpoints;
pub mod error;
#[cfg(test)]
pub(crate) mod fake;
pub mod hot;
pub mod open;
pub mod provider;
pub mod resolve;

/// All ports of a command: the [`HotPorts`], to which it dereferences, and the others.
pub struct App {
    hot: HotPorts,
    ports: Rc<dyn Ports>,
    document: OnceCell<(Option<FileStamp>, Document)>,
    credentials_document: OnceCell<Option<Document>>,
    settings: OnceCell<Settings>,
    /// See [`resolve`]: by the name of a session and a portal.
    former_sessions: RefCell<HashMap<(String, String), Option<SsoSession>>>,
    passphrase: KeptPassphrase,
    profile_in_force: RefCell<Option<String>>,
}

/// The HTTP client or its runtime could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Http(#[from] HttpSetupError),
    #[error("cannot start the network runtime")]
    Runtime(#[source] std::io::Error),
}

/// Opens each port.
///
/// Tests pass in fakes, and ports that panic when a command opens one that it must not use.
pub trait Ports {
    fn store(&self, app: &App, kind: StoreKind) -> Result<Box<dyn SecretStore>, KeyringError>;
    fn identity_center(
        &self,
        app: &App,
        region: &str,
        endpoints: &Endpoints,
        patience: Patience,
    ) -> Result<Box<dyn IdentityCenter>, SetupError>;
    fn signin(&self, app: &App, origin: Origin) -> Result<Box<dyn Signin>, SetupError>;
    fn sts(&self, app: &App, endpoint: Origin, region: &str) -> Result<Box<dyn Sts>, SetupError>;
    fn redirects(&self, app: &App) -> Result<Box<dyn Redirects>, SetupError>;
    fn download(&self, app: &App) -> Result<Box<dyn Download>, SetupError>;
    fn browser(&self, app: &App, session: &str) -> Box<dyn Browser>;
    fn callback(&self, state: &Secret<String>) -> Result<Box<dyn Callback>, NoPort>;
    fn clipboard(&self, app: &App) -> Box<dyn Clipboard>;
}

impl Deref for App {
    type Target = HotPorts;

    fn deref(&self) -> &HotPorts {
        &self.hot
    }
}

impl App {
    pub fn of_this_process() -> Self {
        Self::of(HotPorts::of_this_process(), Rc::new(RealPorts::default()))
    }

    /// Returns the real ports for a process whose hot path has already opened some.
    pub fn with_hot(hot: HotPorts) -> Self {
        Self::of(hot, Rc::new(RealPorts::default()))
    }

    fn of(hot: HotPorts, ports: Rc<dyn Ports>) -> Self {
        Self {
            hot,
            ports,
            document: OnceCell::new(),
            credentials_document: OnceCell::new(),
            settings: OnceCell::new(),
            former_sessions: RefCell::default(),
            passphrase: KeptPassphrase::default(),
            profile_in_force: RefCell::default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn over(
        env: crate::platform::env::Env,
        folders: crate::platform::folders::Folders,
        clock: std::sync::Arc<dyn crate::ports::clock::Clock>,
        ports: impl Ports + crate::app::hot::HotOpener + 'static,
    ) -> Self {
        let ports = Rc::new(ports);
        Self::of(HotPorts::over(env, folders, clock, ports.clone()), ports)
    }

    /// Returns the same ports with the config file unread, for a command that has just written it.
    #[must_use]
    pub fn reloaded(&self) -> Self {
        Self { passphrase: self.passphrase.clone(), ..Self::of(self.hot.reloaded(), self.ports.clone()) }
    }

    /// Returns the passphrase that the calls of one long process share; pass it to [`App::for_next_call`].
    pub fn passphrase(&self) -> &KeptPassphrase {
        &self.passphrase
    }

    /// Returns fresh ports for another call in this process.
    ///
    /// Only the passphrase is kept, since it may be readable only once.
    pub fn for_next_call(passphrase: &KeptPassphrase) -> Self {
        Self { passphrase: passphrase.clone(), ..Self::of_this_process() }
    }

    /// Opens the config file for writing.
    pub fn config_file(&self, path: PathBuf) -> Box<dyn ConfigFile> {
        Box::new(DiskConfigFile::new(path))
    }

    /// Returns `~/.aws/credentials`, which is read once; an unreadable file counts as one without profiles.
    pub fn credentials_document(&self) -> Option<&Document> {
        let load = || Document::load(&self.folders.aws_credentials(&self.env)?).ok();
        self.credentials_document.get_or_init(load).as_ref()
    }

    /// Returns `~/.aws/config`, which is read once.
    pub fn document(&self) -> Result<&Document, ConfigError> {
        Ok(&self.stamped_document()?.1)
    }

    /// Returns `~/.aws/config` with the stamp of the file, taken before it was read.
    pub fn stamped_document(&self) -> Result<&(Option<FileStamp>, Document), ConfigError> {
        if let Some(document) = self.document.get() {
            return Ok(document);
        }
        let path = self.config_path()?;
        let stamp = FileStamp::of(&path);
        let document = Document::load(&path)?;
        Ok(self.document.get_or_init(|| (stamp, document)))
    }

    /// Returns `config.toml` and the variables that override it, read once.
    pub fn settings(&self) -> Result<&Settings, SettingsError> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let settings = Settings::load(&self.settings_files(), &self.env)?;
        Ok(self.settings.get_or_init(|| settings))
    }

    /// Reads the settings without the files and variables that are wrong, and returns what is wrong with those.
    ///
    /// From then on [`Self::settings`] returns them: for a command that must work all the same.
    pub fn load_usable_settings(&self) -> Vec<SettingsError> {
        let (settings, errors) = Settings::load_usable(&self.settings_files(), &self.env);
        self.settings.get_or_init(|| settings);
        errors
    }

    /// Returns the files that [`Self::settings`] reads.
    pub fn settings_files(&self) -> SettingsFiles {
        SettingsFiles {
            system: self.folders.system_configs(&self.env),
            is_named: self.folders.has_named_system_config(&self.env),
            folder: self.folders.config.clone(),
        }
    }

    /// Switches to this profile if it differs from the one that the environment chooses.
    pub fn act_for(&self, profile: Option<String>) {
        self.profile_in_force.replace(profile);
    }

    /// Returns the certificate files that the environment and the default and current profiles name.
    ///
    /// An unreadable config is reported where it decides something.
    pub fn ca_bundles(&self) -> Vec<Bundle> {
        let mut bundles = Bundle::of_env(&self.env);
        if let Ok(document) = self.document() {
            let in_force = self.profile_in_force.borrow().clone().or_else(|| self.env.profile());
            bundles.extend(document.ca_bundles(in_force.as_deref(), self.folders.home.as_deref()));
        }
        bundles
    }

    pub fn store(&self, kind: StoreKind) -> Result<Box<dyn SecretStore>, KeyringError> {
        self.ports.store(self, kind)
    }

    pub fn identity_center(
        &self,
        region: &str,
        endpoints: &Endpoints,
        patience: Patience,
    ) -> Result<Box<dyn IdentityCenter>, SetupError> {
        self.ports.identity_center(self, region, endpoints, patience)
    }

    pub fn signin(&self, origin: Origin) -> Result<Box<dyn Signin>, SetupError> {
        self.ports.signin(self, origin)
    }

    pub fn sts(&self, endpoint: Origin, region: &str) -> Result<Box<dyn Sts>, SetupError> {
        self.ports.sts(self, endpoint, region)
    }

    pub fn redirects(&self) -> Result<Box<dyn Redirects>, SetupError> {
        self.ports.redirects(self)
    }

    pub fn download(&self) -> Result<Box<dyn Download>, SetupError> {
        self.ports.download(self)
    }

    /// Returns the browser for a session, which may have its own.
    pub fn browser(&self, session: &str) -> Box<dyn Browser> {
        self.ports.browser(self, session)
    }

    /// Listens for the browser's callback with `state`.
    pub fn callback(&self, state: &Secret<String>) -> Result<Box<dyn Callback>, NoPort> {
        self.ports.callback(state)
    }

    pub fn clipboard(&self) -> Box<dyn Clipboard> {
        self.ports.clipboard(self)
    }
}

#[derive(Default)]
struct RealPorts {
    /// Keyed by the certificates that it trusts, since profiles may name their own.
    http: RefCell<Option<(Vec<Bundle>, HttpSetup)>>,
    /// Shared by all stores: a descriptor can be read only once.
    passphrases: OnceCell<Rc<dyn PassphraseSource>>,
}

impl RealPorts {
    fn passphrases(&self, app: &App) -> &Rc<dyn PassphraseSource> {
        self.passphrases
            .get_or_init(|| Rc::new(SystemPassphrases::new(app.env.clone(), app.passphrase.clone())))
    }

    fn http(&self, app: &App) -> Result<HttpSetup, SetupError> {
        let bundles = app.ca_bundles();
        if let Some((known, http)) = &*self.http.borrow()
            && *known == bundles
        {
            return Ok(http.clone());
        }
        let http = HttpSetup::trusting(&bundles, &app.env, app.clock.clone())?;
        self.http.replace(Some((bundles, http.clone())));
        Ok(http)
    }
}

impl Ports for RealPorts {
    fn store(&self, app: &App, kind: StoreKind) -> Result<Box<dyn SecretStore>, KeyringError> {
        keyring::open(kind, &app.env, &app.folders, app.shared_state(), self.passphrases(app))
    }

    fn identity_center(
        &self,
        app: &App,
        region: &str,
        endpoints: &Endpoints,
        patience: Patience,
    ) -> Result<Box<dyn IdentityCenter>, SetupError> {
        let center = SdkIdentityCenter::new(region, endpoints.clone(), patience, self.http(app)?);
        Ok(Box::new(center.map_err(SetupError::Runtime)?))
    }

    fn signin(&self, app: &App, origin: Origin) -> Result<Box<dyn Signin>, SetupError> {
        Ok(Box::new(HttpSignin::new(self.http(app)?, origin)))
    }

    fn sts(&self, app: &App, endpoint: Origin, region: &str) -> Result<Box<dyn Sts>, SetupError> {
        let http = self.http(app)?;
        Ok(Box::new(HttpSts::new(http, endpoint, region.to_owned())))
    }

    fn redirects(&self, app: &App) -> Result<Box<dyn Redirects>, SetupError> {
        Ok(Box::new(HttpRedirects(self.http(app)?)))
    }

    fn download(&self, app: &App) -> Result<Box<dyn Download>, SetupError> {
        Ok(Box::new(HttpDownload(self.http(app)?)))
    }

    fn browser(&self, app: &App, session: &str) -> Box<dyn Browser> {
        // Unreadable settings are reported where they decide something.
        let settings = app.settings().ok();
        let usual = settings.and_then(|settings| settings.browser(session).map(str::to_owned));
        Box::new(SystemBrowser::new(app.env.clone(), usual))
    }

    fn clipboard(&self, app: &App) -> Box<dyn Clipboard> {
        Box::new(SystemClipboard::new(app.env.clone()))
    }

    fn callback(&self, state: &Secret<String>) -> Result<Box<dyn Callback>, NoPort> {
        Ok(Box::new(LoopbackCallback::listen(state)?))
    }
}
