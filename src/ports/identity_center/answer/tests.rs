use std::sync::Arc;

use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::*;
use crate::platform::env::Env;
use crate::ports::clock::SystemClock;

const PAGE: &str = "<html><title>Access Denied - Web Gateway</title></html>";

fn judged(service: Service, status: u16, header: Option<&'static str>, body: &'static str) -> ServiceError {
    let http = HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up");
    let origin = Origin::new("https://sso.example.com");
    let attempt = Duration::from_secs(6);
    let called = Called { operation: "Operation", service, origin: &origin, attempt, http: &http };
    let status = StatusCode::try_from(status).expect("a status");
    let mut raw = HttpResponse::new(status, SdkBody::from(body));
    if let Some(header) = header {
        raw.headers_mut().insert(header, "x");
    }
    match service {
        Service::Oidc => called.oidc(&raw),
        Service::Portal => called.portal(&raw),
    }
}

#[test]
fn without_a_mark_of_awss_no_status_is_its_word() {
    for service in [Service::Portal, Service::Oidc] {
        for status in [301, 400, 401, 403, 404, 405, 407, 451, 511] {
            for body in [PAGE, "", "{}", "[]", r#"{"detail":"no"}"#] {
                let error = judged(service, status, None, body);
                assert!(matches!(error, ServiceError::NotAws { status: of, .. } if of == status), "{error}");
            }
        }
    }
}

#[test]
fn throttling_and_trouble_are_worth_another_try_from_a_gateway_too() {
    for service in [Service::Portal, Service::Oidc] {
        assert!(matches!(judged(service, 429, None, PAGE), ServiceError::Throttled));
        for status in [500, 502, 503, 504, 599] {
            assert!(
                matches!(judged(service, status, None, PAGE), ServiceError::ServerError { .. }),
                "{status}"
            );
        }
    }
    let throttled = r#"{"__type":"x#ThrottlingException","message":"Rate exceeded"}"#;
    assert!(matches!(judged(Service::Portal, 400, None, throttled), ServiceError::Throttled));
}

#[test]
fn the_portals_word_has_a_header_or_a_body_of_its_form() {
    let typed = r#"{"message":"No access","__type":"com.amazonaws.switchboard.portal#ForbiddenException"}"#;
    for (header, body) in [
        (Some("x-amzn-RequestId"), PAGE),
        (Some("x-amzn-ErrorType"), ""),
        (Some("RequestId"), ""),
        (None, typed),
        (None, r#"{"message":"No access"}"#),
    ] {
        assert!(matches!(judged(Service::Portal, 401, header, body), ServiceError::Unauthorized), "{body}");
        assert!(matches!(judged(Service::Portal, 403, header, body), ServiceError::Forbidden), "{body}");
        assert!(matches!(judged(Service::Portal, 404, header, body), ServiceError::NotFound), "{body}");
    }
    let error =
        judged(Service::Portal, 400, None, r#"{"message":"closed","__type":"a#InvalidRequestException"}"#);
    assert_eq!(error.to_string(), "Operation was refused: InvalidRequestException (closed)");
}

/// RFC 6749 section 5.2 defines 400 and 401.
#[test]
fn an_error_of_oauth_counts_under_its_own_status_or_with_a_mark() {
    let body = r#"{"error":"invalid_grant"}"#;
    for (status, header, is_word) in [
        (400, None, true),
        (401, None, true),
        (403, None, false),
        (403, Some("x-amzn-requestid"), true),
        (500, Some("x-amzn-requestid"), false),
    ] {
        let error = judged(Service::Oidc, status, header, body);
        assert_eq!(matches!(error, ServiceError::InvalidGrant), is_word, "{status}: {error}");
    }
}
