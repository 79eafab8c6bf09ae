//! Over TLS, by a proxy: the hosts are AWS's own names.

use idc_sim::Route;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

#[test]
fn the_whole_job_runs_over_tls_by_a_proxy() {
    let fixture = LoginFixture::behind_the_proxy();
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("https://");
    fixture.credentials().expect_ok();
    fixture.run("accounts").expect_ok();
    let printed = fixture.kcaws("console dev --print").allow_secret_on_stdout().run().expect_ok();
    assert!(
        printed.stdout_text().starts_with("https://eu-west-1.signin.aws.amazon.com/federation?"),
        "{printed}"
    );
    fixture.run("logout").expect_ok();
    let hosts: std::collections::BTreeSet<String> =
        fixture.sim.requests().iter().map(|request| request.host.clone()).collect();
    assert!(hosts.contains("oidc.eu-central-1.amazonaws.com"), "{hosts:?}");
    assert!(hosts.contains("portal.sso.eu-central-1.amazonaws.com"), "{hosts:?}");
}

#[test]
fn a_certificate_of_no_one_we_trust_is_exit_1_with_the_way_out() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.env.remove_env("AWS_CA_BUNDLE");
    fixture
        .run("login --no-browser")
        .expect_code(1)
        .expect_stderr("cannot reach oidc.eu-central-1.amazonaws.com")
        .expect_stderr("AWS_CA_BUNDLE");
}

#[test]
fn a_bundle_that_is_missing_or_empty_is_a_configuration_error() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.env.set_env("AWS_CA_BUNDLE", "/nonexistent.pem");
    fixture.run("login").expect_code(3).expect_stderr("/nonexistent.pem");
    let empty = fixture.env.write_home_file("empty.pem", "nothing here\n");
    fixture.env.set_env("AWS_CA_BUNDLE", empty);
    fixture.run("login").expect_code(3).expect_stderr("contains no PEM certificate");
}

#[test]
fn a_bundle_with_one_broken_certificate_still_brings_the_others() {
    let fixture = LoginFixture::behind_the_proxy();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let bundle = fixture.env.write_home_file("mixed.pem", format!("{broken}{}", fixture.sim.ca_pem()));
    fixture.env.set_env("AWS_CA_BUNDLE", bundle);
    fixture.log_in();
}

#[test]
fn a_bundle_is_read_under_every_label_that_openssl_has() {
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let fixture = LoginFixture::behind_the_proxy();
        let text = fixture.sim.ca_pem().replace("CERTIFICATE", label);
        let bundle = fixture.env.write_home_file("labelled.pem", text);
        fixture.env.set_env("AWS_CA_BUNDLE", bundle);
        fixture.log_in();
    }
}

/// As the AWS CLI reads it: a company's tools write it there.
#[test]
fn certificates_that_the_config_names_are_trusted() {
    let with = |section: &str| {
        let fixture = LoginFixture::behind_the_proxy();
        fixture.env.remove_env("AWS_CA_BUNDLE");
        let line = format!("ca_bundle = {}\n", fixture.env.home().join("ca.pem").display());
        let header = format!("{section}\n");
        let config = fixture.config();
        let config = if config.contains(&header) {
            config.replace(&header, &format!("{header}{line}"))
        } else {
            format!("{config}\n{header}{line}")
        };
        fixture.env.write_aws_config(&config);
        fixture
    };
    let fixture = with("[default]");
    fixture.log_in();
    fixture.credentials().expect_ok();
    let of_a_profile = with("[profile dev]");
    // Only with the profile in force.
    of_a_profile.run("login corp --no-browser").expect_code(1).expect_stderr("`ca_bundle` in ~/.aws/config");
    of_a_profile.env.set_env("AWS_PROFILE", "dev");
    of_a_profile.log_in();
    of_a_profile.env.remove_env("AWS_PROFILE");
    of_a_profile.credentials().expect_ok();
    of_a_profile.run("accounts").expect_code(1);
    of_a_profile.run("whoami --profile dev").expect_ok();
    let other = with("[profile other]");
    other.run("login corp --no-browser").expect_code(1).expect_stderr("cannot reach");
}

