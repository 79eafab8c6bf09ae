use super::*;
use crate::ports::clock::Clock;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::identity_center::{DeviceAuthorization, Origin, Page};
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::session::testing::{Fixture, corp, portal};

const LATER: &str = "2027-02-22T00:00:00Z";

fn page() -> Page<crate::ports::identity_center::Account> {
    Page { items: Vec::new(), next: None }
}

#[test]
fn the_first_login_registers_asks_for_a_code_and_stores_the_token() {
    let fixture = Fixture::new();
    fixture.center.registrations.will(Ok(FakeIdentityCenter::registration(LATER)));
    fixture.center.authorizations.will(Ok(FakeIdentityCenter::authorization()));
    let pending = fixture.session().begin_login("kcaws alice@laptop", &portal()).expect("begins");
    assert_eq!(pending.authorization.user_code.as_deref(), Some("BCDF-GHJK"));
    let token = FakeIdentityCenter::token("access", Some("refresh"));
    let status = fixture.session().complete_login(Flow::Device, pending.registration, token).expect("stored");
    assert!(status.is_logged_in(fixture.clock.now()));
    assert_eq!(fixture.stored_login().expect("a login").access_token.expose(), "access");
    let noted = crate::session::status::read(&fixture.state, &corp()).expect("reads");
    assert_eq!(noted, Some(status));
}

/// Killed right after it, a login into another store must not leave the first one's copy unknown.
#[test]
fn a_login_into_another_store_notes_what_the_first_one_still_has() {
    let fixture = Fixture::new();
    let first = FakeKeyring::new(StoreKind::Keyutils);
    let before = Session { store: &first, ..fixture.session() };
    let token = || FakeIdentityCenter::token("access", Some("refresh"));
    let registration = || FakeIdentityCenter::registration(LATER);
    before.complete_login(Flow::Device, registration(), token()).expect("stored");
    assert!(fixture.session().check().expect("answers").is_none(), "a login elsewhere is to come here");

    fixture.session().complete_login(Flow::Device, registration(), token()).expect("stored");
    let open = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
        Ok(Box::new(if kind == StoreKind::Keyutils { first.clone() } else { fixture.store.clone() }))
    };
    assert!(stale_copies::tidy(&fixture.config, &fixture.state, &open).expect("tidies").is_empty());
    assert!(before.load().expect("answers").is_none());
    assert!(fixture.stored_login().is_some());
}

#[test]
fn a_registration_is_used_again_and_renewed_when_the_service_has_lost_it() {
    let fixture = Fixture::new();
    fixture.log_in(None);
    fixture.center.authorizations.will(Err(ServiceError::InvalidClient));
    fixture.center.registrations.will(Ok(FakeIdentityCenter::registration(LATER)));
    fixture.center.authorizations.will(Ok(FakeIdentityCenter::authorization()));
    fixture.session().begin_login("kcaws", &portal()).expect("begins");
    assert_eq!(
        fixture.center.calls(),
        ["StartDeviceAuthorization", "RegisterClient", "StartDeviceAuthorization"]
    );
    assert!(fixture.stored_login().is_some(), "an unfinished login takes nothing away");
}

#[test]
fn a_login_at_another_origin_starts_from_nothing() {
    let mut fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    fixture.endpoints.oidc = Origin::new("https://oidc.elsewhere.example.com");
    fixture.center.registrations.will(Ok(FakeIdentityCenter::registration(LATER)));
    fixture.center.authorizations.will(Ok(FakeIdentityCenter::authorization()));
    fixture.session().begin_login("kcaws", &portal()).expect("begins");
    assert_eq!(
        fixture.center.calls()[0],
        "RegisterClient",
        "a client secret goes only to where it came from"
    );
}

#[test]
fn a_good_login_is_found_good_by_asking_the_portal() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    fixture.center.accounts.will(Ok(page()));
    assert!(fixture.session().check().expect("answers").is_some());
}

