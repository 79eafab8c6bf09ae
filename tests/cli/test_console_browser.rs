//! Which browser opens, in what manner, and that no secret is on its command line.

use kcaws_test_kit::{FakeBrowser, PageClient};

use crate::fixture::{LoginFixture, ROLE};
use crate::test_console::logged_in;

/// Starts the console, opens what the browser was given, and returns the browser's command line.
fn opened(fixture: &LoginFixture, browser: &FakeBrowser, line: &str) -> String {
    let before = browser.opened().len();
    let console = fixture.kcaws(&format!("-vvv console dev {line}")).spawn();
    let given = kcaws_test_kit::wait_for("a browser", || browser.opened().into_iter().nth(before));
    assert!(!given.contains(idc_sim::SECRET_MARK), "{given}");
    let page = PageClient::new().open(&url_in(&given));
    assert!(page.text().contains(ROLE), "{}", page.text());
    console.wait().expect_ok().expect_stderr("as PowerUserAccess (federation).");
    given
}

/// The address on this machine, plain or within the scheme of a container.
fn url_in(given: &str) -> String {
    let last = given.split(' ').next_back().unwrap();
    match last.split_once("&url=") {
        None => last.to_owned(),
        Some((_, encoded)) => encoded.replace("%3A", ":").replace("%2F", "/").replace("%2E", "."),
    }
}

#[test]
fn a_browser_that_fails_ends_the_command_at_once_and_the_next_one_of_a_list_is_tried() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.env.set_env("BROWSER", "/bin/false");
    let began = std::time::Instant::now();
    let output = fixture.run("console dev").expect_code(1).expect_stderr("`/bin/false`: exit status: 1");
    assert!(began.elapsed() < std::time::Duration::from_secs(45), "it waited for the browser: {output}");
    let browser = FakeBrowser::install(&fixture.env);
    let works = fixture.env.bin_dir().join("fake-browser");
    fixture.env.set_env("BROWSER", format!("/bin/false:{} --new %s:/bin/false", works.display()));
    let console = fixture.kcaws("console dev").spawn();
    let opened = browser.wait_for_url();
    let page = opened.strip_prefix("--new ").expect("its own arguments").to_owned();
    assert!(PageClient::new().open(&page).text().contains("You are signed in"));
    console.wait().expect_ok();
}

#[test]
fn a_named_browser_gets_an_address_on_this_machine() {
    let fixture = logged_in();
    let usual = FakeBrowser::install(&fixture.env);
    for (name, program) in [
        ("firefox", "firefox"),
        ("chrome", "google-chrome"),
        ("edge", "microsoft-edge"),
        ("brave", "brave-browser"),
    ] {
        let browser = FakeBrowser::install_as(&fixture.env, program);
        let given = opened(&fixture, &browser, &format!("--browser {name}"));
        assert!(given.starts_with("http://127.0.0.1:"), "{given}");
    }
    let browser = FakeBrowser::install_as(&fixture.env, "my-browser");
    let path = fixture.env.bin_dir().join("my-browser");
    opened(&fixture, &browser, &format!("--browser {}", path.display()));
    assert!(usual.opened().is_empty());
}

#[test]
fn profiles_and_containers_are_chosen_as_each_browser_takes_them() {
    let fixture = logged_in();
    let (firefox, chrome) = (
        FakeBrowser::install_as(&fixture.env, "firefox"),
        FakeBrowser::install_as(&fixture.env, "google-chrome"),
    );
    fixture.env.set_env("DISPLAY", ":0");
    let given = opened(&fixture, &firefox, "--container");
    assert!(given.starts_with("ext+container:name=dev&url=http%3A%2F%2F127%2E0%2E0%2E1%3A"), "{given}");
    let given = opened(&fixture, &firefox, "--container=a&b --browser firefox --browser-profile work");
    assert!(given.starts_with("-P work ext+container:name=a%26b&url="), "{given}");
    let given = opened(&fixture, &chrome, "--browser chrome --browser-profile Work");
    assert!(given.starts_with("--profile-directory=Work http://127.0.0.1:"), "{given}");
    let refused = fixture.run("console dev --browser chrome --container").expect_code(2);
    refused.expect_stderr("`chrome` has no containers");
    fixture
        .run("console dev --browser-profile Work")
        .expect_code(2)
        .expect_stderr("which browser's profile?");
    fixture.run("console dev --print --container").expect_code(2);
}

#[test]
fn the_settings_name_the_usual_browser() {
    let fixture = logged_in();
    fixture.env.set_env("DISPLAY", ":0");
    let (firefox, chrome) = (
        FakeBrowser::install_as(&fixture.env, "firefox"),
        FakeBrowser::install_as(&fixture.env, "google-chrome"),
    );
    fixture.env.write_home_file(".config/kcaws/config.toml", "browser = \"chrome\"\n");
    opened(&fixture, &chrome, "");
    opened(&fixture, &chrome, "--browser-profile Default");
    fixture.env.set_env("KCAWS_BROWSER", "firefox");
    opened(&fixture, &firefox, "");
    opened(&fixture, &chrome, "--browser chrome");
}

