use idc_sim::{Fault, IdcSim, PageSize, Route};

use crate::fixture::LoginFixture;

#[test]
fn all_pages_of_all_lists_are_read_and_sorted() {
    let fixture = LoginFixture::with(IdcSim::builder().page_size(PageSize::Fixed(1)));
    fixture.log_in();
    let listed = fixture.run("accounts --json").expect_ok().stdout_json();
    assert_eq!((&listed["schema"], &listed["session"]), (&1.into(), &"corp".into()));
    let accounts = listed["accounts"].as_array().unwrap();
    assert!(fixture.sim.count(Route::ListAccounts) >= accounts.len());
    let names: Vec<&str> = accounts.iter().map(|one| one["account_name"].as_str().unwrap()).collect();
    assert!(names.len() > 1 && names.is_sorted(), "{names:?}");
    let dev = accounts.iter().find(|one| one["account_id"] == "111122223333").unwrap();
    assert!(dev["roles"].as_array().unwrap().contains(&"PowerUserAccess".into()), "{dev}");
    assert!(dev["email"].is_string());
}

#[test]
fn the_table_is_for_people() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.run("accounts corp").expect_ok().expect_stdout("ACCOUNT").expect_stdout("111122223333  dev");
}

#[test]
fn a_crowd_of_accounts_is_listed_whole_though_the_service_throttles() {
    let mut builder = IdcSim::builder().throttle(20.0, 10);
    for number in 0..40 {
        let id = format!("2000000000{number:02}");
        builder = builder.account(&id, &format!("team-{number:02}"), "team@example.com").assign(
            "alice@example.com",
            &id,
            "ReadOnlyAccess",
        );
    }
    let fixture = LoginFixture::with(builder);
    fixture.log_in();
    let listed = fixture.run("accounts --json").expect_ok().stdout_json();
    let teams = listed["accounts"].as_array().unwrap().iter();
    let teams = teams.filter(|one| one["account_name"].as_str().unwrap().starts_with("team-"));
    assert_eq!(teams.filter(|one| one["roles"][0] == "ReadOnlyAccess").count(), 40);
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let fixture = LoginFixture::new();
    fixture.sim.add_account("300000000001", "evil\u{1b}[2J\u{202e}", "x@example.com");
    fixture.sim.assign("alice@example.com", "300000000001", "ReadOnlyAccess");
    fixture.log_in();
    let output = fixture.run("accounts").expect_ok().expect_stdout("evil\\u{1b}[2J\\u{202e}");
    assert!(!output.stdout.contains(&0x1b), "{output}");
}

#[test]
fn no_one_logged_in_is_exit_4_and_json_errors_are_json() {
    let fixture = LoginFixture::new();
    fixture.run("accounts").expect_code(4);
    let output = fixture.run("accounts --json").expect_code(4);
    assert!(output.stdout.is_empty());
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["error"]["code"], "login_needed");
    for key in ["message", "cause", "hint"] {
        assert!(error["error"][key].is_string(), "{error}");
    }
}

#[test]
fn a_refused_token_is_renewed_and_trouble_is_exit_1() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.expire_access_tokens();
    fixture.run("accounts").expect_ok();
    fixture.sim.fault(Route::ListAccountRoles, Fault::broken_json()).times(99);
    fixture.run("accounts --refresh").expect_code(1).expect_stderr("unexpected response");
}

#[test]
fn a_pipe_that_closes_early_is_no_error() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let script = format!("set -o pipefail; '{}' accounts --json | true", crate::fixture::binary().display());
    let output = fixture.env.command("bash").args(["-c", &script]).run().expect_ok();
    assert!(output.stderr.is_empty(), "{output}");
}

#[test]
fn ctrl_c_is_heard_while_another_process_refreshes() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.expire_access_tokens();
    let locks =
        std::fs::read_dir(fixture.state().join("sessions")).unwrap().flatten().map(|entry| entry.path());
    let lock = locks.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "lock")).unwrap();
    let held = std::fs::File::open(lock).unwrap();
    held.lock().unwrap();
    let mut waiting = fixture.kcaws("accounts").timeout(std::time::Duration::from_secs(10)).spawn();
    kcaws_test_kit::wait_for("the refusal", || (fixture.sim.count(Route::ListAccounts) > 0).then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(waiting.is_running(), "it waits for the lock");
    waiting.signal(kcaws_test_kit::Signal::INT);
    waiting.wait().expect_code(130);
    drop(held);
    fixture.run("accounts").expect_ok();
}

#[test]
fn the_last_list_is_shown_again_and_its_age_is_said() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let first = fixture.run("accounts --json").expect_ok().stdout_json();
    fixture.sim.add_account("300000000001", "newcomer", "x@example.com");
    fixture.sim.assign("alice@example.com", "300000000001", "ReadOnlyAccess");
    fixture.sim.clear_log();
    let again =
        fixture.run("accounts --json").expect_ok().expect_stderr("0 min old; --refresh asks AWS again");
    assert_eq!(again.stdout_json()["accounts"], first["accounts"]);
    let third = fixture.run("accounts --json").expect_ok().stdout_json();
    assert_eq!(third, again.stdout_json(), "listed_at too");
    assert!(fixture.sim.requests().is_empty());
    let quiet = fixture.run("-q accounts").expect_ok();
    assert!(quiet.stderr.is_empty() && quiet.stdout_text().contains("PowerUserAccess"), "{quiet}");
    let new = fixture.run("accounts --refresh --json").expect_ok();
    assert!(new.stdout_text().contains("newcomer"), "{new}");
    fixture.run("accounts").expect_ok().expect_stdout("newcomer").expect_stderr("min old");
}

