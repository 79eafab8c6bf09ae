//! The server: one for a test binary.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::admin::Admin;
use crate::failures;
use crate::realm::Realm;

/// What `install` reads too.
const VERSION: &str = include_str!("../version");

/// A start takes 5 to 10 s; a first one on a busy machine has been seen to take 40.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// A running Keycloak on loopback. Dropping it stops it and removes what it wrote; the end of this process does too,
/// whatever the cause.
pub struct Server {
    url: String,
    admin: Admin,
    // Closed first: this is what tells `serve` to end.
    stdin: Option<ChildStdin>,
    serve: Child,
    /// Without a name: nothing has to remove it.
    log: File,
    place: PathBuf,
}

/// What [`require_keycloak!`](crate::require_keycloak) calls: the server that all tests of this binary share, `None`
/// where none is installed.
///
/// # Panics
/// When it is installed and does not start; under `KCAWS_TEST_STRICT=1` also when it is not installed.
pub fn keycloak_or_skip() -> Option<&'static Server> {
    // Never dropped: it ends with the process, by the closed pipe.
    static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
    if crate::left_out("Keycloak") {
        return None;
    }
    if Server::installed().is_none() {
        let version = VERSION.trim();
        kcaws_test_kit::skipped(&format!("Keycloak {version} is not installed: run tests/keycloak/install"));
        return None;
    }
    Some(
        SHARED.get_or_init(Server::start).as_ref().unwrap_or_else(|e| panic!("Keycloak does not start: {e}")),
    )
}

/// `$KCAWS_TEST_KEYCLOAK`, else `target/keycloak` of this workspace.
pub(crate) fn folder() -> PathBuf {
    let workspace =
        || Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("target/keycloak");
    std::env::var_os("KCAWS_TEST_KEYCLOAK").map_or_else(workspace, PathBuf::from)
}

enum Outcome {
    Ready,
    Ended,
    Late,
}

impl Server {
    /// Where `tests/keycloak/install` put it. What broke off half-way does not count.
    fn installed() -> Option<PathBuf> {
        let installed = folder().join(VERSION.trim());
        installed.join("stamp").is_file().then_some(installed)
    }

    /// Starts one more. Tests share that of [`require_keycloak!`](crate::require_keycloak).
    ///
    /// # Errors
    /// The end of its log.
    pub fn start() -> Result<Self, String> {
        let installed = Self::installed().ok_or("it is not installed")?;
        // Someone may take the port between our look and its use.
        for _ in 0..3 {
            let mut server = Self::spawn(&installed);
            match server.wait_until_ready() {
                Outcome::Ready => return Ok(server),
                Outcome::Ended if server.log().contains("already in use") => {}
                Outcome::Ended => return Err(format!("it ended\n{}", server.end_of_log())),
                Outcome::Late => return Err(format!("not ready in {PATIENCE:?}\n{}", server.end_of_log())),
            }
        }
        Err("three ports were taken from under it".into())
    }

    /// As [`start`](Self::start), but returns while java is only coming up.
    ///
    /// # Panics
    /// When Keycloak is not installed.
    pub fn begin() -> Self {
        Self::spawn(&Self::installed().expect("it is installed"))
    }

    fn spawn(installed: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = tempfile::tempfile().unwrap();
        let place = tempfile::Builder::new().prefix("keycloak").tempdir().unwrap().keep();
        let mut serve = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("serve"))
            .arg(installed)
            .arg(&place)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log.try_clone().unwrap())
            .process_group(0) // Ctrl-C is for the tests; this hears of it by the pipe, and cleans up
            .spawn()
            .unwrap();
        // The name that Chromium, Keycloak and cookies all take for a secure one.
        let url = format!("http://localhost:{port}");
        Self { admin: Admin::new(&url), url, stdin: serve.stdin.take(), serve, log, place }
    }

    fn wait_until_ready(&mut self) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            // Only a token tells: the port is open before the realms can be used.
            if self.admin.new_token().is_some() {
                return Outcome::Ready;
            }
            if self.serve.try_wait().unwrap().is_some() {
                return Outcome::Ended;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Outcome::Late
    }

    /// `http://localhost:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder that it works in.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The process that holds java; it ends when this process does.
    pub fn pid(&self) -> u32 {
        self.serve.id()
    }

    pub(crate) fn admin(&self) -> &Admin {
        &self.admin
    }

    /// A new realm, to be deleted by its drop.
    pub fn realm(&self) -> Realm<'_> {
        Realm::create(self)
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        let mut text = vec![0; usize::try_from(self.log.metadata().unwrap().len()).unwrap()];
        self.log.read_exact_at(&mut text, 0).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    pub(crate) fn keep_log(&self) {
        failures::keep("keycloak.log", self.log().as_bytes());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.serve.wait();
    }
}
