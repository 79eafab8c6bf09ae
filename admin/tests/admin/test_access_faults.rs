//! AWS fails while `access plan` and `access apply` read: nothing is written, the message says what, why and what to do, and
//! the next run does everything.

use idc_sim::{Fault, PageSize, Route};

use crate::fixture::admin;
use crate::site::{ACCESS, Site, refusal};

/// Everything that is read, and how many answers are good before the one that is not.
const READINGS: [(Route, u64); 20] = [
    (Route::ListInstances, 0),
    (Route::DescribeInstance, 0),
    (Route::DescribeOrganization, 0),
    (Route::ListAccountAssignmentCreationStatus, 0),
    (Route::ListAccountAssignmentDeletionStatus, 0),
    (Route::ListPermissionSetProvisioningStatus, 0),
    (Route::ListOrganizationAccounts, 0),
    (Route::ListOrganizationAccounts, 1),
    (Route::ListRoots, 0),
    (Route::ListOrganizationalUnitsForParent, 1),
    (Route::ListOrganizationTags, 2),
    (Route::ListGroups, 0),
    (Route::ListPermissionSets, 0),
    (Route::ListPermissionSets, 1),
    (Route::DescribePermissionSet, 2),
    (Route::ListTagsForResource, 1),
    (Route::ListManagedPoliciesInPermissionSet, 0),
    (Route::ListCustomerManagedPolicyReferencesInPermissionSet, 0),
    (Route::GetInlinePolicyForPermissionSet, 0),
    (Route::ListAccountsForProvisionedPermissionSet, 0),
];

/// A site at which everything of the access file was applied, and that has something to do again.
fn site() -> Site {
    let site = Site::of(idc_sim::IdcSim::builder().page_size(PageSize::Fixed(1)));
    site.run("apply --yes").expect_ok();
    site.write(&ACCESS.replace("\"4h\"", "\"2h\"").replace(", \"name:audit\"", ""));
    site.sim.clear_log();
    site
}

/// Fails each reading in this way, in both commands, and asserts that the next run does everything.
#[track_caller]
fn each_reading(readings: &[(Route, u64)], fault: &Fault, code: i32, word: &str) {
    each_reading_of(&["plan", "apply --yes"], readings, fault, code, word);
}

/// The same for faults that are tried again, which takes fifteen seconds.
#[track_caller]
fn each_reading_in_time(readings: &[(Route, u64)], fault: &Fault, code: i32, word: &str) {
    each_reading_of(&["apply --yes"], readings, fault, code, word);
}

#[track_caller]
fn each_reading_of(lines: &[&str], readings: &[(Route, u64)], fault: &Fault, code: i32, word: &str) {
    std::thread::scope(|scope| {
        for (route, skip) in readings {
            scope.spawn(move || {
                let site = site();
                let what = format!("{fault:?} of {route:?} after {skip}");
                for line in lines {
                    site.sim.clear_faults();
                    site.sim.fault(*route, fault.clone()).skip(*skip);
                    if *line == "plan" && is_of_apply(*route) {
                        continue;
                    }
                    site.fails(&what, line, code, word);
                }
                assert_eq!(site.writes(), 0, "{what}");
                site.sim.clear_faults();
                site.run("apply --yes").expect_ok();
                site.unchanged();
            });
        }
    });
}

/// Whether it is read only before something is applied.
fn is_of_apply(route: Route) -> bool {
    matches!(
        route,
        Route::ListAccountAssignmentCreationStatus
            | Route::ListAccountAssignmentDeletionStatus
            | Route::ListPermissionSetProvisioningStatus
    )
}

#[test]
fn a_right_that_is_missing() {
    each_reading(&READINGS, &refusal("AccessDeniedException"), 1, "AWS denied");
}

#[test]
fn credentials_that_end_in_the_middle() {
    each_reading(&READINGS, &refusal("ExpiredTokenException"), 4, "does not accept the credentials");
}

#[test]
fn something_else_that_answers() {
    let page = Fault::status(200, "<html>SIMSECRET</html>");
    each_reading(&READINGS, &page, 1, "something other than AWS answered");
    let redirect = Fault::status(302, "").header("location", "https://elsewhere.example.com/");
    each_reading(&READINGS[6..9], &redirect, 1, "something other than AWS answered");
}

