//! Organizations that other programs made, exported and planned; and other programs that read what kcaws says.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use idc_sim::{AccountState, Builder, IdcSim, NewGroup, OrphanedAssignments, Route};
use kcaws_test_kit::{Client, Output, TestEnv, require_client};
use serde_json::{Value, json};

use crate::fixture::{REGION, admin, aws_environment};

/// Some that begin with zeros, which a number would lose.
const ACCOUNTS: [&str; 7] = [
    "000000000123",
    "010000000004",
    "222233334444",
    "300000000001",
    "300000000002",
    "300000000003",
    "400000000001",
];
const SUSPENDED: [&str; 2] = ["300000000003", "400000000001"];

pub(crate) struct Organization {
    pub(crate) sim: IdcSim,
    pub(crate) env: TestEnv,
}

impl Organization {
    fn of(builder: Builder) -> Self {
        let sim = builder.no_assignments().operation_time(Duration::ZERO).admin_throttle(None).start();
        let env = aws_environment(&sim);
        env.set_env("KCAWS_ADMIN_RATE", "500");
        env.set_env("AWS_DEFAULT_REGION", REGION);
        env.write_home_file("access.toml", head(sim.instance_id()));
        Self { sim, env }
    }

    /// Nested units, tags, people, and names that every format has to quote; what boto3 made of it.
    fn large(python: &[OsString]) -> Self {
        let mut builder = IdcSim::builder().orphaned_assignments(OrphanedAssignments::Remain);
        for (at, id) in ACCOUNTS.iter().enumerate() {
            builder = builder.account(
                id,
                &format!("Account \"{at}\", of the Group"),
                &format!("a{at}@example.com"),
            );
        }
        for user in ["alice", "bob", "erin"] {
            builder = builder.user(&format!("{user}@example.com"), "a-password");
        }
        let builder = builder
            .account_unit(ACCOUNTS[0], "/Workloads/Prod/EU")
            .account_unit(ACCOUNTS[1], "/Workloads/Prod")
            .account_unit(ACCOUNTS[2], "/Workloads")
            .account_unit(ACCOUNTS[5], "/Closed")
            .account_tag(ACCOUNTS[0], "stage", "prod");
        let organization = Self::of(builder);
        let Self { sim, env } = &organization;
        let names = [
            "Developers",
            "Gone",
            "Team \"A\", B",
            "Ümläut & Söhne",
            "#1 = [x]",
            "=1+1",
            "two\twords",
            "it's \\ this",
        ];
        sim.add_groups(names.map(NewGroup::named));
        sim.add_members([("Developers", "bob@example.com")]);
        let accounts = ACCOUNTS.into_iter().chain([sim.management_account()]);
        script(env, python, "organization.py").args(accounts).run().expect_ok();
        sim.delete_group("Gone");
        for account in SUSPENDED {
            sim.set_account_state(account, AccountState::Suspended);
        }
        organization
    }

    fn run(&self, line: &str) -> Output {
        admin(&self.env, &format!("access {line}")).run()
    }

    fn writes(&self) -> usize {
        let is_write = |target: &str| {
            !["List", "Describe", "Get"].iter().any(|verb| target.contains(&format!(".{verb}")))
        };
        self.sim
            .requests()
            .iter()
            .filter_map(|request| request.target().map(is_write))
            .filter(|is| *is)
            .count()
    }
}

pub(crate) fn head(instance: &str) -> String {
    format!(
        "version = 1\n\n[realm]\nurl = \"https://sso.example.com\"\nname = \"corp\"\nclient_id = \"kcaws-admin\"\n\n[identity_center]\nregion = \"{REGION}\"\ninstance = \"{instance}\"\n"
    )
}

/// A script of the folder `python`.
pub(crate) fn script(env: &TestEnv, python: &[OsString], name: &str) -> kcaws_test_kit::TestCommand {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/admin/python");
    env.set_env("PYTHONDONTWRITEBYTECODE", "1");
    env.command(&python[0]).arg(folder.join(name)).timeout(Duration::from_mins(5))
}

/// Exports in both forms, and asserts that either plans to no changes. Returns the TOML and the JSON.
#[track_caller]
pub(crate) fn exports_plan_to_no_changes(env: &TestEnv) -> (String, Value) {
    let toml = admin(env, "access export").run().expect_ok().stdout_text();
    let json = admin(env, "access export --json").run().expect_ok().stdout_json();
    for (name, text) in [("exported.toml", toml.clone()), ("exported.json", json.to_string())] {
        let file = env.write_home_file(name, text);
        for option in ["", " --deep"] {
            let line = format!("access plan --exit-code{option} --file {}", file.display());
            let plan = admin(env, &line).run();
            plan.expect_code(0).expect_stdout("no changes");
        }
    }
    (toml, json)
}

