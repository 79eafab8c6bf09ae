//! Over TLS, by a proxy: the hosts are AWS's own names.

use idc_sim::Route;

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
fn a_bundle_is_read_under_every_label_that_openssl_has() {
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let stage = Stage::behind_the_proxy();
        let text = stage.sim.ca_pem().replace("CERTIFICATE", label);
        let bundle = stage.desk.write_home_file("labelled.pem", text);
        stage.desk.set_env("AWS_CA_BUNDLE", bundle);
        stage.log_in();
    }
}

/// As the AWS CLI reads it: a company's tools write it there.
#[test]
fn certificates_that_the_config_names_are_trusted() {
    let with = |section: &str| {
        let stage = Stage::behind_the_proxy();
        stage.desk.remove_env("AWS_CA_BUNDLE");
        let line = format!("ca_bundle = {}\n", stage.desk.home().join("ca.pem").display());
        let header = format!("{section}\n");
        let config = stage.config();
        let config = if config.contains(&header) {
            config.replace(&header, &format!("{header}{line}"))
        } else {
            format!("{config}\n{header}{line}")
        };
        stage.desk.write_aws_config(&config);
        stage
    };
    let stage = with("[default]");
    stage.log_in();
    stage.credentials().expect_ok();
    let of_a_profile = with("[profile dev]");
    // Only with the profile in force.
    of_a_profile.run("login corp --no-browser").expect_code(1).expect_stderr("`ca_bundle` of ~/.aws/config");
    of_a_profile.desk.set_env("AWS_PROFILE", "dev");
    of_a_profile.log_in();
    of_a_profile.desk.remove_env("AWS_PROFILE");
    of_a_profile.credentials().expect_ok();
    of_a_profile.run("accounts").expect_code(1);
    of_a_profile.run("whoami --profile dev").expect_ok();
    let other = with("[profile other]");
    other.run("login corp --no-browser").expect_code(1).expect_stderr("cannot reach");
}

#[test]
fn a_file_of_the_config_that_is_missing_costs_no_more_than_itself() {
    let stage = Stage::behind_the_proxy();
    let config = format!("{}\n[default]\nca_bundle = /nonexistent.pem\n", stage.config());
    stage.desk.write_aws_config(&config);
    stage.log_in();
    stage.desk.remove_env("AWS_CA_BUNDLE");
    stage.run("accounts").expect_code(1).expect_stderr("/nonexistent.pem");
    stage.run("doctor --offline").expect_code(1).expect_stdout("/nonexistent.pem");
}

#[test]
fn a_proxy_is_used_as_it_is_meant_or_refused() {
    let stage = Stage::behind_the_proxy();
    stage.log_in();
    let place = stage.sim.proxy_url().trim_start_matches("http://").to_owned();
    for value in [
        format!("http://{place} "),
        format!(" http://{place}"),
        format!("http:/{place}"),
        format!("http:\\\\{place}"),
        place.clone(),
        format!("HTTP://{place}/"),
        format!("http://CORP\\me:secret@{place}"),
        format!("CORP\\me:secret@{place}"),
        format!("http://me:a b^c|d[e@{place}"),
    ] {
        stage.sim.clear_log();
        stage.desk.set_env("HTTPS_PROXY", &value);
        stage.run("accounts --refresh").expect_ok();
        assert!(stage.sim.count(Route::ListAccounts) > 0, "{value}");
        let doctor = stage.run("doctor --offline");
        assert!(doctor.stdout_text().contains(&format!("http://{place}")), "{value}: {doctor}");
        assert!(!doctor.stdout_text().contains("secret"), "{doctor}");
    }
    stage.sim.clear_log();
    for value in [
        "socks5://me:hunter2@127.0.0.1:1".to_owned(),
        format!("http://me:hunt/er2@{place}"),
        format!("http://{place},http://{place}"),
        format!("\"http://{place}\""),
        "http://".to_owned(),
        "http://127.0.0.1:99999".to_owned(),
    ] {
        stage.desk.set_env("HTTPS_PROXY", &value);
        let output =
            stage.run("accounts --refresh").expect_code(3).expect_stderr("`HTTPS_PROXY` is no address of");
        assert!(!output.stderr_text().contains("hunt"), "{output}");
    }
    assert!(stage.sim.requests().is_empty(), "nothing goes past a proxy that was meant");
}

#[test]
fn either_spelling_is_read_and_an_empty_one_is_none() {
    let stage = Stage::behind_the_proxy();
    stage.log_in();
    stage.desk.set_env("HTTPS_PROXY", "");
    stage.desk.set_env("https_proxy", stage.sim.proxy_url());
    stage.run("accounts --refresh").expect_ok();
    stage.desk.set_env("HTTPS_PROXY", "http://127.0.0.1:9");
    stage.run("accounts --refresh").expect_ok();
}

#[test]
fn a_proxy_that_is_off_is_exit_1_and_named() {
    let mut stage = Stage::behind_the_proxy();
    let place = stage.sim.proxy_url().to_owned();
    stage.stop_service();
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    stage.run(&line).expect_code(4);
    let output = stage.run("login --no-browser").expect_code(1);
    output.expect_stderr(&format!("cannot reach the proxy {place} (HTTPS_PROXY)"));
    stage.desk.set_env("HTTPS_PROXY", "http://proxy.invalid:3128");
    let output = stage.run("login --no-browser").expect_code(1);
    let output = output.expect_stderr("cannot reach the proxy http://proxy.invalid:3128 (HTTPS_PROXY)");
    assert!(!output.stderr_text().contains("amazonaws.com"), "{output}");
}

#[test]
fn https_written_for_a_plain_http_proxy_is_told() {
    let stage = Stage::behind_the_proxy();
    let plain = stage.sim.proxy_url().to_owned();
    stage.desk.set_env("HTTPS_PROXY", plain.replace("http:", "https:"));
    let output = stage.run("login --no-browser").expect_code(1);
    output.expect_stderr(&format!("it does not speak TLS; write HTTPS_PROXY={plain}"));
}
