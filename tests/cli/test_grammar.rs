//! Lines as people type them who know other tools.

use crate::stage::{ACCOUNT, Stage};

#[test]
fn a_missing_separator_is_named_with_the_line_that_was_meant() {
    let stage = Stage::new();
    for (line, meant) in [
        ("exec dev aws s3 ls", "exec dev -- aws s3 ls"),
        ("exec dev aws s3 ls --recursive", "exec dev -- aws s3 ls --recursive"),
        ("exec --profile dev true", "exec --profile dev -- true"),
        ("exec --each x* true", "exec --each 'x*' -- true"),
        ("-q exec dev --serve make -j4", "exec dev --serve -- make -j4"),
        ("exec dev kubectl exec pod -- ls", "exec dev -- kubectl exec pod -- ls"),
    ] {
        let output = stage.run(line).expect_code(125);
        output.expect_stderr(&format!("put `--` before the command: kcaws {meant}\n"));
    }
    let chosen = stage.kcaws("exec aws s3 ls").env("AWS_PROFILE", "dev").run().expect_code(125);
    chosen.expect_stderr("put `--` before the command: kcaws exec -- aws s3 ls\n");
    stage.run("exec dev --").expect_code(125).expect_stderr("a command to run is required");
    stage.run("exec dev").expect_code(125).expect_stderr("a command to run is required");
    stage.run("exec dev --frob -- true").expect_code(125).expect_stderr("unexpected argument `--frob`");
}

#[test]
fn commands_about_a_session_take_the_profile_that_uses_it() {
    let stage = Stage::new();
    let second = stage.config().replace("[sso-session corp]", "[sso-session other]").replace("dev", "theirs");
    stage.desk.write_aws_config(&(stage.config() + &second));
    stage.run("login").expect_code(2).expect_stderr("which session?");
    stage.log_in_as("login --profile dev --no-browser");
    stage.run("login --session corp").expect_ok().expect_stderr("Already logged in to `corp`");
    for line in [
        "status --profile dev",
        "accounts --profile dev",
        "store status --profile dev",
        "trust --profile dev",
    ] {
        stage.run(line).expect_ok();
        stage.run(&line.replace("--profile dev", "--session corp")).expect_ok();
    }
    stage.run("profile sync --profile dev --yes").expect_ok();
    let report = stage.run("status --profile dev --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"][0]["name"], "corp");
    stage.run("login corp --profile dev").expect_code(2);
    stage.run("login --all --profile dev").expect_code(2);
    stage.run("login --profile nobody").expect_code(3).expect_stderr("there is no profile `nobody`");
    stage.run("login dev").expect_code(3).expect_stderr("use --profile dev");
    stage.run("logout --profile dev").expect_ok().expect_stderr("Logged out of `corp`");
}

#[test]
fn a_profile_is_an_argument_or_an_option_everywhere() {
    let stage = Stage::new();
    stage.log_in();
    for line in ["whoami dev", "whoami --profile dev", "whoami --profile=dev"] {
        stage.run(line).expect_ok().expect_stdout("PowerUserAccess");
    }
    stage.run("whoami dev --profile dev").expect_code(2);
    for line in ["use --hook dev", "use --hook --profile dev"] {
        stage.run(line).expect_ok().expect_stdout("dev\n");
    }
    for line in ["doctor dev --offline", "doctor --profile dev --offline"] {
        stage.run(line).expect_stdout("dev");
    }
    stage.run("doctor dev --session corp").expect_code(2);
}

#[test]
fn an_account_is_known_by_its_name() {
    let stage = Stage::new();
    stage.log_in();
    let exec = |account: &str| {
        stage
            .kcaws("exec --session corp --role PowerUserAccess --account")
            .args([account, "--", "sh", "-c", "echo $AWS_ACCOUNT_ID"])
            .run()
    };
    for account in ["dev", "DEV", "1111-2222-3333"] {
        exec(account).expect_ok().expect_stdout(ACCOUNT);
    }
    exec("devv").expect_code(125).expect_stderr("did you mean `dev`?");
    exec("1111-2222").expect_code(125).expect_stderr("an account id has 12 digits");
    let add = "profile add x --session corp --account dev --role PowerUserAccess";
    stage.run(add).expect_ok();
    assert!(stage.desk.read_aws_config().contains(&format!("--account {ACCOUNT} --role PowerUserAccess")));
    let line = "console --session corp --account dev --role PowerUserAccess --via portal --print";
    stage.run(line).expect_ok().expect_stdout(&format!("account_id={ACCOUNT}"));
    stage
        .run("explain --session corp --account dev --role PowerUserAcces")
        .expect_ok()
        .expect_stdout(ACCOUNT);
    // A tool's line is written once, and says the number.
    let line = "credential-process --session corp --account dev --role PowerUserAccess";
    stage.run(line).expect_code(2);
    // What was listed last tells what was mistyped.
    stage.run("accounts --refresh").expect_ok();
    let refused =
        stage.run("exec --session corp --account dev --role PowerUserAcces -- true").expect_code(125);
    refused.expect_stderr("did you mean `PowerUserAccess`?");
    stage.run("explain keys_exprd").expect_code(2).expect_stderr("did you mean `keys_expired`");
}

#[test]
fn a_typo_of_a_region_is_refused_and_a_region_that_may_be_new_is_not() {
    let stage = Stage::new();
    stage.log_in();
    let meant = "did you mean `eu-central-1`?";
    let add = "profile add y --session corp --account 111122223333 --role PowerUserAccess --region";
    for line in [
        "console dev --via portal --print --region".to_owned(),
        add.to_owned(),
        "configure --session corp --no-login --profiles none --yes --no-shell-line --region".to_owned(),
        "configure --session corp --no-login --profiles none --yes --no-shell-line --profile-region"
            .to_owned(),
    ] {
        stage.run(&format!("{line} eu-cental-1")).expect_code(2).expect_stderr(meant);
    }
    stage
        .desk
        .write_home_file(".config/kcaws/config.toml", "[profiles.accounts.dev]\nregion = \"eu-cental-1\"\n");
    for line in ["profile sync --yes", "configure --session corp --profiles all --yes --no-shell-line"] {
        let refused = stage.run(line).expect_code(3).expect_stderr(meant);
        refused.expect_stderr("[profiles.accounts.dev] in config.toml");
    }
    std::fs::remove_file(stage.desk.home().join(".config/kcaws/config.toml")).unwrap();
    stage.run(&format!("{add} eu-central-3")).expect_ok();
    stage.run("console y --via portal --print").expect_ok().expect_stdout("eu-central-3");
    let config = stage.desk.read_aws_config().replace("region = eu-central-3", "region = eu-cental-1");
    stage.desk.write_aws_config(&config);
    stage.run("console y --via portal --print").expect_code(2).expect_stderr(meant);
    stage.run("doctor y --offline").expect_stdout("write `region = eu-central-1`");
    stage.desk.write_aws_config(&config.replace("sso_region = eu-central-1", "sso_region = eu-cental-1"));
    let login = stage.run("login corp").expect_code(3).expect_stderr("config:3: sso_region");
    login.expect_stderr(meant);
}
