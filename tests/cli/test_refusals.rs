//! Every error that the OIDC service can answer, on every operation that a login makes of it.
//! RFC 6749 section 5.2, RFC 8628 section 3.5 and the service's API reference.

use idc_sim::{Fault, Route};

use crate::fixture::LoginFixture;

fn refusal(code: &str, status: u16) -> Fault {
    Fault::status(status, format!(r#"{{"error":"{code}","error_description":"sent by the test"}}"#))
}

#[test]
fn a_refused_registration_is_exit_1_with_the_services_words() {
    for code in [
        "invalid_request",
        "invalid_scope",
        "invalid_client_metadata",
        "invalid_redirect_uri",
        "unsupported_grant_type",
    ] {
        let fixture = LoginFixture::new();
        fixture.sim.fault(Route::RegisterClient, refusal(code, 400)).times(1);
        let output = fixture.run("login --no-browser").expect_code(1);
        output.expect_stderr(&format!("RegisterClient was refused: {code} (sent by the test)"));
    }
    let fixture = LoginFixture::new();
    fixture.sim.fault(Route::RegisterClient, refusal("server_error", 500)).times(9);
    fixture.run("login --no-browser").expect_code(1).expect_stderr("returned an error (500)");
}

#[test]
fn a_refused_start_is_exit_1_with_the_services_words() {
    for (code, status, word) in [
        ("invalid_request", 400, "compare `sso_start_url` and `sso_region`"),
        ("unauthorized_client", 400, "StartDeviceAuthorization was refused: unauthorized_client"),
        ("server_error", 500, "returned an error (500)"),
    ] {
        let fixture = LoginFixture::new();
        fixture.sim.fault(Route::StartDeviceAuthorization, refusal(code, status)).times(9);
        fixture.run("login --no-browser").expect_code(1).expect_stderr(word);
    }
    let fixture = LoginFixture::new();
    fixture.sim.fault(Route::StartDeviceAuthorization, refusal("invalid_client", 401)).times(9);
    fixture.run("login --no-browser").expect_code(1).expect_stderr("invalid_client");
    assert_eq!(fixture.sim.count(Route::RegisterClient), 2, "a second registration was tried");
}

#[test]
fn a_refused_poll_ends_the_login_with_its_own_words() {
    for (code, status, exit, word) in [
        ("access_denied", 400, 4, "the login was denied"),
        ("expired_token", 400, 4, "the login was not approved in time"),
        ("invalid_grant", 400, 4, "`sso_region` is not the Region of this portal"),
        ("invalid_client", 401, 1, "invalid_client"),
        ("unauthorized_client", 400, 1, "CreateToken was refused: unauthorized_client"),
        ("unsupported_grant_type", 400, 1, "CreateToken was refused: unsupported_grant_type"),
        ("invalid_scope", 400, 1, "CreateToken was refused: invalid_scope"),
    ] {
        let fixture = LoginFixture::new();
        fixture.sim.fault(Route::CreateToken, refusal(code, status)).times(1);
        fixture.run("login --no-browser").expect_code(exit).expect_stderr(word);
        fixture.run("status corp").expect_code(4);
    }
}

#[test]
fn a_refused_refresh_is_exit_4_only_where_a_person_can_help() {
    for (code, status, exit, word) in [
        ("invalid_grant", 400, 4, "the refresh token was refused (invalid_grant)"),
        ("invalid_client", 401, 4, "the client registration has expired"),
        ("unauthorized_client", 400, 1, "CreateToken was refused: unauthorized_client"),
        ("slow_down", 400, 1, "polled too fast"),
        ("server_error", 500, 1, "returned an error (500)"),
    ] {
        let fixture = LoginFixture::new();
        fixture.log_in();
        fixture.sim.expire_access_tokens();
        fixture.sim.fault(Route::CreateToken, refusal(code, status)).times(9);
        fixture.credentials().expect_code(exit).expect_stderr(word);
    }
}

#[test]
fn the_reason_of_a_denial_is_passed_on() {
    let fixture = LoginFixture::new();
    let body = r#"{"error":"access_denied","error_description":"x","reason":"OTHER_Reason"}"#;
    fixture.sim.fault(Route::CreateToken, Fault::status(400, body)).times(1);
    fixture.run("login --no-browser").expect_code(4).expect_stderr("kcaws: cause: OTHER_Reason");
}

#[test]
fn a_wrong_start_url_is_explained() {
    let fixture = LoginFixture::new();
    let config = fixture.config().replace(fixture.sim.start_url(), "https://d-0000000000.awsapps.com/start");
    fixture.env.write_aws_config(&config);
    fixture
        .run("login --no-browser")
        .expect_code(1)
        .expect_stderr("compare `sso_start_url` and `sso_region`");
}
