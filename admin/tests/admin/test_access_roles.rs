//! IAM roles by account access manager: plan, apply, export, who, at the simulator.

use std::time::Duration;

use idc_sim::{AccountAccessTrust, Builder, EntitlementCheck, Fault, IamRole, IdcSim, Route};
use kcaws_test_kit::Output;
use serde_json::Value;

use crate::fixture::{admin, audited, developers_binary};
use crate::site::Site;

const TENANT: &str = "aa-gyxmap389";
pub(crate) const DEV: &str = "arn:aws:iam::111122223333:role/team/Developer";
pub(crate) const AUDIT: &str = "arn:aws:iam::444455556666:role/Audit";
/// In the management account.
const OPERATOR: &str = "arn:aws:iam::000011112222:role/ops/Operator";
const ALICE: &str = "alice@example.com";

pub(crate) const ROLES: &str = r#"
[[assign]]
role = "arn:aws:iam::111122223333:role/team/Developer"
groups = ["idc:Developers", "idc:Operations"]

[[assign]]
role = "arn:aws:iam::444455556666:role/Audit"
groups = ["idc:Operations"]
"#;

pub(crate) const REMOVE: &str = "\n[unlisted]\nentitlements = \"remove\"\n";

pub(crate) fn builder() -> Builder {
    let role = |arn| IamRole::new(arn).account_access(AccountAccessTrust::Granted);
    let builder = IdcSim::builder().tenant(TENANT);
    builder.iam_role(role(DEV)).iam_role(role(AUDIT)).iam_role(role(OPERATOR))
}

pub(crate) fn of(builder: Builder) -> Site {
    let site = Site::of(builder);
    site.write(ROLES);
    site
}

fn site() -> Site {
    of(builder())
}

/// Requests that changed an entitlement.
pub(crate) fn writes(site: &Site) -> usize {
    site.sim.count(Route::AccountAccessCreateEntitlement)
        + site.sim.count(Route::AccountAccessDeleteEntitlement)
}

fn audit(site: &Site) -> Vec<Value> {
    let text = site.env.read_home_file("access.audit.jsonl");
    audited(&text)
}

pub(crate) fn entitled(site: &Site) -> Vec<(String, String)> {
    site.sim.entitlements().into_iter().collect()
}

pub(crate) fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(who, role)| ((*who).to_owned(), (*role).to_owned())).collect()
}

pub(crate) fn all() -> Vec<(String, String)> {
    pairs(&[("Developers", DEV), ("Operations", DEV), ("Operations", AUDIT)])
}

#[test]
fn a_plan_is_shown_applied_and_then_there_is_nothing_to_do() {
    let site = site();
    // Both are in other accounts than the caller's: the statement is printed for pasting.
    site.run("plan --exit-code")
        .expect_code(7)
        .expect_stdout(&format!("+ {DEV} (dev): idc:Developers"))
        .expect_stdout("3 IAM roles to assign; about 3 requests")
        .expect_stderr("cannot be read from this account")
        .expect_stderr("\"Service\": \"account-access.amazonaws.com\"")
        .expect_stderr("\"aws:SourceAccount\": \"000011112222\"")
        .expect_stderr("\"arn:aws:account-access:eu-central-1:000011112222:application/");
    assert_eq!(writes(&site), 0, "a plan writes nothing");
    let report = site.run("plan --json").expect_ok().stdout_json();
    let roles = &report["entitlements"];
    assert_eq!(
        (&report["has_changes"], roles["additions"].as_array().map(Vec::len)),
        (&true.into(), Some(3))
    );
    assert_eq!(roles["trust"][DEV]["state"], "not_read");

    site.run("apply --yes").expect_ok().expect_stdout("3 changes done");
    site.unchanged();
    assert_eq!(entitled(&site), all());
    let lines = audit(&site);
    assert_eq!(lines.len(), 3);
    for line in &lines {
        assert_eq!(line["action"], "create_entitlement", "{line}");
        assert!(line["actor"].as_str().unwrap().starts_with("arn:aws:iam::"), "{line}");
        assert!(
            line["request_id"].as_str().is_some_and(|id| id.len() == 36) && line["role_arn"].is_string(),
            "{line}"
        );
    }

    // Others add somebody: reported, and removed only if the file says so.
    site.sim.entitle(ALICE, AUDIT);
    let plan = site.run("plan --exit-code");
    plan.expect_code(0).expect_stdout("not in the access file, stays");
    site.write(&ROLES.replace("\"idc:Developers\", ", ""));
    site.run("apply --yes").expect_ok();
    assert_eq!(entitled(&site).len(), 4);
    site.write(&(ROLES.replace("\"idc:Developers\", ", "") + REMOVE));
    site.run("plan").expect_ok().expect_stdout("2 IAM roles to take away");
    site.run("apply --yes").expect_ok();
    assert_eq!(entitled(&site), pairs(&[("Operations", DEV), ("Operations", AUDIT)]));
    assert_eq!(audit(&site).last().unwrap()["action"], "delete_entitlement");
    site.unchanged();
}

