//! What a test can choose: lives, sizes, and both positions of whatever is not established about AWS.

use std::time::Duration;

use serde::Deserialize;

/// What happens to a refresh token once it has been used. Which of these AWS does is not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefreshRotation {
    /// A new one is issued and the old one dies at once.
    #[default]
    OldDies,
    /// A new one is issued and the old one works a while longer.
    Grace(Duration),
    /// A new one is issued and the old one goes on working.
    OldStays,
    /// The answer carries no refresh token; the old one goes on working (RFC 6749 section 6 allows it).
    NoNewToken,
}

/// How many items a page of `ListAccounts` or `ListAccountRoles` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageSize {
    /// At random, and small enough that there is more than one page where there is more than one item.
    #[default]
    Random,
    /// Always as many (and never more than `max_result`).
    Fixed(usize),
}

/// Which clock the HTTP `Date` header shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateHeader {
    /// The simulator's clock, moved ones included.
    #[default]
    FollowsClock,
    /// The real time, whatever the simulator's clock says.
    RealTime,
}

/// Whether a poll that comes too early is answered with `slow_down`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowDown {
    /// RFC 8628 section 3.5, but the first two polls may come back to back: the AWS CLI polls once
    /// before it prints anything and again at once (observed of AWS CLI 2.36.7).
    #[default]
    AfterTwoPolls,
    /// From the second poll on.
    Strict,
    /// Never.
    Never,
    /// To every poll that finds the code pending, whatever its pace.
    Always,
}

/// What `/token` says after somebody pressed Deny on the consent page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DenialAnswer {
    /// 400 `access_denied` (RFC 8628 section 3.5).
    #[default]
    AccessDenied,
    /// 400 `invalid_grant`.
    InvalidGrant,
    /// Nothing changes: `authorization_pending` until the code expires.
    StaysPending,
}

/// What a Logout ends beside the login whose token it carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogoutEnds {
    /// The browser's sign-in session too (AWS's API reference of Logout): the next login asks for a
    /// sign-in and gets a full session. Other logins go on working.
    #[default]
    SignInSession,
    /// Nothing else: the next login in the browser inherits the old session's end.
    LoginOnly,
    /// The browser's session and every other login that came from it.
    EveryLogin,
}

/// The shape of the verification URI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerificationUri {
    /// `https://device.sso.<region>.amazonaws.com/`.
    #[default]
    DeviceHost,
    /// `https://d-….awsapps.com/start/#/device`, as newer instances have it.
    Fragment,
    /// `https://<region>.signin.aws/platform/authorize?request_uri=…`, seen since September 2026: no code in it.
    SignInHost,
}

/// Which assertion consumer services the service provider's metadata lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcsUrls {
    /// The primary region's old one, as instances have it that were not replicated.
    #[default]
    One,
    /// Every host of every region. How AWS lays out such metadata is not established.
    Every,
}

/// Where a SAML response must carry a signature. Whether AWS takes one that is signed only as a whole is not
/// established.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureOn {
    /// On the assertion, as the metadata demands; one on the response too is welcome and verified.
    #[default]
    Assertion,
    /// On either.
    AssertionOrResponse,
}

/// How long a session lasts if the identity provider does not say (`SessionNotOnOrAfter`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingSessionEnd {
    /// As long as Identity Center is set to (AWS user guide).
    #[default]
    OwnSetting,
    /// 8 hours, or less if set to less (one field report).
    EightHours,
}

/// In which state of its life an account is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountState {
    /// It was created a moment ago.
    PendingActivation,
    /// It can be used.
    #[default]
    Active,
    /// AWS suspended it.
    Suspended,
    /// It is being closed.
    PendingClosure,
    /// It was closed, and is listed for 90 days more.
    Closed,
}

impl AccountState {
    /// As Organizations writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        }
    }
}

/// What an operation does while another one updates a role in its account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameAccount {
    /// It is accepted and begins when the other one has ended.
    #[default]
    Waits,
    /// It is refused with a `ConflictException`.
    Conflict,
}

/// A token bucket: `burst` requests at once, then `per_second`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// How fast the bucket fills.
    pub per_second: f64,
    /// How much it holds.
    pub burst: u32,
}
