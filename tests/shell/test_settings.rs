//! The Region and the endpoints of a profile, for tools that do not know its name; and what is left of them in a shell
//! that goes on to another profile.

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};
use crate::hooks::{load, script};
use crate::shells::Shell;

const PRINT: &str = "env | grep -E '^(AWS|KCAWS)_' | grep -v -E '_(SSO|SSO_OIDC|ACCOUNT_ACCESS_RUNTIME|STS|SIGNIN)=|KEY|TOKEN|EXPIRATION|ACCOUNT_ID|CONFIG_FILE|CREDENTIALS_FILE|METADATA|KEYRING|KCAWS_(SET|HOOK|BEFORE|SYSTEM_CONFIG)=' | sort";

/// Profiles `lab`, with everything that leads elsewhere, and `bare`, with nothing.
fn fixture() -> LoginFixture {
    let fixture = LoginFixture::new();
    let line =
        fixture.config().lines().find(|line| line.starts_with("credential_process")).unwrap().to_owned();
    let more = format!(
        "[profile lab]\n{line}\nregion = us-east-1\nendpoint_url = http://localhost:4566\nservices = local\n\
         use_fips_endpoint = true\nca_bundle = /etc/lab's.pem\n[profile bare]\n{line}\n\
         [services local]\ns3 =\n  endpoint_url = http://localhost:9000\nsso =\n  endpoint_url = {}\n",
        fixture.sim.env().into_iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL_SSO").unwrap().1
    );
    fixture.env.write_aws_config(&format!("{}\n{more}", fixture.config()));
    fixture.log_in();
    fixture
}

fn under(fixture: &LoginFixture, options: &str, env: &[(&str, &str)]) -> String {
    let command = fixture.kcaws(&format!("exec {options} -- sh -c")).arg(PRINT);
    env.iter()
        .fold(command, |command, (name, value)| command.env(name, value))
        .run()
        .expect_ok()
        .stdout_text()
}

