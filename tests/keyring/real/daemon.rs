//! Processes of a desktop that end with their test.
#![expect(clippy::disallowed_methods, reason = "a test starts what it tests against")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kcaws_test_kit::TestEnv;

pub(super) struct Daemon(Child);

impl Daemon {
    pub(super) fn start(env: &TestEnv, program: impl AsRef<Path>, arguments: &[&str], stdin: &str) -> Self {
        let mut child = command(env, program.as_ref())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let mut input = child.stdin.take().expect("piped");
        // One that reads nothing may be gone from it already.
        let _ = input.write_all(stdin.as_bytes());
        Self(child)
    }

    pub(super) fn of(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// With the test's environment and nothing else.
pub(super) fn command(env: &TestEnv, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(env.env());
    command
}

/// A screen that no one sees.
pub(super) struct Display(Child);

impl Display {
    /// Starts it and sets `DISPLAY` in the test environment. It takes a number that is free.
    pub(super) fn start(env: &TestEnv) -> Self {
        let mut child = command(env, Path::new("Xvfb"))
            .args(["-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let mut number = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut number).expect("a number");
        env.set_env("DISPLAY", format!(":{}", number.trim()));
        Self(child)
    }
}

/// How many windows the test's display shows.
pub(super) fn windows(env: &TestEnv) -> usize {
    let search = env.command("xdotool").args(["search", "--onlyvisible", "--name", "."]).run();
    search.stdout_text().lines().count()
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks something on the bus; empty where there is no answer.
pub(super) fn call(env: &TestEnv, destination: &str, path: &str, method: &str, arguments: &[&str]) -> String {
    let send = env.command("dbus-send").args(["--session", "--print-reply", "--reply-timeout=5000"]);
    send.arg(format!("--dest={destination}")).arg(path).arg(method).args(arguments).run().stdout_text()
}
