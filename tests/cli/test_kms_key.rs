//! A customer-managed key that Identity Center cannot use: the administrator's, and no reason to log in.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::Output;

use crate::stage::{ROLE, Stage};

const REASONS: [&str; 6] = [
    "KMS_AccessDeniedException",
    "KMS_NotFoundException",
    "KMS_InvalidKeyUsageException",
    "KMS_InvalidStateException",
    "KMS_DisabledException",
    "KMS_SomethingNewException",
];

/// One exit code, the right person, and no way round in a circle.
fn is_told(output: Output, operation: &str, reason: &str) {
    let output = output
        .expect_code(1)
        .expect_stderr(&format!("kcaws: error: {operation} was refused"))
        .expect_stderr(&format!("({reason})"))
        .expect_stderr("the administrator's KMS key policy")
        .expect_stderr("kcaws: hint: ask the administrator of Identity Center");
    for word in ["denied", "run `kcaws login", "press Allow", "sso_start_url"] {
        assert!(!output.stderr_text().replace(reason, "").contains(word), "{word}: {output}");
    }
}

#[test]
fn every_step_of_a_login_names_the_key_and_its_owner() {
    for reason in REASONS {
        let stage = Stage::new();
        stage.sim.refuse_kms_key(Some(reason));
        is_told(stage.run("login --no-browser"), "RegisterClient", reason);
        is_told(stage.run("login --no-browser --flow pkce"), "RegisterClient", reason);
        stage.sim.refuse_kms_key(None);
        let (login, _) = stage.begin_login("login --no-browser");
        stage.sim.refuse_kms_key(Some(reason));
        is_told(login.wait(), "CreateToken", reason);
        is_told(stage.run("login --no-browser"), "StartDeviceAuthorization", reason);
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
        let stage = Stage::new();
        stage.log_in();
        stage.sim.expire_access_tokens();
        let body = format!("{{{error}\"reason\":\"KMS_DisabledException\"}}");
        stage.sim.fault(Route::CreateToken, Fault::status(status, &body)).times(1);
        is_told(stage.run("accounts --refresh"), "CreateToken", "KMS_DisabledException");
        stage.run("accounts --refresh").expect_ok();
    }
}

#[test]
fn a_refresh_keeps_the_tokens_and_asks_for_no_login() {
    for reason in REASONS {
        let stage = Stage::new();
        stage.desk.set_env("KCAWS_AUTO_LOGIN", "true");
        stage.log_in();
        stage.sim.expire_access_tokens();
        stage.sim.refuse_kms_key(Some(reason));
        is_told(stage.credentials(), "CreateToken", reason);
        is_told(stage.run("accounts --refresh"), "CreateToken", reason);
        is_told(stage.run("login corp --no-browser"), "CreateToken", reason);
        assert_eq!(stage.sim.count(Route::StartDeviceAuthorization), 1);
        stage.sim.refuse_kms_key(None);
        stage.credentials().expect_ok();
        assert_eq!(stage.sim.count(Route::StartDeviceAuthorization), 1, "the same login");
    }
}

#[test]
fn what_is_warm_is_served_to_its_end() {
    // A life of sixteen seconds has a margin of four.
    let stage = Stage::with(IdcSim::builder().permission_set(ROLE, Duration::from_secs(16)));
    stage.log_in();
    let first = stage.credentials().expect_ok();
    stage.sim.expire_access_tokens();
    stage.sim.refuse_kms_key(Some("KMS_DisabledException"));
    stage.sim.clear_log();
    kcaws_test_kit::wait_for("a renewal to be tried", || {
        let now = stage.credentials().expect_ok();
        assert_eq!(now.stdout, first.stdout, "the old ones");
        assert!(now.stderr.is_empty(), "{now}");
        (stage.sim.count(Route::CreateToken) > 0).then_some(())
    });
}
