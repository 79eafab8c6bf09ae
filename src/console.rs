//! The console's sign-in URL, pure: which hosts a partition has, and what the URL says.

use crate::secret::Secret;

/// Hosts of one partition. IAM user guide, "Enabling custom identity broker access to the AWS console".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Partition {
    /// Whether sign-in has a host per region: it goes on working when another region is down.
    signin_by_region: bool,
    signin: &'static str,
    console: &'static str,
}

const AWS: Partition =
    Partition { signin_by_region: true, signin: "signin.aws.amazon.com", console: "console.aws.amazon.com" };
const GOV: Partition = Partition {
    signin_by_region: false,
    signin: "signin.amazonaws-us-gov.com",
    console: "console.amazonaws-us-gov.com",
};
const CHINA: Partition =
    Partition { signin_by_region: false, signin: "signin.amazonaws.cn", console: "console.amazonaws.cn" };
const EUROPEAN_SOVEREIGN: Partition = Partition {
    signin_by_region: true,
    signin: "signin.amazonaws-eusc.eu",
    console: "console.amazonaws-eusc.eu",
};

fn partition(region: &str) -> Partition {
    match region.split('-').next() {
        Some("cn") => CHINA,
        Some("eusc") => EUROPEAN_SOVEREIGN,
        Some("us") if region.starts_with("us-gov-") => GOV,
        _ => AWS,
    }
}

/// Origin of the federation endpoint for a region.
pub fn signin_origin(region: &str) -> String {
    let partition = partition(region);
    if partition.signin_by_region {
        format!("https://{region}.{}", partition.signin)
    } else {
        format!("https://{}", partition.signin)
    }
}

/// The console's home in a region.
pub fn home(region: &str) -> String {
    let partition = partition(region);
    if partition.signin_by_region {
        format!("https://{region}.{}/console/home?region={region}", partition.console)
    } else {
        format!("https://{}/console/home?region={region}", partition.console)
    }
}

/// What the browser opens. Good for 15 minutes, and it signs in whoever has it.
///
/// `issuer` is where AWS sends the person when the console session has ended: the portal.
pub fn login_url(signin: &str, issuer: &str, destination: &str, token: &Secret<String>) -> Secret<String> {
    let query = url::form_urlencoded::Serializer::new(String::with_capacity(4 * 1024))
        .append_pair("Action", "login")
        .append_pair("Issuer", issuer)
        .append_pair("Destination", destination)
        .append_pair("SigninToken", token.expose())
        .finish();
    Secret::new(format!("{signin}/federation?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_hosts() {
        let cases = [
            (
                "eu-central-1",
                "https://eu-central-1.signin.aws.amazon.com",
                "https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1",
            ),
            (
                "us-gov-west-1",
                "https://signin.amazonaws-us-gov.com",
                "https://console.amazonaws-us-gov.com/console/home?region=us-gov-west-1",
            ),
            (
                "cn-north-1",
                "https://signin.amazonaws.cn",
                "https://console.amazonaws.cn/console/home?region=cn-north-1",
            ),
            (
                "eusc-de-east-1",
                "https://eusc-de-east-1.signin.amazonaws-eusc.eu",
                "https://eusc-de-east-1.console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1",
            ),
        ];
        for (region, signin, console) in cases {
            assert_eq!(signin_origin(region), signin);
            assert_eq!(home(region), console);
        }
    }

    #[test]
    fn the_login_url_is_encoded() {
        let url =
            login_url("https://s", "https://d-1.awsapps.com/start/#/", "https://c/?a=b&c=d", &"t/+=".into());
        assert_eq!(
            url.expose(),
            "https://s/federation?Action=login&Issuer=https%3A%2F%2Fd-1.awsapps.com%2Fstart%2F%23%2F\
             &Destination=https%3A%2F%2Fc%2F%3Fa%3Db%26c%3Dd&SigninToken=t%2F%2B%3D"
        );
    }
}