#[test]
fn a_service_in_trouble() {
    let trouble = Fault::status(500, r#"{"__type":"InternalServerException"}"#);
    each_reading_in_time(&READINGS, &trouble, 1, "had trouble");
}

#[test]
fn answers_that_are_cut() {
    each_reading_in_time(&READINGS[6..14], &Fault::broken_json(), 1, "had trouble");
    each_reading_in_time(&READINGS[6..14], &Fault::cut(), 1, "cannot reach AWS");
}

#[test]
fn a_permission_set_that_goes_away_meanwhile() {
    let gone = refusal("ResourceNotFoundException");
    each_reading(&READINGS[14..], &gone, 1, "run the same command again");
}

#[test]
fn trouble_that_passes_is_not_noticed() {
    let site = site();
    let answers = [
        Fault::status(503, "<html></html>"),
        refusal("ThrottlingException"),
        refusal("TooManyRequestsException").header("retry-after", "1"),
        Fault::cut_mid_body(),
    ];
    for (fault, (route, skip)) in answers.into_iter().zip(&READINGS[12..]) {
        site.sim.fault(*route, fault).skip(*skip).times(1);
    }
    site.run("apply --yes").expect_ok();
    site.unchanged();
}

#[test]
fn a_list_that_goes_round_in_circles() {
    let lists = ["ListPermissionSets", "ListAccounts", "ListAccountAssignmentsForPrincipal"];
    for list in lists {
        let site = site();
        site.sim.turn_in_circles(list);
        for line in ["plan", "apply --yes"] {
            site.fails(list, line, 1, &format!("AWS returned a page of {list} twice"));
        }
        assert_eq!(site.writes(), 0);
        site.sim.turn_pages();
        site.run("apply --yes").expect_ok();
        site.unchanged();
    }
    for (route, member) in
        [(Route::ListPermissionSets, "PermissionSets"), (Route::ListOrganizationAccounts, "Accounts")]
    {
        let page = format!(r#"{{"{member}":[],"NextToken":"again"}}"#);
        each_reading(&[(route, 0)], &Fault::status(200, page), 1, "do not end");
    }
}

/// AWS's lists have no count. What is missing from one is created again, which AWS refuses or does not notice, and is
/// never removed.
#[test]
fn a_list_that_ends_too_early_removes_nothing() {
    let unlisted = "\n[unlisted]\nassignments = \"remove\"\npermission_sets = \"remove\"\n";
    for route in [
        Route::ListOrganizationAccounts,
        Route::ListPermissionSets,
        Route::ListAccountAssignmentsForPrincipal,
        Route::ListAccountsForProvisionedPermissionSet,
        Route::ListOrganizationalUnitsForParent,
        Route::ListGroups,
    ] {
        let site = Site::of(idc_sim::IdcSim::builder().page_size(PageSize::Fixed(1)).empty_pages(false));
        let access = format!("{ACCESS}{unlisted}");
        site.write(&access);
        site.run("apply --yes").expect_ok();
        let before = site.sim.assignments();
        site.sim.fault(route, Fault::end_list());
        let output = site.run("apply --yes --allow role-removal");
        assert_eq!(site.sim.count(Route::DeleteAccountAssignment), 0, "{route:?}: {output}");
        assert_eq!(site.sim.assignments(), before, "{route:?}: {output}");
        site.sim.clear_faults();
        site.run("apply --yes").expect_ok();
        site.unchanged();
        assert_eq!(site.sim.assignments(), before, "{route:?}");
    }
}

#[test]
fn another_instance_is_not_touched() {
    let site = site();
    let file = site.env.read_home_file("access.toml");
    site.env.write_home_file("access.toml", file.replace(site.sim.instance_id(), "ssoins-fedcba0987654321"));
    for line in ["plan", "apply --yes", "export", "who"] {
        site.fails("another instance", line, 8, "do not see the instance");
    }
    assert_eq!(site.writes(), 0);
}

#[test]
fn too_many_removals_are_refused() {
    let site = Site::new();
    site.run("apply --yes").expect_ok();
    site.sim.clear_log();
    let none = ACCESS.split("[[assign]]").next().unwrap();
    site.write(&format!("{none}\n[unlisted]\nassignments = \"remove\"\n"));
    let line = "apply --yes --allow role-removal --max-removals 1";
    site.fails("the cap", line, 8, "2 of 2 assignments would be removed; 1 are allowed");
    assert_eq!(site.writes(), 0);
    site.run("apply --yes --allow role-removal --max-removals 2").expect_ok();
    site.unchanged();
}

/// The long form, KCAWS_TEST_LONG=1: an attempt waits 20 seconds.
#[test]
fn an_answer_that_does_not_come() {
    if !kcaws_test_kit::is_long() {
        kcaws_test_kit::skipped_allowed("answers that do not come are of the long form: KCAWS_TEST_LONG=1");
        return;
    }
    let site = site();
    site.sim.fault(Route::ListPermissionSets, Fault::delay(std::time::Duration::from_secs(60)));
    let output = admin(&site.env, "access apply --yes").run();
    output.expect_code(1).expect_stderr("cannot reach AWS for ListPermissionSets");
    assert_eq!(site.writes(), 0);
}
