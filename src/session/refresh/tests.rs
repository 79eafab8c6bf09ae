use std::time::Duration;

use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::state_folder::StateError;
use crate::session::testing::Fixture;
use crate::session::token_store;

/// Less than five minutes left of an access token.
const OLD: Duration = Duration::from_mins(56);
const OVER: Duration = Duration::from_mins(61);

fn unreachable() -> ServiceError {
    ServiceError::Unreachable { host: "oidc".to_owned(), why: "refused".to_owned() }
}

fn why(outcome: Result<Secret<String>, SessionError>) -> LoginNeeded {
    match outcome {
        Err(SessionError::LoginNeeded { why, .. }) => why,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("a token"),
    }
}

#[test]
fn a_fresh_token_is_used_without_asking_anybody() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    assert_eq!(fixture.session().access_token().expect("a token").expose(), "access-1");
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn no_one_logged_in_is_said() {
    assert_eq!(why(Fixture::new().session().access_token()), LoginNeeded::NeverLoggedIn);
}

#[test]
fn an_old_token_is_refreshed_once_and_the_rotated_refresh_token_is_kept() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert_eq!(fixture.session().access_token().expect("a token").expose(), "access-2");
    assert_eq!(fixture.session().access_token().expect("the same").expose(), "access-2");
    assert_eq!(fixture.center.calls(), ["CreateToken refresh_token refresh-1"]);
    let login = fixture.stored_login().expect("a login");
    assert_eq!(login.refresh_token.expect("rotated").expose(), "refresh-2");
    assert_eq!(login.refreshing_since, None);
}

#[test]
fn a_token_that_another_process_refreshed_meanwhile_is_used_as_it_is() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    let refused = Secret::from("access-0");
    let token = fixture.session().access_token_after_refusal(&refused).expect("the stored one");
    assert_eq!(token.expose(), "access-1");
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn invalid_grant_forgets_the_login_and_keeps_the_registration() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert_eq!(why(fixture.session().access_token()), LoginNeeded::RefreshRefused);
    assert!(fixture.stored_login().is_none());
    assert!(fixture.session().load().expect("reads").expect("a record").registration.is_some());
}

#[test]
fn a_record_that_a_killed_process_had_written_whole_counts() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    let mut record = fixture.session().load().expect("reads").expect("a record");
    let answer = FakeIdentityCenter::token("access-2", Some("refresh-2"));
    record.login.as_mut().expect("a login").renew(answer, crate::ports::clock::Clock::now(&fixture.clock));
    fixture.store.leave(&token_store::item_key(&fixture.config), record.to_text());
    assert_eq!(fixture.session().access_token().expect("a token").expose(), "access-2");
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn a_refresh_that_would_come_too_late_is_not_begun() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    fixture.center.is_late.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(fixture.session().access_token().expect("still good").expose(), "access-1");
    fixture.clock.advance(OVER.saturating_sub(OLD));
    let outcome = fixture.session().access_token();
    assert!(matches!(outcome, Err(SessionError::Service(ServiceError::NoTime { .. }))));
    assert!(fixture.center.calls().is_empty());
    assert_eq!(fixture.stored_login().expect("still there").refreshing_since, None);
}

#[test]
fn trouble_forgets_nothing_and_a_refusal_after_it_is_explained() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OVER);
    fixture.center.tokens.will(Err(unreachable()));
    assert!(matches!(fixture.session().access_token(), Err(SessionError::Service(_))));
    let login = fixture.stored_login().expect("still there");
    assert_eq!(login.refresh_token.expect("still there").expose(), "refresh-1");
    let since = login.refreshing_since.expect("marked");

    fixture.clock.advance(Duration::from_mins(1));
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert_eq!(why(fixture.session().access_token()), LoginNeeded::RefreshLost { since });
}

#[test]
fn a_refusal_after_a_lost_answer_tells_nothing_of_the_sessions_end() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OVER);
    fixture.center.tokens.will(Err(ServiceError::LostGrant));
    assert!(matches!(why(fixture.session().access_token()), LoginNeeded::RefreshLost { .. }));
    assert!(fixture.stored_login().is_none());
    assert_eq!(last_session::last_session(&fixture.state, &fixture.config).expect("reads"), None);
}

#[test]
fn a_refused_registration_needs_a_login_and_forgets_nothing() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OVER);
    fixture.center.tokens.will(Err(ServiceError::InvalidClient));
    assert_eq!(why(fixture.session().access_token()), LoginNeeded::RegistrationExpired);
    assert_eq!(fixture.stored_login().expect("still there").refreshing_since, None);
}

