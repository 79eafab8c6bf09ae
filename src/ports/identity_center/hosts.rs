//! The names of AWS's own hosts, as far as kcaws needs them before any request.

/// Hosts that serve a page of a login: the sign-in service, the device page, and the access portals.
///
/// This is the only list of them; `{region}` stands for a Region, `*` for one label that names an instance or an alias.
///
/// Sources: AWS Sign-In user guide, "Domains to add to your allow list"; the endpoint rules of `signin`, `sso` and
/// `sso-oidc` in botocore; IAM Identity Center user guide, start URLs and assertion consumer services.
const SIGN_IN_HOSTS: &[&str] = &[
    // aws
    "signin.aws.amazon.com",
    "{region}.signin.aws.amazon.com",
    "{region}.signin.aws",
    "{region}.sso.signin.aws",
    "*.awsapps.com",
    "*.{region}.portal.amazonaws.com",
    "*.portal.{region}.app.aws",
    "identitycenter.amazonaws.com",
    // aws-us-gov
    "signin.amazonaws-us-gov.com",
    "{region}.signin.amazonaws-us-gov.com",
    "signin-fips.amazonaws-us-gov.com",
    "{region}.signin-fips.amazonaws-us-gov.com",
    "start.us-gov-home.awsapps.com",
    "start.{region}.us-gov-home.awsapps.com",
    "identitycenter.us-gov.amazonaws.com",
    // aws-cn
    "signin.amazonaws.cn",
    "{region}.signin.amazonaws.cn",
    "*.awsapps.cn",
    "start.home.awsapps.cn",
    "start.{region}.home.awsapps.cn",
    "*.{region}.portal.amazonaws.com.cn",
    "*.portal.{region}.app.amazonwebservices.com.cn",
    "identitycenter.amazonaws.com.cn",
    // aws-eusc
    "signin.amazonaws-eusc.eu",
    "{region}.signin.amazonaws-eusc.eu",
    "*.{region}.portal.amazonaws.eu",
    "*.portal.{region}.api.amazonwebservices.eu",
    "identitycenter.amazonaws.eu",
    // aws-iso, aws-iso-b, aws-iso-e, aws-iso-f
    "{region}.signin.c2shome.ic.gov",
    "{region}.signin.sc2shome.sgov.gov",
    "{region}.signin.csphome.adc-e.uk",
    "{region}.signin.csphome.hci.ic.gov",
];

/// Services with pages of their own at `<service>.<region>.<suffix>`, and their FIPS hosts.
const PAGE_SERVICES: &[&str] =
    &["device.sso", "device.sso-fips", "oidc", "oidc-fips", "portal.sso", "portal.sso-fips"];

/// The suffixes of service hosts by partition (botocore, `partitions.json`): `dnsSuffix`. GovCloud uses the first.
pub(super) const SERVICE_SUFFIXES: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
];

/// The suffixes of dual-stack hosts, in the same order: `dualStackDnsSuffix`.
pub(super) const DUAL_STACK_SUFFIXES: &[&str] = &[
    "api.aws",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "api.aws.ic.gov",
    "api.aws.scloud",
    "api.cloud-aws.adc-e.uk",
    "api.aws.hci.ic.gov",
];

/// Returns whether AWS serves sign-in pages at `host`.
///
/// Labels are compared one by one: customers can own `evil-awsapps.com` and `device.sso.bucket.s3.amazonaws.com`.
pub fn is_sign_in_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    SIGN_IN_HOSTS.iter().any(|pattern| fits(pattern, &host)) || is_service_page(&host)
}

/// Returns whether `host` is a dual-stack host of an AWS service.
pub(super) fn is_dual_stack_host(host: &str) -> bool {
    DUAL_STACK_SUFFIXES.iter().any(|suffix| below(host, suffix).is_some())
}

fn is_service_page(host: &str) -> bool {
    let suffixes = SERVICE_SUFFIXES.iter().chain(DUAL_STACK_SUFFIXES);
    suffixes.filter_map(|suffix| below(host, suffix)).any(|rest| {
        // The Region is the last label: one label, whatever comes before it.
        rest.rsplit_once('.')
            .is_some_and(|(service, region)| PAGE_SERVICES.contains(&service) && is_region(region))
    })
}

pub(super) fn below<'a>(host: &'a str, suffix: &str) -> Option<&'a str> {
    host.strip_suffix(suffix)?.strip_suffix('.')
}

