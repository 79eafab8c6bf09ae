//! One sync of a realm at a time.

use idc_sim::IdcSim;
use kcaws_test_keycloak::require_keycloak;

use crate::fixture::on_a_terminal;
use crate::staff::Staff;

#[test]
fn a_second_run_says_what_it_waited_for_and_the_first_is_not_disturbed() {
    let server = require_keycloak!();
    let staff = Staff::new(server, IdcSim::builder());
    staff.add_group("Dev");
    staff.hire("anna", &["Dev"]);
    let mut first = on_a_terminal(&staff.company.env, "sync apply").spawn();
    first.wait_for_prompt("Apply these changes?");

    let second = staff.company.run("sync apply --yes --json").expect_code(1).stderr_text();
    let error: serde_json::Value = serde_json::from_str(&second).unwrap();
    assert_eq!(error["error"]["code"], "busy", "{second}");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains(staff.company.realm.name()) && message.contains("is running (process "),
        "{message}"
    );
    assert_eq!(staff.writes(), 0);
    let access = staff.company.run("access apply --yes");
    access.expect_code(1).expect_stderr("another `apply` of the realm");
    // A plan changes nothing, and need not wait.
    staff.company.run("sync plan --exit-code").expect_code(7);

    first.type_line("y");
    first.wait().expect_ok();
    assert_eq!(staff.company.sim.members_of("Dev"), ["anna@example.com"]);
    staff.apply();
}

#[test]
fn a_run_that_was_killed_holds_nobody_up() {
    let server = require_keycloak!();
    let staff = Staff::new(server, IdcSim::builder());
    staff.add_group("Dev");
    staff.hire("anna", &["Dev"]);
    let mut first = on_a_terminal(&staff.company.env, "sync apply").spawn();
    first.wait_for_prompt("Apply these changes?");
    first.kill();
    staff.apply();
}