#[test]
fn a_large_organization_exports_to_no_changes() {
    let python = require_client!(Client::Boto3);
    let organization = Organization::large(&python);
    let (sim, env) = (&organization.sim, &organization.env);
    sim.clear_log();
    let (toml, json) = exports_plan_to_no_changes(env);
    assert_eq!(organization.writes(), 0);

    let sets = &json["permission_sets"];
    let full = &sets["Full+Set=1,2.a@b-c_d"];
    assert_eq!(full["session"], "11h59m");
    assert_eq!(full["tags"]["nb\u{a0}sp"], "\u{2003}");
    assert_eq!(full["managed"].as_array().map(Vec::len), Some(3));
    assert_eq!(full["boundary"], json!({ "customer": "limit", "path": "/b/" }));
    assert_eq!(
        full["inline"]["Statement"][0]["Condition"]["NumericGreaterThan"]["aws:MultiFactorAuthAge"],
        3600
    );
    assert_eq!(sets["AWSAdministratorAccess"], json!({ "existing": true }));
    assert!(sets["Unused"].get("tags").is_none(), "the mark of an owner is no tag of the file: {sets}");
    // Single users, a group that is gone, and whatever is in accounts that are suspended.
    let others = json["other_assignments"].as_array().unwrap();
    let suspended = others.iter().filter(|one| SUSPENDED.iter().any(|id| one["account_id"] == *id));
    assert_eq!((others.len(), suspended.count()), (11, 5), "{others:#?}");
    assert!(toml.contains("\n# AWSAdministratorAccess in 300000000003: idc:"), "{toml}");

    // Taken over, it is still the same, and what the file cannot say stays.
    env.write_home_file("access.toml", &toml);
    organization.run("plan").expect_ok().expect_stderr("Bounded is as the file says; kcaws does not own it");
    let adopted = organization.run("apply --adopt --yes");
    adopted.expect_ok().expect_stdout("changes done");
    assert_eq!(sim.count(Route::TagResource), 7, "and nothing else");
    assert_eq!(organization.writes(), 7);
    let line = "plan --exit-code --deep";
    organization
        .run(line)
        .expect_code(0)
        .expect_stdout("no changes")
        .expect_stdout("not in the access file, stays");

    // A change reaches every role but those in suspended accounts, which AWS would refuse.
    let toml = toml.replace("session = \"11h59m\"", "session = \"2h\"");
    env.write_home_file("access.toml", &toml);
    organization.run("apply --yes").expect_ok().expect_stderr("300000000003 is left out: SUSPENDED");
    assert_eq!(sim.count(Route::ProvisionPermissionSet), ACCOUNTS.len() + 1 - SUSPENDED.len());
    organization.run(line).expect_code(0).expect_stdout("no changes");
    let removing = format!("{toml}\n[unlisted]\nassignments = \"remove\"\n");
    env.write_home_file("access.toml", removing);
    let report = organization.run("plan --deep --json").stdout_json();
    let removed = report["removals"].as_array().unwrap();
    assert!(removed.iter().all(|one| SUSPENDED.iter().all(|id| one["account_id"] != *id)), "{removed:#?}");
    assert_eq!(removed.len(), 6, "{removed:#?}");
}

