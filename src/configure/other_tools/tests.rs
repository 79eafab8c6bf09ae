use std::path::Path;

use super::*;

const URL: &str = "https://corp.awsapps.com/start";

fn found(text: &str) -> Found {
    find(&Document::parse(Path::new("/c"), text).expect("parses"))
}

fn import_of(text: &str) -> Import {
    import(found(text), "corp", URL, "-kcaws")
}

/// Name, account, permission set, region.
fn names(import: &Import) -> Vec<String> {
    let line = |one: &WantedProfile| {
        let Role { account_id, role_name } = &one.own.role;
        format!("{} {account_id} {role_name} {}", one.name, one.region.as_deref().unwrap_or("-"))
    };
    import.wanted.iter().map(line).collect()
}

fn complaints(unclear: &[Unparsed]) -> Vec<String> {
    unclear.iter().map(|one| format!("{}:{} {}", one.name, one.place.line, one.why)).collect()
}

#[test]
fn each_tools_profiles_are_read_as_it_writes_them() {
    let text = "[sso-session x]\nsso_start_url = https://corp.awsapps.com/start/#/\nsso_region = eu-central-1\n\
         [profile cli]\nsso_session = x\nsso_account_id = 111122223333\nsso_role_name = Admin\nregion = eu-west-1\n\
         [profile legacy]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\nsso_account_id = 111122223333\nsso_role_name = ReadOnly\n\
         [profile util]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\nsso_account_name = dev\nsso_account_id = 111122223333\nsso_role_name = Power\ncredential_process = aws-sso-util credential-process --profile util\nsso_auto_populated = true\n\
         [profile granted]\ngranted_sso_start_url = https://corp.awsapps.com/start/\ngranted_sso_region = eu-central-1\ngranted_sso_account_id = 222233334444\ngranted_sso_role_name = Admin\ncommon_fate_generated_from = aws-sso\ncredential_process = /usr/bin/granted credential-process --profile granted\n\
         [profile ssocli]\ncredential_process = /opt/bin/aws-sso -u open -S \"Default\" process --arn arn:aws:iam::333344445555:role/Admin\nregion = us-east-1\n\
         [profile newer]\ncredential_process = aws-sso process --sso Default --account 333344445555 --role=Other\n";
    let tools: Vec<&str> = found(text).profiles.iter().map(|one| one.tool.name()).collect();
    assert_eq!(tools, ["AWS CLI", "AWS CLI", "aws-sso-util", "granted", "aws-sso-cli", "aws-sso-cli"]);
    let import = import_of(text);
    assert_eq!(
        names(&import),
        [
            "cli-kcaws 111122223333 Admin eu-west-1",
            "granted-kcaws 222233334444 Admin -",
            "legacy-kcaws 111122223333 ReadOnly -",
            "newer-kcaws 333344445555 Other -",
            "ssocli-kcaws 333344445555 Admin us-east-1",
            "util-kcaws 111122223333 Power -",
        ]
    );
    assert!(import.unclear.is_empty() && import.elsewhere.is_empty());
    assert!(import.wanted.iter().all(|one| one.own.session == "corp"));
    assert_eq!(
        portals(&found(text)),
        [("https://corp.awsapps.com/start/#/".into(), Some("eu-central-1".into()))]
    );
}

#[test]
fn what_is_not_enough_is_named_with_its_place() {
    let text = "[profile a]\nsso_session = gone\nsso_account_id = 111122223333\nsso_role_name = x\n\
         [profile b]\nsso_start_url = https://corp.awsapps.com/start\nsso_role_name = x\n\
         [profile c]\nsso_start_url = https://corp.awsapps.com/start\nsso_account_id = 1\nsso_role_name = x\n\
         [profile d]\ngranted_sso_account_id = 111122223333\n\
         [profile e]\nregion = x\ncredential_process = aws-sso process --arn arn:aws:iam::1:user/x\n\
         [profile f]\ncredential_process = granted credential-process --profile f\n\
         [profile g]\nsso_start_url = https://corp.awsapps.com/start\nsso_account_id = 111122223333\n";
    assert_eq!(
        complaints(&import_of(text).unclear),
        [
            "a:2 its [sso-session …] section does not exist",
            "b:5 it has no account ID",
            "c:8 its account ID does not have 12 digits",
            "d:12 it has no start URL",
            "e:16 its ARN is not that of a role",
            "f:17 it has no start URL",
            "g:19 it has no permission set",
        ]
    );
}

