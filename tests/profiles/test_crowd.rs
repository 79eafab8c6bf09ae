//! Many writers at once, ours and others.

use std::collections::BTreeSet;

use kcaws_test_kit::{Client, TestEnv, require_client};

use crate::fixture::binary;
use crate::readers;

const BASE: &str = "# mine\n[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n\n[profile other]\nregion = x\n";

fn add(env: &TestEnv, name: &str) -> kcaws_test_kit::TestCommand {
    let line = format!("profile add {name} --session corp --account 111122223333 --role Admin");
    env.command(binary()).args(line.split(' '))
}

#[test]
fn twenty_processes_write_twenty_profiles() {
    let env = TestEnv::new();
    env.write_aws_config(BASE);
    let running: Vec<_> = (0..20).map(|number| add(&env, &format!("p{number}")).spawn()).collect();
    for process in running {
        process.wait().expect_ok();
    }
    let text = env.read_aws_config();
    assert!(text.starts_with(BASE));
    let names: BTreeSet<String> = readers::ours(&text).into_keys().collect();
    assert_eq!(names.len(), 21, "{names:?}");
    assert_eq!(readers::rust_sdk(&text), Ok(readers::ours(&text)));
    let listed = env.command(binary()).args(["profile", "undo", "--list", "--json"]).run().stdout_json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 20, "each its own");
}

/// `aws configure set` knows no lock and looks at nothing twice: it may undo ours, as it would anybody's. Ours never
/// undoes its, and the file never breaks.
#[test]
fn aws_configure_set_at_the_same_time_loses_nothing() {
    let line = require_client!(Client::AwsCli);
    let env = TestEnv::new();
    env.write_aws_config(BASE);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..8 {
                let key = format!("retry{number}");
                let set = ["configure", "set", &key, "yes", "--profile", "other"];
                env.command_line(&line).args(set).run().expect_ok();
                let text = env.read_aws_config();
                assert!(text.contains(&key) && text.contains("[sso-session corp]"), "{text}");
            }
        });
        scope.spawn(|| {
            for number in 0..40 {
                let output = add(&env, &format!("p{number}")).run().expect_ok();
                assert!(output.stderr_text().contains("created"), "{output}");
            }
        });
    });
    let text = env.read_aws_config();
    assert!(text.starts_with("# mine\n[sso-session corp]\n"), "{text}");
    for number in 0..8 {
        assert_eq!(text.matches(&format!("\nretry{number} = yes\n")).count(), 1, "{number}: {text}");
    }
    assert_eq!(readers::rust_sdk(&text), Ok(readers::ours(&text)));
}

#[test]
fn killed_writers_leave_a_whole_file() {
    let env = TestEnv::new();
    env.write_aws_config(BASE);
    for number in 0..60_u64 {
        let running = add(&env, &format!("p{number}")).spawn();
        std::thread::sleep(std::time::Duration::from_micros(number * 400));
        running.kill();
        let text = env.read_aws_config();
        assert!(text.starts_with(BASE) && text.ends_with('\n'), "{text}");
        assert_eq!(readers::rust_sdk(&text), Ok(readers::ours(&text)));
    }
    add(&env, "last").run().expect_ok();
}
