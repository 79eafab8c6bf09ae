//! The authorization code grant with PKCE: RFC 7636, and RFC 8252 for the redirect to this machine.
//!
//! The address is the one that the AWS CLI builds; AWS does not document it. Unlike a device code, it is useless to
//! send it to someone else: what their browser approves is redirected to their machine.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::page::PageUrl;
use super::start_url::Portal;
use super::status::SessionStatus;
use super::{Flow, Session, SessionError};
use crate::platform::aead::new_key;
use crate::platform::excerpt;
use crate::platform::loopback::{NoPort, Visitors};
use crate::ports::callback::{Callback, CallbackResult, LoginOutcome};
use crate::ports::identity_center::{Grant, IssuedToken, Registration, ServiceError};
use crate::ports::state_folder::StateError;
use crate::secret::Secret;

/// How long the browser may take to return with the code.
const PATIENCE: Duration = Duration::from_mins(5);
const TELL_EVERY: Duration = Duration::from_secs(1);

/// The characters that RFC 3986 section 2.3 does not encode.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub type Listen<'a> = &'a dyn Fn(&Secret<String>) -> Result<Box<dyn Callback>, NoPort>;

/// A login that waits for the browser to return.
///
/// If it is dropped, its tab reports a failure.
pub struct PendingPkceLogin {
    pub(super) registration: Registration,
    /// The page for the browser.
    ///
    /// Anyone who reads it could redirect a login of their own here (RFC 6749 section 10.12).
    pub page: PageUrl,
    callback: Box<dyn Callback>,
    verifier: Secret<String>,
    begun: DateTime<Utc>,
}

impl Session<'_> {
    /// Listens for the browser, then registers unless there is a usable registration.
    ///
    /// Listening comes first, since without a port there can be no such login. Registering proves that the store keeps
    /// what is written. Nothing is sent to an instance other than that of the first login.
    pub fn begin_pkce(
        &self,
        client_name: &str,
        portal: &Portal,
        listen: Listen<'_>,
    ) -> Result<PendingPkceLogin, SessionError> {
        self.check_pin(portal)?;
        let (state, verifier) = (unguessable()?, unguessable()?);
        let callback = listen(&state)?;
        let registration = self.registration(Flow::Pkce, portal, client_name, false)?;
        let page =
            self.authorize_page(&registration, &callback.redirect_uri(), &state, &challenge(&verifier))?;
        Ok(PendingPkceLogin { registration, page, callback, verifier, begun: self.clock.now() })
    }

    /// Waits for the browser, redeems its code, and stores the token.
    ///
    /// `tell` is called with the time left.
    pub fn finish_pkce(
        &self,
        pending: &PendingPkceLogin,
        tell: impl FnMut(Duration),
    ) -> Result<SessionStatus, SessionError> {
        let token = self.wait_for_return(pending, tell)?;
        self.complete_login(Flow::Pkce, pending.registration.clone(), token)
    }

    /// Waits for the browser and redeems its code at once.
    fn wait_for_return(
        &self,
        pending: &PendingPkceLogin,
        tell: impl FnMut(Duration),
    ) -> Result<IssuedToken, SessionError> {
        let Some(returned) = pending.wait(tell) else {
            // A client that the service has forgotten looks like this: its page shows an error, and the browser does
            // not return.
            let _ = self.forget_registration(Flow::Pkce, pending.begun);
            return Err(SessionError::NotBack { after: PATIENCE });
        };
        let code = match returned {
            CallbackResult::Code(code) => code,
            CallbackResult::Denied { description } => {
                return Err(SessionError::Denied { reason: description.as_deref().map(excerpt) });
            }
            CallbackResult::Refused { error, description } => {
                let description = description.as_deref().map(excerpt);
                return Err(SessionError::NoCode { error: excerpt(&error), description });
            }
        };
        let redirect_uri = pending.callback.redirect_uri();
        let grant = Grant::AuthorizationCode {
            code: &code,
            verifier: &pending.verifier,
            redirect_uri: &redirect_uri,
        };
        match self.center.create_token(&pending.registration, grant) {
            Ok(token) => Ok(token),
            Err(ServiceError::InvalidGrant) => Err(SessionError::CodeRefused),
            Err(ServiceError::ExpiredToken) => Err(SessionError::CodeExpired),
            Err(ServiceError::AccessDenied { reason }) => Err(SessionError::Denied { reason }),
            Err(error) => {
                if matches!(error, ServiceError::InvalidClient) {
                    let _ = self.forget_registration(Flow::Pkce, pending.begun);
                }
                Err(error.into())
            }
        }
    }

    fn authorize_page(
        &self,
        registration: &Registration,
        redirect_uri: &str,
        state: &Secret<String>,
        challenge: &str,
    ) -> Result<PageUrl, SessionError> {
        let scopes = registration.scopes.join(" ");
        let parameters = [
            ("response_type", "code"),
            ("client_id", &registration.client_id),
            ("redirect_uri", redirect_uri),
            ("state", state.expose()),
            ("code_challenge_method", "S256"),
            // Not `scope`; the AWS CLI sends the same.
            ("scopes", &scopes),
            ("code_challenge", challenge),
        ];
        let query: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)))
            .collect();
        PageUrl::judge(&format!("{}/authorize?{}", self.endpoints.oidc, query.join("&")), self.endpoints)
    }
}

impl PendingPkceLogin {
    /// Returns the local address for the browser, so that [`PendingPkceLogin::page`] is on no command line.
    ///
    /// `None` if no browser may be sent to that page.
    pub fn way_there(&self) -> Option<String> {
        Some(self.callback.send_on(self.page.to_open()?))
    }

    /// Returns who requested the local address and the callback.
    pub fn visitors(&self) -> Arc<Visitors> {
        self.callback.visitors()
    }

    /// Reports success in the browser tab; the token is stored.
    pub fn succeed(self) {
        self.callback.close(LoginOutcome::LoggedIn);
    }

    fn wait(&self, mut tell: impl FnMut(Duration)) -> Option<CallbackResult> {
        let mut left = PATIENCE;
        while !left.is_zero() {
            tell(left);
            let step = TELL_EVERY.min(left);
            if let Some(returned) = self.callback.wait(step) {
                return Some(returned);
            }
            left -= step;
        }
        None
    }
}

/// Returns 32 random bytes as 43 characters: RFC 7636 section 7.1 for the verifier, and as good for the state.
fn unguessable() -> Result<Secret<String>, SessionError> {
    let bytes = new_key().map_err(|_| StateError::NoRandom)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// Returns the code challenge: RFC 7636 section 4.2, S256.
fn challenge(verifier: &Secret<String>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()))
}

#[cfg(test)]
mod tests;