#[test]
fn an_export_plans_to_no_changes_and_who_shows_the_exact_arn() {
    let site = site();
    site.run("apply --yes").expect_ok();
    site.sim.entitle(ALICE, AUDIT);
    // As of somebody who has no access file with roles yet.
    site.write("");
    let exported = site.run("export").expect_ok();
    let exported = exported.expect_stdout(&format!("# {AUDIT} in 444455556666: user "));
    let json = site.run("export --json").expect_ok();
    for (name, text) in [("exported.toml", exported.stdout_text()), ("exported.json", json.stdout_text())] {
        site.env.write_home_file(name, &text);
        let file = site.env.home().join(name);
        let plan = site.run(&format!("plan --exit-code --file {}", file.display()));
        plan.expect_code(0).expect_stdout("no changes").expect_stdout(&format!("? {AUDIT} (audit): user "));
    }

    let csv = site.run("who --csv --role Developer").expect_ok().stdout_text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "group_path,group,user,permission_set,account_id,account_name,role_arn_pattern");
    assert_eq!(lines[1], format!(",Developers,,,111122223333,dev,{DEV}"));
    let report = site.run("who --json --user alice@example.com").expect_ok().stdout_json();
    let row = &report["assignments"][0];
    assert_eq!(
        (&row["user"], &row["role"], &row["permission_set"]),
        (&ALICE.into(), &AUDIT.into(), &Value::Null)
    );
    let report = site.run("who --json --account audit").expect_ok().stdout_json();
    assert_eq!(report["assignments"].as_array().map(Vec::len), Some(2), "{report}");
    let report = site.run("who --json --set *").expect_ok().stdout_json();
    assert_eq!(report["assignments"], Value::Array(vec![]));
    site.run("who").expect_ok().expect_stdout("PERMISSION SET OR ROLE").expect_stdout(DEV);
}

#[test]
fn a_role_that_does_not_trust_is_refused_and_the_others_go_on() {
    for check in [EntitlementCheck::Validation, EntitlementCheck::AccessDenied] {
        let site = of(builder().entitlement_check(check));
        site.sim.set_account_access_trust(DEV, AccountAccessTrust::Missing);
        site.run("apply --yes")
            .expect_code(1)
            .expect_stdout("does not allow account access manager to assume it")
            .expect_stdout("1 change done")
            .expect_stderr("\"aws:SourceAccount\": \"000011112222\"");
        assert_eq!(entitled(&site), pairs(&[("Operations", AUDIT)]));
        let report = site.run("apply --yes --json").expect_code(1).stdout_json();
        assert_eq!(report["outcome"]["failures"].as_array().map(Vec::len), Some(2));
        assert_eq!(report["outcome"]["trust_statement"]["Effect"], "Allow");
        let failures: Vec<Value> =
            audit(&site).into_iter().filter(|line| line["error"].is_string()).collect();
        assert_eq!(failures.len(), 4);
        site.sim.set_account_access_trust(DEV, AccountAccessTrust::Granted);
        site.run("apply --yes").expect_ok();
        site.unchanged();
    }
}

