//! `--only`: a part of the changes.

use idc_sim::{IdcSim, Route};
use kcaws_test_keycloak::require_keycloak;

use crate::rollout::Rollout;
use crate::site::Site;
use crate::staff::{Staff, address};

#[test]
fn one_person_is_let_in_before_everybody_else() {
    let server = require_keycloak!();
    let staff = Staff::new(server, IdcSim::builder());
    staff.add_group("Dev");
    staff.add_group("Ops");
    staff.hire("anna", &["Dev", "Ops"]);
    staff.hire("bob", &["Dev"]);
    let company = &staff.company;
    let file = company.env.home().join("plan.json").display().to_string();
    let one = "sync plan --only user:anna@* --only group:/aws/Dev --exit-code";
    company
        .run(&format!("{one} --out {file}"))
        .expect_code(7)
        .expect_stdout("+ group Dev (/aws/Dev, 1 member)")
        .expect_stdout("4 other changes left out by --only");
    company.run(&format!("sync apply {file}")).expect_code(0);
    let sim = &company.sim;
    assert_eq!(sim.members_of("Dev"), [address("anna")]);
    assert_eq!(staff.writes(), 2, "one user and one group");
    company.run(one).expect_code(0);
    let report = company.run("sync plan --only group:Ops --json").stdout_json();
    assert_eq!((&report["has_changes"], &report["left_out"]), (&true.into(), &2.into()), "{report}");
    staff.apply();
    assert_eq!(sim.members_of("Dev"), [address("anna"), address("bob")]);
    for (selector, why) in [
        ("set:PowerUser", "`set:` selects nothing here; these do: user:, group:"),
        ("anna", "does not begin with user:, group:, set: or account:"),
        ("group:/aws/", "has an empty name"),
    ] {
        company.run(&format!("sync plan --only {selector}")).expect_code(2).expect_stderr(why);
    }
    company.run(&format!("sync apply {file} --only user:x")).expect_code(2);
}

#[test]
fn one_set_and_one_account_at_a_time() {
    let site = Site::new();
    let plan = site.run("plan --only set:PowerUser --only account:audit --json").expect_ok().stdout_json();
    assert_eq!(plan["additions"].as_array().map(Vec::len), Some(0), "PowerUser is not in audit: {plan}");
    site.run("plan --only account:audit --out plan.json").expect_ok().expect_stdout("left out by --only");
    site.run("apply plan.json").expect_ok();
    assert_eq!(site.sim.count(Route::CreateAccountAssignment), 2);
    site.run("plan --only account:audit --exit-code").expect_code(0).expect_stdout("no changes");
    site.run("apply --yes --only set:PowerUser").expect_ok();
    site.run("apply --yes").expect_ok();
    site.unchanged();
    let typo = site.run("plan --only account:adit --only set:PowerUser").expect_code(0);
    let typo = typo.expect_stderr("--only `account:adit` matches no account");
    assert!(!typo.stderr_text().contains("`set:"));
    site.run("plan --only user:anna").expect_code(2).expect_stderr("these do: set:, account:, group:");
}

#[test]
fn one_group_comes_with_its_people_and_its_access() {
    let rollout = Rollout::new(require_keycloak!());
    for (group, person) in [("Power", "anna"), ("Others", "bob")] {
        rollout.staff.add_group(group);
        rollout.staff.hire(person, &[group]);
    }
    rollout.assign(&["/aws/Power", "/aws/Others"]);
    rollout.run("plan --only group:/aws/Power --out plan.json").expect_code(0);
    let apply = rollout.run("apply plan.json").expect_code(0);
    apply.expect_stdout("left out by --only").expect_stdout("2 writes to users and groups done");
    assert_eq!(rollout.accounts_of(&address("anna")).len(), 2);
    assert!(rollout.sim().user(&address("bob")).is_none());
    rollout.run("plan --only group:/aws/Power --exit-code").expect_code(0).expect_stdout("no changes");
    rollout
        .run("plan --only group:/aws/Powr --only set:Pwoer --only user:ana@*")
        .expect_code(0)
        .expect_stderr("--only `group:/aws/Powr` matches no group")
        .expect_stderr("--only `set:Pwoer` matches no permission set")
        .expect_stderr("--only `user:ana@*` matches no user");
    // Nobody is created for it: the group has to come first.
    let waits = rollout.run("apply --yes --only account:111122223333").expect_code(1);
    waits.expect_stdout("its group is not in Identity Center, and is not created now");
    rollout.run("apply --yes").expect_code(0);
    rollout.unchanged();
}
