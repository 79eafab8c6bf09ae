use crate::fixture::{LoginFixture, binary};

const COMMANDS: [&str; 27] = [
    "configure",
    "login",
    "logout",
    "status",
    "whoami",
    "trust",
    "accounts",
    "profile list",
    "profile add",
    "profile remove",
    "profile sync",
    "profile undo",
    "profile",
    "console",
    "doctor",
    "explain",
    "store",
    "store status",
    "store migrate",
    "env",
    "exec",
    "serve",
    "use",
    "prompt",
    "init",
    "completions",
    "credential-process",
];

#[test]
fn every_command_explains_itself_with_an_example_on_stdout() {
    let fixture = LoginFixture::new();
    let all = fixture.run("--help").expect_ok().expect_stdout("Exit codes:").expect_stdout("KCAWS_KEYRING");
    for command in COMMANDS {
        assert!(all.stdout_text().contains(command.split(' ').next().unwrap()));
        let help = fixture.run(&format!("{command} --help")).expect_ok().expect_stdout("Example");
        assert!(help.stderr.is_empty());
    }
    assert!(fixture.run("--version").expect_ok().stdout_text().starts_with("kcaws "));
}

#[test]
fn wrong_usage_is_exit_2_on_stderr() {
    let fixture = LoginFixture::new();
    for line in ["", "frobnicate", "login --frobnicate", "status a b"] {
        let output = fixture.run(line).expect_code(2);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{output}");
    }
}

#[test]
fn wrong_usage_with_json_is_the_object_that_every_error_is() {
    let fixture = LoginFixture::new();
    for (line, code) in [
        ("status --json --frobnicate", 2),
        ("--json", 2),
        ("console --json --print", 2),
        ("exec --json dev -- true", 125),
    ] {
        let output = fixture.run(line).expect_code(code);
        assert!(output.stdout.is_empty(), "{output}");
        let shown: serde_json::Value = serde_json::from_str(&output.stderr_text()).expect("one object");
        let shown = &shown["error"];
        assert_eq!((&shown["code"], shown["hint"].is_string()), (&"usage".into(), true), "{line}: {shown}");
    }
    // What is the command's is not ours.
    let output = fixture.run("exec --frobnicate dev -- ls --json").expect_code(125);
    output.expect_stderr("error: unexpected argument");
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error_and_a_closed_pipe_is_none() {
    let fixture = LoginFixture::new();
    let to = |line: &str, target: &str| {
        let script = format!("\"$0\" {line} {target}");
        fixture.env.command("sh").args(["-c", &script]).arg(binary()).run()
    };
    for line in ["status", "status --json", "--help", "status --help --json", "console --list-services"] {
        let full = to(line, ">/dev/full").expect_code(1).expect_stderr("cannot write the output");
        full.expect_stderr("free up space where stdout goes");
        let closed = to(line, "| true").expect_code(0);
        assert!(closed.stderr.is_empty(), "{line}: {closed}");
    }
}

#[test]
fn quiet_leaves_data_and_errors() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let output = fixture.run("-q login").expect_ok();
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output}");
    fixture.run("accounts -q").expect_ok().expect_stdout("111122223333");
    let another = "-q console dev --print --destination arn:aws:lambda:eu-west-1:999988887777:function:f";
    let output = fixture.kcaws(another).allow_secret_on_stdout().run().expect_ok().expect_stdout("http");
    assert!(output.stderr.is_empty(), "no warning: {output}");
    let output = fixture.run("-q logout").expect_ok();
    assert!(output.stderr.is_empty(), "{output}");
    fixture.run("-q accounts").expect_code(4).expect_stderr("kcaws: error:");
}

#[test]
fn there_is_no_colour_in_a_pipe() {
    let fixture = LoginFixture::new();
    for line in ["--help", "status", "login --frobnicate", "accounts"] {
        let output = fixture.run(line);
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{output}");
    }
}
