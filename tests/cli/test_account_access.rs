//! IAM roles by account access manager: the same commands, the other service, and every answer that AWS may give.

use std::time::Duration;

use idc_sim::{
    AccountAccessTrust, Builder, Fault, ForeignRegion, IamRole, IdcSim, Route, WithoutPermissionSets,
};
use kcaws::profile::line::program_word;
use kcaws_test_kit::{Output, TestCommand};

use crate::fixture::{ACCOUNT, LoginFixture, binary};

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const TENANT: &str = "aa-gyxmap389";
pub(crate) const ARN: &str = "arn:aws:iam::111122223333:role/team/Deploy";
pub(crate) const AUDIT: &str = "arn:aws:iam::999900001111:role/Audit";

/// A company with one IAM role beside a permission set, and one in an account where alice has no permission set.
pub(crate) fn company() -> Builder {
    company_whose_other_account_is("audited")
}

pub(crate) fn company_whose_other_account_is(name: &str) -> Builder {
    let role = |arn| IamRole::new(arn).account_access(AccountAccessTrust::Granted);
    IdcSim::builder()
        .account(ACCOUNT, "dev", "dev@example.com")
        .assign(ALICE, ACCOUNT, "PowerUserAccess")
        .account("999900001111", name, "audited@example.com")
        .tenant(TENANT)
        .iam_role(role(ARN).max_session(Duration::from_hours(4)))
        .iam_role(role(AUDIT))
        .entitle(ALICE, ARN)
        .group("auditors", &[ALICE])
        .entitle_group("auditors", AUDIT)
}

fn without_login(builder: Builder) -> LoginFixture {
    let fixture = LoginFixture::with(builder);
    allow(&fixture, TENANT);
    fixture
}

pub(crate) fn with(builder: Builder) -> LoginFixture {
    let fixture = without_login(builder);
    fixture.log_in();
    fixture
}

pub(crate) fn allow(fixture: &LoginFixture, setting: &str) {
    let text = format!("[sessions.corp]\naccount_access = \"{setting}\"\n");
    fixture.env.write_home_file(".config/kcaws/config.toml", text);
}

pub(crate) fn credentials_of(fixture: &LoginFixture, arn: &str) -> TestCommand {
    let account = arn.split(':').nth(4).unwrap();
    fixture
        .kcaws(&format!("credential-process --session corp --account {account} --role {arn}"))
        .allow_secret_on_stdout()
}

pub(crate) fn fetch(fixture: &LoginFixture) -> Output {
    credentials_of(fixture, ARN).run()
}

fn asked(fixture: &LoginFixture) -> usize {
    fixture.sim.count(Route::AccountAccessListRoles)
        + fixture.sim.count(Route::AccountAccessGetRoleCredentials)
}

/// The end of the credentials in a line of `credential-process`, from now, in minutes.
pub(crate) fn minutes_left(fixture: &LoginFixture, output: &Output) -> i64 {
    let end = output.stdout_json()["Expiration"].as_str().unwrap().to_owned();
    let end = chrono::DateTime::parse_from_rfc3339(&end).unwrap();
    let now = chrono::DateTime::<chrono::Utc>::from(fixture.sim.now());
    (end.to_utc() - now).num_minutes()
}

#[test]
fn credentials_of_an_iam_role_are_fetched_once_and_then_served_warm() {
    let fixture = with(company());
    let first = fetch(&fixture).expect_ok();
    let line = first.stdout_json();
    assert_eq!((&line["Version"], &line["AccountId"]), (&1.into(), &ACCOUNT.into()));
    assert_eq!(minutes_left(&fixture, &first), 239, "as long as the role allows");
    assert_eq!(fixture.sim.count(Route::AccountAccessGetRoleCredentials), 1);
    let again = fetch(&fixture).expect_ok();
    assert_eq!(again.stdout, first.stdout);
    assert_eq!(fixture.sim.count(Route::AccountAccessGetRoleCredentials), 1, "served from the cache");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 0, "the portal knows nothing of it");
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1, "permission sets go on as before");
}

