use std::path::Path;

use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::identity_center::{Origin, ServiceError};
use crate::ports::keyring::KeyringError;
use crate::ports::sealing_key::fake::FakeSealingKeys;
use crate::session::LoginNeeded;
use crate::session::testing::Fixture;

mod crowd;
mod ended;

const TEN_PAST: Duration = Duration::from_mins(10);
/// Inside the margin of what was fetched at noon and ends at one.
const TEN_TO: Duration = Duration::from_mins(50);

fn role() -> Role {
    Role { account_id: "111122223333".to_owned(), role_name: "Admin".into() }
}

fn stamp(number: u8) -> FileStamp {
    let mut bytes = [0; FileStamp::LEN];
    bytes[0] = number;
    FileStamp::from_bytes(&bytes)
}

fn wanted(role: &Role) -> CacheKey<'_> {
    CacheKey::new("corp", role, Path::new("/home/alice/.aws/config"), &Env::from_pairs(&[]), "")
        .stamped(Some(stamp(1)))
}

impl Fixture {
    fn warm(&self) -> CredentialCache<'_> {
        CredentialCache { state: &self.state, keys: &self.sealing_keys, clock: &self.clock }
    }

    fn mint(&self) -> IssuerFingerprint {
        IssuerFingerprint::of(&self.config, &self.endpoints)
    }

    fn serve_wanted(&self, wanted: &CacheKey<'_>) -> Result<String, CredentialsError> {
        let line = self.warm().serve(wanted, self.mint(), |_| self.session().fetch_role(&role()))?;
        Ok(String::from_utf8(line.expose().clone()).expect("text"))
    }

    /// The access key id of the answer.
    fn serve(&self) -> Result<String, CredentialsError> {
        let line = self.serve_wanted(&wanted(&role()))?;
        Ok(line.split('"').nth(5).expect("an id").to_owned())
    }

    fn at_once(&self) -> bool {
        self.warm().at_once(&wanted(&role())).is_some()
    }

    fn will_hand_out(&self, key: &str, expires_at: &str) {
        let mut credentials = FakeIdentityCenter::role_credentials(expires_at);
        key.clone_into(&mut credentials.access_key_id);
        self.center.credentials.will(Ok(credentials));
    }
}

/// Logged in at noon, and credentials `first` fetched for an hour.
fn warmed() -> Fixture {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.will_hand_out("first", "2026-11-24T13:00:00Z");
    assert_eq!(fixture.serve().expect("fetched"), "first");
    fixture
}

/// As [`warmed`], ten minutes before the end, with a token that is good.
fn near_its_end() -> Fixture {
    let fixture = warmed();
    fixture.clock.advance(TEN_TO);
    fixture.log_in(Some("refresh-1"));
    fixture
}

#[test]
fn an_entry_beyond_its_margin_is_served_and_nothing_else_is_touched() {
    let fixture = warmed();
    fixture.clock.advance(TEN_PAST);
    let (asked, read) = (fixture.center.calls(), fixture.store.calls());
    assert!(fixture.at_once());
    assert_eq!(fixture.serve().expect("warm"), "first");
    assert_eq!((fixture.center.calls(), fixture.store.calls()), (asked, read));
}

#[test]
fn an_entry_is_served_though_the_token_is_dead_the_keyring_locked_and_the_network_down() {
    let fixture = warmed();
    fixture.clock.advance(TEN_PAST);
    fixture.store.lock();
    assert_eq!(fixture.serve().expect("warm"), "first");
    fixture.clock.advance(TEN_TO.saturating_sub(TEN_PAST));
    assert_eq!(fixture.serve().expect("near its end"), "first");
}

#[test]
fn inside_the_margin_a_renewal_that_works_is_served_and_kept() {
    let fixture = near_its_end();
    assert!(!fixture.at_once(), "the long way tries to renew");
    fixture.will_hand_out("second", "2026-11-24T13:50:00Z");
    assert_eq!(fixture.serve().expect("renewed"), "second");
    assert_eq!(fixture.serve().expect("warm"), "second");
    assert!(fixture.at_once());
}

