//! What Keycloak answers when something is wrong, by the real server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kcaws_test_keycloak::require_keycloak;
use serde_json::json;

use super::*;
use crate::platform::rest::testing::{TestServer, json as json_response, response};
use crate::ports::keycloak::contract::{ALL_RIGHTS, connected, service_account, setup};
use crate::ports::keycloak::{Keycloak, UserDetail};

/// A clock that only moves when a test moves it.
#[derive(Default)]
struct StillClock(AtomicU64);

impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + self.elapsed()
    }

    fn since_epoch(&self) -> Duration {
        self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, _span: Duration) {}
}

fn open(account: &ServiceAccount) -> HttpKeycloak {
    HttpKeycloak::new(setup(), Arc::new(StillClock::default()), account.clone()).expect("a client")
}

#[test]
fn what_is_wrong_with_the_account_is_told_apart() {
    let server = require_keycloak!();
    let realm = server.realm();
    let account = service_account(server, &realm, &[]);

    let wrong = ServiceAccount { secret: Secret::from("wrong-secret"), ..account.clone() };
    let error = open(&wrong).user_count().expect_err("is refused");
    assert!(
        matches!(&error, KeycloakError::ServiceAccount { client_id, .. } if client_id == "kcaws-admin"),
        "{error:?}"
    );
    assert!(!error.to_string().contains("wrong-secret"));

    let elsewhere = ServiceAccount { realm: "no-such-realm".to_owned(), ..account.clone() };
    let error = open(&elsewhere).user_count().expect_err("there is none");
    assert!(matches!(error, KeycloakError::NoRealm { .. }), "{error:?}");

    let url = RestOrigin::parse(&format!("{}/nothing/here", server.url())).expect("a URL");
    let error = open(&ServiceAccount { url, ..account.clone() }).user_count().expect_err("not there");
    assert!(matches!(error, KeycloakError::NoRealm { .. } | KeycloakError::NotKeycloak { .. }), "{error:?}");

    let keycloak = open(&account);
    for (error, needs) in [
        (keycloak.user_count().err(), Right::ViewUsers),
        (keycloak.realm().err(), Right::ViewRealm),
        (keycloak.client("a").err(), Right::ViewClients),
        (keycloak.events_config().err(), Right::ViewEvents),
        (keycloak.create_client(&serde_json::Map::new()).err(), Right::ManageClients),
        (keycloak.set_user_enabled("a", true).err(), Right::ManageUsers),
    ] {
        assert_eq!(error, Some(KeycloakError::Forbidden { needs }));
    }
    assert_eq!(keycloak.server_version(), Ok(None));
}

#[test]
fn the_id_of_the_realm_needs_a_right_of_its_own() {
    let server = require_keycloak!();
    let realm = server.realm();
    let keycloak = connected(server, &realm, &[Right::ViewUsers]);
    assert_eq!(keycloak.realm().err(), Some(KeycloakError::Forbidden { needs: Right::ViewRealm }));
    assert_eq!(keycloak.user_count(), Ok(0));
}

#[test]
fn a_token_is_renewed_before_its_end_and_when_it_is_refused() {
    let server = require_keycloak!();
    let realm = server.realm();
    let account = service_account(server, &realm, &ALL_RIGHTS);
    let clock = Arc::new(StillClock::default());
    let keycloak = HttpKeycloak::new(setup(), clock.clone(), account).expect("a client");
    keycloak.user_count().expect("counts");
    let first = keycloak.token().expect("a token").number();
    clock.0.store(200, Ordering::Relaxed);
    assert_eq!(keycloak.token().expect("a token").number(), first, "300 s are not over");
    clock.0.store(250, Ordering::Relaxed);
    assert_eq!(keycloak.token().expect("a token").number(), first + 1);

    // Ends all sessions, and with them the tokens.
    realm.admin("PUT", "", Some(&json!({"notBefore": 2_000_000_000})));
    assert_eq!(keycloak.user_count(), Err(KeycloakError::TokenRefused), "the new one is refused too");
    realm.admin("PUT", "", Some(&json!({"notBefore": 0})));
    assert_eq!(keycloak.user_count(), Ok(0));
}

