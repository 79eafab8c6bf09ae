//! Dual-stack portals: a login at AWS's dual-stack hosts, without a switch for it.

use idc_sim::{IdcSim, Route, VerificationUri};

use crate::fixture::LoginFixture;
use crate::test_start_url::behind_a_vanity_url;

const DUAL: &str = "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws";
const OIDC: [&str; 2] = ["oidc.eu-central-1.amazonaws.com", "oidc.eu-central-1.api.aws"];
const PORTAL: [&str; 2] = ["portal.sso.eu-central-1.amazonaws.com", "portal.sso.eu-central-1.api.aws"];
const SWITCH: &str = "AWS_USE_DUALSTACK_ENDPOINT";

fn instance() -> idc_sim::Builder {
    IdcSim::builder().start_url(DUAL).verification_uri(VerificationUri::SignInHost)
}

/// The hosts that were asked at these routes.
fn hosts(fixture: &LoginFixture, routes: &[Route]) -> Vec<String> {
    let mut hosts: Vec<String> =
        routes.iter().flat_map(|route| fixture.sim.requests_to(*route)).map(|request| request.host).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

const OF_OIDC: [Route; 3] = [Route::RegisterClient, Route::StartDeviceAuthorization, Route::CreateToken];
const OF_PORTAL: [Route; 3] = [Route::ListAccounts, Route::GetRoleCredentials, Route::Logout];

#[test]
fn a_dual_stack_portal_has_everything_at_its_own_hosts() {
    let fixture = LoginFixture::behind_the_proxy_with(instance());
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.approve(&code);
    login
        .wait()
        .expect_ok()
        .expect_stderr("https://eu-central-1.sso.signin.aws/platform/authorize?request_uri=");
    fixture.credentials().expect_ok();
    fixture.sim.expire_access_tokens();
    fixture.run("accounts --refresh").expect_ok();
    fixture
        .run("doctor")
        .expect_stdout("oidc.eu-central-1.api.aws")
        .expect_stdout("dual-stack access portal");
    fixture.run("login").expect_ok().expect_stderr("Already logged in");
    fixture.run("logout").expect_ok().expect_stderr("at Identity Center and here");
    assert_eq!(hosts(&fixture, &OF_OIDC), [OIDC[1]]);
    assert_eq!(hosts(&fixture, &OF_PORTAL), [PORTAL[1]]);
}

#[test]
fn behind_a_companys_own_url_it_is_the_portal_that_counts() {
    let fixture = behind_a_vanity_url(instance(), DUAL);
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.sim.expire_access_tokens();
    fixture.run("accounts --refresh").expect_ok();
    fixture.run("logout").expect_ok();
    assert_eq!(
        (hosts(&fixture, &OF_OIDC), hosts(&fixture, &OF_PORTAL)),
        (vec![OIDC[1].to_owned()], vec![PORTAL[1].to_owned()])
    );
}

#[test]
fn fips_goes_together_with_it() {
    let fixture = LoginFixture::behind_the_proxy_with(instance());
    fixture.env.set_env("AWS_USE_FIPS_ENDPOINT", "true");
    fixture.log_in();
    fixture.credentials().expect_ok();
    assert_eq!(hosts(&fixture, &OF_OIDC), ["oidc-fips.eu-central-1.api.aws"]);
    assert_eq!(hosts(&fixture, &OF_PORTAL), ["portal.sso-fips.eu-central-1.api.aws"]);
}

#[test]
fn an_endpoint_counts_more_than_the_portals_host() {
    let fixture = LoginFixture::with(instance());
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.run("logout").expect_ok();
}

/// As a version did that did not follow the start URL. The note of where the login is has to be of that version, too.
#[test]
fn a_login_of_before_goes_on_where_it_was_made_and_the_next_one_follows_the_portal() {
    let builder = IdcSim::builder().add_start_url(DUAL);
    let fixture = LoginFixture::behind_the_proxy_with(builder);
    let config = fixture.config().replace(fixture.sim.start_url(), DUAL);
    fixture.env.write_aws_config(&config);
    fixture.env.set_env(SWITCH, "false");
    fixture.log_in();
    fixture.env.remove_env(SWITCH);
    let forget = || {
        for file in std::fs::read_dir(fixture.state().join("sessions")).unwrap().flatten() {
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
        fixture.sim.expire_access_tokens();
        fixture.run("accounts --refresh").expect_ok();
        fixture.run("login").expect_ok().expect_stderr("Already logged in");
    }
    // The note is gone altogether: the record itself tells.
    for file in std::fs::read_dir(fixture.state().join("sessions")).unwrap().flatten() {
        if file.path().extension().is_some_and(|kind| kind == "json") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    fixture.run("accounts --refresh").expect_ok();
    assert_eq!(hosts(&fixture, &OF_OIDC), [OIDC[0]]);
    fixture.sim.end_session(&fixture.sim.default_user());
    fixture.sim.clear_log();
    fixture.run("accounts --refresh").expect_code(4);
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok();
    fixture.credentials().expect_ok();
    assert_eq!(hosts(&fixture, &[Route::RegisterClient, Route::StartDeviceAuthorization]), [OIDC[1]]);
    assert_eq!(hosts(&fixture, &[Route::GetRoleCredentials]), [PORTAL[1]]);
}

#[test]
fn kept_from_its_hosts_the_browser_is_told_so_and_doctor_says_why() {
    let fixture = LoginFixture::behind_the_proxy_with(instance());
    fixture.env.set_env(SWITCH, "false");
    let (login, code) = fixture.begin_login("login --no-browser");
    assert_eq!(hosts(&fixture, &[Route::StartDeviceAuthorization]), [OIDC[0]]);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fixture.sim.approve(&code))).is_err());
    drop(login);
    fixture.run("doctor").expect_stdout("unset AWS_USE_DUALSTACK_ENDPOINT");
    fixture.run("explain Something doesn't compute").expect_ok().expect_stdout("dual-stack portal");
}
