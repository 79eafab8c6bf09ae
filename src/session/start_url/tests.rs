use super::*;
use crate::ports::redirects::FakeRedirects;

const VANITY: &str = "https://sso.example.com/aws";
const REGION: &str = "eu-central-1";

fn no_redirects() -> FakeRedirects {
    FakeRedirects::default()
}

/// The answer of a company's host to HEAD.
fn redirected(status: u16, location: Option<&str>) -> Result<Portal, StartUrlError> {
    let redirects = FakeRedirects::default();
    redirects.will(status, location);
    resolve(VANITY, REGION, &redirects)
}

#[test]
fn hosts_of_aws_are_told_at_the_boundaries_of_labels() {
    for host in [
        "ssoins-abc123.portal.us-west-2.app.aws",
        "SSOINS-ABC123.PORTAL.US-WEST-2.APP.AWS",
        "ssoins-abc123.us-west-2.portal.amazonaws.com",
        "d-abc123.awsapps.com",
        "alias.awsapps.com",
        "awsapps.com",
        "d-abc123.awsapps.cn",
        "identitycenter.amazonaws.com",
        "identitycenter.amazonaws.com.",
        "identitycenter.amazonaws.com.cn",
        "identitycenter.amazonaws.eu",
        "identitycenter.us-gov.amazonaws.com",
        "ssoins-abc123.cn-northwest-1.portal.amazonaws.com.cn",
        "ssoins-abc123.portal.cn-north-1.app.amazonwebservices.com.cn",
        "ssoins-abc123.eusc-de-east-1.portal.amazonaws.eu",
        "ssoins-abc123.portal.eusc-de-east-1.api.amazonwebservices.eu",
    ] {
        assert!(is_aws_owned(host), "{host}");
    }
    for host in [
        "",
        "example.com",
        "aws.example.com",
        "awsapps.com.evil.net",
        "evil-awsapps.com",
        "evil-awsapps.cn",
        "awsapps.cn.evil.net",
        "x.app.aws.example.com",
        "amazonaws.com.example.net",
        "portal.amazonaws.com.evil.net",
        "portal.amazonaws.com.cn.evil.net",
        "notidentitycenter.amazonaws.com",
        "x.identitycenter.amazonaws.com",
        "s3.amazonaws.com",
    ] {
        assert!(!is_aws_owned(host), "{host}");
    }
}

#[test]
fn the_region_is_read_from_hosts_that_tell_it() {
    for (host, region) in [
        ("ssoins-abc.portal.us-west-2.app.aws", "us-west-2"),
        ("ssoins-abc.portal.cn-north-1.app.aws", "cn-north-1"),
        ("ssoins-abc.us-gov-west-1.portal.amazonaws.com", "us-gov-west-1"),
        ("ssoins-abc.us-west-2.portal.amazonaws.com", "us-west-2"),
        ("SSOINS-ABC.US-WEST-2.PORTAL.AMAZONAWS.COM.", "us-west-2"),
        ("ssoins-abc.cn-northwest-1.portal.amazonaws.com.cn", "cn-northwest-1"),
        ("ssoins-abc.portal.cn-north-1.app.amazonwebservices.com.cn", "cn-north-1"),
        ("ssoins-abc.eusc-de-east-1.portal.amazonaws.eu", "eusc-de-east-1"),
        ("ssoins-abc.portal.eusc-de-east-1.api.amazonwebservices.eu", "eusc-de-east-1"),
    ] {
        assert_eq!(region_of_host(host).as_deref(), Some(region), "{host}");
    }
    for host in [
        "d-abc123.awsapps.com",
        "d-abc123.awsapps.cn",
        "identitycenter.amazonaws.com",
        "identitycenter.us-gov.amazonaws.com",
        "aws.example.com",
        "us-west-2.portal.amazonaws.com",
        "a.b.us-west-2.portal.amazonaws.com",
        "a.other.us-west-2.app.aws",
        ".us-west-2.portal.amazonaws.com",
    ] {
        assert_eq!(region_of_host(host), None, "{host}");
    }
}

