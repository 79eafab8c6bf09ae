//! Rule 12: a token goes only to where it came from.

use idc_sim::IdcSim;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

#[test]
fn a_login_is_not_shown_to_another_service() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let stranger = IdcSim::builder().start();
    for variable in ["AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"] {
        let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
        let output = fixture.kcaws(&line).env(variable, stranger.url()).run();
        let output = output.expect_code(3).expect_stderr("belongs to").expect_stderr(stranger.url());
        output.expect_stderr(&format!("({variable})"));
        fixture.kcaws("accounts --refresh").env(variable, stranger.url()).run().expect_code(3);
    }
    assert!(stranger.requests().is_empty());
    fixture.credentials().expect_ok();
}

#[test]
fn a_logout_does_not_show_the_token_to_another_service_either_and_still_forgets_it() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let stranger = IdcSim::builder().start();
    fixture.kcaws("logout").env("AWS_ENDPOINT_URL_SSO", stranger.url()).run().expect_code(1);
    assert!(stranger.requests().is_empty());
    fixture.credentials().expect_code(4);
}

#[test]
fn a_login_to_a_new_place_takes_no_client_secret_along() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let stranger = IdcSim::builder().auto_approve(true).start();
    let mut login = fixture.kcaws("login --no-browser");
    for (name, url) in stranger.env() {
        login = login.env(name, url);
    }
    login.run().expect_ok();
    assert_eq!(stranger.count(idc_sim::Route::RegisterClient), 1);
    let seen = stranger.requests();
    let own = fixture.sim.requests_to(idc_sim::Route::StartDeviceAuthorization)[0].json();
    let secret = own["clientSecret"].as_str().unwrap();
    assert!(seen.iter().all(|request| !request.body_text().contains(secret)));
}

#[test]
fn plain_http_is_for_loopback_only() {
    let fixture = LoginFixture::new();
    for url in ["http://sso.example.com", "ftp://127.0.0.1", "127.0.0.1"] {
        fixture.kcaws("login").env("AWS_ENDPOINT_URL_SSO_OIDC", url).run().expect_code(3);
        fixture.kcaws("accounts --refresh").env("AWS_ENDPOINT_URL_SSO", url).run().expect_code(3);
    }
    assert!(fixture.sim.requests().is_empty());
}

#[test]
fn fips_and_dual_stack_do_not_go_together_with_an_endpoint() {
    let fixture = LoginFixture::new();
    for (switch, word) in [("AWS_USE_FIPS_ENDPOINT", "FIPS"), ("AWS_USE_DUALSTACK_ENDPOINT", "Dualstack")] {
        fixture.kcaws("login").env(switch, "true").run().expect_code(3).expect_stderr(word);
    }
}

#[test]
fn the_services_section_counts_through_the_profile() {
    let fixture = LoginFixture::new();
    for (name, _) in fixture.sim.env() {
        fixture.env.remove_env(name);
    }
    let url = fixture.sim.url();
    let config = format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n\n[profile local]\nsso_session = corp\n\
         sso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\nservices = sim\n\n\
         [services sim]\nsso =\n  endpoint_url = {url}\nsso_oidc =\n  endpoint_url = {url}\nsignin =\n  endpoint_url = {url}\n",
        fixture.sim.start_url(),
        fixture.sim.region(),
    );
    fixture.env.write_aws_config(&config);
    fixture.env.set_env("AWS_PROFILE", "local");
    fixture.log_in_as("login --no-browser");
    fixture.kcaws("credential-process --profile local").allow_secret_on_stdout().run().expect_ok();
    let printed = fixture.kcaws("console --print").allow_secret_on_stdout().run().expect_ok();
    assert!(printed.stdout_text().starts_with(url), "{printed}");
}

#[test]
fn role_credentials_of_aws_are_not_shown_to_another_service() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    let stranger = IdcSim::builder().start();
    let loopback = stranger.url();
    let commands = [("console dev --print", "signin"), ("whoami --profile dev", "sts")];
    for (line, service) in commands {
        let variable = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase());
        for url in [loopback, "https://sts.example.com", "https://sts.cn-north-1.amazonaws.com.cn"] {
            let output = fixture.kcaws(line).env(&variable, url).run().expect_code(3);
            output.expect_stderr(&format!("are never sent to {url} ({variable})"));
        }
    }
    let config = fixture.config();
    for (line, service) in commands {
        let services = format!("services = s\n\n[services s]\n{service} =\n  endpoint_url = {loopback}\n");
        fixture.env.write_aws_config(&format!("{config}{services}"));
        let at = config.lines().count() + 5;
        fixture.run(line).expect_code(3).expect_stderr(&format!("config:{at})"));
    }
    assert!(stranger.requests().is_empty());
    // Without a setting, AWS's own hosts have them.
    fixture.env.write_aws_config(&config);
    for (line, _) in commands {
        fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok();
    }
}

#[test]
fn role_credentials_of_this_machine_do_not_leave_it() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    for (name, line) in [("SIGNIN", "console dev --print"), ("STS", "whoami --profile dev")] {
        let variable = format!("AWS_ENDPOINT_URL_{name}");
        let aws = fixture.kcaws(line).env_remove(&variable).run();
        aws.expect_code(3).expect_stderr("are never sent to").expect_stderr("AWS_ENDPOINT_URL_STS");
    }
}

#[test]
fn a_password_in_an_endpoint_is_refused_and_not_shown() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    for (variable, line) in [
        ("AWS_ENDPOINT_URL_SSO_OIDC", "-vv login corp --no-browser --force"),
        ("AWS_ENDPOINT_URL_SSO", "-vv accounts --refresh"),
        ("AWS_ENDPOINT_URL_SIGNIN", "-vv console dev --print"),
        ("AWS_ENDPOINT_URL_STS", "-vv whoami --profile dev"),
    ] {
        for url in
            ["https://u:geheim@127.0.0.1:1", "http://u:geheim@sso.example.com", "https://127.0.0.1/?x=geheim"]
        {
            let output = fixture.kcaws(line).env(variable, url).run().expect_code(3).expect_stderr(variable);
            assert!(!output.stderr_text().contains("geheim"), "{output}");
        }
        let url = "https://u:geheim@127.0.0.1:1";
        let doctor = fixture.kcaws("-vv doctor").env(variable, url).run();
        assert!(!format!("{doctor}").contains("geheim"), "{doctor}");
    }
}
