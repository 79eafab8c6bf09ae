use std::io::Write;

use super::*;
use crate::ports::keyring::StoreKind;

fn load(file: Option<&str>, env: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().expect("a temp folder");
    if let Some(text) = file {
        let mut temp = tempfile::NamedTempFile::new_in(&folder).expect("creates");
        temp.write_all(text.as_bytes()).expect("writes");
        temp.persist(folder.path().join("config.toml")).expect("persists");
    }
    let files = SettingsFiles { folder: Some(folder.path().to_path_buf()), ..SettingsFiles::default() };
    Settings::load(&files, &Env::from_pairs(env))
}

#[test]
fn without_a_file_everything_has_its_default() {
    let nowhere = Settings::load(&SettingsFiles::default(), &Env::from_pairs(&[]));
    for settings in [load(None, &[]), nowhere] {
        let settings = settings.expect("loads");
        assert_eq!(
            (settings.flow("corp"), settings.keyring, settings.auto_login, settings.console_via),
            (FlowChoice::Device, StorePreference::Auto, false, Via::Federation)
        );
        assert!(matches!(settings.idp_url("corp"), Err(SettingsError::NoIdpUrl { .. })));
    }
}

#[test]
fn a_variable_beats_the_file() {
    let file = Some("flow = \"pkce\"\nkeyring = \"keyutils\"\nauto-login = true\n");
    let settings = load(file, &[]).expect("loads");
    assert_eq!(settings.flow("corp"), FlowChoice::Pkce);
    assert_eq!(settings.keyring, StorePreference::Named(StoreKind::Keyutils));
    assert!(settings.auto_login);
    let env = [("KCAWS_FLOW", "device"), ("KCAWS_KEYRING", "auto"), ("KCAWS_AUTO_LOGIN", "false")];
    let settings = load(file, &env).expect("loads");
    assert_eq!(
        (settings.flow("corp"), settings.keyring, settings.auto_login),
        (FlowChoice::Device, StorePreference::Auto, false)
    );
    let file = Some("browser = \"firefox\"\nconsole-via = \"portal\"\n");
    let settings = load(file, &[]).expect("loads");
    assert_eq!((settings.browser("corp"), settings.console_via), (Some("firefox"), Via::Portal));
    let env = [("KCAWS_BROWSER", "edge"), ("KCAWS_CONSOLE_VIA", "federation")];
    let settings = load(file, &env).expect("loads");
    assert_eq!((settings.browser("corp"), settings.console_via), (Some("edge"), Via::Federation));
}

#[test]
fn the_names_of_profiles_can_be_set() {
    let file = Some("[profiles]\nname = \"{role}\"\n[profiles.accounts.dev]\nalias = \"d\"\n");
    let profiles = load(file, &[]).expect("loads").profiles("corp");
    assert_eq!(profiles.name.as_deref(), Some("{role}"));
    assert_eq!(profiles.accounts["dev"].alias.as_deref(), Some("d"));
    let profiles = load(file, &[("KCAWS_NAME_TEMPLATE", "{account_id}")]).expect("loads").profiles("corp");
    assert_eq!(profiles.name.as_deref(), Some("{account_id}"));
}

#[test]
fn each_session_has_its_realm() {
    let file = "[sessions.corp]\nidp_url = \"https://sso.example.com/realms/corp/\"\n\
                [sessions.local]\nidp_url = \"http://127.0.0.1:8080/realms/dev\"\n[sessions.bare]\n";
    let settings = load(Some(file), &[]).expect("loads");
    assert_eq!(settings.idp_url("corp").expect("set"), "https://sso.example.com/realms/corp");
    assert_eq!(settings.idp_url("local").expect("set"), "http://127.0.0.1:8080/realms/dev");
    assert!(settings.idp_url("bare").is_err());
    for url in ["http://sso.example.com/realms/corp", "sso.example.com", "javascript:alert(1)", ""] {
        let refused = load(Some(&format!("[sessions.corp]\nidp_url = \"{url}\"\n")), &[]);
        assert!(matches!(refused, Err(SettingsError::BadIdpUrl { .. })), "{url}");
    }
}

#[test]
fn a_session_may_have_account_access() {
    let file = "[sessions.corp]\naccount_access = \"aa-gyxmap389\"\n[sessions.bare]\n";
    let settings = load(Some(file), &[]).expect("loads");
    assert_eq!(settings.account_access("corp").map(|found| found.tenant).as_deref(), Some("aa-gyxmap389"));
    assert_eq!(settings.account_access("bare"), None);
    let refused = load(Some("[sessions.corp]\naccount_access = \"https://example.com\"\n"), &[]);
    assert!(matches!(refused, Err(SettingsError::BadAccountAccess { .. })));
}

