//! Settings of the machine, of teams and of the user: where each value comes from, and who may set which.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use idc_sim::{Builder, Fault, IdcSim, Route};
use kcaws_test_kit::{Output, require_program};
use serde_json::Value;

use crate::fixture::{LoginFixture, on_a_terminal};

const HOST: &str = "intranet.example.com";
/// The simulator's only page on a company's host.
pub(crate) const URL: &str = "https://intranet.example.com/aws";

/// A machine with nothing set up, and the company's web server.
pub(crate) fn machine() -> LoginFixture {
    machine_with(IdcSim::builder())
}

pub(crate) fn machine_with(builder: Builder) -> LoginFixture {
    let fixture = LoginFixture::behind_the_proxy_with(builder.vanity(HOST, "https://elsewhere.example.com/"));
    std::fs::remove_file(fixture.env.aws_config_path()).unwrap();
    fixture.env.remove_env("KCAWS_SYSTEM_CONFIG");
    fixture.env.set_env("XDG_CONFIG_DIRS", xdg(&fixture));
    fixture
}

pub(crate) fn xdg(fixture: &LoginFixture) -> PathBuf {
    fixture.env.root().join("etc")
}

pub(crate) fn system_wide(fixture: &LoginFixture, text: &str) -> PathBuf {
    let path = xdg(fixture).join("kcaws/config.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    path
}

pub(crate) fn own(fixture: &LoginFixture, text: &str) -> PathBuf {
    fixture.env.write_home_file(".config/kcaws/config.toml", text)
}

/// The company's web server serves this from now on.
pub(crate) fn served(fixture: &LoginFixture, text: &str) {
    fixture.sim.clear_faults();
    fixture.sim.fault(Route::Vanity, Fault::status(200, text));
}

fn take(fixture: &LoginFixture) -> Output {
    fixture.run(&format!("configure --from {URL} --yes --no-login"))
}

fn shown(fixture: &LoginFixture) -> Value {
    fixture.run("settings show --json").expect_ok().stdout_json()
}

fn setting(shown: &Value, key: &str) -> Value {
    let all = shown["settings"].as_array().unwrap();
    all.iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("{key}: {shown}")).clone()
}

pub(crate) fn session(fixture: &LoginFixture, more: &str) -> String {
    let (url, region) = (fixture.sim.start_url(), fixture.sim.region());
    format!("[sessions.corp]\nstart_url = \"{url}\"\nregion = \"{region}\"\n{more}")
}

