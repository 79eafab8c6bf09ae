//! Profiles that assume a role with the credentials of a kcaws profile.

use idc_sim::{IamRole, IdcSim, Route};
use kcaws_test_kit::require_program;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, on_a_terminal};

const DEPLOY: &str = "arn:aws:iam::222233334444:role/ci/Deploy";
const SERIAL: &str = "arn:aws:iam::111122223333:mfa/alice";

/// Logged in, with a profile `chained` that has `keys` beside its role and its source.
fn chained(role: IamRole, keys: &str) -> LoginFixture {
    let fixture = LoginFixture::with(IdcSim::builder().iam_role(role));
    let profile = format!("\n[profile chained]\nrole_arn = {DEPLOY}\nsource_profile = dev\n{keys}");
    fixture.env.write_aws_config(&(fixture.config() + &profile));
    fixture.log_in();
    fixture
}

fn role() -> IamRole {
    IamRole::new(DEPLOY).trusts(ACCOUNT)
}

#[test]
fn every_command_acts_as_the_role_that_is_assumed() {
    let fixture = chained(role(), "region = us-east-1\n");
    let who = fixture.run("whoami --profile chained --json").expect_ok().stdout_json();
    assert_eq!(who["account_id"], "222233334444");
    assert!(who["arn"].as_str().unwrap().contains(":assumed-role/Deploy/kcaws-"), "{who}");
    for line in [
        "credential-process --profile chained",
        "env chained --format json",
        "exec chained -- true",
        "console chained --print",
        "exec --each chained -- true",
    ] {
        fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok();
    }
    assert_eq!(fixture.sim.count(Route::AssumeRole), 1, "the warm ones are used");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1);
    let handed = fixture.kcaws("credential-process --profile chained").allow_secret_on_stdout().run();
    assert_eq!(handed.expect_ok().stdout_json()["AccountId"], "222233334444");
    fixture.env.assert_no_secret_in_files(fixture.env.root());
}

#[test]
fn another_external_id_or_length_is_another_answer() {
    let fixture = chained(role().external_id("team-7"), "external_id = team-7\nduration_seconds = 43200\n");
    fixture.run("exec chained -- true").expect_ok();
    let config = fixture.env.read_aws_config();
    fixture.env.write_aws_config(&config.replace("team-7", "team-8"));
    fixture.run("exec chained -- true").expect_code(125).expect_stderr("not allowed to assume");
    fixture.run("credential-process --profile chained").expect_code(6).expect_stderr("AccessDenied");
    fixture.env.write_aws_config(&config);
    fixture.run("exec chained -- true").expect_ok();
    assert_eq!(fixture.sim.count(Route::AssumeRole), 3, "of the first one the answer is still warm");
}

#[test]
fn roles_are_assumed_one_after_another() {
    let hop = "arn:aws:iam::333344445555:role/Hop";
    let builder = IdcSim::builder()
        .iam_role(IamRole::new(hop).trusts(ACCOUNT))
        .iam_role(IamRole::new(DEPLOY).trusts(hop));
    let fixture = LoginFixture::with(builder);
    let profiles = format!(
        "\n[profile hop]\nrole_arn = {hop}\nsource_profile = dev\n\
         [profile chained]\nrole_arn = {DEPLOY}\nsource_profile = hop\nrole_session_name = build-7\n"
    );
    fixture.env.write_aws_config(&(fixture.config() + &profiles));
    fixture.log_in();
    let who = fixture.run("whoami --profile chained").expect_ok();
    who.expect_stdout("arn:aws:sts::222233334444:assumed-role/Deploy/build-7");
}

