//! Reads assignments, in the cheaper of two ways: AWS has no list of all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{InstanceAccess, read_accounts};
use crate::access::parallel;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{Assignment, Principal};

/// Permission sets by ARN, with the accounts in which their assignments are looked at.
pub(crate) type Pairs = BTreeSet<(String, String)>;

/// How assignments are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AssignmentReading {
    /// By group or by pair, whichever takes fewer requests.
    #[default]
    Quick,
    /// Every pair of permission set and account: sees users and principals that are gone, too.
    Deep,
}

/// What a reading can have missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    Whole,
    /// Assignments of single users and of deleted groups were not seen.
    GroupsOnly,
}

/// Whose assignments are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AssignmentView {
    /// ARNs of permission sets: all their assignments.
    pub(crate) sets: BTreeSet<String>,
    pub(crate) pairs: Pairs,
}

/// If there can be this many times as many pairs as groups, the pairs are not even counted.
const MANY: usize = 10;

impl AssignmentView {
    fn has(&self, assignment: &Assignment) -> bool {
        let Assignment { set, account, .. } = assignment;
        self.sets.contains(set) || self.pairs.contains(&(set.clone(), account.clone()))
    }

    fn all_pairs(&self, at: InstanceAccess<'_>) -> Result<Pairs, AwsError> {
        let accounts = read_accounts(at, &self.sets)?;
        let of_set = |(set, accounts): (String, BTreeSet<String>)| {
            accounts.into_iter().map(move |account| (set.clone(), account))
        };
        Ok(accounts.into_iter().flat_map(of_set).chain(self.pairs.iter().cloned()).collect())
    }
}

impl AssignmentReading {
    /// Returns the assignments in view, and whether these are all. `accounts` is how many the organization has.
    pub(crate) fn read(
        self,
        at: InstanceAccess<'_>,
        view: &AssignmentView,
        groups: &[&str],
        accounts: usize,
    ) -> Result<(BTreeSet<Assignment>, Coverage), AwsError> {
        let by_group = |is_cheaper: bool| {
            if is_cheaper && self == Self::Quick { by_group(at, view, groups) } else { Ok(None) }
        };
        let most = view.sets.len() * accounts + view.pairs.len();
        let is_clear = most > groups.len() * MANY;
        if let Some(found) = by_group(is_clear)? {
            return Ok((found, Coverage::GroupsOnly));
        }
        let pairs = view.all_pairs(at)?;
        if let Some(found) = by_group(!is_clear && groups.len() < pairs.len())? {
            return Ok((found, Coverage::GroupsOnly));
        }
        Ok((by_pair(at, &pairs)?, Coverage::Whole))
    }
}

/// Reads the assignments of each group; `None` if only the management account may.
fn by_group(
    at: InstanceAccess<'_>,
    view: &AssignmentView,
    groups: &[&str],
) -> Result<Option<BTreeSet<Assignment>>, AwsError> {
    let groups: Vec<Principal> = groups.iter().map(|group| Principal::Group((*group).to_owned())).collect();
    let found = of_principals(at, &groups)?;
    Ok(found.map(|found| found.into_iter().filter(|one| view.has(one)).collect()))
}

/// Reads the assignments of each principal; `None` if only the management account may.
pub(crate) fn of_principals(
    at: InstanceAccess<'_>,
    principals: &[Principal],
) -> Result<Option<BTreeSet<Assignment>>, AwsError> {
    let lists = parallel::map(principals, |principal| {
        at.requests.settled_pages(|cursor| at.admin.assignments_of(principal, cursor))
    });
    match lists {
        Ok(lists) => Ok(Some(lists.into_iter().flatten().collect())),
        Err(AwsError::Denied { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads each pair.
fn by_pair(at: InstanceAccess<'_>, pairs: &Pairs) -> Result<BTreeSet<Assignment>, AwsError> {
    let pairs: Vec<&(String, String)> = pairs.iter().collect();
    let lists = parallel::map(&pairs, |(set, account)| {
        at.requests.settled_pages(|cursor| at.admin.assignments_in(set, account, cursor))
    })?;
    Ok(lists.into_iter().flatten().collect())
}

/// Returns who is assigned in each pair, exactly.
pub(crate) fn exactly(
    at: InstanceAccess<'_>,
    pairs: &Pairs,
) -> Result<BTreeMap<(String, String), BTreeSet<Principal>>, AwsError> {
    let mut found: BTreeMap<(String, String), BTreeSet<Principal>> =
        pairs.iter().map(|pair| (pair.clone(), BTreeSet::new())).collect();
    for Assignment { set, account, principal } in by_pair(at, pairs)? {
        found.entry((set, account)).or_default().insert(principal);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kcaws::ports::clock::FakeClock;

    use super::*;
    use crate::access::requests::Requests;
    use crate::ports::sso_admin::fake_access::FakeAccessAdmin;

    #[test]
    fn the_cheaper_way_is_taken_and_what_it_misses_is_known() {
        let clock = Arc::new(FakeClock::at("2026-11-29T08:00:00Z"));
        let admin = FakeAccessAdmin::new(clock.clone());
        let set = admin.state().add_set("Power", &[]);
        let accounts: Vec<String> = (0..20).map(|at| format!("{at:012}")).collect();
        for account in &accounts {
            admin.state().assign(&set, account, Principal::Group("g-1".to_owned()));
            admin.state().assign(&set, account, Principal::User("u-1".to_owned()));
        }
        let view = AssignmentView { sets: [set.clone()].into(), pairs: Pairs::new() };
        let requests = Requests::new(&*clock, 1000.0);
        let at = InstanceAccess { admin: &admin, requests: &requests };
        let groups = ["g-1", "g-2", "g-3"];
        let read = |reading: AssignmentReading, view: &AssignmentView, accounts: usize| {
            let before = requests.sent();
            let (found, coverage) = reading.read(at, view, &groups, accounts).expect("reads");
            (found.len(), coverage, requests.sent() - before)
        };
        assert_eq!(read(AssignmentReading::Quick, &view, 200), (20, Coverage::GroupsOnly, 3));
        // Where there may be few pairs, they are counted first.
        assert_eq!(read(AssignmentReading::Quick, &view, 25), (20, Coverage::GroupsOnly, 4));
        assert_eq!(read(AssignmentReading::Deep, &view, 25), (40, Coverage::Whole, 21));
        // One account is read exactly, since that is cheaper than three groups.
        let one =
            AssignmentView { sets: BTreeSet::new(), pairs: [(set.clone(), accounts[0].clone())].into() };
        assert_eq!(read(AssignmentReading::Quick, &one, 200), (2, Coverage::Whole, 1));
        // A delegated administrator reads pair by pair.
        admin.state().lists_by_principal = false;
        let (found, coverage, _) = read(AssignmentReading::Quick, &view, 200);
        assert_eq!((found, coverage), (40, Coverage::Whole));
    }
}