#[test]
fn inside_the_margin_every_failure_serves_the_old_one_in_silence() {
    let server_error: [fn() -> ServiceError; 5] = [
        || ServiceError::ServerError { host: "portal".to_owned(), status: 503 },
        || ServiceError::TimedOut { host: "portal".to_owned(), after: RENEWAL },
        || ServiceError::Unreachable { host: "portal".to_owned(), why: "refused".to_owned() },
        || ServiceError::Throttled,
        || ServiceError::NotUnderstood { host: "portal".to_owned(), why: "html".to_owned() },
    ];
    for error in server_error {
        let fixture = near_its_end();
        fixture.center.credentials.will(Err(error()));
        assert_eq!(fixture.serve().expect("the old one"), "first");
    }
    let fixture = near_its_end();
    fixture.center.credentials.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert_eq!(fixture.serve().expect("the old one"), "first");
    let fixture = near_its_end();
    fixture.store.lock();
    assert_eq!(fixture.serve().expect("the old one"), "first");
    let fixture = near_its_end();
    fixture.will_hand_out("dead", "2026-11-24T12:50:00Z");
    assert_eq!(fixture.serve().expect("the old one"), "first");
}

#[test]
fn a_failed_renewal_keeps_others_from_trying_for_a_minute() {
    let fixture = near_its_end();
    fixture.center.credentials.will(Err(ServiceError::Throttled));
    assert_eq!(fixture.serve().expect("the old one"), "first");
    let asked = fixture.center.calls();
    fixture.clock.advance(Duration::from_secs(59));
    assert!(fixture.at_once(), "not even the long way is taken");
    assert_eq!(fixture.serve().expect("the old one"), "first");
    assert_eq!(fixture.center.calls(), asked);
    fixture.clock.advance(Duration::from_secs(1));
    assert!(!fixture.at_once());
    fixture.will_hand_out("second", "2026-11-24T13:50:00Z");
    assert_eq!(fixture.serve().expect("renewed"), "second");
}

#[test]
fn inside_the_margin_a_busy_lock_is_not_waited_for_and_leaves_no_mark() {
    let fixture = near_its_end();
    let role = role();
    let held = fixture.state.lock(&fixture.warm().lock_name(&wanted(&role)), Duration::ZERO).expect("locks");
    assert_eq!(fixture.serve().expect("the old one"), "first");
    drop(held);
    // Another process refreshes the token.
    fixture.center.credentials.will(Err(ServiceError::Unauthorized));
    let held = fixture.session().lock(Duration::ZERO).expect("locks");
    assert_eq!(fixture.serve().expect("the old one"), "first");
    drop(held);
    fixture.will_hand_out("second", "2026-11-24T13:50:00Z");
    assert_eq!(fixture.serve().expect("renewed"), "second");
}

#[test]
fn a_renewal_gets_three_seconds_and_a_first_fetch_the_whole_call() {
    let fixture = near_its_end();
    let role = role();
    let budget = std::cell::Cell::new(None);
    let fetch = |given| {
        budget.set(Some(given));
        Err(CredentialsError::from(ServiceError::Throttled))
    };
    fixture.warm().serve(&wanted(&role), fixture.mint(), fetch).map(drop).expect("the old one");
    assert_eq!(budget.take(), Some(FetchBudget { total: RENEWAL, waits: false }));
    let fresh = Fixture::new();
    fresh.clock.advance(Duration::from_secs(4));
    assert!(fresh.warm().serve(&wanted(&role), fresh.mint(), fetch).is_err());
    assert_eq!(
        budget.take(),
        Some(FetchBudget { total: WHOLE_CALL.saturating_sub(Duration::from_secs(4)), waits: true })
    );
}

