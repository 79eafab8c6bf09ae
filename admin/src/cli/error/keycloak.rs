//! Errors of Keycloak.

use kcaws::cli::error::{CommandError, ErrorCode, Exit};

use crate::ports::keycloak::KeycloakError;

impl From<KeycloakError> for CommandError {
    fn from(error: KeycloakError) -> Self {
        let message = error.to_string();
        let failure = |exit, code| Self::new(exit, code, message.clone());
        match &error {
            KeycloakError::Unreachable(_) => failure(Exit::Failed, ErrorCode::Unreachable)
                .hint("check [realm] url in the access file, the network and the proxy (HTTPS_PROXY)"),
            KeycloakError::NotKeycloak { .. } => failure(Exit::Configuration, ErrorCode::Keycloak)
                .hint("[realm] url is the address of the server, such as https://sso.example.com, without /realms/…"),
            KeycloakError::NoRealm { .. } => failure(Exit::Configuration, ErrorCode::Keycloak)
                .hint("[realm] name is the realm's name in the admin console, in the same letters"),
            KeycloakError::ServiceAccount { client_id, .. } => {
                failure(Exit::LoginNeeded, ErrorCode::KeycloakDenied).hint(format!(
                    "in the realm, the client `{client_id}` needs client authentication and service account roles on; `kcaws admin init` stores its secret, unless KCAWS_KEYCLOAK_SECRET_FILE names a file that holds it"
                ))
            }
            KeycloakError::TokenRefused => failure(Exit::Failed, ErrorCode::KeycloakDenied)
                .hint("check the clock of the server, and whether a proxy changes the Host header (hostname)"),
            KeycloakError::Forbidden { needs } => failure(Exit::Failed, ErrorCode::KeycloakDenied).hint(format!(
                "give the service account the role `{needs}` of the client realm-management; `kcaws admin policy keycloak` lists all that are needed"
            )),
            KeycloakError::NotFound { .. } => failure(Exit::Failed, ErrorCode::Keycloak)
                .hint("it may have been removed a moment ago: run the same command again"),
            KeycloakError::Conflict { .. } => failure(Exit::Failed, ErrorCode::Keycloak)
                .hint("somebody else made it a moment ago: run the same command again"),
            KeycloakError::Unavailable { .. } => failure(Exit::Failed, ErrorCode::ServerError)
                .hint("run the same command again in a minute; the server's log has the reason"),
            KeycloakError::Refused { .. } => {
                failure(Exit::Failed, ErrorCode::Keycloak).hint("the server's log has the reason")
            }
            KeycloakError::Response { .. } => failure(Exit::Failed, ErrorCode::NotUnderstood)
                .hint("something before Keycloak may answer in its place: check [realm] url and the proxy"),
        }
    }
}
