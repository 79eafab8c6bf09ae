//! Which role, and which page of the console.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::{Output, PageClient, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, on_a_terminal};
use crate::test_console::logged_in;

/// What the browser arrives at.
fn page_of(output: Output) -> String {
    let page = PageClient::new().open(output.expect_ok().stdout_text().trim());
    assert_eq!(page.status, 200, "{}", page.text());
    page.text()
}

fn page(fixture: &LoginFixture, line: &str) -> String {
    page_of(fixture.kcaws(&format!("console {line} --print")).allow_secret_on_stdout().run())
}

#[test]
fn warm_credentials_are_used_and_fetched_ones_are_kept_warm() {
    let fixture = logged_in();
    page(&fixture, "dev");
    page(&fixture, "dev");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1);
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1, "what the console fetched is what tools get");
}

/// 25 minutes are good enough for a tool, and short for a person in the console.
#[test]
fn credentials_with_little_left_are_renewed_first_and_used_if_that_fails() {
    let fixture = LoginFixture::with(IdcSim::builder().permission_set(ROLE, Duration::from_mins(25)));
    fixture.log_in();
    fixture.credentials().expect_ok();
    page(&fixture, "dev");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 2);
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(503, ""));
    assert!(page(&fixture, "dev").contains(ROLE));
    fixture.credentials().expect_ok();
}

#[test]
fn the_profile_is_that_of_the_environment_where_none_is_named() {
    let fixture = logged_in();
    fixture.env.set_env("AWS_PROFILE", "dev");
    assert!(page(&fixture, "").contains(ROLE));
}

#[test]
fn without_a_terminal_the_profiles_are_listed() {
    let fixture = logged_in();
    let config = format!("{}[profile other]\nregion = eu-west-1\n[profile \u{1b}[2J]\n", fixture.config());
    fixture.env.write_aws_config(&config);
    let output = fixture.run("console --print").expect_code(2).expect_stderr("which profile?");
    let output = output.expect_stderr("profiles: dev\n");
    assert!(output.stdout.is_empty(), "{output}");
    fixture.env.write_aws_config("[profile other]\nregion = eu-west-1\n");
    fixture.run("console --print").expect_code(3).expect_stderr("no profile gets its credentials from kcaws");
}

#[test]
fn a_person_picks_by_number() {
    require_program!("script");
    let fixture = logged_in();
    let more = fixture.config().replace("[profile dev]", "[profile read]").replace(ROLE, "ReadOnlyAccess");
    let more = more.split_once("\n\n").expect("a session, then profiles").1.to_owned();
    fixture.env.write_aws_config(&format!("{}{more}", fixture.config()));
    for (answer, outcome) in [("2", "ReadOnlyAccess"), ("", "cancelled")] {
        let console = on_a_terminal(&fixture, "console --print").env("TERM", "dumb").allow_secret_on_stdout();
        let mut console = console.spawn();
        console.wait_for_prompt("Profile: (a number) ");
        console.type_line(answer);
        let text = console.wait().stdout_text();
        assert!(text.contains("1  dev") && text.contains("2  read"), "{text}");
        let url = text.lines().map(str::trim).find(|line| line.starts_with("http://"));
        match url {
            Some(url) => assert!(PageClient::new().open(url).text().contains(outcome)),
            None => assert!(text.contains(outcome), "{text}"),
        }
    }
    let asked = on_a_terminal(&fixture, "console --print --no-input").run().expect_code(2);
    assert!(asked.stdout_text().contains("profiles: dev, read"), "{asked}");
}

#[test]
fn a_service_opens_in_the_region_that_counts() {
    let fixture = logged_in();
    for (line, url) in [
        ("dev --service s3", "https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1"),
        (
            "dev -s ddb --region us-east-1",
            "https://us-east-1.console.aws.amazon.com/dynamodbv2/home?region=us-east-1",
        ),
        ("dev -s iam", "https://console.aws.amazon.com/iam/home"),
        ("dev", "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1"),
    ] {
        let page = page(&fixture, line);
        assert!(page.lines().any(|shown| shown == url), "{line}: {page}");
    }
    let unknown = fixture.run("console dev --service lamda").expect_code(2);
    unknown.expect_stderr("there is no service `lamda`").expect_stderr("similar: lambda");
    fixture.run("console dev --service paperclips").expect_code(2).expect_stderr("--list-services");
    assert_eq!(fixture.sim.count(Route::GetSigninToken), 4, "mistakes are found before anything is asked");
    fixture.env.set_env("AWS_DEFAULT_REGION", "ap-south-1");
    for (line, region) in [("dev", "ap-south-1"), ("dev --region us-east-1", "us-east-1")] {
        assert!(page(&fixture, line).contains(&format!("home?region={region}")), "{line}");
    }
    fixture.env.set_env("AWS_REGION", "us-west-2");
    assert!(page(&fixture, "dev").contains("home?region=us-west-2"));
}

