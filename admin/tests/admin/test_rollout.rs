//! `kcaws admin plan` and `kcaws admin apply`: both halves in one go.

use idc_sim::{Fault, Route};
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::wait_for;
use serde_json::Value;

use crate::fixture::{audited, on_a_terminal};
use crate::rollout::{ACCOUNTS, Rollout};
use crate::staff::address;

/// Two people in a group that is to have `Power`.
macro_rules! company {
    () => {{
        let rollout = Rollout::new(require_keycloak!());
        rollout.staff.add_group("Power");
        rollout.staff.hire("anna", &["Power"]);
        rollout.staff.hire("bob", &["Power"]);
        rollout.assign(&["/aws/Power"]);
        rollout
    }};
}

#[test]
fn an_empty_identity_center_is_filled_in_one_go() {
    let rollout = company!();
    let plan = rollout.run("plan --exit-code").expect_code(7).stdout_text();
    let line = |part: &str| {
        plan.lines().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {plan}"))
    };
    assert!(line("+ group Power") < line("+ permission set Power is created"), "{plan}");
    line("+ Power in 111122223333 (dev): /aws/Power");
    let summary = plan.lines().last().unwrap();
    assert!(
        summary.contains("users: 2 new")
            && summary.contains("; 1 permission set, 2 assignments to add; about ")
    );
    assert_eq!(plan.matches(" to apply").count(), 1, "one summary and one cost: {plan}");
    assert_eq!(rollout.writes(), 0, "a plan writes nothing");
    rollout.run("apply").expect_code(2).expect_stderr("--yes");
    assert_eq!(rollout.writes(), 0, "nobody was asked");

    let apply = rollout.run("apply --yes").expect_code(0);
    apply.expect_stdout("3 writes to users and groups done, 3 changes of access done");
    assert_eq!(rollout.accounts_of(&address("anna")), ACCOUNTS);
    let audit = rollout.staff.company.env.read_home_file("access.audit.jsonl");
    let lines = audited(&audit);
    let actions: Vec<&str> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    let expected =
        ["create", "create", "create", "create_permission_set", "change_permission_set", "assign", "assign"];
    assert_eq!(actions, expected);
    for line in &lines {
        assert!(
            line["actor"].as_str().unwrap().starts_with("arn:aws:") && line["request_id"].is_string(),
            "{line}"
        );
        assert!(line["error"].is_null(), "{line}");
    }

    rollout.sim().clear_log();
    rollout.run("apply --yes").expect_code(0).expect_stdout("no changes");
    assert_eq!(rollout.writes(), 0);
    for half in ["", "sync ", "access "] {
        rollout.run(&format!("{half}plan --exit-code")).expect_code(0).expect_stdout("no changes");
    }
}

