use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::app::fake::FakePorts;
use crate::credentials::cache::IssuerFingerprint;
use crate::credentials::{CredentialsError, Fetched};
use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::ports::clock::{Clock, FakeClock};
use crate::ports::identity_center::fake::FakeIdentityCenter;
use crate::ports::sealing_key::fake::FakeSealingKeys;
use crate::ports::state_folder::FakeStateFolder;
use crate::prompt::{Map, Ours};
use crate::session::testing::{corp, endpoints};

/// The two ports of a warm call.
#[derive(Clone, Default)]
struct WarmOnly {
    state: FakeStateFolder,
    keys: FakeSealingKeys,
}

impl WarmOnly {
    fn ports(&self) -> FakePorts {
        let (state, sealing_keys) = (Some(self.state.clone()), Some(self.keys.clone()));
        FakePorts { state, sealing_keys, ..FakePorts::default() }
    }
}

const LINE: [&str; 7] =
    ["credential-process", "--session", "corp", "--account", "111122223333", "--role", "Admin"];

/// A time at which a file written by this test has settled, whenever it runs.
const FAR: &str = "2199-11-24T12:00:00Z";

fn app(home: &Path, env: &[(&str, &str)], ports: &WarmOnly) -> HotPorts {
    let folders = Folders { home: Some(home.to_path_buf()), ..Folders::default() };
    HotPorts::over(Env::from_pairs(env), folders, Arc::new(FakeClock::at(FAR)), Rc::new(ports.ports()))
}

/// A home whose config no parser would take, and warm credentials from before.
fn warmed(ports: &WarmOnly) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a temp folder");
    std::fs::create_dir(home.path().join(".aws")).expect("creates");
    let mut temp = tempfile::NamedTempFile::new_in(home.path()).expect("creates");
    std::io::Write::write_all(&mut temp, b"neither section nor setting").expect("writes");
    temp.persist(home.path().join(".aws/config")).expect("renames");
    let app = app(home.path(), &[], ports);
    let role = Role { account_id: "111122223333".to_owned(), role_name: "Admin".into() };
    let config = app.config_path().expect("a home");
    let wanted = CacheKey::new("corp", &role, &config, &app.env, "").stamped(FileStamp::of(&config));
    let warm = CredentialCache { state: app.state(), keys: app.sealing_keys(), clock: &*app.clock };
    let fetched = || Fetched {
        credentials: FakeIdentityCenter::role_credentials("2199-11-24T13:00:00Z"),
        skew: crate::ports::clock::Skew::NONE,
    };
    let mint = IssuerFingerprint::of(&corp(), &endpoints());
    warm.serve(&wanted, mint, |_| Ok::<_, CredentialsError>(fetched())).map(drop).expect("kept");
    assert_eq!(app.clock.now(), FakeClock::at(FAR).now());
    home
}

fn ask(home: &Path, env: &[(&str, &str)], ports: &WarmOnly) -> Option<String> {
    let line = answer(LINE.map(OsString::from).into_iter(), &app(home, env, ports))?;
    Some(String::from_utf8(line.expose().clone()).expect("text"))
}

