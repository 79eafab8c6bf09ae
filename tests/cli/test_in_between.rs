//! What answers in AWS's place: gateways, proxies and captive portals, with pages of their own under any status.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};

use crate::fixture::{LoginFixture, ROLE};

const PAGE: &str = "<html><title>Access Denied - Web Gateway</title></html>";
const NOT_AWS: &str = "something other than AWS answered in place of 127.0.0.1";

fn logged_in() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.clear_log();
    fixture
}

#[test]
fn a_page_is_no_word_of_the_portals() {
    let fixture = logged_in();
    for status in [200, 204, 302, 400, 401, 403, 404, 405, 407, 451, 511] {
        fixture.sim.clear_faults();
        fixture.sim.fault(Route::GetRoleCredentials, Fault::status(status, PAGE));
        let output = fixture.credentials().expect_code(1);
        if status != 204 {
            output.expect_stderr(NOT_AWS);
        }
    }
    assert_eq!(fixture.sim.count(Route::CreateToken), 0, "a 401 that is not AWS's spends no refresh token");
    fixture.sim.clear_faults();
    fixture.credentials().expect_ok();
}

#[test]
fn json_that_is_not_of_awss_form_is_no_word_either() {
    let fixture = logged_in();
    for body in
        [r#"{"error":"forbidden"}"#, r#"{"message":""}"#, r#"{"message":7}"#, "[]", "{}", "null", "\"x\""]
    {
        fixture.sim.clear_faults();
        fixture.sim.fault(Route::GetRoleCredentials, Fault::status(403, body));
        fixture.credentials().expect_code(1).expect_stderr(NOT_AWS);
    }
}

#[test]
fn the_marks_of_awss_are_a_header_or_a_body_of_its_form() {
    for fault in [
        Fault::status(403, PAGE).header("x-amzn-RequestId", "x"),
        Fault::status(403, "").header("X-Amzn-ErrorType", "ForbiddenException"),
        Fault::status(403, PAGE).header("RequestId", "x"),
        Fault::status(403, r#"{"message":"No access"}"#),
        Fault::status(403, r#"{"__type":"com.amazonaws.switchboard.portal#ForbiddenException"}"#),
    ] {
        let fixture = logged_in();
        fixture.sim.fault(Route::GetRoleCredentials, fault);
        fixture.credentials().expect_code(6);
    }
}

#[test]
fn a_network_that_wants_a_sign_in_first_is_named() {
    let fixture = logged_in();
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(511, PAGE));
    fixture.credentials().expect_code(1).expect_stderr("requires you to sign in first");
    fixture.sim.fault(Route::ListAccounts, Fault::status(511, PAGE));
    fixture.run("accounts").expect_code(1).expect_stderr("requires you to sign in first");
}

#[test]
fn near_the_end_a_page_says_nothing_of_the_assignment() {
    // A life of eight seconds has a margin of two.
    let fixture = LoginFixture::with(IdcSim::builder().permission_set(ROLE, Duration::from_secs(8)));
    fixture.log_in();
    let first = fixture.credentials().expect_ok();
    fixture.sim.clear_log();
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(403, PAGE));
    std::thread::sleep(Duration::from_millis(6_200));
    assert_eq!(fixture.credentials().expect_ok().stdout, first.stdout);
    assert!(fixture.sim.count(Route::GetRoleCredentials) > 0, "it was asked");
    let status = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(status["sessions"][0]["assignments_gone"], serde_json::json!([]));
}

#[test]
fn a_page_in_the_way_of_a_login_is_no_refusal() {
    for route in [Route::RegisterClient, Route::StartDeviceAuthorization, Route::CreateToken] {
        for status in [200, 400, 403, 404] {
            let fixture = LoginFixture::new();
            fixture.sim.fault(route, Fault::status(status, PAGE));
            fixture.run("login --no-browser").expect_code(1).expect_stderr(NOT_AWS);
        }
    }
}

/// RFC 6749 knows 400 and 401: a gateway's own JSON may use the same words under another status.
#[test]
fn a_refresh_token_is_not_forgotten_for_a_gateways_word() {
    for fault in [
        Fault::status(403, r#"{"error":"invalid_grant"}"#),
        Fault::status(403, r#"{"error":"access_denied"}"#),
        Fault::status(400, PAGE),
        Fault::status(401, PAGE),
        Fault::status(200, PAGE),
    ] {
        let fixture = logged_in();
        fixture.sim.expire_access_tokens();
        fixture.sim.fault(Route::CreateToken, fault);
        fixture.credentials().expect_code(1).expect_stderr(NOT_AWS);
        fixture.sim.clear_faults();
        fixture.credentials().expect_ok();
    }
}

#[test]
fn a_bare_429_or_503_does_not_stop_a_login() {
    for fault in [Fault::status(429, PAGE), Fault::status(503, PAGE)] {
        let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
        fixture.sim.fault(Route::RegisterClient, fault.clone()).times(1);
        fixture.sim.fault(Route::StartDeviceAuthorization, fault).times(1);
        fixture.run("login --no-browser").expect_ok();
    }
}

/// The session would stay open at the service, in silence.
#[test]
fn a_page_is_no_good_answer_to_a_logout() {
    let fixture = logged_in();
    fixture.sim.fault(Route::Logout, Fault::status(200, PAGE));
    fixture.run("logout").expect_stderr("other than AWS");
}

#[test]
fn the_portals_own_words_are_shown() {
    let fixture = logged_in();
    let body = r#"{"message":"Region is not enabled \u001b[2J","__type":"com.amazonaws.switchboard.portal#InvalidRequestException"}"#;
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(400, body));
    let output = fixture.credentials().expect_code(1);
    let output = output.expect_stderr("InvalidRequestException (Region is not enabled ");
    assert!(!output.stderr.contains(&0x1b), "{output}");
}
