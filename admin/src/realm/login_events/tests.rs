use std::sync::Arc;

use super::*;
use crate::ports::keycloak::{EventsConfig, FakeKeycloak, Right};

const CLIENT: &str = "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-1234567890";

fn event(seconds: i64, error: Option<&str>, client: Option<&str>, details: &[(&str, &str)]) -> LoginEvent {
    LoginEvent {
        time: seconds * 1000,
        kind: error.map_or("LOGIN", |_| "LOGIN_ERROR").to_owned(),
        error: error.map(str::to_owned),
        client_id: client.map(str::to_owned),
        details: details.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..LoginEvent::default()
    }
}

#[test]
fn attempts_are_those_of_the_client_and_those_that_came_to_no_client() {
    let keycloak = FakeKeycloak::default();
    keycloak.realm_mut().events = vec![
        event(90, None, Some(CLIENT), &[]),
        event(130, None, Some(CLIENT), &[("username", "alice")]),
        event(100, Some("invalid_redirect_uri"), None, &[]),
        event(110, Some("client_not_found"), Some("https://other.example/"), &[]),
        event(120, Some("user_disabled"), Some("account-console"), &[]),
    ];
    let since = DateTime::from_timestamp(100, 0).expect("a time");
    let attempts = attempts(&keycloak, Some(CLIENT), since).expect("reads");
    let faults: Vec<_> = attempts.iter().map(|attempt| attempt.fault.clone()).collect();
    assert_eq!(faults, [Some(LoginFault::UnregisteredService), Some(LoginFault::UnknownClient), None]);
    assert_eq!(attempts[2].username.as_deref(), Some("alice"));
}

#[test]
fn each_fault_has_its_remedy() {
    for (error, details, remedy) in [
        ("invalid_signature", &[][..], Remedy::ApplyClient),
        ("client_not_found", &[], Remedy::ApplyClient),
        ("invalid_redirect_uri", &[], Remedy::ApplyClient),
        ("invalid_authn_request", &[("reason", "invalid_destination")], Remedy::FixHostname),
        ("invalid_authn_request", &[], Remedy::ReadEvent),
        ("ssl_required", &[], Remedy::UseTls),
        ("user_temporarily_disabled", &[], Remedy::CheckUser),
        ("invalid_user_credentials", &[], Remedy::TryAgain),
        ("something_new", &[], Remedy::ReadEvent),
    ] {
        let fault = LoginFault::of(&event(1, Some(error), None, details)).expect("a fault");
        assert_eq!(fault.remedy(), remedy, "{error}");
        let text = fault.explanation();
        assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
    }
    assert!(LoginFault::Other("x_y".to_owned()).explanation().contains("`x_y`"));
}

fn start(keycloak: &Arc<FakeKeycloak>) -> Result<Option<Recording>, KeycloakError> {
    let recording = Recording::prepare(keycloak.clone())?;
    recording.as_ref().map_or(Ok(()), Recording::begin)?;
    Ok(recording)
}

fn config(enabled: bool, types: &[&str]) -> EventsConfig {
    EventsConfig {
        events_enabled: enabled,
        enabled_event_types: types.iter().map(|kind| (*kind).to_owned()).collect(),
        other: [("eventsExpiration".to_owned(), serde_json::json!(3600))].into(),
    }
}

#[test]
fn recording_is_switched_on_where_it_is_off_and_put_back() {
    for (before, during) in [
        (config(false, &[]), config(true, &[])),
        (config(false, &["LOGIN", "LOGIN_ERROR"]), config(true, &["LOGIN", "LOGIN_ERROR"])),
        (config(true, &["LOGOUT"]), config(true, &["LOGOUT", "LOGIN", "LOGIN_ERROR"])),
    ] {
        let keycloak = Arc::new(FakeKeycloak::default());
        keycloak.realm_mut().events_config = before.clone();
        let recording = start(&keycloak).expect("starts").expect("was off");
        assert_eq!(keycloak.realm_mut().events_config, during);
        assert_eq!(RecordingState::read(&*keycloak), Ok(RecordingState::On));
        recording.finish().expect("puts it back");
        assert_eq!(keycloak.realm_mut().events_config, before);

        let dropped = start(&keycloak).expect("starts");
        drop(dropped);
        assert_eq!(keycloak.realm_mut().events_config, before, "when something fails in between");

        let interrupted = Recording::prepare(keycloak.clone()).expect("reads").expect("is off");
        let undo = interrupted.undo();
        interrupted.begin().expect("begins");
        undo();
        assert_eq!(keycloak.realm_mut().events_config, before);
        let writes = keycloak.realm_mut().writes.len();
        interrupted.finish().expect("there is nothing left to do");
        assert_eq!(keycloak.realm_mut().writes.len(), writes);
    }
}

#[test]
fn a_realm_that_records_logins_is_left_alone() {
    for before in [config(true, &[]), config(true, &["LOGIN_ERROR", "LOGIN"])] {
        let keycloak = Arc::new(FakeKeycloak::default());
        keycloak.realm_mut().events_config = before;
        assert!(start(&keycloak).expect("reads").is_none());
        assert_eq!(keycloak.realm_mut().writes, [""; 0]);
    }
}

#[test]
fn a_change_by_somebody_else_is_not_undone() {
    let keycloak = Arc::new(FakeKeycloak::default());
    let recording = start(&keycloak).expect("starts").expect("was off");
    let theirs = config(true, &["LOGOUT"]);
    keycloak.realm_mut().events_config = theirs.clone();
    assert_eq!(recording.finish(), Err(RecordingError::ChangedMeanwhile));
    assert_eq!(keycloak.realm_mut().events_config, theirs);
}

#[test]
fn a_missing_right_changes_nothing() {
    let keycloak = Arc::new(FakeKeycloak::default());
    keycloak.realm_mut().missing_rights.insert(Right::ManageEvents);
    let error = start(&keycloak).err();
    assert_eq!(error, Some(KeycloakError::Forbidden { needs: Right::ManageEvents }));
    assert_eq!(keycloak.realm_mut().writes, [""; 0]);
}
