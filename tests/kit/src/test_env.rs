//! A private place for child processes to work at.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process};

use crate::output::Output;
use crate::process::TestCommand;
use crate::secret_mark::SecretMark;
use crate::skip::SANE_PATH;

/// A home, a set of XDG folders, a folder for programs, and an environment that holds nothing else.
///
/// All of it is gone when it is dropped. It can be shared between threads.
pub struct TestEnv {
    root: tempfile::TempDir,
    env: Mutex<BTreeMap<OsString, OsString>>,
    mark: Option<SecretMark>,
}

impl TestEnv {
    /// # Panics
    /// When the temporary folder cannot be written.
    #[expect(clippy::new_without_default, reason = "it makes folders")]
    pub fn new() -> Self {
        // A short prefix: the paths of sockets below it have 108 bytes at most.
        let root = tempfile::Builder::new().prefix("test").tempdir().unwrap();
        let env = Self { root, env: Mutex::default(), mark: None };
        for (variable, dir) in [
            ("HOME", env.home()),
            ("XDG_CONFIG_HOME", env.config_dir()),
            ("XDG_STATE_HOME", env.state_dir()),
            ("XDG_CACHE_HOME", env.cache_dir()),
            ("XDG_DATA_HOME", env.data_dir()),
            ("XDG_RUNTIME_DIR", env.runtime_dir()),
            ("TMPDIR", env.tmp_dir()),
        ] {
            std::fs::create_dir_all(&dir).unwrap();
            env.set_env(variable, dir);
        }
        std::fs::create_dir(env.bin_dir()).unwrap();
        std::fs::set_permissions(env.runtime_dir(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut path = env.bin_dir().into_os_string();
        path.push(":");
        path.push(SANE_PATH);
        env.set_env("PATH", path);
        env.set_env("KCAWS_SYSTEM_CONFIG", "none"); // this machine's own
        env.set_env("LANG", "C.UTF-8");
        env.set_env("TZ", "UTC");
        env.set_env("AWS_EC2_METADATA_DISABLED", "true"); // no client waits for 169.254.169.254
        env
    }

    /// From now on everything that children print is searched for `mark`, and finding it fails the test.
    #[must_use]
    pub fn with_secret_mark(mut self, mark: &str) -> Self {
        self.mark = Some(SecretMark::new(mark));
        self
    }

    /// The folder that holds all others.
    pub fn root(&self) -> &Path {
        self.root.path()
    }
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }
    /// `$XDG_CONFIG_HOME`.
    pub fn config_dir(&self) -> PathBuf {
        self.home().join(".config")
    }
    /// `$XDG_STATE_HOME`.
    pub fn state_dir(&self) -> PathBuf {
        self.home().join(".local/state")
    }
    /// `$XDG_CACHE_HOME`.
    pub fn cache_dir(&self) -> PathBuf {
        self.home().join(".cache")
    }
    /// `$XDG_DATA_HOME`.
    pub fn data_dir(&self) -> PathBuf {
        self.home().join(".local/share")
    }
    /// `$XDG_RUNTIME_DIR`.
    pub fn runtime_dir(&self) -> PathBuf {
        self.root().join("run")
    }
    /// `$TMPDIR`.
    pub fn tmp_dir(&self) -> PathBuf {
        self.root().join("tmp")
    }
    /// The first folder on `$PATH`.
    pub fn bin_dir(&self) -> PathBuf {
        self.root().join("bin")
    }

    /// Sets a variable for every child that is started from now on.
    pub fn set_env(&self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.env.lock().unwrap().insert(name.as_ref().to_owned(), value.as_ref().to_owned());
    }

    pub fn remove_env(&self, name: impl AsRef<OsStr>) {
        self.env.lock().unwrap().remove(name.as_ref());
    }

    /// Several variables at once, such as those of a simulator.
    pub fn set_envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(&self, variables: impl IntoIterator<Item = (K, V)>) {
        for (name, value) in variables {
            self.set_env(name, value);
        }
    }

    /// The environment that a child gets.
    pub fn env(&self) -> Vec<(OsString, OsString)> {
        self.env.lock().unwrap().iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    pub fn aws_config_path(&self) -> PathBuf {
        self.home().join(".aws/config")
    }

    pub fn write_aws_config(&self, text: &str) -> PathBuf {
        self.write_home_file(".aws/config", text)
    }

    pub fn read_aws_config(&self) -> String {
        self.read_home_file(".aws/config")
    }

    /// Writes a file below the home; `path` is relative to it. The mode is 0600.
    pub fn write_home_file(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub fn read_home_file(&self, path: impl AsRef<Path>) -> String {
        let path = self.home().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Puts an executable script first on the children's path, such as a fake `xdg-open`.
    pub fn write_script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.bin_dir().join(name);
        let draft = tempfile::NamedTempFile::new_in(self.root()).unwrap();
        std::fs::write(&draft, text).unwrap();
        crate::install_program(draft.path(), &path);
        path
    }

    /// Makes all that is here another user's; only root can.
    ///
    /// # Panics
    /// When it cannot.
    pub fn give_to(&self, uid: u32) {
        let owner = format!("{uid}:{uid}");
        let status = std::process::Command::new("chown").args(["-R", &owner]).arg(self.root()).status();
        assert!(status.unwrap().success(), "chown {owner}");
    }

    /// A command in this environment; `program` is a path or a name to be found on the children's path.
    pub fn command(&self, program: impl AsRef<OsStr>) -> TestCommand {
        TestCommand::new(program.as_ref(), &self.home(), self.env(), self.mark.clone())
    }

    /// A command whose line is given in one piece, such as a client's of [`clients`](crate::clients).
    ///
    /// # Panics
    /// For an empty line.
    pub fn command_line<S: AsRef<OsStr>>(&self, line: impl IntoIterator<Item = S>) -> TestCommand {
        let mut parts = line.into_iter();
        let program = parts.next().expect("a command line starts with a program");
        self.command(program).args(parts)
    }

    /// Runs a command line to its end.
    pub fn run<S: AsRef<OsStr>>(&self, line: impl IntoIterator<Item = S>) -> Output {
        self.command_line(line).run()
    }

    /// # Panics
    /// When a file below `dir`, or its name, holds the secret mark; or when there is none.
    pub fn assert_no_secret_in_files(&self, dir: impl AsRef<Path>) {
        let mark = self.mark.as_ref().expect("TestEnv::with_secret_mark comes first");
        mark.assert_absent_from_files(dir.as_ref());
    }

    /// The processes of this environment, also those that left the group of the command that started them.
    pub fn processes(&self) -> Vec<u32> {
        let home = [b"HOME=", self.home().as_os_str().as_encoded_bytes()].concat();
        let here = |pid: &u32| {
            let env = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            env.split(|&b| b == 0).any(|variable| variable == home)
        };
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(here).collect()
    }
}

impl Drop for TestEnv {
    /// Ends what was left running: a detached login would otherwise outlive its test.
    fn drop(&mut self) {
        for pid in self.processes() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}
