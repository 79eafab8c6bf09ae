//! Decides what one origin issued may be sent to another: rule 12, for all services.

use url::{Host, Url};

use super::Origin;
use super::hosts::{DUAL_STACK_SUFFIXES, SERVICE_SUFFIXES, below, fits, is_region};

/// Something issued by an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issued {
    /// Can log in as the user, so it is sent to the very origin that issued it.
    Token,
    /// Expires within hours; it may be sent to every service of the same AWS, or of this machine.
    RoleCredentials,
}

impl Issued {
    /// Returns whether this, issued by `by`, may be sent to `to`. The only place that decides that.
    pub fn may_go(self, by: &Origin, to: &Origin) -> bool {
        match self {
            Self::Token => by == to,
            Self::RoleCredentials => match (Place::of(by), Place::of(to)) {
                (Some(by), Some(to)) => by == to,
                _ => false,
            },
        }
    }
}

#[derive(PartialEq, Eq)]
enum Place {
    Aws(Partition),
    /// This machine, on any port: a simulator may serve each service on its own.
    ThisMachine,
    /// A host that replaces AWS.
    Other {
        host: String,
        port: Option<u16>,
    },
}

impl Place {
    fn of(origin: &Origin) -> Option<Self> {
        let url = Url::parse(origin.as_str()).ok()?;
        if origin.is_loopback() {
            return Some(Self::ThisMachine);
        }
        // Nothing secret is sent over plain http to another machine.
        if url.scheme() != "https" {
            return None;
        }
        match url.host()? {
            Host::Domain(host) if url.port().is_none() && Partition::of(host).is_some() => {
                Partition::of(host).map(Self::Aws)
            }
            host => Some(Self::Other { host: host.to_string(), port: url.port() }),
        }
    }
}

/// An AWS partition, by its index in the lists of suffixes. GovCloud shares those of the first one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Partition {
    suffix: usize,
    is_gov: bool,
}

/// The services that kcaws sends something to, by the first label of their hosts; each has a FIPS form.
const SERVICES: &[&str] =
    &["portal.sso", "oidc", "account-access-runtime", "sts", "sso", "identitystore", "organizations"];

/// The console's federation endpoints, with the index of their partition.
///
/// IAM user guide, "Enabling custom identity broker access to the AWS console"; the endpoint rules of `signin` in
/// botocore.
const FEDERATION_HOSTS: &[(&str, usize, bool)] = &[
    ("signin.aws.amazon.com", 0, false),
    ("{region}.signin.aws.amazon.com", 0, false),
    ("{region}.signin.aws", 0, false),
    ("signin.amazonaws-us-gov.com", 0, true),
    ("{region}.signin.amazonaws-us-gov.com", 0, true),
    ("signin-fips.amazonaws-us-gov.com", 0, true),
    ("{region}.signin-fips.amazonaws-us-gov.com", 0, true),
    ("signin.amazonaws.cn", 1, false),
    ("{region}.signin.amazonaws.cn", 1, false),
    ("signin.amazonaws-eusc.eu", 2, false),
    ("{region}.signin.amazonaws-eusc.eu", 2, false),
    ("{region}.signin.c2shome.ic.gov", 3, false),
    ("{region}.signin.sc2shome.sgov.gov", 4, false),
    ("{region}.signin.csphome.adc-e.uk", 5, false),
    ("{region}.signin.csphome.hci.ic.gov", 6, false),
];

impl Partition {
    /// Returns the partition of a host that belongs to one of AWS's own services.
    ///
    /// A customer's bucket, load balancer or API has the same suffix, and does not count.
    fn of(host: &str) -> Option<Self> {
        // Global, and only in the first partition.
        if host == "sts.amazonaws.com" {
            return Some(Self { suffix: 0, is_gov: false });
        }
        let federation = FEDERATION_HOSTS.iter().find(|(pattern, ..)| fits(pattern, host));
        if let Some((_, suffix, is_gov)) = federation {
            return Some(Self { suffix: *suffix, is_gov: *is_gov });
        }
        let of_list = |list: &[&str]| list.iter().position(|suffix| is_service(host, suffix));
        let suffix = of_list(SERVICE_SUFFIXES).or_else(|| of_list(DUAL_STACK_SUFFIXES))?;
        Some(Self { suffix, is_gov: host.split('.').any(|label| label.starts_with("us-gov-")) })
    }
}

/// Returns whether the host is that of an AWS service below the suffix.
///
/// A VPC endpoint counts, such as `vpce-….sts.<region>.vpce`, which AWS serves within a customer's network.
///
/// Anyone else's endpoint service has `vpce-svc-…` in place of the name of AWS's service.
fn is_service(host: &str, suffix: &str) -> bool {
    let Some(rest) = below(host, suffix) else { return false };
    let rest = match rest.strip_suffix(".vpce") {
        Some(rest) => match rest.split_once('.') {
            Some((endpoint, rest)) if endpoint.starts_with("vpce-") => rest,
            _ => return false,
        },
        None => rest,
    };
    rest.rsplit_once('.').is_some_and(|(service, region)| {
        SERVICES.contains(&service.strip_suffix("-fips").unwrap_or(service)) && is_region(region)
    })
}

#[cfg(test)]
mod tests;
