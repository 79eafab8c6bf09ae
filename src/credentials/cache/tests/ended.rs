//! What ends with the login that it came by.

use super::*;

#[test]
fn what_was_fetched_across_a_logout_is_not_kept() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh-1"));
    fixture.will_hand_out("first", "2026-11-24T13:00:00Z");
    fixture.center.logouts.will(Ok(()));
    let role = role();
    let fetch = |_| {
        let fetched = fixture.session().fetch_role(&role);
        fixture.session().log_out().map(drop).expect("logged out");
        fetched
    };
    fixture.warm().serve(&wanted(&role), fixture.mint(), fetch).map(drop).expect("asked before");
    assert!(!fixture.at_once());
    assert_eq!(fixture.sealing_keys.count(), 0);
}

#[test]
fn logout_ends_what_is_warm_even_where_the_keyring_is_locked() {
    let fixture = warmed();
    fixture.store.lock();
    assert!(matches!(fixture.session().log_out(), Err(SessionError::Keyring(KeyringError::Locked(_)))));
    assert!(!fixture.at_once());
    assert_eq!(fixture.sealing_keys.count(), 0);
}

#[test]
fn a_new_login_is_not_served_from_the_last_one() {
    let fixture = warmed();
    let registration = FakeIdentityCenter::registration("2027-02-22T00:00:00Z");
    let token = FakeIdentityCenter::token("access-2", Some("refresh-2"));
    fixture.session().complete_login(crate::session::Flow::Device, registration, token).expect("stored");
    assert!(!fixture.at_once());
}
