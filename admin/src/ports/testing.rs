//! Clients of the simulator for contract tests.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use idc_sim::{AccessKey, IdcSim};
use kcaws::platform::env::Env;
use kcaws::platform::http::HttpSetup;
use kcaws::platform::runtime::Runtime;
use kcaws::ports::clock::SystemClock;

use kcaws::ports::identity_center::RoleCredentials;

use super::account_access::SdkAccountAccess;
use super::aws_call::{AwsError, AwsPage, Caller};
use super::iam::HttpIam;
use super::organizations::SdkOrganizations;
use super::sso_admin::{SdkAccessAdmin, SdkSsoAdmin, SsoAdmin};

/// The real forms of the ports, as an administrator at the simulator.
pub(crate) struct AdminSim {
    config: SdkConfig,
    caller: Caller,
    iam: HttpIam,
}

impl AdminSim {
    pub(crate) fn of(sim: &IdcSim) -> Self {
        Self::with_key(sim, &sim.administrator_key())
    }

    pub(crate) fn with_key(sim: &IdcSim, key: &AccessKey) -> Self {
        let http = HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up");
        let credentials = Credentials::new(&key.id, &key.secret, None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(sim.region().to_owned()))
            .endpoint_url(sim.url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http.client(true))
            .build();
        let runtime = Runtime::new().expect("starts");
        let credentials = RoleCredentials {
            access_key_id: key.id.clone(),
            secret_access_key: key.secret.as_str().into(),
            session_token: "".into(),
            expires_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        };
        let iam = HttpIam::new(http.clone(), sim.url().parse().expect("a URL"), credentials);
        Self { config, caller: Caller::new(Arc::new(runtime), http), iam }
    }

    pub(crate) fn organizations(&self) -> SdkOrganizations {
        SdkOrganizations::new(&self.config, self.caller.clone())
    }

    pub(crate) fn account_access(&self) -> SdkAccountAccess {
        SdkAccountAccess::new(&self.config, self.caller.clone())
    }

    pub(crate) fn iam(&self) -> &HttpIam {
        &self.iam
    }

    /// Returns the client of the only instance.
    pub(crate) fn access_admin(&self) -> SdkAccessAdmin {
        let service = SdkSsoAdmin::new(aws_sdk_ssoadmin::Client::new(&self.config), self.caller.clone());
        let instances = service.instances().expect("lists");
        SdkAccessAdmin::new(&self.config, self.caller.clone(), &instances[0])
    }
}

/// Returns the items of all pages.
pub(crate) fn whole<T>(page: impl Fn(Option<&str>) -> Result<AwsPage<T>, AwsError>) -> Vec<T> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let found = page(cursor.as_deref()).expect("answers");
        items.extend(found.items);
        match found.next {
            None => return items,
            next => cursor = next,
        }
    }
}