#[test]
fn a_warm_call_answers_and_opens_nothing_else() {
    let ports = WarmOnly::default();
    let home = warmed(&ports);
    let line = ask(home.path(), &[], &ports).expect("warm");
    assert!(line.starts_with(r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","#), "{line}");
    assert!(line.ends_with("}\n"), "{line}");
}

#[test]
fn another_config_file_another_endpoint_or_a_changed_file_take_the_long_way() {
    let ports = WarmOnly::default();
    let home = warmed(&ports);
    for env in [
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_CONFIG_FILE", "/nowhere"),
        ("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_SSO_OIDC", "http://127.0.0.1:1"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
    ] {
        assert!(ask(home.path(), &[env], &ports).is_none(), "{env:?}");
    }
    let config = home.path().join(".aws/config");
    let mut file = std::fs::OpenOptions::new().append(true).open(config).expect("opens");
    std::io::Write::write_all(&mut file, b"!").expect("writes");
    assert!(ask(home.path(), &[], &ports).is_none());
}

fn by_hand(args: &[String]) -> Option<(String, Role)> {
    let (command, args) = args.split_first()?;
    (command == "credential-process").then(|| role_arguments(args.iter().map(OsString::from)))?
}

/// `kcaws prompt` with these options, over the files of `outside` and nothing else.
fn prompt(home: &Path, env: &[(&str, &str)], ports: &WarmOnly, line: &[&str]) -> Option<String> {
    let folders = Folders { home: Some(home.to_path_buf()), ..Folders::default() };
    let ports = FakePorts { sealing_keys: None, ..ports.ports() };
    let app = HotPorts::over(Env::from_pairs(env), folders, Arc::new(FakeClock::at(FAR)), Rc::new(ports));
    let line = std::iter::once("prompt").chain(line.iter().copied()).map(OsString::from);
    let text = answer(line, &app)?;
    Some(String::from_utf8(text.expose().clone()).expect("text"))
}

/// What the long way has noted of the profile `dev`.
fn note_map(home: &Path, ports: &WarmOnly, map: &Map) {
    let config = home.join(".aws").join("config");
    let stamp = FileStamp::of(&config).expect("is there");
    map.write("dev", &config, &Env::from_pairs(&[]), &ports.state, stamp);
}

fn ours(home: &Path) -> Ours {
    let role = Role { account_id: "111122223333".to_owned(), role_name: "Admin".into() };
    let config = home.join(".aws").join("config");
    let wanted = CacheKey::new("corp", &role, &config, &Env::from_pairs(&[]), "");
    Ours {
        session: "corp".into(),
        account_id: role.account_id.clone(),
        role_name: role.role_name.clone(),
        region: String::new(),
        note: wanted.note_path(),
        status: "sessions/none.json".into(),
        issuer: IssuerFingerprint::of(&corp(), &endpoints()).to_text(),
    }
}

const DEV: (&str, &str) = ("AWS_PROFILE", "dev");

#[test]
fn a_prompt_reads_the_map_and_the_note_of_the_warm_entry_and_opens_nothing_else() {
    let ports = WarmOnly::default();
    let home = warmed(&ports);
    note_map(home.path(), &ports, &Map(Some(ours(home.path()))));
    let say = |env: &[(&str, &str)], line: &[&str]| prompt(home.path(), env, &ports, line);
    assert_eq!(say(&[DEV], &[]).as_deref(), Some("dev:Admin 1h00m"));
    assert_eq!(say(&[("AWS_DEFAULT_PROFILE", "dev")], &[]).as_deref(), Some("dev:Admin 1h00m"));
    assert_eq!(say(&[DEV, ("AWS_DEFAULT_PROFILE", "other")], &[]).as_deref(), Some("dev:Admin 1h00m"));
    assert_eq!(say(&[DEV], &["--format={account} {state}"]).as_deref(), Some("111122223333 ok"));
    assert_eq!(
        say(&[DEV, ("KCAWS_PROMPT_FORMAT", "{red}x")], &["--shell", "zsh"]).as_deref(),
        Some("%{\u{1b}[31m%}x")
    );
    assert_eq!(say(&[DEV, ("KCAWS_PROMPT_FORMAT", "{red}x"), ("NO_COLOR", "1")], &[]).as_deref(), Some("x"));
    let with_keys = say(&[DEV, ("AWS_ACCESS_KEY_ID", "AKIA")], &[]);
    assert_eq!(with_keys.as_deref(), Some("dev other keys"), "they come before the profile");
    crate::session::sealed_store::SealedStore::of("corp", &ports.state, &ports.keys)
        .forget()
        .expect("logged out");
    assert_eq!(say(&[DEV], &[]).as_deref(), Some("dev log in"));
}

#[test]
fn a_prompt_of_nothing_of_ours_is_empty_at_once() {
    let ports = WarmOnly::default();
    let home = warmed(&ports);
    note_map(home.path(), &ports, &Map(None));
    assert_eq!(prompt(home.path(), &[DEV], &ports, &[]).as_deref(), Some(""));
    assert_eq!(prompt(home.path(), &[], &ports, &[]).as_deref(), Some(""), "no AWS_PROFILE");
    assert_eq!(prompt(Path::new("/nowhere"), &[DEV], &ports, &[]).as_deref(), Some(""), "no config");
    let exec = [
        ("KCAWS_EXEC", "dev"),
        ("AWS_ACCESS_KEY_ID", "ASIA"),
        ("AWS_CREDENTIAL_EXPIRATION", "2199-11-24T12:42:00Z"),
    ];
    assert_eq!(prompt(home.path(), &exec, &ports, &[]).as_deref(), Some("dev 42m"));
}

#[test]
fn a_prompt_takes_the_long_way_when_the_config_or_the_line_is_another() {
    let ports = WarmOnly::default();
    let home = warmed(&ports);
    note_map(home.path(), &ports, &Map(Some(ours(home.path()))));
    for line in [&["--help"][..], &["--format"], &["--shell", "tcsh"], &["x"], &["-v"]] {
        assert_eq!(prompt(home.path(), &[DEV], &ports, line), None, "{line:?}");
    }
    assert_eq!(
        prompt(home.path(), &[DEV, ("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:1")], &ports, &[]),
        None
    );
    assert_eq!(prompt(home.path(), &[("AWS_PROFILE", "other")], &ports, &[]), None);
    let mut file =
        std::fs::OpenOptions::new().append(true).open(home.path().join(".aws/config")).expect("opens");
    std::io::Write::write_all(&mut file, b"!").expect("writes");
    assert_eq!(prompt(home.path(), &[DEV], &ports, &[]), None);
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
    #[test]
    fn a_prompts_line_understood_by_hand_is_what_clap_understands(
        args in prop::collection::vec(prop_oneof![
            Just("--format".to_owned()),
            Just("--format={profile}".to_owned()),
            Just("--shell".to_owned()),
            Just("--shell=zsh".to_owned()),
            Just("bash".to_owned()),
            word(),
        ], 0..6),
    ) {
        if let Some(understood) = prompt_arguments(args.iter().map(OsString::from)) {
            prop_assert_eq!(crate::cli::prompt_arguments(&args), Some(understood));
        }
    }
}
