//! Dual-stack portals: a login at AWS's dual-stack hosts, without a switch for it.

use idc_sim::{IdcSim, Route, VerificationUri};

use crate::stage::Stage;
use crate::test_start_url::behind_a_vanity_url;

const DUAL: &str = "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws";
const OIDC: [&str; 2] = ["oidc.eu-central-1.amazonaws.com", "oidc.eu-central-1.api.aws"];
const PORTAL: [&str; 2] = ["portal.sso.eu-central-1.amazonaws.com", "portal.sso.eu-central-1.api.aws"];
const SWITCH: &str = "AWS_USE_DUALSTACK_ENDPOINT";

fn instance() -> idc_sim::Builder {
    IdcSim::builder().start_url(DUAL).verification_uri(VerificationUri::SignInHost)
}

/// The hosts that were asked at these routes.
fn hosts(stage: &Stage, routes: &[Route]) -> Vec<String> {
    let mut hosts: Vec<String> =
        routes.iter().flat_map(|route| stage.sim.requests_to(*route)).map(|request| request.host).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

const OF_OIDC: [Route; 3] = [Route::RegisterClient, Route::StartDeviceAuthorization, Route::CreateToken];
const OF_PORTAL: [Route; 3] = [Route::ListAccounts, Route::GetRoleCredentials, Route::Logout];

#[test]
fn a_dual_stack_portal_has_everything_at_its_own_hosts() {
    let stage = Stage::behind_the_proxy_with(instance());
    let (login, code) = stage.begin_login("login --no-browser");
    stage.sim.approve(&code);
    login
        .wait()
        .expect_ok()
        .expect_stderr("https://eu-central-1.sso.signin.aws/platform/authorize?request_uri=");
    stage.credentials().expect_ok();
    stage.sim.expire_access_tokens();
    stage.run("accounts --refresh").expect_ok();
    stage.run("doctor").expect_stdout("oidc.eu-central-1.api.aws").expect_stdout("dual-stack access portal");
    stage.run("login").expect_ok().expect_stderr("Already logged in");
    stage.run("logout").expect_ok().expect_stderr("at Identity Center and here");
    assert_eq!(hosts(&stage, &OF_OIDC), [OIDC[1]]);
    assert_eq!(hosts(&stage, &OF_PORTAL), [PORTAL[1]]);
}

#[test]
fn behind_a_companys_own_url_it_is_the_portal_that_counts() {
    let stage = behind_a_vanity_url(instance(), DUAL);
    stage.log_in();
    stage.credentials().expect_ok();
    stage.sim.expire_access_tokens();
    stage.run("accounts --refresh").expect_ok();
    stage.run("logout").expect_ok();
    assert_eq!(
        (hosts(&stage, &OF_OIDC), hosts(&stage, &OF_PORTAL)),
        (vec![OIDC[1].to_owned()], vec![PORTAL[1].to_owned()])
    );
}

#[test]
fn fips_goes_together_with_it() {
    let stage = Stage::behind_the_proxy_with(instance());
    stage.desk.set_env("AWS_USE_FIPS_ENDPOINT", "true");
    stage.log_in();
    stage.credentials().expect_ok();
    assert_eq!(hosts(&stage, &OF_OIDC), ["oidc-fips.eu-central-1.api.aws"]);
    assert_eq!(hosts(&stage, &OF_PORTAL), ["portal.sso-fips.eu-central-1.api.aws"]);
}

#[test]
fn an_endpoint_counts_more_than_the_portals_host() {
    let stage = Stage::with(instance());
    stage.log_in();
    stage.credentials().expect_ok();
    stage.run("logout").expect_ok();
}

/// As a version did that did not follow the start URL. The note of where the login is has to be of that version, too.
#[test]
fn a_login_of_before_goes_on_where_it_was_made_and_the_next_one_follows_the_portal() {
    let builder = IdcSim::builder().add_start_url(DUAL);
    let stage = Stage::behind_the_proxy_with(builder);
    let config = stage.config().replace(stage.sim.start_url(), DUAL);
    stage.desk.write_aws_config(&config);
    stage.desk.set_env(SWITCH, "false");
    stage.log_in();
    stage.desk.remove_env(SWITCH);
    let forget = || {
        for file in std::fs::read_dir(stage.state().join("sessions")).unwrap().flatten() {
            if file.path().extension().is_some_and(|kind| kind == "json") {
                let text = std::fs::read_to_string(file.path()).unwrap();
                let mut note: serde_json::Value = serde_json::from_str(&text).unwrap();
                note.as_object_mut().unwrap().remove("dual_stack").expect("is noted");
                std::fs::write(file.path(), note.to_string()).unwrap();
            }
        }
    };
    for forgets in [false, true] {
        if forgets {
            forget();
        }
        stage.sim.expire_access_tokens();
        stage.run("accounts --refresh").expect_ok();
        stage.run("login").expect_ok().expect_stderr("Already logged in");
    }
    // The note is gone altogether: the record itself tells.
    for file in std::fs::read_dir(stage.state().join("sessions")).unwrap().flatten() {
        if file.path().extension().is_some_and(|kind| kind == "json") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    stage.run("accounts --refresh").expect_ok();
    assert_eq!(hosts(&stage, &OF_OIDC), [OIDC[0]]);
    stage.sim.end_session(&stage.sim.default_user());
    stage.sim.clear_log();
    stage.run("accounts --refresh").expect_code(4);
    let (login, code) = stage.begin_login("login --no-browser");
    stage.sim.approve(&code);
    login.wait().expect_ok();
    stage.credentials().expect_ok();
    assert_eq!(hosts(&stage, &[Route::RegisterClient, Route::StartDeviceAuthorization]), [OIDC[1]]);
    assert_eq!(hosts(&stage, &[Route::GetRoleCredentials]), [PORTAL[1]]);
}

#[test]
fn kept_from_its_hosts_the_browser_is_told_so_and_doctor_says_why() {
    let stage = Stage::behind_the_proxy_with(instance());
    stage.desk.set_env(SWITCH, "false");
    let (login, code) = stage.begin_login("login --no-browser");
    assert_eq!(hosts(&stage, &[Route::StartDeviceAuthorization]), [OIDC[0]]);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stage.sim.approve(&code))).is_err());
    drop(login);
    stage.run("doctor").expect_stdout("unset AWS_USE_DUALSTACK_ENDPOINT");
    stage.run("explain Something doesn't compute").expect_ok().expect_stdout("dual-stack portal");
}
