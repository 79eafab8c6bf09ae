//! The keyrings that people have, through the binary: one after the other, each on a bus, a display and a home of its
//! test's own.

mod daemon;
mod keepassxc;
mod kwallet;
mod test_days;
mod test_keepassxc;
mod test_troubles;

use std::time::Duration;

use kcaws::ports::keyring::secret_service::{BusAddress, SecretServiceStore};
use kcaws::ports::keyring::{ItemKey, SecretStore as _};
use kcaws_test_kit::{Output, PrivateKeyring, wait_for};

use self::daemon::{Daemon, Display};
use crate::fixture::LoginFixture;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    GnomeKeyring,
    KeePassXc,
    KWallet5,
    Ksecretd,
}

/// A keyring on a desktop of one test's own.
pub(super) struct Vault<'s> {
    pub(super) fixture: &'s LoginFixture,
    kind: Kind,
    daemon: Option<Daemon>,
    _display: Display,
    // Last: what is on the bus goes before it.
    _bus: PrivateKeyring<'s>,
}

/// A fixture whose logins choose their store by themselves.
pub(super) fn fixture() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.env.remove_env("KCAWS_KEYRING");
    fixture
}

impl<'s> Vault<'s> {
    /// A desktop before the first keyring. `None`: a program is missing, and it has been said.
    pub(super) fn none_yet(fixture: &'s LoginFixture, kind: Kind) -> Option<Self> {
        for program in kind.programs() {
            if kcaws_test_kit::find_program(program).is_none() {
                kcaws_test_kit::skipped(&format!("{program} is not installed"));
                return None;
            }
        }
        if kind == Kind::Ksecretd && !kwallet::ksecretd().is_file() {
            // It comes from a Debian that is still moving.
            kcaws_test_kit::skipped_allowed("there is no ksecretd: tests/keyring/install ksecretd");
            return None;
        }
        let bus = PrivateKeyring::start_without_daemon(&fixture.env);
        let display = Display::start(&fixture.env);
        let mut vault = Self { fixture, kind, daemon: None, _display: display, _bus: bus };
        vault.start();
        Some(vault)
    }

    /// With a keyring that is open.
    pub(super) fn open(fixture: &'s LoginFixture, kind: Kind) -> Option<Self> {
        let mut vault = Self::none_yet(fixture, kind)?;
        vault.kill();
        match kind {
            Kind::KeePassXc => keepassxc::create(&fixture.env, keepassxc::Settings::default()),
            // The first start makes the wallet, the second one offers it.
            Kind::KWallet5 | Kind::Ksecretd => {
                vault.daemon = Some(kwallet::start(&fixture.env, kind, true));
                vault.wait_for_name();
                wait_for("the wallet", || kwallet::file(&fixture.env).is_file().then_some(()));
                vault.kill();
            }
            Kind::GnomeKeyring => {}
        }
        vault.start_open();
        Some(vault)
    }

    /// Starts the daemon as a desktop does that opens nothing.
    pub(super) fn start(&mut self) {
        let env = &self.fixture.env;
        self.daemon = Some(match self.kind {
            Kind::GnomeKeyring => {
                Daemon::start(env, "gnome-keyring-daemon", &["--foreground", "--components=secrets"], "")
            }
            Kind::KeePassXc => keepassxc::start(env, false),
            Kind::KWallet5 | Kind::Ksecretd => kwallet::start(env, self.kind, false),
        });
        self.wait_for_name();
    }

    /// Starts the daemon as a desktop does after a login with a password.
    pub(super) fn start_open(&mut self) {
        let env = &self.fixture.env;
        self.daemon = Some(match self.kind {
            Kind::GnomeKeyring => {
                let arguments = ["--foreground", "--components=secrets", "--unlock"];
                Daemon::start(env, "gnome-keyring-daemon", &arguments, "a password")
            }
            Kind::KeePassXc => keepassxc::start(env, true),
            Kind::KWallet5 | Kind::Ksecretd => kwallet::start(env, self.kind, true),
        });
        self.wait_for_name();
        wait_for("the default keyring", || (self.default_collection() != "/").then_some(()));
        // KWallet says so only when it is asked to unlock.
        if self.kind != Kind::KWallet5 {
            wait_for("an open keyring", || (!self.is_locked()).then_some(()));
        }
    }

