//! A session with its ports at hand, for each kind of command.

use std::cell::Cell;
use std::time::Duration;

use super::{ResolvedSession, endpoints, endpoints_of, minted_at, never_logged_in};
use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::credentials::accounts::Listing;
use crate::ports::identity_center::{Endpoints, IdentityCenter, Patience};
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::profile::SsoSession;
use crate::session::start_url::{self, Portal};
use crate::session::{Session, SessionError, store_selection, token_store};

/// Longer than a refresh takes: two attempts of 6 s.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(13);

/// A session with its ports at hand.
pub(in crate::cli) struct OpenSession<'a> {
    app: &'a App,
    pub(in crate::cli) selected: ResolvedSession,
    pub(in crate::cli) endpoints: Endpoints,
    store: Box<dyn SecretStore>,
    center: Box<dyn IdentityCenter>,
    lock_patience: Duration,
    /// What the choice of the store wrote has to go if no login follows.
    has_proof: bool,
}

impl<'a> OpenSession<'a> {
    /// For a login: chooses the store, and may raise its prompt.
    pub(in crate::cli) fn for_login(
        app: &'a App,
        selected: ResolvedSession,
        noted: Option<StoreKind>,
        ui: &mut Ui,
    ) -> Result<Self, CommandError> {
        let endpoints = endpoints(app, &selected)?;
        let (open, requested) = (|kind| app.store(kind), app.settings()?.keyring);
        let has_proof = Cell::new(false);
        let proof = |store: &dyn SecretStore| {
            has_proof.set(token_store::prove(store, &selected.session, &endpoints, &**app.state())?);
            Ok(())
        };
        let session = &selected.session;
        let chosen = store_selection::for_login(session, requested, noted, ui.prompting(), &open, &proof)?;
        for reason in &chosen.passed_over {
            // A machine without a desktop is no surprise to anyone.
            if !matches!(reason, SessionError::Keyring(KeyringError::Absent { .. })) {
                ui.warn(&format!("{reason}; the tokens go to the {} instead", chosen.store.kind()));
            }
        }
        let has_proof = has_proof.get();
        let opened = Self::with(app, selected, endpoints, chosen.store, Patience::FOR_A_PERSON)?;
        Ok(Self { has_proof, ..opened })
    }

    /// After a login that came to nothing: leaves a store that it chose as it found it.
    pub(in crate::cli) fn give_up(&self) {
        if self.has_proof {
            self.session().forget_proof();
        }
    }

    /// Moves on to the hosts of the portal that a login goes to: in its Region, and dual-stack ones where it is one.
    pub(in crate::cli) fn at(&mut self, portal: &Portal) -> Result<(), CommandError> {
        let session = SsoSession { region: portal.region.clone(), ..self.selected.session.clone() };
        let selected = ResolvedSession { session, ..self.selected.clone() };
        let endpoints = endpoints_of(self.app, &selected, portal.is_dual_stack())?;
        if endpoints == self.endpoints && selected.session.region == self.selected.session.region {
            return Ok(());
        }
        self.center = self.app.identity_center(&portal.region, &endpoints, Patience::FOR_A_PERSON)?;
        (self.selected, self.endpoints) = (selected, endpoints);
        Ok(())
    }

    /// For a command of a person's that uses a login. No login is exit 4 before anything else is opened.
    pub(in crate::cli) fn for_use(
        app: &'a App,
        selected: ResolvedSession,
        patience: Patience,
        ui: &Ui,
    ) -> Result<Self, CommandError> {
        let opened = Self::for_use_in(app, selected, patience, LOCK_PATIENCE)?;
        opened.ask_for_passphrase(ui)?;
        Ok(opened)
    }

    /// Asks nobody anything. As long as one may wait for another process that refreshes.
    pub(in crate::cli) fn for_use_in(
        app: &'a App,
        selected: ResolvedSession,
        patience: Patience,
        lock_patience: Duration,
    ) -> Result<Self, CommandError> {
        match Self::if_logged_in(app, selected, patience)? {
            Ok(opened) => Ok(Self { lock_patience, ..opened }),
            Err(selected) => Err(never_logged_in(&selected.session.name).into()),
        }
    }

    /// `Err` inside: there is no login, as far as files and keyring tell.
    pub(in crate::cli) fn if_logged_in(
        app: &'a App,
        selected: ResolvedSession,
        patience: Patience,
    ) -> Result<Result<Self, ResolvedSession>, CommandError> {
        // A login would have noted the region.
        if selected.session.region.is_empty() && !start_url::is_portal(&selected.session.start_url) {
            return Ok(Err(selected));
        }
        let endpoints = endpoints(app, &selected)?;
        let open = |kind| app.store(kind);
        match store_selection::of_login(&selected.session, app.settings()?.keyring, &**app.state(), &open)? {
            Some(store) => {
                let endpoints = minted_at(app, &selected, &*store, endpoints)?;
                Ok(Ok(Self::with(app, selected, endpoints, store, patience)?))
            }
            None => Ok(Err(selected)),
        }
    }

    pub(in crate::cli) fn ask_for_passphrase(&self, ui: &Ui) -> Result<(), CommandError> {
        if ui.is_interactive() {
            store_selection::ask_for_passphrase(&*self.store, &self.selected.session)?;
        }
        Ok(())
    }

    /// For a command that takes the tokens out of their store: what holds them is opened by the person, if one is there.
    pub(in crate::cli) fn open_store(&self, ui: &Ui) -> Result<(), CommandError> {
        Ok(store_selection::open_for(&*self.store, &self.selected.session, ui.prompting())?)
    }

    fn with(
        app: &'a App,
        selected: ResolvedSession,
        endpoints: Endpoints,
        store: Box<dyn SecretStore>,
        patience: Patience,
    ) -> Result<Self, CommandError> {
        let center = app.identity_center(&selected.session.region, &endpoints, patience)?;
        Ok(Self { app, selected, endpoints, store, center, lock_patience: LOCK_PATIENCE, has_proof: false })
    }

    /// All accounts and permission sets; that may take a minute.
    pub(in crate::cli) fn accounts(&self, ui: &mut Ui) -> Result<Listing, SessionError> {
        let spinner = ui.spinner("Asking for your accounts …");
        let listed = self.session().accounts(|done, total| {
            spinner.set_message(format!("{done} of {total} accounts"));
        });
        spinner.finish_and_clear();
        for one in listed.iter().flat_map(|listing| &listing.unavailable) {
            let name = one.account.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            let id = &one.account.id;
            ui.warn(&format!("AWS does not tell what you have in account {id}{name}: {}", one.reason));
        }
        listed
    }

    /// What the lists named and cannot be: it is not among the accounts.
    pub(in crate::cli) fn left_out(&self) -> Vec<String> {
        self.center.left_out()
    }

    pub(in crate::cli) fn warn_of_left_out(&self, ui: &mut Ui) {
        for what in self.left_out() {
            ui.warn(&format!("left out of AWS's list: {what}"));
        }
    }

    pub(in crate::cli) fn session(&self) -> Session<'_> {
        Session {
            config: &self.selected.session,
            endpoints: &self.endpoints,
            clock: &*self.app.clock,
            state: &**self.app.state(),
            store: &*self.store,
            center: &*self.center,
            sealing_keys: self.app.sealing_keys(),
            lock_patience: self.lock_patience,
            retry_until: Duration::ZERO,
        }
    }
}