#[test]
fn an_example_of_a_response_contains_what_aws_would_get() {
    let server = require_keycloak!();
    let realm = server.realm();
    let keycloak = connected(server, &realm, &ALL_RIGHTS);
    let alice = realm.create_user("alice", "alice@example.com", "alice-pw");
    let draft = json!({"clientId": "https://sp.example/", "protocol": "saml", "redirectUris": ["https://sp.example/acs"],
        "attributes": {"saml_name_id_format": "email", "saml_force_name_id_format": "true"}});
    let id = keycloak.create_client(draft.as_object().expect("an object")).expect("creates");
    let xml = keycloak.example_saml_response(&id, alice.id()).expect("has examples");
    assert!(xml.starts_with('<') && xml.contains("alice@example.com"), "{xml}");

    let nobody = keycloak.example_saml_response(&id, "00000000-0000-4000-8000-000000000000");
    let user = KeycloakObject::User;
    assert!(matches!(&nobody, Err(KeycloakError::NotFound { object, .. }) if *object == user), "{nobody:?}");
    assert!(keycloak.descriptor().expect("is public").contains("EntityDescriptor"));
}

#[test]
fn a_list_without_the_right_is_empty_and_its_count_is_not() {
    let server = require_keycloak!();
    let realm = server.realm();
    realm.create_user("alice", "alice@example.com", "alice-pw");
    realm.create_service_account("reader", "kept-by-the-test", &["query-users"]);
    let account = service_account(server, &realm, &[]);
    let keycloak = open(&ServiceAccount { client_id: "reader".to_owned(), ..account });
    assert_eq!(keycloak.user_count(), Ok(1));
    assert_eq!(keycloak.sees_users(), Ok(false));
    assert_eq!(keycloak.users(UserDetail::Brief, &mut |_| panic!("sees nobody")), Ok(0));
}

