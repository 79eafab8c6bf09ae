//! `kcaws configure --import`: profiles of other tools, and ours beside them.

use crate::stage::Stage;
use crate::test_configure::empty;

#[test]
fn other_tools_profiles_become_ours_beside_theirs() {
    let stage = empty();
    let url = stage.sim.start_url();
    let before = format!(
        "[profile theirs]\nsso_start_url = {url}\nsso_region = eu-central-1\nsso_account_id = 111122223333\n\
         sso_role_name = PowerUserAccess\nregion = eu-west-1\n\n\
         [profile half]\nsso_start_url = {url}\n\n\
         [profile g]\ngranted_sso_start_url = {url}\ngranted_sso_region = eu-central-1\n\
         granted_sso_account_id = 111122223333\ngranted_sso_role_name = ReadOnlyAccess\n\
         credential_process = granted credential-process --profile g\n"
    );
    stage.desk.write_aws_config(&before);
    let output = stage.run("configure --import --yes --json").expect_ok();
    let json = output.stdout_json();
    assert_eq!(json["session"]["start_url"], url, "that of the profiles: {json}");
    assert_eq!(
        (&json["not_understood"][0]["name"], &json["not_understood"][0]["line"]),
        (&"half".into(), &8.into())
    );
    output.expect_stderr("config:8: profile `half` is left out: it names no account");
    let after = stage.desk.read_aws_config();
    assert!(after.starts_with(&before), "{after}");
    assert_eq!(after.matches("[profile").count(), 5, "{after}");
    let line = "credential-process --profile theirs-kcaws";
    stage.kcaws(line).allow_secret_on_stdout().run().expect_ok();
    assert!(after.contains("--role PowerUserAccess\nregion = eu-west-1\n"), "{after}");
    // They are not sync's to remove.
    stage.run("profile sync --yes").expect_ok();
    assert!(stage.desk.read_aws_config().contains("[profile theirs-kcaws]"));
    let again = stage.run("configure --import --import-suffix .k --yes --json").expect_ok().stdout_json();
    assert_eq!(again["profiles"][0]["name"], "g.k");
}

const IMPORT: &str = "configure --import --no-login --yes";

fn theirs(stage: &Stage, role: &str, region: &str) -> String {
    format!(
        "[profile theirs]\nsso_start_url = {}\nsso_region = eu-central-1\nsso_account_id = 111122223333\n\
         sso_role_name = {role}\nregion = {region}\n",
        stage.sim.start_url()
    )
}

#[test]
fn a_second_import_follows_what_changed_in_theirs_and_leaves_what_changed_in_ours() {
    let stage = empty();
    let old = theirs(&stage, "PowerUserAccess", "eu-west-1");
    stage.desk.write_aws_config(&old);
    stage.run(IMPORT).expect_ok();
    let new = theirs(&stage, "ReadOnlyAccess", "eu-west-3");
    stage.desk.write_aws_config(&stage.desk.read_aws_config().replace(&old, &new));
    stage.run(IMPORT).expect_ok();
    let after = stage.desk.read_aws_config();
    assert!(after.contains("--role ReadOnlyAccess\nregion = eu-west-3\n"), "{after}");
    assert_eq!(after.matches("[profile").count(), 2, "{after}");

    let hand = after.replace("--role ReadOnlyAccess", "--role Mine");
    stage.desk.write_aws_config(&hand);
    let left = stage.run(IMPORT).expect_code(1).expect_stderr("it was changed by hand (");
    left.expect_stderr("kcaws profile remove theirs-kcaws");
    assert_eq!(stage.desk.read_aws_config(), hand);
}

#[test]
fn a_name_that_somebody_has_is_left_and_the_way_out_is_another_suffix() {
    let stage = empty();
    let before = theirs(&stage, "PowerUserAccess", "eu-west-1") + "\n[profile theirs-kcaws]\nregion = x\n";
    stage.desk.write_aws_config(&before);
    let left = stage.run(IMPORT).expect_code(1).expect_stderr("kcaws did not write it (");
    left.expect_stderr("another --import-suffix");
    assert!(stage.desk.read_aws_config().starts_with(&before));
}

#[test]
fn a_suffix_or_url_that_cannot_be_one_is_wrong_usage_before_anything_is_written() {
    let stage = empty();
    for flags in ["--import-suffix=", "--import-suffix=a\"b", "--start-url http://x"] {
        let line =
            format!("configure --import --start-url {} --region eu-central-1 --yes", stage.sim.start_url());
        let line = if flags.contains("url") {
            format!("configure --import {flags} --yes")
        } else {
            line + " " + flags
        };
        stage.run(&line).expect_code(2);
        assert!(!stage.desk.aws_config_path().exists(), "{flags}");
    }
    stage.run("configure --start-url http://x").expect_code(2).expect_stderr("not an https URL");
}
