//! The whole story: an empty realm and an empty Identity Center, people who work in AWS, and one who leaves.
//!
//! The administrator has exactly the rights that `kcaws admin policy` prints.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use idc_sim::IdcSim;
use kcaws_test_keycloak::{Chromium, require_chromium, require_keycloak};
use kcaws_test_kit::{FakeBrowser, Output, Running, TestCommand, TestEnv, require_program};
use serde_json::json;

use crate::fixture::{CLIENT_SECRET, Company, REGION, admin, aws_environment, developers_binary};
use crate::login::{PATIENCE, trust};
use crate::staff::address;

const ACCOUNT: &str = "111122223333";
const ACCESS: &str = r#"
[permission_sets.PowerUser]
description = "Everything but IAM"
session = "1h"
managed = ["PowerUserAccess"]

[permission_sets.Reader]
managed = ["ReadOnlyAccess"]

[[assign]]
set = "PowerUser"
groups = ["/aws/PowerUser"]
accounts = ["name:dev"]

[[assign]]
set = "Reader"
groups = ["/aws/PowerUser"]
accounts = ["name:dev"]
"#;

/// How long each part took; printed, and judged by nobody.
struct Parts {
    last: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Parts {
    fn end(&mut self, part: &'static str) {
        self.done.push((part, self.last.elapsed()));
        self.last = Instant::now();
    }
}

/// Someone with a machine of their own.
struct Developer<'c> {
    name: &'c str,
    env: TestEnv,
    chromium: Chromium,
    browser: FakeBrowser,
    aws: OsString,
}

impl<'c> Developer<'c> {
    fn new(sim: &IdcSim, name: &'c str, chromium: Chromium, aws: OsString) -> Self {
        let env = TestEnv::new().with_secret_mark(idc_sim::SECRET_MARK);
        env.set_envs(sim.env());
        env.set_env("KCAWS_KEYRING", "keyutils");
        // Debian's AWS CLI knows no endpoint variables: it comes by the proxy.
        let bundle = env.write_home_file("ca.pem", sim.ca_pem());
        env.set_env("AWS_CA_BUNDLE", bundle);
        let browser = FakeBrowser::install(&env);
        Self { name, env, chromium, browser, aws }
    }

    fn kcaws(&self, line: &str) -> TestCommand {
        self.env.command(developers_binary()).args(line.split_whitespace()).timeout(PATIENCE)
    }

    /// Follows a login into the browser, as far as Keycloak's form.
    fn sign_in(&self, login: &mut Running) {
        login.wait_for_stderr("  code: ");
        self.chromium.open(&self.browser.wait_for_url());
        self.chromium.click("button.main");
        self.chromium.log_in_at_keycloak(self.name, &format!("{}-pw", self.name));
    }

    /// Sets the machine up, with one login.
    fn configure(&self, sim: &IdcSim) {
        let line = format!(
            "configure --session corp --start-url {} --region {REGION} --profiles all --profile-region {REGION} --no-shell-line --yes",
            sim.start_url()
        );
        let mut configure = self.kcaws(&line).spawn();
        self.sign_in(&mut configure);
        self.chromium.wait_for_text("body", &address(self.name));
        self.chromium.click("button[value=allow]");
        configure.wait().expect_ok();
    }

    /// Asks AWS who this is, by the real AWS CLI.
    fn aws(&self, sim: &IdcSim, profile: &str) -> Output {
        let line = ["sts", "get-caller-identity", "--profile", profile, "--output", "json"];
        let command = self.env.command(&self.aws).args(line).env("NO_PROXY", "127.0.0.1");
        command.env("HTTPS_PROXY", sim.proxy_url()).run()
    }

    #[track_caller]
    fn works(&self, sim: &IdcSim, profile: &str, set: &str) {
        let answer = self.aws(sim, profile).expect_ok().stdout_json();
        let arn = answer["Arn"].as_str().unwrap();
        let role = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_{set}_");
        assert!(arn.starts_with(&role) && arn.ends_with(&format!("/{}", address(self.name))), "{arn}");
    }

    fn credential_process(&self, set: &str) -> Output {
        let line = format!("credential-process --session corp --account {ACCOUNT} --role {set}");
        self.kcaws(&line).allow_secret_on_stdout().run()
    }
}

/// Gives the administrator the rights that are printed, and no others.
fn only_printed_rights(company: &Company<'_>) {
    let strings = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let policy = company.run("policy aws").expect_ok().stdout_json();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions: Vec<String> = statements.flat_map(|statement| strings(&statement["Action"])).collect();
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    let key = company.sim.access_key(company.sim.management_account(), &actions);
    company.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    company.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
}