#[test]
fn the_account_and_the_arn_must_agree() {
    let fixture = with(company());
    let line = format!("credential-process --session corp --account 222233334444 --role {ARN}");
    fixture
        .run(&line)
        .expect_code(2)
        .expect_stderr("the role is in account 111122223333, not in 222233334444");
    for role in ["arn:aws:iam::111122223333:user/a", "a/b", "arn:aws:iam::111122223333:role/"] {
        fixture
            .run(&format!("credential-process --session corp --account {ACCOUNT} --role {role}"))
            .expect_code(2);
    }
    assert_eq!(asked(&fixture), 0);
}

#[test]
fn both_kinds_are_in_one_list_in_profiles_and_in_names() {
    let fixture = with(company());
    let listed = fixture.run("accounts --json").expect_ok().stdout_json();
    let of = |id: &str| {
        let accounts = listed["accounts"].as_array().unwrap();
        accounts.iter().find(|one| one["account_id"] == id).unwrap_or_else(|| panic!("{listed}")).clone()
    };
    assert_eq!(of(ACCOUNT)["iam_roles"], serde_json::json!([{"name": "Deploy", "arn": ARN}]));
    assert!(of(ACCOUNT)["roles"].as_array().unwrap().contains(&"PowerUserAccess".into()));
    let audited = of("999900001111");
    assert_eq!(audited["iam_roles"][0]["arn"], AUDIT);
    assert_eq!((&audited["roles"], &audited["account_name"]), (&serde_json::json!([]), &"audited".into()));
    fixture.run("accounts").expect_ok().expect_stdout("IAM ROLES").expect_stdout("Deploy");

    fixture.run("profile sync corp --yes").expect_ok();
    let config = std::fs::read_to_string(fixture.env.aws_config_path()).unwrap();
    assert!(config.contains(&format!("--account {ACCOUNT} --role {ARN}")), "{config}");
    let synced = fixture.run("profile sync corp --yes --json").expect_ok().stdout_json();
    let changes = synced["profiles"].as_array().unwrap();
    assert!(changes.iter().all(|one| one["change"] == "unchanged"), "{synced}");
    let profiles = fixture.run("profile list --json").expect_ok().stdout_json();
    let profiles = profiles["profiles"].as_array().unwrap();
    let deploy = profiles.iter().find(|one| one["role_arn"] == ARN).expect("is listed");
    assert_eq!((&deploy["role_name"], &deploy["source"]), (&"Deploy".into(), &"kcaws".into()));
    let name = deploy["name"].as_str().unwrap();
    let uses = fixture.run("use --json").expect_ok().stdout_json();
    let uses = uses["profiles"].as_array().unwrap();
    assert!(uses.iter().any(|one| one["name"] == name && one["role_arn"] == ARN), "{uses:?}");

    let who = fixture.run(&format!("whoami {name} --json")).expect_ok().stdout_json();
    assert!(
        who["arn"].as_str().unwrap().starts_with("arn:aws:sts::111122223333:assumed-role/Deploy/"),
        "{who}"
    );
    assert_eq!((&who["user"], &who["role_arn"]), (&serde_json::Value::Null, &ARN.into()), "no person");
    let prompt = fixture.kcaws("prompt --format {role}").env("AWS_PROFILE", name).run().expect_ok();
    assert_eq!(prompt.stdout_text(), "Deploy");
    let status = fixture.run("status --json").expect_ok().stdout_json();
    let warm = status["sessions"][0]["warm_credentials"].as_array().unwrap();
    assert!(warm.iter().any(|one| one["role_arn"] == ARN && one["role_name"] == "Deploy"), "{status}");
    let words = "__complete -- kcaws profile add x --session corp --account 111122223333 --role";
    let completed = fixture.kcaws(words).arg("").run().expect_ok();
    assert!(completed.stdout_text().contains(ARN), "{completed}");
}

#[test]
fn an_account_with_iam_roles_only_is_found_by_its_name() {
    let fixture = with(company());
    let exec = |name: &str, role: &str| {
        fixture.run(&format!("exec --session corp --account {name} --role {role} -- true"))
    };
    exec("audited", AUDIT).expect_ok();
    exec("dev", ARN).expect_ok();
    exec("nowhere", ARN).expect_code(125).expect_stderr("AWS lists no account `nowhere` for you");
    fixture.sim.fault(Route::AccountAccessListRoles, Fault::broken_json()).times(99);
    exec("dev", "PowerUserAccess").expect_ok();
    exec("nowhere", ARN).expect_code(125).expect_stderr("unexpected response");
    fixture.sim.clear_faults();
    fixture.sim.fault(Route::ListAccounts, Fault::broken_json()).times(99);
    exec("audited", AUDIT).expect_ok();
}

