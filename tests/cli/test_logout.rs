use idc_sim::Route;
use kcaws_test_kit::FakeBrowser;

use crate::fixture::LoginFixture;

#[test]
fn logout_ends_the_session_there_and_forgets_it_here() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.run("logout corp").expect_ok().expect_stderr("Logged out of `corp`, at Identity Center and here");
    assert_eq!(fixture.sim.count(Route::Logout), 1);
    fixture.credentials().expect_code(4);
    fixture.run("status corp").expect_code(4);
    let left = std::fs::read_dir(fixture.state().join("keyutils")).unwrap().count();
    assert_eq!(left, 0, "no sealed file is left");
    fixture.run("logout corp").expect_ok().expect_stderr("Not logged in");
}

#[test]
fn it_says_until_when_credentials_live_that_tools_hold() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let none = fixture.run("logout corp").expect_ok();
    assert!(!none.stderr_text().contains("stay valid until"), "{none}");
    fixture.log_in();
    let end =
        fixture.credentials().expect_ok().stdout_json()["Expiration"].as_str().unwrap()[11..16].to_owned();
    fixture.run("logout corp").expect_ok().expect_stderr(&format!(
        "Credentials already issued to tools stay valid until {end}; AWS cannot revoke"
    ));
}

#[test]
fn an_old_access_token_does_not_leave_the_session_alive() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.expire_access_tokens();
    fixture.run("logout").expect_ok().expect_stderr("at Identity Center and here");
    let tokens = fixture.sim.requests_to(Route::Logout);
    let last = tokens.last().unwrap().header("x-amz-sso_bearer_token").unwrap().to_owned();
    assert!(!fixture.sim.is_access_token_good(&last));
}

#[test]
fn the_tokens_go_also_when_the_service_is_gone() {
    let mut fixture = LoginFixture::new();
    fixture.log_in();
    fixture.stop_service();
    fixture
        .run("logout corp")
        .expect_code(1)
        .expect_stderr(
            "logged out of `corp` on this machine, but the Identity Center session could not be ended",
        )
        .expect_stderr("cannot reach");
    fixture.credentials().expect_code(4);
}

#[test]
fn a_session_that_was_over_is_no_failure() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.end_session(&fixture.sim.default_user());
    fixture.run("logout").expect_ok().expect_stderr("had already ended");
}

#[test]
fn a_session_that_no_one_can_end_any_more_is_not_called_over() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.forget_registrations();
    fixture.sim.expire_access_tokens();
    fixture
        .run("logout corp")
        .expect_code(1)
        .expect_stderr(
            "logged out of `corp` on this machine, but the Identity Center session could not be ended",
        )
        .expect_stderr("the client registration has expired");
    fixture.credentials().expect_code(4);
}

#[test]
fn all_takes_every_session_also_one_that_the_config_has_lost() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let config = fixture.config();
    fixture.env.write_aws_config(&config.replace("[sso-session corp]", "[sso-session second]"));
    let (login, code) = fixture.begin_login("login second --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok();
    fixture.run("logout --all").expect_ok().expect_stderr("`corp`").expect_stderr("`second`");
    assert_eq!(fixture.sim.count(Route::Logout), 2);
    fixture.run("status second").expect_code(4);
}

const REALM: &str = "https://sso.example.com/realms/corp";
const LOGOUT_PAGE: &str = "https://sso.example.com/realms/corp/protocol/openid-connect/logout";

fn with_realm() -> LoginFixture {
    let fixture = LoginFixture::new();
    let text = format!("[sessions.corp]\nidp_url = \"{REALM}\"\n");
    fixture.env.write_home_file(".config/kcaws/config.toml", text);
    fixture
}

