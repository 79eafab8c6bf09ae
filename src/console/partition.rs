//! The partitions of AWS, separate from each other: Regions, hosts, ARNs.

/// A partition of AWS.
///
/// IAM user guide, "Enabling custom identity broker access to the AWS console"; general reference, "AWS Management
/// Console endpoints".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// `aws` in `arn:aws:…`.
    pub id: &'static str,
    /// The prefix of its Region names; the first match in [`ALL`] counts.
    prefix: &'static str,
    /// Whether sign-in and console have a host per Region, which stays available when another Region is down.
    by_region: bool,
    signin: &'static str,
    console: &'static str,
    /// The suffix of the services' own endpoints.
    pub dns_suffix: &'static str,
}

const ALL: [Partition; 4] = [
    Partition {
        id: "aws-cn",
        prefix: "cn-",
        by_region: false,
        signin: "signin.amazonaws.cn",
        console: "console.amazonaws.cn",
        dns_suffix: "amazonaws.com.cn",
    },
    Partition {
        id: "aws-us-gov",
        prefix: "us-gov-",
        by_region: false,
        signin: "signin.amazonaws-us-gov.com",
        console: "console.amazonaws-us-gov.com",
        dns_suffix: "amazonaws.com",
    },
    Partition {
        id: "aws-eusc",
        prefix: "eusc-",
        by_region: true,
        signin: "signin.amazonaws-eusc.eu",
        console: "console.amazonaws-eusc.eu",
        dns_suffix: "amazonaws.eu",
    },
    Partition {
        id: "aws",
        prefix: "",
        by_region: true,
        signin: "signin.aws.amazon.com",
        console: "console.aws.amazon.com",
        dns_suffix: "amazonaws.com",
    },
];

impl Partition {
    pub fn of_region(region: &str) -> Self {
        let fits = |partition: &&Self| region.starts_with(partition.prefix);
        *ALL.iter().find(fits).unwrap_or(&ALL[ALL.len() - 1])
    }

    pub fn of_arn(id: &str) -> Option<Self> {
        ALL.iter().find(|partition| partition.id == id).copied()
    }

    /// Returns the origin of the federation endpoint for a Region.
    pub fn signin_origin(self, region: &str) -> String {
        self.origin(self.signin, region)
    }

    /// Returns the origin of the console in a Region.
    pub fn console_origin(self, region: &str) -> String {
        self.origin(self.console, region)
    }

    /// Returns the origin of pages without a Region.
    pub fn global_console_origin(self) -> String {
        format!("https://{}", self.console)
    }

    fn origin(self, host: &str, region: &str) -> String {
        if self.by_region { format!("https://{region}.{host}") } else { format!("https://{host}") }
    }

    /// Returns the part before the console's host, without the dot; `None` if `host` is not this partition's console.
    pub fn before_console(self, host: &str) -> Option<&str> {
        match host.strip_suffix(self.console)? {
            "" => Some(""),
            rest => rest.strip_suffix('.'),
        }
    }

    /// Returns the console's host, such as `console.aws.amazon.com`.
    pub fn console_host(self) -> &'static str {
        self.console
    }

    /// Returns the only sign-in host that redirects after a logout: that of us-east-1, in the first partition.
    pub fn logout_origin(self) -> Option<String> {
        (self.id == "aws").then(|| self.signin_origin("us-east-1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_hosts() {
        for (region, id, signin, console) in [
            (
                "eu-central-1",
                "aws",
                "https://eu-central-1.signin.aws.amazon.com",
                "https://eu-central-1.console.aws.amazon.com",
            ),
            (
                "us-gov-west-1",
                "aws-us-gov",
                "https://signin.amazonaws-us-gov.com",
                "https://console.amazonaws-us-gov.com",
            ),
            ("cn-north-1", "aws-cn", "https://signin.amazonaws.cn", "https://console.amazonaws.cn"),
            (
                "eusc-de-east-1",
                "aws-eusc",
                "https://eusc-de-east-1.signin.amazonaws-eusc.eu",
                "https://eusc-de-east-1.console.amazonaws-eusc.eu",
            ),
        ] {
            let partition = Partition::of_region(region);
            assert_eq!(Partition::of_arn(id), Some(partition));
            assert_eq!(partition.signin_origin(region), signin);
            assert_eq!(partition.console_origin(region), console);
        }
        assert_eq!(Partition::of_arn("aws-iso"), None);
    }
}
