//! Faults that last for minutes and hours.

use idc_sim::{Fault, Route, SameAccount};

use super::*;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{AccessAdmin as _, Principal, RoleAction, RoleOperation};
use crate::ports::testing::whole;

const ACCESS: &str = r#"
[permission_sets.Power]
inline = { Statement = [] }
[permission_sets.Reader]
managed = ["ReadOnlyAccess"]
[[assign]]
set = "Power"
groups = ["idc:Group0"]
accounts = ["300000000000", "300000000001"]
[[assign]]
set = "Reader"
groups = ["idc:Group0", "idc:Group1"]
accounts = ["300000000000", "300000000001", "300000000002"]
"#;
/// Two permission sets, and eight assignments.
const CHANGES: usize = 10;

fn site(builder: Builder) -> AtSimulator {
    AtSimulator::of(builder, 3, 2)
}

fn refusal(code: &str) -> Fault {
    Fault::status(400, format!(r#"{{"__type":"{code}","message":"for a test"}}"#))
}

/// Asserts that a run without the fault does the rest.
#[track_caller]
fn heals(at: &AtSimulator) {
    at.sim.clear_faults();
    let (outcome, end) = at.apply(ACCESS);
    end.expect("ends");
    assert_eq!(outcome.failures, []);
    assert!(at.plan(ACCESS).expect("plans").is_empty());
    assert_eq!(at.sim.assignments().len(), 8);
}

#[test]
fn throttling_is_waited_out_for_minutes_and_not_for_ever() {
    let at = site(IdcSim::builder());
    at.sim.fault(Route::ListPermissionSets, refusal("ThrottlingException")).times(8);
    let (plan, took) = at.time(|| at.plan(ACCESS));
    assert!(plan.is_ok() && took > Duration::from_mins(1), "{took:?}");

    at.sim.fault(Route::ListPermissionSets, refusal("TooManyRequestsException"));
    let (plan, took) = at.time(|| at.plan(ACCESS));
    assert!(matches!(plan, Err(AccessPlanError::Read(_))) && took < Duration::from_mins(15), "{took:?}");
    assert_eq!(at.writes(), 0);
    at.sim.clear_faults();

    for route in [Route::CreatePermissionSet, Route::CreateAccountAssignment] {
        at.sim.clear_faults();
        at.sim.fault(route, refusal("ThrottlingException"));
        let ((outcome, end), took) = at.time(|| at.apply(ACCESS));
        assert!(matches!(end, Err(ApplyError::Aws(AwsError::Throttled { .. }))), "{route:?}: {end:?}");
        assert!(took < Duration::from_mins(20), "{route:?}: {took:?}");
        assert_eq!(outcome.done + outcome.left, CHANGES, "{route:?}: {outcome:?}");
    }
    heals(&at);
}

#[test]
fn a_conflict_that_never_ends_fails_what_it_is_about() {
    let at = site(IdcSim::builder());
    at.sim.fault(Route::PutInlinePolicyToPermissionSet, refusal("ConflictException"));
    let ((outcome, end), took) = at.time(|| at.apply(ACCESS));
    end.expect("ends");
    assert!(took < Duration::from_mins(20), "{took:?}");
    assert_eq!((outcome.done, outcome.failures.len()), (7, 3), "Power, and its two assignments: {outcome:?}");
    heals(&at);

    let at = site(IdcSim::builder());
    at.sim.fault(Route::CreateAccountAssignment, refusal("ConflictException"));
    let ((outcome, end), took) = at.time(|| at.apply(ACCESS));
    end.expect("ends");
    assert_eq!((outcome.done, outcome.failures.len()), (2, 8), "{outcome:?}");
    // The accounts do not wait for each other, and an account's other operations are tried once each.
    assert!(took < Duration::from_mins(20), "{took:?}");
    heals(&at);
}

#[test]
fn others_that_work_in_an_account_are_waited_for() {
    let at = site(IdcSim::builder().same_account(SameAccount::Conflict));
    heals(&at);
    let at = site(IdcSim::builder().write_spread(Duration::from_secs(10)));
    heals(&at);
}

#[test]
fn an_operation_that_never_ends_is_reported_and_taken_up_later() {
    let at = site(IdcSim::builder().operation_time(Duration::from_hours(100)));
    let ((outcome, end), took) = at.time(|| at.apply(ACCESS));
    end.expect("ends");
    assert_eq!((outcome.done, outcome.failures.len()), (2, 8), "{outcome:?}");
    assert!(outcome.failures.iter().all(|failure| failure.why.contains("has not ended after 30 minutes")));
    assert!(took < Duration::from_hours(2), "{took:?}");
    assert_eq!(at.sim.count(Route::CreateAccountAssignment), 8);
    at.sim.advance(Duration::from_hours(1_000));
    heals(&at);
    assert_eq!(at.sim.count(Route::CreateAccountAssignment), 8, "nothing is started twice");
}

#[test]
fn a_service_that_stays_in_trouble_ends_the_run_and_says_what_is_left() {
    let at = site(IdcSim::builder());
    at.sim
        .fault(Route::CreateAccountAssignment, Fault::status(500, r#"{"__type":"InternalServerException"}"#));
    let (outcome, end) = at.apply(ACCESS);
    assert!(matches!(end, Err(ApplyError::Aws(AwsError::ServerTrouble { .. }))), "{end:?}");
    assert_eq!((outcome.done, outcome.failures.len(), outcome.left), (2, 4, 4), "{outcome:?}");
    heals(&at);
}

#[test]
fn one_account_that_fails_is_found_when_all_roles_are_updated() {
    let at = site(IdcSim::builder().missing_policy("300000000001", "/guard"));
    heals(&at);
    at.sim.clear_log();
    let changed =
        ACCESS.replace("[\"ReadOnlyAccess\"]", "[\"ReadOnlyAccess\"]\ncustomer = [{ name = \"guard\" }]");
    let (outcome, end) = at.apply(&changed);
    end.expect("ends");
    // AWS stops at the account that fails.
    assert_eq!(at.sim.count(Route::ProvisionPermissionSet), 3, "all at once, and the rest one by one");
    let failures: Vec<&str> = outcome.failures.iter().map(|failure| failure.what.as_str()).collect();
    assert_eq!(failures, ["update the role of Reader in 300000000001"]);
    assert_eq!(outcome.done, 3, "{outcome:?}");
}

#[test]
fn an_operation_that_moves_to_an_earlier_page_is_seen() {
    let at = AtSimulator::with_pages(IdcSim::builder(), PageSize::Fixed(1), 2, 1);
    // Three permission sets are there from the beginning.
    let sets = whole(|cursor| at.admin.permission_sets(cursor));
    let group = Principal::Group(at.sim.group_id("Group0").expect("a group"));
    let start = |number: usize| {
        let (set, account) = (sets[0].clone(), account(number));
        let operation = RoleOperation { set, account, action: RoleAction::Assign(group.clone()) };
        at.admin.start(&operation).expect("starts").id
    };
    let first = start(0);
    at.sim.advance(Duration::from_secs(3));
    let second = start(1);
    // The first, of five seconds, ends between two pages, which are a second apart.
    at.sim.advance(Duration::from_millis(1_500));
    let requests = Requests::new(&at.clock, 1.0);
    let pages = InstanceAccess { admin: &at.admin, requests: &requests };
    let seen = format!("{:?}", EarlierOperations::read(pages).expect("reads"));
    assert!(seen.contains(&first) && seen.contains(&second), "{seen}");
}
