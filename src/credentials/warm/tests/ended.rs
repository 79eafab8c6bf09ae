//! What ends with the login that it came by.

use super::*;

#[test]
fn what_was_fetched_across_a_logout_is_not_kept() {
    let world = World::new();
    world.log_in(Some("refresh-1"));
    world.will_hand_out("first", "2026-11-24T13:00:00Z");
    world.center.logouts.will(Ok(()));
    let role = role();
    let fetch = |_| {
        let fetched = world.session().fetch_role(&role);
        world.session().log_out().map(drop).expect("logged out");
        fetched
    };
    world.warm().serve(&wanted(&role), world.mint(), fetch).map(drop).expect("asked before");
    assert!(!world.at_once());
    assert_eq!(world.warm_keys.count(), 0);
}

#[test]
fn logout_ends_what_is_warm_even_where_the_keyring_is_locked() {
    let world = warmed();
    world.store.lock();
    assert!(matches!(world.session().log_out(), Err(SessionError::Keyring(KeyringError::Locked(_)))));
    assert!(!world.at_once());
    assert_eq!(world.warm_keys.count(), 0);
}

#[test]
fn a_new_login_is_not_served_from_the_last_one() {
    let world = warmed();
    let registration = FakeIdentityCenter::registration("2027-02-22T00:00:00Z");
    let token = FakeIdentityCenter::token("access-2", Some("refresh-2"));
    world.session().complete_login(crate::session::Flow::Device, registration, token).expect("stored");
    assert!(!world.at_once());
}
