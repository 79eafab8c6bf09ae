//! What a permission set is: everything of it that the access file can say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::policy::PolicyDocument;

/// The most policies that a permission set can have, AWS's and the customer's together.
pub(crate) const MOST_POLICIES: usize = 20;
pub(crate) const LONGEST_NAME: usize = 32;
const SHORTEST_SESSION: u32 = 60;
const LONGEST_SESSION: u32 = 12 * 60;

/// A permission set without its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetDefinition {
    pub(crate) head: SetHead,
    /// Policies of AWS.
    pub(crate) managed: BTreeSet<ManagedPolicy>,
    pub(crate) customer: BTreeSet<CustomerPolicy>,
    pub(crate) inline: Option<PolicyDocument>,
    pub(crate) boundary: Option<Boundary>,
    /// Without the tag of the owner.
    pub(crate) tags: BTreeMap<String, String>,
}

/// What `UpdatePermissionSet` takes: always all of it, since it clears what is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetHead {
    pub(crate) description: Option<String>,
    pub(crate) session: SessionLength,
    pub(crate) relay_state: Option<String>,
}

/// How long a session of the role may be, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionLength(u32);

/// A policy of AWS by path and name, such as `PowerUserAccess` or `job-function/ViewOnlyAccess`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ManagedPolicy(String);

/// A policy that has to exist in every account of the permission set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct CustomerPolicy {
    pub(crate) name: String,
    /// Begins and ends with a slash.
    pub(crate) path: String,
}

/// The most that a role may do, whatever its policies allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Boundary {
    Managed(ManagedPolicy),
    Customer(CustomerPolicy),
}

/// Policies of AWS that are below a path: people know them by their names.
const JOB_FUNCTIONS: [&str; 15] = [
    "AWSManagementConsoleAdministratorAccess",
    "AmazonODBAutonomousDatabaseAdmin",
    "AmazonODBAutonomousVmClusterAdmin",
    "AmazonODBExadataInfrastructureAdmin",
    "AmazonODBExadataVmClusterAdmin",
    "AmazonODBExascaleStorageVaultAdmin",
    "AmazonODBExascaleVmClusterAdmin",
    "AmazonODBNetworkAdmin",
    "Billing",
    "DataScientist",
    "DatabaseAdministrator",
    "NetworkAdministrator",
    "SupportUser",
    "SystemAdministrator",
    "ViewOnlyAccess",
];

impl ManagedPolicy {
    /// Reads a name, a path and a name, or an ARN.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let name = match text.strip_prefix("arn:") {
            Some(rest) => rest.split_once(":iam::aws:policy/").map(|(_, name)| name),
            None => Some(text),
        };
        let is_name = |name: &&str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte))
        };
        match name.filter(is_name) {
            Some(name) if JOB_FUNCTIONS.contains(&name) => Ok(Self(format!("job-function/{name}"))),
            Some(name) => Ok(Self(name.to_owned())),
            None => Err(format!("`{text}` is not the name or the ARN of a policy of AWS")),
        }
    }

    pub(crate) fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:iam::aws:policy/{}", self.0)
    }
}

impl fmt::Display for ManagedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CustomerPolicy {
    pub(crate) fn new(name: &str, path: Option<&str>) -> Result<Self, String> {
        let is_name = (1..=128).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte));
        if !is_name {
            return Err(format!("`{name}` is not the name of a policy"));
        }
        let path = path.unwrap_or("/");
        let is_path = path.starts_with('/')
            && path.ends_with('/')
            && path.len() <= 512
            && path.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_path {
            return Err(format!("`{path}` is not a path of policies: it begins and ends with `/`"));
        }
        Ok(Self { name: name.to_owned(), path: path.to_owned() })
    }
}

impl fmt::Display for CustomerPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, self.name)
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Managed(policy) => policy.fmt(f),
            Self::Customer(policy) => policy.fmt(f),
        }
    }
}

