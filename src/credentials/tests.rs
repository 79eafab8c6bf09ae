use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::session::testing::Fixture;

fn role() -> Role {
    Role { account_id: "111122223333".to_owned(), role_name: "Admin".into() }
}

fn logged_in() -> Fixture {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture
}

fn good() -> RoleCredentials {
    FakeIdentityCenter::role_credentials("2026-11-24T13:00:00Z")
}

#[test]
fn a_good_token_is_one_fetch() {
    let fixture = logged_in();
    fixture.center.credentials.will(Ok(good()));
    assert!(fixture.session().fetch_role(&role()).is_ok());
    assert_eq!(fixture.center.calls(), ["GetRoleCredentials access-1"]);
}

#[test]
fn a_refused_token_is_one_refresh_and_one_more_fetch() {
    let fixture = logged_in();
    fixture.center.credentials.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    fixture.center.credentials.will(Ok(good()));
    assert!(fixture.session().fetch_role(&role()).is_ok());
    assert_eq!(
        fixture.center.calls(),
        ["GetRoleCredentials access-1", "CreateToken refresh_token refresh-1", "GetRoleCredentials access-2"]
    );
}

#[test]
fn a_second_refusal_needs_a_person_and_forgets_nothing() {
    let fixture = logged_in();
    fixture.center.credentials.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", None)));
    fixture.center.credentials.will(Err(ServiceError::Unauthorized));
    let outcome = fixture.session().fetch_role(&role());
    assert!(matches!(
        outcome,
        Err(CredentialsError::Session(SessionError::LoginNeeded { why: LoginNeeded::TokenRefused, .. }))
    ));
    assert!(fixture.stored_login().is_some());
}

#[test]
fn no_access_and_no_such_role_are_their_own_answers() {
    let fixture = logged_in();
    fixture.center.credentials.will(Err(ServiceError::Forbidden));
    assert!(matches!(fixture.session().fetch_role(&role()), Err(CredentialsError::NotAssigned(_))));
    fixture.center.credentials.will(Err(ServiceError::NotFound));
    assert!(matches!(fixture.session().fetch_role(&role()), Err(CredentialsError::NoSuchRole(_))));
}

#[test]
fn expiry_is_judged_by_the_clock_that_can_be_right() {
    let fixture = logged_in();
    let fetched = |date_ahead: i64, expires: &str| {
        *fixture.center.skew.lock().expect("free") = Some(Skew::of_seconds(date_ahead));
        fixture.center.credentials.will(Ok(FakeIdentityCenter::role_credentials(expires)));
        fixture.session().fetch_role(&role()).map(|fetched| fetched.skew.seconds())
    };
    // We think it is noon.
    assert!(
        matches!(fetched(-3600, "2026-11-24T11:30:00Z"), Ok(-3600)),
        "they end in half an hour over there"
    );
    assert!(matches!(fetched(3600, "2026-11-24T12:30:00Z"), Ok(0)), "no one hands out what is over");
    let over = fetched(0, "2026-11-24T11:59:59Z");
    assert!(matches!(over, Err(CredentialsError::ExpiredOnArrival { .. })));
    let endless = fetched(0, "9999-12-31T23:59:59Z");
    assert!(matches!(endless, Err(CredentialsError::EndsTooLate { .. })));
}
