//! AWS fails while `access apply` writes: the others go on, what is not done is named, and the next run does it.

use std::time::Duration;

use idc_sim::{AccountState, Fault, IdcSim, Route};
use kcaws_test_kit::{Output, wait_for};
use serde_json::Value;

use crate::fixture::admin;
use crate::site::{ACCESS, Site, refusal};

const PROD: &str = "333344445555";
/// Long enough for a test to act before AWS answers.
const MEANWHILE: Duration = Duration::from_secs(2);

/// Applies with a fault, and returns the output.
fn apply(site: &Site) -> Output {
    site.run("apply --yes")
}

/// Asserts that a run without the fault does the rest, once.
#[track_caller]
fn heals(site: &Site) {
    site.sim.clear_faults();
    apply(site).expect_ok();
    site.unchanged();
    let power = |assigned: &&(String, String, String)| assigned.2 == "PowerUser";
    assert_eq!(site.sim.assignments().iter().filter(power).count(), 2);
    assert_eq!(site.sim.assignments().len(), 8);
}

/// Returns the number of changes that are done, failed and left.
fn outcome(site: &Site, code: i32) -> (u64, usize, u64) {
    let report = site.run("apply --yes --json").expect_code(code).stdout_json();
    let outcome = &report["outcome"];
    let failures = outcome["failures"].as_array().unwrap().len();
    (outcome["done"].as_u64().unwrap(), failures, outcome["left"].as_u64().unwrap())
}

/// Acts while AWS thinks about the first request to `route`.
fn meanwhile(site: &Site, route: Route, act: impl FnOnce(&IdcSim)) -> Output {
    site.sim.fault(route, Fault::delay(MEANWHILE)).times(1);
    let run = admin(&site.env, "access apply --yes").spawn();
    wait_for("the request", || (site.sim.count(route) > 0).then_some(()));
    act(&site.sim);
    run.wait()
}

#[test]
fn credentials_that_end_are_reported_with_what_is_done() {
    for (route, skip) in [
        (Route::AttachManagedPolicyToPermissionSet, 0),
        (Route::CreateAccountAssignment, 3),
        (Route::DescribeAccountAssignmentCreationStatus, 1),
    ] {
        let site = Site::new();
        site.sim.fault(route, refusal("ExpiredTokenException")).skip(skip);
        let output = site.fails(&format!("{route:?}"), "apply --yes", 4, "does not accept the credentials");
        output.expect_stdout("not done, or still running: the next run does the rest");
        heals(&site);
    }
    let site = Site::new();
    site.sim.fault(Route::CreateAccountAssignment, refusal("ExpiredTokenException")).skip(3);
    let (done, failed, left) = outcome(&site, 4);
    assert_eq!((failed, done + left), (0, 9), "one permission set and eight assignments");
    assert!(done >= 1 && left >= 5, "{done} done, {left} left");
    heals(&site);
}

#[test]
fn a_right_that_is_missing_fails_what_needs_it() {
    let site = Site::new();
    site.sim.fault(Route::CreateAccountAssignment, refusal("AccessDeniedException"));
    apply(&site)
        .expect_code(1)
        .expect_stdout("AWS denied CreateAccountAssignment")
        .expect_stdout("1 change done");
    heals(&site);

    let site = Site::new();
    site.sim.fault(Route::PutInlinePolicyToPermissionSet, refusal("AccessDeniedException"));
    // Who has half of a permission set has too much or too little: it is not assigned.
    apply(&site).expect_code(1).expect_stdout("the permission set PowerUser failed");
    assert!(site.sim.assignments().iter().all(|(_, _, set)| set != "PowerUser"));
    assert_eq!(site.sim.assignments().len(), 6, "the others went on");
    heals(&site);
}

