//! A week of a company of two thousand people: what happens in Keycloak, and what becomes of it in AWS.

use std::time::Duration;

use idc_sim::IdcSim;
use kcaws_test_keycloak::{Server, require_keycloak};
use kcaws_test_kit::{Output, TestCommand};
use serde_json::{Value, json};

use crate::fixture::{REGION, developers_binary};
use crate::staff::{Staff, address, person};

const PEOPLE: usize = 2_000;
const TEAMS: usize = 40;
const ACCOUNT: &str = "111122223333";
const FETCHED: &str = "PowerUserAccess";
const NOT_FETCHED: &str = "ReadOnlyAccess";
const PATIENCE: Duration = Duration::from_mins(1);

/// Everybody is in two teams: `user0042` in the teams 02 and 03.
fn company(server: &Server) -> Staff<'_> {
    let staff = Staff::new(server, IdcSim::builder().admin_throttle(None).no_assignments());
    for number in 0..TEAMS {
        staff.add_group(&team(number));
    }
    let people: Vec<Value> = (0..PEOPLE)
        .map(|number| person(&user(number), &[&team(number % TEAMS), &team((number + 1) % TEAMS)]))
        .collect();
    staff.hire_all(&people);
    staff
}

fn team(number: usize) -> String {
    format!("Team-{number:02}")
}

fn user(number: usize) -> String {
    format!("user{number:04}")
}

#[track_caller]
fn expect(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no `{word}` in:\n{text}");
    }
}

#[test]
fn a_week_of_two_thousand_people() {
    let server = require_keycloak!();
    let staff = company(server);
    staff.apply();
    let sim = &staff.company.sim;
    assert_eq!(sim.group_count(), TEAMS);
    assert_eq!(sim.membership_count(), 2 * PEOPLE);
    people_join(&staff);
    people_leave(&staff);
    names_and_addresses_change(&staff);
    people_move(&staff);
    a_group_is_renamed(&staff);
    a_group_is_deleted_and_made_again(&staff);
    someone_who_is_signed_in_is_disabled(&staff);
}

fn people_join(staff: &Staff<'_>) {
    let people: Vec<Value> = (0..10).map(|number| person(&format!("joiner{number}"), &["Team-00"])).collect();
    staff.hire_all(&people);
    let before = ["standing  in scope", "in AWS    no user of kcaws", "→ Team-00 (not a member yet"];
    expect(&staff.explain("joiner0"), &before);
    let writes = staff.writes();
    staff.apply();
    assert_eq!(staff.writes() - writes, 11, "ten users, and all members at once");
    expect(
        &staff.explain("joiner0"),
        &["in AWS    joiner0@example.com (", ", active)", "→ Team-00 (member)"],
    );
}

fn people_leave(staff: &Staff<'_>) {
    let sim = &staff.company.sim;
    staff.disable(&user(1));
    staff.delete(&user(2));
    staff.apply();
    expect(&staff.explain(&user(1)), &["standing  disabled in Keycloak: no access", ", inactive)"]);
    staff.company.run("sync explain user0002").expect_code(1).expect_stderr("there is no user `user0002`");
    for number in [1, 2] {
        let name = address(&user(number));
        assert_eq!(sim.user(&name).unwrap()["active"], false);
        assert!(!sim.members_of(&team(number)).contains(&name));
    }
}

fn names_and_addresses_change(staff: &Staff<'_>) {
    let sim = &staff.company.sim;
    let id = sim.user_id(&address(&user(3)));
    staff.change(&user(3), &json!({ "email": "moved@example.com" }));
    staff.change(&user(4), &json!({ "lastName": "Roe" }));
    staff.apply();
    assert_eq!(sim.user_id("moved@example.com"), id, "the same user");
    assert_eq!(sim.user(&address(&user(4))).unwrap()["name"]["familyName"], "Roe");
    let moved = ["in AWS    moved@example.com (", "→ Team-03 (member)", "→ Team-04 (member)"];
    expect(&staff.explain("moved@example.com"), &moved);
    staff
        .company
        .run("sync explain user0003@example.com")
        .expect_code(1)
        .expect_stderr("there is no user `user0003@example.com`");
}

