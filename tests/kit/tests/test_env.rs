//! The test environment and its processes, tried on small shell scripts.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failed unwrap is a failed test; what kcaws must not do, its tests may"
)]

use std::time::Duration;

use kcaws_test_kit::{FakeBrowser, PageClient, PrivateKeyring, Signal, TestEnv, require_program, wait_for};

fn sh(env: &TestEnv, script: &str) -> kcaws_test_kit::TestCommand {
    env.command("sh").arg("-c").arg(script)
}

#[test]
fn a_child_sees_nothing_of_the_callers_environment() {
    let env = TestEnv::new();
    let variables = sh(&env, "env").run().expect_ok().stdout_text();
    let mut names: Vec<_> = variables.lines().filter_map(|l| Some(l.split_once('=')?.0)).collect();
    names.retain(|name| !matches!(*name, "PWD" | "_" | "SHLVL" | "OLDPWD"));
    names.sort_unstable();
    let expected = [
        "AWS_EC2_METADATA_DISABLED",
        "HOME",
        "KCAWS_SYSTEM_CONFIG",
        "LANG",
        "PATH",
        "TMPDIR",
        "TZ",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    ];
    assert_eq!(names, expected);
    assert!(variables.contains(&format!("HOME={}\n", env.home().display())));
}

#[test]
fn an_output_shows_both_streams_and_the_status() {
    let output = sh(&TestEnv::new(), "echo out; echo err >&2; exit 3").run().expect_code(3);
    assert!(output.to_string().ends_with("out\n------- stderr\nerr\n\n[exit status: 3]"), "{output}");
}

#[test]
fn a_hung_child_is_killed_with_its_children_and_its_words_are_kept() {
    let env = TestEnv::new();
    let script = "echo begun; sleep 1000 & echo $! > child; wait";
    let late = sh(&env, script).timeout(Duration::from_millis(500)).try_run().unwrap_err().to_string();
    assert!(late.contains("was killed; it had printed:\nbegun\n"), "{late}");
    let child = env.read_home_file("child");
    let state = format!("/proc/{}/stat", child.trim());
    wait_for("the grandchild to end", || {
        // Gone, or a zombie that no one has buried yet.
        std::fs::read_to_string(&state).map_or(Some(()), |s| s.contains(") Z ").then_some(()))
    });
}

#[test]
fn what_left_the_group_ends_with_the_env() {
    let env = TestEnv::new();
    // The shell waits until the stray has left the group, which ends with its leader.
    let script = "setsid sh -c ': > gone; exec sleep 1000' > /dev/null 2>&1 & \
                  while [ ! -e gone ]; do sleep 0.01; done";
    sh(&env, script).run().expect_ok();
    let stray = wait_for("the stray", || env.processes().first().copied());
    drop(env);
    wait_for("the stray to end", || {
        let state = std::fs::read_to_string(format!("/proc/{stray}/stat"));
        state.map_or(Some(()), |s| s.contains(") Z ").then_some(()))
    });
}

#[test]
#[should_panic(expected = "a secret (base64, shifted by 1) is in the standard error of")]
fn a_secret_on_stderr_fails_the_test() {
    let env = TestEnv::new().with_secret_mark("SIMSECRET");
    sh(&env, "printf xSIMSECRETy | base64 >&2").allow_secret_on_stdout().run();
}

#[test]
#[should_panic(expected = "a secret (plain) is in the standard output of")]
fn a_secret_on_stdout_fails_the_test() {
    let env = TestEnv::new().with_secret_mark("SIMSECRET");
    sh(&env, "echo SIMSECRET | cat").stdin("").run();
}

#[test]
fn a_secret_on_stdout_can_be_the_purpose() {
    let env = TestEnv::new().with_secret_mark("SIMSECRET");
    let output = env.command("cat").stdin("SIMSECRET").allow_secret_on_stdout().run().expect_ok();
    assert_eq!(output.stdout, b"SIMSECRET");
}

