use super::*;
use crate::ports::identity_center::ServiceError;
use crate::session::testing::Fixture;

fn portal(instance: &str) -> Portal {
    Portal {
        start_url: format!("https://{instance}.awsapps.com/start"),
        region: "eu-central-1".to_owned(),
        instance: Instance::noted(instance.to_owned()),
    }
}

#[test]
fn the_first_portal_is_pinned_and_another_is_refused_until_it_is_trusted() {
    let fixture = Fixture::new();
    let session = fixture.session();
    session.check_pin(&portal("d-1111111111")).expect("nothing is pinned");
    session.pin_if_first(&portal("d-1111111111")).expect("pinned");
    session.check_pin(&portal("d-1111111111")).expect("the same");
    let refused = session.check_pin(&portal("d-2222222222"));
    assert!(matches!(refused, Err(SessionError::PortalChanged { .. })));
    session.pin_if_first(&portal("d-2222222222")).expect("no second first");
    assert_eq!(
        pinned(&fixture.state, &fixture.config).expect("reads").expect("pinned").as_str(),
        "d-1111111111"
    );
    pin(&fixture.state, &fixture.clock, &fixture.config, &portal("d-2222222222")).expect("trusted");
    session.check_pin(&portal("d-2222222222")).expect("now it is");
}

#[test]
fn a_pin_that_cannot_be_read_is_not_none() {
    let fixture = Fixture::new();
    fixture.state.write(&file_name(&fixture.config), b"{").expect("writes");
    assert!(matches!(fixture.session().check_pin(&portal("d-1")), Err(SessionError::BadPin { .. })));
    assert!(last_session(&fixture.state, &fixture.config).expect("reads").is_none());
}

#[test]
fn the_end_of_a_session_is_learned_by_seeing_it_and_outlives_logout_and_pin() {
    let fixture = Fixture::new();
    fixture.session().pin_if_first(&portal("d-1")).expect("pinned");
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(Duration::from_hours(8));
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(fixture.session().access_token().is_err());
    let last = last_session(&fixture.state, &fixture.config).expect("reads").expect("seen");
    assert_eq!(last.bounds(), (TimeDelta::zero(), TimeDelta::hours(8)), "nobody asked in between");
    assert!(fixture.session().log_out().is_ok());
    assert_eq!(last_session(&fixture.state, &fixture.config).expect("reads"), Some(last));
    assert!(pinned(&fixture.state, &fixture.config).expect("reads").is_some());
}

#[test]
fn a_refresh_token_that_was_lost_tells_nothing_of_the_sessions_end() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.clock.advance(Duration::from_mins(61));
    fixture
        .center
        .tokens
        .will(Err(ServiceError::TimedOut { host: "oidc".to_owned(), after: Duration::ZERO }));
    assert!(fixture.session().access_token().is_err());
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(fixture.session().access_token().is_err());
    assert!(last_session(&fixture.state, &fixture.config).expect("reads").is_none());
}
