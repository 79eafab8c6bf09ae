//! An organization with permission sets and assignments, at the simulator. Nothing here needs the realm.

use std::time::Duration;

use idc_sim::{Fault, IdcSim};
use kcaws_test_kit::{Output, TestEnv};

use crate::fixture::{REGION, admin, aws_environment};

/// Developers, an operations team, and accounts in two units.
pub(crate) struct Site {
    pub(crate) sim: IdcSim,
    pub(crate) env: TestEnv,
}

pub(crate) const ACCESS: &str = r#"
[permission_sets.PowerUser]
description = "Everything but IAM"
session = "4h"
managed = ["PowerUserAccess"]
customer = [{ name = "guard", path = "/security/" }]
inline = "power-user.json"
tags = { owner = "platform" }

[permission_sets.ReadOnlyAccess]
existing = true

[accounts]
workloads = ["ou:/Workloads/**", "!tag:lifecycle=retired"]

[[assign]]
set = "PowerUser"
groups = ["idc:Developers"]
accounts = ["@workloads"]

[[assign]]
set = "ReadOnlyAccess"
groups = ["idc:Developers", "idc:Operations"]
accounts = ["@workloads", "name:audit"]
"#;

impl Site {
    pub(crate) fn new() -> Self {
        Self::of(IdcSim::builder())
    }

    pub(crate) fn of(builder: idc_sim::Builder) -> Self {
        let sim = builder
            .no_assignments()
            .account_unit("111122223333", "/Workloads/Dev")
            .account_unit("222233334444", "/Workloads")
            .account_unit("333344445555", "/Workloads/Prod")
            .account_tag("222233334444", "lifecycle", "retired")
            .operation_time(Duration::from_millis(300))
            .admin_throttle(None)
            .start();
        sim.add_group("Developers");
        sim.add_group("Operations");
        let site = Self::at(sim);
        let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}"#;
        site.env.write_home_file("power-user.json", policy);
        site.write(ACCESS);
        site
    }

    /// The administrator of a simulator, without an access file.
    pub(crate) fn at(sim: IdcSim) -> Self {
        let env = aws_environment(&sim);
        env.set_env("KCAWS_ADMIN_RATE", "500");
        Self { sim, env }
    }

    /// Writes the access file. Nothing here needs the realm.
    pub(crate) fn write(&self, access: &str) {
        let head = format!(
            "version = 1\n\n[realm]\nurl = \"https://sso.example.com\"\nname = \"corp\"\nclient_id = \"kcaws-admin\"\n\n[identity_center]\nregion = \"{REGION}\"\ninstance = \"{}\"\n",
            self.sim.instance_id()
        );
        self.env.write_home_file("access.toml", head + access);
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        admin(&self.env, &format!("access {line}")).run()
    }

    pub(crate) fn writes(&self) -> usize {
        access_writes(&self.sim)
    }

    /// Runs a command that fails, and asserts how: it says what, why and what to do.
    #[track_caller]
    pub(crate) fn fails(&self, what: &str, line: &str, code: i32, word: &str) -> Output {
        let output = self.run(line);
        let shown = output.stderr_text();
        assert_eq!(output.code(), code, "{what}: {line}: {output}");
        assert!(
            shown.contains("kcaws: error: ") && shown.contains("kcaws: hint: "),
            "{what}: {line}: {shown}"
        );
        assert!(shown.contains(word), "{what}: {line}: no `{word}` in {shown}");
        assert!(!shown.contains("panic") && !shown.contains("bug"), "{what}: {line}: {shown}");
        output
    }

    #[track_caller]
    pub(crate) fn unchanged(&self) {
        self.run("plan --exit-code").expect_code(0).expect_stdout("no changes");
    }
}

/// How many requests changed permission sets and assignments.
pub(crate) fn access_writes(sim: &IdcSim) -> usize {
    let requests = sim.requests();
    let names = requests.iter().filter_map(|request| request.target());
    // SWBExternalService.CreatePermissionSet
    let operations = names.filter_map(|target| target.split('.').nth(1));
    let is_read = |name: &str| ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb));
    operations.filter(|name| !is_read(name)).count()
}

/// An answer of AWS that refuses the request.
pub(crate) fn refusal(code: &str) -> Fault {
    Fault::status(400, format!(r#"{{"__type":"{code}","message":"for a test"}}"#))
}
