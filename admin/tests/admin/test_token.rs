//! The SCIM token: set, looked at, rotated.

use std::time::Duration;

use idc_sim::IdcSim;
use kcaws_test_kit::TestEnv;

use crate::fixture::{REGION, admin, aws_environment, developers_binary, on_a_terminal};

fn with_endpoint(sim: &IdcSim, env: &TestEnv, endpoint: &str) {
    let text = format!(
        "version = 1\n[realm]\nurl = \"https://sso.example.com\"\nname = \"corp\"\nclient_id = \"kcaws-admin\"\n[identity_center]\nregion = \"{REGION}\"\ninstance = \"{}\"\nscim_endpoint = \"{endpoint}\"\n",
        sim.instance_id(),
    );
    env.write_home_file("access.toml", text);
}

fn office() -> (IdcSim, TestEnv) {
    let sim = IdcSim::builder().start();
    let env = aws_environment(&sim);
    with_endpoint(&sim, &env, &sim.scim_endpoint());
    (sim, env)
}

#[test]
fn a_token_is_proven_stored_and_shown_with_its_end() {
    let (sim, env) = office();
    admin(&env, "token status").run().expect_code(4).expect_stderr("kcaws admin token set");
    let token = sim.issue_scim_token();
    admin(&env, "token set").stdin(format!("{token}\n")).run().expect_ok().expect_stderr("kernel keyring");
    let status = admin(&env, "token status --json").run().expect_ok().stdout_json();
    assert_eq!(status["accepted"], true);
    assert_eq!(status["store"], "kernel keyring");
    let created: chrono::DateTime<chrono::Utc> = status["created_at"].as_str().unwrap().parse().unwrap();
    let expires: chrono::DateTime<chrono::Utc> = status["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires - created, chrono::TimeDelta::days(365));
    // A second time changes nothing but the day.
    admin(&env, "token set --created 2026-01-01").stdin(token.clone()).run().expect_ok();
    admin(&env, "token status").run().expect_ok().expect_stdout("token rotate");
    admin(&env, "token set --created 2999-01-01")
        .stdin(token)
        .run()
        .expect_code(2)
        .expect_stderr("in the future");
    env.assert_no_secret_in_files(env.root());
}

#[test]
fn what_is_no_token_or_is_refused_is_not_stored() {
    let (sim, env) = office();
    for (given, code, word) in [
        ("", 2, "is not a token"),
        ("two words", 2, "is not a token"),
        ("line\u{7}", 2, "is not a token"),
        ("SIMSECRET-unknown", 4, "does not accept the token"),
    ] {
        admin(&env, "token set").stdin(given).run().expect_code(code).expect_stderr(word);
    }
    admin(&env, "token status").run().expect_code(4).expect_stderr("there is no SCIM token");
    let token = sim.issue_scim_token();
    with_endpoint(&sim, &env, &sim.scim_endpoint().replace("/scim/v2/", "0/scim/v2/"));
    let output = admin(&env, "token set").stdin(token.clone()).run();
    assert!([3, 4].contains(&output.code()), "{output}");
    with_endpoint(&sim, &env, "http://127.0.0.1:1/11111111-2222-3333-4444-555555555555/scim/v2/");
    admin(&env, "token set").stdin(token).run().expect_code(1).expect_stderr("cannot reach");
}

#[test]
fn a_file_of_the_environment_takes_precedence_and_may_be_a_descriptor() {
    let (sim, env) = office();
    let file = env.write_home_file("token", format!("{}\n", sim.issue_scim_token()));
    env.set_env("KCAWS_SCIM_TOKEN_FILE", &file);
    let status = admin(&env, "token status --json").run().expect_ok().stdout_json();
    assert_eq!(
        (&status["store"], &status["created_at"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert_eq!(status["file"], file.display().to_string());
    let line = format!(
        "exec 3<'{}'; KCAWS_SCIM_TOKEN_FILE=/dev/fd/3 '{}' token status",
        file.display(),
        crate::fixture::binary().display()
    );
    env.command("sh").args(["-c", &line]).run().expect_ok().expect_stdout("accepted  yes");
    env.write_home_file("token", "two words\n");
    admin(&env, "token status").run().expect_code(3).expect_stderr("KCAWS_SCIM_TOKEN_FILE");
}

#[test]
fn a_second_token_takes_the_place_of_the_first() {
    let (sim, env) = office();
    let first = sim.issue_scim_token();
    admin(&env, "token set").stdin(first.clone()).run().expect_ok();
    admin(&env, "token rotate").stdin(first.clone()).run().expect_code(2).expect_stderr("in use already");
    let second = sim.issue_scim_token();
    let mut rotate = on_a_terminal(&env, "token rotate").spawn();
    rotate.wait_for_prompt("SCIM token: ");
    rotate.type_line(&second);
    let output = rotate.wait().expect_ok();
    assert!(output.stdout_text().contains("Delete the old token"), "{output}");
    sim.delete_scim_token(&first);
    admin(&env, "token status").run().expect_ok().expect_stdout("accepted  yes");
    sim.advance(Duration::from_hours(366 * 24));
    admin(&env, "token status").run().expect_code(4).expect_stdout("accepted  no");
}

#[test]
fn a_token_in_a_file_is_replaced_there_before_the_old_one_is_deleted() {
    let (sim, env) = office();
    let file = env.write_home_file("token", sim.issue_scim_token());
    env.set_env("KCAWS_SCIM_TOKEN_FILE", &file);
    let output = admin(&env, "token rotate").stdin(sim.issue_scim_token()).run().expect_ok();
    let shown = output.stderr_text();
    let place = |part: &str| shown.find(part).unwrap_or_else(|| panic!("no `{part}` in {shown}"));
    let write = place(&format!("3. Write the new token into `{}`", file.display()));
    assert!(write < place("4. Delete the old token"), "{shown}");
}

#[test]
fn logout_removes_what_is_kept_and_says_where_it_still_works() {
    let (sim, env) = office();
    admin(&env, "logout").run().expect_ok().expect_stderr("No SCIM token of");
    admin(&env, "token set").stdin(sim.issue_scim_token()).run().expect_ok();
    let output = admin(&env, "logout").run().expect_ok();
    output.expect_stderr("Removed the SCIM token of").expect_stderr("until it is deleted in the console");
    admin(&env, "token status").run().expect_code(4).expect_stderr("there is no SCIM token");
    admin(&env, "logout").run().expect_ok().expect_stderr("No SCIM token of");
}

#[test]
fn a_purge_of_everything_takes_the_administrators_secrets_too() {
    let (sim, env) = office();
    admin(&env, "token set").stdin(sim.issue_scim_token()).run().expect_ok();
    let purge = env.command(developers_binary()).args(["logout", "--purge", "--yes"]);
    purge.run().expect_ok().expect_stderr("the secrets of `kcaws admin`");
    admin(&env, "token status").run().expect_code(4).expect_stderr("there is no SCIM token");
}