/// A role of the caller's own account is looked at before it is used.
#[test]
fn the_trust_policy_of_the_own_account_is_checked_in_the_plan() {
    let site = of(builder().entitlement_check(EntitlementCheck::None));
    site.write(&format!("[[assign]]\nrole = \"{OPERATOR}\"\ngroups = [\"idc:Operations\"]\n"));
    let plan = site.run("plan");
    assert!(!plan.stderr_text().contains("Principal"), "it is as it should be: {plan}");
    site.sim.set_account_access_trust(OPERATOR, AccountAccessTrust::Missing);
    let plan = site.run("plan").expect_ok();
    plan.expect_stderr("account-access.amazonaws.com is not among the principals")
        .expect_stderr("\"Principal\"");
    // AWS does not look, and the plan goes on saying so.
    site.run("apply --yes").expect_ok();
    site.run("plan --exit-code").expect_code(0).expect_stderr("cannot be assumed by account access manager");
    let named =
        format!("[[assign]]\nrole = \"{}\"\ngroups = [\"idc:Operations\"]\n", OPERATOR.replace("ops/", ""));
    site.write(&named);
    site.run("plan").expect_ok().expect_stderr(&format!("the role of this name is {OPERATOR}"));
    site.write(&named.replace("Operator", "Nobody"));
    site.run("plan").expect_ok().expect_stderr("does not exist");
    // The right is not needed for a plan.
    let actions = ["sso:*", "organizations:*", "identitystore:*", "account-access:*"];
    act_with(&site, &actions.map(str::to_owned));
    site.run("plan").expect_ok().expect_stderr("cannot be read from this account");
}

#[test]
fn without_permission_sets_there_are_roles() {
    let site = of(builder().permission_sets_enabled(false));
    for line in ["plan", "export", "who"] {
        site.run(line).expect_ok().expect_stderr("Permission sets are switched off in this instance");
    }
    site.run("apply --yes").expect_ok().expect_stdout("3 changes done");
    site.unchanged();
    let report = site.run("who --json").expect_ok().stdout_json();
    assert_eq!(report["assignments"].as_array().map(Vec::len), Some(3));
    let exported = site.run("export").expect_ok().stdout_text();
    site.env.write_home_file("exported.toml", &exported);
    let file = site.env.home().join("exported.toml");
    site.run(&format!("plan --exit-code --file {}", file.display())).expect_code(0);
    site.write(crate::site::ACCESS);
    let output = site.fails("permission sets", "apply --yes", 3, "permission sets are switched off");
    output.expect_stderr("role = \"arn:…\"");
    let lists = site.sim.count(Route::ListPermissionSets) + site.sim.count(Route::CreatePermissionSet);
    assert_eq!(lists, 0, "nothing of them is asked for");
}

#[test]
fn an_application_that_is_missing_or_not_ready_is_explained() {
    let site = Site::of(IdcSim::builder());
    site.write(ROLES);
    for line in ["plan", "apply --yes"] {
        let output = site.fails("no application", line, 3, "account access manager is not set up");
        output.expect_stderr("aws account-access create-application --identity-source identityCenter={instanceArn=arn:aws:sso:::instance/ssoins-");
    }
    // Without roles in the file it is ignored.
    site.write("");
    site.sim.clear_log();
    site.run("plan").expect_ok();
    site.run("who").expect_ok();
    assert_eq!(site.sim.count(Route::AccountAccessListApplications), 1, "who looks, a plan does not");

    let site = self::site();
    let answer = r#"{"identitySource":{"identityCenter":{"instanceArn":"arn:aws:sso:::instance/ssoins-1234567890abcdef"}},"status":"CREATE_IN_PROGRESS","createdAt":"2026-11-29T08:00:00Z","updatedAt":"2026-11-29T08:00:00Z"}"#;
    site.sim.fault(Route::AccountAccessGetApplication, Fault::status(200, answer));
    site.fails("not ready", "apply --yes", 1, "is CREATE_IN_PROGRESS");
    let other =
        answer.replace("1234567890abcdef", "fedcba0987654321").replace("CREATE_IN_PROGRESS", "ACTIVE");
    site.sim.clear_faults();
    site.sim.fault(Route::AccountAccessGetApplication, Fault::status(200, other));
    site.fails("another instance's", "apply --yes", 3, "is not set up for this instance");
    assert_eq!(writes(&site), 0);
}

