use std::time::Duration;

use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::session::testing::World;

/// Less than five minutes left of an access token.
const OLD: Duration = Duration::from_mins(56);
const OVER: Duration = Duration::from_mins(61);

fn lost() -> ServiceError {
    ServiceError::Unreachable { host: "oidc".to_owned(), why: "reset".to_owned() }
}

fn logged_in(refresh_token: Option<&str>) -> World {
    let world = World::new();
    world.log_in(refresh_token);
    world
}

fn end(world: &World) -> ServerSide {
    match world.session().log_out().expect("logs out") {
        LoggedOut::Done(side) => side,
        LoggedOut::NothingToDo => panic!("nothing was stored"),
    }
}

#[test]
fn a_token_that_has_not_ended_is_used_as_it_is() {
    let world = logged_in(Some("refresh-1"));
    world.clock.advance(OLD);
    world.center.logouts.will(Ok(()));
    assert!(matches!(end(&world), ServerSide::Ended));
    assert_eq!(world.center.calls(), ["Logout access-1"]);
}

#[test]
fn a_token_that_has_ended_or_is_refused_is_renewed_once() {
    let renewed = || Ok(FakeIdentityCenter::token("access-2", Some("refresh-2")));
    let world = logged_in(Some("refresh-1"));
    world.clock.advance(OVER);
    world.center.tokens.will(renewed());
    world.center.logouts.will(Ok(()));
    assert!(matches!(end(&world), ServerSide::Ended));
    let world = logged_in(Some("refresh-1"));
    world.center.logouts.will(Err(ServiceError::Unauthorized));
    world.center.tokens.will(renewed());
    world.center.logouts.will(Ok(()));
    assert!(matches!(end(&world), ServerSide::Ended));
    assert_eq!(world.center.calls().last().map(String::as_str), Some("Logout access-2"));
}

#[test]
fn a_session_that_the_service_calls_over_is_over() {
    let world = logged_in(Some("refresh-1"));
    world.center.logouts.will(Err(ServiceError::Unauthorized));
    world.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(matches!(end(&world), ServerSide::WasOver));
}

#[test]
fn a_session_that_nobody_can_be_told_of_any_more_is_not_called_over() {
    // The answer was lost within this call, or in an earlier one, and the refusal came of that.
    let world = logged_in(Some("refresh-1"));
    world.clock.advance(OVER);
    world.center.tokens.will(Err(ServiceError::LostGrant));
    assert!(matches!(end(&world), ServerSide::Unknown(_)), "lost within this call");

    let world = logged_in(Some("refresh-1"));
    world.clock.advance(OVER);
    world.center.tokens.will(Err(lost()));
    assert!(world.session().access_token().is_err());
    world.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(matches!(end(&world), ServerSide::Unknown(_)), "lost before");

    let world = logged_in(None);
    world.clock.advance(OVER);
    assert!(matches!(end(&world), ServerSide::Unknown(_)), "no refresh token");
    assert!(world.stored_login().is_none(), "it is forgotten here in any case");
}