#[test]
fn json_has_both_halves() {
    let rollout = company!();
    let plan = rollout.run("plan --json").expect_code(0).stdout_json();
    assert_eq!((&plan["schema"], &plan["has_changes"]), (&1.into(), &true.into()));
    assert_eq!(plan["sync"]["groups"][0]["change"], "create");
    assert_eq!(plan["access"]["additions"].as_array().map(Vec::len), Some(2));
    assert_eq!(plan["refusals"], Value::Array(Vec::new()));
    assert!(plan["cost"]["requests_to_apply"].as_u64() > Some(7), "{plan}");
    let applied = rollout.run("apply --yes --json --log json").expect_code(0);
    let report = applied.stdout_json();
    assert_eq!(
        (&report["outcome"]["sync"]["writes"], &report["outcome"]["access"]["done"]),
        (&3.into(), &3.into())
    );
    let events: Vec<Value> =
        applied.stderr_text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let writes = events.iter().filter(|event| event["event"] == "write");
    let done: Vec<u64> = writes.map(|event| event["done"].as_u64().unwrap()).collect();
    assert_eq!(done, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(events[0]["command"], "apply");
    let second = rollout.run("apply --yes --json").expect_code(0).stdout_json();
    assert!(second["outcome"].is_null() && second["plan"]["sync"].is_object(), "{second}");
}

#[test]
fn removals_of_both_halves_have_one_limit() {
    let rollout = company!();
    rollout.staff.add_group("All");
    for name in ["anna", "bob"] {
        rollout.staff.join(name, "All");
    }
    rollout.assign(&["/aws/Power", "/aws/All"]);
    rollout.run("apply --yes").expect_code(0);
    for name in ["anna", "bob"] {
        rollout.staff.leave(name, "Power");
    }
    rollout.assign(&["/aws/All"]);
    rollout.sim().clear_log();
    let refused = rollout.run("apply --yes --max-removals 3").expect_code(8);
    refused.expect_stderr("4 removals are planned").expect_stderr("--max-removals");
    assert_eq!(rollout.writes(), 0);
    rollout.run("apply --yes --max-removals 4").expect_code(0);
    rollout.unchanged();

    // The last assignment of a role: refused until it is allowed.
    rollout.write(
        "[permission_sets.Power]\nmanaged = [\"PowerUserAccess\"]\n[unlisted]\nassignments = \"remove\"\n",
    );
    rollout.sim().clear_log();
    rollout.run("apply --yes").expect_code(8).expect_stderr("would be destroyed");
    assert_eq!(rollout.writes(), 0);
    rollout.run("apply --yes --allow role-removal").expect_code(0);
    rollout.unchanged();
}

#[test]
fn a_saved_plan_is_applied_as_it_was_shown_or_not_at_all() {
    let rollout = company!();
    rollout.run("plan --out plan.json").expect_code(0);
    rollout.run("sync plan --out sync.json").expect_code(0);
    rollout.staff.hire("carol", &["Power"]);
    rollout.run("apply plan.json").expect_code(8).expect_stderr("has changed: users");
    rollout.run("plan --out plan.json").expect_code(0);
    rollout.write("[permission_sets.Power]\nmanaged = [\"ReadOnlyAccess\"]\n");
    rollout.run("apply plan.json").expect_code(8).expect_stderr("has changed: permission sets");
    assert_eq!(rollout.writes(), 0);
    rollout.assign(&["/aws/Power"]);
    for option in ["--adopt", "--max-removals 7", "--allow own-access", "--deep"] {
        rollout.run(&format!("apply plan.json {option}")).expect_code(2).expect_stderr("cannot be used with");
    }
    rollout.run("apply sync.json").expect_code(2).expect_stderr("kcaws admin plan --out");
    rollout.run("apply none.json").expect_code(2).expect_stderr("kcaws admin plan --out");
    rollout.run("apply plan.json").expect_code(0);
    rollout.unchanged();
    rollout.run("apply plan.json").expect_code(8);
}

#[test]
fn a_group_that_fails_takes_its_assignments_with_it_and_nothing_else() {
    let rollout = company!();
    rollout.run("apply --yes").expect_code(0);
    rollout.staff.add_group("New");
    rollout.staff.add_group("Other");
    rollout.staff.hire("carol", &["Other"]);
    rollout.assign(&["/aws/New", "/aws/Other"]);
    let refusal =
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","detail":"no"}"#;
    rollout.sim().fault(Route::ScimCreateGroup, Fault::status(400, refusal)).times(2);
    let apply = rollout.run("apply --yes").expect_code(1);
    apply
        .expect_stdout("assign Power in 111122223333: /aws/New: the group /aws/New was not created")
        .expect_stderr("the same command again");
    assert_eq!(rollout.accounts_of(&address("anna")), ACCOUNTS, "what was to be replaced is kept");
    rollout.run("apply --yes").expect_code(0);
    rollout.unchanged();
    assert_eq!(rollout.accounts_of(&address("carol")), ACCOUNTS);
    assert!(rollout.accounts_of(&address("anna")).is_empty());
}

#[test]
fn a_half_that_the_file_does_not_have_is_left_alone() {
    let mut rollout = company!();
    rollout.write("");
    rollout.run("plan --exit-code").expect_code(7).expect_stderr("has no permission sets");
    rollout.run("apply --yes").expect_code(0).expect_stdout("3 writes to users and groups done");
    assert_eq!(rollout.writes(), 3);
    rollout.unchanged();

    rollout.without_directory();
    rollout.assign(&["/aws/Power"]);
    rollout.run("plan --exit-code").expect_code(7).expect_stderr("has no [directory]");
    rollout.run("apply --yes").expect_code(0).expect_stdout("3 changes of access done");
    rollout.unchanged();
    let report = rollout.run("plan --json").expect_code(0).stdout_json();
    assert!(report["sync"].is_null() && report["access"].is_object(), "{report}");

    rollout.write("");
    rollout.run("plan").expect_code(3).expect_stderr("neither [directory] nor permission sets");
}

#[test]
fn an_interrupt_comes_between_a_record_and_the_next_write() {
    for route in [Route::ScimCreateUser, Route::CreateAccountAssignment] {
        let rollout = company!();
        let run = rollout.staff.company.admin("apply --yes").spawn();
        wait_for("a write", || (rollout.sim().count(route) > 0).then_some(()));
        run.press_ctrl_c();
        run.wait().expect_code(130);
        let audit = rollout.staff.company.env.read_home_file("access.audit.jsonl");
        assert_eq!(audited(&audit).len(), rollout.writes(), "{route:?}: {audit}");
        rollout.run("apply --yes").expect_code(0);
        rollout.unchanged();
    }
}

#[test]
fn one_run_changes_a_realm_at_a_time() {
    let rollout = company!();
    let mut first = on_a_terminal(&rollout.staff.company.env, "apply").spawn();
    first.wait_for_prompt("Apply these changes?");
    for line in ["apply --yes", "access apply --yes", "sync apply --yes"] {
        rollout.run(line).expect_code(1).expect_stderr("another `apply` of the realm");
    }
    assert_eq!(rollout.writes(), 0);
    first.type_line("y");
    first.wait().expect_ok();
    rollout.unchanged();
}
