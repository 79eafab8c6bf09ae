use kcaws::shell::Format;
use kcaws_test_kit::{TestEnv, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};
use crate::shells::Shell;

/// What would act if any shell read it as its own language.
const HOSTILE: &str = "it's \"q\" $(touch pwned) `touch pwned` ${HOME} $HOME %PATH% \\n \\ ; touch pwned & | > pwned (touch pwned) {x} * ~ # !! \u{2019}; touch pwned \u{2018}\nsecond 'line'\ttab\r";

fn format_of(shell: Shell) -> Format {
    match shell {
        Shell::Bash => Format::Bash,
        Shell::Zsh => Format::Zsh,
        Shell::Fish => Format::Fish,
        Shell::Elvish => Format::Elvish,
        Shell::Nu => Format::Nu,
    }
}

/// How the shell takes the text of `env`, which is in the file `vars`.
fn take(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash | Shell::Zsh => "eval \"$(cat vars)\"",
        Shell::Fish => "cat vars | source",
        Shell::Elvish => "eval (cat vars | slurp)",
        Shell::Nu => "open --raw vars | from json | load-env",
    }
}

#[test]
fn every_shell_takes_hostile_values_as_they_are() {
    let env = TestEnv::new();
    for shell in Shell::ALL {
        let text = format_of(shell).set(&[("HOSTILE", HOSTILE), ("SECOND", "$(x)")]).unwrap();
        env.write_home_file("vars", text.as_bytes());
        let external = if shell == Shell::Nu { "^printenv" } else { "command printenv" };
        let external = if shell == Shell::Elvish { "e:printenv" } else { external };
        let script = format!("{}; {external} HOSTILE SECOND", take(shell));
        let Some(command) = shell.run(&env, &script) else { continue };
        let output = command.run().expect_ok();
        assert_eq!(output.stdout_text(), format!("{HOSTILE}\n$(x)\n"), "{shell:?}");
        assert!(output.stderr.is_empty(), "{output}");
        assert!(!env.home().join("pwned").exists(), "{shell:?} executed a value");
    }
}

#[test]
fn every_shell_drops_them_again() {
    let env = TestEnv::new();
    env.set_env("A", "1");
    env.set_env("B", "2");
    for shell in Shell::ALL {
        env.write_home_file("vars", format_of(shell).unset(&["A", "B"]));
        let take = if shell == Shell::Nu { "hide-env ...(open --raw vars | from json)" } else { take(shell) };
        let show = match shell {
            Shell::Nu => "'A' in $env or 'B' in $env",
            Shell::Elvish => "or (has-env A) (has-env B)",
            _ => "test -n \"$A$B\"; and echo true; or echo false",
        };
        let show = if matches!(shell, Shell::Bash | Shell::Zsh) {
            "test -z \"${A+set}${B+set}\" && echo false"
        } else {
            show
        };
        let Some(command) = shell.run(&env, &format!("{take}; {show}")) else { continue };
        let output = command.run().expect_ok();
        assert!(output.stdout_text().contains("false"), "{shell:?}: {output}");
    }
}

#[test]
fn the_variables_are_those_of_the_role_and_the_profiles_region() {
    let aws = require_program!("python3");
    let fixture = LoginFixture::new();
    fixture.log_in();
    let region = "eu'$(touch pwned)`x`";
    fixture.env.write_aws_config(&fixture.config().replace("eu-west-1", region));
    let text =
        fixture.kcaws("env dev --format json").allow_secret_on_stdout().run().expect_ok().stdout_json();
    let credentials = fixture.credentials().expect_ok().stdout_json();
    for (variable, field) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
        ("AWS_CREDENTIAL_EXPIRATION", "Expiration"),
    ] {
        assert_eq!(text[variable], credentials[field], "{variable}");
    }
    assert_eq!(text["AWS_ACCOUNT_ID"], ACCOUNT);
    assert_eq!(
        (text["AWS_REGION"].as_str(), text["AWS_DEFAULT_REGION"].as_str()),
        (Some(region), Some(region))
    );

    let script = format!(
        "set -eu; eval \"$('{}' env dev)\"; test \"$AWS_REGION\" = \"$R\"; '{}' -c 'import os; print(os.environ[\"AWS_ACCESS_KEY_ID\"][:4])'",
        binary().display(),
        aws.display()
    );
    let output = Shell::Bash.run(&fixture.env, &script).unwrap().env("R", region).run().expect_ok();
    assert_eq!(output.stdout_text(), "ASIA\n");
    assert!(!fixture.env.home().join("pwned").exists());
}

/// Every variable by which some tool would act as someone else, and a shell inside `exec`.
const COMPETING: [&str; 8] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_EB_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "KCAWS_EXEC",
];