fn people_move(staff: &Staff<'_>) {
    for number in [10, 50, 90] {
        staff.leave(&user(number), "Team-10");
        staff.join(&user(number), "Team-20");
    }
    let before = staff.explain(&user(10));
    expect(&before, &["→ Team-20 (not a member yet", "→ Team-11 (member)"]);
    staff.apply();
    let after = staff.explain(&user(10));
    expect(&after, &["→ Team-20 (member)", "→ Team-11 (member)"]);
    assert!(!after.contains("Team-10"), "{after}");
    assert!(!staff.company.sim.members_of("Team-10").contains(&address(&user(10))));
}

fn a_group_is_renamed(staff: &Staff<'_>) {
    let sim = &staff.company.sim;
    let (id, members) = (sim.group_id("Team-05"), sim.members_of("Team-05"));
    staff.rename_group("Team-05", "Platform");
    let writes = staff.writes();
    staff.apply();
    assert_eq!(staff.writes() - writes, 1);
    assert_eq!((sim.group_id("Platform"), sim.group_id("Team-05")), (id, None), "its assignments stay");
    assert_eq!(sim.members_of("Platform"), members);
    expect(&staff.explain(&user(5)), &["group     /aws/Platform: selected", "→ Platform (member)"]);
}

/// To Keycloak it is another group: nobody gets what was assigned to the old one until an administrator says so.
fn a_group_is_deleted_and_made_again(staff: &Staff<'_>) {
    let sim = &staff.company.sim;
    let id = sim.group_id("Team-06");
    staff.delete_group("Team-06");
    staff.add_group("Team-06");
    staff.join(&user(6), "Team-06");
    let hint = "group Team-06: the name is that of one that was deleted; --adopt hands it over";
    staff.company.run("sync apply --yes").expect_code(1).expect_stdout(hint);
    assert_eq!(
        sim.members_of("Team-06"),
        [address(&user(6))],
        "who is in the new one is not put out of the old one"
    );
    expect(&staff.explain(&user(6)), &["→ Team-06 (not a member yet"]);
    staff.company.run("sync apply --yes --adopt").expect_code(0);
    staff.apply();
    assert_eq!(sim.group_id("Team-06"), id);
    assert_eq!(sim.members_of("Team-06"), [address(&user(6))]);
    expect(&staff.explain(&user(6)), &["→ Team-06 (member)"]);
}

/// What still works, and for how long: role credentials that were fetched before, until they expire (an hour here); the
/// session itself, for up to an hour, but to no account that a group had opened; and no new login at all.
fn someone_who_is_signed_in_is_disabled(staff: &Staff<'_>) {
    let (sim, name) = (&staff.company.sim, address(&user(7)));
    for role in [FETCHED, NOT_FETCHED] {
        sim.assign_group("Team-07", ACCOUNT, role);
    }
    staff.company.env.write_aws_config(&format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = {REGION}\n",
        sim.start_url(),
    ));
    log_in(staff, &name);
    credentials(staff, FETCHED).expect_code(0);

    staff.disable(&user(7));
    credentials(staff, FETCHED).expect_code(0);
    staff.apply();
    expect(&staff.explain(&user(7)), &["disabled in Keycloak: no access", ", inactive)"]);
    credentials(staff, FETCHED).expect_code(0);
    credentials(staff, NOT_FETCHED)
        .expect_code(6)
        .expect_stderr("no access to ReadOnlyAccess in account 111122223333");
    sim.advance(Duration::from_secs(3_601));
    credentials(staff, NOT_FETCHED)
        .expect_code(4)
        .expect_stderr("(invalid_grant)")
        .expect_stderr("kcaws login corp");
}

fn developers(staff: &Staff<'_>, line: &str) -> TestCommand {
    staff.company.env.command(developers_binary()).args(line.split_whitespace()).timeout(PATIENCE)
}

fn log_in(staff: &Staff<'_>, name: &str) {
    let mut login = developers(staff, "login corp --no-browser").spawn();
    let code = login.wait_for_stderr("  code: ").split_whitespace().last().unwrap().to_owned();
    staff.company.sim.wait_for_pending(PATIENCE).expect("a code is pending");
    staff.company.sim.approve_as(&code, name);
    login.wait().expect_ok();
}

fn credentials(staff: &Staff<'_>, role: &str) -> Output {
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {role}");
    developers(staff, &line).allow_secret_on_stdout().run()
}
