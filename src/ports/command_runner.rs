//! Runs a program and captures its output: bounded in time, without a terminal, and with nothing shown to the user.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::platform::thread;
use crate::secret::Secret;

/// Versions and tables are short; the rest is discarded unread.
const MOST_READ: u64 = 64 * 1024;

/// The exit status, and the output up to then, which may contain a secret.
#[derive(Clone)]
pub struct CommandOutput {
    pub succeeded: bool,
    pub stdout: Secret<String>,
    pub stderr: Secret<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("it could not be started ({0})")]
    NotStarted(std::io::Error),
    #[error("it did not finish within {} s", .0.as_secs())]
    TooSlow(Duration),
}

pub trait CommandRunner {
    /// Runs a program. `set` is added to the environment of this process.
    fn run(
        &self,
        program: &Path,
        args: &[OsString],
        set: &[(&str, &str)],
        patience: Duration,
    ) -> Result<CommandOutput, RunError>;
}

pub struct SystemCommands;

impl CommandRunner for SystemCommands {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn run(
        &self,
        program: &Path,
        args: &[OsString],
        set: &[(&str, &str)],
        patience: Duration,
    ) -> Result<CommandOutput, RunError> {
        let deadline = Instant::now() + patience;
        let mut command = Command::new(program);
        command.args(args).envs(set.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // One group, so that processes started by it end with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(RunError::NotStarted)?;
        let streams = listen(child.stdout.take()).and_then(|out| Ok((out, listen(child.stderr.take())?)));
        let (stdout, stderr) = match streams {
            Ok(streams) => streams,
            Err(error) => {
                end(&mut child);
                return Err(RunError::NotStarted(error));
            }
        };
        let received = |from: &mpsc::Receiver<Secret<String>>| {
            from.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        };
        // Both streams end when the last process that holds them does.
        let (Ok(stdout), Ok(stderr)) = (received(&stdout), received(&stderr)) else {
            end(&mut child);
            return Err(RunError::TooSlow(patience));
        };
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(CommandOutput { succeeded: status.success(), stdout, stderr }),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
                Ok(None) => {
                    end(&mut child);
                    return Err(RunError::TooSlow(patience));
                }
                Err(error) => return Err(RunError::NotStarted(error)),
            }
        }
    }
}

fn listen(stream: Option<impl Read + Send + 'static>) -> std::io::Result<mpsc::Receiver<Secret<String>>> {
    let (sender, receiver) = mpsc::channel();
    thread::start(move || {
        let Some(mut stream) = stream else { return };
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(4096));
        let _ = (&mut stream).take(MOST_READ).read_to_end(&mut bytes);
        // To the end: a program fails if its reader closes early.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        let _ = sender.send(Secret::new(String::from_utf8_lossy(&bytes).into_owned()));
    })?;
    Ok(receiver)
}

fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Programs by path, and the output of each.
#[derive(Default)]
pub struct FakeCommands(pub BTreeMap<PathBuf, CommandOutput>);

impl FakeCommands {
    #[must_use]
    pub fn with(mut self, program: impl Into<PathBuf>, succeeded: bool, stdout: &str, stderr: &str) -> Self {
        let output = CommandOutput { succeeded, stdout: stdout.into(), stderr: stderr.into() };
        self.0.insert(program.into(), output);
        self
    }
}

impl CommandRunner for FakeCommands {
    fn run(
        &self,
        program: &Path,
        _args: &[OsString],
        _set: &[(&str, &str)],
        _patience: Duration,
    ) -> Result<CommandOutput, RunError> {
        let absent = || RunError::NotStarted(std::io::ErrorKind::NotFound.into());
        self.0.get(program).cloned().ok_or_else(absent)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn sh(text: &str) -> [OsString; 2] {
        ["-c".into(), text.into()]
    }

    #[test]
    fn both_forms_keep_the_contract() {
        let contract = |runner: &dyn CommandRunner| {
            let output =
                runner.run(Path::new("/bin/sh"), &sh("echo out; echo err >&2; exit 3"), &[], PATIENCE);
            let output = output.expect("runs");
            let texts = (output.stdout.expose().as_str(), output.stderr.expose().as_str());
            assert_eq!((output.succeeded, texts), (false, ("out\n", "err\n")));
            let absent = runner.run(Path::new("/no/such"), &[], &[], PATIENCE);
            assert!(matches!(absent, Err(RunError::NotStarted(_))));
        };
        contract(&SystemCommands);
        contract(&FakeCommands::default().with("/bin/sh", false, "out\n", "err\n"));
    }

    #[test]
    fn what_hangs_is_ended_with_all_that_it_started() {
        let late = SystemCommands.run(
            Path::new("/bin/sh"),
            &sh("sleep 600 & echo x; wait"),
            &[],
            Duration::from_millis(200),
        );
        assert!(matches!(late, Err(RunError::TooSlow(_))));
    }

    #[test]
    fn variables_are_added() {
        let output = SystemCommands.run(Path::new("/bin/sh"), &sh("echo $X"), &[("X", "y")], PATIENCE);
        assert_eq!(output.expect("runs").stdout.expose(), "y\n");
    }
}
