use super::*;

fn resolve(region: &str, fips: bool, dual: bool, endpoint: Option<&str>) -> Result<Endpoints, EndpointError> {
    let settings = EndpointSettings {
        region: region.to_owned(),
        use_fips: fips,
        use_dual_stack: dual,
        ..EndpointSettings::default()
    };
    let given =
        endpoint.map(|url| Override { setting: "AWS_ENDPOINT_URL_SSO_OIDC".to_owned(), url: url.to_owned() });
    Endpoints::resolve(&settings, given.as_ref(), None)
}

#[test]
fn hosts_follow_the_partition_of_the_region() {
    let hosts = |region, fips, dual| {
        let endpoints = resolve(region, fips, dual, None).expect("resolves");
        (endpoints.oidc.to_string(), endpoints.portal.to_string())
    };
    let pair = |a: &str, b: &str| (format!("https://{a}"), format!("https://{b}"));
    assert_eq!(
        hosts("eu-central-1", false, false),
        pair("oidc.eu-central-1.amazonaws.com", "portal.sso.eu-central-1.amazonaws.com")
    );
    assert_eq!(
        hosts("us-east-1", false, true),
        pair("oidc.us-east-1.api.aws", "portal.sso.us-east-1.api.aws")
    );
    assert_eq!(hosts("us-east-1", true, false).0, "https://oidc-fips.us-east-1.amazonaws.com");
    assert_eq!(hosts("cn-north-1", false, false).0, "https://oidc.cn-north-1.amazonaws.com.cn");
    assert_eq!(hosts("eusc-de-east-1", false, false).0, "https://oidc.eusc-de-east-1.amazonaws.eu");
}

#[test]
fn a_dual_stack_portal_has_its_login_at_the_dual_stack_hosts_unless_an_endpoint_is_given() {
    let settings = |region: &str, use_fips| EndpointSettings {
        region: region.to_owned(),
        use_fips,
        has_dual_stack_portal: true,
        ..EndpointSettings::default()
    };
    for (region, fips, oidc, portal) in [
        ("eu-central-1", false, "oidc.eu-central-1.api.aws", "portal.sso.eu-central-1.api.aws"),
        ("us-east-1", true, "oidc-fips.us-east-1.api.aws", "portal.sso-fips.us-east-1.api.aws"),
        ("us-gov-west-1", false, "oidc.us-gov-west-1.api.aws", "portal.sso.us-gov-west-1.api.aws"),
        (
            "cn-north-1",
            false,
            "oidc.cn-north-1.api.amazonwebservices.com.cn",
            "portal.sso.cn-north-1.api.amazonwebservices.com.cn",
        ),
        (
            "eusc-de-east-1",
            false,
            "oidc.eusc-de-east-1.api.amazonwebservices.eu",
            "portal.sso.eusc-de-east-1.api.amazonwebservices.eu",
        ),
    ] {
        let endpoints = Endpoints::resolve(&settings(region, fips), None, None).expect(region);
        assert_eq!((endpoints.oidc.host(), endpoints.portal.host()), (oidc, portal));
        assert!(endpoints.oidc.is_dual_stack() && endpoints.portal.is_dual_stack());
    }
    let given =
        Override { setting: "AWS_ENDPOINT_URL_SSO_OIDC".to_owned(), url: "http://127.0.0.1:1".to_owned() };
    let endpoints = Endpoints::resolve(&settings("eu-central-1", false), Some(&given), None);
    let endpoints = endpoints.expect("the endpoint counts");
    assert_eq!(endpoints.oidc.as_str(), "http://127.0.0.1:1");
    assert_eq!(endpoints.portal.host(), "portal.sso.eu-central-1.api.aws");
    assert!(!endpoints.oidc.is_dual_stack());
}

#[test]
fn an_endpoint_replaces_the_host_but_not_together_with_fips() {
    let endpoints = resolve("eu-central-1", false, false, Some("http://127.0.0.1:8180/")).expect("resolves");
    assert_eq!(endpoints.oidc.as_str(), "http://127.0.0.1:8180");
    let refused = resolve("eu-central-1", true, false, Some("https://sso.example.com"));
    assert!(matches!(refused, Err(EndpointError::Rules(text)) if text.contains("FIPS")));
}

