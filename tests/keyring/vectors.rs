//! Files of earlier versions: what was sealed once must open for ever. `tests/vectors/README.md` has the forms.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kcaws::credentials::cache::{CacheKey, CredentialCache, IssuerFingerprint};
use kcaws::credentials::{CredentialsError, Fetched};
use kcaws::platform::aead::{Key, hex};
use kcaws::platform::env::Env;
use kcaws::platform::file_stamp::FileStamp;
use kcaws::ports::clock::{FakeClock, Skew};
use kcaws::ports::identity_center::{Endpoints, Origin, RoleCredentials};
use kcaws::ports::keyring::file::FileStore;
use kcaws::ports::keyring::{ItemKey, SecretStore, StoreKind};
use kcaws::ports::passphrase::fake::FakePassphrases;
use kcaws::ports::sealing_key::{KeyId, NoPlace, SealingKeys};
use kcaws::ports::state_folder::{FakeStateFolder, StateFolder, hashed_name};
use kcaws::profile::{Role, SsoSession};
use kcaws::prompt::{Map, Ours};
use kcaws::secret::Secret;
use kcaws::session::{Flow, TokenRecord, status};

const VECTORS: &str = include_str!("../vectors/state.txt");
const CONFIG: &str = "/home/alice/.aws/config";
const PASSPHRASE: &str = "correct horse battery staple";
const NOW: &str = "2026-11-24T12:00:00Z";
const KEY: [u8; 32] = [7; 32];
const KEY_ID: KeyId = [0xA5; 16];

const VERSION_1: &str = concat!(
    r#"{"kcaws":1,"session":"corp","start_url":"https://d-1234567890.awsapps.com/start","#,
    r#""region":"eu-central-1","oidc":"https://oidc.eu-central-1.amazonaws.com","#,
    r#""portal":"https://portal.sso.eu-central-1.amazonaws.com","#,
    r#""registration":{"client_id":"client","client_secret":"s","expires_at":"2027-02-22T00:00:00Z","#,
    r#""scopes":["sso:account:access"]},"login":{"access_token":"a","expires_at":"2026-11-24T13:00:00Z","#,
    r#""obtained_at":"2026-11-24T12:00:00Z","refresh_token":"r","logged_in_at":"2026-11-24T12:00:00Z"}}"#
);
const VERSION_2: &str = concat!(
    r#"{"kcaws":2,"session":"corp","start_url":"https://d-1234567890.awsapps.com/start","#,
    r#""region":"eu-central-1","oidc":"https://oidc.eu-central-1.amazonaws.com","#,
    r#""portal":"https://portal.sso.eu-central-1.amazonaws.com","registration":null,"#,
    r#""code_registration":{"client_id":"code","client_secret":"s","expires_at":"2027-02-22T00:00:00Z","#,
    r#""scopes":["sso:account:access"]},"login":{"flow":"pkce","access_token":"a","#,
    r#""expires_at":"2026-11-24T13:00:00Z","obtained_at":"2026-11-24T12:00:00Z","refresh_token":"r","#,
    r#""logged_in_at":"2026-11-24T12:00:00Z"}}"#
);
const LINE: &str = concat!(
    r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"key","SessionToken":"token","#,
    r#""Expiration":"2026-11-24T13:00:00Z","AccountId":"111122223333"}"#,
    "\n"
);

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn corp() -> SsoSession {
    SsoSession {
        name: "corp".to_owned(),
        start_url: "https://d-1234567890.awsapps.com/start".to_owned(),
        region: "eu-central-1".to_owned(),
        scopes: vec!["sso:account:access".to_owned()],
    }
}

fn item() -> ItemKey {
    ItemKey { session: corp().name, start_url: corp().start_url }
}

fn issuer() -> IssuerFingerprint {
    let oidc = Origin::new("https://oidc.eu-central-1.amazonaws.com");
    let portal = Origin::new("https://portal.sso.eu-central-1.amazonaws.com");
    IssuerFingerprint::of(&corp(), &Endpoints { oidc, portal, account_access: None })
}

fn role() -> Role {
    Role::parse("111122223333", "PowerUserAccess").expect("a role")
}

fn stamp() -> FileStamp {
    FileStamp::from_bytes(&[0; FileStamp::LEN])
}

fn ours() -> Ours {
    Ours {
        session: "corp".to_owned(),
        account_id: "111122223333".to_owned(),
        role_name: role().role_name,
        region: "eu-west-1".to_owned(),
        note: "warm/a.note".to_owned(),
        status: "sessions/b.json".to_owned(),
        issuer: issuer().to_text(),
    }
}

/// One key, always there.
struct OneKey;

impl SealingKeys for OneKey {
    fn get(&self, id: &KeyId, _now: DateTime<Utc>) -> Option<Key> {
        (*id == KEY_ID).then(|| Key::new(KEY))
    }