#[test]
fn mistakes_are_named_with_their_place() {
    let error = |file, env: &[(&str, &str)]| load(file, env).expect_err("refused").to_string();
    assert!(error(Some("\nkeyrin = 1\n"), &[]).contains("config.toml:2: "));
    assert!(error(Some("keyring = \n"), &[]).contains("config.toml:1: "));
    assert!(error(Some("keyring = \"floppy\"\n"), &[]).contains("`floppy`"));
    assert_eq!(error(None, &[("KCAWS_FLOW", "pkse")]), "KCAWS_FLOW cannot be `pkse`");
    assert_eq!(error(None, &[("KCAWS_AUTO_LOGIN", "often")]), "KCAWS_AUTO_LOGIN cannot be `often`");
    assert_eq!(error(None, &[("KCAWS_CONSOLE_VIA", "saml")]), "KCAWS_CONSOLE_VIA cannot be `saml`");
}

#[test]
fn every_flow_has_a_name_that_is_read_back() {
    for (name, flow) in
        FlowChoice::NAMES.into_iter().zip([FlowChoice::Auto, FlowChoice::Device, FlowChoice::Pkce])
    {
        assert_eq!(name.parse(), Ok(flow));
        assert_eq!(load(None, &[("KCAWS_FLOW", name)]).expect("loads").flow("corp"), flow);
        assert!(FLOWS.contains(name));
    }
}

/// Settings of files by these names; `own` is the user's.
fn layered(system: &[&str], own: &str, env: &[(&str, &str)]) -> Settings {
    let folder = tempfile::tempdir().expect("a temp folder");
    let put = |name: &str, text: &str| {
        let mut temp = tempfile::NamedTempFile::new_in(&folder).expect("creates");
        temp.write_all(text.as_bytes()).expect("writes");
        let path = folder.path().join(name);
        temp.persist(&path).expect("persists");
        path
    };
    let system = system.iter().enumerate().map(|(at, text)| put(&at.to_string(), text)).collect();
    put("config.toml", own);
    let files =
        SettingsFiles { system, folder: Some(folder.path().to_path_buf()), ..SettingsFiles::default() };
    Settings::load(&files, &Env::from_pairs(env)).expect("loads")
}

#[test]
fn the_last_file_wins_and_each_value_by_itself() {
    let settings = layered(
        &[
            "flow = \"pkce\"\nbrowser = \"edge\"\n",
            "flow = \"auto\"\n[sessions.corp]\nregion = \"eu-west-1\"\n",
        ],
        "[sessions.corp]\nstart_url = \"https://corp.awsapps.com/start\"\n",
        &[],
    );
    assert_eq!((settings.flow("corp"), settings.browser("corp")), (FlowChoice::Auto, Some("edge")));
    let [offer] = settings.offers().try_into().expect("one");
    assert_eq!((offer.name.as_str(), offer.region.as_deref()), ("corp", Some("eu-west-1")));
    assert!(offer.place.ends_with("config.toml:2"), "{}", offer.place);
    let flow = settings.entries.iter().find(|entry| entry.key == ["flow"]).expect("is there");
    assert_eq!(flow.overridden.len(), 1, "the default is none");
    assert_eq!(settings.layers.len(), 3);
}

#[test]
fn what_one_session_has_beats_what_all_have_and_a_variable_beats_both() {
    let system = "flow = \"device\"\n[sessions.corp]\nflow = \"pkce\"\nbrowser = \"edge\"\n[sessions.corp.profiles]\nname = \"{role}\"\n\
                  [sessions.corp.profiles.accounts.1111-2222-3333]\nalias = \"prod\"\nregion = \"us-east-1\"\n";
    let own = "browser = \"firefox\"\n[profiles]\nname = \"{account_id}\"\nregion = \"eu-west-1\"\ncreate = \"all\"\n\
               [sessions.corp.profiles.accounts.111122223333]\nalias = \"live\"\n";
    let settings = layered(&[system], own, &[]);
    assert_eq!((settings.flow("corp"), settings.flow("other")), (FlowChoice::Pkce, FlowChoice::Device));
    assert_eq!((settings.browser("corp"), settings.browser("other")), (Some("edge"), Some("firefox")));
    let corp = settings.profiles("corp");
    assert_eq!((corp.name.as_deref(), corp.region.as_deref()), (Some("{role}"), Some("eu-west-1")));
    assert_eq!(settings.profiles("other").name.as_deref(), Some("{account_id}"));
    // The same account, however its ID is written: one value of each file.
    let account = &corp.accounts["111122223333"];
    assert_eq!((account.alias.as_deref(), account.region.as_deref()), (Some("live"), Some("us-east-1")));
    assert_eq!(corp.accounts.len(), 1);
    let env = [("KCAWS_FLOW", "auto"), ("KCAWS_BROWSER", "brave"), ("KCAWS_NAME_TEMPLATE", "{session}")];
    let settings = layered(&[system], own, &env);
    assert_eq!((settings.flow("corp"), settings.browser("corp")), (FlowChoice::Auto, Some("brave")));
    assert_eq!(settings.profiles("corp").name.as_deref(), Some("{session}"));
}

