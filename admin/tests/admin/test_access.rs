//! Permission sets and assignments, at the simulator.

use std::time::Duration;

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::wait_for;
use serde_json::Value;

use crate::fixture::{admin, audited};
use crate::site::{ACCESS, Site};

#[test]
fn a_plan_is_shown_applied_and_then_there_is_nothing_to_do() {
    let site = Site::new();
    let plan = site.run("plan --exit-code");
    plan.expect_code(7).expect_stdout("+ permission set PowerUser is created");
    assert_eq!(site.writes(), 0, "a plan writes nothing");
    let report = site.run("plan --json").expect_ok().stdout_json();
    assert_eq!(report["additions"].as_array().map(Vec::len), Some(8), "{report}");
    assert_eq!(report["notes"]["selected"]["ou:/Workloads/**"], 3);

    site.run("apply").expect_code(2);
    assert_eq!(site.writes(), 0, "nobody was asked");
    site.run("apply --yes").expect_ok().expect_stdout("9 changes done");
    site.unchanged();
    let audit = std::fs::read_to_string(site.env.home().join("access.audit.jsonl")).unwrap();
    let lines = audited(&audit);
    assert_eq!(lines.len(), 12, "the permission set takes four requests");
    let is_arn = |actor: &Value| actor.as_str().is_some_and(|actor| actor.starts_with("arn:aws:"));
    assert!(lines.iter().all(|line| is_arn(&line["actor"]) && line["error"].is_null()), "{audit}");
    assert!(lines.iter().all(|line| line["request_id"].is_string()), "{audit}");
    assert!(lines[1]["what"].as_str().is_some_and(|what| what.starts_with("permission set PowerUser: ")));

    site.write(&ACCESS.replace("\"4h\"", "\"2h\""));
    site.run("plan").expect_ok().expect_stdout("session: 4h → 2h");
    site.run("apply --yes").expect_ok();
    assert_eq!(site.sim.count(Route::ProvisionPermissionSet), 1, "one for all accounts");
    site.unchanged();
}

#[test]
fn an_export_plans_to_no_changes() {
    let site = Site::new();
    site.run("apply --yes").expect_ok();
    let exported = site.run("export").expect_ok().stdout_text();
    site.env.write_home_file("exported.toml", &exported);
    let file = site.env.home().join("exported.toml");
    let line = format!("plan --exit-code --file {}", file.display());
    site.run(&line).expect_code(0).expect_stdout("no changes");
    // As `source` says to do before the identity source is changed.
    let steps = admin(&site.env, "source --json").run().expect_ok().stdout_json();
    let line = steps["steps"][0].as_str().unwrap().split_once("kcaws admin access ").unwrap().1;
    let (line, name) = line.split_once(" > ").unwrap();
    let exported = site.run(line).expect_ok().stdout_text();
    let file = site.env.write_home_file(name, exported);
    let line = format!("plan --exit-code --file {}", file.display());
    site.run(&line).expect_code(0).expect_stdout("no changes");
    let json = site.run("export --json").expect_ok().stdout_json();
    site.env.write_home_file("exported.json", json.to_string());
    let file = site.env.home().join("exported.json");
    let line = format!("plan --exit-code --file {}", file.display());
    site.run(&line).expect_code(0).expect_stdout("no changes");
    assert_eq!(json["permission_sets"]["PowerUser"]["session"], "4h");
}

#[test]
fn who_has_what_where() {
    let site = Site::new();
    site.sim.add_user("erin@example.com", None);
    site.sim.add_member("Operations", "erin@example.com");
    site.run("apply --yes").expect_ok();
    let csv = site.run("who --csv --account audit").expect_ok().stdout_text();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("group_path,group,user,permission_set,account_id,account_name,role_arn_pattern")
    );
    let of_audit: Vec<&str> = lines.collect();
    assert_eq!(of_audit.len(), 2, "{csv}");
    assert!(
        of_audit[0].starts_with(",Developers,,ReadOnlyAccess,444455556666,audit,arn:aws:iam::444455556666:")
    );
    let report = site.run("who --user erin@example.com --json").expect_ok().stdout_json();
    let theirs = report["assignments"].as_array().unwrap();
    assert!(theirs.len() == 3 && theirs.iter().all(|row| row["group"] == "Operations"), "{report}");
    let report = site.run("who --group Developers --set Power* --json").expect_ok().stdout_json();
    assert_eq!(report["assignments"].as_array().map(Vec::len), Some(2), "{report}");
    for nobody in ["--user nobody", "--group nobody", "--account nobody", "--set nobody"] {
        site.run(&format!("who {nobody}")).expect_code(2).expect_stderr("`nobody`");
    }
}

