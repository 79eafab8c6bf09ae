//! A customer-managed key that Identity Center cannot use: the administrator's, and no reason to log in.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::Output;

use crate::fixture::{LoginFixture, ROLE};

const REASONS: [&str; 6] = [
    "KMS_AccessDeniedException",
    "KMS_NotFoundException",
    "KMS_InvalidKeyUsageException",
    "KMS_InvalidStateException",
    "KMS_DisabledException",
    "KMS_SomethingNewException",
];

/// One exit code, the right person, and no way round in a circle.
fn is_reported(output: Output, operation: &str, reason: &str) {
    let output = output
        .expect_code(1)
        .expect_stderr(&format!("kcaws: error: {operation} was refused"))
        .expect_stderr(&format!("({reason})"))
        .expect_stderr("KMS key")
        .expect_stderr("kcaws: hint: ask the administrator of Identity Center");
    for word in ["denied", "run `kcaws login", "choose Allow", "sso_start_url"] {
        assert!(!output.stderr_text().replace(reason, "").contains(word), "{word}: {output}");
    }
}

#[test]
fn every_step_of_a_login_names_the_key_and_its_owner() {
    for reason in REASONS {
        let fixture = LoginFixture::new();
        fixture.sim.refuse_kms_key(Some(reason));
        is_reported(fixture.run("login --no-browser"), "RegisterClient", reason);
        is_reported(fixture.run("login --no-browser --flow pkce"), "RegisterClient", reason);
        fixture.sim.refuse_kms_key(None);
        let (login, _) = fixture.begin_login("login --no-browser");
        fixture.sim.refuse_kms_key(Some(reason));
        is_reported(login.wait(), "CreateToken", reason);
        is_reported(fixture.run("login --no-browser"), "StartDeviceAuthorization", reason);
    }
}

#[test]
fn it_is_told_by_the_reason_whatever_the_error_is_called() {
    for (status, error) in [
        (400, "\"error\":\"invalid_grant\","),
        (400, "\"error\":\"authorization_pending\","),
        (401, "\"error\":\"invalid_client\","),
        (400, "\"error\":\"something_new\","),
        (400, ""),
        (500, "\"error\":\"server_error\","),
    ] {
        let fixture = LoginFixture::new();
        fixture.log_in();
        fixture.sim.expire_access_tokens();
        let body = format!("{{{error}\"reason\":\"KMS_DisabledException\"}}");
        fixture.sim.fault(Route::CreateToken, Fault::status(status, &body)).times(1);
        is_reported(fixture.run("accounts --refresh"), "CreateToken", "KMS_DisabledException");
        fixture.run("accounts --refresh").expect_ok();
    }
}

#[test]
fn a_refresh_keeps_the_tokens_and_asks_for_no_login() {
    for reason in REASONS {
        let fixture = LoginFixture::new();
        fixture.env.set_env("KCAWS_AUTO_LOGIN", "true");
        fixture.log_in();
        fixture.sim.expire_access_tokens();
        fixture.sim.refuse_kms_key(Some(reason));
        is_reported(fixture.credentials(), "CreateToken", reason);
        is_reported(fixture.run("accounts --refresh"), "CreateToken", reason);
        is_reported(fixture.run("login corp --no-browser"), "CreateToken", reason);
        assert_eq!(fixture.sim.count(Route::StartDeviceAuthorization), 1);
        fixture.sim.refuse_kms_key(None);
        fixture.credentials().expect_ok();
        assert_eq!(fixture.sim.count(Route::StartDeviceAuthorization), 1, "the same login");
    }
}

#[test]
fn what_is_warm_is_served_to_its_end() {
    // A life of sixteen seconds has a margin of four.
    let fixture = LoginFixture::with(IdcSim::builder().permission_set(ROLE, Duration::from_secs(16)));
    fixture.log_in();
    let first = fixture.credentials().expect_ok();
    fixture.sim.expire_access_tokens();
    fixture.sim.refuse_kms_key(Some("KMS_DisabledException"));
    fixture.sim.clear_log();
    kcaws_test_kit::wait_for("a renewal to be tried", || {
        let now = fixture.credentials().expect_ok();
        assert_eq!(now.stdout, first.stdout, "the old ones");
        assert!(now.stderr.is_empty(), "{now}");
        (fixture.sim.count(Route::CreateToken) > 0).then_some(())
    });
}