#[test]
fn the_region_is_the_flags_then_the_environments_then_the_profiles() {
    let fixture = fixture();
    let (us, ap) = (("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "ap-south-1"));
    for (options, env, region) in [
        ("dev", &[][..], Some("eu-west-1")),
        ("dev", &[ap][..], Some("ap-south-1")),
        ("dev", &[us, ap][..], Some("us-west-2")),
        ("dev", &[us][..], Some("us-west-2")),
        ("dev --region sa-east-1", &[us, ap][..], Some("sa-east-1")),
        ("bare", &[][..], None),
        ("bare", &[us][..], Some("us-west-2")),
        ("bare", &[("AWS_REGION", ""), ap][..], Some("ap-south-1")),
    ] {
        let expected = region
            .map_or(String::new(), |region| format!("AWS_DEFAULT_REGION={region}\nAWS_REGION={region}\n"));
        let profile = options.split(' ').next().unwrap();
        let text = under(&fixture, options, env);
        assert_eq!(text, format!("{expected}KCAWS_EXEC={profile}\n"), "{options} {env:?}");
        let json = fixture.kcaws(&format!("env {options} --format json")).allow_secret_on_stdout();
        let json = env.iter().fold(json, |json, (name, value)| json.env(name, value)).run().expect_ok();
        let json = json.stdout_json();
        assert_eq!((json["AWS_REGION"].as_str(), json["AWS_DEFAULT_REGION"].as_str()), (region, region));
    }
    let named = format!("--session corp --account {ACCOUNT} --role {ROLE} --region eu-north-1");
    assert!(under(&fixture, &named, &[]).contains("AWS_REGION=eu-north-1\n"));
    let each =
        fixture.kcaws("-q exec --each d?v --region eu-north-1 -- printenv AWS_REGION").run().expect_ok();
    assert_eq!(each.stdout_text(), "dev: eu-north-1\n");
    fixture.run("exec dev --region nowhere -- true").expect_code(125).expect_stderr("is not a region");
    let mut serving =
        fixture.kcaws("serve lab --region eu-north-1 --format dotenv").allow_secret_on_stdout().spawn();
    serving.wait_for_stdout("AWS_REGION=eu-north-1");
    serving.wait_for_stdout("AWS_ENDPOINT_URL_S3=http://localhost:9000");
    serving.signal(kcaws_test_kit::Signal::TERM);
    let printed = serving.wait().stdout_text();
    assert!(!printed.contains("AWS_CA_BUNDLE"), "a container does not see it");
}

#[test]
fn endpoints_are_the_profiles_unless_a_person_set_others() {
    let fixture = fixture();
    let all = "AWS_CA_BUNDLE=/etc/lab's.pem\nAWS_DEFAULT_REGION=us-east-1\nAWS_ENDPOINT_URL=http://localhost:4566\n\
               AWS_ENDPOINT_URL_S3=http://localhost:9000\nAWS_REGION=us-east-1\nAWS_USE_FIPS_ENDPOINT=true\n";
    assert_eq!(under(&fixture, "lab", &[]), format!("{all}KCAWS_EXEC=lab\n"));
    let text = under(&fixture, "lab", &[("AWS_ENDPOINT_URL_S3", "http://mine")]);
    assert_eq!(text, format!("{all}KCAWS_EXEC=lab\n").replace("http://localhost:9000", "http://mine"));
    let text = under(&fixture, "lab", &[("AWS_ENDPOINT_URL", "http://mine")]);
    assert!(
        text.contains("AWS_ENDPOINT_URL=http://mine\n") && !text.contains("AWS_ENDPOINT_URL_S3"),
        "{text}"
    );
    let kept =
        under(&fixture, "lab --keep-profile", &[("AWS_PROFILE", "dev"), ("AWS_DEFAULT_PROFILE", "dev")]);
    assert!(kept.contains("AWS_PROFILE=lab\n") && !kept.contains("AWS_DEFAULT_PROFILE"), "{kept}");
    let named = format!("exec --keep-profile --session corp --account {ACCOUNT} --role {ROLE} -- true");
    fixture.run(&named).expect_code(125).expect_stderr("cannot be used with");
    fixture.env.write_aws_config(&fixture.config().replace("region = eu-west-1", "services = nosuch"));
    fixture.run("exec dev -- true").expect_code(125).expect_stderr("there is no [services nosuch]");
}

/// Of what was handed to a command, nothing is another profile's, and kcaws itself asks AWS where it asked before: with
/// `use_fips_endpoint` it would refuse the login.
#[test]
fn a_profile_inside_of_another_ones_exec_has_its_own_settings() {
    let fixture = fixture();
    let binary = crate::fixture::binary();
    let nested = |outer: &str, inner: &str, env: &[(&str, &str)]| {
        let script = format!("{inner} '{}' exec bare -- sh -c \"$PRINT\"", binary.display());
        let command = fixture.kcaws(&format!("exec {outer} -- sh -c")).arg(script).env("PRINT", PRINT);
        let command = env.iter().fold(command, |command, (name, value)| command.env(name, value));
        command.run().expect_ok().stdout_text()
    };
    assert_eq!(nested("lab", "", &[]), "KCAWS_EXEC=bare\n");
    assert_eq!(nested("lab --region eu-north-1", "", &[]), "KCAWS_EXEC=bare\n");
    let changed = nested("lab", "AWS_REGION=us-west-2", &[]);
    assert_eq!(changed, "AWS_DEFAULT_REGION=us-west-2\nAWS_REGION=us-west-2\nKCAWS_EXEC=bare\n");
    let same = nested("lab", "", &[("AWS_REGION", "us-east-1")]);
    assert_eq!(
        same, "AWS_DEFAULT_REGION=us-east-1\nAWS_REGION=us-east-1\nKCAWS_EXEC=bare\n",
        "the person's own"
    );
    let whoami = fixture.kcaws("exec lab --").arg(&binary).args(["whoami", "--profile", "bare"]).run();
    whoami.expect_ok().expect_stdout(ROLE);
}

#[test]
fn in_every_shell_the_next_profile_replaces_what_env_set_and_unset_removes_it() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let take = |line: &str| match shell {
            Shell::Bash | Shell::Zsh => format!("eval \"$(kcaws {line} --format {})\"", shell.name()),
            Shell::Fish => format!("kcaws {line} --format fish | source"),
            Shell::Elvish => format!("eval (kcaws {line} --format elvish | slurp)"),
            Shell::Nu if line.contains("--unset") => {
                format!("hide-env -i ...(kcaws {line} --format nu | from json)")
            }
            Shell::Nu => format!("kcaws {line} --format nu | from json | load-env"),
        };
        let print = match shell {
            Shell::Nu => format!("^sh -c r#'{PRINT}; echo .'#"),
            Shell::Elvish => format!("e:sh -c '{}; echo .'", PRINT.replace('\'', "''")),
            _ => format!("command sh -c '{}; echo .'", PRINT.replace('\'', "\"")),
        };
        let steps = [
            take("env lab").as_str(),
            "kcaws use bare",
            &print,
            "kcaws use --clear",
            &take("env lab"),
            &take("env bare"),
            &print,
            &take("env lab"),
            &take("env --unset"),
            &print,
        ]
        .map(str::to_owned);
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        for (env, own) in [(None, ""), (Some("us-west-2"), "AWS_REGION=us-west-2\n")] {
            let Some(mut command) = script(&fixture, shell, &steps) else { continue };
            if let Some(region) = env {
                command = command.env("AWS_REGION", region);
            }
            let output = command.allow_secret_on_stdout().run().expect_ok();
            let both = own.replace("AWS_REGION", "AWS_DEFAULT_REGION") + own;
            let expected = format!("AWS_PROFILE=bare\n{own}.\n{both}.\n{own}.\n");
            assert_eq!(output.stdout_text(), expected, "{shell:?} {env:?} {}", output.stderr_text());
        }
    }
}

