use std::path::Path;

use super::*;

const CONFIG: &str = r"
[sso-session corp]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1

[profile dev]
credential_process = /usr/local/bin/kcaws credential-process --session corp --account 111122223333 --role PowerUserAccess
region = eu-west-1

[profile via]
credential_process = /opt/my\ tools/kcaws credential-process --profile=dev

[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin

[profile legacy]
sso_start_url = https://old.awsapps.com/start/#/
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = Admin

[profile me]
credential_process = kcaws credential-process --profile me

[profile ping]
credential_process = kcaws credential-process --profile pong
[profile pong]
credential_process = kcaws credential-process --profile ping

[profile other]
credential_process = aws-vault export dev

[profile half]
sso_session = corp
sso_account_id = 111122223333
";

fn target(profile: &str) -> Result<Target, ConfigError> {
    Document::parse(Path::new("/c"), CONFIG).expect("parses").target(profile)
}

fn role(account_id: &str, role_name: &str) -> Role {
    Role { account_id: account_id.into(), role_name: role_name.into() }
}

#[test]
fn a_kcaws_line_and_sso_keys_both_name_session_and_role() {
    let dev = target("dev").expect("resolves");
    assert_eq!(
        (dev.session.name.as_str(), dev.role),
        ("corp", Some(role("111122223333", "PowerUserAccess")))
    );
    assert_eq!(dev.session.scopes, ["sso:account:access"]);
    let sso = target("sso").expect("resolves");
    assert_eq!((sso.session.name.as_str(), sso.role), ("corp", Some(role("111122223333", "Admin"))));
}

#[test]
fn a_legacy_profile_is_a_session_named_by_its_start_url() {
    let legacy = target("legacy").expect("resolves");
    assert_eq!(legacy.session.name, "https://old.awsapps.com/start/#/");
    let document = Document::parse(Path::new("/c"), CONFIG).expect("parses");
    assert_eq!(document.session_names(), ["corp", "https://old.awsapps.com/start/#/"]);
    assert_eq!(document.session(&legacy.session.name).expect("found"), legacy.session);
}

#[test]
fn a_start_url_that_a_session_has_too_is_no_second_session() {
    let text = format!(
        "{CONFIG}[profile twin]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n"
    );
    let document = Document::parse(Path::new("/c"), &text).expect("parses");
    assert_eq!(document.session_names(), ["corp", "https://old.awsapps.com/start/#/"]);
}

#[test]
fn a_profile_that_asks_for_itself_is_refused_also_in_two_steps() {
    for name in ["me", "ping"] {
        assert!(matches!(target(name), Err(ConfigError::Circular { .. })), "{name}");
    }
}

#[test]
fn what_is_not_ours_or_half_is_said_with_its_line() {
    assert!(matches!(target("other"), Err(ConfigError::NotOurs { .. })));
    assert!(matches!(target("nobody"), Err(ConfigError::NoSuchProfile { .. })));
    let half = target("half").expect_err("refused").to_string();
    assert!(half.starts_with("/c:") && half.contains("sso_role_name"), "{half}");
}

#[test]
fn bad_sessions_are_refused_with_the_place() {
    for (text, needle) in [
        ("[sso-session x]\nsso_region = eu-central-1\n", "/c:1: [sso-session x] has no `sso_start_url`"),
        (
            "[sso-session x]\nsso_start_url = http://a/b\nsso_region = eu-central-1\n",
            "/c:2: sso_start_url is not",
        ),
        ("[sso-session x]\nsso_start_url = https://a/b\nsso_region = evil.com/\n", "/c:3: sso_region is not"),
    ] {
        let document = Document::parse(Path::new("/c"), text).expect("parses");
        let error = document.session("x").expect_err("refused").to_string();
        assert!(error.contains(needle), "{error}");
    }
}

#[test]
fn a_line_that_runs_kcaws_is_known_by_its_program() {
    assert!(kcaws_arguments("C:\\tools\\kcaws.exe credential-process --profile x").is_some());
    assert!(kcaws_arguments("kcaws console").is_none());
}

#[test]
fn the_roles_of_a_session_are_those_that_profiles_name_themselves() {
    let text = "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n\
         [profile a]\ncredential_process = kcaws credential-process --session corp --account 111122223333 --role Admin\n\
         [profile b]\nsso_session = corp\nsso_account_id = 222233334444\n[profile c]\nsso_session = other\n\
         sso_account_id = 333344445555\nsso_role_name = Admin\n[profile b]\nsso_role_name = Reader\n\
         [profile d]\ncredential_process = kcaws credential-process --profile a\n\
         [profile twin]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n\
         [profile bad]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Admin\n";
    let document = Document::parse(Path::new("/c"), text).expect("parses");
    let role = |account: &str, name: &str| Role { account_id: account.to_owned(), role_name: name.into() };
    assert_eq!(
        document.roles_of_session("corp"),
        [role("111122223333", "Admin"), role("222233334444", "Reader")]
    );
    assert!(document.roles_of_session("nobody").is_empty());
}

#[test]
fn a_session_may_leave_its_region_to_its_start_url() {
    let text = "[sso-session x]\nsso_start_url = https://sso.example.com/aws\n\
                [sso-session y]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = us-east-1\n";
    let document = Document::parse(Path::new("/c"), text).expect("parses");
    assert_eq!(document.session("x").expect("is one").region, "");
    assert_eq!(document.no_region("x").to_string(), "/c:1: [sso-session x] has no `sso_region`");
    let line = |name| document.place_of_region(name).map(|place| place.line);
    assert_eq!((line("x"), line("y"), line("z")), (Some(1), Some(5), None));
}
