//! The token record: everything that can log in as the user, one single-line JSON text, one item in the keyring.
//!
//! ```json
//! {"kcaws":1,"session":"corp","start_url":"https://…","region":"eu-central-1",
//!  "oidc":"https://oidc.…","portal":"https://portal.sso.…",
//!  "registration":{"client_id":"…","client_secret":"…","expires_at":"…","scopes":["sso:account:access"]},
//!  "login":{"access_token":"…","expires_at":"…","obtained_at":"…","refresh_token":"…","logged_in_at":"…"}}
//! ```
//!
//! Version 2 has `"code_registration":{…}` beside `registration`, and `"flow":"pkce"` in a login that was made with
//! it, and `"account_access":{…}` names the tenant of a login with those scopes. A kcaws that knows only version 1 would refresh such a login with the wrong client and lose it, so it must
//! refuse the record; records without PKCE stay version 1, which it reads.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ports::identity_center::account_access::SCOPES;
use crate::ports::identity_center::{
    AccountAccess, Endpoints, Issued, IssuedToken, Origin, Registration, Token,
};
use crate::profile::SsoSession;
use crate::secret::{self, Secret};

const VERSION: u32 = 2;
/// The version of records without PKCE.
const DEVICE_ONLY: u32 = 1;

/// An access token with less than this left is renewed before it is used.
const REFRESH_BELOW: TimeDelta = TimeDelta::minutes(5);
/// At most one refresh in this time, as in the AWS SDKs.
const REFRESH_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(30);
/// A registration must outlive the code requested with it (10 min).
const REGISTRATION_MARGIN: TimeDelta = TimeDelta::minutes(15);
/// A token obtained further in the future than this means that the clock was set back.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// A way to log in.
///
/// Each has a registration of its own, and a refresh uses that of its login.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// Device authorization grant (RFC 8628).
    #[default]
    Device,
    /// Authorization code grant with PKCE (RFC 7636).
    Pkce,
}

impl Flow {
    /// Returns whether this is the default; serde passes a reference.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_device(&self) -> bool {
        *self == Self::Device
    }
}

impl std::str::FromStr for Flow {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "device" => Ok(Self::Device),
            "pkce" => Ok(Self::Pkce),
            _ => Err(()),
        }
    }
}

#[derive(Deserialize, Serialize)]
pub struct TokenRecord {
    pub session: String,
    pub start_url: String,
    pub region: String,
    /// Where the registration and the tokens came from, and the only places they are sent to (rule 12).
    pub oidc: Origin,
    pub portal: Origin,
    /// The registration of the device grant.
    pub registration: Option<Registration>,
    /// The registration of the authorization code grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code_registration: Option<Registration>,
    /// The tenant that the login was made for, if it has the scopes of account access manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_access: Option<AccountAccess>,
    pub login: Option<Login>,
}

/// The stored form, with the version first.
#[derive(Serialize)]
struct Stored<'a> {
    kcaws: u32,
    #[serde(flatten)]
    record: &'a TokenRecord,
}

#[derive(Deserialize, Serialize)]
pub struct Login {
    /// The flow whose registration the tokens belong to.
    #[serde(default, skip_serializing_if = "Flow::is_device")]
    pub flow: Flow,
    #[serde(serialize_with = "secret::expose")]
    pub access_token: Secret<String>,
    pub expires_at: DateTime<Utc>,
    pub obtained_at: DateTime<Utc>,
    #[serde(serialize_with = "secret::expose_option", default)]
    pub refresh_token: Option<Secret<String>>,
    pub logged_in_at: DateTime<Utc>,
    /// The last refresh that returned `access_token`; `None` if there was none since the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshed_at: Option<DateTime<Utc>>,
    /// The intent mark: a refresh began at this time, and its response has not been stored yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshing_since: Option<DateTime<Utc>>,
}

/// Why a stored item is not used. It is left unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("damaged")]
    Damaged,
    #[error("from a newer kcaws (version {0})")]
    FromTheFuture(u32),
    #[error("another session's")]
    Foreign,
}