#[test]
fn one_account_that_always_fails_does_not_hold_up_the_others() {
    for (fault, word) in [
        (Fault::status(500, r#"{"__type":"InternalServerException"}"#), "had trouble"),
        (refusal("ResourceNotFoundException"), "for a test"),
        (refusal("ValidationException"), "AWS refused CreateAccountAssignment (ValidationException)"),
        (refusal("ServiceQuotaExceededException"), "would exceed a quota"),
    ] {
        let site = Site::new();
        // A request that a fault of AWS meets is sent five times.
        let times = if word == "had trouble" { 5 } else { 1 };
        site.sim.fault(Route::CreateAccountAssignment, fault).times(times);
        apply(&site).expect_code(1).expect_stdout(word).expect_stdout("8 changes done");
        heals(&site);
    }
}

#[test]
fn answers_that_are_lost_make_nothing_twice() {
    for route in [
        Route::CreatePermissionSet,
        Route::AttachManagedPolicyToPermissionSet,
        Route::AttachCustomerManagedPolicyReferenceToPermissionSet,
        Route::PutInlinePolicyToPermissionSet,
        Route::CreateAccountAssignment,
    ] {
        let site = Site::new();
        site.sim.fault(route, Fault::lose_answer()).times(1);
        let output = apply(&site);
        assert_eq!(output.code(), 0, "{route:?}: {output}");
        heals(&site);
        assert!(site.sim.permission_set_names().contains("PowerUser"));
    }
    let site = Site::new();
    apply(&site).expect_ok();
    site.write(&ACCESS.replace("managed = [\"PowerUserAccess\"]", "managed = []"));
    site.sim.fault(Route::DetachManagedPolicyFromPermissionSet, Fault::lose_answer()).times(1);
    apply(&site).expect_ok();
    site.unchanged();
}

#[test]
fn statuses_that_a_list_leaves_out_are_asked_for() {
    let empty = r#"{"AccountAssignmentsCreationStatus":[]}"#;
    let site = Site::new();
    site.sim.fault(Route::ListAccountAssignmentCreationStatus, Fault::status(200, empty));
    apply(&site).expect_ok().expect_stdout("9 changes done");
    heals(&site);

    let site = Site::new();
    let unknown = refusal("ResourceNotFoundException");
    site.sim.fault(Route::DescribeAccountAssignmentCreationStatus, unknown).times(1);
    let output = apply(&site).expect_code(1);
    output.expect_stdout("does not know the operation any more").expect_stdout("8 changes done");
    heals(&site);
}

#[test]
fn an_assignment_that_is_not_listed_yet_is_no_second_one() {
    let site = Site::new();
    apply(&site).expect_ok();
    let before = site.sim.assignments();
    site.sim
        .fault(Route::ListAccountAssignmentsForPrincipal, Fault::status(200, r#"{"AccountAssignments":[]}"#));
    site.sim.fault(Route::ListAccountAssignments, Fault::status(200, r#"{"AccountAssignments":[]}"#));
    apply(&site).expect_ok();
    assert_eq!(site.sim.assignments(), before);
    heals(&site);
}

#[test]
fn a_permission_set_that_others_delete_fails_alone() {
    let site = Site::new();
    let delete = |sim: &IdcSim| sim.delete_permission_set("PowerUser");
    let output = meanwhile(&site, Route::PutInlinePolicyToPermissionSet, delete).expect_code(1);
    output.expect_stdout("permission set PowerUser: PutInlinePolicyToPermissionSet");
    assert_eq!(site.sim.assignments().len(), 6, "the others went on");
    heals(&site);

    // While its roles are updated.
    site.write(&ACCESS.replace("\"4h\"", "\"2h\""));
    let output = meanwhile(&site, Route::UpdatePermissionSet, delete).expect_code(1);
    output.expect_stdout("permission set PowerUser: UpdatePermissionSet");
    heals(&site);
}

#[test]
fn a_permission_set_that_others_make_is_not_overwritten() {
    let site = Site::new();
    let make = |sim: &IdcSim| sim.add_permission_set("PowerUser");
    let output = meanwhile(&site, Route::CreatePermissionSet, make).expect_code(1);
    output.expect_stdout("somebody else has created a permission set of that name meanwhile");
    for route in [Route::UpdatePermissionSet, Route::AttachManagedPolicyToPermissionSet, Route::TagResource] {
        assert_eq!(site.sim.count(route), 0, "{route:?}");
    }
    assert_eq!(site.sim.assignments().len(), 6, "the others went on");
    site.sim.clear_faults();
    site.fails("the next run", "apply --yes", 8, "was not made from this file");
    site.run("apply --yes --adopt").expect_ok();
    heals(&site);
}

#[test]
fn two_administrators_at_once_come_to_the_same() {
    let site = Site::new();
    let runs = [0, 1].map(|_| admin(&site.env, "access apply --yes").spawn());
    let outputs = runs.map(kcaws_test_kit::Running::wait);
    for output in &outputs {
        assert!([0, 1, 8].contains(&output.code()), "{output}");
    }
    assert_eq!(site.sim.permission_set_names().len(), 4, "PowerUser is there once");
    heals(&site);
}

#[test]
fn an_account_that_is_suspended_meanwhile_fails_alone() {
    let site = Site::new();
    let suspend = |sim: &IdcSim| sim.set_account_state(PROD, AccountState::Suspended);
    let output = meanwhile(&site, Route::CreatePermissionSet, suspend).expect_code(1);
    output.expect_stdout("403").expect_stdout("it may be suspended").expect_stdout("6 changes done");
    let report = site.run("plan --json").expect_ok().stdout_json();
    assert_eq!(report["notes"]["unusable_accounts"][PROD], Value::from("SUSPENDED"), "{report}");
    site.unchanged();
    site.sim.set_account_state(PROD, AccountState::Active);
    heals(&site);
}

#[test]
fn access_to_a_suspended_account_is_not_removed() {
    let site = Site::new();
    let access = format!("{ACCESS}\n[unlisted]\nassignments = \"remove\"\n");
    site.write(&access);
    apply(&site).expect_ok();
    site.sim.set_account_state(PROD, AccountState::Suspended);
    let plan = site.run("plan --exit-code").expect_code(0).expect_stdout("no changes");
    plan.expect_stderr("not an active account of the organization: nothing is removed there");
}

#[test]
fn a_permission_set_whose_assignment_stays_is_not_deleted() {
    let site = Site::new();
    apply(&site).expect_ok();
    let without = ACCESS.split("[permission_sets.ReadOnlyAccess]").nth(1).unwrap();
    let rest = without.split("[[assign]]\nset = \"PowerUser\"").collect::<Vec<_>>();
    let last = rest[1].split_once("[[assign]]").unwrap().1;
    site.write(&format!(
        "[permission_sets.ReadOnlyAccess]{}[[assign]]{last}\n[unlisted]\npermission_sets = \"remove\"\n",
        rest[0]
    ));
    site.sim.fault(Route::DeleteAccountAssignment, refusal("AccessDeniedException")).times(1);
    let line = "apply --yes --allow role-removal";
    let output = site.run(line).expect_code(1);
    output.expect_stdout("an assignment of it could not be removed");
    assert_eq!(site.sim.count(Route::DeletePermissionSet), 0);
    site.run(line).expect_ok();
    assert!(!site.sim.permission_set_names().contains("PowerUser"));
    site.unchanged();
}