#[test]
fn inside_the_margin_403_is_served_until_it_ends_and_can_be_told() {
    let fixture = near_its_end();
    fixture.center.credentials.will(Err(ServiceError::Forbidden));
    assert_eq!(fixture.serve().expect("the old one"), "first");
    let gone_sets = gone(&fixture.state, "corp", fixture.clock.now()).expect("reads");
    assert_eq!(gone_sets.len(), 1);
    assert_eq!(
        (gone_sets[0].account_id.as_str(), gone_sets[0].role_name.as_str()),
        ("111122223333", "Admin")
    );
    assert!(gone(&fixture.state, "other", fixture.clock.now()).expect("reads").is_empty());
    fixture.clock.advance(TEN_PAST);
    fixture.center.credentials.will(Err(ServiceError::Forbidden));
    assert!(matches!(fixture.serve(), Err(CredentialsError::NotAssigned(_))));
    assert!(gone(&fixture.state, "corp", fixture.clock.now()).expect("reads").is_empty());
}

#[test]
fn no_entry_and_a_good_token_is_one_fetch() {
    let fixture = warmed();
    assert_eq!(fixture.center.calls(), ["GetRoleCredentials access-1"]);
}

#[test]
fn no_entry_and_an_old_token_is_one_refresh_and_one_fetch() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(Duration::from_mins(56));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    fixture.will_hand_out("first", "2026-11-24T13:56:00Z");
    assert_eq!(fixture.serve().expect("fetched"), "first");
    assert_eq!(
        fixture.center.calls(),
        ["CreateToken refresh_token refresh-1", "GetRoleCredentials access-2"]
    );
}

#[test]
fn no_entry_and_a_second_401_needs_a_person_and_forgets_nothing() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.center.credentials.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", None)));
    fixture.center.credentials.will(Err(ServiceError::Unauthorized));
    assert!(matches!(fixture.serve(), Err(CredentialsError::Session(SessionError::LoginNeeded { .. }))));
    assert!(fixture.stored_login().is_some());
}

#[test]
fn no_entry_and_no_login_or_a_refused_refresh_needs_a_person() {
    let needs = |fixture: &Fixture| match fixture.serve() {
        Err(CredentialsError::Session(SessionError::LoginNeeded { why, .. })) => why,
        other => panic!("{:?}", other.map_err(|error| error.to_string())),
    };
    assert_eq!(needs(&Fixture::new()), LoginNeeded::NeverLoggedIn);
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(Duration::from_hours(1));
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert_eq!(needs(&fixture), LoginNeeded::RefreshRefused);
}

#[test]
fn no_entry_and_a_locked_keyring_is_said() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.store.lock();
    let outcome = fixture.serve();
    let Err(CredentialsError::Session(SessionError::Keyring(KeyringError::Locked(_)))) = outcome else {
        panic!("another answer");
    };
}

#[test]
fn no_entry_and_trouble_or_credentials_that_are_over_are_said() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.center.credentials.will(Err(ServiceError::Throttled));
    assert!(matches!(fixture.serve(), Err(CredentialsError::Session(SessionError::Service(_)))));
    // So long that no process waits for a turn any longer.
    fixture.clock.advance(Duration::from_secs(10));
    fixture.will_hand_out("dead", "2026-11-24T12:00:00Z");
    assert!(matches!(fixture.serve(), Err(CredentialsError::ExpiredOnArrival { .. })));
    fixture.center.credentials.will(Err(ServiceError::Forbidden));
    assert!(matches!(fixture.serve(), Err(CredentialsError::NotAssigned(_))));
}

#[test]
fn an_entry_from_the_future_is_fetched_again() {
    let fixture = warmed();
    let behind = crate::ports::clock::FakeClock::at("2026-11-24T11:00:00Z");
    let warm = CredentialCache { clock: &behind, ..fixture.warm() };
    let role = role();
    assert!(warm.at_once(&wanted(&role)).is_none());
    let fetched: Result<_, CredentialsError> =
        warm.serve(&wanted(&role), fixture.mint(), |_| Err(ServiceError::Throttled.into()));
    assert!(fetched.is_err());
}

#[test]
fn a_config_that_changed_elsewhere_gets_a_new_stamp() {
    let fixture = warmed();
    let role = role();
    let edited = wanted(&role).stamped(Some(stamp(2)));
    assert!(fixture.warm().at_once(&edited).is_none());
    fixture.serve_wanted(&edited).expect("warm");
    assert!(fixture.warm().at_once(&edited).is_some());
    assert_eq!(fixture.center.calls().len(), 1);
}