#[test]
fn a_link_to_the_portal_is_given_as_it_is() {
    let fixture = LoginFixture::new();
    let browser = FakeBrowser::install_as(&fixture.env, "firefox");
    let output = fixture.run("console dev --via portal --browser firefox").expect_ok();
    output.expect_stderr("Opening the console for account 111122223333 as PowerUserAccess (portal).");
    assert!(
        browser.wait_for_url().starts_with("https://d-1234567890.awsapps.com/start/#/console?account_id=")
    );
}

#[test]
fn a_browser_that_is_missing_or_fails_is_an_error_with_a_way_out() {
    let fixture = logged_in();
    fixture
        .run("console dev --browser vivaldi")
        .expect_code(1)
        .expect_stderr("browser `vivaldi` was not found");
    fixture.env.write_script("firefox", "#!/bin/sh\nexit 7\n");
    let failed = fixture.run("console dev --browser firefox").expect_code(1);
    failed.expect_stderr("exit status: 7").expect_stderr("`kcaws console --print` prints the URL instead");
    fixture.run("console dev").expect_code(1).expect_stderr("no display is available");
}

/// As the first window of a browser: the page comes at once, and the browser outlives the command.
#[test]
fn a_browser_that_runs_as_long_as_its_window_is_not_waited_for() {
    let fixture = logged_in();
    let list = fixture.env.root().join("given");
    let script =
        format!("#!/bin/sh\necho \"$1\" > '{0}.new'; mv '{0}.new' '{0}'; exec sleep 300\n", list.display());
    fixture.env.write_script("firefox", &script);
    let console = fixture.kcaws("console dev --browser firefox").spawn();
    let url = kcaws_test_kit::wait_for("a browser", || std::fs::read_to_string(&list).ok());
    assert!(PageClient::new().open(url.trim()).text().contains(ROLE));
    console.wait().expect_ok().expect_stderr("as PowerUserAccess (");
    assert!(!fixture.env.processes().is_empty(), "the browser still runs");
}

#[test]
fn ctrl_c_ends_the_wait_for_a_browser_that_does_not_come() {
    let fixture = logged_in();
    let browser = FakeBrowser::install_as(&fixture.env, "firefox");
    let console = fixture.kcaws("console dev --browser firefox").spawn();
    browser.wait_for_url();
    console.press_ctrl_c();
    console.wait().expect_code(130);
}

/// As in a toolbox or below sway: the desktop names no browser, and a program that opens pages is there.
#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn where_the_desktop_names_no_browser_a_program_that_opens_pages_is_run() {
    let fixture = logged_in();
    fixture.env.set_env("DISPLAY", ":0");
    // Nothing but these programs is on the path: that of the machine may have an `xdg-open`.
    fixture.env.set_env("PATH", fixture.env.bin_dir());
    let none =
        fixture.run("console dev").expect_code(1).expect_stderr("no program to open web pages was found");
    none.expect_stderr("--browser or BROWSER, or use `kcaws console --print`");
    fixture.env.write_script("xdg-settings", "#!/bin/sh\nexit 2\n");
    let spawn = FakeBrowser::install_as(&fixture.env, "flatpak-spawn");
    let given = opened(&fixture, &spawn, "");
    assert!(given.starts_with("--host xdg-open http://127.0.0.1:"), "{given}");
    fixture.env.write_script("xdg-open", "#!/bin/sh\nexit 3\n");
    opened(&fixture, &spawn, "");
    let xdg_open = FakeBrowser::install_as(&fixture.env, "xdg-open");
    opened(&fixture, &xdg_open, "");
    assert_eq!(spawn.opened().len(), 2, "one program opens the page");
    let firefox = FakeBrowser::install_as(&fixture.env, "firefox");
    opened(&fixture, &firefox, "--browser firefox");
    fixture.env.set_env("BROWSER", fixture.env.bin_dir().join("firefox"));
    opened(&fixture, &firefox, "");
    assert_eq!(xdg_open.opened().len(), 1);
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn a_browser_that_is_a_flatpak_is_found_by_its_name_and_takes_the_same_arguments() {
    let fixture = logged_in();
    let bin = fixture.env.home().join(".local/share/flatpak/exports/bin");
    std::fs::create_dir_all(&bin).unwrap();
    fixture.env.set_env("FLATPAK_SYSTEM_DIR", fixture.env.root().join("no-flatpaks"));
    fixture
        .run("console dev --browser firefox")
        .expect_code(1)
        .expect_stderr("browser `firefox` was not found");
    for (name, id, line, first) in [
        ("firefox", "org.mozilla.firefox", "--browser-profile work", "-P work http://127.0.0.1:"),
        ("firefox", "org.mozilla.firefox", "--container=dev", "ext+container:name=dev&url="),
        (
            "edge",
            "com.microsoft.Edge",
            "--browser-profile Work",
            "--profile-directory=Work http://127.0.0.1:",
        ),
    ] {
        let browser = FakeBrowser::install_as(&fixture.env, id);
        std::fs::copy(fixture.env.bin_dir().join(id), bin.join(id)).unwrap();
        std::fs::remove_file(fixture.env.bin_dir().join(id)).unwrap();
        let given = opened(&fixture, &browser, &format!("--browser {name} {line}"));
        assert!(given.starts_with(first), "{given}");
        std::fs::remove_file(fixture.env.root().join(format!("opened-{id}"))).unwrap();
    }
}
