//! Which AWS service a host name belongs to: the dispatch of the proxy entry.

use crate::settings::Settings;

/// One of AWS's services that the simulator plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Oidc,
    Portal,
    Sts,
    IdentityStore,
    Scim,
    /// Instances, permission sets and assignments.
    SsoAdmin,
    Organizations,
    /// Applications and entitlements of account access.
    AccountAccess,
    /// Roles and credentials by account access.
    AccountAccessRuntime,
    Iam,
    /// The console's sign-in hosts.
    SignIn,
    /// `device.sso.<region>.…`.
    Device,
    /// The host of the start URL.
    Start,
    /// A company's own host that redirects to the start URL; none of AWS's.
    Vanity,
}

/// How a JSON 1.1 service is called (botocore `service-2.json`, `metadata`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonApi {
    /// Before the dot in `X-Amz-Target`.
    pub(crate) target_prefix: &'static str,
    /// In the scope of signatures, and before the colon in IAM actions.
    pub(crate) signing_name: &'static str,
}

impl Service {
    /// Returns how the service is called, if it is one of JSON 1.1.
    pub(crate) fn json_api(self) -> Option<JsonApi> {
        let api = |target_prefix, signing_name| Some(JsonApi { target_prefix, signing_name });
        match self {
            Self::SsoAdmin => api("SWBExternalService", "sso"),
            Self::Organizations => api("AWSOrganizationsV20161128", "organizations"),
            Self::IdentityStore => api("AWSIdentityStore", "identitystore"),
            Self::Oidc
            | Self::Portal
            | Self::Sts
            | Self::Scim
            | Self::AccountAccess
            | Self::AccountAccessRuntime
            | Self::Iam
            | Self::SignIn
            | Self::Device
            | Self::Start
            | Self::Vanity => None,
        }
    }
}

/// The names of one partition (botocore `partitions.json`; console hosts from the IAM user guide).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// `aws` in `arn:aws:…`.
    pub(crate) id: &'static str,
    dns_suffix: &'static str,
    dual_stack_suffix: &'static str,
    pub(crate) signin_host: &'static str,
    console_host: &'static str,
}

const PARTITIONS: [Partition; 4] = [
    Partition {
        id: "aws-cn",
        dns_suffix: "amazonaws.com.cn",
        dual_stack_suffix: "api.amazonwebservices.com.cn",
        signin_host: "signin.amazonaws.cn",
        console_host: "console.amazonaws.cn",
    },
    Partition {
        id: "aws-us-gov",
        dns_suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
        signin_host: "signin.amazonaws-us-gov.com",
        console_host: "console.amazonaws-us-gov.com",
    },
    Partition {
        id: "aws-eusc",
        dns_suffix: "amazonaws.eu",
        dual_stack_suffix: "api.amazonwebservices.eu",
        signin_host: "signin.amazonaws-eusc.eu",
        console_host: "console.amazonaws-eusc.eu",
    },
    Partition {
        id: "aws",
        dns_suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
        signin_host: "signin.aws.amazon.com",
        console_host: "console.aws.amazon.com",
    },
];

impl Partition {
    pub(crate) fn of_region(region: &str) -> Self {
        let [china, government, europe, commercial] = PARTITIONS;
        match region {
            _ if region.starts_with("cn-") => china,
            _ if region.starts_with("us-gov-") => government,
            _ if region.starts_with("eusc-") => europe,
            _ => commercial,
        }
    }

    pub(crate) fn console_host(&self) -> &'static str {
        self.console_host
    }

    /// Is `host` a console host of this partition, with or without a region (or session) before it?
    pub(crate) fn is_console(&self, host: &str) -> bool {
        host == self.console_host
            || host.strip_suffix(self.console_host).is_some_and(|rest| rest.ends_with('.'))
    }
}

/// A host that the simulator answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownHost {
    pub(crate) service: Service,
    pub(crate) region: String,
}