#[test]
fn what_is_no_permission_set_is_no_ones_business() {
    let text = "[default]\nregion = x\n\
         [profile ours]\ncredential_process = /bin/kcaws credential-process --session s --account 111122223333 --role r\n\
         [profile chained]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = a\nsso_session = x\n\
         [profile keys]\naws_access_key_id = AKIAEXAMPLE\n\
         [profile vault]\ncredential_process = aws-vault export dev\n";
    assert_eq!(found(text), Found::default());
}

#[test]
fn other_portals_and_portals_that_cannot_be_told_apart_are_left_out() {
    let text = "[profile other]\nsso_start_url = https://other.awsapps.com/start\nsso_account_id = 111122223333\nsso_role_name = x\n\
         [profile one]\ncredential_process = aws-sso -S One process --arn arn:aws:iam::111122223333:role/x\n\
         [profile two]\ncredential_process = aws-sso -S Two process --arn arn:aws:iam::111122223333:role/x\n";
    let import = import_of(text);
    assert!(import.wanted.is_empty());
    assert_eq!(import.elsewhere.len(), 1);
    assert_eq!(import.unclear.len(), 2);
}

#[test]
fn hostile_names_become_plain_and_two_never_one() {
    let text = "[profile 'a b']\nsso_start_url = https://corp.awsapps.com/start\nsso_account_id = 111122223333\nsso_role_name = x\n\
         [profile a\u{7}b]\nsso_start_url = https://corp.awsapps.com/start\nsso_account_id = 111122223333\nsso_role_name = y\nregion = x y\n";
    let import = import_of(text);
    assert_eq!(names(&import), ["a-b-kcaws 111122223333 x -"]);
    assert_eq!(import.unclear[0].why, "another profile would get the same new name");
}

#[test]
fn values_in_the_quotes_of_other_tools_are_read_without_them() {
    for quote in ["`", "\"", "'", "\"\"\""] {
        let quoted = |value: &str| format!("{quote}{value}{quote}");
        let text = format!(
            "[profile g]\ngranted_sso_start_url = {}\ngranted_sso_region = {}\ngranted_sso_account_id = {}\n\
             granted_sso_role_name = {}\nregion = {}\n\
             credential_process = granted credential-process --profile g --auto-login\n",
            quoted("https://corp.awsapps.com/start/#"),
            quoted("eu-central-1"),
            quoted("111122223333"),
            quoted("Admin"),
            quoted("eu-west-1"),
        );
        assert_eq!(names(&import_of(&text)), ["g-kcaws 111122223333 Admin eu-west-1"], "{quote}");
        assert_eq!(
            portals(&found(&text)),
            [("https://corp.awsapps.com/start/#".into(), Some("eu-central-1".into()))]
        );
    }
    let session = "[sso-session 'x']\nsso_start_url = `https://corp.awsapps.com/start#`\nsso_region = `r`\n\
         [profile a]\nsso_session = \"x\"\nsso_account_id = 1111-2222-3333\nsso_role_name = `Admin`\n";
    assert_eq!(names(&import_of(session)), ["a-kcaws 111122223333 Admin -"]);
}

#[test]
fn a_profile_that_is_another_one_is_what_that_one_is() {
    let keys = "sso_start_url = https://corp.awsapps.com/start\nsso_account_id = 111122223333\n";
    let text = format!(
        "[default]\ncredential_process = aws-sso-util credential-process --profile dev\n\
         [profile dev]\n{keys}sso_role_name = Admin\nregion = eu-west-1\n\
         [profile base]\ninclude_profile = top\nsso_account_id = 222233334444\n\
         [profile top]\ninclude_profile = base\n{keys}\
         [profile leaf]\ninclude_profile = base\nsso_role_name = ReadOnly\n"
    );
    let import = import_of(&text);
    assert_eq!(
        names(&import),
        [
            "default-kcaws 111122223333 Admin eu-west-1",
            "dev-kcaws 111122223333 Admin eu-west-1",
            "leaf-kcaws 222233334444 ReadOnly -",
        ]
    );
    assert_eq!(
        complaints(&import.unclear),
        ["base:8 it has no permission set", "top:11 it has no permission set"]
    );
}

#[test]
fn a_start_url_that_is_none_is_named_and_not_taken_for_another_portal() {
    let text = "[profile a]\nsso_start_url = mine\nsso_account_id = 111122223333\nsso_role_name = x\n";
    let import = import_of(text);
    assert_eq!(complaints(&import.unclear), ["a:1 its start URL is not that of an access portal"]);
    assert!(import.elsewhere.is_empty());
}