    fn keep(&self, id: &KeyId, _until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Key, NoPlace> {
        self.get(id, now).ok_or(NoPlace)
    }

    fn destroy(&self, _id: &KeyId) {}
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |pair: &[u8]| str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    text.as_bytes().chunks(2).map(|pair| digits(pair).expect("hex")).collect()
}

/// The state folder of then.
fn state() -> FakeStateFolder {
    let state = FakeStateFolder::default();
    for line in VECTORS.lines() {
        let (name, bytes) = line.split_once(' ').expect("a name and bytes");
        state.write(name, &unhex(bytes)).expect("writes");
    }
    state
}

#[test]
fn a_warm_entry_of_then_is_served() {
    let (state, clock, role) = (state(), FakeClock::at("2026-11-24T12:10:00Z"), role());
    let warm = CredentialCache { state: &state, keys: &OneKey, clock: &clock };
    let wanted = CacheKey::new("corp", &role, Path::new(CONFIG), &Env::from_pairs(&[]), "");
    let line = warm.at_once(&wanted.stamped(Some(stamp()))).expect("opens");
    assert_eq!(str::from_utf8(line.expose()), Ok(LINE));
    let noted = kcaws::credentials::cache::last_end("corp", &state, at(NOW));
    assert_eq!(noted, Some(at("2026-11-24T13:00:00Z")));
}

#[test]
fn a_passphrase_file_of_then_opens() {
    let passphrases = Rc::new(FakePassphrases::giving(PASSPHRASE));
    let store = FileStore::new(Arc::new(state()), passphrases);
    let text = store.get(&item()).expect("opens").expect("is there");
    assert_eq!(text.expose(), VERSION_2);
    let record = TokenRecord::from_text(&text, &corp()).expect("is read");
    assert_eq!(record.login.map(|login| login.flow), Some(Flow::Pkce));
    assert_eq!(TokenRecord::from_text(&text, &corp()).expect("is read").to_text().expose(), VERSION_2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_under_a_kernel_key_of_then_opens() {
    use kcaws::ports::keyring::keyutils::KeyutilsStore;
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    let store = KeyutilsStore::new(Arc::new(state()));
    // Links the user keyring to this process, or says that there is none.
    if let Err(refused) = store.unlock(&item(), std::time::Duration::ZERO) {
        return crate::skip(&format!("{refused:?}"));
    }
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, false).expect("is there");
    let key = ring.add_key(&format!("kcaws:{}", hex(&KEY_ID)), &KEY).expect("takes a key");
    let text = store.get(&item());
    let _ = key.invalidate();
    let text = text.expect("opens").expect("is there");
    assert_eq!(text.expose(), VERSION_1);
    let record = TokenRecord::from_text(&text, &corp()).expect("is read");
    assert_eq!(record.to_text().expose(), VERSION_1);
}

#[test]
fn a_status_file_and_a_profile_map_of_then_are_read() {
    let state = state();
    let status = status::read(&state, &corp()).expect("is read").expect("is there");
    assert_eq!((status.store, status.is_logged_in(at(NOW))), (StoreKind::Keyutils, true));
    let login = status.login.expect("a login");
    assert_eq!(login.access_expires_at, at("2026-11-24T13:00:00Z"));
    let map = Map::read("dev", Path::new(CONFIG), &Env::from_pairs(&[]), &state, stamp());
    assert_eq!(map, Some(Map(Some(ours()))));
}

/// The same folder by the present code. It is left at `target/vectors.txt`, for a form that is new.
#[test]
fn the_present_code_writes_files_of_the_same_names() {
    let (state, clock, role) = (FakeStateFolder::default(), FakeClock::at(NOW), role());
    let stem = format!("warm/{}", hashed_name(&[b"corp"]));
    state.write(&format!("{stem}.id"), &KEY_ID).expect("writes");
    let warm = CredentialCache { state: &state, keys: &OneKey, clock: &clock };
    let wanted = CacheKey::new("corp", &role, Path::new(CONFIG), &Env::from_pairs(&[]), "");
    let served = warm.serve(&wanted.stamped(Some(stamp())), issuer(), |_| {
        let end = at("2026-11-24T13:00:00Z").timestamp_millis();
        let credentials = RoleCredentials::received("ASIAEXAMPLE".into(), "key".into(), "token".into(), end);
        Ok::<_, CredentialsError>(Fetched { credentials: credentials.expect("fine"), skew: Skew::NONE })
    });
    assert!(served.is_ok());
    let shared: Arc<dyn StateFolder> = Arc::new(state.clone());
    let file = FileStore::new(shared, Rc::new(FakePassphrases::giving(PASSPHRASE)));
    file.set(&item(), &Secret::from(VERSION_2)).expect("seals");
    let session = corp();
    let bound: [&[u8]; 4] =
        [b"kcaws token record 1", &KEY_ID, session.name.as_bytes(), session.start_url.as_bytes()];
    let sealed = kcaws::platform::aead::seal(&KEY, &bound, VERSION_1.as_bytes()).expect("seals");
    let name = state.list("sealed").expect("lists").remove(0);
    state.write(&format!("keyutils/{name}"), &[KEY_ID.as_slice(), &sealed].concat()).expect("writes");
    let record = TokenRecord::from_text(&Secret::from(VERSION_1), &corp()).expect("is read");
    let status =
        serde_json::to_vec(&status::SessionStatus::of(&record, StoreKind::Keyutils)).expect("writes");
    state.write(&status::file_name(&corp()), &status).expect("writes");
    Map(Some(ours())).write("dev", Path::new(CONFIG), &Env::from_pairs(&[]), &state, stamp());
    let mut text = String::new();
    for folder in ["keyutils", "prompt", "sealed", "sessions", "warm"] {
        for name in
            state.list(folder).expect("lists").iter().filter(|name| name.rsplit('.').next() != Some("lock"))
        {
            let name = format!("{folder}/{name}");
            let bytes = state.read(&name).expect("reads").expect("is there");
            text.extend([name.as_str(), " ", &hex(&bytes), "\n"]);
        }
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/vectors.txt");
    let mut file =
        std::fs::OpenOptions::new().create(true).truncate(true).write(true).open(target).expect("opens");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("writes");
    let names = |lines: &str| -> Vec<String> {
        lines.lines().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect()
    };
    assert_eq!(names(&text), names(VECTORS), "a new form needs a file of its own in tests/vectors");
}