#[test]
fn idp_opens_the_realms_logout_page_after_the_logout_at_aws() {
    let fixture = with_realm();
    fixture.log_in();
    let browser = FakeBrowser::install(&fixture.env);
    fixture
        .run("logout corp --idp")
        .expect_ok()
        .expect_stderr("at Identity Center and here")
        .expect_stderr("the next login will not ask for a password")
        .expect_stderr("Opening its logout page, then click \"Logout\"");
    assert_eq!(browser.wait_for_url(), LOGOUT_PAGE);
    assert_eq!(fixture.sim.count(Route::Logout), 1);
    // Also when no one is logged in here: the page is about the browser.
    fixture.run("logout --idp").expect_ok().expect_stderr("Not logged in").expect_stderr(LOGOUT_PAGE);
}

#[test]
fn idp_without_a_browser_shows_the_page_and_aws_in_trouble_does_not_hide_it() {
    let mut fixture = with_realm();
    fixture.log_in();
    fixture.stop_service();
    fixture
        .run("logout --idp")
        .expect_code(1)
        .expect_stderr(LOGOUT_PAGE)
        .expect_stderr("Open its logout page");
}

#[test]
fn idp_without_a_realm_is_exit_3_with_the_line_to_add_and_ends_nothing() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture
        .run("logout --idp")
        .expect_code(3)
        .expect_stderr("the realm of session `corp` is unknown")
        .expect_stderr(".config/kcaws/config.toml, below [sessions.corp] (add that line too if it is missing): idp_url = ");
    fixture.credentials().expect_ok();
    fixture.env.write_home_file(
        ".config/kcaws/config.toml",
        "[sessions.corp]\nidp_url = \"http://sso.example.com\"\n",
    );
    fixture.run("logout --idp").expect_code(3).expect_stderr("is not an https URL");
    fixture.env.write_home_file(
        ".config/kcaws/config.toml",
        "sessions.\"corp\".idp_url = \"https://sso.example.com/realms/corp\"\n",
    );
    fixture.run("logout --idp").expect_ok().expect_stderr(LOGOUT_PAGE);
}

#[test]
fn purge_leaves_nothing_but_what_the_person_wrote() {
    let fixture = with_realm();
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.run("logout --purge").expect_code(2).expect_stderr("--yes");
    fixture.credentials().expect_ok();
    fixture.run("logout --purge --yes").expect_ok().expect_stderr("Removed everything kcaws stored");
    assert_eq!(fixture.sim.count(Route::Logout), 1);
    assert!(!fixture.state().exists());
    assert!(fixture.env.home().join(".config/kcaws/config.toml").exists());
    fixture.credentials().expect_code(4);
    fixture.run("logout --purge --yes").expect_ok();
    fixture.log_in();
}

#[test]
fn purge_removes_what_is_here_also_when_aws_cannot_be_told() {
    let mut fixture = LoginFixture::new();
    fixture.log_in();
    fixture.stop_service();
    fixture
        .run("logout --purge --yes")
        .expect_code(1)
        .expect_stderr("the Identity Center session could not be ended");
    assert!(!fixture.state().exists());
}

#[test]
fn purge_stops_where_tokens_would_be_left_that_no_one_finds() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let status = fixture.state().join("sessions");
    // The store that has the tokens cannot be asked.
    for file in std::fs::read_dir(&status).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&file).unwrap();
            std::fs::write(&file, text.replace("\"keyutils\"", "\"secret-service\"")).unwrap();
        }
    }
    fixture.run("logout --purge --yes").expect_code(5);
    assert!(status.exists(), "the record of where they are stays");
}

#[test]
fn purge_creates_nothing_where_nothing_is() {
    let fixture = LoginFixture::new();
    assert!(!fixture.state().exists());
    // As in a home that is read-only: no folder can be created below /proc.
    let parent = fixture.state().parent().unwrap().to_path_buf();
    if parent.exists() {
        std::fs::remove_dir_all(&parent).unwrap();
    }
    std::fs::create_dir_all(parent.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/proc/nowhere", &parent).unwrap();
    fixture.run("logout --purge --yes").expect_ok().expect_stderr("Removed everything");
}
