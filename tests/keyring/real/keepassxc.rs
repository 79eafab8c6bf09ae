//! KeePassXC with a database that it offers as Secret Service, set up without a mouse.

use kcaws_test_kit::TestEnv;

use super::daemon::{Daemon, call};

const PASSWORD: &str = "a password";
/// A group is exposed by its UUID in the database's own settings.
const DATABASE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<KeePassFile><Meta><Generator>KeePass</Generator><DatabaseName>vault</DatabaseName><CustomData><Item>
<Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{01020304-0506-0708-090a-0b0c0d0e0f10}</Value>
</Item></CustomData></Meta><Root><Group><UUID>AQIDBAUGBwgJCgsMDQ4PEA==</UUID><Name>Root</Name></Group></Root></KeePassFile>
"#;

/// Its settings of the same names. The defaults are those of a person who turned the questions off.
#[derive(Clone, Copy, Default)]
pub(super) struct Settings {
    pub(super) confirm_access_item: bool,
    pub(super) confirm_delete_item: bool,
}

/// Makes the database and the settings.
pub(super) fn create(env: &TestEnv, settings: Settings) {
    let source = env.write_home_file("vault.xml", DATABASE);
    let target = env.home().join("vault.kdbx");
    // It derives its key again for every save, for a second unless it is set otherwise.
    let import = env.command("keepassxc-cli").args(["import", "--set-password", "--decryption-time", "100"]);
    import.arg(source).arg(&target).stdin(format!("{PASSWORD}\n{PASSWORD}\n")).run().expect_ok();
    configure(env, settings);
}

pub(super) fn configure(env: &TestEnv, settings: Settings) {
    let Settings { confirm_access_item, confirm_delete_item } = settings;
    let text = format!(
        "[General]\nConfigVersion=2\nUpdateCheckMessageShown=true\n[GUI]\nCheckForUpdates=false\n[FdoSecrets]\n\
         Enabled=true\nConfirmAccessItem={confirm_access_item}\nConfirmDeleteItem={confirm_delete_item}\n\
         [Security]\nNoConfirmMoveEntryToRecycleBin={}\n",
        !confirm_delete_item
    );
    let folder = env.config_dir().join("keepassxc");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("keepassxc.ini"), text).expect("written");
}

/// `open`: with the database. Without, there is none that it could offer.
pub(super) fn start(env: &TestEnv, open: bool) -> Daemon {
    if open {
        let database = env.home().join("vault.kdbx");
        let arguments = ["--pw-stdin", database.to_str().expect("text")];
        return Daemon::start(env, "keepassxc", &arguments, &format!("{PASSWORD}\n"));
    }
    configure(env, Settings::default());
    Daemon::start(env, "keepassxc", &[], "")
}

/// With the database in it, locked.
pub(super) fn lock(env: &TestEnv) {
    let own = "org.keepassxc.KeePassXC.MainWindow";
    call(env, own, "/keepassxc", &format!("{own}.lockAllDatabases"), &[]);
}
