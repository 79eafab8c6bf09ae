use super::*;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::session::testing::World;

fn role() -> Role {
    Role { account_id: "111122223333".to_owned(), role_name: "Admin".to_owned() }
}

fn logged_in() -> World {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world
}

fn good() -> RoleCredentials {
    FakeIdentityCenter::role_credentials("2026-11-24T13:00:00Z")
}

#[test]
fn a_good_token_is_one_fetch() {
    let world = logged_in();
    world.center.credentials.will(Ok(good()));
    assert!(world.session().role_credentials(&role()).is_ok());
    assert_eq!(world.center.calls(), ["GetRoleCredentials access-1"]);
}

#[test]
fn a_refused_token_is_one_refresh_and_one_more_fetch() {
    let world = logged_in();
    world.center.credentials.will(Err(ServiceError::Unauthorized));
    world.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    world.center.credentials.will(Ok(good()));
    assert!(world.session().role_credentials(&role()).is_ok());
    assert_eq!(
        world.center.calls(),
        ["GetRoleCredentials access-1", "CreateToken refresh_token refresh-1", "GetRoleCredentials access-2"]
    );
}

#[test]
fn a_second_refusal_needs_a_person_and_forgets_nothing() {
    let world = logged_in();
    world.center.credentials.will(Err(ServiceError::Unauthorized));
    world.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", None)));
    world.center.credentials.will(Err(ServiceError::Unauthorized));
    let outcome = world.session().role_credentials(&role());
    assert!(matches!(
        outcome,
        Err(CredentialsError::Session(SessionError::LoginNeeded { why: LoginNeeded::TokenRefused, .. }))
    ));
    assert!(world.stored_login().is_some());
}

#[test]
fn no_access_and_no_such_role_are_their_own_answers() {
    let world = logged_in();
    world.center.credentials.will(Err(ServiceError::Forbidden));
    assert!(matches!(world.session().role_credentials(&role()), Err(CredentialsError::NotAssigned(_))));
    world.center.credentials.will(Err(ServiceError::NotFound));
    assert!(matches!(world.session().role_credentials(&role()), Err(CredentialsError::NoSuchRole(_))));
}

#[test]
fn expiry_is_judged_by_the_services_clock() {
    let world = logged_in();
    let expires = "2026-11-24T12:30:00Z";
    // We think it is noon; over there it is an hour later.
    *world.center.skew.lock().expect("free") = Some(TimeDelta::hours(1));
    world.center.credentials.will(Ok(FakeIdentityCenter::role_credentials(expires)));
    assert!(matches!(
        world.session().role_credentials(&role()),
        Err(CredentialsError::ExpiredOnArrival { .. })
    ));
    // Over there it is an hour earlier.
    *world.center.skew.lock().expect("free") = Some(TimeDelta::hours(-1));
    world.center.credentials.will(Ok(FakeIdentityCenter::role_credentials("2026-11-24T11:30:00Z")));
    assert!(world.session().role_credentials(&role()).is_ok());
}
