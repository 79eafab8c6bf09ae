//! Start URLs of a company's own, and what is pinned.

use idc_sim::{Builder, Fault, IdcSim, Route};
use kcaws_test_kit::require_program;

use crate::stage::{Stage, binary};

const HOST: &str = "sso.example.com";
const URL: &str = "https://sso.example.com/aws";
const PORTAL: &str = "https://ssoins-1234567890abcdef.eu-west-1.portal.amazonaws.com";

/// `corp` starts at the company's own URL, which leads to `target`.
pub(crate) fn behind_a_vanity_url(builder: Builder, target: &str) -> Stage {
    let stage = Stage::with(builder.vanity(HOST, target).add_start_url(target));
    for (name, _) in stage.sim.env() {
        stage.desk.remove_env(name);
    }
    let bundle = stage.desk.write_home_file("ca.pem", stage.sim.ca_pem());
    stage.desk.set_env("HTTPS_PROXY", stage.sim.proxy_url());
    stage.desk.set_env("AWS_CA_BUNDLE", bundle);
    start_at(&stage, URL);
    stage
}

fn start_at(stage: &Stage, url: &str) {
    stage.desk.write_aws_config(&stage.config().replace(stage.sim.start_url(), url));
}

/// From now on the company's URL leads there.
fn bend(stage: &Stage, target: &str) {
    stage.sim.clear_faults();
    stage.sim.fault(Route::Vanity, Fault::status(302, "").header("location", target));
}

#[test]
fn a_companys_own_url_is_resolved_at_each_login_and_stays_the_key_of_everything() {
    let stage = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start/");
    stage.log_in();
    let asked = stage.sim.requests_to(Route::Vanity);
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].method.as_str(), asked[0].host.as_str()), ("HEAD", HOST));
    assert!(asked[0].header("cookie").is_none() && asked[0].header("authorization").is_none());
    let told = stage.sim.requests_to(Route::StartDeviceAuthorization)[0].json();
    assert_eq!(told["startUrl"], "https://d-1234567890.awsapps.com/start", "as it is normal");
    stage.credentials().expect_ok();
    let report = stage.run("status corp --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"][0]["start_url"], URL);
    stage.run("logout").expect_ok();
    stage.log_in();
    assert_eq!(stage.sim.count(Route::Vanity), 2);
}

#[test]
fn a_move_to_another_region_is_followed_in_silence_by_everything() {
    let builder = || IdcSim::builder().add_region("eu-west-1").add_start_url(PORTAL);
    let here = "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws";
    let stage = behind_a_vanity_url(builder(), here);
    stage.log_in();
    stage.run("logout").expect_ok();
    bend(&stage, PORTAL);
    stage.log_in();
    stage.credentials().expect_ok();
    stage.run("accounts --refresh").expect_ok();
    stage.run("login").expect_ok().expect_stderr("Already logged in");
    let credentials = &stage.sim.requests_to(Route::GetRoleCredentials)[0];
    assert_eq!(credentials.host, "portal.sso.eu-west-1.amazonaws.com");
    stage.run("logout").expect_ok().expect_stderr("at Identity Center and here");
}

#[test]
fn without_sso_region_the_portals_host_tells_it() {
    let stage = behind_a_vanity_url(IdcSim::builder().add_region("eu-west-1"), PORTAL);
    let line = format!("sso_region = {}\n", stage.sim.region());
    let config = stage.desk.read_aws_config();
    stage.desk.write_aws_config(&config.replace(&line, ""));
    // It is a login that is missing, and no line in the config.
    stage.run("accounts --refresh").expect_code(4).expect_stderr("run `kcaws login corp`");
    stage.credentials().expect_code(4).expect_stderr("nobody is logged in");
    stage.run("logout").expect_ok().expect_stderr("Nobody was logged in");
    stage.log_in();
    stage.credentials().expect_ok();

    let stage = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    let config = stage.desk.read_aws_config();
    stage.desk.write_aws_config(&config.replace(&line, ""));
    stage.run("login").expect_code(3).expect_stderr("the region of").expect_stderr("sso_region = …");
}

#[test]
fn a_host_that_refuses_head_is_asked_by_get() {
    for status in [405, 501] {
        let stage = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
        stage.sim.fault(Route::Vanity, Fault::status(status, "")).times(1);
        stage.log_in();
        let methods: Vec<String> =
            stage.sim.requests_to(Route::Vanity).iter().map(|request| request.method.clone()).collect();
        assert_eq!(methods, ["HEAD", "GET"]);
    }
}

