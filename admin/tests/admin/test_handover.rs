//! `kcaws admin` and `kcaws-admin` are one command.

use kcaws_test_kit::{TestEnv, install_program};

use crate::fixture::{admin, binary, developers_binary};

#[test]
fn both_names_print_the_same_help() {
    let env = TestEnv::new();
    for line in ["--help", "check --help", "client plan --help", "token set --help"] {
        let own = admin(&env, line).run().expect_ok();
        let words = format!("admin {line}");
        let handed = env.command(developers_binary()).args(words.split_whitespace()).run().expect_ok();
        assert_eq!(handed.stdout_text(), own.stdout_text(), "{line}");
        assert!(own.stdout_text().contains("Usage: kcaws admin"), "{line}");
    }
}

#[test]
fn options_before_admin_are_passed_on() {
    let env = TestEnv::new();
    let quiet =
        env.command(developers_binary()).args(["-q", "admin", "policy", "keycloak"]).run().expect_ok();
    assert_eq!(quiet.stderr_text(), "");
    let usual = env.command(developers_binary()).args(["admin", "policy", "keycloak"]).run().expect_ok();
    assert_ne!(usual.stderr_text(), "");
    assert_eq!(usual.stdout_text(), quiet.stdout_text());
}

#[test]
fn without_the_package_it_says_how_to_install_it() {
    let env = TestEnv::new();
    let alone = env.bin_dir().join("kcaws");
    install_program(&developers_binary(), &alone);
    let output = env.command(&alone).args(["admin", "check"]).run().expect_code(127);
    let output = output.expect_stderr("kcaws: error: kcaws-admin is not installed");
    output.expect_stderr("kcaws: hint: install the package kcaws-admin");
    let json = env.command(&alone).args(["admin", "check", "--json"]).run().expect_code(127).stderr_text();
    let error: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(error["error"]["code"], "command_not_found");
    // One on PATH is not taken.
    install_program(&binary(), &env.home().join("kcaws-admin"));
    env.set_env("PATH", env.home());
    env.command(&alone).args(["admin", "check"]).run().expect_code(127);
}

#[test]
fn a_program_that_another_user_may_write_is_not_started() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    let (alone, beside) = (env.bin_dir().join("kcaws"), env.bin_dir().join("kcaws-admin"));
    install_program(&developers_binary(), &alone);
    install_program(&binary(), &beside);
    env.command(&alone).args(["admin", "policy", "aws"]).run().expect_ok();
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o777)).unwrap();
    env.command(&alone)
        .args(["admin", "policy", "aws"])
        .run()
        .expect_code(126)
        .expect_stderr("another user may write");
}

#[test]
fn completion_goes_through_both() {
    let env = TestEnv::new();
    let complete = |words: &[&str]| {
        let output =
            env.command(developers_binary()).args(["__complete", "--"]).args(words).run().expect_ok();
        output.stdout_text()
    };
    assert!(complete(&["kcaws", "adm"]).starts_with("admin\t"));
    assert!(complete(&["kcaws", "admin", "po"]).starts_with("policy\t"));
    assert!(complete(&["kcaws", "-q", "admin", "policy", "a"]).starts_with("aws\t"));
    assert!(complete(&["kcaws", "admin", "check", "--us"]).starts_with("--user\t"));
}
