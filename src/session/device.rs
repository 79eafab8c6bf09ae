//! The device authorization grant (RFC 8628): waits for the approval.

use std::time::Duration;

use super::SessionError;
use crate::ports::clock::Clock;
use crate::ports::identity_center::{
    DeviceAuthorization, Grant, IdentityCenter, IssuedToken, Registration, ServiceError,
};

/// Section 3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests".
const SLOW_DOWN_STEP: Duration = Duration::from_secs(5);
/// Section 3.5: back off exponentially on connection errors.
///
/// The bound makes sure that an approval is noticed soon after the network is back.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
/// Section 3.2: the default if the response has no interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// AWS uses 1 s. With a much longer one an approval would go unnoticed.
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);
/// What AWS uses; the default if the response has no lifetime.
const DEFAULT_LIFE: Duration = Duration::from_mins(10);
/// The longest wait for an approval.
const LONGEST_LIFE: Duration = Duration::from_hours(1);

/// An event while waiting for the approval.
#[derive(Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Not approved yet; `left` until the code expires.
    Pending { left: Duration },
    /// The service could not be reached this time.
    Failed { what: String, left: Duration },
}

/// Returns how long the code is valid.
pub fn life(authorization: &DeviceAuthorization) -> Duration {
    or_default(authorization.expires_in, DEFAULT_LIFE).min(LONGEST_LIFE)
}

/// Returns the default for zero, which stands for a missing member.
fn or_default(value: Duration, default: Duration) -> Duration {
    if value.is_zero() { default } else { value }
}