pub(crate) fn copies(fixture: &LoginFixture) -> Vec<PathBuf> {
    let folder = fixture.env.config_dir().join("kcaws/team");
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// For the sample of the documents.
pub(crate) fn a_refresh_with_json() -> Output {
    let fixture = machine();
    served(&fixture, "flow = \"pkce\"\n");
    take(&fixture).expect_ok();
    fixture.run("configure --refresh --json").expect_ok()
}

#[test]
fn each_value_is_that_of_the_last_file_that_sets_it_and_says_so() {
    let fixture = machine();
    let system = system_wide(
        &fixture,
        "flow = \"pkce\"\nkeyring = \"keyutils\"\n\n[profiles]\nregion = \"eu-west-1\"\nname = \"{role}\"\n",
    );
    served(
        &fixture,
        &format!(
            "flow = \"auto\"\n{}",
            session(&fixture, "idp_url = \"https://sso.example.com/realms/corp\"\n")
        ),
    );
    let own = own(
        &fixture,
        "# mine\nconsole-via = \"portal\"\n\n[sessions.corp]\nidp_url = \"https://x.example.com/\"\n",
    );
    fixture.env.remove_env("KCAWS_KEYRING");
    fixture.env.set_env("KCAWS_NAME_TEMPLATE", "{account_id}");
    take(&fixture).expect_ok();

    let shown = shown(&fixture);
    let [copy] = copies(&fixture).try_into().expect("one copy");
    let path = |path: &Path| Value::from(path.to_str().unwrap());
    for (key, value, source, path, line) in [
        ("keyring", "keyutils", "system", path(&system), 2),
        ("profiles.region", "eu-west-1", "system", path(&system), 5),
        ("flow", "auto", "team", path(&copy), 1),
        ("sessions.corp.start_url", fixture.sim.start_url(), "team", path(&copy), 3),
        ("console-via", "portal", "user", path(&own), 2),
        ("sessions.corp.idp_url", "https://x.example.com/", "user", path(&own), 5),
    ] {
        let found = setting(&shown, key);
        assert_eq!((&found["value"], &found["source"]), (&value.into(), &source.into()), "{found}");
        assert_eq!((&found["path"], &found["line"]), (&path, &line.into()), "{found}");
        assert_eq!(found["url"].as_str(), (source == "team").then_some(URL), "{found}");
    }
    let name = setting(&shown, "profiles.name");
    assert_eq!((&name["value"], &name["variable"]), (&"{account_id}".into(), &"KCAWS_NAME_TEMPLATE".into()));
    assert_eq!(name["overridden"][0]["source"], "system");
    assert_eq!(setting(&shown, "auto-login")["source"], "default");
    let flow = setting(&shown, "flow");
    assert_eq!(
        (&flow["overridden"][0]["value"], &flow["overridden"][0]["line"]),
        (&"pkce".into(), &1.into())
    );
    let kinds: Vec<_> = shown["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["found"] == true)
        .map(|file| file["kind"].clone())
        .collect();
    assert_eq!(kinds, ["system", "team", "user"]);

    let table = fixture.run("settings show").expect_ok();
    for part in [
        format!("{}:2", system.display()),
        format!("{}:3", copy.display()),
        format!("{}:5", own.display()),
        "KCAWS_NAME_TEMPLATE".to_owned(),
        "default".to_owned(),
    ] {
        assert!(table.stdout_text().contains(&part), "{part}: {table}");
    }
    let all = fixture.run("settings show --all").expect_ok().stdout_text();
    assert!(all.contains("overrides") && all.contains("\"pkce\""), "{all}");
}

#[test]
fn a_colleague_types_one_line() {
    require_program!("script");
    let fixture = machine_with(IdcSim::builder().auto_approve(true));
    let text = session(&fixture, "[sessions.corp.profiles]\ncreate = \"all\"\nregion = \"eu-west-3\"\n");
    system_wide(&fixture, &text);
    let line = "configure corp --no-shell-line";
    let mut running = on_a_terminal(&fixture, line).env("BROWSER", "true").spawn();
    for question in ["Write this to ", "Log in now? [Y/n] ", "Write this to "] {
        running.wait_for_prompt(question);
        running.type_line("y");
    }
    let output = running.wait().expect_ok();
    assert_eq!(output.stdout_text().matches("]: ").count(), 0, "no other question: {output}");
    let config = fixture.env.read_aws_config();
    assert!(config.contains(&format!("sso_start_url = {}", fixture.sim.start_url())), "{config}");
    assert!(
        config.contains("[profile dev-power-user-access]") && config.contains("region = eu-west-3"),
        "{config}"
    );
}

#[test]
fn a_machine_without_a_person_needs_no_more_than_its_file() {
    let fixture = machine_with(IdcSim::builder().auto_approve(true));
    system_wide(
        &fixture,
        &session(&fixture, "scopes = [\"sso:account:access\"]\n[sessions.corp.profiles]\ncreate = \"all\"\n"),
    );
    fixture.run("configure --yes").expect_ok();
    let config = fixture.env.read_aws_config();
    assert!(config.contains("[sso-session corp]") && config.contains("[profile audit-"), "{config}");
    // What the company changes is shown, and applied by the same line.
    system_wide(&fixture, &session(&fixture, "").replace("eu-central-1", "eu-west-1"));
    let changed = fixture.run("configure corp --dry-run --no-login").expect_ok();
    changed.expect_stderr("exists with different values").expect_stdout("+sso_region = eu-west-1");
}

#[test]
fn a_session_has_its_own_names_flow_and_browser() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    own(
        &fixture,
        "[profiles]\nname = \"{account_id}-{role}\"\nregion = \"eu-west-1\"\n[sessions.corp.profiles]\nname = \"corp-{account_name}-{role}\"\n\
         [sessions.corp.profiles.accounts.1111-2222-3333]\nalias = \"d\"\n[sessions.other]\nflow = \"pkce\"\n",
    );
    fixture.run("profile sync corp --yes").expect_ok();
    let config = fixture.env.read_aws_config();
    assert!(
        config.contains("[profile corp-d-PowerUserAccess]") && config.contains("region = eu-west-1"),
        "{config}"
    );
    let template =
        fixture.kcaws("profile sync corp --dry-run").env("KCAWS_NAME_TEMPLATE", "{role}-{account_id}");
    template.run().expect_ok().expect_stdout("+[profile PowerUserAccess-111122223333]");
}

#[test]
fn a_file_that_others_could_write_is_not_used() {
    let fixture = machine();
    let path = system_wide(&fixture, "flow = \"pkce\"\n");
    for (mode, part) in [(0o646, "everyone may write to it"), (0o666, "everyone may write to it")] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = fixture.run("settings show").expect_code(3).expect_stderr(part);
        refused.expect_stderr("is not used").expect_stderr("KCAWS_SYSTEM_CONFIG=none");
    }
    fixture.kcaws("settings show").env("KCAWS_SYSTEM_CONFIG", "none").run().expect_ok();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let folder = path.parent().unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = fixture.run("settings show").expect_code(3);
    refused.expect_stderr(&format!("`{}`: everyone may write to it", folder.display()));
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    fixture.run("settings show").expect_ok().expect_stdout("\"pkce\"");
}

