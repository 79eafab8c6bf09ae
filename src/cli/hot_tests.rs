use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::app::{Outside, SetupError};
use crate::credentials::warm::MintedBy;
use crate::credentials::{CredentialsError, Fetched};
use crate::ports::browser::Browser;
use crate::ports::clipboard::Clipboard;
use crate::ports::clock::{Clock, FakeClock};
use crate::ports::env::Env;
use crate::ports::folders::Folders;
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::identity_center::{Endpoints, IdentityCenter, Origin, Patience};
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::ports::signin::Signin;
use crate::ports::state_folder::{FakeStateFolder, StateFolder};
use crate::ports::warm_key::WarmKeys;
use crate::ports::warm_key::fake::FakeWarmKeys;
use crate::session::testing::{corp, endpoints};

/// The two ports of a warm call; each of the others panics when it is opened.
#[derive(Clone, Default)]
struct WarmOnly {
    state: FakeStateFolder,
    keys: FakeWarmKeys,
}

impl Outside for WarmOnly {
    fn state(&self, _app: &App) -> Arc<dyn StateFolder> {
        Arc::new(self.state.clone())
    }

    fn warm_keys(&self, _app: &App) -> Box<dyn WarmKeys> {
        Box::new(self.keys.clone())
    }

    fn store(&self, _app: &App, _kind: StoreKind) -> Result<Box<dyn SecretStore>, KeyringError> {
        panic!("a warm call opens no keyring store")
    }

    fn identity_center(
        &self,
        _app: &App,
        _region: &str,
        _endpoints: &Endpoints,
        _patience: Patience,
    ) -> Result<Box<dyn IdentityCenter>, SetupError> {
        panic!("a warm call opens no network")
    }

    fn signin(&self, _app: &App, _origin: Origin) -> Result<Box<dyn Signin>, SetupError> {
        panic!("a warm call opens no network")
    }

    fn browser(&self, _app: &App) -> Box<dyn Browser> {
        panic!("a warm call opens no browser")
    }

    fn clipboard(&self, _app: &App) -> Box<dyn Clipboard> {
        panic!("a warm call touches no clipboard")
    }
}

const LINE: [&str; 7] =
    ["credential-process", "--session", "corp", "--account", "111122223333", "--role", "Admin"];

/// A time at which a file written by this test has settled, whenever it runs.
const FAR: &str = "2199-11-24T12:00:00Z";

fn app(home: &Path, env: &[(&str, &str)], outside: &WarmOnly) -> App {
    let folders = Folders { home: Some(home.to_path_buf()), ..Folders::default() };
    App::over(Env::from_pairs(env), folders, Arc::new(FakeClock::at(FAR)), Box::new(outside.clone()))
}

/// A home whose config no parser would take, and warm credentials from before.
fn warmed(outside: &WarmOnly) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a temp folder");
    std::fs::create_dir(home.path().join(".aws")).expect("creates");
    let mut temp = tempfile::NamedTempFile::new_in(home.path()).expect("creates");
    std::io::Write::write_all(&mut temp, b"neither section nor setting").expect("writes");
    temp.persist(home.path().join(".aws/config")).expect("renames");
    let app = app(home.path(), &[], outside);
    let role = Role { account_id: "111122223333".to_owned(), role_name: "Admin".to_owned() };
    let config = app.config_path().expect("a home");
    let wanted = Wanted::new("corp", &role, &config, &app.env, "").stamped(FileStamp::of(&config));
    let warm = Warm { state: &**app.state(), keys: app.warm_keys(), clock: &*app.clock };
    let fetched = || Fetched {
        credentials: FakeIdentityCenter::role_credentials("2199-11-24T13:00:00Z"),
        skew: chrono::TimeDelta::zero(),
    };
    let mint = MintedBy::of(&corp(), &endpoints());
    warm.serve(&wanted, mint, |_| Ok::<_, CredentialsError>(fetched())).map(drop).expect("kept");
    assert_eq!(app.clock.now(), FakeClock::at(FAR).now());
    home
}

