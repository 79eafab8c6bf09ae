//! Users, groups and members: from a real Keycloak into the simulator.

use idc_sim::{Fault, IdcSim, NewGroup, NewUser, Route};
use kcaws_test_keycloak::{Server, require_keycloak};
use serde_json::json;

use crate::fixture::audited;
use crate::staff::{Staff, address};

/// Anna and bob are in `/aws/Dev`, anna in `/aws/Ops` too.
fn small(server: &Server) -> Staff<'_> {
    let staff = Staff::new(server, IdcSim::builder());
    staff.add_group("Dev");
    staff.add_group("Ops");
    staff.hire("anna", &["Dev", "Ops"]);
    staff.hire("bob", &["Dev"]);
    staff
}

#[test]
fn people_come_change_leave_and_return() {
    let server = require_keycloak!();
    let staff = small(server);
    let sim = &staff.company.sim;
    staff.company.run("sync plan --exit-code").expect_code(7).expect_stdout("+ user anna@example.com");
    assert_eq!(staff.writes(), 0, "a plan writes nothing");
    staff.apply();
    assert_eq!(sim.members_of("Dev"), ["anna@example.com", "bob@example.com"]);
    assert_eq!(sim.members_of("Ops"), ["anna@example.com"]);
    let anna = sim.user("anna@example.com").unwrap();
    assert!(anna["externalId"].as_str().unwrap().ends_with(&staff.id("anna")), "{anna}");

    staff.change("anna", &json!({ "email": "anna.roe@example.com", "lastName": "Roe" }));
    staff.disable("bob");
    staff.rename_group("Ops", "Operations");
    staff.apply();
    let renamed = sim.user("anna.roe@example.com").unwrap();
    assert_eq!(renamed["id"], anna["id"], "the same user");
    assert_eq!(renamed["displayName"], "anna Roe");
    assert_eq!(sim.user("bob@example.com").unwrap()["active"], false);
    assert_eq!(sim.members_of("Dev"), ["anna.roe@example.com"]);
    assert_eq!(sim.members_of("Operations"), ["anna.roe@example.com"]);

    staff.change("bob", &json!({ "enabled": true }));
    staff.apply();
    assert_eq!(sim.user("bob@example.com").unwrap()["active"], true);
    assert_eq!(sim.members_of("Dev"), ["anna.roe@example.com", "bob@example.com"]);

    let audit = std::fs::read_to_string(staff.company.env.home().join("access.audit.jsonl")).unwrap();
    let lines = audited(&audit);
    assert_eq!(lines.len(), staff.writes());
    assert!(lines.iter().all(|line| line["request_id"].is_string() && line["error"].is_null()), "{audit}");
}

#[test]
fn people_and_groups_swap_their_names() {
    let server = require_keycloak!();
    let staff = small(server);
    staff.apply();
    let sim = &staff.company.sim;
    let [anna, bob] = ["anna", "bob"].map(|name| sim.user_id(&address(name)));
    staff.swap_addresses("anna", "bob");
    staff.rename_group("Dev", "Between");
    staff.rename_group("Ops", "Dev");
    staff.rename_group("Between", "Ops");
    let before = staff.writes();
    staff
        .company
        .run("sync plan")
        .expect_stdout("→ `kcaws-rename-")
        .expect_stdout("until the new one is free")
        .expect_stdout("9 writes");
    staff.apply();
    assert_eq!(staff.writes() - before, 9, "nothing was tried before it was free");
    assert_eq!(sim.user_id("bob@example.com"), anna, "the same user");
    assert_eq!(sim.user_id("anna@example.com"), bob);
    assert_eq!(sim.members_of("Ops"), ["anna@example.com", "bob@example.com"]);
    assert_eq!(sim.members_of("Dev"), ["bob@example.com"]);
}

