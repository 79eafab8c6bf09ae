use std::path::Path;

use super::*;

const CORP: &str =
    "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n";
const LINE: &str =
    "credential_process = /bin/kcaws credential-process --session corp --account 111122223333 --role Admin\n";
const KEYS: &str = "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n";
const DEPLOY: &str = "role_arn = arn:aws:iam::222233334444:role/ci/Deploy\n";

fn document(name: &str, text: &str) -> Document {
    Document::parse(Path::new(name), text).expect("parses")
}

/// Who `p` is, in words: `Admin@1`, then `>Deploy@2` for each role assumed after it, by the last digit of the account.
fn who(config: &str, credentials: &str) -> String {
    let (config, credentials) =
        (document("config", &format!("{CORP}{config}")), document("credentials", credentials));
    let files = ProfileFiles { config: &config, credentials: Some(&credentials) };
    let word = |role: &Role| format!("{}@{}", role.role_name, &role.account_id[11..]);
    match files.identity("p") {
        Ok(identity) => {
            let first = identity.permission_set.as_ref().map_or_else(|| identity.session.name.clone(), word);
            identity.chain.iter().fold(first, |text, step| format!("{text}>{}", word(step.arn.role())))
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_line_of_kcaws_or_the_keys_of_a_session_are_the_permission_set() {
    assert_eq!(who(&format!("[profile p]\n{LINE}"), ""), "Admin@3");
    assert_eq!(who(&format!("[profile p]\n{KEYS}"), ""), "Admin@3");
    // Families take different keys here, and the caller is the same.
    assert_eq!(who(&format!("[profile p]\n{LINE}{KEYS}"), ""), "Admin@3");
    let refers = format!(
        "[profile p]\ncredential_process = kcaws credential-process --profile q\n[profile q]\n{KEYS}"
    );
    assert_eq!(who(&refers, ""), "Admin@3");
}

#[test]
fn a_role_is_assumed_with_the_credentials_of_the_source_profile() {
    let chained = format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{LINE}");
    assert_eq!(who(&chained, ""), "Admin@3>Deploy@4");
    let two = format!(
        "[profile p]\n{DEPLOY}source_profile = q\n\
         [profile q]\nrole_arn = arn:aws:iam::333344445555:role/Hop\nsource_profile = r\n[profile r]\n{KEYS}"
    );
    assert_eq!(who(&two, ""), "Admin@3>Hop@5>Deploy@4");
    let by_line = format!(
        "[profile p]\ncredential_process = kcaws credential-process --profile q\n[profile q]\n{DEPLOY}source_profile = r\n[profile r]\n{LINE}"
    );
    assert_eq!(who(&by_line, ""), "Admin@3>Deploy@4");
}

#[test]
fn a_role_comes_before_a_line_and_keys_in_the_same_profile() {
    let both = format!("[profile p]\n{DEPLOY}source_profile = q\n{LINE}{KEYS}[profile q]\n{LINE}");
    assert_eq!(who(&both, ""), "Admin@3>Deploy@4");
}

#[test]
fn a_source_that_only_some_sdks_take_is_refused_with_its_place() {
    let line = format!("[profile p]\n{LINE}");
    assert_eq!(
        who(&line, "[p]\naws_access_key_id = x\n"),
        "credentials:2: AWS CLI and Python tools take the credentials of profile `p` from `aws_access_key_id`"
    );
    let other = format!(
        "[profile p]\n{LINE}sso_session = corp\nsso_account_id = 999999999999\nsso_role_name = Admin\n"
    );
    assert!(who(&other, "").starts_with("config:7: "), "{}", who(&other, ""));
    let chained = format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{LINE}");
    assert_eq!(
        who(&chained, "[p]\naws_access_key_id = x\n"),
        "credentials:2: Go tools take the credentials of profile `p` from `aws_access_key_id`"
    );
}

#[test]
fn what_kcaws_has_no_part_in_is_not_ours() {
    for config in [
        "[profile p]\nregion = eu-west-1\n",
        "[profile p]\ncredential_process = other-tool\n",
        "[profile p]\naws_access_key_id = x\n",
        &format!("[profile p]\n{DEPLOY}credential_source = Environment\n"),
        &format!("[profile p]\n{DEPLOY}web_identity_token_file = /t\n"),
        &format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\naws_access_key_id = x\n"),
        &format!("[profile p]\n{DEPLOY}source_profile = p\naws_access_key_id = x\n"),
        &format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{LINE}aws_access_key_id = x\n"),
    ] {
        assert!(
            who(config, "").contains("profile `p` is not an IAM Identity Center profile"),
            "{config}: {}",
            who(config, "")
        );
    }
}

#[test]
fn a_key_in_the_credentials_file_comes_before_the_same_one_in_the_config() {
    let chained = format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{LINE}");
    for (config, credentials) in [
        (&chained, "[p]\nrole_arn = arn:aws:iam::333344445555:role/Hop\n"),
        (&chained, "[p]\nsource_profile = r\n"),
        (&chained, "[p]\nexternal_id = x\n"),
        (&format!("[profile p]\n{KEYS}"), "[p]\nsso_role_name = Other\n"),
    ] {
        let answer = who(config, credentials);
        assert!(answer.starts_with("credentials:2: "), "{credentials}: {answer}");
    }
}

#[test]
fn a_reference_to_nothing_or_in_a_circle_is_named() {
    let nothing = format!("[profile p]\n{DEPLOY}source_profile = nosuch\n");
    assert_eq!(
        who(&nothing, ""),
        "config:6: source_profile of `p` names `nosuch`, and there is no such profile"
    );
    let line = |other: &str| format!("credential_process = kcaws credential-process --profile {other}\n");
    for (circle, names) in [
        (format!("[profile p]\n{DEPLOY}source_profile = p\n"), "p \u{2192} p"),
        (
            format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{DEPLOY}source_profile = p\n"),
            "p \u{2192} q \u{2192} p",
        ),
        (
            format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{DEPLOY}source_profile = q\n"),
            "q \u{2192} q",
        ),
        (
            format!("[profile p]\n{}[profile q]\n{DEPLOY}source_profile = p\n", line("q")),
            "p \u{2192} q \u{2192} p",
        ),
    ] {
        assert!(who(&circle, "").ends_with(&format!("forms a loop: {names}")), "{}", who(&circle, ""));
    }
    for circle in [
        format!("[profile p]\n{}", line("p")),
        format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{}", line("p")),
    ] {
        assert!(who(&circle, "").contains("asks kcaws for the same profile"), "{}", who(&circle, ""));
    }
    assert_eq!(who("", ""), "there is no profile `p` in `config`");
}

#[test]
fn a_step_that_sts_would_refuse_is_named_with_its_line() {
    let with = |key: &str| who(&format!("[profile p]\nsource_profile = q\n{key}\n[profile q]\n{LINE}"), "");
    assert_eq!(with("role_arn = Deploy"), "config:6: role_arn is not the ARN of an IAM role");
    let long = format!("{DEPLOY}duration_seconds = 100");
    assert_eq!(with(&long), "config:7: duration_seconds is not a number from 900 to 43200");
}

#[test]
fn a_role_without_a_source_that_has_credentials_is_named() {
    let with = |keys: &str| who(&format!("[profile p]\n{DEPLOY}{keys}[profile q]\nregion = x\n"), "");
    assert_eq!(
        with(""),
        "config:5: profile `p` has `role_arn`, but neither `source_profile` nor `credential_source`"
    );
    assert_eq!(
        with("source_profile = q\n"),
        "config:6: source_profile of `p` names `q`, which has no credentials"
    );
    assert_eq!(
        with("source_profile = q\ncredential_source = Environment\n"),
        "config:7: profile `p` has both `source_profile` and `credential_source`"
    );
}

#[test]
fn a_very_long_way_ends_with_an_error() {
    let step = |at: usize| format!("[profile p{at}]\n{DEPLOY}source_profile = p{}\n", at + 1);
    let steps: String = (0..20_000).map(step).collect();
    let config = format!("[profile p]\n{DEPLOY}source_profile = p0\n{steps}");
    assert!(who(&config, "").contains("leads through more than 50 profiles"));
}

#[test]
fn an_invisible_character_is_named_in_every_value() {
    let chained = |key: &str| format!("[profile p]\n{key}\n[profile q]\n{LINE}");
    let keys = |key: &str, value: &str| {
        let keys = format!("[profile p]\n{KEYS}region = eu-west-1\n");
        keys.replace(&format!("{key} = {value}"), &format!("{key} = \u{a0}{value}"))
    };
    for config in [
        keys("sso_session", "corp"),
        keys("sso_account_id", "111122223333"),
        keys("sso_role_name", "Admin"),
        keys("region", "eu-west-1"),
        chained(&format!("{DEPLOY}source_profile = \u{a0}q")),
        chained("role_arn = \u{a0}arn:aws:iam::222233334444:role/Deploy\nsource_profile = q"),
        chained(&format!("{DEPLOY}source_profile = q\nexternal_id = x\u{a0}")),
        chained(&format!("{DEPLOY}source_profile = q\nmfa_serial = x\u{a0}")),
        chained(&format!("{DEPLOY}source_profile = q\nduration_seconds = 900\u{a0}")),
        chained(&format!("{DEPLOY}source_profile = q\nrole_session_name = x\u{a0}y")),
        chained(&format!("{DEPLOY}source_profile = q\nregion = \u{a0}eu-west-1")),
        format!("[profile p]\n{}", LINE.replace("--session ", "--session\u{a0}")),
        format!("[profile p]\n{}", LINE.replace("corp", "corp\u{a0}")),
        format!("[profile p]\n{}", LINE.replace("kcaws ", "kcaws\u{a0}")),
    ] {
        let answer = who(&config, "");
        assert!(answer.contains("contains a no-break space (U+00A0)"), "{config:?}: {answer}");
        assert!(!answer.contains('\u{a0}'), "{answer:?}");
    }
}

#[test]
fn an_arn_has_an_account_and_a_name() {
    let name = |text: &str| RoleArn::parse(text).map(|arn| arn.role().role_name.to_string());
    assert_eq!(name("arn:aws:iam::111122223333:role/a/b/Name").as_deref(), Some("Name"));
    assert_eq!(name("arn:aws-cn:iam::111122223333:role/Name").as_deref(), Some("Name"));
    for bad in [
        "arn:aws:iam::11112222333:role/Name",
        "arn:aws:iam::111122223333:user/Name",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/a b",
        "arn:aws:iam:eu-west-1:111122223333:role/Name",
        "Name",
    ] {
        assert_eq!(name(bad), None, "{bad}");
    }
}

/// Python's parser adds the settings of this section to all others of its file.
#[test]
fn what_botocore_alone_adds_from_default_in_capitals_is_refused_with_its_place() {
    let words =
        |key: &str| format!("AWS CLI and Python tools take the credentials of profile `p` from `{key}`");
    let line = format!("[profile p]\n{LINE}");
    for key in ["role_arn", "web_identity_token_file", "sso_account_id", "login_session", "aws_access_key_id"]
    {
        let error = who(&format!("[DEFAULT]\n{key} = x\n{line}"), "");
        assert_eq!(error, format!("config:5: {}", words(key)));
    }
    for harmless in ["region = x", "source_profile = q", "mfa_serial = x", "sso_region = x", "output = json"]
    {
        assert_eq!(who(&format!("{line}[DEFAULT]\n{harmless}\n"), ""), "Admin@3", "{harmless}");
    }
    let chained = format!("[profile p]\n{DEPLOY}source_profile = q\n[profile q]\n{LINE}");
    for (key, error) in [("mfa_serial", words("mfa_serial")), ("external_id", words("external_id"))] {
        assert!(who(&format!("{chained}[DEFAULT]\n{key} = x\n"), "").ends_with(&error));
    }
    let error = who(&format!("{chained}[DEFAULT]\nrole_arn = x\n"), "");
    assert!(error.contains("profile `q` from `role_arn`"), "{error}");
    let keys = format!("[profile p]\n{KEYS}[DEFAULT]\nsso_start_url = x\n");
    assert!(who(&keys, "").ends_with(&words("sso_start_url")));
    // The credentials file has defaults of its own, for its own sections.
    let theirs = "[DEFAULT]\naws_access_key_id = x\n";
    assert_eq!(who(&line, theirs), "Admin@3");
    let error = who(&line, &format!("{theirs}[p]\nregion = x\n"));
    assert_eq!(error, format!("credentials:2: {}", words("aws_access_key_id")));
    assert_eq!(who(&format!("[default]\nrole_arn = x\n{line}"), ""), "Admin@3");
}

#[test]
fn the_region_is_the_profiles_own_as_tools_read_it() {
    let line = "credential_process = kcaws credential-process --profile q\n";
    let region = |config: &str, credentials: &str| {
        let (config, credentials) =
            (document("config", &format!("{CORP}{config}")), document("credentials", credentials));
        let files = ProfileFiles { config: &config, credentials: Some(&credentials) };
        files.identity("p").expect("an identity").region
    };
    let chained =
        format!("[profile p]\n{DEPLOY}source_profile = q\nregion = a\n[profile q]\n{LINE}region = b\n");
    assert_eq!(region(&chained, "").as_deref(), Some("a"));
    assert_eq!(region(&chained.replace("region = a\n", ""), ""), None);
    assert_eq!(region(&format!("[profile p]\n{line}[profile q]\n{LINE}region = b\n"), ""), None);
    assert_eq!(region(&chained, "[p]\nregion = c\n").as_deref(), Some("c"));
}