#[test]
fn a_code_is_asked_for_at_a_terminal_and_its_answer_is_kept() {
    require_program!("script");
    let fixture = chained(role().mfa(SERIAL, &["123456"]), &format!("mfa_serial = {SERIAL}\n"));
    for (line, code) in [
        ("credential-process --profile chained", 2),
        ("exec chained -- true", 125),
        ("console chained --print", 2),
        ("env chained", 2),
    ] {
        let refused = fixture.run(line).expect_code(code).expect_stderr("an MFA code is needed");
        let refused = refused.expect_stderr("hint: run `kcaws whoami --profile chained` in a terminal first");
        assert!(refused.stdout.is_empty(), "{refused}");
    }
    assert_eq!(fixture.sim.count(Route::AssumeRole), 0);
    for (code, message) in [("12345", "an MFA code has six digits"), ("000000", "the MFA code was wrong")] {
        let mut asked = on_a_terminal(&fixture, "exec chained -- true").env("TERM", "dumb").spawn();
        asked.wait_for_prompt("MFA code of");
        asked.type_line(code);
        asked.wait().expect_code(125).expect_stdout(message);
    }
    let mut asked = on_a_terminal(&fixture, "whoami --profile chained").env("TERM", "dumb").spawn();
    asked.wait_for_prompt("MFA code of");
    asked.type_line("123456");
    asked.wait().expect_ok().expect_stdout("assumed-role/Deploy/");
    for line in ["credential-process --profile chained", "exec chained -- true", "console chained --print"] {
        fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok();
    }
    let asked_again = on_a_terminal(&fixture, "exec chained -- true").env("TERM", "dumb").run().expect_ok();
    assert!(!asked_again.stdout_text().contains("MFA code"), "{asked_again}");
}

#[test]
fn a_role_in_a_profile_with_a_permission_set_is_the_role() {
    let fixture = LoginFixture::with(IdcSim::builder().iam_role(role()));
    let both = format!(
        "\n[profile both]\nrole_arn = {DEPLOY}\nsource_profile = dev\nsso_session = corp\n\
         sso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n"
    );
    fixture.env.write_aws_config(&(fixture.config() + &both));
    fixture.log_in();
    fixture.run("whoami --profile both").expect_ok().expect_stdout("assumed-role/Deploy/");
}

#[test]
fn a_profile_that_some_tools_take_elsewhere_is_refused_with_the_place() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.env.write_home_file(
        ".aws/credentials",
        "[dev]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n",
    );
    for line in ["exec dev -- true", "env dev", "console dev --print", "whoami --profile dev"] {
        let refused = fixture.run(line);
        assert!(matches!(refused.code(), 3 | 125), "{refused}");
        refused.expect_stderr("credentials:2: ").expect_stderr("aws_access_key_id");
    }
}

#[test]
fn the_session_of_a_chained_profile_is_that_of_its_source() {
    let fixture = chained(role(), "");
    let other = "\n[sso-session other]\nsso_start_url = https://d-0000000000.awsapps.com/start\nsso_region = eu-central-1\n";
    fixture.env.write_aws_config(&(fixture.env.read_aws_config() + other));
    fixture.kcaws("accounts").env("AWS_PROFILE", "chained").run().expect_ok();
}

#[test]
fn a_source_that_is_not_there_and_a_circle_are_named() {
    let fixture = LoginFixture::new();
    let profiles = format!(
        "\n[profile lost]\nrole_arn = {DEPLOY}\nsource_profile = nosuch\n\
         [profile round]\nrole_arn = {DEPLOY}\nsource_profile = round\n"
    );
    fixture.env.write_aws_config(&(fixture.config() + &profiles));
    fixture.run("exec lost -- true").expect_code(125).expect_stderr("`nosuch`");
    fixture.run("credential-process --profile round").expect_code(3);
}

/// `chained` beside profiles of every other kind.
fn beside_others() -> LoginFixture {
    let fixture = chained(role(), "");
    let others = format!(
        "\n[profile static]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n\
         [profile tool]\ncredential_process = /opt/vault export\n\
         [profile ec2]\nrole_arn = {DEPLOY}\ncredential_source = Ec2InstanceMetadata\n\
         [profile onkeys]\nrole_arn = {DEPLOY}\nsource_profile = static\n\
         [profile lost]\nrole_arn = {DEPLOY}\nsource_profile = nosuch\n"
    );
    fixture.env.write_aws_config(&(fixture.env.read_aws_config() + &others));
    fixture.env.write_home_file(".aws/credentials", "[filed]\naws_access_key_id = AKIAEXAMPLE\n");
    fixture
}

