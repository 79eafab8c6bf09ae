use super::*;
use crate::ports::callback::FakeCallback;
use crate::ports::clock::Clock;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::session::testing::{Fixture, portal};
use crate::session::{Login, LoginNeeded};

const LATER: &str = "2027-02-22T00:00:00Z";

fn registration(client_id: &str) -> Registration {
    Registration { client_id: client_id.to_owned(), ..FakeIdentityCenter::registration(LATER) }
}

fn begin(fixture: &Fixture, callback: &FakeCallback) -> PendingPkceLogin {
    let listen = |state: &Secret<String>| -> Result<Box<dyn Callback>, NoPort> {
        Ok(Box::new(callback.listen(state)))
    };
    fixture.session().begin_pkce("kcaws alice@laptop", &portal(), &listen).expect("begins")
}

fn outcome(fixture: &Fixture, query: Option<&str>) -> Result<IssuedToken, SessionError> {
    let callback = FakeCallback::default();
    if let Some(query) = query {
        callback.visit(query);
    }
    fixture.session().wait_for_return(&begin(fixture, &callback), |_| {})
}

fn log_in(fixture: &Fixture, client_id: &str) {
    fixture.center.registrations.will(Ok(registration(client_id)));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access", Some("refresh"))));
    let callback = FakeCallback::default();
    callback.visit("code=the-code&state=STATE");
    let pending = begin(fixture, &callback);
    let token = fixture.session().wait_for_return(&pending, |_| {}).expect("a token");
    fixture.session().complete_login(Flow::Pkce, pending.registration.clone(), token).expect("stored");
    pending.succeed();
    assert_eq!(callback.outcome(), Some(LoginOutcome::LoggedIn));
}

/// RFC 7636 appendix B.
#[test]
fn the_challenge_of_the_rfc() {
    let verifier = Secret::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn the_address_is_that_of_the_aws_cli_and_no_two_are_alike() {
    let mut fixture = Fixture::new();
    fixture.config.scopes.push("sso:other scope".to_owned());
    fixture
        .center
        .registrations
        .will(Ok(Registration { scopes: fixture.config.scopes.clone(), ..registration("c+1") }));
    let callback = FakeCallback::default();
    let (first, second) = (begin(&fixture, &callback), begin(&fixture, &callback));
    let parts = |page: &str| -> Vec<(String, String)> {
        url::Url::parse(page).expect("a URL").query_pairs().into_owned().collect()
    };
    assert!(first.page.as_str().starts_with(
        "http://127.0.0.1:1/authorize?response_type=code&client_id=c%2B1\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Foauth%2Fcallback&state="
    ));
    assert!(first.page.as_str().contains(
        "&code_challenge_method=S256&scopes=sso%3Aaccount%3Aaccess%20sso%3Aother%20scope&code_challenge="
    ));
    let (one, other) = (parts(first.page.as_str()), parts(second.page.as_str()));
    for (name, length) in [("state", 43), ("code_challenge", 43)] {
        let value = |parts: &[(String, String)]| {
            parts.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).expect("there")
        };
        assert_ne!(value(&one), value(&other));
        assert_eq!(value(&one).len(), length);
    }
    let verifier = first.verifier.expose();
    assert!((43..=128).contains(&verifier.len()), "RFC 7636 section 4.1");
    assert!(!first.page.as_str().contains(verifier.as_str()), "it goes to the service alone");
}

#[test]
fn the_refresh_of_a_login_uses_the_registration_that_it_was_made_with() {
    let fixture = Fixture::new();
    // The registration of the other grant is stored first, and stays.
    fixture.log_in(Some("before"));
    log_in(&fixture, "code-client");
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", Some("refresh-2"))));
    fixture.session().access_token().expect("refreshed");
    assert_eq!(
        fixture.center.calls(),
        [
            "RegisterClient authorization_code",
            "CreateToken authorization_code the-code http://127.0.0.1:1/oauth/callback",
            "CreateToken refresh_token refresh by code-client",
        ]
    );
    let record = fixture.session().load().expect("reads").expect("stored");
    let known = |flow| record.registration_of(flow).map(|known| known.client_id.as_str());
    assert_eq!((known(Flow::Device), known(Flow::Pkce)), (Some("client"), Some("code-client")));
    // The next login of either kind registers nothing.
    begin(&fixture, &FakeCallback::default());
    fixture.center.authorizations.will(Ok(FakeIdentityCenter::authorization()));
    fixture.session().begin_login("kcaws", &portal()).expect("begins");
    assert_eq!(fixture.center.calls().iter().filter(|call| call.starts_with("Register")).count(), 1);
}

