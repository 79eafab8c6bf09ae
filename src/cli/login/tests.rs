use std::sync::Arc;

use clap::Parser;

use super::*;
use crate::app::fake::FakePorts;
use crate::cli::Global;
use crate::cli::error::Situation;
use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::platform::loopback::NoPort;
use crate::platform::terminal::Terminal;
use crate::ports::browser::{FakeBrowser, NoBrowser};
use crate::ports::callback::{Callback, FakeCallback};
use crate::ports::clock::FakeClock;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::redirects::FakeRedirects;
use crate::ports::sealing_key::fake::FakeSealingKeys;
use crate::ports::state_folder::FakeStateFolder;
use crate::secret::Secret;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    login: LoginArgs,
}

fn args(line: &str) -> LoginArgs {
    Line::try_parse_from(std::iter::once("login").chain(line.split_whitespace())).expect("parses").login
}

#[test]
fn the_flow_is_the_one_that_can_work() {
    use FlowChoice::{Auto, Device, Pkce};
    for (line, setting, headless, flow, word) in [
        ("--flow auto", Device, false, Pkce, None),
        ("", Auto, false, Pkce, None),
        ("", Auto, true, Device, None),
        ("--flow auto", Pkce, true, Device, None),
        ("--flow auto --no-browser", Device, false, Device, None),
        ("--flow auto --qr", Device, false, Device, None),
        ("--flow device", Auto, false, Device, None),
        ("", Device, false, Device, None),
        ("", Pkce, false, Pkce, None),
        ("--flow pkce", Device, false, Pkce, None),
        ("--flow device", Pkce, false, Device, None),
        ("--no-browser", Pkce, false, Pkce, None),
        ("", Pkce, true, Device, Some("none can be opened")),
        ("--flow pkce", Device, true, Device, Some("none can be opened")),
        ("--no-browser", Pkce, true, Device, Some("none can be opened")),
        ("--flow pkce --no-browser", Device, true, Pkce, None),
        ("--qr", Pkce, false, Device, Some("another device")),
        ("--qr=complete", Device, false, Device, None),
    ] {
        let mut browser = FakeBrowser::default();
        browser.missing = headless.then_some(NoBrowser::Ssh);
        let (chosen, why) = choose(&args(line), setting, &browser);
        assert_eq!(chosen == Flow::Pkce, flow == Pkce, "{line:?} {setting:?} {headless}");
        assert_eq!(why.is_some(), word.is_some(), "{why:?}");
        assert!(why.unwrap_or_default().contains(word.unwrap_or_default()), "{why:?}");
    }
    let mut elsewhere = FakeBrowser::default();
    elsewhere.elsewhere = true;
    assert_eq!(choose(&args(""), Auto, &elsewhere), (Flow::Device, None), "it could not come back");
    assert!(Line::try_parse_from(["login", "--flow", "implicit"]).is_err());
    assert!(
        Line::try_parse_from(["login", "--qr", "complete", "corp"]).is_err(),
        "`complete` is a session here"
    );
}

/// Ports of a system that gives a callback a port, or none.
fn ports(browser: FakeBrowser, callback: Option<FakeCallback>) -> FakePorts {
    let identity_center = || {
        let center = FakeIdentityCenter::default();
        // One for each flow that is tried.
        for _ in 0..2 {
            center.registrations.will(Ok(FakeIdentityCenter::registration("2027-02-22T00:00:00Z")));
        }
        center.authorizations.will(Ok(FakeIdentityCenter::authorization()));
        center.tokens.will(Ok(FakeIdentityCenter::token("access", Some("refresh"))));
        center
    };
    let listen = move |state: &Secret<String>| -> Result<Box<dyn Callback>, NoPort> {
        match &callback {
            Some(callback) => Ok(Box::new(callback.listen(state))),
            None => Err(NoPort::NotOpened(std::io::Error::from(std::io::ErrorKind::AddrInUse))),
        }
    };
    FakePorts {
        state: Some(FakeStateFolder::default()),
        sealing_keys: Some(FakeSealingKeys::default()),
        store: Some(Arc::new(|kind| Ok(Box::new(FakeKeyring::new(kind))))),
        identity_center: Some(Arc::new(identity_center)),
        redirects: Some(Arc::new(FakeRedirects::default)),
        browser: Some(browser),
        callback: Some(Arc::new(listen)),
    }
}

fn log_in(line: &str, browser: &FakeBrowser) -> (Result<(), CommandError>, String) {
    log_in_with(line, ports(browser.clone(), None))
}

fn log_in_with(line: &str, ports: FakePorts) -> (Result<(), CommandError>, String) {
    let mut config = tempfile::NamedTempFile::new().expect("creates");
    let text = "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n";
    std::io::Write::write_all(&mut config, text.as_bytes()).expect("writes");
    let path = config.path().to_str().expect("text");
    let env = Env::from_pairs(&[("AWS_CONFIG_FILE", path), ("KCAWS_KEYRING", "file")]);
    let clock = Arc::new(FakeClock::at("2026-11-24T12:00:00Z"));
    let app = App::over(env, Folders::default(), clock, ports);
    let (terminal, _, stderr) = Terminal::captured();
    let global = Global { quiet: false, verbose: 0, no_color: true, no_input: true };
    let mut ui = Ui::new(terminal, &global);
    (run(&args(line), &app, &mut ui), stderr.text())
}

#[test]
fn without_a_loopback_port_the_device_flow_is_used_and_the_person_told() {
    let browser = FakeBrowser::default();
    let (outcome, text) = log_in("--flow pkce", &browser);
    outcome.expect("logged in");
    assert!(text.contains("no loopback port could be opened; using the device flow"), "{text}");
    assert!(text.contains("BCDF-GHJK") && text.contains("Logged in to `corp`"), "{text}");
    assert_eq!(browser.opened(), ["https://device.sso.eu-central-1.amazonaws.com/"]);
}

#[test]
fn who_insists_on_pkce_is_told_that_there_is_no_port() {
    let (outcome, text) = log_in("--flow pkce --no-browser", &FakeBrowser::default());
    let error = outcome.expect_err("no port");
    assert_eq!(error.exit_code(), 1);
    assert!(error.message.contains("no loopback port"), "{}", error.message);
    assert!(error.cause.is_some() && error.hint_in(Situation::default()).is_some());
    assert!(!text.contains("code:"), "{text}");
}

#[test]
fn a_browser_that_does_not_start_leaves_the_device_flow() {
    let mut browser = FakeBrowser::default();
    browser.broken = true;
    let (outcome, text) = log_in_with("--flow pkce", ports(browser, Some(FakeCallback::default())));
    outcome.expect("logged in");
    assert!(text.contains("could not be started: broken; using the device flow"), "{text}");
    assert!(text.contains("BCDF-GHJK") && text.contains("Logged in to `corp`"), "{text}");
}

#[test]
fn on_a_pipe_there_is_no_qr_code_unless_it_is_asked_for() {
    let mut headless = FakeBrowser::default();
    headless.missing = Some(NoBrowser::Ssh);
    let (_, text) = log_in("", &headless);
    assert!(!text.contains('█'), "{text}");
    let (_, text) = log_in("--qr", &FakeBrowser::default());
    // There is no locale here, which counts where locales do.
    assert_eq!(text.contains('█'), cfg!(any(windows, target_os = "macos")), "{text}");
    assert_ne!(text.contains("UTF-8 locale"), text.contains('█'), "{text}");
    assert!(text.contains("B C D F - G H J K"), "{text}");
}
