//! Every error of the two service models, as it is on the wire.

use std::collections::BTreeSet;
use std::time::Duration;

use idc_sim::IdcSim;
use serde_json::{Value, json};

use crate::client::{ALICE, Answer, Client, DEV, DEVICE_CODE};

/// `error`, exception and status (botocore `sso-oidc/2019-06-10/service-2.json`).
const OIDC: [(&str, &str, u16); 13] = [
    ("authorization_pending", "AuthorizationPendingException", 400),
    ("slow_down", "SlowDownException", 400),
    ("expired_token", "ExpiredTokenException", 400),
    ("access_denied", "AccessDeniedException", 400),
    ("invalid_grant", "InvalidGrantException", 400),
    ("invalid_request", "InvalidRequestException", 400),
    ("invalid_client", "InvalidClientException", 401),
    ("invalid_client_metadata", "InvalidClientMetadataException", 400),
    ("invalid_redirect_uri", "InvalidRedirectUriException", 400),
    ("invalid_scope", "InvalidScopeException", 400),
    ("unauthorized_client", "UnauthorizedClientException", 400),
    ("unsupported_grant_type", "UnsupportedGrantTypeException", 400),
    ("server_error", "InternalServerException", 500),
];

/// One answer for each situation that the model has an error for.
fn provoke_every_oidc_error(sim: &IdcSim, client: &Client) -> Vec<Answer> {
    let registered = client.register();
    let register = |member: &str, value: Value| {
        let mut body = json!({"clientName": "test", "clientType": "public"});
        body[member] = value;
        client.post("/client/register", &body)
    };
    let token = |more: Value| client.post("/token", &registered.with(&more));
    let code = client.start_device(&registered);
    let denied = client.start_device(&registered);
    let late = client.start_device(&registered);
    sim.deny(&denied.user_code);
    let poll = |code: &str| client.poll(&registered, code);
    let mut answers = vec![
        poll(&code.device_code),
        poll(&code.device_code),
        // The third at once, with an interval of half a minute.
        poll(&code.device_code),
        poll(&denied.device_code),
        poll("unknown"),
        client.post("/token", &json!({})),
        client.post("/token", &json!({"clientId": "x", "clientSecret": "x", "grantType": DEVICE_CODE})),
        register("clientType", json!("confidential")),
        register("redirectUris", json!(["https://example.com/"])),
        register("scopes", json!(["everything"])),
        token(json!({"grantType": "authorization_code", "code": "x"})),
        token(json!({"grantType": "password"})),
        register("grantTypes", json!(["authorization_code", DEVICE_CODE])),
    ];
    sim.advance(Duration::from_mins(11));
    answers.push(poll(&late.device_code));
    answers
}

#[test]
fn each_error_of_sso_oidc_has_its_status_its_json_and_its_header() {
    let sim = IdcSim::builder().interval(Duration::from_secs(30)).start();
    let client = Client::new(&sim);
    let mut seen = BTreeSet::new();
    for answer in provoke_every_oidc_error(&sim, &client) {
        let body = answer.json();
        let names: Vec<_> = body.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, ["error", "error_description"], "{answer:?}");
        assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{answer:?}");
        let row = OIDC.iter().find(|row| body["error"] == row.0).expect("an error of the model");
        // As seen in public debug logs (boto/boto3#3891, aws/aws-cli#5971).
        let header = format!("{}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/", row.1);
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (row.2, header.as_str()));
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-amzn-requestid").len(), 36);
        seen.insert(row.0);
    }
    assert_eq!(seen, OIDC.iter().map(|row| row.0).collect());
}