#[test]
fn a_url_that_leads_elsewhere_ends_before_anything_is_sent() {
    let stage = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    for (fault, code, words) in [
        (Fault::status(200, "hello"), 3, "leads to no access portal of AWS"),
        (Fault::status(302, "").header("location", "https://evil-awsapps.com/start"), 3, "evil-awsapps.com"),
        (Fault::status(302, "").header("location", "/aws/"), 3, "no second redirect"),
        (Fault::status(302, "").header("location", "http://d-1234567890.awsapps.com"), 3, "without https"),
        (Fault::status(302, ""), 3, "redirects to nowhere"),
        (Fault::status(404, ""), 3, "status 404"),
        (Fault::status(503, ""), 1, "status 503"),
        (Fault::cut(), 1, "cannot reach sso.example.com"),
    ] {
        stage.sim.clear_faults();
        stage.sim.fault(Route::Vanity, fault);
        stage.run("login").expect_code(code).expect_stderr(words);
    }
    assert_eq!(stage.sim.count(Route::RegisterClient), 0);
    start_at(&stage, "https://absent.example.com/aws");
    stage.run("login").expect_code(1).expect_stderr("cannot reach absent.example.com");
}

#[test]
fn a_portal_that_changed_stops_the_login_until_it_is_trusted() {
    let stage = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    stage.log_in();
    bend(&stage, "https://evil.awsapps.com/start");
    stage.run("login").expect_ok().expect_stderr("Already logged in");
    stage
        .run("login --force")
        .expect_code(3)
        .expect_stderr("the portal of session `corp` changed from `d-1234567890` to `evil.awsapps.com`")
        .expect_stderr("kcaws trust corp");
    assert_eq!(stage.sim.count(Route::Logout), 0, "what was good is still good");
    stage.credentials().expect_ok();

    stage.run("logout").expect_ok();
    stage.sim.clear_log();
    stage.run("login").expect_code(3).expect_stderr("changed from `d-1234567890`");
    assert!(stage.sim.requests().iter().all(|request| request.route == Route::Vanity), "nothing was sent");

    stage.run("trust corp").expect_code(2).expect_stderr("evil.awsapps.com").expect_stderr("--yes");
    stage.run("login").expect_code(3);
    bend(&stage, "https://d-1234567890.awsapps.com/start#/");
    stage.run("trust").expect_ok().expect_stderr("that is where it leads");
    stage.log_in();
}

#[test]
fn trust_asks_a_person_and_takes_yes_for_an_answer() {
    require_program!("script");
    let stage = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start");
    stage.log_in();
    stage.run("logout").expect_ok();
    let alias = "https://corp.awsapps.com/start";
    bend(&stage, alias);
    for (answer, word) in [("n", "Nothing was changed"), ("y", "is pinned to `corp.awsapps.com`")] {
        let line = format!("'{}' trust corp", binary().display());
        let script = stage.desk.command("script").env("TERM", "xterm-256color");
        let script = script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).interactive();
        let mut trust = script.spawn();
        trust.wait_for_stdout("pinned: `d-1234567890`");
        trust.type_line(answer);
        let output = trust.wait().expect_ok();
        assert!(output.stdout_text().contains(word), "{output}");
    }
    stage.run("trust --yes").expect_ok().expect_stderr("that is where it leads");
    bend(&stage, "https://d-1234567890.awsapps.com/start");
    stage.run("trust --yes").expect_ok().expect_stderr("is pinned to `d-1234567890`");
    stage.log_in();
}

#[test]
fn a_region_that_the_start_url_contradicts_is_shown_with_its_line() {
    let stage = Stage::new();
    start_at(&stage, PORTAL);
    stage
        .run("login")
        .expect_code(3)
        .expect_stderr(".aws/config:3: sso_region is not `eu-west-1`")
        .expect_stderr("change that line to `sso_region = eu-west-1`");
    assert!(stage.sim.requests().is_empty());
}

#[test]
fn a_code_that_comes_to_nothing_names_the_region_where_the_host_does_not() {
    let stage = Stage::new();
    let (login, _) = stage.begin_login("login --no-browser");
    stage.sim.advance(std::time::Duration::from_secs(601));
    login
        .wait()
        .expect_code(4)
        .expect_stderr("`sso_region` is wrong")
        .expect_stderr("`sso_region = eu-central-1` in ")
        .expect_stderr(".aws/config:3 with");
}