/// The roles of the service account that are printed.
fn printed_roles() -> Vec<String> {
    let sim = IdcSim::builder().start();
    let report = admin(&aws_environment(&sim), "policy keycloak --json").run().expect_ok().stdout_json();
    report["roles"].as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn from_an_empty_realm_to_the_end_of_one_persons_access() {
    let server = require_keycloak!();
    let aws = require_program!("aws").into_os_string();
    let (chromium, another) = (require_chromium!(), require_chromium!());
    let mut parts = Parts { last: Instant::now(), done: Vec::new() };

    let builder = IdcSim::builder().external_user("break-glass@example.com").no_assignments();
    let roles = printed_roles();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let company = Company::without_file(server, builder.operation_time(Duration::from_millis(200)), &roles);
    let (sim, realm, env) = (&company.sim, &company.realm, &company.env);
    realm.admin("POST", "/groups", Some(&json!({ "name": "aws" })));
    let group = realm.admin("GET", "/group-by-path/aws", None)["id"].clone();
    let path = format!("/groups/{}/children", group.as_str().unwrap());
    let group = realm.admin("POST", &path, Some(&json!({ "name": "PowerUser" })))["id"].clone();
    for name in ["alice", "bob"] {
        let user = realm.create_user(name, &address(name), &format!("{name}-pw"));
        realm.admin("PUT", &format!("/users/{}/groups/{}", user.id(), group.as_str().unwrap()), None);
    }
    only_printed_rights(&company);
    parts.end("the realm, two people, a service account");

    let secret = env.write_home_file("client-secret", format!("{CLIENT_SECRET}\n"));
    env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", secret);
    let token = env.write_home_file("scim-token", sim.issue_scim_token());
    env.set_env("KCAWS_SCIM_TOKEN_FILE", token);
    let (url, endpoint) = (company.server_url(), sim.scim_endpoint());
    let line =
        format!("init --url {url} --realm {} --region {REGION} --scim-endpoint {endpoint}", realm.name());
    company.run(&line).expect_ok();
    let file = env.read_home_file("access.toml");
    env.write_home_file("access.toml", format!("{file}\n[directory]\ngroups = [\"/aws/**\"]\n{ACCESS}"));
    parts.end("admin init");
    let metadata = env.write_home_file("aws.xml", sim.sp_metadata());
    company.run(&format!("client apply --yes --metadata {}", metadata.display())).expect_ok();
    trust(&company);
    parts.end("admin client apply, admin metadata");
    company.run("sync apply --yes").expect_ok();
    company.run("sync plan --exit-code").expect_code(0).expect_stdout("no changes");
    parts.end("admin sync apply");
    company.run("access apply --yes").expect_ok().expect_stdout("4 changes done");
    company.run("access plan --exit-code").expect_code(0).expect_stdout("no changes");
    company.run("access who --user alice@example.com").expect_ok().expect_stdout("/aws/PowerUser");
    parts.end("admin access apply");
    company.run("check").expect_ok();
    parts.end("admin check");

    let alice = Developer::new(sim, "alice", chromium, aws.clone());
    let bob = Developer::new(sim, "bob", another, aws);
    alice.configure(sim);
    parts.end("alice: kcaws configure, with the login in Chromium");
    alice.works(sim, "dev-power-user", "PowerUser");
    parts.end("alice: aws sts get-caller-identity");
    bob.configure(sim);
    bob.works(sim, "dev-power-user", "PowerUser");
    parts.end("bob: the same");

    let offboard = company.run("offboard alice --apply --yes");
    offboard.expect_ok().expect_stdout("1 h, the longest of their sets");
    parts.end("admin offboard alice --apply");

    // What she has runs out; nothing is added to it.
    alice.works(sim, "dev-power-user", "PowerUser");
    let refused = alice.aws(sim, "dev-reader");
    assert_ne!(refused.code(), 0, "{refused}");
    refused.expect_stderr("no access to Reader").expect_stderr("an administrator can assign more");
    alice.credential_process("Reader").expect_code(6);
    parts.end("alice: a role that she had not used yet");

    sim.advance(Duration::from_secs(3601));
    // As time does, on this machine too.
    std::fs::remove_dir_all(alice.env.state_dir().join("kcaws/warm")).unwrap();
    let refused = alice.aws(sim, "dev-power-user");
    assert_ne!(refused.code(), 0, "{refused}");
    refused.expect_stderr("kcaws login corp");
    let refused = alice.credential_process("PowerUser");
    refused.expect_code(4).expect_stderr("kcaws login corp");
    parts.end("alice: an hour later");

    let browser = FakeBrowser::install(&alice.env);
    let alice = Developer { browser, ..alice };
    let mut login = alice.kcaws("login corp").spawn();
    alice.sign_in(&mut login);
    alice.chromium.wait_for_text("body", "Account is disabled");
    sim.advance(Duration::from_secs(601));
    login.wait().expect_code(4).expect_stderr("the sign-in was refused in the browser");
    parts.end("alice: kcaws login, refused by Keycloak");

    // Back to the clock that the AWS CLI signs by.
    sim.rewind(Duration::from_secs(3601 + 601));
    bob.works(sim, "dev-power-user", "PowerUser");
    bob.works(sim, "dev-reader", "Reader");
    parts.end("bob: works on");
    company.run("offboard alice --apply").expect_ok().expect_stdout("nothing left to do");
    company.run("sync plan --exit-code").expect_code(0).expect_stdout("no changes");
    company.run("access plan --exit-code").expect_code(0).expect_stdout("no changes");
    company.run("check").expect_ok();
    parts.end("admin: nothing left to do");
    for (part, took) in &parts.done {
        println!("{:>6.1} s  {part}", took.as_secs_f64());
    }
    for env in [&company.env, &alice.env, &bob.env] {
        env.assert_no_secret_in_files(env.state_dir());
    }
}
