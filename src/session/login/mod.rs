//! A login in three steps, with the user's approval between the second and the third.
//!
//! [`Session::check`] returns whether one is needed, then [`Session::begin_login`] and [`Session::finish_login`].

use chrono::{DateTime, Utc};

use super::auto_login::AutoLogin;
use super::device::{Waiting, wait_for_approval};
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
use crate::ports::lock_wait;

/// What the user is asked to approve.
pub struct PendingLogin {
    pub registration: Registration,
    pub authorization: DeviceAuthorization,
    pub pages: DevicePages,
}

impl Session<'_> {
    /// Returns the stored login if the service still accepts it; refreshes an old one.
    ///
    /// A token that looks valid may have been ended by the service: then `login` must not report "already logged in".
    pub fn check(&self) -> Result<Option<SessionStatus>, SessionError> {
        // The current login is in another store, and this one is to be stored here.
        if self.moved_to()?.is_some() {
            return Ok(None);
        }
        match self.prove() {
            Ok(()) => {
                // A login that is about to expire and cannot be refreshed is no reason not to log in.
                let is_fresh = |login: &Login| login.is_fresh(self.clock.now());
                if !self.login_covers_account_access()? {
                    return Ok(None);
                }
                let record = self.load()?.filter(|record| record.login.as_ref().is_some_and(is_fresh));
                Ok(record.map(|record| SessionStatus::of(&record, self.store.kind())))
            }
            // A login at other endpoints does not count here; logging in is how to get one.
            Err(SessionError::LoginNeeded { .. } | SessionError::ForeignEndpoint { .. }) => Ok(None),
            // Whatever the service refuses about the old login, a new one fixes it.
            Err(SessionError::Service(error)) if error.is_refusal() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks the service whether it accepts the stored login.
    pub fn prove(&self) -> Result<(), SessionError> {
        match self.with_token(|token| self.center.list_accounts(token, None, Some(1)))? {
            // Without access to any account it is still a login.
            Ok(_) | Err(ServiceError::Forbidden | ServiceError::NotFound) => Ok(()),
            Err(ServiceError::Unauthorized) => Err(self.login_needed(LoginNeeded::TokenRefused)),
            Err(error) => Err(error.into()),
        }
    }

    /// Registers unless there is a usable registration, checks the store by a write, and asks for a code.
    ///
    /// The proof comes first so that the user does not approve a token that cannot be stored. Nothing is sent to an
    /// instance other than that of the first login.
    pub fn begin_login(&self, client_name: &str, portal: &Portal) -> Result<PendingLogin, SessionError> {
        self.check_pin(portal)?;
        let mut registration = self.registration(Flow::Device, portal, client_name, false)?;
        let authorization = match self.center.start_device_authorization(&registration, &portal.start_url) {
            // The service no longer accepts the registration, even before its announced expiry.
            Err(ServiceError::InvalidClient) => {
                registration = self.registration(Flow::Device, portal, client_name, true)?;
                self.center.start_device_authorization(&registration, &portal.start_url)
            }
            other => other,
        }?;
        let pages = DevicePages::of(&authorization, self.endpoints)?;
        Ok(PendingLogin { registration, authorization, pages })
    }

    /// Returns a usable registration. `is_rejected`: the service has rejected the stored one.
    pub(super) fn registration(
        &self,
        flow: Flow,
        portal: &Portal,
        client_name: &str,
        is_rejected: bool,
    ) -> Result<Registration, SessionError> {
        let _lock = self.lock(lock_wait::FOR_A_REFRESH)?;
        let mut record = self.record_for_login()?;
        let scopes = self.login_scopes();
        let known = record.usable_registration(flow, &scopes, self.clock.now());
        let registration = match known.filter(|_| !is_rejected) {
            Some(registration) => registration.clone(),
            None => self.center.register_client(client_name, &scopes, grant(flow, portal))?,
        };
        // The current login needs its own registration for a refresh until it is replaced.
        if is_rejected || !record.login.as_ref().is_some_and(|login| login.flow == flow) {
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

    /// Forgets the registration, which the service may have dropped, so that the next login registers again.
    ///
    /// If another process has logged in with it since `begun`, it is kept.
    pub(super) fn forget_registration(&self, flow: Flow, begun: DateTime<Utc>) -> Result<(), SessionError> {
        let _lock = self.lock(lock_wait::FOR_A_REFRESH)?;
        let Some(mut record) = self.load()? else { return Ok(()) };
        if record.login.as_ref().is_none_or(|login| login.flow != flow || login.logged_in_at < begun) {
            record.set_registration(flow, None);
            self.save(&record)?;
        }
        Ok(())
    }

    /// Returns the stored record if it belongs to these endpoints; a login at other ones starts from an empty record.
    fn record_for_login(&self) -> Result<TokenRecord, SessionError> {
        let stored = self.load_from_anywhere()?;
        let same = stored.filter(|record| record.may_go_to(self.endpoints));
        Ok(same.unwrap_or_else(|| TokenRecord::empty(self.config, self.endpoints)))
    }

    /// Waits until the user has approved the login, and stores its token.
    pub fn finish_login(
        &self,
        pending: PendingLogin,
        tell: impl FnMut(Waiting),
    ) -> Result<SessionStatus, SessionError> {
        let PendingLogin { registration, authorization, .. } = pending;
        let token = wait_for_approval(self.center, self.clock, &registration, &authorization, tell)?;
        self.complete_login(Flow::Device, registration, token)
    }

    /// Stores the token and its times.
    pub(crate) fn complete_login(
        &self,
        flow: Flow,
        registration: Registration,
        token: IssuedToken,
    ) -> Result<SessionStatus, SessionError> {
        let _section = CriticalSection::enter();
        let _lock = self.lock(lock_wait::FOR_A_REFRESH)?;
        // The stored record is worth one registration of the other grant: no reason to lose the token.
        let mut record =
            self.record_for_login().unwrap_or_else(|_| TokenRecord::empty(self.config, self.endpoints));
        record.set_registration(flow, Some(registration));
        record.account_access.clone_from(&self.endpoints.account_access);
        record.login = Some(Login::from_issued(flow, token, self.clock.now()));
        let status = SessionStatus::of(&record, self.store.kind());
        self.save(&record)?;
        // A copy in the previous store would be a second way in. It is noted while the status file still names that
        // store.
        if let Some(before) = self.moved_to()? {
            stale_copies::note(self.config, self.state, &[before])?;
        }
        self.note_status(&status)?;
        // It may be another user's login; credentials cached for the last one are not for this one.
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