#[test]
fn a_conversation_can_be_held() {
    let env = TestEnv::new();
    let script = "printf 'code? ' >&2; echo >&2; read x; echo \"got $x\"; read y; echo never";
    let mut child = sh(&env, script).interactive().spawn();
    child.wait_for_stderr("code?");
    child.type_line("ABCD-EFGH");
    assert_eq!(child.wait_for_stdout("got"), "got ABCD-EFGH");
    assert!(child.is_running());
    child.signal(Signal::TERM);
    assert_eq!(child.wait().code(), 143);
}

#[test]
fn ctrl_c_reaches_the_whole_group() {
    let env = TestEnv::new();
    // Tests that a script starts in the background ignore the signal, and a shell cannot trap one that was ignored
    // when it began.
    let script = "trap 'echo interrupted; exit 130' INT; echo ready; while :; do sleep 0.1; done";
    let mut child = env.command("env").args(["--default-signal=INT", "sh", "-c", script]).spawn();
    child.wait_for_stdout("ready");
    child.press_ctrl_c();
    assert_eq!(child.wait().expect_code(130).expect_stdout("interrupted").code(), 130);
}

#[test]
fn the_fake_browser_notes_addresses() {
    let env = TestEnv::new();
    let browser = FakeBrowser::install(&env);
    assert!(browser.opened().is_empty());
    env.run(["xdg-open", "http://127.0.0.1:1/a?b=c&d"]).expect_ok();
    sh(&env, "\"$BROWSER\" 'http://127.0.0.1:2/'").run().expect_ok();
    assert_eq!(browser.wait_for_url(), "http://127.0.0.1:1/a?b=c&d");
    assert_eq!(browser.opened().len(), 2);
}

#[test]
fn a_walk_keeps_cookies_through_redirects_and_forms() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let answers = [
            "302 Found\r\nLocation: /form\r\nSet-Cookie: sid=7; Path=/; HttpOnly",
            "200 OK\r\n\r\n<form method=post action=/go><input name=user><button>Log in</button></form>",
            "303 See Other\r\nLocation: /done?code=a%20b&state=s",
            "200 OK\r\n\r\nwelcome",
        ];
        answers.map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            while reader.read_line(&mut request).unwrap() > 2 {}
            let length = request.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            let end = if answer.contains("\r\n\r\n") { "" } else { "\r\n\r\n" };
            write!(stream, "HTTP/1.1 {answer}{end}").unwrap();
            request + &String::from_utf8(body).unwrap()
        })
    });
    let mut client = PageClient::new();
    let form = client.open(&format!("{base}/start"));
    assert_eq!(form.status, 200);
    let end = client.submit(&form, "Log in", &[("user", "mia@example.com")]);
    assert_eq!((end.query("code").as_deref(), end.body.as_str()), (Some("a b"), "welcome"));
    let requests = server.join().unwrap();
    assert!(requests[1].contains("cookie: sid=7"), "{}", requests[1]);
    assert!(requests[2].starts_with("POST /go") && requests[2].ends_with("user=mia%40example.com"));
    assert!(requests[3].starts_with("GET /done?code=a%20b&state=s"));
}

#[test]
fn a_private_keyring_stores_locks_dies_and_comes_back() {
    for program in ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"] {
        let _: std::path::PathBuf = require_program!(program);
    }
    let env = TestEnv::new();
    let mut keyring = PrivateKeyring::start(&env);
    let attributes = [("service", "kcaws"), ("username", "corp")];
    assert_eq!(keyring.secret_tool_lookup(&attributes), None);
    keyring.secret_tool_store("corp", "a token", &attributes);
    assert_eq!(keyring.secret_tool_lookup(&attributes).as_deref(), Some("a token"));
    keyring.lock();
    // No one answers prompts here, so a lookup that wants to unlock gets nothing.
    assert_eq!(keyring.secret_tool_lookup(&attributes), None);
    keyring.unlock();
    assert_eq!(keyring.secret_tool_lookup(&attributes).as_deref(), Some("a token"));
    keyring.kill_daemon();
    assert_eq!(keyring.secret_tool_lookup(&attributes), None);
    keyring.restart_daemon();
    assert_eq!(keyring.secret_tool_lookup(&attributes).as_deref(), Some("a token"));
}