#[test]
fn a_login_that_was_ended_over_there_is_not_called_good() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    fixture.center.accounts.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(fixture.session().check().expect("answers").is_none());
    assert!(Fixture::new().session().check().expect("answers").is_none(), "no one ever logged in");
}

#[test]
fn a_login_that_ends_in_a_moment_and_cannot_be_renewed_is_done_again() {
    let fixture = Fixture::new();
    fixture.log_in(None);
    fixture.center.accounts.will(Ok(page()));
    assert!(fixture.session().check().expect("answers").is_some());
    fixture.clock.advance(std::time::Duration::from_mins(56));
    fixture.center.accounts.will(Ok(page()));
    assert!(fixture.session().check().expect("answers").is_none());
}

/// A user whose fresh token was refused is sent here: this command must not send them back.
#[test]
fn a_login_whose_fresh_token_is_refused_too_is_not_called_good() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    fixture.center.accounts.will(Err(ServiceError::Unauthorized));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    fixture.center.accounts.will(Err(ServiceError::Unauthorized));
    assert!(fixture.session().check().expect("answers").is_none());
    assert!(fixture.stored_login().is_some(), "and nothing is forgotten");
}

#[test]
fn a_login_whose_refresh_is_refused_by_any_name_is_done_again_and_trouble_is_none() {
    let refused = |code: &str| ServiceError::Refused {
        operation: "CreateToken",
        code: code.to_owned(),
        description: None,
    };
    for refusal in [
        refused("unauthorized_client"),
        ServiceError::ExpiredToken,
        ServiceError::AccessDenied { reason: None },
    ] {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh"));
        fixture.clock.advance(std::time::Duration::from_hours(1));
        fixture.center.tokens.will(Err(refusal));
        assert!(fixture.session().check().expect("answers").is_none());
        assert!(fixture.stored_login().is_some(), "and nothing is forgotten");
    }
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    fixture.clock.advance(std::time::Duration::from_hours(1));
    fixture.center.tokens.will(Err(ServiceError::ServerError { host: "oidc".to_owned(), status: 503 }));
    assert!(fixture.session().check().is_err());
}

#[test]
fn a_login_whose_page_is_refused_ends_and_one_at_an_unknown_host_goes_on() {
    let fixture = Fixture::new();
    let begin = |page: &str| {
        fixture.log_in(None);
        fixture.center.authorizations.will(Ok(DeviceAuthorization {
            verification_uri: page.to_owned(),
            ..FakeIdentityCenter::authorization()
        }));
        fixture.session().begin_login("kcaws", &portal())
    };
    for (page, is_opened) in [
        ("https://device.sso.eu-central-1.amazonaws.com/", true),
        ("https://eu-central-1.signin.aws/platform/authorize?request_uri=abc", true),
        ("http://127.0.0.1:1/device", true),
        ("https://example.com/", false),
    ] {
        let pages = begin(page).expect(page).pages;
        assert_eq!(pages.complete().to_open().is_some(), is_opened, "{page}");
    }
    for page in ["http://example.com/", "javascript:alert(1)", "http://127.0.0.2:1/device"] {
        assert!(matches!(begin(page), Err(SessionError::StrangePage { .. })), "{page}");
    }
}

/// A key that the administrator misconfigured has no bearing on the login, and a new one would not help.
#[test]
fn a_key_that_cannot_be_used_is_no_reason_to_log_in_again() {
    let refused =
        || ServiceError::KmsKey { operation: "CreateToken", reason: "KMS_DisabledException".to_owned() };
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    fixture.clock.advance(std::time::Duration::from_hours(1));
    fixture.center.tokens.will(Err(refused()));
    assert!(matches!(fixture.session().check(), Err(SessionError::Service(ServiceError::KmsKey { .. }))));
    assert!(
        fixture.stored_login().is_some_and(|login| login.refreshing_since.is_none()),
        "and nothing is forgotten"
    );
}
