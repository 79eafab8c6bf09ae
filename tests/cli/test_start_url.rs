//! Start URLs of a company's own, and what is pinned.

use idc_sim::{Builder, Fault, IdcSim, Route};
use kcaws_test_kit::require_program;

use crate::fixture::{LoginFixture, binary};

const HOST: &str = "sso.example.com";
const URL: &str = "https://sso.example.com/aws";
const PORTAL: &str = "https://ssoins-1234567890abcdef.eu-west-1.portal.amazonaws.com";

/// `corp` starts at the company's own URL, which leads to `target`.
pub(crate) fn behind_a_vanity_url(builder: Builder, target: &str) -> LoginFixture {
    let fixture = LoginFixture::with(builder.vanity(HOST, target).add_start_url(target));
    for (name, _) in fixture.sim.env() {
        fixture.env.remove_env(name);
    }
    let bundle = fixture.env.write_home_file("ca.pem", fixture.sim.ca_pem());
    fixture.env.set_env("HTTPS_PROXY", fixture.sim.proxy_url());
    fixture.env.set_env("AWS_CA_BUNDLE", bundle);
    start_at(&fixture, URL);
    fixture
}

fn start_at(fixture: &LoginFixture, url: &str) {
    fixture.env.write_aws_config(&fixture.config().replace(fixture.sim.start_url(), url));
}

/// From now on the company's URL leads there.
fn bend(fixture: &LoginFixture, target: &str) {
    fixture.sim.clear_faults();
    fixture.sim.fault(Route::Vanity, Fault::status(302, "").header("location", target));
}

#[test]
fn a_companys_own_url_is_resolved_at_each_login_and_stays_the_key_of_everything() {
    let fixture = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start/");
    fixture.log_in();
    let asked = fixture.sim.requests_to(Route::Vanity);
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].method.as_str(), asked[0].host.as_str()), ("HEAD", HOST));
    assert!(asked[0].header("cookie").is_none() && asked[0].header("authorization").is_none());
    let sent = fixture.sim.requests_to(Route::StartDeviceAuthorization)[0].json();
    assert_eq!(sent["startUrl"], "https://d-1234567890.awsapps.com/start", "as it is normal");
    fixture.credentials().expect_ok();
    let report = fixture.run("status corp --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"][0]["start_url"], URL);
    fixture.run("logout").expect_ok();
    fixture.log_in();
    assert_eq!(fixture.sim.count(Route::Vanity), 2);
}

#[test]
fn a_move_to_another_region_is_followed_in_silence_by_everything() {
    let builder = || IdcSim::builder().add_region("eu-west-1").add_start_url(PORTAL);
    let here = "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws";
    let fixture = behind_a_vanity_url(builder(), here);
    fixture.log_in();
    fixture.run("logout").expect_ok();
    bend(&fixture, PORTAL);
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.run("accounts --refresh").expect_ok();
    fixture.run("login").expect_ok().expect_stderr("Already logged in");
    let credentials = &fixture.sim.requests_to(Route::GetRoleCredentials)[0];
    assert_eq!(credentials.host, "portal.sso.eu-west-1.amazonaws.com");
    fixture.run("logout").expect_ok().expect_stderr("at Identity Center and here");
}

#[test]
fn without_sso_region_the_portals_host_tells_it() {
    let fixture = behind_a_vanity_url(IdcSim::builder().add_region("eu-west-1"), PORTAL);
    let line = format!("sso_region = {}\n", fixture.sim.region());
    let config = fixture.env.read_aws_config();
    fixture.env.write_aws_config(&config.replace(&line, ""));
    // It is a login that is missing, and no line in the config.
    fixture.run("accounts --refresh").expect_code(4).expect_stderr("run `kcaws login corp`");
    fixture.credentials().expect_code(4).expect_stderr("not logged in");
    fixture.run("logout").expect_ok().expect_stderr("Not logged in");
    fixture.log_in();
    fixture.credentials().expect_ok();

    let fixture = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    let config = fixture.env.read_aws_config();
    fixture.env.write_aws_config(&config.replace(&line, ""));
    fixture.run("login").expect_code(3).expect_stderr("the Region of").expect_stderr("sso_region = …");
}

#[test]
fn a_host_that_refuses_head_is_asked_by_get() {
    for status in [405, 501] {
        let fixture = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
        fixture.sim.fault(Route::Vanity, Fault::status(status, "")).times(1);
        fixture.log_in();
        let methods: Vec<String> =
            fixture.sim.requests_to(Route::Vanity).iter().map(|request| request.method.clone()).collect();
        assert_eq!(methods, ["HEAD", "GET"]);
    }
}