#[test]
fn an_organization_that_the_aws_cli_made_exports_to_no_changes() {
    let cli = require_client!(Client::RecentAwsCli);
    let organization = Organization::of(IdcSim::builder());
    let env = &organization.env;
    let aws = |service: &str, members: &Value| {
        let mut words = service.split(' ');
        let command =
            env.command_line(&cli).args(words.by_ref()).args(["--output", "json", "--cli-input-json"]);
        let output = command.arg(members.to_string()).timeout(Duration::from_mins(2)).run().expect_ok();
        if output.stdout.is_empty() { Value::Null } else { output.stdout_json() }
    };
    let instance = aws("sso-admin list-instances", &json!({}))["Instances"][0].clone();
    let (arn, store) = (&instance["InstanceArn"], &instance["IdentityStoreId"]);
    let group = aws("identitystore create-group", &json!({ "IdentityStoreId": store, "DisplayName": "Ops" }));
    let set = json!({ "InstanceArn": arn, "Name": "Operator", "Description": "On call", "SessionDuration": "PT90M" });
    let set = aws("sso-admin create-permission-set", &set)["PermissionSet"]["PermissionSetArn"].clone();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:*","ssm:*"],"Resource":"*"}]}"#;
    let of_set = |more: Value| {
        let mut members = json!({ "InstanceArn": arn, "PermissionSetArn": set });
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        members
    };
    let read_only = json!({ "ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess" });
    aws("sso-admin attach-managed-policy-to-permission-set", &of_set(read_only));
    aws("sso-admin put-inline-policy-to-permission-set", &of_set(json!({ "InlinePolicy": policy })));
    for account in ["111122223333", organization.sim.management_account()] {
        let assignment = json!({
            "TargetType": "AWS_ACCOUNT", "TargetId": account, "PrincipalType": "GROUP", "PrincipalId": group["GroupId"],
        });
        aws("sso-admin create-account-assignment", &of_set(assignment));
    }
    let (_, json) = exports_plan_to_no_changes(env);
    let expected = json!({
        "description": "On call",
        "session": "1h30m",
        "managed": ["ReadOnlyAccess"],
        "inline": serde_json::from_str::<Value>(policy).unwrap(),
    });
    assert_eq!(json["permission_sets"]["Operator"], expected);
    let management = organization.sim.management_account();
    let assign =
        json!([{ "set": "Operator", "groups": ["idc:Ops"], "accounts": [management, "111122223333"] }]);
    assert_eq!(json["assign"], assign);
}

/// Who has what where, by the names of the principal, the permission set and the account.
type Table = BTreeSet<[String; 3]>;

/// Reads a table with a header by other people's reader, of these columns; the first one that is not empty is the name.
fn table(python: &[OsString], env: &TestEnv, csv: &str, separator: &str, columns: [&str; 4]) -> Table {
    let program = "import csv, json, sys\n\
        separator, group, user, *rest = sys.argv[1:]\n\
        quoting = csv.QUOTE_MINIMAL if separator == ',' else csv.QUOTE_NONE\n\
        rows = csv.DictReader(sys.stdin, delimiter=separator, quoting=quoting)\n\
        print(json.dumps([[row[group] or row[user], *(row[name] for name in rest)] for row in rows]))";
    let reader = env.command(&python[0]).args(["-c", program, separator]).args(columns);
    let rows: Vec<[String; 3]> =
        serde_json::from_value(reader.stdin(csv).run().expect_ok().stdout_json()).unwrap();
    let table: Table = rows.iter().cloned().collect();
    assert_eq!(table.len(), rows.len(), "a line comes twice");
    table
}

#[test]
fn who_has_what_where_is_what_aws_sso_util_finds() {
    let sso_util = require_client!(Client::AwsSsoUtil);
    let python = require_client!(Client::Boto3);
    let organization = Organization::large(&python);
    let env = &organization.env;
    // It quotes nothing.
    let theirs = env.command_line(&sso_util).args(["admin", "assignments", "--separator", "|"]);
    let theirs = theirs.timeout(Duration::from_mins(3)).run().expect_ok().stdout_text();
    let columns = ["principal_name", "principal_id", "permission_set_name", "target_id"];
    let theirs = table(&python, env, &theirs, "|", columns);
    assert_eq!(theirs.len(), 29);

    let report = organization.run("who --json --deep").expect_ok().stdout_json();
    let name = |row: &Value, key: &str| row[key].as_str().map(str::to_owned);
    let row = |row: &Value| {
        let principal = name(row, "group").or(name(row, "user")).unwrap();
        [principal, name(row, "permission_set").unwrap(), name(row, "account_id").unwrap()]
    };
    let ours: Table = report["assignments"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(ours, theirs);

    // In CSV a name is no formula and has no control characters.
    let csv = organization.run("who --csv --deep").expect_ok().stdout_text();
    let ours = table(&python, env, &csv, ",", ["group", "user", "permission_set", "account_id"]);
    let harmless = |name: &str| match name {
        "=1+1" => "'=1+1".to_owned(),
        name => name.replace('\t', "\\u{9}"),
    };
    let theirs: Table =
        theirs.into_iter().map(|[name, set, account]| [harmless(&name), set, account]).collect();
    assert_eq!(ours, theirs);

    // And for one person, with what the groups have.
    let is_bobs = |[name, ..]: &&[String; 3]| ["bob@example.com", "Developers"].contains(&name.as_str());
    let theirs: Table = theirs.iter().filter(is_bobs).cloned().collect();
    let report = organization.run("who --json --user bob@example.com").expect_ok().stdout_json();
    let ours: Table = report["assignments"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 4);
}
