//! The simulator as a program.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Starts the program and reads its facts.
#[expect(clippy::disallowed_methods, reason = "this test is about a process")]
fn start(arguments: &[&str]) -> (Child, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_idc-sim"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let out = BufReader::new(child.stdout.take().expect("stdout"));
    let mut facts = Vec::new();
    for line in out.lines().map_while(Result::ok) {
        let last = line == "# ready";
        facts.push(line);
        if last {
            break;
        }
    }
    (child, facts)
}

#[test]
fn facts_and_the_end_of_stdin() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    let ca_text = ca.to_str().expect("UTF-8");
    let (mut child, facts) =
        start(&["--region", "us-east-1", "--auto-approve", "--until-stdin-closes", "--ca-out", ca_text]);
    assert_eq!(facts.last().map(String::as_str), Some("# ready"), "{facts:?}");
    assert!(facts.iter().any(|fact| fact == "# region us-east-1"));
    let exported = facts.iter().filter(|fact| fact.starts_with("export AWS_ENDPOINT_URL_")).count();
    assert_eq!(exported, 4, "{facts:?}");
    assert!(
        std::fs::read_to_string(&ca).expect("the certificate").starts_with("-----BEGIN CERTIFICATE-----")
    );
    drop(child.stdin.take());
    assert!(child.wait().expect("an end").success());
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "this test is about a process")]
fn a_signal_ends_it() {
    for signal in ["TERM", "INT"] {
        let (mut child, _facts) = start(&[]);
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        assert!(child.wait().expect("an end").success(), "{signal}");
    }
}

#[test]
fn nonsense_is_refused() {
    let (mut child, facts) = start(&["--region", "nowhere"]);
    assert!(facts.is_empty());
    assert!(!child.wait().expect("an end").success());
}