#[test]
fn an_explanation_leads_from_keycloak_to_aws() {
    let server = require_keycloak!();
    let staff = small(server);
    staff.apply();
    let shown = staff.explain("anna@example.com");
    assert!(shown.contains("standing  in scope") && shown.contains("/aws/Ops: selected"), "{shown}");
    assert!(shown.contains("→ Ops (member)"), "{shown}");
    let report = staff.company.run("sync explain bob --json").stdout_json();
    assert_eq!(report["users"][0]["directory_user"]["active"], true, "{report}");
    staff.company.run("sync explain mallory").expect_code(1).expect_stderr("there is no user `mallory`");
}

#[test]
fn what_another_owner_made_is_adopted_only_when_asked() {
    let server = require_keycloak!();
    let staff = small(server);
    let sim = &staff.company.sim;
    sim.add_users([NewUser::named("anna@example.com")]);
    sim.add_groups([NewGroup::named("Dev")]);
    let id = sim.user_id("anna@example.com");
    staff.company.run("sync apply --yes").expect_code(8).expect_stderr("refused for safety");
    assert_eq!(staff.writes(), 0);
    staff.company.run("sync apply --yes --adopt").expect_code(0);
    assert_eq!(sim.user_id("anna@example.com"), id);
    assert_eq!(sim.members_of("Dev").len(), 2);
    staff.company.run("sync plan --exit-code").expect_code(0);
}

#[test]
fn a_saved_plan_is_applied_as_it_was_or_not_at_all() {
    let server = require_keycloak!();
    let staff = small(server);
    let plan = staff.company.env.home().join("plan.json");
    let out = format!("sync plan --out {}", plan.display());
    let apply = format!("sync apply {}", plan.display());
    staff.company.run(&out).expect_code(0);
    staff.hire("carol", &["Dev"]);
    staff.company.run(&apply).expect_code(8).expect_stderr("has changed");
    assert_eq!(staff.writes(), 0);
    staff.company.run(&out).expect_code(0);
    staff.company.run(&apply).expect_code(0);
    assert_eq!(staff.company.sim.members_of("Dev").len(), 3);
}

