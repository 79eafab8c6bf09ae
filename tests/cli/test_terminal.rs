//! With a person at a terminal.

use kcaws_test_kit::require_program;

use crate::fixture::{LoginFixture, on_a_terminal};

#[test]
fn a_spinner_turns_while_the_person_is_in_the_browser_and_leaves_no_trace() {
    require_program!("script");
    let fixture = LoginFixture::new();
    let mut login = on_a_terminal(&fixture, "login --no-browser").spawn();
    let code = login.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    kcaws_test_kit::wait_for("a poll", || (fixture.sim.count(idc_sim::Route::CreateToken) > 0).then_some(()));
    fixture.sim.approve(&code);
    let output = login.wait().expect_ok();
    let text = output.stdout_text();
    assert!(text.contains("Waiting for approval"), "{output}");
    let end = text.rfind("Logged in to `corp`").unwrap();
    assert!(text[..end].contains("\u{1b}[2K"), "the spinner's line is cleared: {output}");
}

#[test]
fn ctrl_c_ends_a_login_with_the_prompt_on_a_line_of_its_own() {
    require_program!("script");
    let fixture = LoginFixture::new();
    let mut login = on_a_terminal(&fixture, "login --no-browser").spawn();
    login.wait_for_stdout("  code: ");
    // What the key sends; the terminal makes a signal of it.
    login.type_line("\u{3}");
    let output = login.wait().expect_code(130);
    assert!(output.stdout_text().ends_with('\n'), "{output}");
}

#[test]
fn no_color_is_honoured_on_a_terminal() {
    require_program!("script");
    let fixture = LoginFixture::new();
    let help = on_a_terminal(&fixture, "--help").run().expect_ok();
    assert!(help.stdout.contains(&0x1b), "there is something to honour it for: {help}");
    let help = on_a_terminal(&fixture, "--help").env("NO_COLOR", "1").run().expect_ok();
    assert!(!help.stdout.contains(&0x1b), "{help}");
}

#[test]
fn of_several_sessions_the_person_picks_one() {
    require_program!("script");
    let fixture = LoginFixture::new();
    let second = fixture.config().split("\n\n").next().unwrap().replace("corp", "second");
    fixture.env.write_aws_config(&format!("{}\n{second}\n", fixture.config()));
    let mut login = on_a_terminal(&fixture, "login --no-browser").env("TERM", "dumb").spawn();
    login.wait_for_stdout("   2  second");
    login.type_line("2");
    let code = login.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    fixture.sim.approve(&code);
    let output = login.wait().expect_ok();
    assert!(output.stdout_text().contains("Logged in to `second`"), "{output}");
    fixture.run("login").expect_code(2).expect_stderr("sessions: corp, second");
}

/// Programs that ask the endpoint cannot be asked which profile was meant.
#[test]
fn serve_goes_on_with_the_profile_that_was_picked() {
    require_program!("script");
    let fixture = LoginFixture::new();
    fixture.log_in();
    let line = "serve --format dotenv";
    let mut serve = on_a_terminal(&fixture, line).env("TERM", "dumb").allow_secret_on_stdout().spawn();
    serve.wait_for_stdout("   1  dev");
    serve.type_line("1");
    let value = |line: String| line.trim().split_once('=').unwrap().1.trim_matches(['"', '\'']).to_owned();
    let url = value(serve.wait_for_stdout("AWS_CONTAINER_CREDENTIALS_FULL_URI="));
    let token = value(serve.wait_for_stdout("AWS_CONTAINER_AUTHORIZATION_TOKEN="));
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(authority).unwrap();
    let head = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {token}\r\n\r\n");
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serve.type_line("\u{3}");
    serve.wait().expect_code(130);
}
