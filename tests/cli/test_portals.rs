//! Start URLs as people paste them, and one portal in several spellings.

use idc_sim::{IdcSim, Route};

use crate::fixture::{ACCOUNT, LoginFixture};
use crate::test_configure::empty;

const OTHER_PORTAL: &str = "https://other.awsapps.com/start";

fn configure(fixture: &LoginFixture, url: &str) -> kcaws_test_kit::Output {
    let line =
        "configure --session corp --region eu-central-1 --profiles none --no-login --yes --no-shell-line";
    fixture.kcaws(line).arg("--start-url").arg(url).run()
}

#[test]
fn a_pasted_start_url_is_written_as_aws_gives_it() {
    let url = IdcSim::builder().start().start_url().to_owned();
    let host = url.strip_suffix("/start").unwrap().to_owned();
    for pasted in [
        host.clone(),
        format!("{host}/start/#/?tab=accounts"),
        format!("{host}/start/?tab=accounts"),
        format!("{host}/start/\\#/"),
        format!("{host}/start/device?user_code=ABCD-EFGH"),
        format!("{host}.awsapps.com/start"),
        format!(" `{url}/#` "),
        format!("<{url}>"),
        url.to_uppercase(),
        url.strip_prefix("https://").unwrap().to_owned(),
    ] {
        let fixture = empty();
        configure(&fixture, &pasted).expect_ok();
        let config = fixture.env.read_aws_config();
        assert!(config.contains(&format!("\nsso_start_url = {url}\n")), "{pasted}: {config}");
    }
}

#[test]
fn a_page_that_is_no_portal_is_refused_at_once() {
    let fixture = empty();
    for (pasted, hint) in [
        ("https://eu-central-1.console.aws.amazon.com/console/home", "copy its address"),
        ("https://device.sso.eu-central-1.amazonaws.com/?user_code=ABCD-EFGH", "copy its address"),
        ("https://corp.awsapps.com/mail", "copy its address"),
        ("https://start.us-gov-home.awsapps.com/", "ends with the directory"),
    ] {
        configure(&fixture, pasted).expect_code(2).expect_stderr(hint);
    }
    assert!(!fixture.env.aws_config_path().exists());
    assert_eq!(fixture.sim.requests().len(), 0);
}

#[test]
fn a_pasted_url_in_the_file_works_and_doctor_and_configure_say_what_to_write() {
    let fixture = LoginFixture::new();
    let (url, pasted) = (fixture.sim.start_url().to_owned(), fixture.sim.start_url().replace("/start", ""));
    fixture.env.write_aws_config(&fixture.config().replace(&url, &pasted));
    fixture.log_in();
    assert_eq!(fixture.sim.requests_to(Route::StartDeviceAuthorization)[0].json()["startUrl"], *url);
    fixture.credentials().expect_ok();
    let doctor = fixture.run("doctor --offline");
    doctor.expect_stdout(&format!("write `sso_start_url = {url}`"));
    fixture.run("configure --session corp --no-login --profiles none --yes --no-shell-line").expect_ok();
    assert!(fixture.env.read_aws_config().contains(&format!("sso_start_url = {url}\n")));
}

#[test]
fn quotes_around_a_url_in_the_file_are_named_with_the_line_and_the_value_to_write() {
    let fixture = LoginFixture::new();
    let url = fixture.sim.start_url().to_owned();
    for quote in ["`", "\"", "'"] {
        fixture.env.write_aws_config(&fixture.config().replace(&url, &format!("{quote}{url}{quote}")));
        let output = fixture.run("login corp").expect_code(3).expect_stderr("config:2: sso_start_url is not");
        output.expect_stderr(&format!("`sso_start_url = {url}`"));
    }
}

/// Tokens are kept by the session and the start URL as it is written: what works is not respelled.
#[test]
fn a_spelling_that_works_stays_and_so_does_its_login() {
    let fixture = LoginFixture::new();
    let url = fixture.sim.start_url().to_owned();
    for spelled in ["/", "/#/", "#"] {
        let config = fixture.config().replace(&url, &format!("{url}{spelled}"));
        fixture.env.write_aws_config(&config);
        fixture.log_in();
        configure(&fixture, &url).expect_ok();
        assert_eq!(fixture.env.read_aws_config(), config, "{spelled}");
        fixture.credentials().expect_ok();
        let sent = fixture.sim.requests_to(Route::StartDeviceAuthorization).pop().unwrap().json();
        assert_eq!(sent["startUrl"], format!("{url}{spelled}"));
        fixture.run("logout corp").expect_ok();
    }
}

