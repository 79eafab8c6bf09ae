use super::*;

const PORTAL: &str = "https://d-1234567890.awsapps.com/start";

#[test]
fn pasted_forms_become_the_start_url_that_aws_gives() {
    for text in [
        PORTAL,
        "https://d-1234567890.awsapps.com",
        "https://d-1234567890.awsapps.com/",
        "https://d-1234567890.awsapps.com/start/",
        "https://d-1234567890.awsapps.com/start#",
        "https://d-1234567890.awsapps.com/start/#",
        "https://d-1234567890.awsapps.com/start/#/",
        "https://d-1234567890.awsapps.com/start#/",
        "https://d-1234567890.awsapps.com/start/#/?tab=accounts",
        "https://d-1234567890.awsapps.com/start/?tab=accounts",
        "https://d-1234567890.awsapps.com/start?tab=accounts#/",
        "https://d-1234567890.awsapps.com/start/\\#/",
        "https://d-1234567890.awsapps.com/start/%23/",
        "https://d-1234567890.awsapps.com/start//",
        "https://d-1234567890.awsapps.com/start/device?user_code=ABCD-EFGH",
        "https://d-1234567890.awsapps.com/start/#/device?user_code=ABCD-EFGH",
        "https://d-1234567890.awsapps.com/start/#/console?account_id=111122223333&role_name=ReadOnlyAccess",
        "https://d-1234567890.awsapps.com/console?account_id=111122223333",
        "https://d-1234567890.awsapps.com.awsapps.com/start",
        "https://d-1234567890.awsapps.com.awsapps.com.awsapps.com",
        "https://d-1234567890.awsapps.com./start",
        "https://d-1234567890.awsapps.com:443/start",
        "https://https://d-1234567890.awsapps.com/start",
        "d-1234567890.awsapps.com",
        "d-1234567890.awsapps.com/start/#/",
        "//d-1234567890.awsapps.com/start",
        "HTTPS://D-1234567890.AWSAPPS.COM/START",
        "  https://d-1234567890.awsapps.com/start\n",
        "\u{a0}https://d-1234567890.awsapps.com/start\u{200b}",
        "`https://d-1234567890.awsapps.com/start/#`",
        "\"https://d-1234567890.awsapps.com/start\"",
        "'https://d-1234567890.awsapps.com/start/'",
        "\"\"\"https://d-1234567890.awsapps.com/start\"\"\"",
        "<https://d-1234567890.awsapps.com/start>",
        "(https://d-1234567890.awsapps.com/start).",
        "\u{201c}https://d-1234567890.awsapps.com/start\u{201d},",
        "` d-1234567890.awsapps.com `",
    ] {
        assert_eq!(cleaned(text).as_deref(), Ok(PORTAL), "{text:?}");
    }
}

