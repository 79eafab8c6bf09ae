//! What stands between a parsed command and the domain: the access file, secrets and ports, each opened when first used.

mod aws;
mod error;
mod secrets;

use std::cell::OnceCell;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use kcaws::app::{App, SetupError};
use kcaws::platform::http::HttpSetup;

pub(crate) use self::aws::{Aws, AwsSetupError};
pub(crate) use self::error::AdminError;
pub(crate) use self::secrets::{AdminSecret, SecretError, SecretKind, SecretRecord};
use crate::access_file::{AccessFile, DEFAULT_NAME};

/// The variable that names the access file.
pub(crate) const FILE_VARIABLE: &str = "KCAWS_ADMIN_FILE";

/// The ports of an administrator's command, and kcaws's own, to which it dereferences.
pub(crate) struct AdminApp {
    base: App,
    http: OnceCell<HttpSetup>,
    aws: OnceCell<Aws>,
}

impl Deref for AdminApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.base
    }
}

impl AdminApp {
    pub(crate) fn new(base: App) -> Self {
        Self { base, http: OnceCell::new(), aws: OnceCell::new() }
    }

    /// Returns the path of the access file: as given, or by the environment, or in the current folder.
    pub(crate) fn access_file_path(&self, given: Option<&Path>) -> PathBuf {
        let by_variable = || self.env.get(FILE_VARIABLE).map(PathBuf::from);
        given.map(Path::to_owned).or_else(by_variable).unwrap_or_else(|| PathBuf::from(DEFAULT_NAME))
    }

    pub(crate) fn access_file(&self, given: Option<&Path>) -> Result<AccessFile, AdminError> {
        Ok(AccessFile::load(&self.access_file_path(given))?)
    }

    /// Returns the HTTP client that all services share.
    pub(crate) fn http(&self) -> Result<&HttpSetup, AdminError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = HttpSetup::trusting(&self.ca_bundles(), &self.env, self.clock.clone()).map_err(SetupError::Http)?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Returns the connection to AWS, with the credentials of the profile in the file or of the default chain.
    pub(crate) fn aws(&self, file: &AccessFile) -> Result<&Aws, AdminError> {
        if let Some(aws) = self.aws.get() {
            return Ok(aws);
        }
        let center = &file.identity_center;
        self.act_for(center.profile.clone());
        let aws = Aws::load(&center.region, center.profile.as_deref(), self.http()?.clone())?;
        Ok(self.aws.get_or_init(|| aws))
    }
}