    fn is_locked(&self) -> bool {
        let arguments = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
        let path = self.default_collection();
        path == "/" || self.ask(&path, "org.freedesktop.DBus.Properties.Get", &arguments).contains("true")
    }

    /// As a crash ends it. What it was given before has reached its file.
    pub(super) fn kill(&mut self) {
        if self.kind != Kind::GnomeKeyring && self.default_collection() != "/" {
            // They write some time after a change, and at once when they close.
            self.lock();
        }
        self.daemon = None;
        wait_for("the name to be free", || (!self.has_name()).then_some(()));
    }

    /// As a screen saver or a person does.
    pub(super) fn lock(&self) {
        if self.kind == Kind::KeePassXc {
            keepassxc::lock(&self.fixture.env);
            // It saves first.
            wait_for("a locked keyring", || self.is_locked().then_some(()));
        } else {
            let objects = format!("array:objpath:{}", self.default_collection());
            self.ask("/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", &[&objects]);
        }
    }

    /// Restarts it, open: none of them opens without a password or a mouse.
    pub(super) fn reopen(&mut self) {
        self.kill();
        self.start_open();
    }

    /// How many windows show.
    pub(super) fn windows(&self) -> usize {
        daemon::windows(&self.fixture.env)
    }

    pub(super) fn store(&self) -> SecretServiceStore {
        let address = self.fixture.env.env().into_iter().find(|(name, _)| name == "DBUS_SESSION_BUS_ADDRESS");
        let (_, address) = address.expect("set with the bus");
        SecretServiceStore::new(Some(BusAddress::parse(address.to_str().expect("text"), None)), None)
    }

    /// What is stored for the session, as text.
    pub(super) fn item(&self) -> Option<String> {
        let key = ItemKey { session: "corp".to_owned(), start_url: self.fixture.sim.start_url().to_owned() };
        self.store().get(&key).expect("it answers").map(|text| text.expose().clone())
    }

    /// A tool asks, and nothing is warm.
    pub(super) fn cold_credentials(&self) -> Output {
        let _ = std::fs::remove_dir_all(self.fixture.state().join("warm"));
        self.fixture.credentials_command().timeout(Duration::from_secs(30)).run()
    }

    fn default_collection(&self) -> String {
        let method = "org.freedesktop.Secret.Service.ReadAlias";
        let answer = self.ask("/org/freedesktop/secrets", method, &["string:default"]);
        answer.split('"').nth(1).unwrap_or("/").to_owned()
    }

    fn ask(&self, path: &str, method: &str, arguments: &[&str]) -> String {
        daemon::call(&self.fixture.env, "org.freedesktop.secrets", path, method, arguments)
    }

    fn has_name(&self) -> bool {
        let bus = "org.freedesktop.DBus";
        let name = ["string:org.freedesktop.secrets"];
        let answer = daemon::call(
            &self.fixture.env,
            bus,
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.NameHasOwner",
            &name,
        );
        answer.contains("boolean true")
    }

    fn wait_for_name(&self) {
        wait_for("the Secret Service on the bus", || self.has_name().then_some(()));
        if self.kind == Kind::KeePassXc {
            wait_for("its main window", || (self.windows() > 0).then_some(()));
        }
    }
}

impl Kind {
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::GnomeKeyring => &["dbus-daemon", "dbus-send", "Xvfb", "xdotool", "gnome-keyring-daemon"],
            Self::KeePassXc => &["dbus-daemon", "dbus-send", "Xvfb", "xdotool", "keepassxc", "keepassxc-cli"],
            Self::KWallet5 => &["dbus-daemon", "dbus-send", "Xvfb", "xdotool", "kwalletd5"],
            Self::Ksecretd => &["dbus-daemon", "dbus-send", "Xvfb", "xdotool"],
        }
    }
}
