//! A desktop's keyring, private to one test.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::output::Output;
use crate::process::{Running, TestCommand};
use crate::{TestEnv, wait_for};

const PASSWORD: &str = "test password";
const SERVICE: &str = "org.freedesktop.secrets";

/// A D-Bus session of its own with a gnome-keyring that is unlocked. Both die with it.
///
/// The bus starts no services by itself: a killed daemon stays dead until [`restart_daemon`], and nothing
/// answers prompts.
///
/// [`restart_daemon`]: PrivateKeyring::restart_daemon
pub struct PrivateKeyring<'d> {
    env: &'d TestEnv,
    daemon: Option<Running>,
    // Declared last, dropped last.
    _bus: Running,
}

impl<'d> PrivateKeyring<'d> {
    /// Starts both and sets `DBUS_SESSION_BUS_ADDRESS` in the test environment. Needs the programs `dbus-daemon`,
    /// `dbus-send` and `gnome-keyring-daemon`: see [`require_program!`](crate::require_program).
    ///
    /// # Panics
    /// When one of them does not start.
    pub fn start(env: &'d TestEnv) -> Self {
        let mut keyring = Self::start_without_daemon(env);
        keyring.restart_daemon();
        keyring
    }

    /// A bus on which no one offers the Secret Service.
    ///
    /// # Panics
    /// When the bus does not start.
    pub fn start_without_daemon(env: &'d TestEnv) -> Self {
        let socket = env.runtime_dir().join("bus");
        let address = format!("unix:path={}", socket.display());
        let config = env.root().join("bus.conf");
        std::fs::write(
            &config,
            format!(
                "<busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth>\
                 <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
                 <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>"
            ),
        )
        .unwrap();
        let mut bus = env
            .command("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--nosyslog", "--print-address=1"])
            .arg(format!("--config-file={}", config.display()))
            .spawn();
        bus.wait_for_stdout("unix:");
        env.set_env("DBUS_SESSION_BUS_ADDRESS", address);
        Self { env, daemon: None, _bus: bus }
    }

    /// Starts the daemon (again), unlocked; what was stored is still there.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart_daemon(&mut self) {
        self.kill_daemon();
        let daemon = self
            .env
            .command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .arg(format!("--control-directory={}", self.control_dir().display()))
            .stdin(PASSWORD)
            .spawn();
        self.daemon = Some(daemon);
        wait_for("the Secret Service to appear on the bus", || self.has_service().then_some(()));
    }

    /// Kills the daemon as a crash would.
    ///
    /// # Panics
    /// When the bus does not notice.
    pub fn kill_daemon(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            drop(daemon);
            wait_for("the Secret Service to leave the bus", || (!self.has_service()).then_some(()));
        }
    }

    /// Locks the keyring, as a screen saver may.
    ///
    /// # Panics
    /// When the daemon refuses.
    pub fn lock(&self) {
        self.service_call("Lock", &["array:objpath:/org/freedesktop/secrets/collection/login"]);
    }

    /// Unlocks it without a prompt.
    ///
    /// # Panics
    /// When the daemon refuses.
    pub fn unlock(&self) {
        // The daemon's control protocol, as its PAM module speaks it: a byte to hang credentials on, then
        // (length of all, operation 1, length of the password) as big-endian words, and the password.
        // `gnome-keyring-daemon --unlock` would start a second daemon instead.
        let mut control = UnixStream::connect(self.control_dir().join("control")).unwrap();
        let words = [12 + PASSWORD.len(), 1, PASSWORD.len()];
        let words = words.into_iter().flat_map(|word| u32::try_from(word).unwrap().to_be_bytes());
        let request: Vec<u8> = words.chain(PASSWORD.bytes()).collect();
        control.write_all(&[0]).unwrap();
        control.write_all(&request).unwrap();
        let mut answer = [0; 8];
        control.read_exact(&mut answer).unwrap();
        assert_eq!(answer[4..], [0; 4], "the daemon refused to unlock");
    }

    /// What a stranger to kcaws finds under these attributes: libsecret's own tool.
    ///
    /// # Panics
    /// When `secret-tool` is missing.
    pub fn secret_tool_lookup(&self, attributes: &[(&str, &str)]) -> Option<String> {
        let output = self.secret_tool("lookup", attributes).allow_secret_on_stdout().run();
        (output.code() == 0).then(|| output.stdout_text())
    }

    /// Stores an item with libsecret's own tool.
    ///
    /// # Panics
    /// When the daemon refuses.
    pub fn secret_tool_store(&self, label: &str, secret: &str, attributes: &[(&str, &str)]) -> Output {
        let line = ["secret-tool", "store", "--label", label];
        let pairs = attributes.iter().flat_map(|(name, value)| [*name, *value]);
        self.env.command_line(line.into_iter().chain(pairs)).stdin(secret).run().expect_ok()
    }

    fn secret_tool(&self, verb: &str, attributes: &[(&str, &str)]) -> TestCommand {
        let pairs = attributes.iter().flat_map(|(name, value)| [*name, *value]);
        self.env.command("secret-tool").arg(verb).args(pairs)
    }

    fn control_dir(&self) -> PathBuf {
        self.env.runtime_dir().join("keyring")
    }

    fn has_service(&self) -> bool {
        let name = format!("string:{SERVICE}");
        let call = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
        let call =
            self.env.command("dbus-send").args(call).arg("org.freedesktop.DBus.NameHasOwner").arg(name);
        call.run().stdout_text().contains("boolean true")
    }

    fn service_call(&self, method: &str, arguments: &[&str]) {
        let call =
            ["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"];
        let call = self.env.command("dbus-send").args(call);
        call.arg(format!("org.freedesktop.Secret.Service.{method}")).args(arguments).run().expect_ok();
    }
}