#[test]
fn without_a_refresh_token_or_with_an_old_registration_no_one_is_asked() {
    let fixture = Fixture::new();
    fixture.log_in(None);
    fixture.clock.advance(OVER);
    assert_eq!(why(fixture.session().access_token()), LoginNeeded::NotRefreshable);
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(Duration::from_hours(24 * 100));
    assert_eq!(why(fixture.session().access_token()), LoginNeeded::RegistrationExpired);
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn a_store_that_takes_no_writes_stops_the_refresh_before_the_token_is_spent() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    let session = fixture.session();
    let record = session.load().expect("reads").expect("a record");
    fixture.store.fail_next(KeyringError::Locked(StoreKind::SecretService));
    let outcome = session.refresh(record);
    assert!(matches!(outcome, Err(SessionError::Keyring(KeyringError::Locked(_)))));
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn a_token_that_cannot_be_refreshed_now_is_used_to_its_end() {
    type Trouble = fn(&Fixture);
    let causes: [(&str, Option<&str>, Trouble); 5] = [
        ("no network", Some("refresh-1"), |fixture| fixture.center.tokens.will(Err(unreachable()))),
        ("throttled", Some("refresh-1"), |fixture| fixture.center.tokens.will(Err(ServiceError::SlowDown))),
        ("a registration that is refused", Some("refresh-1"), |fixture| {
            fixture.center.tokens.will(Err(ServiceError::InvalidClient));
        }),
        ("a store that takes no mark", Some("refresh-1"), |fixture| fixture.store.take_writes(Some(0))),
        ("no refresh token", None, |_| {}),
    ];
    for (what, refresh_token, cause) in causes {
        let fixture = Fixture::new();
        fixture.log_in(refresh_token);
        fixture.clock.advance(OLD);
        cause(&fixture);
        assert_eq!(fixture.session().access_token().expect(what).expose(), "access-1", "{what}");
        fixture.clock.advance(OVER.saturating_sub(OLD));
        cause(&fixture);
        assert!(fixture.session().access_token().is_err(), "{what}");
    }
}

#[test]
fn anyone_who_refreshes_too_long_is_not_waited_for_while_the_old_token_is_good() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    let _theirs = token_store::lock(&fixture.config, &fixture.state, Duration::ZERO).expect("free");
    assert_eq!(fixture.session().access_token().expect("a token").expose(), "access-1");
    fixture.clock.advance(OVER.saturating_sub(OLD));
    assert!(matches!(fixture.session().access_token(), Err(SessionError::State(StateError::Busy { .. }))));
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn a_token_that_the_portal_refused_is_not_used_again() {
    let fixture = Fixture::new();
    fixture.log_in(None);
    fixture.clock.advance(OLD);
    let refused = Secret::from("access-1");
    assert_eq!(why(fixture.session().access_token_after_refusal(&refused)), LoginNeeded::NotRefreshable);
}

#[test]
fn a_registration_without_an_end_is_refreshed_with() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    let mut record = fixture.session().load().expect("reads").expect("a record");
    record.registration = Some(FakeIdentityCenter::registration("1970-01-01T00:00:00Z"));
    assert_eq!(SessionStatus::of(&record, StoreKind::SecretService).registration_expires_at, None);
    fixture.session().save(&record).expect("stored");
    fixture.clock.advance(OVER);
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert_eq!(fixture.session().access_token().expect("a token").expose(), "access-2");
}

#[test]
fn a_login_of_another_origin_is_used_by_no_one() {
    let mut fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.endpoints.portal = crate::ports::identity_center::Origin::new("https://elsewhere.example.com");
    assert!(matches!(fixture.session().access_token(), Err(SessionError::ForeignEndpoint { .. })));
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn a_locked_keyring_is_no_empty_one() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.store.lock();
    assert!(matches!(fixture.session().access_token(), Err(SessionError::Keyring(KeyringError::Locked(_)))));
}

/// The store takes the mark, and locks itself before the answer comes.
fn refreshed_into_a_locked_store() -> Fixture {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    fixture.store.take_writes(Some(1));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert_eq!(fixture.session().access_token().expect("a token").expose(), "access-2");
    fixture
}

#[test]
fn a_record_that_the_store_refuses_after_a_refresh_is_sealed_and_served_from_there() {
    let fixture = refreshed_into_a_locked_store();
    assert_eq!(fixture.session().access_token().expect("still").expose(), "access-2");
    let login = fixture.stored_login().expect("a login");
    assert_eq!(login.refresh_token.expect("rotated").expose(), "refresh-2");
    assert_eq!(fixture.center.calls().len(), 1);
}

#[test]
fn a_sealed_record_moves_to_the_store_on_the_next_call_that_can_write() {
    let fixture = refreshed_into_a_locked_store();
    fixture.store.take_writes(None);
    assert_eq!(fixture.session().access_token().expect("still").expose(), "access-2");
    fixture.sealing_keys.lose_all();
    assert_eq!(fixture.stored_login().expect("in the store").access_token.expose(), "access-2");
    assert_eq!(fixture.center.calls().len(), 1);
}

#[test]
fn a_sealed_record_is_refreshed_like_a_stored_one_and_hides_nothing_afterwards() {
    let fixture = refreshed_into_a_locked_store();
    fixture.clock.advance(OVER);
    assert!(matches!(fixture.session().access_token(), Err(SessionError::Keyring(_))), "no place for a mark");
    fixture.store.take_writes(None);
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-3", Some("refresh-3"))));
    assert_eq!(fixture.session().access_token().expect("a token").expose(), "access-3");
    assert_eq!(fixture.session().access_token().expect("the same").expose(), "access-3");
    let calls = fixture.center.calls();
    assert_eq!(calls, ["CreateToken refresh_token refresh-1", "CreateToken refresh_token refresh-2"]);
}

#[test]
fn where_nothing_may_be_sealed_the_refusal_of_the_store_is_the_answer() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(OVER);
    fixture.store.take_writes(Some(1));
    fixture.sealing_keys.refuse();
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert!(matches!(fixture.session().access_token(), Err(SessionError::Keyring(KeyringError::Locked(_)))));
}