#[test]
fn a_mistake_in_any_file_is_named_with_its_line() {
    let fixture = machine();
    let path = system_wide(&fixture, "\nkeyrin = \"auto\"\n");
    fixture
        .run("settings show")
        .expect_code(3)
        .expect_stderr(&format!("{}:2: unknown field", path.display()));
    system_wide(&fixture, "flow = \"device\"\n\n[sessions.corp]\nflow = \"pkse\"\n");
    let refused = fixture.run("settings show").expect_code(3);
    refused.expect_stderr(&format!("`sessions.corp.flow` in {}:4 cannot be `pkse`", path.display()));
    system_wide(&fixture, "[[team]]\nurl = \"https://x.example.com/\"\nsha256 = \"00\"\n");
    let refused = fixture.run("settings show").expect_code(3).expect_stderr("`team` cannot be set here");
    refused.expect_stderr("each user runs `kcaws configure --from URL`");
    let named = fixture.kcaws("settings show").env("KCAWS_SYSTEM_CONFIG", "/dev/null").run();
    named.expect_ok();
}

#[test]
fn a_teams_file_is_shown_and_used_as_it_was_agreed_to() {
    require_program!("script");
    let fixture = machine();
    served(&fixture, &session(&fixture, ""));
    fixture.run(&format!("configure --from {URL}")).expect_code(2).expect_stderr("--yes");
    assert_eq!(fixture.sim.count(Route::Vanity), 0, "nothing is fetched for nothing");
    let mut asked = on_a_terminal(
        &fixture,
        &format!("configure --from {URL} --no-login --no-shell-line --profiles none"),
    )
    .spawn();
    asked.wait_for_prompt("Use these settings? [y/N] ");
    asked.type_line("n");
    asked.wait().expect_ok().expect_stdout("[sessions.corp]").expect_stdout("Nothing was written");
    assert!(!fixture.env.config_dir().join("kcaws").exists());

    let mut asked = on_a_terminal(
        &fixture,
        &format!("configure --from {URL} --no-login --no-shell-line --profiles none"),
    )
    .spawn();
    asked.wait_for_prompt("Use these settings? [y/N] ");
    asked.type_line("y");
    asked.wait_for_prompt("Write this to ");
    asked.type_line("y");
    asked.wait().expect_ok();
    assert!(fixture.env.read_aws_config().contains("[sso-session corp]"));
    let config = fixture.env.read_home_file(".config/kcaws/config.toml");
    assert!(config.contains(&format!("[[team]]\nurl = \"{URL}\"\nsha256 = \"")), "{config}");

    // The server's file changes: nothing happens until it is asked for and agreed to.
    served(&fixture, &session(&fixture, "idp_url = \"https://evil.example.com/\"\n"));
    fixture.run("logout corp --idp").expect_code(3).expect_stderr("is unknown");
    fixture.run("configure --refresh").expect_code(2).expect_stderr("--yes");
    let mut asked = on_a_terminal(&fixture, "configure --refresh").spawn();
    asked.wait_for_prompt("Use these settings? [y/N] ");
    asked.type_line("n");
    asked.wait().expect_ok().expect_stdout("+idp_url");
    assert_eq!(fixture.env.read_home_file(".config/kcaws/config.toml"), config);
    let report = fixture.run("configure --refresh --yes --json").expect_ok().stdout_json();
    assert_eq!((&report["teams"][0]["change"], &report["teams"][0]["url"]), (&"updated".into(), &URL.into()));
    assert_eq!(copies(&fixture).len(), 2, "undoing needs the old one");
    assert_eq!(setting(&shown(&fixture), "sessions.corp.idp_url")["source"], "team");
    fixture.run("configure --refresh").expect_ok().expect_stderr("unchanged");
}