#[derive(Deserialize)]
struct VersionOnly {
    kcaws: u32,
}

impl TokenRecord {
    /// Returns whether the tokens may be sent to these endpoints.
    pub fn may_go_to(&self, endpoints: &Endpoints) -> bool {
        Issued::Token.may_go(&self.oidc, &endpoints.oidc)
            && Issued::Token.may_go(&self.portal, &endpoints.portal)
    }

    pub fn empty(session: &SsoSession, endpoints: &Endpoints) -> Self {
        Self {
            session: session.name.clone(),
            start_url: session.start_url.clone(),
            region: session.region.clone(),
            oidc: endpoints.oidc.clone(),
            portal: endpoints.portal.clone(),
            registration: None,
            code_registration: None,
            account_access: None,
            login: None,
        }
    }

    /// Returns whether it contains nothing that a login could use.
    pub fn is_empty(&self) -> bool {
        self.login.is_none() && self.registration.is_none() && self.code_registration.is_none()
    }

    pub fn to_text(&self) -> Secret<String> {
        // The buffer starts large enough, so that growing leaves no copy in memory.
        let mut text = Vec::with_capacity(16 * 1024);
        let has_pkce = self.code_registration.is_some()
            || self.login.as_ref().is_some_and(|login| login.flow == Flow::Pkce);
        let stored = Stored { kcaws: if has_pkce { VERSION } else { DEVICE_ONLY }, record: self };
        serde_json::to_writer(&mut text, &stored).expect("strings and times serialize");
        Secret::new(String::from_utf8(text).expect("JSON is UTF-8"))
    }

    pub fn from_text(text: &Secret<String>, session: &SsoSession) -> Result<Self, RecordError> {
        let version: VersionOnly = serde_json::from_str(text.expose()).map_err(|_| RecordError::Damaged)?;
        if !(DEVICE_ONLY..=VERSION).contains(&version.kcaws) {
            return Err(RecordError::FromTheFuture(version.kcaws));
        }
        let record: Self = serde_json::from_str(text.expose()).map_err(|_| RecordError::Damaged)?;
        if record.session != session.name || record.start_url != session.start_url {
            return Err(RecordError::Foreign);
        }
        Ok(record)
    }

    pub fn registration_of(&self, flow: Flow) -> Option<&Registration> {
        match flow {
            Flow::Device => self.registration.as_ref(),
            Flow::Pkce => self.code_registration.as_ref(),
        }
    }

    /// Returns the tenant whose IAM roles the login can have.
    pub fn account_access_of_login(&self) -> Option<&AccountAccess> {
        let registration = self.registration_of(self.login.as_ref()?.flow)?;
        let has = |scope: &&str| registration.scopes.iter().any(|known| known == scope);
        self.account_access.as_ref().filter(|_| SCOPES.iter().all(has))
    }

    pub fn set_registration(&mut self, flow: Flow, registration: Option<Registration>) {
        match flow {
            Flow::Device => self.registration = registration,
            Flow::Pkce => self.code_registration = registration,
        }
    }

    /// Returns the registration for `flow`, if it can still be used for `scopes`.
    pub fn usable_registration(
        &self,
        flow: Flow,
        scopes: &[String],
        now: DateTime<Utc>,
    ) -> Option<&Registration> {
        self.registration_of(flow).filter(|registration| {
            registration.expires_at > now + REGISTRATION_MARGIN && registration.scopes == scopes
        })
    }
}

impl Login {
    pub fn from_issued(flow: Flow, token: IssuedToken, now: DateTime<Utc>) -> Self {
        Self {
            flow,
            access_token: token.access_token.into_secret(),
            expires_at: expiry(now, token.expires_in),
            obtained_at: now,
            refresh_token: token.refresh_token.map(Token::into_secret),
            logged_in_at: now,
            refreshed_at: None,
            refreshing_since: None,
        }
    }