/// botocore 1.44.5, `data/sts/2011-06-15/endpoint-rule-set-1.json`.
#[test]
fn sts_has_its_hosts() {
    let host = |region: &str, use_fips, use_dual_stack| {
        let settings = EndpointSettings {
            region: region.to_owned(),
            use_fips,
            use_dual_stack,
            ..EndpointSettings::default()
        };
        Origin::of_sts(&settings, None).expect("resolves").to_string()
    };
    for (region, fips, dual, expected) in [
        ("eu-central-1", false, false, "https://sts.eu-central-1.amazonaws.com"),
        ("us-east-1", true, false, "https://sts-fips.us-east-1.amazonaws.com"),
        ("us-east-1", false, true, "https://sts.us-east-1.api.aws"),
        ("us-east-1", true, true, "https://sts-fips.us-east-1.api.aws"),
        ("us-gov-west-1", false, false, "https://sts.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", true, false, "https://sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", false, false, "https://sts.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", false, false, "https://sts.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", false, false, "https://sts.us-iso-east-1.c2s.ic.gov"),
    ] {
        assert_eq!(host(region, fips, dual), expected);
    }
    let given = |url: &str, use_fips| {
        let given = Override { setting: "AWS_ENDPOINT_URL_STS".to_owned(), url: url.to_owned() };
        let settings =
            EndpointSettings { region: "us-east-1".to_owned(), use_fips, ..EndpointSettings::default() };
        Origin::of_sts(&settings, Some(&given))
    };
    assert_eq!(given("http://127.0.0.1:1/", false).expect("loopback").as_str(), "http://127.0.0.1:1");
    assert!(matches!(given("http://sts.example.com", false), Err(EndpointError::PlainHttp { .. })));
    assert!(matches!(given("https://sts.example.com", true), Err(EndpointError::Rules(_))));
}

#[test]
fn an_endpoint_is_a_host_and_a_path_and_shows_no_password() {
    let refused = |url: &str| resolve("eu-central-1", false, false, Some(url)).expect_err("refused");
    for url in
        ["https://u:secret@sso.example.com", "https://secret@sso.example.com", "http://u:secret@127.0.0.1"]
    {
        let error = refused(url);
        assert!(matches!(error, EndpointError::UserInfo { .. }), "{url}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for url in ["https://sso.example.com/?a=secret", "https://sso.example.com/#secret", "http://[::1]/?"] {
        let error = refused(url);
        assert!(matches!(error, EndpointError::MoreThanAPath { .. }), "{url}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for url in ["ftp://u:secret@127.0.0.1", "http://u:secret@", "u:secret@127.0.0.1"] {
        assert!(!refused(url).to_string().contains("secret"), "{url}");
    }
    // A record of an older version.
    let old: Origin = serde_json::from_str("\"https://u:secret@sso.example.com/\"").expect("reads");
    assert_eq!((old.to_string().as_str(), old.host()), ("https://***@sso.example.com", "sso.example.com"));
}

#[test]
fn an_origin_has_one_way_to_be_written() {
    for url in ["HTTPS://SSO.Example.com:443/", "https://sso.example.com", "https:\\\\sso.example.com\\"] {
        assert_eq!(Origin::new(url).as_str(), "https://sso.example.com", "{url}");
    }
    let read =
        resolve("eu-central-1", false, false, Some("http://127.0.0.1\\@evil.example/")).expect("resolves");
    assert_eq!(read.oidc.host(), "127.0.0.1");
}

#[test]
fn plain_http_is_for_loopback_only() {
    for fine in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "https://sso.example.com"] {
        assert!(resolve("eu-central-1", false, false, Some(fine)).is_ok(), "{fine}");
    }
    for bad in ["http://sso.example.com", "http://localhost.example.com", "http://10.0.0.1"] {
        let refused = resolve("eu-central-1", false, false, Some(bad));
        assert!(matches!(refused, Err(EndpointError::PlainHttp { .. })), "{bad}");
    }
    for bad in ["nonsense", "ftp://127.0.0.1", "127.0.0.1:80"] {
        let refused = resolve("eu-central-1", false, false, Some(bad));
        assert!(matches!(refused, Err(EndpointError::NotAUrl { .. })), "{bad}");
    }
}
