//! `kcaws admin access` at moto, a simulator that nobody here wrote. boto3 makes the organization, and reads back what
//! kcaws wrote.
//!
//! moto lacks operations without which there is no export; `python/moto_admin.py` names them all, and answers them from
//! moto's own data.

use std::ffi::OsString;

use kcaws_test_kit::{Client, Running, TestEnv};
use serde_json::{Value, json};

use crate::fixture::{REGION, admin};
use crate::test_access_judges::{exports_plan_to_no_changes, head, script};

struct Moto {
    env: TestEnv,
    url: String,
    /// What it was made to know.
    lacking: Vec<String>,
    made: Value,
    python: Vec<OsString>,
    /// The interpreter that has moto.
    beside: OsString,
    _server: Running,
}

/// The services that are asked there.
const SERVICES: [&str; 4] = ["SSO_ADMIN", "IDENTITYSTORE", "ORGANIZATIONS", "STS"];

impl Moto {
    /// `None`, and the test is skipped, where it is not installed.
    fn start(what: &[&str]) -> Option<Self> {
        let clients = kcaws_test_kit::clients();
        let server = clients.command_line_or_skip(Client::Moto)?;
        let python = clients.command_line_or_skip(Client::Boto3)?;
        let env = TestEnv::new();
        env.set_envs([("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")]);
        env.set_envs([
            ("AWS_DEFAULT_REGION", REGION),
            ("KCAWS_ADMIN_RATE", "500"),
            ("KCAWS_KEYRING", "keyutils"),
        ]);
        env.set_env("KCAWS_ADMIN_FILE", env.home().join("access.toml"));
        let beside = std::path::Path::new(&server[0]).with_file_name("python").into_os_string();
        let mut running = script(&env, std::slice::from_ref(&beside), "moto_admin.py").arg("0").spawn();
        let url = running.wait_for_stdout("http://");
        let lacking = running.wait_for_stdout("ListTagsForResource");
        for service in SERVICES {
            env.set_env(format!("AWS_ENDPOINT_URL_{service}"), &url);
        }
        // moto does not have it: `who` and `export` say so and go on.
        env.set_env("AWS_ENDPOINT_URL_ACCOUNT_ACCESS", &url);
        let made = script(&env, &python, "moto_organization.py").args(what).run().expect_ok().stdout_json();
        env.write_home_file("access.toml", head(made["instance"].as_str().unwrap()));
        let lacking = lacking.split(' ').map(str::to_owned).collect();
        Some(Self { env, url, lacking, made, python, beside, _server: running })
    }

    fn account(&self, name: &str) -> &str {
        self.made["accounts"][name].as_str().unwrap()
    }
}

#[test]
fn an_organization_of_moto_exports_to_no_changes() {
    let Some(moto) = Moto::start(&[]) else { return };
    let (toml, json) = exports_plan_to_no_changes(&moto.env);
    let sets = &json["permission_sets"];
    let power = json!({
        "description": "All but IAM",
        "session": "4h",
        "managed": ["AmazonS3FullAccess", "PowerUserAccess"],
        "customer": [{ "name": "guard", "path": "/security/" }],
        "inline": { "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": "iam:*", "Resource": "*" }] },
    });
    assert_eq!(sets["Power"], power);
    let read = json!({ "managed": ["ReadOnlyAccess"], "relay_state": "https://example.com/", "tags": { "owner": "platform" } });
    assert_eq!(sets["Read"], read);
    assert_eq!(sets["Empty"], json!({}));
    assert_eq!(json["assign"].as_array().map(Vec::len), Some(2), "{toml}");
    assert_eq!(json["other_assignments"][0]["principal"]["user"], moto.made["user"]);
}

#[test]
fn what_moto_lacks_is_named_and_nothing_is_invented() {
    let Some(moto) = Moto::start(&[]) else { return };
    let at = |prefix: &str, line: &str| {
        let mut command = admin(&moto.env, line);
        for service in SERVICES {
            command = command.env(format!("AWS_ENDPOINT_URL_{service}"), format!("{}{prefix}", moto.url));
        }
        command.spawn()
    };
    // All of them are needed by one command or another; each waits for the server to come back, so at once.
    let needed_for = |operation: &str| match operation {
        "TagResource" | "UntagResource" => None,
        operation if operation.ends_with("Status") => None,
        _ => Some("access export"),
    };
    let exports: Vec<(&String, Running)> = moto
        .lacking
        .iter()
        .filter_map(|operation| {
            Some((operation, at(&format!("/without/{operation}"), needed_for(operation)?)))
        })
        .collect();
    assert_eq!(exports.len(), 3, "{:?}", moto.lacking);
    let as_it_is = at("/as-it-is", "access export --json");
    for (operation, export) in exports {
        let output = export.wait().expect_code(1);
        assert_eq!(output.stdout_text(), "", "an export that is not whole");
        output.expect_stderr(&format!("AWS had trouble with {operation} (500)"));
    }
    let output = as_it_is.wait().expect_code(1).expect_stderr("AWS had trouble with DescribeInstance (500)");
    assert_eq!(output.stdout_text(), "");
}

