//! Limits the time of calls, and decides what is retried.

use std::error::Error;
use std::future::Future;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sso::error::SdkError;
use aws_sdk_sso::operation::logout::builders::LogoutFluentBuilder;
use aws_sdk_ssooidc::operation::create_token::CreateTokenOutput;
use aws_sdk_ssooidc::operation::create_token::builders::CreateTokenFluentBuilder;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::Instant;

use super::answer::Called;
use super::sdk::SdkIdentityCenter;
use super::{IdentityCenter, Patience, ServiceError};
use crate::platform::http::CONNECT_TIMEOUT;
use crate::platform::running_time::within;

/// The pause between two tries of calls that others may wait for.
const BACK_OFF: Duration = Duration::from_millis(500);

/// One try, and how long the process was stopped during it.
struct Tried<T> {
    outcome: Result<T, ServiceError>,
    stopped_for: Duration,
}

impl SdkIdentityCenter {
    /// Blocks on one call, within the time left for all calls.
    pub(super) fn ask<T, E: Error + 'static>(
        &self,
        call: &Called<'_>,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, ServiceError> {
        let left = self.time_left();
        if left.is_zero() {
            return Err(ServiceError::NoTime { host: call.origin.host().to_owned() });
        }
        self.try_once(call, left, request).outcome
    }

    fn try_once<T, E: Error + 'static>(
        &self,
        call: &Called<'_>,
        limit: Duration,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Tried<T> {
        let (start, operation, host) = (Instant::now(), call.operation, call.origin.host());
        self.http.forget_retry_after();
        let waited = self.runtime.block_on(within(limit, request));
        let took = start.elapsed();
        *self.deadline() += waited.stopped_for;
        let outcome = match waited.value {
            Some(answer) => answer.map_err(|error| call.failed_with(&error)),
            None => Err(call.timed_out(took.saturating_sub(waited.stopped_for))),
        };
        match &outcome {
            Ok(_) => tracing::info!(target: "kcaws::aws", operation, host, ?took, "answered"),
            Err(error) => tracing::info!(target: "kcaws::aws", operation, host, ?took, %error, "failed"),
        }
        Tried { outcome, stopped_for: waited.stopped_for }
    }

    fn deadline(&self) -> MutexGuard<'_, Instant> {
        self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn time_left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// Retries calls that are not safe to repeat blindly.
    ///
    /// A lost response contains a token that was issued, or the news that the session is over, and what a refusal means
    /// depends on whether a response was lost before it. Hence neither the SDK's own retries nor its timers are used: a
    /// process that was stopped finds those expired (see [`within`]). After a stop nothing is retried, since the first
    /// try may have been answered long ago.
    fn persist<T>(&self, tries: u32, once: impl Fn(Duration) -> Tried<T>) -> Result<T, ServiceError> {
        let (mut is_lost, mut tries_left) = (false, tries);
        // A try that has begun gets its full time, whatever is left for all calls.
        let limit = self.patience.attempt.max(Patience::FOR_A_TOOL.attempt);
        loop {
            tries_left = tries_left.saturating_sub(1);
            let Tried { outcome, stopped_for } = once(limit);
            match outcome {
                Err(ServiceError::InvalidGrant) if is_lost => return Err(ServiceError::LostGrant),
                Err(error)
                    if error.is_transient()
                        && tries_left > 0
                        && stopped_for.is_zero()
                        && self.has_time_to_refresh() =>
                {
                    is_lost |= !matches!(error, ServiceError::Throttled | ServiceError::SlowDown);
                    self.runtime.block_on(async { tokio::time::sleep(BACK_OFF).await });
                }
                outcome => return outcome,
            }
        }
    }

    pub(super) fn token(
        &self,
        call: &Called<'_>,
        request: &CreateTokenFluentBuilder,
        tries: u32,
    ) -> Result<CreateTokenOutput, ServiceError> {
        self.persist(tries, |limit| {
            let config = aws_sdk_ssooidc::config::Config::builder()
                .retry_config(RetryConfig::disabled())
                .timeout_config(self.connecting_only())
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
            self.try_once(call, limit, request.clone().customize().config_override(config).send())
        })
    }

    /// Returns limits for connecting only, since nothing is lost before there is a connection.
    fn connecting_only(&self) -> TimeoutConfig {
        let limit = CONNECT_TIMEOUT.min(self.patience.attempt).min(self.time_left());
        TimeoutConfig::builder()
            .connect_timeout(limit)
            .disable_read_timeout()
            .disable_operation_timeout()
            .disable_operation_attempt_timeout()
            .build()
    }

    pub(super) fn end_session(
        &self,
        call: &Called<'_>,
        request: &LogoutFluentBuilder,
    ) -> Result<(), ServiceError> {
        self.persist(self.patience.portal_attempts, |limit| {
            let config = aws_sdk_sso::config::Config::builder()
                .retry_config(RetryConfig::disabled())
                .timeout_config(self.connecting_only())
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
            self.try_once(call, limit, request.clone().customize().config_override(config).send())
        })?;
        Ok(())
    }
}