/// Finds the service and region of `host` (lower case, no port).
pub(crate) fn known(host: &str, settings: &Settings) -> Option<KnownHost> {
    if settings.start_urls().filter_map(|url| host_of(url)).any(|start| start == host) {
        return Some(KnownHost { service: Service::Start, region: settings.region.clone() });
    }
    if settings.vanity.iter().any(|(vanity, _)| vanity == host) {
        return Some(KnownHost { service: Service::Vanity, region: settings.region.clone() });
    }
    PARTITIONS.iter().find_map(|partition| in_partition(host, partition))
}

fn in_partition(host: &str, partition: &Partition) -> Option<KnownHost> {
    let found = |service, region: &str| {
        let fits = is_region(region) && Partition::of_region(region).id == partition.id;
        fits.then(|| KnownHost { service, region: region.to_owned() })
    };
    if host == partition.signin_host {
        return Some(KnownHost { service: Service::SignIn, region: "us-east-1".into() });
    }
    if let Some(region) = host.strip_suffix(partition.signin_host).and_then(|rest| rest.strip_suffix('.')) {
        return found(Service::SignIn, region);
    }
    if partition.id == "aws" && host == "sts.amazonaws.com" {
        return Some(KnownHost { service: Service::Sts, region: "us-east-1".into() });
    }
    if partition.id == "aws" && (host == "iam.amazonaws.com" || host == "iam-fips.amazonaws.com") {
        return Some(KnownHost { service: Service::Iam, region: "us-east-1".into() });
    }
    // The newer hosts of the SAML service, dual-stack and not.
    if partition.id == "aws"
        && let Some(rest) = host.strip_suffix(".signin.aws")
    {
        return found(Service::SignIn, rest.strip_suffix(".sso").unwrap_or(rest));
    }
    for suffix in [partition.dns_suffix, partition.dual_stack_suffix] {
        let Some(rest) = host.strip_suffix(suffix).and_then(|rest| rest.strip_suffix('.')) else { continue };
        // The region is the last label; `portal.sso` and its like have a dot of their own.
        let Some((service, region)) = rest.rsplit_once('.') else { continue };
        let service = match service {
            "oidc" | "oidc-fips" => Service::Oidc,
            "portal.sso" | "portal.sso-fips" => Service::Portal,
            "sts" | "sts-fips" => Service::Sts,
            "identitystore" | "identitystore-fips" => Service::IdentityStore,
            "scim" => Service::Scim,
            "sso" => Service::SsoAdmin,
            // Of the commercial partition; others have it in a region of their own.
            "organizations" | "organizations-fips" => Service::Organizations,
            "device.sso" | "device.sso-fips" => Service::Device,
            // These have no IPv4-only hosts (IAM user guide, "Getting started" with account access manager).
            "account-access" | "account-access-fips" if suffix == partition.dual_stack_suffix => {
                Service::AccountAccess
            }
            "account-access-runtime" | "account-access-runtime-fips"
                if suffix == partition.dual_stack_suffix =>
            {
                Service::AccountAccessRuntime
            }
            _ => continue,
        };
        if let Some(known) = found(service, region) {
            return Some(known);
        }
    }
    None
}

