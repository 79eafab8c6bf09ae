use super::*;
use crate::ports::identity_center::ServiceError;
use crate::session::testing::World;

fn portal(instance: &str) -> Portal {
    Portal {
        start_url: format!("https://{instance}.awsapps.com/start"),
        region: "eu-central-1".to_owned(),
        instance: Instance::noted(instance.to_owned()),
    }
}

#[test]
fn the_first_portal_is_pinned_and_another_is_refused_until_it_is_trusted() {
    let world = World::new();
    let session = world.session();
    session.check_pin(&portal("d-1111111111")).expect("nothing is pinned");
    session.pin_if_first(&portal("d-1111111111")).expect("pinned");
    session.check_pin(&portal("d-1111111111")).expect("the same");
    let refused = session.check_pin(&portal("d-2222222222"));
    assert!(matches!(refused, Err(SessionError::PortalChanged { .. })));
    session.pin_if_first(&portal("d-2222222222")).expect("no second first");
    assert_eq!(pinned(&world.state, &world.config).expect("reads").expect("pinned").as_str(), "d-1111111111");
    pin(&world.state, &world.clock, &world.config, &portal("d-2222222222")).expect("trusted");
    session.check_pin(&portal("d-2222222222")).expect("now it is");
}

#[test]
fn a_pin_that_cannot_be_read_is_not_none() {
    let world = World::new();
    world.state.write(&file_name(&world.config), b"{").expect("writes");
    assert!(matches!(world.session().check_pin(&portal("d-1")), Err(SessionError::BadPin { .. })));
    assert!(last_session(&world.state, &world.config).expect("reads").is_none());
}

#[test]
fn the_end_of_a_session_is_learned_by_seeing_it_and_outlives_logout_and_pin() {
    let world = World::new();
    world.session().pin_if_first(&portal("d-1")).expect("pinned");
    world.log_in(Some("refresh-1"));
    world.clock.advance(Duration::from_hours(8));
    world.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(world.session().access_token().is_err());
    let last = last_session(&world.state, &world.config).expect("reads").expect("seen");
    assert_eq!(last.bounds(), (TimeDelta::zero(), TimeDelta::hours(8)), "nobody asked in between");
    assert!(world.session().log_out().is_ok());
    assert_eq!(last_session(&world.state, &world.config).expect("reads"), Some(last));
    assert!(pinned(&world.state, &world.config).expect("reads").is_some());
}

#[test]
fn a_refresh_token_that_was_lost_tells_nothing_of_the_sessions_end() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.clock.advance(Duration::from_mins(61));
    world.center.tokens.will(Err(ServiceError::TimedOut { host: "oidc".to_owned(), after: Duration::ZERO }));
    assert!(world.session().access_token().is_err());
    world.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(world.session().access_token().is_err());
    assert!(last_session(&world.state, &world.config).expect("reads").is_none());
}
