//! The real client, with another service in AWS's place.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use kcaws::platform::env::Env;
use kcaws::platform::http::HttpSetup;
use kcaws::platform::runtime::Runtime;
use kcaws::ports::clock::SystemClock;

use super::SdkIdentityStore;
use crate::ports::aws_call::Caller;

/// Returns an HTTP client that ignores the environment of the tests.
pub(crate) fn http() -> HttpSetup {
    HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up")
}

/// Returns the client of an identity store, at a service on this machine. It reads enterprise attributes too.
pub(crate) fn client_at(endpoint: &str, region: &str, key: (&str, &str), store: &str) -> SdkIdentityStore {
    client_over(http().client(true), endpoint, region, key, store)
}

/// The same over this HTTP client.
pub(super) fn client_over(
    client: SharedHttpClient,
    endpoint: &str,
    region: &str,
    key: (&str, &str),
    store: &str,
) -> SdkIdentityStore {
    let credentials = Credentials::new(key.0, key.1, None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(client)
        .endpoint_url(endpoint)
        .build();
    let caller = Caller::new(Arc::new(Runtime::new().expect("a runtime")), http());
    SdkIdentityStore::new(&config, caller, store, true)
}