#[test]
fn nothing_is_written_where_a_reading_fails_or_nobody_is_left() {
    let server = require_keycloak!();
    let staff = small(server);
    staff.apply();
    let before = staff.writes();
    staff
        .company
        .sim
        .fault(Route::ListGroupMemberships, Fault::status(400, r#"{"__type":"AccessDeniedException"}"#));
    staff.company.run("sync apply --yes").expect_code(1).expect_stderr("denied");
    staff.company.sim.clear_faults();
    for name in ["anna", "bob"] {
        staff.disable(name);
    }
    staff
        .company
        .run("sync apply --yes --max-removals 100%")
        .expect_code(8)
        .expect_stderr("nobody is in scope");
    assert_eq!(staff.writes(), before);
}

#[test]
fn one_bad_record_fails_alone_and_every_time() {
    let server = require_keycloak!();
    let staff = small(server);
    staff.change("bob", &json!({ "lastName": "" }));
    for _ in 0..2 {
        staff.company.run("sync apply --yes").expect_code(1).expect_stdout("last name is missing");
        assert_eq!(staff.company.sim.members_of("Dev"), ["anna@example.com"]);
    }
    staff.company.run("sync apply").expect_code(1);
    staff.company.run("sync plan --exit-code").expect_code(1).expect_stdout("last name is missing");

    // The rest can be planned and applied, although the record is still bad.
    staff.hire("carol", &["Dev"]);
    staff.company.run("sync plan --exit-code").expect_code(7).expect_stdout("last name is missing");
    staff.company.run("sync plan --out plan.json").expect_code(0).expect_stdout("last name is missing");
    staff.company.run("sync apply plan.json").expect_code(1).expect_stderr("1 record cannot be written");
    assert_eq!(staff.company.sim.members_of("Dev"), ["anna@example.com", "carol@example.com"]);
    staff.hire("dora", &["Dev"]);
    staff.change("bob", &json!({ "lastName": "Doe" }));
    staff.company.run("sync apply").expect_code(2).expect_stderr("--yes");
    staff.apply();
}

/// Names the SCIM endpoint of another Identity Center, with a token that it accepts.
fn connect_to_the_endpoint_of(other: &IdcSim, staff: &Staff<'_>) {
    let file = staff.company.env.read_home_file("access.toml");
    let file = file.replace(&staff.company.sim.scim_endpoint(), &other.scim_endpoint());
    staff.company.env.write_home_file("access.toml", file);
    staff.company.env.write_home_file("scim-token", other.issue_scim_token());
}

#[test]
fn nothing_is_written_to_the_endpoint_of_another_identity_center() {
    let server = require_keycloak!();
    let staff = small(server);
    staff.apply();
    staff.hire("carol", &["Dev"]);
    let other = IdcSim::builder().start();
    let people = other.user_count();
    connect_to_the_endpoint_of(&other, &staff);
    let run = staff.company.run("sync apply --yes").expect_code(8);
    run.expect_stderr("belongs to another Identity Center").expect_stderr("scim_endpoint");
    assert_eq!((other.user_count(), other.group_count()), (people, 0));
    staff.company.expect_error("scim", "", "belongs to another Identity Center", "scim_endpoint");
    let offboard = staff.company.run("offboard bob --apply --yes").expect_code(1);
    offboard.expect_stdout("the SCIM endpoint belongs to another Identity Center");
    assert_eq!(staff.company.sim.user("bob@example.com").unwrap()["active"], true);
}

#[test]
fn a_member_whom_somebody_deleted_in_aws_fails_alone() {
    let server = require_keycloak!();
    let staff = small(server);
    staff.apply();
    staff.add_group("New");
    staff.join("anna", "New");
    staff.join("bob", "New");
    // The user goes after everything was read: before the first write.
    let sim = &staff.company.sim;
    let plan = staff.company.run("sync plan --out plan.json").expect_code(0);
    plan.expect_stdout("+ group New");
    sim.fault(Route::ScimCreateGroup, Fault::status(404, r#"{"detail":"Resource not found"}"#)).times(1);
    let run = staff.company.run("sync apply plan.json").expect_code(1);
    run.expect_stderr("1 change failed, all others are done");
    staff.apply();
    assert_eq!(sim.members_of("New").len(), 2);
}

#[test]
fn a_refusal_of_aws_is_shown_in_its_own_words() {
    let server = require_keycloak!();
    let staff = small(server);
    let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"no such name","status":"400"}"#;
    staff.company.sim.fault(Route::ScimCreateGroup, Fault::status(400, body)).times(1);
    let run = staff.company.run("sync apply --yes").expect_code(1);
    let shown = run.stdout_text();
    assert!(
        shown.contains("the service refused the values: no such name") && !shown.contains("urn:"),
        "{shown}"
    );
    run.expect_stderr("correct in Keycloak what was refused");
}

#[cfg(target_os = "linux")]
#[test]
fn an_audit_file_that_takes_nothing_ends_the_run_before_its_first_write() {
    let server = require_keycloak!();
    let staff = small(server);
    let full = staff.company.run("sync apply --yes --audit /dev/full").expect_code(1);
    full.expect_stderr("cannot write `/dev/full`").expect_stderr("name another file");
    assert_eq!(staff.writes(), 0);
    staff.company.run("sync plan --out /dev/full").expect_code(1).expect_stderr("not a regular file");
    staff.company.env.write_home_file("access.audit.jsonl", "{\"torn\":");
    staff.apply();
    let audit = staff.company.env.read_home_file("access.audit.jsonl");
    let (torn, rest) = audit.split_once('\n').unwrap();
    assert_eq!(torn, "{\"torn\":");
    assert_eq!(audited(rest).len(), staff.writes());
}
