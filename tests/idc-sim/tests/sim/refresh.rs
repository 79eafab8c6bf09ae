//! Refresh, rotation, the session's end, and what an administrator does.

use std::time::Duration;

use idc_sim::{IdcSim, LogoutEnds, RefreshRotation};

use crate::client::{ALICE, Client, Tokens, hours};

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

/// Refreshes once and tells whether the old and the new refresh token work then.
fn rotate(rotation: RefreshRotation) -> (bool, Option<bool>) {
    let sim = IdcSim::builder().refresh_rotation(rotation).start();
    let client = Client::new(&sim);
    let first = client.log_in(&sim);
    let second = Tokens::of(first.client.clone(), &client.refresh(&first.client, first.refresh_token()));
    assert_ne!(first.access, second.access);
    let works = |token: &str| client.refresh(&first.client, token).status == 200;
    let old = works(first.refresh_token());
    (old, second.refresh.as_deref().map(works))
}

#[test]
fn a_used_refresh_token_dies_or_lives_by_switch() {
    assert_eq!(rotate(RefreshRotation::OldDies), (false, Some(true)));
    assert_eq!(rotate(RefreshRotation::OldStays), (true, Some(true)));
    assert_eq!(rotate(RefreshRotation::NoNewToken), (true, None));
    assert_eq!(rotate(RefreshRotation::Grace(Duration::from_mins(1))), (true, Some(true)));
}

#[test]
fn an_hour_then_refresh_until_the_session_ends() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let mut tokens = client.log_in(&sim);
    for _ in 0..7 {
        sim.advance(hours(1));
        assert!(!sim.is_access_token_good(&tokens.access));
        tokens = Tokens::of(tokens.client.clone(), &client.refresh(&tokens.client, tokens.refresh_token()));
        assert!(sim.is_access_token_good(&tokens.access));
    }
    sim.advance(Duration::from_mins(30));
    tokens = Tokens::of(tokens.client.clone(), &client.refresh(&tokens.client, tokens.refresh_token()));
    // No token outlives the session.
    assert!(tokens.expires_in <= 1800, "{}", tokens.expires_in);
    sim.advance(Duration::from_mins(30));
    assert_eq!(client.refresh(&tokens.client, tokens.refresh_token()).oidc_error(), invalid_grant());
}

#[test]
fn a_new_login_inherits_the_sessions_end() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    client.log_in(&sim);
    sim.advance(Duration::from_mins(7 * 60 + 30));
    let second = client.log_in(&sim);
    assert!(second.expires_in <= 1800, "{}", second.expires_in);
    sim.advance(Duration::from_mins(31));
    // The old session is over, so this one is new.
    assert_eq!(client.log_in(&sim).expires_in, 3600);
}

#[test]
fn a_logout_ends_more_than_its_login_by_switch() {
    for (switch, other_lives, next_is_full) in [
        (LogoutEnds::SignInSession, true, true),
        (LogoutEnds::LoginOnly, true, false),
        (LogoutEnds::EveryLogin, false, true),
    ] {
        let sim = IdcSim::builder().logout_ends(switch).start();
        let client = Client::new(&sim);
        let (mine, other) = (client.log_in(&sim), client.log_in(&sim));
        let logout = || client.send("POST", "/logout", &[("x-amz-sso_bearer_token", &mine.access)], "");
        let answer = logout();
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(logout().portal_error(), (401, "UnauthorizedException".to_owned()));
        assert_eq!(client.refresh(&mine.client, mine.refresh_token()).oidc_error(), invalid_grant());
        assert_eq!(sim.is_access_token_good(&other.access), other_lives, "{switch:?}");
        sim.advance(Duration::from_mins(7 * 60 + 30));
        assert_eq!(client.log_in(&sim).expires_in == 3600, next_is_full, "{switch:?}");
    }
}

#[test]
fn an_ended_session_dies_at_once_and_a_disabled_users_within_the_hour() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    sim.end_session(ALICE);
    assert!(!sim.is_access_token_good(&tokens.access));
    assert_eq!(client.refresh(&tokens.client, tokens.refresh_token()).oidc_error(), invalid_grant());

    let tokens = client.log_in(&sim);
    sim.disable_user(ALICE);
    sim.advance(Duration::from_mins(59));
    assert!(sim.is_access_token_good(&tokens.access));
    sim.advance(Duration::from_mins(1));
    assert_eq!(client.refresh(&tokens.client, tokens.refresh_token()).oidc_error(), invalid_grant());
}

#[test]
fn access_tokens_expire_on_demand_and_refresh_goes_on() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    sim.expire_access_tokens();
    assert!(!sim.is_access_token_good(&tokens.access));
    let fresh = Tokens::of(tokens.client.clone(), &client.refresh(&tokens.client, tokens.refresh_token()));
    assert!(sim.is_access_token_good(&fresh.access));
}

#[test]
fn a_seeded_login_is_as_good_as_a_real_one() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let login = sim.seed_login(ALICE);
    assert!(sim.is_access_token_good(&login.access_token));
    assert!(sim.requests().is_empty());
    let registered =
        crate::client::Registered { id: login.client_id.clone(), secret: login.client_secret.clone() };
    assert_eq!(client.refresh(&registered, &login.refresh_token).status, 200);
    let cache = login.token_cache();
    assert_eq!(cache["accessToken"], login.access_token);
    assert_eq!(cache["expiresAt"], idc_sim::rfc3339(login.expires_at));
}

#[test]
fn grace_is_not_lengthened_by_using_it() {
    let sim = IdcSim::builder().refresh_rotation(RefreshRotation::Grace(hours(1))).start();
    let client = Client::new(&sim);
    let first = client.log_in(&sim);
    for status in [200, 200, 400] {
        assert_eq!(client.refresh(&first.client, first.refresh_token()).status, status);
        sim.advance(Duration::from_mins(40));
    }
}

#[test]
fn lives_are_as_long_as_was_chosen() {
    let sim = IdcSim::builder()
        .access_token_life(Duration::from_mins(10))
        .session_life(Duration::from_mins(15))
        .start();
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    assert_eq!(tokens.expires_in, 600);
    sim.advance(Duration::from_mins(10));
    assert!(!sim.is_access_token_good(&tokens.access));
    let fresh = Tokens::of(tokens.client.clone(), &client.refresh(&tokens.client, tokens.refresh_token()));
    assert!(fresh.expires_in <= 300, "{}", fresh.expires_in);
}
