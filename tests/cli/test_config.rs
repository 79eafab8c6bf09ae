use crate::fixture::LoginFixture;

#[test]
fn what_is_wrong_with_the_config_is_said_with_file_and_line() {
    let cases = [
        ("nonsense\n", "config:1: a setting before the first [section]"),
        ("[sso-session corp\n", "config:1: a section header without `]`"),
        (
            "[sso-session corp]\nsso_region = eu-central-1\n",
            "config:1: [sso-session corp] has no `sso_start_url`",
        ),
        ("[sso-session corp]\nsso_start_url = https://a.awsapps.com/start\n", "has no `sso_region`"),
        ("[sso-session corp]\nsso_start_url = ftp://a\nsso_region = eu-central-1\n", "config:2: "),
        (
            "[sso-session corp]\nsso_start_url = https://a.awsapps.com/start\nsso_region = a.b/c\n",
            "config:3: ",
        ),
    ];
    for (text, place) in cases {
        let fixture = LoginFixture::new();
        fixture.env.write_aws_config(text);
        for line in [
            "login corp",
            "accounts corp",
            "credential-process --session corp --account 111122223333 --role x",
        ] {
            let output = fixture.run(line).expect_code(3).expect_stderr(place);
            assert!(output.stdout.is_empty(), "{output}");
        }
        assert!(fixture.sim.requests().is_empty());
        assert!(!fixture.state().exists(), "nothing changed");
    }
}

#[test]
fn the_session_is_the_argument_else_that_of_the_profile_else_the_only_one() {
    let fixture = LoginFixture::new();
    let config = fixture.config();
    let second = config
        .replace("[sso-session corp]", "[sso-session second]")
        .replace("[profile dev]", "[profile two]");
    fixture
        .env
        .write_aws_config(&format!("{config}\n{}", second.replace("--session corp", "--session second")));
    fixture.run("accounts").expect_code(2).expect_stderr("sessions: corp, second");
    fixture.run("accounts second").expect_code(4).expect_stderr("session `second`");
    fixture.env.set_env("AWS_PROFILE", "two");
    fixture.run("accounts").expect_code(4).expect_stderr("session `second`");
    fixture.env.set_env("AWS_PROFILE", "nobody");
    fixture.run("accounts").expect_code(3).expect_stderr("no profile `nobody`");
}

#[test]
fn another_config_file_can_be_named() {
    let fixture = LoginFixture::new();
    let config = fixture.config().replace("[sso-session corp]", "[sso-session elsewhere]");
    fixture.env.write_home_file("conf/aws", &config);
    fixture.env.set_env("AWS_CONFIG_FILE", "~/conf/aws");
    fixture.run("status").expect_ok().expect_stdout("elsewhere");
    fixture.env.set_env("AWS_CONFIG_FILE", fixture.env.home().join("conf"));
    fixture.run("status").expect_code(3).expect_stderr("cannot read");
}

/// A typo, or a value that no shell has read.
#[test]
fn an_aws_config_file_that_does_not_exist_is_named_by_every_command_and_never_created_unsaid() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let configure = "configure --start-url https://d-1.awsapps.com/start --region eu-central-1 --profiles none --no-login --no-shell-line --yes";
    let home = fixture.env.home();
    for (value, why) in [
        (home.join("conf").display().to_string(), ""),
        ("$HOME/.aws/config".to_owned(), "a variable that no shell replaced"),
        (format!("\"{}\"", fixture.env.aws_config_path().display()), "quotes"),
        (format!("{}\r", fixture.env.aws_config_path().display()), "carriage return"),
    ] {
        fixture.env.set_env("AWS_CONFIG_FILE", &value);
        let shown = value.trim_end_matches('\r').trim_matches('"');
        for line in [
            "status",
            "status --json",
            "status corp",
            "store status",
            "profile list",
            "profile remove dev",
            "profile add x --session corp --account 111122223333 --role Admin",
            "profile sync --yes",
            "login",
            "login --all",
            "logout corp",
            "accounts",
            "whoami --profile dev",
            "use --hook dev",
            "use --hook",
        ] {
            let output = fixture.run(line).expect_code(3).expect_stderr(shown).expect_stderr(why);
            assert!(output.stdout.is_empty() && !output.stderr_text().contains('\r'), "{output}");
        }
        fixture.run("exec dev -- true").expect_code(125).expect_stderr(shown);
        fixture.run("doctor --offline").expect_code(1).expect_stdout(shown).expect_stdout(why);
        assert!(!home.join("conf").exists());
        if why.is_empty() {
            continue;
        }
        fixture.run(configure).expect_code(3).expect_stderr(shown).expect_stderr(why);
    }
    // One that can be meant is created, and it is said.
    fixture.env.set_env("AWS_CONFIG_FILE", home.join("conf"));
    fixture.run(configure).expect_ok().expect_stderr("which does not exist yet");
    assert!(home.join("conf").exists());
    fixture.env.remove_env("AWS_CONFIG_FILE");
    fixture.run("logout --all").expect_ok();
}

