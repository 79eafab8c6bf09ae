//! Reads permission sets.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccessReadError, InstanceAccess};
use crate::access::definition::{
    Boundary, CustomerPolicy, ManagedPolicy, SessionLength, SetDefinition, SetHead,
};
use crate::access::parallel;
use crate::access::plan::{OWNER_TAG, TAGS_OF_AWS};
use crate::access::policy::PolicyDocument;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{BoundaryPolicy, PolicyReference, SetDescription};

/// A permission set, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObservedSet {
    pub(crate) arn: String,
    /// The value of the tag that marks the owner.
    pub(crate) owner: Option<String>,
    /// `None` if it was read by name only.
    pub(crate) content: Option<SetContent>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetContent {
    pub(crate) definition: SetDefinition,
    /// Where the role has an earlier version of the permission set.
    pub(crate) lagging: BTreeSet<String>,
}

/// How much of a permission set is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetDetail {
    /// Two requests.
    Name,
    /// Seven requests.
    All,
}

/// Reads all permission sets by name; `detail` says how much of each, by name and owner.
pub(crate) fn read_sets(
    at: InstanceAccess<'_>,
    detail: impl Fn(&str, Option<&str>) -> SetDetail + Sync,
) -> Result<BTreeMap<String, ObservedSet>, AccessReadError> {
    let arns = at.requests.pages(|cursor| at.admin.permission_sets(cursor))?;
    let read = parallel::map(&arns, |arn| read_set(at, arn, &detail))?;
    let mut sets = BTreeMap::new();
    for (name, set) in read {
        if sets.insert(name.clone(), set).is_some() {
            return Err(AccessReadError::TwoOfOneName { name });
        }
    }
    Ok(sets)
}

fn read_set(
    at: InstanceAccess<'_>,
    arn: &str,
    detail: &impl Fn(&str, Option<&str>) -> SetDetail,
) -> Result<(String, ObservedSet), AccessReadError> {
    let InstanceAccess { admin, requests } = at;
    let (name, description) = requests.ask(|| admin.permission_set(arn))?;
    let tags = requests.pages(|cursor| admin.set_tags(arn, cursor))?;
    let mut tags: BTreeMap<String, String> = tags.into_iter().collect();
    let owner = tags.remove(OWNER_TAG);
    // Those of AWS itself, such as CloudFormation's, cannot be set.
    tags.retain(|key, _| !key.starts_with(TAGS_OF_AWS));
    let content = match detail(&name, owner.as_deref()) {
        SetDetail::Name => None,
        SetDetail::All => Some(read_content(at, arn, &name, description, tags)?),
    };
    Ok((name, ObservedSet { arn: arn.to_owned(), owner, content }))
}

fn read_content(
    at: InstanceAccess<'_>,
    arn: &str,
    name: &str,
    description: SetDescription,
    tags: BTreeMap<String, String>,
) -> Result<SetContent, AccessReadError> {
    let InstanceAccess { admin, requests } = at;
    let not_understood = |what| AccessReadError::NotUnderstood { set: name.to_owned(), what };
    let managed = requests.pages(|cursor| admin.managed_policies(arn, cursor))?;
    let managed = managed.iter().map(|arn| ManagedPolicy::parse(arn)).collect::<Result<_, _>>();
    let customer = requests.pages(|cursor| admin.customer_policies(arn, cursor))?;
    let inline = match requests.ask(|| admin.inline_policy(arn))? {
        Some(text) => {
            Some(PolicyDocument::parse(&text).map_err(|error| AccessReadError::policy(name, &error))?)
        }
        None => None,
    };
    let boundary = requests.ask(|| admin.boundary(arn))?.map(boundary).transpose();
    let lagging = requests.settled_pages(|cursor| admin.lagging_accounts_of(arn, cursor))?;
    Ok(SetContent {
        definition: SetDefinition {
            head: head(description).map_err(not_understood)?,
            managed: managed.map_err(not_understood)?,
            customer: customer.into_iter().map(customer_policy).collect(),
            inline,
            boundary: boundary.map_err(not_understood)?,
            tags,
        },
        lagging: lagging.into_iter().collect(),
    })
}

/// Returns the accounts in which each permission set has a role.
pub(crate) fn read_accounts(
    at: InstanceAccess<'_>,
    sets: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
    let sets: Vec<&String> = sets.iter().collect();
    let accounts =
        parallel::map(&sets, |set| at.requests.settled_pages(|cursor| at.admin.accounts_of(set, cursor)))?;
    Ok(sets.into_iter().cloned().zip(accounts.into_iter().map(BTreeSet::from_iter)).collect())
}

fn head(description: SetDescription) -> Result<SetHead, String> {
    let SetDescription { description, session, relay_state } = description;
    let session = match session {
        None => SessionLength::default(),
        Some(text) => SessionLength::of_iso(&text).ok_or_else(|| format!("the session length `{text}`"))?,
    };
    Ok(SetHead { description, session, relay_state })
}

fn customer_policy(policy: PolicyReference) -> CustomerPolicy {
    CustomerPolicy { name: policy.name, path: policy.path }
}

fn boundary(boundary: BoundaryPolicy) -> Result<Boundary, String> {
    match boundary {
        BoundaryPolicy::Managed(arn) => ManagedPolicy::parse(&arn).map(Boundary::Managed),
        BoundaryPolicy::Customer(policy) => Ok(Boundary::Customer(customer_policy(policy))),
    }
}

/// Returns the partition of an ARN, such as `aws` or `aws-cn`.
pub(crate) fn partition_of(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}