#[test]
fn services_are_listed_without_a_login() {
    let fixture = LoginFixture::new();
    let list = fixture.run("console --list-services").expect_ok().expect_stdout("dynamodb");
    assert!(list.stdout_text().lines().count() > 80);
    let json = fixture.run("console --list-services --json").expect_ok().stdout_json();
    let services = json["services"].as_array().expect("a list");
    assert!(services.iter().any(|service| service["name"] == "iam" && service["regional"] == false));
}

#[test]
fn a_destination_is_a_url_of_the_console_or_an_arn() {
    let fixture = logged_in();
    for (given, url) in [
        (
            "https://us-east-1.console.aws.amazon.com/ec2/home#Instances:",
            "https://us-east-1.console.aws.amazon.com/ec2/home#Instances:",
        ),
        (
            "arn:aws:sns:us-west-2:111122223333:alerts",
            "https://us-west-2.console.aws.amazon.com/sns/v3/home?region=us-west-2#/topic/arn:aws:sns:us-west-2:111122223333:alerts",
        ),
        (
            "arn:aws:s3:::bucket",
            "https://eu-west-1.console.aws.amazon.com/s3/buckets/bucket?region=eu-west-1",
        ),
    ] {
        let page = page(&fixture, &format!("dev --destination {given}"));
        assert!(page.lines().any(|shown| shown == url), "{given}: {page}");
    }
    for (given, word) in [
        ("https://evil.example/", "is not an AWS console URL (https)"),
        ("https://console.aws.amazon.com.evil.example/", "is not an AWS console URL (https)"),
        ("http://console.aws.amazon.com/", "begins with https://console.aws.amazon.com/"),
        ("https://console.amazonaws.cn/", "is in partition aws-cn, but you are logged in to aws"),
        ("arn:aws-us-gov:s3:::bucket", "is in partition aws-us-gov"),
        ("arn:aws:ec2:eu-west-1:1:instance/i-1", "its account ID does not have 12 digits"),
        ("arn:aws:s3:eu-west-1:111122223333:bucket", "contains no Region or account"),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/name", "looks like arn:aws:s3:::bucket"),
        ("arn:aws:kms:eu-west-1:111122223333:alias/x", "supported for this service: key"),
        ("arn:aws:braket:eu-west-1:111122223333:job/x", "supported services: access-analyzer, acm"),
    ] {
        fixture.run(&format!("console dev --destination {given}")).expect_code(2).expect_stderr(word);
    }
    fixture.run("console dev --service s3 --destination arn:aws:s3:::b").expect_code(2);
    for region in ["x.evil.example", "cn-north-1"] {
        fixture.run(&format!("console dev --region {region}")).expect_code(2).expect_stderr(region);
    }
}

#[test]
fn a_resource_of_another_account_is_pointed_out() {
    let fixture = logged_in();
    let line = "console dev --print --destination arn:aws:lambda:eu-west-1:999988887777:function:f";
    let output = fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok();
    output.expect_stderr(
        "warning: the destination belongs to account 999988887777, but the role belongs to 111122223333",
    );
}

/// `db-backup` without the suffix that AWS adds looks the same as `db` with it.
#[test]
fn a_secret_that_may_be_another_is_opened_as_aws_reads_it_and_the_doubt_is_said() {
    let fixture = logged_in();
    let open = |secret: &str| {
        let line = format!(
            "console dev --print --destination arn:aws:secretsmanager:eu-west-1:111122223333:secret:{secret}"
        );
        fixture.kcaws(&line).allow_secret_on_stdout().run().expect_ok()
    };
    let doubtful = open("db-backup").expect_stderr("warning: the secret is taken to be `db`, and `-backup`");
    assert!(page_of(doubtful).contains("secret?name=db&region"));
    let clear = open("db-AbC12x");
    assert!(!clear.stderr_text().contains("warning"), "{clear}");
}

#[test]
fn every_partition_signs_in_to_its_own_console() {
    for (region, service, url) in [
        ("us-gov-west-1", "s3", "https://console.amazonaws-us-gov.com/s3/buckets?region=us-gov-west-1"),
        ("cn-north-1", "ec2", "https://console.amazonaws.cn/ec2/home?region=cn-north-1"),
        (
            "eusc-de-east-1",
            "ec2",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/ec2/home?region=eusc-de-east-1",
        ),
    ] {
        let fixture = LoginFixture::with(IdcSim::builder().region(region));
        fixture.log_in();
        let line = format!("--session corp --account {ACCOUNT} --role {ROLE} --service {service}");
        let page = page(&fixture, &line);
        assert!(page.lines().any(|shown| shown == url), "{region}: {page}");
        fixture.run("console dev --print").expect_code(2).expect_stderr("eu-west-1");
    }
}
