//! The two ports that the hot paths may use, with the process's environment and folders.
//!
//! This module imports no other port: a program that links only these starts in half the time (ARCHITECTURE, "Hot
//! paths").

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::ports::clock::{Clock, SystemClock};
use crate::ports::sealing_key::{self, SealingKeys};
use crate::ports::state_folder::{DiskStateFolder, StateFolder};
use crate::profile::ConfigError;

pub struct HotPorts {
    pub env: Env,
    pub folders: Folders,
    pub clock: Arc<dyn Clock>,
    ports: Rc<dyn HotOpener>,
    state: OnceCell<Arc<dyn StateFolder>>,
    sealing_keys: OnceCell<Box<dyn SealingKeys>>,
}

/// Opens the ports of the hot paths; [`crate::app::Ports`] opens the others.
pub trait HotOpener {
    fn state(&self, folders: &Folders) -> Arc<dyn StateFolder>;
    fn sealing_keys(&self, env: &Env) -> Box<dyn SealingKeys>;
}

impl HotPorts {
    pub fn of_this_process() -> Self {
        let clock = Arc::new(SystemClock::new());
        Self::over(Env::from_process(), Folders::of_this_person(), clock, Rc::new(RealHotOpener))
    }

    pub fn over(env: Env, folders: Folders, clock: Arc<dyn Clock>, ports: Rc<dyn HotOpener>) -> Self {
        Self { env, folders, clock, ports, state: OnceCell::new(), sealing_keys: OnceCell::new() }
    }

    /// Returns the same ports; those already open stay open, except for the keys.
    #[must_use]
    pub fn reloaded(&self) -> Self {
        Self {
            env: self.env.clone(),
            folders: self.folders.clone(),
            clock: self.clock.clone(),
            ports: self.ports.clone(),
            state: self.state.clone(),
            sealing_keys: OnceCell::new(),
        }
    }

    pub fn state(&self) -> &dyn StateFolder {
        &**self.shared_state()
    }

    /// For who keeps the folder longer than the ports.
    pub fn shared_state(&self) -> &Arc<dyn StateFolder> {
        self.state.get_or_init(|| self.ports.state(&self.folders))
    }

    pub fn sealing_keys(&self) -> &dyn SealingKeys {
        &**self.sealing_keys.get_or_init(|| self.ports.sealing_keys(&self.env))
    }

    /// Returns the path of `~/.aws/config`.
    pub fn config_path(&self) -> Result<PathBuf, ConfigError> {
        self.folders.aws_config(&self.env).ok_or(ConfigError::NoHome)
    }
}

struct RealHotOpener;

impl HotOpener for RealHotOpener {
    fn state(&self, folders: &Folders) -> Arc<dyn StateFolder> {
        Arc::new(DiskStateFolder::new(folders.state.clone()))
    }

    fn sealing_keys(&self, env: &Env) -> Box<dyn SealingKeys> {
        sealing_key::open(env)
    }
}