#[test]
fn each_error_of_the_portal_has_its_status_and_its_type() {
    let sim = IdcSim::builder().throttle(0.01, 4).start();
    let client = Client::new(&sim);
    let token = sim.seed_login(ALICE).access_token;
    let credentials = |role: &str| format!("/federation/credentials?account_id={DEV}&role_name={role}");
    sim.delete_role(DEV, "ReadOnlyAccess");
    let answers = [
        client.portal("/assignment/roles", &token),
        client.portal(&credentials("PowerUserAccess"), "x"),
        client.portal(&credentials("Nope"), &token),
        client.portal(&credentials("ReadOnlyAccess"), &token),
        client.send("POST", "/assignment/accounts", &[("x-amz-sso_bearer_token", &token)], ""),
        {
            assert_eq!(client.portal("/assignment/accounts", &token).status, 200);
            client.portal("/assignment/accounts", &token)
        },
    ];
    let rows = [
        (400, "InvalidRequestException"),
        (401, "UnauthorizedException"),
        (403, "ForbiddenException"),
        (404, "ResourceNotFoundException"),
        (405, "MethodNotAllowedException"),
        (429, "TooManyRequestsException"),
    ];
    for (answer, (status, exception)) in answers.iter().zip(rows) {
        assert_eq!(answer.status, status, "{answer:?}");
        let body = answer.json();
        assert_eq!(body["__type"], format!("com.amazonaws.switchboard.portal#{exception}"));
        let names: Vec<_> = body.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, ["__type", "message"], "{answer:?}");
        // Recorded of AWS (smithy-rs, `sso_assume_role/http-traffic.json`).
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("server"), "AWS SSO");
        assert_eq!(answer.header("access-control-expose-headers"), "RequestId");
    }
    // These three texts are known from many reports, and clients show them to people.
    let text = |index: usize| answers[index].json()["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [text(1), text(2), text(5)],
        ["Session token not found or invalid", "No access", "HTTP 429 Unknown Code"]
    );
}

/// The good body of each operation; every member of it is required.
fn operations(client: &Client) -> [(&'static str, Value); 3] {
    let registered = client.register();
    let code = client.start_device(&registered);
    [
        ("/client/register", json!({"clientName": "test", "clientType": "public"})),
        ("/device_authorization", registered.with(&json!({"startUrl": crate::client::START_URL}))),
        ("/token", registered.with(&json!({"grantType": DEVICE_CODE, "deviceCode": code.device_code}))),
    ]
}

#[test]
fn a_member_that_is_missing_null_or_of_another_kind_is_an_invalid_request() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    for (path, good) in operations(&client) {
        for member in good.as_object().expect("an object").keys() {
            let mut without = good.clone();
            without.as_object_mut().expect("an object").remove(member);
            let (mut null, mut number) = (good.clone(), good.clone());
            (null[member], number[member]) = (Value::Null, 7.into());
            for body in [without, null, number] {
                let error = client.post(path, &body).oidc_error();
                assert_eq!(error, (400, "invalid_request".to_owned()), "{path} {body}");
            }
        }
        assert_eq!(client.post(path, &good).status, 200, "{path}");
    }
}

#[test]
fn a_member_that_the_model_does_not_have_is_an_invalid_request() {
    let sim = IdcSim::builder().auto_approve(true).start();
    let client = Client::new(&sim);
    for (path, good) in operations(&client) {
        for unknown in ["client_id", "device_code", "start_url", "nonsense"] {
            let mut body = good.clone();
            body[unknown] = "x".into();
            let error = client.post(path, &body).oidc_error();
            assert_eq!(error, (400, "invalid_request".to_owned()), "{path} {unknown}");
        }
    }
}

#[test]
fn form_fields_are_no_json() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    for (path, good) in operations(&client) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let fields: Vec<_> =
            good.as_object().expect("an object").iter().map(|(n, v)| (n.clone(), text(v))).collect();
        let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let error = client.post_form(path, &[], &fields).oidc_error();
        assert_eq!(error, (400, "invalid_request".to_owned()), "{path}");
    }
}

#[test]
fn tokens_for_applications_are_refused_by_name() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let answer = client.post("/token?aws_iam=t", &operations(&client)[2].1);
    assert_eq!(answer.oidc_error(), (400, "invalid_request".to_owned()));
    assert!(answer.json()["error_description"].to_string().contains("CreateTokenWithIAM"));
}
