use std::time::Duration;

use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::state_folder::StateError;
use crate::session::testing::World;
use crate::session::vault;

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
    let world = World::new();
    world.log_in(Some("refresh-1"));
    assert_eq!(world.session().access_token().expect("a token").expose(), "access-1");
    assert!(world.center.calls().is_empty());
}

#[test]
fn nobody_logged_in_is_said() {
    assert_eq!(why(World::new().session().access_token()), LoginNeeded::NeverLoggedIn);
}

#[test]
fn an_old_token_is_refreshed_once_and_the_rotated_refresh_token_is_kept() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OLD);
    world.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert_eq!(world.session().access_token().expect("a token").expose(), "access-2");
    assert_eq!(world.session().access_token().expect("the same").expose(), "access-2");
    assert_eq!(world.center.calls(), ["CreateToken refresh_token refresh-1"]);
    let login = world.stored_login().expect("a login");
    assert_eq!(login.refresh_token.expect("rotated").expose(), "refresh-2");
    assert_eq!(login.refreshing_since, None);
}

#[test]
fn a_token_that_another_process_refreshed_meanwhile_is_used_as_it_is() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    let refused = Secret::from("access-0");
    let token = world.session().access_token_after_refusal(&refused).expect("the stored one");
    assert_eq!(token.expose(), "access-1");
    assert!(world.center.calls().is_empty());
}

#[test]
fn invalid_grant_forgets_the_login_and_keeps_the_registration() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OLD);
    world.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert_eq!(why(world.session().access_token()), LoginNeeded::RefreshRefused);
    assert!(world.stored_login().is_none());
    assert!(world.session().load().expect("reads").expect("a record").registration.is_some());
}

#[test]
fn a_record_that_a_killed_process_had_written_whole_counts() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OLD);
    let mut record = world.session().load().expect("reads").expect("a record");
    let answer = FakeIdentityCenter::token("access-2", Some("refresh-2"));
    record.login.as_mut().expect("a login").renew(answer, crate::ports::clock::Clock::now(&world.clock));
    world.store.leave(&vault::item_key(&world.config), record.to_text());
    assert_eq!(world.session().access_token().expect("a token").expose(), "access-2");
    assert!(world.center.calls().is_empty());
}

#[test]
fn a_refresh_that_would_come_too_late_is_not_begun() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OLD);
    world.center.is_late.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(world.session().access_token().expect("still good").expose(), "access-1");
    world.clock.advance(OVER.saturating_sub(OLD));
    let outcome = world.session().access_token();
    assert!(matches!(outcome, Err(SessionError::Service(ServiceError::NoTime { .. }))));
    assert!(world.center.calls().is_empty());
    assert_eq!(world.stored_login().expect("still there").refreshing_since, None);
}

#[test]
fn trouble_forgets_nothing_and_a_refusal_after_it_is_explained() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OVER);
    world.center.tokens.will(Err(unreachable()));
    assert!(matches!(world.session().access_token(), Err(SessionError::Service(_))));
    let login = world.stored_login().expect("still there");
    assert_eq!(login.refresh_token.expect("still there").expose(), "refresh-1");
    let since = login.refreshing_since.expect("marked");

    world.clock.advance(Duration::from_mins(1));
    world.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert_eq!(why(world.session().access_token()), LoginNeeded::RefreshLost { since });
}

#[test]
fn a_refusal_after_a_lost_answer_tells_nothing_of_the_sessions_end() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OVER);
    world.center.tokens.will(Err(ServiceError::LostGrant));
    assert!(matches!(why(world.session().access_token()), LoginNeeded::RefreshLost { .. }));
    assert!(world.stored_login().is_none());
    assert_eq!(known::last_session(&world.state, &world.config).expect("reads"), None);
}

#[test]
fn a_refused_registration_needs_a_login_and_forgets_nothing() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OVER);
    world.center.tokens.will(Err(ServiceError::InvalidClient));
    assert_eq!(why(world.session().access_token()), LoginNeeded::RegistrationExpired);
    assert_eq!(world.stored_login().expect("still there").refreshing_since, None);
}

#[test]
fn without_a_refresh_token_or_with_an_old_registration_nobody_is_asked() {
    let world = World::new();
    world.log_in(None);
    world.clock.advance(OVER);
    assert_eq!(why(world.session().access_token()), LoginNeeded::NotRefreshable);
    world.log_in(Some("refresh-1"));
    world.clock.advance(Duration::from_hours(24 * 100));
    assert_eq!(why(world.session().access_token()), LoginNeeded::RegistrationExpired);
    assert!(world.center.calls().is_empty());
}

#[test]
fn a_store_that_takes_no_writes_stops_the_refresh_before_the_token_is_spent() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OLD);
    let session = world.session();
    let record = session.load().expect("reads").expect("a record");
    world.store.fail_next(KeyringError::Locked(StoreKind::SecretService));
    let outcome = session.refresh(record);
    assert!(matches!(outcome, Err(SessionError::Keyring(KeyringError::Locked(_)))));
    assert!(world.center.calls().is_empty());
}