#[test]
fn denial_refusal_and_silence_are_distinguished() {
    let fixture = Fixture::new();
    fixture.center.registrations.will(Ok(registration("code-client")));
    assert!(matches!(
        outcome(&fixture, Some("error=access_denied&state=STATE")),
        Err(SessionError::Denied { reason: None })
    ));
    assert!(matches!(
        outcome(&fixture, Some("error=server_error&state=STATE")),
        Err(SessionError::NoCode { error, .. }) if error == "server_error"
    ));
    fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
    assert!(matches!(outcome(&fixture, Some("code=old&state=STATE")), Err(SessionError::CodeRefused)));
    assert!(fixture.session().load().expect("reads").expect("kept").registration_of(Flow::Pkce).is_some());

    let mut remaining = Vec::new();
    let pending = begin(&fixture, &FakeCallback::default());
    let silence = fixture.session().wait_for_return(&pending, |left| remaining.push(left.as_secs()));
    assert!(matches!(silence, Err(SessionError::NotBack { .. })));
    assert_eq!((remaining.first(), remaining.last(), remaining.len()), (Some(&300), Some(&1), 300));
}

/// No browser returns from an error page, and with the same registration none ever would.
#[test]
fn after_silence_the_next_login_registers_again_unless_someone_else_proved_it_good() {
    let fixture = Fixture::new();
    fixture.center.registrations.will(Ok(registration("forgotten")));
    assert!(outcome(&fixture, None).is_err());
    fixture.center.registrations.will(Ok(registration("fresh")));
    fixture.center.tokens.will(Err(ServiceError::InvalidClient));
    assert!(outcome(&fixture, Some("code=c&state=STATE")).is_err());
    assert_eq!(fixture.center.calls().iter().filter(|call| call.starts_with("Register")).count(), 2);

    fixture.center.registrations.will(Ok(registration("third")));
    let slow = begin(&fixture, &FakeCallback::default());
    let token = FakeIdentityCenter::token("access", Some("refresh"));
    fixture.session().complete_login(Flow::Pkce, registration("third"), token).expect("stored");
    assert!(fixture.session().wait_for_return(&slow, |_| {}).is_err());
    assert!(fixture.session().load().expect("reads").expect("kept").registration_of(Flow::Pkce).is_some());
}

#[test]
fn a_new_registration_does_not_take_the_old_one_from_a_login_that_lives() {
    let mut fixture = Fixture::new();
    log_in(&fixture, "first");
    fixture.config.scopes = vec!["sso:account:access".to_owned(), "sso:more".to_owned()];
    fixture.center.registrations.will(Ok(registration("second")));
    begin(&fixture, &FakeCallback::default());
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.center.tokens.will(Ok(FakeIdentityCenter::token("access-2", None)));
    fixture.session().access_token().expect("refreshed");
    assert_eq!(
        fixture.center.calls().last().map(String::as_str),
        Some("CreateToken refresh_token refresh by first")
    );
}

#[test]
fn the_status_tells_the_end_of_the_registration_that_the_login_is_refreshed_with() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    let mut of_code = registration("code");
    of_code.expires_at = fixture.clock.now() + chrono::TimeDelta::days(1);
    let end = of_code.expires_at;
    let token = FakeIdentityCenter::token("access", Some("refresh"));
    let status = fixture.session().complete_login(Flow::Pkce, of_code, token).expect("stored");
    assert_eq!(status.registration_expires_at, Some(end));
}

#[test]
fn without_a_port_nothing_is_registered() {
    let fixture = Fixture::new();
    let listen = |_: &Secret<String>| -> Result<Box<dyn Callback>, NoPort> {
        Err(NoPort::NotOpened(std::io::Error::from(std::io::ErrorKind::AddrInUse)))
    };
    assert!(matches!(
        fixture.session().begin_pkce("kcaws", &portal(), &listen),
        Err(SessionError::NoPort(_))
    ));
    assert!(fixture.center.calls().is_empty());
}

#[test]
fn a_login_without_its_registration_asks_for_a_new_login() {
    let fixture = Fixture::new();
    fixture.log_in(Some("refresh"));
    let mut record = fixture.session().load().expect("reads").expect("stored");
    let token = FakeIdentityCenter::token("access", Some("refresh"));
    record.login = Some(Login::from_issued(Flow::Pkce, token, fixture.clock.now()));
    fixture.session().save(&record).expect("stored");
    fixture.clock.advance(Duration::from_secs(3600));
    assert!(matches!(
        fixture.session().access_token(),
        Err(SessionError::LoginNeeded { why: LoginNeeded::NotRefreshable, .. })
    ));
    assert!(fixture.center.calls().is_empty(), "another client's registration is not tried");
}