#[test]
fn boto3_reads_back_from_moto_what_was_applied() {
    let Some(moto) = Moto::start(&["accounts"]) else { return };
    let (env, instance) = (&moto.env, moto.made["instance"].as_str().unwrap());
    let access = r#"
[permission_sets.Power]
description = "All but IAM"
session = "1h30m"
relay_state = "https://console.aws.amazon.com/"
managed = ["PowerUserAccess", "AmazonS3FullAccess"]
customer = [{ name = "guard", path = "/security/" }]
inline = { Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = ["iam:*"], Resource = "*" }] }
tags = { owner = "platform" }
[permission_sets.Read]
managed = ["ReadOnlyAccess"]
[[assign]]
set = "Power"
groups = ["idc:Developers"]
accounts = ["ou:/Workloads/**", "!ou:/Workloads/Prod"]
[[assign]]
set = "Read"
groups = ["idc:Developers", "idc:Operations"]
accounts = ["ou:/Workloads/**", "name:sandbox-*"]
"#;
    env.write_home_file("access.toml", head(instance) + access);
    let read_back = || script(env, &moto.python, "read_back.py").run().expect_ok().stdout_json();
    let apply = || admin(env, "access apply --yes").run().expect_ok();
    let unchanged = || {
        for option in ["", " --deep"] {
            let plan = admin(env, &format!("access plan --exit-code{option}")).run();
            plan.expect_code(0).expect_stdout("no changes");
        }
    };
    apply().expect_stdout("9 changes done");
    let [dev, prod, sandbox] = ["shop-dev", "shop-prod", "sandbox-1"].map(|name| moto.account(name));
    let mut of_read =
        [dev, prod, sandbox].map(|account| [[account, "Developers"], [account, "Operations"]]).concat();
    of_read.sort_unstable();
    let power = json!({
        "description": "All but IAM",
        "session": "PT1H30M",
        "relay_state": "https://console.aws.amazon.com/",
        "managed": ["arn:aws:iam::aws:policy/AmazonS3FullAccess", "arn:aws:iam::aws:policy/PowerUserAccess"],
        "customer": [{ "Name": "guard", "Path": "/security/" }],
        "inline": { "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": ["iam:*"], "Resource": "*" }] },
        "assignments": [[dev, "Developers"]],
    });
    let read = json!({
        "description": null, "session": "PT1H", "relay_state": null, "inline": null, "customer": [],
        "managed": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        "assignments": of_read,
    });
    assert_eq!(read_back(), json!({ "Power": power, "Read": read }));
    unchanged();
    exports_plan_to_no_changes(env);

    // Changes and removals arrive, too.
    let changed = access
        .replace("\"1h30m\"", "\"2h\"")
        .replace(", \"AmazonS3FullAccess\"]", "]\n")
        .replace("customer = [", "# [")
        .replace("inline = {", "# {")
        .replace("\"idc:Developers\", \"idc:Operations\"", "\"idc:Operations\"");
    let changed = format!("{changed}\n[unlisted]\nassignments = \"remove\"\n");
    env.write_home_file("access.toml", head(instance) + &changed);
    apply();
    let found = read_back();
    assert_eq!(found["Power"]["session"], "PT2H");
    assert_eq!(found["Power"]["description"], "All but IAM");
    assert_eq!(found["Power"]["relay_state"], "https://console.aws.amazon.com/");
    assert_eq!(found["Power"]["managed"], json!(["arn:aws:iam::aws:policy/PowerUserAccess"]));
    assert_eq!((&found["Power"]["customer"], &found["Power"]["inline"]), (&json!([]), &Value::Null));
    let rows = found["Read"]["assignments"].as_array().unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row[1] == "Operations"), "{rows:?}");
    unchanged();
}

/// moto has AWS's own list of its policies. Those for job functions are below a path that nobody writes.
#[test]
fn policies_for_job_functions_are_known_by_their_names() {
    let Some(moto) = Moto::start(&["accounts"]) else { return };
    let list = "import json, sys; from moto.iam.aws_managed_policies import aws_managed_policies_data as data\n\
        print(json.dumps([name for name, policy in json.loads(data).items() if policy.get('Path') == '/job-function/']))";
    let names = moto.env.command(&moto.beside).args(["-c", list]).run().expect_ok().stdout_json();
    let names: Vec<&str> = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.len() >= 15, "{names:?}");
    let access = format!("[permission_sets.Jobs]\nmanaged = {names:?}\n");
    moto.env.write_home_file("access.toml", head(moto.made["instance"].as_str().unwrap()) + &access);
    let plan = admin(&moto.env, "access plan").run().expect_ok().stdout_text();
    for name in names {
        assert!(plan.contains(&format!("+ managed policy job-function/{name}\n")), "{name}: {plan}");
    }
}
