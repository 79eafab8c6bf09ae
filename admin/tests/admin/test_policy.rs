//! The least rights are enough.

use std::collections::BTreeSet;

use idc_sim::{IdcSim, Route};
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::{Client, clients};

use crate::fixture::{Company, admin, aws_environment};
use crate::staff::Staff;

fn actions(company: &Company<'_>, line: &str) -> Vec<String> {
    let policy = company.run(line).expect_ok().stdout_json();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap().clone();
    actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn roles(company: &Company<'_>, line: &str) -> Vec<String> {
    let report = company.run(line).expect_ok().stdout_json();
    let roles = report["roles"].as_array().unwrap().clone();
    roles.iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn exactly_the_rights_of_the_policies_run_a_check() {
    let server = require_keycloak!();
    let everything = Company::new(server);
    let roles = roles(&everything, "policy keycloak --read-only --json");
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let company = Company::with(server, IdcSim::builder(), &roles);
    company.realm.connect(&company.sim.sp_metadata());
    company.realm.create_user("alice", "alice@example.com", "alice-pw");

    let actions = actions(&everything, "policy aws --read-only");
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    let key = company.sim.access_key(company.sim.management_account(), &actions);
    company.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    company.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
    for name in ["realm", "rights", "name_id", "aws_credentials", "instance", "account"] {
        let findings = company.findings(name);
        assert!(!findings.is_empty(), "{name}");
        assert!(findings.iter().all(|finding| finding["state"] == "ok"), "{findings:?}");
    }
}

/// Every operation that the administrators' services were asked for is in the policy, by its name there.
#[test]
fn whatever_access_and_offboard_call_is_in_the_policy() {
    let server = require_keycloak!();
    let sim = IdcSim::builder()
        .no_assignments()
        .account_unit("111122223333", "/Workloads")
        .account_tag("111122223333", "stage", "dev")
        // The old form of Organizations, in which each unit is asked for its accounts.
        .account_paths(false)
        .operation_time(std::time::Duration::from_millis(300))
        .admin_throttle(None);
    let staff = Staff::new(server, sim);
    let company = &staff.company;
    staff.add_group("Dev");
    staff.hire("anna", &["Dev"]);
    staff.apply();
    let head = company.env.read_home_file("access.toml");
    let management = company.sim.management_account();
    let full = format!(
        r#"
[permission_sets.Dev]
session = "2h"
managed = ["ReadOnlyAccess"]
customer = [{{ name = "guard" }}]
inline = {{ Version = "2012-10-17", Statement = [] }}
boundary = {{ managed = "PowerUserAccess" }}
tags = {{ owner = "platform" }}
[[assign]]
set = "Dev"
groups = ["/aws/Dev"]
accounts = ["ou:/Workloads/**", "tag:stage=dev", "{management}"]
"#
    );
    let bare =
        "\n[permission_sets.Dev]\n[unlisted]\nassignments = \"remove\"\npermission_sets = \"remove\"\n";
    let none = "\n[unlisted]\nassignments = \"remove\"\npermission_sets = \"remove\"\n";
    let printed = actions(company, "policy aws");
    let of_roles = company.run("policy aws").stdout_json()["Statement"][1]["Action"].clone();
    let of_roles = of_roles.as_array().unwrap().iter().map(|action| action.as_str().unwrap());
    let allowed: Vec<&str> = printed.iter().map(String::as_str).chain(of_roles).collect();
    let key = company.sim.access_key(management, &allowed);
    company.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    company.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
    company.sim.clear_log();
    let apply = "access apply --yes --allow role-removal --max-removals 100%";
    for access in
        [full.as_str(), &full.replace("\"2h\"", "\"3h\"").replace("platform", "security"), bare, none]
    {
        company.env.write_home_file("access.toml", format!("{head}{access}"));
        company.run(apply).expect_ok();
        company.run("access export").expect_ok();
        company.run("access who --deep --user anna@example.com").expect_ok();
        company.run("access plan --exit-code").expect_code(0);
    }
    company.run("offboard anna --apply --yes").expect_ok();

    let requests = company.sim.requests();
    let by_target = requests.iter().filter_map(|request| action(request.target()?));
    let mut called: BTreeSet<String> = by_target.collect();
    if company.sim.count(Route::AccountAccessListApplications) > 0 {
        called.insert("account-access:ListApplications".to_owned());
    }
    let missing: Vec<&String> = called.iter().filter(|action| !printed.contains(action)).collect();
    assert!(missing.is_empty(), "not in the policy: {missing:?}");
    // What else is printed is for what this run did not meet.
    let unused: Vec<&String> = printed.iter().filter(|action| !called.contains(*action)).collect();
    assert_eq!(unused, UNUSED, "{called:#?}");
}

/// moto has AWS's own list of its policies. What the service role may not do in the management account is the caller's.
#[test]
fn what_aws_withholds_from_its_service_role_is_in_the_policy() {
    let Some(moto) = clients().command_line_or_skip(Client::Moto) else { return };
    let sim = IdcSim::builder().start();
    let env = aws_environment(&sim);
    let list = "import json; from moto.iam.aws_managed_policies import aws_managed_policies_data as data\n\
        policy = json.loads(data)['AWSSSOServiceRolePolicy']['Document']\n\
        withheld = [s for s in policy['Statement'] if 'aws:PrincipalOrgMasterAccountId' in json.dumps(s.get('Condition'))]\n\
        print(json.dumps(sorted(action for statement in withheld for action in statement['Action'])))";
    let python = std::path::Path::new(&moto[0]).with_file_name("python");
    let withheld = env.command(python).args(["-c", list]).run().expect_ok().stdout_json();
    let withheld = withheld.as_array().unwrap();
    assert!(withheld.len() >= 9, "{withheld:?}");
    let policy = admin(&env, "policy aws").run().expect_ok().stdout_json();
    let printed = policy["Statement"][1]["Action"].as_array().unwrap();
    let missing: Vec<_> = withheld.iter().filter(|action| !printed.contains(action)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Of `sync`, and for credentials that are not those of the management account.
const UNUSED: [&str; 2] = ["identitystore:ListGroupMemberships", "organizations:ListDelegatedAdministrators"];

/// Returns the IAM action of an operation, by the target of its requests.
fn action(target: &str) -> Option<String> {
    let (service, operation) = target.split_once('.')?;
    let prefix = match service {
        "SWBExternalService" => "sso",
        "AWSIdentityStore" => "identitystore",
        "AWSOrganizationsV20161128" => "organizations",
        _ => return None,
    };
    Some(format!("{prefix}:{operation}"))
}

#[test]
fn a_right_that_is_missing_is_named() {
    let server = require_keycloak!();
    let company = Company::with(server, IdcSim::builder(), &["view-users"]);
    let rights = company.findings("rights");
    assert_eq!(rights[0]["state"], "error");
    let reason = rights[0]["reason"].as_str().unwrap();
    assert!(reason.contains("view-realm") && reason.contains("view-clients"), "{reason}");

    for (actions, name, word) in [
        (&["organizations:*", "sso:DescribeInstance"][..], "instance", "sso:ListInstances"),
        (&["organizations:*", "sso:ListInstances"][..], "instance", "sso:DescribeInstance"),
        (&["sso:*"][..], "account", "organizations:DescribeOrganization"),
    ] {
        let key = company.sim.access_key(company.sim.management_account(), actions);
        company.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
        company.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
        let findings = company.findings(name);
        assert_eq!(findings[0]["state"], "error", "{findings:?}");
        assert!(findings[0]["reason"].as_str().unwrap().contains(word), "{findings:?}");
    }
}
