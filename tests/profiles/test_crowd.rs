//! Many writers at once, ours and others.

use std::collections::BTreeSet;

use kcaws_test_kit::{Client, Desk, require_client};

use crate::readers;
use crate::stage::binary;

const BASE: &str = "# mine\n[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n\n[profile other]\nregion = x\n";

fn add(desk: &Desk, name: &str) -> kcaws_test_kit::DeskCommand {
    let line = format!("profile add {name} --session corp --account 111122223333 --role Admin");
    desk.command(binary()).args(line.split(' '))
}

#[test]
fn twenty_processes_write_twenty_profiles() {
    let desk = Desk::new();
    desk.write_aws_config(BASE);
    let running: Vec<_> = (0..20).map(|number| add(&desk, &format!("p{number}")).spawn()).collect();
    for process in running {
        process.wait().expect_ok();
    }
    let text = desk.read_aws_config();
    assert!(text.starts_with(BASE));
    let names: BTreeSet<String> = readers::ours(&text).into_keys().collect();
    assert_eq!(names.len(), 21, "{names:?}");
    assert_eq!(readers::rust_sdk(&text), Ok(readers::ours(&text)));
    let listed = desk.command(binary()).args(["profile", "undo", "--list", "--json"]).run().stdout_json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 20, "each its own");
}

/// `aws configure set` knows no lock and looks at nothing twice: it may undo ours, as it would anybody's. Ours never
/// undoes its, and the file never breaks.
#[test]
fn aws_configure_set_at_the_same_time_loses_nothing() {
    let line = require_client!(Client::AwsCli);
    let desk = Desk::new();
    desk.write_aws_config(BASE);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..8 {
                let key = format!("retry{number}");
                let set = ["configure", "set", &key, "yes", "--profile", "other"];
                desk.command_line(&line).args(set).run().expect_ok();
                let text = desk.read_aws_config();
                assert!(text.contains(&key) && text.contains("[sso-session corp]"), "{text}");
            }
        });
        scope.spawn(|| {
            for number in 0..40 {
                let output = add(&desk, &format!("p{number}")).run().expect_ok();
                assert!(output.stderr_text().contains("created"), "{output}");
            }
        });
    });
    let text = desk.read_aws_config();
    assert!(text.starts_with("# mine\n[sso-session corp]\n"), "{text}");
    for number in 0..8 {
        assert_eq!(text.matches(&format!("\nretry{number} = yes\n")).count(), 1, "{number}: {text}");
    }
    assert_eq!(readers::rust_sdk(&text), Ok(readers::ours(&text)));
}

#[test]
fn killed_writers_leave_a_whole_file() {
    let desk = Desk::new();
    desk.write_aws_config(BASE);
    for number in 0..60_u64 {
        let running = add(&desk, &format!("p{number}")).spawn();
        std::thread::sleep(std::time::Duration::from_micros(number * 400));
        running.kill();
        let text = desk.read_aws_config();
        assert!(text.starts_with(BASE) && text.ends_with('\n'), "{text}");
        assert_eq!(readers::rust_sdk(&text), Ok(readers::ours(&text)));
    }
    add(&desk, "last").run().expect_ok();
}
