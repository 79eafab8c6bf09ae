//! AWS fails while IAM roles are planned and assigned: nothing is written after a reading that failed, and the next run
//! does what is left.

use std::time::Duration;

use idc_sim::{Fault, PageSize, Route};
use kcaws_test_kit::wait_for;

use crate::fixture::admin;
use crate::site::Site;
use crate::test_access_roles::{AUDIT, DEV, REMOVE, ROLES, all, builder, entitled, of, pairs, writes};

/// Something that the rest-json service of account access refuses.
fn refused(status: u16, code: &str) -> Fault {
    Fault::status(status, format!(r#"{{"__type":"{code}","message":"for a test"}}"#))
}

/// What is read, and how many answers are good before the one that is not.
const READINGS: [(Route, u64); 5] = [
    (Route::AccountAccessListApplications, 0),
    (Route::AccountAccessGetApplication, 0),
    (Route::AccountAccessListEntitlements, 0),
    (Route::AccountAccessListEntitlements, 2),
    (Route::AccountAccessGetEntitlement, 0),
];

/// A site that has something to add and something to take away.
fn changing() -> Site {
    let site = of(builder().page_size(PageSize::Fixed(1)));
    site.run("apply --yes").expect_ok();
    site.write(&(ROLES.replace("\"idc:Operations\"]\n\n", "\"idc:Auditors\"]\n\n") + REMOVE));
    site.sim.add_group("Auditors");
    site.sim.clear_log();
    site
}

#[track_caller]
fn each_reading(fault: &Fault, code: i32, word: &str) {
    std::thread::scope(|scope| {
        for (route, skip) in READINGS {
            scope.spawn(move || {
                let site = changing();
                site.sim.fault(route, fault.clone()).skip(skip);
                let what = format!("{fault:?} of {route:?} after {skip}");
                site.fails(&what, "apply --yes", code, word);
                assert_eq!(writes(&site), 0, "{what}");
                site.sim.clear_faults();
                site.run("apply --yes").expect_ok();
                site.unchanged();
            });
        }
    });
}

#[test]
fn a_right_that_is_missing() {
    each_reading(&refused(403, "AccessDeniedException"), 1, "AWS denied");
}

#[test]
fn credentials_that_end_in_the_middle() {
    each_reading(&refused(403, "ExpiredTokenException"), 4, "does not accept the credentials");
}

#[test]
fn something_else_that_answers() {
    each_reading(&Fault::status(200, "<html>SIMSECRET</html>"), 1, "something other than AWS answered");
}

#[test]
fn a_service_in_trouble() {
    each_reading(&refused(500, "InternalServerException"), 1, "had trouble");
}

#[test]
fn trouble_that_passes_is_not_noticed() {
    let site = changing();
    let answers = [
        refused(429, "ThrottlingException"),
        Fault::status(503, "<html></html>"),
        Fault::cut_mid_body(),
        refused(429, "ThrottlingException").header("retry-after", "1"),
        Fault::cut(),
    ];
    for (fault, (route, skip)) in answers.into_iter().zip(READINGS) {
        site.sim.fault(route, fault).skip(skip).times(1);
    }
    for route in [Route::AccountAccessCreateEntitlement, Route::AccountAccessDeleteEntitlement] {
        site.sim.fault(route, refused(429, "ThrottlingException")).times(1);
        site.sim.fault(route, Fault::lose_answer()).times(1);
    }
    site.run("apply --yes").expect_ok();
    site.unchanged();
}

#[test]
fn a_list_that_goes_round_in_circles_or_ends_too_early_removes_nothing() {
    let site = changing();
    site.sim.turn_in_circles("ListEntitlements");
    site.fails("in circles", "apply --yes", 1, "AWS returned a page of ListEntitlements twice");
    let page = r#"{"entitlements":[],"nextToken":"again"}"#;
    site.sim.fault(Route::AccountAccessListEntitlements, Fault::status(200, page));
    site.fails("no end", "apply --yes", 1, "do not end");
    assert_eq!(writes(&site), 0);

    // What a list lacks is created again, which is no error, and never removed.
    for (route, member) in
        [(Route::AccountAccessListEntitlements, "entitlements"), (Route::ListGroups, "Groups")]
    {
        let site = of(builder().page_size(PageSize::Fixed(1)).empty_pages(false));
        site.write(&(ROLES.to_owned() + REMOVE));
        site.run("apply --yes").expect_ok();
        site.sim.fault(route, Fault::status(200, format!("{{\"{member}\":[]}}")));
        let output = site.run("apply --yes");
        assert_eq!(site.sim.count(Route::AccountAccessDeleteEntitlement), 0, "{route:?}: {output}");
        assert_eq!(entitled(&site), all(), "{route:?}");
        site.sim.clear_faults();
        site.unchanged();
    }
}

#[test]
fn an_entitlement_that_goes_away_meanwhile_is_no_failure() {
    let site = changing();
    site.sim.fault(Route::AccountAccessDeleteEntitlement, refused(404, "ResourceNotFoundException")).times(1);
    site.run("apply --yes").expect_ok();
    let site = changing();
    site.sim.fault(Route::AccountAccessCreateEntitlement, refused(404, "ResourceNotFoundException")).times(1);
    site.fails("a group that goes away", "apply --yes", 1, "2 changes failed");
    site.run("apply --yes").expect_ok();
    site.unchanged();
    let site = changing();
    site.sim.fault(Route::AccountAccessDeleteEntitlement, refused(403, "ExpiredTokenException"));
    let output = site.fails("credentials that end", "apply --yes", 4, "does not accept the credentials");
    output.expect_stdout("1 change not done");
}

#[test]
fn the_next_run_does_what_a_killed_one_left() {
    let site = changing();
    for (route, delay) in [
        (Route::AccountAccessCreateEntitlement, Duration::from_secs(2)),
        (Route::AccountAccessDeleteEntitlement, Duration::from_secs(2)),
    ] {
        let before = site.sim.count(route);
        site.sim.fault(route, Fault::delay(delay)).times(1);
        let apply = admin(&site.env, "access apply --yes").spawn();
        wait_for("the request", || (site.sim.count(route) > before).then_some(()));
        apply.kill();
    }
    site.sim.clear_faults();
    site.run("apply --yes").expect_ok();
    assert_eq!(entitled(&site), pairs(&[("Auditors", DEV), ("Developers", DEV), ("Operations", AUDIT)]));
    site.unchanged();
}