/// Polls until there is a token or no more hope of one.
pub(super) fn wait_for_approval(
    center: &dyn IdentityCenter,
    clock: &dyn Clock,
    registration: &Registration,
    authorization: &DeviceAuthorization,
    mut tell: impl FnMut(Waiting),
) -> Result<IssuedToken, SessionError> {
    let mut interval = or_default(authorization.interval, DEFAULT_INTERVAL).min(LONGEST_INTERVAL);
    let deadline = clock.elapsed() + life(authorization);
    let mut back_off = Duration::ZERO;
    loop {
        let left = deadline.saturating_sub(clock.elapsed());
        if left.is_zero() {
            return Err(SessionError::CodeExpired);
        }
        clock.sleep((interval + back_off).min(left));
        let left = deadline.saturating_sub(clock.elapsed());
        match center.create_token(registration, Grant::DeviceCode(&authorization.device_code)) {
            Ok(token) => return Ok(token),
            Err(ServiceError::AuthorizationPending) => {
                back_off = Duration::ZERO;
                tell(Waiting::Pending { left });
            }
            Err(ServiceError::SlowDown) => {
                interval += SLOW_DOWN_STEP;
                tell(Waiting::Pending { left });
            }
            Err(ServiceError::ExpiredToken) => return Err(SessionError::CodeExpired),
            Err(ServiceError::AccessDenied { reason }) => return Err(SessionError::Denied { reason }),
            Err(ServiceError::InvalidGrant) => return Err(SessionError::CodeRefused),
            Err(error) if error.is_transient() => {
                back_off = (back_off * 2).clamp(interval, LONGEST_BACK_OFF.max(interval));
                tell(Waiting::Failed { what: error.to_string(), left });
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::FakeClock;
    use crate::ports::identity_center::fake::FakeIdentityCenter;

    fn wait(
        answers: impl IntoIterator<Item = Result<IssuedToken, ServiceError>>,
    ) -> (Result<IssuedToken, SessionError>, Vec<u64>) {
        wait_for(&FakeIdentityCenter::authorization(), answers)
    }

    fn wait_for(
        authorization: &DeviceAuthorization,
        answers: impl IntoIterator<Item = Result<IssuedToken, ServiceError>>,
    ) -> (Result<IssuedToken, SessionError>, Vec<u64>) {
        let (center, clock) = (FakeIdentityCenter::default(), FakeClock::at("2026-11-24T08:00:00Z"));
        for answer in answers {
            center.tokens.will(answer);
        }
        let registration = FakeIdentityCenter::registration("2027-02-22T00:00:00Z");
        let outcome = wait_for_approval(&center, &clock, &registration, authorization, |_| {});
        (outcome, clock.naps().iter().map(Duration::as_secs).collect())
    }

    fn token() -> IssuedToken {
        FakeIdentityCenter::token("access", Some("refresh"))
    }

    fn unreachable() -> Result<IssuedToken, ServiceError> {
        Err(ServiceError::Unreachable { host: "oidc".to_owned(), why: "refused".to_owned() })
    }

    #[test]
    fn polls_at_the_interval_until_someone_approves() {
        let pending = || Err(ServiceError::AuthorizationPending);
        let (outcome, naps) = wait([pending(), pending(), Ok(token())]);
        assert_eq!(outcome.expect("a token").access_token.secret().expose(), "access");
        assert_eq!(naps, [1, 1, 1]);
    }

    #[test]
    fn times_that_no_one_could_mean_are_bounded() {
        let of = |interval, expires_in| DeviceAuthorization {
            interval: Duration::from_secs(interval),
            expires_in: Duration::from_secs(expires_in),
            ..FakeIdentityCenter::authorization()
        };
        let pending = || Err(ServiceError::AuthorizationPending);
        for (interval, naps) in [(0, 5), (1, 1), (60, 60), (61, 60), (2_147_483_647, 60)] {
            let (outcome, slept) = wait_for(&of(interval, 600), [pending(), Ok(token())]);
            assert!(outcome.is_ok());
            assert_eq!(slept, [naps, naps], "interval {interval}");
        }
        for (expires_in, life) in [(0, 600), (7, 7), (2_147_483_647, 3600)] {
            let (outcome, slept) = wait_for(&of(60, expires_in), (0..60).map(|_| pending()));
            assert!(matches!(outcome, Err(SessionError::CodeExpired)));
            assert_eq!(slept.iter().sum::<u64>(), life, "expiresIn {expires_in}");
        }
    }

    #[test]
    fn slow_down_adds_five_seconds_for_good() {
        let (outcome, naps) = wait([
            Err(ServiceError::SlowDown),
            Err(ServiceError::AuthorizationPending),
            Err(ServiceError::SlowDown),
            Ok(token()),
        ]);
        assert!(outcome.is_ok());
        assert_eq!(naps, [1, 6, 6, 11]);
    }

    #[test]
    fn network_trouble_backs_off_and_goes_on() {
        let unreached = (0..7).map(|_| unreachable());
        let (outcome, naps) = wait(unreached.chain([Err(ServiceError::AuthorizationPending), Ok(token())]));
        assert!(outcome.is_ok());
        assert_eq!(naps, [1, 2, 3, 5, 9, 17, 31, 31, 1]);
    }

    #[test]
    fn the_end_of_the_code_is_the_end_of_waiting() {
        let (outcome, naps) = wait((0..601).map(|_| Err(ServiceError::AuthorizationPending)));
        assert!(matches!(outcome, Err(SessionError::CodeExpired)));
        assert_eq!(naps.iter().sum::<u64>(), 600);
    }

    #[test]
    fn denial_expiry_and_refusal_end_it_at_once() {
        let (denied, _) = wait([Err(ServiceError::AccessDenied { reason: None })]);
        assert!(matches!(denied, Err(SessionError::Denied { .. })));
        let (expired, _) = wait([Err(ServiceError::ExpiredToken)]);
        assert!(matches!(expired, Err(SessionError::CodeExpired)));
        let (refused, _) = wait([Err(ServiceError::InvalidGrant)]);
        assert!(matches!(refused, Err(SessionError::CodeRefused)));
        let (broken, _) = wait([Err(ServiceError::InvalidClient)]);
        assert!(matches!(broken, Err(SessionError::Service(ServiceError::InvalidClient))));
    }
}
