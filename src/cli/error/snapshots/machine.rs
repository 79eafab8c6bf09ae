//! Errors of this machine: files, the keyring, browsers.

use std::io::ErrorKind::{self, InvalidInput, PermissionDenied};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::Duration;

use super::super::CommandError;
use super::{all, config_path, io, no_region, place, text};
use crate::console::destination::DestinationError;
use crate::platform::file_facts::{Opening, Who};
use crate::platform::one_time_redirect::OneTimeRedirectError;
use crate::platform::private_file::PrivateFileError;
use crate::platform::protection::Protection;
use crate::ports::browser::BrowserError;
use crate::ports::clipboard::ClipboardError;
use crate::ports::config_file::ConfigFileError;
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::passphrase::PassphraseError;
use crate::ports::redirects::NoAnswer;
use crate::ports::state_folder::StateError;
use crate::profile::naming::Template;
use crate::profile::save::SaveError;
use crate::profile::sources::Family;
use crate::profile::{ConfigError, KnownNames};
use crate::project::ProjectError;
use crate::settings::team::{RedirectTarget, TeamError};
use crate::settings::{ByHand, SettingsError};

const STORES: [StoreKind; 5] =
    [StoreKind::SecretService, StoreKind::Keyutils, StoreKind::Keychain, StoreKind::Wincred, StoreKind::File];

pub(super) fn of_config() -> Vec<CommandError> {
    let (name, section) = (text("dev"), text("sso-session corp"));
    let known = KnownNames::of(vec![text("corp"), text("dev")]);
    let name = || name.clone();
    all([
        ConfigError::Unreadable { path: config_path(), source: io(PermissionDenied) },
        ConfigError::Unreadable { path: config_path(), source: rustix::io::Errno::MFILE.into() },
        ConfigError::Syntax { place: place(), what: "a line before the first section" },
        ConfigError::MissingKey { place: place(), section, key: "sso_region" },
        ConfigError::NoSuchSession { name: text("crop"), path: config_path(), known: known.clone() },
        ConfigError::NoSuchSession {
            name: text("corp"),
            path: config_path(),
            known: KnownNames::of(Vec::new()),
        },
        ConfigError::NoSuchProfile { name: text("dve"), path: config_path(), known },
        ConfigError::NotOurs { place: place(), name: name() },
        ConfigError::Circular { place: place(), name: name() },
        ConfigError::CircularSource { place: place(), name: name(), circle: vec![name(), text("b"), name()] },
        ConfigError::NoSource { place: place(), name: name() },
        ConfigError::TwoSources { place: place(), name: name() },
        ConfigError::EmptySource { place: place(), name: name(), source_profile: text("b") },
        ConfigError::TakenElsewhere { place: place(), name: name(), key: "role_arn", family: Family::Go },
        ConfigError::NoSuchSource { place: place(), name: name(), source_profile: text("b") },
        ConfigError::BadValue { place: place(), what: text("`duration_seconds` is not a number") },
        ConfigError::BadStartUrl { place: place(), meant: text("https://corp.awsapps.com/start") },
        ConfigError::WrongRegion { place: place(), in_url: text("eu-central-1") },
        ConfigError::Doubled { place: place(), what: text("[profile dev]"), first: place() },
        ConfigError::Unshared { place: place(), what: "a section without an end" },
        ConfigError::Foreign { place: place(), name: name(), hides: None },
        ConfigError::Foreign { place: place(), name: name(), hides: Some("aws_access_key_id") },
        ConfigError::BadName { name: text("de]v") },
        ConfigError::CannotBeWritten { key: text("sso_start_url") },
        ConfigError::NoSuchFile { path: config_path() },
        ConfigError::NoHome,
        ConfigError::NoSessions { path: config_path() },
    ])
}

pub(super) fn of_config_file() -> Vec<CommandError> {
    let file =
        |source: ErrorKind| ConfigFileError::Io { what: "write", path: config_path(), source: io(source) };
    let read_only = |by| ConfigFileError::ReadOnly { path: config_path(), link: None, by };
    let mut errors = all([
        file(PermissionDenied),
        file(ErrorKind::StorageFull),
        file(ErrorKind::ReadOnlyFilesystem),
        file(ErrorKind::IsADirectory),
        read_only(Protection::Mode),
        read_only(Protection::Owner(text("root"))),
        read_only(Protection::FileSystem),
        read_only(Protection::Store),
        ConfigFileError::NotAFile { path: config_path() },
        ConfigFileError::NotAFile { path: "/home/alice/.config/kcaws/config.toml".into() },
        ConfigFileError::Io {
            what: "read",
            path: "/home/alice/.config/kcaws/team/0123456789abcdef.toml".into(),
            source: io(ErrorKind::IsADirectory),
        },
        ConfigFileError::HardLinked { path: config_path(), links: 2 },
        ConfigFileError::Mounted { path: config_path(), source: io(ErrorKind::ResourceBusy) },
        ConfigFileError::Owner { path: config_path(), source: io(PermissionDenied) },
        ConfigFileError::Attribute {
            path: config_path(),
            name: text("user.note"),
            source: io(PermissionDenied),
        },
    ]);
    errors.extend(all([
        SaveError::KeepsChanging { path: config_path() },
        SaveError::NoBackup { id: 9 },
        SaveError::NothingToUndo { path: config_path() },
    ]));
    errors.extend(all(Template::parse("{account").err()));
    errors
}

