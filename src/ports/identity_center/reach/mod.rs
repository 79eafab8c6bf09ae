//! What one origin handed out goes to another, or does not: rule 12, once for all services.

use url::{Host, Url};

use super::Origin;
use super::hosts::{DUAL_STACK_SUFFIXES, SERVICE_SUFFIXES, below, fits, is_region};

/// What is about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minted {
    /// Logs in as the person: goes to the very origin that minted it.
    Token,
    /// Ends within hours: goes to every service of the same AWS, or of this machine.
    RoleCredentials,
}

impl Minted {
    /// Returns whether this, from `by`, may be sent to `to`. The only place that decides that.
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
    /// On whatever port: a simulator may serve each service at its own.
    ThisMachine,
    /// A host that stands in for AWS.
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
        // Plain http to another machine is for nothing that is secret.
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

/// A partition of AWS, by its place in the lists of suffixes. GovCloud shares those of the first one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Partition {
    suffix: usize,
    is_gov: bool,
}

/// The services that kcaws sends something to, as their hosts begin; each has a FIPS form.
const SERVICES: &[&str] = &["portal.sso", "oidc", "sts", "sso", "identitystore", "organizations"];

/// The console's federation endpoint (IAM user guide, "Enabling custom identity broker access to the AWS console"; the
/// endpoint rules of `signin` in botocore), with the place of its partition.
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
    /// Of a host that belongs to one of AWS's own services. A bucket, a load balancer or an API of a customer's is
    /// below the same suffixes, and is none.
    fn of(host: &str) -> Option<Self> {
        // Global, and of the first partition alone.
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

/// `sts.<region>.amazonaws.com`, and `vpce-….sts.<region>.vpce.amazonaws.com`, which AWS serves within a network of the
/// company's. An endpoint service of somebody else's has `vpce-svc-…` where the name of AWS's service would be.
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
