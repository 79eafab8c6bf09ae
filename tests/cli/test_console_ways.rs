//! By federation or by portal, for how long, and where the URL goes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idc_sim::{IdcSim, Route};
use kcaws_test_kit::{Output, PageClient, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, on_a_terminal};
use crate::test_console::logged_in;
use crate::test_start_url::behind_a_vanity_url;

fn printed(fixture: &LoginFixture, line: &str) -> Output {
    fixture.kcaws(&format!("console dev {line}")).allow_secret_on_stdout().run()
}

fn text_at(output: &Output) -> String {
    PageClient::new().open(output.stdout_text().trim()).text()
}

#[test]
fn the_console_lasts_as_long_as_asked_for() {
    let fixture = logged_in();
    for (duration, minutes) in [("15m", "15 minutes"), ("12h", "720 minutes"), ("1h30m", "90 minutes")] {
        let output = printed(&fixture, &format!("--print --duration {duration}")).expect_ok();
        assert!(text_at(&output).contains(minutes), "{duration}");
    }
    for duration in ["14m", "13h", "1", "long"] {
        fixture.run(&format!("console dev --print --duration {duration}")).expect_code(2);
    }
}

/// As for credentials that came of other role credentials.
#[test]
fn a_duration_that_aws_refuses_is_left_out_and_said() {
    let fixture = LoginFixture::with(IdcSim::builder().long_console_sessions(false));
    fixture.log_in();
    let output = printed(&fixture, "--print --duration 2h").expect_ok();
    let output = output.expect_stderr("warning: AWS refused that --duration");
    let minutes = text_at(&output);
    assert!(minutes.contains("60 minutes") || minutes.contains("59 minutes"), "{minutes}");
    let asked = fixture.sim.requests_to(Route::GetSigninToken);
    let durations: Vec<_> = asked.iter().map(|request| request.form_value("SessionDuration")).collect();
    assert_eq!(durations, [Some("7200".to_owned()), None]);
}

#[test]
fn credentials_never_stand_in_a_url() {
    let fixture = logged_in();
    let output = printed(&fixture, "--print --duration 1h").expect_ok();
    text_at(&output);
    let requests = fixture.sim.requests();
    let asked = requests.iter().find(|request| request.route == Route::GetSigninToken).expect("asked");
    assert_eq!((asked.method.as_str(), asked.query.as_str()), ("POST", ""));
    assert!(requests.iter().all(|request| !request.query.contains("sessionToken")));
}

#[test]
fn a_url_is_good_for_15_minutes() {
    let fixture = logged_in();
    let output = printed(&fixture, "--print").expect_ok();
    fixture.sim.advance(std::time::Duration::from_mins(15));
    let page = PageClient::new().open(output.stdout_text().trim());
    assert_eq!(page.status, 400, "{}", page.text());
}