impl Default for SessionLength {
    /// An hour, as AWS does.
    fn default() -> Self {
        Self(60)
    }
}

impl SessionLength {
    /// Reads `4h`, `90m` or `1h30m`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a session length such as 4h or 1h30m");
        let (hours, rest) = text.split_once('h').unwrap_or(("0", text));
        let minutes = match rest {
            "" if text.ends_with('h') => "0",
            rest => rest.strip_suffix('m').ok_or_else(wrong)?,
        };
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|number| *number <= 10_000);
        let (hours, minutes) = (number(hours).ok_or_else(wrong)?, number(minutes).ok_or_else(wrong)?);
        let length = hours * 60 + minutes;
        if !(SHORTEST_SESSION..=LONGEST_SESSION).contains(&length) {
            return Err(format!("`{text}`: a session lasts from 1 to 12 hours"));
        }
        Ok(Self(length))
    }

    /// Reads what AWS returns, an ISO 8601 duration such as `PT1H30M`.
    pub(crate) fn of_iso(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P')?;
        let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
        let mut seconds = 0_u32;
        let mut digits = String::new();
        let letters = days.chars().chain(std::iter::once('T')).chain(time.chars());
        let mut is_time = false;
        for letter in letters {
            let unit = match (letter, is_time) {
                ('0'..='9', _) => {
                    digits.push(letter);
                    continue;
                }
                ('T', _) => {
                    is_time = true;
                    continue;
                }
                ('D', false) => 24 * 60 * 60,
                ('H', true) => 60 * 60,
                ('M', true) => 60,
                ('S', true) => 1,
                _ => return None,
            };
            seconds = seconds.checked_add(digits.parse::<u32>().ok()?.checked_mul(unit)?)?;
            digits.clear();
        }
        digits.is_empty().then(|| Self(seconds.div_ceil(60)))
    }

    pub(crate) fn minutes(self) -> u32 {
        self.0
    }

    /// Returns the ISO 8601 duration.
    pub(crate) fn iso(self) -> String {
        match (self.0 / 60, self.0 % 60) {
            (hours, 0) => format!("PT{hours}H"),
            (hours, minutes) => format!("PT{hours}H{minutes}M"),
        }
    }
}

impl fmt::Display for SessionLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 60, self.0 % 60) {
            (hours, 0) => write!(f, "{hours}h"),
            (hours, minutes) => write!(f, "{hours}h{minutes}m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_lengths_are_written_and_read() {
        for (text, iso) in [("4h", "PT4H"), ("90m", "PT1H30M"), ("1h30m", "PT1H30M"), ("12h", "PT12H")] {
            let length = SessionLength::parse(text).expect(text);
            assert_eq!(length.iso(), iso);
            assert_eq!(SessionLength::of_iso(iso), Some(length));
            assert_eq!(SessionLength::parse(&length.to_string()), Ok(length));
        }
        assert_eq!(SessionLength::of_iso("PT3600S"), Some(SessionLength::default()));
        for wrong in ["", "h", "4", "4 h", "13h", "30m", "-1h", "1h30", "99999999999h"] {
            assert!(SessionLength::parse(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "3600", "P1M", "PT1", "PT1X", "PT99999999999H"] {
            assert_eq!(SessionLength::of_iso(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_policy_of_aws_is_known_by_name_and_by_arn() {
        let of = |text| ManagedPolicy::parse(text).map(|policy| policy.arn("aws"));
        let power = Ok("arn:aws:iam::aws:policy/PowerUserAccess".to_owned());
        assert_eq!(of("PowerUserAccess"), power);
        assert_eq!(of("arn:aws:iam::aws:policy/PowerUserAccess"), power);
        let view = Ok("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess".to_owned());
        assert_eq!(of("ViewOnlyAccess"), view);
        assert_eq!(of("job-function/ViewOnlyAccess"), view);
        for wrong in ["", "arn:aws:iam::111122223333:policy/Mine", "Power User"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