#[test]
fn a_role_is_not_destroyed_unasked() {
    let site = Site::new();
    site.run("apply --yes").expect_ok();
    let fewer = ACCESS.replace(
        "groups = [\"idc:Developers\"]\naccounts = [\"@workloads\"]",
        "groups = [\"idc:Developers\"]\naccounts = [\"111122223333\"]",
    );
    site.write(&format!("{fewer}\n[unlisted]\nassignments = \"remove\"\n"));
    site.sim.clear_log();
    site.run("apply --yes").expect_code(8).expect_stderr("would be destroyed");
    assert_eq!(site.writes(), 0);
    site.run("apply --yes --allow role-removal").expect_ok();
    assert_eq!(site.sim.count(Route::DeleteAccountAssignment), 1);
    site.unchanged();
}

#[test]
fn a_saved_plan_is_bound_to_what_it_was_made_from() {
    let site = Site::new();
    site.run("plan --out plan.json").expect_ok();
    site.write(&ACCESS.replace("\"4h\"", "\"3h\""));
    site.run("apply plan.json").expect_code(8).expect_stderr("has changed");
    assert_eq!(site.writes(), 0);
    site.write(ACCESS);
    site.run("apply plan.json").expect_ok();
    site.run("apply plan.json").expect_code(8);
    site.unchanged();
}

#[test]
fn a_failure_has_awss_reason_and_the_others_go_on() {
    let site = Site::of(IdcSim::builder().missing_policy("333344445555", "/security/guard"));
    let output = site.run("apply --yes");
    output.expect_code(1).expect_stdout("Not supported policy").expect_stdout("missing in that account");
    let report = site.run("plan --json").stdout_json();
    let left = report["additions"].as_array().unwrap();
    assert!(left.len() == 1 && left[0]["account_id"] == "333344445555", "{report}");
}

#[test]
fn the_next_run_does_what_a_killed_one_left() {
    let site = Site::of(IdcSim::builder());
    let apply = admin(&site.env, "access apply --yes").spawn();
    wait_for("some operations", || (site.sim.count(Route::CreateAccountAssignment) >= 2).then_some(()));
    apply.kill();
    // What it started ends without it.
    site.sim.advance(Duration::from_secs(1));
    site.run("apply --yes").expect_ok();
    assert_eq!(site.sim.count(Route::CreatePermissionSet), 1);
    assert_eq!(site.sim.count(Route::CreateAccountAssignment), 8, "nothing is started twice");
    site.unchanged();
}

#[test]
fn a_delegates_limits_are_found_while_planning() {
    let site = Site::of(IdcSim::builder().delegated_administrator("111122223333"));
    let key = site.sim.access_key("111122223333", &["*"]);
    site.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    site.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
    let management = site.sim.management_account().to_owned();
    site.write(&ACCESS.replace("\"name:audit\"", &format!("\"name:audit\", \"{management}\"")));
    site.run("apply --yes").expect_code(8).expect_stderr("delegated administrator");
    assert_eq!(site.writes(), 0);
    site.write(ACCESS);
    site.run("apply --yes").expect_ok();
    site.unchanged();
}

/// Returns the actions of all statements of a policy.
fn actions(site: &Site, line: &str) -> Vec<String> {
    let policy = admin(&site.env, line).run().expect_ok().stdout_json();
    let statements = policy["Statement"].as_array().unwrap().clone();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap().clone());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn act_with(site: &Site, actions: &[String]) {
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    let key = site.sim.access_key(site.sim.management_account(), &actions);
    site.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    site.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
}

#[test]
fn the_least_rights_are_enough() {
    let site = Site::new();
    let management = site.sim.management_account().to_owned();
    site.write(&ACCESS.replace("\"name:audit\"", &format!("\"name:audit\", \"{management}\"")));
    act_with(&site, &actions(&site, "policy aws"));
    site.run("apply --yes").expect_ok();
    site.run("export").expect_ok();
    act_with(&site, &actions(&site, "policy aws --read-only"));
    site.unchanged();
    site.run("who --deep").expect_ok();
}

#[test]
fn a_mistake_that_only_aws_or_a_file_shows_has_its_line_too() {
    let site = Site::new();
    for (from, to, at) in [
        ("power-user.json", "gone.json", "[permission_sets.PowerUser]"),
        ("ReadOnlyAccess", "NotThere", "[permission_sets.NotThere]"),
        ("idc:Developers", "idc:Nobody", "groups = [\"idc:Nobody\""),
    ] {
        site.write(&ACCESS.replace(from, to));
        let file = site.env.read_home_file("access.toml");
        let line = 1 + file.lines().position(|line| line.contains(at)).unwrap();
        site.run("plan").expect_code(3).expect_stderr(&format!("access.toml:{line}: "));
    }
    site.write(ACCESS);
    site.env.set_env("AWS_ENDPOINT_URL_SSO_ADMIN", "nonsense");
    site.run("plan").expect_code(3).expect_stderr("AWS_ENDPOINT_URL_SSO_ADMIN");
}