#[test]
fn a_path_with_escapes_does_not_act_on_the_terminal() {
    let fixture = LoginFixture::new();
    let path = fixture.env.write_home_file("a\u{1b}]0;x\u{7}b", "[default]\n");
    fixture.env.set_env("AWS_CONFIG_FILE", &path);
    let empty = fixture.env.write_home_file("c\u{1b}[2Jd", "");
    for line in [
        "profile list",
        "status",
        "accounts",
        "doctor --offline",
        "profile undo --list",
        "use --hook x",
        "--\u{1b}[2J",
    ] {
        for path in [&path, &empty] {
            let output = fixture.kcaws(line).env("AWS_CONFIG_FILE", path).run();
            let printed = output.stdout_text() + &output.stderr_text();
            assert!(!printed.contains("\u{1b}]") && !printed.contains("\u{1b}[2J"), "{line}: {printed:?}");
        }
    }
}

#[test]
fn near_names_are_proposed() {
    let fixture = LoginFixture::new();
    fixture.run("whoami --profile dve").expect_code(3).expect_stderr("did you mean `dev`?");
    fixture.run("login crop").expect_code(3).expect_stderr("did you mean `corp`?");
    let far = fixture.run("whoami --profile something-else").expect_code(3);
    assert!(!far.stderr_text().contains("did you mean"), "{far}");
    let line = "exec --session corp --account 1111-2222-3333 --role PowerUserAccess -- true";
    fixture.run(line).expect_code(125).expect_stderr("run `kcaws login corp`");
}

#[test]
fn a_keyring_that_does_not_exist_is_a_configuration_error() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("KCAWS_KEYRING", "floppy");
    fixture.run("login").expect_code(3).expect_stderr("KCAWS_KEYRING cannot be `floppy`");
}

#[test]
fn a_state_folder_that_others_can_enter_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = LoginFixture::new();
    std::fs::create_dir_all(fixture.state()).unwrap();
    std::fs::set_permissions(fixture.state(), std::fs::Permissions::from_mode(0o755)).unwrap();
    fixture.run("login --no-browser").expect_code(3).expect_stderr("is not safe to use");
}

#[test]
fn settings_stand_in_config_toml_and_mistakes_are_named_with_their_line() {
    let fixture = LoginFixture::new();
    fixture.env.remove_env("KCAWS_KEYRING");
    fixture.env.write_home_file(".config/kcaws/config.toml", "keyring = \"keyutils\"\n");
    fixture.log_in();
    fixture.env.write_home_file(".config/kcaws/config.toml", "\nkeyring = 7\n");
    fixture.run("login").expect_code(3).expect_stderr("config.toml:2: ");
}

#[test]
fn all_profiles_of_kcaws_are_removed_before_it_is_uninstalled() {
    let fixture = LoginFixture::new();
    let mine = "[profile mine]\nregion = eu-west-1\n\n[profile role]\nrole_arn = arn:aws:iam::111122223333:role/R\nsource_profile = dev\n";
    let config = format!("{}\n{mine}", fixture.config());
    fixture.env.write_aws_config(&config);
    let asked = fixture.run("profile remove --all-of-kcaws").expect_code(2).expect_stderr("-[profile dev]");
    asked.expect_stderr("source_profile of profile `role` refers to `dev`").expect_stderr("add --yes");
    assert_eq!(fixture.env.read_aws_config(), config);
    fixture.run("profile remove --all-of-kcaws --dry-run").expect_ok().expect_stdout("-[profile dev]");
    let report = fixture.run("profile remove --all-of-kcaws --yes --json").expect_ok().stdout_json();
    assert_eq!(
        (&report["profiles"][0]["name"], &report["profiles"][0]["change"]),
        (&"dev".into(), &"removed".into())
    );
    let left = fixture.env.read_aws_config();
    assert!(
        left.contains("[sso-session corp]") && left.ends_with(mine) && !left.contains("credential_process"),
        "{left}"
    );
    fixture.run("profile remove --all-of-kcaws --yes").expect_ok().expect_stderr("Nothing to change");
    fixture.run("profile undo").expect_ok();
    assert_eq!(fixture.env.read_aws_config(), config);
    fixture.run("profile remove --all-of-kcaws dev").expect_code(2);
    fixture.run("profile remove").expect_code(2);
}

#[test]
fn what_is_left_of_kcaws_and_what_goes_of_the_users_own_is_named() {
    let fixture = LoginFixture::new();
    let config = fixture.config();
    let line = config.lines().find(|line| line.starts_with("credential_process")).unwrap();
    let text = config.replace(line, &format!("# mine\n{line}\ns3 =\n  max_concurrent_requests = 5"));
    let text = format!("{text}\n[profile extra]\n{line} --extra\n");
    fixture.env.write_aws_config(&text);
    fixture.env.write_home_file(".aws/credentials", format!("[old]\n{line}\n"));
    let output = fixture.run("profile remove --all-of-kcaws --yes").expect_ok();
    output
        .expect_stderr("lines of your own are removed with profile `dev`: a comment (line ")
        .expect_stderr("`s3` (line ")
        .expect_stderr("profile `extra` is left, since its credential_process runs kcaws with other options")
        .expect_stderr("kcaws profile remove extra --force")
        .expect_stderr("credentials:2: profile `old` still runs kcaws");
    let left = fixture.env.read_aws_config();
    assert!(left.contains("[profile extra]") && !left.contains("[profile dev]"), "{left}");
    let report = fixture.run("profile remove --all-of-kcaws --yes --json").expect_ok();
    let report = report.expect_stderr("profile `extra` is left").stdout_json();
    assert_eq!(report["profiles"][0]["change"], "skipped");
    fixture.run("profile remove extra --force").expect_ok();
}
