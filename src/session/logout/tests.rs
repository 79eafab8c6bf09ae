use std::time::Duration;

use super::*;
use crate::ports::identity_center::ServiceError;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::session::testing::Fixture;

/// Less than five minutes left of an access token.
const OLD: Duration = Duration::from_mins(56);
const OVER: Duration = Duration::from_mins(61);

fn lost() -> ServiceError {
    ServiceError::Unreachable { host: "oidc".to_owned(), why: "reset".to_owned() }
}

fn logged_in(refresh_token: Option<&str>) -> Fixture {
    let fixture = Fixture::new();
    fixture.log_in(refresh_token);
    fixture
}

fn end(fixture: &Fixture) -> ServerSide {
    match fixture.session().log_out().expect("logs out") {
        LoggedOut::Done(side) => side,
        LoggedOut::NothingToDo => panic!("nothing was stored"),
    }
}

#[test]
fn a_token_that_has_not_ended_is_used_as_it_is() {
    let fixture = logged_in(Some("refresh-1"));
    fixture.clock.advance(OLD);
    fixture.center.logouts.will(Ok(()));
    assert!(matches!(end(&fixture), ServerSide::Ended));
    assert_eq!(fixture.center.calls(), ["Logout access-1"]);
}

#[test]
fn a_token_that_has_ended_or_is_refused_is_renewed_once() {
    let renewed = || Ok(FakeIdentityCenter::token("access-2", Some("refresh-2")));
    let fixture = logged_in(Some("refresh-1"));
    fixture.clock.advance(OVER);
    fixture.center.tokens.will(renewed());
    fixture.center.logouts.will(Ok(()));
    assert!(matches!(end(&fixture), ServerSide::Ended));
    let fixture = logged_in(Some("refresh-1"));
    fixture.center.logouts.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(renewed());
    fixture.center.logouts.will(Ok(()));
    assert!(matches!(end(&fixture), ServerSide::Ended));
    assert_eq!(fixture.center.calls().last().map(String::as_str), Some("Logout access-2"));
}

#[test]
fn a_session_that_the_service_calls_over_is_over() {
    let fixture = logged_in(Some("refresh-1"));
    fixture.center.logouts.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(matches!(end(&fixture), ServerSide::WasOver));
}

#[test]
fn a_session_that_no_one_can_be_told_of_any_more_is_not_called_over() {
    // The answer was lost within this call, or in an earlier one, and the refusal came of that.
    let fixture = logged_in(Some("refresh-1"));
    fixture.clock.advance(OVER);
    fixture.center.tokens.will(Err(ServiceError::LostGrant));
    assert!(matches!(end(&fixture), ServerSide::Unknown(_)), "lost within this call");

    let fixture = logged_in(Some("refresh-1"));
    fixture.clock.advance(OVER);
    fixture.center.tokens.will(Err(lost()));
    assert!(fixture.session().access_token().is_err());
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(matches!(end(&fixture), ServerSide::Unknown(_)), "lost before");

    let fixture = logged_in(None);
    fixture.clock.advance(OVER);
    assert!(matches!(end(&fixture), ServerSide::Unknown(_)), "no refresh token");
    assert!(fixture.stored_login().is_none(), "it is forgotten here in any case");
}