#[test]
fn a_variable_beats_what_a_session_has_and_the_entries_show_it() {
    let own = "flow = \"device\"\n[sessions.corp]\nflow = \"pkce\"\nbrowser = \"edge\"\n[sessions.corp.profiles]\nname = \"{role}\"\n";
    let env = [("KCAWS_FLOW", "auto"), ("KCAWS_BROWSER", "brave"), ("KCAWS_NAME_TEMPLATE", "{session}")];
    let settings = layered(&[], own, &env);
    for (key, value, variable, before) in [
        (&["flow"][..], "auto", "KCAWS_FLOW", Some("device")),
        (&["sessions", "corp", "flow"][..], "auto", "KCAWS_FLOW", Some("pkce")),
        (&["browser"][..], "brave", "KCAWS_BROWSER", None),
        (&["sessions", "corp", "browser"][..], "brave", "KCAWS_BROWSER", Some("edge")),
        (&["sessions", "corp", "profiles", "name"][..], "{session}", "KCAWS_NAME_TEMPLATE", Some("{role}")),
    ] {
        let entry = settings.entries.iter().find(|entry| entry.key == key).expect("is there");
        assert_eq!((entry.value.as_str(), &entry.source), (Some(value), &Source::Variable(variable)));
        let overridden = entry.overridden.first().and_then(|(value, _)| value.as_str());
        assert_eq!(overridden, before, "{key:?}");
    }
    assert!(!settings.entries.iter().any(|entry| entry.key == ["sessions", "other", "flow"]));
}

#[test]
fn a_file_that_was_named_must_exist_and_the_usual_ones_need_not() {
    let files = |is_named| SettingsFiles { system: vec!["/nowhere/k.toml".into()], is_named, folder: None };
    let env = Env::from_pairs(&[]);
    assert!(Settings::load(&files(false), &env).is_ok());
    let error = Settings::load(&files(true), &env).expect_err("it is not there");
    assert!(matches!(&error, SettingsError::NoSystemFile { path } if path.ends_with("k.toml")), "{error}");
}

#[test]
fn what_is_wrong_can_be_left_out_and_the_rest_is_used() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let put = |name: &str, text: &str| {
        let mut temp = tempfile::NamedTempFile::new_in(&folder).expect("creates");
        temp.write_all(text.as_bytes()).expect("writes");
        temp.persist(folder.path().join(name)).expect("persists");
        folder.path().join(name)
    };
    let system = vec![put("a.toml", "flow = \n"), put("b.toml", "[profiles]\nregion = \"eu-west-1\"\n")];
    put("config.toml", "flow = \"pkce\"\n[[team]]\nurl = \"https://x/\"\nsha256 = \"00\"\n");
    let folder = Some(folder.path().to_path_buf());
    let files = SettingsFiles { system, folder, ..SettingsFiles::default() };
    let env = Env::from_pairs(&[("KCAWS_AUTO_LOGIN", "often")]);
    assert!(matches!(Settings::load(&files, &env), Err(SettingsError::InSystemFile(_))));
    let (settings, errors) = Settings::load_usable(&files, &env);
    let [of_system, of_team, of_variable] = errors.try_into().expect("three");
    assert!(matches!(of_system, SettingsError::InSystemFile(_)), "{of_system}");
    assert!(matches!(of_team, SettingsError::TeamMissing { .. }), "{of_team}");
    assert!(matches!(of_variable, SettingsError::BadValue { .. }), "{of_variable}");
    assert_eq!(settings.flow("corp"), FlowChoice::Pkce);
    assert_eq!(settings.profiles("corp").region.as_deref(), Some("eu-west-1"));
}

#[test]
fn an_unknown_word_comes_with_those_that_are_known() {
    for (text, word, one_of_known) in [
        ("keyrin = \"auto\"\n", "keyrin", "keyring"),
        ("[profiles]\ncreate = \"al\"\n", "al", "all"),
        ("[sessions.corp]\nregoin = \"eu-central-1\"\n", "regoin", "region"),
        ("[profiles.accounts.dev]\naliass = \"d\"\n", "aliass", "alias"),
    ] {
        match load(Some(text), &[]) {
            Err(SettingsError::Unknown { word: found, known, .. }) => {
                assert_eq!(found, word);
                assert!(known.iter().any(|known| known == one_of_known), "{known:?}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}
