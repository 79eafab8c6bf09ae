use idc_sim::{Fault, IdcSim, Route};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

#[test]
fn whoami_names_person_and_role_and_status_remembers_the_person() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.run("whoami --profile dev").expect_ok().expect_stdout("alice@example.com").expect_stdout(ROLE);
    fixture.env.set_env("AWS_PROFILE", "dev");
    let report = fixture.run("whoami --json").expect_ok().stdout_json();
    assert_eq!(report["user"], "alice@example.com");
    assert_eq!(report["account_id"], ACCOUNT);
    assert_eq!(report["role_name"], ROLE);
    assert_eq!((report["session"].as_str(), report["profile"].as_str()), (Some("corp"), Some("dev")));
    let arn = report["arn"].as_str().unwrap();
    assert!(
        arn.contains(":assumed-role/AWSReservedSSO_PowerUserAccess_") && arn.ends_with("/alice@example.com")
    );
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1, "the warm ones are used");
    let status = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(status["sessions"][0]["user"], "alice@example.com");
    fixture.env.assert_no_secret_in_files(fixture.env.root());

    fixture.run("logout").expect_ok();
    let status = fixture.run("status --json").expect_ok().stdout_json();
    assert!(status["sessions"][0]["user"].is_null());
}

#[test]
fn aws_default_profile_is_read_after_aws_profile_by_every_command() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.run("exec -- true").expect_code(125).expect_stderr("which profile?");
    fixture.env.set_env("AWS_DEFAULT_PROFILE", "dev");
    assert_eq!(fixture.run("whoami --json").expect_ok().stdout_json()["profile"], "dev");
    for line in ["exec -- true", "console --print", "env --format json", "login --no-browser", "explain 403"]
    {
        fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok();
    }
    assert!(fixture.run("prompt").expect_ok().stdout_text().starts_with("dev"));
    assert_eq!(fixture.run("use --json").expect_ok().stdout_json()["profiles"][0]["current"], true);
    // AWS_PROFILE comes first, and the command that says who one is names the other one.
    let both =
        |line: &str| fixture.kcaws(line).env("AWS_PROFILE", "dev").env("AWS_DEFAULT_PROFILE", "nope").run();
    both("whoami").expect_ok().expect_stderr("AWS_DEFAULT_PROFILE is `nope`");
    assert!(both("whoami --profile dev").expect_ok().stderr.is_empty());
    both("doctor --offline").expect_stdout("AWS_DEFAULT_PROFILE").expect_stdout("unset AWS_DEFAULT_PROFILE");
}

#[test]
fn by_its_own_host_sts_takes_the_signature_for_the_profiles_region() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    fixture.run("whoami --profile dev").expect_ok().expect_stdout("alice@example.com");
    assert_eq!(fixture.sim.requests_to(Route::GetCallerIdentity)[0].host, "sts.eu-west-1.amazonaws.com");
}

#[test]
fn a_clock_that_is_off_is_corrected_by_what_sts_says() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.sim.advance(std::time::Duration::from_secs(600));
    fixture.run("whoami --profile dev").expect_ok().expect_stdout("alice@example.com");
    assert_eq!(fixture.sim.count(Route::GetCallerIdentity), 2);
}

#[test]
fn the_time_that_is_left_is_told_by_the_corrected_clock() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    // Credentials of an hour, by a clock that is two hours ahead of ours.
    fixture.sim.advance(std::time::Duration::from_secs(7200));
    let output = fixture.run("whoami --profile dev").expect_ok();
    let text = output.stdout_text();
    let left = text.lines().find(|line| line.starts_with("ends in")).unwrap();
    assert!(left.ends_with("59 min") || left.ends_with(" 1 h"), "{output}");
    assert!(!left.contains("2 h"), "{output}");
}

#[test]
fn what_goes_wrong_is_said_and_shows_no_secret() {
    let fixture = LoginFixture::new();
    fixture.run("whoami").expect_code(2).expect_stderr("which profile?");
    fixture.run("whoami --profile nobody").expect_code(3);
    fixture.run("whoami --profile dev").expect_code(4).expect_stderr("kcaws login corp");
    fixture.log_in();
    for (fault, word) in [
        (
            Fault::status(
                403,
                "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>",
            ),
            "(InvalidClientTokenId)",
        ),
        (Fault::status(403, "<html>"), "something other than AWS answered"),
        (Fault::status(403, "").header("x-amzn-RequestId", "x"), "refused the credentials (403)"),
        (Fault::status(503, ""), "returned an error (503)"),
        (Fault::status(200, "<html>"), "something other than AWS answered"),
        (Fault::status(200, "<a/>"), "unexpected response"),
        (Fault::huge_body(3 << 20), "cannot reach"),
        (Fault::cut(), "cannot reach"),
    ] {
        fixture.sim.clear_faults();
        fixture.sim.fault(Route::GetCallerIdentity, fault);
        fixture.run("-vvv whoami --profile dev").expect_code(1).expect_stderr(word);
    }
    fixture.sim.clear_faults();
    let url = "http://sts.example.com";
    fixture.kcaws("whoami --profile dev").env("AWS_ENDPOINT_URL_STS", url).run().expect_code(3);
}

#[test]
fn the_services_section_counts_for_sts() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let other = IdcSim::builder().start();
    let config = fixture.env.read_aws_config();
    let services = format!("services = s\n\n[services s]\nsts =\n  endpoint_url = {}\n", other.url());
    fixture.env.write_aws_config(&format!("{config}{services}"));
    fixture.env.remove_env("AWS_ENDPOINT_URL_STS");
    fixture.run("whoami --profile dev").expect_code(1).expect_stderr("InvalidClientTokenId");
    assert_eq!(other.count(Route::GetCallerIdentity), 1);
}
