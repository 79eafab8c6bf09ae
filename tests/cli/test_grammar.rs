//! Lines as people type them who know other tools.

use crate::fixture::{ACCOUNT, LoginFixture};

#[test]
fn a_missing_separator_is_named_with_the_line_that_was_meant() {
    let fixture = LoginFixture::new();
    for (line, meant) in [
        ("exec dev aws s3 ls", "exec dev -- aws s3 ls"),
        ("exec dev aws s3 ls --recursive", "exec dev -- aws s3 ls --recursive"),
        ("exec --profile dev true", "exec --profile dev -- true"),
        ("exec --each x* true", "exec --each 'x*' -- true"),
        ("-q exec dev --serve make -j4", "exec dev --serve -- make -j4"),
        ("exec dev kubectl exec pod -- ls", "exec dev -- kubectl exec pod -- ls"),
    ] {
        let output = fixture.run(line).expect_code(125);
        output.expect_stderr(&format!("put `--` before the command: kcaws {meant}\n"));
    }
    let chosen = fixture.kcaws("exec aws s3 ls").env("AWS_PROFILE", "dev").run().expect_code(125);
    chosen.expect_stderr("put `--` before the command: kcaws exec -- aws s3 ls\n");
    fixture.run("exec dev --").expect_code(125).expect_stderr("a command to run is required");
    fixture.run("exec dev").expect_code(125).expect_stderr("a command to run is required");
    fixture.run("exec dev --frob -- true").expect_code(125).expect_stderr("unexpected argument `--frob`");
}

#[test]
fn commands_about_a_session_take_the_profile_that_uses_it() {
    let fixture = LoginFixture::new();
    let second =
        fixture.config().replace("[sso-session corp]", "[sso-session other]").replace("dev", "theirs");
    fixture.env.write_aws_config(&(fixture.config() + &second));
    fixture.run("login").expect_code(2).expect_stderr("which session?");
    fixture.log_in_as("login --profile dev --no-browser");
    fixture.run("login --session corp").expect_ok().expect_stderr("Already logged in to `corp`");
    for line in [
        "status --profile dev",
        "accounts --profile dev",
        "store status --profile dev",
        "trust --profile dev",
    ] {
        fixture.run(line).expect_ok();
        fixture.run(&line.replace("--profile dev", "--session corp")).expect_ok();
    }
    fixture.run("profile sync --profile dev --yes").expect_ok();
    let report = fixture.run("status --profile dev --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"][0]["name"], "corp");
    fixture.run("login corp --profile dev").expect_code(2);
    fixture.run("login --all --profile dev").expect_code(2);
    fixture.run("login --profile nobody").expect_code(3).expect_stderr("there is no profile `nobody`");
    fixture.run("login dev").expect_code(3).expect_stderr("use --profile dev");
    fixture.run("logout --profile dev").expect_ok().expect_stderr("Logged out of `corp`");
}

#[test]
fn a_profile_is_an_argument_or_an_option_everywhere() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    for line in ["whoami dev", "whoami --profile dev", "whoami --profile=dev"] {
        fixture.run(line).expect_ok().expect_stdout("PowerUserAccess");
    }
    fixture.run("whoami dev --profile dev").expect_code(2);
    for line in ["use --hook dev", "use --hook --profile dev"] {
        fixture.run(line).expect_ok().expect_stdout("dev\n");
    }
    for line in ["doctor dev --offline", "doctor --profile dev --offline"] {
        fixture.run(line).expect_stdout("dev");
    }
    fixture.run("doctor dev --session corp").expect_code(2);
}

#[test]
fn an_account_is_known_by_its_name() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let exec = |account: &str| {
        fixture
            .kcaws("exec --session corp --role PowerUserAccess --account")
            .args([account, "--", "sh", "-c", "echo $AWS_ACCOUNT_ID"])
            .run()
    };
    for account in ["dev", "DEV", "1111-2222-3333"] {
        exec(account).expect_ok().expect_stdout(ACCOUNT);
    }
    exec("devv").expect_code(125).expect_stderr("did you mean `dev`?");
    exec("1111-2222").expect_code(125).expect_stderr("an account ID has 12 digits");
    let add = "profile add x --session corp --account dev --role PowerUserAccess";
    fixture.run(add).expect_ok();
    assert!(fixture.env.read_aws_config().contains(&format!("--account {ACCOUNT} --role PowerUserAccess")));
    let line = "console --session corp --account dev --role PowerUserAccess --via portal --print";
    fixture.run(line).expect_ok().expect_stdout(&format!("account_id={ACCOUNT}"));
    fixture
        .run("explain --session corp --account dev --role PowerUserAcces")
        .expect_ok()
        .expect_stdout(ACCOUNT);
    // A tool's line is written once, and says the number.
    let line = "credential-process --session corp --account dev --role PowerUserAccess";
    fixture.run(line).expect_code(2);
    // What was listed last tells what was mistyped.
    fixture.run("accounts --refresh").expect_ok();
    let refused =
        fixture.run("exec --session corp --account dev --role PowerUserAcces -- true").expect_code(125);
    refused.expect_stderr("did you mean `PowerUserAccess`?");
    fixture.run("explain keys_exprd").expect_code(2).expect_stderr("did you mean `keys_expired`");
}

#[test]
fn a_typo_of_a_region_is_refused_and_a_region_that_may_be_new_is_not() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let meant = "did you mean `eu-central-1`?";
    let add = "profile add y --session corp --account 111122223333 --role PowerUserAccess --region";
    for line in [
        "console dev --via portal --print --region".to_owned(),
        add.to_owned(),
        "configure --session corp --no-login --profiles none --yes --no-shell-line --region".to_owned(),
        "configure --session corp --no-login --profiles none --yes --no-shell-line --profile-region"
            .to_owned(),
    ] {
        fixture.run(&format!("{line} eu-cental-1")).expect_code(2).expect_stderr(meant);
    }
    fixture
        .env
        .write_home_file(".config/kcaws/config.toml", "[profiles.accounts.dev]\nregion = \"eu-cental-1\"\n");
    for line in ["profile sync --yes", "configure --session corp --profiles all --yes --no-shell-line"] {
        let refused = fixture.run(line).expect_code(3).expect_stderr(meant);
        refused.expect_stderr("config.toml:2: `profiles.accounts.dev.region`");
    }
    std::fs::remove_file(fixture.env.home().join(".config/kcaws/config.toml")).unwrap();
    fixture.run(&format!("{add} eu-central-3")).expect_ok();
    fixture.run("console y --via portal --print").expect_ok().expect_stdout("eu-central-3");
    let config = fixture.env.read_aws_config().replace("region = eu-central-3", "region = eu-cental-1");
    fixture.env.write_aws_config(&config);
    fixture.run("console y --via portal --print").expect_code(2).expect_stderr(meant);
    fixture.run("doctor y --offline").expect_stdout("write `region = eu-central-1`");
    fixture.env.write_aws_config(&config.replace("sso_region = eu-central-1", "sso_region = eu-cental-1"));
    let login = fixture.run("login corp").expect_code(3).expect_stderr("config:3: sso_region");
    login.expect_stderr(meant);
}