#[test]
fn a_session_with_another_start_url_or_endpoint_never_meets_the_old_entry() {
    for change in [
        (|fixture| fixture.config.start_url = "https://other.awsapps.com/start".to_owned())
            as fn(&mut Fixture),
        |fixture| fixture.endpoints.portal = Origin::new("https://elsewhere.example.com"),
    ] {
        let mut fixture = warmed();
        change(&mut fixture);
        let role = role();
        let edited = wanted(&role).stamped(Some(stamp(2)));
        assert!(fixture.serve_wanted(&edited).is_err(), "no one is logged in there");
        assert!(fixture.warm().at_once(&wanted(&role)).is_none(), "dropped");
    }
}

#[test]
fn a_file_that_changed_just_now_is_not_built_upon() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.will_hand_out("first", "2026-11-24T13:00:00Z");
    let mut bytes = [0; FileStamp::LEN];
    bytes[24..32].copy_from_slice(&fixture.clock.now().timestamp().to_le_bytes());
    let role = role();
    let young = wanted(&role).stamped(Some(FileStamp::from_bytes(&bytes)));
    fixture.serve_wanted(&young).expect("fetched");
    assert!(fixture.warm().at_once(&young).is_none());
    fixture.clock.advance(Duration::from_secs(3));
    fixture.serve_wanted(&young).expect("warm, and stamped now");
    assert!(fixture.warm().at_once(&young).is_some());
}

#[test]
fn whatever_names_the_answer_names_the_entry() {
    let fixture = warmed();
    let (role, config) = (role(), Path::new("/home/alice/.aws/config"));
    let none = Env::from_pairs(&[]);
    let other = Role { role_name: "Viewer".into(), ..role.clone() };
    let account = Role { account_id: "444455556666".to_owned(), ..role.clone() };
    for strange in [
        CacheKey::new("other", &role, config, &none, ""),
        CacheKey::new("corp", &other, config, &none, ""),
        CacheKey::new("corp", &account, config, &none, ""),
        CacheKey::new("corp", &role, Path::new("/etc/aws"), &none, ""),
        CacheKey::new("corp", &role, config, &none, "https://oidc.example.com https://portal.example.com"),
    ] {
        assert!(fixture.warm().at_once(&strange.stamped(Some(stamp(1)))).is_none());
    }
    for variable in DECIDING_VARIABLES {
        let strange = CacheKey::new("corp", &role, config, &Env::from_pairs(&[(variable, "true")]), "");
        assert!(fixture.warm().at_once(&strange.stamped(Some(stamp(1)))).is_none(), "{variable}");
    }
    let harmless =
        Env::from_pairs(&[("AWS_PROFILE", "x"), ("AWS_REGION", "us-east-1"), ("HTTPS_PROXY", "http://p")]);
    let same = CacheKey::new("corp", &role, config, &harmless, "").stamped(Some(stamp(1)));
    assert!(fixture.warm().at_once(&same).is_some());
}

#[test]
fn where_nothing_can_be_written_or_no_key_kept_there_is_an_answer_all_the_same() {
    let refuse: [fn(&Fixture); 2] =
        [|fixture| fixture.state.fail_writes(), |fixture| fixture.sealing_keys.refuse()];
    for refuse in refuse {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        refuse(&fixture);
        for key in ["first", "second"] {
            fixture.will_hand_out(key, "2026-11-24T13:00:00Z");
            assert_eq!(fixture.serve().expect("fetched"), key);
        }
        assert!(!fixture.at_once());
    }
}

#[test]
fn a_lost_key_is_a_miss() {
    let fixture = warmed();
    fixture.sealing_keys.lose_all();
    assert!(!fixture.at_once());
    fixture.will_hand_out("second", "2026-11-24T13:00:00Z");
    assert_eq!(fixture.serve().expect("fetched"), "second");
    assert!(fixture.at_once());
}
