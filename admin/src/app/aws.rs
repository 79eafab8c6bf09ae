//! The connection to AWS: credentials by the SDK's default chain, and the clients of the services.

use std::sync::Arc;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use chrono::{DateTime, Utc};
use kcaws::platform::http::{CONNECT_TIMEOUT, HttpSetup};
use kcaws::platform::runtime::Runtime;
use kcaws::ports::identity_center::RoleCredentials;

use crate::platform::signed_requests::OnlyToLoopbackOrHttps;
use crate::ports::account_access::SdkAccountAccess;
use crate::ports::aws_call::Caller;
use crate::ports::identity_store::SdkIdentityStore;
use crate::ports::organizations::SdkOrganizations;
use crate::ports::sso_admin::{SdkAccessAdmin, SdkSsoAdmin};

/// How long one attempt of a request may take.
const ATTEMPT: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 4;

/// Loads and caches credentials, and builds the clients.
pub(crate) struct Aws {
    runtime: Arc<Runtime>,
    config: SdkConfig,
    http: HttpSetup,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsSetupError {
    #[error("cannot start the network runtime")]
    Runtime(#[source] std::io::Error),
    #[error("there are no AWS credentials")]
    NoCredentials {
        profile: Option<String>,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Aws {
    /// Reads the configuration. No request goes to AWS yet, and no program of a profile is started.
    pub(crate) fn load(
        region: &str,
        profile: Option<&str>,
        http: HttpSetup,
        timeout: Option<Duration>,
    ) -> Result<Self, AwsSetupError> {
        let runtime = Runtime::new().map_err(AwsSetupError::Runtime)?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(timeout.unwrap_or(ATTEMPT))
            .build();
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.to_owned()))
            .http_client(OnlyToLoopbackOrHttps::over(http.client(true)))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        let loader = match profile {
            Some(profile) => loader.profile_name(profile),
            None => loader,
        };
        let config = runtime.block_on(loader.load());
        let config = match profile {
            Some(profile) => with_credentials_of(profile, &config),
            None => config,
        };
        Ok(Self { runtime: Arc::new(runtime), config, http })
    }

    /// Returns the credentials that requests are signed with.
    pub(crate) fn credentials(&self, profile: Option<&str>) -> Result<RoleCredentials, AwsSetupError> {
        let missing = |source| AwsSetupError::NoCredentials { profile: profile.map(str::to_owned), source };
        let Some(provider) = self.config.credentials_provider() else {
            return Err(missing("no source of credentials is configured".into()));
        };
        let found =
            self.runtime.block_on(provider.provide_credentials()).map_err(|error| missing(error.into()))?;
        Ok(RoleCredentials {
            access_key_id: found.access_key_id().to_owned(),
            secret_access_key: found.secret_access_key().into(),
            session_token: found.session_token().unwrap_or_default().into(),
            expires_at: found.expiry().map_or(DateTime::<Utc>::MAX_UTC, Into::into),
        })
    }

    pub(crate) fn sso_admin(&self) -> SdkSsoAdmin {
        SdkSsoAdmin::new(aws_sdk_ssoadmin::Client::new(&self.config), self.caller())
    }

    pub(crate) fn organizations(&self) -> SdkOrganizations {
        SdkOrganizations::new(&self.config, self.caller())
    }

    /// Returns the client of permission sets and assignments of one instance, by its ARN.
    pub(crate) fn access_admin(&self, instance: &str) -> SdkAccessAdmin {
        SdkAccessAdmin::new(&self.config, self.caller(), instance)
    }

    /// Returns the client of account access manager.
    pub(crate) fn account_access(&self) -> SdkAccountAccess {
        SdkAccountAccess::new(&self.config, self.caller())
    }

    /// Returns the client of an identity store, `d-…`.
    pub(crate) fn identity_store(&self, store: &str, with_enterprise: bool) -> SdkIdentityStore {
        SdkIdentityStore::new(&self.config, self.caller(), store, with_enterprise)
    }

    fn caller(&self) -> Caller {
        Caller::new(self.runtime.clone(), self.http.clone())
    }
}

/// Returns the configuration with the credentials of this profile alone.
///
/// The default chain, even with a profile's name, prefers keys in the environment.
fn with_credentials_of(profile: &str, config: &SdkConfig) -> SdkConfig {
    let mut provider = ProviderConfig::without_region()
        .with_behavior_version(config.behavior_version())
        .with_region(config.region().cloned())
        .with_use_fips(config.use_fips())
        .with_use_dual_stack(config.use_dual_stack());
    if let Some(http) = config.http_client() {
        provider = provider.with_http_client(http);
    }
    if let Some(retries) = config.retry_config() {
        provider = provider.with_retry_config(retries.clone());
    }
    if let Some(timeouts) = config.timeout_config() {
        provider = provider.with_timeout_config(timeouts.clone());
    }
    let credentials =
        ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile).build();
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}