pub(super) fn fits(pattern: &str, host: &str) -> bool {
    let (mut wanted, mut labels) = (pattern.split('.'), host.split('.'));
    loop {
        match (wanted.next(), labels.next()) {
            (None, None) => return true,
            (Some("{region}"), Some(label)) if is_region(label) => {}
            (Some("*"), Some(label)) if is_label(label) => {}
            (Some(fixed), Some(label)) if fixed == label => {}
            _ => return false,
        }
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns whether this has the form of a Region's name: words and a number, as in botocore's `partitions.json`.
///
/// It becomes part of a host name.
pub fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = parts.next_back().unwrap_or_default();
    let lower = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let words: Vec<&str> = parts.collect();
    (2..=4).contains(&words.len())
        && words.iter().all(|word| lower(word))
        && !number.is_empty()
        && number.len() <= 2
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_in_hosts_of_every_partition_are_known() {
        for host in [
            "eu-central-1.signin.aws",
            "eu-central-1.sso.signin.aws",
            "eu-central-1.signin.aws.amazon.com",
            "signin.aws.amazon.com",
            "EU-Central-1.Signin.AWS.",
            "cn-north-1.signin.amazonaws.cn",
            "signin.amazonaws.cn",
            "us-gov-west-1.signin.amazonaws-us-gov.com",
            "signin-fips.amazonaws-us-gov.com",
            "eusc-de-east-1.signin.amazonaws-eusc.eu",
            "us-iso-east-1.signin.c2shome.ic.gov",
            "us-isob-east-1.signin.sc2shome.sgov.gov",
            "eu-isoe-west-1.signin.csphome.adc-e.uk",
            "us-isof-south-1.signin.csphome.hci.ic.gov",
            "device.sso.eu-central-1.amazonaws.com",
            "device.sso-fips.us-east-1.amazonaws.com",
            "device.sso.us-gov-west-1.amazonaws.com",
            "device.sso.cn-northwest-1.amazonaws.com.cn",
            "device.sso.eusc-de-east-1.amazonaws.eu",
            "device.sso.us-iso-east-1.c2s.ic.gov",
            "device.sso.eu-central-1.api.aws",
            "device.sso-fips.us-east-1.api.aws",
            "device.sso.cn-north-1.api.amazonwebservices.com.cn",
            "oidc.eu-central-1.api.aws",
            "d-1234567890.awsapps.com",
            "corp.awsapps.com",
            "start.us-gov-home.awsapps.com",
            "start.us-gov-west-1.us-gov-home.awsapps.com",
            "start.home.awsapps.cn",
            "start.cn-north-1.home.awsapps.cn",
            "d-1234567890.awsapps.cn",
            "ssoins-1234567890abcdef.eu-central-1.portal.amazonaws.com",
            "ssoins-1234567890abcdef.portal.eu-central-1.app.aws",
            "ssoins-1234567890abcdef.cn-north-1.portal.amazonaws.com.cn",
            "ssoins-1234567890abcdef.portal.cn-north-1.app.amazonwebservices.com.cn",
            "ssoins-1234567890abcdef.eusc-de-east-1.portal.amazonaws.eu",
            "ssoins-1234567890abcdef.portal.eusc-de-east-1.api.amazonwebservices.eu",
            "identitycenter.amazonaws.com",
        ] {
            assert!(is_sign_in_host(host), "{host}");
        }
    }

    #[test]
    fn a_host_that_only_resembles_one_is_not_known() {
        for host in [
            "",
            ".",
            "signin.aws",
            "evil.signin.aws",
            "eu-central-1.signin.aws.example.com",
            "eu-central-1.signin.aws..",
            "a.eu-central-1.signin.aws",
            "eu-central-1.evil-signin.aws",
            "device.sso.amazonaws.com",
            "device.sso.evil.amazonaws.com",
            "device.sso.x.s3.amazonaws.com",
            "device.sso.eu-central-1.s3.amazonaws.com",
            "device.sso..amazonaws.com",
            "evil.device.sso.eu-central-1.amazonaws.com",
            "device.sso.eu-central-1.evil.amazonaws.com",
            "bucket.s3.eu-central-1.amazonaws.com",
            "bucket.s3.eusc-de-east-1.api.amazonwebservices.eu",
            "ec2-1-2-3-4.eu-central-1.compute.amazonaws.com",
            "awsapps.com",
            "evil-awsapps.com",
            "a.b.awsapps.com",
            "portal.eu-central-1.app.aws",
            "a.b.portal.eu-central-1.app.aws",
            "d-1.awsapps.com.example.com",
            "127.0.0.1",
        ] {
            assert!(!is_sign_in_host(host), "{host}");
        }
    }

    #[test]
    fn dual_stack_hosts_are_told_by_their_suffix() {
        for host in ["oidc.eu-central-1.api.aws", "oidc-fips.us-east-1.api.aws", "x.api.amazonwebservices.eu"]
        {
            assert!(is_dual_stack_host(host), "{host}");
        }
        for host in ["oidc.eu-central-1.amazonaws.com", "api.aws", "evil-api.aws", "127.0.0.1"] {
            assert!(!is_dual_stack_host(host), "{host}");
        }
    }

    #[test]
    fn what_becomes_part_of_a_host_has_the_form_of_a_region() {
        for good in ["eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "ap-southeast-12"] {
            assert!(is_region(good), "{good}");
        }
        for bad in [
            "",
            "frankfurt",
            "eu-central",
            "eu-central-1.evil.example",
            "eu-central-1/",
            "EU-CENTRAL-1",
            "a--1",
            "eu-1",
        ] {
            assert!(!is_region(bad), "{bad}");
        }
    }
}