#[test]
fn json_has_the_url_and_what_it_is() {
    let fixture = logged_in();
    let json = printed(&fixture, "--json --service s3").expect_ok().stdout_json();
    let page = PageClient::new().open(json["url"].as_str().expect("a URL"));
    assert!(page.text().contains(ROLE));
    assert_eq!(json["via"], "federation");
    assert_eq!((&json["account_id"], &json["role_name"]), (&ACCOUNT.into(), &ROLE.into()));
    assert!(json["url_expires_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{json}");
    let json = printed(&fixture, "--json --via portal").expect_ok().stdout_json();
    assert!(json["url_expires_at"].is_null());
    let refused = fixture.run("console dev --json --destination https://evil.example/").expect_code(2);
    assert!(refused.stderr_text().contains(r#"{"error":{"#), "{refused}");
    fixture.run("console dev --json --print").expect_code(2);
}

#[test]
fn the_clipboard_gets_the_url_on_stdin() {
    let fixture = logged_in();
    let text = fixture.env.root().join("clipboard");
    let argv = fixture.env.root().join("argv");
    let script = format!("#!/bin/sh\necho \"$*\" > '{}'\ncat > '{}'\n", argv.display(), text.display());
    fixture.env.write_script("xclip", &script);
    fixture.env.set_env("DISPLAY", ":0");
    let output = fixture.run("console dev --copy").expect_ok();
    let output = output.expect_stderr("Copied the URL to the clipboard.");
    let output = output.expect_stderr("Anyone who opens it within 15 minutes is signed in.");
    assert!(output.stdout.is_empty());
    let url = std::fs::read_to_string(text).expect("was written");
    assert!(PageClient::new().open(&url).text().contains(ROLE));
    assert_eq!(std::fs::read_to_string(argv).expect("was written"), "-selection clipboard -in\n");
    fixture.env.write_script("xclip", "#!/bin/sh\nexit 1\n");
    fixture.run("console dev --copy").expect_code(1).expect_stderr("`xclip` did not accept the text");
    fixture.env.remove_env("DISPLAY");
    fixture.run("console dev --copy").expect_code(1).expect_stderr("no clipboard program");
}

/// Over SSH, and wherever else there is no display.
#[test]
fn without_a_display_the_url_goes_to_the_clipboard_of_the_terminal() {
    require_program!("script");
    let fixture = logged_in();
    for (variable, value, before, after) in [
        ("SSH_TTY", "/dev/pts/1", "\u{1b}]52;c;", "\u{7}"),
        ("TMUX", "/tmp/tmux,1,0", "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;", "\u{7}\u{1b}\\"),
        ("STY", "1.pts", "\u{1b}P\u{1b}]52;c;", "\u{7}\u{1b}\\"),
    ] {
        let command = on_a_terminal(&fixture, "console dev --copy").allow_secret_on_stdout();
        let output = command.env(variable, value).run().expect_ok();
        let text = output.stdout_text();
        let (_, text) = text.split_once(before).unwrap_or_else(|| panic!("{variable}: {output}"));
        let (sent, said) = text.split_once(after).expect("an end");
        let sent = sent.replace("\u{1b}\\\u{1b}P", "");
        let url = String::from_utf8(STANDARD.decode(sent).expect("base64")).expect("a URL");
        assert!(PageClient::new().open(&url).text().contains(ROLE), "{variable}");
        assert!(said.contains("terminal's clipboard (OSC 52)") && !said.contains("SigninToken"), "{output}");
    }
    for term in ["dumb", "linux"] {
        let command = on_a_terminal(&fixture, "console dev --copy").env("TERM", term);
        let output = command.run().expect_code(1).expect_stdout("no clipboard program");
        assert!(!output.stdout_text().contains("]52;"), "{output}");
    }
}

/// What the portal's own page makes of the fragment.
fn follow(fixture: &LoginFixture, link: &str) -> String {
    let inside =
        link.strip_prefix("https://d-1234567890.awsapps.com/start/#/").expect("a link to the portal");
    let mut client = PageClient::new();
    let form = client.open(&format!("{}/start/{inside}", fixture.sim.url()));
    client.submit(&form, "Sign in", &[("username", "alice@example.com"), ("password", "wonderland")]).text()
}

#[test]
fn a_portal_link_needs_no_login_here_and_opens_the_same_page() {
    let fixture = LoginFixture::new();
    let link = printed(&fixture, "--via portal --print --service s3").expect_ok();
    assert!(link.stderr.is_empty(), "nothing secret: {link}");
    assert!(fixture.sim.requests().is_empty(), "no credentials, no one is asked");
    let page = follow(&fixture, link.stdout_text().trim());
    for shown in [ACCOUNT, ROLE, "https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[test]
fn the_way_is_a_setting() {
    let fixture = logged_in();
    fixture.env.write_home_file(".config/kcaws/config.toml", "console-via = \"portal\"\n");
    let portal =
        |line: &str| printed(&fixture, line).expect_ok().stdout_text().contains("/#/console?account_id=");
    assert!(portal("--print"));
    assert!(!portal("--print --via federation"));
    fixture.env.set_env("KCAWS_CONSOLE_VIA", "federation");
    assert!(!portal("--print"));
    assert!(portal("--print --via portal"));
    fixture.run("console dev --via saml").expect_code(2).expect_stderr("federation, portal");
    fixture.env.set_env("KCAWS_CONSOLE_VIA", "saml");
    fixture.run("console dev --print").expect_code(3).expect_stderr("KCAWS_CONSOLE_VIA");
}

#[test]
fn what_the_portal_decides_cannot_be_asked_of_it() {
    let fixture = logged_in();
    for option in ["--duration 1h", "--logout-first"] {
        let refused = fixture.run(&format!("console dev --via portal --print {option}")).expect_code(2);
        refused.expect_stderr("--via federation");
    }
}

#[test]
fn a_companys_own_start_url_is_followed_to_its_portal() {
    let fixture = behind_a_vanity_url(IdcSim::builder(), "https://d-1234567890.awsapps.com/start/");
    let link = fixture.run("console dev --via portal --print").expect_ok().stdout_text();
    let portal = "https://d-1234567890.awsapps.com/start/#/console?account_id=";
    assert!(link.starts_with(portal), "{link}");
}

#[test]
fn a_browser_with_one_session_is_logged_out_first_where_that_is_asked_for() {
    let fixture = LoginFixture::with(IdcSim::builder().multi_session(false));
    fixture.log_in();
    let mut client = PageClient::new();
    let mut open = |line: &str| {
        let line = format!("console --session corp --account {ACCOUNT} --print --role {line}");
        let output = fixture.kcaws(&line).allow_secret_on_stdout().run().expect_ok();
        let page = client.open(output.stdout_text().trim());
        (page.status, page.text(), output)
    };
    assert_eq!(open(ROLE).0, 200);
    let (status, text, _) = open("ReadOnlyAccess");
    assert_eq!(status, 400);
    assert!(text.contains("You must first log out"), "{text}");
    let (status, text, output) = open("ReadOnlyAccess --logout-first");
    assert_eq!(status, 200);
    assert!(text.contains("ReadOnlyAccess"), "{text}");
    output.expect_stderr("warning: --logout-first ends every console session of the browser");
}

#[test]
fn logout_first_is_refused_where_no_host_goes_on_afterwards() {
    let fixture = LoginFixture::with(IdcSim::builder().region("cn-north-1"));
    let line = format!("console --session corp --account {ACCOUNT} --role {ROLE} --print --logout-first");
    let refused = fixture.run(&line).expect_code(2);
    refused.expect_stderr("only works in the commercial partition");
}