#[test]
fn two_accounts_of_one_name_are_two_whatever_is_assigned_in_them() {
    let fixture = with(company_whose_other_account_is("dev"));
    let exec = format!("exec --session corp --account dev --role {ARN} -- true");
    fixture.run(&exec).expect_code(125).expect_stderr("there are 2 accounts `dev`");
}

#[test]
fn a_role_assumed_with_an_iam_role_is_of_that_runtime() {
    let deploy = "arn:aws:iam::222233334444:role/Deploy";
    let fixture = without_login(company().iam_role(IamRole::new(deploy).trusts(ARN)));
    let profiles = format!(
        "{}\n[profile first]\ncredential_process = {} credential-process --session corp --account {ACCOUNT} --role {ARN}\n\n\
         [profile chained]\nrole_arn = {deploy}\nsource_profile = first\nregion = eu-west-1\n",
        fixture.config(),
        program_word(binary().to_str().unwrap()).unwrap(),
    );
    fixture.env.write_aws_config(&profiles);
    fixture.log_in();
    fixture.run("exec chained -- true").expect_ok();
    let prompt = |fixture: &LoginFixture| {
        fixture.kcaws("prompt --format {left}").env("AWS_PROFILE", "chained").run().expect_ok().stdout_text()
    };
    assert_ne!(prompt(&fixture), "renews", "the credentials are warm");
    let other = company().start();
    for (name, url) in other.env() {
        if name == "AWS_ENDPOINT_URL_ACCOUNT_ACCESS_RUNTIME" {
            fixture.env.set_env(name, url);
        }
    }
    // What the first runtime gave does not answer for the second.
    fixture.run("exec chained -- true").expect_code(125).expect_stderr("ACCOUNT_ACCESS_RUNTIME");
    assert_eq!(prompt(&fixture), "renews");
}

#[test]
fn exec_env_and_the_console_work_with_an_iam_role() {
    let fixture = with(company());
    let add =
        format!("profile add deploy --session corp --account {ACCOUNT} --role {ARN} --region eu-west-1");
    fixture.run(&add).expect_ok();
    let exec = fixture.run("exec deploy -- sh -c ${AWS_SESSION_TOKEN:+true}").expect_ok();
    drop(exec);
    fixture.kcaws("env deploy").allow_secret_on_stdout().run().expect_ok().expect_stdout("AWS_SESSION_TOKEN");
    let url = fixture.kcaws("console deploy --print").allow_secret_on_stdout().run().expect_ok();
    assert!(url.stdout_text().contains("/federation?Action=login"), "{url}");
    let link = fixture.run("console deploy --via portal --print").expect_ok().stdout_text();
    let portal = fixture.sim.tenant_url().unwrap();
    assert!(
        link.starts_with(&format!("{portal}/#/console?account_id={ACCOUNT}&role_name=Deploy&")),
        "{link}"
    );
}

#[test]
fn a_login_from_before_is_not_used_and_permission_sets_go_on() {
    let fixture = LoginFixture::with(company());
    fixture.log_in();
    fetch(&fixture).expect_code(3).expect_stderr("has no `account_access`");
    allow(&fixture, TENANT);
    fetch(&fixture)
        .expect_code(4)
        .expect_stderr("without account access")
        .expect_stderr("run `kcaws login corp`");
    fixture.credentials().expect_ok();
    let listed = fixture.run("accounts --refresh").expect_code(1);
    let listed = listed.expect_stdout("PowerUserAccess").expect_stderr("but not your IAM roles");
    listed.expect_stderr("run `kcaws login corp`");
    assert_eq!(asked(&fixture), 0, "nothing was sent");
    fixture.log_in();
    fetch(&fixture).expect_ok();
    // What the setting names now is another tenant than that of the login.
    allow(&fixture, "aa-another");
    credentials_of(&fixture, AUDIT).run().expect_code(3).expect_stderr("is for the tenant `aa-gyxmap389`");
    fixture.credentials().expect_ok();
}

#[test]
fn a_login_that_has_the_scopes_is_not_made_again() {
    let fixture = with(company());
    fixture.run("login corp --no-browser").expect_ok().expect_stderr("Already logged in");
    assert_eq!(fixture.sim.count(Route::RegisterClient), 1);
}

