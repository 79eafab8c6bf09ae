//! A desktop of one test's own: home, runtime folder, session bus, gnome-keyring. All of it ends with the test.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kcaws::ports::keyring::secret_service::{BusAddress, SecretServiceStore};
use tempfile::TempDir;

use crate::skip;

pub(crate) struct Desktop {
    home: TempDir,
    pub(crate) address: String,
    bus: Child,
    keyring: Option<Child>,
}

impl Desktop {
    /// A bus without a service. `None`: this machine lacks a program, and it has been said.
    pub(crate) fn empty() -> Option<Self> {
        for program in ["dbus-daemon", "gnome-keyring-daemon", "secret-tool"] {
            if !is_installed(program) {
                skip(&format!("{program} is not installed"));
                return None;
            }
        }
        let home = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o700)).expect("private");
        let (bus, address) = start_bus(home.path());
        Some(Self { home, address, bus, keyring: None })
    }

    /// With an unlocked login keyring.
    pub(crate) fn unlocked() -> Option<Self> {
        let mut desktop = Self::empty()?;
        desktop.start_keyring(true);
        Some(desktop)
    }

    pub(crate) fn start_keyring(&mut self, unlock: bool) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        if unlock {
            command.arg("--unlock");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        // The end of the password is the end of the input.
        child.stdin.take().expect("piped").write_all(b"test password").expect("takes the password");
        self.keyring = Some(child);
        wait_for("gnome-keyring on the bus", || self.owner().is_some());
        if unlock {
            wait_for("the login keyring", || self.secret_tool(&["search", "no", "such"]).is_ok());
            wait_for("the default keyring", || self.default_collection() != "/");
        }
    }

    pub(crate) fn kill_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            keyring.kill().expect("killed");
            keyring.wait().expect("ended");
            wait_for("the name to be free", || self.owner().is_none());
        }
    }

    pub(crate) fn keyring_pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(self.keyring.as_ref().expect("it runs"))
    }

    pub(crate) fn bus_pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.bus)
    }

    /// From now on the bus starts a daemon, with an open keyring, when there is none.
    #[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
    pub(crate) fn let_the_bus_start_it(&self) {
        let home = self.home.path().display();
        let script = self.home.path().join("start");
        let daemon = "gnome-keyring-daemon --foreground --components=secrets --unlock";
        let text = format!(
            "#!/bin/sh\nexport HOME={home} XDG_RUNTIME_DIR={home}\nprintf 'test password' | {daemon} >/dev/null 2>&1\n"
        );
        std::fs::write(&script, text).expect("written");
        std::fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).expect("set");
        let service = format!("[D-BUS Service]\nName=org.freedesktop.secrets\nExec={}\n", script.display());
        let folder = self.home.path().join("services");
        std::fs::write(folder.join("org.freedesktop.secrets.service"), service).expect("written");
        let reloaded = self.driver("ReloadConfig", &[]);
        assert!(reloaded.is_some(), "the bus reads its folder again");
    }

    pub(crate) fn keyring_is_alive(&mut self) -> bool {
        self.keyring.as_mut().expect("was started").try_wait().expect("can be asked").is_none()
    }

    pub(crate) fn store(&self) -> SecretServiceStore {
        SecretServiceStore::new(Some(self.bus()), Some(self.lock_file()))
    }

    pub(crate) fn bus(&self) -> BusAddress {
        BusAddress::parse(&self.address, None)
    }

    /// By another way to the same bus.
    pub(crate) fn store_at(&self, addresses: &str) -> SecretServiceStore {
        SecretServiceStore::new(Some(BusAddress::parse(addresses, None)), Some(self.lock_file()))
    }

    /// As a desktop with automatic login has it.
    #[expect(clippy::disallowed_methods, reason = "files of the test's own")]
    pub(crate) fn write_keyring_without_password(&self) {
        let folder = self.home.path().join(".local/share/keyrings");
        std::fs::create_dir_all(&folder).expect("made");
        let keyring = "[keyring]\ndisplay-name=Default keyring\nctime=0\nmtime=0\nlock-on-idle=false\nlock-after=false\n";
        std::fs::write(folder.join("Default_keyring.keyring"), keyring).expect("written");
        std::fs::write(folder.join("default"), "Default_keyring").expect("written");
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.home.path().join("secret-service.lock")
    }

    /// libsecret's own tool: what it finds is where other programs would look.
    pub(crate) fn secret_tool(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command("secret-tool").args(arguments).output().expect("runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let errors = text(output.stderr);
        // `search` tells attributes on stderr.
        if errors.contains("rror") { Err(errors) } else { Ok(text(output.stdout) + &errors) }
    }

    /// Locks the default keyring, as a screen saver would.
    pub(crate) fn lock_default(&self) {
        let path = self.default_collection();
        let objects = format!("array:objpath:{path}");
        self.ask("/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", &[&objects]);
    }

    pub(crate) fn default_collection(&self) -> String {
        let answer = self.ask(
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.ReadAlias",
            &["string:default"],
        );
        answer.split('"').nth(1).unwrap_or("/").to_owned()
    }

    pub(crate) fn ask(&self, path: &str, method: &str, arguments: &[&str]) -> String {
        let output = self
            .command("dbus-send")
            .args(["--session", "--print-reply", "--reply-timeout=2000", "--dest=org.freedesktop.secrets"])
            .args([path, method])
            .args(arguments)
            .output()
            .expect("runs");
        String::from_utf8(output.stdout).expect("text")
    }

    fn owner(&self) -> Option<String> {
        self.driver("GetNameOwner", &["string:org.freedesktop.secrets"])
    }

    /// Asks the bus itself.
    fn driver(&self, method: &str, arguments: &[&str]) -> Option<String> {
        let output = self
            .command("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"])
            .arg(format!("org.freedesktop.DBus.{method}"))
            .args(arguments)
            .output()
            .expect("runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// One that the bus started is not our child.
    fn kill_stranger(&self) {
        let pid = self.driver("GetConnectionUnixProcessID", &["string:org.freedesktop.secrets"]);
        let pid = pid.and_then(|answer| answer.split_whitespace().last()?.parse().ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw)
            && self.keyring.as_ref().is_none_or(|own| rustix::process::Pid::from_child(own) != pid)
            && pid.as_raw_nonzero().get().cast_unsigned() != std::process::id()
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }

    /// Nothing of the person who runs the tests reaches a child.
    #[expect(clippy::disallowed_methods, reason = "a test starts what it tests against")]
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.kill_stranger();
        for child in self.keyring.iter_mut().chain([&mut self.bus]) {
            // It may have ended by itself: that is what some tests are about.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The service folder is empty, so nothing is activated behind the test's back.
#[expect(clippy::disallowed_methods, reason = "a test starts what it tests against")]
fn start_bus(home: &Path) -> (Child, String) {
    let config = home.join("bus.conf");
    let socket = home.join("bus");
    let services = home.join("services");
    std::fs::create_dir(&services).expect("made");
    let text = format!(
        r#"<busconfig><type>session</type><listen>unix:path={}</listen><servicedir>{}</servicedir><auth>EXTERNAL</auth>
        <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
        <allow own="*"/></policy></busconfig>"#,
        socket.display(),
        services.display()
    );
    std::fs::write(&config, text).expect("written");
    let mut bus = Command::new("dbus-daemon")
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--print-address=1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut address = String::new();
    BufReader::new(bus.stdout.take().expect("piped")).read_line(&mut address).expect("an address");
    (bus, address.trim().to_owned())
}

fn is_installed(program: &str) -> bool {
    ["/usr/local/bin", "/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(program).exists())
}

#[expect(clippy::disallowed_methods, reason = "waits for real processes")]
pub(crate) fn wait_for(what: &str, ready: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !ready() {
        assert!(Instant::now() < end, "no {what} after 20 s");
        pause(Duration::from_millis(10));
    }
}

#[expect(clippy::disallowed_methods, reason = "real processes take real time")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