fn scripted(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> HttpKeycloak {
    let server = TestServer::start(answer);
    open(&ServiceAccount {
        url: RestOrigin::parse(&server.url).expect("a URL"),
        realm: "corp".to_owned(),
        client_id: "kcaws-admin".to_owned(),
        secret: Secret::from("s"),
    })
}

fn path_of(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn an_old_server_is_found_below_auth_once_and_gets_no_secret_elsewhere() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let keycloak = scripted(move |request| {
        let path = path_of(request).to_owned();
        log.lock().expect("a log").push(path.clone());
        match path.as_str() {
            "/auth/realms/corp/.well-known/openid-configuration" => {
                json_response(r#"{"issuer":"https://sso.example.com/auth/realms/corp"}"#)
            }
            "/auth/realms/corp/protocol/openid-connect/token" => {
                json_response(r#"{"access_token":"t","expires_in":60}"#)
            }
            "/auth/admin/realms/corp/users/count" => json_response("7"),
            _ => response("404 Not Found", "content-type: text/html\r\n", "<html>Not Found"),
        }
    });
    assert_eq!((keycloak.user_count(), keycloak.user_count()), (Ok(7), Ok(7)));
    assert_eq!(keycloak.issuer().as_deref(), Ok("https://sso.example.com/auth/realms/corp"));
    let asked = asked.lock().expect("a log");
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert_eq!(asked[0], "/realms/corp/.well-known/openid-configuration");
}

#[test]
fn another_server_is_not_taken_for_keycloak() {
    let page = scripted(|_| response("200 OK", "content-type: text/html\r\n", "<html>Welcome"));
    assert!(matches!(page.user_count(), Err(KeycloakError::NotKeycloak { .. })));
    let none = scripted(|_| response("404 Not Found", "", "nothing here"));
    assert!(matches!(none.user_count(), Err(KeycloakError::NotKeycloak { .. })));
    let unknown = scripted(|_| response("404 Not Found", "", r#"{"error":"Realm does not exist"}"#));
    assert!(matches!(unknown.user_count(), Err(KeycloakError::NoRealm { .. })));
    let moved = scripted(|_| response("301 Moved", "location: https://other.example/\r\n", ""));
    let error = moved.user_count().expect_err("is elsewhere");
    assert!(error.to_string().contains("https://other.example/"), "{error}");
    let starting = scripted(|_| response("503 Service Unavailable", "retry-after: 3\r\n", ""));
    let error = starting.user_count();
    let after = Some(Duration::from_secs(3));
    assert!(
        matches!(error, Err(KeycloakError::Unavailable { status: 503, retry_after, .. }) if retry_after == after)
    );
}

#[test]
fn an_example_is_read_in_either_form_and_missed_in_an_old_version() {
    let with = |example: &'static str, status: &'static str| {
        let keycloak = scripted(move |request| match path_of(request) {
            path if path.ends_with("openid-configuration") => json_response(r#"{"issuer":"i"}"#),
            path if path.ends_with("token") => json_response(r#"{"access_token":"t","expires_in":60}"#),
            path if path.contains("/generate-example-saml-response?") => response(status, "", example),
            _ => response("404 Not Found", "", r#"{"error":"HTTP 404 Not Found"}"#),
        });
        keycloak.example_saml_response("c", "u")
    };
    for example in [r#""<a/>""#, r#"{"samlResponse":"<a/>"}"#, "<a/>"] {
        assert_eq!(with(example, "200 OK").as_deref(), Ok("<a/>"), "{example}");
    }
    assert!(matches!(with(r#"{"a":"b"}"#, "200 OK"), Err(KeycloakError::Response { .. })));
    let object = |answer| match answer {
        Err(KeycloakError::NotFound { object, .. }) => object,
        other => panic!("{other:?}"),
    };
    assert_eq!(object(with(r#"{"error":"HTTP 404 Not Found"}"#, "404 Not Found")), KeycloakObject::Endpoint);
    assert_eq!(object(with(r#"{"error":"no e-mail"}"#, "404 Not Found")), KeycloakObject::User);
}

/// A realm that answers what a test wants to requests for a user and what is below it.
fn with_user(status: &'static str, body: &'static str) -> HttpKeycloak {
    scripted(move |request| match path_of(request) {
        path if path.ends_with("openid-configuration") => json_response(r#"{"issuer":"i"}"#),
        path if path.ends_with("token") => json_response(r#"{"access_token":"t","expires_in":60}"#),
        _ => response(status, "content-type: application/json\r\n", body),
    })
}

#[test]
fn only_keycloaks_own_word_makes_a_user_deleted_or_disabled() {
    let gone = [
        r#"{"error":"User not found"}"#,
        r#"{"error":"User not found","error_description":"For more on this error consult the server log."}"#,
    ];
    for body in gone {
        let keycloak = with_user("404 Not Found", body);
        assert_eq!(keycloak.user("u5"), Ok(None), "{body}");
        let groups = keycloak.user_groups("u5");
        assert!(groups.as_ref().is_err_and(KeycloakError::is_no_such_user), "{body}: {groups:?}");
    }
    for body in ["", "{}", r#"{"error":"Realm not found."}"#, r#"{"error":"HTTP 404 Not Found"}"#] {
        let keycloak = with_user("404 Not Found", body);
        assert!(keycloak.user("u5").is_err(), "{body}");
        let groups = keycloak.user_groups("u5");
        assert!(groups.is_err_and(|error| !error.is_no_such_user()), "{body}");
    }
    for body in [
        r#"{"id":"u5","username":"u5"}"#,
        r#"{"id":"u5","username":"u5","enabled":null}"#,
        r#"{"id":"u6","username":"u6","enabled":false}"#,
    ] {
        let found = with_user("200 OK", body).user("u5");
        assert!(matches!(found, Err(KeycloakError::Response { .. })), "{body}: {found:?}");
    }
    let disabled = with_user("200 OK", r#"{"id":"u5","username":"u5","enabled":false}"#).user("u5");
    assert!(matches!(disabled, Ok(Some(user)) if !user.enabled));
}