    /// Stores the result of a refresh; without a new refresh token, the old one stays in force.
    pub fn renew(&mut self, token: IssuedToken, now: DateTime<Utc>) {
        self.access_token = token.access_token.into_secret();
        self.expires_at = expiry(now, token.expires_in);
        self.obtained_at = now;
        self.refreshed_at = Some(now);
        self.refreshing_since = None;
        if let Some(refresh_token) = token.refresh_token {
            self.refresh_token = Some(refresh_token.into_secret());
        }
    }

    /// Returns whether the token can be used as it is.
    ///
    /// One that seems to come from the future is not fresh: the clock was set back, and its times cannot be trusted.
    /// Near the end of the Identity Center session a refresh returns a short-lived token: refreshing again right away
    /// would not help.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        let left = self.expires_at - now;
        let just_refreshed = self.refreshed_at.is_some_and(|at| now - at < REFRESH_AGAIN_AFTER);
        let is_long = left >= REFRESH_BELOW || (just_refreshed && left > TimeDelta::zero());
        is_long && self.obtained_at <= now + CLOCK_TOLERANCE
    }
}

fn expiry(now: DateTime<Utc>, expires_in: std::time::Duration) -> DateTime<Utc> {
    TimeDelta::from_std(expires_in).ok().and_then(|span| now.checked_add_signed(span)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::identity_center::fake::FakeIdentityCenter;
    use crate::session::testing::{ENDPOINT, corp, endpoints};

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    fn record() -> TokenRecord {
        let mut record = TokenRecord::empty(&corp(), &endpoints());
        record.registration = Some(FakeIdentityCenter::registration("2027-02-22T00:00:00Z"));
        record.login = Some(Login::from_issued(
            Flow::Device,
            FakeIdentityCenter::token("access", Some("refresh")),
            at("2026-11-24T08:00:00Z"),
        ));
        record
    }

    #[test]
    fn a_record_is_one_line_and_comes_back_as_it_was() {
        let text = record().to_text();
        assert!(!text.expose().contains('\n'));
        let back = TokenRecord::from_text(&text, &corp()).expect("reads");
        assert_eq!(back.oidc, Origin::new(ENDPOINT));
        let login = back.login.expect("a login");
        assert_eq!(login.access_token.expose(), "access");
        assert_eq!(login.refresh_token.expect("refreshable").expose(), "refresh");
        assert_eq!(login.expires_at, at("2026-11-24T09:00:00Z"));
        assert_eq!(back.registration.expect("registered").client_secret.expose(), "client-secret");
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let text = TokenRecord::empty(&corp(), &endpoints()).to_text();
        assert_eq!(
            text.expose(),
            concat!(
                r#"{"kcaws":1,"session":"corp","start_url":"https://d-1234567890.awsapps.com/start","#,
                r#""region":"eu-central-1","oidc":"http://127.0.0.1:1","portal":"http://127.0.0.1:1","#,
                r#""registration":null,"login":null}"#
            )
        );
    }

    /// The record as 0.1.0 wrote it, with every member.
    #[test]
    fn a_record_from_before_pkce_is_read_and_written_again_as_it_was() {
        let text = concat!(
            r#"{"kcaws":1,"session":"corp","start_url":"https://d-1234567890.awsapps.com/start","#,
            r#""region":"eu-central-1","oidc":"http://127.0.0.1:1","portal":"http://127.0.0.1:1","#,
            r#""registration":{"client_id":"client","client_secret":"s","expires_at":"2027-02-22T00:00:00Z","#,
            r#""scopes":["sso:account:access"]},"#,
            r#""login":{"access_token":"a","expires_at":"2026-11-24T09:00:00Z","obtained_at":"2026-11-24T08:00:00Z","#,
            r#""refresh_token":"r","logged_in_at":"2026-11-24T07:00:00Z","refreshed_at":"2026-11-24T08:00:00Z","#,
            r#""refreshing_since":"2026-11-24T08:59:00Z"}}"#
        );
        let record = TokenRecord::from_text(&text.into(), &corp()).expect("reads");
        assert_eq!(record.login.as_ref().map(|login| login.flow), Some(Flow::Device));
        assert_eq!(
            record.registration_of(Flow::Device).map(|known| known.client_id.as_str()),
            Some("client")
        );
        assert!(record.registration_of(Flow::Pkce).is_none());
        assert_eq!(record.to_text().expose(), text, "a kcaws of then can go on with it");
    }

    #[test]
    fn a_record_with_pkce_says_so_to_those_who_do_not_know_it() {
        let mut record = record();
        let mut registration = FakeIdentityCenter::registration("2027-02-22T00:00:00Z");
        registration.client_id = "code-client".to_owned();
        record.set_registration(Flow::Pkce, Some(registration));
        record.login.as_mut().expect("a login").flow = Flow::Pkce;
        let text = record.to_text();
        assert!(text.expose().starts_with(r#"{"kcaws":2,"#));
        let back = TokenRecord::from_text(&text, &corp()).expect("reads");
        let flow = back.login.as_ref().expect("a login").flow;
        assert_eq!(back.registration_of(flow).map(|known| known.client_id.as_str()), Some("code-client"));
        assert_eq!(back.registration_of(Flow::Device).map(|known| known.client_id.as_str()), Some("client"));
    }

    #[test]
    fn what_is_damaged_newer_or_foreign_is_distinguished() {
        let read = |text: &str, session: &SsoSession| TokenRecord::from_text(&text.into(), session).err();
        assert_eq!(read("", &corp()), Some(RecordError::Damaged));
        assert_eq!(read(r#"{"kcaws":1,"session":"#, &corp()), Some(RecordError::Damaged));
        assert_eq!(read(r#"{"kcaws":1}"#, &corp()), Some(RecordError::Damaged));
        assert_eq!(read(r#"{"kcaws":7,"anything":0}"#, &corp()), Some(RecordError::FromTheFuture(7)));
        let other = SsoSession { start_url: "https://other.awsapps.com/start".to_owned(), ..corp() };
        assert_eq!(read(record().to_text().expose(), &other), Some(RecordError::Foreign));
    }

    #[test]
    fn a_token_is_fresh_until_five_minutes_before_its_end_and_never_from_the_future() {
        let login = record().login.expect("a login");
        assert!(login.is_fresh(at("2026-11-24T08:55:00Z")));
        assert!(!login.is_fresh(at("2026-11-24T08:55:01Z")));
        assert!(!login.is_fresh(at("2026-11-24T07:00:00Z")), "the clock was set back");
    }

    #[test]
    fn a_short_lived_token_from_a_refresh_is_not_refreshed_again_at_once() {
        let mut login = record().login.expect("a login");
        let short = || IssuedToken {
            expires_in: std::time::Duration::from_secs(120),
            ..FakeIdentityCenter::token("short", None)
        };
        login.renew(short(), at("2026-11-24T09:00:00Z"));
        assert!(login.is_fresh(at("2026-11-24T09:00:29Z")));
        assert!(!login.is_fresh(at("2026-11-24T09:00:30Z")));
        let from_login = Login::from_issued(Flow::Device, short(), at("2026-11-24T09:00:00Z"));
        assert!(
            !from_login.is_fresh(at("2026-11-24T09:00:01Z")),
            "no one tried yet whether there is a longer one"
        );
    }

    #[test]
    fn a_refresh_answer_without_refresh_token_keeps_the_old_one() {
        let mut login = record().login.expect("a login");
        login.renew(FakeIdentityCenter::token("new", None), at("2026-11-24T09:00:00Z"));
        assert_eq!(login.access_token.expose(), "new");
        assert_eq!(login.refresh_token.expect("kept").expose(), "refresh");
    }

    #[test]
    fn a_registration_is_reused_only_alive_and_for_the_same_scopes() {
        let record = record();
        let scopes = ["sso:account:access".to_owned()];
        assert!(record.usable_registration(Flow::Device, &scopes, at("2026-11-24T08:00:00Z")).is_some());
        assert!(record.usable_registration(Flow::Device, &scopes, at("2027-02-21T23:50:00Z")).is_none());
        assert!(
            record
                .usable_registration(Flow::Device, &["other".to_owned()], at("2026-11-24T08:00:00Z"))
                .is_none()
        );
    }
}