/// `https://d-1234567890.awsapps.com/start` → `d-1234567890.awsapps.com`.
pub(crate) fn host_of(url: &str) -> Option<String> {
    url::Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Is `host` a dual-stack host of a service?
pub(crate) fn is_dual_stack(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or(host);
    PARTITIONS.iter().any(|partition| {
        host.strip_suffix(partition.dual_stack_suffix).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// The host of the device page in a region.
pub(crate) fn device_host(region: &str, dual_stack: bool) -> String {
    let Partition { dns_suffix, dual_stack_suffix, .. } = Partition::of_region(region);
    format!("device.sso.{region}.{}", if dual_stack { dual_stack_suffix } else { dns_suffix })
}

/// The host of the newer sign-in pages in a region.
pub(crate) fn sign_in_host(region: &str, dual_stack: bool) -> String {
    match Partition::of_region(region) {
        Partition { id: "aws", .. } if dual_stack => format!("{region}.sso.signin.aws"),
        Partition { id: "aws", .. } => format!("{region}.signin.aws"),
        Partition { signin_host, .. } => format!("{region}.{signin_host}"),
    }
}

/// The host of the OIDC service in a region.
pub(crate) fn oidc_host(region: &str) -> String {
    format!("oidc.{region}.{}", Partition::of_region(region).dns_suffix)
}

/// The host of the SCIM endpoint in a region.
pub(crate) fn scim_host(region: &str) -> String {
    format!("scim.{region}.{}", Partition::of_region(region).dns_suffix)
}

/// Does this look like a region's name (botocore `partitions.json`, `regionRegex`)?
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let lower = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.len() >= 2
        && words.iter().all(lower)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service_of(host: &str) -> Option<(Service, String)> {
        known(host, &Settings::default()).map(|known| (known.service, known.region))
    }

    #[test]
    fn every_host_has_one_service() {
        for (host, service, region) in [
            ("oidc.eu-central-1.amazonaws.com", Service::Oidc, "eu-central-1"),
            ("oidc-fips.us-east-1.amazonaws.com", Service::Oidc, "us-east-1"),
            ("oidc.us-east-1.api.aws", Service::Oidc, "us-east-1"),
            ("portal.sso.eu-central-1.amazonaws.com", Service::Portal, "eu-central-1"),
            ("oidc.us-gov-west-1.amazonaws.com", Service::Oidc, "us-gov-west-1"),
            ("portal.sso.cn-north-1.amazonaws.com.cn", Service::Portal, "cn-north-1"),
            ("identitystore.eu-central-1.amazonaws.com", Service::IdentityStore, "eu-central-1"),
            ("identitystore.eu-central-1.api.aws", Service::IdentityStore, "eu-central-1"),
            ("scim.eu-central-1.amazonaws.com", Service::Scim, "eu-central-1"),
            ("scim.eu-central-1.api.aws", Service::Scim, "eu-central-1"),
            ("account-access-runtime.eu-central-1.api.aws", Service::AccountAccessRuntime, "eu-central-1"),
            ("account-access-runtime-fips.us-east-1.api.aws", Service::AccountAccessRuntime, "us-east-1"),
            ("sts.amazonaws.com", Service::Sts, "us-east-1"),
            ("sts.eu-west-1.amazonaws.com", Service::Sts, "eu-west-1"),
            ("sso.eu-central-1.amazonaws.com", Service::SsoAdmin, "eu-central-1"),
            ("organizations.us-east-1.amazonaws.com", Service::Organizations, "us-east-1"),
            ("signin.aws.amazon.com", Service::SignIn, "us-east-1"),
            ("eu-central-1.signin.aws.amazon.com", Service::SignIn, "eu-central-1"),
            ("eu-central-1.signin.aws", Service::SignIn, "eu-central-1"),
            ("eu-west-1.sso.signin.aws", Service::SignIn, "eu-west-1"),
            ("signin.amazonaws.cn", Service::SignIn, "us-east-1"),
            ("device.sso.eu-central-1.amazonaws.com", Service::Device, "eu-central-1"),
            ("d-1234567890.awsapps.com", Service::Start, "eu-central-1"),
        ] {
            assert_eq!(service_of(host), Some((service, region.to_owned())), "{host}");
        }
    }

    #[test]
    fn strangers_are_strangers() {
        for host in [
            "example.com",
            "oidc.eu-central-1.amazonaws.com.evil.example",
            "s3.eu-central-1.amazonaws.com",
            "account-access-runtime.eu-central-1.amazonaws.com",
            "oidc.amazonaws.com",
            "oidc.cn-north-1.amazonaws.com",
            "d-0000000000.awsapps.com",
            "evilsignin.aws.amazon.com",
        ] {
            assert_eq!(service_of(host), None, "{host}");
        }
    }

    #[test]
    fn console_hosts_by_partition() {
        let aws = Partition::of_region("eu-central-1");
        assert!(aws.is_console("console.aws.amazon.com"));
        assert!(aws.is_console("eu-central-1.console.aws.amazon.com"));
        assert!(!aws.is_console("evilconsole.aws.amazon.com"));
        assert!(!aws.is_console("console.amazonaws.cn"));
        assert!(Partition::of_region("cn-north-1").is_console("console.amazonaws.cn"));
    }
}
