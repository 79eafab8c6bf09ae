//! What a test can choose: lives, sizes, and both positions of whatever is not established about AWS.

use std::time::Duration;

use crate::directory::settings::DirectorySettings;

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
    /// RFC 8628 section 3.5, but the first two polls may stand back to back: the AWS CLI polls once
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

/// A token bucket: `burst` requests at once, then `per_second`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Throttle {
    pub(crate) per_second: f64,
    pub(crate) burst: u32,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "settings are switches")]
pub(crate) struct Settings {
    pub(crate) region: String,
    /// Further regions of a replicated instance.
    pub(crate) more_regions: Vec<String>,
    pub(crate) start_url: String,
    pub(crate) more_start_urls: Vec<String>,
    /// Host and where its `/aws` leads.
    pub(crate) vanity: Vec<(String, String)>,
    pub(crate) access_token_life: Duration,
    pub(crate) session_life: Duration,
    pub(crate) device_code_life: Duration,
    pub(crate) authorization_code_life: Duration,
    pub(crate) registration_life: Duration,
    pub(crate) signin_token_life: Duration,
    pub(crate) interval: Duration,
    pub(crate) signature_skew: Duration,
    pub(crate) refresh_rotation: RefreshRotation,
    pub(crate) page_size: PageSize,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) date_header: DateHeader,
    /// How long after it was asked for a code is approved by itself.
    pub(crate) auto_approve: Option<Duration>,
    pub(crate) slow_down: SlowDown,
    pub(crate) denial: DenialAnswer,
    pub(crate) logout_ends: LogoutEnds,
    pub(crate) verification_uri: VerificationUri,
    pub(crate) announce_endpoints: bool,
    pub(crate) long_console_sessions: bool,
    pub(crate) multi_session: bool,
    /// `d-…`, part of the SAML entity ID.
    pub(crate) identity_store: String,
    /// The last part of the ACS URL.
    pub(crate) saml_tenant: String,
    pub(crate) acs_urls: AcsUrls,
    pub(crate) signature_on: SignatureOn,
    pub(crate) missing_session_end: MissingSessionEnd,
    /// How far the identity provider's clock may be off.
    pub(crate) saml_tolerance: Duration,
    /// "Attributes for access control" is on.
    pub(crate) access_control_attributes: bool,
    /// How long a disabled user's running session may be used.
    pub(crate) disabled_grace: Duration,
    /// The identity store and its two services.
    pub(crate) directory: DirectorySettings,
    /// The plain entry, once it listens.
    pub(crate) plain_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "eu-central-1".into(),
            more_regions: Vec::new(),
            start_url: "https://d-1234567890.awsapps.com/start".into(),
            more_start_urls: Vec::new(),
            vanity: Vec::new(),
            access_token_life: Duration::from_hours(1),
            session_life: Duration::from_hours(8),
            device_code_life: Duration::from_mins(10),
            authorization_code_life: Duration::from_mins(10),
            registration_life: Duration::from_hours(90 * 24),
            signin_token_life: Duration::from_mins(15),
            interval: Duration::from_secs(1),
            signature_skew: Duration::from_mins(5),
            refresh_rotation: RefreshRotation::default(),
            page_size: PageSize::default(),
            throttle: None,
            date_header: DateHeader::default(),
            auto_approve: None,
            slow_down: SlowDown::default(),
            denial: DenialAnswer::default(),
            logout_ends: LogoutEnds::default(),
            verification_uri: VerificationUri::default(),
            announce_endpoints: false,
            long_console_sessions: true,
            multi_session: true,
            identity_store: "d-1234567890".into(),
            saml_tenant: "5b1d9c04e7a2f386-4c1f-4f0e-9a57-d2c80b6e13fa".into(),
            acs_urls: AcsUrls::default(),
            signature_on: SignatureOn::default(),
            missing_session_end: MissingSessionEnd::default(),
            saml_tolerance: Duration::from_secs(30),
            access_control_attributes: false,
            disabled_grace: Duration::from_hours(1),
            directory: DirectorySettings::default(),
            plain_url: String::new(),
        }
    }
}

impl Settings {
    /// A dual-stack instance: its identity provider is set up for the dual-stack hosts, and a code that was asked for
    /// elsewhere leads to a page that does not know the sign-in (aws/aws-cli#10507).
    pub(crate) fn is_dual_stack(&self) -> bool {
        crate::hosts::host_of(&self.start_url)
            .is_some_and(|host| host.contains(".portal.") && host.ends_with(".app.aws"))
    }

    /// Is `url` a start URL of this instance? A trailing slash or `#` makes no difference to AWS.
    pub(crate) fn knows_start_url(&self, url: &str) -> bool {
        let plain = |url: &str| url.trim_end_matches(['/', '#']).to_ascii_lowercase();
        let wanted = plain(url);
        std::iter::once(&self.start_url).chain(&self.more_start_urls).any(|known| plain(known) == wanted)
    }

    pub(crate) fn serves_region(&self, region: &str) -> bool {
        self.region == region || self.more_regions.iter().any(|more| more == region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_urls_with_and_without_trimmings() {
        let settings = Settings::default();
        assert!(settings.knows_start_url("https://d-1234567890.awsapps.com/start"));
        assert!(settings.knows_start_url("https://d-1234567890.awsapps.com/start/"));
        assert!(settings.knows_start_url("https://d-1234567890.awsapps.com/start#/"));
        assert!(!settings.knows_start_url("https://d-0000000000.awsapps.com/start"));
    }
}
