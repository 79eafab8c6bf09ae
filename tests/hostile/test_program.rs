//! A part of the answers through the program: exit codes of the table, nothing on stdout but an answer, nothing that
//! acts on a terminal, a login that is there afterwards.

use std::path::PathBuf;

use kcaws_test_kit::Output;

use crate::answers::{self, Answer};
use crate::between::Between;
use crate::operations::Operation;

const CREDENTIALS: &str = "credential-process --session corp --account 111122223333 --role PowerUserAccess";
/// Answers for each operation.
const SOME: usize = 8;
const MANY: usize = 60;

fn some_of(operation: Operation) -> Vec<Answer> {
    let mut answers = answers::all(operation, "http://127.0.0.1:9");
    answers.retain(|answer| !answer.is_slow);
    let count = if kcaws_test_kit::is_long() { MANY } else { SOME };
    let (step, mut at) = (answers.len() / count, 0);
    answers.retain(|_| {
        at += 1;
        at % step == 0
    });
    answers
}

/// Whatever was answered.
fn judge(operation: Operation, answer: &Answer, output: &Output) {
    let what = format!("{operation:?}, {}: {output}", answer.name);
    assert!([0, 1, 3, 4, 5, 6].contains(&output.code()), "{what}");
    // The other list is shown all the same.
    let is_partial = operation == Operation::IamRoles && output.code() == 1;
    assert!(output.code() == 0 || is_partial || output.stdout.is_empty(), "{what}");
    for text in [output.stdout_text(), output.stderr_text()] {
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{what}");
        assert!(!text.contains(['\u{202e}', '\u{2028}', '\u{200b}']), "{what}");
        assert!(!text.lines().any(|line| line == "kcaws: error: fake"), "{what}");
    }
    assert!(!output.stderr_text().contains("a bug in kcaws"), "{what}");
}

/// With a login that must be there afterwards.
fn with_a_login(operation: Operation, line: &str) {
    with_the_login(&Between::new(), operation, line);
}

fn with_the_login(fixture: &Between, operation: Operation, line: &str) {
    fixture.run("login corp --no-browser").expect_ok();
    for answer in some_of(operation) {
        let before: Vec<(PathBuf, Vec<u8>)> = fixture.tokens();
        fixture.cool();
        if operation == Operation::Refresh {
            fixture.sim.expire_access_tokens();
        }
        fixture.arm(operation, &answer.steps);
        let output = fixture.run(line);
        fixture.disarm();
        judge(operation, &answer, &output);
        // Tokens that the simulator knows nothing of, or a login that was called over by name: as it should be.
        if operation == Operation::Refresh && [0, 4].contains(&output.code()) {
            for (path, bytes) in before {
                std::fs::write(path, bytes).unwrap();
            }
        }
        fixture.cool();
        let next = fixture.run(CREDENTIALS);
        assert_eq!(next.code(), 0, "after {operation:?}, {}: {output}\n{next}", answer.name);
    }
}

/// Before there is a login: the next one succeeds.
fn before_a_login(operation: Operation) {
    let fixture = Between::new();
    for answer in some_of(operation) {
        fixture.arm(operation, &answer.steps);
        let output = fixture.run("login corp --no-browser");
        fixture.disarm();
        judge(operation, &answer, &output);
        let _ = fixture.run("logout corp");
    }
    fixture.run("login corp --no-browser").expect_ok();
    fixture.run(CREDENTIALS).expect_ok();
}

#[test]
fn credentials_that_are_none() {
    with_a_login(Operation::Credentials, CREDENTIALS);
}

#[test]
fn a_refresh_that_is_none() {
    with_a_login(Operation::Refresh, CREDENTIALS);
}

#[test]
fn lists_that_are_none() {
    with_a_login(Operation::Accounts, "accounts --refresh");
    with_a_login(Operation::Roles, "accounts --refresh --json");
}

#[test]
fn lists_and_credentials_of_iam_roles_that_are_none() {
    let arn = "arn:aws:iam::111122223333:role/team/Deploy";
    let fixture = Between::with_account_access(arn);
    with_the_login(&fixture, Operation::IamRoles, "accounts --refresh");
    let line = format!("credential-process --session corp --account 111122223333 --role {arn}");
    with_the_login(&fixture, Operation::IamCredentials, &line);
}

#[test]
fn a_sign_in_that_is_none() {
    with_a_login(Operation::SignIn, "console dev --print");
}

#[test]
fn a_caller_that_is_none() {
    with_a_login(Operation::CallerIdentity, "whoami --profile dev");
}

#[test]
fn registrations_that_are_none() {
    before_a_login(Operation::Register);
}

#[test]
fn codes_that_are_none() {
    before_a_login(Operation::Device);
}

#[test]
fn tokens_that_are_none() {
    before_a_login(Operation::Token);
}
