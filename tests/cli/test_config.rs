use crate::stage::Stage;

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
        let stage = Stage::new();
        stage.desk.write_aws_config(text);
        for line in [
            "login corp",
            "accounts corp",
            "credential-process --session corp --account 111122223333 --role x",
        ] {
            let output = stage.run(line).expect_code(3).expect_stderr(place);
            assert!(output.stdout.is_empty(), "{output}");
        }
        assert!(stage.sim.requests().is_empty());
        assert!(!stage.state().exists(), "nothing changed");
    }
}

#[test]
fn the_session_is_the_argument_else_that_of_the_profile_else_the_only_one() {
    let stage = Stage::new();
    let config = stage.config();
    let second = config
        .replace("[sso-session corp]", "[sso-session second]")
        .replace("[profile dev]", "[profile two]");
    stage
        .desk
        .write_aws_config(&format!("{config}\n{}", second.replace("--session corp", "--session second")));
    stage.run("accounts").expect_code(2).expect_stderr("there are: corp, second");
    stage.run("accounts second").expect_code(4).expect_stderr("session `second`");
    stage.desk.set_env("AWS_PROFILE", "two");
    stage.run("accounts").expect_code(4).expect_stderr("session `second`");
    stage.desk.set_env("AWS_PROFILE", "nobody");
    stage.run("accounts").expect_code(3).expect_stderr("no profile `nobody`");
}

#[test]
fn another_config_file_can_be_named() {
    let stage = Stage::new();
    let config = stage.config().replace("[sso-session corp]", "[sso-session elsewhere]");
    stage.desk.write_home_file("conf/aws", &config);
    stage.desk.set_env("AWS_CONFIG_FILE", "~/conf/aws");
    stage.run("status").expect_ok().expect_stdout("elsewhere");
    stage.desk.set_env("AWS_CONFIG_FILE", stage.desk.home().join("conf"));
    stage.run("status").expect_code(3).expect_stderr("cannot read");
}

#[test]
fn a_keyring_that_does_not_exist_is_a_configuration_error() {
    let stage = Stage::new();
    stage.desk.set_env("KCAWS_KEYRING", "floppy");
    stage.run("login").expect_code(3).expect_stderr("KCAWS_KEYRING cannot be `floppy`");
}

#[test]
fn a_state_folder_that_others_can_enter_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new();
    std::fs::create_dir_all(stage.state()).unwrap();
    std::fs::set_permissions(stage.state(), std::fs::Permissions::from_mode(0o755)).unwrap();
    stage.run("login --no-browser").expect_code(3).expect_stderr("is not safe to use");
}

#[test]
fn settings_stand_in_config_toml_and_mistakes_are_named_with_their_line() {
    let stage = Stage::new();
    stage.desk.remove_env("KCAWS_KEYRING");
    stage.desk.write_home_file(".config/kcaws/config.toml", "keyring = \"keyutils\"\n");
    stage.log_in();
    stage.desk.write_home_file(".config/kcaws/config.toml", "\nkeyring = 7\n");
    stage.run("login").expect_code(3).expect_stderr("config.toml:2: ");
}
