//! A session over fakes, for the tests of this folder and of `credentials`.

use crate::ports::clock::FakeClock;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::identity_center::{Endpoints, Origin};
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::sealing_key::fake::FakeSealingKeys;
use crate::ports::state_folder::FakeStateFolder;
use crate::profile::SsoSession;
use crate::session::start_url::{self, Portal};
use crate::session::{Flow, Login, Session, TokenRecord};

pub(crate) const ENDPOINT: &str = "http://127.0.0.1:1";
pub(crate) const NOON: &str = "2026-11-24T12:00:00Z";

pub(crate) fn corp() -> SsoSession {
    SsoSession {
        name: "corp".to_owned(),
        start_url: "https://d-1234567890.awsapps.com/start".to_owned(),
        region: "eu-central-1".to_owned(),
        scopes: vec!["sso:account:access".to_owned()],
    }
}

pub(crate) fn endpoints() -> Endpoints {
    Endpoints { oidc: Origin::new(ENDPOINT), portal: Origin::new(ENDPOINT), account_access: None }
}

/// Returns where a login of [`corp`] goes: an AWS start URL does not redirect.
pub(crate) fn portal() -> Portal {
    let no_redirects = crate::ports::redirects::FakeRedirects::default();
    start_url::resolve(&corp().start_url, &corp().region, &no_redirects).expect("resolves")
}

/// A session at noon, logged in as by [`Fixture::log_in`].
pub(crate) struct Fixture {
    pub(crate) config: SsoSession,
    pub(crate) endpoints: Endpoints,
    pub(crate) clock: FakeClock,
    pub(crate) state: FakeStateFolder,
    pub(crate) store: FakeKeyring,
    pub(crate) center: FakeIdentityCenter,
    pub(crate) sealing_keys: FakeSealingKeys,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            config: corp(),
            endpoints: endpoints(),
            clock: FakeClock::at(NOON),
            state: FakeStateFolder::default(),
            store: FakeKeyring::default(),
            center: FakeIdentityCenter::default(),
            sealing_keys: FakeSealingKeys::default(),
        }
    }

    pub(crate) fn session(&self) -> Session<'_> {
        Session {
            config: &self.config,
            endpoints: &self.endpoints,
            clock: &self.clock,
            state: &self.state,
            store: &self.store,
            center: &self.center,
            sealing_keys: &self.sealing_keys,
            lock_patience: std::time::Duration::ZERO,
            retry_until: std::time::Duration::ZERO,
        }
    }

    /// Logs in at this minute, with an access token valid for one hour.
    pub(crate) fn log_in(&self, refresh_token: Option<&str>) {
        let mut record = TokenRecord::empty(&self.config, &self.endpoints);
        record.registration = Some(FakeIdentityCenter::registration("2027-02-22T00:00:00Z"));
        let token = FakeIdentityCenter::token("access-1", refresh_token);
        record.login =
            Some(Login::from_issued(Flow::Device, token, crate::ports::clock::Clock::now(&self.clock)));
        self.session().save(&record).expect("the fake keyring takes it");
    }

    pub(crate) fn stored_login(&self) -> Option<Login> {
        self.session().load().expect("the fake keyring answers").and_then(|record| record.login)
    }
}
