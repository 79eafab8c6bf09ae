//! The samples of JSON in the documents are what the commands print, and errors have the codes of the table.

use std::collections::BTreeMap;

use kcaws_test_kit::Samples;
use serde_json::Value;

use crate::fixture::LoginFixture;
use crate::test_docs::document;

/// Lists are compared by their first element; that of the sample has an alias, as most have.
fn in_the_middle(mut services: Value) -> Value {
    let list = services["services"].as_array_mut().unwrap();
    list.retain(|service| service["name"] == "dynamodb");
    services
}

#[test]
fn the_samples_are_what_the_commands_print() {
    let mut samples = Samples::of("docs/json.md");
    let fixture = LoginFixture::new();
    fixture.log_in();
    for heading in ["status", "accounts", "store status"] {
        samples.check(heading, &fixture.run(&format!("{heading} --json")).expect_ok());
    }
    samples.check("console", &fixture.kcaws("console dev --json").allow_secret_on_stdout().run().expect_ok());
    let services = fixture.run("console --list-services --json").expect_ok().stdout_json();
    samples.check_value("console --list-services", &in_the_middle(services));
    samples.check("whoami", &fixture.run("whoami --profile dev --json").expect_ok());
    fixture.env.write_home_file(".kcaws.toml", "profile = \"dev\"\n");
    samples.check("allow", &fixture.run("allow --json").expect_ok());
    samples.check("settings show", &fixture.run("settings show --json").expect_ok());
    samples.check("configure --refresh", &crate::test_settings::a_refresh_with_json());
    fixture.credentials().expect_ok();
    samples.check("use", &fixture.kcaws("use --json").env("AWS_PROFILE", "dev").run().expect_ok());
    samples.check("doctor", &fixture.run("doctor --offline --json").expect_ok());
    let refused = "explain 403 --session corp --account 111122223333 --role PowerUserAcces --json";
    samples.check("explain", &fixture.run(refused).expect_ok());
    fixture.env.write_aws_config(&format!("{}\n[profile old]\nsso_session = corp\n", fixture.config()));
    let line = "configure --session corp --profiles all --import --shell-line --yes --json";
    samples.check("configure", &fixture.kcaws(line).env("SHELL", "/bin/bash").run().expect_ok());
    fixture.env.write_aws_config(&fixture.config());
    fixture.env.write_home_file(".aws/credentials", "[dev]\naws_access_key_id = AKIAEXAMPLE\n");
    let add = "profile add dev --session corp --account 111122223333 --role ReadOnlyAccess --json";
    samples.check("profile add", &fixture.run(add).expect_ok());
    for heading in ["profile undo --list", "profile undo", "profile list"] {
        samples.check(heading, &fixture.run(&format!("{heading} --json")).expect_ok());
    }
    samples.end();
}

/// Every error that a command line can be given without a network; the exit code is that of the table.
#[test]
fn errors_have_the_codes_of_the_table() {
    let page = document("docs/json.md").text;
    let (_, table) = page.split_once("## Error codes").unwrap();
    let rows: BTreeMap<&str, Vec<i32>> = table
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let exits: Result<_, _> = cells.next()?.split(", ").map(str::parse).collect();
            Some((cells.next()?.trim_matches('`'), exits.ok()?))
        })
        .collect();
    let fixture = LoginFixture::new();
    for (line, code) in [
        ("status nowhere --json", "no_such_session"),
        ("status --frobnicate --json", "usage"),
        ("explain zzzz --json", "unknown_topic"),
        ("whoami --profile dev --json", "login_needed"),
        ("whoami --profile nobody --json", "no_such_profile"),
        ("console dev --destination http://example.com --json", "destination"),
        ("console dev --service zzzz --json", "no_such_service"),
        ("accounts corp --json", "login_needed"),
        ("profile undo 99 --json", "no_backup"),
        ("profile remove other --json", "no_such_profile"),
    ] {
        let output = fixture.run(line);
        let error: Value = serde_json::from_slice(&output.stderr).unwrap_or_else(|e| panic!("{e}: {output}"));
        assert_eq!(error["error"]["code"], code, "{line}");
        assert!(rows[code].contains(&output.code()), "{line}: {output}");
    }
}
