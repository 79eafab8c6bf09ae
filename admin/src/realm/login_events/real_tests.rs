//! Login events of the real Keycloak.

use std::sync::Arc;

use chrono::TimeDelta;
use kcaws_test_keycloak::{authn_request_url, require_keycloak, sign_in};
use kcaws_test_kit::PageClient;
use serde_json::json;

use super::*;
use crate::ports::keycloak::contract::connected;
use crate::ports::keycloak::{Keycloak, Right};
use crate::realm::client::{DesiredClient, Kept, NameIdSource, apply, plan};
use crate::realm::service_provider::ServiceProvider;
use crate::realm::service_provider::tests::{ENTITY_ID, acs, metadata};

const ACS: &str = "https://eu-central-1.signin.aws/platform/saml/acs/a";

#[test]
fn the_first_login_is_watched_from_the_wrong_client_to_the_right_one() {
    let server = require_keycloak!();
    let realm = server.realm();
    realm.set(&json!({"eventsEnabled": false, "enabledEventTypes": ["LOGOUT"]}));
    let rights = [Right::ManageClients, Right::ViewEvents, Right::ManageEvents];
    let keycloak: Arc<dyn Keycloak> = Arc::new(connected(server, &realm, &rights));
    let before = keycloak.events_config().expect("reads");
    let recording = Recording::prepare(Arc::clone(&keycloak)).expect("reads").expect("is off");
    recording.begin().expect("begins");
    let since = Utc::now() - TimeDelta::minutes(1);
    realm.create_user("alice", "alice@example.com", "alice-pw");
    let try_it = |place: &str, password: &str| {
        let url = authn_request_url(&realm, ENTITY_ID, place, "_1");
        let _ = sign_in(&mut PageClient::new(), &url, "alice", password);
        let attempts = attempts(&*keycloak, Some(ENTITY_ID), since).expect("reads");
        attempts.last().expect("was recorded").fault.clone()
    };
    assert_eq!(try_it(ACS, "alice-pw"), Some(LoginFault::UnknownClient));
    let imported = json!({"clientId": ENTITY_ID, "protocol": "saml", "redirectUris": [ACS]});
    realm.admin("POST", "/clients", Some(&imported));
    assert_eq!(try_it(ACS, "alice-pw"), Some(LoginFault::ClientSignature));

    let provider = ServiceProvider::parse(&metadata(&acs(ACS, ""))).expect("metadata");
    let desired = DesiredClient::new(&provider, &NameIdSource::Email, None);
    let planned = plan(&*keycloak, &desired).expect("plans");
    apply(&*keycloak, &desired, &planned, &Kept::default()).expect("applies");
    assert_eq!(try_it("https://us-east-1.signin.aws/x", "alice-pw"), Some(LoginFault::UnregisteredService));
    assert_eq!(try_it(ACS, "wrong"), Some(LoginFault::WrongPassword));
    assert_eq!(try_it(ACS, "alice-pw"), None);

    recording.finish().expect("puts it back");
    assert_eq!(keycloak.events_config(), Ok(before));
}