/// Not of a login before, not at another portal, not after a logout.
#[test]
fn a_list_is_shown_to_the_login_that_it_is_of() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.run("accounts").expect_ok();
    let folder = fixture.state().join("listing");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let elsewhere = fixture.kcaws("accounts").env("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:9").run();
    elsewhere.expect_code(3);
    fixture.log_in_as("login corp --no-browser --force");
    fixture.sim.clear_log();
    fixture.run("accounts").expect_ok();
    assert!(fixture.sim.count(Route::ListAccounts) > 0, "another login");
    fixture.run("logout").expect_ok();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "gone with the login");
    fixture.run("accounts").expect_code(4);
}

/// It would stand in a line of the config that some SDKs hand to a shell.
#[test]
fn an_account_id_that_is_none_is_not_taken() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let body = r#"{"accountList":[{"accountId":"1; touch /tmp/x","accountName":"dev"}]}"#;
    fixture.sim.fault(Route::ListAccounts, Fault::status(200, body));
    let before = fixture.env.read_aws_config();
    for line in ["accounts", "profile sync --yes"] {
        fixture.run(line).expect_code(1).expect_stderr("invalid `accountId` in the response to ListAccounts");
    }
    assert_eq!(fixture.env.read_aws_config(), before);
}

const NO_ACCESS: &str =
    r#"{"message":"No access","__type":"com.amazonaws.switchboard.portal#ForbiddenException"}"#;

/// Three accounts; the two beside the usual one are not in any other test.
fn three_accounts() -> LoginFixture {
    let fixture = LoginFixture::new();
    for (id, name) in [("300000000001", "one"), ("300000000002", "two")] {
        fixture.sim.add_account(id, name, "x@example.com");
        fixture.sim.assign("alice@example.com", id, "ReadOnlyAccess");
    }
    fixture.log_in();
    fixture
}

#[test]
fn an_account_that_refuses_is_named_and_the_others_are_listed() {
    for (status, body) in [
        (403, NO_ACCESS),
        (404, r#"{"message":"x","__type":"x#ResourceNotFoundException"}"#),
        (400, r#"{"message":"closed","__type":"x#InvalidRequestException"}"#),
    ] {
        let fixture = three_accounts();
        let all = fixture.run("accounts --json").expect_ok().stdout_json();
        assert_eq!(all["unavailable"], serde_json::json!([]));
        let all = all["accounts"].as_array().unwrap().len();
        fixture.sim.fault(Route::ListAccountRoles, Fault::status(status, body)).times(1);
        let output = fixture.run("accounts --refresh --json").expect_ok();
        let output =
            output.expect_stderr("kcaws: warning: AWS does not report your permission sets in account ");
        let listed = output.stdout_json();
        assert_eq!(listed["accounts"].as_array().unwrap().len(), all - 1);
        let one = &listed["unavailable"][0];
        assert!(one["account_id"].is_string() && one["account_name"].is_string(), "{one}");
        assert!(one["reason"].as_str().unwrap().contains(&status.to_string()) || status == 400, "{one}");
        // A list with a gap is not shown again.
        let again = fixture.run("accounts --json").expect_ok().stdout_json();
        assert_eq!(again["accounts"].as_array().unwrap().len(), all);
    }
}

#[test]
fn where_every_account_refuses_that_is_the_error_and_the_hint_is_another_command() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.fault(Route::ListAccountRoles, Fault::status(403, NO_ACCESS));
    let output = fixture.run("accounts").expect_code(6);
    let output = output.expect_stderr("AWS did not list what you have in account ");
    assert!(!output.stderr_text().contains("`kcaws accounts`"), "{output}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_page_in_place_of_one_account_is_no_word_of_it() {
    let fixture = three_accounts();
    fixture.sim.fault(Route::ListAccountRoles, Fault::status(403, "<html>")).times(1);
    fixture.run("accounts").expect_code(1).expect_stderr("something other than AWS answered");
}

#[test]
fn profiles_of_an_account_that_refuses_stay_and_sync_is_partial() {
    let fixture = three_accounts();
    fixture.run("profile sync --yes").expect_ok();
    let before = fixture.env.read_aws_config();
    fixture.sim.fault(Route::ListAccountRoles, Fault::status(403, NO_ACCESS)).times(1);
    fixture.run("profile sync --yes").expect_code(1).expect_stderr("skipped the profiles of account");
    assert_eq!(fixture.env.read_aws_config(), before);
    // What is known to be gone goes all the same, of the others and later of this one.
    fixture.sim.unassign("alice@example.com", "300000000001", "ReadOnlyAccess");
    fixture.run("profile sync --yes").expect_ok();
    assert!(!fixture.env.read_aws_config().contains("300000000001"));
}
