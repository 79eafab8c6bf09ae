//! From an empty home to the first call of the real AWS CLI.

use kcaws_test_kit::require_program;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};

/// Debian's AWS CLI knows no endpoint variables: it comes by the proxy, and kcaws with it.
#[test]
fn a_person_answers_questions_and_then_the_aws_cli_works() {
    let aws = require_program!("aws");
    require_program!("script");
    let fixture = LoginFixture::behind_the_proxy();
    std::fs::remove_dir_all(fixture.env.aws_config_path().parent().unwrap()).unwrap();
    let line = format!("'{}' configure --no-shell-line", binary().display());
    let script = fixture.env.command("script").env("TERM", "dumb");
    let script = script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let mut person = script.interactive().spawn();
    for (question, answer) in [
        ("Start URL: ", fixture.sim.start_url()),
        ("Region of Identity Center: ", fixture.sim.region()),
        ("Name of the session [corp]: ", ""),
        ("Write this to ", "y"),
        ("Log in now? [Y/n] ", ""),
    ] {
        person.wait_for_prompt(question);
        person.type_line(answer);
    }
    let code = person.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    fixture.sim.wait_for_pending(std::time::Duration::from_secs(30)).expect("a code is pending");
    fixture.sim.approve(&code);
    for (question, answer) in [
        ("Profiles: (a number) ", "1"),
        ("Region of the new profiles [eu-central-1]: ", ""),
        ("+[profile dev-power-user-access]", "y"),
    ] {
        person.wait_for_prompt(question);
        person.type_line(answer);
    }
    person.wait().expect_ok();
    let line = ["sts", "get-caller-identity", "--profile", "dev-power-user-access", "--output", "json"];
    let answer = fixture.env.command(&aws).args(line).run().expect_ok().stdout_json();
    assert_eq!(answer["Account"], ACCOUNT);
    assert!(answer["Arn"].as_str().unwrap().contains(ROLE), "{answer}");
}