#[test]
fn a_tenant_of_another_region_is_asked_in_that_region() {
    let builder = company().tenant_region("us-east-1").foreign_region(ForeignRegion::Accepted);
    let fixture = LoginFixture::behind_the_proxy_with(builder);
    allow(&fixture, &fixture.sim.tenant_url().unwrap());
    fixture.log_in();
    fetch(&fixture).expect_ok();
    let refusing = company().tenant_region("us-east-1").foreign_region(ForeignRegion::Unauthorized);
    let fixture = LoginFixture::behind_the_proxy_with(refusing);
    allow(&fixture, &fixture.sim.tenant_url().unwrap());
    fixture.log_in();
    fetch(&fixture).expect_code(4).expect_stderr("the tenant and its Region");
}

#[test]
fn by_tls_to_the_services_own_host() {
    let fixture = LoginFixture::behind_the_proxy_with(company());
    allow(&fixture, TENANT);
    fixture.log_in();
    fetch(&fixture).expect_ok();
    fixture.run("accounts").expect_ok().expect_stdout("Deploy");
}

#[test]
fn without_permission_sets_the_iam_roles_are_still_listed() {
    for answer in [WithoutPermissionSets::EmptyList, WithoutPermissionSets::Forbidden] {
        let fixture = with(company().without_permission_sets(answer).permission_sets_enabled(false));
        let listed = fixture.run("accounts --json").expect_ok().stdout_json();
        assert_eq!(listed["accounts"].as_array().unwrap().len(), 2, "{listed}");
        fixture.run("profile sync corp --yes").expect_ok();
        fetch(&fixture).expect_ok();
    }
}

#[test]
fn configure_writes_the_profiles_of_one_list_and_names_the_other() {
    let fixture = with(company());
    let configure = |list: Route| {
        fixture.env.write_aws_config(&fixture.config());
        fixture.sim.clear_faults();
        fixture.sim.fault(list, Fault::broken_json()).times(99);
        let output = fixture.run("configure corp --profiles all --yes --no-shell-line").expect_code(1);
        (output.expect_stderr("unexpected response"), fixture.env.read_aws_config())
    };
    let (output, config) = configure(Route::AccountAccessListRoles);
    output.expect_stderr("but not your IAM roles").expect_stderr("1 created");
    assert!(config.contains("[profile dev-power-user-access]") && !config.contains(ARN), "{config}");
    let (output, config) = configure(Route::ListAccountRoles);
    output.expect_stderr("but not your permission sets").expect_stderr("2 created");
    assert!(config.contains(&format!("--role {AUDIT}")) && !config.contains("power-user-access"), "{config}");
}

#[test]
fn configure_sets_the_tenant_before_the_login_that_needs_it() {
    let fixture = LoginFixture::with(company().auto_approve(true));
    let line = format!("configure corp --account-access {TENANT} --profiles all --yes --no-shell-line");
    fixture.run(&line).expect_ok().expect_stderr("Account access of session `corp` set");
    assert!(fixture.env.read_aws_config().contains(&format!("--role {ARN}")));
    assert_eq!(fixture.sim.count(Route::RegisterClient), 1, "one login, with all scopes");
    fetch(&fixture).expect_ok();
}

#[test]
fn someone_without_any_account_hears_of_account_access() {
    let fixture = LoginFixture::with(IdcSim::builder().no_assignments().auto_approve(true));
    let line = "configure corp --profiles all --yes --no-shell-line";
    let output = fixture.run(line).expect_ok().expect_stderr("AWS lists no accounts for you");
    output.expect_stderr("pass --account-access TENANT");
}

#[test]
fn doctor_names_a_login_that_lacks_account_access() {
    let fixture = LoginFixture::with(company());
    fixture.log_in();
    allow(&fixture, TENANT);
    let finding = |fixture: &LoginFixture| {
        let checks = fixture.run("doctor --json --offline").stdout_json()["checks"].clone();
        let is_it = |one: &&serde_json::Value| one["reason"].as_str().unwrap().contains("IAM roles");
        let found = checks.as_array().unwrap().iter().find(is_it).expect("a finding").clone();
        found["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(finding(&fixture), "warning");
    fixture.log_in();
    assert_eq!(finding(&fixture), "ok");
}