fn legacy(name: &str, url: &str) -> String {
    format!(
        "\n[profile {name}]\nsso_start_url = {url}\nsso_region = eu-central-1\nsso_account_id = {ACCOUNT}\n\
         sso_role_name = PowerUserAccess\n"
    )
}

#[test]
fn spellings_of_a_named_sessions_portal_are_that_session() {
    let fixture = LoginFixture::new();
    let url = fixture.sim.start_url();
    let spellings = ["", "/", "/#/", "#", "/?tab=accounts"];
    let profiles: Vec<String> = spellings
        .iter()
        .enumerate()
        .map(|(at, end)| legacy(&format!("l{at}"), &format!("{url}{end}")))
        .collect();
    fixture.env.write_aws_config(&(fixture.config() + &profiles.concat()));
    // Without a name, since there is one.
    fixture.log_in_as("login --no-browser");
    for at in 0..spellings.len() {
        let line = format!("credential-process --profile l{at}");
        fixture.kcaws(&line).allow_secret_on_stdout().run().expect_ok();
        fixture.run("accounts").expect_ok();
    }
    let report = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"].as_array().map(Vec::len), Some(1), "{report}");
    fixture.run("login --all").expect_ok().expect_stderr("Already logged in to `corp`");
    assert_eq!(fixture.sim.count(Route::StartDeviceAuthorization), 1);
    let doctor = fixture.run("doctor --offline --json").stdout_json();
    let logins = doctor["checks"].as_array().unwrap().iter().filter(|one| one["name"] == "login");
    assert_eq!(logins.count(), 1, "{doctor}");
    fixture.run("doctor --offline").expect_stdout("the start URL is not in the form AWS gives it");
    fixture.run("profile sync --yes").expect_ok();
    fixture.run("logout").expect_ok().expect_stderr("Logged out of `corp`");
}

#[test]
fn spellings_that_no_session_names_are_the_first_of_them_and_named_sessions_stay_apart() {
    let fixture = LoginFixture::new();
    let url = fixture.sim.start_url().to_owned();
    let others =
        legacy("a", &format!("{url}/")) + &legacy("b", &format!("{url}/#/")) + &legacy("c", OTHER_PORTAL);
    fixture.env.write_aws_config(&others);
    let names = |fixture: &LoginFixture| {
        let report = fixture.run("status --json").expect_ok().stdout_json();
        let names = report["sessions"].as_array().unwrap().iter().map(|one| one["name"].clone());
        names.map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&fixture), [format!("{url}/"), OTHER_PORTAL.to_owned()]);
    let second = fixture.config().replace("[sso-session corp]", "[sso-session corp2]").replace("dev", "dev2");
    fixture.env.write_aws_config(&(fixture.config() + &second + &others));
    assert_eq!(names(&fixture), ["corp", "corp2", OTHER_PORTAL]);
}

/// Earlier versions counted each spelling as a session, and kept a login under it.
#[test]
fn a_login_that_was_made_under_another_spelling_is_used_until_the_session_has_one() {
    let fixture = LoginFixture::new();
    let url = fixture.sim.start_url().to_owned();
    let (a, b) = (legacy("a", &format!("{url}/")), legacy("b", &format!("{url}/#/")));
    fixture.env.write_aws_config(&b);
    fixture.log_in_as("login --no-browser");
    let both = fixture.config() + &a + &b;
    let tool = |profile: &str| {
        fixture.kcaws(&format!("credential-process --profile {profile}")).allow_secret_on_stdout().run()
    };
    for config in [a + &b, both] {
        fixture.env.write_aws_config(&config);
        tool("b").expect_ok();
        tool("a").expect_ok();
    }
    fixture.credentials().expect_code(4);
    fixture.log_in();
    for profile in ["a", "b"] {
        tool(profile).expect_ok();
    }
    // Nothing is left of the old one.
    fixture.run("logout --all").expect_ok();
    tool("b").expect_code(4).expect_stderr("run `kcaws login corp`");
}
