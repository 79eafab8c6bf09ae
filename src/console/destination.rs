//! A destination in the console: a pasted URL, or an ARN.

use url::Url;

use super::arn::{Arn, ArnError};
use super::regions::NotARegion;
use super::{Partition, is_region, regions};
use crate::profile::target::is_account_id;

/// A page of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub url: String,
    /// The Region whose sign-in host is used; the page's own if it has one.
    pub region: String,
    /// The account that the resource belongs to, if known.
    pub account: Option<String>,
    /// A guess that the user should know about.
    pub guess: Option<String>,
}

#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum DestinationError {
    /// Sign-in would refuse it or, worse, redirect there.
    #[error("`{given}` is not an AWS console URL (https)")]
    NotAConsole { given: String, console: &'static str },
    #[error("`{given}` is in partition {theirs}, but you are logged in to {ours}")]
    OtherPartition { given: String, theirs: &'static str, ours: &'static str },
    #[error("`{given}` is not an ARN")]
    NotAnArn { given: String, why: &'static str },
    #[error("no console page is known for `{given}`")]
    NoBucket { given: String },
    /// `known` has the resource kinds of that service, or the services.
    #[error("no console page is known for `{given}`")]
    UnknownArn { given: String, of_service: bool, known: Vec<&'static str> },
    #[error("there is no service `{given}`")]
    UnknownService { given: String, near: Vec<&'static str> },
    #[error(transparent)]
    NotARegion(#[from] NotARegion),
}

/// Parses a Region that was typed or configured: it must be in the login's partition, and becomes part of host names.
pub fn checked_region(given: &str, partition: Partition) -> Result<(), DestinationError> {
    regions::parse(given)?;
    same_partition(given, Partition::of_region(given), partition)
}

/// Returns the console's home page.
pub fn home(partition: Partition, region: &str) -> Destination {
    let url = format!("{}/console/home?region={region}", partition.console_origin(region));
    Destination { url, region: region.to_owned(), account: None, guess: None }
}

/// Returns a service's first page.
pub fn service(name: &str, partition: Partition, region: &str) -> Result<Destination, DestinationError> {
    let service = super::services::find(name).ok_or_else(|| DestinationError::UnknownService {
        given: name.to_owned(),
        near: super::services::near(name),
    })?;
    Ok(Destination {
        url: service.url(partition, region),
        region: region.to_owned(),
        account: None,
        guess: None,
    })
}

/// Resolves `given`, a URL or an ARN. `region` applies if it names none.
pub fn of(given: &str, partition: Partition, region: &str) -> Result<Destination, DestinationError> {
    let given = given.trim();
    if given.starts_with("arn:") {
        of_arn(given, partition, region)
    } else {
        of_url(given, partition, region)
    }
}

fn of_arn(given: &str, partition: Partition, region: &str) -> Result<Destination, DestinationError> {
    let failed = |error| match error {
        ArnError::Malformed(why) => DestinationError::NotAnArn { given: given.to_owned(), why },
        ArnError::NoBucket => DestinationError::NoBucket { given: given.to_owned() },
        ArnError::Unknown { of_service, known } => {
            DestinationError::UnknownArn { given: given.to_owned(), of_service, known }
        }
    };
    let arn = Arn::parse(given).map_err(failed)?;
    same_partition(given, arn.partition, partition)?;
    let url = arn.page(region).map_err(failed)?;
    let region = if arn.region.is_empty() { region } else { arn.region };
    let account = is_account_id(arn.account).then(|| arn.account.to_owned());
    let guess = arn.doubtful_secret().map(|(name, suffix)| {
        format!("the secret is taken to be `{name}`, and `-{suffix}` to be what AWS adds to a secret's name")
    });
    Ok(Destination { url, region: region.to_owned(), account, guess })
}

fn of_url(given: &str, partition: Partition, region: &str) -> Result<Destination, DestinationError> {
    let no_console =
        || DestinationError::NotAConsole { given: given.to_owned(), console: partition.console_host() };
    let mut url = Url::parse(given).map_err(|_| no_console())?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let bare = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !bare {
        return Err(no_console());
    }
    let Some(before) = partition.before_console(&host) else {
        let others = ["aws", "aws-us-gov", "aws-cn", "aws-eusc"].into_iter().filter_map(Partition::of_arn);
        let theirs = others.into_iter().find(|other| other.before_console(&host).is_some());
        return Err(theirs.map_or_else(no_console, |theirs| DestinationError::OtherPartition {
            given: given.to_owned(),
            theirs: theirs.id,
            ours: partition.id,
        }));
    };
    let (session, before) = without_session(before);
    if session.is_some() {
        let host = match before {
            "" => partition.console_host().to_owned(),
            label => format!("{label}.{}", partition.console_host()),
        };
        url.set_host(Some(&host)).map_err(|_| no_console())?;
    }
    let in_query = url.query_pairs().find(|(name, _)| name == "region").map(|(_, value)| value.into_owned());
    let named = [Some(before.to_owned()), in_query].into_iter().flatten();
    let mut named = named.filter(|named| is_region(named) && Partition::of_region(named) == partition);
    let region = named.next().unwrap_or_else(|| region.to_owned());
    Ok(Destination { url: url.to_string(), region, account: session.map(str::to_owned), guess: None })
}

/// Removes the session part of a host: with multi-session, console hosts begin with `<account>-<8 characters>`.
///
/// It stands for one session of one browser, and is useless in another.
fn without_session(before: &str) -> (Option<&str>, &str) {
    let (label, rest) = before.split_once('.').unwrap_or((before, ""));
    match label.split_once('-') {
        Some((account, id))
            if is_account_id(account)
                && id.len() == 8
                && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) =>
        {
            (Some(account), rest)
        }
        _ => (None, before),
    }
}

fn same_partition(given: &str, theirs: Partition, ours: Partition) -> Result<(), DestinationError> {
    if theirs == ours {
        return Ok(());
    }
    Err(DestinationError::OtherPartition { given: given.to_owned(), theirs: theirs.id, ours: ours.id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aws() -> Partition {
        Partition::of_region("eu-central-1")
    }

    #[test]
    fn a_url_of_the_console_is_taken_as_it_is_and_tells_its_region() {
        for (given, region) in [
            ("https://console.aws.amazon.com/", "eu-central-1"),
            ("https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1#x", "eu-west-1"),
            ("https://console.aws.amazon.com/ec2/home?a=b&region=us-east-2#Instances:", "us-east-2"),
            ("https://s3.console.aws.amazon.com/s3/buckets/b?region=us-west-2", "us-west-2"),
            ("https://console.aws.amazon.com/ec2/home?region=cn-north-1", "eu-central-1"),
            ("https://console.aws.amazon.com/ec2/home?region=x.evil.example", "eu-central-1"),
        ] {
            let found = of(given, aws(), "eu-central-1").expect(given);
            assert_eq!((found.url.as_str(), found.region.as_str(), found.account), (given, region, None));
        }
        let gov = of(
            "https://us-gov-west-1.console.amazonaws-us-gov.com/iam/home",
            Partition::of_region("us-gov-east-1"),
            "us-gov-east-1",
        );
        assert_eq!(gov.expect("a console").region, "us-gov-west-1");
    }

    #[test]
    fn the_session_of_another_browser_is_left_out_and_its_account_is_kept() {
        for (given, url, region) in [
            (
                "https://111122223333-abcd1234.eu-west-1.console.aws.amazon.com/s3/buckets",
                "https://eu-west-1.console.aws.amazon.com/s3/buckets",
                "eu-west-1",
            ),
            (
                "https://111122223333-abcd1234.console.aws.amazon.com/iam/home",
                "https://console.aws.amazon.com/iam/home",
                "eu-central-1",
            ),
        ] {
            let found = of(given, aws(), "eu-central-1").expect(given);
            let expected = (url, region, Some("111122223333".to_owned()));
            assert_eq!((found.url.as_str(), found.region.as_str(), found.account), expected);
        }
    }

    #[test]
    fn nothing_but_this_partitions_console_is_opened() {
        for given in [
            "http://console.aws.amazon.com/",
            "https://console.aws.amazon.com:8443/",
            "https://console.aws.amazon.com@evil.example/",
            "https://me@console.aws.amazon.com/",
            "https://evilconsole.aws.amazon.com/",
            "https://console.aws.amazon.com.evil.example/",
            "https://evil.example/console.aws.amazon.com",
            "https://evil.example/?https://console.aws.amazon.com/",
            "https://console.aws.amazon.com./",
            "https://console.aws.amazon.com\\@evil.example/",
            "https://signin.aws.amazon.com/",
            "javascript:alert(1)//console.aws.amazon.com",
            "console.aws.amazon.com",
            "",
        ] {
            match of(given, aws(), "eu-central-1") {
                Err(DestinationError::NotAConsole { .. }) => {}
                // A backslash counts as a slash in https URLs: what remains is the console, and nothing else.
                Ok(found) => assert_eq!(found.url, "https://console.aws.amazon.com/@evil.example/"),
                Err(other) => panic!("{given}: {other}"),
            }
        }
        for (given, theirs) in [
            ("https://console.amazonaws.cn/", "aws-cn"),
            ("https://console.amazonaws-us-gov.com/", "aws-us-gov"),
            ("https://eusc-de-east-1.console.amazonaws-eusc.eu/", "aws-eusc"),
            ("arn:aws-cn:s3:::bucket", "aws-cn"),
        ] {
            let refused = of(given, aws(), "eu-central-1").expect_err(given);
            let expected = DestinationError::OtherPartition { given: given.to_owned(), theirs, ours: "aws" };
            assert_eq!(refused, expected);
        }
    }

    #[test]
    fn an_arn_brings_its_region_and_its_account() {
        let found =
            of(" arn:aws:lambda:us-east-1:111122223333:function:f\n", aws(), "eu-central-1").expect("known");
        assert_eq!((found.region.as_str(), found.account.as_deref()), ("us-east-1", Some("111122223333")));
        let found = of("arn:aws:s3:::bucket", aws(), "eu-central-1").expect("known");
        assert_eq!((found.region.as_str(), found.account), ("eu-central-1", None));
        let found = of("arn:aws:iam::aws:policy/AdministratorAccess", aws(), "eu-central-1").expect("known");
        assert_eq!(found.account, None);
    }

    #[test]
    fn a_region_must_be_one_of_the_partition() {
        assert!(checked_region("us-east-1", aws()).is_ok());
        assert!(matches!(checked_region("x.evil.example", aws()), Err(DestinationError::NotARegion(_))));
        assert!(matches!(checked_region("us-esat-1", aws()), Err(DestinationError::NotARegion(_))));
        assert!(matches!(checked_region("cn-north-1", aws()), Err(DestinationError::OtherPartition { .. })));
    }
}
