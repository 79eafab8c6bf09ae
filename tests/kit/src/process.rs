//! Child processes: captured, bounded in time, searched for secrets.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::output::{Output, TimedOut};
use crate::secret_mark::SecretMark;

/// Far beyond what any command of the suites needs: it ends hung ones.
const PATIENCE: Duration = Duration::from_secs(90);

/// A command in a [`TestEnv`](crate::TestEnv).
pub struct TestCommand {
    command: Command,
    shown: String,
    stdin: Option<Vec<u8>>,
    keep_stdin_open: bool,
    patience: Duration,
    mark: Option<SecretMark>,
    stdout_is_secret: bool,
}

impl TestCommand {
    pub(crate) fn new(
        program: &OsStr,
        dir: &Path,
        env: Vec<(OsString, OsString)>,
        mark: Option<SecretMark>,
    ) -> Self {
        // `Command` would look the name up on the test's own path.
        let program = if program.as_encoded_bytes().contains(&b'/') {
            PathBuf::from(program)
        } else {
            let path = env.iter().find(|(k, _)| k == "PATH").map(|(_, v)| v.clone()).unwrap_or_default();
            let found = std::env::split_paths(&path).map(|d| d.join(program)).find(|p| p.is_file());
            found.unwrap_or_else(|| panic!("{} is not on the test's path", program.display()))
        };
        let mut command = Command::new(&program);
        command.env_clear().envs(env).current_dir(dir).process_group(0);
        let shown = program.display().to_string();
        Self {
            command,
            shown,
            stdin: None,
            keep_stdin_open: false,
            patience: PATIENCE,
            mark,
            stdout_is_secret: false,
        }
    }

    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown = format!("{} {}", self.shown, arg.as_ref().display());
        self.command.arg(arg);
        self
    }

    #[must_use]
    pub fn args<S: AsRef<OsStr>>(self, args: impl IntoIterator<Item = S>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Another folder than the home folder.
    #[must_use]
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// As another user of this machine; only root can.
    #[must_use]
    pub fn as_user(mut self, uid: u32) -> Self {
        self.command.uid(uid).gid(uid);
        self
    }

    /// What the child reads; without this it finds an empty standard input.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Standard input stays open for [`Running::type_line`].
    #[must_use]
    pub fn interactive(mut self) -> Self {
        self.keep_stdin_open = true;
        self
    }

    /// How long a hung child is waited for.
    #[must_use]
    pub fn timeout(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// For commands whose standard output is the secret, such as `credential-process`.
    #[must_use]
    pub fn allow_secret_on_stdout(mut self) -> Self {
        self.stdout_is_secret = true;
        self
    }

    /// Runs to the end.
    ///
    /// # Panics
    /// When the child cannot be started, when it hangs (it is killed, and what it had printed is shown), and
    /// when it printed a secret.
    pub fn run(self) -> Output {
        self.try_run().unwrap_or_else(|late| panic!("{late}"))
    }

    /// As [`run`](Self::run), but a hang is an answer.
    pub fn try_run(self) -> Result<Output, TimedOut> {
        self.spawn().finish()
    }

    /// Starts the child and returns at once.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(mut self) -> Running {
        let piped_stdin = self.stdin.is_some() || self.keep_stdin_open;
        self.command.stdin(if piped_stdin { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|e| panic!("{}: {e}", self.shown));
        let mut stdin = child.stdin.take();
        if let (Some(pipe), Some(text)) = (&mut stdin, &self.stdin) {
            let _ = pipe.write_all(text); // the child may well have gone without reading
        }
        if !self.keep_stdin_open {
            stdin = None;
        }
        let stdout = Stream::read(child.stdout.take().unwrap());
        let stderr = Stream::read(child.stderr.take().unwrap());
        let deadline = Instant::now() + self.patience;
        let Self { shown, patience, mark, stdout_is_secret, .. } = self;
        Running {
            child,
            stdin,
            stdout,
            stderr,
            deadline,
            shown,
            patience,
            mark,
            stdout_is_secret,
            was_interrupted: false,
        }
    }
}

/// A child that runs. Dropping it kills it and all of its process group.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
    deadline: Instant,
    shown: String,
    patience: Duration,
    mark: Option<SecretMark>,
    stdout_is_secret: bool,
    was_interrupted: bool,
}

impl Running {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a line with `part` in it is on standard error, and returns that line.
    ///
    /// # Panics
    /// When it never comes; what was printed instead is shown.
    pub fn wait_for_stderr(&mut self, part: &str) -> String {
        self.wait_for_line(part, false)
    }

    /// As [`wait_for_stderr`](Self::wait_for_stderr), on standard output.
    pub fn wait_for_stdout(&mut self, part: &str) -> String {
        self.wait_for_line(part, true)
    }

