//! What runs kcaws here: this machine, an emulator of another processor, or wine.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use kcaws_test_kit::{PrivateKeyring, Running, TestCommand, TestEnv};

pub(crate) struct Machine<'d> {
    binary: PathBuf,
    runner: Option<PathBuf>,
    kind: Kind<'d>,
}

enum Kind<'d> {
    /// The tokens are in this machine's kernel.
    Native,
    /// No emulator passes the kernel's keyring on, so the tokens are in a desktop's keyring, and what keeps warm
    /// credentials closed on a file system in memory.
    Emulated {
        _keyring: Box<PrivateKeyring<'d>>,
        _memory: tempfile::TempDir,
    },
    Wine(Wine),
}

/// A prefix of its own.
struct Wine {
    server: PathBuf,
    /// A command prompt that stays open: the first program starts Windows' services, and they would be killed with
    /// it. A kcaws that is killed must not take them along, half started.
    _session: Box<Running>,
    /// The person's folder.
    person: PathBuf,
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
}

impl<'d> Machine<'d> {
    pub(crate) fn at(env: &'d TestEnv) -> Self {
        let binary = variable("KCAWS_TEST_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_kcaws").into());
        let runner = variable("KCAWS_TEST_RUNNER");
        let kind = match (&runner, variable("KCAWS_TEST_WINEPREFIX")) {
            (Some(wine), Some(from)) => Kind::Wine(Wine::start(env, wine, &from)),
            (Some(_), None) => Self::emulated(env),
            (None, _) => {
                env.set_env("KCAWS_KEYRING", "keyutils");
                Kind::Native
            }
        };
        Self { binary, runner, kind }
    }

    fn emulated(env: &'d TestEnv) -> Kind<'d> {
        let keyring = Box::new(PrivateKeyring::start(env));
        let memory = tempfile::Builder::new().prefix("kcaws-test").tempdir_in("/dev/shm").unwrap();
        env.set_env("XDG_RUNTIME_DIR", memory.path());
        Kind::Emulated { _keyring: keyring, _memory: memory }
    }

    pub(crate) fn command(&self, env: &TestEnv) -> TestCommand {
        match &self.runner {
            Some(runner) => env.command(runner).arg(&self.binary),
            None => env.command(&self.binary),
        }
    }

    pub(crate) fn home(&self, env: &TestEnv) -> PathBuf {
        match &self.kind {
            Kind::Wine(wine) => wine.person.clone(),
            Kind::Native | Kind::Emulated { .. } => env.home(),
        }
    }

    /// kcaws's own folder.
    pub(crate) fn state(&self, env: &TestEnv) -> PathBuf {
        match &self.kind {
            Kind::Wine(wine) => wine.person.join("AppData/Local/kcaws"),
            Kind::Native | Kind::Emulated { .. } => env.state_dir().join("kcaws"),
        }
    }

    /// Where the tokens are, in kcaws's words.
    pub(crate) fn store(&self) -> &'static str {
        match self.kind {
            Kind::Native => "kernel keyring",
            Kind::Emulated { .. } => "Secret Service",
            Kind::Wine(_) => "Windows Credential Manager",
        }
    }

    /// One that other platforms have.
    pub(crate) fn foreign_store(&self) -> &'static str {
        match self.kind {
            Kind::Native | Kind::Emulated { .. } => "wincred",
            Kind::Wine(_) => "keychain",
        }
    }

    pub(crate) fn stop(&self, env: &TestEnv) {
        if let Kind::Wine(wine) = &self.kind {
            env.command(&wine.server).arg("-k").run();
        }
    }
}

impl Wine {
    /// The registry and the person's folder are copied; the system's folders, hundreds of megabytes that nobody
    /// writes to, are not.
    fn start(env: &TestEnv, wine: &Path, from: &Path) -> Self {
        let prefix = env.root().join("wine");
        let drive = prefix.join("drive_c");
        std::fs::create_dir_all(prefix.join("dosdevices")).unwrap();
        std::fs::create_dir_all(&drive).unwrap();
        symlink("../drive_c", prefix.join("dosdevices/c:")).unwrap();
        symlink("/", prefix.join("dosdevices/z:")).unwrap();
        for file in ["system.reg", "user.reg", "userdef.reg", ".update-timestamp"] {
            std::fs::copy(from.join(file), prefix.join(file)).unwrap();
        }
        for folder in std::fs::read_dir(from.join("drive_c")).unwrap() {
            let folder = folder.unwrap();
            if folder.file_name() != "users" {
                symlink(folder.path(), drive.join(folder.file_name())).unwrap();
            }
        }
        let mut people = std::fs::read_dir(from.join("drive_c/users")).unwrap().map(|one| one.unwrap());
        let name = people.find(|one| one.file_name() != "Public").unwrap().file_name();
        let person = drive.join("users").join(name);
        std::fs::create_dir_all(person.join("AppData/Local")).unwrap();
        std::fs::create_dir_all(person.join("Temp")).unwrap();
        env.set_env("WINEPREFIX", &prefix);
        // Its own remarks would stand among those of kcaws.
        env.set_env("WINEDEBUG", "-all");
        // It would offer to install what kcaws has no use for, and put itself into a desktop's menus.
        env.set_env("WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe=d");
        let mut session = env.command(wine).args(["cmd", "/q", "/k", "echo started"]).interactive().spawn();
        session.wait_for_stdout("started");
        Self { _session: Box::new(session), server: wine.with_file_name("wineserver"), person }
    }
}