#[test]
fn a_url_that_leads_elsewhere_ends_before_anything_is_sent() {
    let fixture = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    for (fault, code, words) in [
        (Fault::status(200, "hello"), 3, "does not lead to an AWS access portal"),
        (Fault::status(302, "").header("location", "https://evil-awsapps.com/start"), 3, "evil-awsapps.com"),
        (Fault::status(302, "").header("location", "/aws/"), 3, "does not follow a second redirect"),
        (
            Fault::status(302, "").header("location", "http://d-1234567890.awsapps.com"),
            3,
            "a page that is not https",
        ),
        (Fault::status(302, ""), 3, "sent a redirect without a target"),
        (Fault::status(404, ""), 3, "status 404"),
        (Fault::status(503, ""), 1, "status 503"),
        (Fault::cut(), 1, "cannot reach sso.example.com"),
    ] {
        fixture.sim.clear_faults();
        fixture.sim.fault(Route::Vanity, fault);
        fixture.run("login").expect_code(code).expect_stderr(words);
    }
    assert_eq!(fixture.sim.count(Route::RegisterClient), 0);
    start_at(&fixture, "https://absent.example.com/aws");
    fixture.run("login").expect_code(1).expect_stderr("cannot reach absent.example.com");
}

#[test]
fn a_portal_that_changed_stops_the_login_until_it_is_trusted() {
    let fixture = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    fixture.log_in();
    bend(&fixture, "https://evil.awsapps.com/start");
    fixture.run("login").expect_ok().expect_stderr("Already logged in");
    fixture
        .run("login --force")
        .expect_code(3)
        .expect_stderr("the portal of session `corp` changed from `d-1234567890` to `evil.awsapps.com`")
        .expect_stderr("kcaws trust corp");
    assert_eq!(fixture.sim.count(Route::Logout), 0, "what was good is still good");
    fixture.credentials().expect_ok();

    fixture.run("logout").expect_ok();
    fixture.sim.clear_log();
    fixture.run("login").expect_code(3).expect_stderr("changed from `d-1234567890`");
    assert!(fixture.sim.requests().iter().all(|request| request.route == Route::Vanity), "nothing was sent");

    fixture.run("trust corp").expect_code(2).expect_stderr("evil.awsapps.com").expect_stderr("--yes");
    fixture.run("login").expect_code(3);
    bend(&fixture, "https://d-1234567890.awsapps.com/start#/");
    fixture.run("trust").expect_ok().expect_stderr("which is where its start URL leads");
    fixture.log_in();
}

#[test]
fn trust_asks_a_person_and_takes_yes_for_an_answer() {
    require_program!("script");
    let fixture = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    fixture.log_in();
    fixture.run("logout").expect_ok();
    let alias = "https://corp.awsapps.com/start";
    bend(&fixture, alias);
    for (answer, word) in [("n", "Nothing was changed"), ("y", "is pinned to `corp.awsapps.com`")] {
        let line = format!("'{}' trust corp", binary().display());
        let script = fixture.env.command("script").env("TERM", "xterm-256color");
        let script = script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).interactive();
        let mut trust = script.spawn();
        trust.wait_for_stdout("pinned: `d-1234567890`");
        trust.type_line(answer);
        let output = trust.wait().expect_ok();
        assert!(output.stdout_text().contains(word), "{output}");
    }
    fixture.run("trust --yes").expect_ok().expect_stderr("which is where its start URL leads");
    bend(&fixture, "https://d-1234567890.awsapps.com/start");
    fixture.run("trust --yes").expect_ok().expect_stderr("is pinned to `d-1234567890`");
    fixture.log_in();
}

#[test]
fn a_region_that_the_start_url_contradicts_is_shown_with_its_line() {
    let fixture = LoginFixture::new();
    start_at(&fixture, PORTAL);
    fixture
        .run("login")
        .expect_code(3)
        .expect_stderr(".aws/config:3: sso_region is not `eu-west-1`")
        .expect_stderr("change that line to `sso_region = eu-west-1`");
    assert!(fixture.sim.requests().is_empty());
}

#[test]
fn a_code_that_comes_to_nothing_names_the_region_where_the_host_does_not() {
    let fixture = LoginFixture::new();
    let (login, _) = fixture.begin_login("login --no-browser");
    fixture.sim.advance(std::time::Duration::from_secs(601));
    login
        .wait()
        .expect_code(4)
        .expect_stderr("`sso_region` is wrong")
        .expect_stderr("`sso_region = eu-central-1` in ")
        .expect_stderr(".aws/config:3 with");
}
