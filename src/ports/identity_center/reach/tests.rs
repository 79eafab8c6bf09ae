use super::*;
use crate::ports::identity_center::{EndpointSettings, Endpoints};

fn goes(by: &str, to: &str) -> bool {
    Issued::RoleCredentials.may_go(&Origin::new(by), &Origin::new(to))
}

const PORTAL: &str = "https://portal.sso.eu-central-1.amazonaws.com";

#[test]
fn credentials_of_aws_go_to_hosts_of_that_partition() {
    for to in [
        "https://sts.eu-central-1.amazonaws.com",
        "https://STS.us-east-1.amazonaws.com/",
        "https://sts.us-east-1.amazonaws.com:443",
        "https://sts.amazonaws.com",
        "https://sts-fips.us-east-1.amazonaws.com",
        "https://sts.eu-west-1.api.aws",
        "https://vpce-0123-abcd.sts.eu-central-1.vpce.amazonaws.com",
        "https://eu-central-1.signin.aws.amazon.com",
        "https://signin.aws.amazon.com",
        "https://identitystore.eu-central-1.amazonaws.com",
    ] {
        assert!(goes(PORTAL, to), "{to}");
    }
    for to in [
        "https://sts.us-gov-west-1.amazonaws.com",
        "https://signin.amazonaws-us-gov.com",
        "https://sts.cn-north-1.amazonaws.com.cn",
        "https://signin.amazonaws.cn",
        "https://eusc-de-east-1.signin.amazonaws-eusc.eu",
        "https://sts.us-iso-east-1.c2s.ic.gov",
        "http://127.0.0.1:8180",
        "https://127.0.0.1:8180",
        "http://localhost",
        "http://[::1]:1",
        "https://sts.example.com",
        "https://sts.eu-central-1.amazonaws.com.example.com",
        "https://sts.eu-central-1.amazonaws.com.",
        "https://sts.eu-central-1.amazonaws.com:8443",
        "http://sts.eu-central-1.amazonaws.com",
        "https://sts.eu-central-1.amazonaws.com@evil.example",
        "https://sts.eu-central-1.s3.amazonaws.com",
        "https://bucket.s3.eu-central-1.amazonaws.com",
        "https://evil.sts.eu-central-1.amazonaws.com",
        "https://evil-sts.eu-central-1.amazonaws.com",
        "https://vpce-0123-abcd.vpce-svc-0123.eu-central-1.vpce.amazonaws.com",
        "https://sts.eu-central-1.vpce.amazonaws.com",
        "https://abc.execute-api.eu-central-1.amazonaws.com",
        "https://signin.aws.amazon.com.evil.example",
        "nonsense",
    ] {
        assert!(!goes(PORTAL, to), "{to}");
    }
}

#[test]
fn every_partition_has_a_portal_whose_credentials_go_to_its_own_sts_and_to_no_other() {
    let of = |region: &str, use_fips, use_dual_stack| {
        let settings = EndpointSettings {
            region: region.to_owned(),
            use_fips,
            use_dual_stack,
            ..EndpointSettings::default()
        };
        let portal = Endpoints::resolve(&settings, None, None).expect("resolves").portal;
        (portal, Origin::of_sts(&settings, None).expect("resolves"))
    };
    let all: Vec<_> = [
        ("eu-central-1", false, false),
        ("us-gov-west-1", false, false),
        ("cn-north-1", false, false),
        ("eusc-de-east-1", false, false),
        ("us-iso-east-1", false, false),
        ("us-isob-east-1", false, false),
        ("eu-isoe-west-1", false, false),
        ("us-isof-south-1", false, false),
    ]
    .into_iter()
    .map(|(region, fips, dual)| of(region, fips, dual))
    .collect();
    for (at, (portal, _)) in all.iter().enumerate() {
        for (other, (_, sts)) in all.iter().enumerate() {
            let goes = Issued::RoleCredentials.may_go(portal, sts);
            assert_eq!(goes, at == other, "{portal} to {sts}");
        }
    }
    for (fips, dual) in [(true, false), (false, true), (true, true)] {
        let (portal, sts) = of("us-east-1", fips, dual);
        assert!(Issued::RoleCredentials.may_go(&portal, &sts), "{portal} to {sts}");
        assert!(Issued::RoleCredentials.may_go(&all[0].0, &sts), "{sts}");
    }
}

#[test]
fn credentials_of_this_machine_stay_here() {
    for by in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://127.0.0.1:1"] {
        assert!(goes(by, "http://127.0.0.1:2") && goes(by, "http://localhost") && goes(by, "http://[::1]"));
        assert!(!goes(by, "https://sts.eu-central-1.amazonaws.com"), "{by}");
        assert!(!goes(by, "https://sso.example.com") && !goes(by, "https://localhost.example.com"), "{by}");
    }
}

#[test]
fn credentials_of_a_host_that_stands_in_for_aws_go_to_that_host() {
    assert!(goes("https://aws.example.com/sso", "https://AWS.example.com/sts"));
    for to in ["https://aws.example.com:444", "https://example.com", "https://signin.aws.amazon.com"] {
        assert!(!goes("https://aws.example.com", to), "{to}");
    }
}

#[test]
fn a_token_goes_to_the_very_origin() {
    let goes = |by: &str, to: &str| Issued::Token.may_go(&Origin::new(by), &Origin::new(to));
    assert!(goes(PORTAL, "https://PORTAL.sso.eu-central-1.amazonaws.com:443/"));
    for to in [
        "https://portal.sso.eu-west-1.amazonaws.com",
        "https://portal.sso.eu-central-1.amazonaws.com.",
        "https://portal.sso.eu-central-1.amazonaws.com:444",
        "https://portal.sso.eu-central-1.amazonaws.com/path",
        "http://127.0.0.1",
    ] {
        assert!(!goes(PORTAL, to), "{to}");
    }
    assert!(!goes("http://127.0.0.1:1", "http://127.0.0.1:2"));
    assert!(!goes("http://127.0.0.1:1", "http://localhost:1"));
}
