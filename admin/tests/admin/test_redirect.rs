//! The company's own start URL.

use idc_sim::{Fault, Route};
use kcaws_test_kit::TestEnv;

use crate::fixture::{admin, aws_environment};

const OWN: &str = "https://sso.example.com/aws";

#[test]
fn a_redirect_is_checked_by_the_rules_of_the_aws_cli() {
    let sim = idc_sim::IdcSim::builder()
        .vanity("sso.example.com", "https://d-1234567890.awsapps.com/start")
        .start();
    let env = aws_environment(&sim);
    env.set_env("HTTPS_PROXY", sim.proxy_url());
    env.set_env("AWS_CA_BUNDLE", env.write_home_file("ca.pem", sim.ca_pem()));
    let report = admin(&env, &format!("redirect {OWN} --json")).run().expect_ok().stdout_json();
    assert_eq!(report["leads_to"], "https://d-1234567890.awsapps.com/start");
    assert_eq!(report["instance"], "d-1234567890");
    assert_eq!(report["region"], serde_json::Value::Null);
    admin(&env, &format!("redirect {OWN} --region eu-central-1"))
        .run()
        .expect_ok()
        .expect_stdout("eu-central-1");
    admin(&env, "redirect http://sso.example.com/aws").run().expect_code(3).expect_stderr("https");
}

#[test]
fn a_web_server_that_fails_is_told_with_what_to_do() {
    let sim = idc_sim::IdcSim::builder()
        .vanity("sso.example.com", "https://d-1234567890.awsapps.com/start")
        .start();
    let env = aws_environment(&sim);
    env.set_env("HTTPS_PROXY", sim.proxy_url());
    env.set_env("AWS_CA_BUNDLE", env.write_home_file("ca.pem", sim.ca_pem()));
    let elsewhere = |to: &str| Fault::status(302, "").header("location", to);
    for (fault, code) in [
        (Fault::status(200, "<html>welcome</html>"), 3),
        (Fault::status(401, "{}"), 3),
        (Fault::status(403, "{}"), 3),
        (Fault::status(404, "{}"), 3),
        (Fault::status(429, "{}"), 1),
        (Fault::status(500, "{}"), 1),
        (Fault::status(503, "<html>busy</html>"), 1),
        (Fault::cut(), 1),
        (elsewhere("https://elsewhere.example.com/start"), 3),
        (elsewhere("http://d-1234567890.awsapps.com/start"), 3),
    ] {
        sim.clear_faults();
        sim.fault(Route::Vanity, fault.clone());
        let output = admin(&env, &format!("redirect {OWN}")).run();
        assert_eq!(output.code(), code, "{fault:?}: {output}");
        let shown = output.stderr_text();
        assert!(shown.contains("kcaws: error: ") && shown.contains("kcaws: hint: "), "{fault:?}: {shown}");
        assert!(shown.contains("sso.example.com") && output.stdout.is_empty(), "{fault:?}: {output}");
    }
    env.set_env("HTTPS_PROXY", "http://127.0.0.1:1");
    admin(&env, &format!("redirect {OWN}")).run().expect_code(1).expect_stderr("127.0.0.1:1");
}

#[test]
fn each_web_server_gets_its_lines() {
    let env = TestEnv::new();
    let line = format!("redirect {OWN} --to https://d-1234567890.awsapps.com/start");
    let text = admin(&env, &line).run().expect_ok().stdout_text();
    for part in ["location = /aws", "redir /aws", "redirectRegex", "RedirectMatch 302"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for portal in ["https://example.com/start", "https://d-1234567890.awsapps.com/start;evil", "nonsense"] {
        let output = admin(&env, &format!("redirect {OWN} --to {portal}")).run();
        output.expect_code(2).expect_stderr("is not an access portal");
    }
}
