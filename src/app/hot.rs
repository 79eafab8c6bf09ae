//! The two ports that the hot paths may touch, with what every command knows of its process. It names no other port:
//! a program that links no more than this starts in half the time (ARCHITECTURE, "Hot paths").

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::ports::clock::{Clock, SystemClock};
use crate::ports::state_folder::{DiskStateFolder, StateFolder};
use crate::ports::warm_key::{self, WarmKeys};
use crate::profile::ConfigError;

pub struct Near {
    pub env: Env,
    pub folders: Folders,
    pub clock: Arc<dyn Clock>,
    outside: Rc<dyn NearOutside>,
    state: OnceCell<Arc<dyn StateFolder>>,
    warm_keys: OnceCell<Box<dyn WarmKeys>>,
}

/// How they are opened; the far ones by [`crate::app::Outside`].
pub trait NearOutside {
    fn state(&self, folders: &Folders) -> Arc<dyn StateFolder>;
    fn warm_keys(&self, env: &Env) -> Box<dyn WarmKeys>;
}

impl Near {
    pub fn of_this_process() -> Self {
        let clock = Arc::new(SystemClock::new());
        Self::over(Env::from_process(), Folders::of_this_person(), clock, Rc::new(RealNear))
    }

    pub fn over(env: Env, folders: Folders, clock: Arc<dyn Clock>, outside: Rc<dyn NearOutside>) -> Self {
        Self { env, folders, clock, outside, state: OnceCell::new(), warm_keys: OnceCell::new() }
    }

    /// The same world; what was opened stays open, but for the keys.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            env: self.env.clone(),
            folders: self.folders.clone(),
            clock: self.clock.clone(),
            outside: self.outside.clone(),
            state: self.state.clone(),
            warm_keys: OnceCell::new(),
        }
    }

    pub fn state(&self) -> &Arc<dyn StateFolder> {
        self.state.get_or_init(|| self.outside.state(&self.folders))
    }

    pub fn warm_keys(&self) -> &dyn WarmKeys {
        &**self.warm_keys.get_or_init(|| self.outside.warm_keys(&self.env))
    }

    /// Where `~/.aws/config` is.
    pub fn config_path(&self) -> Result<PathBuf, ConfigError> {
        self.folders.aws_config(&self.env).ok_or(ConfigError::NoHome)
    }
}

struct RealNear;

impl NearOutside for RealNear {
    fn state(&self, folders: &Folders) -> Arc<dyn StateFolder> {
        Arc::new(DiskStateFolder::new(folders.state.clone()))
    }

    fn warm_keys(&self, env: &Env) -> Box<dyn WarmKeys> {
        warm_key::open(env)
    }
}
