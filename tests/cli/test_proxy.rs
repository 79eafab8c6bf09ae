//! Over TLS, by a proxy: the hosts are AWS's own names.

use crate::stage::{ACCOUNT, ROLE, Stage};

#[test]
fn the_whole_job_runs_over_tls_by_a_proxy() {
    let stage = Stage::behind_the_proxy();
    let (login, code) = stage.begin_login("login --no-browser");
    stage.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("https://");
    stage.credentials().expect_ok();
    stage.run("accounts").expect_ok();
    let printed = stage.kcaws("console dev --print").allow_secret_on_stdout().run().expect_ok();
    assert!(
        printed.stdout_text().starts_with("https://eu-west-1.signin.aws.amazon.com/federation?"),
        "{printed}"
    );
    stage.run("logout").expect_ok();
    let hosts: std::collections::BTreeSet<String> =
        stage.sim.requests().iter().map(|request| request.host.clone()).collect();
    assert!(hosts.contains("oidc.eu-central-1.amazonaws.com"), "{hosts:?}");
    assert!(hosts.contains("portal.sso.eu-central-1.amazonaws.com"), "{hosts:?}");
}

#[test]
fn a_certificate_of_nobody_we_trust_is_exit_1_with_the_way_out() {
    let stage = Stage::behind_the_proxy();
    stage.desk.remove_env("AWS_CA_BUNDLE");
    stage
        .run("login --no-browser")
        .expect_code(1)
        .expect_stderr("cannot reach oidc.eu-central-1.amazonaws.com")
        .expect_stderr("AWS_CA_BUNDLE");
}

#[test]
fn a_bundle_that_is_missing_or_empty_is_a_configuration_error() {
    let stage = Stage::behind_the_proxy();
    stage.desk.set_env("AWS_CA_BUNDLE", "/nonexistent.pem");
    stage.run("login").expect_code(3).expect_stderr("/nonexistent.pem");
    let empty = stage.desk.write_home_file("empty.pem", "nothing here\n");
    stage.desk.set_env("AWS_CA_BUNDLE", empty);
    stage.run("login").expect_code(3).expect_stderr("holds no PEM certificate");
}

#[test]
fn a_bundle_with_one_broken_certificate_still_brings_the_others() {
    let stage = Stage::behind_the_proxy();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let bundle = stage.desk.write_home_file("mixed.pem", format!("{broken}{}", stage.sim.ca_pem()));
    stage.desk.set_env("AWS_CA_BUNDLE", bundle);
    stage.log_in();
}

#[test]
fn a_proxy_that_is_off_is_exit_1_with_the_host() {
    let mut stage = Stage::behind_the_proxy();
    stage.stop_service();
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    stage.run(&line).expect_code(4);
    stage
        .run("login --no-browser")
        .expect_code(1)
        .expect_stderr("cannot reach oidc.eu-central-1.amazonaws.com");
}