#[test]
fn a_token_that_cannot_be_refreshed_now_is_used_to_its_end() {
    type Trouble = fn(&World);
    let troubles: [(&str, Option<&str>, Trouble); 5] = [
        ("no network", Some("refresh-1"), |world| world.center.tokens.will(Err(unreachable()))),
        ("throttled", Some("refresh-1"), |world| world.center.tokens.will(Err(ServiceError::SlowDown))),
        ("a registration that is refused", Some("refresh-1"), |world| {
            world.center.tokens.will(Err(ServiceError::InvalidClient));
        }),
        ("a store that takes no mark", Some("refresh-1"), |world| world.store.take_writes(Some(0))),
        ("no refresh token", None, |_| {}),
    ];
    for (what, refresh_token, trouble) in troubles {
        let world = World::new();
        world.log_in(refresh_token);
        world.clock.advance(OLD);
        trouble(&world);
        assert_eq!(world.session().access_token().expect(what).expose(), "access-1", "{what}");
        world.clock.advance(OVER.saturating_sub(OLD));
        trouble(&world);
        assert!(world.session().access_token().is_err(), "{what}");
    }
}

#[test]
fn whoever_refreshes_too_long_is_not_waited_for_while_the_old_token_is_good() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OLD);
    let _theirs = vault::lock(&world.config, &world.state, Duration::ZERO).expect("free");
    assert_eq!(world.session().access_token().expect("a token").expose(), "access-1");
    world.clock.advance(OVER.saturating_sub(OLD));
    assert!(matches!(world.session().access_token(), Err(SessionError::State(StateError::Busy { .. }))));
    assert!(world.center.calls().is_empty());
}

#[test]
fn a_token_that_the_portal_refused_is_not_used_again() {
    let world = World::new();
    world.log_in(None);
    world.clock.advance(OLD);
    let refused = Secret::from("access-1");
    assert_eq!(why(world.session().access_token_after_refusal(&refused)), LoginNeeded::NotRefreshable);
}

#[test]
fn a_registration_without_an_end_is_refreshed_with() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    let mut record = world.session().load().expect("reads").expect("a record");
    record.registration = Some(FakeIdentityCenter::registration("1970-01-01T00:00:00Z"));
    assert_eq!(SessionStatus::of(&record, StoreKind::SecretService).registration_expires_at, None);
    world.session().save(&record).expect("stored");
    world.clock.advance(OVER);
    world.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert_eq!(world.session().access_token().expect("a token").expose(), "access-2");
}

#[test]
fn a_login_of_another_origin_is_used_by_nobody() {
    let mut world = World::new();
    world.log_in(Some("refresh-1"));
    world.endpoints.portal = crate::ports::identity_center::Origin::new("https://elsewhere.example.com");
    assert!(matches!(world.session().access_token(), Err(SessionError::ForeignEndpoint { .. })));
    assert!(world.center.calls().is_empty());
}

#[test]
fn a_locked_keyring_is_no_empty_one() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.store.lock();
    assert!(matches!(world.session().access_token(), Err(SessionError::Keyring(KeyringError::Locked(_)))));
}

/// The store takes the mark, and locks itself before the answer comes.
fn refreshed_into_a_locked_store() -> World {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OLD);
    world.store.take_writes(Some(1));
    world.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert_eq!(world.session().access_token().expect("a token").expose(), "access-2");
    world
}

#[test]
fn a_record_that_the_store_refuses_after_a_refresh_is_sealed_and_served_from_there() {
    let world = refreshed_into_a_locked_store();
    assert_eq!(world.session().access_token().expect("still").expose(), "access-2");
    let login = world.stored_login().expect("a login");
    assert_eq!(login.refresh_token.expect("rotated").expose(), "refresh-2");
    assert_eq!(world.center.calls().len(), 1);
}

#[test]
fn a_sealed_record_moves_to_the_store_on_the_next_call_that_can_write() {
    let world = refreshed_into_a_locked_store();
    world.store.take_writes(None);
    assert_eq!(world.session().access_token().expect("still").expose(), "access-2");
    world.warm_keys.lose_all();
    assert_eq!(world.stored_login().expect("in the store").access_token.expose(), "access-2");
    assert_eq!(world.center.calls().len(), 1);
}

#[test]
fn a_sealed_record_is_refreshed_like_a_stored_one_and_hides_nothing_afterwards() {
    let world = refreshed_into_a_locked_store();
    world.clock.advance(OVER);
    assert!(matches!(world.session().access_token(), Err(SessionError::Keyring(_))), "no place for a mark");
    world.store.take_writes(None);
    world.center.tokens.will(Ok(FakeIdentityCenter::token("access-3", Some("refresh-3"))));
    assert_eq!(world.session().access_token().expect("a token").expose(), "access-3");
    assert_eq!(world.session().access_token().expect("the same").expose(), "access-3");
    let calls = world.center.calls();
    assert_eq!(calls, ["CreateToken refresh_token refresh-1", "CreateToken refresh_token refresh-2"]);
}

#[test]
fn where_nothing_may_be_sealed_the_refusal_of_the_store_is_the_answer() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(OVER);
    world.store.take_writes(Some(1));
    world.warm_keys.refuse();
    world.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    assert!(matches!(world.session().access_token(), Err(SessionError::Keyring(KeyringError::Locked(_)))));
}