pub(super) fn of_settings() -> Vec<CommandError> {
    let opening = |path: &str| Opening { path: path.into(), who: Who::Everybody };
    let path = || PathBuf::from("/home/alice/.config/kcaws/config.toml");
    let own_place = || format!("{}:3", path().display());
    let in_system_file = |error| SettingsError::InSystemFile(Box::new(error));
    let (session, url) = (|| text("corp"), || text("https://intranet.example.com/kcaws.toml"));
    all([
        SettingsError::Unreadable { path: path(), source: io(PermissionDenied) },
        SettingsError::Unreadable { path: path(), source: io(ErrorKind::IsADirectory) },
        SettingsError::Unreadable { path: path(), source: io(ErrorKind::FileTooLarge) },
        SettingsError::Unreadable { path: path(), source: io(ErrorKind::TimedOut) },
        SettingsError::Unreadable { path: path(), source: io(ErrorKind::NotFound) },
        SettingsError::Unreadable { path: path(), source: rustix::io::Errno::LOOP.into() },
        SettingsError::Syntax { path: path(), line: 3, what: text("string values must be quoted") },
        SettingsError::Unknown {
            path: path(),
            line: 3,
            what: "field",
            word: text("keyrng"),
            known: vec![text("flow"), text("keyring")],
        },
        SettingsError::BadValue { setting: text("keyring"), value: text("x"), known: "keyutils, file" },
        SettingsError::BadValue { setting: text("keyring"), value: text("flie"), known: "keyutils, file" },
        SettingsError::BadRegion { place: own_place(), key: text("profiles.region"), error: no_region() },
        SettingsError::BadAccountAccess { session: session(), place: own_place() },
        SettingsError::BadIdpUrl { session: session(), place: own_place() },
        SettingsError::NoIdpUrl { session: session(), path: Some(path()) },
        SettingsError::Invalid {
            place: text("/etc/kcaws/config.toml:3"),
            key: text("region"),
            why: text("is none"),
        },
        SettingsError::NotHere {
            place: text("https://intranet.example.com/kcaws.toml:3"),
            key: text("browser"),
        },
        SettingsError::NotHere { place: text("/etc/kcaws/config.toml:3"), key: text("team") },
        in_system_file(SettingsError::OpenToOthers {
            path: "/etc/kcaws/config.toml".into(),
            opening: opening("/etc/kcaws/config.toml"),
        }),
        in_system_file(SettingsError::OpenToOthers {
            path: "/etc/kcaws/config.toml".into(),
            opening: opening("/etc/kcaws"),
        }),
        in_system_file(SettingsError::Syntax {
            path: "/etc/kcaws/config.toml".into(),
            line: 3,
            what: text("string values must be quoted"),
        }),
        in_system_file(SettingsError::Unreadable {
            path: "/etc/kcaws/config.toml".into(),
            source: rustix::io::Errno::MFILE.into(),
        }),
        SettingsError::NoSystemFile { path: "/etc/kcaws.toml".into() },
        SettingsError::NoSystemFile { path: "/home/alice/None".into() },
        SettingsError::TeamMissing { url: url(), own: path() },
        SettingsError::TeamChanged {
            url: url(),
            path: "/home/alice/.config/kcaws/team/00.toml".into(),
            own: path(),
        },
        SettingsError::NoFolder,
        SettingsError::NotEdited {
            path: path(),
            by_hand: ByHand::SessionKey { session: session(), line: text("account_access = \"aa-x\"") },
        },
        SettingsError::NotEdited {
            path: path(),
            by_hand: ByHand::TeamHash { url: url(), line: text("sha256 = \"00\"") },
        },
        SettingsError::NotEdited { path: path(), by_hand: ByHand::NewTeam },
    ])
}

pub(super) fn of_team_and_project() -> Vec<CommandError> {
    let url = || text("https://intranet.example.com/kcaws.toml");
    let elsewhere = |to: &str, target| TeamError::Elsewhere { url: url(), leads_to: text(to), target };
    let path = || PathBuf::from("/home/alice/shop/.kcaws.toml");
    let mut errors = all([
        TeamError::NotAUrl(url::ParseError::InvalidPort),
        TeamError::NotHttps(text("http://intranet.example.com/kcaws.toml")),
        TeamError::UserInfo(text("https://***@intranet.example.com/kcaws.toml")),
        TeamError::NoAnswer(NoAnswer { host: text("intranet.example.com"), why: text("connection refused") }),
        TeamError::Status { url: url(), status: 404 },
        elsewhere("https://example.net/", RedirectTarget::Https),
        elsewhere("http://intranet.example.com/", RedirectTarget::Unusable),
        TeamError::TooManyRedirects { url: url() },
        TeamError::TooLarge { url: url() },
        TeamError::Page { url: url() },
        TeamError::Compressed { url: url(), how: text("gzip") },
        TeamError::NotText { url: url() },
    ]);
    errors.extend(all([
        ProjectError::None { folder: "/home/alice/shop".into() },
        ProjectError::NotInFolder { folder: "/home/alice/shop/src".into() },
        ProjectError::NoSuchPath { path: "/home/alice/shpo".into() },
        ProjectError::NotAllowed { path: path() },
        ProjectError::Unreadable { path: path(), source: io(PermissionDenied) },
        ProjectError::TooLarge { path: path() },
        ProjectError::Syntax { path: path(), line: 2, what: text("unknown field `run`") },
    ]));
    errors
}

