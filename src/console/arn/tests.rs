use super::*;

fn page(arn: &str) -> Result<String, ArnError> {
    Arn::parse(arn)?.page("eu-central-1")
}

#[test]
fn every_kind_of_resource_has_its_page() {
    let mut covered = Vec::new();
    for line in
        include_str!("../arn_cases.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (arn, url) = line.split_once('\t').expect("an ARN, a tab, a URL");
        assert_eq!(page(arn).as_deref(), Ok(url), "{arn}");
        let arn = Arn::parse(arn).expect("parses");
        let rule = RULES.iter().position(|rule| {
            rule.service == arn.service
                && arn.tail(rule).is_some_and(|tail| arn.fill(rule, tail, "eu-central-1").is_some())
        });
        covered.extend(rule);
    }
    for (index, rule) in RULES.iter().enumerate() {
        assert!(covered.contains(&index), "no case for {} {}", rule.service, rule.kind());
    }
}

#[test]
fn every_page_is_one_that_sign_in_takes() {
    for rule in RULES {
        for (partition, region) in [
            ("aws", "eu-west-1"),
            ("aws-us-gov", "us-gov-west-1"),
            ("aws-cn", "cn-north-1"),
            ("aws-eusc", "eusc-de-east-1"),
        ] {
            let head = rule.head.replace('*', "x");
            let place = if rule.service == "s3" { ":".to_owned() } else { format!("{region}:111122223333") };
            let text = format!("arn:{partition}:{}:{place}:{head}a/b", rule.service);
            // Bare names have no slash, versioned ones a colon.
            let text = if rule.head.is_empty() { text.replace("a/b", "ab") } else { text };
            let text = if rule.page.contains("{version}") { text.replace("a/b", "a:1") } else { text };
            let url = Arn::parse(&text).and_then(|arn| arn.page(region));
            let url = url.unwrap_or_else(|error| panic!("{text}: {error:?}"));
            let found =
                crate::console::destination::of(&url, Partition::of_region(region), region).expect(&url);
            assert_eq!((found.url, found.region.as_str()), (url, region));
        }
    }
}

#[test]
fn what_someone_pasted_stays_within_its_place_in_the_url() {
    let url = page("arn:aws:lambda:eu-west-1:111122223333:function:x?y=z&a#b %\u{e9}\"<>").expect("known");
    let end = "#/functions/x%3Fy%3Dz%26a%23b%20%25%C3%A9%22%3C%3E";
    assert!(url.ends_with(end), "{url}");
    let url = page("arn:aws:s3:::b@evil.example").expect("known");
    assert!(
        url.starts_with("https://eu-central-1.console.aws.amazon.com/s3/buckets/b%40evil.example?"),
        "{url}"
    );
}

#[test]
fn what_is_no_arn_is_refused() {
    for bad in [
        "arn:aws:s3",
        "arn:aws:s3:::",
        "urn:aws:s3:::b",
        "arn:moon:s3:::b",
        "arn:aws:ec2:cn-north-1:111122223333:instance/i-1",
        "arn:aws:ec2:evil.example/:111122223333:instance/i-1",
        "arn:aws:ec2:eu-west-1:1234:instance/i-1",
        "arn:aws:s3:::b\u{7}",
    ] {
        assert!(matches!(page(bad), Err(ArnError::Malformed(_))), "{bad}");
    }
}

#[test]
fn for_an_unknown_one_it_is_said_what_is_known() {
    let Err(ArnError::Unknown { of_service: true, known }) =
        page("arn:aws:kms:eu-west-1:111122223333:alias/x")
    else {
        panic!("aliases have no page");
    };
    assert_eq!(known, ["key"]);
    let Err(ArnError::Unknown { of_service: false, known }) =
        page("arn:aws:braket:eu-west-1:111122223333:job/x")
    else {
        panic!("a service without rules");
    };
    assert!(known.contains(&"s3") && known.is_sorted() && !known.contains(&"braket"));
    // Half of what the page needs.
    for half in [
        "arn:aws:ecs:eu-west-1:111122223333:service/old-form",
        "arn:aws:lambda:eu-west-1:111122223333:layer:x",
    ] {
        assert!(matches!(page(half), Err(ArnError::Unknown { of_service: true, .. })), "{half}");
    }
}

#[test]
fn what_is_no_bucket_is_not_opened_as_one() {
    for given in [
        "arn:aws:s3:eu-west-1:111122223333:bucket",
        "arn:aws:s3:eu-west-1::bucket",
        "arn:aws:s3::111122223333:bucket/key",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/name",
    ] {
        assert_eq!(page(given), Err(ArnError::NoBucket), "{given}");
    }
}

#[test]
fn a_secret_whose_suffix_looks_like_a_word_is_doubtful() {
    let doubt = |secret: &str| {
        let text = format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:{secret}");
        Arn::parse(&text).expect("parses").doubtful_secret().map(|(name, suffix)| format!("{name} {suffix}"))
    };
    for (secret, expected) in [
        ("db-backup", Some("db backup")),
        ("db-Backup", Some("db Backup")),
        ("db-PASSWD", Some("db PASSWD")),
        ("prod/db-202401", Some("prod/db 202401")),
        ("db-AbC12x", None),
        ("db-a1b2c3", None),
        ("db", None),
        ("db-backups", None),
        ("-backup", None),
    ] {
        assert_eq!(doubt(secret).as_deref(), expected, "{secret}");
    }
}
