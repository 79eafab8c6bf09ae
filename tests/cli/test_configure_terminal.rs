//! `kcaws configure` with a person at a terminal.

use kcaws_test_kit::{Running, require_program};

use crate::fixture::on_a_terminal;
use crate::test_configure::{by_flags, empty};

fn answer(running: &mut Running, question: &str, line: &str) {
    running.wait_for_prompt(question);
    running.type_line(line);
}

#[test]
fn a_person_is_led_from_an_empty_home_to_the_first_call() {
    require_program!("script");
    let fixture = empty();
    let mut running = on_a_terminal(&fixture, "configure").spawn();
    answer(&mut running, "Start URL: ", "http://corp.awsapps.com/start");
    answer(&mut running, "not an https URL", fixture.sim.start_url());
    answer(&mut running, "Region of Identity Center: ", "frankfurt");
    answer(&mut running, "`frankfurt` is not a ", "eu-central-1");
    answer(&mut running, "Name of the session [corp]: ", "");
    answer(&mut running, "Write this to ", "y");
    answer(&mut running, "Log in now? [Y/n] ", "");
    running.wait_for_prompt("some of them");
    running.press('\r');
    answer(&mut running, "Region of the new profiles [eu-central-1]: ", "eu-west-3");
    running.wait_for_prompt("+[profile dev-power-user-access]");
    running.type_line("y");
    answer(&mut running, "Add it to ", "y");
    let output = running.wait().expect_ok();
    assert!(output.stdout_text().contains("Try: aws sts get-caller-identity"), "{output}");
    let config = fixture.env.read_aws_config();
    assert!(config.contains("[profile dev-power-user-access]\n") && config.contains("region = eu-west-3\n"));
    assert!(fixture.env.read_home_file(".bashrc").contains("init bash"));
    let line = "credential-process --profile dev-power-user-access";
    fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok();
}

#[test]
fn some_profiles_are_marked_in_a_list_or_by_number() {
    require_program!("script");
    let fixture = empty();
    by_flags(&fixture, "--profiles none").run().expect_ok();
    let line = "configure --session corp --yes --no-shell-line --profile-region eu-west-1";
    let mut numbers = on_a_terminal(&fixture, line).env("TERM", "dumb").spawn();
    answer(&mut numbers, "Profiles: (a number)", "2");
    answer(&mut numbers, "(numbers such as 1,3-5)", "1");
    numbers.wait().expect_ok();
    assert_eq!(fixture.env.read_aws_config().matches("[profile").count(), 1);
    let mut drawn = on_a_terminal(&fixture, line).spawn();
    drawn.wait_for_prompt("some of them");
    "some\r".chars().for_each(|key| drawn.press(key));
    drawn.wait_for_prompt("Space to select");
    "power \r".chars().for_each(|key| drawn.press(key));
    drawn.wait().expect_ok();
    assert!(fixture.env.read_aws_config().contains("power-user-access]"));
}

/// The end of the input would come right behind the key otherwise, and be an answer of its own.
fn interrupted(mut running: Running) {
    running.press('\u{3}');
    kcaws_test_kit::wait_for("the end", || (!running.is_running()).then_some(()));
    running.wait().expect_code(130);
}

#[test]
fn ctrl_c_at_any_question_leaves_the_file_as_it_is() {
    require_program!("script");
    let fixture = empty();
    let url = fixture.sim.start_url();
    for (flags, question) in [
        (String::new(), "Start URL: "),
        (format!("--start-url {url}"), "Region of Identity Center: "),
        (format!("--start-url {url} --region eu-central-1"), "Name of the session"),
        (format!("--start-url {url} --region eu-central-1 --session corp"), "Write this to "),
    ] {
        let mut running = on_a_terminal(&fixture, &format!("configure {flags}")).spawn();
        running.wait_for_prompt(question);
        interrupted(running);
        assert!(!fixture.env.aws_config_path().exists(), "{question}");
    }
    by_flags(&fixture, "--profiles none").run().expect_ok();
    let before = fixture.env.read_aws_config();
    for (flags, question) in [
        ("--no-login", "Session:"),
        ("--session corp", "some of them"),
        ("--session corp --profiles all", "Write this to "),
        ("--session corp --profiles none", "Add it to "),
    ] {
        let mut running = on_a_terminal(&fixture, &format!("configure {flags}")).spawn();
        running.wait_for_prompt(question);
        interrupted(running);
        assert_eq!(fixture.env.read_aws_config(), before, "{question}");
        assert!(!fixture.env.home().join(".bashrc").exists());
    }
}

#[test]
fn a_no_writes_nothing() {
    require_program!("script");
    let fixture = empty();
    let line =
        format!("configure --start-url {} --region eu-central-1 --session corp", fixture.sim.start_url());
    let mut running = on_a_terminal(&fixture, &line).spawn();
    answer(&mut running, "Write this to ", "n");
    let output = running.wait().expect_ok();
    assert!(output.stdout_text().contains("Nothing was written."), "{output}");
    assert!(!fixture.env.aws_config_path().exists());
}