#[test]
fn a_copy_that_is_not_what_was_agreed_to_is_refused_and_fetched_again() {
    let fixture = machine();
    served(&fixture, &session(&fixture, ""));
    take(&fixture).expect_ok();
    let [copy] = copies(&fixture).try_into().expect("one copy");
    std::fs::write(&copy, "flow = \"pkce\"\n").unwrap();
    fixture.run("settings show").expect_code(3).expect_stderr("is not what you agreed to use");
    fixture
        .run("credential-process --session corp --account 111122223333 --role PowerUserAccess")
        .expect_code(3);
    // It is the very file that was agreed to, so nothing is asked.
    fixture.run("configure --refresh").expect_ok();
    shown(&fixture);
    std::fs::remove_file(&copy).unwrap();
    fixture
        .run("settings show")
        .expect_code(3)
        .expect_stderr("run `kcaws configure --refresh` to fetch them");
    fixture.run("configure --refresh").expect_ok();
    shown(&fixture);
}

#[test]
fn what_a_web_server_must_not_decide_is_refused() {
    let fixture = machine();
    for (text, part) in [
        ("browser = \"/bin/sh\"\n", "`browser` cannot be set here"),
        ("\nkeyring = \"file\"\n", "aws:2: `keyring` cannot be set here"),
        ("auto-login = true\n", "`auto-login` cannot be set here"),
        ("hook = \"id\"\n", "aws:1: unknown field `hook`"),
        ("<html><title>Sign in</title></html>", "is a web page"),
        ("[sessions.corp]\nstart_url = \"https://user:hush@x/\"\n", "is not a start URL"),
    ] {
        served(&fixture, text);
        let refused = take(&fixture).expect_code(3).expect_stderr(part);
        assert!(!refused.stderr_text().contains("hush"), "{refused}");
        assert!(!fixture.env.config_dir().join("kcaws").exists(), "{text}");
    }
    fixture.sim.clear_faults();
    take(&fixture).expect_code(3).expect_stderr("redirects to `https://elsewhere.example.com/`");
    served(&fixture, &"#".repeat(1024 * 1024 + 1));
    take(&fixture).expect_code(3).expect_stderr("larger than 1 MB");
    fixture.sim.clear_faults();
    fixture.sim.fault(Route::Vanity, Fault::status(503, ""));
    take(&fixture).expect_code(1).expect_stderr("answered 503");
    for url in ["http://intranet.example.com/kcaws.toml", "http://127.0.0.1:1/x", "kcaws.toml"] {
        fixture
            .run(&format!("configure --from {url} --yes"))
            .expect_code(2)
            .expect_stderr("is not an https URL");
    }
    assert!(
        fixture.sim.requests_to(Route::Vanity).iter().all(|asked| asked.header("authorization").is_none())
    );
}

#[test]
fn account_access_is_one_line_of_config_toml() {
    let fixture = LoginFixture::new();
    let text = "# mine\nflow = \"device\"\n\n[sessions.corp]   # ours\nidp_url = \"https://sso.example.com/realms/corp\"\n";
    let path = own(&fixture, text);
    let set = |tenant: &str| {
        fixture.run(&format!("configure corp --account-access {tenant} --profiles none --no-login --yes"))
    };
    set("nonsense.example").expect_code(2).expect_stderr("names no tenant");
    set("aa-gyxmap389").expect_ok().expect_stderr("Account access of session `corp` set");
    let expected = text.replace("# ours\n", "# ours\naccount_access = \"aa-gyxmap389\"\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    set("aa-gyxmap389").expect_ok();
    let portal = "https://aa-gyxmap389.account-access.eu-west-1.app.aws";
    set(&format!("{portal}/#/console")).expect_ok();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        expected.replace("aa-gyxmap389\"", &format!("{portal}\""))
    );
    own(&fixture, "sessions = { corp = { idp_url = \"https://sso.example.com/\" } }\n");
    set("aa-gyxmap389").expect_code(3).expect_stderr(
        "in the table of session `corp` there, set by hand: account_access = \"aa-gyxmap389\"",
    );
}
