//! What a developer sees when access is taken away, what still works, and until when.

use std::time::Duration;

use idc_sim::{IdcSim, Route};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

const HANDED_OUT: &str = "role credentials issued before stay valid until they expire";

fn other_role() -> String {
    format!("credential-process --session corp --account {ACCOUNT} --role ReadOnlyAccess")
}

#[test]
fn a_session_that_an_administrator_ended_is_exit_4_and_warm_credentials_are_still_served() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.sim.end_session(&fixture.sim.default_user());
    fixture.credentials().expect_ok();
    fixture
        .run(&other_role())
        .expect_code(4)
        .expect_stderr("the refresh token was refused (invalid_grant)")
        .expect_stderr("has expired or was ended by an administrator")
        .expect_stderr(HANDED_OUT)
        .expect_stderr("kcaws login corp");
    // It is said again as long as no one logs in.
    fixture
        .run(&other_role())
        .expect_code(4)
        .expect_stderr("noticed at ")
        .expect_stderr("ended by an administrator");
    fixture.credentials().expect_ok();
    fixture
        .run("status")
        .expect_ok()
        .expect_stdout("ended, noticed at ")
        .expect_stdout("PowerUserAccess in account 111122223333");
    let report = fixture.run("status --json").expect_ok().stdout_json();
    let session = &report["sessions"][0];
    assert_eq!(session["logged_in"], false);
    assert_eq!(session["warm_credentials"][0]["role_name"], ROLE, "until when, says status");
}

#[test]
fn a_user_disabled_in_identity_center_works_on_for_up_to_an_hour_and_cannot_log_in_again() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.disable_user(&fixture.sim.default_user());
    fixture.sim.advance(Duration::from_secs(3601));
    fixture.run(&other_role()).expect_code(4).expect_stderr("(invalid_grant)").expect_stderr(HANDED_OUT);
    let (login, _) = fixture.begin_login("login --no-browser");
    fixture.sim.advance(Duration::from_secs(601));
    login
        .wait()
        .expect_code(4)
        .expect_stderr("the login was not approved in time")
        .expect_stderr("refused in the browser");
}

/// Keycloak tells Identity Center nothing: the session there goes on, and only the next sign-in fails.
#[test]
fn a_user_disabled_in_keycloak_only_notices_nothing_until_the_session_ends() {
    let fixture = LoginFixture::with(IdcSim::builder().session_life(Duration::from_secs(2 * 3600)));
    fixture.log_in();
    fixture.sim.advance(Duration::from_secs(3700));
    fixture.sim.expire_access_tokens();
    fixture.run("accounts --refresh").expect_ok();
    fixture.sim.advance(Duration::from_secs(3700));
    fixture.run("accounts --refresh").expect_code(4).expect_stderr("the Identity Center session has expired");
    // Keycloak shows its refusal in the browser; no one gets as far as Allow.
    let (login, _) = fixture.begin_login("login --no-browser");
    fixture.sim.advance(Duration::from_secs(601));
    login.wait().expect_code(4).expect_stderr("the sign-in was refused in the browser");
}

#[test]
fn an_assignment_that_is_gone_is_exit_6_where_nothing_is_warm() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.unassign(&fixture.sim.default_user(), ACCOUNT, ROLE);
    fixture
        .run(&format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}"))
        .expect_code(6)
        .expect_stderr("no access to PowerUserAccess in account 111122223333")
        .expect_stderr("an administrator can assign");
}

#[test]
fn an_assignment_that_is_gone_leaves_warm_credentials_to_their_end_and_status_says_so() {
    // A life of eight seconds has a margin of two.
    let fixture = LoginFixture::with(IdcSim::builder().permission_set(ROLE, Duration::from_secs(8)));
    fixture.log_in();
    let first = fixture.credentials().expect_ok();
    fixture.sim.unassign(&fixture.sim.default_user(), ACCOUNT, ROLE);
    kcaws_test_kit::wait_for("the refusal to be seen", || {
        let now = fixture.credentials().expect_ok();
        assert_eq!(now.stdout, first.stdout, "the old ones");
        let text = fixture.run("status").expect_ok();
        text.stderr_text()
            .contains("PowerUserAccess in account 111122223333 is no longer assigned")
            .then_some(())
    });
    assert!(
        fixture.sim.requests_to(Route::GetRoleCredentials).iter().any(|request| request.status == Some(403))
    );
    kcaws_test_kit::wait_for("their end", || {
        let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
        let output = fixture.kcaws(&line).allow_secret_on_stdout().run();
        (output.status.code() == Some(6)).then_some(())
    });
}