pub(super) fn of_state() -> Vec<CommandError> {
    let path = || PathBuf::from("/home/alice/.local/state/kcaws");
    let file = |kind| StateError::Io { what: "write", path: path(), source: io(kind) };
    all([
        StateError::NoHome,
        StateError::Unsafe { path: path(), why: "others may write to it" },
        StateError::RootInAnothersHome { path: path(), owner: text("alice") },
        file(PermissionDenied),
        file(ErrorKind::ReadOnlyFilesystem),
        StateError::Busy { pid: Some(4711), age: Duration::from_secs(12) },
        StateError::NoRandom,
        StateError::NoLocks { path: path(), source: io(ErrorKind::Unsupported) },
    ])
}

pub(super) fn of_keyring() -> Vec<CommandError> {
    let store = StoreKind::SecretService;
    let source = || "org.freedesktop.DBus.Error.ServiceUnknown".into();
    let after = Duration::from_secs(5);
    let mut errors = all(STORES.map(KeyringError::Locked));
    errors.extend(all(STORES.map(|store| KeyringError::Absent { store, source: source() })));
    errors.extend(all([
        KeyringError::ItemLocked { store, item: text("kcaws: corp") },
        KeyringError::NoDefault(store),
        KeyringError::TooSlow { store, after },
        KeyringError::Unanswered { store, after },
        KeyringError::Refused(store),
        KeyringError::NobodyToAsk(store),
        KeyringError::Changing { store, source: source() },
        KeyringError::Damaged { store, what: text("it is not UTF-8") },
        KeyringError::WrongPassphrase(StoreKind::File),
        KeyringError::Failed { store, source: source() },
    ]));
    let program = || text("pass");
    let no_passphrase = |source| KeyringError::NoPassphrase { store: StoreKind::File, source };
    errors.extend(all([
        PassphraseError::Descriptor(io(InvalidInput)),
        PassphraseError::CommandAbsent { program: program(), source: io(ErrorKind::NotFound) },
        PassphraseError::CommandFailed { program: program(), status: ExitStatusExt::from_raw(1 << 8) },
        PassphraseError::CommandTooSlow { program: program(), after },
        PassphraseError::Empty,
        PassphraseError::NotALine,
        PassphraseError::Differ,
        PassphraseError::NoTerminal(io(ErrorKind::NotFound)),
    ]
    .map(no_passphrase)));
    errors
}

pub(super) fn of_console() -> Vec<CommandError> {
    let given = || text("arn:aws:x:::y");
    let arn =
        |of_service| DestinationError::UnknownArn { given: given(), of_service, known: vec!["lambda", "s3"] };
    let mut errors = all([
        DestinationError::NotAConsole {
            given: text("http://example.com"),
            console: "console.aws.amazon.com",
        },
        DestinationError::OtherPartition { given: given(), theirs: "aws-cn", ours: "aws" },
        DestinationError::NotAnArn { given: text("arn:x"), why: "it has too few parts" },
        DestinationError::NoBucket { given: given() },
        arn(true),
        arn(false),
        DestinationError::UnknownService { given: text("zzz"), near: vec![] },
        DestinationError::UnknownService { given: text("lamda"), near: vec!["lambda"] },
        DestinationError::NotARegion(no_region()),
    ]);
    let name = || text("links");
    errors.extend(all([
        BrowserError::NotStarted(text("no such file")),
        BrowserError::NoOpener,
        BrowserError::NotFound { name: name(), known: vec!["firefox", "chromium"] },
        BrowserError::NoProfiles { name: name() },
        BrowserError::NoContainers { name: name() },
        BrowserError::WhichBrowser,
    ]));
    errors.extend(all([
        ClipboardError::NoProgram { tried: vec![] },
        ClipboardError::NoProgram { tried: vec!["wl-copy", "xclip"] },
        ClipboardError::Failed { program: "xclip", why: text("it ended with 1") },
    ]));
    errors.extend(all([OneTimeRedirectError::NotFetched(Duration::from_secs(20))]));
    errors.extend(all([
        PrivateFileError::Io { path: "/home/alice/env".into(), source: io(PermissionDenied) },
        PrivateFileError::NotAFile { path: "/dev/null".into() },
    ]));
    errors.extend([ErrorKind::StorageFull, ErrorKind::Other].map(|kind| CommandError::output(&io(kind))));
    errors
}
