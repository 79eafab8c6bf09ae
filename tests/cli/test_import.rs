//! `kcaws configure --import`: profiles of other tools, and ours beside them.

use crate::fixture::LoginFixture;
use crate::test_configure::empty;

#[test]
fn other_tools_profiles_become_ours_beside_theirs() {
    let fixture = empty();
    let url = fixture.sim.start_url();
    let before = format!(
        "[profile theirs]\nsso_start_url = {url}\nsso_region = eu-central-1\nsso_account_id = 111122223333\n\
         sso_role_name = PowerUserAccess\nregion = eu-west-1\n\n\
         [profile half]\nsso_start_url = {url}\n\n\
         [profile g]\ngranted_sso_start_url = {url}\ngranted_sso_region = eu-central-1\n\
         granted_sso_account_id = 111122223333\ngranted_sso_role_name = ReadOnlyAccess\n\
         credential_process = granted credential-process --profile g\n"
    );
    fixture.env.write_aws_config(&before);
    let output = fixture.run("configure --import --yes --json").expect_ok();
    let json = output.stdout_json();
    assert_eq!(json["session"]["start_url"], url, "that of the profiles: {json}");
    assert_eq!(
        (&json["not_understood"][0]["name"], &json["not_understood"][0]["line"]),
        (&"half".into(), &8.into())
    );
    output.expect_stderr("config:8: profile `half` skipped: it has no account ID");
    let after = fixture.env.read_aws_config();
    assert!(after.starts_with(&before), "{after}");
    assert_eq!(after.matches("[profile").count(), 5, "{after}");
    let line = "credential-process --profile theirs-kcaws";
    fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok();
    assert!(after.contains("--role PowerUserAccess\nregion = eu-west-1\n"), "{after}");
    // They are not sync's to remove.
    fixture.run("profile sync --yes").expect_ok();
    assert!(fixture.env.read_aws_config().contains("[profile theirs-kcaws]"));
    let again = fixture.run("configure --import --import-suffix .k --yes --json").expect_ok().stdout_json();
    assert_eq!(again["profiles"][0]["name"], "g.k");
}

const IMPORT: &str = "configure --import --no-login --yes";

fn theirs(fixture: &LoginFixture, role: &str, region: &str) -> String {
    format!(
        "[profile theirs]\nsso_start_url = {}\nsso_region = eu-central-1\nsso_account_id = 111122223333\n\
         sso_role_name = {role}\nregion = {region}\n",
        fixture.sim.start_url()
    )
}

#[test]
fn a_second_import_follows_what_changed_in_theirs_and_leaves_what_changed_in_ours() {
    let fixture = empty();
    let old = theirs(&fixture, "PowerUserAccess", "eu-west-1");
    fixture.env.write_aws_config(&old);
    fixture.run(IMPORT).expect_ok();
    let new = theirs(&fixture, "ReadOnlyAccess", "eu-west-3");
    fixture.env.write_aws_config(&fixture.env.read_aws_config().replace(&old, &new));
    fixture.run(IMPORT).expect_ok();
    let after = fixture.env.read_aws_config();
    assert!(after.contains("--role ReadOnlyAccess\nregion = eu-west-3\n"), "{after}");
    assert_eq!(after.matches("[profile").count(), 2, "{after}");

    let hand = after.replace("--role ReadOnlyAccess", "--role Mine");
    fixture.env.write_aws_config(&hand);
    let left = fixture.run(IMPORT).expect_code(1).expect_stderr("changed by hand (");
    left.expect_stderr("kcaws profile remove theirs-kcaws");
    assert_eq!(fixture.env.read_aws_config(), hand);
}

#[test]
fn a_name_that_someone_has_is_left_and_the_way_out_is_another_suffix() {
    let fixture = empty();
    let before = theirs(&fixture, "PowerUserAccess", "eu-west-1") + "\n[profile theirs-kcaws]\nregion = x\n";
    fixture.env.write_aws_config(&before);
    let left = fixture.run(IMPORT).expect_code(1).expect_stderr("kcaws did not write (");
    left.expect_stderr("another --import-suffix");
    assert!(fixture.env.read_aws_config().starts_with(&before));
}

#[test]
fn a_suffix_or_url_that_cannot_be_one_is_wrong_usage_before_anything_is_written() {
    let fixture = empty();
    for flags in ["--import-suffix=", "--import-suffix=a\"b", "--start-url http://x"] {
        let line =
            format!("configure --import --start-url {} --region eu-central-1 --yes", fixture.sim.start_url());
        let line = if flags.contains("url") {
            format!("configure --import {flags} --yes")
        } else {
            line + " " + flags
        };
        fixture.run(&line).expect_code(2);
        assert!(!fixture.env.aws_config_path().exists(), "{flags}");
    }
    fixture.run("configure --start-url http://x").expect_code(2).expect_stderr("not an https URL");
}

#[test]
fn a_granted_file_alone_tells_the_portal_in_backticks() {
    let fixture = empty();
    let url = fixture.sim.start_url().to_owned();
    let before = format!(
        "[profile g]\ngranted_sso_start_url = `{url}/#`\ngranted_sso_region = eu-central-1\n\
         granted_sso_account_id = 111122223333\ngranted_sso_role_name = PowerUserAccess\n\
         credential_process = granted credential-process --profile g --auto-login\n"
    );
    fixture.env.write_aws_config(&before);
    let output = fixture.run("configure --import --no-login --yes --no-shell-line").expect_ok();
    output.expect_stderr("Found 1 profile from another tool (granted: 1).");
    let after = fixture.env.read_aws_config();
    assert!(after.starts_with(&before), "{after}");
    assert!(
        after.contains(&format!("sso_start_url = {url}\n")) && after.contains("[profile g-kcaws]"),
        "{after}"
    );
}

/// Session and profiles are two steps, and one change of the file.
#[test]
fn a_dry_run_of_several_steps_is_one_diff_that_can_be_applied() {
    kcaws_test_kit::require_program!("patch");
    let fixture = empty();
    let before = theirs(&fixture, "PowerUserAccess", "eu-west-1");
    fixture.env.write_aws_config(&before);
    let dry = fixture.run("configure --import --no-login --no-shell-line --dry-run").expect_ok();
    let diff = dry.stdout_text();
    assert_eq!((diff.matches("\n+++ ").count(), diff.matches("@@ -").count()), (1, 1), "{diff}");
    assert_eq!(fixture.env.read_aws_config(), before);
    let json = fixture.run("configure --import --no-login --no-shell-line --dry-run --json").expect_ok();
    assert_eq!(json.stdout_json()["diff"], *diff);
    let (file, patch) = (fixture.env.home().join("config"), fixture.env.write_home_file("diff", &diff));
    std::fs::write(&file, &before).unwrap();
    let patched = std::process::Command::new("patch").arg(&file).arg(&patch).output().unwrap();
    assert!(patched.status.success(), "{patched:?}");
    fixture.run("configure --import --no-login --no-shell-line --yes").expect_ok();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), fixture.env.read_aws_config());
}
