//! What is stored of a permission set.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::secret;

/// What AWS uses where no session duration is sent.
const DEFAULT_SESSION: &str = "PT1H";

#[derive(Clone, Debug)]
pub(crate) struct PermissionSet {
    /// `ps-` and 16 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) session_duration: Duration,
    pub(super) details: Details,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) policies: Policies,
    pub(super) created: SystemTime,
    /// Counts the changes that roles have to follow.
    pub(crate) version: u64,
    pub(super) written: Option<SystemTime>,
}

/// What `UpdatePermissionSet` writes, all of it each time: what is not sent is cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    pub(super) description: Option<String>,
    /// As it was sent, ISO 8601.
    pub(super) session_duration: Option<String>,
    pub(super) relay_state: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Policies {
    /// ARNs.
    pub(super) managed: BTreeSet<String>,
    pub(super) customer: BTreeSet<CustomerPolicy>,
    pub(super) inline: Option<String>,
    pub(super) boundary: Option<Boundary>,
}

/// A policy that has to exist in each account, by path and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CustomerPolicy {
    pub(super) path: String,
    pub(super) name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    Managed(String),
    Customer(CustomerPolicy),
}

impl CustomerPolicy {
    /// `/path/name`, as [`crate::Settings::missing_policies`] has it.
    pub(super) fn full_name(&self) -> String {
        format!("{}{}", self.path, self.name)
    }
}

impl Policies {
    /// Managed and customer managed policies share a quota.
    pub(super) fn attached(&self) -> usize {
        self.managed.len() + self.customer.len()
    }

    /// The customer managed ones, that of the boundary too.
    pub(super) fn customer_managed(&self) -> impl Iterator<Item = &CustomerPolicy> {
        let boundary = self.boundary.iter().filter_map(|boundary| match boundary {
            Boundary::Customer(policy) => Some(policy),
            Boundary::Managed(_) => None,
        });
        self.customer.iter().chain(boundary)
    }
}

impl PermissionSet {
    pub(crate) fn new(name: &str, session_duration: Duration) -> Self {
        Self {
            id: format!("ps-{}", secret::hex(16)),
            name: name.to_owned(),
            session_duration,
            details: Details { session_duration: Some(iso8601(session_duration)), ..Details::default() },
            tags: BTreeMap::new(),
            policies: Policies::default(),
            created: clock::full_second(clock::real_now()),
            version: 0,
            written: None,
        }
    }

    pub(super) fn with_details(name: &str, details: Details, now: SystemTime) -> Option<Self> {
        let mut set = Self { created: now, written: Some(now), ..Self::new(name, Duration::ZERO) };
        set.set_details(details)?;
        Some(set)
    }

    /// Replaces the details; `None` if the session duration is not one of 1 to 12 hours.
    pub(super) fn set_details(&mut self, details: Details) -> Option<()> {
        let text = details.session_duration.as_deref().unwrap_or(DEFAULT_SESSION);
        let duration = parse_iso8601(text)?;
        let allowed = Duration::from_hours(1)..=Duration::from_hours(12);
        self.session_duration = Some(duration).filter(|duration| allowed.contains(duration))?;
        self.details = Details { session_duration: Some(text.to_owned()), ..details };
        Some(())
    }

    /// Whether the last write has not reached all of AWS yet.
    pub(super) fn is_spreading(&self, now: SystemTime, spread: Duration) -> bool {
        self.written.is_some_and(|written| now < written + spread)
    }

    /// Roles that were made before have to be provisioned again.
    pub(super) fn changed(&mut self, now: SystemTime) {
        self.version += 1;
        self.written = Some(now);
    }
}

/// `PT8H`, or seconds where it is no number of hours.
fn iso8601(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 3600 == 0 => format!("PT{}H", seconds / 3600),
        seconds => format!("PT{seconds}S"),
    }
}

/// Reads days, hours, minutes and seconds; years, months and weeks are beyond any session.
fn parse_iso8601(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').unwrap_or((rest, ""));
    let mut seconds = 0;
    for (part, units) in [(days, [('D', 86_400)].as_slice()), (times, &[('H', 3600), ('M', 60), ('S', 1)])] {
        let mut digits = String::new();
        for char in part.chars() {
            if char.is_ascii_digit() {
                digits.push(char);
                continue;
            }
            let (_, unit) = units.iter().find(|(name, _)| *name == char)?;
            seconds += digits.parse::<u64>().ok()?.checked_mul(*unit)?;
            digits.clear();
        }
        if !digits.is_empty() {
            return None;
        }
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_durations() {
        for (text, expected) in [
            ("PT1H", Some(3600)),
            ("PT4H30M", Some(16_200)),
            ("PT3600S", Some(3600)),
            ("P0DT12H", Some(43_200)),
            ("PT", Some(0)),
            ("P1Y", None),
            ("PT1", None),
            ("3600", None),
        ] {
            assert_eq!(parse_iso8601(text), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(iso8601(Duration::from_hours(12)), "PT12H");
        assert_eq!(iso8601(Duration::from_secs(900)), "PT900S");
    }
}