fn ask(home: &Path, env: &[(&str, &str)], outside: &WarmOnly) -> Option<String> {
    let line = answer(LINE.map(OsString::from).into_iter(), &app(home, env, outside))?;
    Some(String::from_utf8(line.expose().clone()).expect("text"))
}

#[test]
fn a_warm_call_answers_and_opens_nothing_else() {
    let outside = WarmOnly::default();
    let home = warmed(&outside);
    let line = ask(home.path(), &[], &outside).expect("warm");
    assert!(line.starts_with(r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","#), "{line}");
    assert!(line.ends_with("}\n"), "{line}");
}

#[test]
fn another_config_file_another_endpoint_or_a_changed_file_take_the_long_way() {
    let outside = WarmOnly::default();
    let home = warmed(&outside);
    for env in [
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_CONFIG_FILE", "/nowhere"),
        ("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_SSO_OIDC", "http://127.0.0.1:1"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
    ] {
        assert!(ask(home.path(), &[env], &outside).is_none(), "{env:?}");
    }
    let config = home.path().join(".aws/config");
    let mut file = std::fs::OpenOptions::new().append(true).open(config).expect("opens");
    std::io::Write::write_all(&mut file, b"!").expect("writes");
    assert!(ask(home.path(), &[], &outside).is_none());
}

fn by_hand(args: &[String]) -> Option<(String, Role)> {
    parse(args.iter().map(OsString::from))
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("credential-process".to_owned()),
        Just("--session".to_owned()),
        Just("--account".to_owned()),
        Just("--role".to_owned()),
        Just("--session=corp".to_owned()),
        Just("--account=111122223333".to_owned()),
        Just("--account=1".to_owned()),
        Just("--role=Admin".to_owned()),
        Just("--role=".to_owned()),
        Just("--role=-x=y".to_owned()),
        Just("--profile".to_owned()),
        Just("--profile=dev".to_owned()),
        Just("111122223333".to_owned()),
        Just("corp".to_owned()),
        Just("--".to_owned()),
        Just("-v".to_owned()),
        Just("-q".to_owned()),
        Just("--help".to_owned()),
        Just("--no-input".to_owned()),
        Just(String::new()),
        "[ -~]{0,8}",
        "\\PC{0,4}",
    ]
}

/// The three options in some order and either form, with a value each.
fn complete_line() -> impl Strategy<Value = Vec<String>> {
    let value = prop_oneof!["[A-Za-z0-9_.@+-]{1,12}", "\\PC{1,6}"];
    (value.clone(), "[0-9]{12}", value, Just([0, 1, 2]).prop_shuffle(), any::<[bool; 3]>()).prop_map(
        |(session, account, role, order, glued)| {
            let pairs = [("--session", session), ("--account", account), ("--role", role)];
            let mut line = vec!["credential-process".to_owned()];
            for at in order {
                let (name, value) = &pairs[at];
                if glued[at] {
                    line.push(format!("{name}={value}"));
                } else {
                    line.extend([(*name).to_owned(), value.clone()]);
                }
            }
            line
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_understood_by_hand_clap_understands_the_same_way(
        args in prop_oneof![prop::collection::vec(word(), 0..8), complete_line()],
        extra in prop::option::of((0usize..8, word())),
    ) {
        let mut args = args;
        if let Some((at, word)) = extra {
            args.insert(at.min(args.len()), word);
        }
        if let Some((session, role)) = by_hand(&args) {
            prop_assert_eq!(crate::cli::credential_process_arguments(&args), Some((session, role)));
        }
    }

    #[test]
    fn a_complete_line_is_understood_by_hand(args in complete_line()) {
        let hostile = args.iter().skip(1).any(|word| word.starts_with('-') && !word.starts_with("--"))
            || crate::cli::credential_process_arguments(&args).is_none();
        prop_assert!(hostile || by_hand(&args).is_some(), "{:?}", args);
    }
}
