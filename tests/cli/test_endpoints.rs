//! Rule 12: a token goes only to where it came from.

use idc_sim::IdcSim;

use crate::stage::{ACCOUNT, ROLE, Stage};

#[test]
fn a_login_is_not_shown_to_another_service() {
    let stage = Stage::new();
    stage.log_in();
    let stranger = IdcSim::builder().start();
    for variable in ["AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"] {
        let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
        let output = stage.kcaws(&line).env(variable, stranger.url()).run();
        output.expect_code(3).expect_stderr("belongs to").expect_stderr(stranger.url());
        stage.kcaws("accounts --refresh").env(variable, stranger.url()).run().expect_code(3);
    }
    assert!(stranger.requests().is_empty());
    stage.credentials().expect_ok();
}

#[test]
fn a_logout_does_not_show_the_token_to_another_service_either_and_still_forgets_it() {
    let stage = Stage::new();
    stage.log_in();
    let stranger = IdcSim::builder().start();
    stage.kcaws("logout").env("AWS_ENDPOINT_URL_SSO", stranger.url()).run().expect_code(1);
    assert!(stranger.requests().is_empty());
    stage.credentials().expect_code(4);
}

#[test]
fn a_login_to_a_new_place_takes_no_client_secret_along() {
    let stage = Stage::new();
    stage.log_in();
    let stranger = IdcSim::builder().auto_approve(true).start();
    let mut login = stage.kcaws("login --no-browser");
    for (name, url) in stranger.env() {
        login = login.env(name, url);
    }
    login.run().expect_ok();
    assert_eq!(stranger.count(idc_sim::Route::RegisterClient), 1);
    let seen = stranger.requests();
    let own = stage.sim.requests_to(idc_sim::Route::StartDeviceAuthorization)[0].json();
    let secret = own["clientSecret"].as_str().unwrap();
    assert!(seen.iter().all(|request| !request.body_text().contains(secret)));
}

#[test]
fn plain_http_is_for_loopback_only() {
    let stage = Stage::new();
    for url in ["http://sso.example.com", "ftp://127.0.0.1", "127.0.0.1"] {
        stage.kcaws("login").env("AWS_ENDPOINT_URL_SSO_OIDC", url).run().expect_code(3);
        stage.kcaws("accounts --refresh").env("AWS_ENDPOINT_URL_SSO", url).run().expect_code(3);
    }
    assert!(stage.sim.requests().is_empty());
}

#[test]
fn fips_and_dual_stack_do_not_go_together_with_an_endpoint() {
    let stage = Stage::new();
    for (switch, word) in [("AWS_USE_FIPS_ENDPOINT", "FIPS"), ("AWS_USE_DUALSTACK_ENDPOINT", "Dualstack")] {
        stage.kcaws("login").env(switch, "true").run().expect_code(3).expect_stderr(word);
    }
}

#[test]
fn the_services_section_counts_through_the_profile() {
    let stage = Stage::new();
    for (name, _) in stage.sim.env() {
        stage.desk.remove_env(name);
    }
    let url = stage.sim.url();
    let config = format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n\n[profile local]\nsso_session = corp\n\
         sso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\nservices = sim\n\n\
         [services sim]\nsso =\n  endpoint_url = {url}\nsso_oidc =\n  endpoint_url = {url}\nsignin =\n  endpoint_url = {url}\n",
        stage.sim.start_url(),
        stage.sim.region(),
    );
    stage.desk.write_aws_config(&config);
    stage.desk.set_env("AWS_PROFILE", "local");
    stage.log_in_as("login --no-browser");
    stage.kcaws("credential-process --profile local").allow_secret_on_stdout().run().expect_ok();
    let printed = stage.kcaws("console --print").allow_secret_on_stdout().run().expect_ok();
    assert!(printed.stdout_text().starts_with(url), "{printed}");
}
