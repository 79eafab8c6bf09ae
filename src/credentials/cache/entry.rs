//! One cached response, in a form that a warm call reads without a parser: fixed fields, then the line to print.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::credentials::{Fetched, wire};
use crate::platform::aead::{hex, length_prefixed};
use crate::platform::file_stamp::FileStamp;
use crate::ports::identity_center::{AccountAccess, Endpoints};
use crate::profile::{Role, SsoSession};
use crate::secret::Secret;

/// botocore asks again on every request once less than 15 minutes are left.
const WIDEST_MARGIN: TimeDelta = TimeDelta::minutes(15);
/// An entry further in the future than this means that the clock was set back.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Times by the service's clock, in seconds.
pub struct Entry {
    expires_at: i64,
    obtained_at: i64,
    /// How far the service's clock was ahead of this machine's.
    skew: i64,
    /// The stamp of the config file that named the session; `None` if it cannot be relied on.
    stamp: Option<FileStamp>,
    issuer: IssuerFingerprint,
    /// The line that is written to stdout.
    line: Secret<Vec<u8>>,
}

/// Hash of the settings that decide who issues credentials: start URL, Region, origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerFingerprint([u8; Self::LEN]);

impl IssuerFingerprint {
    const LEN: usize = 32;

    pub fn of(session: &SsoSession, endpoints: &Endpoints) -> Self {
        let fields = [
            session.start_url.as_str(),
            session.region.as_str(),
            endpoints.oidc.as_str(),
            endpoints.portal.as_str(),
        ];
        Self(Sha256::digest(length_prefixed(&fields.map(str::as_bytes))).into())
    }

    /// Returns the fingerprint for a role: where an IAM role comes from counts, too.
    pub fn of_role(session: &SsoSession, endpoints: &Endpoints, role: &Role) -> Self {
        let own = Self::of(session, endpoints);
        match endpoints.account_access.as_ref().filter(|_| role.role_name.arn().is_some()) {
            Some(AccountAccess { origin, tenant }) => {
                let fields = [own.0.as_slice(), origin.as_str().as_bytes(), tenant.as_bytes()];
                Self(Sha256::digest(length_prefixed(&fields)).into())
            }
            None => own,
        }
    }

    /// Returns it as text, for files that are not cache entries.
    pub fn to_text(self) -> String {
        hex(&self.0)
    }
}

/// How usable an entry is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Served as it is.
    Good,
    /// Valid, but expiring soon: renewed if that is quick.
    NearItsEnd,
    /// Expired, or from the future.
    Useless,
}

impl Entry {
    pub fn of(
        fetched: &Fetched,
        role: &Role,
        issuer: IssuerFingerprint,
        stamp: Option<FileStamp>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            expires_at: fetched.credentials.expires_at.timestamp(),
            obtained_at: fetched.skew.there(now).timestamp(),
            skew: fetched.skew.seconds(),
            stamp,
            issuer,
            line: wire::line(&fetched.credentials, role),
        }
    }

    pub fn freshness(&self, now: DateTime<Utc>) -> Freshness {
        let now = now.timestamp().saturating_add(self.skew);
        let left = self.expires_at.saturating_sub(now);
        let life = self.expires_at.saturating_sub(self.obtained_at);
        if left <= 0 || self.obtained_at > now.saturating_add(CLOCK_TOLERANCE.num_seconds()) {
            Freshness::Useless
        } else if left <= (life / 4).min(WIDEST_MARGIN.num_seconds()) {
            Freshness::NearItsEnd
        } else {
            Freshness::Good
        }
    }

    /// Returns when it expires by this machine's clock, which is how long its key must live.
    pub fn expires_here_at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.expires_at.saturating_sub(self.skew), 0).unwrap_or_default()
    }

    pub fn is_of(&self, stamp: Option<FileStamp>) -> bool {
        stamp.is_some() && self.stamp == stamp
    }

    pub fn issuer(&self) -> IssuerFingerprint {
        self.issuer
    }

    pub fn is_issued_by(&self, issuer: IssuerFingerprint) -> bool {
        self.issuer == issuer
    }

    #[must_use]
    pub fn stamped(self, stamp: Option<FileStamp>) -> Self {
        Self { stamp, ..self }
    }

    pub fn line(&self) -> &Secret<Vec<u8>> {
        &self.line
    }

    pub fn into_line(self) -> Secret<Vec<u8>> {
        self.line
    }

    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Vec::with_capacity(HEAD + self.line.expose().len());
        for time in [self.expires_at, self.obtained_at, self.skew] {
            bytes.extend_from_slice(&time.to_le_bytes());
        }
        bytes.push(u8::from(self.stamp.is_some()));
        bytes.extend_from_slice(&self.stamp.map_or([0; FileStamp::LEN], FileStamp::to_bytes));
        bytes.extend_from_slice(&self.issuer.0);
        bytes.extend_from_slice(self.line.expose());
        Zeroizing::new(bytes)
    }

    /// Parses an opened entry.
    ///
    /// The version is part of what the entry is sealed with, so what opens has this form. The line stays in the buffer
    /// that was passed in: a copy would have to be zeroed too.
    pub fn from_bytes(mut bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let (times, rest) = bytes.split_first_chunk::<24>()?;
        let (&[stamped], rest) = rest.split_first_chunk::<1>()?;
        let (stamp, rest) = rest.split_first_chunk::<{ FileStamp::LEN }>()?;
        let (issuer, _line) = rest.split_first_chunk::<{ IssuerFingerprint::LEN }>()?;
        let [expires_at, obtained_at, skew] =
            std::array::from_fn(|at| i64::from_le_bytes(times.as_chunks::<8>().0[at]));
        let stamp = (stamped == 1).then(|| FileStamp::from_bytes(stamp));
        let issuer = IssuerFingerprint(*issuer);
        bytes.drain(..HEAD);
        let line = Secret::new(std::mem::take(&mut *bytes));
        Some(Self { expires_at, obtained_at, skew, stamp, issuer, line })
    }
}

