//! What can end an administrator's command, without words of the command line.

use kcaws::app::SetupError;
use kcaws::app::error::AppError;

use super::{AwsSetupError, SecretError};
use crate::access_file::AccessFileError;
use crate::identity_center::instance::InstanceError;
use crate::ports::aws_call::AwsError;
use crate::ports::keycloak::KeycloakError;
use crate::ports::scim::ScimError;
use crate::sync::plan::SavedPlanError;
use crate::sync::read_fault::PlanError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    #[error(transparent)]
    AccessFile(#[from] AccessFileError),
    /// Of the developer's side: the config, an endpoint, STS.
    #[error(transparent)]
    Base(Box<AppError>),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    AwsSetup(#[from] AwsSetupError),
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error(transparent)]
    Keycloak(#[from] KeycloakError),
    #[error(transparent)]
    Scim(#[from] ScimError),
    #[error(transparent)]
    Instance(#[from] InstanceError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("{variable}: `{text}` is not a number of seconds from 1 to 3600")]
    Timeout { variable: &'static str, text: String },
    #[error(transparent)]
    SavedPlan(#[from] SavedPlanError),
}

impl From<AppError> for AdminError {
    fn from(error: AppError) -> Self {
        Self::Base(Box::new(error))
    }
}
