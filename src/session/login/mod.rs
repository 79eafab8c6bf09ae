//! A login in three steps, with the person between the second and the third: [`Session::check`] whether one is
//! needed, [`Session::begin_login`], [`Session::complete_login`].

use chrono::{DateTime, Utc};

use super::auto_login::AutoLogin;
use super::files::A_REFRESH;
use super::page::DevicePages;
use super::stale_copies;
use super::start_url::Portal;
use super::status::SessionStatus;
use super::{Flow, Login, LoginNeeded, Session, SessionError, TokenRecord};
use crate::platform::interrupt::CriticalSection;
use crate::ports::callback;
use crate::ports::identity_center::{
    ClientGrant, DeviceAuthorization, IssuedToken, Registration, ServiceError,
};

/// What the person is asked to approve.
pub struct PendingLogin {
    pub registration: Registration,
    pub authorization: DeviceAuthorization,
    pub pages: DevicePages,
}

impl Session<'_> {
    /// The stored login, if the service still takes it: a token that looks good but was ended over there must
    /// not make `login` say "already logged in". Refreshes an old one.
    pub fn check(&self) -> Result<Option<SessionStatus>, SessionError> {
        // The login that there is lies in another store: this one is to come here.
        if self.moved_to()?.is_some() {
            return Ok(None);
        }
        match self.prove() {
            Ok(()) => {
                // One that ends in a moment and has no successor is no reason to send anybody away.
                let is_fresh = |login: &Login| login.is_fresh(self.clock.now());
                let record = self.load()?.filter(|record| record.login.as_ref().is_some_and(is_fresh));
                Ok(record.map(|record| SessionStatus::of(&record, self.store.kind())))
            }
            // A login at another place is none here, and this command is the way to have one.
            Err(SessionError::LoginNeeded { .. } | SessionError::ForeignEndpoint { .. }) => Ok(None),
            // Whatever it does not like about the old login: a new one is how that is mended.
            Err(SessionError::Service(error)) if error.is_refusal() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks the service whether it takes the login that is stored.
    pub fn prove(&self) -> Result<(), SessionError> {
        match self.with_token(|token| self.center.list_accounts(token, None, Some(1)))? {
            // Logged in with no account to see is logged in.
            Ok(_) | Err(ServiceError::Forbidden | ServiceError::NotFound) => Ok(()),
            Err(ServiceError::Unauthorized) => Err(self.login_needed(LoginNeeded::TokenRefused)),
            Err(error) => Err(error.into()),
        }
    }

    /// Registers where there is no usable registration, proves that the store keeps what it is given, and asks
    /// for a code. Nobody is sent to the browser for a token that has no place to lie. Nothing is sent to another
    /// instance than that of the first login.
    pub fn begin_login(&self, client_name: &str, portal: &Portal) -> Result<PendingLogin, SessionError> {
        self.check_pin(portal)?;
        let mut registration = self.registration(Flow::Device, portal, client_name, false)?;
        let authorization = match self.center.start_device_authorization(&registration, &portal.start_url) {
            // The service does not know it any more, whatever it said of its life.
            Err(ServiceError::InvalidClient) => {
                registration = self.registration(Flow::Device, portal, client_name, true)?;
                self.center.start_device_authorization(&registration, &portal.start_url)
            }
            other => other,
        }?;
        let pages = DevicePages::of(&authorization, self.endpoints)?;
        Ok(PendingLogin { registration, authorization, pages })
    }

    /// `anew`: the service said that it does not know the stored one.
    pub(super) fn registration(
        &self,
        flow: Flow,
        portal: &Portal,
        client_name: &str,
        anew: bool,
    ) -> Result<Registration, SessionError> {
        let _lock = self.lock(A_REFRESH)?;
        let mut record = self.record_for_login()?;
        let known = record.usable_registration(flow, &self.config.scopes, self.clock.now());
        let registration = match known.filter(|_| !anew) {
            Some(registration) => registration.clone(),
            None => self.center.register_client(client_name, &self.config.scopes, grant(flow, portal))?,
        };
        // The login that there is needs its own for a refresh, until it has a successor.
        if anew || !record.login.as_ref().is_some_and(|login| login.flow == flow) {
            record.set_registration(flow, Some(registration.clone()));
        }
        let stored = record.registration_of(flow).map(|stored| stored.client_id.clone());
        self.save(&record)?;
        let kept = self.load()?.and_then(|record| record.registration_of(flow).cloned());
        if kept.map(|kept| kept.client_id) != stored {
            return Err(SessionError::StoreForgets { store: self.store.kind() });
        }
        Ok(registration)
    }

    /// The service may not know it any more: the next login registers anew. A login that somebody else made with it
    /// since `begun` proves that it does.
    pub(super) fn forget_registration(&self, flow: Flow, begun: DateTime<Utc>) -> Result<(), SessionError> {
        let _lock = self.lock(A_REFRESH)?;
        let Some(mut record) = self.load()? else { return Ok(()) };
        if record.login.as_ref().is_none_or(|login| login.flow != flow || login.logged_in_at < begun) {
            record.set_registration(flow, None);
            self.save(&record)?;
        }
        Ok(())
    }

    /// The stored record if it belongs to these endpoints; a login to other ones starts from nothing.
    fn record_for_login(&self) -> Result<TokenRecord, SessionError> {
        let stored = self.load_from_anywhere()?;
        let same = stored.filter(|record| record.may_go_to(self.endpoints));
        Ok(same.unwrap_or_else(|| TokenRecord::empty(self.config, self.endpoints)))
    }

    /// Stores the token and notes the times.
    pub fn complete_login(
        &self,
        flow: Flow,
        registration: Registration,
        token: IssuedToken,
    ) -> Result<SessionStatus, SessionError> {
        let _section = CriticalSection::enter();
        let _lock = self.lock(A_REFRESH)?;
        // What lies there is worth one registration, the other grant's: no reason to lose the token.
        let mut record =
            self.record_for_login().unwrap_or_else(|_| TokenRecord::empty(self.config, self.endpoints));
        record.set_registration(flow, Some(registration));
        record.login = Some(Login::from_issued(flow, token, self.clock.now()));
        let status = SessionStatus::of(&record, self.store.kind());
        self.save(&record)?;
        // What the store before still has would be a second way in: noted while the status file still names it.
        if let Some(before) = self.moved_to()? {
            stale_copies::note(self.config, self.state, &[before])?;
        }
        self.note_status(&status)?;
        // It may be another person's login; what was kept warm for the last one is not for this one.
        self.seal().forget()?;
        AutoLogin { config: self.config, state: self.state, clock: self.clock }.forget_failures()?;
        Ok(status)
    }
}

fn grant(flow: Flow, portal: &Portal) -> ClientGrant<'_> {
    match flow {
        Flow::Device => ClientGrant::Device,
        Flow::Pkce => ClientGrant::AuthorizationCode {
            redirect_uri: callback::REGISTERED,
            start_url: &portal.start_url,
        },
    }
}

#[cfg(test)]
mod tests;