#[test]
fn the_list_says_whose_credentials_a_role_is_assumed_with() {
    let fixture = beside_others();
    let report = fixture.run("profile list --json").expect_ok().stdout_json();
    let row = |name: &str| {
        let rows = report["profiles"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}: {report}")).clone()
    };
    let of_chained = row("chained");
    for (key, value) in [
        ("session", "corp"),
        ("account_id", "222233334444"),
        ("role_name", "Deploy"),
        ("source", "source_profile"),
        ("source_profile", "dev"),
        ("role_arn", DEPLOY),
    ] {
        assert_eq!(of_chained[key], value, "{key}: {of_chained}");
    }
    let on_keys = row("onkeys");
    assert_eq!((&on_keys["role_name"], &on_keys["source_profile"]), (&"Deploy".into(), &"static".into()));
    assert!(on_keys["session"].is_null(), "{on_keys}");
    assert_eq!(row("ec2")["credential_source"], "Ec2InstanceMetadata");
    assert_eq!((&row("static")["source"], &row("tool")["source"]), (&"static".into(), &"process".into()));
    assert!(row("dev")["role_arn"].is_null());
    let table = fixture.run("profile list").expect_ok().stdout_text();
    let line = table.lines().find(|line| line.starts_with("chained ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(
        words,
        ["chained", "source", "profile", "corp", "222233334444", "Deploy", "-", "dev"],
        "{table}"
    );
}

#[test]
fn a_role_beside_a_line_of_kcaws_is_listed_as_the_role() {
    let fixture = chained(role(), "");
    let line =
        fixture.config().lines().find(|line| line.starts_with("credential_process")).unwrap().to_owned();
    fixture.env.write_aws_config(&(fixture.env.read_aws_config() + &line + "\n"));
    let report = fixture.run("profile list --json").expect_ok().stdout_json();
    let row = report["profiles"].as_array().unwrap().iter().find(|row| row["name"] == "chained").unwrap();
    assert_eq!((&row["role_name"], &row["account_id"]), (&"Deploy".into(), &"222233334444".into()), "{row}");
    assert_eq!(row["source"], "source_profile");
}

#[test]
fn completion_offers_each_profile_that_the_command_takes() {
    let fixture = beside_others();
    let offered = |line: &str| -> Vec<String> {
        let output = fixture.kcaws("__complete --line").arg(line).run().expect_ok().stdout_text();
        output.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    for line in [
        "kcaws exec ",
        "kcaws env ",
        "kcaws console ",
        "kcaws whoami --profile ",
        "kcaws credential-process --profile ",
    ] {
        assert_eq!(offered(line), ["dev", "chained"], "{line}");
    }
    let mut used = offered("kcaws use ");
    used.retain(|name| name != "lost");
    assert_eq!(used, ["dev", "chained", "static", "tool", "ec2", "onkeys", "filed"]);
    for name in &used {
        fixture.run(&format!("use --hook {name}")).expect_ok();
    }
    assert_eq!(offered("kcaws doctor --profile lo"), ["lost"]);
    assert_eq!(
        offered("kcaws env --session corp --role "),
        [ROLE],
        "a role that is assumed is no permission set"
    );
    let refused = fixture.run("use --hook").expect_code(2).stderr_text();
    assert!(used.iter().all(|name| refused.contains(name)), "{refused}");
    let of_exec = fixture.run("exec -- true");
    assert!(!of_exec.stderr_text().contains("static"), "{of_exec}");
}

#[test]
fn the_picker_of_use_has_each_profile_that_a_shell_may_use() {
    require_program!("script");
    let fixture = beside_others();
    let mut picker = on_a_terminal(&fixture, "use --hook").env("TERM", "dumb").spawn();
    picker.wait_for_prompt("Profile: (a number) ");
    picker.type_line("3");
    let output = picker.wait().expect_ok();
    let text = output.stdout_text();
    for row in ["1  dev", "2  chained", "Deploy", "3  static", "(static)", "(process)", "filed"] {
        assert!(text.contains(row), "{row}: {output}");
    }
    assert!(text.contains("static: not a kcaws profile"), "{output}");
}

#[test]
fn no_hint_about_a_chained_profile_leads_to_a_second_source() {
    let fixture = beside_others();
    for profile in ["onkeys", "ec2", "lost", "static", "tool"] {
        for line in [
            format!("exec {profile} -- true"),
            format!("env {profile}"),
            format!("whoami --profile {profile}"),
            format!("doctor --offline --profile {profile}"),
        ] {
            let output = fixture.run(&line);
            let text = output.stdout_text() + &output.stderr_text();
            assert!(!text.contains("sso_session") && !text.contains("sso_account_id"), "{line}: {text}");
        }
    }
}