#[test]
fn what_is_dangerous_is_refused() {
    let site = site();
    for number in 0..8 {
        let name = format!("user{number}@example.com");
        site.sim.add_user(&name, None);
        site.sim.entitle(&name, DEV);
    }
    site.write(&(ROLES.to_owned() + REMOVE));
    site.fails("the cap", "apply --yes", 8, "8 of 8 assignments would be removed; 5 are allowed");
    assert_eq!(writes(&site), 0);
    site.run("apply --yes --max-removals 8").expect_ok();
    site.unchanged();
    site.run("plan --out plan.json").expect_ok();
    site.sim.withdraw_group("Operations", DEV);
    site.fails("a plan of before", "apply plan.json", 8, "IAM roles to be assigned or not any more");
    site.write(&ROLES.replace("111122223333", "999999999999"));
    site.fails("another organization", "apply --yes", 3, "is not in the organization");
}

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
fn the_least_rights_are_enough_and_not_given_unasked() {
    let site = site();
    site.write(&format!(
        "{ROLES}\n[[assign]]\nrole = \"{OPERATOR}\"\ngroups = [\"idc:Developers\"]\n{REMOVE}"
    ));
    act_with(&site, &actions(&site, "policy aws"));
    site.fails("not asked for", "plan", 1, "account-access:GetApplication");
    act_with(&site, &actions(&site, "policy aws --account-access"));
    site.run("apply --yes").expect_ok();
    site.sim.entitle(ALICE, AUDIT);
    site.run("apply --yes").expect_ok();
    site.run("export").expect_ok();
    act_with(&site, &actions(&site, "policy aws --account-access --read-only"));
    site.unchanged();
    site.run("who").expect_ok();
    // Where no role is listed, a right that is missing is said, and no more.
    site.write("");
    act_with(&site, &actions(&site, "policy aws"));
    for line in ["who", "export"] {
        site.run(line).expect_ok().expect_stderr("IAM roles of account access manager were not read");
    }
}

#[test]
fn check_names_the_tenant_and_what_is_missing() {
    let found = |site: &Site| -> Value {
        let report = admin(&site.env, "check --json").run().stdout_json();
        let checks = report["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "account_access").unwrap()
    };
    let site = site();
    let finding = found(&site);
    assert_eq!(finding["state"], "ok");
    let url = format!("https://{TENANT}.account-access.eu-central-1.app.aws");
    assert!(finding["reason"].as_str().unwrap().contains(&url), "{finding}");
    let site = Site::of(IdcSim::builder());
    let finding = found(&site);
    assert!(
        finding["state"] == "ok" && finding["reason"].as_str().unwrap().contains("not set up"),
        "{finding}"
    );
    site.write(ROLES);
    let finding = found(&site);
    assert!(
        finding["state"] == "error" && finding["fix"].as_str().unwrap().contains("create-application"),
        "{finding}"
    );
}

/// From the access file to credentials: what the administrator assigns to a group, its member uses.
#[test]
fn alice_uses_the_role_that_the_administrator_gave_her_group() {
    let site = of(builder().user(ALICE, "wonderland").auto_approve(true));
    site.sim.add_member("Developers", ALICE);
    site.env.write_aws_config(&format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n",
        site.sim.start_url(),
        site.sim.region()
    ));
    let config = format!("[sessions.corp]\naccount_access = \"{TENANT}\"\n");
    site.env.write_home_file(".config/kcaws/config.toml", config);
    let kcaws = |line: &str| -> Output {
        let command = site.env.command(developers_binary()).args(line.split_whitespace());
        command.allow_secret_on_stdout().timeout(Duration::from_mins(1)).run()
    };
    kcaws("login corp --no-browser").expect_ok();
    let credentials = format!("credential-process --session corp --account 111122223333 --role {DEV}");
    kcaws(&credentials).expect_code(6);

    site.run("apply --yes").expect_ok();
    let listed = kcaws("accounts corp --json --refresh").expect_ok().stdout_json().to_string();
    assert!(listed.contains(DEV) && !listed.contains(AUDIT), "{listed}");
    let issued = kcaws(&credentials).expect_ok().stdout_json();
    assert_eq!((&issued["Version"], &issued["AccountId"]), (&1.into(), &"111122223333".into()));

    // A role that was taken away is not given out again.
    site.write(&(ROLES.replace("\"idc:Developers\", ", "") + REMOVE));
    site.run("apply --yes").expect_ok();
    let listed = kcaws("accounts corp --json --refresh").expect_ok().stdout_json().to_string();
    assert!(!listed.contains(DEV), "{listed}");
    kcaws("logout corp").expect_ok();
}