#[test]
fn each_kind_of_portal_has_a_form_of_its_own() {
    let dual_stack = "https://ssoins-1234567890abcdef.portal.us-east-1.app.aws";
    let newer = "https://ssoins-1234567890abcdef.us-west-2.portal.amazonaws.com";
    let gov = "https://start.us-gov-home.awsapps.com/directory/d-1234567890";
    let china = "https://start.home.awsapps.cn/directory/corp";
    let issuer = "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef";
    for (text, expected) in [
        (dual_stack.to_owned(), dual_stack),
        (format!("{dual_stack}/"), dual_stack),
        (format!("{dual_stack}/start#/"), dual_stack),
        (format!("{dual_stack}/#/?tab=accounts"), dual_stack),
        (format!("{dual_stack}/#/device?user_code=ABCD-EFGH"), dual_stack),
        (dual_stack.to_uppercase(), dual_stack),
        (format!("{newer}/#/"), newer),
        (format!("{gov}/"), gov),
        (format!("{gov}#/"), gov),
        (format!("{gov}/?tab=accounts"), gov),
        (gov.replace("https://", ""), gov),
        (format!("{china}/start"), china),
        (format!("{issuer}/"), issuer),
        ("https://corp.awsapps.cn/start/#/".to_owned(), "https://corp.awsapps.cn/start"),
        ("https://corp.awsapps.com:8443/start/".to_owned(), "https://corp.awsapps.com:8443/start"),
    ] {
        assert_eq!(cleaned(&text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_companys_own_url_is_only_trimmed() {
    for (text, expected) in [
        ("https://sso.example.com/aws", "https://sso.example.com/aws"),
        (" `https://sso.example.com/aws/?x=1#y` ", "https://sso.example.com/aws/?x=1#y"),
        ("https://SSO.example.com/AWS", "https://SSO.example.com/AWS"),
        ("sso.example.com/aws", "https://sso.example.com/aws"),
        (
            "https://x.execute-api.eu-central-1.amazonaws.com/aws",
            "https://x.execute-api.eu-central-1.amazonaws.com/aws",
        ),
        ("https://awsapps.com.example.net/", "https://awsapps.com.example.net/"),
    ] {
        assert_eq!(cleaned(text).as_deref(), Ok(expected), "{text:?}");
        assert!(is_well_spelled(expected), "{expected}");
    }
}

#[test]
fn what_cannot_be_a_start_url_is_refused_and_not_repeated() {
    for (text, why) in [
        ("", BadStartUrl::NotHttps),
        ("corp", BadStartUrl::NotHttps),
        ("http://corp.awsapps.com/start", BadStartUrl::NotHttps),
        ("https://", BadStartUrl::NotHttps),
        ("https://corp.awsapps.com/st art", BadStartUrl::NotHttps),
        ("https://corp.awsapps.com/start\n[default]", BadStartUrl::NotHttps),
        ("https://corp.awsapps.com/\u{1b}[2J", BadStartUrl::NotHttps),
        ("https://c\u{43e}rp.awsapps.com/start", BadStartUrl::NotHttps),
        ("file:///etc/passwd", BadStartUrl::NotHttps),
        ("javascript:alert(1)", BadStartUrl::NotHttps),
        ("https://me:hunter2@corp.awsapps.com/start", BadStartUrl::Credentials),
        ("me:hunter2@corp.awsapps.com/start", BadStartUrl::Credentials),
        ("http://me@corp.awsapps.com/", BadStartUrl::Credentials),
        ("https://awsapps.com/start", BadStartUrl::OtherPage),
        ("https://corp.awsapps.com/mail", BadStartUrl::OtherPage),
        ("https://corp.awsapps.com/started", BadStartUrl::OtherPage),
        ("https://eu-central-1.console.aws.amazon.com/console/home", BadStartUrl::OtherPage),
        ("https://device.sso.eu-central-1.amazonaws.com/?user_code=ABCD-EFGH", BadStartUrl::OtherPage),
        ("https://signin.aws.amazon.com/console", BadStartUrl::OtherPage),
        ("https://start.home.awsapps.cn/directory/", BadStartUrl::NoDirectory),
        ("https://start.us-gov-home.awsapps.com/start", BadStartUrl::NoDirectory),
        ("https://identitycenter.amazonaws.com/", BadStartUrl::NoInstance),
    ] {
        let error = cleaned(text).expect_err(text);
        assert_eq!(error, why, "{text:?}");
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[test]
fn what_the_service_takes_is_well_spelled() {
    for text in [
        PORTAL,
        "https://d-1234567890.awsapps.com/start/",
        "https://d-1234567890.awsapps.com/start/#/",
        "https://d-1234567890.awsapps.com/start#",
        "https://D-1234567890.awsapps.com/start",
        "https://ssoins-1234567890abcdef.portal.us-east-1.app.aws/",
        "https://ssoins-1234567890abcdef.portal.us-east-1.app.aws/start#/",
        "https://start.home.awsapps.cn/directory/corp/",
        "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef",
    ] {
        assert!(is_well_spelled(text), "{text}");
    }
    for text in [
        "https://d-1234567890.awsapps.com",
        "https://d-1234567890.awsapps.com/start/\\#/",
        "https://d-1234567890.awsapps.com/start/?tab=accounts",
        "https://d-1234567890.awsapps.com/start/#/?tab=accounts",
        "https://d-1234567890.awsapps.com/start//",
        "https://d-1234567890.awsapps.com.awsapps.com/start",
        "https://corp.awsapps.com/mail",
        "d-1234567890.awsapps.com/start",
    ] {
        assert!(!is_well_spelled(text), "{text}");
    }
}

#[test]
fn spellings_of_one_portal_are_one() {
    let one = "https://corp.awsapps.com/start";
    for other in [
        one,
        "https://corp.awsapps.com",
        "https://CORP.awsapps.com/start/",
        "https://corp.awsapps.com/start/#/",
        "https://corp.awsapps.com/start#",
        "`https://corp.awsapps.com/start/#`",
    ] {
        assert!(is_same_portal(one, other), "{other}");
    }
    for other in ["https://corp2.awsapps.com/start", "https://corp.awsapps.cn/start", "", "corp"] {
        assert!(!is_same_portal(one, other), "{other}");
    }
    assert!(is_same_portal("https://sso.example.com/aws/", "https://SSO.example.com/aws#x"));
    assert!(!is_same_portal("https://sso.example.com/aws", "https://sso.example.com/other"));
    assert!(is_same_portal("", ""), "the same text");
}