#[test]
fn a_dual_stack_portal_is_told_by_its_host() {
    for url in [
        "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws",
        "https://SSOINS-1234567890ABCDEF.PORTAL.EU-CENTRAL-1.APP.AWS/start#/",
        "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws./",
        "https://ssoins-1234567890abcdef.portal.cn-north-1.app.amazonwebservices.com.cn",
        "https://ssoins-1234567890abcdef.portal.eusc-de-east-1.api.amazonwebservices.eu",
    ] {
        assert!(is_dual_stack(url), "{url}");
        assert!(resolve(url, "", &no_redirects()).expect(url).is_dual_stack());
    }
    for url in [
        "https://d-1234567890.awsapps.com/start",
        "https://ssoins-1234567890abcdef.eu-central-1.portal.amazonaws.com",
        "https://x.account-access.eu-central-1.app.aws",
        "https://ssoins-1.portal.eu-central-1.app.aws.example.com",
        "https://sso.example.com/aws?to=x.portal.eu-central-1.app.aws",
        "x.portal.eu-central-1.app.aws",
    ] {
        assert!(!is_dual_stack(url), "{url}");
    }
    let portal = redirected(302, Some("https://ssoins-abc.portal.us-east-1.app.aws/")).expect("resolves");
    assert!(portal.is_dual_stack(), "behind a company's own URL too");
}

#[test]
fn a_start_url_of_aws_is_taken_as_it_is_and_no_one_is_asked() {
    for (url, region, instance) in [
        ("https://d-1234567890.awsapps.com/start", REGION, "d-1234567890"),
        ("https://d-1234567890.awsapps.com/start/", REGION, "d-1234567890"),
        ("https://d-1234567890.awsapps.com/start/#/", REGION, "d-1234567890"),
        ("https://D-1234567890.awsapps.com/start", REGION, "d-1234567890"),
        ("https://corp.awsapps.com/start", REGION, "corp.awsapps.com"),
        ("https://corp.awsapps.cn/start", REGION, "corp.awsapps.cn"),
        (
            "https://ssoins-1234567890abcdef.us-west-2.portal.amazonaws.com",
            "us-west-2",
            "ssoins-1234567890abcdef",
        ),
        ("https://ssoins-1234567890abcdef.portal.us-east-1.app.aws/", "us-east-1", "ssoins-1234567890abcdef"),
        ("https://identitycenter.amazonaws.com/ssoins-1234567890abcdef", REGION, "ssoins-1234567890abcdef"),
        ("https://start.us-gov-home.awsapps.com/directory/d-1234567890", REGION, "d-1234567890"),
        ("https://start.home.awsapps.cn/directory/d-1234567890#/", REGION, "d-1234567890"),
    ] {
        let redirects = no_redirects();
        let portal = resolve(url, REGION, &redirects).expect(url);
        assert_eq!((portal.start_url.as_str(), portal.region.as_str()), (url, region));
        assert_eq!(portal.instance.as_str(), instance, "{url}");
        assert!(redirects.asked().is_empty());
    }
}

#[test]
fn a_name_that_someone_chose_is_no_id_of_an_instance() {
    let instance = |url: &str| Instance::of(&Url::parse(url).expect(url)).0;
    for (url, known) in [
        ("https://ssoins-1234567890abcdef.awsapps.com/start", "ssoins-1234567890abcdef"),
        ("https://evil.awsapps.com/d-1234567890", "d-1234567890"),
        ("https://evil.awsapps.com/directory/d-1234567890", "d-1234567890"),
        ("https://d-1234567890.evil.awsapps.com/start", "d-1234567890"),
        ("https://ssoins-1.evil.us-west-2.portal.amazonaws.com", "ssoins-1"),
        ("https://evil.us-west-2.portal.amazonaws.com", "evil"),
    ] {
        assert_ne!(instance(url), known, "{url}");
    }
}

#[test]
fn a_move_to_another_region_is_the_same_instance() {
    let to = |location| redirected(302, Some(location)).expect("resolves");
    let here = to("https://ssoins-1234567890abcdef.eu-central-1.portal.amazonaws.com/");
    let there = to("https://ssoins-1234567890abcdef.portal.eu-west-1.app.aws/");
    assert_eq!(here.instance, there.instance);
    assert_eq!((here.region.as_str(), there.region.as_str()), ("eu-central-1", "eu-west-1"));
}