#[test]
fn after_env_nothing_in_any_shell_leads_to_another_identity() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    for shell in Shell::ALL {
        let line = format!("env dev --format {}", shell.name());
        let mut kcaws = fixture.kcaws(&line).allow_secret_on_stdout();
        for name in COMPETING {
            kcaws = kcaws.env(name, "other");
        }
        let output = kcaws.run().expect_ok();
        assert!(!output.stderr_text().contains("cannot remove"), "{shell:?}");
        fixture.env.write_home_file("vars", output.stdout_text());
        let external = match shell {
            Shell::Nu => "^env",
            Shell::Elvish => "e:env",
            _ => "command env",
        };
        let Some(mut command) = shell.run(&fixture.env, &format!("{}; {external}", take(shell))) else {
            continue;
        };
        for name in COMPETING {
            command = command.env(name, "other");
        }
        let text = command.allow_secret_on_stdout().run().expect_ok().stdout_text();
        let left: Vec<&str> = text.lines().filter(|line| line.ends_with("=other")).collect();
        assert!(left.is_empty() && text.contains("AWS_ACCESS_KEY_ID=ASIA"), "{shell:?}: {left:?}");
    }
}

#[test]
fn a_form_that_cannot_remove_a_variable_warns_of_it() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    for format in ["dotenv", "json"] {
        let line = format!("env dev --format {format}");
        let kcaws = || fixture.kcaws(&line).allow_secret_on_stdout();
        let output = kcaws().env("AWS_PROFILE", "other").env("AWS_ACCESS_KEY_ID", "AKIA").run().expect_ok();
        output.expect_stderr(&format!("{format} cannot remove AWS_PROFILE, which"));
        assert!(kcaws().run().expect_ok().stderr.is_empty(), "{format}");
    }
}

#[test]
fn a_role_can_be_named_without_a_profile_and_the_format_follows_the_shell() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let line = format!("env --session corp --account {ACCOUNT} --role {ROLE}");
    let output =
        fixture.kcaws(&line).env("SHELL", "/usr/bin/fish").allow_secret_on_stdout().run().expect_ok();
    assert!(output.stdout_text().starts_with("set -gx AWS_ACCESS_KEY_ID 'ASIA"), "the form of fish");
    assert!(!output.stdout_text().contains("AWS_REGION"), "no region is invented");
    let unset = fixture.run("env --unset --format bash").expect_ok();
    assert_eq!(unset.stdout_text().lines().next(), Some("unset AWS_ACCESS_KEY_ID"));
    for name in ["AWS_ACCOUNT_ID", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
        assert!(unset.stdout_text().contains(&format!("unset {name}\n")), "{unset}");
    }
    assert!(!unset.stdout_text().contains("AWS_REGION"), "none was set: {unset}");
}

#[test]
fn what_cannot_be_quoted_and_who_is_not_logged_in_print_nothing() {
    let fixture = LoginFixture::new();
    let output = fixture.run("env dev").expect_code(4).expect_stderr("run `kcaws login corp`");
    assert!(output.stdout.is_empty());
    fixture.run("env").expect_code(2).expect_stderr("which profile?");
    fixture.log_in();
    fixture.env.write_aws_config(&fixture.config().replace("eu-west-1", "%PATH%"));
    let output = fixture
        .run("env dev --format cmd")
        .expect_code(1)
        .expect_stderr("AWS_REGION cannot be written for cmd");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_shell_without_a_syntax_of_its_own_is_reported_and_posix_shells_get_theirs() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let env =
        |line: &str, shell: &str| fixture.kcaws(line).env("SHELL", shell).allow_secret_on_stdout().run();
    for shell in ["/bin/sh", "/bin/dash", "/bin/ksh", "/usr/bin/mksh", "/bin/bash", "/bin/zsh"] {
        let output = env("env dev", shell).expect_ok();
        assert!(output.stdout_text().starts_with("export AWS_ACCESS_KEY_ID='"), "{shell}");
    }
    for shell in ["/usr/bin/tcsh", "/bin/csh", "/usr/bin/xonsh", "/opt/my shell/rc"] {
        let name = shell.rsplit('/').next().unwrap();
        for line in ["env dev", "env --unset", "serve dev"] {
            let output =
                env(line, shell).expect_code(2).expect_stderr(&format!("no syntax for the shell `{name}`"));
            assert!(output.stdout.is_empty(), "{output}");
            output.expect_stderr("--format: bash, ");
        }
        env("env dev --format sh", shell).expect_ok().expect_stdout("export AWS_");
        let output = env("use dev", shell).expect_code(2).expect_stderr(&format!("no hook for {name}"));
        assert!(!output.stderr_text().contains("bashrc"), "{output}");
    }
    let script = format!("eval \"$('{}' env dev)\"; printenv AWS_ACCOUNT_ID", binary().display());
    let output =
        fixture.env.command("dash").args(["-c", &script]).env("SHELL", "/bin/dash").run().expect_ok();
    assert_eq!(output.stdout_text().trim(), ACCOUNT);
}
