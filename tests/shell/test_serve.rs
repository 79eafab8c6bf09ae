use std::os::unix::fs::PermissionsExt as _;

use kcaws_test_kit::{Running, Signal, require_program};

use crate::fixture::{LoginFixture, binary};

/// What a file for a container has in it.
const DOTENV_NAMES: [&str; 5] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "KCAWS_SET",
];

/// The endpoint of `serve`, and its two variables.
fn serving(fixture: &LoginFixture) -> (Running, serde_json::Value) {
    let command = fixture.kcaws("serve dev --format json").allow_secret_on_stdout();
    let mut serving = command.spawn();
    let line = serving.wait_for_stdout("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    serving.wait_for_stderr("Serving PowerUserAccess in account 111122223333 until Ctrl-C.");
    (serving, serde_json::from_str(&line).unwrap())
}

#[test]
fn a_client_with_both_variables_is_served_until_the_end() {
    let python = require_program!("python3");
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.env.write_home_file(
        "client.py",
        "import json, os, urllib.request\n\
         request = urllib.request.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'])\n\
         request.add_header('Authorization', os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'])\n\
         print(json.load(urllib.request.urlopen(request))['AccessKeyId'][:4])\n",
    );
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (serving, variables) = serving(&fixture);
        let variables = variables.as_object().unwrap();
        let names: Vec<&str> = variables.keys().map(String::as_str).collect();
        let region = ["AWS_DEFAULT_REGION", "AWS_REGION", "KCAWS_SET"];
        assert!(names.len() == 6 && region.iter().all(|name| names.contains(name)), "no keys: {names:?}");
        let token_file = variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"].as_str().unwrap().to_owned();
        let token = std::fs::read_to_string(&token_file).unwrap();
        assert_eq!(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"], token);
        let client = || {
            let pairs =
                variables.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
            pairs.fold(fixture.env.command(&python).arg("client.py"), |client, (name, value)| {
                client.env(name, value)
            })
        };
        assert_eq!(client().run().expect_ok().stdout_text(), "ASIA\n");
        std::fs::remove_dir_all(fixture.state().join("warm")).unwrap();
        fixture.sim.expire_access_tokens();
        assert_eq!(client().run().expect_ok().stdout_text(), "ASIA\n", "fetched again");
        serving.signal(signal);
        serving.wait().expect_code(code);
        assert_ne!(client().run().code(), 0, "no one answers any more");
        assert!(!std::path::Path::new(&token_file).exists(), "its file goes too");
    }
}

#[test]
fn nothing_is_printed_for_nothing() {
    let fixture = LoginFixture::new();
    let refused = fixture.run("serve dev").expect_code(4).expect_stderr("run `kcaws login corp`");
    assert!(refused.stdout.is_empty(), "{refused}");
    fixture.run("serve").expect_code(2).expect_stderr("which profile?");
    fixture.run("serve nobody").expect_code(3);
}

#[test]
fn the_variables_go_into_a_private_file_and_the_port_is_the_one_that_was_named() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    let line = format!("serve dev --format dotenv --output .env --port {port}");
    let taken = fixture.run(&line).expect_code(1).expect_stderr("no loopback port could be opened");
    taken.expect_stderr("choose another --port");
    drop(free);
    let path = fixture.env.write_home_file(".env", "OLD=1\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut serving = fixture.kcaws(&line).spawn();
    serving.wait_for_stderr("The variables are in `.env`.");
    serving.wait_for_stderr("until Ctrl-C");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fixture.env.read_home_file(".env");
    let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // No file of this machine: a container would look for it in vain.
    assert_eq!(names, DOTENV_NAMES);
    assert!(text.contains(&format!("http://127.0.0.1:{port}/")), "{text}");
    serving.signal(Signal::TERM);
    let output = serving.wait().expect_code(143);
    assert!(output.stdout.is_empty(), "{output}");
    assert!(!path.exists(), "what led to the endpoint goes with it");

    fixture.env.write_home_file(".env", "OLD=1\n");
    std::os::unix::fs::symlink(&path, fixture.env.home().join("link")).unwrap();
    let refused = fixture.run("serve dev --output link").expect_code(1);
    refused.expect_stderr("`link` is not a regular file");
    assert_eq!(fixture.env.read_home_file(".env"), "OLD=1\n");
    fixture.run("serve dev --output no/such/folder/.env").expect_code(1).expect_stderr("--output");
}

/// Begins to serve into `.env`; the address that this one wrote there.
fn serving_into_a_file(fixture: &LoginFixture) -> (Running, String) {
    let mut serving = fixture.kcaws("serve dev --format dotenv --output .env").spawn();
    serving.wait_for_stderr("until Ctrl-C");
    (serving, fixture.env.read_home_file(".env"))
}

#[test]
fn the_file_of_one_that_ends_stays_where_another_one_or_a_person_wrote_it() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let path = fixture.env.home().join(".env");
    let end = |serving: Running| {
        serving.signal(Signal::INT);
        serving.wait().expect_code(130);
    };
    let (first, text_of_first) = serving_into_a_file(&fixture);
    let (second, text_of_second) = serving_into_a_file(&fixture);
    assert_ne!(text_of_first, text_of_second);
    end(first);
    assert_eq!(fixture.env.read_home_file(".env"), text_of_second);
    end(second);
    assert!(!path.exists());
    let (third, text) = serving_into_a_file(&fixture);
    fixture.env.write_home_file(".env", format!("{text}MINE=1\n"));
    end(third);
    assert!(fixture.env.read_home_file(".env").ends_with("MINE=1\n"));
}

#[test]
fn many_that_write_one_file_at_once_leave_it_whole_and_then_none() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let path = fixture.env.home().join(".env");
    let mut all: Vec<Running> =
        (0..6).map(|_| fixture.kcaws("serve dev --format dotenv --output .env").spawn()).collect();
    for serving in &mut all {
        serving.wait_for_stderr("The variables are in `.env`.");
        let text = fixture.env.read_home_file(".env");
        let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        assert_eq!(names, DOTENV_NAMES);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for serving in all {
        serving.signal(Signal::TERM);
        serving.wait().expect_code(143);
    }
    assert!(!path.exists());
    let left: Vec<_> =
        fixture.env.home().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".tmp")), "{left:?}");
}

#[test]
fn a_file_that_stdout_goes_to_and_others_can_read_is_warned_of() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let file = fixture.env.home().join("out");
    for (line, mode, advice) in [
        (
            "env dev",
            0o644,
            Some("(mode 0644): run `chmod 600` on it, or start the program with `kcaws exec`"),
        ),
        ("env dev", 0o640, Some("(mode 0640)")),
        ("env dev", 0o604, Some("(mode 0604)")),
        ("env dev", 0o600, None),
        ("env --unset", 0o644, None),
        ("console dev --print", 0o644, Some("(mode 0644): run `chmod 600` on it")),
        ("console dev --json", 0o600, None),
        ("console dev --print --via portal", 0o644, None),
    ] {
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let script = format!("'{}' {line} > out", binary().display());
        let output = fixture.env.command("/bin/sh").args(["-c", &script]).run().expect_ok();
        assert!(!std::fs::read_to_string(&file).unwrap().is_empty(), "{line}");
        let warned =
            output.stderr_text().contains("warning: other users can read the file that stdout goes to");
        assert_eq!(warned, advice.is_some(), "{line}, {mode:o}: {output}");
        assert!(output.stderr_text().contains(advice.unwrap_or_default()), "{output}");
    }
}
