//! Opens a session with its ports, for each kind of command.

use std::cell::Cell;
use std::time::Duration;

use super::error::AppError;
use super::resolve::{ResolvedSession, never_logged_in};
use super::{App, endpoints};
use crate::ports::identity_center::{Endpoints, IdentityCenter, Patience};
use crate::ports::keyring::{KeyringError, Prompting, SecretStore, StoreKind};
use crate::ports::lock_wait;
use crate::session::start_url::{self, Portal};
use crate::session::{Session, SessionError, store_selection, token_store};

/// Whether there is someone to prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    NoOne,
    /// A user at the terminal.
    APerson,
}

/// A session with its ports.
pub struct OpenSession<'a> {
    app: &'a App,
    pub selected: ResolvedSession,
    pub endpoints: Endpoints,
    store: Box<dyn SecretStore>,
    center: Box<dyn IdentityCenter>,
    lock_patience: Duration,
    /// Whether choosing the store wrote a proof, which must be removed if no login follows.
    has_proof: bool,
    passed_over: Vec<SessionError>,
}

impl<'a> OpenSession<'a> {
    /// Opens a session for a login: chooses the store, and may show its prompt.
    pub fn for_login(
        app: &'a App,
        selected: ResolvedSession,
        noted: Option<StoreKind>,
        prompting: Prompting,
    ) -> Result<Self, AppError> {
        let endpoints = selected.endpoints(app)?.clone();
        let (open, requested) = (|kind| app.store(kind), app.settings()?.keyring);
        let has_proof = Cell::new(false);
        let proof = |store: &dyn SecretStore| {
            has_proof.set(token_store::prove(store, &selected.session, &endpoints, app.state())?);
            Ok(())
        };
        let key = token_store::item_key(&selected.session);
        let chosen = store_selection::for_login(&key, requested, noted, prompting, &open, &proof)?;
        let has_proof = has_proof.get();
        let opened = Self::with(app, selected, endpoints, chosen.store, Patience::FOR_A_PERSON)?;
        Ok(Self { has_proof, passed_over: chosen.passed_over, ..opened })
    }

    /// Returns why other stores were not chosen, without the reasons that a machine with no desktop always has.
    pub fn unexpectedly_passed_over(&self) -> impl Iterator<Item = &SessionError> {
        let is_absent =
            |reason: &&SessionError| matches!(reason, SessionError::Keyring(KeyringError::Absent { .. }));
        self.passed_over.iter().filter(move |reason| !is_absent(reason))
    }

    pub fn store_kind(&self) -> StoreKind {
        self.store.kind()
    }

    /// Undoes the choice of a store after a failed login.
    pub fn give_up(&self) {
        if self.has_proof {
            self.session().forget_proof();
        }
    }

    /// Switches to the hosts of the portal that a login goes to: those of its Region, and dual-stack if the portal is.
    pub fn at(&mut self, portal: &Portal) -> Result<(), AppError> {
        let selected = self.selected.in_region(&portal.region);
        let endpoints = endpoints::at_portal(self.app, &selected, portal.is_dual_stack())?;
        if endpoints == self.endpoints && selected.session.region == self.selected.session.region {
            return Ok(());
        }
        self.center = self.app.identity_center(&portal.region, &endpoints, Patience::FOR_A_PERSON)?;
        (self.selected, self.endpoints) = (selected, endpoints);
        Ok(())
    }

    /// Opens a session for an interactive command that uses a login.
    ///
    /// Without a login it fails with exit code 4 before anything else is opened.
    pub fn for_use(
        app: &'a App,
        selected: ResolvedSession,
        patience: Patience,
        asking: Asking,
    ) -> Result<Self, AppError> {
        let opened = Self::for_use_in(app, selected, patience, lock_wait::WITHIN_A_CALL)?;
        opened.ask_for_passphrase(asking)?;
        Ok(opened)
    }

    /// Opens a session without ever prompting; `patience` bounds the wait for another process that refreshes.
    pub fn for_use_in(
        app: &'a App,
        selected: ResolvedSession,
        patience: Patience,
        lock_patience: Duration,
    ) -> Result<Self, AppError> {
        match Self::if_logged_in(app, selected, patience)? {
            Ok(opened) => Ok(Self { lock_patience, ..opened }),
            Err(selected) => Err(never_logged_in(&selected.session.name).into()),
        }
    }

    /// Opens a session; the inner `Err` means that files and keyring contain no login.
    pub fn if_logged_in(
        app: &'a App,
        selected: ResolvedSession,
        patience: Patience,
    ) -> Result<Result<Self, ResolvedSession>, AppError> {
        // A login would have stored the Region.
        if selected.session.region.is_empty() && !start_url::is_portal(&selected.session.start_url) {
            return Ok(Err(selected));
        }
        let endpoints = selected.endpoints(app)?.clone();
        let open = |kind| app.store(kind);
        match store_selection::of_login(&selected.session, app.settings()?.keyring, app.state(), &open)? {
            Some(store) => {
                let endpoints = endpoints::of_stored_record(app, &selected, &*store, endpoints)?;
                Ok(Ok(Self::with(app, selected, endpoints, store, patience)?))
            }
            None => Ok(Err(selected)),
        }
    }

    pub fn ask_for_passphrase(&self, asking: Asking) -> Result<(), AppError> {
        if asking == Asking::APerson {
            store_selection::ask_for_passphrase(
                &*self.store,
                &token_store::item_key(&self.selected.session),
            )?;
        }
        Ok(())
    }

    /// Unlocks the store for a command that takes the tokens out of it, prompting if there is someone to answer.
    pub fn open_store(&self, prompting: Prompting) -> Result<(), AppError> {
        Ok(store_selection::open_for(
            &*self.store,
            &token_store::item_key(&self.selected.session),
            prompting,
        )?)
    }

    fn with(
        app: &'a App,
        selected: ResolvedSession,
        endpoints: Endpoints,
        store: Box<dyn SecretStore>,
        patience: Patience,
    ) -> Result<Self, AppError> {
        let center = app.identity_center(&selected.session.region, &endpoints, patience)?;
        Ok(Self {
            app,
            selected,
            endpoints,
            store,
            center,
            lock_patience: lock_wait::WITHIN_A_CALL,
            has_proof: false,
            passed_over: Vec::new(),
        })
    }

    /// Returns what AWS listed that cannot be an account or a permission set, and so was left out.
    pub fn left_out(&self) -> Vec<String> {
        self.center.left_out()
    }

    pub fn session(&self) -> Session<'_> {
        Session {
            config: &self.selected.session,
            endpoints: &self.endpoints,
            clock: &*self.app.clock,
            state: self.app.state(),
            store: &*self.store,
            center: &*self.center,
            sealing_keys: self.app.sealing_keys(),
            lock_patience: self.lock_patience,
            retry_until: Duration::ZERO,
        }
    }
}