#[test]
fn use_removes_what_comes_before_a_profile_and_says_so() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let print = match shell {
            Shell::Nu => "^sh -c 'env | grep -c WEB_IDENTITY; env | grep ROLE_ARN; true'",
            Shell::Elvish => "e:sh -c 'env | grep -c WEB_IDENTITY; env | grep ROLE_ARN; true'",
            _ => "command sh -c 'env | grep -c WEB_IDENTITY; env | grep ROLE_ARN; true'",
        };
        let Some(command) = script(&fixture, shell, &["kcaws use lab", print]) else { continue };
        let web = command.env("AWS_WEB_IDENTITY_TOKEN_FILE", "/token").env("AWS_ROLE_ARN", "arn");
        let output = web.env("AWS_REGION", "eu-central-1").run().expect_ok();
        assert_eq!(output.stdout_text(), "0\n", "{shell:?} {output}");
        output
            .expect_stderr(
                "removed AWS_WEB_IDENTITY_TOKEN_FILE from the environment because it takes precedence",
            )
            .expect_stderr("AWS_REGION is set to eu-central-1 and overrides the profile's Region");
        let Some(command) = script(&fixture, shell, &["kcaws use lab", print]) else { continue };
        let own = command.env("AWS_ROLE_ARN", "arn").run().expect_ok();
        assert_eq!(own.stdout_text(), "0\nAWS_ROLE_ARN=arn\n", "{shell:?} {own}");
    }
}

/// As the environment may be anybody's: no hook removes what kcaws sets from no profile.
#[test]
fn a_list_of_settings_that_names_other_variables_removes_none_of_them() {
    let fixture = fixture();
    let load = load(&fixture, Shell::Bash);
    let script = format!(
        "{load}\nkcaws use dev\neval \"$(kcaws env --unset --format bash)\"\necho \"$PRECIOUS <$AWS_REGION>\""
    );
    let command = Shell::Bash.run(&fixture.env, &script).unwrap();
    let list = "PRECIOUS=1,AWS_REGION=x,;touch pwned=1,AWS_$(touch pwned)=";
    let command = command.env("PRECIOUS", "1").env("AWS_REGION", "x").env("KCAWS_SET", list);
    assert_eq!(command.run().expect_ok().stdout_text(), "1 <>\n");
    assert!(!fixture.env.home().join("pwned").exists());
}

#[test]
fn without_a_name_it_is_the_default_profile_as_for_aws() {
    let fixture = fixture();
    let ours = format!(
        "[default]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = ReadOnlyAccess\n"
    );
    fixture.env.write_aws_config(&format!("{}\n{ours}", fixture.config()));
    assert!(under(&fixture, "", &[]).contains("KCAWS_EXEC=default\n"));
    fixture.kcaws("env --format bash").allow_secret_on_stdout().run().expect_ok();
    let page = fixture.kcaws("console --print").allow_secret_on_stdout().run();
    page.expect_ok();
    fixture.run("whoami").expect_ok().expect_stdout("ReadOnlyAccess");
    assert!(under(&fixture, "", &[("AWS_PROFILE", "dev")]).contains("KCAWS_EXEC=dev\n"));
    for line in ["exec -- true", "env", "whoami", "serve"] {
        let with_keys = fixture.kcaws(line).env("AWS_ACCESS_KEY_ID", "AKIA").run();
        assert!(matches!(with_keys.code(), 2 | 125), "{line} {with_keys}");
        let output = with_keys.expect_stderr("which profile?");
        // That one would ask, and names what there is to choose from.
        let cause =
            if line == "serve" { "profiles: dev, default" } else { "they take precedence over [default]" };
        output.expect_stderr(cause);
    }
    fixture.env.write_aws_config(&format!("{}\n[default]\nregion = eu-west-1\n", fixture.config()));
    for line in ["exec -- true", "env", "whoami", "serve", "console --print"] {
        let output = fixture.run(line).expect_stderr("which profile?");
        assert!(matches!(output.code(), 2 | 125), "{line} {output}");
    }
}