const HEAD: usize = 24 + 1 + FileStamp::LEN + IssuerFingerprint::LEN;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::Skew;
    use crate::ports::identity_center::fake::FakeIdentityCenter;
    use crate::session::testing::{corp, endpoints};

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    /// Returns an entry obtained at noon, by a clock that is `skew` behind the service's.
    fn entry(expires_at: &str, skew: Skew) -> Entry {
        let fetched = Fetched { credentials: FakeIdentityCenter::role_credentials(expires_at), skew };
        let role = Role { account_id: "111122223333".to_owned(), role_name: "Admin".into() };
        let issuer = IssuerFingerprint::of(&corp(), &endpoints());
        Entry::of(&fetched, &role, issuer, None, at("2026-11-24T12:00:00Z"))
    }

    #[test]
    fn the_margin_is_a_quarter_of_the_life_and_at_most_fifteen_minutes() {
        let freshness = |expires: &str, now: &str| entry(expires, Skew::NONE).freshness(at(now));
        for (expires, last_good, first_near) in [
            ("2026-11-24T13:00:00Z", "2026-11-24T12:44:59Z", "2026-11-24T12:45:00Z"),
            ("2026-11-25T00:00:00Z", "2026-11-24T23:44:59Z", "2026-11-24T23:45:00Z"),
            ("2026-11-24T12:20:00Z", "2026-11-24T12:14:59Z", "2026-11-24T12:15:00Z"),
        ] {
            assert_eq!(freshness(expires, last_good), Freshness::Good);
            assert_eq!(freshness(expires, first_near), Freshness::NearItsEnd);
        }
        assert_eq!(freshness("2026-11-24T13:00:00Z", "2026-11-24T12:59:59Z"), Freshness::NearItsEnd);
        assert_eq!(freshness("2026-11-24T13:00:00Z", "2026-11-24T13:00:00Z"), Freshness::Useless);
    }

    #[test]
    fn an_entry_from_the_future_is_useless() {
        let entry = entry("2026-11-24T13:00:00Z", Skew::NONE);
        assert_eq!(entry.freshness(at("2026-11-24T11:59:00Z")), Freshness::Good, "within the tolerance");
        assert_eq!(entry.freshness(at("2026-11-24T11:58:59Z")), Freshness::Useless);
    }

    #[test]
    fn times_are_judged_by_the_services_clock() {
        // Noon here, one o'clock at the service.
        let ahead = entry("2026-11-24T14:00:00Z", Skew::of_seconds(3600));
        assert_eq!(ahead.freshness(at("2026-11-24T12:44:59Z")), Freshness::Good);
        assert_eq!(ahead.freshness(at("2026-11-24T12:45:00Z")), Freshness::NearItsEnd);
        assert_eq!(ahead.freshness(at("2026-11-24T13:00:00Z")), Freshness::Useless);
        assert_eq!(ahead.expires_here_at(), at("2026-11-24T13:00:00Z"));
        // Eleven o'clock at the service: by this machine's clock it looks expired from the start.
        let behind = entry("2026-11-24T12:00:00Z", Skew::of_seconds(-3600));
        assert_eq!(behind.freshness(at("2026-11-24T12:30:00Z")), Freshness::Good);
    }

    #[test]
    fn an_entry_survives_its_bytes_and_no_cut_head_is_read() {
        let entry = entry("2026-11-24T13:00:00Z", Skew::of_seconds(-7));
        let bytes = entry.to_bytes();
        let back = Entry::from_bytes(bytes.clone()).expect("reads");
        assert_eq!(back.to_bytes(), bytes);
        assert!(back.line().expose().ends_with(b"}\n"));
        assert!((0..HEAD).all(|cut| Entry::from_bytes(Zeroizing::new(bytes[..cut].to_vec())).is_none()));
    }

    #[test]
    fn other_settings_are_another_mint() {
        let issuer = IssuerFingerprint::of(&corp(), &endpoints());
        let moved = SsoSession { start_url: "https://other.awsapps.com/start".to_owned(), ..corp() };
        assert_ne!(IssuerFingerprint::of(&moved, &endpoints()), issuer);
        let scopes = SsoSession { scopes: Vec::new(), ..corp() };
        assert_eq!(IssuerFingerprint::of(&scopes, &endpoints()), issuer);
    }
}