#[test]
fn a_file_of_the_config_that_is_missing_costs_no_more_than_itself() {
    let fixture = LoginFixture::behind_the_proxy();
    let config = format!("{}\n[default]\nca_bundle = /nonexistent.pem\n", fixture.config());
    fixture.env.write_aws_config(&config);
    fixture.log_in();
    fixture.env.remove_env("AWS_CA_BUNDLE");
    fixture.run("accounts").expect_code(1).expect_stderr("/nonexistent.pem");
    fixture.run("doctor --offline").expect_code(1).expect_stdout("/nonexistent.pem");
}

#[test]
fn a_proxy_is_used_as_it_is_meant_or_refused() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    let place = fixture.sim.proxy_url().trim_start_matches("http://").to_owned();
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
        fixture.sim.clear_log();
        fixture.env.set_env("HTTPS_PROXY", &value);
        fixture.run("accounts --refresh").expect_ok();
        assert!(fixture.sim.count(Route::ListAccounts) > 0, "{value}");
        let doctor = fixture.run("doctor --offline");
        assert!(doctor.stdout_text().contains(&format!("http://{place}")), "{value}: {doctor}");
        assert!(!doctor.stdout_text().contains("secret"), "{doctor}");
    }
    fixture.sim.clear_log();
    for value in [
        "socks5://me:hunter2@127.0.0.1:1".to_owned(),
        format!("http://me:hunt/er2@{place}"),
        format!("http://{place},http://{place}"),
        format!("\"http://{place}\""),
        "http://".to_owned(),
        "http://127.0.0.1:99999".to_owned(),
    ] {
        fixture.env.set_env("HTTPS_PROXY", &value);
        let output = fixture
            .run("accounts --refresh")
            .expect_code(3)
            .expect_stderr("`HTTPS_PROXY` is not the address of");
        assert!(!output.stderr_text().contains("hunt"), "{output}");
    }
    assert!(fixture.sim.requests().is_empty(), "nothing goes past a proxy that was meant");
}

#[test]
fn either_spelling_is_read_and_an_empty_one_is_none() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    fixture.env.set_env("HTTPS_PROXY", "");
    fixture.env.set_env("https_proxy", fixture.sim.proxy_url());
    fixture.run("accounts --refresh").expect_ok();
    fixture.env.set_env("HTTPS_PROXY", "http://127.0.0.1:9");
    fixture.run("accounts --refresh").expect_ok();
}

#[test]
fn a_proxy_that_is_off_is_exit_1_and_named() {
    let mut fixture = LoginFixture::behind_the_proxy();
    let place = fixture.sim.proxy_url().to_owned();
    fixture.stop_service();
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    fixture.run(&line).expect_code(4);
    let output = fixture.run("login --no-browser").expect_code(1);
    output.expect_stderr(&format!("cannot reach the proxy {place} (HTTPS_PROXY)"));
    fixture.env.set_env("HTTPS_PROXY", "http://proxy.invalid:3128");
    let output = fixture.run("login --no-browser").expect_code(1);
    let output = output.expect_stderr("cannot reach the proxy http://proxy.invalid:3128 (HTTPS_PROXY)");
    assert!(!output.stderr_text().contains("amazonaws.com"), "{output}");
}

#[test]
fn https_written_for_a_plain_http_proxy_is_reported() {
    let fixture = LoginFixture::behind_the_proxy();
    let plain = fixture.sim.proxy_url().to_owned();
    fixture.env.set_env("HTTPS_PROXY", plain.replace("http:", "https:"));
    let output = fixture.run("login --no-browser").expect_code(1);
    output.expect_stderr(&format!("it does not speak TLS; write HTTPS_PROXY={plain}"));
}
