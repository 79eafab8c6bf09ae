//! README's samples of JSON are what the commands print.

use serde_json::Value;

use crate::fixture::LoginFixture;

fn samples() -> Vec<Value> {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```json\n").skip(1);
    blocks.map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap()).collect()
}

/// The same keys in the same places, the same kinds of values; lists by their first element.
#[track_caller]
fn assert_same_shape(sample: &Value, real: &Value, path: &str) {
    match (sample, real) {
        (Value::Object(sample), Value::Object(real)) => {
            let keys = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(sample), keys(real), "keys of {path}");
            for (key, value) in sample {
                assert_same_shape(value, &real[key], &format!("{path}.{key}"));
            }
        }
        (Value::Array(sample), Value::Array(real)) => {
            assert_eq!(sample.is_empty(), real.is_empty(), "{path}");
            for (sample, real) in sample.iter().zip(real).take(1) {
                assert_same_shape(sample, real, &format!("{path}[0]"));
            }
        }
        (sample, real) => {
            assert_eq!(
                std::mem::discriminant(sample),
                std::mem::discriminant(real),
                "{path}: {sample} and {real}"
            );
        }
    }
}

/// Lists are compared by their first element; that of the sample has an alias, as most have.
fn in_the_middle(mut services: Value) -> Value {
    let list = services["services"].as_array_mut().unwrap();
    list.retain(|service| service["name"] == "dynamodb");
    services
}

#[test]
fn the_samples_in_readme_are_what_the_commands_print() {
    let samples = samples();
    assert_eq!(samples.len(), 14);
    let fixture = LoginFixture::new();
    fixture.log_in();
    assert_same_shape(&samples[0], &fixture.run("status --json").expect_ok().stdout_json(), "status");
    assert_same_shape(&samples[1], &fixture.run("accounts --json").expect_ok().stdout_json(), "accounts");
    assert_same_shape(
        &samples[2],
        &fixture.run("store status --json").expect_ok().stdout_json(),
        "store status",
    );
    let console = fixture.kcaws("console dev --json").allow_secret_on_stdout().run().expect_ok();
    assert_same_shape(&samples[8], &console.stdout_json(), "console");
    let services = fixture.run("console --list-services --json").expect_ok().stdout_json();
    assert_same_shape(&samples[9], &in_the_middle(services), "console --list-services");
    let whoami = fixture.run("whoami --profile dev --json").expect_ok().stdout_json();
    assert_same_shape(&samples[3], &whoami, "whoami");
    fixture.credentials().expect_ok();
    let used = fixture.kcaws("use --json").env("AWS_PROFILE", "dev").run().expect_ok().stdout_json();
    assert_same_shape(&samples[10], &used, "use");
    assert_same_shape(
        &samples[11],
        &fixture.run("doctor --offline --json").expect_ok().stdout_json(),
        "doctor",
    );
    let refused = "explain 403 --session corp --account 111122223333 --role PowerUserAcces --json";
    assert_same_shape(&samples[12], &fixture.run(refused).expect_ok().stdout_json(), "explain");
    fixture.env.write_aws_config(&format!("{}\n[profile old]\nsso_session = corp\n", fixture.config()));
    let line = "configure --session corp --profiles all --import --shell-line --yes --json";
    let configured = fixture.kcaws(line).env("SHELL", "/bin/bash").run().expect_ok().stdout_json();
    assert_same_shape(&samples[13], &configured, "configure");
    fixture.env.write_aws_config(&fixture.config());
    fixture.env.write_home_file(".aws/credentials", "[dev]\naws_access_key_id = AKIAEXAMPLE\n");
    let add = "profile add dev --session corp --account 111122223333 --role ReadOnlyAccess --json";
    for (index, line) in
        [(5, add), (6, "profile undo --list --json"), (7, "profile undo --json"), (4, "profile list --json")]
    {
        assert_same_shape(&samples[index], &fixture.run(line).expect_ok().stdout_json(), line);
    }
}

#[test]
fn readme_names_every_command_and_every_variable_of_the_help() {
    let readme = include_str!("../../README.md");
    let help = LoginFixture::new().run("--help").expect_ok().stdout_text();
    let variables =
        help.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).filter(|word| word.contains('_'));
    for variable in variables {
        assert!(readme.contains(variable), "{variable}");
    }
    for command in [
        "configure",
        "login",
        "logout",
        "status",
        "whoami",
        "accounts",
        "console",
        "profile",
        "store",
        "doctor",
        "explain",
        "trust",
        "env",
        "exec",
        "serve",
        "use",
        "prompt",
        "init",
        "completions",
        "store",
        "credential-process",
    ] {
        assert!(readme.contains(&format!("`kcaws {command}")), "{command}");
    }
}
