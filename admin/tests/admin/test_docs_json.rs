//! The samples of docs/json-admin.md are what the commands print.

use idc_sim::{Fault, Route};
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::Samples;
use serde_json::{Value, json};

use crate::fixture::{admin, aws_environment};
use crate::rollout::{ACCOUNTS, Rollout};
use crate::site::refusal;

const PAGE: &str = "docs/json-admin.md";
const OWN_URL: &str = "https://sso.example.com/aws";
const PORTAL: &str = "https://d-1234567890.awsapps.com/start";

/// A change of everything, after which a group of the file has no counterpart in Identity Center yet.
fn change_everything(rollout: &Rollout<'_>) {
    let staff = &rollout.staff;
    staff.add_group("Read");
    staff.hire("carol", &["Power"]);
    staff.leave("anna", "Power");
    staff.join("anna", "Read");
    staff.change("anna", &json!({ "lastName": "Roe" }));
    staff.hire_all(&[json!({ "username": "dave", "enabled": true, "groups": ["/aws/Read"] })]);
    staff.disable("bob");
}

/// A permission set that differs, an assignment that is missing, one that goes with its role, and one that waits.
fn change_access(rollout: &Rollout<'_>) {
    let of = |groups: &[&str], account: &str| {
        format!("[[assign]]\nset = \"Power\"\ngroups = {groups:?}\naccounts = [\"{account}\"]\n")
    };
    rollout.write(&format!(
        "[permission_sets.Power]\nmanaged = [\"PowerUserAccess\"]\nsession = \"4h\"\n{}{}[unlisted]\nassignments = \"remove\"\n",
        of(&["/aws/Read", "/aws/Power"], ACCOUNTS[0]),
        of(&["/aws/Power"], "333344445555"),
    ));
}

/// A plan in a report has the fields that it has by itself, but for two.
#[track_caller]
fn assert_plan_of(report: &Value, plan: &Value) {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let own = keys(plan).into_iter().filter(|key| !["schema", "has_changes"].contains(&key.as_str()));
    assert_eq!(keys(report), own.collect::<Vec<_>>());
}

#[test]
fn the_samples_are_what_the_commands_print() {
    let mut samples = Samples::of(PAGE);
    let rollout = Rollout::new(require_keycloak!());
    let company = &rollout.staff.company;
    company.env.write_home_file("aws.xml", company.sim.sp_metadata());
    rollout.staff.add_group("Power");
    rollout.staff.hire("anna", &["Power"]);
    rollout.staff.hire("bob", &["Power"]);
    rollout.assign(&["/aws/Power"]);
    let of = |line: &str, code: i32| rollout.run(line).expect_code(code).stdout_json();

    of("client apply --metadata aws.xml --yes --json", 0);
    let client = company.realm.client(&company.sim.sp_entity_id()).unwrap();
    let attributes =
        json!({ "clientId": client["clientId"], "attributes": { "saml.assertion.lifespan": "60" } });
    company.realm.admin("PUT", &format!("/clients/{}", client["id"].as_str().unwrap()), Some(&attributes));
    samples.check_value("client plan", &of("client plan --metadata aws.xml --json", 0));
    for heading in ["metadata", "source", "policy keycloak", "token status"] {
        samples.check_value(heading, &of(&format!("{heading} --json"), 0));
    }
    samples.check_value("check", &of("check --json", 1));
    samples.check_value("redirect", &redirect());
    samples.check_value("redirect --to", &of(&format!("redirect {OWN_URL} --to {PORTAL} --json"), 0));

    let plan = of("plan --json", 0);
    assert_plan_of(&plan["sync"], &of("sync plan --json", 0));
    assert_plan_of(&plan["access"], &of("access plan --json", 0));
    samples.check_value("plan", &json!({ "refusals": plan["refusals"], "cost": plan["cost"] }));
    let applied = of("apply --yes --json", 0);
    assert_plan_of(&applied["plan"], &plan);
    samples.check_value("access who", &of("access who --json", 0));

    change_everything(&rollout);
    samples.check_value("sync explain", &of("sync explain anna --json", 0));
    samples.check_value("offboard", &of("offboard anna@example.com --json", 0));
    let plan = of("sync plan --json", 0);
    samples.check_value("sync plan", &plan);
    let no = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","detail":"no"}"#;
    rollout.sim().fault(Route::ScimCreateGroup, Fault::status(400, no)).times(1);
    let applied = of("sync apply --yes --json", 1);
    assert_plan_of(&applied["plan"], &plan);
    samples.check_value("sync apply", &applied["outcome"]);

    change_access(&rollout);
    let plan = of("access plan --json", 8);
    samples.check_value("access plan", &plan);
    let refused = of("access apply --yes --json", 8);
    assert_plan_of(&refused["plan"], &plan);
    assert_eq!(refused["outcome"], Value::Null);
    rollout.sim().fault(Route::CreateAccountAssignment, refusal("ValidationException")).times(1);
    let applied = of("access apply --yes --allow role-removal --json", 1);
    assert_plan_of(&applied["plan"], &plan);
    samples.check_value("access apply", &applied["outcome"]);
    samples.end();
}

fn redirect() -> Value {
    let sim = idc_sim::IdcSim::builder().vanity("sso.example.com", PORTAL).start();
    let env = aws_environment(&sim);
    env.set_env("HTTPS_PROXY", sim.proxy_url());
    env.set_env("AWS_CA_BUNDLE", env.write_home_file("ca.pem", sim.ca_pem()));
    admin(&env, &format!("redirect {OWN_URL} --json")).run().expect_ok().stdout_json()
}