#[test]
fn a_companys_own_url_is_asked_once_where_it_leads_and_the_answer_is_normal() {
    for status in [301, 302, 303, 307, 308] {
        let redirects = no_redirects();
        redirects.will(status, Some("https://ssoins-abc.portal.us-east-1.app.aws:443/?a=b#/"));
        let portal = resolve(VANITY, "eu-west-1", &redirects).expect("resolves");
        assert_eq!(portal.start_url, "https://ssoins-abc.portal.us-east-1.app.aws");
        assert_eq!(portal.region, "us-east-1", "the host's, not the config's");
        assert_eq!(redirects.asked(), [(Method::Head, VANITY.to_owned())]);
    }
    let kept = redirected(302, Some("https://d-abc.awsapps.com:8443/start/")).expect("resolves");
    assert_eq!(kept.start_url, "https://d-abc.awsapps.com:8443/start");
    assert_eq!(kept.region, REGION, "the host does not tell");
}

#[test]
fn a_host_that_knows_no_head_is_asked_by_get() {
    for status in [405, 501] {
        let redirects = no_redirects();
        redirects.will(status, None);
        redirects.will(302, Some("https://d-abc.awsapps.com/start"));
        assert!(resolve(VANITY, REGION, &redirects).is_ok());
        assert_eq!(redirects.asked().last().expect("asked").0, Method::Get);
        assert_eq!(redirects.asked().len(), 2);
    }
}

#[test]
fn what_does_not_lead_to_aws_is_refused_and_followed_no_further() {
    let not_aws =
        |status, location| matches!(redirected(status, location), Err(StartUrlError::NotAws { .. }));
    assert!(not_aws(200, None), "no redirect at all");
    assert!(not_aws(302, Some("/aws/")), "to itself");
    assert!(not_aws(302, Some("https://next.example.com/aws")), "a second hop");
    assert!(not_aws(302, Some("https://evil-awsapps.com/start")));
    assert!(not_aws(302, Some("https://d-abc.awsapps.com@example.com/start")));
    assert!(not_aws(302, Some("https://")), "nonsense");
    let plain = redirected(302, Some("http://d-abc.awsapps.com/start"));
    assert!(matches!(plain, Err(StartUrlError::PlainHttp { .. })));
    assert!(matches!(redirected(302, None), Err(StartUrlError::NoLocation { .. })));
    for status in [400, 403, 404, 500, 503] {
        assert!(
            matches!(redirected(status, None), Err(StartUrlError::Status { status: given, .. }) if given == status)
        );
    }
    let redirects = no_redirects();
    redirects.will_fail("no such host");
    assert!(matches!(resolve(VANITY, REGION, &redirects), Err(StartUrlError::NoAnswer(_))));
}

#[test]
fn without_a_region_anywhere_there_is_no_login() {
    let redirects = no_redirects();
    redirects.will(302, Some("https://d-abc.awsapps.com/start"));
    assert!(matches!(resolve(VANITY, "", &redirects), Err(StartUrlError::NoRegion { .. })));
    let url_in_host = "https://ssoins-abc.portal.us-east-1.app.aws";
    assert_eq!(resolve(url_in_host, "", &no_redirects()).expect("the host tells").region, "us-east-1");
}

#[test]
fn only_https_is_asked() {
    for url in
        ["http://sso.example.com/aws", "http://127.0.0.1/aws", "sso.example.com", "https://", "ftp://x"]
    {
        assert!(
            matches!(resolve(url, REGION, &no_redirects()), Err(StartUrlError::NotHttps { .. })),
            "{url}"
        );
    }
}

#[test]
fn a_pasted_url_in_the_file_goes_to_its_portal_and_the_service_is_told_the_right_spelling() {
    for (url, url_in_host, instance) in [
        ("https://d-1234567890.awsapps.com", "https://d-1234567890.awsapps.com/start", "d-1234567890"),
        ("https://corp.awsapps.com/start/\\#/", "https://corp.awsapps.com/start", "corp.awsapps.com"),
        (
            "https://d-1234567890.awsapps.com.awsapps.com/start/?tab=accounts",
            "https://d-1234567890.awsapps.com/start",
            "d-1234567890",
        ),
    ] {
        let portal = resolve(url, REGION, &no_redirects()).expect(url);
        assert_eq!((portal.start_url.as_str(), portal.instance.as_str()), (url_in_host, instance), "{url}");
    }
    for url in ["https://corp.awsapps.com/mail", "https://eu-central-1.console.aws.amazon.com/"] {
        assert!(matches!(resolve(url, REGION, &no_redirects()), Err(StartUrlError::Bad(_))), "{url}");
    }
}
