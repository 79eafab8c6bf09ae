//! The real directory, with the simulator in AWS's place.

use idc_sim::IdcSim;
use url::Url;

use super::AwsDirectory;
use crate::ports::identity_store::SdkIdentityStore;
use crate::ports::identity_store::testing::{client_at, http};
use crate::ports::scim::HttpScim;

const STORE: &str = "d-1234567890";

pub(crate) struct Simulated {
    pub(crate) sim: IdcSim,
    store: SdkIdentityStore,
    scim: HttpScim,
}

impl Simulated {
    /// Starts a simulator that answers as fast as it is asked.
    pub(crate) fn start() -> Self {
        let sim = IdcSim::builder().identity_store(STORE).admin_throttle(None).start();
        let key = sim.administrator_key();
        let store = client_at(sim.url(), sim.region(), (&key.id, &key.secret), STORE);
        let endpoint = Url::parse(&sim.scim_endpoint()).expect("a URL");
        let token = sim.issue_scim_token().into();
        Self { store, scim: HttpScim::new(http(), &endpoint, token).expect("a client"), sim }
    }

    pub(crate) fn directory(&self) -> AwsDirectory<'_> {
        AwsDirectory { store: &self.store, scim: &self.scim }
    }
}