    /// Waits until `part` is on standard output, in a line that may not have its end: a question.
    ///
    /// # Panics
    /// As [`wait_for_stderr`](Self::wait_for_stderr).
    pub fn wait_for_prompt(&mut self, part: &str) {
        let asked = self
            .stdout
            .wait_until(self.deadline, |text, _| String::from_utf8_lossy(text).contains(part).then_some(()));
        asked.unwrap_or_else(|| panic!("`{}` never asked {part:?}, but:\n{}", self.shown, self.so_far()));
    }

    fn wait_for_line(&mut self, part: &str, on_stdout: bool) -> String {
        let stream = if on_stdout { &self.stdout } else { &self.stderr };
        let line = stream.wait_until(self.deadline, |text, ended| {
            let text = String::from_utf8_lossy(text);
            // A line counts when it is whole; at the end of the stream what is there is whole.
            let whole = if ended { &text[..] } else { &text[..text.rfind('\n').map_or(0, |end| end + 1)] };
            whole.lines().find(|line| line.contains(part)).map(str::to_owned)
        });
        line.unwrap_or_else(|| {
            let so_far = self.so_far();
            panic!("`{}` never printed {part:?}, but:\n{so_far}", self.shown)
        })
    }

    /// Types a line, as a person would. Needs [`TestCommand::interactive`].
    ///
    /// # Panics
    /// When nothing reads it.
    pub fn type_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("TestCommand::interactive comes first");
        writeln!(stdin, "{line}").unwrap();
    }

    /// A key without Enter, such as Ctrl-C's `\u{3}`. Needs [`TestCommand::interactive`].
    ///
    /// # Panics
    /// When nothing reads it.
    pub fn press(&mut self, key: char) {
        let stdin = self.stdin.as_mut().expect("TestCommand::interactive comes first");
        write!(stdin, "{key}").unwrap();
        self.was_interrupted |= key == '\u{3}';
    }

    /// Sends a signal to the child alone.
    ///
    /// # Panics
    /// When the child is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// What a terminal does on Ctrl-C: SIGINT to the whole foreground group.
    ///
    /// # Panics
    /// When the group is gone.
    pub fn press_ctrl_c(&self) {
        kill_process_group(self.pid(), Signal::INT).unwrap();
    }

    /// Whether it has not ended yet.
    ///
    /// # Panics
    /// When the kernel does not know the child.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// As [`TestCommand::run`].
    pub fn wait(self) -> Output {
        self.finish().unwrap_or_else(|late| panic!("{late}"))
    }

    /// Kills the whole group and returns what was printed so far.
    ///
    /// # Panics
    /// When a secret was printed.
    pub fn kill(self) -> Output {
        let _ = kill_process_group(self.pid(), Signal::KILL);
        self.wait()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn finish(mut self) -> Result<Output, TimedOut> {
        // An end of input right behind Ctrl-C could be read before the signal has its effect.
        if !self.was_interrupted {
            self.stdin = None;
        }
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() >= self.deadline {
                let _ = kill_process_group(self.pid(), Signal::KILL);
                self.child.wait().unwrap();
                return Err(TimedOut {
                    shown: self.shown.clone(),
                    patience: self.patience,
                    so_far: self.so_far(),
                });
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        // The pipes may outlive the child in what it left running. Such a rest gets a moment, then it goes.
        let grace = Instant::now() + Duration::from_secs(5);
        for stream in [&self.stdout, &self.stderr] {
            let _: Option<()> = stream.wait_until(grace, |_, ended| ended.then_some(()));
        }
        let (stdout, stderr) = (self.stdout.bytes(), self.stderr.bytes());
        if let Some(mark) = &self.mark {
            mark.assert_absent(&format!("the standard error of `{}`", self.shown), &stderr);
            if !self.stdout_is_secret {
                mark.assert_absent(&format!("the standard output of `{}`", self.shown), &stdout);
            }
        }
        Ok(Output { shown: self.shown.clone(), status, stdout, stderr })
    }

    fn so_far(&self) -> String {
        let text = |stream: &Stream| String::from_utf8_lossy(&stream.bytes()).into_owned();
        format!("{}\n------- stderr\n{}", text(&self.stdout), text(&self.stderr))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What a stream has brought so far, and whether it has ended.
#[derive(Clone)]
struct Stream(Arc<(Mutex<Seen>, Condvar)>);

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let stream = Self(Arc::default());
        let filled = stream.clone();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                let count = pipe.read(&mut piece).unwrap_or(0);
                let mut state = filled.0.0.lock().unwrap();
                state.bytes.extend_from_slice(&piece[..count]);
                state.ended = count == 0;
                filled.0.1.notify_all();
                if count == 0 {
                    break;
                }
            }
        });
        stream
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.0.lock().unwrap().bytes.clone()
    }

    fn wait_until<T>(&self, deadline: Instant, look: impl Fn(&[u8], bool) -> Option<T>) -> Option<T> {
        let mut state = self.0.0.lock().unwrap();
        loop {
            if let Some(found) = look(&state.bytes, state.ended) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                return None;
            }
            state = self.0.1.wait_timeout(state, left).unwrap().0;
        }
    }
}
