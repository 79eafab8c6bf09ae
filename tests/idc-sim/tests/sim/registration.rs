//! `RegisterClient`, and what `StartDeviceAuthorization` makes of a registration.

use idc_sim::{IdcSim, SECRET_MARK};
use serde_json::{Value, json};

use crate::client::{Client, START_URL, hours};

fn public(more: &Value) -> Value {
    let mut body = json!({"clientName": "test", "clientType": "public"});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

#[test]
fn the_answer_has_the_documented_members() {
    let sim = IdcSim::builder().start();
    let answer = Client::new(&sim).post("/client/register", &public(&json!({})));
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["authorizationEndpoint"], Value::Null);
    assert_eq!(body["tokenEndpoint"], Value::Null);
    assert!(body["clientSecret"].as_str().is_some_and(|secret| secret.contains(SECRET_MARK)));
    let life = body["clientSecretExpiresAt"].as_u64().zip(body["clientIdIssuedAt"].as_u64());
    assert_eq!(life.map(|(end, start)| end - start), Some(90 * 24 * 3600));
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(6));
}

#[test]
fn what_no_client_may_register_is_refused_by_its_own_error() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let many: Vec<String> = (0..26).map(|number| format!("codewhisperer:scope{number}")).collect();
    let callback = ["http://127.0.0.1/oauth/callback"];
    for (body, status, error) in [
        (json!({"clientType": "public"}), 400, "invalid_request"),
        (json!({"clientName": "x"}), 400, "invalid_request"),
        (public(&json!({"client_name": "x"})), 400, "invalid_request"),
        (public(&json!({"scopes": "sso:account:access"})), 400, "invalid_request"),
        (public(&json!({"clientName": ""})), 400, "invalid_request"),
        (public(&json!({"issuerUrl": "https://d-0000000000.awsapps.com/start"})), 400, "invalid_request"),
        (public(&json!({"clientType": "confidential"})), 400, "invalid_client_metadata"),
        (public(&json!({"scopes": ["everything"]})), 400, "invalid_scope"),
        (public(&json!({"scopes": many})), 400, "invalid_scope"),
        (public(&json!({"redirectUris": ["https://example.com/"]})), 400, "invalid_redirect_uri"),
        (public(&json!({"redirectUris": ["http://[::1]/oauth/callback"]})), 400, "invalid_redirect_uri"),
        (public(&json!({"grantTypes": ["password"]})), 400, "unsupported_grant_type"),
        (public(&json!({"grantTypes": ["authorization_code"]})), 400, "invalid_request"),
        (
            public(&json!({
                "grantTypes": ["authorization_code", crate::client::DEVICE_CODE],
                "redirectUris": callback,
            })),
            500,
            "server_error",
        ),
    ] {
        let answer = client.post("/client/register", &body);
        assert_eq!(answer.oidc_error(), (status, error.to_owned()), "{body}");
    }
    let form = client.post_form("/client/register", &[], &[("clientName", "x"), ("clientType", "public")]);
    assert_eq!(form.oidc_error(), (400, "invalid_request".to_owned()));
}

#[test]
fn starting_needs_a_living_registration_and_a_known_start_url() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let registered = client.register();
    let start = |body: &Value| client.post("/device_authorization", body);
    let good = registered.with(&json!({"startUrl": START_URL}));
    assert_eq!(start(&good).status, 200);

    let mut wrong_secret = good.clone();
    wrong_secret["clientSecret"] = "x".into();
    assert_eq!(start(&wrong_secret).oidc_error(), (401, "invalid_client".to_owned()));
    let mut stranger = good.clone();
    stranger["clientId"] = "x".into();
    assert_eq!(start(&stranger).oidc_error(), (401, "invalid_client".to_owned()));
    let elsewhere = registered.with(&json!({"startUrl": "https://d-0000000000.awsapps.com/start"}));
    assert_eq!(start(&elsewhere).oidc_error(), (400, "invalid_request".to_owned()));
    assert_eq!(start(&registered.with(&json!({}))).oidc_error(), (400, "invalid_request".to_owned()));
    let mut unknown = good.clone();
    unknown["scope"] = "x".into();
    assert_eq!(start(&unknown).oidc_error(), (400, "invalid_request".to_owned()));

    let pkce_only = client.register_with(&public(&json!({
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": ["http://127.0.0.1/oauth/callback"],
    })));
    let answer = start(&pkce_only.with(&json!({"startUrl": START_URL})));
    assert_eq!(answer.oidc_error(), (400, "unauthorized_client".to_owned()));

    sim.advance(hours(90 * 24 + 1));
    assert_eq!(start(&good).oidc_error(), (401, "invalid_client".to_owned()));
    let fresh = client.register().with(&json!({"startUrl": START_URL}));
    assert_eq!(start(&fresh).status, 200);
    sim.forget_registrations();
    assert_eq!(start(&fresh).oidc_error(), (401, "invalid_client".to_owned()));
}

#[test]
fn endpoints_are_announced_by_switch() {
    let sim = IdcSim::builder().announce_endpoints(true).start();
    let body = Client::new(&sim).post("/client/register", &public(&json!({}))).json();
    assert_eq!(body["authorizationEndpoint"], format!("{}/authorize", sim.url()));
    assert_eq!(body["tokenEndpoint"], format!("{}/token", sim.url()));
}

#[test]
fn twenty_five_scopes_and_both_known_redirects_can_be_registered() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let most: Vec<String> = (0..25).map(|number| format!("codewhisperer:scope{number}")).collect();
    client.register_with(&public(&json!({"scopes": most})));
    client.register_with(&public(&json!({
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": ["http://127.0.0.1/oauth/callback", "http://127.0.0.1"],
        "issuerUrl": "https://D-1234567890.awsapps.com/start/#/",
        "entitledApplicationArn": null,
    })));
    client.register_with(&public(&json!({"grantTypes": [crate::client::DEVICE_CODE, "refresh_token"]})));
}

/// AWS refuses everything else (aws/aws-toolkit-vscode#6206 and the authors of mairu).
#[test]
fn a_redirect_with_a_port_another_host_or_path_cannot_be_registered() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    for uri in [
        "http://127.0.0.1:8080/oauth/callback",
        "http://127.0.0.1/",
        "http://127.0.0.1/callback",
        "http://localhost/oauth/callback",
        "http://[::1]/oauth/callback",
        "https://127.0.0.1/oauth/callback",
        "kcaws://callback",
        "",
    ] {
        let body = public(&json!({"grantTypes": ["authorization_code"], "redirectUris": [uri]}));
        let error = client.post("/client/register", &body).oidc_error();
        assert_eq!(error, (400, "invalid_redirect_uri".to_owned()), "{uri}");
    }
}

#[test]
fn an_announced_endpoint_is_where_the_client_came_in() {
    let sim = IdcSim::builder().announce_endpoints(true).start();
    let oidc = Client::by_proxy(&sim, "https://oidc.eu-central-1.amazonaws.com");
    let body = oidc.post("/client/register", &public(&json!({}))).json();
    assert_eq!(body["authorizationEndpoint"], "https://oidc.eu-central-1.amazonaws.com/authorize");
}
