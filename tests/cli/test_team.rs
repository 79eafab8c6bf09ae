//! `configure --from` and `--refresh`: what is printed of a URL, and several URLs side by side.

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::Output;
use serde_json::Value;

use crate::fixture::LoginFixture;
use crate::test_settings::{URL, copies, machine, machine_with, served, session, system_wide};

const HUSH: &str = "hushhush";

fn take(fixture: &LoginFixture, url: &str) -> Output {
    fixture.run(&format!("configure --from {url} --yes --no-login"))
}

/// The web server serves these from now on, one after the other.
fn serves(fixture: &LoginFixture, answers: &[(u16, &str)]) {
    fixture.sim.clear_faults();
    for (status, text) in answers {
        fixture.sim.fault(Route::Vanity, Fault::status(*status, *text)).times(1);
    }
}

fn without_hush(output: Output) -> Output {
    let text = format!("{}{}", output.stdout_text(), output.stderr_text());
    assert!(!text.contains(HUSH), "{output}");
    output
}

fn config_toml(fixture: &LoginFixture) -> String {
    fixture.env.read_home_file(".config/kcaws/config.toml")
}

fn hash(fixture: &LoginFixture, index: usize) -> String {
    let config = config_toml(fixture);
    let table: toml::Table = config.parse().expect("is TOML");
    table["team"][index]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn neither_a_password_nor_a_query_is_printed() {
    let fixture = machine();
    let refused = fixture.run("configure --from https://u:hushhush@localhost:99999/kcaws.toml --yes");
    without_hush(refused.expect_code(2)).expect_stderr("invalid port number");
    let url = format!("{URL}?token={HUSH}");
    served(&fixture, &session(&fixture, ""));
    without_hush(take(&fixture, &url).expect_ok())
        .expect_stderr("The settings at https://intranet.example.com/aws…");
    assert!(config_toml(&fixture).contains(&url), "it is needed for the next time");
    without_hush(fixture.run("settings show").expect_ok()).expect_stderr("is the copy of");
    without_hush(fixture.run("settings show --json").expect_ok()).expect_stdout("/aws…\"");
    without_hush(fixture.run("configure --refresh --json").expect_ok()).expect_stdout("/aws…\"");
    served(&fixture, &session(&fixture, "idp_url = \"https://sso.example.com/?token=hushhush\"\n"));
    let refused = without_hush(fixture.run("configure --refresh --yes -vvv").expect_code(3));
    refused.expect_stderr("aws…:4: `sessions.corp.idp_url` contains a query");
    served(&fixture, &session(&fixture, "idp_url = \"https://sso.example.com/\"\n"));
    fixture.run("configure --refresh --yes -vvv").expect_ok().expect_stderr("aws…: updated");
    without_hush(fixture.run("profile undo 1 --dry-run").expect_ok()).expect_stdout("-url = ");
    without_hush(fixture.run("settings show").expect_ok());
    without_hush(fixture.run("settings show --json").expect_ok());
    for text in ["\nhook = 1\n", "keyring = \"file\"\n", "<p>", "flow = \"x\"\n"] {
        served(&fixture, text);
        without_hush(fixture.run("configure --refresh --yes").expect_code(3)).expect_stderr("/aws…");
        without_hush(take(&fixture, &url).expect_code(3)).expect_stderr("/aws…");
    }
    for copy in copies(&fixture) {
        std::fs::remove_file(copy).unwrap();
    }
    let missing = without_hush(fixture.run("settings show").expect_code(3));
    missing
        .expect_stderr("run `kcaws configure --refresh`")
        .expect_stderr("or remove their [[team]] entry from");
}

#[test]
fn two_urls_with_the_same_file_go_their_own_ways() {
    let fixture = machine();
    let second = format!("{URL}?b");
    served(&fixture, "flow = \"pkce\"\n");
    take(&fixture, URL).expect_ok();
    take(&fixture, &second).expect_ok();
    let same = hash(&fixture, 0);
    assert_eq!(same, hash(&fixture, 1));
    let commented = format!("# was: sha256 = \"{same}\"\n{}", config_toml(&fixture));
    fixture.env.write_home_file(".config/kcaws/config.toml", &commented);

    serves(&fixture, &[(200, "flow = \"pkce\"\n"), (200, "flow = \"auto\"\n")]);
    let report = fixture.run("configure --refresh --yes --json").expect_ok().stdout_json();
    let changes =
        |report: &Value| [0, 1].map(|at| report["teams"][at]["change"].as_str().unwrap().to_owned());
    assert_eq!(changes(&report), ["unchanged", "updated"]);
    assert_eq!((hash(&fixture, 0), copies(&fixture).len()), (same.clone(), 2));
    assert!(config_toml(&fixture).starts_with(&format!("# was: sha256 = \"{same}\"\n")));

    // Both are the same again; then the first one changes, and the second one is gone.
    serves(&fixture, &[(200, "flow = \"pkce\"\n"), (200, "flow = \"pkce\"\n")]);
    fixture.run("configure --refresh --yes").expect_ok();
    serves(&fixture, &[(200, "flow = \"device\"\n"), (404, "")]);
    let failed = fixture.run("configure --refresh --yes").expect_code(1);
    failed.expect_stderr("`https://intranet.example.com/aws…` answered 404");
    fixture.run("settings show").expect_ok().expect_stdout("\"pkce\"");
    assert_eq!(copies(&fixture).len(), 3, "one for each content that was agreed to");
    serves(&fixture, &[(200, "flow = \"device\"\n"), (200, "flow = \"pkce\"\n")]);
    let report = fixture.run("configure --refresh --yes --json").expect_ok().stdout_json();
    assert_eq!(changes(&report), ["unchanged", "unchanged"]);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_reason() {
    let fixture = machine();
    fixture.sim.fault(Route::Vanity, Fault::huge_body(3 * 1024 * 1024));
    take(&fixture, URL).expect_code(3).expect_stderr("aws` is larger than 1 MB");
    fixture.sim.clear_faults();
    fixture.sim.fault(Route::Vanity, Fault::status(200, "\u{1f}\u{8b}").header("content-encoding", "br"));
    take(&fixture, URL).expect_code(3);
    for location in ["http://intranet.example.com/aws", "file:///etc/passwd"] {
        fixture.sim.clear_faults();
        fixture.sim.fault(Route::Vanity, Fault::status(302, "").header("location", location));
        let refused = take(&fixture, URL).expect_code(3).expect_stderr("only by https");
        assert!(!refused.stderr_text().contains("--from"), "{refused}");
    }
}

#[test]
fn a_session_that_is_offered_is_named_where_another_is_typed() {
    let fixture = machine_with(IdcSim::builder());
    system_wide(&fixture, &session(&fixture, ""));
    let refused = fixture.run("configure crop --profiles none").expect_code(2).expect_stderr("--start-url");
    refused.expect_stderr("did you mean `kcaws configure corp`?").expect_stderr("but: corp");
    fixture.run("login corp").expect_code(3).expect_stderr("hint: run `kcaws configure corp` to set it up");
    for line in ["accounts corp", "credential-process --session corp --account 111122223333 --role R"] {
        fixture.run(line).expect_code(3).expect_stderr("run `kcaws configure corp` to set it up");
    }
    let refused = fixture.run("login crop").expect_code(3);
    refused.expect_stderr("did you mean `corp`? run `kcaws configure corp` to set it up");
}

#[test]
fn names_that_the_team_changes_are_the_new_names_of_the_same_profiles() {
    let fixture = machine_with(IdcSim::builder().auto_approve(true));
    let named = |name: &str| {
        let profiles = format!("[sessions.corp.profiles]\ncreate = \"all\"\nname = \"{name}\"\n");
        session(&fixture, &profiles)
    };
    served(&fixture, &named("{account_name}-{role}"));
    let line = "configure corp --yes --no-shell-line";
    fixture.run(&format!("configure --from {URL} --yes --no-shell-line")).expect_ok();
    let count = |fixture: &LoginFixture| fixture.env.read_aws_config().matches("[profile ").count();
    let before = count(&fixture);
    served(&fixture, &named("corp-{account_name}-{role}"));
    fixture.run("configure --refresh --yes").expect_ok();
    let renamed = fixture.run(line).expect_ok();
    renamed.expect_stderr(&format!("{before} renamed")).expect_stderr("to `corp-");
    assert_eq!(count(&fixture), before);
    fixture.run("profile sync corp --yes").expect_ok().expect_stderr("Nothing to change");
    fixture.run(line).expect_ok().expect_stderr(&format!("{before} unchanged"));
}

#[test]
fn a_change_that_was_agreed_to_can_be_undone() {
    let fixture = machine();
    served(&fixture, "flow = \"pkce\"\n");
    take(&fixture, URL).expect_ok();
    served(&fixture, "flow = \"auto\"\n");
    fixture.run("configure --refresh --yes").expect_ok();
    let list = fixture.run("profile undo --list --json").expect_ok().stdout_json();
    let newest = list["backups"][0]["id"].as_u64().expect("an ID");
    fixture.run(&format!("profile undo {newest}")).expect_ok();
    fixture.run("settings show").expect_ok().expect_stdout("\"pkce\"");
}

#[test]
fn a_url_that_was_written_by_hand_is_the_one_that_it_means() {
    let fixture = machine();
    served(&fixture, "flow = \"pkce\"\n");
    take(&fixture, URL).expect_ok();
    let by_hand =
        config_toml(&fixture).replace("https://intranet.example.com/", "HTTPS://Intranet.example.com:443/");
    fixture.env.write_home_file(".config/kcaws/config.toml", &by_hand);
    served(&fixture, "flow = \"auto\"\n");
    fixture.run("configure --refresh --yes").expect_ok().expect_stderr("updated");
    take(&fixture, URL).expect_ok();
    assert_eq!(config_toml(&fixture).matches("[[team]]").count(), 1);
    fixture.run("settings show").expect_ok().expect_stdout("\"auto\"");
    fixture.run("configure --refresh").expect_ok().expect_stderr("unchanged");
    fixture
        .env
        .write_home_file(".config/kcaws/config.toml", "[[team]]\nsha256 = \"00\"\nurl = \"http://x/\"\n");
    for line in ["settings show", "configure --refresh"] {
        let refused = fixture.run(line).expect_code(3);
        refused.expect_stderr("config.toml:3: `team.url` cannot be used: `http://x/` is not an https URL");
    }
}

#[test]
fn json_says_what_has_become_of_the_file_where_no_session_is_set_up() {
    let fixture = machine();
    let two = "[sessions.a]\nstart_url = \"https://a.awsapps.com/start\"\n[sessions.b]\nstart_url = \"https://b.awsapps.com/start\"\n";
    for (text, more, change) in [
        ("flow = \"pkce\"\n", "--dry-run", "skipped"),
        ("flow = \"pkce\"\n", "", "added"),
        ("flow = \"pkce\"\n", "", "unchanged"),
        (two, "", "updated"),
    ] {
        served(&fixture, text);
        let report =
            fixture.run(&format!("configure --from {URL} --yes --json {more}")).expect_ok().stdout_json();
        assert_eq!(
            (&report["teams"][0]["url"], &report["teams"][0]["change"]),
            (&URL.into(), &change.into())
        );
    }
}
