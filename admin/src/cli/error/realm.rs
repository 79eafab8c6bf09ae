//! Errors of what is decided about the realm.

use kcaws::cli::error::{CommandError, ErrorCode, Exit};

use crate::realm::client::{ClientApplyError, ClientPlanError};
use crate::realm::idp_metadata::IdpMetadataError;
use crate::realm::login_events::RecordingError;
use crate::realm::service_provider::ServiceProviderError;

impl From<ServiceProviderError> for CommandError {
    fn from(error: ServiceProviderError) -> Self {
        let hint = match &error {
            ServiceProviderError::IdentityProvider => {
                "this is the file that goes to AWS; download the other one under Settings, Identity source, Manage authentication"
            }
            ServiceProviderError::TooLarge
            | ServiceProviderError::NotXml(_)
            | ServiceProviderError::Doctype
            | ServiceProviderError::NotMetadata
            | ServiceProviderError::SeveralEntities(_)
            | ServiceProviderError::NoEntityId
            | ServiceProviderError::NoPostService
            | ServiceProviderError::TooManyServices
            | ServiceProviderError::Location(_) => {
                "download `IAM Identity Center SAML metadata` from the console again and give that file"
            }
        };
        Self::new(Exit::Configuration, ErrorCode::NotUnderstood, error.to_string()).hint(hint)
    }
}

impl From<ClientPlanError> for CommandError {
    fn from(error: ClientPlanError) -> Self {
        let message = error.to_string();
        match error {
            ClientPlanError::Keycloak(error) => error.into(),
            ClientPlanError::AnotherProtocol { .. } => Self::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("rename or remove that client in Keycloak, if it is not used"),
        }
    }
}

impl From<ClientApplyError> for CommandError {
    fn from(error: ClientApplyError) -> Self {
        let message = error.to_string();
        match error {
            ClientApplyError::Plan(error) => error.into(),
            ClientApplyError::Keycloak(error) => error.into(),
            ClientApplyError::Audit(why) => Self::new(Exit::Failed, ErrorCode::OutputFile, message)
                .because(why.to_string())
                .hint("make room for it, or name another with --audit; then run the same command again"),
            ClientApplyError::NotSettled(_) => Self::new(Exit::Failed, ErrorCode::KeepsChanging, message)
                .hint("something else changes the client too: look at the admin events of the realm"),
        }
    }
}

impl From<IdpMetadataError> for CommandError {
    fn from(error: IdpMetadataError) -> Self {
        Self::new(Exit::Failed, ErrorCode::NotUnderstood, error.to_string())
            .hint("open the descriptor in a browser: a proxy may answer in Keycloak's place")
    }
}

impl From<RecordingError> for CommandError {
    fn from(error: RecordingError) -> Self {
        let message = error.to_string();
        match error {
            RecordingError::Keycloak(error) => {
                let error: Self = error.into();
                let cause = error.message.clone();
                Self::new(Exit::Failed, ErrorCode::Partial, "login events are still recorded").because(cause).hint(
                    "switch them off in Keycloak: Realm settings, Events, User events settings, Save events",
                )
            }
            RecordingError::ChangedMeanwhile => Self::new(Exit::Failed, ErrorCode::KeepsChanging, message)
                .hint("look at Realm settings, Events in Keycloak, and set them as you want them"),
        }
    }
}
